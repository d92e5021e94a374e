package traffic

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/cache-aware/casper/cmd/internal/capture"
)

// A Reading takes a capture apart. The zero Reading is ready; it reads one capture at a time.
//
// What the capture is decides its content: it is read as [capture.Text] reads it, an object with a "log" is a HAR
// file, other lines that begin with '{' are a JSON log, and the rest is told by what it has: the
// common or the combined format with anything in front, or that of a service. Formats may change from line to line.
type Reading struct {
	// Progress, unless nil, is called now and then with the octets taken from the reader,
	// before unpacking.
	Progress func(read int64)
	// MaxUnpacked is how many octets a packed capture may hold; 0 stands for [capture.MaxUnpacked].
	MaxUnpacked int64

	// TrustProxy are the networks of proxies whose forwarded lists are believed.
	TrustProxy []netip.Prefix
	// LogFormat, unless nil, is the form of the lines, which then is not guessed.
	LogFormat *Format

	Format  string // of the first record: "har", "json", "combined" and so on; empty before it
	Lines   int64  // lines, or a HAR file's entries
	Records int64  // of them, those that are records
	Broken  int64  // those that should be, and are not understood
	First   error  // what is wrong with the first of those
	Faults  []Fault

	NoAddress      int64 // records without an address of who has asked
	FirstNoAddress int64 // the line of the first
	PassedOn       int64 // records whose line has another address, which a proxy has passed on

	visitors, hosts, pages seen

	columns  *columns // of the lines to come
	passedOn bool     // the record under way is one of PassedOn

	// Skipped are those of the lines or entries that are about something else than HTTP. A URL
	// of a HAR file that is longer than 64 KiB is taken for a data: URL.
	Skipped int64
}

// A Fault is a kind of lines that are not understood.
type Fault struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
	First string `json:"first"` // the first of them, and what is wrong with it
}

// maxKinds bounds the kinds that are told apart.
const maxKinds = 16

// A lineFault is what is wrong with a line, and which kind of fault that is.
type lineFault struct {
	kind string
	err  error
}

func (f *lineFault) Error() string { return fmt.Sprintf("%v: %v", ErrLine, f.err) }

func (f *lineFault) Is(target error) bool { return target == ErrLine }

func (f *lineFault) Unwrap() error { return f.err }

func fault(kind, format string, args ...any) error {
	return &lineFault{kind, fmt.Errorf(format, args...)}
}

// seen tells how many different things there were, up to a bound. It is a table of their hashes,
// half empty: a map would take five times as much.
type seen struct {
	table []uint64
	n     int
}

// MostSeen is how many visitors, hosts and pages are told apart.
const MostSeen = 1 << 17

var seed = maphash.MakeSeed()

func (s *seen) add(what string) {
	if s.n == MostSeen {
		return
	}
	if 2*s.n >= len(s.table) {
		old := s.table
		s.table, s.n = make([]uint64, max(2*len(old), 64)), 0
		for _, h := range old {
			if h != 0 {
				s.put(h)
			}
		}
	}
	s.put(max(maphash.String(seed, what), 1)) // 0 is an empty place
}

func (s *seen) put(h uint64) {
	mask := uint64(len(s.table) - 1)
	for i := h & mask; s.table[i] != h; i = (i + 1) & mask {
		if s.table[i] == 0 {
			s.table[i] = h
			s.n++
			return
		}
	}
}

// Visitors returns how many were told apart: user agents at addresses, at most [MostSeen].
func (s *Reading) Visitors() int { return s.visitors.n }

// Hosts returns how many names were asked, at most [MostSeen].
func (s *Reading) Hosts() int { return s.hosts.n }

// Pages returns how many pages were answered with 200, at most [MostSeen].
func (s *Reading) Pages() int { return s.pages.n }

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
		*s = Reading{Progress: s.Progress, MaxUnpacked: s.MaxUnpacked, TrustProxy: s.TrustProxy, LogFormat: s.LogFormat}
		in := bufio.NewReader(capture.Text(&counting{r: r, told: s.Progress}, s.MaxUnpacked))
		read := s.lines
		switch {
		case looksLikeHAR(in):
			read = s.har
		case looksLikeDocument(in):
			read = s.elements
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
		if !long && s.LogFormat == nil && s.directive(text) {
			continue
		}
		var rec *Record
		format := ""
		if long {
			err = errLong
		} else {
			rec, format, err = s.parseLine(text, 0)
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

// parseLine reads one line, of a file or of a wrapper.
func (s *Reading) parseLine(text []byte, depth int) (*Record, string, error) {
	switch {
	case s.LogFormat != nil && depth == 0:
		rec, err := s.LogFormat.parse(s, text)
		return rec, "own", err
	case text[0] == '{':
		return s.parseJSON(text, depth)
	}
	return s.parseText(text)
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
		s.note(err)
		return true
	}
	rec.infer()
	s.count(rec)
	return yield(rec)
}

// note counts a fault by its kind.
func (s *Reading) note(err error) {
	kind := "another fault"
	var f *lineFault
	if errors.As(err, &f) {
		kind = f.kind
	}
	i := slices.IndexFunc(s.Faults, func(f Fault) bool { return f.Kind == kind })
	if i < 0 {
		if i = len(s.Faults); i == maxKinds {
			return
		}
		s.Faults = append(s.Faults, Fault{Kind: kind, First: err.Error()})
	}
	s.Faults[i].Count++
}

// count takes notice of who has asked for what.
func (s *Reading) count(rec *Record) {
	s.Records++
	r := rec.Request
	if rec.Addr.IsValid() {
		s.visitors.add(rec.Addr.String() + " " + r.Header.Get("User-Agent"))
	} else if s.Format != "har" {
		if s.NoAddress++; s.NoAddress == 1 {
			s.FirstNoAddress = s.Lines
		}
	}
	if s.passedOn {
		s.PassedOn++
	}
	if r.Host != "" {
		s.hosts.add(r.Host)
	}
	if rec.Status == http.StatusOK && strings.HasPrefix(rec.Answer.Get("Content-Type"), "text/html") {
		s.pages.add(r.Host + r.URL.Path)
	}
}

var errLong error = &lineFault{"too long", fmt.Errorf("longer than %d bytes", capture.MaxLine)}
