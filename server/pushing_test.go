package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/link"
	"golang.org/x/net/http2"
)

// T11. However many assets a page links, 8 go out; however many pages a connection asks
// for, 32 pushes are under way; and a pushed answer pushes nothing.
func TestAmplification(t *testing.T) {
	t.Run("one request", func(t *testing.T) {
		var links []string
		for i := range 100 {
			links = append(links, fmt.Sprintf("</%d.css>; rel=preload; as=style", i))
		}
		addr := serve(t, &server.Handler{Next: site(strings.Join(links[:50], ", "), strings.Join(links[50:], ", "))})
		if x := get(t, peer.Dial(t, addr, h2client.Options{}), "/"); len(x.Pushes) != 8 {
			t.Errorf("%d pushes", len(x.Pushes))
		}
	})
	t.Run("bytes", func(t *testing.T) {
		addr := serve(t, &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, ".css") {
				w.Header().Set("Content-Type", "text/css")
				w.Header().Set("Content-Length", fmt.Sprint(100<<10))
				w.Header().Set("Cache-Control", "max-age=60")
				io.WriteString(w, strings.Repeat(" ", 100<<10))
				return
			}
			w.Header().Set("Content-Type", "text/html")
			for i := range 8 {
				w.Header().Add("Link", fmt.Sprintf("</%d.css>; rel=preload; as=style", i))
			}
		})})
		get(t, peer.Dial(t, addr, h2client.Options{}), "/") // sizes become known
		if x := get(t, peer.Dial(t, addr, h2client.Options{}), "/"); len(x.Pushes) != 2 {
			t.Errorf("%d pushes of 100 KiB within 256 KiB", len(x.Pushes))
		}
	})
	for _, remembered := range []bool{true, false} {
		t.Run(fmt.Sprintf("one connection, context %v", remembered), func(t *testing.T) {
			release := make(chan struct{})
			var live, most atomic.Int32
			next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, ".css") {
					n := live.Add(1)
					for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
					<-release
					live.Add(-1)
					return
				}
				w.Header().Set("Content-Type", "text/html")
				for i := range 8 {
					w.Header().Add("Link", fmt.Sprintf("<%s-%d.css>; rel=preload; as=style", r.URL.Path, i))
				}
			})
			listen := serve
			if !remembered {
				listen = serveForgetful
			}
			c := dial(t, listen(t, &server.Handler{Next: next}))
			ended := c.ends()
			for range 10 {
				for range 100 {
					if _, err := c.request(fmt.Sprint("/", c.next)); err != nil {
						t.Fatal(err)
					}
				}
				for range 100 {
					if _, ok := <-ended; !ok {
						t.Fatal("the connection ended")
					}
				}
			}
			if n := most.Load(); n != 32 {
				t.Errorf("%d push handlers at a time, want 32", n)
			}
			close(release)
		})
	}
	t.Run("cycle", func(t *testing.T) {
		var asked atomic.Int32
		addr := serve(t, &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			w.Header().Set("Content-Type", "text/html")
			w.Header().Add("Link", "</a>; rel=preload; as=style, </b>; rel=preload; as=style")
			if server.Pushed(w) != (r.URL.Path != "/") {
				t.Errorf("%s: pushed %v", r.URL.Path, server.Pushed(w))
			}
			verdicts, err := server.Push(w, r, link.Asset{Path: "/c", As: "style"})
			if err != nil || server.Pushed(w) && verdicts[0].Means != server.ByNothing {
				t.Errorf("%s: Push %v, %v", r.URL.Path, verdicts, err)
			}
		})})
		x := get(t, peer.Dial(t, addr, h2client.Options{}), "/")
		if n := asked.Load(); n != 4 || len(x.Pushes) != 3 {
			t.Errorf("%d requests, %d pushes", n, len(x.Pushes))
		}
		for _, p := range x.Pushes {
			if p.Header.Get("set-cookie") != "" {
				t.Errorf("%s sets a cookie", p.Path())
			}
		}
	})
}

