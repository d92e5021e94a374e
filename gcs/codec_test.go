package gcs_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/internal/testkit"
)

// The worked examples of SPEC.md. A and B were sent by a real H2O; the tiny ones are
// the edges of its format.
func TestWorkedExamples(t *testing.T) {
	h2o := gcs.Code{Rice: 6, Gap: 1}
	for _, tt := range []struct {
		name string
		code gcs.Code
		keys []uint64
		want []byte
	}{
		{"A: qF0", h2o, []uint64{20, 178}, []byte{0xa8, 0x5d}},
		{"B: /index.html", h2o, []uint64{7700}, append(make([]byte, 15), 0xa8)},
		{"B: /css/0.css", h2o, []uint64{7602}, append(make([]byte, 14), 0x03, 0x90)},
		{"the empty set", h2o, nil, nil},
		{"gA", h2o, []uint64{0}, []byte{0x80}},
		{"_g", h2o, []uint64{63}, []byte{0xfe}},
		{"QA", h2o, []uint64{64}, []byte{0x40}},
		{"gQA", h2o, []uint64{0, 1}, []byte{0x81, 0x00}},
		{"gQIA", h2o, []uint64{0, 1, 2}, []byte{0x81, 0x02, 0x00}},
		{"8191", h2o, []uint64{8191}, append(make([]byte, 15), 0x01, 0xfc)},
		{"A in the older generation", gcs.Code{Rice: 6, Gap: 1, Run: bitio.OnesZero}, []uint64{20, 178}, []byte{0x29, 0x9d}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := gcs.Encode(nil, tt.code, tt.keys)
			if err != nil || !bytes.Equal(got, tt.want) {
				t.Errorf("Encode = %x, %v; want %x", got, err, tt.want)
			}
			keys, err := gcs.Decode([]uint64(nil), tt.code, tt.want, gcs.Limit{Len: len(tt.keys), Max: 8191})
			if err != nil || !slices.Equal(keys, tt.keys) {
				t.Errorf("Decode = %d, %v; want %d", keys, err, tt.keys)
			}
			if got := tt.code.Size(tt.keys); got != len(tt.want) {
				t.Errorf("Size = %d, want %d", got, len(tt.want))
			}
		})
	}
}

// Random sets in random codes: the octets are the reference's, the size is exact,
// MaxSize is not exceeded, and decoding gives the keys back.
func TestEncodeAgainstReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 8_000 {
		c := randomCode(rng)
		keys := randomKeys(rng, c)
		want := referenceEncode(c, keys)
		// Spare capacity that holds garbage, and too little, just enough or
		// plenty of it.
		dst := bytes.Repeat([]byte{0x5a}, rng.IntN(3)+rng.IntN(2)*(len(want)+20))
		lead := rng.IntN(len(dst) + 1)
		got, err := gcs.Encode(dst[:lead], c, keys)
		if err != nil || !bytes.Equal(got[lead:], want) {
			t.Fatalf("%+v %d:\n%x, %v, want\n%x", c, keys, got[lead:], err, want)
		}
		for _, b := range got[:lead] {
			if b != 0x5a {
				t.Fatalf("%+v %d: what was in dst is gone: %x", c, keys, got[:lead])
			}
		}
		if size := c.Size(keys); size != len(want) {
			t.Fatalf("%+v %d: Size %d, want %d", c, keys, size, len(want))
		}
		if n := len(keys); n > 0 && c.MaxSize(n, keys[n-1]) < len(want) {
			t.Fatalf("%+v %d: MaxSize %d, size %d", c, keys, c.MaxSize(n, keys[n-1]), len(want))
		}
		if c.Rice == 0 && c.Pad != gcs.PadRun && byte(c.Pad) != 2-byte(c.Run) {
			continue // each pad bit is a code: no reader without a count can tell
		}
		lim := gcs.Limit{Len: len(keys), Max: gcs.Largest, End: gcs.Counted}
		back, err := gcs.Decode([]uint64(nil), c, got[lead:], lim)
		if err != nil || !slices.Equal(back, keys) {
			t.Fatalf("%+v %d: came back as %d, %v", c, keys, back, err)
		}
	}
}

