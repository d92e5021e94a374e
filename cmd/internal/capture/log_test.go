package capture

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

var logNames = []string{"h2o_casper", "x-go-casper"}

// show writes one match.
func (m LogMatch) show(dst []byte) []byte {
	if m.Err != nil {
		return fmt.Appendf(dst, "%d %s!\n", m.Line, m.Name)
	}
	return fmt.Appendf(dst, "%d %s=%s\n", m.Line, m.Name, m.Value)
}

func showAll(seq iter.Seq2[LogMatch, error]) string {
	var out []byte
	for m, err := range seq {
		if err != nil {
			return string(fmt.Appendf(out, "! %v\n", err))
		}
		out = m.show(out)
	}
	return string(out)
}

func showEach(s *LogScanner, r io.Reader) string {
	var out []byte
	for piece, err := range s.AppendEach(r, func(dst []byte, m LogMatch) []byte { return m.show(dst) }) {
		if err != nil {
			return string(fmt.Appendf(out, "! %v\n", err))
		}
		out = append(out, piece...)
	}
	return string(out)
}

var logTests = []struct{ name, in, want string }{
	{"nothing", "", ""},
	{"no cookie", "GET / HTTP/1.1\n\n", ""},
	{"alone", "h2o_casper=qF0", "1 h2o_casper=qF0\n"},
	{"combined log with cookies", `192.0.2.1 - - [23/Nov/2026:02:08:33 +0000] "GET / HTTP/2.0" 200 9 "-" "curl/8" "a=b; h2o_casper=qF0; c=d"` + "\n", "1 h2o_casper=qF0\n"},
	{"JSON log", `{"status":200,"cookie":"h2o_casper=qF0"}` + "\n", "1 h2o_casper=qF0\n"},
	{"JSON log, quotes inside", `{"line":"h2o_casper=\"qF0\""}`, "1 h2o_casper=qF0\n"},
	{"logfmt", `level=info h2o_casper="qF0" status=200`, "1 h2o_casper=qF0\n"},
	{"nghttp's own log", "[  0.004] recv (stream_id=13) set-cookie: h2o_casper=gA; Path=/; Secure\r\n", "1 h2o_casper=gA\n"},
	{"several in a line, several lines", "x-go-casper=A h2o_casper=B\n\nh2o_casper=C;x-go-casper=D\n", "1 x-go-casper=A\n1 h2o_casper=B\n3 h2o_casper=C\n3 x-go-casper=D\n"},
	{"empty value", "h2o_casper=; Path=/\nh2o_casper=", "1 h2o_casper=\n2 h2o_casper=\n"},
	{"an end of line ends the value", "h2o_casper=qF\n0", "1 h2o_casper=qF\n"},
	{"both alphabets", "h2o_casper=Az09+/-_=", "1 h2o_casper=Az09+/-_\n"},
	{"percent ends the value", "h2o_casper=qF0%3D", "1 h2o_casper=qF0\n"},
	{"another cookie's name: letter, digit, '_', '-'", "xh2o_casper=a 1h2o_casper=b _h2o_casper=c __Host-h2o_casper=d", ""},
	{"another case", "H2O_CASPER=qF0", ""},
	{"name begins a word", "?h2o_casper=a&h2o_casper=b|h2o_casper=c,h2o_casper=d\th2o_casper=e=h2o_casper=f\xffh2o_casper=g", "1 h2o_casper=a\n1 h2o_casper=b\n1 h2o_casper=c\n1 h2o_casper=d\n1 h2o_casper=e\n1 h2o_casper=f\n1 h2o_casper=g\n"},
	{"neither a value nor an end", "h2o_casper=[x] h2o_casper=!\nh2o_casper=\"***\" h2o_casper=;", "1 h2o_casper!\n1 h2o_casper!\n2 h2o_casper!\n2 h2o_casper=\n"},
	{"a character beyond ASCII is no end", "h2o_casper=é", "1 h2o_casper!\n"},
	{"a name as a value", "h2o_casper=h2o_casper=qF0", "1 h2o_casper=h2o_casper\n"},
	{"a space before '='", "h2o_casper =qF0", ""},
	{"only '='", "=====\n===", ""},
	{"octets that are no UTF-8", "\x01h2o_casper=qF0\xff\n\x02=\x03\nh2o_casper=qF0\xff", "1 h2o_casper=qF0\n3 h2o_casper=qF0\n"},
}

