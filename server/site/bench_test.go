package site

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sink is a client that takes everything and keeps nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(int)             {}

// BenchmarkServe stands beside net/http's FileServer, which neither hashes, nor picks variants,
// nor confines links.
func BenchmarkServe(b *testing.B) {
	dir := b.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "assets"), 0o755); err != nil {
		b.Fatal(err)
	}
	text := []byte(strings.Repeat("body { margin: 0 }\n", 500))
	for _, name := range []string{"assets/app.3f2a9c1b.css", "assets/app.3f2a9c1b.css.br", "assets/logo.png"} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	settle(b, dir)
	h, err := Open(dir, Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	for _, bb := range []struct {
		name, path, accept, match string
		handler                   http.Handler
	}{
		{"plain", "/assets/logo.png", "gzip, deflate, br, zstd", "", h},
		{"variant", "/assets/app.3f2a9c1b.css", "gzip, deflate, br, zstd", "", h},
		{"novariant", "/assets/app.3f2a9c1b.css", "gzip", "", h},
		{"notmodified", "/assets/logo.png", "", "*", h},
		{"missing", "/assets/nothing.css", "", "", h},
		{"hidden", "/.git/config", "", "", h},
		{"FileServer", "/assets/logo.png", "", "", http.FileServer(http.Dir(dir))},
		{"FileServerRoot", "/assets/logo.png", "", "", http.FileServerFS(h.fsys)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			r, err := http.NewRequest("GET", "http://example.com"+bb.path, nil)
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Accept-Encoding", bb.accept)
			if bb.match != "" {
				r.Header.Set("If-None-Match", bb.match)
			}
			w := &sink{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				bb.handler.ServeHTTP(w, r)
			}
		})
	}
}

func BenchmarkAcceptable(b *testing.B) {
	for _, v := range []string{"gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8, *;q=0.1", strings.Repeat("x;q=0.123,", 5000)} {
		b.Run(v[:min(len(v), 12)], func(b *testing.B) {
			values := []string{v}
			b.ReportAllocs()
			for b.Loop() {
				acceptable(values)
			}
		})
	}
}
