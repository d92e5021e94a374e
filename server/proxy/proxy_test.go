package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/netip"
	"net/textproto"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/internal/testkit"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// serve listens on loopback for HTTP/1 and for HTTP/2 without TLS, until the test ends.
func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, l, h)
}

func serveOn(t testing.TB, l net.Listener, h http.Handler) string {
	t.Helper()
	s := &http.Server{Handler: h, Protocols: new(http.Protocols), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return l.Addr().String()
}

// raw is an upstream that answers every connection's first request with these bytes.
func raw(t testing.TB, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					io.WriteString(c, answer)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func front(t testing.TB, upstream string, c Config) *Handler {
	t.Helper()
	h, err := New(upstream, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// under puts a middleware over a handler that sets headers before it.
func under(next http.Handler, fields ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(fields); i += 2 {
			w.Header().Add(fields[i], fields[i+1])
		}
		next.ServeHTTP(w, r)
	})
}

// get asks once over HTTP/1.1 and returns the informational answers besides.
func get(t testing.TB, url string, fields ...string) (*http.Response, string, []informational) {
	t.Helper()
	var early []informational
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		early = append(early, informational{code, http.Header(h)})
		return nil
	}}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body), early
}

type informational struct {
	code   int
	header http.Header
}

func TestNew(t *testing.T) {
	for _, tt := range []struct{ upstream, want string }{
		{"http://127.0.0.1:3000", ""},
		{"https://app.internal/base", ""},
		{"unix:/run/app.sock", ""},
		{"unix:///run/app.sock", ""},
		{"unix:", "wants the path of a socket"},
		{"127.0.0.1:3000", "want http://"},
		{"[::1]:3000", "want http://"},
		{"127.0.0.1:3000/base", "want http://"},
		{"localhost:3000", "want http://"},
		{"app", "want http://"},
		{"", "want http://"},
		{"ftp://x", "want http://"},
		{"http://", "no host"},
		{"http://:3000", "no host"},
		{"http://u:p@x", "user and password"},
		{"http://x?q", "query or fragment"},
		{"http://x#f", "query or fragment"},
		{"http://x:port", "invalid port"},
		{"http://a b", "invalid character"},
	} {
		h, err := New(tt.upstream, Config{})
		if tt.want == "" {
			if err != nil || h.name != tt.upstream {
				t.Errorf("%q: %v", tt.upstream, err)
			}
			continue
		}
		if !errors.Is(err, errUpstream) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", tt.upstream, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "u:p") {
			t.Errorf("%q: a password in the error: %v", tt.upstream, err)
		}
	}
}

// The faults of httputil.ReverseProxy up to Go 1.27, one by one: what was set before the proxy
// is neither sent with the 103 nor lost from the answer, and connection fields in the 103 go no
// further.
const upstreamWithHints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\nLink: </b.js>; rel=preload; as=script\r\n" +
	"Connection: keep-alive, X-Listed\r\nKeep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\nX-Listed: 1\r\nX-Other: 1\r\nSet-Cookie: early=1\r\n" +
	"Content-Security-Policy: default-src 'self'\r\n\r\n" +
	"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nSet-Cookie: app=1\r\nConnection: X-Gone\r\nX-Gone: 1\r\nX-Final: 1\r\n\r\npage"

var hintHeader = http.Header{
	"Link":                    {"</a.css>; rel=preload; as=style", "</b.js>; rel=preload; as=script"},
	"Content-Security-Policy": {"default-src 'self'"},
}

func TestHints(t *testing.T) {
	addr := serve(t, under(front(t, raw(t, upstreamWithHints), Config{}), "Set-Cookie", "mw=1", "X-Mw", "1"))
	res, body, early := get(t, "http://"+addr+"/")
	if res.StatusCode != 200 || body != "page" {
		t.Errorf("%d %q", res.StatusCode, body)
	}
	if want := []informational{{103, hintHeader}}; !cmp.Equal(want, early, cmp.AllowUnexported(informational{})) {
		t.Errorf("informational answers: %v", early)
	}
	for field, want := range map[string]string{"Set-Cookie": "[mw=1 app=1]", "X-Mw": "[1]", "X-Final": "[1]", "X-Gone": "[]", "X-Other": "[]", "Link": "[]", "Content-Length": "[4]"} {
		if got := fmt.Sprint(res.Header.Values(field)); got != want {
			t.Errorf("%s: %s, want %s", field, got, want)
		}
	}
}

