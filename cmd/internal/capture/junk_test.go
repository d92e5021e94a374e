package capture

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// junk repeats a pattern for ever; a nil pattern is random bytes.
type junk struct {
	pattern []byte
	at      int
	rng     *rand.ChaCha8
}

func (j *junk) Read(p []byte) (int, error) {
	if j.pattern == nil {
		if j.rng == nil {
			j.rng = rand.NewChaCha8([32]byte{7})
		}
		return j.rng.Read(p)
	}
	if len(j.pattern) < 1<<10 { // a long pattern copies faster
		j.pattern = bytes.Repeat(j.pattern, 1<<12)
	}
	n := 0
	for n < len(p) {
		c := copy(p[n:], j.pattern[j.at:])
		n += c
		j.at = (j.at + c) % len(j.pattern)
	}
	return n, nil
}

// weighing looks at the live heap each time that another MiB has been read.
type weighing struct {
	r             io.Reader
	read, weighed int
	base, heap    uint64
}

func (w *weighing) Read(p []byte) (int, error) {
	if w.read == 0 || w.read-w.weighed >= 1<<20 {
		w.weighed = w.read
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		if w.read == 0 {
			w.base = m.HeapAlloc
		}
		w.heap = max(w.heap, m.HeapAlloc)
	}
	n, err := w.r.Read(p)
	w.read += n
	return n, err
}

// TestJunk gives every reader 10 MiB of every kind of junk. It must come to
// its end, having held no more than its buffers at any time.
func TestJunk(t *testing.T) {
	const size, bound = 10 << 20, 6 << 20
	kinds := map[string]string{
		"zeros":               "\x00",
		"random":              "",
		"equals signs":        "=",
		"semicolons":          ";",
		"opening brackets":    "[",
		"a string of escapes": `{"\n\n`,
		"escaped quotes":      `{"\"\"`,
		"spaces":              " ",
		"short lines":         "a\tb=\n",
		"one digit":           "1",
		"HAR, many cookies":   `{"name":"Cookie","value":"a=b; c=d"},`,
		"HAR, many entries":   `{"request":{"url":"https://h/"}},`,
		"names":               "h2o_casper=",
	}
	heads := map[string]string{
		"a string of escapes": `{"log":"`,
		"escaped quotes":      `{"log":"`,
		"spaces":              `{`,
		"one digit":           `{"log":{"version":`,
		"HAR, many cookies":   `{"log":{"entries":[{"request":{"headers":[`,
		"HAR, many entries":   `{"log":{"entries":[`,
	}
	s := LogScanner{Names: logNames, Workers: 2}
	readers := map[string]func(io.Reader){
		"Lines":      func(r io.Reader) { drain(Lines(r, MaxLine)) },
		"HAR":        func(r io.Reader) { drain(HAR(r)) },
		"Jar":        func(r io.Reader) { drain(Jar(r)) },
		"Log":        func(r io.Reader) { drain(s.All(r)) },
		"ReadAssets": func(r io.Reader) { drain(ReadAssets(r)) },
		"AppendEach": func(r io.Reader) {
			drain(s.AppendEach(r, func(dst []byte, m LogMatch) []byte { return append(dst, m.Value...) }))
		},
	}
	for kind, pattern := range kinds {
		for name, read := range readers {
			switch {
			case kind == "short lines" && (name == "Lines" || name == "Jar"):
				continue // millions of results, each small; TestJunkLines has them
			case heads[kind] != "" && name != "HAR" && name != "ReadAssets":
				continue // to all others it is one more kind of text
			}
			bytesOf := &junk{pattern: []byte(pattern)}
			if pattern == "" {
				bytesOf.pattern = nil
			}
			w := &weighing{r: io.MultiReader(strings.NewReader(heads[kind]), io.LimitReader(bytesOf, size))}
			read(w)
			if w.heap > w.base+bound {
				t.Errorf("%s of %s: heap grew by %d KiB", name, kind, (w.heap-w.base)>>10)
			}
		}
	}
}

func drain[V any](seq func(yield func(V, error) bool)) (n int) {
	for range seq {
		n++
	}
	return n
}

// TestJunkLines has a MiB of lines of which each is an error, or a cookie.
func TestJunkLines(t *testing.T) {
	const lines = 1 << 18
	in := bytes.Repeat([]byte("a\t\r\n"), lines)
	if n := drain(Jar(bytes.NewReader(in))); n != lines {
		t.Errorf("Jar: %d results, want %d", n, lines)
	}
	if n := drain(Lines(bytes.NewReader(in), MaxLine)); n != lines {
		t.Errorf("Lines: %d results, want %d", n, lines)
	}
}

// TestJunkLine reads one line of 10 MiB; its pieces must not be kept.
func TestJunkLine(t *testing.T) {
	const size = 10 << 20
	for _, text := range []string{"=", ";", "a=;", "a", ":", "a=b;", " "} {
		for _, head := range []string{"", "Cookie: "} {
			line := head + strings.Repeat(text, size/len(text))
			if bytes := allocated(func() { drain(Line(line, "h2o_casper")) }); bytes > 4<<10 {
				t.Errorf("%d bytes allocated for %.20q...", bytes, line)
			}
		}
	}
}

// TestJunkGzip unpacks a bomb of 20 MiB without holding it.
func TestJunkGzip(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	io.Copy(z, io.LimitReader(&junk{pattern: []byte{'x'}}, 20<<20))
	z.Close()
	s := LogScanner{Names: logNames, Workers: 2}
	for name, read := range map[string]func(){
		"All":        func() { drain(s.All(bytes.NewReader(bomb.Bytes()))) },
		"AppendEach": func() { showEach(&s, bytes.NewReader(bomb.Bytes())) },
	} {
		if got := allocated(read); got > 12<<20 {
			t.Errorf("%s: %d KiB allocated", name, got>>10)
		}
		if s.Counts().Broken != 1 {
			t.Errorf("%s: counts %+v", name, s.Counts())
		}
	}
}
