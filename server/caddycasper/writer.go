package caddycasper

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// A writer stands between Caddy's writers and package server. Caddy's own offer some
// interfaces only to http.ResponseController, which would pass package server by on its way
// down: a flush would send the header before that had completed it.
type writer struct {
	*caddyhttp.ResponseWriterWrapper
	http3     bool
	committed bool // the final header has gone out
	muted     bool // what is written now is for package server alone
}

func informational(code int) bool {
	return 100 <= code && code < 200 && code != http.StatusSwitchingProtocols
}

func (w *writer) WriteHeader(code int) {
	switch {
	case w.muted:
	case informational(code):
		w.inform(code)
	default:
		w.committed = true
		w.ResponseWriter.WriteHeader(code)
	}
}

// inform leaves Content-Length out of informational answers (RFC 9110, section 8.6). On
// HTTP/2, net/http does, and package server relies on that; quic-go's HTTP/3 would send it.
func (w *writer) inform(code int) {
	if length, ok := w.Header()["Content-Length"]; ok && w.http3 {
		delete(w.Header(), "Content-Length")
		defer func() { w.Header()["Content-Length"] = length }()
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *writer) Write(p []byte) (int, error) {
	if w.muted {
		return len(p), nil
	}
	w.committed = true
	return w.ResponseWriter.Write(p)
}

func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	if w.muted {
		return io.Copy(io.Discard, r)
	}
	w.committed = true
	return w.ResponseWriterWrapper.ReadFrom(r)
}

func (w *writer) Flush() { w.FlushError() }

func (w *writer) FlushError() error {
	if w.muted {
		return nil
	}
	w.committed = true
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.committed = w.committed || err == nil
	return conn, rw, err
}

// Push says in net/http's words that a writer below knows no push, so that another means
// is tried.
func (w *writer) Push(target string, opts *http.PushOptions) error {
	err := w.ResponseWriterWrapper.Push(target, opts)
	if errors.Is(err, caddyhttp.ErrNotImplemented) {
		return http.ErrNotSupported
	}
	return err
}

var (
	_ http.Flusher  = (*writer)(nil)
	_ http.Hijacker = (*writer)(nil)
	_ http.Pusher   = (*writer)(nil)
	_ io.ReaderFrom = (*writer)(nil)
)
