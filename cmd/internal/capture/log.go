package capture

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"
)

// LogScanner finds the cookies of a log, or of any other text: every
// NAME=VALUE of a known name, several to a line, wherever in the line they
// stand, without knowing the log's format.
//
// A name counts where it begins a word: neither letter, digit, '_' nor '-'
// stands before it, so xh2o_casper= and __Host-h2o_casper= are other cookies.
// The value ends at the first character outside both base64 alphabets
// (A-Z a-z 0-9 + / - _); a double quote before it, as structured logs write
// one, plain or escaped, is passed over.
//
// Input is read as [Text] reads it: unpacked, in UTF-8, and refused where it is no
// text. A line longer than [MaxLine] is counted as broken and skipped without being kept. Memory is constant: one read buffer, or one
// per chunk under way in [LogScanner.AppendEach].
//
// Set the fields before the first use. A LogScanner scans one log at a time.
type LogScanner struct {
	// Names are the cookie names to look for, each a token of RFC 9110.
	Names []string
	// Workers is how many goroutines AppendEach searches and appends with; 0
	// stands for one per processor that Go may use.
	Workers int
	// MaxUnpacked is how many bytes a packed log may hold; 0 stands for the package's [MaxUnpacked].
	MaxUnpacked int64
	// Progress, unless nil, is called after each chunk, on the goroutine that
	// runs the loop, with the bytes taken from the reader so far: for a
	// compressed log these are compressed bytes.
	Progress func(read int64)

	counts LogCounts
}

// LogCounts is what a scan has seen.
type LogCounts struct {
	Lines   int64 // all lines, broken ones included
	Matches int64
	Broken  int64 // lines longer than MaxLine, which were not searched
	Read    int64 // bytes taken from the reader, before unpacking
}

// LogMatch is one cookie of a log.
type LogMatch struct {
	Line  int64  // number of its line, from 1
	Name  string // one of the scanner's Names
	Value []byte // maybe empty; valid, and not to be changed, until the loop goes on
}

// Counts returns what the current scan, or the last, has seen; it
// belongs to the goroutine that runs the loop.
func (s *LogScanner) Counts() LogCounts { return s.counts }

// All yields the matches of r in order, without allocating for lines or matches.
//
// An error comes last and is an [*Error] with the line that could not be read
// any more: the reader's own, or one of [Text], such as that of a gzip stream which is
// cut short ([io.ErrUnexpectedEOF]) or damaged. All whole lines before it have been
// searched by then. A name that is no token is an error before anything is read.
func (s *LogScanner) All(r io.Reader) iter.Seq2[LogMatch, error] {
	return func(yield func(LogMatch, error) bool) {
		find, in, err := s.begin(r)
		if err != nil {
			yield(LogMatch{}, err)
			return
		}
		var buf []byte
		for {
			lines, err := in.next(buf)
			buf = lines.text
			for c := find.in(lines); c.next(); {
				s.counts.Matches++
				if !yield(c.match, nil) {
					return
				}
			}
			s.tally(lines.long, in.reached())
			if err != nil {
				if err != io.EOF {
					yield(LogMatch{}, err)
				}
				return
			}
		}
	}
}

// begin prepares a scan.
func (s *LogScanner) begin(r io.Reader) (*finder, *logSource, error) {
	s.counts = LogCounts{}
	find, err := newFinder(s.Names)
	if err != nil {
		return nil, nil, err
	}
	return find, newLogSource(r, s.MaxUnpacked), nil
}

// tally adds one run to the counts.
func (s *LogScanner) tally(long bool, at position) {
	if long {
		s.counts.Broken++
	}
	s.counts.Lines, s.counts.Read = at.lines, at.read
	if s.Progress != nil {
		s.Progress(at.read)
	}
}

// logSource is a log as runs of lines: counted, unpacked, split.
type logSource struct {
	splitter
	raw countingReader
}

// position is how far a source has come.
type position struct{ lines, read int64 }

func newLogSource(r io.Reader, most int64) *logSource {
	s := &logSource{raw: countingReader{r: r}}
	s.splitter = splitter{r: Text(&s.raw, most), max: MaxLine}
	return s
}

func (s *logSource) reached() position { return position{s.lines, s.raw.n} }

// next is the splitter's, with the place added to an error.
func (s *logSource) next(buf []byte) (run, error) {
	lines, err := s.splitter.next(buf)
	if err != nil && err != io.EOF {
		err = &Error{Line: s.lines + 1, Err: err}
	}
	return lines, err
}

// countingReader counts the bytes that pass.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// finder holds the names of a scan.
//
// It looks for '=' and then backwards, instead of for each name forwards: one
// pass serves any number of names, and '=' is rarer in logs than the first
// letter of a name. BenchmarkLogSearch has the figures.
type finder struct {
	names []string
	ends  [256]bool // the last bytes of names
}

func newFinder(names []string) (*finder, error) {
	// Longest first: of two names that end alike at a '.', the whole one counts.
	f := &finder{names: slices.SortedFunc(slices.Values(names), func(a, b string) int { return len(b) - len(a) })}
	for _, name := range names {
		if !isToken(name) {
			return nil, fmt.Errorf("%.40q cannot be a cookie's name", name)
		}
		f.ends[name[len(name)-1]] = true
	}
	return f, nil
}

// cursor walks over the matches of one run.
type cursor struct {
	*finder
	text    []byte
	at      int // search goes on here
	counted int // lines are counted up to here
	match   LogMatch
}

func (f *finder) in(lines run) cursor {
	return cursor{finder: f, text: lines.text, match: LogMatch{Line: lines.first}}
}

// next finds the next match.
func (c *cursor) next() bool {
	for {
		i := bytes.IndexByte(c.text[c.at:], '=')
		if i < 0 {
			return false
		}
		name, found := c.nameBefore(c.at, c.at+i)
		c.at += i + 1
		if !found {
			continue
		}
		start := skipQuote(c.text, c.at)
		end := start
		for end < len(c.text) && isBase64[c.text[end]] {
			end++
		}
		c.match.Line += int64(bytes.Count(c.text[c.counted:end], newline))
		c.match.Name, c.match.Value = name, c.text[start:end:end]
		c.at, c.counted = end, end
		return true
	}
}

// nameBefore returns the known name that ends at end, begins at start or later,
// and begins a word.
func (c *cursor) nameBefore(start, end int) (string, bool) {
	if end == start || !c.ends[c.text[end-1]] {
		return "", false
	}
	for _, name := range c.names {
		first := end - len(name)
		if first >= start && string(c.text[first:end]) == name && (first == 0 || !isWord(c.text[first-1])) {
			return name, true
		}
	}
	return "", false
}

// skipQuote returns where a value begins that may stand in quotes.
func skipQuote(text []byte, at int) int {
	switch rest := text[at:]; {
	case len(rest) > 0 && rest[0] == '"':
		return at + 1
	case len(rest) > 1 && rest[0] == '\\' && rest[1] == '"':
		return at + 2
	}
	return at
}

// isBase64 marks the characters of both alphabets of RFC 4648 (sections 4 and 5).
var isBase64 = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_") {
		set[c] = true
	}
	return set
}()
