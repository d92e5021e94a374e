package caddycasper

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/testkit"
	"github.com/cache-aware/casper/server/link"
)

// A folder's page is learned from visits; then newcomers get its assets in one 103, and
// those who hold them, by their cookie, get none.
func TestFileServer(t *testing.T) {
	s := start(t, `
	casper
	root %s/site
	encode gzip
	`+fresh+`
	file_server`)
	if got := hinted(t, s.browser(999).visit("/")); got != nil {
		t.Errorf("the first visitor of all was hinted %q", got)
	}
	s.teach("/", 8)
	if got := known("", "/"); !slices.Equal(got, both) {
		t.Fatalf("learned %q", got)
	}
	if share := s.helped("/", both...); share < 0.5 {
		t.Errorf("%.0f %% of newcomers were helped", 100*share)
	}
	b, x := s.receiver()
	if x.Header.Get("content-encoding") != "gzip" {
		t.Errorf("answered %v", x.Header)
	}
	f, err := casper.Parse(strings.TrimPrefix(b.cookie, "h2o_casper="), casper.Params{})
	if err != nil || f.Len() != 2 {
		t.Errorf("cookie %q: %d keys, %v", b.cookie, f.Len(), err)
	}
	warm := b.navigate("/")
	wantAnswer(t, warm, 200, "the page")
	if len(warm.Early) != 0 || warm.Header.Get("set-cookie") != "" {
		t.Errorf("a warm visitor was sent %v and %q", warm.Early, warm.Header.Get("set-cookie"))
	}
	b.cookie = ""
	again := b.navigate("/", hpack.HeaderField{Name: "if-none-match", Value: warm.Header.Get("etag")})
	if again.Status() != 304 || again.Header.Get("set-cookie") != "" || len(again.Early) != 0 {
		t.Errorf("%d, %v, %v", again.Status(), again.Early, again.Header)
	}
}

// receiver is somebody who got all hints, and so a cookie: who is not held out.
func (s *stage) receiver() (*client, *h2client.Exchange) {
	s.t.Helper()
	gzip := hpack.HeaderField{Name: "accept-encoding", Value: "gzip"}
	for i := range 20 {
		b := s.browser(2000 + i)
		if x := b.navigate("/", gzip); slices.Equal(hinted(s.t, x), both) {
			return b, x
		}
	}
	s.t.Fatal("nobody gets all hints")
	return nil, nil
}

const declared = "casper {\n manifest %s/rules\n learn off\n}\n"

// rules are a manifest for the pages of tests.
func (s *stage) rules(pages ...string) {
	for i, p := range pages {
		pages[i] = p + "\n</app.css>; rel=preload; as=style\n</app.js>; rel=preload; as=script\n"
	}
	s.write("rules", strings.Join(pages, "\n"))
}

// ready is a stage whose manifest there is before Caddy reads it.
func ready(t *testing.T, directives string, pages ...string) *stage {
	t.Helper()
	s := start(t, "respond ready")
	s.rules(pages...)
	s.load(directives)
	return s
}

// What is not casper's cookie, or that of nobody, gets the very answer that no cookie gets.
func TestJunkCookie(t *testing.T) {
	s := ready(t, declared+fresh+"root %s/site\nfile_server", "/")
	plain := s.browser(1)
	want := plain.navigate("/")
	if !slices.Equal(hinted(t, want), both) || plain.cookie == "" {
		t.Fatalf("hinted %v, %v", want.Early, want.Header)
	}
	for _, junk := range []string{"!", "AAAA", strings.Repeat("A", 5000), `"`, "%00", "é"} {
		b := s.browser(1)
		b.cookie = "h2o_casper=" + junk
		got := b.navigate("/")
		for _, x := range []*[]hpack.HeaderField{(*[]hpack.HeaderField)(&got.Header), (*[]hpack.HeaderField)(&want.Header)} {
			*x = slices.DeleteFunc(*x, func(f hpack.HeaderField) bool { return f.Name == "date" })
			slices.SortFunc(*x, func(a, b hpack.HeaderField) int { return strings.Compare(a.Name, b.Name) })
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.20q: %s", junk, diff)
		}
	}
}

