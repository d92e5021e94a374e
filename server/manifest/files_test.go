package manifest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cache-aware/casper/server"
)

// write replaces a file, with a time that no version before had.
func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	stamp = stamp.Add(time.Second)
	if err := os.Chtimes(name, stamp, stamp); err != nil {
		t.Fatal(err)
	}
}

var stamp = time.Unix(1_700_000_000, 0)

func TestFilesFollow(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "m.json")
	write(t, name, `{"main.js": "/1.js"}`)
	var log bytes.Buffer
	f, err := OpenFiles([]string{name}, FilesConfig{Log: slog.New(slog.NewTextHandler(&log, nil)), Exists: func(path string) bool { return path == "/1.js" || path == "/2.js" }})
	if err != nil {
		t.Fatal(err)
	}
	now := func() string { return ahead((*f.list.Load())[0], "/") }
	// look looks twice, since nothing is to be said twice, and returns what was said.
	look := func() string {
		log.Reset()
		f.look()
		f.look()
		return log.String()
	}
	for i, step := range []struct {
		do         func()
		want, says string
	}{
		{func() {}, "/1.js", ""},
		{func() { write(t, name, `{"main.js": "/2.js"}`) }, "/2.js", "level=INFO"},
		{func() { write(t, name, `{"main.js": `) }, "/2.js", "unexpected end"},
		{func() { write(t, name, "") }, "/2.js", "empty"},
		{func() { os.Remove(name) }, "/2.js", "no such file"},
		{func() { write(t, name, `{"main.js": "/3.js"}`) }, "/3.js", "1 of 1, such as /3.js"},
		{func() { os.Remove(name); os.Mkdir(name, 0o700) }, "/3.js", "stays in use"},
		{func() { os.Remove(name); write(t, dir+"/2", `{"main.js": "/1.js"}`); os.Symlink("2", name) }, "/1.js", "level=INFO"},
		{func() { write(t, dir+"/3", `{"main.js": "/2.js"}`); os.Remove(name); os.Symlink("3", name) }, "/2.js", "level=INFO"},
	} {
		step.do()
		said := look()
		if now() != step.want || !strings.Contains(said, step.says) || step.says == "" && said != "" {
			t.Errorf("step %d: %s, want %s; said %q", i, now(), step.want, said)
		}
		if n := strings.Count(said, "\n"); n > 2 || n == 2 && !strings.Contains(said, "level=INFO") {
			t.Errorf("step %d: said %q", i, said)
		}
	}
}

// Readers do not wait for a file that is read again.
func TestFilesConcurrent(t *testing.T) {
	name := filepath.Join(t.TempDir(), "m.json")
	write(t, name, `{"main.js": "/1.js"}`)
	f, err := OpenFiles([]string{name}, FilesConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	r := httptest.NewRequest("GET", "/", nil)
	for range 2 {
		wg.Go(func() {
			for ctx.Err() == nil {
				var w server.Wants
				f.Wanted(r, &w)
				if got := ahead((*f.list.Load())[0], "/"); got != "/1.js" && got != "/2.js" {
					t.Errorf("%q", got)
					return
				}
			}
		})
	}
	for i := range 20 {
		write(t, name, []string{`{"main.js": "/2.js"}`, `{"main.js": "/1.js"}`}[i%2])
		f.look()
	}
	end()
	wg.Wait()
	f.Run(ctx) // returns, since the context has ended
	none := httptest.NewRequest("GET", "/", nil)
	if n := testing.AllocsPerRun(100, func() { (*Files)(nil).Wanted(none, nil); f.list.Load().page("/") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestOpenFilesErrors(t *testing.T) {
	if _, err := OpenFiles([]string{filepath.Join(t.TempDir(), "none")}, FilesConfig{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	bad := filepath.Join(t.TempDir(), "bad")
	write(t, bad, "{")
	if _, err := OpenFiles([]string{bad}, FilesConfig{}); err == nil || !strings.HasPrefix(err.Error(), bad+": ") {
		t.Errorf("a broken file: %v", err)
	}
	if _, err := OpenFiles([]string{"m,base="}, FilesConfig{}); err == nil {
		t.Error("a wrong setting")
	}
}
