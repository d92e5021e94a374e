package middleware_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/proxy"
)

// twenty are as many module preloads.
func twenty() (list []string) {
	for i := range 20 {
		list = append(list, fmt.Sprintf("</m%d.js>; rel=modulepreload", i))
	}
	return list
}

// hintCases are the 103s of applications, each with its Link values.
var hintCases = map[string][][]string{
	"own style sheet":         {{"</a.css>; rel=preload; as=style"}},
	"cross-origin style":      {{"<https://cdn.example/a.css>; rel=preload; as=style"}},
	"cross-origin font":       {{`<https://cdn.example/f.woff2>; rel=preload; as=font; type="font/woff2"; crossorigin`}},
	"cross-origin and own":    {{"<https://cdn.example/a.css>; rel=preload; as=style", "</a.css>; rel=preload; as=style", "<//cdn.example/b.js>; rel=preload; as=script"}},
	"preconnect":              {{"<https://cdn.example>; rel=preconnect"}},
	"preconnect, crossorigin": {{"<https://cdn.example>; rel=preconnect; crossorigin, <https://api.example>; crossorigin=use-credentials; rel=preconnect"}},
	"dns-prefetch":            {{"<https://cdn.example>; rel=dns-prefetch"}},
	"dns-prefetch and own":    {{"<https://cdn.example>; rel=dns-prefetch, </a.css>; rel=preload; as=style"}},
	"prefetch":                {{"</next.html>; rel=prefetch"}},
	"unknown as":              {{"</a.wasm>; rel=preload; as=wasm"}},
	"as=stylesheet":           {{"</a.css>; rel=preload; as=stylesheet"}},
	"no as":                   {{"</a.css>; rel=preload"}},
	"no as, no name":          {{"</data>; rel=preload"}},
	"as=fetch":                {{"</api/data>; rel=preload; as=fetch; crossorigin"}},
	"comma in the target":     {{"</css?family=A,B>; rel=preload; as=style, </a.css>; rel=preload; as=style"}},
	"cross-origin, comma":     {{"<https://fonts.example/css?family=A:400,700|B>; rel=preload; as=style"}},
	"semicolon in the target": {{"</combo?a.js;b.js>; rel=preload; as=script"}},
	"nopush":                  {{"</a.css>; rel=preload; as=style; nopush"}},
	"cross-origin, nopush":    {{"<https://cdn.example/a.css>; rel=preload; as=style; nopush"}},
	"parameters of its own":   {{`<https://cdn.example/a.css>; rel=preload; as=style; x-own=1; nonce="abc"`}},
	"fetchpriority":           {{"<https://cdn.example/a.png>; rel=preload; as=image; fetchpriority=high"}},
	"integrity":               {{`<https://cdn.example/a.js>; rel=preload; as=script; integrity="sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"; crossorigin=anonymous`}},
	"the own origin in full":  {{"<http://site.example/a.css>; rel=preload; as=style"}},
	"twenty modules":          {twenty()},
	"twenty in one value":     {{strings.Join(twenty(), ", ")}},
	"twenty, cross-origin":    {strings.Split(strings.ReplaceAll(strings.Join(twenty(), "|"), "</", "<https://cdn.example/"), "|")},
	"two 103s":                {{"</a.css>; rel=preload; as=style"}, {"</b.js>; rel=preload; as=script", "<https://cdn.example>; rel=preconnect"}},
	"two, cross-origin first": {{"<https://cdn.example/a.css>; rel=preload; as=style"}, {"</b.js>; rel=preload; as=script"}},
	"the order of its own":    {{"</z.js>; rel=preload; as=script", "</m.png>; rel=preload; as=image", "<https://cdn.example>; rel=preconnect", "</a.css>; rel=preload; as=style"}},
}

// hinting is an application that sends its own 103s.
func hinting(early [][]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".css") || strings.HasSuffix(r.URL.Path, ".js") {
			file(w, r)
			return
		}
		for _, values := range early {
			w.Header()["Link"] = values
			w.WriteHeader(http.StatusEarlyHints)
		}
		w.Header().Del("Link")
		html(w)
		io.WriteString(w, page)
	})
}

