package middleware_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
	"github.com/cache-aware/casper/server/proxy"
	"github.com/felixge/httpsnoop"
	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v4"
	echomiddleware "github.com/labstack/echo/v4/middleware"
)

// each runs a test for every chain, place and mode.
func each(t *testing.T, f func(t *testing.T, c *chain, place string, m mode)) {
	for _, c := range chains {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, place := range []string{outside, inside} {
				for _, m := range modes {
					t.Run(place+", "+m.name, func(t *testing.T) { f(t, &c, place, m) })
				}
			}
		})
	}
}

// alike compares the answers of two programs to the same requests: each of those asked for, one
// after the other, for each of the paths.
func alike(t *testing.T, protocol string, bare, with http.Handler, prefix string, paths []string, asked ...request) {
	t.Helper()
	a, b := newClient(protocol, serve(t, bare)), newClient(protocol, serve(t, with))
	defer a.close()
	defer b.close()
	var found differences
	for _, r := range asked {
		var requests []request
		for _, p := range paths {
			requests = append(requests, r.at(prefix+p))
		}
		want, got := a.askEach(requests), b.askEach(requests)
		for i, p := range paths {
			found.compare(p, want[i], got[i])
		}
	}
	if len(found) > 0 {
		t.Errorf("%s:%s", protocol, found)
	}
}

var (
	browsing = request{fields: navigation}
	withGzip = browsing.with("Accept-Encoding: gzip")
	asMember = request{fields: []string{"X-Session: 1"}}
)

// Writers that take a 103 for the answer lost the status that came after it.
func TestF1StatusStaysTheApplications(t *testing.T) {
	statuses := []string{"/members-302", "/members-404", "/members-204", "/201", "/204", "/302", "/304", "/401", "/404", "/500"}
	each(t, func(t *testing.T, c *chain, place string, m mode) {
		alike(t, http2only, c.build(application(), nothing), c.with(application(), m.make(), place), c.prefix, statuses, asMember, browsing, withGzip)
	})
}

