package gcs_test

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// The code of H2O's cookie, and what every decoder needs besides: a limit.
var (
	h2o   = gcs.Code{Rice: 6, Gap: 1}
	limit = gcs.Limit{Len: 256, Max: 255}
)

func ExampleEncode() {
	src, err := gcs.Encode(nil, h2o, []uint64{20, 178})
	fmt.Printf("%x %v\n", src, err)
	_, err = gcs.Encode(nil, h2o, []uint64{178, 20})
	fmt.Println(err)
	// Output:
	// a85d <nil>
	// set: unsorted at index 1: the key is below the one before it
}

func ExampleDecode() {
	keys, err := gcs.Decode([]uint64(nil), h2o, []byte{0xa8, 0x5d}, limit)
	fmt.Println(keys, err)

	// The keys before an error are delivered too.
	keys, err = gcs.Decode([]uint64(nil), h2o, []byte{0xa8, 0x5d, 0x00, 0x01}, limit)
	fmt.Println(keys, err)
	fmt.Println(errors.Is(err, io.ErrUnexpectedEOF))
	// Output:
	// [20 178] <nil>
	// [20 178] bits: truncated at bit 16: the stream ends within a code
	// true
}

func ExampleCode_All() {
	for key, err := range h2o.All([]byte{0xa8, 0x5d}, limit) {
		fmt.Println(key, err)
	}
	// Output:
	// 20 <nil>
	// 178 <nil>
}

func ExampleCode_Contains() {
	src := []byte{0xa8, 0x5d}
	fmt.Println(h2o.Contains(src, 178, limit))
	fmt.Println(h2o.Contains(src, 179, limit))
	// Output:
	// true <nil>
	// false <nil>
}

func ExampleCode_ContainsAny() {
	fmt.Println(h2o.ContainsAny([]byte{0xa8, 0x5d}, []uint64{1, 21, 178}, limit))
	// Output: true <nil>
}

// The memory for a set that is not there yet.
func ExampleCode_MaxSize() {
	fmt.Println(h2o.Size([]uint64{20, 178}), h2o.MaxSize(2, 255))
	// Output: 2 3
}

// A format of one's own: its answers to the questions that Code asks, with the
// remainder that fits the data.
func ExampleBestRice() {
	const n, universe = 1000, 784931 * 1000 // as in BIP 158
	c := gcs.Code{Rice: gcs.BestRice(n, universe), Run: bitio.OnesZero, Pad: gcs.PadZero}
	fmt.Println(c.Rice, float64(c.MaxSize(n, universe-1))*8/n, "bits a key at most")
	// Output: 19 21.504 bits a key at most
}

// A stream that carries its number of keys outside.
func ExampleLimit() {
	c := gcs.Code{Rice: 19, Run: bitio.OnesZero, Pad: gcs.PadZero}
	lim := gcs.Limit{Len: 1, Max: 1 << 30, End: gcs.Counted}
	keys, err := gcs.Decode([]uint64(nil), c, []byte{0x00, 0x00, 0x10}, lim)
	fmt.Println(keys, err)
	_, err = gcs.Decode([]uint64(nil), c, nil, lim)
	fmt.Println(err)
	// Output:
	// [1] <nil>
	// bits: truncated at bit 0: the stream ends within a code
}

// A large set that is asked often.
func ExampleCode_Index() {
	keys := make([]uint64, 0, 10_000)
	for i := range uint64(10_000) {
		keys = append(keys, i*i)
	}
	c := gcs.Code{Rice: 13, Gap: 1}
	src, err := gcs.Encode(nil, c, keys)
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := c.Index(src, gcs.Limit{Len: 10_000, Max: 1 << 27}, 0)
	fmt.Println(x.Len(), err)
	fmt.Println(x.Contains(49), x.Contains(50), x.ContainsAny([]uint64{2, 3, 99_980_001}))
	// Output:
	// 10000 <nil>
	// true false true
}

// Keys of one's own type need no copy.
func ExampleEncode_ownType() {
	type key uint32
	src, err := gcs.Encode(nil, h2o, []key{20, 178})
	fmt.Printf("%x %v\n", src, err)
	keys, err := gcs.Decode([]key(nil), h2o, src, limit)
	fmt.Println(keys, err)
	// Output:
	// a85d <nil>
	// [20 178] <nil>
}

func ExampleDecode_ownType() {
	var room [64]uint32
	keys, err := gcs.Decode(room[:0], h2o, []byte{0xa8, 0x5d}, limit)
	fmt.Println(keys, err)
	// Output: [20 178] <nil>
}

// Hashes come in any order, and now and then twice.
func ExampleSort() {
	keys := []uint64{178, 20, 178}
	gcs.Sort(keys, nil)
	src, err := gcs.Encode(nil, h2o, slices.Compact(keys))
	fmt.Printf("%x %v\n", src, err)
	// Output: a85d <nil>
}
