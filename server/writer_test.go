package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/link"
)

// The four optional interfaces, each by itself.
type (
	flusher    struct{ called *[]string }
	hijacker   struct{ called *[]string }
	readerFrom struct{ called *[]string }
	pusher     struct{ called *[]string }
)

var errReached = errors.New("reached")

func (f flusher) Flush() { *f.called = append(*f.called, "Flush") }
func (f hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	*f.called = append(*f.called, "Hijack")
	return nil, nil, errReached
}
func (f readerFrom) ReadFrom(io.Reader) (int64, error) {
	*f.called = append(*f.called, "ReadFrom")
	return 7, errReached
}
func (f pusher) Push(target string, _ *http.PushOptions) error {
	if target != "" { // a question whether this is a push
		*f.called = append(*f.called, "Push")
	}
	return errReached
}

// T16. The writer that Next gets implements what the one below does, all sixteen
// combinations, no more and no less; and each call arrives there.
func TestResponseWriterCombinations(t *testing.T) {
	type rw = http.ResponseWriter
	for n := range 16 {
		var called []string
		f, h, r, p := flusher{&called}, hijacker{&called}, readerFrom{&called}, pusher{&called}
		var below rw
		switch s := newStageOnly(); n {
		case 0:
			below = s
		case 1:
			below = struct {
				rw
				flusher
			}{s, f}
		case 2:
			below = struct {
				rw
				hijacker
			}{s, h}
		case 3:
			below = struct {
				rw
				flusher
				hijacker
			}{s, f, h}
		case 4:
			below = struct {
				rw
				readerFrom
			}{s, r}
		case 5:
			below = struct {
				rw
				flusher
				readerFrom
			}{s, f, r}
		case 6:
			below = struct {
				rw
				hijacker
				readerFrom
			}{s, h, r}
		case 7:
			below = struct {
				rw
				flusher
				hijacker
				readerFrom
			}{s, f, h, r}
		case 8:
			below = struct {
				rw
				pusher
			}{s, p}
		case 9:
			below = struct {
				rw
				flusher
				pusher
			}{s, f, p}
		case 10:
			below = struct {
				rw
				hijacker
				pusher
			}{s, h, p}
		case 11:
			below = struct {
				rw
				flusher
				hijacker
				pusher
			}{s, f, h, p}
		case 12:
			below = struct {
				rw
				readerFrom
				pusher
			}{s, r, p}
		case 13:
			below = struct {
				rw
				flusher
				readerFrom
				pusher
			}{s, f, r, p}
		case 14:
			below = struct {
				rw
				hijacker
				readerFrom
				pusher
			}{s, h, r, p}
		case 15:
			below = struct {
				rw
				flusher
				hijacker
				readerFrom
				pusher
			}{s, f, h, r, p}
		}
		var want []string
		next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if v, ok := w.(http.Pusher); ok != (n&8 != 0) {
				t.Errorf("%04b: Pusher %v", n, ok)
			} else if ok {
				want = append(want, "Push")
				if err := v.Push("/x", nil); err != errReached {
					t.Errorf("%04b: Push %v", n, err)
				}
			}
			if v, ok := w.(http.Hijacker); ok != (n&2 != 0) {
				t.Errorf("%04b: Hijacker %v", n, ok)
			} else if ok {
				want = append(want, "Hijack")
				if _, _, err := v.Hijack(); err != errReached {
					t.Errorf("%04b: Hijack %v", n, err)
				}
			}
			if v, ok := w.(io.ReaderFrom); ok != (n&4 != 0) {
				t.Errorf("%04b: ReaderFrom %v", n, ok)
			} else if ok {
				want = append(want, "ReadFrom")
				if m, err := v.ReadFrom(nil); m != 7 || err != errReached {
					t.Errorf("%04b: ReadFrom %d, %v", n, m, err)
				}
			}
			if v, ok := w.(http.Flusher); ok != (n&1 != 0) {
				t.Errorf("%04b: Flusher %v", n, ok)
			} else if ok {
				want = append(want, "Flush", "Flush")
				v.Flush()
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Errorf("%04b: Flush by the controller: %v", n, err)
				}
			}
			if u, ok := w.(interface{ Unwrap() http.ResponseWriter }); !ok || u.Unwrap() != below {
				t.Errorf("%04b: Unwrap does not lead to the writer below", n)
			}
		})
		(&server.Handler{Next: next}).ServeHTTP(below, request("/"))
		if !slices.Equal(called, want) {
			t.Errorf("%04b: %q arrived, want %q", n, called, want)
		}
	}
}

