package traffic

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cache-aware/casper/cmd/internal/capture"
)

// harHead is how much of a file is looked at to tell a HAR file from a JSON log.
const harHead = 512

// looksLikeHAR reports whether it is an object that begins with the key "log", whose value is
// an object: a text is what Docker has logged.
func looksLikeHAR(in *bufio.Reader) bool {
	head, _ := in.Peek(harHead)
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\uFEFF")), " \t\r\n")
	rest, ok := bytes.CutPrefix(head, []byte("{"))
	if !ok {
		return false
	}
	rest = bytes.TrimLeft(rest, " \t\r\n")
	if rest, ok = bytes.CutPrefix(rest, []byte(`"log"`)); !ok {
		return false
	}
	rest = bytes.TrimLeft(rest, " \t\r\n:")
	return !bytes.HasPrefix(rest, []byte{'"'})
}

// visits keeps all headers, and of cookies what the headers say.
var visits = capture.HARReader{RequestHeaders: isField, ResponseHeaders: isField}

// isField tells a header field from HTTP/2's pseudo-header fields (RFC 9113, section 8.3),
// which browsers list too.
func isField(name string) bool { return name != "" && name[0] != ':' }

// har reads a HAR file entry by entry. One that the file breaks off in is no record.
func (s *Reading) har(in io.Reader, yield func(*Record) bool) error {
	s.Format = "har"
	for e, err := range visits.All(in) {
		if e != nil {
			s.Lines++
		}
		if err != nil {
			return err
		}
		rec, err := recordOf(e)
		if !s.take(rec, err, yield) {
			return errStop
		}
	}
	return nil
}

func recordOf(e *capture.HAREntry) (*Record, error) {
	switch {
	case e.Lost != nil:
		return nil, e.Lost
	case e.Odd != nil:
		return nil, e.Odd
	}
	u, err := url.Parse(e.Request.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errNotHTTP
	}
	if e.Response.Status < 100 { // blocked, or broken off
		return nil, errNotHTTP
	}
	began, err := time.Parse(time.RFC3339Nano, e.Started) // ISO 8601, says HAR 1.2, and means this
	if err != nil {
		return nil, fmt.Errorf("entries[%d]: startedDateTime %.40q is no time", e.Index, e.Started)
	}
	r, err := NewRequest(e.Request.Method, u.Host, u.RequestURI(), e.Request.Version, headerOf(e.Request.Headers))
	if err != nil {
		return nil, err
	}
	if u.Scheme == "https" {
		r.TLS = new(tls.ConnectionState)
	}
	rec := &Record{Request: r, Status: e.Response.Status, Answer: headerOf(e.Response.Headers), Began: began}
	rec.Silent = len(rec.Answer) == 0
	if rec.Answer.Get("Content-Type") == "" {
		setHeader(rec.Answer, "Content-Type", e.Response.MimeType)
	}
	rec.Cached = e.FromCache != ""
	// The header came when the wait was over and the body began.
	rec.Ended = began.Add(milliseconds(e.Time) - milliseconds(e.Receive))
	if rec.Ended.Before(rec.Began) {
		rec.Ended = rec.Began
	}
	// What crossed the wire; a size below zero is not known (HAR 1.2, bodySize).
	rec.Size = -1
	for _, size := range []float64{e.Response.BodySize, e.Response.TransferSize, e.Response.ContentSize} {
		if size > 0 && size < 1<<50 {
			rec.Size = int64(size)
			break
		}
	}
	return rec, nil
}

func milliseconds(ms float64) time.Duration {
	if !(ms > 0 && ms < 24*3600e3) { // NaN too
		return 0
	}
	return time.Duration(ms * float64(time.Millisecond))
}

func headerOf(pairs []capture.HARPair) http.Header {
	h := http.Header{}
	for _, p := range pairs {
		for value := range strings.SplitSeq(p.Value, "\n") { // browsers write several as one
			h.Add(p.Name, value)
		}
	}
	return h
}
