package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/link"
	"github.com/cache-aware/casper/server/proxy"
	"golang.org/x/net/http2/hpack"
)

// The tests of this file let real programs ask.

// program runs a client and returns what it printed on both outputs.
func program(t testing.TB, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, peer.Find(t, name), args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// both schemes, and how their servers are made.
func schemes(t *testing.T, h http.Handler) map[string]string {
	return map[string]string{
		"http":  "http://" + serve(t, h),
		"https": "https://" + serveTLS(t, h, peer.NewCertificate(t).Pair),
	}
}

func TestNghttp(t *testing.T) {
	h := &server.Handler{Next: site("</a.css>; rel=preload; as=style, </b.js>; rel=preload; as=script")}
	for scheme, url := range schemes(t, h) {
		first := peer.Nghttp(t, url+"/")[0]
		if !slices.Equal(first.Pushed(), []string{"/a.css", "/b.js"}) {
			t.Errorf("%s: first visit pushed %q", scheme, first.Pushed())
		}
		cookie := cookieOf(&first.Response)
		if second := peer.Nghttp(t, url+"/", "-Hcookie: "+cookie)[0]; len(second.Pushes) != 0 || second.Status() != 200 {
			t.Errorf("%s: second visit pushed %q", scheme, second.Pushed())
		}
		if none := peer.Nghttp(t, url+"/", "--no-push")[0]; len(none.Pushes) != 0 || none.Status() != 200 {
			t.Errorf("%s: who wants none is pushed %q", scheme, none.Pushed())
		}
		// A navigation, by now remembered: nothing left to push gets a hint instead.
		hinted := peer.Nghttp(t, url+"/", "--no-push", "-Hsec-fetch-mode: navigate", "-Hsec-fetch-dest: document")[0]
		if len(hinted.Early) != 1 || len(hinted.Early[0].Values("link")) != 2 {
			t.Errorf("%s: hints %v", scheme, hinted.Early)
		}
	}
}

func TestNode(t *testing.T) {
	h := &server.Handler{Next: site("</a.css>; rel=preload; as=style, </b.js>; rel=preload; as=script")}
	type seen struct {
		Pushed []string
		Early  []struct {
			Status int
			Link   any
		}
		Header map[string]any
		Body   string
	}
	for scheme, url := range schemes(t, h) {
		visit := func(fields map[string]string, mode string) (s seen) {
			t.Helper()
			args, err := json.Marshal(fields)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(program(t, "node", "testdata/client.js", url+"/", string(args), mode)), &s); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(s.Body, "<title>page") {
				t.Errorf("%s: body %q", scheme, s.Body)
			}
			return s
		}
		first := visit(nil, "push")
		if !slices.Equal(first.Pushed, []string{"/a.css", "/b.js"}) {
			t.Errorf("%s: first visit pushed %q", scheme, first.Pushed)
		}
		cookie, _, _ := strings.Cut(first.Header["set-cookie"].([]any)[0].(string), ";")
		if second := visit(map[string]string{"cookie": cookie}, "push"); len(second.Pushed) != 0 {
			t.Errorf("%s: second visit pushed %q", scheme, second.Pushed)
		}
		hinted := visit(map[string]string{"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}, "nopush")
		if len(hinted.Pushed) != 0 || len(hinted.Early) != 1 || hinted.Early[0].Status != 103 {
			t.Errorf("%s: pushed %q, hints %v", scheme, hinted.Pushed, hinted.Early)
		}
	}
}

func TestCurl(t *testing.T) {
	h := &server.Handler{Next: site("</a.css>; rel=preload; as=style"), Sources: wants("/b.js")}
	url := "http://" + serve(t, h) + "/"
	secure := "https://" + serveTLS(t, h, peer.NewCertificate(t).Pair) + "/"
	nav := []string{"-H", "Sec-Fetch-Mode: navigate", "-H", "Sec-Fetch-Dest: document"}
	for _, c := range []struct {
		name   string
		args   []string
		hinted bool
	}{
		{"h2c", append([]string{"--http2-prior-knowledge", url}, nav...), true},
		{"h2", append([]string{"--http2", "--insecure", secure}, nav...), true},
		{"h2, no navigation", []string{"--http2", "--insecure", secure}, false},
		{"h2, holding all", append([]string{"--http2", "--insecure", secure, "-H", "Cookie: " + held("/a.css", "/b.js")}, nav...), false},
		{"HTTP/1.1", append([]string{"--http1.1", url}, nav...), false},
		{"HTTP/1.0", append([]string{"--http1.0", url}, nav...), false},
	} {
		out := program(t, "curl", append([]string{"--silent", "--verbose", "--max-time", "20"}, c.args...)...)
		if got := regexp.MustCompile(`(?m)^< HTTP/[0-9.]+ 103`).FindAllString(out, -1); (len(got) == 1) != c.hinted || len(got) > 1 {
			t.Errorf("%s: %d hints, want %v:\n%s", c.name, len(got), c.hinted, out)
		}
		if !regexp.MustCompile(`(?m)^< HTTP/[0-9.]+ 200`).MatchString(out) || !strings.Contains(out, "<title>page") {
			t.Errorf("%s: no page:\n%s", c.name, out)
		}
		if linked := strings.Contains(out, "</b.js>"); !linked && !strings.Contains(c.name, "holding") {
			t.Errorf("%s: b.js is neither hinted nor linked:\n%s", c.name, out)
		}
	}
}

// H2O and this package serve one site, and a client that goes from one to the other with one
// cookie jar is sent nothing twice.
func TestH2OBothWays(t *testing.T) {
	files := []peer.File{{Path: "/index.html", Body: "page", Links: []string{"</css/0.css>; rel=preload", "</js/0.js>; rel=preload"}}, {Path: "/more.html", Body: "page", Links: []string{"</css/0.css>; rel=preload", "</css/1.css>; rel=preload"}}}
	for _, p := range []string{"/css/0.css", "/css/1.css", "/css/2.css", "/js/0.js"} {
		files = append(files, peer.File{Path: p, Body: p})
	}
	files = append(files, peer.File{Path: "/all.html", Body: "page", Links: []string{"</css/0.css>; rel=preload, </css/1.css>; rel=preload, </css/2.css>; rel=preload, </js/0.js>; rel=preload"}})
	for _, bits := range []int{peer.CasperOn, 5, 15} {
		var params casper.Params
		if bits > 0 {
			params.CapacityBits = uint8(bits)
		}
		t.Run(fmt.Sprint(params.CapacityBits), func(t *testing.T) {
			h2o := peer.StartH2O(t, peer.Config{Hosts: []peer.Host{{Name: "casper.test", CapacityBits: bits}}, Files: files})
			cert := peer.NewCertificate(t, "casper.test")
			links := map[string]string{
				"/index.html": "</css/0.css>; rel=preload; as=style, </js/0.js>; rel=preload; as=script",
				"/other.html": "</css/0.css>; rel=preload; as=style, </css/2.css>; rel=preload; as=style",
				"/all.html":   "</css/0.css>; rel=preload; as=style, </css/1.css>; rel=preload; as=style, </css/2.css>; rel=preload; as=style, </js/0.js>; rel=preload; as=script",
			}
			ours := serveTLS(t, &server.Handler{Params: params, Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if l := links[r.URL.Path]; l != "" {
					w.Header().Set("Link", l)
					w.Header().Set("Content-Type", "text/html")
				}
				fmt.Fprint(w, r.URL.Path)
			})}, cert.Pair)
			jar := ""
			toH2O := func(path string) []string {
				t.Helper()
				conf := h2o.ClientTLS()
				conf.ServerName = "casper.test"
				c := peer.Dial(t, h2o.Addr, h2client.Options{TLS: conf})
				defer c.Close()
				return visit(t, c, h2o.Authority("casper.test"), path, &jar)
			}
			toUs := func(path string) []string {
				t.Helper()
				c := peer.Dial(t, ours, h2client.Options{TLS: &tls.Config{RootCAs: cert.Pool}})
				defer c.Close()
				return visit(t, c, "casper.test", path, &jar)
			}
			// Small capacities have collisions, which H2O and we must see alike.
			known := make(map[casper.Key]bool)
			expect := func(where string, got []string, wanted ...string) {
				t.Helper()
				var want []string
				for _, p := range wanted {
					if k := params.Key(p); !known[k] {
						known[k] = true
						want = append(want, p)
					}
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%s pushed %q, want %q", where, got, want)
				}
			}
			expect("H2O, first", toH2O("/index.html"), "/css/0.css", "/js/0.js")
			expect("casper, same page", toUs("/index.html"), "/css/0.css", "/js/0.js")
			expect("casper, another page", toUs("/other.html"), "/css/0.css", "/css/2.css")
			expect("H2O, a page of its own", toH2O("/more.html"), "/css/0.css", "/css/1.css")
			expect("casper, all", toUs("/all.html"), "/css/0.css", "/css/1.css", "/css/2.css", "/js/0.js")
			expect("H2O, all", toH2O("/all.html"), "/css/0.css", "/css/1.css", "/css/2.css", "/js/0.js")
		})
	}
}

