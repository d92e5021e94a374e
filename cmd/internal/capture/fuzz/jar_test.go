package fuzz_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/gcs/casper"
)

// These tests attack the reader of Netscape cookie jars, and hand every value that they
// find to the readers of H2O's cookie.
//
// An input is a jar; it also becomes the fields of a good one.

var jarSeeds = []seed{
	text("curl", "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n#HttpOnly_example.com\tFALSE\t/\tTRUE\t1893456000\th2o_casper\tqF0\n", "a jar as curl writes it"),
	text("plain", "example.com\tTRUE\t/css\tFALSE\t0\th2o_casper\tAAAAAAAAAAAAAAAAAAAAqA\n", "a session cookie"),
	text("windows", "example.com\tTRUE\t/\tFALSE\t0\th2o_casper\tqF0\r\n", "lines as Windows ends them"),
	text("empty-value", "example.com\tTRUE\t/\tFALSE\t0\th2o_casper\n", "an empty value, with its tab left out"),
	text("spaces", "example.com TRUE / FALSE 0 h2o_casper qF0\n", "spaces where tabs belong"),
	text("too-few", "example.com\tTRUE\t/\n", "a line cut short"),
	text("too-many", "example.com\tTRUE\t/\tFALSE\t0\th2o_casper\tqF0\tmore\n", "a field too many"),
	text("flags", "example.com\tyes\t/\tno\t0\th2o_casper\tqF0\n", "flags that are none"),
	text("time", "example.com\tTRUE\t/\tFALSE\tsoon\th2o_casper\tqF0\n", "a time that is none"),
	text("nan", "example.com\tTRUE\t/\tFALSE\tNaN\th2o_casper\tqF0\n", "a number that is not a number"),
	text("mark-only", "#HttpOnly_\n#HttpOnly_#HttpOnly_e\tTRUE\t/\tTRUE\t0\ta\tb\n", "curl's mark without a cookie, and twice"),
	text("byte-order-mark", "\ufeffexample.com\tTRUE\t/\tFALSE\t0\th2o_casper\tqF0\n", "a mark before the first domain"),
	text("binary", "\x00\t\xff\t\x00\t\xff\t\x00\t\xff\t\x00\n", "octets that are no text"),
	text("good-after-bad", "x\n\nexample.com\tTRUE\t/\tFALSE\t0\th2o_casper\tqF0", "the last line is good, and has no end"),
}

func TestJarSeeds(t *testing.T) { trySeeds(t, "jar", fuzzJar, jarSeeds) }

func FuzzJar(f *testing.F) { run(f, "jar", fuzzJar, jarSeeds) }

// fuzzJar reads data as a jar, and then a jar with a line made of data.
func fuzzJar(data []byte) (accepted int) {
	sameInPieces(data, func(r io.Reader) string { return transcript(capture.Jar(r)) })
	for c, err := range capture.Jar(bytes.NewReader(data)) {
		if err == nil {
			accepted = 1
			readable(c.Value)
		}
	}
	plantedInJar(cookieLike(data), string(data))
	return accepted
}

// maxField keeps a plantedInJar line within the longest that is read.
const maxField = 64 << 10

// plantedInJar finds a value in a line of its own among others, which are no cookies, or
// broken, or another cookie whose fields are any text.
func plantedInJar(value, text string) {
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
			failf("%q: there is no cookie %q", jar, c.Name)
		}
	}
	if len(found) != 3 || found[0] != value || found[1] != value || found[2] != "" || faults != 1 {
		failf("%q: found %q and %d faults, want %q twice, an empty one and 1 fault", jar, found, faults, value)
	}
}
