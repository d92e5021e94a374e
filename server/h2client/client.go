// Package h2client is an HTTP/2 client that shows what the one in net/http hides: each
// promise of a push and what became of it, each interim answer (103 Early Hints is one), and
// each reset.
//
// It is for tests of a server's pushes and hints, and for comparing servers. It is not for
// fetching things: it follows no redirects, sends no bodies, decodes no Content-Encoding,
// and gives up at the first fault of a server.
package h2client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Options say how a [Client] presents itself. The zero value is a client that
// speaks cleartext HTTP/2 and takes every push.
type Options struct {
	// TLS is the configuration of the connection, with ALPN "h2" added; nil
	// means HTTP/2 over cleartext with prior knowledge.
	TLS *tls.Config
	// Settings are sent first, as they are, and kept to: ENABLE_PUSH 0 refuses
	// all pushes, MAX_CONCURRENT_STREAMS bounds those open at a time.
	Settings []http2.Setting
}

// A Request is what a client asks for; it has no body. Empty fields become GET,
// "/", and "https" or "http"; an empty Authority becomes the dialled address.
type Request struct {
	Method, Scheme, Authority, Path string
	// Header holds the fields after the pseudo-fields, with lower-case names.
	Header []hpack.HeaderField
	// Cookies become one cookie field each (the crumbs of RFC 9113, 8.2.3).
	// That is the only form in which H2O reads its own cookie.
	Cookies []string
}

// patience bounds the handshake and each wait for a stream.
const patience = 10 * time.Second

// mostKept bounds what the server can make the client keep of one request, its pushes included,
// as about so many octets of memory.
const mostKept = 64 << 20

// frameSize is what every server takes (RFC 9113, 4.2).
const frameSize = 16 << 10

// ErrClosed is what waits end with after [Client.Close].
var ErrClosed = errors.New("h2client: client closed")

// A Client is one HTTP/2 connection. It keeps what the server did in the order and the form
// in which it did it, and treats a server that breaks the protocol as failed: every wait
// then ends with an error that says how. So it does after 10 s, or when a server sends more for
// one request than takes 64 MiB of memory. It does not heed the server's
// MAX_CONCURRENT_STREAMS, nor ask again for what the server refused. Its methods may be
// called concurrently.
type Client struct {
	conn    net.Conn
	options Options
	scheme  string
	addr    string
	most    int           // see mostKept
	ended   chan struct{} // closed when the read loop is over

	framer *http2.Framer // written under the lock write, read in the read loop

	write   sync.Mutex // one frame, or one field section, at a time; guards what follows
	encoder *hpack.Encoder
	block   bytes.Buffer // the encoder's output

	mu      sync.Mutex         // guards what follows
	streams map[uint32]*Stream // those that are open
	givenUp map[uint32]bool    // requests that this client has reset
	nextID  uint32
	err     error  // why the connection is over, nil while it is not
	goAway  uint32 // the last stream id that the server will answer
}

// Dial connects to a server over TCP, at an address of the form host:port.
func Dial(addr string, o Options) (*Client, error) {
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, fmt.Errorf("h2client: %w", err)
	}
	return New(conn, addr, o)
}

// New speaks HTTP/2 over conn, which the client owns from now on, also when New fails. The
// address is the server's name for TLS, unless the configuration has one, and the default
// authority.
func New(conn net.Conn, addr string, o Options) (*Client, error) {
	c := &Client{
		conn: conn, options: o, scheme: "http", addr: addr,
		ended: make(chan struct{}), streams: make(map[uint32]*Stream), givenUp: make(map[uint32]bool), nextID: 1, goAway: 1<<31 - 1, most: mostKept,
	}
	conn.SetDeadline(time.Now().Add(patience))
	if o.TLS != nil {
		if err := c.startTLS(); err != nil {
			conn.Close()
			return nil, err
		}
	}
	c.framer = http2.NewFramer(c.conn, c.conn)
	// The framer's own check of the frame order does not know that a promise
	// may be continued; inbox checks it instead.
	c.framer.AllowIllegalReads = true
	c.encoder = hpack.NewEncoder(&c.block)
	in := newInbox(c)
	for _, s := range o.Settings {
		switch s.ID {
		case http2.SettingHeaderTableSize:
			in.decoder.SetAllowedMaxDynamicTableSize(s.Val)
		case http2.SettingMaxFrameSize:
			c.framer.SetMaxReadFrameSize(s.Val)
		case http2.SettingEnablePush:
			in.pushOff = s.Val == 0
		}
	}
	if err := c.greet(); err != nil {
		c.conn.Close()
		return nil, fmt.Errorf("h2client: connection preface: %w", err)
	}
	c.conn.SetDeadline(time.Time{})
	go in.read()
	return c, nil
}

func (c *Client) startTLS() error {
	conf := c.options.TLS.Clone()
	conf.NextProtos = []string{"h2"}
	if conf.ServerName == "" {
		host, _, err := net.SplitHostPort(c.addr)
		if err != nil {
			return fmt.Errorf("h2client: %w", err)
		}
		conf.ServerName = host
	}
	secure := tls.Client(c.conn, conf)
	if err := secure.Handshake(); err != nil {
		return fmt.Errorf("h2client: %w", err)
	}
	if p := secure.ConnectionState().NegotiatedProtocol; p != "h2" {
		return fmt.Errorf("h2client: the server chose protocol %q, not h2", p)
	}
	c.conn, c.scheme = secure, "https"
	return nil
}

