package caddycasper

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/cache-aware/casper/server/devcert"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/link"
)

const host = "site.example"

// A stage is a real Caddy, of which a process has one at a time, and a folder with a site.
type stage struct {
	t       *testing.T
	dir     string // the site's files are in its folder "site"
	globals string // options, beside those of every stage
	listen  string
	addr    string // where that turned out to be
	tls     *tls.Config
}

// trusting has all who connect name whom they speak for. Without it they are all one client.
const trusting = "servers {\n trusted_proxies static 127.0.0.1/32\n}"

// start runs Caddy with the directives of one site, and ends it with the test. %s in them
// is the stage's folder.
func start(t *testing.T, directives string) *stage {
	t.Helper()
	return startWith(t, trusting, directives)
}

func startWith(t *testing.T, globals, directives string) *stage {
	t.Helper()
	s := &stage{t: t, dir: t.TempDir(), globals: globals, listen: "127.0.0.1:0"}
	t.Setenv("XDG_DATA_HOME", s.dir)
	pair, err := devcert.New(host)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	s.write("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})))
	s.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	s.tls = &tls.Config{RootCAs: roots, ServerName: host}
	s.write("site/index.html", "<!doctype html><title>the page</title>"+strings.Repeat("<p>text", 200))
	s.write("site/app.css", "body { color: red }")
	s.write("site/app.js", "let a = 1")
	s.load(directives)
	t.Cleanup(s.stop)
	return s
}

// fresh makes an asset cacheable: browsers use hints for others in vain.
const fresh = "@assets path *.css *.js\n header @assets Cache-Control max-age=600\n"

func (s *stage) write(name, content string) {
	s.t.Helper()
	name = filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		s.t.Fatal(err)
	}
}

// load loads a configuration, as a start and as a reload do.
func (s *stage) load(directives string) {
	s.t.Helper()
	if err := s.tryLoad(directives); err != nil {
		s.t.Fatal(err)
	}
	app, err := caddy.ActiveContext().App("http")
	if err != nil {
		s.t.Fatal(err)
	}
	s.addr = app.(*caddyhttp.App).Servers["srv0"].Listeners()[0].Addr().String()
}

func (s *stage) tryLoad(directives string) error {
	s.t.Helper()
	text := strings.ReplaceAll(`{
	admin off
	persist_config off
	auto_https disable_redirects
	storage file_system %s/storage
	grace_period 2s
	log {
		output file %s/log
		level DEBUG
	}
	`+s.globals+`
}
https://`+host+` {
	tls %s/cert.pem %s/key.pem
	`+directives+`
}
`, "%s", s.dir)
	config := adapt(s.t, text)
	config = bytes.Replace(config, []byte(`"listen":[":443"]`), []byte(`"listen":["`+s.listen+`"]`), 1)
	return caddy.Load(config, true)
}

