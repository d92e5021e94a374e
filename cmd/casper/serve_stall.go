package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// A client that neither sends what it promised nor reads what it asked for is let go: after the limit of
// --stall-limit for each read of a body and each write, renewed at progress. What moves goes on, and so does
// a stream that has nothing to say: nobody is waiting for the client then.
//
// Over HTTP/1 a write waits for the connection, over HTTP/2 for the window of its stream; there net/http
// itself watches the connection.

// A movingListener makes connections that are closed when a write does not move for the limit.
type movingListener struct {
	net.Listener
	limit time.Duration
}

func (l movingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &movingConn{Conn: c, limit: l.limit}, nil
}

type movingConn struct {
	net.Conn
	limit time.Duration

	mu  sync.Mutex
	own time.Time // the deadline that net/http or crypto/tls has set; zero is none
}

func (c *movingConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *movingConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.own = t
	return c.Conn.SetWriteDeadline(t)
}

// begin sets the deadline of a write, and reports whether it is the limit's.
func (c *movingConn) begin() (ours bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Now().Add(c.limit)
	if ours = c.own.IsZero() || at.Before(c.own); !ours {
		at = c.own
	}
	return ours, c.Conn.SetWriteDeadline(at)
}

func (c *movingConn) Write(p []byte) (written int, err error) {
	for {
		ours, err := c.begin()
		if err != nil {
			return written, err
		}
		n, err := c.Conn.Write(p[written:])
		written += n
		if n == 0 || !ours || !errors.Is(err, os.ErrDeadlineExceeded) {
			return written, err
		}
	}
}

// CloseWrite is what net/http calls to end a connection gently.
func (c *movingConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// moving lets go of requests whose bodies do not come, and of HTTP/2 streams that are not read.
func moving(next http.Handler, limit time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		d := &deadlines{control: http.NewResponseController(w), limit: limit}
		hasBody := r.Body != http.NoBody
		if hasBody {
			// Not in place: net/http goes on with its own.
			with := *r
			with.Body = &movingBody{r.Body, d}
			r = &with
		}
		if r.ProtoMajor == 2 {
			w = &movingWriter{w, d}
		}
		defer d.leave(hasBody, r.ProtoMajor)
		next.ServeHTTP(w, r)
	})
}

// deadlines are those of one request. Bodies may be read when the handler has returned, by a
// transport that has not noticed yet; nothing is set from then on.
type deadlines struct {
	control *http.ResponseController
	limit   time.Duration
	mu      sync.Mutex
	left    bool
	stalled *time.Timer // of the write that is under way
}

func (d *deadlines) set(what func(time.Time) error, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.left {
		what(at) // which fails where the connection was taken over
	}
}

// leave is called when the handler returns. What is left of the body net/http reads itself, and what
// is left of the answer it writes.
func (d *deadlines) leave(hasBody bool, major int) {
	at := time.Now().Add(d.limit)
	if hasBody && major == 1 {
		d.set(d.control.SetReadDeadline, at)
	}
	if major == 2 {
		d.set(d.control.SetWriteDeadline, at)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = true
}

// A movingBody is a request's body.
type movingBody struct {
	io.ReadCloser
	*deadlines
}

func (b *movingBody) Read(p []byte) (int, error) {
	b.set(b.control.SetReadDeadline, time.Now().Add(b.limit))
	n, err := b.ReadCloser.Read(p)
	b.set(b.control.SetReadDeadline, time.Time{})
	return n, err
}

// A movingWriter is the writer of an HTTP/2 stream. A timer is cheaper than a deadline, which net/http
// sets by a message to its loop.
type movingWriter struct {
	http.ResponseWriter
	*deadlines
}

func (w *movingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *movingWriter) begin() {
	if w.stalled == nil {
		w.stalled = time.AfterFunc(w.limit, func() { w.set(w.control.SetWriteDeadline, time.Now()) })
	} else {
		w.stalled.Reset(w.limit)
	}
}

func (w *movingWriter) Write(p []byte) (int, error) {
	w.begin()
	defer w.stalled.Stop()
	return w.ResponseWriter.Write(p)
}

func (w *movingWriter) WriteString(s string) (int, error) {
	w.begin()
	defer w.stalled.Stop()
	return io.WriteString(w.ResponseWriter, s)
}

func (w *movingWriter) Flush() { w.FlushError() }

func (w *movingWriter) FlushError() error {
	w.begin()
	defer w.stalled.Stop()
	return w.control.Flush()
}

// Push passes on.
func (w *movingWriter) Push(target string, opts *http.PushOptions) error {
	if p, ok := w.ResponseWriter.(http.Pusher); ok {
		return p.Push(target, opts)
	}
	return http.ErrNotSupported
}
