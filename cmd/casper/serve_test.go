//go:build !noserver

package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/devcert"
	"github.com/cache-aware/casper/server/h2client"
)

// A served is casper serve as a process of its own.
type served struct {
	t          *testing.T
	cmd        *exec.Cmd
	addr       string // of the site
	admin      string // of --admin
	greeting   string // what it printed
	log        *syncBuffer
	certConfig *tls.Config
}

// serve starts casper serve on a port that the kernel chose, patient with a busy machine, and
// stops it when the test is over. That it then ends with exit code 0 is part of every test.
func serve(t *testing.T, args ...string) *served {
	t.Helper()
	s := &served{t: t, log: new(syncBuffer), certConfig: &tls.Config{InsecureSkipVerify: true}} // a development certificate
	s.cmd = exec.Command("casper", append([]string{"serve", "--listen", "127.0.0.1:0", "--push-wait", "1m"}, args...)...)
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := lines.Text()
		s.greeting += line + "\n"
		if url, ok := strings.CutPrefix(line, "listening on "); ok {
			_, s.addr, _ = strings.Cut(url, "://")
		}
		if url, ok := strings.CutPrefix(line, "admin on "); ok {
			s.admin = url
		}
		if strings.HasPrefix(line, "  casper decode") { // the last one
			break
		}
	}
	if s.addr == "" {
		s.cmd.Wait()
		t.Fatalf("casper serve ended: %s", s.log)
	}
	t.Cleanup(s.stop)
	return s
}

// stop ends the process as a service manager does. It may be called once more.
func (s *served) stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("casper serve ended with %v: %s", err, s.log)
	}
}

// A syncBuffer is a buffer that may be read while a process writes to it.
type syncBuffer struct {
	mu      sync.Mutex
	b       bytes.Buffer
	awaited string
	came    chan bool // closed when awaited is there
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, err := b.b.Write(p)
	if b.came != nil && bytes.Contains(b.b.Bytes(), []byte(b.awaited)) {
		close(b.came)
		b.came = nil
	}
	return n, err
}