func adapt(t testing.TB, text string) []byte {
	t.Helper()
	config, warnings, err := caddyfile.Adapter{ServerType: httpcaddyfile.ServerType{}}.Adapt([]byte(text), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, w := range warnings {
		if !strings.Contains(w.Message, "not formatted") {
			t.Errorf("warning: %v", w)
		}
	}
	if !json.Valid(config) {
		t.Fatalf("not JSON: %s", config)
	}
	return config
}

// stop ends Caddy, and sees that nothing of casper's is left.
func (s *stage) stop() {
	s.t.Helper()
	if err := caddy.Stop(); err != nil {
		s.t.Error(err)
	}
	for name, pool := range map[string]*caddy.UsagePool{"evidence": evidences, "memory": memories} {
		pool.Range(func(key, _ any) bool {
			s.t.Errorf("after the end there still is %s of %q", name, key)
			return true
		})
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, left := range []string{"caddycasper.newEvidence", "server/learn.", "server/redisstore."} {
		if bytes.Contains(stacks, []byte(left)) {
			s.t.Errorf("after the end a goroutine is in %s:\n%s", left, stacks)
		}
	}
}

func (s *stage) log() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// A client is a browser, or a program that takes pushes.
type client struct {
	s      *stage
	conn   *h2client.Client
	pushes bool
	from   string // its address, as Caddy's trusted proxy names it
	cookie string
}

// browser connects as one from a network of its own.
func (s *stage) browser(n int) *client {
	off := []http2.Setting{{ID: http2.SettingEnablePush, Val: 0}}
	return &client{s: s, from: fmt.Sprintf("10.%d.%d.1", n/256, n%256), conn: peer.Dial(s.t, s.addr, h2client.Options{TLS: s.tls, Settings: off})}
}

// program connects as one that takes pushes.
func (s *stage) program() *client {
	return &client{s: s, pushes: true, conn: peer.Dial(s.t, s.addr, h2client.Options{TLS: s.tls})}
}

// get asks for a path as a browser asks for documents, style sheets or scripts.
func (c *client) get(path, dest string, more ...hpack.HeaderField) *h2client.Exchange {
	c.s.t.Helper()
	var header []hpack.HeaderField
	add := func(name, value string) { header = append(header, hpack.HeaderField{Name: name, Value: value}) }
	if c.from != "" {
		add("x-forwarded-for", c.from)
	}
	if !c.pushes {
		mode, site := "navigate", "none"
		if dest != "document" {
			mode, site = "no-cors", "same-origin"
		}
		add("sec-fetch-dest", dest)
		add("sec-fetch-mode", mode)
		add("sec-fetch-site", site)
	}
	r := h2client.Request{Authority: host, Path: path, Header: append(header, more...)}
	if c.cookie != "" {
		r.Cookies = []string{c.cookie}
	}
	x, err := c.conn.Do(r)
	if err != nil {
		c.s.t.Fatal(err)
	}
	if set := x.Header.Get("set-cookie"); strings.HasPrefix(set, "h2o_casper=") {
		c.cookie, _, _ = strings.Cut(set, ";")
	}
	return x
}

// navigate opens a page.
func (c *client) navigate(path string, more ...hpack.HeaderField) *h2client.Exchange {
	c.s.t.Helper()
	return c.get(path, "document", more...)
}

// visit opens a page, and asks for a style sheet and a script in its name.
func (c *client) visit(path string) *h2client.Exchange {
	x := c.navigate(path)
	referer := hpack.HeaderField{Name: "referer", Value: "https://" + host + path}
	c.get("/app.css", "style", referer)
	c.get("/app.js", "script", referer)
	return x
}

// teach has people from as many networks visit a page, and the time for their visits pass.
func (s *stage) teach(path string, visitors int) {
	s.t.Helper()
	for i := range visitors {
		s.browser(i).visit(path)
	}
	evidences.Range(func(_, e any) bool {
		e.(*evidence).tick(time.Now().Add(5 * time.Second)) // longer than a page is open
		return true
	})
}

// hinted are the paths in the 103, of which there may be one.
func hinted(t testing.TB, x *h2client.Exchange) []string {
	t.Helper()
	if len(x.Early) > 1 {
		t.Errorf("%d informational answers", len(x.Early))
	}
	var paths []string
	for _, early := range x.Early {
		for _, f := range early {
			switch {
			case f.Name == ":status" && f.Value == "103", f.Name == "content-security-policy":
			case f.Name == "link":
				for _, a := range link.Parse([]string{f.Value}, "/") {
					paths = append(paths, a.Path)
				}
			default:
				t.Errorf("the 103 has %s: %s", f.Name, f.Value)
			}
		}
	}
	slices.Sort(paths)
	return paths
}

// helped is the share of visitors, each from a network that was never here, that got exactly these
// hints. A few are held out, to measure by, and now and then one asset is.
func (s *stage) helped(path string, want ...string) (share float64) {
	s.t.Helper()
	const n = 20
	got := 0
	for i := range n {
		paths := hinted(s.t, s.browser(1000+i).navigate(path))
		switch {
		case slices.Equal(paths, want):
			got++
		case slices.ContainsFunc(paths, func(p string) bool { return !slices.Contains(both, p) }):
			s.t.Errorf("%s: hinted %q, want %q", path, paths, want)
		}
	}
	return float64(got) / n
}

// learned are the paths that are known for a page.
func known(state, page string) []string {
	var paths []string
	evidences.Range(func(_, e any) bool {
		if e.(*evidence).key.state == state {
			for _, p := range e.(*evidence).site(host).source.Model.Wanted(page) {
				paths = append(paths, p.Asset.Path)
			}
		}
		return true
	})
	slices.Sort(paths)
	return paths
}

var both = []string{"/app.css", "/app.js"}

// wantAnswer fails the test unless an answer has a status and a body.
func wantAnswer(t testing.TB, x *h2client.Exchange, status int, part string) {
	t.Helper()
	if x.Status() != cmp.Or(status, http.StatusOK) || !bytes.Contains(x.Body, []byte(part)) {
		t.Errorf("%d with %d octets, want %d and %q: %v", x.Status(), len(x.Body), cmp.Or(status, http.StatusOK), part, x.Header)
	}
}
