package h2client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// goServer runs net/http's own HTTP/2 on loopback, over TLS or cleartext, and
// returns its address and what a client needs to reach it.
func goServer(t *testing.T, secure bool, h http.HandlerFunc) (string, Options) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	t.Cleanup(s.Close)
	if !secure {
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		s.Start()
		return s.Listener.Addr().String(), Options{}
	}
	s.EnableHTTP2 = true
	s.StartTLS()
	return s.Listener.Addr().String(), Options{TLS: trust(s)}
}

// trust returns the configuration of a client that trusts a test server.
func trust(s *httptest.Server) *tls.Config {
	return s.Client().Transport.(*http.Transport).TLSClientConfig
}

// dial connects to a server until the test is over.
func dial(t *testing.T, addr string, o Options) *Client {
	t.Helper()
	c, err := Dial(addr, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func push(w http.ResponseWriter, path string) error {
	return w.(http.Pusher).Push(path, nil)
}

// site is a page that pushes two assets, and the assets.
func site(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page":
			w.Header().Set("Link", "</a.css>; rel=preload; as=style")
			w.WriteHeader(http.StatusEarlyHints)
			for _, path := range []string{"/a.css", "/b.js?v=1"} {
				if err := push(w, path); err != nil {
					t.Errorf("push %s: %v", path, err)
				}
			}
			w.Header().Set("Trailer", "Digest")
			w.Header().Set("X-Cookies", strings.Join(r.Header.Values("Cookie"), "|"))
			io.WriteString(w, r.Method+" "+r.Host)
			w.Header().Set("Digest", "of it all")
		default:
			io.WriteString(w, "body of "+r.URL.RequestURI())
		}
	}
}

func TestClientExchange(t *testing.T) {
	for _, secure := range []bool{true, false} {
		t.Run(fmt.Sprintf("tls=%t", secure), func(t *testing.T) {
			addr, o := goServer(t, secure, site(t))
			c := dial(t, addr, o)
			e, err := c.Do(Request{
				Method: "POST", Authority: "www.example:1", Path: "/page",
				Header:  []hpack.HeaderField{{Name: "accept", Value: "*/*"}},
				Cookies: []string{"a=b", "c=d"},
			})
			if err != nil {
				t.Fatal(err)
			}
			if e.Status() != 200 || string(e.Body) != "POST www.example:1" || e.Reset != nil {
				t.Errorf("status %d, body %q, reset %v", e.Status(), e.Body, e.Reset)
			}
			// net/http joins the crumbs again, as RFC 9113 8.2.3 wants.
			if got := e.Header.Get("x-cookies"); got != "a=b; c=d" {
				t.Errorf("cookies arrived as %q", got)
			}
			if len(e.Early) != 1 || e.Early[0].Get(":status") != "103" || len(e.Early[0].Values("link")) != 1 {
				t.Errorf("interim answers %v", e.Early)
			}
			if got := e.Trailer.Get("digest"); got != "of it all" {
				t.Errorf("trailer %v", e.Trailer)
			}
			if got := e.Pushed(); !slices.Equal(got, []string{"/a.css", "/b.js?v=1"}) {
				t.Errorf("pushed %q", got)
			}
			for i, p := range e.Pushes {
				if string(p.Body) != "body of "+p.Path() || p.Status() != 200 || p.StreamID != uint32(2*i+2) || p.Promise.Get(":method") != "GET" {
					t.Errorf("push %d: %+v", i, p)
				}
			}
		})
	}
}

func TestClientRefuses(t *testing.T) {
	// What the server sees: Push returns the error that it is documented to return.
	pushed := make(chan error, 1)
	addr, o := goServer(t, true, func(w http.ResponseWriter, r *http.Request) {
		pushed <- push(w, "/unwanted")
	})
	t.Run("ENABLE_PUSH 0", func(t *testing.T) {
		o := o
		o.Settings = []http2.Setting{{ID: http2.SettingEnablePush, Val: 0}}
		e, err := dial(t, addr, o).Get("", "/page")
		if err != nil {
			t.Fatal(err)
		}
		if err := <-pushed; len(e.Pushes) != 0 || !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("%d pushes; the server: %v", len(e.Pushes), err)
		}
	})
	t.Run("MAX_CONCURRENT_STREAMS 0", func(t *testing.T) {
		o := o
		o.Settings = []http2.Setting{{ID: http2.SettingMaxConcurrentStreams, Val: 0}}
		e, err := dial(t, addr, o).Get("", "/page")
		if err != nil {
			t.Fatal(err)
		}
		if err := <-pushed; len(e.Pushes) != 0 || err == nil {
			t.Errorf("%d pushes; the server: %v", len(e.Pushes), err)
		}
	})
}

