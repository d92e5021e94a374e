//go:build unix

package site

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A named pipe would keep whoever opens it waiting.
func TestNotRegular(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.txt"), 0o644); err != nil {
		t.Fatal(err)
	}
	if res := ask(open(t, dir, Config{}), "/pipe.txt"); res.StatusCode != 404 {
		t.Errorf("%d", res.StatusCode)
	}
}
