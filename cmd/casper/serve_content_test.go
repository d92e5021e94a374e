//go:build !noserver

package main

import (
	"compress/gzip"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/cache-aware/casper/server/h2client"
)

// publish makes a folder of files that were written an hour ago.
func publish(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	then := time.Now().Add(-time.Hour)
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(at, then, then); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A folder is served as its owner asks: an application that routes in the browser, URLs without
// .html, and files that stay fresh for long. Nothing of that is so by itself.
func TestServeFolderSettings(t *testing.T) {
	dir := publish(t, map[string]string{
		"index.html": `<link rel=stylesheet href=/app.css><link rel=preconnect href=https://fonts.example crossorigin>`,
		"about.html": "about", "app.css": "css", "404.html": "gone",
	})
	for _, c := range []struct {
		args   []string
		status map[string]int
		fresh  string // app.css
	}{
		{nil, map[string]int{"/": 200, "/about": 404, "/about.html": 200, "/orders/7": 404, "/missing.css": 404}, "public, max-age=300"},
		{[]string{"--clean-urls", "--max-age=0s"}, map[string]int{"/about": 200, "/orders/7": 404}, "no-cache"},
		{[]string{"--spa", "--max-age=24h"}, map[string]int{"/about": 200, "/orders/7": 200, "/missing.css": 404}, "public, max-age=86400"},
		{[]string{"--spa=about.html"}, map[string]int{"/orders/7": 200}, "public, max-age=300"},
	} {
		v := visitor{served: serve(t, append([]string{dir, "--learn=off"}, c.args...)...), browser: true}
		for path, want := range c.status {
			if _, x := v.visit(path); x.Status() != want {
				t.Errorf("%q: %s: %d, want %d", c.args, path, x.Status(), want)
			}
		}
		if _, x := v.visit("/app.css"); x.Header.Get("cache-control") != c.fresh {
			t.Errorf("%q: %q, want %q", c.args, x.Header.Get("cache-control"), c.fresh)
		}
		v.stop()
	}
}

// What a page asks for goes ahead of it under each of its names, connections too.
func TestServePagesOfApplication(t *testing.T) {
	dir := publish(t, map[string]string{
		"index.html": `<link rel=preconnect href=https://fonts.example crossorigin><link rel=stylesheet href=/app.css>`, "app.css": "css",
	})
	s := serve(t, dir, "--learn=off", "--spa")
	for _, path := range []string{"/", "/orders/7"} {
		(&visitor{served: s, browser: true}).visit(path)
		got, x := (&visitor{served: s, browser: true}).visit(path)
		if want := []string{"/app.css", "https://fonts.example"}; !slices.Equal(got, want) || x.Status() != 200 {
			t.Errorf("%s: %d, %q went ahead, want %q", path, x.Status(), got, want)
		}
	}
}

// An application that speaks HTTP/2 in cleartext, and one whose certificate an authority of its
// own has signed.
func TestServeUpstreams(t *testing.T) {
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto)
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "5")
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cleartext := &http.Server{Handler: app, Protocols: new(http.Protocols)}
	cleartext.Protocols.SetUnencryptedHTTP2(true)
	go cleartext.Serve(l)
	defer cleartext.Close()
	secure := httptest.NewUnstartedServer(app)
	secure.EnableHTTP2 = true
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	secure.StartTLS()
	defer secure.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
	}{
		{[]string{"h2c://" + l.Addr().String()}, 200},
		{[]string{secure.URL, "--proxy-ca", ca}, 200},
		{[]string{secure.URL}, 502},
	} {
		s := serve(t, append([]string{"--learn=off", "--proxy"}, c.args...)...)
		client := connect(t, s.addr, h2client.Options{TLS: s.certConfig})
		x, err := client.Do(h2client.Request{Path: "/pkg.Service/Call", Header: []hpack.HeaderField{{Name: "te", Value: "trailers"}}})
		if err != nil || x.Status() != c.status || c.status == 200 && (string(x.Body) != "HTTP/2.0" || x.Trailer.Get("grpc-status") != "5") {
			t.Errorf("%q: %v, %+v", c.args, err, x)
		}
		client.Close()
		s.stop() // its log is complete now
		if complained := strings.Contains(s.log.String(), "certificate signed by unknown authority"); complained != (c.status == 502) {
			t.Errorf("%q: log %s", c.args, s.log)
		}
	}
}

// views asks for a page as that many new browsers do, and returns what each is hinted.
func (s *served) views(t *testing.T, path, coding string, visits int) (hinted [][]string) {
	t.Helper()
	for range visits {
		c := connect(t, s.addr, h2client.Options{TLS: s.certConfig, Settings: []http2.Setting{{ID: http2.SettingEnablePush, Val: 0}}})
		x, err := c.Do(h2client.Request{Path: path, Header: append(slices.Clone(navigation), hpack.HeaderField{Name: "accept-encoding", Value: coding})})
		if err != nil || x.Status() != 200 || x.Header.Get("content-encoding") != coding {
			t.Fatalf("%s: %v, %+v", path, err, x)
		}
		links := []string{}
		for _, early := range x.Early {
			links = append(links, early.Values("link")...)
		}
		hinted = append(hinted, links)
		c.Close()
	}
	return hinted
}