// A client that takes pushes gets them, through encode, once for a connection and once for a
// cookie. With push off it gets none, and with hints off a browser gets Link.
func TestPush(t *testing.T) {
	s := ready(t, declared+fresh+"root %s/site\nencode {\n gzip\n minimum_length 1\n}\nfile_server", "/")
	c := s.program()
	gzip := hpack.HeaderField{Name: "accept-encoding", Value: "gzip"}
	x := c.navigate("/", gzip)
	if got := x.Pushed(); !slices.Equal(got, both) {
		t.Fatalf("pushed %q", got)
	}
	for _, p := range x.Pushes {
		if p.Status() != 200 || p.Header.Get("content-encoding") != "gzip" || p.Header.Get("set-cookie") != "" {
			t.Errorf("%s: %v", p.Path(), p.Header)
		}
	}
	cookie := c.cookie
	if c.cookie = ""; len(c.navigate("/").Pushes) != 0 {
		t.Error("pushed again over the same connection")
	}
	other := s.program()
	if other.cookie = cookie; cookie == "" || len(other.navigate("/").Pushes) != 0 {
		t.Errorf("pushed again in spite of the cookie %q", cookie)
	}
	s.load("casper {\n manifest %s/rules\n learn off\n push off\n hints off\n}\n" + fresh + "root %s/site\nfile_server")
	if x := s.program().navigate("/"); len(x.Pushes) != 0 {
		t.Errorf("push off: pushed %q", x.Pushed())
	}
	if x := s.browser(1).navigate("/"); len(x.Early) != 0 || len(x.Header.Values("link")) != 2 {
		t.Errorf("hints off: %v and %v", x.Early, x.Header)
	}
}

// An application's own 103 reaches the client in the one that it gets, with the links alone.
// The next client need not wait for the application to have thought.
func TestReverseProxy(t *testing.T) {
	seen := make(chan bool, 1)
	waits := false
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.Header().Set("Cache-Control", "max-age=600")
			return
		}
		if waits {
			<-seen
		}
		w.Header().Set("X-Internal", "1")
		w.Header().Set("Link", "</app.css>; rel=preload; as=style")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Add("Link", "</app.js>; rel=preload; as=script")
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html>from the application")
	}))
	defer app.Close()
	s := start(t, "casper\nheader {\n X-Frame-Options DENY\n -X-Powered-By\n}\nencode gzip\nreverse_proxy "+strings.TrimPrefix(app.URL, "http://"))
	x := s.browser(1).navigate("/")
	wantAnswer(t, x, 200, "from the application")
	if got := hinted(t, x); !slices.Equal(got, []string{"/app.css"}) {
		t.Errorf("the first was hinted %q", got)
	}
	if got := x.Header.Values("link"); len(got) != 2 || x.Header.Get("x-internal") != "1" || x.Header.Get("x-frame-options") != "DENY" || x.Header.Get("set-cookie") == "" {
		t.Errorf("final answer: %v", x.Header)
	}

	waits = true
	var early []string
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
		for _, a := range link.Parse(header["Link"], "/") {
			early = append(early, a.Path)
		}
		seen <- true // only now the application goes on
		return nil
	}}
	r, _ := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", "https://"+s.addr+"/", nil)
	r.Host = host
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	transport := &http.Transport{TLSClientConfig: s.tls, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if !slices.Equal(early, both) || resp.ProtoMajor != 2 || !bytes.Contains(body, []byte("from the application")) {
		t.Errorf("%s: before the application %q, body %q", resp.Proto, early, body)
	}
}

// Errors stay what Caddy makes of them, and nothing goes ahead of the next.
func TestErrors(t *testing.T) {
	s := ready(t, declared+`
	root %s/site
	file_server
	handle_errors {
		casper {
			manifest %s/rules
			max_assets 3
		}
		header Content-Type text/html
		respond "sorry: {err.status_code}" {err.status_code}
	}`, "/missing")
	for i, want := range [][]string{both, nil, nil} {
		x := s.browser(1).navigate("/missing")
		wantAnswer(t, x, 404, "sorry: 404")
		if got := x.Header.Get("content-type"); got != "text/html" {
			t.Errorf("visit %d: the error route's Content-Type is %q", i+1, got)
		}
		if got := hinted(t, x); !slices.Equal(got, want) {
			t.Errorf("visit %d: hinted %q, want %q", i+1, got, want)
		}
	}
	s.write("site/missing", "<!doctype html>found")
	wantAnswer(t, s.browser(1).navigate("/missing"), 200, "found")
	s.load(declared + "reverse_proxy 127.0.0.1:1")
	wantAnswer(t, s.browser(1).navigate("/"), 502, "")
}