// greet sends the preface (RFC 9113, 3.4) and opens the connection's window.
func (c *Client) greet() error {
	if _, err := c.conn.Write([]byte(http2.ClientPreface)); err != nil {
		return err
	}
	if err := c.framer.WriteSettings(c.options.Settings...); err != nil {
		return err
	}
	return c.framer.WriteWindowUpdate(0, 1<<30)
}

// Do sends a request and waits for its response and its pushes; see [Stream.Wait].
func (c *Client) Do(r Request) (*Exchange, error) {
	s, err := c.Start(r)
	if err != nil {
		return nil, err
	}
	return s.Wait()
}

// Get asks for a path, with one cookie field for each cookie ("name=value").
func (c *Client) Get(authority, path string, cookies ...string) (*Exchange, error) {
	return c.Do(Request{Authority: authority, Path: path, Cookies: cookies})
}

// Start sends a request and does not wait, so that several can be under way.
func (c *Client) Start(r Request) (*Stream, error) {
	var s *Stream
	err := c.send(func(*http2.Framer) (err error) {
		if s, err = c.open(); err != nil {
			return err
		}
		if err = c.writeRequest(s.id, r); err != nil {
			err = c.fail(err)
		}
		return err
	})
	return s, err
}

// writeRequest sends a field section, in as many frames as it takes.
func (c *Client) writeRequest(id uint32, r Request) error {
	c.block.Reset()
	field := func(name, value string) {
		c.encoder.WriteField(hpack.HeaderField{Name: name, Value: value}) // a bytes.Buffer takes everything
	}
	field(":method", cmp.Or(r.Method, "GET"))
	field(":scheme", cmp.Or(r.Scheme, c.scheme))
	field(":authority", cmp.Or(r.Authority, c.addr))
	field(":path", cmp.Or(r.Path, "/"))
	for _, f := range r.Header {
		c.encoder.WriteField(f)
	}
	for _, cookie := range r.Cookies {
		field("cookie", cookie)
	}
	first := c.block.Next(frameSize)
	err := c.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: id, BlockFragment: first, EndStream: true, EndHeaders: c.block.Len() == 0,
	})
	for err == nil && c.block.Len() > 0 {
		part := c.block.Next(frameSize)
		err = c.framer.WriteContinuation(id, c.block.Len() == 0, part)
	}
	return err
}

// open registers the next request's stream.
func (c *Client) open() (*Stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	if c.nextID > c.goAway {
		return nil, fmt.Errorf("h2client: the server answers no stream above %d (GOAWAY)", c.goAway)
	}
	s := &Stream{client: c, id: c.nextID, done: make(chan struct{})}
	s.response = &s.exchange.Response
	c.streams[s.id] = s
	c.nextID += 2
	return s, nil
}

// send lets nobody else write meanwhile. A server that stops reading makes it fail.
func (c *Client) send(frames func(*http2.Framer) error) error {
	c.write.Lock()
	defer c.write.Unlock()
	c.conn.SetWriteDeadline(time.Now().Add(patience))
	return frames(c.framer)
}

// fail ends the connection, and every wait, with the first reason given.
func (c *Client) fail(reason error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = reason
		for _, s := range c.streams {
			s.finish(reason)
		}
	}
	c.conn.Close()
	return c.err
}

// Close ends the connection. Waits that are under way end with [ErrClosed].
func (c *Client) Close() error {
	c.fail(ErrClosed)
	<-c.ended
	return nil
}

// A Stream is a request under way.
type Stream struct {
	client   *Client
	id       uint32
	done     chan struct{} // closed at the end
	response *Response     // where what arrives is put: exchange's own, or a Push's

	// Guarded by Client.mu until done is closed, and fixed from then on.
	exchange Exchange
	pushes   []*Stream // the streams of exchange.Pushes
	parent   *Stream   // of a pushed stream, the request that it belongs to
	kept     int       // of a request, how much its exchange takes in memory, about
	err      error
}

// ID returns the stream's number.
func (s *Stream) ID() uint32 { return s.id }

// Wait returns the response and the pushes once all of them are complete. It
// fails when the connection does, or when the client's timeout is over.
func (s *Stream) Wait() (*Exchange, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.await(ctx); err != nil {
		return nil, err
	}
	// A server promises on a stream that it has not ended (RFC 9113, 8.4.1), so
	// the list is complete now.
	for _, p := range s.pushes {
		if err := p.await(ctx); err != nil {
			return nil, err
		}
	}
	return &s.exchange, nil
}

func (s *Stream) await(ctx context.Context) error {
	select {
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return fmt.Errorf("h2client: stream %d: no end after %v", s.id, patience)
	}
}

// Reset gives the request up (RST_STREAM with that code). What it has pushed
// so far stays; promises that come later are refused.
func (s *Stream) Reset(code http2.ErrCode) error {
	c := s.client
	c.mu.Lock()
	if c.streams[s.id] == s {
		c.givenUp[s.id] = true
		s.finish(nil)
	}
	c.mu.Unlock()
	return c.send(func(f *http2.Framer) error { return f.WriteRSTStream(s.id, code) })
}

// finish ends a stream, unless it has ended; the caller holds Client.mu.
func (s *Stream) finish(err error) {
	if s.client.streams[s.id] == s {
		delete(s.client.streams, s.id)
		s.err = err
		close(s.done)
	}
}

// keep accounts for n more octets of a request or of what it pushed; the caller holds
// Client.mu.
func (s *Stream) keep(n int) error {
	request := cmp.Or(s.parent, s)
	request.kept += n
	if most := s.client.most; request.kept > most {
		return fmt.Errorf("stream %d: more than %d octets", s.id, most)
	}
	return nil
}
