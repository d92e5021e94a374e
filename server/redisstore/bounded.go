package redisstore

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"
)

// What a server may say between two things that it is told. The largest that we ask for are
// the 512 records of an archived page, some 150 KiB, 64 pages at a time; what is larger is asked for
// once more in pieces.
const (
	maxReply    = 4 << 20  // octets of an exchange
	maxString   = 64 << 10 // octets of one string or line: four times the longest record
	maxElements = 1 << 17  // of all arrays, sets and maps of an exchange
	maxArrays   = 1024     // arrays, sets and maps of an exchange, which may be nested
)

// errTooMuch ends a connection whose server says more than it can have to say.
var errTooMuch = errors.New("redisstore: Redis answers with more than there can be")

// bounded makes connections as the given function does, and bounds what they bring.
func bounded(dial func(ctx context.Context, network, addr string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		b := &boundedConn{Conn: c}
		if sys, ok := c.(syscall.Conn); ok { // by which go-redis sees whether a connection still is one
			return struct {
				*boundedConn
				syscall.Conn
			}{b, sys}, nil
		}
		return b, nil
	}
}

// boundedConn reads along what a server says, in the Redis protocol of version 2 or 3, and breaks
// off before anybody makes room for too much of it. The protocol:
// https://redis.io/docs/latest/develop/reference/protocol-spec/
type boundedConn struct {
	net.Conn
	replies replies
}

// Write begins an exchange.
func (c *boundedConn) Write(p []byte) (int, error) {
	c.replies.begin()
	return c.Conn.Write(p)
}

// Read returns errTooMuch in place of the octets that are too much.
func (c *boundedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.replies.read(p[:n]); c.replies.err != nil {
		return 0, c.replies.err
	}
	return n, err
}

// replies is where in the protocol a connection is, and how much there was since it was told something.
type replies struct {
	octets, elements, arrays int

	skip int      // octets to come of a string and its end
	line int      // octets of the line under way
	head [24]byte // how it begins: as much as a type and a number can need
	err  error    // stays
}

func (r *replies) begin() { r.octets, r.elements, r.arrays = 0, 0, 0 }

func (r *replies) read(p []byte) {
	if r.octets += len(p); r.octets > maxReply {
		r.err = errTooMuch
	}
	for len(p) > 0 && r.err == nil {
		if r.skip > 0 {
			n := min(r.skip, len(p))
			r.skip -= n
			p = p[n:]
			continue
		}
		end := bytes.IndexByte(p, '\n') + 1
		part := p
		if end > 0 {
			part = p[:end]
		}
		if r.line < len(r.head) {
			copy(r.head[r.line:], part)
		}
		if r.line += len(part); r.line > maxString {
			r.err = errTooMuch
		}
		p = p[len(part):]
		if end > 0 {
			r.header()
			r.line = 0
		}
	}
}

// header looks at a line that is complete, and at what it promises.
func (r *replies) header() {
	kind := r.head[0]
	switch kind {
	case '$', '!', '=': // strings
	case '*', '~', '>', '%', '|': // arrays, sets, pushes; maps and attributes, which are pairs
		r.arrays++
	default:
		return
	}
	if r.line > len(r.head) { // zeros without end before a number
		r.err = errTooMuch
		return
	}
	n, err := strconv.Atoi(string(bytes.TrimRight(r.head[1:r.line], "\r\n")))
	switch {
	case errors.Is(err, strconv.ErrRange), n > max(maxString, maxElements):
		r.err = errTooMuch
	case err != nil || n < 0: // none, or nothing that go-redis would go on with
	case kind == '$' || kind == '!' || kind == '=':
		r.skip = n + len("\r\n")
		if n > maxString {
			r.err = errTooMuch
		}
	case kind == '%' || kind == '|':
		r.elements += 2 * n
	default:
		r.elements += n
	}
	if r.elements > maxElements || r.arrays > maxArrays {
		r.err = errTooMuch
	}
}
