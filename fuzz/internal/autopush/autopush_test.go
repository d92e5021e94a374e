package autopush

import (
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs/autopush"
	"github.com/cache-aware/casper/vectors"
)

var seeds = []oracle.Seed{
	oracle.Text("empty", "\x00", "no text is no path"),
	oracle.Text("root", "\x01\x01/AACAECAgQAA=", "the path of the specification in a filter of 64 bits"),
	oracle.Text("escaped", "\x00AACAECAgQA%3D%3d", "escapes, in either case"),
	oracle.Text("escaped-slash", "\x00%2F//%2f", "characters of the alphabet that are escaped or not"),
	oracle.Text("full", "\x00////////////////////8=", "nearly all bits are one: nearly every path is there"),
	oracle.Text("escape-cut", "\x00AAAA%3", "an escape that the end cuts short"),
	oracle.Text("escape-cut-again", "\x00%41%4", "the same behind an escape that begins alike"),
	oracle.Text("line-break-first", "\x00\nAAAAAA==", "a line break in front of everything"),
	oracle.Text("escape-alone", "\x00AAAA%", "a percent sign at the end"),
	oracle.Text("escape-bad", "\x00%41%4g%4g", "an escape that is none, twice"),
	oracle.Text("escape-control", "\x00%\x14\x11AA", "control characters that differ from digits in one bit"),
	oracle.Text("line-break", "\x00AAAA\nAAAA", "the standard library skips line breaks"),
	oracle.Text("line-break-escaped", "\x00AAAA%0D%0AAAAA", "escaped ones too"),
	oracle.Text("padding-missing", "\x00AAAAAA", "no padding"),
	oracle.Text("padding-only", "\x00====", "nothing but padding"),
	oracle.Text("padding-inside", "\x00AA==AAAA", "padding in the middle"),
	oracle.Text("padding-bits", "\x00AAAAAB==", "bits that make no octet"),
	oracle.Text("url-alphabet", "\x00AA-_AA==", "the other alphabet"),
	oracle.Text("half-a-word", "\x00AAAAAAA=", "five octets, which are no whole words"),
	oracle.Text("paths", "\x03\x04/a.c\x06/\xc3\xa9t\xc3\xa9\x04\xf0\x9f\x98\x80"+"\x01\x02\x03\x04", "paths beyond ASCII and beyond 16 bits"),
}

// published asks for a vector's paths in its filter.
func published(v vectors.Vector, _ []byte, value string) []byte {
	names := v.Input.Names[:min(len(v.Input.Names), 7)]
	input := []byte{byte(len(names))}
	for _, name := range names {
		name = name[:min(len(name), 255)]
		input = append(append(input, byte(len(name))), name...)
	}
	return append(input, value...)
}

func TestSeeds(t *testing.T) { oracle.TrySeeds(t, Fuzz, seeds) }

// A text of the greatest length is read, and no longer one.
func TestLimits(t *testing.T) {
	Value(strings.Repeat("A", autopush.MaxText-2)+"==", nil)
	Value(strings.Repeat("A", autopush.MaxText+1), nil)
	Value(strings.Repeat("A", autopush.MaxText+4), nil)
	Value(strings.Repeat("/////////////////////w==", autopush.MaxText/24), nil)
}

func FuzzAutoPush(f *testing.F) {
	oracle.Run(f, Fuzz, slices.Concat(seeds, oracle.FromVectors(f, published, "h2-auto-push")))
}
