package h2client

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// maxFields bounds one field section of the server, in octets. H2O echoes
// cookies of tens of kilobytes.
const maxFields = 1 << 20

// inbox reads a connection: it turns frames into responses and promises, and
// refuses what a server must not send.
type inbox struct {
	client  *Client
	decoder *hpack.Decoder
	pushOff bool // this client's settings forbid promises

	greeted     bool   // the server's SETTINGS have come
	lastPromise uint32 // the highest promised stream

	// A field section may be spread over frames (RFC 9113, 4.3). While it is,
	// no other frame may come.
	section struct {
		open      bool
		stream    uint32
		promised  uint32 // the promised stream, 0 for a response's fields
		endStream bool
		block     []byte
	}
}

func newInbox(c *Client) *inbox {
	in := &inbox{client: c, decoder: hpack.NewDecoder(4096, nil)}
	in.decoder.SetMaxStringLength(maxFields)
	return in
}

// read handles frames until the connection ends, and says why it did.
func (in *inbox) read() {
	defer close(in.client.ended)
	for {
		frame, err := in.client.framer.ReadFrame()
		if err == nil {
			err = in.handle(frame)
		}
		if err != nil {
			in.client.fail(fmt.Errorf("h2client: connection ended: %w", err))
			return
		}
	}
}

func (in *inbox) handle(frame http2.Frame) error {
	if f, ok := frame.(*http2.ContinuationFrame); ok {
		if !in.section.open || f.StreamID != in.section.stream {
			return fmt.Errorf("unexpected CONTINUATION on stream %d", f.StreamID)
		}
		return in.fields(f.HeaderBlockFragment(), f.HeadersEnded())
	}
	if in.section.open {
		return fmt.Errorf("%v inside the field section of stream %d", frame.Header().Type, in.section.stream)
	}
	settings, ok := frame.(*http2.SettingsFrame)
	if !in.greeted && (!ok || settings.IsAck()) {
		return fmt.Errorf("%v before the server's SETTINGS", frame.Header().Type)
	}
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		return in.settings(f)
	case *http2.PingFrame:
		if f.IsAck() {
			return nil
		}
		return in.client.send(func(w *http2.Framer) error { return w.WritePing(true, f.Data) })
	case *http2.HeadersFrame:
		in.section.open, in.section.stream, in.section.promised = true, f.StreamID, 0
		in.section.endStream = f.StreamEnded()
		return in.fields(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.PushPromiseFrame:
		if in.pushOff {
			return errors.New("PUSH_PROMISE, though ENABLE_PUSH is 0")
		}
		in.section.open, in.section.stream, in.section.promised = true, f.StreamID, f.PromiseID
		return in.fields(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.DataFrame:
		return in.data(f)
	case *http2.RSTStreamFrame:
		return in.update(f.StreamID, func(s *Stream) error {
			s.response.Reset = &f.ErrCode
			s.finish(nil)
			return nil
		})
	case *http2.GoAwayFrame:
		in.goAway(f)
	}
	return nil // WINDOW_UPDATE (nothing here waits for one), PRIORITY, and unknown frames
}

func (in *inbox) settings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	in.greeted = true
	return in.client.send(func(w *http2.Framer) error {
		if size, ok := f.Value(http2.SettingHeaderTableSize); ok {
			in.client.encoder.SetMaxDynamicTableSizeLimit(size)
		}
		return w.WriteSettingsAck()
	})
}

// fields gathers a field section and, once it is whole, acts on it.
func (in *inbox) fields(fragment []byte, end bool) error {
	s := &in.section
	if len(s.block)+len(fragment) > maxFields {
		return fmt.Errorf("field section of stream %d: more than %d octets", s.stream, maxFields)
	}
	s.block = append(s.block, fragment...)
	if !end {
		return nil
	}
	header, err := in.decoder.DecodeFull(s.block)
	s.open, s.block = false, s.block[:0]
	if err != nil {
		return fmt.Errorf("field section of stream %d: %w", s.stream, err)
	}
	if s.promised != 0 {
		return in.promise(header)
	}
	return in.update(s.stream, func(st *Stream) error {
		if err := st.keep(sizeOf(header)); err != nil {
			return err
		}
		switch r := st.response; {
		case r.Header != nil:
			r.Trailer = header
			if !s.endStream {
				return fmt.Errorf("stream %d: a second header", s.stream)
			}
		case interim(header):
			r.Early = append(r.Early, header)
			if s.endStream {
				return fmt.Errorf("stream %d: an interim answer ends it", s.stream)
			}
		default:
			r.Header = header
		}
		if s.endStream {
			st.finish(nil)
		}
		return nil
	})
}

