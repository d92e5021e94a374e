package proxy

import (
	"os"
	"path/filepath"
	"testing"
)

// corpora adds the answers of the go-fuzz corpus, if a checkout of it is there: GO_FUZZ_CORPUS names
// its folder.
func corpora(f *testing.F, name string) {
	dir := os.Getenv("GO_FUZZ_CORPUS")
	if dir == "" {
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, name, "corpus", "*"))
	if err != nil || len(files) == 0 {
		f.Fatalf("GO_FUZZ_CORPUS has no %s: %v", name, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}
