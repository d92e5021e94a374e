package signals

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cache-aware/casper/server/internal/filename"
	"github.com/cache-aware/casper/server/internal/httpfacts"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

// Reader makes a [learn.View] or a [learn.Fetch] of a request and its answer. The zero Reader is
// ready; it may be copied, and used from many goroutines.
type Reader struct {
	// Query are the parameters that make pages different: with "lang", /?lang=de and /?lang=fr
	// are two pages. All others are ignored.
	Query []string

	// Deny are the beginnings of the paths whose assets are not learned.
	Deny []string

	// Cookie is the name of our own cookie: an answer that sets no other is for everybody.
	Cookie string

	// Proxies are the networks of the proxies whose X-Forwarded fields are believed.
	Proxies []netip.Prefix
}

// Addr returns the address that a request comes from, for [learn.Model.Client]: that of the
// connection, or what a trusted proxy says.
func (rd *Reader) Addr(r *http.Request) netip.Addr { return httpfacts.Networks(rd.Proxies).Client(r) }

// View returns the view that a request for a page and the status and header of its answer make,
// and whether they make one. The caller adds the time, the client, what the client held, what it
// was sent, and what the page links. A view is to be observed when its header goes out, not when
// its body is through: by then its assets have been asked for.
func (rd *Reader) View(r *http.Request, status int, answer http.Header) (learn.View, bool) {
	html := httpfacts.IsHTML(httpfacts.ContentType(answer, nil))
	if !believed(r) || !isPage(r, status, html) ||
		status == http.StatusNotModified || status == http.StatusOK && !html {
		return learn.View{}, false
	}
	return learn.View{
		Page:   rd.Page(r),
		Path:   rd.path(r.URL.Path, r.URL.RawQuery),
		Status: status,
		Ahead:  ahead(r.Header),
	}, true
}

// Fetch returns the fetch that a request for an asset and the status and header of its answer
// make, and whether they make one. The caller adds the time when the request came in, and the
// client.
func (rd *Reader) Fetch(r *http.Request, status int, answer http.Header) (learn.Fetch, bool) {
	dest, mode := httpfacts.First(r.Header, "Sec-Fetch-Dest"), httpfacts.First(r.Header, "Sec-Fetch-Mode")
	switch dest {
	case "document", "iframe", "frame", "serviceworker":
		return learn.Fetch{}, false
	case "":
		if isPage(r, status, httpfacts.IsHTML(httpfacts.ContentType(answer, nil))) {
			return learn.Fetch{}, false
		}
	}
	site := httpfacts.First(r.Header, "Sec-Fetch-Site")
	if !believed(r) || site != "" && site != "same-origin" {
		return learn.Fetch{}, false
	}
	target := httpfacts.Target(r)
	file, query, hasQuery := strings.Cut(target, "?")
	if hasQuery && !filename.IsVersion(query) || rd.denies(file) {
		return learn.Fetch{}, false
	}
	referer, ok := httpfacts.Referer(r, httpfacts.Networks(rd.Proxies).Origin(r))
	if !ok {
		return learn.Fetch{}, false
	}
	p, q, _ := strings.Cut(referer, "?")
	if decoded, err := url.PathUnescape(p); err == nil {
		p = decoded
	}
	f := learn.Fetch{
		Path:    rd.path(p, q),
		Via:     referer,
		Status:  status,
		Ahead:   ahead(r.Header),
		Asset:   link.Guess(target, httpfacts.ContentType(answer, nil)),
		Version: httpfacts.Validator(answer),
	}
	f.Reuse, f.Because = rd.reuse(answer)
	f.Urgency, f.Prioritized = httpfacts.Urgency(r.Header)
	if dest != "" {
		f.Destined = true
		f.Asset.Rel = link.Preload
		if f.Asset.As = dest; dest == "empty" {
			f.Asset.As = "fetch"
		}
		if f.Asset.CrossOrigin = link.NoCORS; mode == "cors" {
			f.Asset.CrossOrigin = link.Anonymous
		}
	}
	return f, true
}

// believed reports whether a request may be evidence: it asks for the whole of something, and
// not with credentials that only this client has.
func believed(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL != nil &&
		!httpfacts.Has(r.Header, "Authorization") && !httpfacts.Has(r.Header, "Range")
}

// isPage tells whether a request is for a page: the browser says so or, where it says nothing,
// the answer is HTML. A redirect or an error has no type that tells; then it is what the client
// accepts.
func isPage(r *http.Request, status int, html bool) bool {
	if dest := httpfacts.First(r.Header, "Sec-Fetch-Dest"); dest != "" {
		navigates, _ := httpfacts.Navigates(r.Header)
		return navigates
	}
	if status >= 300 && status != http.StatusNotModified {
		return strings.Contains(httpfacts.First(r.Header, "Accept"), "text/html")
	}
	return html
}

// ahead tells requests that no page has made.
func ahead(h http.Header) bool { return httpfacts.Speculative(h) || httpfacts.EarlyHinted(h) }

func (rd *Reader) denies(path string) bool {
	return slices.ContainsFunc(rd.Deny, func(begin string) bool { return strings.HasPrefix(path, begin) })
}

// reuse tells whether an asset's answer may be reused by others, and for a stated time, and what
// forbids it.
func (rd *Reader) reuse(answer http.Header) (reuse learn.Reuse, because string) {
	switch fresh, because := httpfacts.ReuseOf(answer, rd.Cookie, time.Now()); fresh {
	case httpfacts.Fresh:
		return learn.ReuseStated, ""
	case httpfacts.Stale:
		return learn.ReuseNot, because
	}
	return learn.ReuseUnstated, ""
}
