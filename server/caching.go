package server

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What an answer's header says of caches, for three questions: may an asset be hinted,
// may the answer carry a cookie, and is it for everybody.

// first is Header.Get for a name that is in canonical form, which Get would find out anew.
func first(header http.Header, name string) string {
	if values := header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// directives yields the directives of Cache-Control, in lower case.
func directives(header http.Header) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range header["Cache-Control"] {
			for d := range strings.SplitSeq(v, ",") {
				if !yield(strings.ToLower(strings.TrimSpace(d))) {
					return
				}
			}
		}
	}
}

// explicitFreshness says whether an answer states how long it may be reused. One that may
// only be kept without saying for how long is not fresh: Chromium fetches such assets
// once for the hint and once for the page.
func explicitFreshness(header http.Header, now time.Time) Freshness {
	fresh, stated := false, false
	for d := range directives(header) {
		switch {
		case d == "no-store", d == "no-cache", strings.HasPrefix(d, "no-cache="):
			return Stale
		case d == "immutable":
			fresh = true
		case strings.HasPrefix(d, "max-age="):
			// What cannot be read is stale (RFC 9111, section 4.2.1), and what is too large is as
			// large as can be (section 1.2.2), as ParseUint has it.
			seconds, err := strconv.ParseUint(strings.Trim(d[len("max-age="):], `"`), 10, 64)
			if err != nil && !errors.Is(err, strconv.ErrRange) || seconds == 0 {
				return Stale
			}
			fresh, stated = true, true
		}
	}
	if expires := first(header, "Expires"); !stated && expires != "" {
		if date, err := http.ParseTime(first(header, "Date")); err == nil {
			now = date
		}
		until, err := http.ParseTime(expires)
		fresh = fresh || err == nil && until.After(now)
	}
	if fresh {
		return Fresh
	}
	return Stale
}

// shareable reports whether a cache between us and the client is told that it may store the
// answer for others: then it must carry no cookie of ours, and nothing that depends on
// one.
func shareable(status int, header http.Header) bool {
	if status == http.StatusNotModified {
		return true // it would be merged into a stored answer
	}
	for d := range directives(header) {
		if d == "public" || d == "immutable" || strings.HasPrefix(d, "s-maxage") {
			return true
		}
	}
	return first(header, "Surrogate-Control") != "" || first(header, "Cdn-Cache-Control") != ""
}

// makePrivate keeps an answer out of shared caches, which may store even what says nothing
// of caching (RFC 9111, section 3), cookie and all.
func makePrivate(header http.Header) {
	for d := range directives(header) {
		if d == "private" || d == "no-store" {
			return
		}
	}
	add(header, "Cache-Control", "private")
}

// add is Header.Add for a map whose slices may belong to others: handlers share them.
func add(header http.Header, field, value string) {
	values := header[field]
	header[field] = append(values[:len(values):len(values)], value)
}

// personal reports whether an answer says that it is for one client only.
func personal(r *http.Request, header http.Header) bool {
	if len(r.Header["Authorization"]) > 0 || len(header["Set-Cookie"]) > 0 {
		return true
	}
	for d := range directives(header) {
		if d == "private" || d == "no-store" || strings.HasPrefix(d, "private=") {
			return true
		}
	}
	return false
}

// validator is an answer's ETag, or else its Last-Modified date. Weak and strong are one here,
// and so are the tags that servers derive from one file for its codings: "x", W/"x",
// "x-gzip".
func validator(header http.Header) string {
	tag := first(header, "Etag")
	if tag == "" {
		return first(header, "Last-Modified")
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

// contentLength reads the field of that name; 0 is unknown.
func contentLength(header http.Header) int64 {
	v := first(header, "Content-Length")
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// contentType is the answer's type, as net/http will find it if the handler says none.
func contentType(header http.Header, body []byte) string {
	if v, ok := header["Content-Type"]; ok {
		if len(v) == 0 {
			return ""
		}
		return v[0]
	}
	if len(body) == 0 || first(header, "Content-Encoding") != "" {
		return ""
	}
	return http.DetectContentType(body)
}

func isHTML(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.TrimSpace(t)
	return strings.EqualFold(t, "text/html") || strings.EqualFold(t, "application/xhtml+xml")
}
