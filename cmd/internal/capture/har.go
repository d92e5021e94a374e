package capture

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
)

// HARReader takes a HAR 1.2 file (http://www.softwareishard.com/blog/har-12-spec/)
// apart, entry by entry. It knows how such a file is written; what an entry
// means is for those who ask: [HAR], [HARPaths], and whoever replays a visit.
//
// The zero HARReader keeps neither headers nor cookies. Set the fields before
// the first use; then it is safe for concurrent use.
type HARReader struct {
	// RequestHeaders and ResponseHeaders choose the headers to keep, by the name
	// as written, in whatever case; nil keeps none.
	RequestHeaders, ResponseHeaders func(name string) bool
	// Cookies keeps the lists of cookies of requests and responses.
	Cookies bool
}

// HAREntry is one request and its response. What the file does not have is
// zero, and so is what it has null or a value of another kind for, a URL longer
// than 64 KiB, and any other text longer than 4 KiB.
type HAREntry struct {
	Index     int     // in its list of entries, from 0
	Started   string  // startedDateTime, as written
	Time      float64 // how long it all took, in ms
	Receive   float64 // of that, how long the response was read (timings.receive), in ms
	FromCache string  // the cache that gave the response, as Chromium adds (_fromCache)
	Request   HARRequest
	Response  HARResponse

	// Lost, unless nil, is an [*Error] that says what is missing here: all of it,
	// where the list has something else than an object ([ErrHAR]), or headers and
	// cookies beyond [MaxLine] bytes ([ErrLong]).
	Lost error
	// Unread, unless nil, is the first Odd value that stands where headers or cookies should that
	// were chosen.
	Unread error
	// Odd, unless nil, is an [*Error] for the first value that is of another kind
	// than HAR 1.2 has in its place.
	Odd error

	left int // bytes of headers and cookies that may still be kept
}

// HARRequest is what was asked. Cookie headers and the list of cookies say the same.
type HARRequest struct {
	Method  string
	URL     string
	Version string // of HTTP, as written: browsers do not agree on how
	HARMessage
}

// HARResponse is what was answered. All is zero where no answer came.
type HARResponse struct {
	Status       int
	BodySize     float64 // bytes of the body on the wire, below zero unknown
	TransferSize float64 // bytes of headers and body on the wire, as Chromium adds (_transferSize)
	ContentSize  float64 // bytes of the body, decoded
	MimeType     string  // of the body
	HARMessage
}

// HARMessage is what a HAR file has of both.
type HARMessage struct {
	Headers []HARPair // those that were chosen
	Cookies []HARPair // those with a name
}

// HARPair is a header or a cookie. Browsers write several headers of one name
// as one, with line feeds between the values.
type HARPair struct{ Name, Value string }

// maxURL is the longest URL that is kept of an entry, in bytes: more than
// servers take in a request line, less than a data: URL may have.
const maxURL = 64 << 10

// maxName is the longest name of a header or a cookie that is told from
// others, and the longest of the other texts but for the URL, in bytes.
const maxName = 4 << 10

// maxNumber is the longest number that is read, in bytes. A float64 is told exactly by 17 digits.
const maxNumber = 64

// pairCost is what a kept pair is charged besides its bytes, so that
// many empty ones are bounded too.
const pairCost = 64

// All yields the entries of r in their order, in one pass. Of an entry, [MaxLine]
// bytes of headers and cookies are kept; bodies, and all else that nobody asks
// for, are passed over without being held. An entry that lacks something says
// so in Lost or Odd, and reading goes on.
//
// An error comes last and is an [*Error] with the byte where reading stopped:
// [ErrHAR] for what is no HAR file, [io.ErrUnexpectedEOF] for one that breaks
// off, or that of r. An entry in which it strikes comes with it, as far as it
// was read; otherwise the entry is nil.
func (h *HARReader) All(r io.Reader) iter.Seq2[*HAREntry, error] {
	return func(yield func(*HAREntry, error) bool) {
		j := newJSONReader(r)
		found := false
		err := j.skipByteOrderMark()
		if err == nil {
			err = j.member("log", func() error {
				return j.member("entries", func() error {
					found = true
					return j.array(func(i int) error { return h.entry(j, i, yield) })
				})
			})
		}
		if err == nil {
			err = j.end()
		}
		if err == nil && !found {
			err = j.syntax("it has no log.entries")
		}
		if err != nil && err != errStop {
			yield(nil, err)
		}
	}
}

// entry yields one entry. [errStop] says that all was told.
func (h *HARReader) entry(j *jsonReader, i int, yield func(*HAREntry, error) bool) error {
	c, err := j.peek()
	if err != nil {
		return err
	}
	e := &HAREntry{Index: i, left: MaxLine}
	if c == '{' {
		err = e.read(j, h)
	} else {
		at := j.offset()
		e.Lost = j.syntax("found %q, want one of %q", c, "{")
		if err = j.skip(); err != nil && j.offset() == at { // it is no value either
			return e.Lost
		}
	}
	if !yield(e, err) || err != nil {
		return errStop
	}
	return nil
}

func (e *HAREntry) read(j *jsonReader, h *HARReader) error {
	return j.object(func(key []byte) error {
		switch string(key) {
		case "startedDateTime":
			return e.text(j, &e.Started)
		case "time":
			return number(e, j, &e.Time)
		case "timings":
			return e.object(j, func(key []byte) error {
				if string(key) == "receive" {
					return number(e, j, &e.Receive)
				}
				return j.skip()
			})
		case "_fromCache":
			return e.text(j, &e.FromCache)
		case "request":
			return e.readRequest(j, h)
		case "response":
			return e.readResponse(j, h)
		}
		return j.skip()
	})
}

