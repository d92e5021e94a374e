package fuzz_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/gcs/casper"
)

// These tests attack the scanner of logs, and hand every value that they find to the
// readers of H2O's cookie.
//
// An input is a log, plain or packed; it also becomes the noise around a cookie.

// pack is deterministic: no name and no time are in the header.
func pack(text string) string {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.NoCompression)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

var logSeeds = []seed{
	text("combined", `192.0.2.1 - - [23/Nov/2026:02:18:48 +0000] "GET /index.html HTTP/2.0" 200 612 "-" "curl/8.5.0" "h2o_casper=qF0; theme=dark"`+"\n", "a line of an access log with the cookie at its end"),
	text("json", `{"path":"/","cookie":"a=b; h2o_casper=qF0"}`+"\n", "a structured log"),
	text("quoted", `msg="got" h2o_casper="qF0" x-go-casper=\"JA\"`+"\n", "values in quotes, plain and escaped"),
	text("several", "h2o_casper=qF0 h2o_casper=gA casper=QA\n", "three on a line, one name the end of another"),
	text("other-names", "xh2o_casper=qF0 __Host-h2o_casper=qF0 h2o_casper2=qF0\n", "names that only look like it"),
	text("empty-value", "h2o_casper=\nh2o_casper=;\n", "values that are empty, one at the end of its line"),
	text("no-line-end", "h2o_casper=qF0", "the last line has no end"),
	text("windows", "a\r\nh2o_casper=qF0\r\n", "lines as Windows ends them"),
	text("end-to-end", strings.Repeat("h2o_casper=", 40), "names whose values are names"),
	text("noise", "\x01\xff=\x1f\x8b\x02h2o_casper=qF0\xff\x03", "noise around a cookie"),
	text("zero-octet", "h2o_casper=qF0\nh2o_casper=qF0\x00\n", "a NUL: this is no text"),
	text("packed", pack("h2o_casper=qF0\n"), "a packed log"),
	text("packed-cut", pack(strings.Repeat("h2o_casper=qF0\n", 4))[:50], "a packed log that breaks off"),
	text("packed-magic", "\x1f\x8b\x08", "the beginning of a packed log, and no more"),
	text("packed-twice", pack(pack("h2o_casper=qF0\n")), "a packed log, packed again"),
	text("packed-two", pack("h2o_casper=q")+pack("F0\n"), "two members, with a value across them"),
}

func TestLogSeeds(t *testing.T) { trySeeds(t, "log", fuzzLog, logSeeds) }

func FuzzLog(f *testing.F) { run(f, "log", fuzzLog, logSeeds) }

// fuzzLog scans data as a log, plain, packed and on several goroutines, and then looks for a
// value in the midst of it.
func fuzzLog(data []byte) (accepted int) {
	want := sameInPieces(data, matches)
	if got := onWorkers(bytes.NewReader(data)); got != want {
		failf("%q: on workers:\n%s\nin turn:\n%s", data, got, want)
	}
	s := scanner()
	for m, err := range s.All(bytes.NewReader(data)) {
		if err == nil {
			accepted = 1
			readable(string(m.Value))
		}
	}
	if name, _ := capture.Magic(data); name == "" && bytes.IndexByte(data, 0) < 0 {
		packed(data)
		plantedInLog(cookieLike(data), string(data))
	}
	return accepted
}

// The names are such that one ends in another, and one holds a mark.
func scanner() *capture.LogScanner {
	return &capture.LogScanner{Names: []string{casper.CookieName, "x-go-casper", "casper"}, Workers: 2}
}

func show(dst []byte, m capture.LogMatch) []byte {
	if m.Err != nil {
		return fmt.Appendf(dst, "%d %s: %v\n", m.Line, m.Name, m.Err)
	}
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
	if plain := matches(bytes.NewReader(data)); plain != whole {
		failf("%q: packed:\n%s\nplain:\n%s", data, whole, plain)
	}
	var found []byte
	broken := false
	for m, err := range scanner().All(bytes.NewReader(z.Bytes()[:z.Len()-1-len(data)%8])) {
		if broken = err != nil; !broken {
			found = show(found, m)
		} else if !errors.Is(err, io.ErrUnexpectedEOF) {
			failf("%q, packed and cut: %v", data, err)
		}
	}
	if !broken || !strings.HasPrefix(whole, string(found)) {
		failf("%q, packed and cut: error %t, found\n%s\nof\n%s", data, broken, found, whole)
	}
}

// plantedInLog finds a value between any two texts, as long as something that is no part of
// a name is before it and something that is no part of a value behind.
func plantedInLog(value, text string) {
	const name = casper.CookieName
	before, after := text[:len(text)/2], text[len(text)/2:]
	log := "\n" + before + "\n " + before + ";" + name + "=" + value + ";" + after
	want := fmt.Sprintf("%d %s=%s\n", 3+2*strings.Count(before, "\n"), name, value)
	if got := "\n" + matches(strings.NewReader(log)); !strings.Contains(got, "\n"+want) {
		failf("%q: found%s, want %s", log, got, want)
	}
	other := "\n_" + name + "=" + value + "\nx" + name + "=" + value + "\n-" + name + "=" + value
	if got := matches(strings.NewReader(other)); got != "" {
		failf("%q: found %s", other, got)
	}
}
