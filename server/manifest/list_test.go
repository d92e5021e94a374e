package manifest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The first manifest that lists a page speaks for it, also one that lists it with nothing.
func TestList(t *testing.T) {
	folder := t.TempDir()
	var list List
	for name, text := range map[string]string{
		"1": "/a\n  Link: </1.css>; rel=preload; as=style\n\n/none\n-\n",
		"2": "/a\n  Link: </2.css>; rel=preload; as=style\n/none\n  Link: </2.css>; rel=preload; as=style\n/b\n  Link: </b.css>; rel=preload; as=style\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"1", "2"} {
		m, err := Open(filepath.Join(folder, name), Config{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	for page, want := range map[string]string{"/a": "/1.css", "/b": "/b.css"} {
		if got, listed := list.Page(page); !listed || len(got) != 1 || got[0].Path != want {
			t.Errorf("%s: %v, %t", page, got, listed)
		}
	}
	if got, listed := list.Page("/none"); !listed || got != nil {
		t.Errorf("/none: %v, %t", got, listed)
	}
	if got, listed := list.Page("/other"); listed || got != nil {
		t.Errorf("/other: %v, %t", got, listed)
	}
	if _, listed := List(nil).Page("/a"); listed {
		t.Error("no manifest lists a page")
	}
}

func TestOpenErrors(t *testing.T) {
	folder := t.TempDir()
	if _, err := Open(filepath.Join(folder, "none"), Config{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	bad := filepath.Join(folder, "bad")
	if err := os.WriteFile(bad, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(bad, Config{}); err == nil || !strings.HasPrefix(err.Error(), bad+": ") {
		t.Errorf("a broken file: %v", err)
	}
}