// await returns a channel that is closed when something is written that is not there yet.
func (b *syncBuffer) await(text string) <-chan bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.awaited, b.came = text, make(chan bool)
	return b.came
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// connect opens a connection that lasts until the test is over.
func connect(t *testing.T, addr string, o h2client.Options) *h2client.Client {
	t.Helper()
	c, err := h2client.Dial(addr, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A visitor is a client with a cookie jar of one cookie, which opens a connection for each visit.
type visitor struct {
	*served
	cookie  string
	browser bool   // takes no pushes, and says that it navigates
	from    string // whom a proxy in front names
}

var navigation = []hpack.HeaderField{
	{Name: "sec-fetch-mode", Value: "navigate"},
	{Name: "sec-fetch-dest", Value: "document"},
	{Name: "accept", Value: "text/html"},
}

// visit asks for a page and returns the answer and what was sent ahead of it.
func (v *visitor) visit(path string) (ahead []string, x *h2client.Exchange) {
	v.t.Helper()
	o := h2client.Options{TLS: v.certConfig}
	r := h2client.Request{Path: path}
	if v.cookie != "" {
		r.Cookies = []string{v.cookie}
	}
	if v.browser {
		o.Settings = []http2.Setting{{ID: http2.SettingEnablePush, Val: 0}}
		r.Header = navigation
	}
	if v.from != "" {
		r.Header = append(slices.Clone(r.Header), hpack.HeaderField{Name: "x-forwarded-for", Value: v.from})
	}
	c := connect(v.t, v.addr, o)
	x, err := c.Do(r)
	if err != nil {
		v.t.Fatalf("GET %s: %v", path, err)
	}
	c.Close()
	if set := x.Header.Get("set-cookie"); set != "" {
		v.cookie, _, _ = strings.Cut(set, ";")
	}
	ahead = x.Pushed()
	for _, early := range x.Early {
		for _, l := range early.Values("link") {
			target, _, _ := strings.Cut(strings.TrimPrefix(l, "<"), ">")
			ahead = append(ahead, target)
		}
	}
	slices.Sort(ahead)
	return ahead, x
}

// post presses a button of the demo.
func (s *served) post(path string) *http.Response {
	s.t.Helper()
	c := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: s.certConfig, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := c.Post("https://"+s.addr+path, "application/x-www-form-urlencoded", strings.NewReader("back=%2F%3Fpush%3Dcss"))
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

// unversioned takes the versions off, so that a test can name the files.
func unversioned(urls []string) (paths []string) {
	for _, u := range urls {
		path, _, _ := strings.Cut(u, "?v=")
		paths = append(paths, path)
	}
	return paths
}

// TestServeThreeVisits is what casper is for: the first visit gets everything, the second
// nothing, the third after one file changed that one file.
func TestServeThreeVisits(t *testing.T) {
	for _, browser := range []bool{false, true} {
		name := map[bool]string{false: "push", true: "103"}[browser]
		t.Run(name, func(t *testing.T) {
			v := visitor{served: serve(t), browser: browser}
			first, x := v.visit("/")
			if want := []string{"/accent.css", "/app.css", "/app.js"}; !slices.Equal(unversioned(first), want) {
				t.Fatalf("first visit: %q went ahead, want %q", first, want)
			}
			if browser && !strings.Contains(string(x.Body), "hinted ahead of this page") || !browser && !strings.Contains(string(x.Body), "pushed ahead of this page") {
				t.Errorf("first visit: the page does not say how: %s", x.Body)
			}
			value := strings.TrimPrefix(v.cookie, casper.CookieName+"=")
			if f, err := casper.Parse(value, casper.Params{}); err != nil || f.Len() != 3 {
				t.Errorf("cookie %q: %d keys, %v", v.cookie, f.Len(), err)
			}
			if !strings.Contains(string(x.Body), "This answer sets <code>"+v.cookie) {
				t.Errorf("the page does not name the cookie %s that it sets", v.cookie)
			}

			second, x := v.visit("/")
			if len(second) != 0 || len(x.Header.Values("link")) != 0 || x.Header.Get("set-cookie") != "" {
				t.Errorf("second visit: %q went ahead, header %v", second, x.Header)
			}
			if !strings.Contains(string(x.Body), "you have it all") {
				t.Errorf("second visit: the page does not say so")
			}

			v.post("/change")
			third, x := v.visit("/")
			if !slices.Equal(unversioned(third), []string{"/accent.css"}) || slices.Contains(first, third[0]) {
				t.Errorf("third visit: %q went ahead, want the changed file alone", third)
			}
			if !strings.Contains(string(x.Body), "One file changed") {
				t.Errorf("third visit: the page does not say so")
			}
			if fourth, _ := v.visit("/"); len(fourth) != 0 {
				t.Errorf("fourth visit: %q went ahead", fourth)
			}
		})
	}
}

// Each means of delivery can be turned off, and the cookie too; what was turned off is delivered
// by the next means.
func TestServeTurnedOff(t *testing.T) {
	for _, tt := range []struct {
		flags                 []string
		browser               bool
		pushed, hinted, links int
	}{
		{[]string{}, false, 3, 0, 0},
		{[]string{}, true, 0, 3, 0},
		{[]string{"--no-push"}, false, 0, 0, 3},
		{[]string{"--no-push", "--hint-programs"}, false, 0, 3, 0},
		{[]string{"--no-hints"}, true, 0, 0, 3},
		{[]string{"--no-hints", "--no-links"}, true, 0, 0, 0},
		{[]string{"--no-cookie"}, false, 3, 0, 0},
	} {
		v := visitor{served: serve(t, tt.flags...), browser: tt.browser}
		_, x := v.visit("/")
		hinted := 0
		for _, early := range x.Early {
			hinted += len(early.Values("link"))
		}
		if pushed, links := len(x.Pushed()), len(x.Header.Values("link")); pushed != tt.pushed || hinted != tt.hinted || links != tt.links {
			t.Errorf("%q: %d pushed, %d hinted, %d linked", tt.flags, pushed, hinted, links)
		}
		if got, want := v.cookie != "", tt.pushed+tt.hinted+tt.links > 0 && !slices.Contains(tt.flags, "--no-cookie"); got != want {
			t.Errorf("%q: the cookie is %q", tt.flags, v.cookie)
		}
	}
	// What a client sends is left alone, or taken from it where the cookie was set.
	const place = "; Path=/; Domain=example.com"
	for flag, deleted := range map[string]bool{"--no-cookie": false, "--forget-cookie": true} {
		v := visitor{served: serve(t)}
		v.visit("/")
		had := v.cookie
		v.served = serve(t, flag, "--cookie-domain", "example.com")
		ahead, x := v.visit("/")
		if set := x.Header.Get("set-cookie"); len(ahead) != 3 || had == "" || (set == "h2o_casper="+place+"; Max-Age=0; HttpOnly; Secure; SameSite=Lax") != deleted || !deleted && set != "" {
			t.Errorf("%s: a client with %q was sent %q and the cookie %q", flag, had, ahead, set)
		}
	}
	v := visitor{served: serve(t, "--cookie-path", "/", "--cookie-age", "1h", "--cookie-domain", "example.com", "--cookie-format", "h2o-2.0")}
	_, x := v.visit("/")
	if set := x.Header.Get("set-cookie"); !strings.Contains(set, place+"; Max-Age=3600;") {
		t.Errorf("the cookie is %q", set)
	}
	if !strings.Contains(v.greeting, "casper decode --format h2o-2.0 h2o_casper=") {
		t.Errorf("it says %s", v.greeting)
	}
}

// TestServeH2pushFork: the switches of the fork's demo, and that of forgetting.
func TestServeH2pushFork(t *testing.T) {
	s := serve(t, "--track", "all")
	for query, want := range map[string][]string{
		"":               {"/accent.css", "/app.css", "/app.js", "/hero.svg", "/inter.woff2", "/strip.png"},
		"?push=css":      {"/accent.css", "/app.css"},
		"?push=js":       {"/app.js"},
		"?push=none":     nil,
		"?push=nonsense": {"/accent.css", "/app.css", "/app.js", "/hero.svg", "/inter.woff2", "/strip.png"},
	} {
		v := visitor{served: s}
		if got, _ := v.visit("/" + query); !slices.Equal(unversioned(got), want) {
			t.Errorf("%q: %q went ahead, want %q", query, got, want)
		}
	}
	resp := s.post("/forget")
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/?push=css" {
		t.Errorf("forget: %s to %s", resp.Status, resp.Header.Get("Location"))
	}
	if c := resp.Cookies(); len(c) != 1 || c[0].Name != casper.CookieName || c[0].MaxAge >= 0 {
		t.Errorf("forget: cookies %v", c)
	}
}

// A folder's page is known by its Link-less HTML, and a file that changes under its own name
// is sent again.
func TestServeFolder(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("index.html", `<!doctype html><link rel=stylesheet href=app.css><script src=app.js defer></script><link rel=preload as=font crossorigin href=a.woff2>`)
	write("app.css", "body { color: red }")
	write("app.js", "let a = 1")
	write("a.woff2", "no font")
	s := serve(t, dir)
	v := visitor{served: s}
	for i, want := range [][]string{{"/app.css", "/app.js"}, nil} {
		if got, x := v.visit("/"); !slices.Equal(got, want) || x.Status() != 200 {
			t.Fatalf("visit %d: %d, %q went ahead, want %q", i+1, x.Status(), got, want)
		}
	}
	write("app.css", "body { color: blue }")
	if got, _ := v.visit("/"); !slices.Equal(got, []string{"/app.css"}) {
		t.Errorf("after a change: %q went ahead, want the changed file alone", got)
	}
	if got, _ := v.visit("/"); len(got) != 0 {
		t.Errorf("after that: %q went ahead", got)
	}

	b := visitor{served: s, browser: true}
	if got, _ := b.visit("/"); !slices.Equal(got, []string{"/a.woff2", "/app.css", "/app.js"}) {
		t.Errorf("a browser was hinted %q", got)
	}
	if got, _ := b.visit("/"); !slices.Equal(got, []string{"/a.woff2"}) { // which the cookie does not track
		t.Errorf("and then %q", got)
	}
	if _, x := v.visit("/../serve.go"); x.Status() != http.StatusNotFound && x.Status() != http.StatusBadRequest {
		t.Errorf("a path that leads out: %d", x.Status())
	}
}

// The cookie that an H2O set is honoured.
func TestServeHonoursH2O(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "index.html"), []byte("<link rel=stylesheet href=/css/0.css><script src=/js/0.js></script>"), 0o666)
	for _, name := range []string{"css", "js"} {
		os.Mkdir(filepath.Join(dir, name), 0o777)
		os.WriteFile(filepath.Join(dir, name, "0."+name), []byte("/* */"), 0o666)
	}
	p := casper.Params{CapacityBits: 8}
	v := visitor{served: serve(t, dir, "--capacity-bits", "8", "--cookie-name", "other")}
	v.cookie = "other=" + casper.New(p, p.Key("/css/0.css")).String()
	if got, _ := v.visit("/"); !slices.Equal(got, []string{"/js/0.js"}) {
		t.Errorf("%q went ahead", got)
	}
	if want := "other=" + casper.New(p, p.Key("/css/0.css"), p.Key("/js/0.js")).String(); v.cookie != want {
		t.Errorf("cookie %q, want %q", v.cookie, want)
	}
}