func TestHintsHTTP2(t *testing.T) {
	addr := serve(t, under(front(t, raw(t, upstreamWithHints), Config{}), "Set-Cookie", "mw=1"))
	x, err := peer.Dial(t, addr, h2client.Options{}).Get(addr, "/")
	if err != nil {
		t.Fatal(err)
	}
	if x.Status() != 200 || string(x.Body) != "page" || fmt.Sprint(x.Header.Values("set-cookie")) != "[mw=1 app=1]" {
		t.Errorf("%v %q", x.Header, x.Body)
	}
	if len(x.Early) != 1 {
		t.Fatalf("%d informational answers", len(x.Early))
	}
	for _, f := range x.Early[0] {
		if !slices.Contains([]string{":status", "link", "content-security-policy"}, f.Name) {
			t.Errorf("the 103 has %s: %s", f.Name, f.Value)
		}
	}
	if got := x.Early[0].Values("link"); !cmp.Equal(got, hintHeader["Link"]) {
		t.Errorf("Link %q", got)
	}
}

// curl and nghttp got no page at all when a 103 had connection fields.
func TestHintsCurlNghttp(t *testing.T) {
	addr := serve(t, front(t, raw(t, upstreamWithHints), Config{}))
	t.Run("nghttp", func(t *testing.T) {
		for _, x := range peer.Nghttp(t, "http://"+addr+"/") {
			if x.Status() != 200 || len(x.Early) != 1 || x.Reset != nil || x.Early[0].Get("link") == "" || x.Early[0].Get("connection") != "" {
				t.Errorf("%+v", x)
			}
		}
	})
	t.Run("curl", func(t *testing.T) {
		curl := peer.Find(t, "curl")
		for _, version := range []string{"--http1.1", "--http2-prior-knowledge"} {
			out := run(t, curl, "-sSi", "--max-time", "10", version, "http://"+addr+"/")
			for _, want := range []string{" 103", " 200", "</a.css>", "page"} {
				if !strings.Contains(out, want) {
					t.Errorf("%s: no %q in %s", version, want, out)
				}
			}
		}
		// HTTP/1.0 has no informational answers.
		if out := run(t, curl, "-sSi", "--max-time", "10", "--http1.0", "http://"+addr+"/"); strings.Contains(out, "103") || !strings.Contains(out, "page") {
			t.Errorf("HTTP/1.0: %s", out)
		}
	})
}

// F4: net/http would send the 103 to a client of HTTP/1.0 too.
func TestNoHintsForHTTP10(t *testing.T) {
	addr := serve(t, front(t, raw(t, upstreamWithHints), Config{}))
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
	answer, err := io.ReadAll(c)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.0 200") || strings.Contains(string(answer), "103") {
		t.Errorf("%q, %v", answer, err)
	}
}

// TestF2Hints: an application's 103 is handed on as it is, within what a client takes; one without
// links is none.
func TestF2Hints(t *testing.T) {
	many := strings.Repeat("Link: </a.css>; rel=preload\r\n", 500)
	vast := strings.Repeat("Link: </"+strings.Repeat("a", 1000)+">; rel=preload\r\n", 500)
	for name, tt := range map[string]struct {
		header string
		links  int
	}{
		"none":  {"X-Other: 1\r\n", 0},
		"empty": {"Link: \r\n", 0},
		"long":  {"Link: </" + strings.Repeat("a", 9000) + ">; rel=preload\r\nLink: </a.css>; rel=preload\r\n", 2},
		"many":  {many, 500},
		"vast":  {vast + "Link: </a.css>; rel=preload\r\n", 64 << 10 / len("</>; rel=preload"+strings.Repeat("a", 1000))},
	} {
		addr := serve(t, front(t, raw(t, "HTTP/1.1 103 Early Hints\r\n"+tt.header+"\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage"), Config{}))
		_, body, early := get(t, "http://"+addr+"/")
		links := 0
		for _, e := range early {
			links += len(e.header["Link"])
		}
		if links != tt.links || body != "page" || tt.links == 0 && len(early) > 0 {
			t.Errorf("%s: %d links in %d answers, %q", name, links, len(early), body)
		}
	}
}

