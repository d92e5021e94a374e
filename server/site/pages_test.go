package site

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// browser are the fields of a navigation, older those of a browser before Fetch Metadata.
var (
	browser = []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}
	older   = []string{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}
)

// TestFallback: an application makes pages of the paths that it is asked for. Nothing else that is
// missing becomes a page.
func TestFallback(t *testing.T) {
	files := map[string]string{
		"index.html": "app", "index.html.gz": "packed app", "about.html": "about", "404.html": "gone", "app.css": "css",
		"assets/app.js": "js", "docs/index.html": "docs", ".env": "secret",
	}
	h := open(t, folder(t, files), Config{Fallback: "index.html"})
	for _, c := range []struct {
		target string
		fields []string
		want   string // "" is 404
	}{
		{"/", browser, "app"},
		{"/orders/17", browser, "app"},
		{"/orders/17/", browser, "app"},
		{"/orders/17?tab=2", browser, "app"},
		{"/user/john.doe", browser, "app"}, // no type of file
		{"/v1.2", browser, "app"},
		{"/old.html", browser, "app"},
		{"/assets", browser, "app"}, // a folder without a page is a path like any other
		{"/assets/", browser, "app"},
		{"/orders/17", older, "app"},
		{"/orders/17", []string{"Accept", "*/*"}, "app"}, // curl, and those who make previews of links
		{"/orders/17", nil, "app"},
		{"/orders/17", []string{"METHOD", "HEAD"}, ""}, // no body, but see below

		{"/docs/", browser, "docs"}, // what is there is served
		{"/app.css", browser, "css"},
		{"/about.html", browser, "about"},

		{"/missing.css", browser, ""}, // typed into the address bar, or a link to a file that is gone
		{"/missing.css", []string{"Accept", "text/css,*/*;q=0.1"}, ""},
		{"/missing.JPG", nil, ""},
		{"/app.css.map", browser, ""},
		{"/api/orders", []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Accept", "*/*"}, ""},
		{"/orders/17", []string{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image", "Accept", "text/html"}, ""},
		{"/api/orders", []string{"Accept", "application/json"}, ""},
		{"/api/orders", []string{"Accept", "application/json, text/plain, */*"}, ""},
		{"/.env", browser, ""},
		{"/.git/config", browser, ""},
		{"/.well-known/change-password", browser, ""}, // browsers ask whether there is one
		{"//orders", browser, ""},
		{"/orders//17", browser, ""},
		{"/orders/%2e%2e/17", browser, ""},
	} {
		res := ask(h, c.target, c.fields...)
		got, status := text(t, res), 200
		if c.want == "" {
			status, c.want = 404, "gone"
		}
		if slices.Contains(c.fields, "HEAD") {
			status, c.want = 200, ""
		}
		if res.StatusCode != status || got != c.want {
			t.Errorf("%s %q: %d %q, want %d %q", c.target, c.fields, res.StatusCode, got, status, c.want)
		}
	}

	// It is the page itself: coded, with its validator, checked at each visit.
	res, page := ask(h, "/orders/17", append(browser, "Accept-Encoding", "gzip")...), ask(h, "/", append(browser, "Accept-Encoding", "gzip")...)
	for _, field := range []string{"Content-Type", "Content-Encoding", "Content-Length", "Etag", "Cache-Control"} {
		if got, want := res.Header.Get(field), page.Header.Get(field); got != want || want == "" {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
	if res := ask(h, "/orders/17", append(browser, "If-None-Match", ask(h, "/").Header.Get("Etag"))...); res.StatusCode != 304 {
		t.Errorf("of a page that the client has: %d", res.StatusCode)
	}
	for _, fields := range [][]string{browser, {"Sec-Fetch-Mode", "cors"}} {
		if vary := strings.Join(ask(h, "/orders/17", fields...).Header["Vary"], ", "); !strings.Contains(vary, "Sec-Fetch-Mode") || !strings.Contains(vary, "Accept") {
			t.Errorf("the answer depends on who asks, and Vary is %q", vary)
		}
	}
	if res := ask(h, "/docs", browser...); res.StatusCode != 301 {
		t.Errorf("a folder with a page: %d", res.StatusCode)
	}
	if got := h.Validator("/orders/17"); got != "" {
		t.Errorf("no file is there, and its validator is %q", got)
	}

	// Without its page there is none.
	if res := ask(New(fstest.MapFS{}, Config{Fallback: "index.html"}), "/orders/17", browser...); res.StatusCode != 404 {
		t.Errorf("%d", res.StatusCode)
	}
	if res := ask(New(fstest.MapFS{"index.html": {}}, Config{}), "/orders/17", browser...); res.StatusCode != 404 {
		t.Errorf("nobody asked for it: %d", res.StatusCode)
	}
}

// TestCleanURLs: /about is about.html, at once and under that name alone.
func TestCleanURLs(t *testing.T) {
	dir := folder(t, map[string]string{
		"index.html": "home", "about.html": "about", "about.html.gz": "packed about", "404.html": "gone",
		"both.html": "file", "both/index.html": "folder", "child.html": "parent", "child/a.html": "child", "only/index.html": "only",
		"name": "bare", "name.html": "page", "v1.2.html": "release", ".hidden.html": "secret", "note.txt": "note",
	})
	h := open(t, dir, Config{CleanURLs: true})
	for target, want := range map[string]string{
		"/":           "home",
		"/about":      "about",
		"/about?x=/":  "about",
		"/about.html": "about",
		"/both":       "file", // as the usual hosts of such folders do it
		"/both/":      "folder",
		"/child":      "parent",
		"/child/a":    "child",
		"/only/":      "only",
		"/name":       "bare",
		"/v1.2":       "release",
		"/about/":     "", // relative references of the page would lead elsewhere
		"/index":      "", // its address is the folder's
		"/only/index": "",
		"/child/":     "",
		"/note":       "",
		"/.hidden":    "",
		"/nothing":    "",
		"/about%00":   "",
	} {
		res := ask(h, target)
		got, status := text(t, res), 200
		if want == "" {
			status, want = 404, "gone"
		}
		if res.StatusCode != status || got != want {
			t.Errorf("%s: %d %q, want %d %q", target, res.StatusCode, got, status, want)
		}
		tag := res.Header.Get("Etag")
		if path, _, _ := strings.Cut(target, "?"); path == target && h.Validator(target) != tag {
			t.Errorf("%s has the validator %q, served with %q", target, h.Validator(target), tag)
		}
	}
	if res := ask(h, "/only"); res.StatusCode != 301 || res.Header.Get("Location") != "./only/" {
		t.Errorf("a folder alone: %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	res := ask(h, "/about", "Accept-Encoding", "gzip")
	if text(t, res) != "packed about" || res.Header.Get("Content-Type") != "text/html; charset=utf-8" || res.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("coded: %v", res.Header)
	}
	if res := ask(open(t, dir, Config{}), "/about"); res.StatusCode != 404 {
		t.Errorf("nobody asked for it: %d", res.StatusCode)
	}

	both := open(t, dir, Config{CleanURLs: true, Fallback: "index.html"})
	for target, want := range map[string]string{"/about": "about", "/orders": "home", "/child/": "home"} {
		if got := text(t, ask(both, target, browser...)); got != want {
			t.Errorf("with a fallback, %s: %q, want %q", target, got, want)
		}
	}
}

// TestF12Head: what a page says is read from its plain file, whatever coding the client takes.
func TestF12Head(t *testing.T) {
	large := "<html>" + strings.Repeat("x", maxBody)
	dir := folder(t, map[string]string{
		"index.html": "<html>home", "index.html.br": "packed", "index.html.gz": "packed", "index.html.zst": "packed",
		"about.html": "<html>about", "large.html": large, "empty.html": "", "404.html": "<html>gone", "a.css": "css", "sub/index.html": "<html>sub",
	})
	h := open(t, dir, Config{CleanURLs: true, Fallback: "index.html"})
	for target, want := range map[string]string{
		"/": "<html>home", "/index.html": "<html>home", "/about": "<html>about", "/sub/": "<html>sub", "/large.html": large[:maxHead],
		"/orders": "<html>home", // the fallback
		"/sub":    "", "/a.css": "", "/missing.css": "", "/.env": "", "/empty.html": "", "//": "",
	} {
		for _, coding := range []string{"", "gzip", "br", "zstd"} {
			r := httptest.NewRequest("GET", target, nil)
			r.Header.Set("Accept-Encoding", coding)
			if got := h.Head(r); string(got) != want {
				t.Errorf("%s: %.30q (%d, %d), want %.30q", target, got, len(got), cap(got), want)
			}
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	write(t, dir, "index.html", "<html>anew")
	time.Sleep(lookAgain + time.Millisecond)
	if got := h.Head(r); string(got) != "<html>anew" {
		t.Errorf("a page that has changed: %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "index.html")); err != nil {
		t.Fatal(err)
	}
	if got := h.Head(r); got != nil {
		t.Errorf("a page that is gone: %q", got)
	}

	// What can only be read forwards, and what cannot be read at all.
	mapped := New(fstest.MapFS{"large.html": {Data: []byte(large)}}, Config{})
	if got := mapped.Head(httptest.NewRequest("GET", "/large.html", nil)); !bytes.Equal(got, []byte(large[:maxHead])) {
		t.Errorf("%d bytes", len(got))
	}
	broken := New(failing{fstest.MapFS{"index.html": {Data: []byte("<html>")}}, nil, errors.New("broken")}, Config{})
	if got := broken.Head(r); got != nil {
		t.Errorf("a page that cannot be read: %q", got)
	}
}
