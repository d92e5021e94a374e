// Compare runs the codec's benchmarks at two commits and has benchstat compare them:
//
//	go run ./compare HEAD~1 HEAD
//
// Each commit is checked out into a temporary worktree; the working tree is not touched. The
// two take turns, so that a machine that is busy for a while is so for both.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	bench := flag.String("bench", ".", "benchmarks to run, a regular expression")
	count := flag.Int("count", 6, "runs of each commit")
	packages := flag.String("packages", "./bitio ./hash ./gcs/...", "packages to benchmark")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./compare [-bench REGEXP] [-count N] OLD NEW")
		os.Exit(2)
	}
	if err := compare(flag.Arg(0), flag.Arg(1), *bench, *count, strings.Fields(*packages)); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func compare(old, new, bench string, count int, packages []string) error {
	dir, err := os.MkdirTemp("", "casper-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var outputs []string
	for _, commit := range []string{old, new} {
		tree := filepath.Join(dir, fmt.Sprint("tree", len(outputs)))
		if out, err := exec.Command("git", "worktree", "add", "--detach", tree, commit).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %v\n%s", commit, err, out)
		}
		defer exec.Command("git", "worktree", "remove", "--force", tree).Run()
		outputs = append(outputs, tree)
	}
	files := make([]*os.File, 2)
	for i := range files {
		if files[i], err = os.Create(filepath.Join(dir, []string{"old.txt", "new.txt"}[i])); err != nil {
			return err
		}
		defer files[i].Close()
	}
	for n := range count {
		for i, tree := range outputs {
			fmt.Fprintf(os.Stderr, "run %d of %d, %s\n", n+1, count, []string{old, new}[i])
			cmd := exec.Command("go", append([]string{"test", "-run", "^$", "-bench", bench}, packages...)...)
			cmd.Dir, cmd.Stdout, cmd.Stderr = tree, files[i], os.Stderr
			if err := cmd.Run(); err != nil {
				return err
			}
		}
	}
	cmd := exec.Command("go", "run", "golang.org/x/perf/cmd/benchstat@latest", files[0].Name(), files[1].Name())
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}
