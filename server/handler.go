package server

import (
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/link"
)

// Track says which assets enter the fingerprint.
type Track uint8

const (
	TrackBlocking Track = iota // style sheets and scripts: H2O's blocking-assets, its default
	TrackAll                   // every asset; never a page
	TrackNone
)

// Tracks reports whether an asset enters the fingerprint.
func (t Track) Tracks(a link.Asset) bool {
	return t == TrackAll && a.Rel != link.Preconnect || t == TrackBlocking && blocking(a)
}

// A Source knows which assets a page needs before its handler has run: a manifest,
// rules, or what was learned.
type Source interface {
	// Wanted returns the assets of the page that r asks for, most important first;
	// nil for none. The slice is shared and not written to. A source that returns the
	// same slice for the same page spares the handler the work of preparing it anew.
	Wanted(r *http.Request) []link.Asset
}

// SourceFunc is a function as a [Source].
type SourceFunc func(r *http.Request) []link.Asset

// Wanted calls f.
func (f SourceFunc) Wanted(r *http.Request) []link.Asset { return f(r) }

// A Handler delivers ahead of time what a page needs and the client lacks. It wraps
// any http.Handler; with only Next set, it acts on the Link preload headers of its
// answers and on [Push].
//
// Its answers have the status and body that Next gave them, whatever a cookie or any
// other header of the request says. Fields must not change after the first request.
//
// A function among the fields that panics counts as having said nothing, and is logged; a
// panic of Next passes through.
type Handler struct {
	Next   http.Handler
	Source Source // nil: only what answers link and have linked before, and Push
	Policy Policy
	Cookie Cookie
	Params casper.Params // of the fingerprint; zero is H2O's default
	Keys   KeyRule
	Track  Track

	// Validator returns the ETag that the file at a path has now, or "" if it does not
	// know. It makes [KeyVersion] and [KeyValidator] notice a changed file before it is
	// next served; without it the last answer's ETag or Last-Modified counts.
	Validator func(path string) string

	// Scan returns the assets that the beginning of an HTML answer names. It sees the
	// first bytes that Next writes, at most ScanBytes of them (0 is 8 KiB), before the
	// header goes out. What it finds is treated as if the answer had linked it. Nil
	// scans nothing.
	Scan      func(head []byte, base link.Base) []link.Asset
	ScanBytes int

	// Allow says whether an asset may go ahead of the answer to r: the switch for one
	// request, such as ?push=none. Nil allows all.
	Allow func(r *http.Request, a link.Asset) bool

	// Rank orders the assets of a page, the smaller the sooner. Nil puts first what a page
	// waits for: style sheets, scripts, fonts, data, images.
	Rank func(a link.Asset) uint8

	// TrustForwarded pushes also to requests with an X-Forwarded-For or Forwarded field.
	// By default these are not pushed to: what would go over the connection goes
	// to a proxy, which has many clients.
	TrustForwarded bool

	// AnyNavigation sends 103 also to HTTP/2 requests without Sec-Fetch fields, such as
	// those of command-line clients. Every browser that takes 103 sends these fields.
	AnyNavigation bool

	// Digests makes a [Digest] of a request's Cache-Digest fields. Nil is [ReadDigest]; a
	// function that returns nil ignores them.
	Digests func(values []string) Digest

	// Observe, if set, is called once after every answer, on the request's goroutine; not
	// if Next panicked.
	Observe func(*Exchange)

	// Logger gets what an operator should know; nil is silent.
	Logger *slog.Logger

	stats Stats
	lazy
}

// Wrap returns next with h around it, in the form that routers take:
//
//	r.Use(h.Wrap) // chi
//
// Everything that h remembers is shared by all that it wraps. h.Next is not used.
func (h *Handler) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.serve(next, w, r) })
}

// Stats counts what a Handler did. Its fields may be read at any time.
type Stats struct {
	Pages     atomic.Int64 // answers for which assets were wanted
	Pushed    atomic.Int64 // assets pushed
	Refused   atomic.Int64 // pushes that the client reset or did not take
	Hinted    atomic.Int64 // assets named in a 103
	Linked    atomic.Int64 // assets added to the Link of a final answer
	Held      atomic.Int64 // assets not sent because the client holds them
	Cookies   atomic.Int64 // cookies written
	BadCookie atomic.Int64 // pages with a cookie that could not be read
}

// Stats returns the handler's counters.
func (h *Handler) Stats() *Stats { return &h.stats }

// An Exchange is one request and its answer, as Observe sees them. It is not to be kept.
type Exchange struct {
	Request *http.Request
	Header  http.Header // of the answer
	Status  int
	Pushed  bool               // the request was made by a push
	Early   bool               // the request was made for a hint: its page had no final answer yet, or the browser says so
	Hinted  bool               // a 103 went out before the answer
	Held    casper.Fingerprint // what the client of a page said it holds
	Plan    []Verdict          // what was decided for the page
	Linked  []link.Asset       // what the answer or Next's 103 before it linked, or Scan found in it

	Personal bool   // the answer said that it is for one client only
	Unread   bool   // Scan could not look into the answer, which is compressed
	HTML     []byte // the beginning of the body, where Scan is set

	// Key is an asset's key in Held, given its path.
	Key func(path string) casper.Key
}

// ServeHTTP answers with Next, and delivers ahead of it what its page needs.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.serve(h.Next, w, r) }

func (h *Handler) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	resp := wrap(w)
	core := resp.core()
	core.h, core.s, core.r = h, h.state(), r
	core.arrive(w)
	defer core.leave()
	core.early()
	next.ServeHTTP(resp, r)
	core.finish()
}

// arrive finds out where the request comes from.
func (w *response) arrive(below http.ResponseWriter) {
	w.conn = connOf(w.r.Context())
	if w.conn == nil {
		w.isPush = w.r.ProtoMajor == 2 && w.s.strangers.pushed.Load() && Pushed(below)
	} else {
		w.isPush = w.r.ProtoMajor == 2 && w.conn.pushed.Load() && Pushed(below)
	}
	if w.h.Observe != nil && !w.isPush {
		w.isEarly = w.conn != nil && w.conn.awaits(first(w.r.Header, "Referer")) || first(w.r.Header, "X-Moz") == "early hint"
	}
	if w.isPush {
		w.engage()
		if w.traffic = w.count(); w.traffic != nil {
			w.traffic.arrive()
		}
	}
}

// leave is called when Next has returned or panicked.
func (w *response) leave() {
	if w.visit == nil {
		return
	}
	w.settle()
	w.arrived()
	if w.isPush {
		if w.traffic != nil {
			w.traffic.end()
		}
		if w.r.Context().Err() != nil {
			w.h.stats.Refused.Add(1) // reset: the client held it already, or left
		}
	}
}

// arrived is called when the page's final answer goes out, or will never.
func (w *response) arrived() {
	if w.visit != nil && w.hintedFor != "" {
		w.conn.hinting.ended(w.hintedFor)
		w.hintedFor = ""
	}
}

// diary is that of the connection, nil where several people may share it.
func (w *response) diary() *Diary {
	if w.conn == nil || forwarded(w.r.Header) {
		return nil
	}
	return &w.conn.diary
}

// count returns the counter of the connection's pushes: nil where there may be none, and
// where a Handler further out counts already.
func (w *response) count() *traffic {
	if w.conn != nil {
		if w.isPush && responseOf(w.ResponseWriter) != nil {
			return nil
		}
		return &w.conn.traffic
	}
	return w.s.strangers.of(w.r.RemoteAddr)
}