func TestLog(t *testing.T) {
	for _, tt := range logTests {
		t.Run(tt.name, func(t *testing.T) {
			for _, reading := range readings {
				for _, in := range []string{tt.in, packed(tt.in)} {
					s := LogScanner{Names: logNames, Workers: 3}
					if got := showAll(s.All(reading.of(strings.NewReader(in)))); got != tt.want {
						t.Errorf("All, %s:\n%swant:\n%s", reading.name, got, tt.want)
					}
					counts := s.Counts()
					want := LogCounts{
						Lines:   int64(strings.Count(tt.in+"\n", "\n")),
						Matches: int64(strings.Count(tt.want, "\n")),
						Read:    int64(len(in)),
					}
					if tt.in == "" || strings.HasSuffix(tt.in, "\n") {
						want.Lines--
					}
					if strings.Contains(tt.in, "h2o_casper =") { // named, without a value
						want.Named, want.FirstNamed, want.FirstName = 1, 1, "h2o_casper"
					}
					if counts != want {
						t.Errorf("All, %s: counts %+v, want %+v", reading.name, counts, want)
					}
					if got := showEach(&s, reading.of(strings.NewReader(in))); got != tt.want {
						t.Errorf("AppendEach, %s:\n%swant:\n%s", reading.name, got, tt.want)
					}
					if s.Counts() != counts {
						t.Errorf("AppendEach, %s: counts %+v, want %+v", reading.name, s.Counts(), counts)
					}
				}
			}
		})
	}
}

func packed(s string) string {
	var b bytes.Buffer
	z := packers.Get().(*gzip.Writer)
	z.Reset(&b)
	io.WriteString(z, s)
	z.Close()
	packers.Put(z)
	return b.String()
}

// packers are reused: one is 800 KB, which would be most of the work of FuzzLog.
var packers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// TestLogNames makes sure that a name that ends like another is told from it,
// and that what cannot be a name is refused and not searched for.
func TestLogNames(t *testing.T) {
	const in = "b=1 a.b=2 .b=3 a.b=a.b=4" // the last: a name may not begin inside a value
	s := LogScanner{Names: []string{"b", "a.b"}}
	if got, want := showAll(s.All(strings.NewReader(in))), "1 b=1\n1 a.b=2\n1 b=3\n1 a.b=a\n1 b=4\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"", "a=b", "a b", "a\n", "ä"} {
		s.Names = []string{"b", name}
		if got := showAll(s.All(strings.NewReader(in))); !strings.HasPrefix(got, "! ") {
			t.Errorf("name %q: got %q, want an error", name, got)
		}
		if got := showEach(&s, strings.NewReader(in)); !strings.HasPrefix(got, "! ") {
			t.Errorf("AppendEach, name %q: got %q, want an error", name, got)
		}
	}
}

// TestLogLongLines has lines of the greatest length, and one byte more, between
// short ones.
func TestLogLongLines(t *testing.T) {
	longest := "h2o_casper=long" + strings.Repeat(" ", MaxLine-30) + "h2o_casper=tail"
	if len(longest) != MaxLine {
		t.Fatal("the test is wrong")
	}
	in := "h2o_casper=a\n" + longest + "\nh2o_casper=b\n" + longest + "!\nh2o_casper=c\n\n" + strings.Repeat("h2o_casper=x ", 1<<18) + "\n" + longest + "\nh2o_casper=d\n" + longest + "!"
	const want = "1 h2o_casper=a\n2 h2o_casper=long\n2 h2o_casper=tail\n3 h2o_casper=b\n5 h2o_casper=c\n8 h2o_casper=long\n8 h2o_casper=tail\n9 h2o_casper=d\n"
	counts := LogCounts{Lines: 10, Matches: 8, Broken: 3, Read: int64(len(in))}
	for _, reading := range []int{0, 2, 3} { // the others take a long time over so many bytes
		reading := readings[reading]
		s := LogScanner{Names: logNames, Workers: 3}
		if got := showAll(s.All(reading.of(strings.NewReader(in)))); got != want || s.Counts() != counts {
			t.Errorf("All:\n%s%+v\nwant:\n%s%+v", got, s.Counts(), want, counts)
		}
		if got := showEach(&s, reading.of(strings.NewReader(in))); got != want || s.Counts() != counts {
			t.Errorf("AppendEach:\n%s%+v\nwant:\n%s%+v", got, s.Counts(), want, counts)
		}
	}
}