// A stageOnly is a stage that is a writer and nothing else.
type stageOnly struct{ s *stage }

func newStageOnly() *stageOnly                         { return &stageOnly{newStage()} }
func (s *stageOnly) Header() http.Header               { return s.s.Header() }
func (s *stageOnly) WriteHeader(code int)              { s.s.WriteHeader(code) }
func (s *stageOnly) Write(p []byte) (n int, err error) { return s.s.Write(p) }

// both runs a test against h without and with the middleware, which has something to do,
// and compares what the test says that it saw.
func both(t *testing.T, h http.HandlerFunc, look func(t *testing.T, addr string) string) {
	t.Helper()
	scan := func([]byte, link.Base) []link.Asset { return []link.Asset{link.Guess("/s.css", "")} }
	want := look(t, serve(t, h))
	for name, wrapped := range map[string]*server.Handler{
		"links":  {Next: h},
		"source": {Next: h, Sources: wants("/a.css", "/b.js")},
		"scan":   {Next: h, Sources: wants("/a.css"), Scan: scan},
		"twice":  {Next: &server.Handler{Next: h, Sources: wants("/a.css")}, Sources: wants("/a.css", "/b.js")},
	} {
		if got := look(t, serve(t, wrapped)); got != want {
			t.Errorf("%s: with the middleware:\n%s\nwithout:\n%s", name, got, want)
		}
	}
}

func clients() map[string]*http.Client {
	one, two := new(http.Transport), new(http.Transport)
	two.Protocols = new(http.Protocols)
	two.Protocols.SetUnencryptedHTTP2(true)
	return map[string]*http.Client{"HTTP/1": {Transport: one}, "HTTP/2": {Transport: two}}
}

