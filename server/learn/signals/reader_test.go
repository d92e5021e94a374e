package signals

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/learn"
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

// A request is for a page, for an asset of one, or for nothing that tells anything.
func TestReadView(t *testing.T) {
	html := []string{htmlType}
	for _, c := range []struct {
		name   string
		line   string
		lines  []string
		status int
		answer []string
		want   string // the page; "" if there is no view
	}{
		{"navigation", "GET https://example.com/shop/a?utm=1", navigation, 200, html, "/shop/a"},
		{"cleaned", "GET https://example.com//shop/./b/../a/", navigation, 200, html, "/shop/a/"},
		{"listed parameters", "GET https://example.com/?utm=1&lang=de&b=2", navigation, 200, html, "/?lang=de"},
		{"redirect", "GET https://example.com/old", navigation, 302, nil, "/old"},
		{"not found", "GET https://example.com/none", navigation, 404, html, "/none"},
		{"without metadata", "GET https://example.com/", nil, 200, html, "/"},
		{"redirect without metadata", "GET https://example.com/", []string{"Accept: text/html,*/*"}, 302, nil, "/"},
		{"a download", "GET https://example.com/a.pdf", navigation, 200, []string{"Content-Type: application/pdf"}, ""},
		{"revalidated", "GET https://example.com/", navigation, 304, nil, ""},
		{"HEAD", "HEAD https://example.com/", navigation, 200, html, ""},
		{"POST", "POST https://example.com/", navigation, 200, html, ""},
		{"a frame", "GET https://example.com/", []string{"Sec-Fetch-Dest: iframe", "Sec-Fetch-Mode: navigate"}, 200, html, ""},
		{"with credentials of its own", "GET https://example.com/", append(navigation, "Authorization: Basic x"), 200, html, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			rd := Reader{Query: []string{"lang"}}
			r, answer := request(t, c.line, c.lines...), headers(c.answer...)
			v, ok := rd.View(r, c.status, answer)
			want := learn.View{Page: c.want, Path: c.want, Status: c.status}
			if ok != (c.want != "") || ok && !cmp.Equal(v, want) {
				t.Errorf("%v: %+v", ok, v)
			}
			if f, ok := rd.Fetch(r, c.status, answer); ok {
				t.Errorf("it is a fetch as well: %+v", f)
			}
		})
	}
}

// What was asked for ahead of need is said to be.
func TestReadAhead(t *testing.T) {
	var rd Reader
	for _, line := range []string{"Sec-Purpose: Prefetch;prerender", "X-Moz: prefetch", "Purpose: prefetch", "X-Purpose: preview"} {
		r := request(t, "GET https://example.com/", append(navigation, line)...)
		if v, ok := rd.View(r, 200, headers(htmlType)); !ok || !v.Ahead {
			t.Errorf("%s: %t, %+v", line, ok, v)
		}
	}
	r := request(t, "GET https://example.com/a.css", append(fromPage, "X-Moz: early hint")...)
	if f, ok := rd.Fetch(r, 200, headers(reusable)); !ok || !f.Ahead {
		t.Errorf("an early hint of Firefox: %t, %+v", ok, f)
	}
}

