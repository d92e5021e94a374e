package traffic

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/cache-aware/casper/cmd/internal/capture"
)

// A Reading takes a capture apart. The zero Reading is ready; it reads one capture at a time.
//
// What the capture is decides its content: it is read as [capture.Text] reads it, an object with a "log" is a HAR
// file, other lines that begin with '{' are a JSON log, and the rest is in the common or the
// combined format. Formats may change from line to line.
type Reading struct {
	// Progress, unless nil, is called now and then with the octets taken from the reader,
	// before unpacking.
	Progress func(read int64)
	// MaxUnpacked is how many octets a packed capture may hold; 0 stands for [capture.MaxUnpacked].
	MaxUnpacked int64

	Format string // of the first record: "har", "json", "combined" or "common"; empty before it
	Lines  int64  // lines, or a HAR file's entries
	Broken int64  // of them, those that are no record
	First  error  // what is wrong with the first of those

	// Skipped are those of the lines or entries that are about something else than HTTP. A URL
	// of a HAR file that is longer than 64 KiB is taken for a data: URL.
	Skipped int64
}

// ErrLine marks a line that is no record of a request.
var ErrLine = errors.New("no line of an access log")

// errNotHTTP marks lines that scanners and broken clients leave in every log: what was asked
// is no HTTP request.
var errNotHTTP = errors.New("not an HTTP request")

// All yields the records of a capture in its own order. Lines that cannot be read are counted,
// and reading goes on. An error comes last: of the reader, of a broken gzip stream, or of a
// HAR file that is none.
//
// Memory is one line, or the headers of one entry of a HAR file, of at most [capture.MaxLine]
// octets; bodies are passed over.
func (s *Reading) All(r io.Reader) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		*s = Reading{Progress: s.Progress, MaxUnpacked: s.MaxUnpacked}
		in := bufio.NewReader(capture.Text(&counting{r: r, told: s.Progress}, s.MaxUnpacked))
		read := s.lines
		if looksLikeHAR(in) {
			read = s.har
		}
		err := read(in, func(rec *Record) bool { return yield(rec, nil) })
		if err != nil && err != errStop {
			yield(nil, err)
		}
	}
}

// errStop ends the reading of a capture whose reader wants no more.
var errStop = errors.New("stop")

// counting tells how much was read.
type counting struct {
	r    io.Reader
	n    int64
	told func(int64)
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.told != nil {
		c.told(c.n)
	}
	return n, err
}

// lines reads a log.
func (s *Reading) lines(in io.Reader, yield func(*Record) bool) error {
	for line, err := range capture.EachLine(in, capture.MaxLine) {
		long := errors.Is(err, capture.ErrLong)
		if err != nil && !long {
			return err
		}
		s.Lines++
		text := bytes.TrimSpace(line)
		if !long && len(text) == 0 {
			continue
		}
		var rec *Record
		format := ""
		switch {
		case long:
			err = errLong
		case text[0] == '{':
			format = "json"
			rec, err = parseJSON(text)
		default:
			rec, format, err = parseCommon(text)
		}
		if err != nil {
			err = fmt.Errorf("line %d: %w", s.Lines, err)
		} else if s.Format == "" {
			s.Format = format
		}
		if !s.take(rec, err, yield) {
			return errStop
		}
	}
	return nil
}

// take hands on a record, or counts what is none, and reports whether the loop goes on.
func (s *Reading) take(rec *Record, err error, yield func(*Record) bool) bool {
	switch {
	case errors.Is(err, errNotHTTP):
		s.Skipped++
		return true
	case err != nil:
		s.Broken++
		if s.First == nil {
			s.First = err
		}
		return true
	}
	rec.infer()
	return yield(rec)
}

var errLong = fmt.Errorf("%w: longer than %d bytes", ErrLine, capture.MaxLine)