// An upstream without end of informational answers is given up.
func TestEndlessHints(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	given := make(chan struct{})
	go func() {
		defer close(given)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, err = http.ReadRequest(bufio.NewReader(c))
		for err == nil {
			_, err = io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
		}
	}()
	var log syncBuilder
	addr := serve(t, front(t, "http://"+l.Addr().String(), Config{Log: slog.New(slog.NewTextHandler(&log, nil))}))
	res, body, hints := get(t, "http://"+addr+"/")
	if res.StatusCode != 502 || !strings.Contains(body, "no valid answer") || !strings.Contains(log.String(), "informational answers") {
		t.Errorf("%d %q %s", res.StatusCode, body, log.String())
	}
	<-given
	if len(hints) != maxInformational {
		t.Errorf("%d hints handed on, want %d", len(hints), maxInformational)
	}
}

// Other informational answers pass, without the fields of the connection (RFC 9110, section
// 15.2).
func TestInformational(t *testing.T) {
	addr := serve(t, under(front(t, raw(t, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 104 Upload Resumption\r\nLocation: /u/1\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"), Config{}), "X-Mw", "1"))
	res, _, early := get(t, "http://"+addr+"/")
	want := []informational{{102, http.Header{}}, {104, http.Header{"Location": {"/u/1"}}}}
	if !cmp.Equal(want, early, cmp.AllowUnexported(informational{})) || res.StatusCode != 204 || res.Header.Get("X-Mw") != "1" || res.Header.Get("Location") != "" {
		t.Errorf("%v, %d %v", early, res.StatusCode, res.Header)
	}
}

// A writer below that adds to the header while the 103 passes through it keeps what it added.
func TestWriterBelowAdds(t *testing.T) {
	h := front(t, raw(t, upstreamWithHints), Config{})
	addr := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Cookie")
		h.ServeHTTP(&adding{w}, r)
	}))
	res, _, _ := get(t, "http://"+addr+"/")
	if got := fmt.Sprint(res.Header.Values("Vary"), res.Header.Values("Set-Cookie")); got != "[Cookie Accept] [below=1 app=1]" {
		t.Error(got)
	}
}

type adding struct{ http.ResponseWriter }

func (w *adding) WriteHeader(code int) {
	if code == 103 {
		w.Header().Add("Set-Cookie", "below=1")
		w.Header().Add("Vary", "Accept")
		return
	}
	w.ResponseWriter.WriteHeader(code)
}

// TestHintSurvivesReset: a client that resets its streams while their 103 is written cannot end
// the process (golang.org/issue/67940). It says most under -race.
func TestHintSurvivesReset(t *testing.T) {
	h := front(t, "http://upstream", Config{})
	h.proxy.Transport = immediate{} // over a network the reset would nearly always be there before the 103
	addr := serve(t, under(h, "X-Mw", "1", "Set-Cookie", "mw=1"))
	connections, streams := 50, 200
	if testing.Short() {
		connections = 5
	}
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			go io.Copy(io.Discard, conn)
			io.WriteString(conn, http2.ClientPreface)
			framer := http2.NewFramer(conn, nil)
			framer.WriteSettings()
			var block bytes.Buffer
			encoder := hpack.NewEncoder(&block)
			for i := range streams {
				block.Reset()
				for _, f := range []hpack.HeaderField{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"}, {Name: ":authority", Value: addr}, {Name: ":path", Value: "/"}} {
					encoder.WriteField(f)
				}
				id := uint32(2*i + 1)
				if framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true}) != nil ||
					framer.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
					return // the server may have had enough
				}
			}
		})
	}
	wg.Wait()
	if _, body, early := get(t, "http://"+addr+"/"); body != "page" || len(early) != 1 {
		t.Errorf("afterwards: %q, %v", body, early)
	}
}

// immediate is an upstream without distance.
type immediate struct{}

func (immediate) RoundTrip(r *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(r.Context())
	if err := trace.Got1xxResponse(103, textproto.MIMEHeader{"Link": {"</a.css>; rel=preload; as=style"}}); err != nil {
		return nil, err
	}
	header := http.Header{}
	for i := range 20 {
		header.Set(fmt.Sprint("X-", i), "after the hint")
	}
	return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(strings.NewReader("page")), Request: r}, nil
}

