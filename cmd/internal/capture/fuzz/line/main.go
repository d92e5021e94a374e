// Package line attacks the reader of header lines, and hands every value that it
// finds to the readers of H2O's cookie.
//
// An input is a line, or several.
package line

import (
	"io"
	"strings"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/fuzz"
	casperfuzz "github.com/cache-aware/casper/fuzz/casper"
	"github.com/cache-aware/casper/gcs/casper"
)

// Fuzz reads data as one line and as many, and then looks for a value that was put
// into one.
func Fuzz(data []byte) int {
	accepted := one(string(data))
	fuzz.SameInPieces(data, func(r io.Reader) string {
		return fuzz.Transcript(capture.Lines(r, 64, casper.CookieName))
	})
	planted(fuzz.CookieLike(data))
	return accepted
}

func one(s string) (accepted int) {
	for c, err := range capture.Line(s, casper.CookieName) {
		if err != nil {
			continue
		}
		if c.Offset < 0 || c.Offset+len(c.Value) > len(s) || s[c.Offset:c.Offset+len(c.Value)] != c.Value {
			fuzz.Failf("%q: %q is not at %d", s, c.Value, c.Offset)
		}
		if _, ok := casperfuzz.Read(c.Value, casper.Params{}); ok {
			accepted = 1
		}
	}
	return accepted
}

// planted finds a value in each kind of line.
func planted(value string) {
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
				fuzz.Failf("%q: %v", line, err)
			}
			if c.Name == name {
				found += "," + c.Value
			} else if strings.Contains(line, "Path=") {
				fuzz.Failf("%q: the attribute %s is a cookie", line, c.Name)
			}
		}
		if found != ","+value {
			fuzz.Failf("%q: found %q, want %q", line, found, ","+value)
		}
	}
	for c, err := range capture.Line(value, name) {
		if err != nil || c.Name != "" || c.Value != value {
			fuzz.Failf("bare %q: %+v, %v", value, c, err)
		}
	}
}
