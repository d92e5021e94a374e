//go:build !noserver

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// written writes files below a new folder.
func written(t *testing.T, files map[string]string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, text := range files {
		name = filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const page = "<!doctype html><title>x</title>\n"

// Laravel's build, with one entry of a name that has a comma.
const laravel = `{"resources/css/app.css": {"file": "assets/app-1.css", "isEntry": true},
	"resources/js/a,b.js": {"file": "assets/app-2.js", "isEntry": true}}`

// TestF7WrongBaseServe: a base that the file does not state can be given on the command line.
func TestF7WrongBaseServe(t *testing.T) {
	dir := written(t, map[string]string{
		"app/index.html": page, "app/assets/index.js": "1", "app/assets/index.css": "b{}",
		".vite/manifest.json": `{"index.html": {"file": "assets/index.js", "isEntry": true, "css": ["assets/index.css"]}}`,
	})
	v := visitor{served: serve(t, dir, "--learn=off", "--manifest", dir+"/.vite/manifest.json,base=/app/")}
	if got, _ := v.visit("/app/"); !slices.Equal(got, []string{"/app/assets/index.css", "/app/assets/index.js"}) {
		t.Errorf("%q went ahead", got)
	}
	if v.stop(); strings.Contains(v.log.String(), "WARN") {
		t.Errorf("log: %s", v.log)
	}
}

// TestF8SeveralEntriesServe: entries are placed on the command line, and the log says how.
func TestF8SeveralEntriesServe(t *testing.T) {
	dir := written(t, map[string]string{
		"index.html": page, "shop/index.html": page, "build/assets/app-1.css": "b{}", "build/assets/app-2.js": "1", "build/manifest.json": laravel,
	})
	file := dir + "/build/manifest.json"
	v := visitor{served: serve(t, dir, "--learn=off", "--manifest", file+",base=/build/")}
	if got, _ := v.visit("/"); len(got) != 0 {
		t.Errorf("%q went ahead", got)
	}
	v.stop()
	if try := "--manifest " + file + ",base=/build/,page=/*=resources/css/app.css"; strings.Count(v.log.String(), "WARN") != 1 || !strings.Contains(v.log.String(), try) {
		t.Errorf("log has no %s: %s", try, v.log)
	}
	s := serve(t, dir, "--learn=off", "--manifest", file+",base=/build/,page=/*=resources/css/app.css,page=/shop/=resources/js/a,b.js")
	for path, want := range map[string][]string{"/": {"/build/assets/app-1.css"}, "/shop/": {"/build/assets/app-2.js", "/build/assets/app-1.css"}} {
		v := visitor{served: s}
		if got, _ := v.visit(path); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s: %q went ahead", path, got)
		}
	}
}

// TestF4Redeploy: what a deploy has removed is not hinted any longer: a manifest is read again when
// its file changes, and a broken one leaves the version before in use.
func TestF4Redeploy(t *testing.T) {
	dir := written(t, map[string]string{"index.html": page, "old.css": "b{}", "new.css": "b{}", "asset-manifest.json": `{"main.css": "/old.css"}`})
	s := serve(t, dir, "--learn=off", "--manifest", filepath.Join(dir, "asset-manifest.json"))
	ahead := func() []string {
		v := visitor{served: s}
		got, _ := v.visit("/")
		return got
	}
	if got := ahead(); !slices.Equal(got, []string{"/old.css"}) {
		t.Fatalf("%q went ahead", got)
	}
	deploy := func(text string) {
		t.Helper()
		next := filepath.Join(dir, "next")
		if err := os.WriteFile(next, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, filepath.Join(dir, "asset-manifest.json")); err != nil {
			t.Fatal(err)
		}
	}
	deploy(`{"main.css": "/new.css"}`)
	for end := time.Now().Add(10 * time.Second); !slices.Equal(ahead(), []string{"/new.css"}); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%q goes ahead after a deploy", ahead())
		}
	}
	deploy(`{"main.css": `)
	for end := time.Now().Add(10 * time.Second); !strings.Contains(s.log.String(), "unexpected end"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("nothing is said of a broken version: %s", s.log)
		}
	}
	if got := ahead(); !slices.Equal(got, []string{"/new.css"}) {
		t.Errorf("%q goes ahead after a broken version", got)
	}
}

// With a folder, files that it does not have are said once.
func TestF7MissingFiles(t *testing.T) {
	dir := written(t, map[string]string{"index.html": page, "app/a.css": "b{}", "m.json": `{"main": {"css": ["a.css", "b.css"]}}`})
	v := visitor{served: serve(t, dir, "--learn=off", "--manifest", dir+"/m.json")}
	v.visit("/")
	v.stop()
	if n := strings.Count(v.log.String(), "WARN"); n != 1 || !strings.Contains(v.log.String(), "2 of 2") || !strings.Contains(v.log.String(), "/a.css") {
		t.Errorf("log: %s", v.log)
	}
}