// TestF12CompressedPages: a page that lies compressed is read in its plain file, whatever coding
// each of its visitors takes, and before anybody has asked for it.
func TestF12CompressedPages(t *testing.T) {
	dir := publish(t, map[string]string{
		"index.html": `<link rel=stylesheet href=/app.css>`, "about.html": `<script src=/app.js></script>`, "app.css": "css", "app.js": "js",
		"index.html.br": "br", "index.html.gz": "gz", "index.html.zst": "zst", "about.html.br": "br",
	})
	for _, coding := range []string{"", "br", "gzip", "zstd"} {
		s := serve(t, dir, "--learn=off", "--spa", "--clean-urls")
		for path, want := range map[string]string{"/": "/app.css", "/?utm=1": "/app.css", "/orders/7": "/app.css", "/about": "/app.js"} {
			if path == "/about" && coding != "br" {
				continue
			}
			for i, ahead := range s.views(t, path, coding, 3) {
				if len(ahead) != 1 || !strings.HasPrefix(ahead[0], "<"+want+">") {
					t.Errorf("%s in %q: visit %d was hinted %q, want %s", path, coding, i+1, ahead, want)
				}
			}
		}
		s.stop()
	}
}

// A folder is published anew while it is served: each view is hinted what is there now.
func TestServeFolderDeploy(t *testing.T) {
	dir := publish(t, map[string]string{
		"index.html": `<link rel=stylesheet href=/app.1.css><link rel=stylesheet href=/base.css><script src=/gone.js></script>`,
		"app.1.css":  "css", "base.css": "css",
	})
	s := serve(t, dir, "--learn=off")
	sheets := func(names ...string) (links []string) {
		for _, name := range names {
			links = append(links, "<"+name+">; rel=preload; as=style")
		}
		return links
	}
	trimmed := func(links []string) (all []string) {
		for _, l := range links {
			l, _, _ = strings.Cut(l, "; type=")
			all = append(all, l)
		}
		return all
	}
	for i, got := range s.views(t, "/", "", 3) {
		if got, want := trimmed(got), sheets("/app.1.css", "/base.css"); !slices.Equal(got, want) {
			t.Errorf("view %d: hinted %q, want %q", i, got, want)
		}
	}
	then := time.Now().Add(-time.Minute)
	for name, text := range map[string]string{"app.2.css": "css 2", "index.html": `<link rel=stylesheet href=/app.2.css><link rel=stylesheet href=/base.css>`} {
		at := filepath.Join(dir, name)
		if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(at, then, then); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "app.1.css")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond) // longer than a look at the folder holds
	for i, got := range s.views(t, "/", "", 3) {
		got = trimmed(got)
		slices.Sort(got)
		if want := sheets("/app.2.css", "/base.css"); !slices.Equal(got, want) {
			t.Errorf("view %d after the deploy: hinted %q, want %q", i, got, want)
		}
	}
}

// An application that says nothing of what its pages need but in their HTML, in whatever coding it
// sends that: each view but the first is hinted it, what lies on other hosts too.
func TestServeHTMLOfApplication(t *testing.T) {
	page := `<!doctype html><link rel=preconnect href=https://fonts.example crossorigin><link rel=stylesheet href=https://cdn.example/base.css>` +
		`<link rel=stylesheet href=app.css><script async src=https://count.example/hit.js></script>`
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		coding := r.Header.Get("Accept-Encoding")
		out := io.WriteCloser(struct {
			io.Writer
			io.Closer
		}{w, io.NopCloser(nil)})
		if coding != "" {
			w.Header().Set("Content-Encoding", coding)
			out = packers[coding](w)
		}
		for _, part := range []string{page[:20], page[20:60], page[60:], "<p>text"} {
			io.WriteString(out, part)
			if f, ok := out.(interface{ Flush() error }); ok {
				f.Flush()
			}
			w.(http.Flusher).Flush()
		}
		if coding != "" {
			out.Close()
		}
	}))
	defer app.Close()
	want := []string{"<https://cdn.example/base.css>; rel=preload; as=style", "</shop/app.css>; rel=preload; as=style", "<https://fonts.example>; rel=preconnect; crossorigin"}
	for _, learn := range []string{"--learn=on", "--learn=off"} {
		for coding := range packers {
			s := serve(t, "--proxy", app.URL, learn)
			for i, got := range s.views(t, "/shop/", coding, 8) {
				if want := want[:min(i, 1)*len(want)]; !slices.Equal(got, want) {
					t.Errorf("%s, coding %q: visit %d was hinted %q, want %q", learn, coding, i+1, got, want)
				}
			}
			s.stop()
		}
	}
	s := serve(t, "--proxy", app.URL, "--no-html")
	if got := s.views(t, "/shop/", "", 2)[1]; len(got) > 0 {
		t.Errorf("--no-html: hinted %q", got)
	}
	s.stop()
}

// packers write each content coding as servers do.
var packers = map[string]func(io.Writer) io.WriteCloser{
	"":     nil,
	"gzip": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	"br":   func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
	"zstd": func(w io.Writer) io.WriteCloser {
		z, err := zstd.NewWriter(w)
		if err != nil {
			panic(err)
		}
		return z
	},
}