// TestLogTruncatedGzip cuts a compressed log at every byte. Whatever is
// delivered is a beginning of the whole; the end is an error.
func TestLogTruncatedGzip(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var text, want strings.Builder
	for i := range 60 {
		value := fmt.Sprintf("%x", rng.Uint64())
		fmt.Fprintf(&text, "GET /%d h2o_casper=%s\n", rng.Uint32(), value)
		fmt.Fprintf(&want, "%d h2o_casper=%s\n", i+1, value)
	}
	whole := packed(text.String())
	s := LogScanner{Names: logNames, Workers: 2}
	if got := showAll(s.All(strings.NewReader(whole))); got != want.String() {
		t.Fatalf("whole:\n%s", got)
	}
	delivered := 0
	for cut := 3; cut < len(whole); cut++ {
		var got []byte
		var end error
		for m, err := range s.All(strings.NewReader(whole[:cut])) {
			if end = err; err == nil {
				got = m.show(got)
			}
		}
		if !errors.Is(end, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: error %v", cut, end)
		}
		if !strings.HasPrefix(want.String(), string(got)) || len(got) < delivered {
			t.Fatalf("cut at %d delivers what is not there, or less than before", cut)
		}
		delivered = len(got)
		place := &Error{}
		if !errors.As(end, &place) || place.Line != s.Counts().Lines+1 || s.Counts().Read != int64(cut) {
			t.Fatalf("cut at %d: error %v, counts %+v", cut, end, s.Counts())
		}
		if cut%37 == 0 {
			if got2 := showEach(&s, strings.NewReader(whole[:cut])); got2 != string(got)+"! "+end.Error()+"\n" {
				t.Fatalf("cut at %d: AppendEach differs:\n%s", cut, got2)
			}
		}
	}
	if delivered != want.Len() {
		t.Errorf("without the last byte of the trailer %d bytes of results are delivered, want all %d", delivered, want.Len())
	}
}

func TestLogGzip(t *testing.T) {
	const line = "h2o_casper=qF0\n"
	damaged := []byte(packed(line))
	damaged[len(damaged)-5] ^= 1
	for _, tt := range []struct{ name, in, want string }{
		{"two members, as log rotation appends them", packed(line) + packed(line), "1 h2o_casper=qF0\n2 h2o_casper=qF0\n"},
		{"wrong checksum", string(damaged), "1 h2o_casper=qF0\n! line 2: gzip stream broken here: gzip: invalid checksum\n"},
		{"junk behind it", packed(line) + "junk and more junk", "1 h2o_casper=qF0\n! line 2: gzip stream broken here: gzip: invalid header\n"},
		{"only the magic number", "\x1f\x8b\x08", "! line 1: gzip stream broken here: unexpected EOF\n"},
		{"half the magic number", "\x1f\x8b", ""},
		{"packed twice", packed(packed(line)), "1 h2o_casper=qF0\n"},
	} {
		s := LogScanner{Names: logNames}
		if got := showAll(s.All(strings.NewReader(tt.in))); got != tt.want {
			t.Errorf("%s:\n%swant:\n%s", tt.name, got, tt.want)
		}
	}
}

// TestLogReaderFails keeps what was read, but nothing of the line cut off.
func TestLogReaderFails(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, text := range []string{"h2o_casper=a\nh2o_casper=hal", "h2o_casper=a\n"} {
		in := func() io.Reader { return io.MultiReader(strings.NewReader(text), failing{broken}) }
		const want = "1 h2o_casper=a\n! line 2: disk on fire\n"
		s := LogScanner{Names: logNames}
		if got := showAll(s.All(in())); got != want {
			t.Errorf("All:\n%swant:\n%s", got, want)
		}
		if got := showEach(&s, in()); got != want {
			t.Errorf("AppendEach:\n%swant:\n%s", got, want)
		}
	}
	s := LogScanner{Names: logNames}
	if got, want := showAll(s.All(failing{broken})), "! line 1: disk on fire\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// accessLog is a log of about size bytes, with cookies in every line and ours in every fifth.
func accessLog(size int) []byte {
	rng := rand.New(rand.NewPCG(5, 6))
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `192.0.2.%d - - [23/Nov/2026:02:08:%02d +0000] "GET /css/%d.css?v=%d HTTP/2.0" 200 %d "https://example.com/" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36" "_ga=GA1.2.%d; session=%x`,
			i%250, i%60, i%40, rng.IntN(1000), rng.IntN(100000), rng.Int32(), rng.Uint64())
		if i%5 == 0 {
			fmt.Fprintf(&b, "; h2o_casper=AAAAAAAAAAAAAAAAAAAAqA%X", rng.Uint64())
		}
		b.WriteString("\"\n")
	}
	return b.Bytes()
}