func (e *HAREntry) readRequest(j *jsonReader, h *HARReader) error {
	m := &e.Request
	return e.object(j, func(key []byte) error {
		switch string(key) {
		case "method":
			return e.text(j, &m.Method)
		case "url":
			_, err := e.longText(j, &m.URL, maxURL)
			return err
		case "httpVersion":
			return e.text(j, &m.Version)
		}
		return e.readMessage(j, key, &m.HARMessage, h.RequestHeaders, h.Cookies)
	})
}

func (e *HAREntry) readResponse(j *jsonReader, h *HARReader) error {
	m := &e.Response
	return e.object(j, func(key []byte) error {
		switch string(key) {
		case "status":
			return number(e, j, &m.Status)
		case "bodySize":
			return number(e, j, &m.BodySize)
		case "_transferSize":
			return number(e, j, &m.TransferSize)
		case "content":
			return e.object(j, func(key []byte) error {
				switch string(key) {
				case "size":
					return number(e, j, &m.ContentSize)
				case "mimeType":
					return e.text(j, &m.MimeType)
				}
				return j.skip()
			})
		}
		return e.readMessage(j, key, &m.HARMessage, h.ResponseHeaders, h.Cookies)
	})
}

// readMessage reads a member that requests and responses share.
func (e *HAREntry) readMessage(j *jsonReader, key []byte, m *HARMessage, headers func(string) bool, cookies bool) error {
	switch {
	case string(key) == "headers" && headers != nil:
		return e.pairs(j, headers, &m.Headers)
	case string(key) == "cookies" && cookies:
		return e.pairs(j, hasName, &m.Cookies)
	}
	return j.skip()
}

func hasName(name string) bool { return name != "" }

// pairs reads a list of {"name": ..., "value": ...} and keeps the chosen ones.
func (e *HAREntry) pairs(j *jsonReader, choose func(name string) bool, kept *[]HARPair) error {
	isList := false
	odd, err := e.watch(func() (err error) {
		isList, err = e.begins(j, "[", "a list")
		return err
	})
	if !isList {
		e.unread(odd)
		return err
	}
	return j.array(func(int) error {
		var p HARPair
		var long bool
		odd, err := e.watch(func() error {
			return e.object(j, func(key []byte) (err error) {
				switch string(key) {
				case "name":
					return e.text(j, &p.Name)
				case "value":
					long, err = e.longText(j, &p.Value, MaxLine)
					return err
				}
				return j.skip()
			})
		})
		if err != nil || !choose(p.Name) {
			return err
		}
		e.unread(odd)
		if e.charge(p, long, j) {
			*kept = append(*kept, p)
		}
		return nil
	})
}

// watch returns the first odd value that read comes to.
func (e *HAREntry) watch(read func() error) (odd, err error) {
	before := e.Odd
	e.Odd = nil
	err = read()
	odd = e.Odd
	if before != nil {
		e.Odd = before
	}
	return odd, err
}

// unread notes that an odd value was one that somebody wanted.
func (e *HAREntry) unread(odd error) {
	if e.Unread == nil {
		e.Unread = odd
	}
}

// charge accounts for one more pair to keep, and reports whether it may be.
// A long value was not even read.
func (e *HAREntry) charge(p HARPair, long bool, j *jsonReader) bool {
	if size := len(p.Name) + len(p.Value) + pairCost; !long && size <= e.left {
		e.left -= size
		return true
	}
	e.Lost = j.fault(fmt.Errorf("%w: entries[%d] has more than %d bytes of headers and cookies", ErrLong, e.Index, MaxLine))
	return false
}

// object reads an object, and passes over any other value: a capture of a
// request that failed may have null in the place of the response.
func (e *HAREntry) object(j *jsonReader, field func(key []byte) error) error {
	if ok, err := e.begins(j, "{", "an object"); !ok {
		return err
	}
	return j.object(field)
}

// text reads a text of an ordinary length.
func (e *HAREntry) text(j *jsonReader, dst *string) error {
	_, err := e.longText(j, dst, maxName)
	return err
}

// longText reads a text of at most limit bytes as written, and tells of one that is longer.
func (e *HAREntry) longText(j *jsonReader, dst *string, limit int) (long bool, err error) {
	*dst = ""
	if ok, err := e.begins(j, `"`, "a string"); !ok {
		return false, err
	}
	*dst, long, err = j.str(limit)
	return long, err
}

// begins reports whether the next value begins like one of the kind that HAR
// 1.2 has there; one that does not is passed over.
func (e *HAREntry) begins(j *jsonReader, with, kind string) (bool, error) {
	c, err := j.peek()
	if err != nil || strings.IndexByte(with, c) >= 0 {
		return err == nil, err
	}
	if c != 'n' { // null is how many programs write nothing
		e.odd(j, c, kind)
	}
	return false, j.skip()
}

func (e *HAREntry) odd(j *jsonReader, found byte, kind string) {
	if e.Odd == nil {
		e.Odd = j.fault(fmt.Errorf("entries[%d] has %q in the place of %s", e.Index, found, kind))
	}
}

// number reads a number that fits into dst.
func number[T int | float64](e *HAREntry, j *jsonReader, dst *T) error {
	const kind = "a number"
	*dst = 0
	if ok, err := e.begins(j, "-0123456789", kind); !ok {
		return err
	}
	first := j.ahead[0]
	text, ok, err := j.scalar(maxNumber)
	if err == nil && (!ok || json.Unmarshal(text, dst) != nil) {
		e.odd(j, first, kind)
	}
	return err
}