func TestClientResetsItsRequest(t *testing.T) {
	arrived, gone := make(chan bool), make(chan error)
	addr, o := goServer(t, true, func(w http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-r.Context().Done()
		gone <- r.Context().Err()
	})
	c := dial(t, addr, o)
	s, err := c.Start(Request{})
	if err != nil {
		t.Fatal(err)
	}
	<-arrived
	if err := s.Reset(http2.ErrCodeCancel); err != nil {
		t.Fatal(err)
	}
	if err := <-gone; err != context.Canceled {
		t.Errorf("the server's handler: %v", err)
	}
	if e, err := s.Wait(); err != nil || e.Status() != 0 {
		t.Errorf("waiting for a request that was given up: %+v, %v", e, err)
	}
}

func TestClientServerResets(t *testing.T) {
	addr, o := goServer(t, true, func(w http.ResponseWriter, r *http.Request) {
		panic(http.ErrAbortHandler)
	})
	e, err := dial(t, addr, o).Get("", "/")
	if err != nil || e.Reset == nil || *e.Reset != http2.ErrCodeInternal {
		t.Errorf("%+v, %v", e, err)
	}
}

// Field sections above one frame go through CONTINUATION, both ways, and a
// body above every default window (65,535 octets) arrives whole.
func TestClientLargeMessages(t *testing.T) {
	long := strings.Repeat("long cookie ", 5000)
	body := strings.Repeat("0123456789abcdef", 40_000)
	addr, o := goServer(t, true, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Echo", r.Header.Get("Cookie"))
		io.WriteString(w, body)
	})
	c := dial(t, addr, o)
	for range 2 { // the second time, out of the compression's table
		e, err := c.Get("", "/", long)
		if err != nil {
			t.Fatal(err)
		}
		if e.Header.Get("echo") != long || string(e.Body) != body {
			t.Errorf("header of %d octets, body of %d", len(e.Header.Get("echo")), len(e.Body))
		}
	}
}

func TestClientConcurrentRequests(t *testing.T) {
	const n = 50
	var all sync.WaitGroup
	all.Add(n)
	addr, o := goServer(t, true, func(w http.ResponseWriter, r *http.Request) {
		all.Done()
		all.Wait() // no answer before every request is here
		io.WriteString(w, r.URL.Path)
	})
	c := dial(t, addr, o)
	var streams []*Stream
	for i := range n {
		s, err := c.Start(Request{Path: fmt.Sprintf("/%d", i)})
		if err != nil {
			t.Fatal(err)
		}
		streams = append(streams, s)
	}
	for i, s := range streams {
		e, err := s.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("/%d", i); string(e.Body) != want || s.ID() != uint32(2*i+1) {
			t.Errorf("stream %d: body %q, want %q", s.ID(), e.Body, want)
		}
	}
}

func TestClientEnds(t *testing.T) {
	release := make(chan bool)
	addr, o := goServer(t, true, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })

	t.Run("close", func(t *testing.T) {
		c := dial(t, addr, o)
		s, err := c.Start(Request{})
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if _, err := s.Wait(); !errors.Is(err, ErrClosed) {
			t.Errorf("wait: %v", err)
		}
		if _, err := c.Start(Request{}); !errors.Is(err, ErrClosed) {
			t.Errorf("start: %v", err)
		}
	})
	t.Run("timeout", func(t *testing.T) {
		s, err := dial(t, addr, o).Start(Request{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := s.await(ctx); err == nil || !strings.Contains(err.Error(), "stream 1: no end after 10s") {
			t.Errorf("await: %v", err)
		}
	})
	t.Run("no HTTP/2", func(t *testing.T) {
		s := httptest.NewTLSServer(nil)
		defer s.Close()
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: s.TLS.Certificates}) // names no protocol
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			if conn, err := l.Accept(); err == nil {
				conn.(*tls.Conn).Handshake()
				conn.Close()
			}
		}()
		addr := l.Addr().String()
		_, err = Dial(addr, Options{TLS: trust(s)})
		if err == nil || !strings.Contains(err.Error(), `protocol "", not h2`) {
			t.Errorf("new client: %v", err)
		}
	})
}