// TestLogParallel compares the orders, over many chunks and numbers of workers.
func TestLogParallel(t *testing.T) {
	in := accessLog(8 << 20)
	s := LogScanner{Names: logNames}
	want := showAll(s.All(bytes.NewReader(in)))
	counts := s.Counts()
	if counts.Matches < 1000 {
		t.Fatalf("counts %+v: no test", counts)
	}
	for _, workers := range []int{0, 1, 2, 7} {
		s.Workers = workers
		if got := showEach(&s, bytes.NewReader(in)); got != want {
			t.Errorf("%d workers: another result", workers)
		}
		if s.Counts() != counts {
			t.Errorf("%d workers: counts %+v, want %+v", workers, s.Counts(), counts)
		}
	}
}

func TestLogProgress(t *testing.T) {
	in := accessLog(3 << 20)
	var last, calls int64
	s := LogScanner{Names: logNames, Workers: 2, Progress: func(read int64) {
		if read < last {
			t.Errorf("from %d back to %d bytes", last, read)
		}
		last = read
		calls++
	}}
	scans := map[string]func(){
		"All":        func() { showAll(s.All(bytes.NewReader(in))) },
		"AppendEach": func() { showEach(&s, bytes.NewReader(in)) },
	}
	for name, scan := range scans {
		last, calls = 0, 0
		scan()
		if last != int64(len(in)) || calls < 10 {
			t.Errorf("%s: %d calls, the last with %d bytes; want at least 10, and %d", name, calls, last, len(in))
		}
	}
}

// TestLogBreak leaves the loop early: no goroutine may stay, which synctest
// makes sure of, and no more than what fits the chunks may have been read.
func TestLogBreak(t *testing.T) {
	in := accessLog(16 << 20)
	synctest.Test(t, func(t *testing.T) {
		s := LogScanner{Names: logNames, Workers: 3}
		for range 20 {
			r := bytes.NewReader(in)
			for _, err := range s.AppendEach(r, func(dst []byte, m LogMatch) []byte { return append(dst, m.Value...) }) {
				if err != nil {
					t.Error(err)
				}
				break
			}
			if read := len(in) - r.Len(); read > 10*firstBuffer {
				t.Errorf("%d bytes read ahead", read)
			}
			for range s.All(r) {
				break
			}
		}
	})
}

// TestLogBreakWaitsForRead leaves the loop while the reader is read, and may
// then do with the reader what it likes.
func TestLogBreakWaitsForRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reading := false
		r := readerFunc(func(p []byte) (int, error) {
			reading = true
			time.Sleep(time.Second) // of the bubble's clock
			reading = false
			return copy(p, "h2o_casper=qF0\n"), nil
		})
		s := LogScanner{Names: logNames, Workers: 1}
		for range s.AppendEach(r, func(dst []byte, m LogMatch) []byte { return append(dst, m.Value...) }) {
			synctest.Wait() // until the next Read sleeps
			break
		}
		if reading {
			t.Error("the loop is over, and the reader still read")
		}
	})
}

// TestLogAllocs makes sure that ten thousand more lines cost no more
// allocations: whatever a scan needs it needs once.
func TestLogAllocs(t *testing.T) {
	allocs := func(lines int) float64 {
		in := bytes.Repeat([]byte("GET /?a=b h2o_casper=qF0 x-go-casper=abc\n"), lines)
		r := bytes.NewReader(nil)
		s := LogScanner{Names: logNames}
		total := 0
		n := testing.AllocsPerRun(10, func() {
			r.Reset(in)
			for m := range s.All(r) {
				total += cap(m.Value) // which is len: an append by the caller must not write into the log
			}
		})
		if total != lines*6*11 {
			t.Fatalf("%d bytes of values, want %d", total, lines*6*11)
		}
		return n
	}
	few, many := allocs(10), allocs(10_010)
	if many > few+2 { // the two: what the splitter carries from one run to the next
		t.Errorf("%v allocations for 10 lines, %v for 10,010", few, many)
	}
}

