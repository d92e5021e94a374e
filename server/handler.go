package server

import (
	"log/slog"
	"net/http"
	"net/netip"
	"sync"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/internal/memory"
	"github.com/cache-aware/casper/server/link"
)

// A Handler delivers ahead of time what a page needs and the client lacks. It wraps
// any http.Handler; with only Next set, it acts on the Link preload headers of its
// answers and on [Push].
//
// Its answers have the status and body that Next gave them, whatever a cookie or any
// other header of the request says. Fields must not change after the first request.
//
// A function among the fields that panics counts as having said nothing, and is logged, and
// so does a Source; a panic of Next passes through.
type Handler struct {
	Next http.Handler

	// Sources know what pages need. They are asked in this order, and what is named first
	// goes first. What the page's own answers have linked comes after them.
	Sources []Source

	Policy Policy
	Cookie Cookie
	Params casper.Params // of the fingerprint; zero is H2O's default
	Keys   KeyRule
	Track  Track

	// Proxies are the networks of proxies in front, whose X-Forwarded-For, -Proto and -Host
	// are believed.
	Proxies []netip.Prefix

	// Validator returns the ETag that the file at a path has now, or "" if it does not
	// know. It makes [KeyVersion] and [KeyValidator] notice a changed file before it is
	// next served; without it the last answer's ETag or Last-Modified counts.
	Validator func(path string) string

	// Scan returns the assets that the beginning of an HTML answer names. It is given the first
	// 8 KiB of a page without content coding, or all of a shorter one, once for each version of
	// the page: it must say the same whenever it is asked. The bytes are not to be kept or changed.
	// What it finds is treated as if the answer had linked it, but see [Track.Inferred]; where
	// the page comes in pieces, that is known to its next view.
	//
	// Nil is that of the first of the Sources that is a [Scanner], such as a learned.Source. If
	// there is none, nothing is read.
	Scan func(head []byte, base link.Base) []link.Asset

	// NoHTML reads no HTML, whatever Scan and the Sources are.
	NoHTML bool

	// Head returns the beginning of the page that answers r, without content coding, or nil if
	// it does not know. It is asked where an answer is coded, for Scan; site.Handler has one. Nil
	// unpacks what Next writes, as far as it is gzip, br or zstd: in a copy, and no more than
	// Scan is given. The bytes are not changed.
	Head func(r *http.Request) []byte

	// ReadAhead asks Head ahead of Next, too, so that what a page names goes ahead of its very
	// first answer. It is for files that anybody may see, since Next has not yet said whether
	// this client may; and Head and Validator must know all files of the host: what they do not
	// know is not there.
	ReadAhead bool

	// Allow says whether an asset may go ahead of the answer to r: the switch for one
	// request, such as ?push=none. Nil allows all.
	Allow func(r *http.Request, a link.Asset) bool

	// Control is the share of views, 0 to 1, whose 103 is withheld so that the others can be compared
	// with them: of those that one was decided on for, each drawn by itself. Zero withholds none, and is
	// right where nothing is measured; see [Exchange.Control].
	Control float64

	// Timing, if set, is asked about each page of those two groups when its final header goes out, and
	// what it returns goes with it in a Server-Timing field, as the description of the metric casper;
	// "" adds nothing. It is not asked about an answer that a shared cache may keep for others.
	Timing func(r *http.Request, control bool) string

	// Observe, if set, is called once after every answer, on the request's goroutine; not
	// if Next panicked.
	Observe func(*Exchange)

	// Logger gets what an operator should know; nil is silent.
	Logger *slog.Logger

	stats Stats
	once  sync.Once
	made  *state
}

// state is what a Handler makes of itself at its first request.
type state struct {
	memory    *memory.Memory
	strangers strangers
	salt      salt
	observers []Observer // by source, nil where it is none; nil if there are none

	attributes string // of the cookie

	scan     func([]byte, link.Base) []link.Asset // nil reads nothing
	versions *versions                            // nil where nothing is read
}

func (h *Handler) state() *state {
	h.once.Do(func() {
		h.made = &state{memory: memory.New(), salt: newSalt(), observers: observers(h.Sources), attributes: h.Cookie.attributes(), scan: scannerOf(h)}
		if h.made.scan != nil {
			h.made.versions = newVersions()
		}
	})
	return h.made
}

// Wrap returns next with h around it, in the form that routers take:
//
//	r.Use(h.Wrap) // chi
//
// Everything that h remembers is shared by all that it wraps. h.Next is not used.
func (h *Handler) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.serve(next, w, r) })
}

// ServeHTTP answers with Next, and delivers ahead of it what its page needs.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.serve(h.Next, w, r) }

// serve is a request's life. What happens at each step is in the file of that name: facts,
// wants, decide, early and promise, answer.
func (h *Handler) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	grow(next == nil)
	wrapped := wrap(w)
	resp := wrapped.core()
	resp.h, resp.s, resp.r, resp.conn = h, h.state(), r, connOf(r.Context())
	defer resp.leave()
	resp.arrive()
	resp.early()
	next.ServeHTTP(wrapped, r)
	resp.finish()
}

// The functions and sources that a program gives to a Handler are called here and nowhere else.
// No answer depends on them: one that panics counts as having said nothing.

// spared is deferred around a call.
func (h *Handler) spared(what string) {
	if v := recover(); v != nil && h.Logger != nil {
		h.Logger.Error("panic", slog.String("in", what), slog.Any("value", v))
	}
}

func (h *Handler) wanted(s Source, r *http.Request, w *Wants) {
	defer h.spared("Source")
	s.Wanted(r, w)
}

func (h *Handler) begin(o Observer, r *http.Request) (seen Observation) {
	defer h.spared("Observer")
	return o.Begin(r)
}

func (h *Handler) end(o Observation, x *Exchange) {
	defer h.spared("Observer")
	o.End(x)
}

func (h *Handler) scan(scan func([]byte, link.Base) []link.Asset, head []byte, base link.Base) (assets []link.Asset) {
	defer h.spared("Scan")
	return scan(head, base)
}

func (h *Handler) head(r *http.Request) (head []byte) {
	defer h.spared("Head")
	return h.Head(r)
}

func (h *Handler) validator(path string) (v string) {
	defer h.spared("Validator")
	return memory.Brief(h.Validator(path))
}

// allow denies the asset if Allow panics.
func (h *Handler) allow(r *http.Request, a link.Asset) (ok bool) {
	defer h.spared("Allow")
	return h.Allow(r, a)
}

func (h *Handler) timing(r *http.Request, control bool) (description string) {
	defer h.spared("Timing")
	return h.Timing(r, control)
}

func (h *Handler) observe(x *Exchange) {
	defer h.spared("Observe")
	h.Observe(x)
}
