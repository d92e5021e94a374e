package explain_test

import (
	"os"

	"github.com/cache-aware/casper/cmd/internal/explain"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/casper"
)

// A cookie of H2O with 8 capacity bits, as text.
func Example() {
	params := casper.Params{CapacityBits: 8}
	e := explain.Explain(explain.Source{
		Title:    "H2O's cookie, 8 capacity bits",
		Alphabet: explain.Base64URL,
		Text:     "qF0",
		Code:     params.Code(),
		Limit:    gcs.Limit{Len: params.Capacity(), Max: uint64(params.Capacity()) - 1},
		Key:      "a hash of an asset's path",
	}, 100)
	e.WriteText(os.Stdout, false)
	// Output:
	// qF0
	// H2O's cookie, 8 capacity bits
	//
	// A Golomb-coded set is a sorted list of numbers, written as the gaps between neighbours: a gap is
	// divided by 64, its quotient written as that many 0s ended by a 1, its remainder in 6 bits. Here,
	// a key is a hash of an asset's path. So every code below turns into a key by two sums:
	//
	//   gap = quotient · 64 + remainder
	//   key = the key before + gap + 1; the first key is its gap
	//
	//       q     F      0
	//    0  10101000 01011101 00
	//       |rrrrrrq q|rrrrrr ss
	//
	//   q quotient   | end of quotient   r remainder   s spare bit of the text
	//
	//   bit  code        quotient  remainder              gap                 key
	//     0  1 010100           0         20   0·64 + 20 = 20                  20
	//     7  001 011101         2         29  2·64 + 29 = 157  20 + 157 + 1 = 178
	//
	// 2 keys in 2 octets: 8 bits a key.
}
