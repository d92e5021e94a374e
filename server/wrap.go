package server

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// A wrapped writer must claim exactly the optional interfaces of the writer below:
// one too few and streaming stops, one too many and a caller uses a method that is
// not there. Four interfaces make sixteen types, one for each letter combination:
// Flusher, Hijacker, ReaderFrom, Pusher. Each is a response and nothing else, so that
// wrapping costs one allocation.

type wrapped interface {
	http.ResponseWriter
	core() *response
}

// wrap returns a response over w with w's own interfaces.
func wrap(w http.ResponseWriter) wrapped {
	_, f := w.(http.Flusher)
	_, h := w.(http.Hijacker)
	_, r := w.(io.ReaderFrom)
	_, p := w.(http.Pusher)
	var out wrapped
	switch {
	case f && h && r && p:
		out = new(responseFHRP)
	case h && r && p:
		out = new(responseHRP)
	case f && r && p:
		out = new(responseFRP)
	case r && p:
		out = new(responseRP)
	case f && h && p:
		out = new(responseFHP)
	case h && p:
		out = new(responseHP)
	case f && p:
		out = new(responseFP)
	case p:
		out = new(responseP)
	case f && h && r:
		out = new(responseFHR)
	case h && r:
		out = new(responseHR)
	case f && r:
		out = new(responseFR)
	case r:
		out = new(responseR)
	case f && h:
		out = new(responseFH)
	case h:
		out = new(responseH)
	case f:
		out = new(responseF)
	default:
		out = new(response)
	}
	out.core().ResponseWriter = w
	return out
}

type (
	responseFHRP struct{ response }
	responseHRP  struct{ response }
	responseFRP  struct{ response }
	responseRP   struct{ response }
	responseFHP  struct{ response }
	responseHP   struct{ response }
	responseFP   struct{ response }
	responseP    struct{ response }
	responseFHR  struct{ response }
	responseHR   struct{ response }
	responseFR   struct{ response }
	responseR    struct{ response }
	responseFH   struct{ response }
	responseH    struct{ response }
	responseF    struct{ response }
)

func (w *responseFHRP) Flush()                                           { w.flush() }
func (w *responseFHRP) FlushError() error                                { return w.flushError() }
func (w *responseFHRP) Hijack() (net.Conn, *bufio.ReadWriter, error)     { return w.hijack() }
func (w *responseFHRP) ReadFrom(src io.Reader) (int64, error)            { return w.readFrom(src) }
func (w *responseFHRP) Push(target string, opts *http.PushOptions) error { return w.push(target, opts) }

func (w *responseHRP) Hijack() (net.Conn, *bufio.ReadWriter, error)     { return w.hijack() }
func (w *responseHRP) ReadFrom(src io.Reader) (int64, error)            { return w.readFrom(src) }
func (w *responseHRP) Push(target string, opts *http.PushOptions) error { return w.push(target, opts) }

func (w *responseFRP) Flush()                                           { w.flush() }
func (w *responseFRP) FlushError() error                                { return w.flushError() }
func (w *responseFRP) ReadFrom(src io.Reader) (int64, error)            { return w.readFrom(src) }
func (w *responseFRP) Push(target string, opts *http.PushOptions) error { return w.push(target, opts) }

func (w *responseRP) ReadFrom(src io.Reader) (int64, error)            { return w.readFrom(src) }
func (w *responseRP) Push(target string, opts *http.PushOptions) error { return w.push(target, opts) }

func (w *responseFHP) Flush()                                           { w.flush() }
func (w *responseFHP) FlushError() error                                { return w.flushError() }
func (w *responseFHP) Hijack() (net.Conn, *bufio.ReadWriter, error)     { return w.hijack() }
func (w *responseFHP) Push(target string, opts *http.PushOptions) error { return w.push(target, opts) }

func (w *responseHP) Hijack() (net.Conn, *bufio.ReadWriter, error)     { return w.hijack() }
func (w *responseHP) Push(target string, opts *http.PushOptions) error { return w.push(target, opts) }

func (w *responseFP) Flush()                                           { w.flush() }
func (w *responseFP) FlushError() error                                { return w.flushError() }
func (w *responseFP) Push(target string, opts *http.PushOptions) error { return w.push(target, opts) }

func (w *responseP) Push(target string, opts *http.PushOptions) error { return w.push(target, opts) }

func (w *responseFHR) Flush()                                       { w.flush() }
func (w *responseFHR) FlushError() error                            { return w.flushError() }
func (w *responseFHR) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.hijack() }
func (w *responseFHR) ReadFrom(src io.Reader) (int64, error)        { return w.readFrom(src) }

func (w *responseHR) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.hijack() }
func (w *responseHR) ReadFrom(src io.Reader) (int64, error)        { return w.readFrom(src) }

func (w *responseFR) Flush()                                { w.flush() }
func (w *responseFR) FlushError() error                     { return w.flushError() }
func (w *responseFR) ReadFrom(src io.Reader) (int64, error) { return w.readFrom(src) }

func (w *responseR) ReadFrom(src io.Reader) (int64, error) { return w.readFrom(src) }

func (w *responseFH) Flush()                                       { w.flush() }
func (w *responseFH) FlushError() error                            { return w.flushError() }
func (w *responseFH) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.hijack() }

func (w *responseH) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.hijack() }

func (w *responseF) Flush()            { w.flush() }
func (w *responseF) FlushError() error { return w.flushError() }
