package capture

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// Line yields the cookies of one line, as a person would paste it:
//
//	qF0                                    a bare value
//	h2o_casper=qF0                         a pair
//	Cookie: a=b; h2o_casper=qF0            a request header, or one HTTP/2 crumb of it
//	Set-Cookie: h2o_casper=qF0; Path=/     a response header
//	a=b; h2o_casper=qF0                    the same two, without the header's name
//	h2o_casper=qF0; Path=/; Secure
//	Cache-Digest: AfdA; complete           a header of digests, whole
//	h2o_casper:"qF0"                       a known name as browsers' tools copy it,
//	h2o_casper<TAB>qF0<TAB>example.com     also as a row of their tables
//
// Where the line is none of these, or names none of known, it is any text that has the known names
// in it, as a copied command has: then the cookies are what [LogScanner] finds.
//
// Of Set-Cookie headers that were folded into one, a comma between each two, every cookie
// with a known name is seen.
//
// Header names match in any case; spaces, tabs and the line end around the line
// and around each pair are dropped. Double quotes around a named value
// are taken off and noted in Quoted; so are quotes of both kinds around a bare value.
//
// Base64 may end in padding, so '=' alone does not make a pair. A line without
// a header's name is a pair when a cookie name ([RFC 6265] section 4.1.1: a
// token) stands before its first '=' and something other than '=' behind it,
// or when that name is one of known: with h2o_casper known, "h2o_casper=" is
// the empty cookie, while "qF0=" stays a value.
//
// The iterator yields an error matching [ErrNoCookie] for a header that is not
// a cookie header, or holds no pair. Pieces of a header without '=' or without
// a name are no cookies, and are passed over. Work and memory are linear in s
// for each known name, and no cookie list is built.
//
// [RFC 6265]: https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1
func Line(s string, known ...string) iter.Seq2[Cookie, error] {
	return func(yield func(Cookie, error) bool) {
		if mentioned(s, known) && !settled(s, known) && yieldFound(s, known, yield) {
			return
		}
		yieldLine(s, known, yield)
	}
}

// mentioned reports whether a text has one of the names in it.
func mentioned(s string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(s, name) })
}

// settled reports whether a line is of a form that leaves no question: a header, or one that has a
// cookie of one of the names.
func settled(s string, known []string) (settled bool) {
	switch name, _, _ := cutHeader(trim(part{s, 0})); {
	case strings.EqualFold(name, "Cookie"), strings.EqualFold(name, "Set-Cookie"), isDigest(name):
		return true
	}
	yieldLine(s, known, func(c Cookie, err error) bool {
		settled = err == nil && c.Form != Bare && slices.Contains(known, c.Name)
		return !settled
	})
	return settled
}

// yieldFound finds known names anywhere in a line, and reports whether one has a value.
func yieldFound(s string, known []string, yield func(Cookie, error) bool) (found bool) {
	f, err := newFinder(known)
	if err != nil {
		return false
	}
	for c := f.in(run{text: []byte(s), first: 1}); c.next(); {
		if c.match.Err != nil {
			continue
		}
		found = true
		if !yield(Cookie{Name: c.match.Name, Value: string(c.match.Value), Form: Found}, nil) {
			break
		}
	}
	return found
}

// yieldLine reads a line by its form.
func yieldLine(s string, known []string, yield func(Cookie, error) bool) {
	line := trim(part{s, 0})
	if name, value, ok := cutCopied(line, known); ok {
		yield(makeCookie(name, value, Pair), nil)
		return
	}
	name, value, isHeader := cutHeader(line)
	switch {
	case !isHeader:
		yieldPlain(line, known, yield)
	case strings.EqualFold(name, "Cookie"):
		yieldHeader(value, Sent, yield)
	case strings.EqualFold(name, "Set-Cookie"):
		yieldFolded(value, known, yield)
	case isDigest(name):
		value = trim(value)
		yield(Cookie{Value: value.text, Form: Digest, Offset: value.at}, nil)
	default:
		yield(Cookie{}, fmt.Errorf("%w: %.40s is not a cookie header", ErrNoCookie, name))
	}
}

// cutCopied splits what browsers' tools copy: name:"value", or a row with tabs between name, value
// and attributes.
func cutCopied(line part, known []string) (name string, value part, ok bool) {
	for _, name := range known {
		rest, ok := strings.CutPrefix(line.text, name)
		switch {
		case !ok || rest == "":
		case rest[0] == ':':
			return name, trim(line.from(len(name) + 1)), true
		case rest[0] == '\t':
			value := line.from(len(name) + 1)
			if i := strings.IndexByte(value.text, '\t'); i >= 0 {
				value = value.to(i)
			}
			return name, trim(value), true
		}
	}
	return "", part{}, false
}

// unquote takes quotes off a bare value: no alphabet has them.
func unquote(value part) (part, bool) {
	n := len(value.text)
	if n >= 2 && (value.text[0] == '"' || value.text[0] == '\'') && value.text[n-1] == value.text[0] {
		return value.to(n - 1).from(1), true
	}
	return value, false
}

// Lines yields the cookies of every line of r, each read as [Line] does, with
// its line number in Where. A blank line is the empty bare value. A line longer
// than limit bytes yields [ErrLong]; it and a line without a cookie are
// reported as [*Error], and the lines after them still read. A limit of 0, or
// below, admits only blank lines.
func Lines(r io.Reader, limit int, known ...string) iter.Seq2[Cookie, error] {
	return func(yield func(Cookie, error) bool) {
		for line, err := range eachLine(r, limit) {
			if err != nil {
				if !yield(Cookie{}, err) {
					return
				}
				continue
			}
			where := fmt.Sprintf("line %d", line.number)
			for c, err := range Line(string(line.text), known...) {
				if err != nil {
					err = &Error{Line: line.number, Err: err}
				} else {
					c.Where = where
				}
				if !yield(c, err) {
					return
				}
			}
		}
	}
}

