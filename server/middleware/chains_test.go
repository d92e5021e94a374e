package middleware_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/NYTimes/gziphandler"
	"github.com/alexedwards/scs/v2"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learned"
	"github.com/cache-aware/casper/server/link"
	"github.com/felixge/httpsnoop"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/gorilla/handlers"
	"github.com/gorilla/mux"
	"github.com/justinas/nosurf"
	"github.com/klauspost/compress/gzhttp"
	"github.com/labstack/echo/v4"
	echomiddleware "github.com/labstack/echo/v4/middleware"
	"github.com/rs/cors"
	"github.com/unrolled/secure"
	"github.com/urfave/negroni"
	negroni3 "github.com/urfave/negroni/v3"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

func itoa(n int) string { return strconv.Itoa(n) }

// A wrapper is a middleware in the form that most take.
type wrapper = func(http.Handler) http.Handler

func nothing(next http.Handler) http.Handler { return next }

// A chain is what stands around an application: a router, or a middleware. Build puts it around
// app, with inner between the two, in the way that its users would write it.
type chain struct {
	name   string
	build  func(app http.Handler, inner wrapper) http.Handler
	prefix string // of the paths that clients ask for
}

// around is a chain that is a plain middleware.
func around(name string, m wrapper) chain {
	return chain{name: name, build: func(app http.Handler, inner wrapper) http.Handler { return m(inner(app)) }}
}

// recorder is the writer that programs write for themselves to log statuses.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(code int) {
	w.status = code
	w.ResponseWriter.WriteHeader(code)
}

// once is such a writer, that lets no second status pass.
type once struct {
	http.ResponseWriter
	status int
}

func (w *once) WriteHeader(code int) {
	if w.status == 0 {
		w.status = code
		w.ResponseWriter.WriteHeader(code)
	}
}

func chiWith(use ...func(http.Handler) http.Handler) func(http.Handler, wrapper) http.Handler {
	return func(app http.Handler, inner wrapper) http.Handler {
		r := chi.NewRouter()
		r.Use(use...)
		r.Use(inner)
		r.Handle("/*", app)
		return r
	}
}

func echoWith(use ...echo.MiddlewareFunc) func(http.Handler, wrapper) http.Handler {
	return func(app http.Handler, inner wrapper) http.Handler {
		e := echo.New()
		e.Use(use...)
		e.Use(echo.WrapMiddleware(inner))
		e.Any("/*", echo.WrapHandler(app))
		return e
	}
}

var chains = []chain{
	around("net/http", nothing),
	{"StripPrefix", func(app http.Handler, inner wrapper) http.Handler { return http.StripPrefix("/app", inner(app)) }, "/app"},
	around("TimeoutHandler", func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Minute, "late") }),
	around("own writer", func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(&recorder{ResponseWriter: w}, r) })
	}),
	around("own writer, one status", func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(&once{ResponseWriter: w}, r) })
	}),
	{name: "chi logger", build: chiWith(chimiddleware.RequestLogger(silent{}), chimiddleware.Recoverer)},
	{name: "chi Compress", build: chiWith(chimiddleware.Compress(5))},
	{name: "chi Timeout", build: chiWith(chimiddleware.Timeout(time.Minute))},
	{name: "gin", build: func(app http.Handler, inner wrapper) http.Handler {
		gin.SetMode(gin.ReleaseMode)
		r := gin.New()
		r.Any("/*path", gin.WrapH(inner(app)))
		return r
	}},
	{name: "echo", build: echoWith()},
	{name: "echo Gzip", build: echoWith(echomiddleware.Gzip())},
	{name: "gorilla mux and logging", build: func(app http.Handler, inner wrapper) http.Handler {
		r := mux.NewRouter()
		r.Use(func(next http.Handler) http.Handler { return handlers.CombinedLoggingHandler(io.Discard, next) })
		r.Use(mux.MiddlewareFunc(inner))
		r.PathPrefix("/").Handler(app)
		return r
	}},
	around("gorilla Compress", handlers.CompressHandler),
	{name: "negroni 1", build: func(app http.Handler, inner wrapper) http.Handler {
		n := negroni.New()
		n.UseHandler(inner(app))
		return n
	}},
	{name: "negroni 3", build: func(app http.Handler, inner wrapper) http.Handler {
		n := negroni3.New()
		n.UseHandler(inner(app))
		return n
	}},
	around("httpsnoop", func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { httpsnoop.CaptureMetrics(next, w, r) })
	}),
	around("gzhttp", func(next http.Handler) http.Handler { return gzhttp.GzipHandler(next) }),
	around("gziphandler", gziphandler.GzipHandler),
	around("otelhttp", otelhttp.NewMiddleware("test")),
	around("scs", func(next http.Handler) http.Handler {
		sessions := scs.New()
		return sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sessions.Put(r.Context(), "key", "value")
			next.ServeHTTP(w, r)
		}))
	}),
	around("nosurf", nosurf.NewPure),
	around("secure, cors, MaxBytesHandler", func(next http.Handler) http.Handler { // none of them has a writer of its own
		secured := secure.New(secure.Options{FrameDeny: true, ContentTypeNosniff: true, ContentSecurityPolicy: "default-src 'self'"})
		return secured.Handler(cors.AllowAll().Handler(http.MaxBytesHandler(next, 1<<20)))
	}),
}

// silent is a logger of chi that says nothing.
type silent struct{}

func (silent) NewLogEntry(*http.Request) chimiddleware.LogEntry { return silent{} }

func (silent) Write(int, int, http.Header, time.Duration, any) {}

func (silent) Panic(any, []byte) {}

// The places where casper may stand.
const (
	outside = "outside"
	inside  = "inside"
)

// with returns the chain around an application, with h outside or inside.
func (c *chain) with(app http.Handler, h *server.Handler, place string) http.Handler {
	if place == outside {
		return h.Wrap(c.build(app, nothing))
	}
	return c.build(app, h.Wrap)
}

// A mode is a way in which casper is set up.
type mode struct {
	name string
	make func() *server.Handler
}

var patient = server.Policy{PushWait: time.Minute} // the machine may be busy

var modes = []mode{
	{"zero", func() *server.Handler { return &server.Handler{Policy: patient} }},
	{"learned", func() *server.Handler {
		model, err := learn.New(learn.Config{})
		if err != nil {
			panic(fmt.Sprint("learn.New: ", err))
		}
		return &server.Handler{Policy: patient, Sources: []server.Source{&learned.Source{Model: model}}}
	}},
	{"Sources", func() *server.Handler { return &server.Handler{Policy: patient, Sources: always("/s.css", "/s.js")} }},
}

// always names the same assets for each page.
func always(paths ...string) []server.Source {
	var list []link.Asset
	for _, p := range paths {
		list = append(list, link.Guess(p, ""))
	}
	return []server.Source{server.SourceFunc(func(*http.Request) []link.Asset { return list })}
}
