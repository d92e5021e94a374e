package httpfacts

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Freshness is what an answer says of its reuse by the browser that asked.
type Freshness uint8

const (
	Unstated Freshness = iota // it says nothing: a browser guesses (RFC 9111, section 4.2.2), or asks again
	Fresh                     // it may be reused for a stated time
	Stale                     // it may not be reused without asking: a hint would make the browser fetch it twice
)

// FreshnessOf reads Cache-Control, Expires and Vary. A max-age that is no number makes the
// answer stale (RFC 9111, section 4.2.1), one too large for 64 bits counts as the largest
// (section 1.2.2). An Expires field matters only without max-age (section 5.3); it is
// compared with the answer's Date, or with now if there is none.
//
// An answer that varies by everything never matches a later request (section 4.1), and one
// that varies by Cookie does not match once the page has set one: Chromium then fetches the
// asset once for the hint and once for the page.
func FreshnessOf(h http.Header, now time.Time) Freshness {
	f, _ := freshness(h, now)
	return f
}

// freshness is FreshnessOf, and names what makes an answer stale.
func freshness(h http.Header, now time.Time) (f Freshness, because string) {
	if Lists(h, "Vary", "*") {
		return Stale, "Vary: *"
	}
	if Lists(h, "Vary", "Cookie") {
		return Stale, "Vary: Cookie"
	}
	fresh, dated := false, false
	for name, argument := range directives(h) {
		switch {
		case is(name, "no-store"):
			return Stale, "no-store"
		case is(name, "no-cache"):
			return Stale, "no-cache"
		case is(name, "immutable"):
			fresh = true
		case is(name, "max-age"):
			seconds, err := strconv.ParseUint(argument, 10, 64)
			if err != nil && !errors.Is(err, strconv.ErrRange) {
				return Stale, "a max-age that is no number"
			}
			if seconds == 0 {
				return Stale, "max-age=0"
			}
			fresh, dated = true, true
		}
	}
	if expires, stated := h["Expires"]; stated && len(expires) > 0 && !dated {
		if date, err := http.ParseTime(First(h, "Date")); err == nil {
			now = date
		}
		until, err := http.ParseTime(expires[0])
		if err == nil && until.After(now) {
			return Fresh, ""
		}
		if !fresh {
			return Stale, "Expires"
		}
	}
	if fresh {
		return Fresh, ""
	}
	return Unstated, ""
}

// ReuseOf is [FreshnessOf] for the other visitors: an answer that is private or sets a cookie, other
// than ours whose name is own, is stale to them. It also names in a few words what makes an answer
// stale: "max-age=0", say.
func ReuseOf(h http.Header, own string, now time.Time) (f Freshness, because string) {
	for name, fields := range directives(h) {
		if is(name, "private") && fields == "" {
			return Stale, "private"
		}
	}
	if SetsCookie(h, own) {
		return Stale, "Set-Cookie"
	}
	return freshness(h, now)
}

// Shareable reports whether an answer tells a cache between server and client that it may
// be stored for others: then it must carry no cookie of ours, and nothing that depends
// on one. A 304 counts as shareable, since it is merged into a stored answer (RFC 9111,
// section 3.2).
func Shareable(status int, h http.Header) bool {
	if status == http.StatusNotModified {
		return true
	}
	if directed(h, "public", "immutable", "s-maxage") {
		return true
	}
	for field, lines := range h {
		if targeted(field) && letsKeep(field, lines) {
			return true
		}
	}
	return false
}

// targeted reports whether a field tells one kind of cache what it may keep, and so overrules
// Cache-Control there: those of RFC 9213 by the end of their names (section 2.2), and those that
// are older.
func targeted(field string) bool {
	const rfc9213 = "CDN-Cache-Control"
	if before := len(field) - len(rfc9213); before >= 0 && is(field[before:], rfc9213) {
		return before == 0 || field[before-1] == '-'
	}
	// Each answer's fields are all looked at: most have another length.
	switch len(field) {
	case len("Surrogate-Control"):
		return is(field, "Surrogate-Control") // Fastly, Varnish, Squid
	case len("Edge-Control"):
		return is(field, "Edge-Control") // Akamai
	case len("X-Accel-Expires"):
		return is(field, "X-Accel-Expires") // nginx
	case len("X-LiteSpeed-Cache-Control"):
		return is(field, "X-LiteSpeed-Cache-Control")
	}
	return false
}

// letsKeep reports whether such a field lets its cache keep an answer, as all do that do not forbid
// it.
func letsKeep(field string, lines []string) bool {
	if is(field, "X-Accel-Expires") { // seconds, or @ and a time; 0 forbids, all else says nothing
		value := strings.TrimSpace(strings.Join(lines, ""))
		return strings.HasPrefix(value, "@") || strings.Trim(value, "0123456789") == "" && strings.Trim(value, "0") != ""
	}
	said := false
	for name, argument := range directivesOf(lines) {
		said = true
		forbids := is(name, "no-store") || is(name, "private") && argument == "" ||
			is(name, "no-cache") && is(field, "X-LiteSpeed-Cache-Control") // there it means no-store
		if forbids {
			return false
		}
	}
	return said
}

// Private reports whether Cache-Control keeps an answer out of shared caches. A private
// with names of fields keeps out these fields alone (RFC 9111, section 5.2.2.7).
func Private(h http.Header) bool {
	for name, fields := range directives(h) {
		if is(name, "private") && fields == "" || is(name, "no-store") {
			return true
		}
	}
	return false
}

// Personal reports whether an answer is for one visitor only, as far as it says so: it or some
// of its fields are private, or it is not to be stored, or it sets a cookie other than ours,
// whose name is own, or the request had an Authorization field (RFC 9111, section 3.5).
func Personal(r *http.Request, h http.Header, own string) bool {
	return Has(r.Header, "Authorization") || SetsCookie(h, own) || directed(h, "private", "no-store")
}

// SetsCookie reports whether an answer sets a cookie whose name is not own.
func SetsCookie(h http.Header, own string) bool {
	for _, line := range h["Set-Cookie"] {
		name, _, _ := strings.Cut(line, "=")
		if name = strings.TrimSpace(name); name != own || own == "" {
			return true
		}
	}
	return false
}

// Validator returns an answer's ETag, or else its Last-Modified date (RFC 9110, section 8.8).
// Weak and strong tags are one here, and so are the tags that servers derive from one
// file for its content codings: "x", W/"x", "x-gzip". It allocates where it cuts such a
// suffix.
func Validator(h http.Header) string {
	tag := First(h, "Etag")
	if tag == "" {
		return First(h, "Last-Modified")
	}
	tag = strings.TrimPrefix(tag, "W/")
	if body, ok := strings.CutSuffix(tag, `"`); ok {
		for _, suffix := range [...]string{"--gzip", "-gzip", "-br", "-zstd", ";gz"} {
			if cut, ok := strings.CutSuffix(body, suffix); ok {
				return cut + `"`
			}
		}
	}
	return tag
}