// Where casper stands. A header block with a deletion is applied when the answer goes out:
// from outside of it casper sees a public answer, and keeps its cookie to itself. Inside, it
// would not.
func TestOutsideOfHeader(t *testing.T) {
	const directives = declared + "header {\n Cache-Control \"public, max-age=600\"\n -Server\n}\nroot %s/site\nfile_server"
	for order, cookie := range map[string]bool{"": false, "order casper before encode": true} {
		s := start(t, "respond ready")
		s.rules("/")
		s.globals = trusting + "\n" + order
		s.load(directives)
		b := s.browser(1)
		x := b.visit("/")
		if got := x.Header.Get("set-cookie"); (got != "") != cookie || !slices.Equal(x.Header.Values("cache-control"), []string{"public, max-age=600"}) {
			t.Errorf("%q: %v", order, x.Header)
		}
		// Inside, it would also think that browsers may not keep the assets.
		want := both
		if cookie {
			want = nil
		}
		if got := hinted(t, s.browser(2).navigate("/")); !slices.Equal(got, want) {
			t.Errorf("%q: hinted %q, want %q", order, got, want)
		}
		s.stop()
	}
}

// Pages are known by what the client asked for, whatever routes have made of it.
func TestRewrites(t *testing.T) {
	s := start(t, `
	root %s/site
	`+fresh+`
	handle_path /shop/* {
		casper
		try_files {path} /index.html
		file_server
	}
	handle {
		casper
		try_files {path} /index.html
		file_server
	}`)
	s.teach("/deep/link", 8)
	s.teach("/shop/toys", 8)
	for _, page := range []string{"/deep/link", "/shop/toys"} {
		if got := known("", page); !slices.Equal(got, both) {
			t.Errorf("%s: learned %q", page, got)
		}
		if share := s.helped(page, both...); share < 0.5 {
			t.Errorf("%s: %.0f %% of newcomers were helped", page, 100*share)
		}
	}
	if got := known("", "/index.html"); got != nil {
		t.Errorf("/index.html: learned %q", got)
	}
}

// Without proxies that Caddy trusts, one client may say that it is as many as it likes.
func TestForgedForwardedFor(t *testing.T) {
	s := startWith(t, "", "casper\nroot %s/site\n"+fresh+"file_server")
	s.teach("/", 8)
	if got := known("", "/"); got != nil {
		t.Errorf("one client taught %q", got)
	}
}

// In shadow mode all is learned and nothing is sent.
func TestShadow(t *testing.T) {
	s := start(t, "casper {\n learn shadow\n}\nroot %s/site\n"+fresh+"file_server")
	s.teach("/", 8)
	if got := known("", "/"); !slices.Equal(got, both) {
		t.Errorf("learned %q", got)
	}
	if share := s.helped("/"); share != 1 {
		t.Errorf("%.0f %% of newcomers got nothing", 100*share)
	}
}

// What an application sends piece by piece arrives piece by piece, also when casper still
// waits to see what it is.
func TestStreaming(t *testing.T) {
	next := make(chan bool)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil
		w.WriteHeader(200)
		for i := range 3 {
			fmt.Fprintf(w, "piece %d\n", i)
			http.NewResponseController(w).Flush()
			<-next
		}
	}))
	defer app.Close()
	s := start(t, "casper\nreverse_proxy "+strings.TrimPrefix(app.URL, "http://")+" {\n flush_interval -1\n}")
	r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://"+s.addr+"/", nil)
	r.Host = host
	transport := &http.Transport{TLSClientConfig: s.tls, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	for i := range 3 {
		if line, err := in.ReadString('\n'); line != fmt.Sprintf("piece %d\n", i) || err != nil {
			t.Fatalf("%q, %v", line, err)
		}
		next <- true
	}
}

// A WebSocket goes through casper as if that were not there.
func TestUpgrade(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		line, _ := rw.ReadString('\n')
		io.WriteString(conn, "echo "+line)
	}))
	defer app.Close()
	log := "log\n" // puts Caddy's recorder below casper
	if testkit.Race {
		log = "" // Caddy 2.11.9 itself has a race there: both directions count in one field
	}
	s := start(t, "casper\n"+log+"reverse_proxy "+strings.TrimPrefix(app.URL, "http://"))
	conn, err := tls.Dial("tcp", s.addr, s.tls)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /socket HTTP/1.1\r\nHost: "+host+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != 101 {
		t.Fatalf("%v, %v", resp, err)
	}
	io.WriteString(conn, "hello\n")
	if line, err := in.ReadString('\n'); line != "echo hello\n" {
		t.Errorf("%q, %v", line, err)
	}
}

