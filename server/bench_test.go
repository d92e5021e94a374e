package server_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/internal/testkit"
	"github.com/cache-aware/casper/server/learned"
	"github.com/cache-aware/casper/server/link"
)

// tenAssets are prepared once, as a Handler does it.
func tenAssets() (assets []*server.Asset, paths []string) {
	for i := range 10 {
		path := fmt.Sprintf("/static/%d/app.css", i)
		assets = append(assets, server.Prepare(link.Asset{Path: path, As: "style"}, casper.Params{}))
		paths = append(paths, path)
	}
	return assets, paths
}

// The decision for a warm cookie and ten precomputed assets: the decision alone, and with
// the reading of the cookie.
func BenchmarkDecide(b *testing.B) {
	assets, paths := tenAssets()
	b.Run("warm", func(b *testing.B) {
		c := &server.Client{Held: casper.New(casper.Params{}, keysOf(paths...)...), CanPush: true}
		var p server.Policy
		var room [12]server.Verdict
		b.ReportAllocs()
		for b.Loop() {
			if plan := p.Decide(c, assets, room[:0]); plan.Pushes != 0 || plan.Changed {
				b.Fatal("not warm")
			}
		}
	})
	b.Run("warm, cookie included", func(b *testing.B) {
		read := server.CookieFingerprint("session=0123456789abcdef; " + held(paths...))
		var p server.Policy
		var room [12]server.Verdict
		b.ReportAllocs()
		for b.Loop() {
			c := server.Client{Held: read(), CanPush: true}
			if plan := p.Decide(&c, assets, room[:0]); plan.Pushes != 0 {
				b.Fatal("not warm")
			}
		}
	})
	b.Run("cold", func(b *testing.B) {
		c := &server.Client{CanPush: true}
		p := server.Policy{MaxAssets: 10}
		var room [12]server.Verdict
		b.ReportAllocs()
		for b.Loop() {
			if plan := p.Decide(c, assets, room[:0]); plan.Pushes != 10 {
				b.Fatal("not cold")
			}
		}
	})
}

// A sink is a writer that costs nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(int)             {}
func (s *sink) Flush()                      {}

// The middleware around handlers that give it nothing, or little, to do.
func BenchmarkHandler(b *testing.B) {
	page := []byte("<p>page")
	html := []string{"text/html"}
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = html
		w.Write(page)
	})
	_, paths := tenAssets()
	elsewhere := &server.Handler{Next: next, Policy: server.Policy{NoPush: true}}
	linked := elsewhere.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Link"] = []string{"</a.css>; rel=preload; as=style"}
		next.ServeHTTP(w, r)
	}))
	linked.ServeHTTP(&sink{header: make(http.Header)}, request("/linked", browser...))
	for _, c := range []struct {
		name   string
		h      http.Handler
		fields []string
	}{
		{"bare", next, nil},
		{"nothing to do for this page", elsewhere, append(browser, "Cookie: session=1; "+held(paths...))},
		{"nothing to do", &server.Handler{Next: next}, nil},
		{"nothing to do, a navigation with cookies", &server.Handler{Next: next}, append(browser, "Cookie: session=1; "+held(paths...))},
		{"ten held", &server.Handler{Next: next, Sources: wants(paths...), Policy: server.Policy{NoPush: true}}, append(browser, "Cookie: session=1; "+held(paths...))},
		{"ten linked", &server.Handler{Next: next, Sources: wants(paths...), Policy: server.Policy{NoPush: true, MaxAssets: 10}}, nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := request("/page", c.fields...)
			w := &sink{header: make(http.Header)}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				c.h.ServeHTTP(w, r)
			}
		})
	}
}

