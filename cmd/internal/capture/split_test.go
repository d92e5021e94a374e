package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// The ways in which a reader may hand out the same bytes.
var readings = []struct {
	name string
	of   func(io.Reader) io.Reader
}{
	{"whole", func(r io.Reader) io.Reader { return r }},
	{"one byte", iotest.OneByteReader},
	{"half", iotest.HalfReader},
	{"data with EOF", iotest.DataErrReader},
	{"ragged", func(r io.Reader) io.Reader { return &ragged{r, rand.New(rand.NewPCG(1, 2))} }},
}

// ragged reads pieces of random size.
type ragged struct {
	r   io.Reader
	rng *rand.Rand
}

func (g *ragged) Read(p []byte) (int, error) {
	return g.r.Read(p[:g.rng.IntN(min(len(p), 40)+1)])
}

func showLines(r io.Reader, limit int) string {
	var b strings.Builder
	for l, err := range eachLine(r, limit) {
		if err != nil {
			fmt.Fprintf(&b, "! %v\n", err)
			continue
		}
		fmt.Fprintf(&b, "%d %s\n", l.number, l.text)
	}
	return b.String()
}

// slowLines is eachLine with everything in memory.
func slowLines(text string, limit int) string {
	var b strings.Builder
	lines := strings.Split(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	for i, l := range lines {
		if len(l) > limit {
			fmt.Fprintf(&b, "! line %d: over-long line\n", i+1)
			continue
		}
		fmt.Fprintf(&b, "%d %s\n", i+1, l)
	}
	return b.String()
}

// TestLinesAtTheLimit tries every length around the limit, in every position,
// through every reading.
func TestLinesAtTheLimit(t *testing.T) {
	const limit = 5
	for _, reading := range readings {
		for first := range limit + 4 {
			for second := range limit + 4 {
				for _, end := range []string{"", "\n", "\nz", "\n\n"} {
					text := strings.Repeat("a", first) + "\n" + strings.Repeat("b", second) + end
					got := showLines(reading.of(strings.NewReader(text)), limit)
					if want := slowLines(text, limit); got != want {
						t.Fatalf("%s, %q:\n%swant:\n%s", reading.name, text, got, want)
					}
				}
			}
		}
	}
}

func TestSplitterReaderFails(t *testing.T) {
	got := showLines(iotest.TimeoutReader(strings.NewReader("a\nb")), 10)
	if want := "1 a\n! line 2: timeout\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, err := range eachLine(idle{}, 10) {
		if !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("%v, want %v", err, io.ErrNoProgress)
		}
	}
}

// idle reads nothing, and never ends.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// TestSplitterKeepsItsBuffer makes sure that short lines never make it grow.
func TestSplitterKeepsItsBuffer(t *testing.T) {
	in := splitter{r: bytes.NewReader(bytes.Repeat([]byte("0123456789abcde\n"), 1<<18)), max: MaxLine}
	var buf []byte
	for {
		lines, err := in.next(buf)
		buf = lines.text
		if err == io.EOF {
			break
		}
	}
	if cap(buf) != firstBuffer {
		t.Errorf("buffer of %d bytes, want %d", cap(buf), firstBuffer)
	}
	if in.lines != 1<<18 {
		t.Errorf("%d lines, want %d", in.lines, 1<<18)
	}
}
