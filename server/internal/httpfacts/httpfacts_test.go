package httpfacts

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// header makes a header of "Name: value" lines.
func header(lines ...string) http.Header {
	h := http.Header{}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		h.Add(name, value)
	}
	return h
}

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func TestFreshness(t *testing.T) {
	const tomorrow, yesterday = "Expires: Sun, 29 Nov 2026 12:00:00 GMT", "Expires: Fri, 27 Nov 2026 12:00:00 GMT"
	for _, tt := range []struct {
		name  string
		lines []string
		want  Freshness
	}{
		{"nothing", nil, Unstated},
		{"an age", []string{"Cache-Control: max-age=60"}, Fresh},
		{"no age", []string{"Cache-Control: max-age=0"}, Stale},
		{"quoted, RFC 9111, 5.2", []string{`Cache-Control: max-age="60"`}, Fresh},
		{"no number, RFC 9111, 4.2.1", []string{"Cache-Control: max-age=soon"}, Stale},
		{"no value", []string{"Cache-Control: max-age"}, Stale},
		{"negative", []string{"Cache-Control: max-age=-1"}, Stale},
		{"beyond 64 bits, RFC 9111, 1.2.2", []string{"Cache-Control: max-age=99999999999999999999"}, Fresh},
		{"beyond 63 bits", []string{"Cache-Control: max-age=18446744073709551615"}, Fresh},
		{"any case", []string{"Cache-Control: Max-Age=60"}, Fresh},
		{"blanks", []string{"Cache-Control:  public ,\tmax-age=60 "}, Fresh},
		{"on two lines", []string{"Cache-Control: public", "Cache-Control: max-age=60"}, Fresh},
		{"no-store", []string{"Cache-Control: max-age=60, no-store"}, Stale},
		{"no-cache", []string{"Cache-Control: no-cache, max-age=60"}, Stale},
		{"no-cache with fields", []string{`Cache-Control: max-age=60, no-cache="set-cookie"`}, Stale},
		{"immutable", []string{"Cache-Control: immutable"}, Fresh},
		{"private is fresh for the browser itself", []string{"Cache-Control: private, max-age=60"}, Fresh},
		{"public alone states no time", []string{"Cache-Control: public"}, Unstated},
		{"expires", []string{tomorrow}, Fresh},
		{"expired", []string{yesterday}, Stale},
		{"expires counts from Date, RFC 9111, 5.3", []string{yesterday, "Date: Thu, 26 Nov 2026 12:00:00 GMT"}, Fresh},
		{"max-age outweighs Expires", []string{"Cache-Control: max-age=60", yesterday}, Fresh},
		{"an Expires that is no date", []string{"Expires: 0"}, Stale},
		{"an immutable answer that has expired", []string{"Cache-Control: immutable", yesterday}, Fresh},
		{"vary by everything, RFC 9111, 4.1", []string{"Cache-Control: max-age=60", "Vary: *"}, Stale},
		{"vary by everything, among others", []string{"Cache-Control: max-age=60", "Vary: Accept-Encoding, *"}, Stale},
		{"vary by cookie", []string{"Cache-Control: max-age=60", "Vary: Cookie"}, Stale},
		{"vary by cookie, on a line of its own", []string{"Cache-Control: immutable", "Vary: Origin", "Vary: accept,COOKIE"}, Stale},
		{"vary by coding and origin", []string{"Cache-Control: max-age=60", "Vary: Accept-Encoding, Origin"}, Fresh},
		{"vary by a cousin of cookie", []string{"Cache-Control: max-age=60", "Vary: X-Cookie, Cookie2"}, Fresh},
		{"vary and nothing else", []string{"Vary: Cookie"}, Stale},
	} {
		if got := FreshnessOf(header(tt.lines...), now); got != tt.want {
			t.Errorf("%s: %q: %d, want %d", tt.name, tt.lines, got, tt.want)
		}
	}
}

