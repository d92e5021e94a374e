package site

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
)

// TestValidator: it is the entity tag that an answer has, and nothing where there is no answer of 200.
func TestValidator(t *testing.T) {
	dir := folder(t, map[string]string{
		"index.html": "home", "a.css": "a", "a.css.gz": "packed", "sub/index.html": "sub", "sub/b c.js": "b", "100%.css": "c", ".secret": "s",
		"large.bin": strings.Repeat("x", maxBody+1), "empty.css": "",
	})
	h, err := Open(dir, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for _, target := range []string{
		"/", "/a.css", "/a.css?v=3", "/a.css?v=%zz", "/a.css.gz", "/sub/", "/sub", "/sub/b%20c.js", "/sub/b c.js", "/100%25.css", "/100%.css", "/large.bin", "/empty.css",
		"/none.css", "/.secret", "/%2esecret", "/../a.css", "/sub/../a.css", "/sub/%2e%2e/a.css", "//a.css", "/a.css/", "", "a.css", "?", "%2fa.css",
		"https://other.example/a.css", "/a.css%00", "/\\a.css", "/" + strings.Repeat("x", 5000),
	} {
		want := ""
		if r, err := http.NewRequest("HEAD", "http://site.example", nil); err == nil {
			// What net/http makes of a request line.
			if u, err := r.URL.Parse(target); err == nil && strings.HasPrefix(target, "/") && !strings.HasPrefix(target, "//") {
				if strings.Contains(u.Path, "..") || u.Path == "" || strings.Contains(target, "..") {
					u.Path = target // Parse resolves dots; a server does not
				}
				r.URL = u
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, r); w.Code == http.StatusOK {
					want = w.Header().Get("Etag")
				}
			}
		}
		for range 2 {
			if got := h.Validator(target); got != want {
				t.Errorf("%.60q has the validator %q, served with %q", target, got, want)
			}
		}
	}
	if h.Validator("/a.css") == "" || h.Validator("/sub/b%20c.js") == "" || h.Validator("/") == h.Validator("/sub/") {
		t.Error("these are files, and different ones")
	}
}

// A change is noticed at once if it is one of several within moments, else after a hundredth of a second.
func TestValidatorNoticesChanges(t *testing.T) {
	dir := folder(t, map[string]string{"a.css": "one"})
	h, err := Open(dir, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	seen := map[string]bool{h.Validator("/a.css"): true}
	until := time.Now().Add(10 * time.Second)
	for i := range 5 {
		if err := os.WriteFile(filepath.Join(dir, "a.css"), fmt.Appendf(nil, "change %d", i), 0o666); err != nil {
			t.Fatal(err)
		}
		tag := h.Validator("/a.css")
		for i == 0 && seen[tag] { // it was settled when it was looked at
			if tag = h.Validator("/a.css"); time.Now().After(until) {
				break
			}
		}
		if seen[tag] {
			t.Fatalf("change %d was not noticed", i)
		}
		seen[tag] = true
	}
	if err := os.Remove(filepath.Join(dir, "a.css")); err != nil {
		t.Fatal(err)
	}
	if tag := h.Validator("/a.css"); tag != "" {
		t.Errorf("removed, and has the validator %s", tag)
	}
}

// How long a look is good for, by the clock.
func TestValidatorLooksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := time.Now().Add(-time.Hour)
		files := fstest.MapFS{"a.css": {Data: []byte("one"), ModTime: old}}
		h := New(files, Config{})
		first := h.Validator("/a.css")
		files["a.css"] = &fstest.MapFile{Data: []byte("two!"), ModTime: old.Add(time.Minute)}
		time.Sleep(lookAgain - 1)
		if h.Validator("/a.css") != first {
			t.Error("looked again too early")
		}
		time.Sleep(time.Nanosecond)
		second := h.Validator("/a.css")
		if second == first || second == "" {
			t.Errorf("%q, then %q", first, second)
		}
		time.Sleep(lookAgain) // and found the same
		if h.Validator("/a.css") != second {
			t.Error("another validator for the same file")
		}
		delete(files, "a.css")
		if h.Validator("/a.css") != second {
			t.Error("looked again too early for the second time")
		}
		time.Sleep(lookAgain)
		if got := h.Validator("/a.css"); got != "" {
			t.Errorf("a file that is gone has the validator %s", got)
		}
	})
}

// What is remembered is bounded: names of nothing are not, nor those of a megabyte.
func TestValidatorIsBounded(t *testing.T) {
	h := New(fstest.MapFS{"a.css": {Data: []byte("a")}}, Config{})
	for i := range 3 * maxTargets {
		h.Validator(fmt.Sprintf("/none-%d.css", i))
		h.Validator(fmt.Sprintf("/a.css?%d", i))
	}
	h.Validator("/a.css?" + strings.Repeat("x", maxTarget))
	h.targets.cache.CleanUp()
	if n := h.targets.cache.EstimatedSize(); n > maxTargets {
		t.Errorf("%d targets are remembered", n)
	}
	if _, ok := h.targets.cache.GetIfPresent("/none-1.css"); ok {
		t.Error("what is not there is remembered")
	}
}

func TestValidatorAllocatesNothing(t *testing.T) {
	h := New(fstest.MapFS{"a.css": {Data: []byte("a")}}, Config{})
	h.Validator("/a.css?v=1")
	h.targets.began = h.targets.began.Add(time.Hour) // no time passes
	known, _ := h.targets.cache.GetIfPresent("/a.css?v=1")
	known.at.Store(int64(time.Hour))
	if n := testing.AllocsPerRun(100, func() { h.Validator("/a.css?v=1") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkValidator stands beside the HEAD that it is the answer to.
func BenchmarkValidator(b *testing.B) {
	dir := folder(b, map[string]string{"assets/app.css": "body { margin: 0 }"})
	h, err := Open(dir, Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	b.Run("remembered", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.Validator("/assets/app.css")
		}
	})
	b.Run("looked", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.look("/assets/app.css")
		}
	})
	b.Run("HEAD", func(b *testing.B) {
		r := httptest.NewRequest("HEAD", "/assets/app.css", nil)
		w := &sink{http.Header{}}
		b.ReportAllocs()
		for b.Loop() {
			clear(w.header)
			h.ServeHTTP(w, r)
		}
	})
}