// T16, over the wire: what handlers do with their writers works as before.
func TestResponseWriterFeatures(t *testing.T) {
	for proto, client := range clients() {
		defer client.CloseIdleConnections()
		get := func(t *testing.T, addr string) *http.Response {
			resp, err := client.Get("http://" + addr + "/")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { resp.Body.Close() })
			return resp
		}
		t.Run(proto+"/events", func(t *testing.T) { // each event arrives before the next is written
			turn := make(chan bool)
			both(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				for i := range 3 {
					fmt.Fprintf(w, "data: %d\n\n", i)
					w.(http.Flusher).Flush()
					<-turn
				}
			}, func(t *testing.T, addr string) string {
				resp := get(t, addr)
				lines := bufio.NewReader(resp.Body)
				var all strings.Builder
				for range 3 {
					for range 2 {
						line, err := lines.ReadString('\n')
						if err != nil {
							t.Fatal(err)
						}
						all.WriteString(line)
					}
					turn <- true
				}
				return fmt.Sprint(resp.StatusCode, all.String())
			})
		})
		t.Run(proto+"/file", func(t *testing.T) { // ReadFrom
			name := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(name, []byte("<!doctype html>"+strings.Repeat("0123456789", 100_000)), 0o600); err != nil {
				t.Fatal(err)
			}
			both(t, func(w http.ResponseWriter, r *http.Request) {
				f, err := os.Open(name)
				if err != nil {
					t.Error(err)
					return
				}
				defer f.Close()
				if n, err := io.Copy(w, f); n != 1_000_015 || err != nil {
					t.Errorf("copied %d, %v", n, err)
				}
			}, func(t *testing.T, addr string) string {
				resp := get(t, addr)
				body, err := io.ReadAll(resp.Body)
				return fmt.Sprint(resp.StatusCode, len(body), string(body[:20]), err, resp.Header.Get("Content-Type"))
			})
		})
		t.Run(proto+"/trailers", func(t *testing.T) {
			both(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				w.Header().Set("Trailer", "X-Declared")
				w.WriteHeader(http.StatusOK)
				w.Header().Set("X-Declared", "1")
				io.WriteString(w, "body")
				w.Header().Set(http.TrailerPrefix+"X-Not", "2")
			}, func(t *testing.T, addr string) string {
				resp := get(t, addr)
				body, err := io.ReadAll(resp.Body)
				return fmt.Sprint(string(body), err, resp.Trailer)
			})
		})
		t.Run(proto+"/deadlines", func(t *testing.T) {
			both(t, func(w http.ResponseWriter, r *http.Request) {
				c := http.NewResponseController(w)
				for what, err := range map[string]error{
					"read": c.SetReadDeadline(time.Now().Add(time.Hour)), "write": c.SetWriteDeadline(time.Now().Add(time.Hour)), "flush": c.Flush(),
				} {
					if err != nil {
						t.Errorf("%s: %v", what, err)
					}
				}
				c.SetWriteDeadline(time.Now().Add(-time.Second))
				for range 100 {
					if _, err := w.Write(make([]byte, 1<<16)); err != nil {
						return
					}
				}
				t.Error("a deadline of long ago has no effect")
			}, func(t *testing.T, addr string) string {
				resp, err := client.Get("http://" + addr + "/")
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				return fmt.Sprint(err != nil)
			})
		})
		t.Run(proto+"/informational", func(t *testing.T) { // 1xx never is the status
			both(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Before", "1")
				w.WriteHeader(http.StatusProcessing)
				w.Header().Set("Link", "</l.css>; rel=preload; as=style")
				w.WriteHeader(http.StatusEarlyHints)
				w.WriteHeader(http.StatusNotFound)
				io.WriteString(w, "not here")
			}, func(t *testing.T, addr string) string {
				var seen []string
				ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
					if code == http.StatusEarlyHints && proto == "HTTP/1" {
						return nil // HTTP/1 clients get none, since some take it for the answer
					}
					seen = append(seen, fmt.Sprint(code, h.Get("Link")))
					return nil
				}})
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/", nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				return fmt.Sprint(seen, resp.StatusCode, resp.Header["X-Before"], resp.Header["Link"], string(body), err)
			})
		})
		t.Run(proto+"/empty", func(t *testing.T) { // 204, 205, 304, HEAD, and who writes nothing at all
			both(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Etag", `"x"`)
				switch r.URL.Path {
				case "/204", "/205", "/304":
					var code int
					fmt.Sscanf(r.URL.Path, "/%d", &code)
					w.WriteHeader(code)
				case "/head":
					w.Header().Set("Content-Length", "5")
					io.WriteString(w, "12345")
				}
			}, func(t *testing.T, addr string) string {
				var all []string
				for _, p := range []string{"/204", "/205", "/304", "/head", "/nothing"} {
					for _, method := range []string{"GET", "HEAD", "POST"} {
						r, err := http.NewRequest(method, "http://"+addr+p, nil)
						if err != nil {
							t.Fatal(err)
						}
						resp, err := client.Do(r)
						if err != nil {
							t.Fatal(err)
						}
						body, err := io.ReadAll(resp.Body)
						resp.Body.Close()
						all = append(all, fmt.Sprint(method, p, resp.StatusCode, resp.ContentLength, len(body), err, resp.Header["Etag"]))
					}
				}
				return strings.Join(all, "\n")
			})
		})
		t.Run(proto+"/full duplex", func(t *testing.T) {
			both(t, func(w http.ResponseWriter, r *http.Request) {
				if proto == "HTTP/1" {
					if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
						t.Error(err)
					}
				}
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(http.StatusOK)
				http.NewResponseController(w).Flush()
				io.Copy(w, r.Body)
			}, func(t *testing.T, addr string) string {
				in, out := io.Pipe()
				r, err := http.NewRequest(http.MethodPost, "http://"+addr+"/", in)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				go func() { io.WriteString(out, "both ways"); out.Close() }()
				body, err := io.ReadAll(resp.Body)
				return fmt.Sprint(string(body), err)
			})
		})
		t.Run(proto+"/abort", func(t *testing.T) {
			both(t, func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, "begin")
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			}, func(t *testing.T, addr string) string {
				_, err := io.ReadAll(get(t, addr).Body)
				return fmt.Sprint(err != nil)
			})
		})
	}
	t.Run("upgrade", func(t *testing.T) { // as a WebSocket begins
		both(t, func(w http.ResponseWriter, r *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
			rw.Flush()
			line, _ := rw.ReadString('\n')
			rw.WriteString(line)
			rw.Flush()
		}, func(t *testing.T, addr string) string {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhello\n")
			all, err := io.ReadAll(conn)
			return fmt.Sprint(string(all), err)
		})
	})
	t.Run("HTTP/1.0", func(t *testing.T) { // which has no informational answers
		addr := serve(t, &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "</l.css>; rel=preload; as=style")
			w.WriteHeader(http.StatusEarlyHints)
			io.WriteString(w, "page")
		})})
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
		all, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(all), "HTTP/1.0 200") {
			t.Errorf("%v: %q", err, all)
		}
	})
}

