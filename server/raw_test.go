package server_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A rawConn is a client that sends frames and reads what comes back only if told to.
type rawConn struct {
	net.Conn
	framer *http2.Framer
	addr   string
	enc    *hpack.Encoder
	block  bytes.Buffer
	next   uint32
}

func dial(t testing.TB, addr string, settings ...http2.Setting) *rawConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &rawConn{Conn: conn, framer: http2.NewFramer(conn, conn), addr: addr, next: 1}
	c.framer.AllowIllegalReads = true // it does not know promises
	c.enc = hpack.NewEncoder(&c.block)
	io.WriteString(conn, http2.ClientPreface)
	if err := c.framer.WriteSettings(settings...); err != nil {
		t.Fatal(err)
	}
	return c
}

// request opens a stream and returns its number; the server may have had enough of us.
func (c *rawConn) request(path string, fields ...hpack.HeaderField) (id uint32, err error) {
	c.block.Reset()
	for _, f := range append([]hpack.HeaderField{
		{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"}, {Name: ":authority", Value: c.addr}, {Name: ":path", Value: path},
	}, fields...) {
		c.enc.WriteField(f)
	}
	id, c.next = c.next, c.next+2
	c.SetWriteDeadline(time.Now().Add(10 * time.Second))
	return id, c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.block.Bytes(), EndStream: true, EndHeaders: true})
}

// ends reads frames and reports the streams of ours that end, until the connection does.
func (c *rawConn) ends() <-chan uint32 {
	ended := make(chan uint32, 1000)
	go func() {
		defer close(ended)
		for {
			frame, err := c.framer.ReadFrame()
			if err != nil {
				return
			}
			h := frame.Header()
			switch f := frame.(type) {
			case *http2.HeadersFrame:
				if !f.StreamEnded() {
					continue
				}
			case *http2.DataFrame:
				if !f.StreamEnded() {
					continue
				}
			case *http2.RSTStreamFrame:
			default:
				continue
			}
			if h.StreamID%2 == 1 {
				ended <- h.StreamID
			}
		}
	}()
	return ended
}

// answered reads frames until a PING comes back, or the connection ends: the server has
// then seen all that was sent before.
func (c *rawConn) answered() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			frame, err := c.framer.ReadFrame()
			if err != nil {
				return
			}
			if p, ok := frame.(*http2.PingFrame); ok && p.IsAck() {
				return
			}
		}
	}()
	return done
}
