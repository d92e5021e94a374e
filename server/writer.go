package server

import (
	"bufio"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/cache-aware/casper/server/internal/httpfacts"
)

// A response is the writer that Next gets: the one below it, which sees the header first. It
// implements what the one below implements and nothing more (see wrap.go).
type response struct {
	http.ResponseWriter
	h    *Handler
	s    *state
	r    *http.Request
	conn *conn // nil without ConnContext
	*exchange

	pending   http.Header // the final header while it waits for the body
	f         facts       // of the request, once read
	status    int
	factsRead bool
	pushed    bool // the request was made by a push
	forHint   bool // the request was made for a hint
	committed bool // the final header has been passed on
}

func (w *response) core() *response { return w }

// Unwrap returns the writer below, for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader passes informational answers on, a 103 through the one that this
// request may have, and completes the final header.
func (w *response) WriteHeader(code int) {
	if w.pending != nil {
		w.commit(w.status, nil)
	}
	switch {
	case w.committed:
		w.ResponseWriter.WriteHeader(code) // superfluous; net/http says so
	case code == http.StatusEarlyHints:
		w.relayHints()
	case code >= 100 && code < 200 && code != http.StatusSwitchingProtocols:
		w.inform(code)
	case w.awaitsBody(code):
		w.status = code
		w.pending = w.Header().Clone()
	default:
		w.commit(code, nil)
	}
}

// awaitsBody reports whether the header has to wait for the beginning of the body, which tells
// its type and what it names. net/http sends no header before the body begins either.
func (w *response) awaitsBody(code int) bool {
	if w.s.scan == nil && len(w.h.Sources) == 0 {
		return false
	}
	if code != http.StatusOK || w.r.Method != http.MethodGet || !w.facts().page || httpfacts.Encoded(w.Header()) && (w.s.scan == nil || w.h.Head != nil) {
		return false
	}
	_, ok := w.Header()["Content-Type"]
	return !ok || w.s.scan != nil && httpfacts.IsHTML(httpfacts.ContentType(w.Header(), nil)) && !w.recognised(w.Header())
}

// looks reports whether what is written next of the body matters.
func (w *response) looks() bool {
	if w.committed {
		return w.reads()
	}
	return w.pending != nil || w.awaitsBody(http.StatusOK)
}

// begin completes the final header before the body, which begins with p. A status that Next did
// not set stays unset: writers below that act on the first Write do so as without us.
func (w *response) begin(p []byte) {
	switch {
	case w.committed:
	case w.pending != nil:
		w.commit(w.status, p)
	default:
		w.complete(http.StatusOK, p)
	}
}

// Write writes the body, after the header.
func (w *response) Write(p []byte) (int, error) {
	if !w.committed {
		w.begin(p)
		return w.ResponseWriter.Write(p)
	}
	n, err := w.ResponseWriter.Write(p)
	if w.reads() {
		pass(w, p[:n])
	}
	return n, err
}

// WriteString writes the body, after the header.
func (w *response) WriteString(s string) (int, error) {
	switch {
	case w.committed:
		n, err := io.WriteString(w.ResponseWriter, s)
		if w.reads() {
			pass(w, s[:n])
		}
		return n, err
	case w.looks():
		head := s
		if !httpfacts.Encoded(w.Header()) {
			head = s[:min(len(s), scanBytes)]
		}
		w.begin([]byte(head))
	default:
		w.begin(nil)
	}
	return io.WriteString(w.ResponseWriter, s)
}

func (w *response) flush() {
	w.begin(nil)
	w.ResponseWriter.(http.Flusher).Flush()
}

// flushError is what http.ResponseController asks for.
func (w *response) flushError() error {
	w.begin(nil)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *response) hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.ResponseWriter.(http.Hijacker).Hijack()
	if err == nil {
		w.committed = true // what follows is not HTTP of ours
		w.facts().page = false
	}
	return conn, rw, err
}

// readFrom writes the beginning of a body that matters piece by piece, as it comes, and leaves the
// rest to the writer below.
func (w *response) readFrom(src io.Reader) (n int64, err error) {
	if w.looks() {
		piece := make([]byte, scanBytes)
		for w.looks() {
			read, readErr := src.Read(piece)
			if read > 0 {
				written, err := w.Write(piece[:read])
				if n += int64(written); err != nil {
					return n, err
				}
			}
			if readErr == io.EOF {
				return n, nil
			}
			if readErr != nil {
				return n, readErr
			}
		}
	}
	w.begin(nil)
	rest, err := w.ResponseWriter.(io.ReaderFrom).ReadFrom(src)
	return n + rest, err
}

// push passes on a push that Next makes by itself.
func (w *response) push(target string, opts *http.PushOptions) error {
	counted := false
	if w.conn != nil && target != "" {
		w.conn.pushed.Store(true) // before the pushed request can arrive
		counted = w.conn.begin(1 << 30)
	}
	err := w.ResponseWriter.(http.Pusher).Push(target, opts)
	if err != nil && counted {
		w.conn.fail()
	}
	return err
}

// commit completes the final header, whose status Next has set, and passes it on. body is the
// beginning of the body, if it was waited for.
func (w *response) commit(code int, body []byte) {
	header := w.Header()
	var since http.Header // what Next did to the header after WriteHeader
	if w.pending != nil && !maps.EqualFunc(header, w.pending, slices.Equal) {
		since = maps.Clone(header)
		clear(header)
		maps.Copy(header, w.pending)
	}
	w.complete(code, body)
	w.ResponseWriter.WriteHeader(code)
	if code == http.StatusSwitchingProtocols {
		// Gin's writer keeps the status to itself until the first write, which does not come
		// once the connection is taken over. WebSocket libraries know that of Gin's own writer.
		if below, ok := w.ResponseWriter.(interface{ WriteHeaderNow() }); ok {
			below.WriteHeaderNow()
		}
	}
	for field, values := range since {
		if isTrailer(header, field) {
			header[field] = values
		}
	}
}

// complete acts on the final header.
func (w *response) complete(code int, body []byte) {
	w.committed, w.status, w.pending = true, code, nil
	if code != http.StatusSwitchingProtocols {
		w.answer(code, w.Header(), body)
	}
	w.arrived()
}

// isTrailer reports whether a field that was set after WriteHeader is a trailer, which the
// header has announced or whose name says so. All else is without effect then.
func isTrailer(header http.Header, field string) bool {
	return strings.HasPrefix(field, http.TrailerPrefix) || httpfacts.Lists(header, "Trailer", field)
}
