package e2e

import (
	"crypto/tls"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/devcert"
)

// An origin is a site of one page that takes its time, and remembers who asked for what.
type origin struct {
	Think time.Duration // before the page is answered
	Links bool          // the page's answer has Link headers

	mu    sync.Mutex
	files map[string]originFile
	asked []string // paths, in order
	early []string // those that were asked for before the page's answer began
	open  int      // pages being answered
}

type originFile struct {
	kind, caching, content string
}

// Files that browsers keep, and one that they ask for again after two seconds.
const (
	forEver = "public, max-age=31536000, immutable"
	briefly = "max-age=5"
	shortly = 5 * time.Second
)

func newOrigin(think time.Duration) *origin {
	return &origin{Think: think, Links: true, files: map[string]originFile{
		"/base.css":  {"text/css", forEver, "body { margin: 2em }"},
		"/theme.css": {"text/css", briefly, "body { color: navy }"},
		"/app.js":    {"text/javascript", forEver, "document.title += ', run'"},
	}}
}

// blocking are the page's files, all of which its first picture waits for.
var blocking = []string{"/app.js", "/base.css", "/theme.css"}

const page = `<!doctype html><title>page</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/base.css"><link rel="stylesheet" href="/theme.css"><script src="/app.js"></script><p>Here it is.`

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" {
		o.count(1)
		time.Sleep(o.Think) // the page takes its time: that is what hints are for
		o.count(-1)
		h := w.Header()
		if o.Links {
			h.Add("Link", "</base.css>; rel=preload; as=style, </theme.css>; rel=preload; as=style")
			h.Add("Link", "</app.js>; rel=preload; as=script")
		}
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, page)
		return
	}
	o.mu.Lock()
	f, ok := o.files[r.URL.Path]
	o.asked = append(o.asked, r.URL.Path)
	if o.open > 0 {
		o.early = append(o.early, r.URL.Path)
	}
	o.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Cache-Control", f.caching)
	w.Header().Set("Etag", f.etag())
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(f.content))
}

func (o *origin) count(by int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open += by
}

func (f originFile) etag() string {
	h := fnv.New64a()
	io.WriteString(h, f.content)
	return fmt.Sprintf(`"%x"`, h.Sum64())
}

// validator is for [server.Handler.Validator].
func (o *origin) validator(path string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f, ok := o.files[path]; ok {
		return f.etag()
	}
	return ""
}

// change gives a file another content.
func (o *origin) change(path, content string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f := o.files[path]
	f.content = content
	o.files[path] = f
}

// take returns which files were asked for since it was last called, and which of them before
// the page was answered.
func (o *origin) take() (asked, early []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	asked, early = o.asked, o.early
	o.asked, o.early = nil, nil
	slices.Sort(asked)
	slices.Sort(early)
	return asked, early
}

// certificate is made once: Chromium is told at its start which it may trust.
var certificate = sync.OnceValues(func() (tls.Certificate, error) { return devcert.New() })

func pair(t testing.TB) tls.Certificate {
	t.Helper()
	c, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serveTLS serves a handler over HTTPS until the test ends, and returns its address.
func serveTLS(t testing.TB, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{
		Handler:     h,
		ConnContext: server.ConnContext,
		TLSConfig:   &tls.Config{Certificates: []tls.Certificate{pair(t)}},
		Protocols:   new(http.Protocols),
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetHTTP2(true)
	go s.ServeTLS(l, "", "")
	t.Cleanup(func() { s.Close() })
	return l.Addr().String()
}
