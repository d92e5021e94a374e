package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2/hpack"
)

// FuzzHandler lets a handler written by chance answer a request written by chance, with and
// without the middleware, over HTTP/1 and HTTP/2. Status, body, trailers, and every header that
// the middleware is not there to add, must be the same; and what it adds must be valid.
func FuzzHandler(f *testing.F) {
	f.Add([]byte{9}, uint8(0), "", "")                                               // a small page
	f.Add([]byte{0, 15, 0, 5, 9}, uint8(0), held("/a.css"), "sec-fetch-dest: style") // a public page that links
	f.Add([]byte{4, 19, 0, 15, 4, 19, 4, 15, 5, 9, 9}, uint8(0), "h2o_casper=!!", "sec-fetch-mode: navigate\nsec-fetch-dest: document")
	f.Add([]byte{0, 24, 4, 0, 10, 7, 8, 200, 10, 9}, uint8(1), "a=b; h2o_casper=_____; h2o_casper=", "cache-digest: AfdA; complete") // trailers
	f.Add([]byte{11, 4, 5, 9}, uint8(2), strings.Repeat("h2o_casper=A;", 20), "if-none-match: *\nrange: bytes=0-")
	f.Add([]byte{4, 12, 9, 4, 0, 7, 9}, uint8(3), held("/a.css", "/b.js", "/l.css", "/scanned.css"), "x-forwarded-for: 1")
	f.Add([]byte{7, 3, 0, 6, 100, 7}, uint8(0), "h2o_casper="+strings.Repeat("_", 4096), "upgrade: x")
	p := newPair(f)
	f.Fuzz(func(t *testing.T, script []byte, method uint8, cookie, fields string) {
		var header []hpack.HeaderField
		if cookie != "" {
			fields += "\ncookie: " + cookie
		}
		for line := range strings.SplitSeq(fields, "\n") {
			name, value, ok := strings.Cut(line, ": ")
			name, value = strings.ToLower(name), strings.Trim(value, " \t")
			if !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) || len(header) > 20 || len(fields) > 64<<10 {
				continue
			}
			switch name { // what is the connection's, or the body's
			case "connection", "upgrade", "te", "transfer-encoding", "content-length", "host", "expect", "trailer", "proxy-connection", "keep-alive", "http2-settings":
				continue
			}
			header = append(header, hpack.HeaderField{Name: name, Value: value})
		}
		if len(script) > 200 {
			script = script[:200]
		}
		p.handler.ForgetAll() // one case is one history
		p.same(t, fmt.Sprint(len(script)), script, []string{"GET", "HEAD", "POST", "PUT"}[method%4], header)
	})
}

// What the middleware puts into an answer can be read back.
func validAdded(t testing.TB, h http.Header) {
	t.Helper()
	for name, values := range h {
		if strings.HasPrefix(name, ":") {
			continue // HTTP/2's own
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(v) {
				t.Fatalf("%s: %q", name, v)
			}
		}
	}
	for _, v := range h["Set-Cookie"] {
		if _, err := http.ParseSetCookie(v); err != nil {
			t.Fatalf("Set-Cookie %q: %v", v, err)
		}
	}
}
