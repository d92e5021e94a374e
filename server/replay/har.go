package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cache-aware/casper/capture"
)

// MaxEntry is the most octets that an entry of a HAR file may have, the body of its answer included, as may whatever else the file holds.
const MaxEntry = 64 << 20

// harHead is how much of a file is looked at to tell a HAR file from a JSON log.
const harHead = 512

// looksLikeHAR reports whether the first object begins with the key "log", or does not end on its line and so is no line of a log.
func looksLikeHAR(in *bufio.Reader) bool {
	head, _ := in.Peek(harHead)
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\uFEFF")), " \t\r\n")
	rest, ok := bytes.CutPrefix(head, []byte("{"))
	if !ok {
		return false
	}
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return bytes.HasPrefix(rest, []byte(`"log"`))
}

// harEntry is what matters of an entry (HAR 1.2), and what Chromium adds to it.
type harEntry struct {
	Started   string  `json:"startedDateTime"`
	Time      float64 `json:"time"` // ms
	FromCache string  `json:"_fromCache"`
	Request   struct {
		Method  string    `json:"method"`
		URL     string    `json:"url"`
		Version string    `json:"httpVersion"`
		Headers []harPair `json:"headers"`
	} `json:"request"`
	Response struct {
		Status   int       `json:"status"`
		Headers  []harPair `json:"headers"`
		Body     float64   `json:"bodySize"`
		Transfer float64   `json:"_transferSize"`
		Content  struct {
			Size     float64 `json:"size"`
			MimeType string  `json:"mimeType"`
		} `json:"content"`
	} `json:"response"`
	Timings struct {
		Receive float64 `json:"receive"` // ms
	} `json:"timings"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// har reads a HAR file entry by entry.
func (s *Reading) har(in *bufio.Reader, yield func(*Record) bool) error {
	if head, err := in.Peek(3); err == nil && string(head) == "\uFEFF" {
		in.Discard(3)
	}
	limited := &budget{r: in}
	dec := json.NewDecoder(limited)
	next := func() { limited.used = 0 }
	s.Format = "har"
	found := false
	err := eachMember(dec, next, func(key string) (bool, error) {
		if key != "log" {
			return false, nil
		}
		return true, eachMember(dec, next, func(key string) (bool, error) {
			if key != "entries" {
				return false, nil
			}
			found = true
			return true, s.entries(dec, next, yield)
		})
	})
	switch {
	case err == errStop:
		return err
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("byte %d: it ends early: %w", dec.InputOffset(), io.ErrUnexpectedEOF)
	case err != nil:
		return fmt.Errorf("byte %d: %w: %w", dec.InputOffset(), capture.ErrHAR, err)
	case !found:
		return fmt.Errorf("%w: it has no log.entries", capture.ErrHAR)
	}
	return nil
}

func (s *Reading) entries(dec *json.Decoder, next func(), yield func(*Record) bool) error {
	if err := expect(dec, '['); err != nil {
		return err
	}
	for dec.More() {
		next()
		var e harEntry
		err := dec.Decode(&e)
		var mistyped *json.UnmarshalTypeError
		s.Lines++
		if errors.As(err, &mistyped) { // the decoder has read on over the whole entry
			s.broken(fmt.Errorf("entries[%d]: %w", s.Lines-1, err))
			continue
		}
		if err != nil {
			return err
		}
		rec, err := e.record()
		if errors.Is(err, errNotHTTP) {
			s.Skipped++
			continue
		}
		if err != nil {
			s.broken(fmt.Errorf("entries[%d]: %w", s.Lines-1, err))
			continue
		}
		rec.infer()
		if !yield(rec) {
			return errStop
		}
	}
	return expect(dec, ']')
}

func (e *harEntry) record() (*Record, error) {
	u, err := url.Parse(e.Request.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errNotHTTP
	}
	if e.Response.Status < 100 { // blocked, or broken off
		return nil, errNotHTTP
	}
	began, err := time.Parse(time.RFC3339Nano, e.Started) // ISO 8601, says HAR 1.2, and means this
	if err != nil {
		return nil, fmt.Errorf("startedDateTime %.40q is no time", e.Started)
	}
	r, err := newRequest(e.Request.Method, u.Host, u.RequestURI(), e.Request.Version, harHeader(e.Request.Headers))
	if err != nil {
		return nil, err
	}
	rec := &Record{Request: r, Status: e.Response.Status, Answer: harHeader(e.Response.Headers), Began: began}
	rec.Silent = len(rec.Answer) == 0
	if rec.Answer.Get("Content-Type") == "" {
		setHeader(rec.Answer, "Content-Type", e.Response.Content.MimeType)
	}
	rec.Cached = e.FromCache != ""
	// The header came when the wait was over and the body began.
	rec.Ended = began.Add(milliseconds(e.Time) - milliseconds(e.Timings.Receive))
	if rec.Ended.Before(rec.Began) {
		rec.Ended = rec.Began
	}
	// What crossed the wire; a size below zero is not known (HAR 1.2, bodySize).
	rec.Size = -1
	for _, size := range []float64{e.Response.Body, e.Response.Transfer, e.Response.Content.Size} {
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

func harHeader(pairs []harPair) http.Header {
	h := http.Header{}
	for _, p := range pairs {
		if p.Name != "" && p.Name[0] != ':' { // HTTP/2's pseudo-header fields
			for line := range strings.SplitSeq(p.Value, "\n") { // browsers write several as one
				h.Add(p.Name, line)
			}
		}
	}
	return h
}

// eachMember reads an object and calls f with each key; f reports whether it has read the value.
func eachMember(dec *json.Decoder, next func(), f func(key string) (bool, error)) error {
	if err := expect(dec, '{'); err != nil {
		return err
	}
	for dec.More() {
		next()
		t, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		read, err := f(key)
		if err == nil && !read {
			var skipped json.RawMessage
			err = dec.Decode(&skipped)
		}
		if err != nil {
			return err
		}
	}
	return expect(dec, '}')
}

func expect(dec *json.Decoder, want json.Delim) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	if t != want {
		return fmt.Errorf("found %.40q, want %q", fmt.Sprint(t), want.String())
	}
	return nil
}

// budget bounds what the decoder holds at once: it keeps a value whole.
type budget struct {
	r    io.Reader
	used int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.used > MaxEntry {
		return 0, fmt.Errorf("more than %d bytes in one entry", MaxEntry)
	}
	n, err := b.r.Read(p)
	b.used += n
	return n, err
}
