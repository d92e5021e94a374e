package gcstool

import (
	"slices"
	"testing"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/vectors"
)

const (
	file  = "\x00"
	codes = "\x01"
	steps = "\x02"
)

var seeds = []oracle.Seed{
	oracle.Text("empty", file, "no octet, no footer"),
	oracle.Text("footer", file+"\x70\x00"+"\x00\x00\x00\x00\x00\x00\x00\x02"+"\x00\x00\x00\x00\x00\x00\x00\x04"+"\x00\x00\x00\x00\x00\x00\x00\x02"+"\x00\x00\x00\x00\x00\x00\x00\x00"+"[GCS:v0]", "the example of the specification"),
	oracle.Text("many-entries", file+"\x70\x00"+"\x00\x00\x00\x00\x00\x00\x00\x02"+"\x00\x00\x00\x00\x00\x00\x00\x04"+"\x00\x00\x00\x00\x00\x00\x00\x12"+"\x10\x00\x00\x00\x00\x00\x00\x00"+"[GCS:v0]", "an index of 2^60 entries must not cost memory"),
	oracle.Text("p-0", codes+"\x02\x00\x70\x00", "a divisor of 0"),
	oracle.Text("p-1", codes+"\x04\x01\x5c", "a divisor of 1: plain unary"),
	oracle.Text("p-4", codes+"\x02\x04\x70\x00", "two values"),
	oracle.Text("p-3", codes+"\x02\x03\x70\x00", "a remainder of 3 by 3"),
	oracle.Text("p-large", codes+"\x02\xac\x70\x00", "a divisor of 2^44"),
	oracle.Text("p-too-large", codes+"\x02\xad\x70\x00", "a divisor of 2^45"),
	oracle.Text("ones", codes+"\xff\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "a quotient without end, over more than a word"),
	oracle.Text("zeros", codes+"\xff\x04\x00\x00\x00", "the value 0, and the end"),
	oracle.Text("octet", codes+"\x01\x04\x30\x00\x00", "an octet behind the end"),
	oracle.Text("bad-index", codes+"\x09\x04"+"\x21\x08\x42\x10\x84\x21\x08\x42\x10\x84\x21\x08\x42\x10\x84\x21\x08\x42\x10\x84\x21\x08\x42\x10\x84\x21\x08\x42\x10\x84\x21\x08\x42\x10\x84\x21\x08\x42\x10\x84\x21\x08\x42\x10\x84\x21\x08\x42\x10\x84\x21\x08\x42\x10\x84\x21\x08\x42\x10\x84\x21\x08\x42\x10", "an entry that is none"),
	oracle.Text("values", steps+"\x20\x07\x02\x03\x05\x08\x01\x02\x04", "values, and an entry of each second one"),
	oracle.Text("values-zero", steps+"\x20\x07\x01\x00\x05\x08", "the value 0 first"),
	oracle.Text("values-none", steps+"\x00\x07\x01", "no value at all"),
	oracle.Text("names-without-values", steps+"\x03\x07\x01", "names, and no value"),
}

// published makes an input of a vector's file.
func published(_ vectors.Vector, data []byte, _ string) []byte {
	return append([]byte(file), data...)
}

func TestSeeds(t *testing.T) { oracle.TrySeeds(t, Fuzz, seeds) }

func FuzzGCSTool(f *testing.F) {
	oracle.Run(f, Fuzz, slices.Concat(seeds, oracle.FromVectors(f, published, "gcstool")))
}
