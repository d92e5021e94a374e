package server_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/devcert"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/learn/signals"
	"github.com/cache-aware/casper/server/link"
	"github.com/cache-aware/casper/server/manifest"
	"golang.org/x/net/http2/hpack"
)

// What the users of the older systems had, they find here. Each test is named after the system.

// go-casper: a handler pushes what it names, unless the cookie says that it is held; the
// false-positive rate and the expected number of assets are the caller's to choose, and it learns
// what went out. Several calls make one cookie, without handing a request around, and a cookie
// that cannot be read does not end pushing for ever.
func TestGoCasperPush(t *testing.T) {
	params := casper.Params{CapacityBits: casper.BitsFor(10, 1.0/64)} // New(1<<6, 10) there
	if rate := float64(10) / float64(params.Capacity()); rate > 1.0/64 {
		t.Errorf("a false-positive rate of %f", rate)
	}
	var out []string
	handler := func(w http.ResponseWriter, r *http.Request) {
		opts := &http.PushOptions{Header: http.Header{"Accept-Language": {"en"}, "X-Why": {"go-casper"}, "Cookie": {"never"}, "Bad Name": {"x"}}}
		first, err := server.PushWith(w, r, opts, link.Guess("/static/example.js", ""))
		if err != nil {
			t.Error(err)
		}
		second, err := server.Push(w, r, link.Guess("/static/example.css", ""), link.Guess("/static/example.jpg", ""))
		if err != nil {
			t.Error(err)
		}
		out = out[:0]
		for _, v := range append(slices.Clone(first), second...) {
			if v.Means == server.ByPush {
				out = append(out, v.Asset.Path)
			}
		}
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "page")
	}
	late := &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "page")
		if _, err := server.Push(w, r, link.Guess("/late.css", "")); err != server.ErrLate {
			t.Errorf("after the header: %v", err)
		}
	})}
	if s := ask(late, "/"); len(s.pushed) != 0 {
		t.Errorf("after the header: pushed %q", s.pushed)
	}
	for name, h := range map[string]http.Handler{
		"in a Handler": &server.Handler{Next: http.HandlerFunc(handler), Params: params, Track: server.TrackAll},
		"by itself":    http.HandlerFunc(handler),
	} {
		t.Run(name, func(t *testing.T) {
			s := ask(h, "/")
			want := []string{"/static/example.js", "/static/example.css", "/static/example.jpg"}
			if !slices.Equal(s.pushed, want) || !slices.Equal(out, want) {
				t.Errorf("pushed %q, and told of %q", s.pushed, out)
			}
			if o := s.opts[0].Header; o.Get("X-Why") != "go-casper" || len(o["Cookie"])+len(o["Bad Name"]) > 0 {
				t.Errorf("the promise carries %v", o)
			}
			if n := len(s.final.Values("Set-Cookie")); n != 1 {
				t.Errorf("%d cookies", n)
			}
			cookie, _ := s.cookie()
			if again := ask(h, "/", "Cookie: h2o_casper="+cookie); slices.ContainsFunc(again.pushed, func(p string) bool { return !strings.HasSuffix(p, ".jpg") }) {
				t.Errorf("pushed again: %q", again.pushed)
			}
			for _, junk := range []string{"!!!!", "A", "____", "AA=="} {
				if s := ask(h, "/", "Cookie: h2o_casper="+junk); len(s.pushed) < 3 || len(s.final.Values("Set-Cookie")) != 1 {
					t.Errorf("junk %q: pushed %q, cookies %q", junk, s.pushed, s.final.Values("Set-Cookie"))
				}
			}
		})
	}
}

// pusher's link package: links of the answer are pushed, and the others stay in place.
func TestPusherLinks(t *testing.T) {
	links := []string{
		"</a.css>; rel=preload; as=style, <https://cdn.example/b.css>; rel=preload; as=style",
		"</c.css>; rel=preload; as=style; nopush", "</next>; rel=next", "<//other.example/d.js>; rel=preload",
	}
	s := ask(&server.Handler{Next: site(links...)}, "/")
	if !slices.Equal(s.pushed, []string{"/a.css"}) || !slices.Equal(s.final["Link"], links) {
		t.Errorf("pushed %q, left %q", s.pushed, s.final["Link"])
	}
}

