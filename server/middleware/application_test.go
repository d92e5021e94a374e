package middleware_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"time"
)

const page = `<!doctype html><html><head><title>page</title><link rel=stylesheet href=/html.css><script src=/html.js></script></head><body><p>page</body></html>`

const links = `</a.css>; rel=preload; as=style, </b.js>; rel=preload; as=script; nopush`

// long is a page that no writer below may keep whole.
var long = page + strings.Repeat("<p>The quick brown fox jumps over the lazy dog.\n", 180)

var bigBody = bytes.Repeat([]byte("0123456789abcdef"), 3<<10)

var gzipped = func() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, page)
	z.Close()
	return b.Bytes()
}()

var modified = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// A path is one way in which an application answers.
type path struct {
	name   string
	answer http.HandlerFunc
	about  aspect
}

// An aspect says which kinds of requests are of interest for a path beyond those that all get.
type aspect uint8

const (
	ranges aspect = 1 << iota
	validators
	cookie
	moot // middleware may take it otherwise than net/http; asked plainly, it is what was meant
)

func html(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html; charset=utf-8") }

func flush(w http.ResponseWriter) { http.NewResponseController(w).Flush() }

// plainly reports whether what middleware may misunderstand is to be left out.
func plainly(r *http.Request) bool { return r.URL.RawQuery == "plainly" }

// inform sends an interim answer.
func inform(w http.ResponseWriter, r *http.Request, code int) {
	if !plainly(r) {
		w.WriteHeader(code)
	}
}

// member reports whether the one who asks has a session.
func member(r *http.Request) bool { return r.Header.Get("X-Session") != "" }

func status(code int, fields ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, f := range fields {
			name, value, _ := strings.Cut(f, ": ")
			w.Header().Add(name, value)
		}
		w.WriteHeader(code)
		if code != http.StatusNoContent && code != http.StatusNotModified {
			io.WriteString(w, "an answer")
		}
	}
}

// forStrangers answers members with a page and others otherwise.
func forStrangers(otherwise http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !member(r) {
			otherwise(w, r)
			return
		}
		html(w)
		w.Header().Set("Link", links)
		io.WriteString(w, page)
	}
}

