package server

import (
	"net/http"
	"strings"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/link"
)

// target is the path and query that the client asked for, whatever a router has
// made of it since.
func target(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// place is where the request's page is remembered: host and path, no query.
func (w *response) place() place {
	path, _, _ := strings.Cut(target(w.r), "?")
	return place{w.r.Host, path}
}

func (w *response) scheme() string {
	if w.r.TLS != nil {
		return "https"
	}
	return "http"
}

func (w *response) base() link.Base {
	return link.Base{Scheme: w.scheme(), Authority: w.r.Host, Path: w.place().path}
}

// key is the key of an asset of this host, as it would be found in the cookie now.
func (w *response) key(path string) casper.Key {
	return w.h.Params.Key(w.h.Keys.name(path, w.s.catalogue.facts(place{w.r.Host, path})))
}

// isPage is mayBePage, found out when it matters, and once.
func (w *response) isPage() bool {
	if !w.judged {
		w.judged, w.page = true, w.mayBePage()
	}
	return w.page
}

// mayBePage reports whether the request is for a page that assets may go ahead of.
func (w *response) mayBePage() bool {
	r := w.r
	if w.isPush {
		return false // depth one: a pushed answer pushes nothing
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		return false
	}
	h := r.Header
	if len(h["Upgrade"]) > 0 || len(h["Range"]) > 0 {
		return false
	}
	if dest := first(h, "Sec-Fetch-Dest"); dest != "" && dest != "document" {
		return false // a fetch, a frame, an asset
	}
	return first(h, "X-Requested-With") != "XMLHttpRequest" && !speculative(h)
}

// speculative reports whether a browser asks in case somebody goes there: browsers
// ignore hints on these.
func speculative(h http.Header) bool {
	for _, k := range [...]string{"Sec-Purpose", "Purpose", "X-Moz"} {
		if v := first(h, k); strings.Contains(v, "prefetch") || strings.Contains(v, "prerender") {
			return true
		}
	}
	return false
}

func forwarded(h http.Header) bool {
	return len(h["X-Forwarded-For"]) > 0 || len(h["Forwarded"]) > 0
}

// mayPush reports whether this client may be pushed to.
func (w *response) mayPush() bool {
	if w.r.ProtoMajor != 2 || w.refused || w.isPush || w.stalled != nil || w.h.Policy.NoPush || w.conn != nil && w.conn.refused.Load() {
		return false
	}
	if !w.h.TrustForwarded && forwarded(w.r.Header) {
		return false
	}
	return w.pusher() != nil
}

// mayHint reports whether a 103 may go out: HTTP/2 and later, because older
// software mistakes it for the answer; only ahead of documents; not on a reload, for
// which Chromium does not use it; not to who does not want any; once.
func (w *response) mayHint() bool {
	r := w.r
	if r.ProtoMajor < 2 || r.Method != http.MethodGet || w.hinted || w.committed || w.pending != nil || w.h.Policy.NoHints || !w.isPage() {
		return false
	}
	if len(r.Header["No-Early-Hints"]) > 0 || strings.Contains(first(r.Header, "Cache-Control"), "no-cache") || first(r.Header, "Pragma") == "no-cache" {
		return false
	}
	mode, dest := first(r.Header, "Sec-Fetch-Mode"), first(r.Header, "Sec-Fetch-Dest")
	if mode == "" && dest == "" {
		return w.h.AnyNavigation
	}
	return mode == "navigate" && dest == "document"
}

// readClient reads what the request says of what its client holds, once.
func (w *response) readClient() {
	if w.read {
		return
	}
	w.read = true
	got := w.h.Cookie.read(w.r, w.h.Params)
	if got.bad {
		w.h.stats.BadCookie.Add(1)
	}
	w.c.Held, w.held, w.hadCookie = got.held, got.held, got.present
	if values := w.r.Header["Cache-Digest"]; len(values) > 0 {
		w.c.Digest = w.h.digest(values)
	}
	w.c.Sent = w.diary()
	if w.h.Allow != nil {
		w.c.Deny = func(a *Asset) bool { return !w.h.allow(w.r, a.Asset) }
	}
}

// client is what a decision has to know now of the one who asks.
func (w *response) client() *Client {
	w.readClient()
	w.c.CanPush, w.c.CanHint, w.c.CanLink = w.mayPush(), w.mayHint(), false
	if w.c.CanPush {
		if w.traffic == nil {
			w.traffic = w.count()
		}
		if w.traffic == nil {
			w.c.CanPush = false
		} else {
			w.c.Live = w.traffic.underWay()
		}
	}
	return &w.c
}

// conditional reports whether the request asks only for what has changed, and says nothing
// else of what its client holds: it was here before, and holds what the page needed then.
func (w *response) conditional() bool {
	h := w.r.Header
	if len(h["If-None-Match"]) == 0 && len(h["If-Modified-Since"]) == 0 {
		return false
	}
	w.readClient()
	return w.c.Held.Len() == 0 && w.c.Digest == nil
}

// wantedBySource asks the source, once.
func (w *response) wantedBySource() []link.Asset {
	if !w.asked && w.h.Source != nil {
		w.asked = true
		w.source = w.h.wantedBy(w.r)
	}
	return w.source
}

// early delivers what is known to be wanted before Next runs, unless the page has
// lately ended in a redirect or an error, or the client has it as it seems.
func (w *response) early() {
	if w.h.Source == nil && w.memory() == nil || w.r.Method == http.MethodPost || !w.isPage() {
		return
	}
	w.engage()
	if !w.mayPush() && !w.mayHint() {
		return
	}
	if page := w.wanted(); page != nil && !bad(page.status) && len(page.prepared) > 0 && !w.conditional() {
		w.deliver(page.prepared, false, nil)
	}
}
