package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/vectors/conformance"
)

// TestSkeletons builds and runs what people start from, in each language: its example passes
// strictly, error kinds included, and is skipped tolerantly.
func TestSkeletons(t *testing.T) {
	t.Parallel()
	for _, language := range conformance.Languages() {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			s, err := conformance.NewSkeleton(language)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for name, data := range s.Files {
				file := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			tool := s.Run[0]
			if len(s.Build) > 0 {
				tool = s.Build[0]
			}
			if _, err := exec.LookPath(tool); err != nil {
				absent := t.Skipf
				if os.Getenv("CASPER_REQUIRE_PEERS") == "1" {
					absent = t.Fatalf
				}
				absent("%s is not on PATH", tool)
			}
			if len(s.Build) > 0 {
				build := exec.Command(s.Build[0], s.Build[1:]...)
				build.Dir = dir
				if out, err := build.CombinedOutput(); err != nil || strings.Contains(string(out), "warning") {
					t.Fatalf("%v: %v\n%s", s.Build, err, out)
				}
			}
			command := slices.Clone(s.Run)
			for i, word := range command {
				if name, ok := strings.CutPrefix(word, "./"); ok {
					command[i] = filepath.Join(dir, filepath.FromSlash(name))
				}
			}
			r, err := conformance.Run(command, conformance.Options{Timeout: time.Minute, ErrorKinds: true})
			if err != nil {
				t.Fatal(err)
			}
			meant, err := conformance.Selection{Formats: []string{"h2o"}, Run: []string{"*"}}.Select()
			if err != nil {
				t.Fatal(err)
			}
			decodes := 0
			for _, v := range meant {
				if v.Op == "decode" {
					decodes++
				}
			}
			if !r.OK() || r.Count("passed") != decodes || len(r.Notes) > 0 || r.Testee.Language != s.Language {
				t.Errorf("%d of %d passed:\n%s", r.Count("passed"), decodes, text(t, r))
			}
			r, err = conformance.Run(command, conformance.Options{Selection: conformance.Selection{Run: []string{"h2o-pad-*"}}, Timeout: time.Minute, Lenient: true})
			if err != nil {
				t.Fatal(err)
			}
			if r.OK() || r.Count("skipped") != len(r.Results) {
				t.Errorf("tolerantly:\n%s", text(t, r))
			}
		})
	}
	if _, err := conformance.NewSkeleton("COBOL"); err == nil || err.Error() != `there is no skeleton in "COBOL", but in python, node, c, rust and go` {
		t.Errorf("COBOL: %v", err)
	}
	if s, err := conformance.NewSkeleton("JavaScript"); err != nil || s.Run[0] != "node" {
		t.Errorf("JavaScript: %v, %v", s, err)
	}
}
