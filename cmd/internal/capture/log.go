package capture

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// LogScanner finds the cookies of a log, or of any other text: every
// NAME=VALUE of a known name, several to a line, wherever in the line they
// stand, without knowing the log's format.
//
// A name counts where it begins a word: neither letter, digit, '_' nor '-'
// stands before it, so xh2o_casper= and __Host-h2o_casper= are other cookies.
// The value ends at the first character outside both base64 alphabets
// (A-Z a-z 0-9 + / - _); a quote before it is passed over. "NAME":"VALUE", as JSON has it, counts too.
//
// What the log has escaped counts as what it stands for: %XX, once and twice, \xHH,
// \uXXXX, \n and the like, HTML's entities, and the codes of colours, which are not there. Where
// neither a value nor an end follows, the match has an error: what is not understood is not
// the empty value.
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

	Named      int64  // names that stand without a value
	FirstNamed int64  // the line of the first of them
	FirstName  string // that name
}

// LogMatch is one cookie of a log.
type LogMatch struct {
	Line  int64  // number of its line, from 1
	Name  string // one of the scanner's Names
	Value []byte // maybe empty; valid, and not to be changed, until the loop goes on
	Err   error  // what stands there instead of a value, such as a redacted one
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
			c := find.in(lines)
			for c.next() {
				s.counts.Matches++
				if !yield(c.match, nil) {
					return
				}
			}
			s.tally(lines.long, in.reached(), c.named)
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
func (s *LogScanner) tally(long bool, at position, named mentions) {
	if long {
		s.counts.Broken++
	}
	if s.counts.Named == 0 {
		s.counts.FirstNamed, s.counts.FirstName = named.first, named.name
	}
	s.counts.Named += named.count
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
// It looks for each name by its rarest letter and what follows, which [bytes.Index] is
// quick at, and reads on from there. BenchmarkLogSearch has the figures.
type finder struct{ names []anchored }

// anchored is a name, and where in it the search begins.
type anchored struct {
	name   string
	anchor int
	tail   []byte // of the name, from anchor
}

// maxNames bounds how many names a scan looks for.
const maxNames = 16

// common are the characters of logs, the most frequent last.
const common = "~^`|*!#$ZQJXqzjYVUKWBHGRNLDPSIFOEATCMxk_vywbgfpuhdmlcisnraote9876534210-.+%&'"

func newFinder(names []string) (*finder, error) {
	if len(names) > maxNames {
		return nil, fmt.Errorf("%d names of cookies are more than the %d that are looked for", len(names), maxNames)
	}
	f := new(finder)
	// Longest first: of two names that begin at one place, the whole one counts.
	for _, name := range slices.SortedFunc(slices.Values(names), func(a, b string) int { return len(b) - len(a) }) {
		if !isToken(name) {
			return nil, fmt.Errorf("%.40q cannot be a cookie's name", name)
		}
		n := anchored{name: name}
		for i := range len(name) {
			if strings.IndexByte(common, name[i]) < strings.IndexByte(common, name[n.anchor]) {
				n.anchor = i
			}
		}
		n.tail = []byte(name[n.anchor:])
		f.names = append(f.names, n)
	}
	return f, nil
}

// cursor walks over the matches of one run.
type cursor struct {
	*finder
	text    []byte
	at      int           // search goes on here
	ahead   [maxNames]int // where each name stands next, at or behind at unless it is below
	counted int           // lines are counted up to here
	line    int64         // of counted
	match   LogMatch
	named   mentions
}

// mentions are names without a value.
type mentions struct {
	count int64
	first int64  // line of the first
	name  string // of the first
}

func (f *finder) in(lines run) cursor {
	c := cursor{finder: f, text: lines.text, line: lines.first}
	for i := range c.ahead {
		c.ahead[i] = -1
	}
	return c
}

// next finds the next match.
func (c *cursor) next() bool {
	for {
		i, found := c.nextName()
		if !found {
			return false
		}
		start := c.ahead[i]
		end := start + len(c.names[i].name)
		c.at = start + 1
		if !beginsWord(c.text[max(0, start-16):start]) || end < len(c.text) && isWord(c.text[end]) {
			continue
		}
		f, ok := readField(c.text[end:])
		c.line += int64(bytes.Count(c.text[c.counted:start], newline))
		c.counted = start
		if !ok {
			if c.named.count++; c.named.count == 1 {
				c.named.first, c.named.name = c.line, c.names[i].name
			}
			continue
		}
		c.at = end + f.end
		c.match = LogMatch{Line: c.line, Name: c.names[i].name, Value: f.value, Err: f.err}
		return true
	}
}

// nextName finds the name that stands next.
func (c *cursor) nextName() (which int, found bool) {
	best := len(c.text)
	for i := range c.names {
		if c.ahead[i] < c.at {
			c.ahead[i] = c.names[i].after(c.text, c.at)
		}
		if c.ahead[i] < best {
			best, which, found = c.ahead[i], i, true
		}
	}
	return which, found
}

// after returns where the name begins, at from or behind it: the length of the text where it
// does not.
func (n *anchored) after(text []byte, from int) int {
	for from += n.anchor; from < len(text); from++ {
		i := bytes.Index(text[from:], n.tail)
		if i < 0 {
			break
		}
		from += i
		if start := from - n.anchor; string(text[start:from]) == n.name[:n.anchor] {
			return start
		}
	}
	return len(text)
}

// isBase64 marks the characters of both alphabets of RFC 4648 (sections 4 and 5).
var isBase64 = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_") {
		set[c] = true
	}
	return set
}()