// What reading a page's HTML costs: once it was read, by its validator or by its bytes, and where no
// two answers are alike.
func BenchmarkHTML(b *testing.B) {
	head := `<!doctype html><html><head><link rel=stylesheet href=/a.css><script src=/a.js></script></head><body>`
	page := []byte(head + strings.Repeat("<p class=x>text <a href=/>link</a></p>\n", 300))
	for _, c := range []struct {
		name   string
		coding string
		tag    []string
		pieces int
		differ bool
		off    bool
	}{
		{name: "not read", off: true},
		{name: "known by its bytes"},
		{name: "known by its validator", tag: []string{`"v1"`}},
		{name: "known, in pieces", pieces: 4},
		{name: "known, gzip", coding: "gzip"},
		{name: "known, gzip in pieces", coding: "gzip", pieces: 4},
		{name: "differs", differ: true},
		{name: "differs, gzip", coding: "gzip", differ: true},
		{name: "differs, br", coding: "br", differ: true},
		{name: "differs, zstd", coding: "zstd", differ: true},
	} {
		b.Run(c.name, func(b *testing.B) {
			answers := [][]byte{page}
			for i := range 512 {
				if c.differ {
					answers = append(answers, append([]byte(fmt.Sprintf("<!-- %d -->", i)), page...))
				}
			}
			for i, a := range answers {
				if c.coding != "" {
					answers[i] = bytes.Join(packed(c.coding, string(a)), nil)
				}
			}
			n := 0
			h := scanning(b, func(w http.ResponseWriter, r *http.Request) {
				header, body := w.Header(), answers[n%len(answers)]
				n++
				header["Content-Type"] = []string{"text/html"}
				if c.coding != "" {
					header["Content-Encoding"] = []string{c.coding}
				}
				if c.tag != nil {
					header["Etag"] = c.tag
				}
				if c.pieces == 0 {
					header["Content-Length"] = []string{fmt.Sprint(len(body))}
				}
				for piece := range slices.Chunk(body, len(body)/max(1, c.pieces)+1) {
					w.Write(piece)
				}
			})
			h.NoHTML, h.Sources, h.Scan = c.off, nil, learned.Scan
			r := request("/page", browser...)
			w := &sink{header: make(http.Header)}
			b.ReportAllocs()
			for b.Loop() {
				if c.differ && n%len(answers) == 0 { // nothing of them is known any more
					h = &server.Handler{Next: h.Next, Policy: h.Policy, Scan: h.Scan}
				}
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}

// A refuser is a sink that takes no pushes.
type refuser struct{ sink }

func (*refuser) Push(string, *http.PushOptions) error { return http.ErrNotSupported }

// What a refusal costs, once for a connection: the difference of the two.
func BenchmarkRefusal(b *testing.B) {
	html, page := []string{"text/html"}, []byte("page")
	h := &server.Handler{Sources: wants("/a.css", "/b.css"), Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = html
		w.Write(page)
	})}
	s := &refuser{sink{header: make(http.Header)}}
	known := request("/")
	h.ServeHTTP(s, known)
	for name, ctx := range map[string]func() context.Context{
		"remembered": known.Context,
		"first":      func() context.Context { return server.ConnContext(context.Background(), nil) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				clear(s.header)
				h.ServeHTTP(s, known.WithContext(ctx()))
			}
		})
	}
}

// A handler with nothing to do costs at most two allocations.
func TestNothingToDoAllocates(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = []string{"text/html"}
		w.Write([]byte("page"))
	})
	for name, fields := range map[string][]string{"program": nil, "browser": append(browser, "Cookie: a=b"), "asset": {"Sec-Fetch-Dest: style"}} {
		r := request("/page?x=1", fields...)
		run := func(h http.Handler) float64 {
			w := &sink{header: make(http.Header)}
			return testing.AllocsPerRun(100, func() {
				clear(w.header)
				h.ServeHTTP(w, r)
			})
		}
		if more := run(&server.Handler{Next: next}) - run(next); more > 2 && !testkit.Race {
			t.Errorf("%s: %v allocations more", name, more)
		}
	}
	assets, paths := tenAssets()
	// What a source wants is prepared once, whoever asks for the page.
	h := &server.Handler{Next: next, Sources: wants(paths...)}
	for _, version := range []int{1, 2} {
		r := request("/page", "Cookie: "+held(paths...))
		r.ProtoMajor = version
		w := &sink{header: make(http.Header)}
		n := testing.AllocsPerRun(100, func() {
			clear(w.header)
			h.ServeHTTP(w, r)
		})
		if n > 10 && !testkit.Race {
			t.Errorf("HTTP/%d, ten held: %v allocations", version, n)
		}
	}
	c := &server.Client{Held: casper.New(casper.Params{}, keysOf(paths...)...), CanPush: true}
	var p server.Policy
	var room [12]server.Verdict
	if n := testing.AllocsPerRun(100, func() { p.Decide(c, assets, room[:0]) }); n > 0 && !testkit.Race {
		t.Errorf("a warm decision allocates %v times", n)
	}
}
