// Package log attacks the scanner of logs, and hands every value that it finds to the
// readers of H2O's cookie.
//
// An input is a log, plain or packed; it also becomes the noise around a cookie.
package log

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/fuzz"
	casperfuzz "github.com/cache-aware/casper/fuzz/casper"
	"github.com/cache-aware/casper/gcs/casper"
)

// Fuzz scans data as a log, plain, packed and on several goroutines, and then looks for a
// value in the midst of it.
func Fuzz(data []byte) (accepted int) {
	want := fuzz.SameInPieces(data, matches)
	if got := onWorkers(bytes.NewReader(data)); got != want {
		fuzz.Failf("%q: on workers:\n%s\nin turn:\n%s", data, got, want)
	}
	s := scanner()
	for m, err := range s.All(bytes.NewReader(data)) {
		if err == nil {
			accepted = 1
			casperfuzz.Read(string(m.Value), casper.Params{})
		}
	}
	packed(data)
	planted(fuzz.CookieLike(data), string(data))
	return accepted
}

// The names are such that one ends in another, and one holds a mark.
func scanner() *capture.LogScanner {
	return &capture.LogScanner{Names: []string{casper.CookieName, "x-go-casper", "casper"}, Workers: 2}
}

func show(dst []byte, m capture.LogMatch) []byte {
	return fmt.Appendf(dst, "%d %s=%s\n", m.Line, m.Name, m.Value)
}

// matches scans r on one goroutine and writes down what is found, and how it ended.
func matches(r io.Reader) string {
	var b []byte
	for m, err := range scanner().All(r) {
		if err != nil {
			return string(b) + err.Error()
		}
		b = show(b, m)
	}
	return string(b)
}

func onWorkers(r io.Reader) string {
	var b []byte
	for chunk, err := range scanner().AppendEach(r, show) {
		if err != nil {
			return string(b) + err.Error()
		}
		b = append(b, chunk...)
	}
	return string(b)
}

// packed scans data packed, and cut off in the middle of that: what is found then is the
// beginning of what is there.
func packed(data []byte) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(data)
	w.Close()
	whole := matches(bytes.NewReader(z.Bytes()))
	// Data that is packed itself is unpacked once, not twice.
	if plain := matches(bytes.NewReader(data)); !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) && plain != whole {
		fuzz.Failf("%q: packed:\n%s\nplain:\n%s", data, whole, plain)
	}
	var found []byte
	broken := false
	for m, err := range scanner().All(bytes.NewReader(z.Bytes()[:z.Len()-1-len(data)%8])) {
		if broken = err != nil; !broken {
			found = show(found, m)
		} else if !errors.Is(err, io.ErrUnexpectedEOF) {
			fuzz.Failf("%q, packed and cut: %v", data, err)
		}
	}
	if !broken || !strings.HasPrefix(whole, string(found)) {
		fuzz.Failf("%q, packed and cut: error %t, found\n%s\nof\n%s", data, broken, found, whole)
	}
}

// planted finds a value between any two texts, as long as something that is no part of
// a name is before it and something that is no part of a value behind.
func planted(value, text string) {
	const name = casper.CookieName
	before, after := text[:len(text)/2], text[len(text)/2:]
	log := "\n" + before + "\n " + before + ";" + name + "=" + value + ";" + after
	want := fmt.Sprintf("%d %s=%s\n", 3+2*strings.Count(before, "\n"), name, value)
	if got := "\n" + matches(strings.NewReader(log)); !strings.Contains(got, "\n"+want) {
		fuzz.Failf("%q: found%s, want %s", log, got, want)
	}
	other := "\n_" + name + "=" + value + "\nx" + name + "=" + value + "\n-" + name + "=" + value
	if got := matches(strings.NewReader(other)); got != "" {
		fuzz.Failf("%q: found %s", other, got)
	}
}