// Several manifests add up, the first that lists a page speaks for it, and one that lists it as
// needing nothing is obeyed.
func TestServeManifests(t *testing.T) {
	dir := t.TempDir()
	headers, rules := filepath.Join(dir, "_headers"), filepath.Join(dir, "rules")
	os.WriteFile(headers, []byte("/\n  Link: </a.css>; rel=preload; as=style\n"), 0o666)
	os.WriteFile(rules, []byte("/\n</never.css>; rel=preload; as=style\n\n/b\n</b.js>; rel=preload; as=script\n\n/c\n-\n"), 0o666)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if strings.HasSuffix(r.URL.Path, "s") {
			w.Header().Set("Content-Type", "text/css")
			w.Header().Set("Cache-Control", "max-age=60")
		}
		io.WriteString(w, "hello")
	}))
	defer app.Close()
	s := serve(t, "--proxy", app.URL, "--manifest", headers, "--manifest", rules, "--learn=off")
	for path, want := range map[string][]string{"/": {"/a.css"}, "/b": {"/b.js"}, "/c": nil, "/d": nil} {
		v := visitor{served: s}
		if got, x := v.visit(path); !slices.Equal(got, want) || string(x.Body) != "hello" {
			t.Errorf("%s: %q went ahead, want %q; body %q", path, got, want, x.Body)
		}
	}
}