// pusher's rules package: a file with a path, its Link values, a blank line, "-" for none. Here
// pages that it does not name are served as well.
func TestPusherRules(t *testing.T) {
	rules, err := manifest.Read(strings.NewReader("/\n</a.css>; rel=preload; as=style\n</b.js>; rel=preload; as=script\n\n/plain\n-\n"), manifest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	h := &server.Handler{Next: site(), Sources: []server.Source{rules}}
	for path, want := range map[string][]string{"/": {"/a.css", "/b.js"}, "/plain": nil, "/unlisted": nil} {
		if s := ask(h, path); !slices.Equal(s.pushed, want) || s.code != http.StatusOK {
			t.Errorf("%s: status %d, pushed %q, want %q", path, s.code, s.pushed, want)
		}
	}
}

// pusher's parser package: assets are found in the first bytes of the HTML, once, and pushed.
func TestPusherParser(t *testing.T) {
	page := `<!doctype html><link rel=stylesheet href=a.css><script src="/b.js"></script><img src="i.png">` + strings.Repeat(" ", 8<<10) + `<script src="/far.js"></script>`
	h := &server.Handler{
		Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, page) }),
		Scan: func(head []byte, base link.Base) []link.Asset {
			assets, err := signals.ScanHTML(bytes.NewReader(head), link.Base{Path: base.Path})
			if err != nil {
				t.Error(err)
			}
			return assets
		},
	}
	s := ask(h, "/dir/page")
	if !slices.Contains(s.pushed, "/dir/a.css") || !slices.Contains(s.pushed, "/b.js") || slices.Contains(s.pushed, "/far.js") || string(s.body) != page {
		t.Errorf("pushed %q", s.pushed)
	}
	if len(s.final["Link"]) != 0 || s.final.Get("Content-Type") != "" {
		t.Errorf("the answer says %v", s.final)
	}
}

// The push tutorial: where push is not supported a page is served as ever; the certificate is
// one that browsers let a person go past; and what is cached is not pushed again.
func TestPushTutorial(t *testing.T) {
	cert, err := devcert.New()
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil || leaf.IsCA || !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || !slices.Contains(leaf.DNSNames, "localhost") {
		t.Errorf("certificate: %v, %+v", err, leaf)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		if _, err := server.Push(w, r, link.Guess("/static/app.js", "")); err != nil {
			t.Error(err)
		}
		io.WriteString(w, "<script src=/static/app.js></script>")
	})
	addr := serveTLS(t, &server.Handler{Next: handler}, cert)
	plain := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}} // HTTP/1.1
	resp, err := plain.Get("https://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.ProtoMajor != 1 || resp.StatusCode != 200 || resp.Header.Get("Link") == "" {
		t.Errorf("HTTP/1.1: %v", resp)
	}
	options := h2client.Options{TLS: &tls.Config{RootCAs: pool}}
	first := get(t, peer.Dial(t, addr, options), "/")
	if !slices.Equal(first.Pushed(), []string{"/static/app.js"}) {
		t.Errorf("first visit: pushed %q", first.Pushed())
	}
	if second := get(t, peer.Dial(t, addr, options), "/", cookieOf(&first.Response)); len(second.Pushed()) != 0 {
		t.Errorf("second visit: pushed %q", second.Pushed())
	}
}

// The h2push fork: links are pushed for static and dynamic pages alike, a demo switches kinds on and
// off, a handler can trust that it serves a push, promises are made before the handler runs, and
// there are none for XHR.
func TestH2PushFork(t *testing.T) {
	var order []string
	h := &server.Handler{
		Sources: wants("/a.css", "/b.js"),
		Allow: func(r *http.Request, a link.Asset) bool {
			switch r.URL.Query().Get("push") {
			case "css":
				return a.As == "style"
			case "js":
				return a.As == "script"
			case "none":
				return false
			}
			return true
		},
		Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			order = append(order, "handler")
			w.Header().Set("Link", "</a.css>; rel=preload; as=style")
			http.ServeContent(w, r, "page.html", leastTime, strings.NewReader("<p>static"))
		}),
	}
	for query, want := range map[string][]string{"": {"/a.css", "/b.js"}, "?push=css": {"/a.css"}, "?push=js": {"/b.js"}, "?push=none": nil} {
		order = nil
		s := newStage()
		s.hold = func(target string) error { order = append(order, target); return nil }
		s.ask(h, "/page"+query)
		if !slices.Equal(order, append(slices.Clone(want), "handler")) {
			t.Errorf("%q: %q", query, order)
		}
	}
	for _, xhr := range []string{"X-Requested-With: XMLHttpRequest", "Sec-Fetch-Dest: empty"} {
		if s := ask(h, "/", xhr); len(s.pushed) != 0 {
			t.Errorf("%s: pushed %q", xhr, s.pushed)
		}
	}
	// The mark of that system was a header, which anybody could send.
	pushed := make(chan string, 10)
	addr := serve(t, &server.Handler{Sources: wants("/a.css"), Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pushed <- fmt.Sprint(r.URL.Path, " ", server.Pushed(w))
	})})
	c := peer.Dial(t, addr, h2client.Options{})
	if _, err := c.Do(h2client.Request{Path: "/", Header: []hpack.HeaderField{{Name: "h2push", Value: "true"}, {Name: "caddy-push", Value: "1"}}}); err != nil {
		t.Fatal(err)
	}
	got := []string{<-pushed, <-pushed}
	slices.Sort(got)
	if !slices.Equal(got, []string{"/ false", "/a.css true"}) {
		t.Errorf("pushed: %q", got)
	}
}

