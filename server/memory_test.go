package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A push that arrived is counted until it ends, however long that takes; one that never
// arrives is given up after a while.
func TestTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connOf(ConnContext(t.Context(), nil))
		for range 32 {
			if !c.begin(32) {
				t.Fatal("refused below the limit")
			}
		}
		if c.begin(32) || c.underWay() != 32 {
			t.Errorf("%d under way, of 32", c.underWay())
		}
		for range 10 {
			c.arrive()
		}
		c.fail()
		if c.underWay() != 31 {
			t.Errorf("%d under way, want 31", c.underWay())
		}
		time.Sleep(forgotten + time.Second)
		if c.underWay() != 10 {
			t.Errorf("%d under way after a while, want those 10 that arrived", c.underWay())
		}
		for range 10 {
			c.end()
		}
		c.fail()
		if c.underWay() != 0 {
			t.Errorf("%d under way, want none", c.underWay())
		}
	})
}

// Connections without a context are counted by address, so many at a time.
func TestStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s strangers
		for i := range maxStrangers {
			if tr := s.of(fmt.Sprint(i)); tr == nil || !tr.begin(32) {
				t.Fatal("refused below the limit")
			}
		}
		if s.of("one more") != nil {
			t.Error("one more than there may be")
		}
		if s.of("7").underWay() != 1 {
			t.Error("an address is not found again")
		}
		time.Sleep(forgotten + time.Second)
		if s.of("one more") == nil || len(s.at) != 1 {
			t.Errorf("%d after all others have ended", len(s.at))
		}
	})
}

func TestDiary(t *testing.T) {
	var none *Diary
	none.add("/a", "", 0)
	none.release("/a")
	if none.Has("/a", "") || !none.claim("/a", "", 0) {
		t.Error("a nil diary is not empty")
	}
	var d Diary
	for i := range 300 {
		d.add(fmt.Sprint(i), `"1"`, 0)
	}
	if d.Has("43", "") || !d.Has("44", "") || !d.Has("299", `"1"`) || d.Has("299", `"2"`) || len(d.at) != 256 {
		t.Errorf("of 300 the newest 256 are kept: %d", len(d.at))
	}
	if d.claim("299", `"1"`, 0) || !d.claim("299", `"2"`, 0) || !d.claim("new", "", 0) || d.claim("new", "", 0) {
		t.Error("claims")
	}
	d.release("new")
	if d.Has("new", "") || !d.claim("new", "", 0) {
		t.Error("a claim that was taken back")
	}
	d.add("off", "", -1)
	if d.Has("off", "") {
		t.Error("a diary of no size")
	}
}

func TestCachingHeaders(t *testing.T) {
	header := func(fields ...string) http.Header {
		h := make(http.Header)
		for _, f := range fields {
			name, value, _ := strings.Cut(f, ": ")
			h.Add(name, value)
		}
		return h
	}
	for tag, want := range map[string]string{
		`"x"`: `"x"`, `W/"x"`: `"x"`, `"x-gzip"`: `"x"`, `W/"x-br"`: `"x"`, `"x--gzip"`: `"x"`, `"x;gz"`: `"x"`, `"x-zstd"`: `"x"`, `"gzip"`: `"gzip"`, "x": "x",
	} {
		if got := validator(header("Etag: " + tag)); got != want {
			t.Errorf("validator of %s is %s, want %s", tag, got, want)
		}
	}
	if got := validator(header("Last-Modified: yesterday")); got != "yesterday" {
		t.Errorf("validator %q", got)
	}
	for value, want := range map[string]int64{"": 0, "12": 12, "-1": 0, "x": 0, "9223372036854775807": 1<<63 - 1, "9223372036854775808": 0} {
		if got := contentLength(header("Content-Length: " + value)); got != want {
			t.Errorf("length of %q is %d", value, got)
		}
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for fields, want := range map[string]Freshness{
		"Expires: Thu, 01 Jan 2026 00:00:01 GMT":                                     Fresh,
		"Expires: Thu, 01 Jan 2026 00:00:00 GMT":                                     Stale,
		"Expires: Fri, 02 Jan 2026 00:00:00 GMT|Date: Sat, 03 Jan 2026 00:00:00 GMT": Stale,
		"Expires: Wed, 02 Jan 2013 00:00:00 GMT|Date: Tue, 01 Jan 2013 00:00:00 GMT": Fresh,
		"Cache-Control: max-age=9|Expires: 0":                                        Fresh,
		"Cache-Control: immutable|Expires: Thu, 01 Jan 2015 00:00:00 GMT":            Fresh,
		`Cache-Control: no-cache="set-cookie"|Cache-Control: max-age=9`:              Stale,
		"Cache-Control: private, max-age=9":                                          Fresh,
		"":                                                                           Stale,
	} {
		if got := explicitFreshness(header(strings.Split(fields, "|")...), now); got != want {
			t.Errorf("%s: %d, want %d", fields, got, want)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	for fields, want := range map[string]bool{
		"": false, "Cache-Control: private": true, "Cache-Control: max-age=1, PRIVATE": true, "Cache-Control: no-store": true, "Set-Cookie: a=b": true,
		`Cache-Control: private="x"`: true, "Cache-Control: public": false,
	} {
		if got := personal(r, header(fields)); got != want {
			t.Errorf("%s: personal %v", fields, got)
		}
	}
	shared := header("Cache-Control: no-cache")
	backing := make([]string, 1, 4)
	backing[0] = "no-cache"
	shared["Cache-Control"] = backing
	makePrivate(shared)
	makePrivate(shared)
	if got := shared["Cache-Control"]; len(got) != 2 || got[1] != "private" || backing[:2][1] != "" {
		t.Errorf("made private: %q, and the slice that others share: %q", got, backing[:2])
	}
}

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
	h.state().catalogue.pages.CleanUp()
	h.state().catalogue.assets.CleanUp()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if growth := int64(after.HeapAlloc) - int64(before.HeapAlloc); growth > 16<<20 {
		t.Errorf("%d MiB more", growth>>20)
	}
	if w := h.state().catalogue.pages.WeightedSize(); w > pageMemory {
		t.Errorf("pages weigh %d", w)
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
