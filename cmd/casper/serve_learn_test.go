package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cache-aware/casper/peer"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

// An application that links nothing in its headers, and sends its page slowly: the head first,
// the rest after the browser has asked for the files.
func plainApplication(browser func(path string)) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html>")
		http.NewResponseController(w).Flush()
		time.Sleep(time.Second)
		browser("/app.css")
		browser("/app.js")
		time.Sleep(time.Second)
		io.WriteString(w, "<p>the end")
	})
	for _, asset := range []struct{ path, kind string }{{"/app.css", "text/css"}, {"/app.js", "text/javascript"}} {
		mux.HandleFunc(asset.path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", asset.kind)
			w.Header().Set("Cache-Control", "max-age=600")
			w.Header().Set("Etag", `"1"`)
		})
	}
	return mux
}

// newTestLearner is a handler with a learner, as serve puts them together.
func newTestLearner(t *testing.T, s serving, next http.Handler) (*learner, http.Handler) {
	t.Helper()
	l, err := newLearner(&s, server.TrackBlocking, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	h := &server.Handler{Next: next, Source: l, Observe: l.observe}
	return l, withArrival(l.watch(h))
}

func browse(h http.Handler, from, path, dest string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "https://example.com"+path, nil)
	r.RemoteAddr = from + ":1234"
	mode := "no-cors"
	if dest == "document" {
		mode = "navigate"
	} else {
		r.Header.Set("Referer", "https://example.com/")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	r.Header.Set("Sec-Fetch-Dest", dest)
	r.Header.Set("Sec-Fetch-Mode", mode)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestServeLearns: an application without any Link header is learned from a few visitors, even
// if its pages are still under way when their files are asked for.
func TestServeLearns(t *testing.T) {
	for _, mode := range []string{"on", "shadow"} {
		synctest.Test(t, func(t *testing.T) {
			var h http.Handler
			var from string
			app := plainApplication(func(path string) {
				dest := "script"
				if strings.HasSuffix(path, ".css") {
					dest = "style"
				}
				browse(h, from, path, dest)
			})
			l, h2 := newTestLearner(t, serving{learn: mode}, app)
			h = h2
			for i := range 6 {
				from = fmt.Sprintf("10.0.%d.1", i)
				browse(h, from, "/", "document")
				time.Sleep(10 * time.Second)
				l.model.Tick(time.Now())
			}
			var paths []string
			for _, p := range l.model.Wanted("/") {
				paths = append(paths, p.Asset.Path)
			}
			if !slices.Equal(paths, []string{"/app.css", "/app.js"}) {
				t.Errorf("--learn=%s: %q was learned", mode, paths)
			}
			// Some visitors are held out to measure by; not all of them.
			helped := 0
			for i := range 40 {
				from = fmt.Sprintf("10.1.%d.1", i)
				if len(browse(h, from, "/", "document").Header()["Link"]) == 2 {
					helped++
				}
			}
			if mode == "shadow" && helped != 0 || mode == "on" && helped < 20 {
				t.Errorf("--learn=%s: %d of 40 visitors were helped", mode, helped)
			}
		})
	}
}

// The same answer of the model is the same slice, and what is kept for that is bounded: paths
// of a megabyte are not.
func TestListsAreKept(t *testing.T) {
	l, _ := newTestLearner(t, serving{learn: "on"}, nil)
	css, font := &link.Asset{Path: "/a.css", As: "style"}, &link.Asset{Path: "/a.woff2", As: "font", CrossOrigin: link.Anonymous}
	c := chosen{{Asset: css}, {Asset: font}}
	declared := []link.Asset{{Path: "/a.css", As: "style"}, {Path: "/b.css", As: "style"}}
	first, again := l.list("/", declared, c), l.list("/", declared, c)
	if len(first) != 3 || &first[0] != &again[0] {
		t.Errorf("%v, then %v", first, again)
	}
	if font.NoPush || !first[2].NoPush || first[0].NoPush {
		t.Error("what the cookie does not remember, and that alone, is not to be pushed")
	}
	if other := l.list("/", declared, c[:1]); len(other) != 2 {
		t.Errorf("a shorter choice gives %v", other)
	}
	if l.list("/"+strings.Repeat("x", learn.MaxKey), nil, c); l.lists.EstimatedSize() != 1 {
		t.Errorf("%d lists are kept", l.lists.EstimatedSize())
	}
}

// What was learned outlives the process; a broken file is put aside and costs one line.
func TestServeState(t *testing.T) {
	file := filepath.Join(t.TempDir(), "learned")
	m, err := learn.New(learn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	m.Declare("/", learn.FromFile, []link.Asset{{Path: "/learned.css", As: "style"}})
	if err := m.SaveFile(file); err != nil {
		t.Fatal(err)
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
	}))
	defer app.Close()
	args := []string{"--proxy", app.URL, "--state", file, "--admin", "127.0.0.1:0", "--trust-proxy", "127.0.0.0/8"}
	s := serve(t, args...)
	// One visitor in twenty is held out to measure by; not all of these.
	helped := 0
	for i := range 8 {
		v := visitor{served: s, browser: true, from: fmt.Sprintf("198.51.%d.1", i)}
		if got, _ := v.visit("/"); slices.Equal(got, []string{"/learned.css"}) {
			helped++
		}
	}
	if helped == 0 {
		t.Error("nothing was known of the page")
	}
	// A change is saved at the end.
	resp, err := http.PostForm(s.admin+"/forget", url.Values{"page": {"/"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	s.stop()
	known, err := learn.New(learn.Config{})
	if err == nil {
		err = known.LoadFile(file)
	}
	if err != nil || len(known.Wanted("/")) != 0 {
		t.Errorf("after forgetting and SIGTERM: %v, / wants %v", err, known.Wanted("/"))
	}

	if err := os.WriteFile(file, []byte("no snapshot"), 0o666); err != nil {
		t.Fatal(err)
	}
	s = serve(t, args...)
	s.stop()
	if got, err := os.ReadFile(file + ".broken"); err != nil || string(got) != "no snapshot" {
		t.Errorf("the broken file: %q, %v", got, err)
	}
	if n := strings.Count(s.log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d lines about it: %s", n, s.log)
	}
}

// A node whose Redis dies goes on, and ends as if nothing were.
func TestServeRedis(t *testing.T) {
	r := peer.StartRedis(t)
	s := serve(t, "--state", r.URL())
	r.Kill(t)
	v := visitor{served: s}
	if got, x := v.visit("/"); len(got) != 3 || x.Status() != 200 {
		t.Errorf("without Redis: %d, %q", x.Status(), got)
	}
}

// Who is believed to be behind a proxy.
func TestTrustedClient(t *testing.T) {
	var trusted networks
	if err := trusted.Set("10.0.0.0/8,::1"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ remote, forwarded, want string }{
		{"192.0.2.1:5", "198.51.100.7", "192.0.2.1"}, // nobody's proxy
		{"10.1.1.1:5", "198.51.100.7", "198.51.100.7"},
		{"[::1]:5", "198.51.100.7", "198.51.100.7"},
		{"[::ffff:10.1.1.1]:5", "198.51.100.7", "198.51.100.7"},
		{"10.1.1.1:5", "203.0.113.9, 198.51.100.7, 10.2.2.2", "198.51.100.7"}, // what stands before, the client wrote
		{"10.1.1.1:5", "198.51.100.7, junk", "10.1.1.1"},
		{"10.1.1.1:5", "", "10.1.1.1"},
		{"10.1.1.1:5", "10.3.3.3", "10.3.3.3"},
		{"@", "198.51.100.7", "invalid IP"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := trusted.client(r); got.Unmap().String() != c.want {
			t.Errorf("%s, forwarded for %q: %v, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
	if got := trusted.String(); got != "10.0.0.0/8,::1/128" {
		t.Error(got)
	}
}

func TestByteSize(t *testing.T) {
	for text, want := range map[string]byteSize{
		"262144": 262144, "256KiB": 262144, "1 MiB": 1 << 20, "1MB": 1e6, "2kB": 2000, "3GiB": 3 << 30, "7B": 7,
	} {
		var b byteSize
		if err := b.Set(text); err != nil || b != want {
			t.Errorf("%q: %d, %v", text, b, err)
		}
		var again byteSize
		if err := again.Set(b.String()); err != nil || again != b {
			t.Errorf("%q is written %q and read back as %d, %v", text, b.String(), again, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "x", "1.5MB", "KiB", "9223372036854775807KiB", "99999999999999999999", "256 Kib"} {
		var b byteSize
		if err := b.Set(text); err == nil {
			t.Errorf("%q is taken for %d", text, b)
		}
	}
}

// A fetch waits while its page is being answered, and no longer; what waits is bounded.
func TestOpenPages(t *testing.T) {
	var o openPages
	at := openPage{1, "/"}
	now := time.Unix(1000, 0)
	if o.hold(at, learn.Event{}) {
		t.Fatal("a fetch waits for a page that nobody asked for")
	}
	o.arrive(at)
	o.arrive(at) // two tabs
	for i := range 2 * mostWaiting {
		if !o.hold(at, learn.Event{Time: now.Add(time.Duration(i) * time.Second)}) {
			t.Fatal("a fetch does not wait")
		}
	}
	if o.hold(openPage{2, "/"}, learn.Event{}) || o.hold(openPage{1, "/other"}, learn.Event{}) {
		t.Error("another client's or page's fetch waits")
	}
	if got := o.since(at, now.Add(time.Hour)); !got.Equal(now) {
		t.Errorf("the page's header went out at %v, want %v", got, now)
	}
	if got := o.leave(at); got != nil {
		t.Errorf("%d fetches are released while one answer is under way", len(got))
	}
	if got := o.leave(at); len(got) != mostWaiting {
		t.Errorf("%d fetches have waited, want %d", len(got), mostWaiting)
	}
	if o.hold(at, learn.Event{}) || len(o.by) != 0 {
		t.Error("something is left behind")
	}
}
