package conformance

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// A Skeleton is a testee to start from, in some language: the protocol, and one operation as an
// example, which passes.
type Skeleton struct {
	Language string            // as people call it
	Files    map[string][]byte // by slash-separated paths in the folder of the testee
	Build    []string          // the command that makes a program of it, in that folder; nil if it needs none
	Run      []string          // the program and its arguments; what is a file of the folder begins with ./
}

// The languages, by the name of their folder. A file that the Go tool would take for part of
// this module has .txt behind its name.
//
//go:embed skeletons
var skeletonFiles embed.FS

var skeletons = []struct {
	name, language string
	others         []string // names
	build, run     []string
}{
	{"python", "Python", []string{"python3", "py"}, nil, []string{"python3", "./testee.py"}},
	{"node", "JavaScript", []string{"javascript", "js"}, nil, []string{"node", "./testee.js"}},
	{"c", "C", nil, []string{"cc", "-O2", "-o", "testee", "testee.c"}, []string{"./testee"}},
	{"rust", "Rust", []string{"rs"}, []string{"cargo", "build", "--release"}, []string{"./target/release/testee"}},
	{"go", "Go", []string{"golang"}, []string{"go", "build", "-o", "testee", "."}, []string{"./testee"}},
}

// Languages returns the names that [NewSkeleton] takes, without their synonyms.
func Languages() (names []string) {
	for _, s := range skeletons {
		names = append(names, s.name)
	}
	return names
}

// NewSkeleton returns the skeleton in a language, by its name or a synonym in any case. Another
// one is an error that lists the names.
func NewSkeleton(language string) (*Skeleton, error) {
	name := strings.ToLower(language)
	for _, s := range skeletons {
		for _, n := range append(s.others, s.name) {
			if n != name {
				continue
			}
			folder := path.Join("skeletons", s.name)
			made := &Skeleton{Language: s.language, Files: map[string][]byte{}, Build: s.build, Run: s.run}
			return made, fs.WalkDir(skeletonFiles, folder, func(file string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				data, err := skeletonFiles.ReadFile(file)
				made.Files[strings.TrimSuffix(strings.TrimPrefix(file, folder+"/"), ".txt")] = data
				return err
			})
		}
	}
	return nil, fmt.Errorf("there is no skeleton in %q, but in %s", language, enumerate(Languages()))
}