// visit asks for a page with the jar's cookie, and puts the new one there.
func visit(t *testing.T, c *h2client.Client, authority, path string, jar *string) []string {
	t.Helper()
	var cookies []string
	if *jar != "" {
		cookies = []string{*jar}
	}
	x, err := c.Get(authority, path, cookies...)
	if err != nil {
		t.Fatal(err)
	}
	if set := cookieOf(&x.Response); set != "" {
		*jar = set
	}
	return x.Pushed()
}

// What H2O did with these cookies and digests, a Handler in front of an upstream that emits links
// does as well.
func TestH2OFeedback(t *testing.T) {
	text, err := os.ReadFile("../gcs/casper/testdata/h2o-2.2.5.json")
	if err != nil {
		t.Fatal(err)
	}
	type capture struct {
		Name         string
		CapacityBits uint8    `json:"capacity_bits"`
		CookiesIn    []string `json:"cookies_in"`
		Digest       string   `json:"cache_digest"`
		Origin       string
		Offered      []string
		Pushed       []string
		Cookie       string
	}
	var captures struct {
		Feedback       []capture
		InvalidCookies []capture `json:"invalid_cookies"`
		CacheDigest    []capture `json:"cache_digest"`
	}
	if err := json.Unmarshal(text, &captures); err != nil {
		t.Fatal(err)
	}
	if len(captures.Feedback) != 14 || len(captures.CacheDigest) != 4 || len(captures.InvalidCookies) != 7 {
		t.Fatalf("%d, %d and %d captures", len(captures.Feedback), len(captures.CacheDigest), len(captures.InvalidCookies))
	}
	offered := []string{"/css/0.css", "/css/1.css", "/js/0.js", "/img/0.png"}
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/index.html" {
			w.Header().Set("Content-Type", "text/html")
			for _, p := range offered {
				w.Header().Add("Link", "<"+p+">; rel=preload")
			}
		}
		fmt.Fprint(w, r.URL.Path)
	}))
	defer upstream.Close()
	through, err := proxy.New(upstream.URL, proxy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer through.Close()
	cert := peer.NewCertificate(t)
	servers := make(map[uint8]string)
	at := func(bits uint8) string {
		if servers[bits] == "" {
			// H2O tells what blocks by the type of the answer; a Link without as says it by its
			// extension.
			servers[bits] = serveTLS(t, &server.Handler{Next: &guess{through}, Params: casper.Params{CapacityBits: bits}}, cert.Pair)
		}
		return servers[bits]
	}
	ask := func(t *testing.T, c capture) *h2client.Exchange {
		client := peer.Dial(t, at(c.CapacityBits), h2client.Options{TLS: &tls.Config{RootCAs: cert.Pool}})
		r := h2client.Request{Path: "/index.html", Cookies: c.CookiesIn}
		if c.Origin != "" {
			r.Authority = strings.TrimPrefix(c.Origin, "https://")
			r.Header = []hpack.HeaderField{{Name: "cache-digest", Value: c.Digest}}
		}
		x, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for _, c := range slices.Concat(captures.Feedback, captures.InvalidCookies, captures.CacheDigest) {
		t.Run(c.Name, func(t *testing.T) {
			want := slices.Clone(c.Pushed)
			switch c.Name {
			case "joined-before", "quoted":
				// H2O finds its cookie only at the end of a field of its own. Behind net/http that
				// cannot be told from cookies that were joined, and the cookie is a good one.
				want = []string{"/img/0.png"}
			case "size-cap7-n129", "size-cap9-n513":
				// The keys of both style sheets are the same there. H2O cancels the second
				// for the first's sake; we know that they are two.
				want = append(want, "/css/1.css")
			}
			x := ask(t, c)
			got := x.Pushed()
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("pushed %q, H2O %q", got, want)
			}
			if c.Cookie != "" && c.Name != "keys-beyond-cap" && len(c.Cookie) <= 3800 && len(x.Pushed()) > 1 {
				set := cookieOf(&x.Response)
				ours, err := casper.Parse(strings.TrimPrefix(set, "h2o_casper="), casper.Params{CapacityBits: c.CapacityBits})
				if err != nil {
					t.Fatalf("cookie %q: %v", set, err)
				}
				theirs, err := casper.ParseLenient(c.Cookie, casper.Params{CapacityBits: c.CapacityBits})
				if err != nil {
					t.Fatal(err)
				}
				if ours.String() != theirs.Known().String() { // H2O keeps keys that no path has
					t.Errorf("cookie %q, H2O's %q", ours, theirs)
				}
			}
		})
	}
}