// Random and mutated streams in random codes under random limits: every reader
// finds the reference's keys, and its error of the same kind at the same bit.
func TestDecodeAgainstReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	kinds := map[gcs.Kind]int{}
	for range 8_000 {
		c := randomCode(rng)
		keys := randomKeys(rng, c)
		src := mutate(rng, referenceEncode(c, keys))
		lim := randomLimit(rng, keys)
		kinds[checkDecode(t, c, src, lim)]++
	}
	// The generators are good for nothing if they do not reach everything.
	for _, k := range []gcs.Kind{0, gcs.Truncated, gcs.OutOfRange, gcs.TrailingData, gcs.BadPadding, gcs.TooMany} {
		if kinds[k] < 50 {
			t.Errorf("only %d streams ended with %v", kinds[k], k)
		}
	}
}

// Long streams, so that whole groups run from every offset to every kind of end.
func TestLongStreamsAgainstReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for rice := range uint8(64) {
		for _, run := range []bitio.Run{bitio.ZerosOne, bitio.OnesZero} {
			for _, order := range []bitio.Order{bitio.MSBFirst, bitio.LSBFirst} {
				c := gcs.Code{Rice: rice, Run: run, Gap: uint8(rng.IntN(2)), Order: order}
				var keys []uint64
				for k, i := uint64(0), 0; i < 150; i++ {
					v := uint64(rng.ExpFloat64() * 0.7 * float64(uint64(1)<<min(rice, 52)))
					if i%40 == 39 {
						v = uint64(rng.IntN(130)) << min(rice, 50) // beyond any window
					}
					k += v + 1
					keys = append(keys, k-1)
				}
				src, err := gcs.Encode(nil, c, keys)
				if err != nil || !bytes.Equal(src, referenceEncode(c, keys)) {
					t.Fatalf("%+v: %v", c, err)
				}
				checkDecode(t, c, src, gcs.Limit{Len: len(keys), Max: gcs.Largest})
				cut := len(src) - 1 - rng.IntN(20)
				checkDecode(t, c, src[:max(cut, 0)], gcs.Limit{Len: len(keys), Max: gcs.Largest, End: gcs.End(rng.IntN(3))})
				checkDecode(t, c, src, gcs.Limit{Len: len(keys) - rng.IntN(9), Max: gcs.Largest, End: gcs.End(rng.IntN(3))})
				checkDecode(t, c, src, gcs.Limit{Len: len(keys), Max: keys[140] - uint64(rng.IntN(2)), End: gcs.Open})
			}
		}
	}
}

// checkDecode compares every reader with the reference on one stream, and returns
// the kind of its error.
func checkDecode(t *testing.T, c gcs.Code, src []byte, lim gcs.Limit) gcs.Kind {
	t.Helper()
	want, kind, offset := referenceDecode(c, src, lim)

	// Every amount of spare capacity that changes how the loops are cut.
	for _, spare := range []int{0, 1, len(want), len(want) + 9} {
		dst := append(make([]uint64, 0, 1+spare), 42)
		got, err := gcs.Decode(dst, c, src, lim)
		if got[0] != 42 || !slices.Equal(got[1:], want) {
			t.Fatalf("%+v %+v %x:\nkeys %d, want\n     %d", c, lim, src, got[1:], want)
		}
		checkError(t, c, src, lim, err, kind, offset)
	}

	var all []uint64
	var last error
	for k, err := range c.All(src, lim) {
		if last != nil {
			t.Fatalf("%+v %+v %x: All goes on after its error", c, lim, src)
		}
		if last = err; err == nil {
			all = append(all, k)
		} else if k != 0 {
			t.Fatalf("%+v %+v %x: All yields %d with its error", c, lim, src, k)
		}
	}
	if !slices.Equal(all, want) {
		t.Fatalf("%+v %+v %x: All %d, want %d", c, lim, src, all, want)
	}
	checkError(t, c, src, lim, last, kind, offset)

	// Membership: what is there, what is beside it, the ends. The error is met when
	// no key stops the search before it.
	queries := []uint64{0, 1, gcs.Largest, math.MaxUint64}
	for i := 0; i < len(want); i += 1 + len(want)/5 {
		queries = append(queries, want[i], want[i]+1, want[i]-1)
	}
	if len(want) > 0 {
		queries = append(queries, want[len(want)-1], want[len(want)-1]+1)
	}
	for _, q := range queries {
		i, found := slices.BinarySearch(want, q)
		got, err := c.Contains(src, q, lim)
		if got != found {
			t.Fatalf("%+v %+v %x: Contains(%d) = %v", c, lim, src, q, got)
		}
		if i < len(want) && err != nil {
			t.Fatalf("%+v %+v %x: Contains(%d) looked on: %v", c, lim, src, q, err)
		} else if i == len(want) {
			checkError(t, c, src, lim, err, kind, offset)
		}
	}
	slices.Sort(queries)
	for len(queries) > 0 {
		found := slices.ContainsFunc(queries, func(q uint64) bool {
			_, found := slices.BinarySearch(want, q)
			return found
		})
		got, err := c.ContainsAny(src, queries, lim)
		if got != found {
			t.Fatalf("%+v %+v %x: ContainsAny(%d) = %v", c, lim, src, queries, got)
		}
		switch {
		case found, len(want) > 0 && queries[len(queries)-1] < want[len(want)-1]:
			if err != nil {
				t.Fatalf("%+v %+v %x: ContainsAny(%d) looked on: %v", c, lim, src, queries, err)
			}
		case len(want) == 0 || queries[len(queries)-1] > want[len(want)-1]:
			checkError(t, c, src, lim, err, kind, offset)
		}
		// Without the keys that are there, and ever fewer of the others.
		queries = queries[:len(queries)-1]
		if len(queries)%2 == 0 {
			queries = slices.DeleteFunc(queries, func(q uint64) bool {
				_, found := slices.BinarySearch(want, q)
				return found
			})
		}
	}
	return kind
}

