package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/cache-aware/casper/capture"
)

// A Reading takes a capture apart. The zero Reading is ready; it reads one capture at a time.
//
// What the capture is decides its content: gzip is unpacked, an object with a "log" is a HAR file, other lines that begin with '{' are a
// JSON log, and the rest is in the common or the combined format. Formats may change from line to line.
type Reading struct {
	// Progress, unless nil, is called now and then with the octets taken from the reader, before unpacking.
	Progress func(read int64)

	Format  string // of the first record: "har", "json", "combined" or "common"; empty before it
	Lines   int64  // lines, or a HAR file's entries
	Broken  int64  // of them, those that are no record
	Skipped int64  // of them, those about something that is not HTTP
	First   error  // what is wrong with the first broken one
}

// ErrLine is what is wrong with a line that is no record of a request.
var ErrLine = errors.New("no line of an access log")

// errNotHTTP marks lines that scanners and broken clients leave in every log: what was asked is no HTTP request.
var errNotHTTP = errors.New("not an HTTP request")

// chunk is how much is read between two calls of Progress.
const chunk = 64 << 10

// All yields the records of a capture in its own order. Lines that cannot be read are counted, and reading goes on. An error comes last:
// of the reader, of a broken gzip stream, or of a HAR file that is none.
//
// Memory is one line of at most [capture.MaxLine] octets, or one entry of a HAR file of at most [MaxEntry].
func (s *Reading) All(r io.Reader) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		*s = Reading{Progress: s.Progress}
		in, err := s.open(r)
		if err == nil {
			if looksLikeHAR(in) {
				err = s.har(in, func(rec *Record) bool { return yield(rec, nil) })
			} else {
				err = s.lines(in, func(rec *Record) bool { return yield(rec, nil) })
			}
		}
		if err != nil && err != errStop {
			yield(nil, err)
		}
	}
}

var errStop = errors.New("stop")

// open counts and unpacks.
func (s *Reading) open(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(&counting{r: r, told: s.Progress}, chunk)
	head, err := in.Peek(3)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if !bytes.Equal(head, []byte("\x1f\x8b\x08")) { // RFC 1952, section 2.3.1
		return in, nil
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return bufio.NewReaderSize(unpacked{z}, chunk), nil
}

type unpacked struct{ z *gzip.Reader }

func (u unpacked) Read(p []byte) (int, error) {
	n, err := u.z.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("gzip: %w", err)
	}
	return n, err
}

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
func (s *Reading) lines(in *bufio.Reader, yield func(*Record) bool) error {
	var line []byte
	for {
		var err error
		line, err = nextLine(in, line[:0])
		if err != nil && err != errLong {
			if err == io.EOF {
				return nil
			}
			return fmt.Errorf("line %d: %w", s.Lines+1, err)
		}
		s.Lines++
		text := bytes.TrimSpace(line)
		if err == nil && len(text) == 0 {
			continue
		}
		var rec *Record
		format := ""
		if err == nil {
			if text[0] == '{' {
				format = "json"
				rec, err = parseJSON(text)
			} else {
				rec, format, err = parseCommon(text)
			}
		}
		switch {
		case errors.Is(err, errNotHTTP):
			s.Skipped++
			continue
		case err != nil:
			s.broken(fmt.Errorf("line %d: %w", s.Lines, err))
			continue
		}
		if s.Format == "" {
			s.Format = format
		}
		rec.infer()
		if !yield(rec) {
			return errStop
		}
	}
}

func (s *Reading) broken(err error) {
	s.Broken++
	if s.First == nil {
		s.First = err
	}
}

var errLong = fmt.Errorf("%w: longer than %d bytes", ErrLine, capture.MaxLine)

// nextLine appends the next line, without its end. One that is too long is read over and gives errLong; so does nothing after it.
func nextLine(in *bufio.Reader, line []byte) ([]byte, error) {
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if !long {
			line = append(line, part...)
			if len(line) > capture.MaxLine {
				long, line = true, line[:0]
			}
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && (long || len(line) > 0):
			err = nil
		case err != nil:
			return line, err
		}
		if long {
			return line, errLong
		}
		return line, nil
	}
}
