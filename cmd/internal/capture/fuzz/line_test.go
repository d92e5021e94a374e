package fuzz_test

import (
	"io"
	"strings"
	"testing"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/gcs/casper"
)

// These tests attack the reader of header lines, and hand every value that they
// find to the readers of H2O's cookie.
//
// An input is a line, or several.

var lineSeeds = []seed{
	text("bare", "qF0", "a value and nothing else"),
	text("bare-padded", "qF0=", "padding is no pair"),
	text("pair", "h2o_casper=qF0", "a name and a value"),
	text("empty-pair", "h2o_casper=", "the empty fingerprint"),
	text("cookie", "Cookie: session=1; h2o_casper=qF0; theme=dark", "the cookie among others"),
	text("twice", "Cookie: h2o_casper=qF0; h2o_casper=gA", "two fingerprints, as after a change of path"),
	text("set-cookie", "set-cookie: h2o_casper=AAAAAAAAAAAAAAAAAAAAqA; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT; Secure\r\n", "what H2O 2.2.5 sends, with the line end"),
	text("quoted", "Cookie: h2o_casper=\"qF0\"", "quotes that are not the value's"),
	text("quoted-semicolon", "Cookie: h2o_casper=\"q;F0\"", "a semicolon ends a value in quotes too"),
	text("spaces", "  Cookie :  h2o_casper = qF0 ;", "space where none belongs"),
	text("crumbs", "cookie: a=b\ncookie: h2o_casper=qF0\n", "HTTP/2 crumbs, a line each"),
	text("other-header", "Authorization: Basic cUYw", "a header that is none of ours"),
	text("no-pairs", "Cookie: ;;;", "a header without a cookie"),
	text("structure", strings.Repeat("=;", 40), "nothing but structure"),
	text("over-long", "h2o_casper="+strings.Repeat("A", 80)+"\nqF0\n", "a line above the limit, and one after it"),
	text("binary", "Cookie: h2o_casper=\x00\xff\xfe;\x80=\x00", "octets that no header has"),
}

func TestLineSeeds(t *testing.T) { trySeeds(t, "line", fuzzLine, lineSeeds) }

func FuzzLine(f *testing.F) { run(f, "line", fuzzLine, lineSeeds) }

// fuzzLine reads data as one line and as many, and then looks for a value that was put
// into one.
func fuzzLine(data []byte) int {
	accepted := one(string(data))
	sameInPieces(data, func(r io.Reader) string {
		return transcript(capture.Lines(r, 64, casper.CookieName))
	})
	plantedInLine(cookieLike(data))
	return accepted
}

func one(s string) (accepted int) {
	for c, err := range capture.Line(s, casper.CookieName) {
		if err != nil {
			continue
		}
		if c.Form != capture.Found && (c.Offset < 0 || c.Offset+len(c.Value) > len(s) || s[c.Offset:c.Offset+len(c.Value)] != c.Value) {
			failf("%q: %q is not at %d", s, c.Value, c.Offset)
		}
		if readable(c.Value) {
			accepted = 1
		}
	}
	return accepted
}

// plantedInLine finds a value in each kind of line.
func plantedInLine(value string) {
	const name = casper.CookieName
	for _, line := range []string{
		name + "=" + value,
		"Cookie: " + name + "=" + value,
		"cookie:" + name + "=" + value + "\r\n",
		"COOKIE: a=b; " + name + "=" + value + "; c=d",
		"a=b; " + name + "=" + value,
		" " + name + "=\"" + value + "\"",
		// As H2O writes it.
		"Set-Cookie: " + name + "=" + value + "; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT; Secure",
		name + "=" + value + "; Path=/; Secure",
	} {
		found := ""
		for c, err := range capture.Line(line, name) {
			if err != nil {
				failf("%q: %v", line, err)
			}
			if c.Name == name {
				found += "," + c.Value
			} else if strings.Contains(line, "Path=") {
				failf("%q: the attribute %s is a cookie", line, c.Name)
			}
		}
		if found != ","+value {
			failf("%q: found %q, want %q", line, found, ","+value)
		}
	}
	for c, err := range capture.Line(value, name) {
		if err != nil || c.Name != "" || c.Value != value {
			failf("bare %q: %+v, %v", value, c, err)
		}
	}
}
