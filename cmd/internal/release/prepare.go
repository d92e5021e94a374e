package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
)

// unreleased is the changelog's heading of what no release has yet.
const unreleased = "## Unreleased"

var heading = regexp.MustCompile(`(?m)^## .*$`)

// prepare commits the release of the version in VERSION and tags it for both modules, and then commits
// where work goes on: the next minor version. It returns the tags.
//
// In the release, the nested module requires the root module by its version. Elsewhere it has it
// replaced by the folder above, so that both can change in one commit; that is of no use to others,
// since Go heeds the replacements of the main module alone, and go install refuses them.
func prepare(repo string, now time.Time) ([]string, error) {
	if changed, err := git(repo, "status", "--porcelain"); err != nil {
		return nil, err
	} else if changed != "" {
		return nil, fmt.Errorf("there are changes that are not committed:\n%s", changed)
	}
	version, err := readVersion(repo)
	if err != nil {
		return nil, err
	}
	tags := []string{version, folder + "/" + version}
	for _, tag := range tags {
		if _, err := git(repo, "rev-parse", "--verify", "--quiet", "refs/tags/"+tag); err == nil {
			return nil, fmt.Errorf("there is a tag %s: raise VERSION", tag)
		}
	}
	released := fmt.Sprintf("## %s (%s)", version[1:], now.UTC().Format(time.DateOnly))
	if err := edit(repo, "CHANGELOG.md", func(text []byte) ([]byte, error) {
		if first := heading.Find(text); string(first) != unreleased {
			return nil, fmt.Errorf("the first heading is %q: it should be %q, and what is new below it", first, unreleased)
		}
		return bytes.Replace(text, []byte(unreleased), []byte(released), 1), nil
	}); err != nil {
		return nil, err
	}
	before := map[string][]byte{folder + "/go.mod": nil, folder + "/go.sum": nil}
	for name := range before {
		if before[name], err = os.ReadFile(filepath.Join(repo, name)); err != nil {
			return nil, err
		}
	}
	if err := requireVersion(repo, version); err != nil {
		return nil, err
	}
	if _, err := git(repo, "commit", "--quiet", "-a", "-m", "casper: release "+version[1:]); err != nil {
		return nil, err
	}
	for _, tag := range tags {
		if _, err := git(repo, "tag", "-a", "-m", "casper "+version[1:], tag); err != nil {
			return nil, err
		}
	}

	for name, text := range before {
		if err := os.WriteFile(filepath.Join(repo, name), text, 0o666); err != nil {
			return nil, err
		}
	}
	if err := edit(repo, "CHANGELOG.md", func(text []byte) ([]byte, error) {
		return bytes.Replace(text, []byte(released), []byte(unreleased+"\n\n"+released), 1), nil
	}); err != nil {
		return nil, err
	}
	next := nextMinor(version)
	if err := os.WriteFile(filepath.Join(repo, "VERSION"), []byte(next[1:]+"\n"), 0o666); err != nil {
		return nil, err
	}
	_, err = git(repo, "commit", "--quiet", "-a", "-m", "casper: begin "+next[1:])
	return tags, err
}

// readVersion returns what VERSION says, with a v in front.
func readVersion(repo string) (string, error) {
	text, err := os.ReadFile(filepath.Join(repo, "VERSION"))
	if err != nil {
		return "", err
	}
	version := "v" + strings.TrimSpace(string(text))
	if semver.Canonical(version) != version {
		return "", fmt.Errorf("VERSION: %q is no version such as 1.2.3", version[1:])
	}
	return version, nil
}

// nextMinor returns the version that follows unless a fault has to be mended first.
func nextMinor(version string) string {
	var major, minor int
	fmt.Sscanf(semver.MajorMinor(version), "v%d.%d", &major, &minor)
	return fmt.Sprintf("v%d.%d.0", major, minor+1)
}

// edit rewrites a file of the repository.
func edit(repo, name string, change func([]byte) ([]byte, error)) error {
	name = filepath.Join(repo, name)
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if text, err = change(text); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, text, 0o666)
}

// requireVersion has the nested module require this version of the root module, with its sums. These are
// those of the files as they stand: the nested module is no part of what they sum up.
func requireVersion(repo, version string) error {
	if _, err := git(repo, "add", "-u"); err != nil {
		return err
	}
	tree, err := git(repo, "write-tree")
	if err != nil {
		return err
	}
	of := module.Version{Path: root, Version: version}
	sums, err := sum(repo, tree, of, "")
	if err != nil {
		return err
	}
	if err := edit(repo, folder+"/go.sum", func(text []byte) ([]byte, error) {
		lines := append(strings.Split(strings.TrimSpace(string(text)), "\n"), sums...)
		slices.Sort(lines)
		return []byte(strings.Join(slices.Compact(lines), "\n") + "\n"), nil
	}); err != nil {
		return err
	}
	return edit(repo, folder+"/go.mod", func(text []byte) ([]byte, error) {
		file, err := modfile.Parse("go.mod", text, nil)
		if err != nil {
			return nil, err
		}
		if err := file.DropReplace(root, ""); err != nil {
			return nil, err
		}
		if err := file.AddRequire(root, version); err != nil {
			return nil, err
		}
		file.Cleanup()
		return file.Format()
	})
}

// sum returns the two lines of go.sum for a module in a folder of the revision.
func sum(repo, revision string, of module.Version, subdir string) ([]string, error) {
	archive, err := os.CreateTemp("", "casper-release-*.zip")
	if err != nil {
		return nil, err
	}
	defer os.Remove(archive.Name())
	defer archive.Close()
	if err := zip.CreateFromVCS(archive, of, repo, revision, subdir); err != nil {
		return nil, err
	}
	all, err := dirhash.HashZip(archive.Name(), dirhash.Hash1)
	if err != nil {
		return nil, err
	}
	mod, err := dirhash.Hash1([]string{"go.mod"}, openMod(repo, revision, subdir))
	if err != nil {
		return nil, err
	}
	return []string{
		fmt.Sprintf("%s %s %s", of.Path, of.Version, all),
		fmt.Sprintf("%s %s/go.mod %s", of.Path, of.Version, mod),
	}, nil
}