// As above, in applications that are written for a framework.
func TestF1Frameworks(t *testing.T) {
	frameworks := map[string]func(*server.Handler) http.Handler{
		"echo": func(h *server.Handler) http.Handler {
			e := echo.New()
			if h != nil {
				e.Use(echo.WrapMiddleware(h.Wrap))
			}
			e.Use(echomiddleware.RecoverWithConfig(echomiddleware.RecoverConfig{DisablePrintStack: true, LogErrorFunc: func(echo.Context, error, []byte) error { return errors.New("recovered") }}))
			e.GET("/", func(c echo.Context) error {
				if !member(c.Request()) {
					return c.Redirect(http.StatusFound, "/login")
				}
				c.Response().Header().Set("Link", links)
				return c.HTML(http.StatusOK, page)
			})
			e.GET("/created", func(c echo.Context) error { return c.JSON(http.StatusCreated, []int{1}) })
			e.GET("/empty", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
			e.GET("/unchanged", func(c echo.Context) error { return c.NoContent(http.StatusNotModified) })
			e.GET("/denied", func(c echo.Context) error { return echo.NewHTTPError(http.StatusUnauthorized, "no") })
			e.GET("/broken", func(c echo.Context) error { return errors.New("broken") })
			e.GET("/panic", func(c echo.Context) error { panic("oh") })
			e.GET("/stream", func(c echo.Context) error {
				return c.Stream(http.StatusAccepted, "text/html", strings.NewReader(page))
			})
			return e
		},
		"gin": func(h *server.Handler) http.Handler {
			gin.SetMode(gin.ReleaseMode)
			g := gin.New()
			g.Use(gin.RecoveryWithWriter(io.Discard))
			g.GET("/", func(c *gin.Context) {
				if !member(c.Request) {
					c.Redirect(http.StatusFound, "/login")
					return
				}
				c.Header("Link", links)
				c.Data(http.StatusOK, "text/html", []byte(page))
			})
			g.GET("/created", func(c *gin.Context) { c.JSON(http.StatusCreated, []int{1}) })
			g.GET("/empty", func(c *gin.Context) { c.Status(http.StatusNoContent) })
			g.GET("/unchanged", func(c *gin.Context) { c.Status(http.StatusNotModified) })
			g.GET("/denied", func(c *gin.Context) { c.AbortWithStatus(http.StatusUnauthorized) })
			g.GET("/broken", func(c *gin.Context) { c.AbortWithError(http.StatusInternalServerError, errors.New("broken")) })
			g.GET("/panic", func(c *gin.Context) { panic("oh") })
			g.GET("/stream", func(c *gin.Context) { c.String(http.StatusAccepted, "%s", page) })
			if h != nil {
				return h.Wrap(g) // gin takes no other middleware than its own
			}
			return g
		},
	}
	for name, build := range frameworks {
		for _, m := range modes {
			t.Run(name+", "+m.name, func(t *testing.T) {
				ways := []string{"/", "/created", "/empty", "/unchanged", "/denied", "/missing", "/broken", "/panic", "/stream"}
				for _, protocol := range protocols {
					alike(t, protocol, build(nil), build(m.make()), "", ways, asMember, browsing, request{})
				}
			})
		}
	}
}

// delivered returns the paths of all that an answer brought along: pushed, hinted or linked.
func delivered(a *answer) []string {
	return slices.Concat(a.Pushed, targets(a.hinted()), targets(split(a.Header["Link"])))
}

// recorded reports which of the paths the answer's cookie says that the client holds.
func recorded(t *testing.T, a *answer, paths ...string) (held []string) {
	t.Helper()
	for _, pair := range a.cookies() {
		f, err := casper.Parse(strings.TrimPrefix(pair, "h2o_casper="), casper.Params{})
		if err != nil {
			t.Errorf("cookie %q: %v", pair, err)
		}
		for _, p := range paths {
			if f.Has(casper.Params{}.Key(p)) && !slices.Contains(held, p) {
				held = append(held, p)
			}
		}
	}
	slices.Sort(held)
	return held
}

// Several who write the cookie wrote several cookies.
func TestF17OneCookie(t *testing.T) {
	pushing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.Push(w, r, link.Guess("/p.css", ""))
		server.Push(w, r, link.Guess("/q.css", ""))
		html(w)
		w.Header().Add("Link", "</a.css>; rel=preload; as=style")
		io.WriteString(w, page)
	})
	outer := func() *server.Handler { return &server.Handler{Policy: patient, Sources: always("/s.css")} }
	inner := func() *server.Handler { return &server.Handler{Policy: patient, Sources: always("/t.css")} }
	programs := map[string]http.Handler{}
	for _, c := range chains {
		if c.prefix != "" {
			continue
		}
		programs[c.name+", Push below a Handler"] = outer().Wrap(c.build(pushing, nothing))
		programs[c.name+", Push in a Handler"] = c.build(pushing, outer().Wrap)
		programs[c.name+", Push without a Handler"] = c.build(pushing, nothing)
		programs[c.name+", a Handler in a Handler"] = outer().Wrap(c.build(pushing, inner().Wrap))
	}
	upstream := httptest.NewServer(inner().Wrap(pushing))
	t.Cleanup(upstream.Close)
	p, err := proxy.New(upstream.URL, proxy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	programs["a Handler in front of another"] = outer().Wrap(p)
	for name, program := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := serve(t, file2(program))
			for _, protocol := range protocols {
				c := newClient(protocol, addr)
				defer c.close()
				for visit := range 2 {
					a := c.ask(request{path: "/", fields: append([]string{"X-Visit: " + itoa(visit)}, navigation...)})
					if n := len(a.cookies()); n > 1 || n == 0 && visit == 0 {
						t.Errorf("%s, visit %d: %d cookies: %q", protocol, visit, n, a.Header["Set-Cookie"])
					}
					if visit > 0 {
						continue // some of it is known to have gone over this connection
					}
					brought := delivered(a)
					slices.Sort(brought)
					brought = slices.Compact(brought)
					if strings.HasSuffix(name, "without a Handler") { // which reads no links
						brought = slices.DeleteFunc(brought, func(p string) bool { return p == "/a.css" })
					}
					if held := recorded(t, a, "/a.css", "/p.css", "/q.css", "/s.css", "/t.css"); !slices.Equal(held, brought) {
						t.Errorf("%s: the cookie holds %q of what was delivered, %q", protocol, held, brought)
					}
					if len(slices.Compact(slices.Sorted(slices.Values(a.Pushed)))) != len(a.Pushed) {
						t.Errorf("%s: pushed %q", protocol, a.Pushed)
					}
				}
			}
		})
	}
}

