package server_test

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/link"
	"golang.org/x/net/http2/hpack"
)

// A script is a handler written by chance: each octet, with those that it takes after it, is
// something that a handler may do.
type script []byte

var scriptFields = []struct{ name, value string }{
	{"Content-Type", "text/html; charset=utf-8"}, {"Content-Type", "text/plain"}, {"Content-Type", "text/event-stream"}, {"Content-Encoding", "x-none"},
	{"Cache-Control", "no-cache"}, {"Cache-Control", "public, max-age=60"}, {"Cache-Control", "private"}, {"Cache-Control", "max-age=0"}, {"Cache-Control", "immutable"},
	{"Etag", `"tag"`}, {"Etag", `W/"tag"`}, {"Vary", "Cookie"}, {"Vary", "*"}, {"Last-Modified", "Thu, 01 Jan 2015 00:00:00 GMT"}, {"Expires", "0"},
	{"Link", "</l.css>; rel=preload; as=style"}, {"Link", "</m.js>; rel=preload; as=script; nopush, <https://cdn.example/x>; rel=preconnect"},
	{"Link", "<<>>; garbage"}, {"Link", `</n?a="b">; rel="next preload"; title="a, b"`}, {"Set-Cookie", "session=1; Path=/"}, {"Set-Cookie", "h2o_casperx=1"},
	{"X-Own", "1"}, {"X-Own", ""}, {"Content-Security-Policy", "default-src 'self'"}, {"Trailer", "X-Late"}, {"Connection", "close"}, {"Location", "/there"},
}

var scriptCodes = []int{200, 200, 200, 201, 202, 204, 205, 206, 300, 301, 302, 303, 304, 400, 401, 404, 410, 500, 503, 103, 102}

// shared belongs to nobody: a handler must find it as it left it.
var shared = func() []string { s := make([]string, 1, 8); s[0] = "no-cache"; return s }()

func (s script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	informed, wrote := 0, 0
	next := func() int {
		if len(s) == 0 {
			return 0
		}
		b := s[0]
		s = s[1:]
		return int(b)
	}
	for len(s) > 0 && wrote < 1<<16 {
		switch op := next(); op % 12 {
		case 0, 1:
			f := scriptFields[next()%len(scriptFields)]
			w.Header()[f.name] = append(slices.Clip(w.Header()[f.name]), f.value)
		case 2:
			f := scriptFields[next()%len(scriptFields)]
			w.Header().Set(f.name, f.value)
		case 3:
			w.Header().Del(scriptFields[next()%len(scriptFields)].name)
		case 4:
			code := scriptCodes[next()%len(scriptCodes)]
			if code < 200 {
				if informed++; informed > 4 { // clients are told to expect no more
					continue
				}
			}
			w.WriteHeader(code)
		case 5:
			n := next() * next() % 5000
			wrote += n
			w.Write([]byte(strings.Repeat("b", n)))
		case 6:
			n := next()
			wrote += n
			io.WriteString(w, strings.Repeat("s", n))
		case 7:
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
		case 8:
			n := next() * 16
			wrote += n
			io.Copy(w, strings.NewReader(strings.Repeat("r", n)))
		case 9:
			w.Write([]byte("<!doctype html><title>t</title>"))
		case 10:
			w.Header().Set(http.TrailerPrefix+"X-After", fmt.Sprint(next()))
			w.Header().Set("X-Late", fmt.Sprint(next()))
		case 11:
			w.Header()["Cache-Control"] = shared
		}
	}
}

// An outcome is what a client saw.
type outcome struct {
	status          int
	header, trailer http.Header
	body            string
	broken          bool
}

func (o outcome) without(keep func(field, value string) bool) outcome {
	o.header = maps.Clone(o.header)
	delete(o.header, "Date")
	for field, values := range o.header {
		kept := slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !keep(field, v) })
		if o.header[field] = kept; len(kept) == 0 {
			delete(o.header, field)
		}
	}
	return o
}

// A pair serves each script without and with the middleware, over HTTP/1 and HTTP/2.
type pair struct {
	bare, wrapped string // addresses
	handler       *server.Handler
	scripts       sync.Map
	tooMuch       atomic.Bool // Scan was given more than it wants
}

// sourceLinks is what the middleware may add.
var sourceAssets = []string{"/a.css", "/b.js"}

func newPair(t testing.TB) *pair {
	p := new(pair)
	run := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := strings.TrimPrefix(r.URL.Path, "/")
		if s, ok := p.scripts.Load(id); ok {
			script(s.([]byte)).ServeHTTP(w, r)
		}
	})
	p.bare = serve(t, run)
	p.handler = &server.Handler{
		Next: run, Sources: wants(sourceAssets...),
		Scan: func(head []byte, base link.Base) []link.Asset {
			if len(head) > 8<<10 {
				p.tooMuch.Store(true)
			}
			return []link.Asset{{Path: "/scanned.css", As: "style"}}
		},
	}
	p.wrapped = serve(t, p.handler)
	return p
}