// slowLog finds matches line by line with a regular expression, in a text without escapes
// and quotes.
func slowLog(text string, names []string) string {
	find := regexp.MustCompile(`(^|[^A-Za-z0-9_-])(` + strings.Join(names, "|") + `)=([A-Za-z0-9+/_-]*)`)
	var out []byte
	for i, l := range strings.Split(text, "\n") {
		for at := 0; ; {
			m := find.FindStringSubmatchIndex(l[at:])
			if m == nil {
				break
			}
			match := LogMatch{Line: int64(i + 1), Name: l[at+m[4] : at+m[5]], Value: []byte(l[at+m[6] : at+m[7]])}
			at += m[7]
			if len(match.Value) == 0 && at < len(l) && !strings.ContainsRune(" \t\r;,|)}]<>`", rune(l[at])) || isRedacted(match.Value) {
				match.Err = io.ErrNoProgress
			}
			out = match.show(out)
			if len(match.Value) > 0 && at < len(l) { // a value that was read is no boundary
				if len(find.FindString(l[at-1:])) > 0 && find.FindStringIndex(l[at-1:])[0] == 0 {
					continue
				}
			}
		}
	}
	return string(out)
}

func FuzzLog(f *testing.F) {
	for _, tt := range logTests {
		f.Add([]byte(tt.in))
	}
	f.Add([]byte(packed("h2o_casper=qF0\n")))                          // unpacked by its content
	f.Add([]byte(packed("h2o_casper=qF0\nx-go-casper=A\n")[:20]))      // cut short
	f.Add([]byte(`h2o_casper="x-go-casper=A`))                         // a quote, then a name as its value
	f.Add([]byte("h2o_casper=\\\"qF0\\\" x-go-casper=\\"))             // an escape that ends with the line
	f.Add([]byte("h2o_casper=\nh2o_casper"))                           // a name without '=' at the end
	f.Add(bytes.Repeat([]byte{0}, 100))                                // noise without lines
	f.Add([]byte(strings.Repeat("h2o_casper=", 50)))                   // names end to end
	f.Add([]byte(strings.Repeat("\r\n", 50) + "x-go-casper=A\r"))      // lines as Windows ends them
	f.Add([]byte("a-x-go-casper=A\n-x-go-casper=B\n.x-go-casper=C\n")) // what may stand before a name
	f.Fuzz(func(t *testing.T, in []byte) {
		s := LogScanner{Names: logNames, Workers: 2}
		want := showAll(s.All(bytes.NewReader(in)))
		// Regular expressions know nothing of packings.
		if name, _ := Magic(in); name == "" && !isTar(in) && !bytes.HasPrefix(in, []byte("\xff\xfe")) && !bytes.HasPrefix(in, []byte("\xfe\xff")) && bytes.IndexByte(in, 0) < 0 && !bytes.ContainsAny(in, "%\\&\"'\x1b") {
			if slow := slowLog(string(in), logNames); slow != want {
				t.Fatalf("%q:\n%sthe regular expression:\n%s", in, want, slow)
			}
			if got := showAll(s.All(strings.NewReader(packed(string(in))))); got != want {
				t.Fatalf("%q: packed:\n%swant:\n%s", in, got, want)
			}
		}
		counts := s.Counts()
		if got := showAll(s.All(iotest.HalfReader(bytes.NewReader(in)))); got != want {
			t.Fatalf("%q: in halves:\n%swant:\n%s", in, got, want)
		}
		if got := showEach(&s, iotest.OneByteReader(bytes.NewReader(in))); got != want {
			t.Fatalf("%q: AppendEach:\n%swant:\n%s", in, got, want)
		}
		if got := s.Counts(); got.Lines != counts.Lines || got.Matches != counts.Matches || got.Broken != 0 {
			t.Fatalf("%q: counts %+v and %+v", in, got, counts)
		}
	})
}
