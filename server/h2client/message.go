package h2client

import (
	"strconv"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A Header is a field section exactly as it arrived: names in lower case,
// pseudo-fields first, order and repetition kept.
type Header []hpack.HeaderField

// Get returns the value of the first field of that (lower-case) name, or "".
func (h Header) Get(name string) string {
	for _, f := range h {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Values returns the values of all fields of that (lower-case) name, in order.
func (h Header) Values(name string) []string {
	var v []string
	for _, f := range h {
		if f.Name == name {
			v = append(v, f.Value)
		}
	}
	return v
}

// A Response is everything that the server sent on one stream.
type Response struct {
	Early   []Header       // interim answers (1xx), in order
	Header  Header         // the final answer's fields, nil if there was none
	Body    []byte         // as sent: a Content-Encoding is not undone
	Trailer Header         // fields after the body, nil if there were none
	Reset   *http2.ErrCode // the server's RST_STREAM, nil if there was none
}

// Status returns the final answer's status code, 0 if there is none.
func (r *Response) Status() int {
	code, err := strconv.Atoi(r.Header.Get(":status"))
	if err != nil {
		return 0
	}
	return code
}

// An Exchange is a request's response, and the pushes it caused.
type Exchange struct {
	Response
	Pushes []*Push // in the order of their promises
}

// Pushed returns the paths that were pushed: promised, neither refused nor
// reset. They are in the order of the promises.
func (e *Exchange) Pushed() []string { return e.paths((*Push).delivered) }

// Cancelled returns the paths that the server promised, and then reset.
func (e *Exchange) Cancelled() []string {
	return e.paths(func(p *Push) bool { return p.Reset != nil })
}

func (e *Exchange) paths(which func(*Push) bool) []string {
	paths := []string{}
	for _, p := range e.Pushes {
		if which(p) {
			paths = append(paths, p.Path())
		}
	}
	return paths
}

// A Push is a promised request and its response.
type Push struct {
	Response
	StreamID uint32
	Promise  Header // the request that the server promised to answer
	Refused  bool   // the client reset it, and the response is empty; a [Client] takes every push
}

// Path returns the promised request's path and query.
func (p *Push) Path() string { return p.Promise.Get(":path") }

func (p *Push) delivered() bool { return !p.Refused && p.Reset == nil }