// An upstream that is not there costs one line and a 502 for each request, and nothing else.
func TestServeUnreachableUpstream(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	v := visitor{served: serve(t, "--proxy", "http://"+gone.Addr().String(), "--log-format", "json")}
	for range 2 {
		if got, x := v.visit("/"); x.Status() != http.StatusBadGateway || len(got) != 0 || bytes.Count(x.Body, []byte("\n")) != 1 {
			t.Errorf("%d, %q", x.Status(), x.Body)
		}
	}
	v.stop()
	complaints := 0
	for line := range strings.Lines(v.log.String()) {
		var entry struct{ Level, Msg string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("log line %q: %v", line, err)
		}
		if entry.Level == "ERROR" {
			complaints++
		}
	}
	if complaints != 2 {
		t.Errorf("%d complaints for two requests: %s", complaints, v.log)
	}
}

// SIGTERM lets the answers that are under way come through.
func TestServeDrains(t *testing.T) {
	reached, release := make(chan bool), make(chan bool)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached <- true
		<-release
		io.WriteString(w, "at last")
	}))
	defer app.Close()
	s := serve(t, "--proxy", app.URL, "--h2c")
	c := connect(t, s.addr, h2client.Options{})
	stream, err := c.Start(h2client.Request{})
	if err != nil {
		t.Fatal(err)
	}
	<-reached
	stopping := s.log.await("msg=stopping")
	s.cmd.Process.Signal(syscall.SIGTERM)
	<-stopping
	close(release)
	x, err := stream.Wait()
	if err != nil || string(x.Body) != "at last" {
		t.Errorf("the answer under way: %v, %+v", err, x)
	}
	c.Close()
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("exit: %v, %s", err, s.log)
	}
}

