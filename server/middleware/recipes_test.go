package middleware_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learned"
	"github.com/cache-aware/casper/server/link"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/labstack/echo/v4"
	echomiddleware "github.com/labstack/echo/v4/middleware"
)

// The functions up to the tests are the programs of server/RECIPES.md, word for word.

const shop = `<!doctype html>
<title>Shop</title>
<link rel="stylesheet" href="/assets/app.css">
<script src="/assets/app.js" defer></script>
<h1>Shop</h1>
`

// files serves the folder public below /assets/. Browsers may keep its files for an hour:
// casper hints no file whose answer does not say for how long it may be kept.
func files() http.Handler {
	folder := http.StripPrefix("/assets/", http.FileServer(http.Dir("public")))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		folder.ServeHTTP(w, r)
	})
}

// withCasper puts casper around a site, whatever router the site uses. It reads the HTML of the
// pages, and learns what browsers ask for besides, until ctx ends.
func withCasper(ctx context.Context, site http.Handler) (*http.Server, error) {
	model, err := learn.New(learn.Config{})
	if err != nil {
		return nil, err
	}
	source := &learned.Source{Model: model}
	go source.Run(ctx, nil)
	h := &server.Handler{Next: site, Sources: []server.Source{source}}
	return &http.Server{Addr: ":8443", Handler: h, ConnContext: server.ConnContext}, nil
}

func standardSite() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, shop)
	})
	mux.Handle("GET /assets/", files())
	return mux
}

func chiSite() http.Handler {
	r := chi.NewRouter()
	r.Use(chimiddleware.Recoverer, chimiddleware.Compress(5))
	r.Get("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, shop)
	})
	r.Get("/assets/*", files().ServeHTTP)
	return r
}

func ginSite() http.Handler {
	r := gin.New()
	r.Use(gin.Recovery())
	r.GET("/", func(c *gin.Context) {
		c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(shop))
	})
	r.GET("/assets/*file", gin.WrapH(files()))
	return r
}

func echoSite() http.Handler {
	e := echo.New()
	e.Use(echomiddleware.Recover(), echomiddleware.Gzip())
	e.GET("/", func(c echo.Context) error {
		return c.HTML(http.StatusOK, shop)
	})
	e.GET("/assets/*", echo.WrapHandler(files()))
	return e
}

var font = link.Guess("/assets/shop.woff2", "font/woff2")

func standardFont(w http.ResponseWriter, r *http.Request) {
	server.Push(w, r, font) // before the answer is written
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, shop)
}

func ginFont(c *gin.Context) {
	server.Push(c.Writer, c.Request, font)
	c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(shop))
}

func echoFont(c echo.Context) error {
	server.Push(c.Response(), c.Request(), font)
	return c.HTML(http.StatusOK, shop)
}

// shopFolder makes the folder public, and goes where it is.
func shopFolder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"app.css", "app.js", "shop.woff2"} {
		if err := os.MkdirAll(filepath.Join(dir, "public"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "public", name), []byte("/* a file */"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	gin.SetMode(gin.ReleaseMode)
}

// Each recipe answers a browser's second visitor with a 103 that names what the HTML names, and one who has
// the cookie with none. A client that takes pushes is pushed the same files.
func TestRecipes(t *testing.T) {
	want := []string{"/assets/app.css", "/assets/app.js"}
	for name, site := range map[string]func() http.Handler{
		"net/http": standardSite, "chi": chiSite, "gin": ginSite, "echo": echoSite,
	} {
		t.Run(name, func(t *testing.T) {
			shopFolder(t)
			srv, err := withCasper(t.Context(), site())
			if err != nil {
				t.Fatal(err)
			}
			addr := start(t, srv)
			visit := func(protocol string, r request) *answer {
				c := newClient(protocol, addr)
				defer c.close()
				a := c.ask(r.at("/"))
				if a.Status != http.StatusOK || len(a.Body) == 0 {
					t.Fatalf("status %d, %d octets", a.Status, len(a.Body))
				}
				return a
			}
			asks := browsing.with("Accept-Encoding: gzip")
			if first := visit(http2only, asks); len(first.Early) > 0 {
				t.Errorf("the first visit of all was hinted %q", first.hinted())
			}
			c := newClient(http2only, addr)
			for _, path := range want {
				if a := c.ask(request{path: path}); a.Status != http.StatusOK || a.Header.Get("Cache-Control") != "public, max-age=3600" {
					t.Errorf("%s: %d %q", path, a.Status, a.Header)
				}
			}
			c.close()
			second := visit(http2only, asks)
			if got := targets(second.hinted()); !slices.Equal(got, want) {
				t.Errorf("the second visitor was hinted %q, not %q", got, want)
			}
			cookies := second.cookies()
			if len(cookies) != 1 {
				t.Fatalf("the second visitor got the cookies %q", second.Header["Set-Cookie"])
			}
			if again := visit(http2only, asks.with("Cookie: "+cookies[0])); len(again.Early) > 0 {
				t.Errorf("with the cookie: hinted %q", again.hinted())
			}
			pushed := visit(http2push, request{fields: []string{"Accept: text/html"}}).Pushed
			if slices.Sort(pushed); !slices.Equal(pushed, want) {
				t.Errorf("pushed %q, not %q", pushed, want)
			}
		})
	}
}

// What a handler names by itself goes ahead of the first visit of all.
func TestRecipesOwnAssets(t *testing.T) {
	routers := map[string]func() http.Handler{
		"net/http": func() http.Handler {
			mux := http.NewServeMux()
			mux.HandleFunc("GET /{$}", standardFont)
			return mux
		},
		"chi": func() http.Handler {
			r := chi.NewRouter()
			r.Get("/", standardFont)
			return r
		},
		"gin": func() http.Handler {
			r := gin.New()
			r.GET("/", ginFont)
			return r
		},
		"echo": func() http.Handler {
			e := echo.New()
			e.GET("/", echoFont)
			return e
		},
	}
	for name, site := range routers {
		t.Run(name, func(t *testing.T) {
			shopFolder(t)
			srv, err := withCasper(t.Context(), site())
			if err != nil {
				t.Fatal(err)
			}
			c := newClient(http2only, start(t, srv))
			defer c.close()
			a := c.ask(browsing.at("/"))
			if got := targets(a.hinted()); a.Status != http.StatusOK || !slices.Equal(got, []string{font.Path}) {
				t.Errorf("status %d, hinted %q", a.Status, got)
			}
		})
	}
}

var recipe = regexp.MustCompile("(?ms)^```go recipe\n(.*?)^```")

// RECIPES.md shows the functions above as they stand, each of them.
func TestRecipesAreShown(t *testing.T) {
	document, err := os.ReadFile("../RECIPES.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("recipes_test.go")
	if err != nil {
		t.Fatal(err)
	}
	programs, _, _ := bytes.Cut(source, []byte("\n// shopFolder "))
	shown := 0
	for _, block := range recipe.FindAllSubmatch(document, -1) {
		if !bytes.Contains(programs, append([]byte("\n"), block[1]...)) {
			t.Errorf("this is not in recipes_test.go:\n%s", block[1])
		}
		shown += strings.Count("\n"+string(block[1]), "\nfunc ")
	}
	if n := bytes.Count(programs, []byte("\nfunc ")); shown != n {
		t.Errorf("RECIPES.md shows %d of %d functions", shown, n)
	}
}
