package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/cache-aware/casper/server/internal/httpfacts"
)

// relay is the writer that ReverseProxy gets. Until the final answer it hands out a header map
// of its own, so that what ReverseProxy does there around informational answers (it adds, sends
// everything, and clears) touches nobody else's.
type relay struct {
	http.ResponseWriter
	request *http.Request

	header        http.Header // ReverseProxy's, until final
	final         bool
	informational int
	cancel        context.CancelCauseFunc
}

// Unwrap returns the writer below, for http.ResponseController.
func (w *relay) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *relay) Header() http.Header {
	if w.final {
		return w.ResponseWriter.Header()
	}
	return w.header
}

// WriteHeader passes an answer's header on.
func (w *relay) WriteHeader(code int) {
	switch {
	case w.final:
		w.ResponseWriter.WriteHeader(code) // superfluous; net/http says so
	case code < 100 || code >= 200 || code == http.StatusSwitchingProtocols:
		w.finish()
		w.ResponseWriter.WriteHeader(code)
	case w.tooMany():
	case code == http.StatusEarlyHints:
		w.hint()
	default:
		rest := make(http.Header, len(w.header))
		for field, values := range w.header {
			if endToEnd(field, w.header) {
				rest[field] = values
			}
		}
		w.inform(code, rest)
	}
}

func (w *relay) Write(p []byte) (int, error) {
	if !w.final {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Hijack gives the connection away for an upgrade. The header is then written by ReverseProxy
// itself, so the map below is the one to fill.
func (w *relay) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.finish()
	}
	return conn, rw, err
}

// finish adds the upstream's header to what was set before.
func (w *relay) finish() {
	w.final = true
	below := w.ResponseWriter.Header()
	for field, values := range w.header {
		below[field] = append(below[field], values...)
	}
}

// hint hands on a 103, with only those fields that browsers use in one. A cookie or a cache rule
// would be taken for the final answer's, and connection fields break the page on HTTP/2.
func (w *relay) hint() {
	links := useful(w.header["Link"])
	if len(links) == 0 {
		return
	}
	hint := http.Header{"Link": links}
	if policy := useful(w.header["Content-Security-Policy"]); len(policy) > 0 {
		hint["Content-Security-Policy"] = policy
	}
	w.inform(http.StatusEarlyHints, hint)
}

// maxHint bounds the values of a field in a 103, in bytes: 64 KiB of header is what clients take
// (nghttp2). What of it is acted on is for the writer below to say.
const maxHint = 64 << 10

// useful keeps the values that say something, in order, up to the bound.
func useful(values []string) []string {
	kept := make([]string, 0, len(values))
	left := maxHint
	for _, v := range values {
		if left -= len(v); left < 0 {
			break
		}
		if v != "" {
			kept = append(kept, v)
		}
	}
	return kept
}

// checkStatus refuses what is no final status: net/http's reader takes any three digits, and its
// writer panics at those below 100.
func checkStatus(res *http.Response) error {
	if res.StatusCode < 200 && res.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("proxy: the status %03d is none", res.StatusCode)
	}
	return nil
}

// cleanTrailers takes out of a header that went out the trailers that may not: over HTTP/2, net/http
// leaves them out itself, and if nothing is left then it never ends the stream.
func cleanTrailers(header http.Header) {
	_, announced := header["Trailer"]
	for field, values := range header {
		name, late := strings.CutPrefix(field, http.TrailerPrefix)
		if !late && !announced {
			continue
		}
		valid := slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !httpguts.ValidHeaderFieldValue(v) })
		if len(valid) == 0 || !httpguts.ValidHeaderFieldName(name) {
			delete(header, field)
		} else if len(valid) < len(values) {
			header[field] = valid
		}
	}
}

// inform sends an informational answer with a header of its own, and brings back the header of
// the final one. HTTP/1.0 knows no such answers (RFC 9110, section 15.2), though net/http would
// send them.
func (w *relay) inform(code int, header http.Header) {
	if !w.request.ProtoAtLeast(1, 1) {
		return
	}
	below := w.ResponseWriter.Header()
	before := maps.Clone(below)
	clear(below)
	maps.Copy(below, header)
	// When the client resets its stream, WriteHeader returns while the frame writer still reads
	// the map, unless that is a copy, and net/http makes one if there is a Content-Length to be
	// left out (golang.org/issue/67940).
	length := []string{"0"}
	below["Content-Length"] = length
	w.ResponseWriter.WriteHeader(code)
	for field, values := range header {
		if same(below[field], values) {
			delete(below, field)
		}
	}
	if same(below["Content-Length"], length) {
		delete(below, "Content-Length")
	}
	// What is left was added by the writers below, for the final answer.
	for field, values := range before {
		below[field] = append(values[:len(values):len(values)], below[field]...)
	}
}

// same reports whether two slices are one.
func same(a, b []string) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// maxInformational bounds the informational answers to one request: net/http leaves that to
// whoever listens to them.
const maxInformational = 64

var errInformational = errors.New("proxy: more than 64 informational answers")

// tooMany counts an informational answer, and gives the request up when there are too many.
func (w *relay) tooMany() bool {
	if w.informational++; w.informational <= maxInformational {
		return false
	}
	w.cancel(errInformational)
	return true
}

// endToEnd reports whether a field is for the far end: neither one of the connection's own (RFC
// 9110, section 7.6.1), nor named by Connection, nor one about the length of a body, since an
// informational answer has none.
func endToEnd(field string, header http.Header) bool {
	switch field {
	case "Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length":
		return false
	}
	return !httpfacts.Lists(header, "Connection", field)
}
