package signals

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

var start = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

func model(tb testing.TB) *learn.Model {
	tb.Helper()
	m, err := learn.New(learn.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// paths lists what is wanted for a page.
func paths(m *learn.Model, page string) []string {
	var list []string
	for _, p := range m.Wanted(page) {
		list = append(list, p.Asset.Path)
	}
	return list
}

// observing is the smallest handler that learns: what package server does, without what it
// sends.
func observing(m *learn.Model, next http.Handler, now func() time.Time) http.Handler {
	var rd Reader
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came := now()
		spy := &spy{ResponseWriter: w, header: func(status int) {
			client := m.Client(netip.MustParseAddr(r.Header.Get("X-Test-Client")), came)
			if v, ok := rd.View(r, status, w.Header()); ok {
				v.Time, v.Client = now(), client
				m.ObserveView(&v)
			} else if f, ok := rd.Fetch(r, status, w.Header()); ok {
				f.Time, f.Client = came, client
				m.ObserveFetch(&f)
			}
		}}
		next.ServeHTTP(spy, r)
	})
}

type spy struct {
	http.ResponseWriter
	header func(int)
	done   bool
}

func (s *spy) WriteHeader(status int) {
	if !s.done && status >= 200 {
		s.done = true
		s.header(status)
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *spy) Write(p []byte) (int, error) {
	if !s.done {
		s.WriteHeader(200)
	}
	return s.ResponseWriter.Write(p)
}

// browse visits a page of a server as a browser with an address of its own would: the page, a
// style sheet, and the sheet's font.
func browse(t *testing.T, server *httptest.Server, client int, tick func(time.Duration)) {
	t.Helper()
	get := func(path, referer, dest, mode string) {
		r, err := http.NewRequest("GET", server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Fetch-Dest", dest)
		r.Header.Set("Sec-Fetch-Mode", mode)
		r.Header.Set("X-Test-Client", fmt.Sprintf("10.%d.%d.1", client/256, client%256))
		if referer != "" {
			r.Header.Set("Referer", server.URL+referer)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		tick(10 * time.Millisecond)
		res, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Fatalf("%s: %s", path, res.Status)
		}
	}
	get("/", "", "document", "navigate")
	get("/style.css?v=3", "/", "style", "no-cors")
	get("/font.woff2", "/style.css?v=3", "font", "cors")
	tick(time.Minute)
}

func site() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
		case "/style.css":
			w.Header().Set("Content-Type", "text/css")
		case "/font.woff2":
			w.Header().Set("Content-Type", "font/woff2")
		}
		fmt.Fprint(w, "content")
	})
}

// pusher: one handler around a static server or a proxy learns by itself, assets of assets
// included, with their queries.
func TestParityPusher(t *testing.T) {
	upstream := httptest.NewServer(site())
	defer upstream.Close()
	u, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, next := range map[string]http.Handler{
		"static": site(),
		"proxy": &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := model(t)
			at := start
			server := httptest.NewServer(observing(m, next, func() time.Time { return at }))
			defer server.Close()
			for client := range 6 {
				browse(t, server, client, func(d time.Duration) { at = at.Add(d) })
			}
			m.Tick(at)
			if diff := cmp.Diff([]string{"/style.css?v=3", "/font.woff2"}, paths(m, "/")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Cloudflare: the Link headers of earlier answers are remembered by URL without query, and not
// used ahead of errors and redirects.
func TestParityCloudflare(t *testing.T) {
	m := model(t)
	var rd Reader
	answer := func(c learn.Client, target string, status int, links string) {
		h := headers("Content-Type: text/html", "Link: "+links)
		r := request(t, "GET https://example.com"+target, navigation...)
		v, ok := rd.View(r, status, h)
		if !ok {
			t.Fatal("not a view")
		}
		v.Client, v.Time, v.Links = c, start, link.Parse(h["Link"], r.URL.Path)
		m.ObserveView(&v)
	}
	answer(1, "/page?utm_source=x", 200, "</a.css>; rel=preload; as=style, </b.js>; rel=preload; as=script; nopush")
	if got := m.Wanted("/page"); len(got) != 2 || !got[1].Asset.NoPush {
		t.Errorf("after one answer: %v", paths(m, "/page"))
	}
	answer(2, "/page", 200, "</a.css>; rel=preload; as=style")
	if diff := cmp.Diff([]string{"/a.css"}, paths(m, "/page")); diff != "" {
		t.Errorf("the newest answer counts: %s", diff)
	}
	for c := learn.Client(3); c < 6; c++ {
		answer(c, "/page", 403, "")
	}
	if got := m.Wanted("/page"); len(got) != 0 {
		t.Errorf("ahead of a 403: %v", got)
	}
	for c := learn.Client(10); c < 13; c++ {
		answer(c, "/moved", 301, "</x.css>; rel=preload; as=style")
	}
	if got := m.Wanted("/moved"); len(got) != 0 {
		t.Errorf("ahead of a redirect: %v", got)
	}
	if strings.Contains(fmt.Sprint(paths(m, "/page?other=1")), "a.css") {
		t.Error("the query is part of the identity after all") // callers ask by Reader.Page, which has no query
	}
}
