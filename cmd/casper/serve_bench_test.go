//go:build !noserver

package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/server"
)

// folderHandler serves a page and its n style sheets from a folder, as serve does.
func folderHandler(tb testing.TB, n int) *server.Handler {
	tb.Helper()
	dir := tb.TempDir()
	var page strings.Builder
	for i := range n {
		name := fmt.Sprintf("%d.css", i)
		fmt.Fprintf(&page, "<link rel=stylesheet href=%s>", name)
		if err := os.WriteFile(filepath.Join(dir, name), []byte("body{}"), 0o666); err != nil {
			tb.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte(page.String()), 0o666); err != nil {
		tb.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		tb.Fatal(err)
	}
	for _, name := range files { // files that have just changed are read anew each time
		if err := os.Chtimes(name, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
			tb.Fatal(err)
		}
	}
	h := &server.Handler{Keys: server.KeyVersion, Policy: server.Policy{MaxAssets: n}}
	s := &serving{dir: dir, learn: "on", learnFrom: 3, holdOut: 0.05, learnMemory: 8 << 20, learnAs: []string{"style"}}
	close, err := s.openContent(h, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { close() })
	learning, err := s.openLearning(slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	h.Sources = append(h.Sources, learning.source)
	return h
}

// BenchmarkServeFolder is a page of ten assets: for a client that holds all of them, where the decision asks
// for the validator of each; for one that holds none; and for a program that says nothing of itself.
func BenchmarkServeFolder(b *testing.B) {
	for _, who := range []string{"warm", "cold", "program"} {
		b.Run(who, func(b *testing.B) {
			h := folderHandler(b, 10)
			r := httptest.NewRequest("GET", "https://example.com/", nil)
			r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
			if who != "program" {
				for _, f := range navigation {
					r.Header.Set(f.Name, f.Value)
				}
			}
			for range 3 {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				for _, c := range w.Result().Cookies() {
					if who == "warm" {
						r.Header.Set("Cookie", c.Name+"="+c.Value)
					}
				}
			}
			w := &discard{header: http.Header{}}
			b.ReportAllocs()
			done := make(chan bool)
			for b.Loop() {
				clear(w.header)
				go func() { // as each request of HTTP/2 has one
					h.ServeHTTP(w, r)
					done <- true
				}()
				<-done
			}
		})
	}
}

// BenchmarkServeValidators is the part of that which is about validators.
func BenchmarkServeValidators(b *testing.B) {
	h := folderHandler(b, 10)
	b.ReportAllocs()
	for b.Loop() {
		for _, path := range [...]string{"/0.css", "/1.css", "/2.css", "/3.css", "/4.css", "/5.css", "/6.css", "/7.css", "/8.css", "/9.css"} {
			if h.Validator(path) == "" {
				b.Fatal("no validator for " + path)
			}
		}
	}
}

// discard is a client that takes everything and keeps nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Informs()                    {}
