package capture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrExport marks JSON that is no export of cookies.
var ErrExport = errors.New("not JSON of cookies")

// exported yields the cookies of JSON as Playwright's storageState, EditThisCookie, Cookie-Editor
// and drivers of browsers write it: every object, wherever it stands, that has a name, a value and
// the domain that they belong to. A name and a value alone are something else, such as an entry of
// a local storage.
func exported(r io.Reader, yield func(Cookie, error) bool) {
	x := &export{j: newJSONReader(r), yield: yield}
	x.j.kind = ErrExport
	err := x.j.skipByteOrderMark()
	for err == nil {
		if _, err = x.j.peek(); err != nil {
			if x.j.err == io.EOF {
				err = nil
			}
			break
		}
		err = x.value()
	}
	if err == nil && !x.found {
		err = fmt.Errorf("%w: JSON without cookies: nothing in it has a name, a value and a domain", ErrExport)
	}
	if err != nil && err != errStop {
		yield(Cookie{}, err)
	}
}

type export struct {
	j     *jsonReader
	yield func(Cookie, error) bool
	found bool // a cookie, or an empty list of them
}

func (x *export) value() error {
	c, err := x.j.peek()
	if err != nil {
		return err
	}
	switch c {
	case '{':
		return x.object()
	case '[':
		n := 0
		err := x.j.array(func(int) error { n++; return x.value() })
		x.found = x.found || n == 0 && x.j.depth <= 1
		return err
	}
	return x.j.skip()
}

// members are the names that programs have for what makes a cookie. The last are those of the
// extension Cookie Quick Manager.
var members = map[string]int{
	"name": 0, "value": 1, "domain": 2, "host": 2, "path": 3,
	"Name raw": 0, "Content raw": 1, "Host raw": 2, "Path raw": 3,
}

func (x *export) object() error {
	var texts [4]string
	var has [4]bool
	err := x.j.object(func(key []byte) error {
		i, known := members[string(key)]
		if c, err := x.j.peek(); err != nil {
			return err
		} else if !known || c != '"' {
			return x.value()
		}
		text, long, err := x.j.str(MaxLine)
		texts[i], has[i] = text, !long
		return err
	})
	if err != nil || !has[0] || !has[1] || !has[2] || texts[0] == "" {
		return err
	}
	x.found = true
	c := makeCookie(texts[0], part{texts[1], 0}, Stored)
	where := texts[2] + texts[3]
	c.Where = where[:min(len(where), shownURL)]
	if !x.yield(c, nil) {
		return errStop
	}
	return nil
}

// isJSON reports whether the first character is one of JSON's brackets.
func isJSON(in *bufio.Reader) bool {
	head := peek(in, func(head []byte) bool {
		return len(head) == longestHead || len(bytes.TrimSpace(bytes.TrimPrefix(head, []byte(byteOrderMark)))) > 0 && (head[0] != byteOrderMark[0] || len(head) > len(byteOrderMark))
	})
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte(byteOrderMark)))
	return len(head) > 0 && (head[0] == '{' || head[0] == '[')
}

// A Kind is what a capture is, for a reader of this package.
type Kind uint8

// The kinds of captures.
const (
	KindLog Kind = iota // lines of any kind: [LogScanner]
	KindHAR             // [HAR]
	KindJar             // [Jar]
)

// KindOf tells from the head of a text, some KiB of it, what it is.
func KindOf(head []byte) Kind {
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte(byteOrderMark)))
	text := string(head)
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		rest := strings.TrimLeft(text[1:], " \t\r\n")
		if after, ok := strings.CutPrefix(rest, `"log"`); ok && strings.HasPrefix(strings.TrimLeft(after, " \t\r\n:"), "{") {
			return KindHAR
		}
		if strings.Contains(text, `"domain"`) || strings.Contains(text, `"Host raw"`) || strings.HasPrefix(rest, `"cookies"`) {
			return KindJar
		}
		return KindLog
	}
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimRight(line, "\r\n"), "#HttpOnly_")
		if strings.HasPrefix(line, "# Netscape HTTP Cookie File") || strings.HasPrefix(line, "# HTTP Cookie File") {
			return KindJar
		}
		if line != "" && line[0] != '#' {
			if _, err := jarCookie(part{line, 0}); err == nil {
				return KindJar
			}
			break
		}
	}
	return KindLog
}
