package proxy

import (
	"bytes"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
)

var navigating = []hpack.HeaderField{{Name: "sec-fetch-mode", Value: "navigate"}, {Name: "sec-fetch-dest", Value: "document"}}

// Whatever an upstream says, the client gets an answer, or a 502, or sees that one broke off; the log gets a
// line at most, and no stack. Over HTTP/1.1 and HTTP/2, alone and behind casper's handler, which
// remembers what it was told: so each is asked twice.
func TestR11WhateverTheUpstreamSays(t *testing.T) {
	const broken = -1
	const ok, end = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", "Content-Length: 4\r\n\r\npage"
	chunked := func(trailer string) string {
		return ok + "Transfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\n" + trailer + "\r\n"
	}
	hinted := "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\n\r\n"
	for name, c := range map[string]struct {
		answer string
		status int // 0: any; broken: any, or none
	}{
		"status 000":                         {"HTTP/1.1 000 X\r\n" + end, 502},
		"status 001":                         {"HTTP/1.1 001 X\r\n" + end, 502},
		"status 099":                         {"HTTP/1.1 099 X\r\n" + end, 502},
		"status 099 behind a hint":           {hinted + "HTTP/1.1 099 X\r\n" + end, 502},
		"status 000 behind a hint":           {hinted + "HTTP/1.1 000 X\r\n" + end, 502},
		"status 1000":                        {"HTTP/1.1 1000 X\r\n" + end, 502},
		"status -200":                        {"HTTP/1.1 -20 X\r\n" + end, 502},
		"status +20":                         {"HTTP/1.1 +20 X\r\n" + end, 502},
		"status 599":                         {"HTTP/1.1 599 X\r\n" + end, 599},
		"status 600":                         {"HTTP/1.1 600 X\r\n" + end, 600},
		"status 999":                         {"HTTP/1.1 999 X\r\n" + end, 999},
		"204 with a body":                    {"HTTP/1.1 204 X\r\n" + end, 204},
		"304 with a body":                    {"HTTP/1.1 304 X\r\n" + end, 304},
		"101 unasked":                        {"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", 502},
		"a name with spaces":                 {ok + "a b: c\r\n" + end, 200},
		"no name":                            {ok + ": c\r\n" + end, 502},
		"no colon":                           {ok + "abc\r\n" + end, 502},
		"a name in 8 bits":                   {ok + "\xe9: c\r\n" + end, 502},
		"NUL in a value":                     {ok + "X: a\x00b\r\n" + end, 0},
		"CR in a value":                      {ok + "X: a\rb\r\n" + end, 0},
		"ESC in a value":                     {ok + "X: a\x1bb\r\n" + end, 0},
		"8 bits in a value":                  {ok + "X: \xff\xfe\r\n" + end, 200},
		"a pseudo-field":                     {ok + ":status: 500\r\n" + end, 502},
		"a negative length":                  {ok + "Content-Length: -1\r\n\r\npage", 502},
		"a length with a sign":               {ok + "Content-Length: +4\r\n\r\npage", 502},
		"two lengths":                        {ok + "Content-Length: 4\r\nContent-Length: 5\r\n\r\npage", 502},
		"a huge length":                      {ok + "Content-Length: 99999999999999999999\r\n\r\npage", 502},
		"a length too long":                  {ok + "Content-Length: 9000000000000000000\r\n\r\npage", broken},
		"a length too short":                 {ok + "Content-Length: 2\r\n\r\npage", 200},
		"an unknown coding":                  {ok + "Transfer-Encoding: x\r\n\r\npage", 502},
		"a bad chunk":                        {ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\npage\r\n", broken},
		"a negative chunk":                   {ok + "Transfer-Encoding: chunked\r\n\r\n-4\r\npage\r\n", broken},
		"trailers that may not be":           {chunked("Content-Length: 9\r\nTransfer-Encoding: x\r\nTrailer: a\r\nHost: x\r\n"), 200},
		"trailers announced that may not be": {ok + "Trailer: Content-Length, Transfer-Encoding, a b, :status\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\nContent-Length: 9\r\n\r\n", 0},
		"a malformed trailer":                {chunked("a b: c\r\n"), 200},
		"a trailer with control characters":  {chunked("X: a\x01b\r\n"), 200},
		"an announced one with those":        {ok + "Trailer: X\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\nX: a\x01b\r\n\r\n", 200},
		"a trailer's name for net/http":      {ok + "Trailer:X: y\r\n" + end, 0},
		"endless 103":                        {strings.Repeat(hinted, 500), 502},
		"endless 102":                        {strings.Repeat("HTTP/1.1 102 X\r\n\r\n", 500), 502},
		"another protocol":                   {"HTTP/9.9 200 OK\r\n" + end, 0},
		"protocol 1.0":                       {"HTTP/1.0 200 OK\r\n\r\npage", 200},
	} {
		t.Run(name, func(t *testing.T) {
			for _, wrapped := range []bool{false, true} {
				var said syncBuilder
				logger := slog.New(slog.NewTextHandler(&said, nil))
				p := front(t, raw(t, c.answer), Config{Log: logger})
				var h http.Handler = p
				if wrapped {
					h = &server.Handler{Next: p, Logger: logger}
				}
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				s := &http.Server{Handler: h, Protocols: new(http.Protocols), ErrorLog: log.New(&said, "net/http: ", 0), ConnContext: server.ConnContext}
				s.Protocols.SetHTTP1(true)
				s.Protocols.SetUnencryptedHTTP2(true)
				go s.Serve(l)
				t.Cleanup(func() { s.Close() })
				addr := l.Addr().String()
				for range 2 {
					res, err := http.Get("http://" + addr + "/")
					switch {
					case err != nil && c.status != broken:
						t.Errorf("HTTP/1.1: %v", err)
					case c.status > 0 && res.StatusCode != c.status:
						t.Errorf("HTTP/1.1: %d, want %d", res.StatusCode, c.status)
					}
					if err == nil {
						io.Copy(io.Discard, res.Body)
						res.Body.Close()
					}
					x, err := peer.Dial(t, addr, h2client.Options{}).Do(h2client.Request{Path: "/", Header: navigating})
					switch {
					case err != nil:
						t.Errorf("HTTP/2: %v", err)
					case c.status > 0 && x.Status() != c.status:
						t.Errorf("HTTP/2: %d, want %d", x.Status(), c.status)
					}
				}
				if text := said.String(); strings.Contains(text, "panic") || strings.Contains(text, "goroutine") {
					t.Errorf("casper's handler: %t; the log: %.300s", wrapped, text)
				} else if n := bytes.Count([]byte(text), []byte("\n")); n > 4+4 { // a line a request, and one of net/http's
					t.Errorf("%d lines for four requests: %s", n, text)
				}
			}
		})
	}
}
