//go:build !noserver

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/keep"
)

// A linking is an application that links what its pages need, and can be made to think for as long
// as the test likes.
type linking struct {
	links  func(r *http.Request) []string // of /
	cookie bool                           // answers are for one client only
	think  chan bool                      // if not nil, the answer waits until it is closed
	asked  chan string                    // if not nil, hears what else is asked for
}

func (a *linking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		if a.asked != nil {
			a.asked <- r.URL.Path
		}
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(r.URL.Path)))
		w.Header().Set("Cache-Control", "max-age=600")
		return
	}
	if a.think != nil {
		select {
		case <-a.think:
		case <-r.Context().Done():
			return
		}
	}
	w.Header().Set("Content-Type", "text/html")
	if a.cookie {
		w.Header().Set("Set-Cookie", "session=1")
	}
	for _, l := range a.links(r) {
		w.Header().Add("Link", l)
	}
	io.WriteString(w, "hello")
}

// hintsBefore asks for a page that is answered once its hints have come, and returns those. None
// in time fails the test, unless none is what is waited for.
func hintsBefore(t *testing.T, s *served, app *linking, from string) (hinted []string) {
	t.Helper()
	app.think = make(chan bool)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			for _, l := range h["Link"] {
				target, _, _ := strings.Cut(strings.TrimPrefix(l, "<"), ">")
				hinted = append(hinted, target)
			}
			close(app.think)
			return nil
		},
	}), "GET", "https://"+s.addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range navigation {
		r.Header.Set(f.Name, f.Value)
	}
	r.Header.Set("X-Forwarded-For", from)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatalf("no 103 ahead of the answer: %v", err)
	}
	resp.Body.Close()
	app.think = nil
	slices.Sort(hinted)
	return hinted
}

// hintsWith returns what is hinted ahead of or with a page that is answered at once.
func hintsWith(s *served, from string) []string {
	v := visitor{served: s, browser: true, from: from}
	ahead, _ := v.visit("/")
	return ahead
}

// crowd asks for the page from more networks than must have seen it before it is written down.
func crowd(s *served) {
	for i := range 8 {
		hintsWith(s, fmt.Sprintf("198.51.%d.1", 100+i))
	}
}

func linksOf(text ...string) func(*http.Request) []string {
	return func(*http.Request) []string { return text }
}

const (
	styleLink  = "</app.css>; rel=preload; as=style"
	scriptLink = "</app.js>; rel=preload; as=script"
)

// What an application linked is hinted by the next process too, before the application has thought
// about its answer; what it has stopped linking is not hinted for long.
func TestServeRemembersLinks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "learned")
	app := &linking{links: linksOf(styleLink, scriptLink)}
	upstream := httptest.NewServer(app)
	defer upstream.Close()
	args := []string{"--proxy", upstream.URL, "--state", file, "--trust-proxy", "127.0.0.0/8"}
	s := serve(t, args...)
	crowd(s)
	s.stop()

	s = serve(t, args...)
	if got := hintsBefore(t, s, app, "203.0.113.1"); !slices.Equal(got, []string{"/app.css", "/app.js"}) {
		t.Errorf("after a restart %q was hinted", got)
	}
	s.stop()

	s = serve(t, append(args, "--learn=shadow")...)
	if got := hintsWith(s, "203.0.113.2"); len(got) != 0 {
		t.Errorf("in shadow mode, the first page was hinted %q", got)
	}
	s.stop()

	app.links = linksOf(styleLink)
	s = serve(t, args...)
	hintsWith(s, "203.0.113.3") // is still told of the script: nobody has asked the application yet
	if got := hintsWith(s, "203.0.113.4"); !slices.Equal(got, []string{"/app.css"}) {
		t.Errorf("once the script was no longer linked, %q was hinted", got)
	}
	s.stop()
	s = serve(t, args...)
	if got := hintsBefore(t, s, app, "203.0.113.5"); !slices.Equal(got, []string{"/app.css"}) {
		t.Errorf("after another restart %q was hinted", got)
	}
}

