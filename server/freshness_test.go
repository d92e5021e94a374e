package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// hinted reports whether a navigation to the page gets a 103, with a link for the path.
func hinted(h http.Handler, page, path string, fields ...string) bool {
	for _, early := range ask(h, page, append(fields, browser...)...).early {
		if strings.Contains(strings.Join(early["Link"], ","), "<"+path+">") {
			return true
		}
	}
	return false
}

// Only what says how long it may be kept is hinted once it was seen; what was never seen is
// hinted when the program names it.
func TestFreshness(t *testing.T) {
	const date = "Date: Mon, 23 Nov 2026 08:00:00 GMT"
	for _, tt := range []struct {
		name   string
		code   int
		fields []string
		fresh  bool
	}{
		{"nothing", 200, nil, false},
		{"an age", 200, []string{"Cache-Control: max-age=1"}, true},
		{"in quotes, in capitals", 200, []string{`Cache-Control: Public, MAX-AGE="60"`}, true},
		{"no age", 200, []string{"Cache-Control: max-age=0"}, false},
		{"an age that is no number", 200, []string{"Cache-Control: max-age=1e3"}, false},
		{"a negative one", 200, []string{"Cache-Control: max-age=-1"}, false},
		{"an age beyond 32 bits", 200, []string{"Cache-Control: max-age=31536000000"}, true},
		{"for ever", 200, []string{"Cache-Control: immutable"}, true},
		{"for ever, but not now", 200, []string{"Cache-Control: immutable, max-age=0"}, false},
		{"the same in two fields", 200, []string{"Cache-Control: max-age=0", "Cache-Control: immutable"}, false},
		{"not without asking", 200, []string{"Cache-Control: no-cache, max-age=60"}, false},
		{"a field not without asking", 200, []string{`Cache-Control: max-age=60, no-cache="Set-Cookie"`}, false},
		{"not at all", 200, []string{"Cache-Control: max-age=60, no-store"}, false},
		{"for everybody, without an age", 200, []string{"Cache-Control: public"}, false},
		{"the shared ones' age", 200, []string{"Cache-Control: s-maxage=60"}, false},
		{"a later date", 200, []string{date, "Expires: Mon, 23 Nov 2026 08:00:01 GMT"}, true},
		{"that date", 200, []string{date, "Expires: Mon, 23 Nov 2026 08:00:00 GMT"}, false},
		{"an earlier one", 200, []string{date, "Expires: Mon, 23 Nov 2026 07:59:59 GMT"}, false},
		{"far in the future, without a Date", 200, []string{"Expires: Mon, 23 Nov 2999 08:00:00 GMT"}, true},
		{"no date", 200, []string{"Expires: 0"}, false},
		{"an age, and no date", 200, []string{"Cache-Control: max-age=60", "Expires: 0"}, true},
		{"for ever, and no date", 200, []string{"Cache-Control: immutable", "Expires: 0"}, true},
		{"no age, and a later date", 200, []string{"Cache-Control: max-age=0", "Expires: Mon, 23 Nov 2999 08:00:00 GMT"}, false},
		{"different each time", 200, []string{"Cache-Control: max-age=60", "Vary: *"}, false},
		{"different each time, among others", 200, []string{"Cache-Control: max-age=60", "Vary: Accept-Encoding, *"}, false},
		{"different for each cookie, and the page sets one", 200, []string{"Cache-Control: max-age=60", "Vary: Origin", "Vary: cookie"}, false},
		{"different for each coding", 200, []string{"Cache-Control: max-age=60", "Vary: Accept-Encoding, Origin"}, true},
		// What does not answer for the asset says nothing of its freshness; what is not there is
		// not hinted (F4).
		{"an error", 404, []string{"Cache-Control: no-store"}, false},
		{"a part", 206, []string{"Cache-Control: no-store"}, true},
		{"a redirect", 302, []string{"Cache-Control: no-store"}, false},
		{"not modified", 304, []string{"Cache-Control: no-store"}, true},
	} {
		h := &server.Handler{Sources: wants("/a.css"), Policy: server.Policy{NoPush: true}}
		h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/a.css" {
				w.Header().Set("Content-Type", "text/html")
				return
			}
			for _, f := range tt.fields {
				name, value, _ := strings.Cut(f, ": ")
				w.Header().Add(name, value)
			}
			w.Header().Set("Content-Type", "text/css")
			w.WriteHeader(tt.code)
		})
		if !hinted(h, "/", "/a.css") {
			t.Fatalf("%s: it is not hinted before it was seen", tt.name)
		}
		ask(h, "/a.css")
		if got := hinted(h, "/", "/a.css"); got != tt.fresh {
			t.Errorf("%s: hinted %t, want %t", tt.name, got, tt.fresh)
		}
	}
}

