package httpfacts

import (
	"net/http"
	"strings"
)

// Speculative reports whether a browser, or a proxy for it, asks in case somebody goes there:
// for a prefetch, a prerender or a preview. Browsers ignore hints on the answers.
func Speculative(h http.Header) bool {
	for _, name := range [...]string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		for _, v := range h[name] {
			if v = strings.ToLower(v); strings.Contains(v, "prefetch") || strings.Contains(v, "prerender") || v == "preview" {
				return true
			}
		}
	}
	return false
}

// EarlyHinted reports whether Firefox says that it asks because of an early hint.
func EarlyHinted(h http.Header) bool { return is(First(h, "X-Moz"), "early hint") }

// Revalidating reports whether the request asks only for what has changed.
func Revalidating(h http.Header) bool { return Has(h, "If-None-Match") || Has(h, "If-Modified-Since") }

// Votes reports whether the answer to a request says what others would get: the request is a GET
// for all of something, and neither speculation nor early data (RFC 8470).
func Votes(r *http.Request) bool {
	return r.Method == http.MethodGet && !Has(r.Header, "Range") && !Has(r.Header, "Early-Data") && !Speculative(r.Header)
}

// Forwarded reports whether a request came through a proxy that says so.
func Forwarded(h http.Header) bool { return Has(h, "X-Forwarded-For") || Has(h, "Forwarded") }

// RefusesHints reports whether a request is one that a 103 would be wasted on: a reload, for
// which Chromium uses none, or one that asks for none.
func RefusesHints(h http.Header) bool {
	return Has(h, "No-Early-Hints") || First(h, "Pragma") == "no-cache" || directed(h, "no-cache")
}

// Navigates reports whether a browser says that a request is a navigation of a whole tab
// (Fetch Metadata). Said is false where the request says nothing of that: programs, old
// browsers, and cleartext.
func Navigates(h http.Header) (yes, said bool) {
	mode, dest := First(h, "Sec-Fetch-Mode"), First(h, "Sec-Fetch-Dest")
	return mode == "navigate" && dest == "document", mode != "" || dest != ""
}

// AcceptsHTML reports whether a page would do for who asks: Accept names it, or everything, or is
// not there (RFC 9110, section 12.5.1).
func AcceptsHTML(h http.Header) bool {
	if !Has(h, "Accept") {
		return true
	}
	for e := range elements(h["Accept"]) {
		if e, _, _ = strings.Cut(e, ";"); e == "*/*" || is(e, "text/*") || IsHTML(e) {
			return true
		}
	}
	return false
}

// Target returns the path and query that the client asked for, whatever a router has made
// of the URL since.
func Target(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// maxReferer bounds the Referer fields that are looked at, in bytes.
const maxReferer = 2 << 10

// Referer returns the Referer of a request as a request target, if it is of the origin that
// the request went to. Where the origin's scheme is http, both schemes are one: a proxy in
// front may have taken TLS off without saying so. The authority has to agree always.
func Referer(r *http.Request, o Origin) (target string, ok bool) {
	ref := First(r.Header, "Referer")
	scheme, rest, ok := strings.Cut(ref, "://")
	if !ok || len(ref) > maxReferer || scheme != "https" && (scheme != "http" || o.Scheme == "https") {
		return "", false
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 || o.Authority == "" || !is(withoutPort(rest[:slash], scheme), withoutPort(o.Authority, scheme)) {
		return "", false
	}
	return rest[slash:], true
}

func withoutPort(authority, scheme string) string {
	if scheme == "https" {
		return strings.TrimSuffix(authority, ":443")
	}
	return strings.TrimSuffix(authority, ":80")
}

// Urgency reads the u parameter of the Priority field (RFC 9218, section 4.1), 0 to 7. What
// is no such number is as good as absent.
func Urgency(h http.Header) (u uint8, ok bool) {
	for e := range elements(h["Priority"]) {
		key, value, _ := strings.Cut(e, "=")
		value, _, _ = strings.Cut(value, ";")
		if key == "u" && len(value) == 1 && '0' <= value[0] && value[0] <= '7' {
			return value[0] - '0', true
		}
	}
	return 0, false
}
