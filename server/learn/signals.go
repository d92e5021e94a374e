package learn

import (
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cache-aware/casper/server/internal/filename"
	"github.com/cache-aware/casper/server/link"
)

// Reader makes an [Event] of a request and its answer. It is the one place where the model meets net/http. The zero Reader is ready; it may be
// copied, and used from many goroutines.
type Reader struct {
	// Query are the parameters that make pages different: with "lang", /?lang=de and /?lang=fr are two pages. All others are ignored.
	Query []string

	// Deny are the beginnings of the paths whose assets are not learned.
	Deny []string

	// NoLinks leaves [Event.Links] to a caller who knows which links of an answer are the application's own.
	NoLinks bool

	// Cookie is the name of our own cookie: an answer that sets no other is still for everybody.
	Cookie string
}

// Page returns the identity of the page that a request is for: the matched route where that names one kind of page ("/item/{id}"), else the
// cleaned path, with the listed parameters.
func (rd *Reader) Page(r *http.Request) string {
	if p := route(r.Pattern); p != "" {
		return p + rd.query(r.URL.RawQuery)
	}
	return rd.path(r.URL.Path, r.URL.RawQuery)
}

// route returns the path of a pattern of [http.ServeMux] if it has wildcards and each stands for one segment. A pattern without wildcards is
// as good as the path, and one for a whole subtree says nothing about what is in it.
func route(pattern string) string {
	if _, p, ok := strings.Cut(pattern, " "); ok {
		pattern = strings.TrimLeft(p, " \t")
	}
	slash := strings.IndexByte(pattern, '/')
	if slash < 0 || !strings.Contains(pattern, "{") {
		return ""
	}
	pattern = pattern[slash:]
	exact, _ := strings.CutSuffix(pattern, "{$}")
	if strings.HasSuffix(pattern, "/") || strings.Contains(pattern, "...}") || !strings.Contains(exact, "{") {
		return ""
	}
	return pattern
}

// path is the identity of a page by its path.
func (rd *Reader) path(p, query string) string {
	return clean(p) + rd.query(query)
}

// clean is path.Clean with the trailing slash kept.
func clean(p string) string {
	if p == "" || p[0] != '/' {
		p = "/" + p
	}
	c := path.Clean(p)
	switch {
	case c == "/" || !strings.HasSuffix(p, "/"):
		return c
	case len(p) == len(c)+1: // it was clean
		return p
	}
	return c + "/"
}

// query returns the listed parameters that are there, in the order of the list.
func (rd *Reader) query(raw string) string {
	if raw == "" || len(rd.Query) == 0 || len(raw) > MaxKey {
		return ""
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, name := range rd.Query {
		if !values.Has(name) {
			continue
		}
		b.WriteByte("?&"[min(b.Len(), 1)])
		b.WriteString(url.QueryEscape(name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(values.Get(name)))
	}
	return b.String()
}

// Event returns what a request and the status and header of its answer tell, and whether that is anything. The caller adds the time, the
// client, and for views what the client held and was sent. A view is to be reported when its header goes out, not when its body
// is through: by then its assets have been asked for.
func (rd *Reader) Event(r *http.Request, status int, answer http.Header) (Event, bool) {
	if r.Method != http.MethodGet || r.URL == nil || r.Header.Get("Authorization") != "" || r.Header.Get("Range") != "" {
		return Event{}, false
	}
	e := Event{Status: status, Flags: earliness(r.Header)}
	dest, mode := r.Header.Get("Sec-Fetch-Dest"), r.Header.Get("Sec-Fetch-Mode")
	if dest == "document" && mode == "navigate" || dest == "" && isPage(r, status, answer) {
		ok := rd.view(&e, r, status, answer)
		return e, ok
	}
	if dest == "document" || dest == "iframe" || dest == "frame" || dest == "serviceworker" {
		return Event{}, false
	}
	ok := rd.fetch(&e, r, answer, dest, mode)
	return e, ok
}

// isPage tells a page by its answer, or where that is a redirect or an error by what the client accepts.
func isPage(r *http.Request, status int, answer http.Header) bool {
	if status >= 300 && status != http.StatusNotModified {
		return strings.Contains(r.Header.Get("Accept"), "text/html")
	}
	return isHTML(answer)
}

func isHTML(answer http.Header) bool {
	t, _, _ := strings.Cut(answer.Get("Content-Type"), ";")
	t = strings.TrimSpace(t)
	return strings.EqualFold(t, "text/html") || strings.EqualFold(t, "application/xhtml+xml")
}

func (rd *Reader) view(e *Event, r *http.Request, status int, answer http.Header) bool {
	if status == http.StatusOK && !isHTML(answer) || status == http.StatusNotModified {
		return false
	}
	e.Kind = View
	e.Page = rd.Page(r)
	e.Path = rd.path(r.URL.Path, r.URL.RawQuery)
	if rd.personal(answer) {
		e.Flags |= Private
	}
	if status == http.StatusOK && !rd.NoLinks {
		if values := answer.Values("Link"); len(values) > 0 {
			e.Links = link.Parse(values, e.Path)
			if e.Links == nil {
				e.Links = []link.Asset{}
			}
		}
	}
	return true
}

func (rd *Reader) fetch(e *Event, r *http.Request, answer http.Header, dest, mode string) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		return false
	}
	target := r.URL.RequestURI()
	file, query, hasQuery := strings.Cut(target, "?")
	if hasQuery && !filename.IsVersion(query) || slices.ContainsFunc(rd.Deny, func(begin string) bool { return strings.HasPrefix(file, begin) }) {
		return false
	}
	referer, ok := sameOrigin(r)
	if !ok {
		return false
	}
	e.Kind = Fetch
	e.Via = referer
	p, q, _ := strings.Cut(referer, "?")
	if decoded, err := url.PathUnescape(p); err == nil {
		p = decoded
	}
	e.Path = rd.path(p, q)
	e.Asset = link.Guess(target, answer.Get("Content-Type"))
	if dest != "" {
		if e.Asset.As = dest; dest == "empty" {
			e.Asset.As = "fetch"
		}
		e.Asset.Rel = link.Preload
		e.Asset.CrossOrigin = link.NoCORS
		if mode == "cors" {
			e.Asset.CrossOrigin = link.Anonymous
		}
		e.Flags |= Destined
	}
	e.Urgency, e.Prioritized = urgency(r.Header.Get("Priority"))
	e.Version = version(answer)
	e.Flags |= rd.freshness(answer)
	return true
}