// h2-auto-push: a framework decides, takes the newest cookie, and pushes when it likes; what
// could not be pushed is told and harms nothing; there is a budget of bytes.
func TestH2AutoPushTwoSteps(t *testing.T) {
	assets := []link.Asset{link.Guess("/a.css", ""), link.Guess("/b.js", ""), link.Guess("/i.png", "")}
	s, r := newStage(), request("/")
	d := server.Begin(s, r, assets...)
	if len(s.pushed) != 0 || len(s.header) != 0 {
		t.Errorf("deciding sent %q, %v", s.pushed, s.header)
	}
	planned := d.Cookie()
	if planned == nil || "h2o_casper="+planned.Value != held("/a.css", "/b.js") || !planned.HttpOnly {
		t.Fatalf("the cookie will be %v", planned)
	}
	if err := d.Send(); err != nil || !slices.Equal(s.pushed, []string{"/a.css", "/b.js", "/i.png"}) {
		t.Errorf("pushed %q, %v", s.pushed, err)
	}
	if c := d.Cookie(); c == nil || c.Value != planned.Value || len(s.header["Set-Cookie"]) != 0 {
		t.Errorf("the cookie is %v", c)
	}
	again := server.Begin(newStage(), request("/", "Cookie: h2o_casper="+planned.Value), assets[:2]...)
	if again.Cookie() != nil || again.Verdicts[0].Reason != server.ReasonHeld || again.Send() != nil {
		t.Errorf("the second visit: %v, %v", again.Cookie(), again.Verdicts)
	}

	// An error is told, and what failed is linked instead.
	s, r = newStage(), request("/")
	broken := errors.New("the stream is gone")
	s.hold = func(target string) error {
		if target == "/b.js" {
			return broken
		}
		return nil
	}
	d = server.Begin(s, r, assets...)
	if err := d.Send(); !errors.Is(err, broken) || !strings.Contains(err.Error(), "/b.js") {
		t.Errorf("error %v", err)
	}
	if d.Verdicts[1].Reason != server.ReasonFailed || "h2o_casper="+d.Cookie().Value != held("/a.css") {
		t.Errorf("verdicts %v, cookie %v", d.Verdicts, d.Cookie())
	}

	// Within a Handler its cookie is the one.
	h := &server.Handler{Policy: server.Policy{MaxBytes: 32 << 10}, Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := server.Begin(w, r, assets...)
		if d.Verdicts[2].Means == server.ByPush { // two of unknown size, 16 KiB each
			t.Errorf("over the budget: %v", d.Verdicts)
		}
		if err := d.Send(); err != nil || d.Cookie() != nil {
			t.Errorf("%v, %v", err, d.Cookie())
		}
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "page")
		if err := d.Send(); err != server.ErrLate {
			t.Errorf("sent late: %v", err)
		}
	})}
	if s := ask(h, "/"); len(s.pushed) != 2 || len(s.final["Set-Cookie"]) != 1 {
		t.Errorf("pushed %q, cookies %q", s.pushed, s.final["Set-Cookie"])
	}
}

