package gcs_test

import (
	"math"
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

func TestNoAllocs(t *testing.T) {
	for _, c := range []gcs.Code{
		{Rice: 6, Gap: 1}, {Rice: 10}, {Rice: 19, Run: bitio.OnesZero, Pad: gcs.PadZero}, {Rice: 40},
		{Rice: 8, Order: bitio.LSBFirst},
	} {
		keys := make([]uint64, 300)
		for i := range keys {
			keys[i] = uint64(i) << c.Rice
		}
		last := keys[len(keys)-1]
		lim := gcs.Limit{Len: len(keys), Max: last}
		src, err := gcs.Encode(nil, c, keys)
		if err != nil {
			t.Fatal(err)
		}
		queries := []uint64{last - 1, last}
		out := make([]uint64, 0, len(keys))
		coded := make([]byte, 0, c.MaxSize(len(keys), last)+8)
		for _, tt := range []struct {
			name string
			f    func()
		}{
			{"Encode", func() { _, _ = gcs.Encode(coded, c, keys) }},
			{"Decode", func() { _, _ = gcs.Decode(out, c, src, lim) }},
			{"Contains", func() { _, _ = c.Contains(src, last, lim) }},
			{"ContainsAny", func() { _, _ = c.ContainsAny(src, queries, lim) }},
			{"All", func() {
				for range c.All(src, lim) {
				}
			}},
			{"Size", func() { c.Size(keys) }},
			// What the caller keeps on the stack stays there.
			{"Decode to the stack", func() {
				var room [300]uint64
				_, _ = gcs.Decode(room[:0], c, src, lim)
			}},
		} {
			if n := testing.AllocsPerRun(50, tt.f); n != 0 {
				t.Errorf("%+v: %s: %v allocations", c, tt.name, n)
			}
		}
	}
}

// What a decoder allocates is in proportion to the octets that it is given, however
// large the limit.
func TestDecodeAllocatesInProportion(t *testing.T) {
	for _, c := range []gcs.Code{{Rice: 0}, {Rice: 6, Gap: 1}, {Rice: 30}} {
		lim := gcs.Limit{Len: math.MaxInt, Max: gcs.Largest, End: gcs.Open}
		for _, src := range [][]byte{nil, {0}, {0xff}, make([]byte, 1000)} {
			keys, err := gcs.Decode([]uint64(nil), c, src, lim)
			most := len(src) * 8 / (int(c.Rice) + 1)
			if err != nil || cap(keys) > 64+2*most {
				t.Errorf("%+v: %d octets: room for %d keys, %v", c, len(src), cap(keys), err)
			}
		}
	}
}
