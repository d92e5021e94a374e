package site

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// whole is an answer, all of it but the date.
func whole(t *testing.T, h http.Handler, target string, fields ...string) string {
	t.Helper()
	res := ask(h, target, fields...)
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(res.StatusCode, res.Header, string(body))
}

// questions are ways to ask for one path.
var questions = [][]string{
	nil,
	{"Accept-Encoding", "gzip, br"},
	{"Accept-Encoding", "zstd;q=0.5, gzip"},
	{"Accept-Encoding", "identity"},
	{"METHOD", "HEAD"},
	{"Range", "bytes=1-3"},
	{"Range", "bytes=1-3", "Accept-Encoding", "br"},
	{"If-None-Match", "*"},
	{"If-Modified-Since", time.Now().UTC().Format(http.TimeFormat)},
	{"If-Match", `"other"`},
}

// Whatever happens to the files between two requests, the second is answered like the first of a
// handler that was just opened: nothing that is kept ready is older than the folder.
func TestReadyIsNeverOld(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files that are open cannot be replaced")
	}
	outside := filepath.Join(t.TempDir(), "outside.html")
	if err := os.WriteFile(outside, []byte("outside"), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string]string{"page.html": "first page", "sub/a.css": "first style", "sub/index.html": "first folder", "404.html": "not here"})
	long := open(t, dir, Config{})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	then := time.Now().Add(-30 * time.Minute)
	for _, step := range []struct {
		what string
		do   func()
	}{
		{"nothing", func() {}},
		{"rewritten in place", func() { write(t, dir, "page.html", "other page") }},
		{"settled with its new bytes", func() { must(os.Chtimes(at("page.html"), then, then)) }},
		{"replaced by one of the same size and time", func() {
			write(t, dir, "new", "third page")
			must(os.Chtimes(at("new"), then, then.Add(time.Second)))
			must(os.Rename(at("new"), at("page.html")))
		}},
		{"a variant comes", func() { write(t, dir, "page.html.br", "packed"); must(os.Chtimes(at("page.html.br"), then, then)) }},
		{"all have settled", func() { settle(t, dir); settleFolders(t, dir) }},
		{"a better variant comes", func() {
			write(t, dir, "page.html.gz", "packed by gzip")
			write(t, dir, "sub/a.css.gz", "style by gzip")
		}},
		{"all have settled", func() { settle(t, dir); settleFolders(t, dir) }},
		{"a variant is left behind", func() { must(os.Chtimes(at("page.html"), time.Now(), time.Now().Add(-time.Minute))) }},
		{"a variant catches up", func() { must(os.Chtimes(at("page.html.br"), time.Now(), time.Now().Add(-time.Minute))) }},
		{"variants go", func() { must(os.Remove(at("page.html.br"))); must(os.Remove(at("sub/a.css.gz"))) }},
		{"a link out of the folder", func() { must(os.Remove(at("page.html"))); must(os.Symlink(outside, at("page.html"))) }},
		{"a link within it", func() { must(os.Remove(at("page.html"))); must(os.Symlink("sub/index.html", at("page.html"))) }},
		{"what it leads to changes", func() { write(t, dir, "sub/index.html", "second folder"); settle(t, dir) }},
		{"the folder on the way is another", func() {
			must(os.Rename(at("sub"), at("before")))
			write(t, dir, "sub/a.css", "style in another folder")
			settle(t, dir)
		}},
		{"a file becomes a folder", func() {
			must(os.Remove(at("page.html")))
			write(t, dir, "page.html/index.html", "deeper")
			settle(t, dir)
		}},
		{"nothing is left", func() { must(os.RemoveAll(at("sub"))); must(os.RemoveAll(at("page.html"))) }},
	} {
		step.do()
		fresh, err := Open(dir, Config{})
		must(err)
		for _, target := range []string{"/page.html", "/sub/a.css", "/sub/", "/sub", "/page.html/"} {
			for _, fields := range questions {
				for range 2 {
					if got, want := whole(t, long, target, fields...), whole(t, fresh, target, fields...); got != want {
						t.Fatalf("%s: %s %v:\n%s\nnot\n%s", step.what, target, fields, got, want)
					}
				}
			}
		}
		fresh.Close()
	}
}

func settleFolders(t *testing.T, dir string) {
	t.Helper()
	then := time.Now().Add(-time.Hour)
	for _, name := range []string{dir, filepath.Join(dir, "sub")} {
		if err := os.Chtimes(name, then, then); err != nil {
			t.Fatal(err)
		}
	}
}

// The answers of TestReadyIsNeverOld are kept, and go out without a file being opened; those that may
// be others at the next request are not.
func TestReadyIsKept(t *testing.T) {
	dir := folder(t, map[string]string{"page.html": "page", "page.html.br": "packed", "sub/a.css": "style", "about.html": "about", "large.bin": strings.Repeat("x", maxBody+1)})
	settleFolders(t, dir)
	write(t, dir, "new.html", "new")
	settleFolders(t, dir)
	h := open(t, dir, Config{CleanURLs: true, Fallback: "page.html"})
	for target, want := range map[string]bool{
		"/page.html": true, "/sub/a.css": true, "/about": false, "/elsewhere": false, "/new.html": false, "/large.bin": false, "/none.css": false,
	} {
		ask(h, target, "Accept-Encoding", "gzip, br", "Sec-Fetch-Mode", "navigate")
		best, n := h.acceptable([]string{"gzip, br"})
		key := readyKey{path: target}
		for i, coding := range best[:n] {
			key.codings[i] = int8(coding) + 1
		}
		if got := h.known(key) != nil; got != want {
			t.Errorf("%s: kept ready: %v", target, got)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ask(h, "/page.html").StatusCode; got != 404 {
		t.Errorf("closed, and answers %d", got)
	}
}

// A file that becomes the operator's is no longer served.
func TestReadyIsNotPrivate(t *testing.T) {
	dir := folder(t, map[string]string{"a.txt": "text"})
	h := open(t, dir, Config{Private: []string{filepath.Join(dir, "key.pem")}})
	if got := ask(h, "/a.txt").StatusCode; got != 200 {
		t.Fatal(got)
	}
	if err := os.Link(filepath.Join(dir, "a.txt"), filepath.Join(dir, "key.pem")); err != nil {
		t.Skip(err)
	}
	time.Sleep(1100 * time.Millisecond) // which files are the operator's is looked at once a second
	if got := ask(h, "/a.txt").StatusCode; got != 404 {
		t.Errorf("the operator's file is answered with %d", got)
	}
}

// What is kept ready is bounded in bytes, however many files there are.
func TestReadyIsBounded(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 200 {
		files[fmt.Sprintf("%d.txt", i)] = &fstest.MapFile{Data: make([]byte, maxBody)}
	}
	h := New(files, Config{})
	for i := range 200 {
		ask(h, fmt.Sprintf("/%d.txt", i))
	}
	h.ready.CleanUp()
	if w := h.ready.WeightedSize(); w > maxReady {
		t.Errorf("%d bytes are kept ready", w)
	}
	if h.ready.EstimatedSize() == 0 {
		t.Error("nothing is")
	}
}
