package main

import (
	"encoding/pem"
	"fmt"
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

// TestF12CompressedPages: a page that lies compressed is read in its plain file, whatever coding
// each of its visitors takes.
func TestF12CompressedPages(t *testing.T) {
	dir := publish(t, map[string]string{
		"index.html": `<link rel=stylesheet href=/app.css>`, "about.html": `<script src=/app.js></script>`, "app.css": "css", "app.js": "js",
		"index.html.br": "br", "index.html.gz": "gz", "index.html.zst": "zst", "about.html.br": "br",
	})
	for _, coding := range []string{"br", "gzip", "zstd"} {
		s := serve(t, dir, "--learn=off", "--spa", "--clean-urls")
		for path, want := range map[string]string{"/": "/app.css", "/orders/7": "/app.css", "/about": "/app.js"} {
			if path == "/about" && coding != "br" {
				continue
			}
			var ahead []string
			for range 2 {
				c := connect(t, s.addr, h2client.Options{TLS: s.certConfig, Settings: []http2.Setting{{ID: http2.SettingEnablePush, Val: 0}}})
				x, err := c.Do(h2client.Request{Path: path, Header: append(slices.Clone(navigation), hpack.HeaderField{Name: "accept-encoding", Value: coding})})
				if err != nil || x.Header.Get("content-encoding") != coding {
					t.Fatalf("%s: %v, %+v", path, err, x)
				}
				ahead = nil
				for _, early := range x.Early {
					ahead = append(ahead, early.Values("link")...)
				}
			}
			if len(ahead) != 1 || !strings.HasPrefix(ahead[0], "<"+want+">") {
				t.Errorf("%s in %s: %q was hinted at the second visit, want %s", path, coding, ahead, want)
			}
		}
		s.stop()
	}
}