func TestSharing(t *testing.T) {
	for _, tt := range []struct {
		lines               []string
		shareable, personal bool
	}{
		{nil, false, false},
		{[]string{"Cache-Control: public"}, true, false},
		{[]string{"Cache-Control: PUBLIC, max-age=1"}, true, false},
		{[]string{"Cache-Control: s-maxage=1"}, true, false},
		{[]string{"Cache-Control: immutable"}, true, false},
		{[]string{"Cache-Control: max-age=1"}, false, false},
		{[]string{"Surrogate-Control: max-age=1"}, true, false},
		{[]string{"CDN-Cache-Control: max-age=1"}, true, false},
		{[]string{"Cache-Control: private"}, false, true},
		{[]string{`Cache-Control: Private="x-user", max-age=1`}, false, true},
		{[]string{"Cache-Control: no-store"}, false, true},
		{[]string{"Cache-Control: privately"}, false, false},
		{[]string{"Set-Cookie: session=1"}, false, true},
		{[]string{"Set-Cookie: ours=1"}, false, false},
		{[]string{"Set-Cookie: ours=1", "Set-Cookie: session=1"}, false, true},
		{[]string{"Set-Cookie: ours2=1"}, false, true},
	} {
		h := header(tt.lines...)
		r := httptest.NewRequest("GET", "/", nil)
		if got := Shareable(200, h); got != tt.shareable {
			t.Errorf("Shareable(%q) = %t", tt.lines, got)
		}
		if got := Personal(r, h, "ours"); got != tt.personal {
			t.Errorf("Personal(%q) = %t", tt.lines, got)
		}
		r.Header.Set("Authorization", "Basic eDp5")
		if !Personal(r, h, "ours") {
			t.Errorf("Personal(%q) with credentials = false", tt.lines)
		}
		if got, want := Private(h), tt.personal && !SetsCookie(h, "ours") && !strings.Contains(tt.lines[0], "x-user"); got != want {
			t.Errorf("Private(%q) = %t", tt.lines, got)
		}
		if !Shareable(304, h) {
			t.Errorf("Shareable(304, %q) = false", tt.lines)
		}
	}
}

func TestValidator(t *testing.T) {
	for _, tt := range []struct{ etag, modified, want string }{
		{"", "", ""},
		{`"x"`, "then", `"x"`},
		{"", "Fri, 27 Nov 2026 12:00:00 GMT", "Fri, 27 Nov 2026 12:00:00 GMT"},
		{`W/"x"`, "", `"x"`},
		{`"x-gzip"`, "", `"x"`},
		{`W/"x-gzip"`, "", `"x"`},
		{`W/"x--gzip"`, "", `"x"`},
		{`"x-br"`, "", `"x"`},
		{`"x-zstd"`, "", `"x"`},
		{`"x;gz"`, "", `"x"`},
		{`"gzip"`, "", `"gzip"`},
		{`x-gzip`, "", `x-gzip`}, // no quotes: no entity tag, and not taken apart
	} {
		h := http.Header{}
		if tt.etag != "" {
			h.Set("ETag", tt.etag)
		}
		if tt.modified != "" {
			h.Set("Last-Modified", tt.modified)
		}
		if got := Validator(h); got != tt.want {
			t.Errorf("Validator(%q, %q) = %q, want %q", tt.etag, tt.modified, got, tt.want)
		}
	}
}

func TestRequests(t *testing.T) {
	for _, tt := range []struct {
		line                  string
		speculative, hinted   bool
		refuses, revalidating bool
		forwarded             bool
	}{
		{line: "Accept: */*"},
		{line: "Sec-Purpose: prefetch", speculative: true},
		{line: "Sec-Purpose: Prefetch", speculative: true},
		{line: "Sec-Purpose: prefetch;prerender", speculative: true},
		{line: "Purpose: PREFETCH", speculative: true},
		{line: "X-Purpose: preview", speculative: true},
		{line: "X-Moz: Prefetch", speculative: true},
		{line: "X-Moz: Early Hint", hinted: true},
		{line: "Sec-Purpose: reload"},
		{line: "Cache-Control: max-age=0"},
		{line: "Cache-Control: No-Cache", refuses: true},
		{line: "Cache-Control: no-cached"},
		{line: "Pragma: no-cache", refuses: true},
		{line: "No-Early-Hints: 1", refuses: true},
		{line: `If-None-Match: "x"`, revalidating: true},
		{line: "If-Modified-Since: Fri, 27 Nov 2026 12:00:00 GMT", revalidating: true},
		{line: "X-Forwarded-For: 192.0.2.1", forwarded: true},
		{line: "Forwarded: for=192.0.2.1", forwarded: true},
	} {
		h := header(tt.line)
		if got := [...]bool{Speculative(h), EarlyHinted(h), RefusesHints(h), Revalidating(h), Forwarded(h)}; got != [...]bool{tt.speculative, tt.hinted, tt.refuses, tt.revalidating, tt.forwarded} {
			t.Errorf("%q: speculative, hinted, refuses, revalidating, forwarded = %v", tt.line, got)
		}
	}
}

