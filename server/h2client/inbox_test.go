package h2client

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// script is a server that says exactly what a test wants, right or wrong.
type script struct {
	*http2.Framer
	got     chan received
	encoder *hpack.Encoder
	block   bytes.Buffer
}

// received is a frame from the client, in as far as tests look at it. (A frame
// of the framer's is only good until the next one.)
type received struct {
	http2.FrameHeader
	code http2.ErrCode // of RST_STREAM
	ping string        // of PING
}

// fields encodes a field section: name, value, name, value...
func (s *script) fields(nameValue ...string) []byte {
	s.block.Reset()
	for i := 0; i < len(nameValue); i += 2 {
		s.encoder.WriteField(hpack.HeaderField{Name: nameValue[i], Value: nameValue[i+1]})
	}
	return bytes.Clone(s.block.Bytes())
}

// headers sends a whole field section in one frame.
func (s *script) headers(id uint32, end bool, nameValue ...string) {
	s.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: s.fields(nameValue...), EndHeaders: true, EndStream: end})
}

// promise sends a whole promise in one frame.
func (s *script) promise(id, promised uint32, path string) {
	s.WritePushPromise(http2.PushPromiseParam{StreamID: id, PromiseID: promised, BlockFragment: s.fields(":path", path), EndHeaders: true})
}

// await returns the next frame of that type from the client.
func (s *script) await(kind http2.FrameType) received {
	for f := range s.got {
		if f.Type == kind {
			return f
		}
	}
	return received{}
}

// perform connects a client to a server that runs act once it has greeted.
func perform(t *testing.T, o Options, act func(*script)) *Client {
	t.Helper()
	return performFrom(t, o, func(s *script) {
		s.WriteSettings()
		act(s)
	})
}

// performFrom runs act before anything was sent.
func performFrom(t *testing.T, o Options, act func(*script)) *Client {
	t.Helper()
	ours, theirs := net.Pipe()
	s := &script{Framer: http2.NewFramer(theirs, theirs), got: make(chan received, 100)}
	s.AllowIllegalWrites = true
	s.encoder = hpack.NewEncoder(&s.block)
	go func() {
		defer close(s.got)
		preface := make([]byte, len(http2.ClientPreface))
		if _, err := io.ReadFull(theirs, preface); err != nil || string(preface) != http2.ClientPreface {
			return
		}
		for {
			f, err := s.ReadFrame()
			if err != nil {
				return
			}
			r := received{FrameHeader: f.Header()}
			switch f := f.(type) {
			case *http2.RSTStreamFrame:
				r.code = f.ErrCode
			case *http2.PingFrame:
				r.ping = string(f.Data[:])
			}
			s.got <- r
		}
	}()
	c, err := New(ours, "server.test:1", o)
	if err != nil {
		t.Fatal(err)
	}
	go act(s)
	t.Cleanup(func() { c.Close(); theirs.Close() })
	return c
}

