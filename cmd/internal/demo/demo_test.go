package demo

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// newSite is the demo behind a handler, as casper serve has it.
func newSite(c Config) (*Demo, http.Handler) {
	d := New(c)
	return d, &server.Handler{Next: d, Params: c.Params, Track: c.Track, Keys: server.KeyVersion, Validator: d.Validator, Allow: Allow}
}

func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "https://example.com"+target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var reference = regexp.MustCompile(`(?:href|src)="(/[a-z]+\.[a-z0-9]+\?v=[^"]+)"|url\("(/[^"]+)"\)`)

// Everything that the page and its style sheets name is there, immutable and of the stated
// type, and nothing comes from elsewhere.
func TestNothingFromElsewhere(t *testing.T) {
	_, site := newSite(Config{})
	seen := map[string]bool{}
	for _, target := range []string{"/", "/app.css", "/accent.css"} {
		text := get(site, target).Body.String()
		for _, m := range reference.FindAllStringSubmatch(text, -1) {
			seen[m[1]+m[2]] = true
		}
		if i := regexp.MustCompile(`(?:src|href|url)[=(]"?(?:https?:)?//`).FindString(text); i != "" {
			t.Errorf("%s loads %s", target, i)
		}
	}
	if len(seen) != 7 {
		t.Errorf("%d files are named: %v", len(seen), seen)
	}
	for target := range seen {
		w := get(site, target)
		if w.Code != 200 || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || w.Header().Get("Etag") == "" || w.Body.Len() == 0 {
			t.Errorf("%s: %d %v", target, w.Code, w.Header())
		}
		again := get(site, target, "If-None-Match", w.Header().Get("Etag"))
		if again.Code != http.StatusNotModified {
			t.Errorf("%s, asked again: %d", target, again.Code)
		}
		old, _, _ := strings.Cut(target, "?")
		if w := get(site, old+"?v=old"); w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s under another version: %d %s", old, w.Code, w.Header().Get("Cache-Control"))
		}
	}
	if _, err := png.Decode(bytes.NewReader(strip())); err != nil {
		t.Error(err)
	}
}

// A change changes one file: its content, its validator and its URL.
func TestChange(t *testing.T) {
	d := New(Config{})
	before := d.edition.Load()
	d.Change()
	after := d.edition.Load()
	for i, f := range before.files {
		g := after.files[i]
		same := bytes.Equal(f.content, g.content)
		if (f.etag == g.etag) != same || (f.url() == g.url()) != same {
			t.Errorf("%s: content, validator and URL do not agree", f.path)
		}
		if same != (f.path != "/accent.css") {
			t.Errorf("%s is the same: %v", f.path, same)
		}
		if d.Validator(f.url()) != g.etag {
			t.Errorf("%s: validator %s, want %s", f.path, d.Validator(f.url()), g.etag)
		}
	}
	if d.Validator("/nothing") != "" {
		t.Error("a validator for what is not there")
	}
}

// The page says of itself what the header says: every client is told by its own means, and the
// cookie on the page is the cookie that is set.
func TestPageTellsTheTruth(t *testing.T) {
	for _, p := range []casper.Params{{}, {CapacityBits: 8}, {CapacityBits: 15}} {
		_, site := newSite(Config{Params: p, Track: server.TrackAll})
		w := get(site, "/")
		links := link.Parse(w.Header()["Link"], "/")
		if n := strings.Count(w.Body.String(), ">linked</span>"); n != len(links) || n != 6 {
			t.Errorf("the page speaks of %d linked files, the header of %d", n, len(links))
		}
		c := w.Result().Cookies()
		if len(c) != 1 || !strings.Contains(w.Body.String(), "sets <code>"+c[0].Name+"="+c[0].Value+"</code>") {
			t.Fatalf("cookies %v", c)
		}
		w = get(site, "/", "Cookie", c[0].Name+"="+c[0].Value)
		body := w.Body.String()
		if strings.Count(body, ">held</span>") != 6 || len(w.Header()["Link"]) != 0 || len(w.Result().Cookies()) != 0 {
			t.Errorf("second visit: %v", w.Header())
		}
		if strings.Count(body, `class="code"`) != 6 || strings.Count(body, "a file of another page") != 0 {
			t.Errorf("%d bits: the cookie's keys are not all explained", p.CapacityBits)
		}
	}
}

