package gocasper

import (
	"encoding/binary"
	"encoding/json"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs/gocasper"
	"github.com/cache-aware/casper/vectors"
)

// An input's front: log2 P, N below 64, and what to do.
func front(log2P, n byte, task int) string { return string([]byte{log2P, n, byte(task)}) }

var seeds = []oracle.Seed{
	oracle.Text("readme", front(6, 10, text)+"yQA", "the cookie of go-casper's README"),
	oracle.Text("example", front(6, 10, text)+"5QA", "that of its example"),
	oracle.Text("empty", front(6, 10, text), "no text is no key"),
	oracle.Text("lost-key", front(7, 1, octets)+"\x00", "a code that ends the stream without a remainder: go-casper loses the key"),
	oracle.Text("saved-key", front(7, 1, octets)+"\x00\x00", "the same with the octet that saves it"),
	oracle.Text("saved-twice", front(7, 1, octets)+"\x00\x00\x00", "an octet too many"),
	oracle.Text("twice", front(3, 10, octets)+"\x11\x02\x20", "repeats of a key in front of another"),
	oracle.Text("one-in-padding", front(6, 10, octets)+"\xc9\x01", "a padding bit that is one"),
	oracle.Text("ones", front(6, 10, octets)+"\xff\xff", "a quotient that reaches the end"),
	oracle.Text("ends-its-quotient", front(6, 10, octets)+"\xff\xfe", "the bit that ends it is the last one"),
	oracle.Text("last-bit", front(6, 10, octets)+"\x13\xff", "the last bit alone, of whatever value"),
	oracle.Text("cut-remainder", front(14, 10, octets)+"\x80\x41", "a remainder that is cut short: zeros follow"),
	oracle.Text("cut-to-zero", front(14, 10, octets)+"\x80\x00", "one of which only zeros are left"),
	oracle.Text("unary", front(0, 50, octets)+"\xaa", "P of 1: there is no remainder"),
	oracle.Text("unary-saved", front(0, 50, octets)+"\xaa\x00", "the same with an octet of zeros"),
	oracle.Text("unary-last", front(0, 50, octets)+"\x7e", "a last code that is a quotient"),
	oracle.Text("out-of-range", front(6, 2, octets)+"\xc9\x00", "a key above N*P, which go-casper lets in"),
	oracle.Text("long-remainder", front(31, 0x59, octets)+"\x80\x00\x00\x00\x10", "P of 2^31"),
	oracle.Text("spare-bits", front(6, 10, text)+"yQB", "unused bits of the last character"),
	oracle.Text("standard-alphabet", front(6, 10, text)+"y+A", "characters that go-casper does not read"),
	oracle.Text("half-an-octet", front(6, 10, text)+"A", "a length that no octets have"),
	oracle.Text("many-repeats", front(6, 10, octets)+"\xc9"+strings.Repeat("\x00", 300), "zeros that are repeats or padding"),
	oracle.Text("octet-too-many", front(7, 1, octets)+"\x01\x00", "an octet of zeros that saves nothing"),
	oracle.Text("one-bit-left", front(6, 10, octets)+"\x13", "a last bit that is one, and padding"),
	oracle.Text("largest-n", front(6, 0x80|31, text)+"yQA", "N of 2^31"),
	oracle.Text("n-above", front(6, 3<<6, 1)+"\x00\x00\x80\x00\x00\x00\x00\x00yQA", "N of 2^31+1"),
	oracle.Text("no-such-p", front(32, 10, text)+"yQA", "P of 3"),
	oracle.Text("no-such-n", front(6, 0, text)+"yQA", "N of 0"),
	oracle.Text("path", front(6, 10, path)+"/static/example.js", "a path that is hashed"),
	oracle.Text("keys", front(6, 50, steps)+"\x02\x05\xbf\x01\x03\x02\x00\x00\x01\x05", "a set, and keys to add to it"),
	oracle.Text("keys-lost", front(2, 50, steps)+"\x00\x01\x03\x02\x00\x01\x00", "a set whose last key has no remainder"),
}

// published makes an input of a vector's value, under its parameters.
func published(v vectors.Vector, data []byte, value string) []byte {
	var p struct{ P, N uint32 }
	if json.Unmarshal(v.Params, &p) != nil || bits.OnesCount32(p.P) != 1 {
		return nil
	}
	front := []byte{byte(bits.TrailingZeros32(p.P)), 3 << 6}
	front = binary.LittleEndian.AppendUint64(front, uint64(p.N))
	if data != nil {
		return append(append(front, octets), data...)
	}
	return append(append(front, text), value...)
}

func TestSeeds(t *testing.T) { oracle.TrySeeds(t, Fuzz, seeds) }

// A text of the greatest length is read, and no longer one.
func TestLimits(t *testing.T) {
	for _, n := range []int{gocasper.MaxText, gocasper.MaxText + 1} {
		for _, p := range []gocasper.Params{{P: 1, N: 1}, {P: 64, N: 10}} {
			Value("yQ"+strings.Repeat("A", n-2), p)
			Value(strings.Repeat("_", n), p)
		}
	}
}

func FuzzGoCasper(f *testing.F) {
	oracle.Run(f, Fuzz, slices.Concat(seeds, oracle.FromVectors(f, published, "go-casper")))
}