// A server that breaks the protocol ends the connection with a line that says how.
func TestInboxRefuses(t *testing.T) {
	ok := []string{":status", "200"}
	tests := []struct {
		name string
		act  func(*script)
		want string
	}{
		{"CONTINUATION of nothing", func(s *script) { s.WriteContinuation(1, true, nil) },
			"unexpected CONTINUATION on stream 1"},
		{"CONTINUATION of another stream", func(s *script) {
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: s.fields(ok...)})
			s.WriteContinuation(3, true, nil)
		}, "unexpected CONTINUATION on stream 3"},
		{"frame inside a field section", func(s *script) {
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: s.fields(ok...)})
			s.WritePing(false, [8]byte{})
		}, "PING inside the field section of stream 1"},
		{"broken compression", func(s *script) {
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0xff}, EndHeaders: true})
		}, "field section of stream 1: "},
		{"endless field section", func(s *script) {
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: s.fields(ok...)})
			for range maxFields/frameSize + 1 {
				s.WriteContinuation(1, false, make([]byte, frameSize))
			}
		}, "field section of stream 1: more than 1048576 octets"},
		{"two headers", func(s *script) { s.headers(1, false, ok...); s.headers(1, false, ok...) },
			"stream 1: a second header"},
		{"interim answer at the end", func(s *script) { s.headers(1, true, ":status", "103") },
			"stream 1: an interim answer ends it"},
		{"body before header", func(s *script) { s.WriteData(1, false, nil) },
			"DATA on stream 1 before its header"},
		{"idle stream", func(s *script) { s.headers(3, true, ok...) },
			"frame on stream 3, which is idle"},
		{"odd promise", func(s *script) { s.promise(1, 3, "/") },
			"promise of stream 3 after 0"},
		{"falling promises", func(s *script) { s.promise(1, 4, "/"); s.promise(1, 2, "/") },
			"promise of stream 2 after 4"},
		{"promise on an idle stream", func(s *script) { s.promise(3, 2, "/") },
			"promise on stream 3, which is no open request"},
		{"promise on a pushed stream", func(s *script) { s.promise(1, 2, "/"); s.promise(2, 4, "/") },
			"promise on stream 2, which is no open request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := perform(t, Options{}, func(s *script) { s.await(http2.FrameHeaders); tt.act(s) })
			e, err := c.Get("", "/")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v, %v, want %q", e, err, tt.want)
			}
		})
	}
	t.Run("no SETTINGS first", func(t *testing.T) {
		c := performFrom(t, Options{}, func(s *script) { s.await(http2.FrameHeaders); s.WritePing(false, [8]byte{}) })
		if _, err := c.Get("", "/"); err == nil || !strings.Contains(err.Error(), "PING before the server's SETTINGS") {
			t.Error(err)
		}
	})
	t.Run("promise to a client that takes none", func(t *testing.T) {
		o := Options{Settings: []http2.Setting{{ID: http2.SettingEnablePush, Val: 0}}}
		c := perform(t, o, func(s *script) { s.await(http2.FrameHeaders); s.promise(1, 2, "/") })
		if _, err := c.Get("", "/"); err == nil || !strings.Contains(err.Error(), "though ENABLE_PUSH is 0") {
			t.Error(err)
		}
	})
	t.Run("promise after the end", func(t *testing.T) {
		c := perform(t, Options{}, func(s *script) {
			s.await(http2.FrameHeaders)
			s.headers(1, true, ok...)
			s.promise(1, 2, "/")
		})
		if _, err := c.Get("", "/"); err != nil {
			t.Fatal(err)
		}
		<-c.ended
		if _, err := c.Start(Request{}); err == nil || !strings.Contains(err.Error(), "promise on stream 1, which is no open request") {
			t.Error(err)
		}
	})
}

