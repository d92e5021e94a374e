package ricev5

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs/ricedelta"
	"github.com/cache-aware/casper/vectors"
)

// An input's front: the bits of a key (0 to 4), the parameter above the least less one, and what
// to do.
func front(bits, rice byte, task byte) string { return string([]byte{bits, rice, 0, task}) }

const (
	decode = 0
	write  = 1
	small  = "\x0f" // a number of the last octets
)

var seeds = []oracle.Seed{
	oracle.Text("documented", front(0, 28, decode)+"\x00\x1d\x32\xc5\x08\x02\x74\x00\xd2\x97\x1b\xed\x49\x74\x00", "the documented example, of 32 bits"),
	oracle.Text("64-bits", front(1, 28, decode)+"\x00\x1d\x32\xc5\x08\x4a\x36\x0e\x58\x02\xea\x8d\xcd\xa9\x73\x00\xd2\x97\xcb\x63\x71\x7b\x1a\xed\x49\x74\x00", "a list of 64 bits"),
	oracle.Text("overflow", front(1, 1, decode)+"\xf0\x00\x01\x02\x00\x00\x00\x00", "a value of 2^64"),
	oracle.Text("overflow-256", front(3, 1, decode)+"\xf0\x00\x01\x02"+"0000000000000000000000000000", "a value of 2^256"),
	oracle.Text("ones", front(1, 1, decode)+small+"\x05\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "a quotient without end, of more than a word"),
	oracle.Text("promise", front(2, 1, decode)+small+"\x05\xfa\x5f\x00", "a count of 2^31-1 must not cost memory"),
	oracle.Text("too-many-bits", front(0, 1, decode)+"\xff\x00", "a first value of 33 bits"),
	oracle.Text("no-such-width", front(4, 1, decode)+small+"\x05\x00", "16 bits"),
	oracle.Text("parameter-low", front(1, 0, decode)+small+"\x05\x01\x00\x00\x00\x00\x00", "a parameter below the least"),
	oracle.Text("parameter-high", front(1, 29, decode)+small+"\x05\x01\x00\x00\x00\x00\x00\x00\x00\x00", "one above the largest"),
	oracle.Text("parameter-0", "\x01\x00\x03\x00\x00"+small+"\x05\x00", "no parameter, and a single value"),
	oracle.Text("values", front(0, 1, write)+small+"\x05\x00\x00\x00"+small+"\x14\x1e"+small+"\x05", "values, one of them twice"),
	oracle.Text("values-far", front(3, 28, write)+"\x00\x01"+small+"\x02\xf0\x00", "values far apart, of 256 bits"),
	oracle.Text("values-too-far", front(3, 1, write)+"\x1f\x01\xf0\x00", "values that would take 2^29 bits"),
	oracle.Text("values-wide", front(0, 1, write)+"\xff\x1f\x01", "a value of 33 bits"),
	oracle.Text("none", front(1, 1, write), "no value at all"),
}

// published makes an input of a vector's list, under its parameters.
func published(v vectors.Vector, data []byte, _ string) []byte {
	var p struct {
		Bits, Rice, First, Count *uint64
		FirstHex                 string `json:"first_hex"`
	}
	if json.Unmarshal(v.Params, &p) != nil || p.Rice != nil && *p.Rice > 255 || p.Count != nil && *p.Count > math.MaxUint32 {
		return nil
	}
	l := ricedelta.ListV5{Bits: 32}
	if p.Bits != nil {
		l.Bits = int(*p.Bits)
	}
	width := slices.Index([]int{32, 64, 128, 256}, l.Bits)
	if width < 0 {
		return nil
	}
	input := []byte{byte(width), 0, 3, 0, decode}
	if p.Rice != nil {
		input[3] = byte(*p.Rice)
	}
	first, _ := hex.DecodeString(p.FirstHex)
	n := ricedelta.NumberOf(first)
	if p.First != nil {
		n = ricedelta.Number{3: *p.First & math.MaxUint32}
	}
	input = n.Append(append(input, 0), l.Bits/8)
	switch {
	case p.Count == nil:
		input = append(input, 0)
	case *p.Count < 250:
		input = append(input, byte(*p.Count))
	default:
		return nil
	}
	return append(input, data...)
}

func TestSeeds(t *testing.T) { oracle.TrySeeds(t, Fuzz, seeds) }

func FuzzRiceV5(f *testing.F) {
	oracle.Run(f, Fuzz, slices.Concat(seeds, oracle.FromVectors(f, published, "rice-delta-v5")))
}