// fronts are the ways in which casper stands before an application.
var fronts = map[string]func(testing.TB, http.Handler) http.Handler{
	"net/http": func(_ testing.TB, app http.Handler) http.Handler { return app },
	"proxy":    proxied,
}

// proxied is the application behind casper's proxy.
func proxied(t testing.TB, app http.Handler) http.Handler {
	upstream := httptest.NewServer(app)
	t.Cleanup(upstream.Close)
	p, err := proxy.New(upstream.URL, proxy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// A parsed link has its target in full, and its parameters by name.
type parsed struct {
	target string
	params map[string]string
}

func parse(l string) parsed {
	base, _ := url.Parse("http://" + host + "/")
	p := parsed{target: target(l), params: map[string]string{}}
	if u, err := base.Parse(p.target); err == nil {
		p.target = u.String()
	}
	_, rest, _ := strings.Cut(l, ">")
	for param := range strings.SplitSeq(rest, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if name = strings.ToLower(name); name != "" {
			p.params[name] = strings.Trim(value, `"`)
		}
	}
	if v, ok := p.params["crossorigin"]; ok && v == "" {
		p.params["crossorigin"] = "anonymous"
	}
	return p
}

// known are the parameters that browsers know in a 103. Chromium passes over a link with any other.
var known = []string{"rel", "as", "crossorigin", "type", "fetchpriority", "integrity"}

// carries reports what is wrong with a link of a 103 that stands for one of the application's.
func carries(got, want parsed) error {
	guessed := !slices.Contains([]string{"style", "script", "font", "image", "fetch"}, want.params["as"]) // what is served decides
	for _, name := range known {
		w, wanted := want.params[name]
		g, given := got.params[name]
		if wanted && (!given || w != g) && !(name == "as" && given && guessed) {
			return fmt.Errorf("%s=%q, not %q", name, g, w)
		}
		if given && !wanted && name != "as" && name != "type" && !guessed {
			return fmt.Errorf("%s=%q, which the application did not say", name, g)
		}
	}
	for name := range got.params {
		if !slices.Contains(known, name) {
			return fmt.Errorf("parameter %s, which a 103 may not have", name)
		}
	}
	return nil
}

// An application's own 103 came out poorer than it went in.
func TestF2NeverLessThanTheApplicationSent(t *testing.T) {
	for front, put := range fronts {
		for name, early := range hintCases {
			t.Run(front+", "+name, func(t *testing.T) {
				t.Parallel()
				for _, m := range []mode{modes[0], modes[2]} {
					h := m.make()
					addr := serve(t, h.Wrap(put(t, hinting(early))))
					navigating(t, m.name, addr, early)
					h = m.make()
					addr = serve(t, h.Wrap(put(t, hinting(early))))
					asIs(t, m.name, addr, early)
					onHTTP1(t, m.name, addr)
					trusted := m.make()
					trusted.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
					throughProxy(t, m.name, serve(t, trusted.Wrap(put(t, hinting(early)))), early)
				}
			})
		}
	}
}

// navigating checks what browsers get: all of it, in the application's order, as far as a 103 may
// carry it.
func navigating(t *testing.T, name, addr string, early [][]string) {
	t.Helper()
	var want []parsed
	for _, values := range early {
		for _, l := range split(values) {
			want = append(want, parse(l))
		}
	}
	for _, protocol := range []string{http2only, http2push} {
		for visit := range 3 {
			c := newClient(protocol, addr)
			a := c.ask(browsing.at("/"))
			c.close()
			if protocol == http2push {
				reached := slices.Concat(a.Pushed, targets(a.hinted()))
				missing := slices.DeleteFunc(slices.Clone(want), func(w parsed) bool {
					return slices.ContainsFunc(reached, func(p string) bool { return parse("<"+p+">").target == w.target })
				})
				if len(missing) > 0 {
					t.Errorf("%s: %s, visit %d: %d of %d were neither pushed nor hinted, first %s: %.200q", name, protocol, visit, len(missing), len(want), missing[0].target, reached)
				}
				continue
			}
			found := make([]bool, len(want))
			for _, e := range a.Early { // what is remembered goes out before what the application sends now
				last := -1
				for _, l := range split(e["Link"]) {
					g := parse(l)
					i := slices.IndexFunc(want, func(w parsed) bool { return w.target == g.target })
					if i < 0 {
						continue
					}
					if err := carries(g, want[i]); err != nil {
						t.Errorf("%s: visit %d: %s: %v", name, visit, l, err)
					}
					if i < last {
						t.Errorf("%s: visit %d: %s is out of order in %q", name, visit, l, e["Link"])
					}
					found[i], last = true, i
				}
			}
			got := a.hinted()
			if i := slices.Index(found, false); i >= 0 {
				t.Errorf("%s: visit %d: of %d links that of %s is missing, or more; hinted %.200q", name, visit, len(want), want[i].target, got)
			}
			if name == "Sources" && !slices.Contains(targets(got), "/s.css") {
				t.Errorf("%s: visit %d: what the source names is missing: %.200q", name, visit, got)
			}
		}
	}
}

// asIs checks what programs get on HTTP/2: what the application sent.
func asIs(t *testing.T, name, addr string, early [][]string) {
	t.Helper()
	for visit := range 2 {
		c := newClient(http2only, addr)
		a := c.ask(request{path: "/"})
		c.close()
		checkAsIs(t, fmt.Sprintf("%s: a program, visit %d", name, visit), a, early)
	}
}

func checkAsIs(t *testing.T, who string, a *answer, early [][]string) {
	t.Helper()
	var got [][]string
	for _, e := range a.Early {
		got = append(got, split(e["Link"]))
	}
	for i, values := range early {
		if i >= len(got) || !slices.Equal(got[i], split(values)) {
			t.Errorf("%s: the 103s are %.300q, not %.300q", who, got, early)
			return
		}
	}
	if len(got) != len(early) {
		t.Errorf("%s: %d times 103, not %d", who, len(got), len(early))
	}
}

// onHTTP1 checks that no client of HTTP/1.1 gets a 103.
func onHTTP1(t *testing.T, name, addr string) {
	t.Helper()
	c := newClient(http1, addr)
	defer c.close()
	var early []int
	for _, r := range []request{{}, browsing, browsing, {method: "POST"}} {
		early = append(early, len(c.ask(r.at("/")).Early))
	}
	if slices.Max(early) > 0 {
		t.Errorf("%s: on HTTP/1.1: %v times 103", name, early)
	}
}

// throughProxy checks that a trusted proxy gets the application's 103 on HTTP/1.1, too.
func throughProxy(t *testing.T, name, addr string, early [][]string) {
	t.Helper()
	c := newClient(http1, addr)
	defer c.close()
	a := c.ask(request{path: "/", fields: []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"}})
	checkAsIs(t, name+": a proxy on HTTP/1.1", a, early)
}

// What a page linked on other origins was not hinted ahead of its next answer.
func TestF2OtherOriginsAreRemembered(t *testing.T) {
	linked := []string{
		"<https://cdn.example/a.css>; rel=preload; as=style", "</a.css>; rel=preload; as=style",
		"<https://cdn.example>; rel=preconnect; crossorigin", "<https://fonts.example/f.woff2>; rel=preload; as=font; type=\"font/woff2\"; crossorigin",
		"</b.js>; rel=preload; as=script",
	}
	for front, put := range fronts {
		t.Run(front, func(t *testing.T) {
			h := &server.Handler{Policy: patient}
			addr := serve(t, h.Wrap(put(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				html(w)
				w.Header()["Link"] = linked
				io.WriteString(w, page)
			}))))
			c := newClient(http2only, addr)
			defer c.close()
			for visit := range 3 {
				a := c.ask(browsing.at("/"))
				if visit > 0 && !slices.Equal(targets(a.hinted()), targets(linked)) {
					t.Errorf("visit %d: hinted %q, not %q", visit, a.hinted(), linked)
				}
			}
		})
	}
}