// T15. What panics beside a request costs what it would have said, with one line in the log;
// what panics in it passes through.
func TestPanics(t *testing.T) {
	page := site("</l.css>; rel=preload; as=style")
	for what, h := range map[string]*server.Handler{
		"Source":    {Sources: sources(func(*http.Request) []link.Asset { panic("out of order") })},
		"Scan":      {Scan: func([]byte, link.Base) []link.Asset { panic("out of order") }},
		"Validator": {Validator: func(string) string { panic("out of order") }},
		"Allow":     {Allow: func(*http.Request, link.Asset) bool { panic("out of order") }},
		"Observe":   {Observe: func(*server.Exchange) { panic("out of order") }},
	} {
		var said strings.Builder
		h.Next, h.Logger = page, slog.New(slog.NewTextHandler(&said, nil))
		s := ask(h, "/", "Cache-Digest: AfdA")
		if s.code != http.StatusOK || !strings.Contains(string(s.body), "page") {
			t.Errorf("%s: %d %q", what, s.code, s.body)
		}
		if log := said.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, what) || !strings.Contains(log, "out of order") {
			t.Errorf("%s: the log says %q", what, log)
		}
		h.Logger = nil
		ask(h, "/")
	}
	for _, v := range []any{http.ErrAbortHandler, "anything", errors.New("at all")} {
		h := &server.Handler{Sources: wants("/a.css"), Next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(v) }), Observe: func(*server.Exchange) {
			t.Error("a request that panicked was observed")
		}}
		func() {
			defer func() {
				if got := recover(); !reflect.DeepEqual(got, v) {
					t.Errorf("recovered %v, want %v", got, v)
				}
			}()
			ask(h, "/")
		}()
	}
	// A Pusher that panics does so on a goroutine where nobody else would catch it.
	s := newStage()
	s.hold = func(string) error { panic("out of order") }
	s.ask(&server.Handler{Next: page, Sources: wants("/a.css")}, "/")
	if s.code != http.StatusOK || len(s.final["Link"]) != 2 {
		t.Errorf("%d, Link %q", s.code, s.final["Link"])
	}
}

// Whatever became of a request, Observe is told of it once.
func TestObservedOnce(t *testing.T) {
	seen := make(chan string, 10)
	h := &server.Handler{Sources: wants("/a.css"), Observe: func(x *server.Exchange) {
		seen <- fmt.Sprint(x.Request.URL.Path, " ", x.Status, " ", x.Pushed)
	}}
	h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/404":
			http.NotFound(w, r)
		case "/flush":
			w.(http.Flusher).Flush()
			io.WriteString(w, "x")
		}
	})
	c := peer.Dial(t, serve(t, h), h2client.Options{})
	for _, path := range []string{"/", "/404", "/flush", "/a.css"} {
		get(t, c, path)
	}
	var got []string
	for range 5 {
		got = append(got, <-seen)
	}
	slices.Sort(got)
	if want := []string{"/ 200 false", "/404 404 false", "/a.css 200 false", "/a.css 200 true", "/flush 200 false"}; !slices.Equal(got, want) {
		t.Errorf("observed %q, want %q", got, want)
	}
	select {
	case x := <-seen:
		t.Errorf("observed %q besides", x)
	default:
	}
}
