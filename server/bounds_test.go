package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
)

// Whatever is linked by however many pages, what is remembered is bounded in bytes, and pages
// that many ask for are remembered through a flood of others.
func TestMemoryIsBounded(t *testing.T) {
	h := &Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i := range 4 {
			w.Header().Add("Link", fmt.Sprintf("<%s/%d.css>; rel=preload; as=style", r.URL.Path, i))
		}
		w.Header().Set("Content-Type", "text/html")
		if strings.HasPrefix(r.URL.Path, "/gone") {
			w.Header().Del("Link")
			w.WriteHeader(http.StatusNotFound)
		}
	})}
	get := func(path string) {
		r := httptest.NewRequest("GET", path, nil)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	var before, after runtime.MemStats
	hot := func(i int) string { return fmt.Sprint("/hot/", i) }
	for range 5 {
		for i := range 50 {
			get(hot(i))
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 30_000 {
		get(fmt.Sprintf("/flood/%d/%s", i, strings.Repeat("x", 100)))
		if i%10 == 0 {
			get(hot(i / 10 % 50))
		}
		get(fmt.Sprint("/gone/", i))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if growth := int64(after.HeapAlloc) - int64(before.HeapAlloc); growth > 16<<20 {
		t.Errorf("%d MiB more", growth>>20)
	}
	survivors := 0
	for p := range h.Pages() {
		if strings.HasPrefix(p.Path, "/hot/") {
			survivors++
		}
		if strings.HasPrefix(p.Path, "/gone/") {
			t.Fatalf("%s was kept, which nothing goes ahead of", p.Path)
		}
	}
	if survivors < 48 {
		t.Errorf("%d of 50 pages survived a flood", survivors)
	}
}