// same lets both answer and compares what they say.
func (p *pair) same(t testing.TB, id string, s []byte, method string, fields []hpack.HeaderField) {
	t.Helper()
	p.scripts.Store(id, s)
	defer p.scripts.Delete(id)
	for _, via := range []struct {
		name string
		get  func(testing.TB, string, string, string, []hpack.HeaderField) outcome
	}{{"HTTP/1", via1}, {"HTTP/2", via2}} {
		want := via.get(t, p.bare, method, "/"+id, fields)
		got := via.get(t, p.wrapped, method, "/"+id, fields)
		if p.tooMuch.Load() {
			t.Fatal("Scan was given more than 64 bytes")
		}
		validAdded(t, got.header)
		want, got = comparable(want, got)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s %s, script %q, request %v:\n with    %+v\n without %+v", via.name, method, s, fields, got, want)
		}
	}
}

// comparable takes out what the middleware is there to do, and checks that.
func comparable(want, got outcome) (outcome, outcome) {
	own := make(map[string]bool)
	for _, p := range append(slices.Clone(sourceAssets), "/scanned.css") {
		own[link.Guess(p, "").String()] = true
	}
	private := slices.Contains(got.header["Cache-Control"], "private") && !slices.Contains(want.header["Cache-Control"], "private")
	all := func(string, string) bool { return true }
	return want.without(all), got.without(func(field, value string) bool {
		switch field {
		case "Set-Cookie":
			return !strings.HasPrefix(value, "h2o_casper=")
		case "Link":
			return !own[value]
		case "Cache-Control":
			return !private || value != "private"
		}
		return true
	})
}

var transport1 = &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 4}

func via1(t testing.TB, addr, method, path string, fields []hpack.HeaderField) outcome {
	r, err := http.NewRequest(method, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		r.Header.Add(f.Name, f.Value)
	}
	resp, err := transport1.RoundTrip(r)
	if err != nil {
		return outcome{broken: true}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	o := outcome{status: resp.StatusCode, header: resp.Header, body: string(body), broken: err != nil}
	if len(resp.Trailer) > 0 {
		o.trailer = resp.Trailer
	}
	return o
}

func via2(t testing.TB, addr, method, path string, fields []hpack.HeaderField) outcome {
	c := peer.Dial(t, addr, h2client.Options{})
	defer c.Close()
	x, err := c.Do(h2client.Request{Method: method, Path: path, Header: fields})
	if err != nil {
		return outcome{broken: true}
	}
	toMap := func(h h2client.Header) http.Header {
		if h == nil {
			return nil
		}
		m := make(http.Header)
		for _, f := range h {
			m.Add(f.Name, f.Value)
		}
		return m
	}
	return outcome{status: x.Status(), header: toMap(x.Header), trailer: toMap(x.Trailer), body: string(x.Body), broken: x.Reset != nil}
}

// T16. A thousand handlers written by chance answer the same with the middleware as without.
func TestRandomHandlers(t *testing.T) {
	p := newPair(t)
	in := rand.New(rand.NewPCG(16, 16))
	for i := range 1_000 {
		s := make([]byte, 1+in.IntN(40))
		for j := range s {
			s[j] = byte(in.Uint32())
		}
		method := []string{"GET", "GET", "GET", "HEAD", "POST", "OPTIONS"}[in.IntN(6)]
		p.same(t, fmt.Sprint(i%50), s, method, randomFields(in))
	}
	if st := p.handler.Stats(); st.Pushed.Load() == 0 || st.Linked.Load() == 0 || st.Cookies.Load() == 0 || st.Held.Load() == 0 {
		t.Errorf("%d pushed, %d linked, %d cookies, %d held: too little was tested", st.Pushed.Load(), st.Linked.Load(), st.Cookies.Load(), st.Held.Load())
	}
	if len(shared) != 1 || shared[0] != "no-cache" || shared[:2][1] != "" {
		t.Errorf("a header value that handlers share became %q", shared[:8])
	}
}

func randomFields(in *rand.Rand) []hpack.HeaderField {
	all := []hpack.HeaderField{
		{Name: "cookie", Value: "a=b; " + held("/a.css")}, {Name: "cookie", Value: "h2o_casper=!!"}, {Name: "cookie", Value: held("/a.css", "/b.js", "/l.css", "/scanned.css")},
		{Name: "sec-fetch-mode", Value: "navigate"}, {Name: "sec-fetch-dest", Value: "document"}, {Name: "sec-fetch-dest", Value: "style"},
		{Name: "x-forwarded-for", Value: "192.0.2.1"}, {Name: "cache-digest", Value: "AfdA"}, {Name: "cache-digest", Value: "\x7f"}, {Name: "no-early-hints", Value: "1"},
		{Name: "if-none-match", Value: `"tag"`}, {Name: "cache-control", Value: "no-cache"}, {Name: "sec-purpose", Value: "prefetch"}, {Name: "range", Value: "bytes=0-1"},
		{Name: "x-requested-with", Value: "XMLHttpRequest"}, {Name: "accept", Value: "text/html"}, {Name: "authorization", Value: "Basic x"}, {Name: "referer", Value: "http://x/"},
	}
	var fields []hpack.HeaderField
	for range in.IntN(5) {
		fields = append(fields, all[in.IntN(len(all))])
	}
	return fields
}