// An application may answer while it is still being told. net/http would hold the answer back
// until it had the rest of the request, and throw that away.
func TestFullDuplex(t *testing.T) {
	upstream := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		half := make([]byte, 5)
		for range 2 {
			if _, err := io.ReadFull(r.Body, half); err != nil {
				t.Error(err)
			}
			w.Write(bytes.ToUpper(half))
			http.NewResponseController(w).Flush()
		}
	}))
	c, err := net.Dial("tcp", serve(t, front(t, "http://"+upstream, Config{})))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 5)
	if _, err := io.ReadFull(res.Body, first); string(first) != "HELLO" || err != nil {
		t.Fatalf("%q %v", first, err)
	}
	io.WriteString(c, "world")
	if rest, err := io.ReadAll(res.Body); string(rest) != "WORLD" || err != nil {
		t.Errorf("%q %v", rest, err)
	}
}

func TestRequestArrives(t *testing.T) {
	type request struct {
		Method, Host, URI, Body string
		Header, Trailer         http.Header
	}
	var mu sync.Mutex
	var got request
	upstream := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		got = request{r.Method, r.Host, r.RequestURI, string(body), r.Header.Clone(), r.Trailer}
		got.Header.Del(loopHeader)
	}))
	h := front(t, "http://"+upstream+"/base/", Config{})
	addr := serve(t, h)
	for _, tt := range []struct {
		name, sent string
		want       request
	}{
		{"plain", "GET /a/b?x=1 HTTP/1.1\r\nHost: shop.test\r\nAccept: */*\r\nCookie: a=b\r\n\r\n",
			request{"GET", "shop.test", "/base/a/b?x=1", "", http.Header{"Accept": {"*/*"}, "Cookie": {"a=b"}}, nil}},
		{"odd query and path", "GET /a%2Fb/%7e;x//y?a;b=%zz&c HTTP/1.1\r\nHost: shop.test\r\n\r\n",
			request{"GET", "shop.test", "/base/a%2Fb/%7e;x//y?a;b=%zz&c", "", http.Header{}, nil}},
		{"connection fields", "GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nTe: trailers, deflate\r\nKeep-Alive: 1\r\nProxy-Authorization: x\r\n\r\n",
			request{"GET", "shop.test", "/base/", "", http.Header{"Te": {"trailers"}}, nil}},
		{"forged forwarding", "GET / HTTP/1.1\r\nHost: shop.test\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: https\r\nForwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nX-Forwarded-Port: 1\r\n\r\n",
			request{"GET", "shop.test", "/base/", "", http.Header{}, nil}},
		{"length", "POST /p HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 5\r\n\r\nhello",
			request{"POST", "shop.test", "/base/p", "hello", http.Header{"Content-Length": {"5"}}, nil}},
		{"chunks and trailers", "PUT /p HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n",
			request{"PUT", "shop.test", "/base/p", "hello", http.Header{}, http.Header{"X-Sum": {"42"}}}},
		{"empty body", "POST /p HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n",
			request{"POST", "shop.test", "/base/p", "", http.Header{"Content-Length": {"0"}}, nil}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			io.WriteString(c, tt.sent)
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || res.StatusCode != 200 {
				t.Fatalf("%v %v", res, err)
			}
			mu.Lock()
			defer mu.Unlock()
			want := tt.want
			want.Header["X-Forwarded-For"] = []string{"127.0.0.1"}
			want.Header["X-Forwarded-Host"] = []string{"shop.test"}
			want.Header["X-Forwarded-Proto"] = []string{"http"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestForwarded(t *testing.T) {
	var got http.Header
	var host string
	upstream := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got, host = r.Header, r.Host }))
	claims := http.Header{"X-Forwarded-For": {"1.2.3.4, 10.0.0.9"}, "X-Forwarded-Host": {"shop.test"}, "X-Forwarded-Proto": {"HTTPS"}}
	for _, tt := range []struct {
		name, remote string
		config       Config
		tls          bool
		claims       http.Header
		want         string
	}{
		{"direct", "192.0.2.7:1234", Config{}, false, nil, "192.0.2.7|example.com|http|example.com"},
		{"direct, TLS", "192.0.2.7:1234", Config{}, true, nil, "192.0.2.7|example.com|https|example.com"},
		{"claims of a stranger", "192.0.2.7:1234", Config{}, false, claims, "192.0.2.7|example.com|http|example.com"},
		{"claims of another network", "192.0.2.7:1234", Config{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, false, claims, "192.0.2.7|example.com|http|example.com"},
		{"claims of a friend", "10.1.2.3:1234", Config{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, false, claims, "1.2.3.4, 10.0.0.9, 10.1.2.3|shop.test|https|example.com"},
		{"a friend as IPv6 sees it", "[::ffff:10.1.2.3]:1234", Config{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, false, claims, "1.2.3.4, 10.0.0.9, ::ffff:10.1.2.3|shop.test|https|example.com"},
		{"a friend without claims", "10.1.2.3:1234", Config{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, true, nil, "10.1.2.3|example.com|https|example.com"},
		{"a friend with a strange claim", "10.1.2.3:1234", Config{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, true, http.Header{"X-Forwarded-Proto": {"gopher"}}, "10.1.2.3|example.com|https|example.com"},
		{"a socket", "@", Config{Trusted: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}, false, claims, "|example.com|http|example.com"},
	} {
		r := httptest.NewRequest("GET", "http://example.com/", nil)
		if tt.tls {
			r = httptest.NewRequest("GET", "https://example.com/", nil)
		}
		r.RemoteAddr = tt.remote
		for k, v := range tt.claims {
			r.Header[k] = v
		}
		front(t, "http://"+upstream, tt.config).ServeHTTP(httptest.NewRecorder(), r)
		if s := strings.Join([]string{got.Get("X-Forwarded-For"), got.Get("X-Forwarded-Host"), got.Get("X-Forwarded-Proto"), host}, "|"); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, s, tt.want)
		}
	}
}

// Bodies in both directions at once, by both versions of HTTP, and large enough to fill every
// buffer on the way.
func TestBodies(t *testing.T) {
	upstream := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Trailer", "X-Sum")
		sum := sha256.New()
		io.Copy(io.MultiWriter(w, sum), r.Body)
		w.Header().Set("X-Sum", fmt.Sprintf("%x", sum.Sum(nil)))
		w.Header().Set(http.TrailerPrefix+"X-Late", "unannounced")
	}))
	addr := serve(t, front(t, "http://"+upstream, Config{}))
	body := make([]byte, 3<<20)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range body {
		body[i] = byte(rnd.Uint32())
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(body))
	for _, version := range []int{1, 2} {
		transport := &http.Transport{Protocols: new(http.Protocols), DisableCompression: true}
		transport.Protocols.SetHTTP1(version == 1)
		transport.Protocols.SetUnencryptedHTTP2(version == 2)
		for name, r := range map[string]io.Reader{"length": bytes.NewReader(body), "chunks": io.MultiReader(bytes.NewReader(body))} {
			req, err := http.NewRequest("POST", "http://"+addr+"/", r)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Expect", "100-continue")
			res, err := transport.RoundTrip(req)
			if err != nil {
				t.Fatalf("HTTP/%d, %s: %v", version, name, err)
			}
			got, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || !bytes.Equal(got, body) {
				t.Errorf("HTTP/%d, %s: %d bytes back, %v", version, name, len(got), err)
			}
			if res.Trailer.Get("X-Sum") != sum || res.Trailer.Get("X-Late") != "unannounced" {
				t.Errorf("HTTP/%d, %s: trailers %v", version, name, res.Trailer)
			}
		}
		transport.CloseIdleConnections()
	}
}