// earliness tells requests that no page has made: speculation of browsers, and early hints where browsers say so.
func earliness(h http.Header) Flags {
	switch moz := h.Get("X-Moz"); {
	case strings.EqualFold(moz, "early hint"): // Firefox
		return Early
	case strings.EqualFold(moz, "prefetch"):
		return Speculative
	}
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose"} {
		if v := strings.ToLower(h.Get(name)); strings.HasPrefix(v, "prefetch") || strings.Contains(v, "prerender") || v == "preview" {
			return Speculative
		}
	}
	return 0
}

// sameOrigin returns the Referer as a request target if it is of the origin that the request went to. Behind a proxy that speaks TLS the
// scheme cannot be known, so http and https are one there; the authority has to agree always.
func sameOrigin(r *http.Request) (string, bool) {
	ref := r.Header.Get("Referer")
	scheme, rest, ok := strings.Cut(ref, "://")
	if !ok || len(ref) > 4*MaxKey || scheme != "https" && (scheme != "http" || r.TLS != nil) {
		return "", false
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 || r.Host == "" || !strings.EqualFold(trimPort(rest[:slash], scheme), trimPort(r.Host, scheme)) {
		return "", false
	}
	return rest[slash:], true
}

func trimPort(host, scheme string) string {
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

// urgency reads the u parameter of a Priority field (RFC 9218, section 4.1). Anything that is not a number of 0 to 7 is as good as absent.
func urgency(field string) (uint8, bool) {
	for member := range strings.SplitSeq(field, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(member), "=")
		value, _, _ = strings.Cut(value, ";")
		if key == "u" && len(value) == 1 && '0' <= value[0] && value[0] <= '7' {
			return value[0] - '0', true
		}
	}
	return 0, false
}

// version is the validator of an answer.
func version(answer http.Header) string {
	if etag := answer.Get("ETag"); etag != "" {
		return etag
	}
	return answer.Get("Last-Modified")
}

// freshness tells whether an answer may be reused, for how long, and by whom.
func (rd *Reader) freshness(answer http.Header) Flags {
	var f Flags
	if rd.setsCookie(answer) {
		f = Private
	}
	if answer.Get("Vary") == "*" {
		return f | Unfit
	}
	control := answer.Values("Cache-Control")
	said := false
	for _, line := range control {
		for directive := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
			switch name {
			case "no-store", "no-cache", "private":
				return f | Unfit
			case "max-age":
				seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 63)
				if err != nil || seconds == 0 {
					return f | Unfit
				}
				said = true
			case "immutable":
				said = true
			}
		}
	}
	if !said {
		if expires := answer.Get("Expires"); expires != "" {
			at, err := http.ParseTime(expires)
			now, dateErr := http.ParseTime(answer.Get("Date"))
			if dateErr != nil {
				now = time.Now()
			}
			if err != nil || !at.After(now) {
				return f | Unfit
			}
			said = true
		}
	}
	if said {
		return f | Fresh
	}
	return f
}

// setsCookie reports whether an answer sets a cookie that is not ours.
func (rd *Reader) setsCookie(answer http.Header) bool {
	return slices.ContainsFunc(answer["Set-Cookie"], func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return rd.Cookie == "" || strings.TrimSpace(name) != rd.Cookie
	})
}

// personal reports whether the answer is a page for one client only, as far as it says so.
func (rd *Reader) personal(answer http.Header) bool {
	if rd.setsCookie(answer) {
		return true
	}
	for _, line := range answer["Cache-Control"] {
		for directive := range strings.SplitSeq(line, ",") {
			name, _, _ := strings.Cut(strings.TrimSpace(directive), "=")
			if strings.EqualFold(name, "private") || strings.EqualFold(name, "no-store") {
				return true
			}
		}
	}
	return false
}

// Peer returns the address of the connection that a request came over, for [Model.Client]. Behind a proxy it is the proxy's.
func Peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr()
}