func checkError(t *testing.T, c gcs.Code, src []byte, lim gcs.Limit, err error, kind gcs.Kind, offset int) {
	t.Helper()
	var e *gcs.Error
	switch {
	case kind == 0 && err == nil:
	case kind == 0 || !errors.As(err, &e) || e.Kind != kind || e.At != gcs.BitOffset(offset):
		t.Fatalf("%+v %+v %x: error %v, want %v at %d", c, lim, src, err, kind, offset)
	}
}

// An iterator that is not followed to its end stops at once.
func TestAllStopsEarly(t *testing.T) {
	c := gcs.Code{Rice: 6, Gap: 1}
	src, _ := gcs.Encode(nil, c, []uint64{1, 2, 3, 4000})
	for k, err := range c.All(src, gcs.Limit{Len: 9, Max: 9}) {
		if k == 2 {
			break
		}
		if k != 1 || err != nil {
			t.Errorf("%d, %v", k, err)
		}
	}
}

// The largest keys there are: the successor of one is still a number, and nothing
// wraps round.
func TestLargestKeys(t *testing.T) {
	for _, c := range []gcs.Code{{Rice: 63, Gap: 1}, {Rice: 63}, {Rice: 62, Gap: 1, Order: bitio.LSBFirst}} {
		for _, keys := range [][]uint64{
			{gcs.Largest},
			{gcs.Largest - 1, gcs.Largest},
			{0, 1 << 63, gcs.Largest},
			{math.MaxInt64, 1 << 63, 1<<63 + 1},
		} {
			src, err := gcs.Encode(nil, c, keys)
			if err != nil || !bytes.Equal(src, referenceEncode(c, keys)) {
				t.Fatalf("%+v %d: %x, %v", c, keys, src, err)
			}
			checkDecode(t, c, src, gcs.Limit{Len: 3, Max: gcs.Largest})
		}
	}
}

