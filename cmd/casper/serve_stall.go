//go:build !noserver

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A client that neither sends what it promised nor reads what it asked for is let go: after the limit of
// --stall-limit for each read of a body and each write, renewed at progress. What moves goes on, and so does
// a stream that has nothing to say: nobody is waiting for the client then.
//
// Over HTTP/1 and TLS a write waits for the connection, over HTTP/2 for the window of its stream, too.
//
// Setting a deadline or a timer takes about as long as all that a page costs the handler, so they are set
// for longer than the limit and left alone while enough of that remains.

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

// A movingConn gives a write that does not move the limit and at most a quarter more.
type movingConn struct {
	net.Conn
	limit time.Duration

	mu  sync.Mutex
	own time.Time // the deadline that net/http or crypto/tls has set; zero is none
	set time.Time // the one that holds
}

func (c *movingConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *movingConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.own, c.set = t, t
	return c.Conn.SetWriteDeadline(t)
}

// begin sees to the deadline of a write, and reports whether it is the limit's.
func (c *movingConn) begin() (ours bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Now().Add(c.limit)
	switch {
	case !c.own.IsZero():
		if ours = at.Before(c.own); !ours {
			at = c.own
		}
	case c.set.After(at):
		return true, nil
	default:
		ours, at = true, at.Add(c.limit/4)
	}
	c.set = at
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
		hasBody := r.Body != http.NoBody
		if r.ProtoMajor == 1 && !hasBody {
			next.ServeHTTP(w, r)
			return
		}
		m := &movingWriter{ResponseWriter: w, deadlines: deadlines{below: w, limit: limit}}
		if hasBody {
			// Not in place: net/http goes on with its own.
			with := *r
			with.Body = &movingBody{r.Body, &m.deadlines}
			r = &with
		}
		if r.ProtoMajor == 2 {
			if m.writes, _ = r.Context().Value(writesKey{}).(*writes); m.writes == nil {
				m.writes = new(writes)
			}
			w = m
		}
		defer m.leave(hasBody, r.ProtoMajor)
		next.ServeHTTP(w, r)
	})
}

// deadlines are those of one request. Bodies may be read when the handler has returned, by a
// transport that has not noticed yet; nothing is set from then on.
type deadlines struct {
	below http.ResponseWriter
	limit time.Duration
	mu    sync.Mutex
	left  bool
}

func (d *deadlines) setRead(at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.left {
		http.NewResponseController(d.below).SetReadDeadline(at) // which fails where the connection was taken over
	}
}

func (d *deadlines) setWrite(at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.left {
		http.NewResponseController(d.below).SetWriteDeadline(at)
	}
}

// A movingBody is a request's body.
type movingBody struct {
	io.ReadCloser
	*deadlines
}

func (b *movingBody) Read(p []byte) (int, error) {
	b.setRead(time.Now().Add(b.limit))
	n, err := b.ReadCloser.Read(p)
	b.setRead(time.Time{})
	return n, err
}

// writes are the answers of one HTTP/2 connection that are being written. One timer watches them all
// while there are any.
type writes struct {
	mu    sync.Mutex
	first *movingWriter
	timed bool
}

type writesKey struct{}

// watching is a http.Server.ConnContext that watches the writes of the connection.
func watching(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, writesKey{}, new(writes))
}

func (ws *writes) add(w *movingWriter) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w.next = ws.first; w.next != nil {
		w.next.before = w
	}
	ws.first = w
	if !ws.timed {
		ws.timed = true
		ws.wait(w.limit)
	}
}

func (ws *writes) wait(limit time.Duration) { time.AfterFunc(limit/4, func() { ws.look(limit) }) }

func (ws *writes) remove(w *movingWriter) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w.next != nil {
		w.next.before = w.before
	}
	if w.before != nil {
		w.before.next = w.next
	} else {
		ws.first = w.next
	}
}

// look gives up the streams whose writes take too long.
func (ws *writes) look(limit time.Duration) {
	var stalled []*movingWriter
	ws.mu.Lock()
	for w := ws.first; w != nil; w = w.next {
		if w.late() {
			stalled = append(stalled, w)
		}
	}
	if ws.timed = ws.first != nil; ws.timed {
		ws.wait(limit)
	}
	ws.mu.Unlock()
	for _, w := range stalled {
		if w.late() { // still
			w.setWrite(time.Now())
		}
	}
}

var started = time.Now()

func sinceStart() int64 { return int64(time.Since(started)) }

// A movingWriter is the writer of an HTTP/2 stream.
type movingWriter struct {
	http.ResponseWriter
	deadlines
	writes       *writes
	next, before *movingWriter
	added        bool
	kept         bool         // net/http may keep some of what was written back
	until        atomic.Int64 // when the write that is under way has taken too long, since started; 0 for none
}

func (w *movingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// A write has the limit for each stretch of so many octets.
const stretch = 32 << 10

func (w *movingWriter) begin(n int) {
	w.until.Store(sinceStart() + int64(w.limit)*int64(1+n/stretch))
	if !w.added {
		w.added = true
		w.writes.add(w)
	}
}

func (w *movingWriter) late() bool {
	until := w.until.Load()
	return until != 0 && until <= sinceStart()
}

func (w *movingWriter) end() { w.until.Store(0) }

// handlerBuffer is how much of an HTTP/2 answer net/http keeps back at most, in octets. What is larger goes out
// at once, if nothing is kept.
const handlerBuffer = 4 << 10

func (w *movingWriter) Write(p []byte) (int, error) {
	w.begin(len(p))
	defer w.end()
	w.kept = w.kept || len(p) <= handlerBuffer
	return w.ResponseWriter.Write(p)
}

func (w *movingWriter) WriteString(s string) (int, error) {
	w.begin(len(s))
	defer w.end()
	w.kept = true
	return io.WriteString(w.ResponseWriter, s)
}

func (w *movingWriter) Flush() { w.FlushError() }

func (w *movingWriter) FlushError() error {
	w.begin(0)
	defer w.end()
	w.kept = false
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// leave is called when the handler returns. What is left of the body net/http reads itself, and what
// is left of the answer it writes.
func (w *movingWriter) leave(hasBody bool, major int) {
	if w.added {
		w.writes.remove(w)
	}
	if hasBody && major == 1 {
		w.setRead(time.Now().Add(w.limit))
	}
	if major == 2 && w.kept {
		w.setWrite(time.Now().Add(w.limit))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = true
}

// Push passes on.
func (w *movingWriter) Push(target string, opts *http.PushOptions) error {
	if p, ok := w.ResponseWriter.(http.Pusher); ok {
		return p.Push(target, opts)
	}
	return http.ErrNotSupported
}
