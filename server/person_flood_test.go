package server_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// A flood of visitors with made-up sessions on private pages stays within the bound of what is
// remembered for one visitor, and takes nothing from what is remembered for all.
func TestFloodOfSessions(t *testing.T) {
	a := newAhead(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/public" {
			w.Header().Set("Cache-Control", "private")
		}
		answer(w, 200, "/"+strings.Repeat("a", 200)+".css", "/"+strings.Repeat("b", 200)+".css")
	})
	view := func(path string, who int) []string {
		r := request(path, append(browser, fmt.Sprintf("Cookie: s=%d", who))...)
		r.RemoteAddr = "10.0.0.1:1"
		return a.of(r)
	}
	view("/public", 0)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 20_000 {
		view("/private", i)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("%d MiB more", grown>>20)
	}
	if len(view("/public", 7)) == 0 {
		t.Error("what is for all was forgotten")
	}
	runtime.KeepAlive(a)
}