func TestUrgency(t *testing.T) {
	for field, want := range map[string]int{
		"": -1, "u=0": 0, "u=7": 7, "u=8": -1, "u": -1, "u=12": -1, "i": -1,
		"i, u=2": 2, "u=3;x=1": 3, " u=4 ,i": 4, "U=1": -1, "uu=1": -1,
	} {
		got := -1
		if u, ok := Urgency(header("Priority: " + field)); ok {
			got = int(u)
		}
		if got != want {
			t.Errorf("Urgency(%q) = %d, want %d", field, got, want)
		}
	}
}

func TestContent(t *testing.T) {
	page := []byte("<!doctype html><title>x</title>")
	for _, tt := range []struct {
		lines []string
		body  []byte
		html  bool
	}{
		{nil, page, true},
		{nil, nil, false},
		{[]string{"Content-Encoding: gzip"}, page, false},
		{[]string{"Content-Encoding: identity"}, page, true},
		{[]string{"Content-Type: text/html; charset=utf-8"}, nil, true},
		{[]string{"Content-Type: TEXT/HTML"}, nil, true},
		{[]string{"Content-Type: application/xhtml+xml"}, nil, true},
		{[]string{"Content-Type: text/plain"}, page, false},
		{[]string{"Content-Type: text/htmlx"}, page, false},
		{[]string{"Content-Type: "}, page, false},
	} {
		if got := IsHTML(ContentType(header(tt.lines...), tt.body)); got != tt.html {
			t.Errorf("%q, %d octets: HTML %t", tt.lines, len(tt.body), got)
		}
	}
	for value, want := range map[string]int64{"": 0, "12": 12, "-1": 0, "x": 0, "99999999999999999999": 0} {
		if got := ContentLength(header("Content-Length: " + value)); got != want {
			t.Errorf("ContentLength(%q) = %d, want %d", value, got, want)
		}
	}
}