// A stream passes as it comes: each event is read before the next one is written. When the
// client leaves in the middle, the application learns it.
func TestStream(t *testing.T) {
	for _, version := range []string{"HTTP/1", "HTTP/2"} {
		for _, leaves := range []bool{false, true} {
			next, ended := make(chan int), make(chan struct{})
			upstream := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(ended)
				w.Header().Set("Content-Type", "text/event-stream")
				for {
					select {
					case <-r.Context().Done():
						return
					case event, ok := <-next:
						if !ok {
							return
						}
						fmt.Fprintf(w, "data: %d\n", event)
						http.NewResponseController(w).Flush()
					}
				}
			}))
			addr := serve(t, front(t, "http://"+upstream, Config{}))
			transport := &http.Transport{Protocols: new(http.Protocols)}
			transport.Protocols.SetHTTP1(version == "HTTP/1")
			transport.Protocols.SetUnencryptedHTTP2(version == "HTTP/2")
			ctx, cancel := context.WithCancel(t.Context())
			req, err := http.NewRequestWithContext(ctx, "GET", "http://"+addr+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			go func() { next <- 0 }() // the answer begins with the first event
			res, err := transport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			events := bufio.NewReader(res.Body)
			for i := range 5 {
				if i > 0 {
					next <- i
				}
				if line, err := events.ReadString('\n'); line != fmt.Sprintf("data: %d\n", i) || err != nil {
					t.Fatalf("%s: %q %v", version, line, err)
				}
			}
			if leaves {
				cancel()
			} else {
				close(next)
				if rest, err := io.ReadAll(events); len(rest) > 0 || err != nil {
					t.Errorf("%s: %q %v", version, rest, err)
				}
			}
			<-ended
			cancel()
			res.Body.Close()
			transport.CloseIdleConnections()
		}
	}
}

