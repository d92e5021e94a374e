// Package demo is the site that casper serve shows when it is told nothing else: one page
// that says of itself which of its files went ahead of it, by which means, and what the
// client's cookie holds.
//
// It is an ordinary handler behind a [server.Handler], and does nothing that another program
// could not do: it calls [server.Push], reads the verdicts, and writes HTML.
package demo

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

//go:embed assets
var assets embed.FS

var page = template.Must(template.ParseFS(assets, "assets/page.html"))

// Config says how the [server.Handler] around the demo is set up, so that the page can
// explain what that does. The zero Config is that of the zero Handler.
type Config struct {
	Params casper.Params // of the fingerprint
	Cookie server.Cookie
	Track  server.Track // what enters it
}

// A Demo is the site. It is made by [New] and safe for concurrent use.
type Demo struct {
	config  Config
	edition atomic.Pointer[edition]
	names   names // of all keys that files have or had
}

// New returns the site in its first edition.
func New(c Config) *Demo {
	if c.Cookie.Name == "" {
		c.Cookie.Name = casper.CookieName
	}
	if c.Cookie.Path == "" {
		c.Cookie.Path = "/"
	}
	d := &Demo{config: c}
	d.publish(newEdition(0))
	return d
}

// publish makes an edition the one that is served, and remembers the keys of its files.
func (d *Demo) publish(e *edition) {
	for _, f := range e.files {
		d.names.add(d.config.Params.Key(f.url()), f.url())
	}
	d.edition.Store(e)
}

// Change publishes the next edition, in which one file differs: its content, its validator and
// so its URL.
func (d *Demo) Change() {
	for {
		old := d.edition.Load()
		next := newEdition(old.number + 1)
		if d.edition.CompareAndSwap(old, next) {
			d.publish(next)
			return
		}
	}
}

// Validator returns the ETag of the file at a path, for [server.Handler.Validator].
func (d *Demo) Validator(path string) string {
	path, _, _ = strings.Cut(path, "?")
	if f := d.edition.Load().find(path); f != nil {
		return f.etag
	}
	return ""
}

// Allow obeys the page's switch, for [server.Handler.Allow]: ?push=css and ?push=js let only
// style sheets or only scripts go ahead, ?push=none nothing.
func Allow(r *http.Request, a link.Asset) bool {
	switch r.URL.Query().Get("push") {
	case "css":
		return a.As == "style"
	case "js":
		return a.As == "script"
	case "none":
		return false
	}
	return true
}

// ServeHTTP answers for the page, its files, and its two buttons.
func (d *Demo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		if allowed(w, r, http.MethodGet, http.MethodHead) {
			d.servePage(w, r)
		}
	case "/change":
		if allowed(w, r, http.MethodPost) {
			d.Change()
			back(w, r)
		}
	case "/forget":
		if allowed(w, r, http.MethodPost) {
			d.forget(w)
			back(w, r)
		}
	default:
		f := d.edition.Load().find(r.URL.Path)
		if f == nil {
			http.NotFound(w, r)
		} else if allowed(w, r, http.MethodGet, http.MethodHead) {
			f.serve(w, r)
		}
	}
}

func allowed(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	for _, m := range methods {
		if r.Method == m {
			return true
		}
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	return false
}

// forget deletes the cookie and empties the browser's cache, and closes the connection, which
// remembers what went over it.
func (d *Demo) forget(w http.ResponseWriter) {
	c := &d.config.Cookie
	http.SetCookie(w, &http.Cookie{
		Name: c.Name, Path: c.Path, Domain: c.Domain, MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	w.Header().Set("Clear-Site-Data", `"cache"`)
	w.Header().Set("Connection", "close")
}

// back returns to the page with the switches that it had.
func back(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", readSwitches(r.PostFormValue("back")).url())
	w.WriteHeader(http.StatusSeeOther)
}

// policy lets the page load its own files and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// servePage sends ahead what the client lacks, thinks as long as it was told to, and writes
// the page.
func (d *Demo) servePage(w http.ResponseWriter, r *http.Request) {
	e := d.edition.Load()
	s := switchesOf(r.URL.Query())
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")

	server.Push(w, r, e.wanted(d.config.Track)...)
	// Only now: Chromium 156 takes no hint of a 103 that says default-src 'none', even where
	// style-src and script-src allow it, and what is set before goes out with the 103.
	h.Set("Content-Security-Policy", policy)
	if s.think > 0 {
		select {
		case <-time.After(s.think):
		case <-r.Context().Done():
			return
		}
	}
	var b bytes.Buffer
	if err := page.Execute(&b, d.view(r, e, s, server.Verdicts(w))); err != nil {
		http.Error(w, fmt.Sprintf("demo: %v", err), http.StatusInternalServerError)
		return
	}
	h.Set("Content-Length", fmt.Sprint(b.Len()))
	w.Write(b.Bytes())
}
