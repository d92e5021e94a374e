package link

import (
	"bytes"
	"strings"
)

// Base is the page that links are relative to. The zero Base takes paths from the root and
// refuses absolute URLs.
type Base struct {
	Scheme    string // "https"; empty refuses every absolute URL
	Authority string // host, and port unless it is the scheme's own; any case
	Path      string // path of the page, percent-encoded; a query is passed over; empty is "/"
	Foreign   bool   // take what is to be fetched from other origins, too; see [Asset.Origin]
}

// ParseBase splits a URL such as "https://example.com/dir/page", or a path alone. A query or
// fragment is dropped.
func ParseBase(url string) Base {
	url, _, _ = strings.Cut(url, "#")
	url, _, _ = strings.Cut(url, "?")
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || scheme == "" || !allScheme(scheme) {
		return Base{Path: url}
	}
	authority, path := cutAuthority(rest)
	return Base{Scheme: scheme, Authority: authority, Path: path}
}

// Resolve turns a URI reference into a request target of the base's own origin (RFC 3986,
// section 5.2, with the fragment dropped since it is never sent), or of another one, which it
// then returns too, if these are taken. An error is [ErrForeign] or [ErrTarget].
func (b Base) Resolve(ref string) (origin, target string, err error) {
	ref = strings.Trim(ref, " \t") // as the URL standard has it
	ref, _, _ = strings.Cut(ref, "#")
	if ref == "" {
		return "", "", ErrTarget // the page itself is not an asset of the page
	}
	path := ref
	if scheme, ok := schemeOf(ref); ok {
		rest, slashes := strings.CutPrefix(ref[len(scheme)+1:], "//")
		if !slashes {
			return "", "", ErrForeign
		}
		var authority string
		if authority, path = cutAuthority(rest); !strings.EqualFold(scheme, b.Scheme) || !b.own(authority) {
			return b.foreign(scheme, authority, path)
		}
	} else if rest, ok := strings.CutPrefix(ref, "//"); ok {
		var authority string
		if authority, path = cutAuthority(rest); !b.own(authority) {
			return b.foreign(b.Scheme, authority, path)
		}
	}
	if path == "" || path[0] != '/' {
		path = b.join(path, path == ref)
	}
	path = removeDotSegments(path)
	if !validTarget(path) {
		return "", "", ErrTarget
	}
	return "", path, nil
}

// foreign returns the origin and the target of a URL elsewhere.
func (b Base) foreign(scheme, authority, path string) (origin, target string, err error) {
	if !b.Foreign {
		return "", "", ErrForeign
	}
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	scheme = strings.ToLower(scheme)
	origin, target = scheme+"://"+trimPort(strings.ToLower(authority), scheme), removeDotSegments(path)
	if !validOrigin(origin) || !validTarget(target) {
		return "", "", ErrTarget
	}
	return origin, target, nil
}

// join puts a reference that does not begin with a slash behind the base: behind its folder, or
// behind its whole path when only a query is given. After an authority there is no folder but
// the root.
func (b Base) join(ref string, relative bool) string {
	if !relative {
		return "/" + ref
	}
	path, _, _ := strings.Cut(b.Path, "?")
	if path == "" || path[0] != '/' {
		path = "/"
	}
	if ref[0] != '?' {
		path = path[:strings.LastIndexByte(path, '/')+1]
	}
	return path + ref
}

// own reports whether the authority is the base's. Hosts are compared without case and a
// scheme's own port is as good as none.
func (b Base) own(authority string) bool {
	return b.Authority != "" && strings.EqualFold(trimPort(authority, b.Scheme), trimPort(b.Authority, b.Scheme))
}

// Own reports whether an origin such as "https://example.com" is the base's own.
func (b Base) Own(origin string) bool {
	scheme, authority, ok := strings.Cut(origin, "://")
	return ok && strings.EqualFold(scheme, b.Scheme) && b.own(authority)
}

// origin turns the target of a preconnect into an origin: path and query are dropped, as a
// browser would.
func (b Base) origin(ref string) (string, error) {
	ref = strings.ToLower(strings.Trim(ref, " \t"))
	scheme, ok := schemeOf(ref)
	switch {
	case ok:
		ref = ref[len(scheme)+1:]
	case b.Scheme != "":
		scheme = strings.ToLower(b.Scheme)
	}
	rest, ok := strings.CutPrefix(ref, "//")
	if !ok {
		return "", ErrTarget
	}
	authority, _ := cutAuthority(rest)
	origin := scheme + "://" + trimPort(authority, scheme)
	if !validOrigin(origin) {
		return "", ErrTarget
	}
	return origin, nil
}

// cutAuthority splits what follows "//" before the first slash, question mark or fragment.
func cutAuthority(s string) (authority, rest string) {
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func trimPort(authority, scheme string) string {
	switch {
	case strings.EqualFold(scheme, "https"):
		return strings.TrimSuffix(authority, ":443")
	case strings.EqualFold(scheme, "http"):
		return strings.TrimSuffix(authority, ":80")
	}
	return authority
}

// schemeOf returns what stands before the first colon when that is a scheme (RFC 3986, section
// 3.1).
func schemeOf(ref string) (string, bool) {
	i := strings.IndexByte(ref, ':')
	if i <= 0 || !allScheme(ref[:i]) {
		return "", false
	}
	return ref[:i], true
}

func allScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if 'a' <= c && c <= 'z' || i > 0 && ('0' <= s[i] && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.') {
			continue
		}
		return false
	}
	return true
}

// hasDotSegment reports whether a path holds a "." or ".." segment, a percent-encoded dot
// counting as a dot, as it does in the URL standard.
func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if dots(segment) > 0 {
			return true
		}
	}
	return false
}

// dots is 1 for a "." segment, 2 for "..", 0 for every other.
func dots(segment string) int {
	n := 0
	for segment != "" {
		switch {
		case segment[0] == '.':
			segment = segment[1:]
		case len(segment) >= 3 && segment[0] == '%' && segment[1] == '2' && segment[2]|0x20 == 'e':
			segment = segment[3:]
		default:
			return 0
		}
		if n++; n > 2 {
			return 0
		}
	}
	return n
}

// removeDotSegments does RFC 3986, section 5.2.4, on the path part of a target. It returns the
// target itself when there is nothing to remove, which is nearly always.
func removeDotSegments(s string) string {
	path, query := s, ""
	if i := strings.IndexByte(s, '?'); i >= 0 {
		path, query = s[:i], s[i:]
	}
	if !hasDotSegment(path) {
		return s
	}
	out := make([]byte, 0, len(s))
	rest := path[1:]
	for {
		segment, after, more := strings.Cut(rest, "/")
		switch dots(segment) {
		case 2:
			out = out[:max(0, bytes.LastIndexByte(out, '/'))]
			fallthrough
		case 1:
			if !more {
				out = append(out, '/')
			}
		default:
			out = append(out, '/')
			out = append(out, segment...)
		}
		if !more {
			return string(append(out, query...))
		}
		rest = after
	}
}
