package middleware_test

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server"
)

// from makes a request come from where its field Test-From says.
func from(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if at := r.Header.Get("Test-From"); at != "" {
			r.RemoteAddr = at
			r.Header.Del("Test-From")
		}
		next.ServeHTTP(w, r)
	})
}

// visitor is the i-th visitor's network, and stranger that of the i-th stranger.
func visitor(i int) string { return fmt.Sprintf("Test-From: 10.1.%d.7:4711", i) }

func stranger(i int) string { return fmt.Sprintf("Test-From: 10.2.%d.7:4711", i) }

var own = []string{"/a.css", "/b.js"}

// town is a site whose page links its own files, and answers some requests otherwise: those for
// another host, those with some queries, and those with the field X-Otherwise.
func town(w http.ResponseWriter, r *http.Request) {
	otherwise := func(code int, more ...string) {
		html(w)
		w.Header().Set("Link", "</stranger.css>; rel=preload; as=style, </stranger.js>; rel=preload; as=script")
		if code/100 == 3 && code != http.StatusNotModified {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(code)
		if code != http.StatusNoContent && code != http.StatusNotModified {
			io.WriteString(w, "<p>other")
		}
	}
	if strings.HasSuffix(r.URL.Path, ".css") || strings.HasSuffix(r.URL.Path, ".js") {
		file(w, r)
		return
	}
	if code, err := strconv.Atoi(cmp.Or(r.URL.Query().Get("status"), r.Header.Get("X-Otherwise"))); err == nil {
		if tag := r.Header.Get("X-Personal"); tag != "" {
			html(w)
			w.Header().Set("Cache-Control", "private")
			w.Header().Set("Link", "</personal-"+tag+".css>; rel=preload; as=style")
			io.WriteString(w, "<p>yours")
			return
		}
		otherwise(code)
		return
	}
	if r.Host != host || r.Header.Get("X-Forwarded-Host") != "" {
		otherwise(http.StatusOK)
		return
	}
	html(w)
	w.Header().Set("Link", "</a.css>; rel=preload; as=style, </b.js>; rel=preload; as=script")
	io.WriteString(w, page)
}

// A form is one in which a stranger comes.
type form struct {
	name     string
	protocol string
	request  func(i int) request
}

func forms() []form {
	always := func(r request) func(int) request { return func(int) request { return r } }
	list := []form{
		{"a query that links other things", http2only, always(browsing.at("/?status=200"))},
		{"a new such query each time", http2only, func(i int) request { return browsing.at("/?status=200&n=" + itoa(i)) }},
		{"such a query, by a program", http2only, always(request{path: "/?status=200"})},
		{"such a query, on HTTP/1.1", http1, always(browsing.at("/?status=200"))},
		{"another host", http2only, always(request{host: "evil.example", path: "/", fields: navigation})},
		{"another host, on HTTP/1.1", http1, always(request{host: "evil.example", path: "/", fields: navigation})},
		{"another port", http2only, always(request{host: host + ":8443", path: "/", fields: navigation})},
		{"X-Forwarded-Host", http2only, always(browsing.with("X-Forwarded-Host: evil.example").at("/"))},
		{"X-Forwarded-Host and another host", http2only, always(request{host: "evil.example", path: "/", fields: append([]string{"X-Forwarded-Host: " + host}, navigation...)})},
		{"Forwarded and another host", http2only, always(request{host: "evil.example", path: "/", fields: append([]string{"Forwarded: host=" + host}, navigation...)})},
		{"HEAD", http2only, always(request{method: "HEAD", path: "/", fields: append([]string{"X-Otherwise: 200"}, navigation...)})},
		{"HEAD, 404", http1, always(request{method: "HEAD", path: "/", fields: []string{"X-Otherwise: 404"}})},
		{"POST", http2only, always(request{method: "POST", path: "/", fields: append([]string{"X-Otherwise: 200"}, navigation...)})},
		{"POST, 500", http1, always(request{method: "POST", path: "/", fields: []string{"X-Otherwise: 500"}})},
		{"PUT", http2only, always(request{method: "PUT", path: "/", fields: []string{"X-Otherwise: 200"}})},
		{"Range", http2only, always(browsing.with("Range: bytes=0-3", "X-Otherwise: 206").at("/"))},
		{"Range, 416", http1, always(request{path: "/", fields: []string{"Range: bytes=99-", "X-Otherwise: 416"}})},
		{"If-None-Match", http2only, always(browsing.with(`If-None-Match: "x"`, "X-Otherwise: 304").at("/"))},
		{"If-None-Match, 412", http1, always(request{path: "/", fields: []string{`If-None-Match: "x"`, "X-Otherwise: 412"}})},
		{"Early-Data, 425", http2only, always(browsing.with("Early-Data: 1", "X-Otherwise: 425").at("/"))},
		{"Early-Data", http2only, always(browsing.with("Early-Data: 1", "X-Otherwise: 200").at("/"))},
		{"prefetch", http2only, always(browsing.with("Sec-Purpose: prefetch", "X-Otherwise: 200").at("/"))},
		{"HTTP/1.1", http1, always(browsing.at("/"))},
		{"answers for one person only", http2only, func(i int) request {
			return browsing.with("X-Otherwise: 200", "X-Personal: "+itoa(i)).at("/")
		}},
		{"Authorization", http2only, func(i int) request {
			return browsing.with("X-Otherwise: 200", "X-Personal: "+itoa(i), "Authorization: Basic eDp5").at("/")
		}},
	}
	for _, code := range []int{201, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 410, 421, 429, 500, 502, 503} {
		list = append(list,
			form{fmt.Sprintf("a query that is answered %d", code), http2only, always(browsing.at("/?status=" + itoa(code)))},
			form{fmt.Sprintf("status %d", code), http2only, always(browsing.with("X-Otherwise: " + itoa(code)).at("/"))},
			form{fmt.Sprintf("status %d, by a program on HTTP/1.1", code), http1, always(request{path: "/", fields: []string{"X-Otherwise: " + itoa(code)}})},
		)
	}
	return list
}

// One stranger before each visitor decided what the visitor was hinted and pushed.
func TestF3StrangersDecideNothing(t *testing.T) {
	const visitors, before = 20, 3 // who were there before the first stranger
	for _, f := range forms() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			for _, m := range modes[:2] {
				for _, protocol := range []string{http2only, http2push} {
					h := m.make()
					h.NoHTML = true
					addr := serveForgetful(t, from(h.Wrap(http.HandlerFunc(town))))
					visiting, strange := newClient(protocol, addr), newClient(f.protocol, addr)
					var harmed []string
					for i := range before + visitors {
						if i >= before {
							r := f.request(i)
							strange.ask(r.with(stranger(i)))
						}
						r := browsing.with(visitor(i))
						if protocol == http2push {
							r = request{fields: []string{visitor(i)}}
						}
						a := visiting.ask(r.at("/"))
						got := slices.Concat(targets(a.hinted()), a.Pushed)
						slices.Sort(got)
						if i >= before && !slices.Equal(got, own) {
							harmed = append(harmed, fmt.Sprint(got))
						}
					}
					visiting.close()
					strange.close()
					if len(harmed) > 0 {
						t.Errorf("%s, %s: %d of %d visitors harmed, the first got %s", m.name, protocol, len(harmed), visitors, harmed[0])
					}
				}
			}
		})
	}
}