// Of a page that one network has seen nothing is written, nor of an address or a token in any page's
// name, however many have seen it; one network is enough where it is said to be.
func TestServeWritesNobodysPage(t *testing.T) {
	for _, tt := range []struct {
		flags []string
		want  []string
	}{
		{nil, []string{"/", "/plain/{}/invite/{}"}},
		{[]string{"--learn-from", "1"}, []string{"/", "/alice", "/plain/{}/invite/{}"}},
	} {
		file := filepath.Join(t.TempDir(), "learned")
		upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Link", styleLink)
			io.WriteString(w, "hello")
		}))
		defer upstream.Close()
		s := serve(t, append([]string{"--proxy", upstream.URL, "--state", file, "--trust-proxy", "127.0.0.0/8"}, tt.flags...)...)
		crowd(s)
		for i := range 8 {
			v := visitor{served: s, browser: true, from: fmt.Sprintf("198.51.%d.1", 100+i)}
			v.visit(fmt.Sprintf("/plain/bob%d@example.com/invite/0b0f8e9d2c6a4b7ea1f35c7d9e8b6a4%d", i, i))
		}
		v := visitor{served: s, browser: true, from: "198.51.100.1"}
		v.visit("/alice")
		s.stop()
		deltas, err := keep.ReadFile(file, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range deltas {
			if !strings.Contains(d.Page, "*") {
				got = append(got, d.Page)
			}
		}
		if slices.Sort(got); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q are written, want %q", tt.flags, got, tt.want)
		}
		if text, _ := os.ReadFile(file); strings.Contains(string(text), "example.com") || strings.Contains(string(text), "0b0f8e9d") {
			t.Errorf("%q: the file names somebody:\n%s", tt.flags, text)
		}
	}
}

// What is linked for one client alone is not told to others, nor written to the disk.
func TestServeForgetsPrivateLinks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "learned")
	app := &linking{cookie: true, links: func(r *http.Request) []string {
		return []string{styleLink, "</own/" + r.Header.Get("X-Forwarded-For") + ".css>; rel=preload; as=style"}
	}}
	upstream := httptest.NewServer(app)
	defer upstream.Close()
	args := []string{"--proxy", upstream.URL, "--state", file, "--trust-proxy", "127.0.0.0/8"}
	s := serve(t, args...)
	for range 3 {
		hintsWith(s, "198.51.100.1")
	}
	s.stop()
	s = serve(t, args...)
	if got := hintsWith(s, "198.51.101.1"); len(got) != 0 {
		t.Errorf("one client's links were hinted to another: %q", got)
	}
	crowd(s)
	s.stop()
	s = serve(t, args...)
	if got := hintsBefore(t, s, app, "198.51.99.1"); !slices.Equal(got, []string{"/app.css"}) {
		t.Errorf("the clients' answers agree on %q", got)
	}
	s.stop()
	if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), "/own/") {
		t.Errorf("%v, %s", err, text)
	}
}

// What an application links is pushed by the next process as it was by the first: an image too, if
// its link says nothing against that, and all of it while the application thinks.
func TestServeRemembersHowLinksArePushed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "learned")
	app := &linking{links: linksOf("</h.png>; rel=preload; as=image", "</i.png>; rel=preload; as=image; nopush", "</p.css>; rel=preload; as=style; x-http2-push-only")}
	upstream := httptest.NewServer(app)
	defer upstream.Close()
	args := []string{"--proxy", upstream.URL, "--state", file}
	s := serve(t, append(args, "--trust-proxy", "127.0.0.0/8")...)
	crowd(s)
	s.stop()

	app.think, app.asked = make(chan bool), make(chan string, 10)
	s = serve(t, args...)
	stream, err := connect(t, s.addr, h2client.Options{TLS: s.certConfig}).Start(h2client.Request{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // pushes, which go to the application like any request
		select {
		case <-app.asked:
		case <-time.After(20 * time.Second):
			t.Fatal("nothing was pushed while the application thought")
		}
	}
	close(app.think)
	x, err := stream.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(slices.Values(x.Pushed())); !slices.Equal(got, []string{"/h.png", "/p.css"}) {
		t.Errorf("%q was pushed", got)
	}
	if got := hintsWith(s, ""); !slices.Equal(got, []string{"/h.png", "/i.png"}) {
		t.Errorf("%q was hinted", got)
	}
}

