package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