func TestUpgrade(t *testing.T) {
	upstream := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Sec-Websocket-Key") != "k" {
			http.Error(w, "no upgrade", 400)
			return
		}
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: a\r\n\r\n")
		rw.Flush()
		for {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			io.WriteString(rw, "echo "+line)
			rw.Flush()
		}
	}))
	addr := serve(t, under(front(t, "http://"+upstream, Config{}), "X-Mw", "1"))
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n")
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 101 || res.Header.Get("Sec-Websocket-Accept") != "a" || res.Header.Get("Upgrade") != "websocket" || res.Header.Get("X-Mw") != "1" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	for _, line := range []string{"one\n", "two\n"} {
		io.WriteString(c, line)
		if got, err := r.ReadString('\n'); got != "echo "+line || err != nil {
			t.Errorf("%q %v", got, err)
		}
	}
	// Over HTTP/2 there is no such upgrade; the application answers as it likes.
	x, err := peer.Dial(t, addr, h2client.Options{}).Get(addr, "/ws")
	if err != nil || x.Status() != 400 {
		t.Errorf("HTTP/2: %v %v", x, err)
	}
}

func TestUnixSocket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "app.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host, r.URL) }))
	addr := serve(t, front(t, "unix:"+socket, Config{}))
	if _, body, _ := get(t, "http://"+addr+"/x?y"); body != addr+"/x?y" {
		t.Errorf("%q", body)
	}
}

func TestTLSUpstream(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(103)
		fmt.Fprint(w, r.Proto)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	config := s.Client().Transport.(*http.Transport).TLSClientConfig
	_, body, early := get(t, "http://"+serve(t, front(t, s.URL, Config{TLS: config}))+"/")
	if body != "HTTP/2.0" || len(early) != 1 {
		t.Errorf("%q %v", body, early)
	}
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	if res, _, _ := get(t, "http://"+serve(t, front(t, s.URL, Config{}))+"/"); res.StatusCode != 502 {
		t.Errorf("a certificate that nobody knows: %d", res.StatusCode)
	}
}

// An upstream that does not answer costs one request, one line in the log, and tells the client
// nothing of what stands behind.
func TestFailures(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	silent := make(chan struct{})
	t.Cleanup(func() { close(silent) })
	slow := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-silent:
		case <-r.Context().Done():
		}
	}))
	for _, tt := range []struct {
		name, upstream string
		status         int
		body           string
	}{
		{"nobody listens", "http://" + closed.Addr().String(), 502, "does not answer"},
		{"no socket", "unix:" + filepath.Join(t.TempDir(), "none"), 502, "does not answer"},
		{"no such host", "http://name.invalid", 502, "does not answer"},
		{"too slow", "http://" + slow, 504, "takes too long"},
		{"not HTTP", raw(t, "SSH-2.0-OpenSSH_9.2\r\n"), 502, "no valid answer"},
		{"nothing", raw(t, ""), 502, "no valid answer"},
		{"endless header", raw(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", headerBytes+5000)), 502, "no valid answer"},
		{"wrong upgrade", raw(t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n"), 502, "no valid answer"},
		{"failure behind hints", raw(t, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"), 502, "no valid answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log syncBuilder
			h := under(front(t, tt.upstream, Config{Log: slog.New(slog.NewTextHandler(&log, nil))}), "X-Mw", "1")
			addr := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if tt.status == http.StatusGatewayTimeout { // whose patience ends is for a handler in front to say
					ctx, cancel := context.WithTimeout(r.Context(), 20*time.Millisecond)
					defer cancel()
					r = r.WithContext(ctx)
				}
				h.ServeHTTP(w, r)
			}))
			res, body, _ := get(t, "http://"+addr+"/some/page")
			if res.StatusCode != tt.status || strings.Count(body, "\n") != 1 || !strings.Contains(body, tt.body) || strings.Contains(body, "127.0.0.1") || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("X-Mw") != "1" {
				t.Errorf("%d %v %q", res.StatusCode, res.Header, body)
			}
			if lines := log.String(); strings.Count(lines, "\n") != 1 || !strings.Contains(lines, tt.upstream) || !strings.Contains(lines, "/some/page") {
				t.Errorf("log: %s", lines)
			}
		})
	}
}