func TestReadFetch(t *testing.T) {
	const site = "https://example.com"
	plain := func(change func(*learn.Fetch)) *learn.Fetch {
		f := &learn.Fetch{
			Path: "/shop/a", Via: "/shop/a?x=1", Status: 200, Destined: true, Reuse: learn.ReuseStated,
			Asset: link.Asset{Path: "/a.css", As: "style", Type: "text/css"},
		}
		change(f)
		return f
	}
	same := plain(func(*learn.Fetch) {})
	style := []string{"Sec-Fetch-Dest: style"}
	with := func(line string) []string { return append(style[:1:1], line) }
	font := link.Asset{Path: "/f.woff2", As: "font", Type: "font/woff2", CrossOrigin: link.Anonymous}
	cors := []string{"Sec-Fetch-Dest: font", "Sec-Fetch-Mode: cors"}
	fresh := []string{reusable}
	for _, c := range []struct {
		name   string
		target string
		lines  []string
		status int
		answer []string
		want   *learn.Fetch
	}{
		{"style", "/a.css", style, 200, fresh, same},
		{"version in the query", "/a.css?v=3", style, 200, fresh, plain(func(f *learn.Fetch) { f.Asset.Path = "/a.css?v=3" })},
		{"anything in the query", "/a.css?user=3", style, 200, fresh, nil},
		{"urgency", "/a.css", with("Priority: u=0, i"), 200, fresh, plain(func(f *learn.Fetch) { f.Prioritized = true })},
		{"urgency 5", "/a.css", with("Priority: i, u=5;x"), 200, fresh, plain(func(f *learn.Fetch) { f.Urgency, f.Prioritized = 5, true })},
		{"no urgency", "/a.css", with("Priority: u=9, u=x, U=1"), 200, fresh, same},
		{"validator", "/a.css", style, 200, []string{reusable, `ETag: W/"1-gzip"`, "Last-Modified: x"}, plain(func(f *learn.Fetch) { f.Version = `"1"` })},
		{"date", "/a.css", style, 200, []string{reusable, "Last-Modified: x"}, plain(func(f *learn.Fetch) { f.Version = "x" })},
		{"CORS", "/f.woff2", cors, 200, fresh, plain(func(f *learn.Fetch) { f.Asset = font })},
		{"data", "/a.json", []string{"Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors"}, 200, fresh, plain(func(f *learn.Fetch) {
			f.Asset = link.Asset{Path: "/a.json", As: "fetch", Type: "application/json", CrossOrigin: link.Anonymous}
		})},
		{"without metadata", "/a.css", []string{"Sec-Fetch-Site: ", "Sec-Fetch-Mode: "}, 200, fresh, plain(func(f *learn.Fetch) { f.Destined = false })},
		{"a style sheet's font", "/f.woff2", append(cors, "Referer: https://example.com/s/a.css?v=1"), 200, fresh, plain(func(f *learn.Fetch) {
			f.Path, f.Via, f.Asset = "/s/a.css", "/s/a.css?v=1", font
		})},
		{"revalidated", "/a.css", style, 304, nil, plain(func(f *learn.Fetch) { f.Status, f.Reuse = 304, learn.ReuseUnstated })},
		{"missing", "/a.css", style, 404, nil, plain(func(f *learn.Fetch) { f.Status, f.Reuse = 404, learn.ReuseUnstated })},
		{"escaped", "/a%20b.css", with("Referer: https://example.com/%C3%A4"), 200, fresh, plain(func(f *learn.Fetch) {
			f.Path, f.Via, f.Asset.Path = "/ä", "/%C3%A4", "/a%20b.css"
		})},
		{"the scheme's own port", "/a.css", with("Referer: https://example.com:443/shop/a?x=1"), 200, fresh, same},
		{"other origin", "/a.css", with("Referer: https://evil.example/shop/a"), 200, fresh, nil},
		{"other port", "/a.css", with("Referer: https://example.com:8443/"), 200, fresh, nil},
		{"http page, https asset", "/a.css", with("Referer: http://example.com/"), 200, fresh, nil},
		{"other site by its own word", "/a.css", with("Sec-Fetch-Site: cross-site"), 200, fresh, nil},
		{"only an origin", "/a.css", with("Referer: https://example.com"), 200, fresh, nil},
		{"no referer", "/a.css", with("Referer: "), 200, fresh, nil},
		{"endless referer", "/a.css", with("Referer: https://example.com/" + strings.Repeat("x", 9000)), 200, fresh, nil},
		{"a range", "/a.css", with("Range: bytes=0-"), 206, fresh, nil},
		{"denied", "/private/a.css", style, 200, fresh, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			rd := Reader{Deny: []string{"/private/"}}
			r := request(t, "GET "+site+c.target, fromPage...)
			for _, l := range c.lines {
				if k, v, _ := strings.Cut(l, ": "); v == "" {
					r.Header.Del(k)
				} else {
					r.Header.Set(k, v)
				}
			}
			f, ok := rd.Fetch(r, c.status, headers(c.answer...))
			if ok != (c.want != nil) {
				t.Fatalf("%v: %+v", ok, f)
			}
			if ok {
				if diff := cmp.Diff(*c.want, f); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// The rules of freshness are those of package httpfacts; here is what others may reuse.
func TestReadReuse(t *testing.T) {
	rd := Reader{Cookie: "h2o_casper"}
	for _, c := range []struct {
		lines   []string
		want    learn.Reuse
		because string
	}{
		{nil, learn.ReuseUnstated, ""},
		{[]string{"Cache-Control: max-age=1"}, learn.ReuseStated, ""},
		{[]string{"Cache-Control: max-age=99999999999999999999"}, learn.ReuseStated, ""},
		{[]string{"Cache-Control: max-age=0"}, learn.ReuseNot, "max-age=0"},
		{[]string{"Cache-Control: public, no-cache"}, learn.ReuseNot, "no-cache"},
		{[]string{"Cache-Control: no-store"}, learn.ReuseNot, "no-store"},
		{[]string{"Cache-Control: max-age=soon"}, learn.ReuseNot, "a max-age that is no number"},
		{[]string{"Expires: 0"}, learn.ReuseNot, "Expires"},
		{[]string{"Cache-Control: private, max-age=9"}, learn.ReuseNot, "private"},
		{[]string{"Cache-Control: s-maxage=60"}, learn.ReuseUnstated, ""}, // says nothing to browsers
		{[]string{reusable, "Vary: *"}, learn.ReuseNot, "Vary: *"},
		{[]string{reusable, "Vary: Accept-Encoding, Cookie"}, learn.ReuseNot, "Vary: Cookie"},
		{[]string{reusable, "Vary: Accept-Encoding"}, learn.ReuseStated, ""},
		{[]string{reusable, "Set-Cookie: id=1"}, learn.ReuseNot, "Set-Cookie"},
		{[]string{reusable, "Set-Cookie: h2o_casper=1"}, learn.ReuseStated, ""},
	} {
		f, ok := rd.Fetch(request(t, "GET https://example.com/a.css", fromPage...), 200, headers(c.lines...))
		if !ok || f.Reuse != c.want || f.Because != c.because {
			t.Errorf("%q: %t, %d by %q, want %d by %q", c.lines, ok, f.Reuse, f.Because, c.want, c.because)
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

// The address is that of the connection, or what a trusted proxy says.
func TestAddr(t *testing.T) {
	r := request(t, "GET https://example.com/", "X-Forwarded-For: 203.0.113.7")
	r.RemoteAddr = "192.0.2.1:443"
	rd := Reader{}
	if got := rd.Addr(r); got != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("%v", got)
	}
	rd.Proxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	if got := rd.Addr(r); got != netip.MustParseAddr("203.0.113.7") {
		t.Errorf("behind a trusted proxy: %v", got)
	}
}

// From real requests to a real answer.
func TestFromRequestsToAnswer(t *testing.T) {
	m := model(t)
	var rd Reader
	at := start
	for i := range 5 {
		c := m.Client(netip.AddrFrom4([4]byte{192, 0, byte(i), 1}), at)
		v, ok := rd.View(request(t, "GET https://example.com/shop?id=7", navigation...), 200, headers(htmlType))
		if !ok {
			t.Fatal("no view")
		}
		v.Time, v.Client = at, c
		m.ObserveView(&v)
		for _, lines := range [][]string{
			{"GET https://example.com/a.css", "Referer: https://example.com/shop?id=7", "Sec-Fetch-Dest: style", "Sec-Fetch-Mode: no-cors"},
			{"GET https://example.com/t.woff2", "Referer: https://example.com/a.css", "Sec-Fetch-Dest: font", "Sec-Fetch-Mode: cors"},
		} {
			r := request(t, lines[0], lines[1:]...)
			r.TLS = &tls.ConnectionState{}
			f, ok := rd.Fetch(r, 200, headers(reusable))
			if !ok {
				t.Fatalf("%s says nothing", r.URL)
			}
			at = at.Add(20 * time.Millisecond)
			f.Time, f.Client = at, c
			m.ObserveFetch(&f)
		}
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

// Whatever a client writes into a request, reading it is quick, does not panic, and gives
// nothing that could do harm.
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
		m, err := learn.New(learn.Config{Bytes: 256 << 10, Shards: 1, MinClients: 1, MinViews: 1})
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := rd.View(r, status, answer); ok {
			if v.Path == "" || v.Path[0] != '/' || v.Page == "" {
				t.Errorf("%+v", v)
			}
			v.Client, v.Time, v.Links = 1, start, link.Parse(answer["Link"], r.URL.Path)
			m.ObserveView(&v)
		}
		if f, ok := rd.Fetch(r, status, answer); ok {
			if f.Path == "" || f.Path[0] != '/' || f.Urgency > 7 {
				t.Errorf("%+v", f)
			}
			f.Client, f.Time = 1, start
			m.ObserveView(&learn.View{Time: start, Client: 1, Path: f.Path, Status: 200})
			m.ObserveFetch(&f)
		}
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
		if _, ok := rd.Fetch(r, 200, answer); !ok {
			b.Fatal("nothing was read")
		}
	}
}