// sizeOf is about what a field section takes in memory, in octets.
func sizeOf(h Header) int {
	n := 256
	for _, f := range h {
		n += 48 + len(f.Name) + len(f.Value)
	}
	return n
}

func interim(h Header) bool { return strings.HasPrefix(h.Get(":status"), "1") }

// promise registers a pushed stream, or refuses it if its request was given up.
func (in *inbox) promise(request Header) error {
	c, id := in.client, in.section.promised
	if id%2 != 0 || id <= in.lastPromise {
		return fmt.Errorf("promise of stream %d after %d", id, in.lastPromise)
	}
	in.lastPromise = id
	p := &Push{StreamID: id, Promise: request}
	st := &Stream{client: c, id: id, response: &p.Response, done: make(chan struct{})}

	c.mu.Lock()
	parent, late := c.streams[in.section.stream], c.givenUp[in.section.stream]
	var err error
	switch {
	case late: // the server had not yet seen that it was given up
	case parent == nil || parent.id%2 == 0:
		err = fmt.Errorf("promise on stream %d, which is no open request", in.section.stream)
	default:
		st.parent = parent
		c.streams[id] = st
		parent.exchange.Pushes = append(parent.exchange.Pushes, p)
		parent.pushes = append(parent.pushes, st)
		err = st.keep(sizeOf(request))
	}
	c.mu.Unlock()
	if err != nil || !late {
		return err
	}
	return c.send(func(w *http2.Framer) error { return w.WriteRSTStream(id, http2.ErrCodeRefusedStream) })
}

// data takes a piece of a body and gives the window back at once: this client
// measures what a server sends, not how it waits.
func (in *inbox) data(f *http2.DataFrame) error {
	open := false
	err := in.update(f.StreamID, func(s *Stream) error {
		if s.response.Header == nil {
			return fmt.Errorf("DATA on stream %d before its header", f.StreamID)
		}
		if err := s.keep(len(f.Data())); err != nil {
			return err
		}
		s.response.Body = append(s.response.Body, f.Data()...)
		if f.StreamEnded() {
			s.finish(nil)
		} else {
			open = true
		}
		return nil
	})
	n := f.Length // padding counts too (RFC 9113, 6.9.1)
	if err != nil || n == 0 {
		return err
	}
	return in.client.send(func(w *http2.Framer) error {
		if open {
			if err := w.WriteWindowUpdate(f.StreamID, n); err != nil {
				return err
			}
		}
		return w.WriteWindowUpdate(0, n)
	})
}

// goAway ends the streams that the server will not answer.
func (in *inbox) goAway(f *http2.GoAwayFrame) {
	c := in.client
	c.mu.Lock()
	defer c.mu.Unlock()
	c.goAway = min(c.goAway, f.LastStreamID)
	for id, s := range c.streams {
		if id%2 == 1 && id > c.goAway {
			s.finish(fmt.Errorf("h2client: stream %d: server went away (%v)", id, f.ErrCode))
		}
	}
}

// update changes an open stream under the lock. What comes for a stream that
// has ended, or was given up, is dropped; a stream that never was is an error.
func (in *inbox) update(id uint32, change func(*Stream) error) error {
	c := in.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.streams[id]; s != nil {
		return change(s)
	}
	if id%2 == 1 && id >= c.nextID || id%2 == 0 && id > in.lastPromise {
		return fmt.Errorf("frame on stream %d, which is idle", id)
	}
	return nil
}