func TestOrigin(t *testing.T) {
	proxies := Networks{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, tt := range []struct {
		name, remote string
		lines        []string
		client       string
		origin       Origin
	}{
		{"nobody in front", "192.0.2.7:1", nil, "192.0.2.7", Origin{"http", "example.com"}},
		{"a stranger who forwards", "192.0.2.7:1", []string{"X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example"}, "192.0.2.7", Origin{"http", "example.com"}},
		{"a proxy that says nothing", "10.1.1.1:1", nil, "10.1.1.1", Origin{"http", "example.com"}},
		{"a terminator", "10.1.1.1:1", []string{"X-Forwarded-For: 192.0.2.9", "X-Forwarded-Proto: https"}, "192.0.2.9", Origin{"https", "example.com"}},
		{"a terminator with a name", "10.1.1.1:1", []string{"X-Forwarded-Proto: HTTPS", "X-Forwarded-Host: shop.example:8443"}, "10.1.1.1", Origin{"https", "shop.example:8443"}},
		{"two proxies", "10.1.1.1:1", []string{"X-Forwarded-For: 192.0.2.9, 10.2.2.2", "X-Forwarded-Proto: http, https"}, "192.0.2.9", Origin{"https", "example.com"}},
		{"what a client made up comes first", "10.1.1.1:1", []string{"X-Forwarded-For: 198.51.100.1", "X-Forwarded-For: 192.0.2.9"}, "192.0.2.9", Origin{"http", "example.com"}},
		{"behind what cannot be read", "10.1.1.1:1", []string{"X-Forwarded-For: 192.0.2.9, unknown, 10.2.2.2"}, "10.2.2.2", Origin{"http", "example.com"}},
		{"all are proxies", "10.1.1.1:1", []string{"X-Forwarded-For: 10.3.3.3,10.2.2.2"}, "10.3.3.3", Origin{"http", "example.com"}},
		{"IPv6", "[fd00::1]:1", []string{"X-Forwarded-For: 2001:db8::1"}, "2001:db8::1", Origin{"http", "example.com"}},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1", []string{"X-Forwarded-For: 192.0.2.9"}, "192.0.2.9", Origin{"http", "example.com"}},
		{"a scheme that is none", "10.1.1.1:1", []string{"X-Forwarded-Proto: wss"}, "10.1.1.1", Origin{"http", "example.com"}},
		{"no address", "@", []string{"X-Forwarded-Proto: https"}, "invalid IP", Origin{"http", "example.com"}},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Header = tt.remote, header(tt.lines...)
		if got := proxies.Client(r).String(); got != tt.client {
			t.Errorf("%s: client %s, want %s", tt.name, got, tt.client)
		}
		if got := proxies.Origin(r); got != tt.origin {
			t.Errorf("%s: origin %v, want %v", tt.name, got, tt.origin)
		}
		if got := Networks(nil).Origin(r); got != (Origin{"http", "example.com"}) {
			t.Errorf("%s, nobody trusted: origin %v", tt.name, got)
		}
	}
	if r := httptest.NewRequest("GET", "https://example.com/", nil); (Networks(nil).Origin(r) != Origin{"https", "example.com"}) {
		t.Error("a connection with TLS is not https")
	}
}

func TestReferer(t *testing.T) {
	secure, plain := Origin{"https", "example.com"}, Origin{"http", "example.com:8080"}
	for _, tt := range []struct {
		origin        Origin
		referer, want string
	}{
		{secure, "", ""},
		{secure, "https://example.com/a?b", "/a?b"},
		{secure, "https://example.com:443/", "/"},
		{secure, "https://EXAMPLE.com/", "/"},
		{secure, "http://example.com/", ""},
		{secure, "https://example.com.evil/", ""},
		{secure, "https://example.com", ""},
		{secure, "about:blank", ""},
		{plain, "http://example.com:8080/", "/"},
		{plain, "https://example.com:8080/", "/"},
		{plain, "http://example.com/", ""},
		{secure, "https://example.com/" + strings.Repeat("a", maxReferer), ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if tt.referer != "" {
			r.Header.Set("Referer", tt.referer)
		}
		if got, ok := Referer(r, tt.origin); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%.60q at %v: %q, %t", tt.referer, tt.origin, got, ok)
		}
	}
}

func TestTarget(t *testing.T) {
	r := httptest.NewRequest("GET", "/a/b?c", nil)
	r.URL.Path = "/b" // as http.StripPrefix leaves it
	if got := Target(r); got != "/a/b?c" {
		t.Errorf("%q", got)
	}
	r.RequestURI = "http://proxy.example/x"
	if got := Target(r); got != "/b?c" {
		t.Errorf("absolute form: %q", got)
	}
}

// TestNoAllocs: these are asked for every request.
func TestNoAllocs(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header = header("Cache-Control: max-age=0", "Priority: u=1, i", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Referer: https://example.com/")
	h := header("Cache-Control: public, max-age=60", `Etag: W/"x"`, "Vary: Accept-Encoding", "Content-Type: text/html", "Set-Cookie: ours=1")
	if n := testing.AllocsPerRun(100, func() {
		FreshnessOf(h, now)
		Shareable(200, h)
		Personal(r, h, "ours")
		Validator(h)
		RefusesHints(r.Header)
		Urgency(r.Header)
		Navigates(r.Header)
		Speculative(r.Header)
		IsHTML(ContentType(h, nil))
		Referer(r, Networks(nil).Origin(r))
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}