// The headline says what was sent and why, for one file and for several: a file that the
// browser never had did not change.
func TestHeadline(t *testing.T) {
	d, site := newSite(Config{})
	key := func(path string) casper.Key { return d.config.Params.Key(d.edition.Load().find(path).url()) }
	style, accent, script := key("/app.css"), key("/accent.css"), key("/app.js")
	d.Change()
	changed := key("/accent.css")
	for _, tt := range []struct {
		held []casper.Key
		want string
	}{
		{nil, "3 files you did not have: named in a Link header."},
		{[]casper.Key{style}, "2 files you did not have: only those were named in a Link header."},
		{[]casper.Key{style, changed}, "One file you did not have: only that was named in a Link header."},
		{[]casper.Key{style, accent, script}, "One file changed: only that was named in a Link header."},
		{[]casper.Key{style, accent}, "2 files are new to you: only those were named in a Link header."},
		{[]casper.Key{style, changed, script}, "Nothing was sent: you have it all."},
		{[]casper.Key{accent}, "3 files are new to you: named in a Link header."},
	} {
		w := get(site, "/", "Cookie", "h2o_casper="+casper.New(casper.Params{}, tt.held...).String())
		_, rest, _ := strings.Cut(w.Body.String(), "<h1>")
		if got, _, _ := strings.Cut(rest, "</h1>"); strings.TrimSpace(got) != tt.want {
			t.Errorf("held %v: %q, want %q", tt.held, got, tt.want)
		}
	}
}

// The codes on the page are the bits of the cookie.
func TestCodes(t *testing.T) {
	p := casper.Params{CapacityBits: 8}
	f := casper.New(p, 20, 178)
	got := codes(f)
	if len(got) != 2 || got[0].Gap != 20 || got[0].Quotient != 0 || got[1].Gap != 157 || got[1].Quotient != 2 || got[1].Key != 178 {
		t.Errorf("%+v", got)
	}
	bits := 0
	for _, c := range got {
		bits += c.Quotient + 1 + len(c.Remainder)
	}
	if want := p.Code().Size([]uint64{20, 178}); (bits+7)/8 != want {
		t.Errorf("%d bits, want %d bytes", bits, want)
	}
}

// A cookie that anybody wrote is shown as text, and bounded.
func TestHostileCookie(t *testing.T) {
	_, site := newSite(Config{})
	full := casper.New(casper.Params{})
	for k := range casper.Key(3000) {
		full = full.With(k)
	}
	for _, value := range []string{full.String(), "<b></b>", "!!!!", strings.Repeat("A", 8000), ""} {
		w := get(site, "/", "Cookie", "h2o_casper="+value)
		if w.Code != 200 || strings.Contains(w.Body.String(), "<b></b>") || w.Body.Len() > 64<<10 {
			t.Errorf("%.20q: %d, %d bytes", value, w.Code, w.Body.Len())
		}
	}
}

// The buttons lead back to the page with its switches and nowhere else.
func TestBack(t *testing.T) {
	_, site := newSite(Config{})
	for from, want := range map[string]string{
		"/?think=300": "/?think=300", "/?push=js&think=300": "/?push=js&think=300", "//evil.example/": "/",
		"https://evil.example/?push=css": "/?push=css", "": "/", "/?think=99999999": "/", "/?think=60000": "/?think=2000", "%zz": "/",
	} {
		r := httptest.NewRequest("POST", "https://example.com/change", strings.NewReader(url.Values{"back": {from}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != want {
			t.Errorf("back to %q: %d, %q, want %q", from, w.Code, got, want)
		}
	}
	for target, want := range map[string]int{"/change": 405, "/forget": 405, "/nothing": 404, "/assets/page.html": 404} {
		if got := get(site, target).Code; got != want {
			t.Errorf("GET %s: %d, want %d", target, got, want)
		}
	}
}

// The server thinks as long as it is told to, and not for one who has left.
func TestThink(t *testing.T) {
	s := switchesOf(url.Values{"think": {"65535"}})
	if s.think != longest {
		t.Errorf("the server thinks for %v", s.think)
	}
	for _, junk := range []string{"-1", "x", "1e3", "65536", ""} {
		if s := switchesOf(url.Values{"think": {junk}}); s.think != 0 {
			t.Errorf("%q: the server thinks for %v", junk, s.think)
		}
	}
	if got := (switches{push: "css", think: time.Second}).url(); got != "/?push=css&think=1000" {
		t.Error(got)
	}
}

func ExampleNew() {
	d := New(Config{})
	h := &server.Handler{Next: d, Keys: server.KeyVersion, Validator: d.Validator, Allow: Allow}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for _, a := range link.Parse(w.Header()["Link"], "/") {
		path, _, _ := strings.Cut(a.Path, "?")
		fmt.Println(path)
	}
	// Output:
	// /app.css
	// /accent.css
	// /app.js
}
