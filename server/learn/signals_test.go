package learn

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/link"
)

// request makes a request of "METHOD URL" and header lines.
func request(t testing.TB, line string, lines ...string) *http.Request {
	method, url, _ := strings.Cut(line, " ")
	r := httptest.NewRequest(method, url, nil)
	r.Header = headers(lines...)
	return r
}

func headers(lines ...string) http.Header {
	h := make(http.Header)
	for _, l := range lines {
		k, v, _ := strings.Cut(l, ": ")
		h.Add(k, v)
	}
	return h
}

var (
	navigation = []string{"Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-Site: none"}
	fromPage   = []string{"Referer: https://example.com/shop/a?x=1", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: no-cors"}
	reusable   = "Cache-Control: public, max-age=3600"
	htmlType   = "Content-Type: text/html; charset=utf-8"
)

func TestReadView(t *testing.T) {
	for _, c := range []struct {
		name   string
		line   string
		lines  []string
		status int
		answer []string
		want   *Event
	}{
		{"navigation", "GET https://example.com/shop/a?utm=1", navigation, 200, []string{htmlType}, &Event{Kind: View, Page: "/shop/a", Path: "/shop/a", Status: 200}},
		{"cleaned", "GET https://example.com//shop/./b/../a/", navigation, 200, []string{htmlType}, &Event{Kind: View, Page: "/shop/a/", Path: "/shop/a/", Status: 200}},
		{"listed parameters", "GET https://example.com/?utm=1&lang=de&b=2", navigation, 200, []string{htmlType}, &Event{Kind: View, Page: "/?lang=de", Path: "/?lang=de", Status: 200}},
		{"prefetch", "GET https://example.com/", append(navigation, "Sec-Purpose: prefetch;prerender"), 200, []string{htmlType}, &Event{Kind: View, Page: "/", Path: "/", Status: 200, Flags: Speculative}},
		{"redirect", "GET https://example.com/old", navigation, 302, nil, &Event{Kind: View, Page: "/old", Path: "/old", Status: 302}},
		{"not found", "GET https://example.com/none", navigation, 404, []string{htmlType}, &Event{Kind: View, Page: "/none", Path: "/none", Status: 404}},
		{"without metadata", "GET https://example.com/", nil, 200, []string{htmlType}, &Event{Kind: View, Page: "/", Path: "/", Status: 200}},
		{"redirect without metadata", "GET https://example.com/", []string{"Accept: text/html,*/*"}, 302, nil, &Event{Kind: View, Page: "/", Path: "/", Status: 302}},
		{"links", "GET https://example.com/d/", navigation, 200, []string{htmlType, "Link: <a.css>; rel=preload; as=style, </next>; rel=next"},
			&Event{Kind: View, Page: "/d/", Path: "/d/", Status: 200, Links: []link.Asset{css("/d/a.css")}}},
		{"links of no use", "GET https://example.com/", navigation, 200, []string{htmlType, "Link: </next>; rel=next"},
			&Event{Kind: View, Page: "/", Path: "/", Status: 200, Links: []link.Asset{}}},
		{"sets a cookie", "GET https://example.com/", navigation, 200, []string{htmlType, "Set-Cookie: sid=1"}, &Event{Kind: View, Page: "/", Path: "/", Status: 200, Flags: Private}},
		{"sets our cookie", "GET https://example.com/", navigation, 200, []string{htmlType, "Set-Cookie: ours=1"}, &Event{Kind: View, Page: "/", Path: "/", Status: 200}},
		{"for one client", "GET https://example.com/", navigation, 200, []string{htmlType, "Cache-Control: max-age=3, Private"}, &Event{Kind: View, Page: "/", Path: "/", Status: 200, Flags: Private}},
		{"not to be kept", "GET https://example.com/", navigation, 200, []string{htmlType, "Cache-Control: no-store"}, &Event{Kind: View, Page: "/", Path: "/", Status: 200, Flags: Private}},
		{"to be checked", "GET https://example.com/", navigation, 200, []string{htmlType, "Cache-Control: no-cache"}, &Event{Kind: View, Page: "/", Path: "/", Status: 200}},
		{"a download", "GET https://example.com/a.pdf", navigation, 200, []string{"Content-Type: application/pdf"}, nil},
		{"revalidated", "GET https://example.com/", navigation, 304, nil, nil},
		{"HEAD", "HEAD https://example.com/", navigation, 200, []string{htmlType}, nil},
		{"POST", "POST https://example.com/", navigation, 200, []string{htmlType}, nil},
		{"a frame", "GET https://example.com/", []string{"Sec-Fetch-Dest: iframe", "Sec-Fetch-Mode: navigate"}, 200, []string{htmlType}, nil},
		{"with credentials of its own", "GET https://example.com/", append(navigation, "Authorization: Basic x"), 200, []string{htmlType}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			rd := Reader{Query: []string{"lang"}, Cookie: "ours"}
			e, ok := rd.Event(request(t, c.line, c.lines...), c.status, headers(c.answer...))
			if ok != (c.want != nil) {
				t.Fatalf("%v: %+v", ok, e)
			}
			if ok {
				if diff := cmp.Diff(*c.want, e); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestReadFetch(t *testing.T) {
	plain := func(change func(*Event)) *Event {
		e := &Event{
			Kind: Fetch, Path: "/shop/a", Via: "/shop/a?x=1", Status: 200, Flags: Fresh | Destined,
			Asset: link.Asset{Path: "/a.css", As: "style", Type: "text/css"},
		}
		change(e)
		return e
	}
	style := []string{"Sec-Fetch-Dest: style"}
	for _, c := range []struct {
		name   string
		line   string
		lines  []string
		status int
		answer []string
		want   *Event
	}{
		{"style", "GET https://example.com/a.css", style, 200, []string{reusable}, plain(func(e *Event) {})},
		{"version in the query", "GET https://example.com/a.css?v=3", style, 200, []string{reusable}, plain(func(e *Event) { e.Asset.Path = "/a.css?v=3" })},
		{"anything in the query", "GET https://example.com/a.css?user=3", style, 200, []string{reusable}, nil},
		{"urgency", "GET https://example.com/a.css", append(style, "Priority: u=0, i"), 200, []string{reusable}, plain(func(e *Event) { e.Prioritized = true })},
		{"urgency 5", "GET https://example.com/a.css", append(style, "Priority: i, u=5;x"), 200, []string{reusable}, plain(func(e *Event) { e.Urgency, e.Prioritized = 5, true })},
		{"no urgency", "GET https://example.com/a.css", append(style, "Priority: u=9, u=x, U=1"), 200, []string{reusable}, plain(func(e *Event) {})},
		{"validator", "GET https://example.com/a.css", style, 200, []string{reusable, `ETag: "1"`, "Last-Modified: x"}, plain(func(e *Event) { e.Version = `"1"` })},
		{"date", "GET https://example.com/a.css", style, 200, []string{reusable, "Last-Modified: x"}, plain(func(e *Event) { e.Version = "x" })},
		{"CORS", "GET https://example.com/a.woff2", []string{"Sec-Fetch-Dest: font", "Sec-Fetch-Mode: cors"}, 200, []string{reusable},
			plain(func(e *Event) {
				e.Asset = link.Asset{Path: "/a.woff2", As: "font", Type: "font/woff2", CrossOrigin: link.Anonymous}
			})},
		{"data", "GET https://example.com/a.json", []string{"Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors"}, 200, []string{reusable},
			plain(func(e *Event) {
				e.Asset = link.Asset{Path: "/a.json", As: "fetch", Type: "application/json", CrossOrigin: link.Anonymous}
			})},
		{"without metadata", "GET https://example.com/a.css", []string{"Sec-Fetch-Site: "}, 200, []string{reusable}, plain(func(e *Event) { e.Flags = Fresh })},
		{"a style sheet's font", "GET https://example.com/f.woff2", []string{"Sec-Fetch-Dest: font", "Sec-Fetch-Mode: cors", "Referer: https://example.com/s/a.css?v=1"}, 200, []string{reusable},
			plain(func(e *Event) {
				e.Path, e.Via = "/s/a.css", "/s/a.css?v=1"
				e.Asset = link.Asset{Path: "/f.woff2", As: "font", Type: "font/woff2", CrossOrigin: link.Anonymous}
			})},
		{"revalidated", "GET https://example.com/a.css", style, 304, nil, plain(func(e *Event) { e.Status, e.Flags = 304, Destined })},
		{"missing", "GET https://example.com/a.css", style, 404, nil, plain(func(e *Event) { e.Status, e.Flags = 404, Destined })},
		{"escaped", "GET https://example.com/a%20b.css", append(style, "Referer: https://example.com/%C3%A4"), 200, []string{reusable},
			plain(func(e *Event) { e.Path, e.Via, e.Asset.Path = "/ä", "/%C3%A4", "/a%20b.css" })},
		{"prefetch", "GET https://example.com/a.css", append(style, "Purpose: prefetch"), 200, []string{reusable}, plain(func(e *Event) { e.Flags |= Speculative })},
		{"early hint, Firefox", "GET https://example.com/a.css", append(style, "X-Moz: early hint"), 200, []string{reusable}, plain(func(e *Event) { e.Flags |= Early })},
		{"prefetch, old Firefox", "GET https://example.com/a.css", append(style, "X-Moz: prefetch"), 200, []string{reusable}, plain(func(e *Event) { e.Flags |= Speculative })},
		{"private", "GET https://example.com/a.css", style, 200, []string{"Cache-Control: private, max-age=9"}, plain(func(e *Event) { e.Flags = Unfit | Destined })},
		{"a cookie", "GET https://example.com/a.css", style, 200, []string{reusable, "Set-Cookie: id=1"}, plain(func(e *Event) { e.Flags |= Private })},
		{"our cookie", "GET https://example.com/a.css", style, 200, []string{reusable, "Set-Cookie: h2o_casper=1"}, plain(func(e *Event) {})},
		{"other origin", "GET https://example.com/a.css", append(style, "Referer: https://evil.example/shop/a"), 200, []string{reusable}, nil},
		{"other port", "GET https://example.com/a.css", append(style, "Referer: https://example.com:8443/"), 200, []string{reusable}, nil},
		{"the scheme's own port", "GET https://example.com/a.css", append(style, "Referer: https://example.com:443/shop/a?x=1"), 200, []string{reusable}, plain(func(e *Event) {})},
		{"http page, https asset", "GET https://example.com/a.css", append(style, "Referer: http://example.com/"), 200, []string{reusable}, nil},
		{"other site by its own word", "GET https://example.com/a.css", append(style, "Sec-Fetch-Site: cross-site"), 200, []string{reusable}, nil},
		{"only an origin", "GET https://example.com/a.css", append(style, "Referer: https://example.com"), 200, []string{reusable}, nil},
		{"no referer", "GET https://example.com/a.css", append(style, "Referer: "), 200, []string{reusable}, nil},
		{"a range", "GET https://example.com/a.css", append(style, "Range: bytes=0-"), 206, []string{reusable}, nil},
		{"denied", "GET https://example.com/private/a.css", style, 200, []string{reusable}, nil},
		{"POST", "POST https://example.com/a.css", style, 200, []string{reusable}, nil},
		{"endless referer", "GET https://example.com/a.css", append(style, "Referer: https://example.com/"+strings.Repeat("x", 9000)), 200, []string{reusable}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			rd := Reader{Deny: []string{"/private/"}, Cookie: "h2o_casper"}
			r := request(t, c.line, fromPage...)
			for _, l := range c.lines {
				k, v, _ := strings.Cut(l, ": ")
				r.Header.Set(k, v)
				if v == "" {
					r.Header.Del(k)
				}
			}
			e, ok := rd.Event(r, c.status, headers(c.answer...))
			if ok != (c.want != nil) {
				t.Fatalf("%v: %+v", ok, e)
			}
			if ok {
				if diff := cmp.Diff(*c.want, e); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestReadFreshness(t *testing.T) {
	date := "Date: Mon, 02 Nov 2026 08:00:00 GMT"
	for _, c := range []struct {
		lines []string
		want  Flags
	}{
		{nil, 0},
		{[]string{"Cache-Control: max-age=1"}, Fresh},
		{[]string{`Cache-Control: max-age="60"`}, Fresh},
		{[]string{"Cache-Control: immutable"}, Fresh},
		{[]string{"Cache-Control: public", "Cache-Control: MAX-AGE=60"}, Fresh},
		{[]string{"Cache-Control: public"}, 0},
		{[]string{"Cache-Control: max-age=0"}, Unfit},
		{[]string{"Cache-Control: max-age=-1"}, Unfit},
		{[]string{"Cache-Control: max-age=99999999999999999999"}, Unfit},
		{[]string{"Cache-Control: no-store"}, Unfit},
		{[]string{"Cache-Control: max-age=60, no-cache"}, Unfit},
		{[]string{"Cache-Control: private"}, Unfit},
		{[]string{"Cache-Control: s-maxage=60"}, 0}, // says nothing to browsers
		{[]string{date, "Expires: Mon, 02 Nov 2026 09:00:00 GMT"}, Fresh},
		{[]string{date, "Expires: Mon, 02 Nov 2026 08:00:00 GMT"}, Unfit},
		{[]string{date, "Expires: 0"}, Unfit},
		{[]string{date, "Expires: Mon, 02 Nov 2020 09:00:00 GMT", "Cache-Control: max-age=5"}, Fresh},
		{[]string{"Expires: " + time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}, Fresh},
		{[]string{"Vary: *", "Cache-Control: max-age=60"}, Unfit},
	} {
		if got := (&Reader{}).freshness(headers(c.lines...)); got != c.want {
			t.Errorf("%q: %b, want %b", c.lines, got, c.want)
		}
	}
}

// The identity of a page is the route where that names one kind of page.
func TestRoute(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                           "/item/7/edit",
		"/":                          "/item/7/edit",
		"/item/":                     "/item/7/edit",
		"GET /item/{id}/edit":        "/item/{id}/edit",
		"GET  example.com/item/{id}": "/item/{id}",
		"/item/{rest...}":            "/item/7/edit",
		"/item/7/edit":               "/item/7/edit",
		"/{$}":                       "/item/7/edit",
		"/item/{id}/{what}":          "/item/{id}/{what}",
		"GET example.com/item/{id}/": "/item/7/edit",
		"/item/{id}/{$}":             "/item/{id}/{$}",
		"nonsense{":                  "/item/7/edit",
	} {
		r := request(t, "GET https://example.com/item/7/edit")
		r.Pattern = pattern
		if got := (&Reader{}).Page(r); got != want {
			t.Errorf("%q: %s, want %s", pattern, got, want)
		}
	}
	// And a mux says so.
	mux := http.NewServeMux()
	var got string
	mux.HandleFunc("GET /item/{id}/edit", func(_ http.ResponseWriter, r *http.Request) { got = (&Reader{}).Page(r) })
	mux.ServeHTTP(httptest.NewRecorder(), request(t, "GET https://example.com/item/9/edit"))
	if got != "/item/{id}/edit" {
		t.Errorf("behind a ServeMux: %s", got)
	}
}

func TestDeny(t *testing.T) {
	rd := Reader{Deny: []string{"/assets/me/"}}
	for target, want := range map[string]bool{"/assets/a.css": true, "/assets/me/a.css": false} {
		r := request(t, "GET https://example.com"+target, fromPage...)
		if _, ok := rd.Event(r, 200, headers(reusable)); ok != want {
			t.Errorf("%s: %v", target, ok)
		}
	}
}

func TestPeer(t *testing.T) {
	r := request(t, "GET https://example.com/")
	r.RemoteAddr = "[2001:db8::1%eth0]:443"
	if got := Peer(r); got != netip.MustParseAddr("2001:db8::1%eth0") {
		t.Errorf("%v", got)
	}
	r.RemoteAddr = "@"
	if Peer(r).IsValid() {
		t.Error("a unix socket has an address")
	}
}

// From real requests to a real answer.
func TestFromRequestsToAnswer(t *testing.T) {
	m := must(t, Config{})
	rd := Reader{}
	at := start
	for i := range 5 {
		c := m.Client(netip.AddrFrom4([4]byte{192, 0, byte(i), 1}), at)
		observe := func(r *http.Request, answer http.Header) {
			r.TLS = &tls.ConnectionState{}
			e, ok := rd.Event(r, 200, answer)
			if !ok {
				t.Fatalf("%s says nothing", r.URL)
			}
			at = at.Add(20 * time.Millisecond)
			e.Time, e.Client = at, c
			m.Observe(e)
		}
		observe(request(t, "GET https://example.com/shop?id=7", navigation...), headers(htmlType))
		observe(request(t, "GET https://example.com/a.css", "Referer: https://example.com/shop?id=7", "Sec-Fetch-Dest: style", "Sec-Fetch-Mode: no-cors"), headers(reusable))
		observe(request(t, "GET https://example.com/t.woff2", "Referer: https://example.com/a.css", "Sec-Fetch-Dest: font", "Sec-Fetch-Mode: cors"), headers(reusable))
		at = at.Add(time.Minute)
		m.Tick(at)
	}
	var got []string
	for _, p := range m.Wanted("/shop") {
		got = append(got, p.Asset.String())
	}
	want := []string{
		`</a.css>; rel=preload; as=style; type="text/css"`,
		`</t.woff2>; rel=preload; as=font; crossorigin; type="font/woff2"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever a client writes into a request, reading it is quick, does not panic, and gives nothing that could do harm.
func FuzzReader(f *testing.F) {
	f.Add("/a.css?v=1", "https://example.com/", "style", "no-cors", "u=1", "max-age=1", 200)         // ordinary
	f.Add("/", "", "document", "navigate", "", "", 200)                                              // a view
	f.Add("/a>,<b", "https://example.com/%zz", "style", "cors", "u=", "max-age=\"", 404)             // broken everywhere
	f.Add("//evil.example/", "https://example.com//evil", "font", "cors", "u=8,u=0", "private", 304) // protocol-relative
	f.Fuzz(func(t *testing.T, target, referer, dest, mode, priority, control string, status int) {
		r, err := http.NewRequest("GET", "https://example.com/", nil)
		if err != nil {
			t.Fatal(err)
		}
		u, err := r.URL.Parse(target)
		if err != nil {
			return
		}
		r.URL = u
		for k, v := range map[string]string{"Referer": referer, "Sec-Fetch-Dest": dest, "Sec-Fetch-Mode": mode, "Priority": priority} {
			if v != "" {
				r.Header.Set(k, v)
			}
		}
		answer := headers("Cache-Control: "+control, "ETag: "+control)
		if dest == "document" {
			answer = headers(htmlType, "Link: "+control)
		}
		rd := Reader{Query: []string{"v"}}
		e, ok := rd.Event(r, status, answer)
		if !ok {
			return
		}
		if e.Path == "" || e.Path[0] != '/' || e.Kind == View && e.Page == "" || e.Urgency > 7 {
			t.Errorf("%+v", e)
		}
		m, err := New(Config{Bytes: minBytes, Shards: 1, MinClients: 1, MinViews: 1})
		if err != nil {
			t.Fatal(err)
		}
		e.Client, e.Time = 1, start
		if e.Kind == Fetch {
			m.Observe(seen(e.Path, 1, start))
		}
		m.Observe(e)
		m.Tick(start.Add(time.Minute))
		for d := range m.All() {
			for _, v := range d.Assets {
				if !v.Asset.Valid() {
					t.Errorf("learned %q", v.Asset.Path)
				}
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	r := request(b, "GET https://example.com/static/app.3f2a9c1b.css", append(fromPage, "Sec-Fetch-Dest: style", "Priority: u=0")...)
	answer := headers(reusable, "Content-Type: text/css", `ETag: "3f2a9c1b"`)
	rd := Reader{Cookie: "h2o_casper"}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := rd.Event(r, 200, answer); !ok {
			b.Fatal("nothing was read")
		}
	}
}

// Who knows better which links are the application's own has them left out.
func TestReadViewWithoutLinks(t *testing.T) {
	r := httptest.NewRequest("GET", "https://example.com/", nil)
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	answer := http.Header{"Content-Type": {"text/html"}, "Link": {"</a.css>; rel=preload; as=style"}}
	for _, without := range []bool{false, true} {
		rd := Reader{NoLinks: without}
		if e, ok := rd.Event(r, 200, answer); !ok || (e.Links == nil) != without {
			t.Errorf("NoLinks %t: %v, %t", without, e.Links, ok)
		}
	}
}
