package server

import (
	"net/http"
	"strings"

	"github.com/cache-aware/casper/server/internal/httpfacts"
	"github.com/cache-aware/casper/server/internal/memory"
	"github.com/cache-aware/casper/server/link"
)

// facts are what a request says, as far as a decision has to know: a value, read in one go.
type facts struct {
	target string           // path and query, as the client sent them
	origin httpfacts.Origin // what the client calls this server
	place  memory.Place     // where its page is remembered
	query  memory.Query
	known  *memory.Page // what is remembered of it; nil for nothing
	own    *memory.Own  // what it linked for this visitor alone; nil for nothing

	page     bool // assets may go ahead of its answer
	pushable bool // HTTP/2, and the client itself is at the other end
	hintable bool // its client uses a 103 on this request
}

func (h *Handler) read(r *http.Request, m *memory.Memory, pushed bool) (f facts) {
	f.target = httpfacts.Target(r)
	f.origin = httpfacts.Networks(h.Proxies).Origin(r)
	path := f.target
	if i := strings.IndexByte(path, '?'); i >= 0 {
		path, f.query = path[:i], memory.Query(path[i:])
	}
	f.place = memory.Place{Host: f.origin.Host(), Path: path}
	if pushed {
		return f // depth one: a pushed answer pushes nothing
	}
	// Nothing is pushed over the connection of a proxy, which has many clients, nor for a page
	// that needs credentials, since a push carries none.
	f.pushable = r.ProtoMajor == 2 && !h.Policy.NoPush && !httpfacts.Forwarded(r.Header) && !httpfacts.Has(r.Header, "Authorization")
	if mayBePage(r, path) {
		f.page = true
		f.known = m.Page(f.place, f.query)
		f.hintable = !h.Policy.NoHints && mayHint(r, h.Policy.HintPrograms)
	}
	return f
}

// remembered reports whether anything is remembered of the page.
func (f *facts) remembered() bool { return f.known != nil || f.own != nil }

// mayBePage reports whether the request is for a page that assets may go ahead of.
func mayBePage(r *http.Request, path string) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		return false
	}
	h := r.Header
	if httpfacts.Has(h, "Upgrade") || httpfacts.Has(h, "Range") {
		return false
	}
	switch httpfacts.First(h, "Sec-Fetch-Dest") {
	case "document":
	case "": // what a program asks for can only be guessed
		if !httpfacts.AcceptsHTML(h) || link.IsFile(path) {
			return false
		}
	default:
		return false // a fetch, a frame, an asset
	}
	return httpfacts.First(h, "X-Requested-With") != "XMLHttpRequest" && !httpfacts.Speculative(h)
}

// mayHint reports whether a 103 may go out for a page: on HTTP/2 and later, because older
// software mistakes it for the answer; only ahead of documents; not on a reload, for
// which Chromium does not use it; not to clients that opted out.
func mayHint(r *http.Request, programs bool) bool {
	if r.ProtoMajor < 2 || r.Method != http.MethodGet || httpfacts.RefusesHints(r.Header) {
		return false
	}
	navigates, said := httpfacts.Navigates(r.Header)
	return navigates || !said && programs
}

// facts returns what the request says. It is read when it is first asked for: many requests
// are answered before.
func (w *response) facts() *facts {
	if !w.factsRead {
		w.factsRead = true
		w.f = w.h.read(w.r, w.s.memory, w.pushed)
		w.recall(&w.f)
	}
	return &w.f
}

func (f *facts) base() link.Base {
	return link.Base{Scheme: f.origin.Scheme, Authority: f.origin.Authority, Path: f.place.Path, Foreign: true}
}

// url is what the Referer of the page's assets will be.
func (f *facts) url() string { return f.origin.Scheme + "://" + f.origin.Authority + f.target }