// part is a piece of a line that knows where in the line it began.
type part struct {
	text string
	at   int
}

func (p part) from(i int) part { return part{p.text[i:], p.at + i} }
func (p part) to(i int) part   { return part{p.text[:i], p.at} }

// trim drops white space and line ends at both ends.
func trim(p part) part {
	text := strings.TrimLeft(p.text, " \t\r\n")
	p = p.from(len(p.text) - len(text))
	return p.to(len(strings.TrimRight(p.text, " \t\r\n")))
}

// cutHeader splits "Name: value". No alphabet of a bare value holds a colon,
// and '=' is no token character, so a colon inside a pair's value is no header.
func cutHeader(line part) (name string, value part, ok bool) {
	i := strings.IndexByte(line.text, ':')
	if i < 0 || !isToken(line.text[:i]) {
		return "", part{}, false
	}
	return line.text[:i], line.from(i + 1), true
}

// yieldPlain reads a line without a header's name.
func yieldPlain(line part, known []string, yield func(Cookie, error) bool) {
	first, rest, several := cutPiece(line)
	name, value, ok := cutPair(first)
	ok = ok && isToken(name) &&
		(strings.Trim(value.text, "=") != "" || slices.Contains(known, name))
	switch {
	case !ok:
		value, quoted := unquote(line)
		yield(Cookie{Value: value.text, Quoted: quoted, Offset: value.at}, nil)
	case !several || trim(rest).text == "":
		yield(makeCookie(name, value, Pair), nil)
	case isAttribute(rest):
		yieldFolded(line, known, yield)
	default:
		yieldHeader(line, Sent, yield)
	}
}

func isDigest(name string) bool { return strings.EqualFold(name, "Cache-Digest") }

// yieldFolded reads a Set-Cookie header, or several that were folded into one as RFC 9110, section
// 5.3 says not to. A comma may also stand in a date or a value: one parts cookies where a known
// name follows.
func yieldFolded(value part, known []string, yield func(Cookie, error) bool) {
	goOn, found := true, false
	each := func(c Cookie, err error) bool {
		if err != nil { // a part without a cookie
			return true
		}
		found = true
		goOn = yield(c, nil)
		return goOn
	}
	for at := 0; goOn && at >= 0; {
		comma := nextFold(value.text, at, known)
		if comma < 0 {
			yieldHeader(value.from(at), Set, each)
			break
		}
		yieldHeader(value.to(comma).from(at), Set, each)
		at = comma + 1
	}
	if !found {
		yield(Cookie{}, ErrNoCookie)
	}
}

// nextFold returns where a comma stands before a known name and '=', -1 where none does.
func nextFold(text string, at int, known []string) int {
	for {
		i := strings.IndexByte(text[at:], ',')
		if i < 0 {
			return -1
		}
		at += i + 1
		rest := strings.TrimLeft(text[at:], " \t")
		for _, name := range known {
			if after, ok := strings.CutPrefix(rest, name); ok && strings.HasPrefix(after, "=") {
				return at - 1
			}
		}
	}
}

// yieldHeader reads the value of a Cookie header, whose pieces are all pairs
// (RFC 6265 section 4.2.1), or of a Set-Cookie header, where all but the first
// are attributes (section 4.1.1).
func yieldHeader(value part, form Form, yield func(Cookie, error) bool) {
	found := false
	for more := true; more; {
		var piece part
		piece, value, more = cutPiece(value)
		if name, v, ok := cutPair(piece); ok && name != "" {
			found = true
			if !yield(makeCookie(name, v, form), nil) {
				return
			}
		}
		if form == Set {
			break
		}
	}
	if !found {
		yield(Cookie{}, ErrNoCookie)
	}
}

// cutPiece takes the text up to the next ';', which also ends a value in
// quotes: RFC 6265 section 5.2 looks for it before it looks at anything else.
func cutPiece(p part) (piece, rest part, more bool) {
	i := strings.IndexByte(p.text, ';')
	if i < 0 {
		return trim(p), part{}, false
	}
	return trim(p.to(i)), p.from(i + 1), true
}

// cutPair splits name=value at the first '='.
func cutPair(p part) (name string, value part, ok bool) {
	i := strings.IndexByte(p.text, '=')
	if i < 0 {
		return "", part{}, false
	}
	return trim(p.to(i)).text, trim(p.from(i + 1)), true
}

// makeCookie takes a pair of double quotes off the value.
func makeCookie(name string, value part, form Form) Cookie {
	quoted := len(value.text) >= 2 && value.text[0] == '"' && value.text[len(value.text)-1] == '"'
	if quoted {
		value = value.to(len(value.text) - 1).from(1)
	}
	return Cookie{Name: name, Value: value.text, Quoted: quoted, Form: form, Offset: value.at}
}

// isAttribute tells whether a Set-Cookie attribute comes next.
func isAttribute(rest part) bool {
	piece, _, _ := cutPiece(rest)
	name, _, ok := cutPair(piece)
	if !ok {
		name = piece.text
	}
	return slices.ContainsFunc(attributes, func(a string) bool { return strings.EqualFold(a, name) })
}

// attributes are those of RFC 6265 section 5.2 and its successor's drafts.
var attributes = []string{"Expires", "Max-Age", "Domain", "Path", "Secure", "HttpOnly", "SameSite", "Partitioned"}

// isToken tells whether s is a token of RFC 9110 section 5.6.2: what names of
// headers and cookies are made of.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isWord(c) && !strings.ContainsRune("!#$%&'*+.^`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

// isWord tells whether c may continue a cookie's name as people write them.
func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}