// H2O: on and off for each host, capacity bits, tracking types.
func TestH2OHosts(t *testing.T) {
	next := site("</a.css>; rel=preload; as=style", "</i.png>; rel=preload; as=image")
	mux := http.NewServeMux()
	mux.Handle("on.test/", &server.Handler{Next: next})
	mux.Handle("small.test/", &server.Handler{Next: next, Params: casper.Params{CapacityBits: 5}, Track: server.TrackAll})
	mux.Handle("off.test/", &server.Handler{Next: next, Cookie: server.Cookie{Off: true}})
	for host, want := range map[string]string{
		"on.test":    casper.New(casper.Params{}, casper.Params{}.Key("/a.css")).String(),
		"small.test": casper.New(casper.Params{CapacityBits: 5}, casper.Params{CapacityBits: 5}.Key("/a.css"), casper.Params{CapacityBits: 5}.Key("/i.png")).String(),
		"off.test":   "",
	} {
		s := newStage()
		r := request("/")
		r.Host = host
		mux.ServeHTTP(s, r)
		if got, _ := s.cookie(); got != want || len(s.pushed) != 2 {
			t.Errorf("%s: cookie %q, want %q; pushed %q", host, got, want, s.pushed)
		}
	}
}

// H2O: x-http2-push-only pushes a link and takes it out of the answer, whoever asks.
func TestH2OPushOnly(t *testing.T) {
	h := &server.Handler{Next: site("</a.css>; rel=preload; as=style; x-http2-push-only, </b.css>; rel=preload; as=style", "</c.css>; rel=preload; as=style; x-http2-push-only")}
	s := ask(h, "/")
	if !slices.Equal(s.pushed, []string{"/a.css", "/b.css", "/c.css"}) || !slices.Equal(s.final["Link"], []string{"</b.css>; rel=preload; as=style"}) {
		t.Errorf("pushed %q, left %q", s.pushed, s.final["Link"])
	}
	s = newStage()
	r := request("/", browser...)
	r.ProtoMajor = 1
	h.ServeHTTP(s, r)
	if len(s.pushed)+len(s.early) != 0 || !slices.Equal(s.final["Link"], []string{"</b.css>; rel=preload; as=style"}) {
		t.Errorf("HTTP/1: pushed %q, left %q", s.pushed, s.final["Link"])
	}
}

// H2O: a request says no-early-hints, and still gets what else there is.
func TestH2ONoEarlyHints(t *testing.T) {
	h := &server.Handler{Next: site(), Sources: wants("/a.css"), Policy: server.Policy{NoPush: true}}
	s := ask(h, "/", append(browser, "No-Early-Hints: 1")...)
	if len(s.early) != 0 || len(s.final["Link"]) != 1 {
		t.Errorf("hints %v, Link %q", s.early, s.final["Link"])
	}
}

// H2O: the access log says of each asset whether it was pushed or cancelled.
func TestH2OLogValue(t *testing.T) {
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	h := &server.Handler{
		Sources: wants("/a.css", "/b.js", "//evil"),
		Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			logger.Info("in the handler", "casper", server.Summary(server.Verdicts(w)))
		}),
		Observe: func(x *server.Exchange) { logger.Info("afterwards", "casper", server.Summary(x.Plan)) },
	}
	ask(h, "/", "Cookie: "+held("/a.css"))
	want := `level=INFO msg="in the handler" casper.pushed=[/b.js] casper.held=[/a.css]
level=INFO msg=afterwards casper.pushed=[/b.js] casper.held=[/a.css]
`
	if log.String() != want {
		t.Errorf("the log says\n%swant\n%s", log.String(), want)
	}
}

// mod_http2: resources for each location in an order of one's own, early hints on or off, a diary.
func TestModHTTP2(t *testing.T) {
	resources := map[string][]link.Asset{
		"/shop/": {link.Guess("/shop.js", ""), link.Guess("/shop.css", ""), link.Guess("/hero.png", "")},
		"/blog/": {link.Guess("/blog.css", "")},
	}
	source := sources(func(r *http.Request) []link.Asset {
		for location, assets := range resources {
			if strings.HasPrefix(r.URL.Path, location) {
				return assets
			}
		}
		return nil
	})
	h := &server.Handler{Next: site(), Sources: source}
	for path, want := range map[string][]string{"/shop/1": {"/shop.js", "/shop.css", "/hero.png"}, "/blog/x": {"/blog.css"}, "/": nil} {
		if s := ask(h, path); !slices.Equal(s.pushed, want) {
			t.Errorf("%s: pushed %q, want %q", path, s.pushed, want)
		}
	}
	for _, off := range []bool{false, true} {
		h := &server.Handler{Next: site(), Sources: source, Policy: server.Policy{NoPush: true, NoHints: off}}
		if s := ask(h, "/blog/", browser...); (len(s.early) == 0) != off {
			t.Errorf("hints off %v: %v", off, s.early)
		}
	}
	h = &server.Handler{Next: site(), Sources: wants("/1.png", "/2.png", "/3.png")}
	r := request("/")
	for i, want := range []int{3, 0} {
		s := newStage()
		h.ServeHTTP(s, r.Clone(r.Context()))
		if got := len(s.pushed); got != want {
			t.Errorf("visit %d over one connection: %d pushed, want %d", i, got, want)
		}
	}
}

