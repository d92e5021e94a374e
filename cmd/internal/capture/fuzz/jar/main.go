// Package jar attacks the reader of Netscape cookie jars, and hands every value that it
// finds to the readers of H2O's cookie.
//
// An input is a jar; it also becomes the fields of a good one.
package jar

import (
	"bytes"
	"io"
	"strings"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/fuzz"
	casperfuzz "github.com/cache-aware/casper/fuzz/casper"
	"github.com/cache-aware/casper/gcs/casper"
)

// Fuzz reads data as a jar, and then a jar with a line made of data.
func Fuzz(data []byte) (accepted int) {
	fuzz.SameInPieces(data, func(r io.Reader) string { return fuzz.Transcript(capture.Jar(r)) })
	for c, err := range capture.Jar(bytes.NewReader(data)) {
		if err == nil {
			accepted = 1
			casperfuzz.Read(c.Value, casper.Params{})
		}
	}
	planted(fuzz.CookieLike(data), string(data))
	return accepted
}

// maxField keeps a planted line within the longest that is read.
const maxField = 64 << 10

// planted finds a value in a line of its own among others, which are no cookies, or
// broken, or another cookie whose fields are any text.
func planted(value, text string) {
	const name = casper.CookieName
	value, text = value[:min(len(value), maxField)], text[:min(len(text), maxField)]
	field := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(text)
	jar := strings.Join([]string{
		"# Netscape HTTP Cookie File",
		"# " + field,
		"",
		"broken\t" + field,
		"#HttpOnly_example.com\tFALSE\t/\tTRUE\t1893456000\t" + name + "\t" + value,
		"." + field + "\tTRUE\t/" + field + "\tFALSE\t0\tother\t" + field,
		"example.com\ttrue\t/" + field + "\tfalse\t1.5\t" + name + "\t" + value + "\r",
		"example.com\tTRUE\t/\tFALSE\t0\t" + name + "\t", // the empty fingerprint
	}, "\n")
	found, faults := []string{}, 0
	for c, err := range capture.Jar(strings.NewReader(jar)) {
		if err != nil {
			faults++
		} else if c.Name == name {
			found = append(found, c.Value)
		} else if c.Name != "other" {
			fuzz.Failf("%q: there is no cookie %q", jar, c.Name)
		}
	}
	if len(found) != 3 || found[0] != value || found[1] != value || found[2] != "" || faults != 1 {
		fuzz.Failf("%q: found %q and %d faults, want %q twice, an empty one and 1 fault", jar, found, faults, value)
	}
}