// A folder's pages are known again at once too, also by clients who get them in a form that cannot be
// looked into.
func TestServeRemembersFolder(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "learned")
	for name, content := range map[string]string{
		"index.html": `<!doctype html><link rel=stylesheet href=app.css>`, "index.html.gz": "compressed", "app.css": "body{}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, dir, "--state", file, "--learn-from", "1") // the one that there is
	hintsWith(s, "")
	(&visitor{served: s}).compressed(t)
	s.stop()
	s = serve(t, dir, "--state", file)
	if got := hintsWith(s, ""); !slices.Equal(got, []string{"/app.css"}) {
		t.Errorf("after a restart %q was hinted", got)
	}
}

// compressed navigates as a browser that takes gzip.
func (v *visitor) compressed(t *testing.T) {
	t.Helper()
	r, err := http.NewRequest("GET", "https://"+v.addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range navigation {
		r.Header.Set(f.Name, f.Value)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	transport := &http.Transport{TLSClientConfig: v.certConfig, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("the page came as it is: %v", resp.Header)
	}
}

// A state file that is a symbolic link stays one: what it leads to is written, and put aside when it
// is no snapshot.
func TestServeStateThroughLink(t *testing.T) {
	dir := t.TempDir()
	state, alias := filepath.Join(dir, "state"), filepath.Join(dir, "alias")
	if err := os.Symlink("state", alias); err != nil {
		t.Fatal(err)
	}
	app := &linking{links: linksOf(styleLink)}
	upstream := httptest.NewServer(app)
	defer upstream.Close()
	args := []string{"--proxy", upstream.URL, "--state", alias, "--trust-proxy", "127.0.0.0/8"}
	learnLinks := func() {
		t.Helper()
		s := serve(t, args...)
		crowd(s)
		s.stop()
		if info, err := os.Lstat(state); err != nil || info.Mode() != 0o600 {
			t.Errorf("the state: %v, %v", info, err)
		}
		if target, err := os.Readlink(alias); err != nil || target != "state" {
			t.Errorf("the link leads to %q, %v", target, err)
		}
		s = serve(t, args...)
		if got := hintsWith(s, "198.51.102.1"); !slices.Equal(got, []string{"/app.css"}) {
			t.Errorf("after a restart %q was hinted", got)
		}
		s.stop()
	}
	learnLinks()
	if err := os.WriteFile(state, []byte(`{"casper":"learned model"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	learnLinks()
	if got, err := os.ReadFile(state + ".broken"); err != nil || string(got) != `{"casper":"learned model"}` {
		t.Errorf("the broken file: %q, %v", got, err)
	}
}

// What an application foretells by a 103 of its own, and does not repeat, is remembered as well.
func TestServeRemembersForetold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "learned")
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", styleLink)
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "hello")
	}))
	defer upstream.Close()
	args := []string{"--proxy", upstream.URL, "--state", file, "--trust-proxy", "127.0.0.0/8"}
	s := serve(t, args...)
	crowd(s)
	s.stop()
	m, err := learn.New(learn.Config{})
	if err == nil {
		err = keep.LoadFile(file, m)
	}
	if got := m.Wanted("/"); err != nil || len(got) != 1 || got[0].Asset.Path != "/app.css" {
		t.Errorf("%v, %v", got, err)
	}
}
