package server_test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/link"
	"golang.org/x/net/http2/hpack"
)

// serve starts a cleartext HTTP/1 and HTTP/2 server for h and returns its address.
func serve(t testing.TB, h http.Handler) string {
	return start(t, &http.Server{Handler: h, ConnContext: server.ConnContext})
}

// serveForgetful is serve without a memory of connections.
func serveForgetful(t testing.TB, h http.Handler) string {
	return start(t, &http.Server{Handler: h})
}

// serveTLS is serve with a certificate.
func serveTLS(t testing.TB, h http.Handler, cert tls.Certificate) string {
	return start(t, &http.Server{Handler: h, ConnContext: server.ConnContext, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}})
}

func start(t testing.TB, srv *http.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	patient(srv.Handler)
	srv.ErrorLog = log.New(io.Discard, "", 0) // superfluous WriteHeader calls, panics
	srv.Protocols = new(http.Protocols)
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetHTTP2(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	if srv.TLSConfig != nil {
		go srv.ServeTLS(l, "", "")
	} else {
		go srv.Serve(l)
	}
	t.Cleanup(func() { srv.Close() })
	return l.Addr().String()
}

// site is a page that links what it needs, and its assets.
func site(links ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".css") || strings.HasSuffix(r.URL.Path, ".js") {
			w.Header().Set("Cache-Control", "public, max-age=600")
			w.Header().Set("Content-Type", "text/css")
			io.WriteString(w, "body{}")
			return
		}
		for _, l := range links {
			w.Header().Add("Link", l)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, "<!doctype html><title>page</title>")
	})
}

// navigate are the fields that a browser sends with a navigation.
var navigate = []hpack.HeaderField{
	{Name: "sec-fetch-mode", Value: "navigate"}, {Name: "sec-fetch-dest", Value: "document"}, {Name: "sec-fetch-site", Value: "none"},
}

// cookieOf returns the pair of the answer's casper cookie.
func cookieOf(r *h2client.Response) string {
	for _, v := range r.Header.Values("set-cookie") {
		if pair, _, _ := strings.Cut(v, ";"); strings.HasPrefix(pair, casper.CookieName+"=") {
			return pair
		}
	}
	return ""
}

func get(t testing.TB, c *h2client.Client, path string, cookies ...string) *h2client.Exchange {
	t.Helper()
	x, err := c.Get("", path, slices.DeleteFunc(cookies, func(s string) bool { return s == "" })...)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestPushThenNothing(t *testing.T) {
	addr := serve(t, &server.Handler{Next: site("</a.css>; rel=preload; as=style", "</b.js>; rel=preload; as=script")})
	first := get(t, peer.Dial(t, addr, h2client.Options{}), "/")
	if got, want := first.Pushed(), []string{"/a.css", "/b.js"}; !slices.Equal(got, want) {
		t.Fatalf("first visit pushed %v, want %v", got, want)
	}
	cookie := cookieOf(&first.Response)
	want := casper.New(casper.Params{}).With(casper.Params{}.Key("/a.css"), casper.Params{}.Key("/b.js")).String()
	if cookie != "h2o_casper="+want {
		t.Fatalf("cookie %q, want value %q", first.Header.Values("set-cookie"), want)
	}
	if got, want := first.Header.Values("set-cookie"), cookie+"; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"; got[0] != want {
		t.Errorf("Set-Cookie %q, want %q", got, want)
	}
	second := get(t, peer.Dial(t, addr, h2client.Options{}), "/", cookie)
	if len(second.Pushed()) != 0 || cookieOf(&second.Response) != "" {
		t.Errorf("second visit pushed %v, set %q", second.Pushed(), cookieOf(&second.Response))
	}
}

func TestHintFromMemory(t *testing.T) {
	addr := serve(t, &server.Handler{Next: site("</a.css>; rel=preload; as=style; nopush")})
	c := peer.Dial(t, addr, h2client.Options{})
	for i, want := range []int{0, 1} {
		x, err := c.Do(h2client.Request{Header: navigate})
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Early) != want {
			t.Fatalf("visit %d: %d early answers, want %d", i, len(x.Early), want)
		}
		if want == 1 {
			if got := x.Early[0].Values("link"); len(got) != 1 || got[0] != "</a.css>; rel=preload; as=style" {
				t.Errorf("103 carries %q", got)
			}
			if x.Early[0].Get("set-cookie") != "" {
				t.Error("103 carries a cookie")
			}
		}
	}
}

func TestSourceByLink(t *testing.T) {
	h := &server.Handler{Next: site(), Sources: sources(func(*http.Request) []link.Asset {
		return []link.Asset{link.Guess("/a.css", "")}
	})}
	addr := serve(t, h)
	resp, err := http.Get("http://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := resp.Header.Values("Link"); len(got) != 1 || got[0] != `</a.css>; rel=preload; as=style; type="text/css"` {
		t.Errorf("Link %q", got)
	}
	if got := resp.Header.Get("Cache-Control"); got != "private" {
		t.Errorf("Cache-Control %q", got)
	}
}