// Undertow, and Jetty's session filter: a file whose validator changed is sent again, and it alone.
func TestUndertowValidatorChanged(t *testing.T) {
	tag := map[string]string{"/a.css": `"a1"`, "/b.css": `"b1"`}
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tag[r.URL.Path] != "" {
			w.Header().Set("Content-Type", "text/css")
			w.Header().Set("Cache-Control", "max-age=600")
			w.Header().Set("Etag", tag[r.URL.Path])
			io.WriteString(w, "body{}")
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Link", "</a.css>; rel=preload; as=style, </b.css>; rel=preload; as=style")
	})
	for name, h := range map[string]*server.Handler{
		"answers tell":          {Next: next, Keys: server.KeyVersion},
		"the files tell":        {Next: next, Keys: server.KeyVersion, Validator: func(p string) string { return tag[p] }},
		"the validator, always": {Next: next, Keys: server.KeyValidator, Validator: func(p string) string { return tag[p] }},
	} {
		t.Run(name, func(t *testing.T) {
			tag["/a.css"], tag["/b.css"] = `"a1"`, `"b1"`
			addr := serve(t, h)
			cookie := ""
			visit := func() []string {
				x := get(t, peer.Dial(t, addr, h2client.Options{}), "/", cookie)
				if set := cookieOf(&x.Response); set != "" {
					cookie = set
				}
				return x.Pushed()
			}
			if got := visit(); len(got) != 2 {
				t.Errorf("first visit: %q", got)
			}
			if h.Keys == server.KeyVersion && cookie != held("/a.css", "/b.css") {
				t.Errorf("cookie %q is not what H2O would have written", cookie)
			}
			if got := visit(); len(got) != 0 {
				t.Errorf("second visit: %q", got)
			}
			tag["/a.css"] = `"a2"`
			if h.Validator == nil {
				get(t, peer.Dial(t, addr, h2client.Options{}), "/a.css") // somebody fetches it
			}
			if got := visit(); !slices.Equal(got, []string{"/a.css"}) {
				t.Errorf("after a change: %q", got)
			}
			if got := visit(); len(got) != 0 {
				t.Errorf("and then: %q", got)
			}
		})
	}
	// With H2O's own rule a change goes unnoticed, as there.
	tag["/a.css"] = `"a1"`
	h := &server.Handler{Next: next}
	ask(h, "/")
	tag["/a.css"] = `"a2"`
	ask(h, "/a.css")
	if s := ask(h, "/", "Cookie: "+held("/a.css", "/b.css")); len(s.pushed) != 0 {
		t.Errorf("by path alone: %q", s.pushed)
	}
}

// A file has a validator in each content coding; that the next client takes another one is
// no change.
func TestCodingsAreNoChange(t *testing.T) {
	generation := 1
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".css") {
			coding := r.Header.Get("Accept-Encoding")
			w.Header().Set("Content-Type", "text/css")
			w.Header().Set("Content-Encoding", coding)
			w.Header().Set("Etag", fmt.Sprintf(`"%s%d"`, coding, generation))
			w.Header().Set("Cache-Control", "max-age=60")
			io.WriteString(w, "body{}")
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Link", "</a.css>; rel=preload; as=style")
	})
	h := &server.Handler{Next: next, Keys: server.KeyVersion}
	ask(h, "/")
	for _, coding := range []string{"br", "gzip", "br", "zstd", "gzip"} {
		ask(h, "/a.css", "Accept-Encoding: "+coding)
		if s := ask(h, "/", "Cookie: "+held("/a.css")); len(s.pushed) != 0 {
			t.Errorf("%s is a new version: pushed %q", coding, s.pushed)
		}
	}
	generation = 2
	ask(h, "/a.css", "Accept-Encoding: gzip")
	if s := ask(h, "/", "Cookie: "+held("/a.css")); len(s.pushed) != 1 {
		t.Errorf("a new version is none: pushed %q", s.pushed)
	}
}

