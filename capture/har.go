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
// list only names are yielded which the headers do not have. The next
// entry's message is another capture: a cookie that a browser sent fifty times is yielded
// fifty times.
//
// The file is read in one pass. Of an entry, 1 MiB ([MaxLine]) of cookie text is kept
// until its end; bodies are passed over without being held. An entry
// with more yields what fits and an [*Error] with [ErrLong]. A file that is no
// HAR file, or breaks off, yields what precedes the fault, then an [*Error]
// with [ErrHAR] or [io.ErrUnexpectedEOF], and the byte where reading stopped.
func HAR(r io.Reader) iter.Seq2[Cookie, error] {
	return func(yield func(Cookie, error) bool) {
		err := readHAR(r, func(e *harEntry) error {
			if !e.yieldCookies(yield) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield(Cookie{}, err)
		}
	}
}

// errStop ends the reading of a file whose reader wants no more.
var errStop = errors.New("stop")

// maxURL is the longest URL that is kept of an entry, in bytes: more than
// servers take in a request line, less than a data: URL may have.
const maxURL = 64 << 10

// maxName is the longest name of a header or a cookie that is told from others, in bytes.
const maxName = 4 << 10

// shownURL is how much of a URL a Cookie's Where shows, in bytes.
const shownURL = 200

// harEntry is what matters of one request and its response.
type harEntry struct {
	index    int
	url      string
	request  harMessage
	response harMessage
	left     int // bytes of cookie text that may still be kept
	overflow *Error
}

// harMessage is the cookies of one message.
type harMessage struct {
	headers []string // values of its Cookie or Set-Cookie headers
	listed  []Cookie // its list of cookies
}

// listedCost is what a kept string is charged besides its bytes, so that
// many empty ones are bounded too.
const listedCost = 64

// readHAR calls entry for each entry. One that the file breaks off in is given too.
func readHAR(r io.Reader, entry func(*harEntry) error) error {
	j := newJSONReader(r)
	if err := j.skipByteOrderMark(); err != nil {
		return err
	}
	found := false
	readEntries := func() error {
		found = true
		return j.array(func(i int) error {
			e := &harEntry{index: i, left: MaxLine}
			err := e.read(j)
			if stop := entry(e); stop != nil {
				return stop
			}
			return err
		})
	}
	err := j.object(func(key []byte) error {
		if string(key) != "log" {
			return j.skip()
		}
		return j.object(func(key []byte) error {
			if string(key) != "entries" {
				return j.skip()
			}
			return readEntries()
		})
	})
	if err == nil {
		err = j.end()
	}
	if err == nil && !found {
		err = j.syntax("it has no log.entries")
	}
	return err
}

// skipByteOrderMark passes over U+FEFF, with which some proxies begin their files.
func (j *jsonReader) skipByteOrderMark() error {
	for i := range len(byteOrderMark) {
		if err := j.fill(); err != nil {
			return err
		}
		if j.ahead[0] != byteOrderMark[i] {
			if i == 0 {
				return nil
			}
			return j.syntax("found %q, want a JSON object", j.ahead[0])
		}
		j.ahead = j.ahead[1:]
	}
	return nil
}

const byteOrderMark = "\uFEFF"

func (e *harEntry) read(j *jsonReader) error {
	return j.object(func(key []byte) error {
		switch string(key) {
		case "request":
			return e.readMessage(j, &e.request, "Cookie")
		case "response":
			return e.readMessage(j, &e.response, "Set-Cookie")
		}
		return j.skip()
	})
}

// readMessage reads a request or a response; a capture of a request that failed
// may have null, or anything else, in the place of the response.
func (e *harEntry) readMessage(j *jsonReader, m *harMessage, header string) error {
	return j.ifObject(func(key []byte) (err error) {
		switch string(key) {
		case "url":
			if m == &e.request {
				e.url, _, err = j.str(maxURL)
				return err
			}
		case "headers":
			return j.eachPair(func(name, value string, long bool) {
				if strings.EqualFold(name, header) && e.charge(len(value), long, j) {
					m.headers = append(m.headers, value)
				}
			})
		case "cookies":
			return j.eachPair(func(name, value string, long bool) {
				if name != "" && e.charge(len(name)+len(value), long, j) {
					m.listed = append(m.listed, Cookie{Name: name, Value: value})
				}
			})
		}
		return j.skip()
	})
}

// charge accounts for one more thing to keep, and reports whether it may be.
// Something long was not even read.
func (e *harEntry) charge(size int, long bool, j *jsonReader) bool {
	if size += listedCost; !long && size <= e.left {
		e.left -= size
		return true
	}
	e.overflow = &Error{
		Offset: j.past - int64(len(j.ahead)),
		Err:    fmt.Errorf("%w: entries[%d] has more than %d bytes of cookies", ErrLong, e.index, MaxLine),
	}
	return false
}

// ifObject reads an object, and passes over any other value.
func (j *jsonReader) ifObject(field func(key []byte) error) error {
	if c, err := j.peek(); err != nil || c != '{' {
		return orSkip(j, err)
	}
	return j.object(field)
}

// eachPair reads a list of {"name": ..., "value": ...}; long tells that the value
// is longer than [MaxLine] and left out.
func (j *jsonReader) eachPair(pair func(name, value string, long bool)) error {
	if c, err := j.peek(); err != nil || c != '[' {
		return orSkip(j, err)
	}
	return j.array(func(int) error {
		var name, value string
		var long bool
		err := j.ifObject(func(key []byte) (err error) {
			switch string(key) {
			case "name":
				name, _, err = j.str(maxName)
			case "value":
				value, long, err = j.str(MaxLine)
			default:
				err = j.skip()
			}
			return err
		})
		if err == nil {
			pair(name, value, long)
		}
		return err
	})
}

func orSkip(j *jsonReader, err error) error {
	if err != nil {
		return err
	}
	return j.skip()
}

// yieldCookies reports whether the loop goes on.
func (e *harEntry) yieldCookies(yield func(Cookie, error) bool) bool {
	if !e.yieldMessage(&e.request, "request", Sent, yield) ||
		!e.yieldMessage(&e.response, "response", Set, yield) {
		return false
	}
	return e.overflow == nil || yield(Cookie{}, e.overflow)
}

func (e *harEntry) yieldMessage(m *harMessage, kind string, form Form, yield func(Cookie, error) bool) bool {
	if len(m.headers) == 0 && len(m.listed) == 0 {
		return true
	}
	where := fmt.Sprintf("entries[%d].%s %s", e.index, kind, e.url[:min(len(e.url), shownURL)])
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
	for _, header := range m.headers {
		// Browsers write several Set-Cookie headers as one, a line each.
		for at := 0; goOn && at < len(header); {
			size := strings.IndexByte(header[at:], '\n') + 1
			if size == 0 {
				size = len(header) - at
			}
			yieldHeader(trim(part{header[at : at+size], at}), form, each)
			at += size
		}
	}
	for _, c := range m.listed {
		if !goOn {
			return false
		}
		if !inHeaders[c.Name] {
			c = makeCookie(c.Name, part{c.Value, 0}, form)
			c.Where = where
			goOn = yield(c, nil)
		}
	}
	return goOn
}
