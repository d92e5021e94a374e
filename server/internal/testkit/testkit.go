// Package testkit is what the tests of the packages below server have in common.
package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// Corpus adds the files of one target of go-fuzz-corpus, if GO_FUZZ_CORPUS names a checkout
// of it.
func Corpus(f *testing.F, target string, add func(data []byte)) {
	f.Helper()
	checkout := os.Getenv("GO_FUZZ_CORPUS")
	if checkout == "" {
		return
	}
	files, err := filepath.Glob(filepath.Join(checkout, target, "corpus", "*"))
	if err != nil || len(files) == 0 {
		f.Fatalf("GO_FUZZ_CORPUS has no %s: %v", target, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		add(data)
	}
}
