package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/mod/semver"
	"golang.org/x/tools/go/packages"
)

// api says what has changed in the Go packages since the last release. It is an error if that breaks programs,
// and VERSION is not one that may: another major version, or before 1.0 another minor one.
func api(repo string, out io.Writer) error {
	tag, err := git(repo, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*")
	if err != nil { // as with a clone that has no tags
		fmt.Fprintln(out, "api: there is no release yet to compare with")
		return nil
	}
	version, err := readVersion(repo)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "casper-api-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	old := filepath.Join(temp, "old")
	if _, err := git(repo, "-c", "advice.detachedHead=false", "clone", "--quiet", "--shared", "--branch", tag, repo, old); err != nil {
		return err
	}
	before, err := exported(old)
	if err != nil {
		return err
	}
	now, err := exported(repo)
	if err != nil {
		return err
	}
	report := apidiff.ModuleChanges(before, now)
	fmt.Fprintf(out, "api: since %s\n", tag)
	if err := report.Text(out); err != nil {
		return err
	}
	breaks := false
	for _, c := range report.Changes {
		breaks = breaks || !c.Compatible
	}
	if breaks && !mayBreak(tag, version) {
		return fmt.Errorf("VERSION is %s, and what is incompatible with %s needs another %s version", version[1:], tag, map[bool]string{true: "minor", false: "major"}[semver.Major(tag) == "v0"])
	}
	return nil
}

// mayBreak reports whether programs that were written for one version may need changes for another.
func mayBreak(from, to string) bool {
	if semver.Major(from) == "v0" {
		return semver.MajorMinor(from) != semver.MajorMinor(to)
	}
	return semver.Major(from) != semver.Major(to)
}

// exported loads the packages of the root module that others may import.
func exported(dir string) (*apidiff.Module, error) {
	all, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps | packages.NeedSyntax | packages.NeedTypesInfo | packages.NeedFiles | packages.NeedCompiledGoFiles,
		Dir:  dir, Env: append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off"),
	}, "./...")
	if err != nil {
		return nil, err
	}
	m := &apidiff.Module{Path: root}
	for _, p := range all {
		if len(p.Errors) > 0 {
			return nil, p.Errors[0]
		}
		if p.Name == "main" || strings.Contains(p.PkgPath+"/", "/internal/") {
			continue
		}
		m.Packages = append(m.Packages, p.Types)
	}
	if len(m.Packages) == 0 {
		return nil, fmt.Errorf("%s: no packages", dir)
	}
	return m, nil
}