// A certificate of one's own is used; the development one fits the name that is listened on.
func TestServeCertificates(t *testing.T) {
	cert, err := devcert.New()
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert.Certificate[0]}, keyFile: {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, "--cert", certFile, "--key", keyFile)
	s.certConfig = &tls.Config{RootCAs: x509.NewCertPool()}
	s.certConfig.RootCAs.AddCert(cert.Leaf)
	v := visitor{served: s}
	if _, x := v.visit("/"); x.Status() != 200 {
		t.Errorf("status %d", x.Status())
	}
	if strings.Contains(s.greeting, "spki") {
		t.Errorf("a given certificate needs no exception: %s", s.greeting)
	}

	dev := serve(t)
	conn, err := tls.Dial("tcp", dev.addr, dev.certConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	leaf := conn.ConnectionState().PeerCertificates[0]
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if leaf.IsCA {
		t.Error("the development certificate is an authority")
	}
}

// What keeps the server from starting is one line and exit code 1.
func TestServeBusyPort(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, flag := range []string{"--listen", "--admin"} {
		args := []string{"serve", "--listen", "127.0.0.1:0", "--h2c"}
		stdout, stderr, code := printed(t, "", append(args, flag, busy.Addr().String())...)
		if code != exitFailed || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "address already in use") {
			t.Errorf("%s: exit code %d, %q, %q", flag, code, stdout, stderr)
		}
	}
}

// The operator's side is on a listener of its own.
func TestServeAdmin(t *testing.T) {
	s := serve(t, "--admin", "127.0.0.1:0")
	v := visitor{served: s}
	v.visit("/")
	v.visit("/")
	get := func(path string) string {
		resp, err := http.Get(s.admin + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return string(body)
	}
	metrics := get("/metrics")
	for _, want := range []string{`casper_assets_total{means="push"} 3`, "casper_assets_held_total 3", "casper_cookies_total 1"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %q in the metrics", want)
		}
	}
	if !strings.Contains(get("/"), "Forget everything") {
		t.Error("no dashboard")
	}
	if _, x := v.visit("/metrics"); x.Status() != http.StatusNotFound {
		t.Errorf("the public side answers %d for /metrics", x.Status())
	}
}

// With a token, the operator's side may listen where others reach it, and asks them for it.
func TestServeAdminToken(t *testing.T) {
	const token = "correct-horse-battery-staple"
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "--admin", "127.0.0.1:0", "--admin-token", file)
	for authorization, want := range map[string]int{"": 401, "Bearer " + token: 200} {
		r, err := http.NewRequest("GET", s.admin+"/model", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", authorization)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("with %q: %s", authorization, resp.Status)
		}
	}
}
