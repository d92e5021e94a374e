package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The files in gcs are what this command writes.
func TestFilesAreCurrent(t *testing.T) {
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 3 {
		t.Errorf("%d files", len(files))
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("gcs/%s is not what the generator writes: run go generate ./gcs", name)
		}
	}
}