// Only a GET says what the asset is like: what answers a POST to its path is something else.
func TestOnlyGetTeaches(t *testing.T) {
	for method, teaches := range map[string]bool{http.MethodGet: true, http.MethodPost: false, http.MethodHead: false} {
		h := &server.Handler{Sources: wants("/a.css"), Policy: server.Policy{NoPush: true}}
		h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
		})
		hinted(h, "/", "/a.css")
		r := request("/a.css")
		r.Method = method
		h.ServeHTTP(newStage(), r)
		if got := hinted(h, "/", "/a.css"); got == teaches {
			t.Errorf("%s of no-store: hinted %t", method, got)
		}
	}
}

// Which answers are read for assets: HTML in either spelling, as far as it can be read.
func TestScan(t *testing.T) {
	const html = "<!doctype html><title>t</title>"
	for _, tt := range []struct {
		name   string
		fields []string
		body   string
		scan   bool
	}{
		{"HTML", []string{"Content-Type: text/html"}, html, true},
		{"with a parameter and spaces", []string{"Content-Type: TEXT/HTML ; charset=utf-8"}, html, true},
		{"as XML", []string{"Content-Type: application/xhtml+xml"}, html, true},
		{"found out", nil, html, true},
		{"not HTML", []string{"Content-Type: text/plain"}, html, false},
		{"not HTML, found out", nil, "body{}", false},
		{"no type, on purpose", []string{"Content-Type"}, html, false},
		{"an empty type", []string{"Content-Type: "}, html, false},
		{"packed", []string{"Content-Type: text/html", "Content-Encoding: gzip"}, html, false},
		{"packed, of no type", []string{"Content-Encoding: gzip"}, html, false},
		{"empty", []string{"Content-Type: text/html"}, "", false},
	} {
		scans := 0
		h := &server.Handler{Scan: func(head []byte, _ link.Base) []link.Asset {
			scans++
			return []link.Asset{{Path: "/a.css", As: "style"}, {Path: "/a.css", As: "style"}, {Path: "no path", As: "style"}, {Path: "/l.css", As: "style"}, {Path: "/l.js", As: "script", Rel: link.ModulePreload}}
		}}
		var linked []link.Asset
		h.Observe = func(x *server.Exchange) { linked = append(linked[:0], x.Links...) }
		h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for _, f := range tt.fields {
				name, value, ok := strings.Cut(f, ": ")
				w.Header()[name] = []string{value}
				if !ok {
					w.Header()[name] = nil // as net/http wants it from who wants no type
				}
			}
			w.Header().Add("Link", "</l.css>; rel=preload; as=style, </l.js>; rel=preload; as=script")
			io.WriteString(w, tt.body)
		})
		s := ask(h, "/")
		if (scans == 1) != tt.scan || scans > 1 {
			t.Errorf("%s: read %d times", tt.name, scans)
		}
		want := 2 // as linked
		if tt.scan {
			want = 4 // and one of another path, and one of another relation
		}
		if len(linked) != want || len(s.pushed) != len(linked)-(want-2)/2 && len(s.pushed) != len(linked) {
			t.Errorf("%s: linked %+v, pushed %q", tt.name, linked, s.pushed)
		}
	}
}

// RFC 9111, section 1.2.2: a number of seconds that is too large counts as the largest.
func TestHugeMaxAgeIsFresh(t *testing.T) {
	h := &server.Handler{Sources: wants("/a.css"), Policy: server.Policy{NoPush: true}}
	h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=99999999999999999999")
		if r.URL.Path == "/" {
			w.Header().Set("Content-Type", "text/html")
		}
		io.WriteString(w, "body{}")
	})
	hinted(h, "/", "/a.css")
	ask(h, "/a.css")
	if !hinted(h, "/", "/a.css") {
		t.Error("an asset that is fresh for ever is not hinted")
	}
}
