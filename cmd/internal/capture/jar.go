package capture

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
)

// Jar yields the cookies of a jar: of JSON, as Playwright and extensions of browsers export
// it, every object with a name, a value and a domain; otherwise of Netscape's format, which curl,
// wget and other exporters write. There a line has seven fields with a tab between each two:
//
//	domain  include-subdomains  path  secure  expires  name  value
//
// The flags are TRUE or FALSE, the time is in seconds since 1970; of a cookie of the session some
// exporters leave it out. Blank lines
// and those that begin with '#' are passed over, except that #HttpOnly_ before
// the domain marks a cookie hidden from scripts (curl's addition). An empty
// value may be missing with its tab, as curl reads it. Expired cookies are
// yielded too: it is the capture that is read, not the clock.
//
// Where is such as "line 3, example.com/css/". A line that is something else
// yields an [*Error] with [ErrJar], one longer than [MaxLine] one with
// [ErrLong], and the lines after it are still read; an error of r comes last.
func Jar(r io.Reader) iter.Seq2[Cookie, error] {
	return func(yield func(Cookie, error) bool) {
		in := bufio.NewReader(r)
		if isJSON(in) {
			exported(in, yield)
			return
		}
		for line, err := range eachLine(in, MaxLine) {
			if err != nil {
				if !yield(Cookie{}, err) {
					return
				}
				continue
			}
			text := part{string(line.text), 0}
			if line.number == 1 {
				text = text.without(byteOrderMark)
			}
			text = text.to(len(strings.TrimSuffix(text.text, "\r")))
			fields := text.without("#HttpOnly_")
			if fields == text && (strings.TrimSpace(text.text) == "" || text.text[0] == '#') {
				continue
			}
			c, err := jarCookie(fields)
			if err != nil {
				err = &Error{Line: line.number, Err: err}
			} else {
				c.Where = fmt.Sprintf("line %d, %s", line.number, c.Where)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// without drops a prefix.
func (p part) without(prefix string) part {
	return p.from(len(p.text) - len(strings.TrimPrefix(p.text, prefix)))
}

// jarCookie reads the fields of one line; its Where is domain and path.
func jarCookie(p part) (Cookie, error) {
	tabs := strings.Count(p.text, "\t")
	if tabs != 5 && tabs != 6 {
		words := strings.Fields(p.text)
		switch {
		case tabs == 0 && len(words) >= 6 && isFlag(words[1]) && isFlag(words[3]):
			return Cookie{}, fmt.Errorf("%w: spaces stand where tabs belong", ErrJar)
		case tabs == 0:
			return Cookie{}, fmt.Errorf("%w: 1 field, want 7 with tabs between them", ErrJar)
		}
		return Cookie{}, fmt.Errorf("%w: %d fields, want 7 with tabs between them", ErrJar, tabs+1)
	}
	field := func() string {
		text, _, _ := strings.Cut(p.text, "\t")
		p = p.from(min(len(text)+1, len(p.text)))
		return text
	}
	domain, subdomains, path, secure, expires, name := field(), field(), field(), field(), field(), field()
	switch {
	case domain == "":
		return Cookie{}, fmt.Errorf("%w: field 1 is empty, want a domain", ErrJar)
	case !isFlag(subdomains):
		return Cookie{}, fmt.Errorf("%w: field 2 is %.20q, want TRUE or FALSE", ErrJar, subdomains)
	case !isFlag(secure):
		return Cookie{}, fmt.Errorf("%w: field 4 is %.20q, want TRUE or FALSE", ErrJar, secure)
	case name == "":
		return Cookie{}, fmt.Errorf("%w: field 6 is empty, want a cookie's name", ErrJar)
	}
	// Some exporters write parts of seconds.
	if _, err := strconv.ParseFloat(expires, 64); err != nil && expires != "" && !strings.EqualFold(expires, "session") {
		return Cookie{}, fmt.Errorf("%w: field 5 is %.20q, want seconds since 1970", ErrJar, expires)
	}
	c := makeCookie(name, p, Stored)
	where := domain + path
	c.Where = where[:min(len(where), shownURL)]
	return c, nil
}

func isFlag(s string) bool { return strings.EqualFold(s, "TRUE") || strings.EqualFold(s, "FALSE") }