// Over HTTP/3 the 103 is the same. The writer there would send every field that is set.
func TestHTTP3(t *testing.T) {
	if testkit.Race {
		t.Skip("-race: Caddy 2.11.9 itself has one, between starting its TLS app and a QUIC handshake")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	s := start(t, "respond ready")
	s.rules("/")
	s.listen = l.Addr().String() // one number for TCP and UDP
	s.load(declared + fresh + "root %s/site\nfile_server")

	var early []textproto.MIMEHeader
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
		early = append(early, header)
		return nil
	}}
	transport := &http3.Transport{TLSClientConfig: s.tls, Dial: func(ctx context.Context, _ string, c *tls.Config, q *quic.Config) (*quic.Conn, error) {
		return quic.DialAddr(ctx, s.addr, c, q)
	}}
	defer transport.Close()
	for i, want := range []int{1, 0} {
		r, _ := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", "https://"+host+"/", nil)
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Sec-Fetch-Dest", "document")
		if i == 1 {
			r.Header.Set("Cookie", "h2o_casper="+casper.New(casper.Params{}, casper.Params{}.Key("/app.css"), casper.Params{}.Key("/app.js")).String())
		}
		early = nil
		resp, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.ProtoMajor != 3 || resp.StatusCode != 200 || !bytes.Contains(body, []byte("the page")) || resp.ContentLength > 0 && resp.ContentLength != int64(len(body)) {
			t.Errorf("%s %s, %d octets, %v", resp.Proto, resp.Status, len(body), err)
		}
		if len(early) != want || want == 1 && (len(early[0]) != 1 || len(link.Parse(early[0]["Link"], "/")) != 2) {
			t.Errorf("informational answers: %v", early)
		}
	}
}

// Where a request comes through two handlers, the first does it all.
func TestNested(t *testing.T) {
	s := ready(t, "casper {\n manifest %s/rules\n}\nhandle {\n casper {\n manifest %s/rules\n max_assets 1\n }\n"+fresh+"root %s/site\nfile_server\n}", "/")
	x := s.browser(1).visit("/")
	if got := hinted(t, x); !slices.Equal(got, both) || len(x.Header.Values("set-cookie")) != 1 {
		t.Errorf("hinted %q, answered %v", got, x.Header)
	}
	s.teach("/", 0)
	evidences.Range(func(_, e any) bool {
		if n := e.(*evidence).site(host).source.Model.Stats().Views; n != 1 {
			t.Errorf("one visit is %d views", n)
		}
		return true
	})
}

// Clients that give up at once, while their 103 is being written, cost nobody else anything:
// net/http shares the header with the writer of an informational answer.
func TestReset(t *testing.T) {
	s := ready(t, declared+fresh+"header X-Frame-Options DENY\nencode\nroot %s/site\nfile_server", "/")
	header := []hpack.HeaderField{{Name: "sec-fetch-mode", Value: "navigate"}, {Name: "sec-fetch-dest", Value: "document"}}
	var all sync.WaitGroup
	for range 4 {
		c := s.browser(1).conn
		all.Go(func() {
			for range 200 {
				stream, err := c.Start(h2client.Request{Authority: host, Header: header})
				if err == nil {
					err = stream.Reset(http2.ErrCodeCancel)
				}
				if err != nil {
					c.Close() // Caddy has had enough of it
					return
				}
			}
		})
	}
	all.Wait()
	x := s.browser(2).navigate("/")
	wantAnswer(t, x, 200, "the page")
	if got := hinted(t, x); !slices.Equal(got, both) {
		t.Errorf("after all that, hinted %q", got)
	}
}

// A site whose root holds the state and the manifest does not give them away.
func TestR4NamedFilesAreNotServed(t *testing.T) {
	s := start(t, "root * %s/site\nfile_server")
	s.write("site/rules", "/\n  Link: </a.css>; rel=preload; as=style\n")
	s.write("site/learned.new", "half a model")
	s.write("site/other", "other")
	if err := os.Symlink("rules", filepath.Join(s.dir, "site", "link")); err != nil {
		t.Skip(err)
	}
	s.load("casper {\n state %s/site/learned\n manifest %s/site/rules\n}\nroot * %s/site\nfile_server")
	for path, want := range map[string]int{"/": 200, "/other": 200, "/rules": 404, "/r%75les": 404, "/learned": 404, "/learned.new": 404, "/link": 404, "/./rules": 404} {
		if x := s.program().get(path, ""); x.Status() != want {
			t.Errorf("%s: %d, want %d", path, x.Status(), want)
		}
	}
}