// Jetty: what is known of pages is shown, renewed and cleared at run time; a conditional request
// for a page is pushed nothing.
func TestJettyManage(t *testing.T) {
	list := "</a.css>; rel=preload; as=style"
	h := &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Etag", `"page"`)
		w.Header().Set("Link", list)
		if r.Header.Get("If-None-Match") == `"page"` {
			w.WriteHeader(http.StatusNotModified)
		}
	})}
	shown := func() string {
		var all []string
		for p := range h.Pages() {
			var links []string
			for _, l := range p.Links {
				links = append(links, l.Path)
			}
			all = append(all, fmt.Sprint(p.Host+p.Path, " ", p.Failed, " ", links))
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	ask(h, "/one?query=1")
	ask(h, "/two")
	if got, want := shown(), "example.com/one?query=1 false [/a.css] example.com/two false [/a.css]"; got != want {
		t.Errorf("shown %q, want %q", got, want)
	}
	list = "</b.css>; rel=preload; as=style"
	if !h.Forget("example.com", "/one") || h.Forget("example.com", "/three") {
		t.Error("Forget")
	}
	if s := ask(h, "/one"); !slices.Equal(s.pushed, []string{"/b.css"}) { // begun anew
		t.Errorf("renewed: pushed %q", s.pushed)
	}
	if s := ask(h, "/two"); !slices.Equal(s.pushed, []string{"/a.css", "/b.css"}) { // as remembered, and as answered
		t.Errorf("not renewed: pushed %q", s.pushed)
	}
	h.ForgetAll()
	if got := shown(); got != "" {
		t.Errorf("cleared, but shown %q", got)
	}
	ask(h, "/one")
	if s := ask(h, "/one", `If-None-Match: "page"`); len(s.pushed) != 0 || s.code != http.StatusNotModified {
		t.Errorf("a conditional request: status %d, pushed %q", s.code, s.pushed)
	}
	if s := ask(h, "/one", `If-None-Match: "old"`); len(s.pushed) != 1 { // the page has changed: so may have its assets
		t.Errorf("a conditional request for a page that changed: pushed %q", s.pushed)
	}
}

// What a client asks for by itself over a connection is not pushed there afterwards.
func TestPulledIsNotPushed(t *testing.T) {
	h := &server.Handler{Next: site("</a.css>; rel=preload; as=style", "</b.css>; rel=preload; as=style")}
	addr := serve(t, h)
	get(t, peer.Dial(t, addr, h2client.Options{}), "/") // both become known
	c := peer.Dial(t, addr, h2client.Options{})
	get(t, c, "/a.css")
	if x := get(t, c, "/"); !slices.Equal(x.Pushed(), []string{"/b.css"}) {
		t.Errorf("pushed %q", x.Pushed())
	}
}

// One connection may carry several hosts; what went to one says nothing of the other.
func TestHostsShareNothing(t *testing.T) {
	addr := serve(t, &server.Handler{Next: site("</i.png>; rel=preload; as=image")})
	c := peer.Dial(t, addr, h2client.Options{})
	for _, host := range []string{"a.test", "b.test", "a.test"} {
		x, err := c.Get(host, "/")
		if err != nil {
			t.Fatal(err)
		}
		if host == "b.test" && len(x.Pushed()) != 1 {
			t.Errorf("b.test: pushed %q", x.Pushed())
		}
	}
}

// The digest of a client's cache counts as its cookie does, and takes the cookie's place.
func TestCacheDigest(t *testing.T) {
	origin := "http://example.com"
	next := site("</css/0.css>; rel=preload; as=style", "</i.png>; rel=preload; as=image")
	digest := digestOf(origin + "/css/0.css")
	s := ask(&server.Handler{Next: next}, "/", "Cache-Digest: "+digest)
	if !slices.Equal(s.pushed, []string{"/i.png"}) || len(s.final["Set-Cookie"]) != 0 {
		t.Errorf("pushed %q, cookie %q", s.pushed, s.final["Set-Cookie"])
	}
	s = ask(&server.Handler{Next: next}, "/", "Cache-Digest: "+digest, "Cookie: "+held("/z.css"))
	if c := s.final.Get("Set-Cookie"); !strings.Contains(c, "Max-Age=0") {
		t.Errorf("the cookie stays: %q", c)
	}
	for _, junk := range []string{"", "!", "A", "\x7f", strings.Repeat("A", 5000), digest + "; stale"} {
		if s := ask(&server.Handler{Next: next}, "/", "Cache-Digest: "+junk); len(s.pushed) != 2 || len(s.final["Set-Cookie"]) != 1 {
			t.Errorf("digest %.20q: pushed %q, cookie %q", junk, s.pushed, s.final["Set-Cookie"])
		}
	}
}
