package learn

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

	"github.com/cache-aware/casper/server/link"
)

// What each of the older systems gave its users is here, in a test of its name. Some of the tests also show that a fault of it is not.

// observing is the smallest handler that learns: what package server does, without what it sends.
func observing(m *Model, next http.Handler, now func() time.Time) http.Handler {
	rd := Reader{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came := now()
		spy := &spy{ResponseWriter: w, header: func(status int) {
			e, ok := rd.Event(r, status, w.Header())
			if !ok {
				return
			}
			if e.Time = came; e.Kind == View {
				e.Time = now()
			}
			e.Client = m.Client(netip.MustParseAddr(r.Header.Get("X-Test-Client")), came)
			m.Observe(e)
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

// browse visits a page of a server as a browser with an address of its own would: the page, a style sheet, and the sheet's font.
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

// pusher: one handler around a static server or a proxy learns by itself, assets of assets included, with their queries, and without following
// circles for ever.
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
			m := must(t, Config{})
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
	t.Run("circle", func(t *testing.T) { // two style sheets that import each other: more than a million pushes for one view in pusher
		m := must(t, Config{})
		at := start
		for c := Client(1); c < 20; c++ {
			m.Observe(seen("/", c, at))
			m.Observe(fetched("/", css("/a.css"), c, at.Add(1*time.Millisecond)))
			for i := range 10 {
				m.Observe(fetched("/a.css", css("/b.css"), c, at.Add(time.Duration(2+i)*time.Millisecond)))
				m.Observe(fetched("/b.css", css("/a.css"), c, at.Add(time.Duration(3+i)*time.Millisecond)))
			}
			at = at.Add(time.Minute)
		}
		m.Tick(at)
		if diff := cmp.Diff([]string{"/a.css", "/b.css"}, paths(m, "/")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("decay", func(t *testing.T) { // what stops being used goes, however busy the page is; pusher's own pushes kept it for ever
		m := must(t, Config{})
		at := teach(m, "/", []link.Asset{css("/a.css"), js("/old.js")}, 100, 1, start)
		for n := range 60 {
			c := Client(1000 + n)
			chosen, _ := m.Choose(nil, "/", c)
			view := seen("/", c, at)
			view.Chosen = chosen
			m.Observe(view)
			m.Observe(fetched("/", css("/a.css"), c, at.Add(time.Millisecond)))
			for _, p := range chosen { // and every push comes back as a request
				e := fetched("/", *p.Asset, c, at.Add(2*time.Millisecond))
				e.Flags |= Pushed
				m.Observe(e)
			}
			at = at.Add(3 * time.Second)
		}
		m.Tick(at.Add(time.Minute))
		for range 200 { // the hold-out is one view in twenty, and it takes six
			at = look(m, "/", Client(at.UnixMilli()), at, css("/a.css"))
			if !wants(m, "/", js("/old.js")) {
				return
			}
		}
		t.Error("still there")
	})
}

// h2-auto-push: every request is simply handed over, in whatever order requests finish, and four numbers say how it learns.
func TestParityH2AutoPush(t *testing.T) {
	page := []link.Asset{css("/a.css"), js("/b.js")}
	t.Run("record every request", func(t *testing.T) {
		m := must(t, Config{})
		at := start
		for c := Client(1); c <= 6; c++ {
			m.Observe(fetched("/", css("/early.css"), c, at)) // before any page
			m.Observe(seen("/", c, at))
			m.Observe(seen("/frame", c, at)) // another page at the same time, on the same connection
			for _, a := range page {
				m.Observe(fetched("/", a, c, at.Add(time.Millisecond)))
				m.Observe(fetched("/", a, c, at.Add(2*time.Millisecond))) // twice
			}
			lost := seen("/none", c, at)
			lost.Status = 404 // a random path: a permanent entry there
			m.Observe(lost)
			at = at.Add(time.Minute)
		}
		m.Tick(at)
		if diff := cmp.Diff([]string{"/a.css", "/b.js"}, paths(m, "/")); diff != "" {
			t.Error(diff)
		}
		if s := m.Stats(); s.Pages != 2 {
			t.Errorf("%d pages are kept", s.Pages)
		}
	})
	knobs := func(name string, turn func(l *limits), assets func(n int) []link.Asset, views int, want ...string) {
		t.Run(name, func(t *testing.T) {
			m := must(t, Config{})
			turn(&m.lim)
			at := start
			for n := range views {
				at = look(m, "/", Client(n+1), at, assets(n)...)
			}
			if diff := cmp.Diff(want, paths(m, "/")); diff != "" {
				t.Error(diff)
			}
		})
	}
	all := func(int) []link.Asset { return page }
	two := func(n int) []link.Asset { return page[:1+min(1, n%3)] }              // the second in two views of three
	knobs("warmupDuration is Window", func(l *limits) { l.window = 5 }, all, 10) // each request comes 10 ms after the one before
	knobs("promotionRatio is Promote", func(l *limits) { l.promote, l.demote = .9, .8 }, two, 60, "/a.css")
	knobs("demotionRatio is Demote", func(l *limits) { l.demote = .2 }, two, 60, "/a.css", "/b.js")
	knobs("minimumRequests is MinViews and MinClients", func(l *limits) { l.minViews = 20 }, all, 19)
	knobs("and reached", func(l *limits) { l.minViews = 20 }, all, 21, "/a.css", "/b.js")
	t.Run("a warm first visitor", func(t *testing.T) { // taught h2-auto-push for ever that a page needs nothing
		m := must(t, Config{})
		at := look(m, "/", 1, start)
		at = look(m, "/", 2, at)
		teach(m, "/", page, 8, 10, at)
		if len(m.Wanted("/")) != 2 {
			t.Error("not learned any more")
		}
	})
}

// Jetty: an associate period, a maximum of associations, and show, renew and clear at run time.
func TestParityJetty(t *testing.T) {
	m := must(t, Config{})
	m.lim.maxAssets = 16
	at := start
	list := files(30)
	for c := Client(1); c <= 10; c++ { // associatePeriod counts from each view, not from the first ever
		m.Observe(seen("/", c, at))
		m.Observe(fetched("/", css("/in-time.css"), c, at.Add(3900*time.Millisecond)))
		m.Observe(fetched("/", css("/late.css"), c, at.Add(4100*time.Millisecond)))
		at = at.Add(time.Hour)
	}
	m.Tick(at)
	if diff := cmp.Diff([]string{"/in-time.css"}, paths(m, "/")); diff != "" {
		t.Errorf("associatePeriod: %s", diff)
	}
	teach(m, "/many", list, 10, 100, at)
	if n := len(m.Wanted("/many")); n != 16 {
		t.Errorf("maxAssociations: %d", n)
	}
	if x := m.Explain("/"); len(x.Assets) != 1 || x.Views != 10 {
		t.Errorf("show: %+v", x)
	}
	if !m.Renew("/") {
		t.Error("renew")
	}
	m.Clear()
	if len(m.Wanted("/")) != 0 {
		t.Error("clear")
	}
}

// Undertow: bounded, least useful first, and a changed validator is known, so that what a client holds of the old version is sent again.
func TestParityUndertow(t *testing.T) {
	m := must(t, Config{Bytes: minBytes})
	visit := func(c Client, at time.Time, version string) time.Time {
		m.Observe(seen("/", c, at))
		e := fetched("/", css("/a.css"), c, at.Add(time.Millisecond))
		e.Version = version
		m.Observe(e)
		at = at.Add(time.Minute)
		m.Tick(at)
		return at
	}
	at := start
	for c := Client(1); c <= 5; c++ {
		at = visit(c, at, `"1"`)
	}
	w := m.Wanted("/")
	if len(w) != 1 || w[0].Version != `"1"` {
		t.Fatalf("%+v", w)
	}
	visit(6, at, `"second"`)
	w = m.Wanted("/")
	if len(w) != 1 || w[0].Version != `"second"` {
		t.Errorf("after one view with a new validator: %+v", w)
	}
	for i := range 5_000 {
		m.Declare(fmt.Sprintf("/%d", i), files(5))
	}
	if s := m.Stats(); s.Bytes > s.Room || s.Evicted == 0 {
		t.Errorf("max-entries: %+v", s)
	}
}

// Cloudflare: the Link headers of earlier answers are remembered by URL without query, and not used ahead of errors and redirects.
func TestParityCloudflare(t *testing.T) {
	m := must(t, Config{})
	rd := Reader{}
	answer := func(c Client, target string, status int, links string) {
		h := headers("Content-Type: text/html", "Link: "+links)
		e, ok := rd.Event(request(t, "GET https://example.com"+target, navigation...), status, h)
		if !ok {
			t.Fatal("not a view")
		}
		e.Client, e.Time = c, start
		m.Observe(e)
	}
	answer(1, "/page?utm_source=x", 200, "</a.css>; rel=preload; as=style, </b.js>; rel=preload; as=script; nopush")
	if got := m.Wanted("/page"); len(got) != 2 || !got[1].Asset.NoPush {
		t.Errorf("after one answer: %v", paths(m, "/page"))
	}
	answer(2, "/page", 200, "</a.css>; rel=preload; as=style")
	if diff := cmp.Diff([]string{"/a.css"}, paths(m, "/page")); diff != "" {
		t.Errorf("the newest answer counts: %s", diff)
	}
	for c := Client(3); c < 6; c++ {
		answer(c, "/page", 403, "")
	}
	if got := m.Wanted("/page"); len(got) != 0 {
		t.Errorf("ahead of a 403: %v", got)
	}
	for c := Client(10); c < 13; c++ {
		answer(c, "/moved", 301, "</x.css>; rel=preload; as=style")
	}
	if got := m.Wanted("/moved"); len(got) != 0 {
		t.Errorf("ahead of a redirect: %v", got)
	}
	if strings.Contains(fmt.Sprint(paths(m, "/page?other=1")), "a.css") {
		t.Error("the query is part of the identity after all") // callers ask by Reader.Page, which has no query
	}
}