type syncBuilder struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *syncBuilder) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuilder) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// An answer that breaks off is not made to look whole.
func TestTruncated(t *testing.T) {
	for _, answer := range []string{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"} {
		var log syncBuilder
		addr := serve(t, front(t, raw(t, answer), Config{Log: slog.New(slog.NewTextHandler(&log, nil))}))
		res, err := http.Get("http://" + addr)
		if err == nil {
			_, err = io.ReadAll(res.Body)
			res.Body.Close()
		}
		if err == nil {
			t.Errorf("%q looks whole", answer)
		}
		x, err := peer.Dial(t, addr, h2client.Options{}).Get(addr, "/")
		if err == nil && x.Reset == nil {
			t.Errorf("%q looks whole over HTTP/2", answer)
		}
	}
}

// A client that leaves is no fault of the upstream, and nobody is told of one.
func TestClientLeaves(t *testing.T) {
	arrived, left := make(chan struct{}), make(chan struct{})
	upstream := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(left)
	}))
	var log syncBuilder
	h := front(t, "http://"+upstream, Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	outcome := make(chan any, 1)
	addr := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { outcome <- recover(); panic(http.ErrAbortHandler) }()
		h.ServeHTTP(w, r)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://"+addr, nil)
	go func() {
		<-arrived
		cancel()
	}()
	if _, err := http.DefaultTransport.RoundTrip(req); err == nil {
		t.Error("an answer")
	}
	<-left
	if got := <-outcome; got != http.ErrAbortHandler || log.String() != "" {
		t.Errorf("%v, log: %s", got, log.String())
	}
	// Outside a server there is nobody to catch that.
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	front(t, "http://"+upstream, Config{}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	if w.Body.Len() > 0 {
		t.Errorf("%q", w.Body)
	}
}

func TestTooLargeBody(t *testing.T) {
	upstream := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	h := front(t, "http://"+upstream, Config{})
	addr := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 10)
		h.ServeHTTP(w, r)
	}))
	res, err := http.Post("http://"+addr, "text/plain", strings.NewReader(strings.Repeat("x", 100)))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 413 {
		t.Errorf("%d", res.StatusCode)
	}
}

// Two proxies that name each other, or one that names itself, stop at the second time round.
func TestLoop(t *testing.T) {
	var a, b http.Handler
	atA := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.ServeHTTP(w, r) }))
	atB := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.ServeHTTP(w, r) }))
	var log syncBuilder
	a, b = front(t, "http://"+atB, Config{Log: slog.New(slog.NewTextHandler(&log, nil))}), front(t, "http://"+atA, Config{})
	if res, body, _ := get(t, "http://"+atA+"/"); res.StatusCode != 508 || strings.Count(body, "\n") != 1 || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("%d %q %s", res.StatusCode, body, log.String())
	}
}