// Two sites of one handler have a page of the same path each.
func TestF3HostsNeverMix(t *testing.T) {
	for _, m := range modes[:2] {
		t.Run(m.name, func(t *testing.T) {
			h := m.make()
			h.NoHTML = true
			addr := serveForgetful(t, from(h.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				name, _, _ := strings.Cut(r.Host, ".")
				html(w)
				w.Header().Set("Link", "</"+name+".css>; rel=preload; as=style")
				io.WriteString(w, page)
			}))))
			c := newClient(http2only, addr)
			defer c.close()
			for i := range 12 {
				name := []string{"one", "two"}[i%2]
				a := c.ask(request{host: name + ".example", path: "/", fields: append([]string{visitor(i)}, navigation...)})
				if got := targets(a.hinted()); i >= 4 && !slices.Equal(got, []string{"/" + name + ".css"}) {
					t.Errorf("visit %d of %s: hinted %q", i, name, got)
				}
			}
		})
	}
}

// A network that is alone is its own majority: whoever deploys sees it at once. What most of the
// last networks were told goes ahead, so that a deploy reaches the others, too.
func TestF3Deploy(t *testing.T) {
	for _, m := range modes[:2] {
		t.Run(m.name, func(t *testing.T) {
			version := 1
			page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				html(w)
				w.Header().Set("Link", fmt.Sprintf("</v%d.css>; rel=preload; as=style", version))
				io.WriteString(w, page)
			})
			site := func() (*server.Handler, client) {
				h := m.make()
				h.NoHTML = true
				return h, newClient(http2only, serveForgetful(t, from(h.Wrap(page))))
			}
			visit := func(c client, i int) []string { return targets(c.ask(browsing.with(visitor(i)).at("/")).hinted()) }
			_, alone := site()
			defer alone.close()
			for version = 1; version <= 3; version++ {
				visit(alone, 1) // sees it
				if got, want := visit(alone, 1), []string{fmt.Sprintf("/v%d.css", version)}; !slices.Equal(got, want) {
					t.Errorf("alone: hinted %q, not %q", got, want)
				}
			}
			_, many := site()
			defer many.close()
			version = 1
			for i := range 20 {
				visit(many, i)
			}
			version = 2
			for i := range 20 {
				visit(many, 20+i)
			}
			if got := visit(many, 41); !slices.Equal(got, []string{"/v2.css"}) {
				t.Errorf("20 networks after a deploy: hinted %q", got)
			}
		})
	}
}
