package bip158

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs/bip158"
	"github.com/cache-aware/casper/vectors"
)

// An input's front: what to do and the variant, P, the choice of M, and the key.
func front(task int, v bip158.Variant, p, m byte) string {
	return string([]byte{byte(task)*4 + byte(v), p, m}) + "0123456789abcdef"
}

var seeds = []oracle.Seed{
	oracle.Text("genesis", front(parse, bip158.Bitcoin, 19, 0)+"\x01\x9d\xfc\xa8", "the filter of the genesis block of Bitcoin's test network"),
	oracle.Text("no-items", front(parse, bip158.Bitcoin, 19, 0)+"\x00", "Bitcoin's filter without items"),
	oracle.Text("nothing", front(parse, bip158.DecredV2, 19, 0), "Decred's filter without items has no octets, Bitcoin's has one"),
	oracle.Text("decred-zero", front(parse, bip158.DecredV2, 19, 0)+"\x00", "a count that Decred has no filter for"),
	oracle.Text("decred-1", front(parse, bip158.DecredV1, 20, 1)+"\x00\x00\x00\x01\x5d\xfc\xa8", "a count of four octets"),
	oracle.Text("decred-1-cut", front(parse, bip158.DecredV1, 20, 6)+"\x00\x00\x01", "three of them"),
	oracle.Text("wide-count", front(parse, bip158.Bitcoin, 19, 0)+"\xfd\x01\x00\x9d\xfc\xa8", "a count in more octets than it needs"),
	oracle.Text("252", front(parse, bip158.Bitcoin, 0, 3)+"\xfc", "the largest count of one octet, and no value"),
	oracle.Text("253", front(parse, bip158.Bitcoin, 0, 3)+"\xfd\xfd\x00", "the least of three octets"),
	oracle.Text("65536", front(parse, bip158.DecredV2, 0, 3)+"\xfe\x00\x00\x01\x00", "the least of five octets"),
	oracle.Text("253-values", front(parse, bip158.Bitcoin, 0, 3)+"\xfd\xfd\x00"+strings.Repeat("\x00", 32), "253 values, which are all 0"),
	oracle.Text("65535-values", front(parse, bip158.Bitcoin, 0, 3)+"\xfd\xff\xff"+strings.Repeat("\x00", 8192), "the most values that a count of three octets has"),
	oracle.Text("65536-values", front(parse, bip158.Bitcoin, 0, 3)+"\xfe\x00\x00\x01\x00"+strings.Repeat("\x00", 8192), "one more"),
	oracle.Text("promise", front(parse, bip158.Bitcoin, 32, 4)+"\xfe\xff\xff\xff\xff\x00", "a count of 2^32-1 must not cost memory"),
	oracle.Text("beyond-32-bits", front(parse, bip158.Bitcoin, 19, 0)+"\xff\x00\x00\x00\x00\x01\x00\x00\x00", "a count of 2^32"),
	oracle.Text("out-of-range", front(parse, bip158.Bitcoin, 19, 0)+"\x01\xff\xff\xff", "a value that is not below N*M"),
	oracle.Text("trailing", front(parse, bip158.Bitcoin, 19, 0)+"\x01\x9d\xfc\xa8\x00", "an octet behind the last value"),
	oracle.Text("padding", front(parse, bip158.Bitcoin, 19, 0)+"\x01\x9d\xfc\xa9", "a padding bit that is one"),
	oracle.Text("unary-to-the-end", front(parse, bip158.DecredV2, 0, 4)+"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "a quotient without an end"),
	oracle.Text("values", front(steps, bip158.Bitcoin, 4, 2)+"\x01\x05\x00\x00\x00\x00\x03\x0a", "values with a repeat"),
	oracle.Text("unsorted", front(numbers, bip158.Bitcoin, 4, 4)+"\x05\x03", "values that are not sorted"),
	oracle.Text("at-the-universe", front(numbers, bip158.Bitcoin, 2, 1)+"\x00\x08", "the second of two values is N*M"),
	oracle.Text("below-the-universe", front(numbers, bip158.DecredV1, 2, 1)+"\x00\x07", "and the largest one below it"),
	oracle.Text("values-no-such-p", front(numbers, bip158.Bitcoin, 33, 4)+"\x03", "values under a parameter that no filter has"),
	oracle.Text("far-apart", front(numbers, bip158.Bitcoin, 0, 4)+"\x5f", "a value that takes 2^31 bits"),
	oracle.Text("items", front(build, bip158.Bitcoin, 19, 0)+"\x03abc\x03abd\x05hello", "three items"),
	oracle.Text("repeated-items", front(build, bip158.Bitcoin, 2, 1)+"\x01a\x01b\x01a\x00\x00\x01c", "repeats, which do not count in N, and an empty item"),
	oracle.Text("decred-1-repeats", front(build, bip158.DecredV1, 2, 1)+"\x01a\x01b\x01a\x00\x00\x01c", "where they count"),
	oracle.Text("decred-2-empty", front(build, bip158.DecredV2, 2, 1)+"\x01a\x01b\x01a\x00\x00\x01c", "where empty items do not"),
	oracle.Text("decred-2-none", front(build, bip158.DecredV2, 2, 1)+"\x00", "an empty item alone is no item"),
	oracle.Text("collisions", front(build, bip158.Bitcoin, 0, 3)+"\x01a\x01b\x01c\x01d\x01e\x01f\x01a", "four values for six items: they collide, and stay"),
	oracle.Text("universe-of-one", front(parse, bip158.DecredV2, 0, 3)+"\x01\x00", "every item has the one value there is, but Decred has no empty item"),
	oracle.Text("no-such-p", front(build, bip158.Bitcoin, 33, 0)+"\x01a", "a parameter that no filter has"),
	oracle.Text("no-such-m", front(parse, bip158.DecredV1, 20, 0)+"\x00\x00\x00\x01\x5d\xfc\xa8", "in version 1 of Decred's filters M is 2^P"),
	oracle.Text("no-such-variant", front(parse, 3, 20, 0)+"\x01\x9d\xfc\xa8", "a fourth variant"),
}

// published makes an input of a vector's filter, under its parameters.
func published(v vectors.Vector, octets []byte, _ string) []byte {
	var p struct {
		P   *uint8  `json:"p"`
		M   *uint64 `json:"m"`
		Key string  `json:"key_hex"`
	}
	if json.Unmarshal(v.Params, &p) != nil {
		return nil // a parameter that no filter has room for
	}
	variant := map[string]bip158.Variant{"bip158": bip158.Bitcoin, "decred-v1": bip158.DecredV1, "decred-v2": bip158.DecredV2}[v.Format]
	data := []byte{parse*4 + byte(variant), 19, 0}
	if variant == bip158.DecredV1 {
		data[1], data[2] = 20, 6
	}
	if p.P != nil {
		data[1] = *p.P
	}
	if p.M != nil {
		data[2] = 7
		data = binary.LittleEndian.AppendUint64(append(data, 3<<6), *p.M)
	}
	var key [16]byte
	hex.Decode(key[:], []byte(p.Key[:min(len(p.Key), 32)])) // what does not fit is no key, and any will do
	return append(append(data, key[:]...), octets...)
}

func TestSeeds(t *testing.T) { oracle.TrySeeds(t, Fuzz, seeds) }

func FuzzBIP158(f *testing.F) {
	oracle.Run(f, Fuzz, slices.Concat(seeds, oracle.FromVectors(f, published, "bip158", "decred-v1", "decred-v2")))
}