// T18. A client that does not read holds a page up by 50 ms at most, and after that its pushes
// are not tried again; nothing is left behind when it goes.
func TestStalledClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := make(chan struct{})
		s := newStage()
		tries := 0
		s.hold = func(string) error { tries++; <-gone; return http.ErrHandlerTimeout }
		start := time.Now()
		h := &server.Handler{
			Sources: wants("/a.css", "/b.css", "/c.css"),
			Policy:  server.Policy{PushWait: 50 * time.Millisecond},
			Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if took := time.Since(start); took > 50*time.Millisecond {
					t.Errorf("the page began after %v", took)
				}
				w.Header().Set("Content-Type", "text/html")
				w.Header().Set("Link", "</d.css>; rel=preload; as=style")
				if v, err := server.Push(w, r, link.Guess("/e.css", "")); err != nil || v[0].Means == server.ByPush {
					t.Errorf("pushed again: %v, %v", v, err)
				}
				io.WriteString(w, "page")
				if took := time.Since(start); took > 50*time.Millisecond {
					t.Errorf("the page was written after %v", took)
				}
				go func() { time.Sleep(time.Second); close(gone) }()
			}),
		}
		s.ask(h, "/")
		if tries != 1 || string(s.body) != "page" || len(s.final["Link"]) != 5 {
			t.Errorf("%d tries, body %q, links %q", tries, s.body, s.final["Link"])
		}
		synctest.Wait()
	})
}

// T18, with a client of flesh and blood: its windows are open, its socket is full.
func TestStalledConnection(t *testing.T) {
	begun := make(chan struct{}, 100)
	addr := serve(t, &server.Handler{Sources: wants("/a.css"), Policy: server.Policy{PushWait: 50 * time.Millisecond}, Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		io.WriteString(w, strings.Repeat("x", 4<<20))
	})})
	conn := dial(t, addr, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1})
	conn.framer.WriteWindowUpdate(0, 1<<30)
	for range 5 {
		conn.request("/page")
	}
	timeout := time.After(10 * time.Second)
	for range 5 {
		select {
		case <-begun:
		case <-timeout:
			t.Fatal("a page waits for a client that does not read")
		}
	}
	conn.Close()
}

// T25. A client that refuses pushes is asked once for each connection, gets Link or a hint
// instead, and nobody is told above the level of debugging.
func TestRefusalRemembered(t *testing.T) {
	var said strings.Builder
	h := &server.Handler{
		Next: site("</a.css>; rel=preload; as=style"), Sources: wants("/b.css"),
		Logger: slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	tries := 0
	refuse := func(string) error { tries++; return http.ErrNotSupported }
	r := request("/")
	for i := range 3 {
		s := newStage()
		s.hold = refuse
		h.ServeHTTP(s, r.Clone(r.Context()))
		if want := `</b.css>; rel=preload; as=style; type="text/css"`; !slices.Contains(s.final["Link"], want) {
			t.Errorf("request %d: Link %q, want %q", i, s.final["Link"], want)
		}
		if tries != 1 {
			t.Errorf("request %d: asked %d times", i, tries)
		}
	}
	s := newStage()
	s.hold = refuse
	s.ask(h, "/", browser...)
	if tries != 2 || len(s.early) != 1 || len(s.early[0]["Link"]) != 2 {
		t.Errorf("a browser on a new connection: asked %d times, %d hints", tries, len(s.early))
	}
	if said.Len() > 0 {
		t.Errorf("the log says %q", said.String())
	}

	addr := serve(t, h)
	off := h2client.Options{Settings: []http2.Setting{{ID: http2.SettingEnablePush, Val: 0}}}
	c := peer.Dial(t, addr, off)
	for range 2 {
		x, err := c.Do(h2client.Request{Header: navigate})
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Early) != 1 || len(x.Pushes) != 0 {
			t.Errorf("%d hints, %d pushes", len(x.Early), len(x.Pushes))
		}
	}
}

// After a push that fails nothing more is pushed for the page: the rest goes by other
// means, or with the next page.
func TestPushFails(t *testing.T) {
	h := &server.Handler{Sources: wants("/a.css", "/b.css", "/c.css"), Next: site()}
	s := newStage()
	s.hold = func(target string) error {
		if target == "/b.css" {
			return fmt.Errorf("push would exceed peer's SETTINGS_MAX_CONCURRENT_STREAMS")
		}
		return nil
	}
	s.ask(h, "/")
	// What could not be pushed is linked, and nothing is tried twice.
	if want := []string{`</b.css>; rel=preload; as=style; type="text/css"`, `</c.css>; rel=preload; as=style; type="text/css"`}; !slices.Equal(s.final["Link"], want) {
		t.Errorf("Link %q", s.final["Link"])
	}
	if !slices.Equal(s.pushed, []string{"/a.css"}) {
		t.Errorf("pushed %q", s.pushed)
	}

	addr := serve(t, h)
	none := h2client.Options{Settings: []http2.Setting{{ID: http2.SettingMaxConcurrentStreams, Val: 0}}}
	x := get(t, peer.Dial(t, addr, none), "/")
	if len(x.Pushes) != 0 || len(x.Header.Values("link")) != 3 {
		t.Errorf("no stream for pushes: %d pushes, cookie %q, links %q", len(x.Pushes), cookieOf(&x.Response), x.Header.Values("link"))
	}
}