// Keys that are no sorted set: the first one out of order is named, dst comes back
// as it was, and the size that the last key promises is never written beyond.
func TestEncodeRefuses(t *testing.T) {
	strict, repeats := gcs.Code{Rice: 6, Gap: 1}, gcs.Code{Rice: 6}
	lsb := gcs.Code{Rice: 6, Gap: 1, Order: bitio.LSBFirst}
	climb := func(step, then uint64) (keys []uint64) {
		for i := range uint64(500) {
			keys = append(keys, i*step)
		}
		return append(keys, then)
	}
	for _, tt := range []struct {
		name  string
		code  gcs.Code
		keys  []uint64
		kind  gcs.Kind
		index int
	}{
		{"a repeat", strict, []uint64{1, 2, 2, 3}, gcs.Duplicate, 2},
		{"a repeat in a group", strict, []uint64{7, 7, 8, 9, 10}, gcs.Duplicate, 1},
		{"a repeat at the end", strict, []uint64{1, 2, 3, 4, 4}, gcs.Duplicate, 4},
		{"two zeros", strict, []uint64{0, 0}, gcs.Duplicate, 1},
		{"descending", strict, []uint64{3, 2, 1, 0}, gcs.Unsorted, 1},
		{"one step back", repeats, []uint64{5, 6, 5, 9}, gcs.Unsorted, 2},
		{"the last far below a large one", strict, []uint64{1_000_000, 5}, gcs.Unsorted, 1},
		{"small gaps that add up, then back", strict, climb(64, 5), gcs.Unsorted, 500},
		{"the same, wide gaps", strict, climb(5000, 5), gcs.Unsorted, 500},
		{"the same, LSB first", lsb, climb(5000, 5), gcs.Unsorted, 500},
		{"wrapping round", strict, []uint64{gcs.Largest - 1, gcs.Largest, 0, 1, 2}, gcs.Unsorted, 2},
		{"wrapping round, repeats allowed", repeats, []uint64{gcs.Largest, 0, 0, 0, 0, 0}, gcs.Unsorted, 1},
		{"above the largest key", strict, []uint64{1, math.MaxUint64}, gcs.OutOfRange, 1},
		{"above the largest key, alone", gcs.Code{Rice: 63}, []uint64{math.MaxUint64}, gcs.OutOfRange, 0},
		{"above the largest key, within", gcs.Code{Rice: 63}, []uint64{1, math.MaxUint64, gcs.Largest}, gcs.OutOfRange, 1},
		{"unsorted, then above the largest key", gcs.Code{Rice: 63}, []uint64{5, 3, math.MaxUint64}, gcs.Unsorted, 1},
		{"more octets than may be", strict, []uint64{1 << 62}, gcs.TooMany, 0},
		{"more octets than may be, and unsorted", strict, []uint64{5, 3, 1 << 62}, gcs.Unsorted, 1},
		{"no such remainder", gcs.Code{Rice: 64}, []uint64{1}, gcs.BadParameter, 0},
		{"no such polarity", gcs.Code{Run: 2}, nil, gcs.BadParameter, 0},
		{"no such gap", gcs.Code{Gap: 2}, nil, gcs.BadParameter, 0},
		{"no such order", gcs.Code{Order: 2}, nil, gcs.BadParameter, 0},
		{"no such padding", gcs.Code{Pad: 3}, nil, gcs.BadParameter, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dst := []byte("as it was")
			got, err := gcs.Encode(dst, tt.code, tt.keys)
			if string(got) != "as it was" {
				t.Errorf("dst came back as %q", got)
			}
			testkit.CheckRefused(t, "Encode", err, tt.kind, tt.index)
			if got := tt.code.Size(tt.keys); got != math.MaxInt && tt.kind != gcs.TooMany {
				t.Errorf("Size = %d of keys that cannot be coded", got)
			}
		})
	}
}

func TestDecodeRefusesParameters(t *testing.T) {
	fine := gcs.Limit{Len: 1, Max: 1}
	for _, tt := range []struct {
		name string
		code gcs.Code
		lim  gcs.Limit
	}{
		{"remainder", gcs.Code{Rice: 64}, fine},
		{"gap", gcs.Code{Gap: 2}, fine},
		{"length", gcs.Code{}, gcs.Limit{Len: -1}},
		{"largest key", gcs.Code{}, gcs.Limit{Max: math.MaxUint64}},
		{"end", gcs.Code{}, gcs.Limit{End: 3}},
	} {
		_, err := gcs.Decode([]uint64(nil), tt.code, []byte{1}, tt.lim)
		if !errors.Is(err, gcs.BadParameter) {
			t.Errorf("%s: Decode: %v", tt.name, err)
		}
		if _, err := tt.code.Contains(nil, 1, tt.lim); !errors.Is(err, gcs.BadParameter) {
			t.Errorf("%s: Contains: %v", tt.name, err)
		}
		if _, err := tt.code.ContainsAny(nil, []uint64{1}, tt.lim); !errors.Is(err, gcs.BadParameter) {
			t.Errorf("%s: ContainsAny: %v", tt.name, err)
		}
		for _, err := range tt.code.All(nil, tt.lim) {
			if !errors.Is(err, gcs.BadParameter) {
				t.Errorf("%s: All: %v", tt.name, err)
			}
		}
	}
}

// The zero Limit admits only the empty set.
func TestZeroLimit(t *testing.T) {
	c := gcs.Code{Rice: 6, Gap: 1}
	if keys, err := gcs.Decode([]uint64(nil), c, nil, gcs.Limit{}); len(keys) != 0 || err != nil {
		t.Errorf("the empty set: %d, %v", keys, err)
	}
	if keys, err := gcs.Decode([]uint64(nil), c, []byte{0x80}, gcs.Limit{}); len(keys) != 0 || !errors.Is(err, gcs.TooMany) {
		t.Errorf("the set of 0: %d, %v", keys, err)
	}
}
