package capture

import (
	"bytes"
	"io"
	"iter"
	"math"
)

// firstBuffer is what a splitter asks for in one read: enough to make the
// cost of a read and of a handover vanish, little enough to stay in a core's cache.
const firstBuffer = 256 << 10

// maxIdleReads is how often in a row a reader may return nothing at all.
const maxIdleReads = 100

// splitter cuts a stream into runs of whole lines. It holds the start of at
// most one line between two runs, so a stream of any length costs one buffer.
type splitter struct {
	r     io.Reader
	max   int    // longest line, without its newline
	carry []byte // bytes read beyond the last run
	lines int64  // lines handed out or refused so far
	err   error  // what the reader ended with
}

// run is one or more whole lines; only the last line of a stream may lack its newline.
type run struct {
	text  []byte
	first int64 // number of its first line, from 1
	long  bool  // one line, longer than allowed and left out: text is empty
}

// next returns the next run, in buf's storage where that suffices. A line
// longer than max is skipped without being kept, and handed on as a run
// of its own. An error is final: [io.EOF] at the end of the stream, or the
// reader's own; in the latter case the line that it cut off is not handed out,
// since a value on it may be incomplete.
func (s *splitter) next(buf []byte) (run, error) {
	text := append(buf[:0], s.carry...)
	s.carry = s.carry[:0]
	fresh := 0 // text[fresh:] was not yet searched for a newline
	for {
		if cut := lastLine(text[fresh:]); cut > 0 {
			cut += fresh
			s.carry = append(s.carry, text[cut:]...)
			return s.hand(text[:cut]), nil
		}
		fresh = len(text)
		if len(text) > s.max {
			return s.refuse(text), nil
		}
		if s.err == io.EOF && len(text) > 0 {
			return s.hand(text), nil
		}
		if s.err != nil {
			return run{text: text[:0]}, s.err
		}
		text = s.read(text)
	}
}

// hand numbers a run.
func (s *splitter) hand(text []byte) run {
	r := run{text: text, first: s.lines + 1}
	s.lines += int64(bytes.Count(text, newline))
	if text[len(text)-1] != '\n' {
		s.lines++
	}
	return r
}

// refuse skips to the end of a line of which more than max bytes were read.
func (s *splitter) refuse(scratch []byte) run {
	for s.err == nil {
		scratch = s.read(scratch[:0])
		if i := bytes.IndexByte(scratch, '\n'); i >= 0 {
			s.carry = append(s.carry, scratch[i+1:]...)
			break
		}
	}
	s.lines++
	return run{text: scratch[:0], first: s.lines, long: true}
}

// read appends what one read of the stream yields, at least one byte unless
// the stream has ended. A buffer that is full doubles, up to the longest line
// and its newline.
func (s *splitter) read(text []byte) []byte {
	if len(text) == cap(text) {
		size := min(max(2*cap(text), firstBuffer), s.max+1)
		text = append(make([]byte, 0, size), text...)
	}
	room := text[len(text):min(cap(text), s.max+1)]
	for range maxIdleReads {
		n, err := s.r.Read(room)
		s.err = err
		if n > 0 || err != nil {
			return text[:len(text)+n]
		}
	}
	s.err = io.ErrNoProgress
	return text
}

var newline = []byte{'\n'}

// lastLine returns the length of text up to and with its last newline, 0 when
// there is none. The search from the left is vectorised, the one from the
// right is not: it only runs when it will end soon.
func lastLine(text []byte) int {
	if bytes.IndexByte(text, '\n') < 0 {
		return 0
	}
	return bytes.LastIndexByte(text, '\n') + 1
}

// line is one line without its newline, valid until the next.
type line struct {
	number int64
	text   []byte
}

// eachLine yields the lines of r. Over-long ones yield an [*Error] and the
// rest is still read; an error of r itself comes last.
func eachLine(r io.Reader, limit int) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		in := splitter{r: r, max: min(max(limit, 0), math.MaxInt-1)} // a newline follows
		var buf []byte
		for {
			lines, err := in.next(buf)
			buf = lines.text
			if err != nil {
				if err != io.EOF {
					yield(line{}, &Error{Line: in.lines + 1, Err: err})
				}
				return
			}
			if lines.long {
				if !yield(line{}, &Error{Line: lines.first, Err: ErrLong}) {
					return
				}
				continue
			}
			number := lines.first
			for text := lines.text; len(text) > 0; number++ {
				one, rest, _ := bytes.Cut(text, newline)
				if !yield(line{number, one}, nil) {
					return
				}
				text = rest
			}
		}
	}
}
