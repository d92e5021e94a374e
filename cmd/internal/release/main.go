// Release makes a release of this repository, in three steps:
//
//	go run . prepare            # two commits and two tags: the version of VERSION, then the next one
//	go run . build -o DIR TAG   # archives, packages, sums and the rest, from the tag
//	go run . api                # what has changed in the Go packages since the last tag
//
// It is run in its own folder, in a checkout. It pushes and uploads nothing.
//
// It is a program and no configuration of GoReleaser because a release here has a nested module whose
// requirement has to be set and summed, and because the gate builds one: GoReleaser brings some 400 modules,
// wants a program beside it for the SBOM, and does neither.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// root and nested are the modules that others may require.
const (
	root   = "github.com/cache-aware/casper"
	nested = root + "/server/caddycasper"
	folder = "server/caddycasper" // of nested
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	const usage = "give prepare, build [-o DIR] [-only GOOS/GOARCH,...] TAG, or api"
	if len(args) == 0 {
		return errors.New(usage)
	}
	repo, err := git(".", "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	switch args[0] {
	case "prepare":
		if len(args) != 1 {
			return errors.New(usage)
		}
		tags, err := prepare(repo, time.Now())
		if err != nil {
			return err
		}
		fmt.Printf("tagged; if all is well: git push origin HEAD %s\n", strings.Join(tags, " "))
		return nil
	case "build":
		flags := flag.NewFlagSet("build", flag.ContinueOnError)
		out := flags.String("o", "dist", "write to this folder, which must not be there")
		only := flags.String("only", strings.Join(platforms, ","), "build for these platforms")
		if err := flags.Parse(args[1:]); err != nil || flags.NArg() != 1 {
			return errors.New(usage)
		}
		return build(repo, flags.Arg(0), *out, strings.Split(*only, ","))
	case "api":
		return api(repo, os.Stdout)
	}
	return errors.New(usage)
}

// command runs a program in a folder and returns what it prints, without the space around it.
func command(dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return strings.TrimSpace(stdout.String()), nil
}

func git(dir string, args ...string) (string, error) { return command(dir, nil, "git", args...) }