// file2 answers for style sheets, and leaves the rest to next.
func file2(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".css") {
			file(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// reaches reports whether the writer of a server can be reached from w.
func reaches(w http.ResponseWriter) bool {
	for {
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			name := fmt.Sprintf("%T", w)
			return name == "*http.response" || name == "*http.http2responseWriter"
		}
		w = u.Unwrap()
	}
}

// What a writer kept back was counted as hinted, and recorded in the cookie. A 103 goes out where
// the writer of the server can be reached, and nowhere else.
func TestF18WhatCannotGoOutIsNotCounted(t *testing.T) {
	each(t, func(t *testing.T, c *chain, place string, m mode) {
		told := make(chan *server.Exchange, 4)
		clear := false // the writer of the server can be reached
		var pushed []server.Verdict
		app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			pushed, _ = server.Push(w, r, link.Guess("/p.css", ""))
			pushed = slices.Clone(pushed)
			html(w)
			w.Header().Add("Link", "</a.css>; rel=preload; as=style")
			io.WriteString(w, page)
		})
		h := m.make()
		h.Observe = func(x *server.Exchange) {
			y := *x
			y.Plan = slices.Clone(x.Plan)
			told <- &y
		}
		var program http.Handler
		if place == outside {
			clear = true
			program = h.Wrap(c.build(app, nothing))
		} else {
			program = c.build(app, func(next http.Handler) http.Handler {
				inner := h.Wrap(next)
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					clear = reaches(w)
					inner.ServeHTTP(w, r)
				})
			})
		}
		client := newClient(http2only, serve(t, program))
		defer client.close()
		counted := int64(0)
		for visit := range 3 {
			a := client.ask(browsing.at(c.prefix + "/page"))
			var planned []string
			select {
			case x := <-told:
				for _, v := range x.Plan {
					if v.Means == server.ByHint {
						planned = append(planned, v.Asset.Path)
					}
				}
			case <-time.After(patience):
				t.Fatal("nothing was observed")
			}
			got := targets(a.hinted())
			if !slices.Equal(planned, got) {
				t.Errorf("visit %d: %q are said to be hinted, and %q are", visit, planned, got)
			}
			counted += int64(len(got))
			if n := h.Stats().Hinted.Load(); n != counted {
				t.Errorf("visit %d: Stats.Hinted is %d, and %d were hinted", visit, n, counted)
			}
			for _, v := range pushed {
				if v.Means == server.ByHint && !slices.Contains(got, v.Asset.Path) {
					t.Errorf("visit %d: Push returned %v for %s", visit, v.Means, v.Asset.Path)
				}
			}
			if !clear && len(a.Early) > 0 {
				t.Errorf("visit %d: a 103 went through a writer that hides the server's", visit)
			}
			if clear && (visit > 0 || m.name == "Sources") && len(a.Early) != 1 {
				t.Errorf("visit %d: %d times 103, although the server's writer can be reached", visit, len(a.Early))
			}
			brought := delivered(a)
			for _, p := range recorded(t, a, "/a.css", "/p.css", "/s.css", "/s.js", "/html.css", "/html.js") {
				if !slices.Contains(brought, p) && !strings.HasPrefix(p, "/html") { // these the page names by itself
					t.Errorf("visit %d: %s is in the cookie and was not delivered", visit, p)
				}
			}
		}
	})
}

func (r request) at(path string) request {
	r.path = path
	return r
}

// A header that had waited was put back over what the writers below had made of it.
func TestF19NothingIsGivenBack(t *testing.T) {
	waiting := []string{"/html-length", "/html-untyped-length", "/content.html", "/content.bin", "/push-only", "/trailers", "/trailers-unannounced", "/big-copied"}
	each(t, func(t *testing.T, c *chain, place string, m mode) {
		if place == outside {
			return // TestMatrix says enough of that
		}
		for _, protocol := range []string{http1, http2only} {
			program := c.with(application(), m.make(), place)
			alike(t, protocol, c.build(application(), nothing), program, c.prefix, waiting, request{}, withGzip)
			client := newClient(protocol, serve(t, program))
			for _, r := range []request{{}, withGzip, browsing} {
				if a := client.ask(r.at(c.prefix + "/push-only")); strings.Contains(fmt.Sprint(a.Header["Link"]), "push-only") {
					t.Errorf("%s %v: the answer links %q", protocol, r.fields, a.Header["Link"])
				}
			}
			client.close()
		}
	})
}

// A status that the application left to its writer was set, and what writers below do where none
// is set was left out.
func TestF20ImplicitStatusStaysImplicit(t *testing.T) {
	ways := []string{
		"/html-untyped", "/html-drop-by-drop", "/html-no-type-at-all", "/html-length", "/html-flush-first", "/untyped-flush-first", "/text-untyped",
		"/stream", "/big-copied", "/nothing", "/nothing-but-links", "/empty-write", "/links", "/public", "/content.bin", "/html",
	}
	explicit := map[string]bool{"/content.bin": true} // http.ServeContent sets it
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			for _, protocol := range protocols {
				calls := make(chan int, 100)
				h := m.make()
				inner := h.Wrap(application())
				addr := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					inner.ServeHTTP(httpsnoop.Wrap(w, httpsnoop.Hooks{WriteHeader: func(next httpsnoop.WriteHeaderFunc) httpsnoop.WriteHeaderFunc {
						return func(code int) {
							if code >= 200 && r.Header.Get("X-Session") == "" {
								calls <- code
							}
							next(code)
						}
					}}), r)
				}))
				client := newClient(protocol, addr)
				defer client.close()
				var called []string
				for _, way := range ways {
					for _, r := range []request{{}, browsing} {
						client.ask(r.with("X-Session: 1").at(way)) // so that something is remembered
						client.ask(r.at(way))
						n := len(calls)
						for range n {
							<-calls
						}
						if n > 0 && !explicit[way] && !slices.Contains(called, way) {
							called = append(called, way)
						}
					}
				}
				if len(called) > 0 {
					t.Errorf("%s: WriteHeader was called for %q", protocol, called)
				}
			}
		})
	}
	each(t, func(t *testing.T, c *chain, place string, m mode) {
		if place == outside {
			return // TestMatrix says enough of that
		}
		for _, protocol := range []string{http1, http2only} {
			alike(t, protocol, c.build(application(), nothing), c.with(application(), m.make(), place), c.prefix, ways, request{}, withGzip)
		}
	})
}