// TestTransparent: whatever an application answers, it reads the same through the proxy as
// without it.
func TestTransparent(t *testing.T) {
	seed := rand.Uint64()
	app := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n uint64
		fmt.Sscan(r.URL.Path[1:], &n)
		rnd := rand.New(rand.NewPCG(seed, n))
		for range rnd.IntN(4) {
			w.Header().Set("Link", fmt.Sprintf("</%d.css>; rel=preload", rnd.IntN(9)))
			w.WriteHeader(103)
		}
		h := w.Header()
		for range rnd.IntN(5) {
			h.Add([]string{"Set-Cookie", "X-A", "Link", "Cache-Control", "Vary"}[rnd.IntN(5)], fmt.Sprint("v", rnd.IntN(100)))
		}
		body := bytes.Repeat([]byte("x"), []int{0, 1, 100, 5000, 100_000}[rnd.IntN(5)])
		code := []int{200, 200, 201, 204, 206, 304, 302, 404, 418, 500, 599}[rnd.IntN(11)]
		if rnd.IntN(2) == 0 && code != 204 && code != 304 {
			h.Set("Content-Length", fmt.Sprint(len(body)))
		}
		if rnd.IntN(3) == 0 {
			h.Set("Trailer", "X-T")
		}
		h.Set("Content-Type", "text/x")
		w.WriteHeader(code)
		w.Write(body)
		h.Set("X-T", "t")
	}))
	addr := serve(t, front(t, "http://"+app, Config{}))
	ask := func(addr string, n int) string {
		res, body, early := get(t, fmt.Sprintf("http://%s/%d", addr, n), "Accept-Encoding", "identity")
		res.Header.Del("Date")
		res.Header.Del("Trailer") // what announces trailers is the connection's own
		return fmt.Sprint(res.StatusCode, res.Header, res.Trailer, len(body), res.ContentLength, early)
	}
	for n := range 200 {
		if direct, through := ask(app, n), ask(addr, n); direct != through {
			t.Fatalf("seed %d, answer %d:\ndirect  %s\nthrough %s", seed, n, direct, through)
		}
	}
}

func FuzzUpstream(f *testing.F) {
	f.Add([]byte(upstreamWithHints))
	f.Add([]byte("HTTP/1.1 103 \r\nLink: <a>\r\n\r\nHTTP/1.1 103 E\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"))         // two, one with a length
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n"))       // trailers
	f.Add([]byte("HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\ndata"))                                              // an upgrade that nobody asked for
	f.Add([]byte("HTTP/1.0 199 \r\nConnection: Link\r\nLink: </a>\r\n\r\nHTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\nxxxxx"))      // odd codes
	f.Add([]byte("HTTP/1.1 103 E\r\nLink: </a\r\n b>;\x01\r\nSet-Cookie: a\r\n\r\nHTTP/1.1 204 N\r\nContent-Length: 2\r\n\r\nx")) // folded, with a control
	testkit.Corpus(f, "httpresp", func(answer []byte) { f.Add(answer) })
	f.Fuzz(func(t *testing.T, answer []byte) {
		h, err := New("http://upstream", Config{})
		if err != nil {
			t.Fatal(err)
		}
		h.transport.DisableKeepAlives = true
		h.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				if _, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
					server.Write(answer)
				}
			}()
			return client, nil
		}
		l := newPipeListener()
		s := &http.Server{Handler: under(h, "Set-Cookie", "mw=1"), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
		go s.Serve(l)
		defer s.Close()
		c := l.dial()
		defer c.Close()
		c.SetDeadline(time.Now().Add(10 * time.Second))
		go io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		r := bufio.NewReader(c)
		for {
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				var slow net.Error
				if errors.As(err, &slow) && slow.Timeout() {
					t.Fatal("no answer")
				}
				if err != io.ErrUnexpectedEOF {
					t.Fatalf("not an answer: %v", err)
				}
				return // cut off, as the upstream's was
			}
			if res.StatusCode == 103 {
				for field := range res.Header {
					if field != "Link" && field != "Content-Security-Policy" {
						t.Fatalf("the 103 has %s", field)
					}
				}
			}
			if res.StatusCode >= 200 {
				if res.Header.Get("Set-Cookie") != "mw=1" {
					t.Fatalf("a header was lost: %v", res.Header)
				}
				io.Copy(io.Discard, res.Body)
				return
			}
		}
	})
}

// pipeListener gives a server connections that are no sockets.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
}

func (l *pipeListener) dial() net.Conn {
	client, server := net.Pipe()
	l.conns <- server
	return client
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// BenchmarkProxy stands beside httputil's, in front of the same application.
func BenchmarkProxy(b *testing.B) {
	app := "http://" + serve(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "page") }))
	ours, err := New(app, Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer ours.Close()
	plain := newPlain(app, ours.transport)
	for name, h := range map[string]http.Handler{"casper": ours, "httputil": plain} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/", nil)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