// A guess says in each link what the extension tells.
type guess struct{ next http.Handler }

func (g *guess) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.next.ServeHTTP(&guessing{w}, r) }

type guessing struct{ http.ResponseWriter }

func (g *guessing) Unwrap() http.ResponseWriter { return g.ResponseWriter }

func (g *guessing) WriteHeader(code int) {
	for i, v := range g.Header()["Link"] {
		if a := link.Parse([]string{v}, "/"); len(a) == 1 && a[0].As == "" {
			g.Header()["Link"][i] = link.Guess(a[0].Path, "").String()
		}
	}
	g.ResponseWriter.WriteHeader(code)
}

var rate = regexp.MustCompile(`finished in .*, ([0-9.]+) req/s`)

// BenchmarkH2load puts the throughput without and with the middleware side by side: a handler
// with nothing to do, and a page whose assets are held. The two take turns, and medians count,
// since the machine may be shared.
//
//	go test -run '^$' -bench H2load -benchtime 21x ./server
func BenchmarkH2load(b *testing.B) {
	plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = []string{"application/json"}
		w.Write([]byte(`{"hello":"world"}`))
	})
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = []string{"text/html; charset=utf-8"}
		w.Write(bytes.Repeat([]byte("<p>page</p>"), 100))
	})
	for _, c := range []struct {
		name   string
		next   http.Handler
		source []server.Source
		args   []string
	}{
		{"nothing to do", plain, nil, nil},
		{"all held", page, wants("/a.css", "/b.css", "/c.css", "/d.css", "/e.css", "/f.js", "/g.js", "/h.js", "/i.js", "/j.js"), []string{
			"-Hcookie: " + held("/a.css", "/b.css", "/c.css", "/d.css", "/e.css", "/f.js", "/g.js", "/h.js", "/i.js", "/j.js"),
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			bare := serve(b, c.next)
			wrapped := serve(b, &server.Handler{Next: c.next, Sources: c.source, Policy: server.Policy{NoPush: true}})
			load := func(addr string) float64 {
				args := append([]string{"--requests=20000", "--clients=8", "--max-concurrent-streams=16", "--threads=1"}, c.args...)
				out := program(b, "h2load", append(args, "http://"+addr+"/")...)
				m := rate.FindStringSubmatch(out)
				if m == nil || !strings.Contains(out, " 0 failed, 0 errored") {
					b.Fatal(out)
				}
				f, err := strconv.ParseFloat(m[1], 64)
				if err != nil {
					b.Fatal(err)
				}
				return f
			}
			var without, with, ratio []float64
			for b.Loop() {
				first, second := bare, wrapped
				if len(ratio)%2 > 0 {
					first, second = wrapped, bare
				}
				x, y := load(first), load(second)
				if first == wrapped {
					x, y = y, x
				}
				without, with, ratio = append(without, x), append(with, y), append(ratio, 100*y/x)
			}
			median := func(f []float64) float64 { slices.Sort(f); return f[len(f)/2] }
			b.ReportMetric(median(without), "without-req/s")
			b.ReportMetric(median(with), "with-req/s")
			b.ReportMetric(median(ratio), "%")
		})
	}
}
