package capture

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// HAR yields the cookies of a HAR 1.2 file (http://www.softwareishard.com/blog/har-12-spec/):
// for each entry those that its request sent, then those that its response
// set, with Where such as "entries[3].request https://example.com/".
//
// A HAR file says the same twice: in a message's headers, and again in its list
// of cookies. The headers are what was on the wire and come first; of the
// list only names are yielded which the headers do not have. The value of a Cache-Digest header
// is yielded as a [Digest]. Headers or cookies of another shape than HAR 1.2 has are an [*Error]. The next
// entry's message is another capture: a cookie that a browser sent fifty times is yielded
// fifty times.
//
// The file is read in one pass, by [HARReader]. Of an entry, 1 MiB ([MaxLine])
// of cookie text is kept until its end; bodies are passed over without being
// held. An entry with more yields what fits and an [*Error] with [ErrLong], one
// that is no object an [*Error] with [ErrHAR]. A file that is no HAR file, or
// breaks off, yields what precedes the fault, then an [*Error] with [ErrHAR] or
// [io.ErrUnexpectedEOF], and the byte where reading stopped.
func HAR(r io.Reader) iter.Seq2[Cookie, error] {
	return func(yield func(Cookie, error) bool) {
		for e, err := range harCookies.All(r) {
			if e != nil && !e.yieldCookies(yield) {
				return
			}
			if err != nil {
				yield(Cookie{}, err)
			}
		}
	}
}

// harCookies keeps what holds cookies, and no more.
var harCookies = HARReader{
	RequestHeaders:  func(name string) bool { return strings.EqualFold(name, "Cookie") || isDigest(name) },
	ResponseHeaders: func(name string) bool { return strings.EqualFold(name, "Set-Cookie") },
	Cookies:         true,
}

// errStop ends the reading of a file whose reader wants no more.
var errStop = errors.New("stop")

// shownURL is how much of a URL a Cookie's Where shows, in bytes.
const shownURL = 200

// yieldCookies reports whether the loop goes on.
func (e *HAREntry) yieldCookies(yield func(Cookie, error) bool) bool {
	return e.yieldMessage(&e.Request.HARMessage, "request", Sent, yield) &&
		e.yieldMessage(&e.Response.HARMessage, "response", Set, yield) &&
		(e.Lost == nil || yield(Cookie{}, e.Lost)) &&
		(e.Unread == nil || e.Unread == e.Lost || yield(Cookie{}, e.Unread))
}

func (e *HAREntry) yieldMessage(m *HARMessage, kind string, form Form, yield func(Cookie, error) bool) bool {
	if len(m.Headers) == 0 && len(m.Cookies) == 0 {
		return true
	}
	url := e.Request.URL
	where := fmt.Sprintf("entries[%d].%s %s", e.Index, kind, url[:min(len(url), shownURL)])
	inHeaders := map[string]bool{}
	goOn := true
	each := func(c Cookie, err error) bool {
		if err != nil { // a header without a cookie
			return true
		}
		inHeaders[c.Name] = true
		c.Where = where
		goOn = yield(c, nil)
		return goOn
	}
	for _, header := range m.Headers {
		if isDigest(header.Name) {
			goOn = goOn && yield(Cookie{Value: strings.TrimSpace(header.Value), Form: Digest, Where: where}, nil)
			continue
		}
		// Browsers write several Set-Cookie headers as one, a line each.
		for at := 0; goOn && at < len(header.Value); {
			size := strings.IndexByte(header.Value[at:], '\n') + 1
			if size == 0 {
				size = len(header.Value) - at
			}
			yieldHeader(trim(part{header.Value[at : at+size], at}), form, each)
			at += size
		}
	}
	for _, listed := range m.Cookies {
		if !goOn {
			return false
		}
		if !inHeaders[listed.Name] {
			c := makeCookie(listed.Name, part{listed.Value, 0}, form)
			c.Where = where
			goOn = yield(c, nil)
		}
	}
	return goOn
}
