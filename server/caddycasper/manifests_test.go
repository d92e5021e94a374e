package caddycasper

import (
	"os"
	"slices"
	"testing"
	"time"
)

// TestF8SeveralEntries: base and page may be given in the Caddyfile.
func TestF8SeveralEntries(t *testing.T) {
	s := start(t, "respond ready")
	s.write("m.json", `{"app.css": {"file": "a.css", "isEntry": true}, "app.ts": {"file": "a.js", "isEntry": true}}`)
	s.load("casper {\n manifest %s/m.json,base=/build/,page=/*=app.css,page=/b=app.ts\n}\nroot %s/site\ntry_files {path} /index.html\n" + fresh + "file_server")
	for page, want := range map[string][]string{"/": {"/build/a.css"}, "/b": {"/build/a.css", "/build/a.js"}} {
		if got := hinted(t, s.browser(999).navigate(page)); !slices.Equal(got, want) {
			t.Errorf("%s: hinted %q, want %q", page, got, want)
		}
	}
}

// TestF4Redeploy: a manifest is read again when its file changes.
func TestF4Redeploy(t *testing.T) {
	s := start(t, "respond ready")
	s.write("m.json", `{"main.css": "/old.css"}`)
	s.load("casper {\n manifest %s/m.json\n learn off\n}\nroot %s/site\ntry_files {path} /index.html\n" + fresh + "file_server")
	ahead := func() []string { return hinted(t, s.browser(999).navigate("/")) }
	if got := ahead(); !slices.Equal(got, []string{"/old.css"}) {
		t.Fatalf("hinted %q", got)
	}
	if err := os.WriteFile(s.dir+"/next", []byte(`{"main.css": "/new.css"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.dir+"/next", s.dir+"/m.json"); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); !slices.Equal(ahead(), []string{"/new.css"}); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("hinted %q after a deploy", ahead())
		}
	}
}