var paths = []path{
	{"/html", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		w.Header().Set("Link", links)
		io.WriteString(w, page)
	}, ranges | validators | cookie},
	{"/html-untyped", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(page)) }, ranges},
	{"/html-untyped-200", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.Write([]byte(page))
	}, 0},
	{"/html-length", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		w.Header().Set("Content-Length", itoa(len(long)))
		io.WriteString(w, long)
	}, ranges},
	{"/html-untyped-length", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", itoa(len(long)))
		w.WriteHeader(http.StatusOK)
		io.WriteString(w, long)
	}, 0},
	{"/html-drop-by-drop", func(w http.ResponseWriter, r *http.Request) {
		for i := range page {
			w.Write([]byte{page[i]})
		}
	}, 0},
	{"/html-no-type-at-all", func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil
		io.WriteString(w, page)
	}, 0},
	{"/html-flush-first", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		flush(w)
		io.WriteString(w, page)
	}, 0},
	{"/untyped-flush-first", func(w http.ResponseWriter, r *http.Request) {
		flush(w)
		io.WriteString(w, page)
	}, 0},
	{"/html-gzipped", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(gzipped)
	}, 0},
	{"/text-untyped", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, strings.Repeat("plain text ", 300)) }, 0},
	{"/json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"a": [`+strings.Repeat("1, ", 900)+`2]}`)
	}, ranges},
	{"/201", status(201, "Location: /new", "Content-Type: text/html"), 0},
	{"/204", status(204, "X-Custom: 1"), 0},
	{"/302", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, 0},
	{"/304", status(304, `Etag: "v1"`), validators},
	{"/401", status(401, "Www-Authenticate: Basic realm=x"), 0},
	{"/404", http.NotFound, 0},
	{"/500", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "sorry", http.StatusInternalServerError) }, 0},
	{"/members-302", forStrangers(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }), cookie},
	{"/members-404", forStrangers(status(404, "Content-Type: text/html")), 0},
	{"/members-204", forStrangers(status(204)), 0},
	{"/trailers", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum, X-Rest")
		html(w)
		io.WriteString(w, page)
		w.Header().Set("X-Sum", "42")
		w.Header().Set("X-Rest", "none")
	}, 0},
	{"/trailers-unannounced", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		io.WriteString(w, page)
		flush(w)
		w.Header().Set(http.TrailerPrefix+"X-Sum", "42")
	}, 0},
	{"/stream", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		for range 4 {
			io.WriteString(w, page)
			flush(w)
		}
	}, 0},
	{"/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		flush(w)
		for range 3 {
			io.WriteString(w, "data: x\n\n")
			flush(w)
		}
	}, 0},
	{"/hijack", func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, "cannot be hijacked", http.StatusNotImplemented)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nX-Hijacked: yes\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
	}, 0},
	{"/content.html", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"v1"`)
		http.ServeContent(w, r, "content.html", modified, strings.NewReader(long))
	}, ranges | validators},
	{"/content.bin", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "content.bin", modified, bytes.NewReader(bigBody))
	}, ranges | validators},
	{"/big", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		io.WriteString(w, page)
		for rest := bigBody; len(rest) > 0; {
			n := min(len(rest), 5001)
			w.Write(rest[:n])
			rest = rest[n:]
		}
	}, 0},
	{"/big-copied", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, io.MultiReader(strings.NewReader(page), bytes.NewReader(bigBody)))
	}, 0},
	{"/nothing", func(w http.ResponseWriter, r *http.Request) {}, validators},
	{"/nothing-but-links", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		w.Header().Set("Link", links)
	}, 0},
	{"/empty-write", func(w http.ResponseWriter, r *http.Request) { w.Write(nil) }, 0},
	{"/links", func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Link"] = []string{
			links, "<https://api.example/>; rel=\"https://api.w.org/\"", "<https://cdn.example/x.css>; rel=preload; as=style",
			"</feed>; rel=alternate; type=application/rss+xml", "</a,b.css>; rel=preload; as=style",
		}
		io.WriteString(w, long)
	}, ranges},
	{"/push-only", func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Link"] = []string{"</only.css>; rel=preload; as=style; x-http2-push-only", "</a.css>; rel=preload; as=style"}
		io.WriteString(w, long)
	}, 0},
	{"/own-103", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</own.css>; rel=preload; as=style, <https://cdn.example/x.css>; rel=preload; as=style")
		inform(w, r, http.StatusEarlyHints)
		html(w)
		w.Header().Set("X-After", "1")
		io.WriteString(w, page)
	}, moot},
	{"/own-103-404", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</own.css>; rel=preload; as=style")
		inform(w, r, http.StatusEarlyHints)
		w.Header().Del("Link")
		http.NotFound(w, r)
	}, moot},
	{"/processing", func(w http.ResponseWriter, r *http.Request) {
		inform(w, r, http.StatusProcessing)
		html(w)
		io.WriteString(w, page)
	}, moot},
	{"/cookies", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		w.Header()["Set-Cookie"] = []string{"a=1; Path=/", "b=2"}
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Link", links)
		w.Header().Set("Vary", "Cookie")
		io.WriteString(w, page)
	}, cookie},
	{"/public", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Header().Set("Link", links)
		io.WriteString(w, page)
	}, 0},
	{"/late-header", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		w.Header().Set("X-Once", "1")
		w.WriteHeader(http.StatusOK)
		if !plainly(r) {
			w.Header().Set("X-Once", "2")
			w.Header().Set("X-Late", "1")
			w.Header().Del("Content-Type")
		}
		io.WriteString(w, page)
	}, moot},
	{"/twice", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		w.WriteHeader(http.StatusAccepted)
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, page)
	}, 0},
	{"/posted", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		html(w)
		w.Write(append([]byte("<p>"), body...))
	}, 0},
	{"/panic", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		panic(http.ErrAbortHandler)
	}, 0},
	{"/panic-midway", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		io.WriteString(w, page)
		flush(w)
		panic(http.ErrAbortHandler)
	}, 0},
}

// application answers each path in its way, and files that pages link.
func application() http.Handler {
	mux := http.NewServeMux()
	for _, p := range paths {
		mux.HandleFunc(p.name, p.answer)
	}
	mux.HandleFunc("/", file)
	return mux
}

// file answers for style sheets and scripts.
func file(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=600")
	switch {
	case strings.HasSuffix(r.URL.Path, ".css"):
		w.Header().Set("Content-Type", "text/css")
	case strings.HasSuffix(r.URL.Path, ".js"):
		w.Header().Set("Content-Type", "text/javascript")
	default:
		http.NotFound(w, r)
		return
	}
	io.WriteString(w, "/* a file */")
}