func TestInboxTakes(t *testing.T) {
	t.Run("field sections in pieces", func(t *testing.T) {
		c := perform(t, Options{}, func(s *script) {
			s.await(http2.FrameHeaders)
			block := s.fields(":method", "GET", ":path", "/pushed.css")
			s.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: block[:1]})
			s.WriteContinuation(1, false, block[1:2])
			s.WriteContinuation(1, true, block[2:])
			block = s.fields(":status", "200")
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndStream: true})
			s.WriteContinuation(1, true, block)
			s.headers(2, true, ":status", "404")
		})
		e, err := c.Get("", "/")
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(e.Pushed(), []string{"/pushed.css"}) || e.Status() != 200 || e.Pushes[0].Status() != 404 {
			t.Errorf("%+v, %+v", e, e.Pushes)
		}
	})
	t.Run("frames that mean nothing to it", func(t *testing.T) {
		pong := make(chan string, 1)
		c := perform(t, Options{}, func(s *script) {
			s.await(http2.FrameHeaders)
			s.WriteRawFrame(0xfa, 0, 1, []byte("unknown types are ignored (RFC 9113, 4.1)"))
			s.WriteWindowUpdate(0, 1)
			s.WritePing(false, [8]byte([]byte("are you?")))
			f := s.await(http2.FramePing)
			pong <- fmt.Sprintf("%t %s", f.Flags.Has(http2.FlagPingAck), f.ping)
			s.headers(1, true, ":status", "204")
		})
		e, err := c.Get("", "/")
		if err != nil || e.Status() != 204 {
			t.Fatal(e, err)
		}
		if got := <-pong; got != "true are you?" {
			t.Errorf("PING was answered by %s", got)
		}
	})
	t.Run("promise and header that cross its reset", func(t *testing.T) {
		code := make(chan http2.ErrCode, 1)
		c := perform(t, Options{}, func(s *script) {
			s.await(http2.FrameRSTStream)
			s.headers(1, false, ":status", "200")
			s.promise(1, 2, "/late.css")
			if f := s.await(http2.FrameRSTStream); f.StreamID == 2 {
				code <- f.code
			}
		})
		st, err := c.Start(Request{})
		if err != nil {
			t.Fatal(err)
		}
		if err := st.Reset(http2.ErrCodeCancel); err != nil {
			t.Fatal(err)
		}
		if got := <-code; got != http2.ErrCodeRefusedStream {
			t.Errorf("the late promise was reset with %v", got)
		}
		if e, err := st.Wait(); err != nil || len(e.Pushes) != 0 || e.Status() != 0 {
			t.Errorf("%+v, %v", e, err)
		}
	})
	t.Run("GOAWAY", func(t *testing.T) {
		c := perform(t, Options{}, func(s *script) {
			s.await(http2.FrameHeaders)
			s.await(http2.FrameHeaders)
			s.WriteGoAway(1, http2.ErrCodeNo, nil)
			s.headers(1, true, ":status", "200")
		})
		first, err := c.Start(Request{})
		if err != nil {
			t.Fatal(err)
		}
		second, err := c.Start(Request{})
		if err != nil {
			t.Fatal(err)
		}
		if e, err := first.Wait(); err != nil || e.Status() != 200 {
			t.Errorf("the stream that the server answers: %+v, %v", e, err)
		}
		if _, err := second.Wait(); err == nil || !strings.Contains(err.Error(), "stream 3: server went away (NO_ERROR)") {
			t.Errorf("the stream above: %v", err)
		}
		if _, err := c.Start(Request{}); err == nil || !strings.Contains(err.Error(), "no stream above 1") {
			t.Errorf("a new stream: %v", err)
		}
	})
}

// A server cannot make the client keep more than it allows, by whatever it sends.
func TestClientKeepsWithinBounds(t *testing.T) {
	header := func(s *script, id uint32) { s.headers(id, false, ":status", "200") }
	for name, act := range map[string]func(*script){
		"body": func(s *script) {
			for header(s, 1); s.WriteData(1, false, make([]byte, frameSize)) == nil; {
			}
		},
		"interim answers": func(s *script) {
			for s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: s.fields(":status", "103"), EndHeaders: true}) == nil {
			}
		},
		"promises": func(s *script) {
			for id := uint32(2); s.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: id, BlockFragment: s.fields(":path", "/"), EndHeaders: true}) == nil; {
				id += 2
			}
		},
		"bodies of pushes": func(s *script) {
			for id := uint32(2); ; id += 2 {
				s.promise(1, id, "/")
				header(s, id)
				if s.WriteData(id, true, make([]byte, 1000)) != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := perform(t, Options{}, func(s *script) {
				s.await(http2.FrameHeaders)
				go func() { // the answers of the client
					for range s.got {
					}
				}()
				act(s)
			})
			c.mu.Lock()
			c.most = 100_000
			c.mu.Unlock()
			if _, err := c.Get("", "/"); err == nil || !strings.Contains(err.Error(), ": more than 100000 octets") {
				t.Error(err)
			}
		})
	}
}

// A connection of many requests keeps nothing of those that are over.
func TestClientForgets(t *testing.T) {
	c := perform(t, Options{}, func(s *script) {
		s.await(http2.FrameHeaders)
		s.promise(1, 2, "/pushed")
		s.headers(1, true, ":status", "200")
		s.WriteRSTStream(1, http2.ErrCodeNo) // too late to mean anything
		s.headers(2, true, ":status", "200")
	})
	if _, err := c.Get("", "/"); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.streams) != 0 || c.err != nil {
		t.Errorf("%d streams are kept, %v", len(c.streams), c.err)
	}
}
