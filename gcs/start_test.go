package gcs_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// Codes may begin at any bit, behind a header of any kind: every reader finds the keys
// there, and counts a fault's place from the first bit of the header.
func TestCodesBehindAHeader(t *testing.T) {
	keys := []uint64{3, 20, 178, 179, 5000}
	for start := range 300 {
		c := gcs.Code{Rice: 6, Gap: 1}
		var w bitio.Writer
		for range start {
			w.WriteBits(1, 1)
		}
		var next uint64
		for _, k := range keys {
			w.WriteUnary(bitio.ZerosOne, (k-next)>>6)
			w.WriteBits((k-next)&63, 6)
			next = k + 1
		}
		src := w.AppendTo(nil, bitio.ZerosOne)
		lim := gcs.Limit{Len: 5, Max: 5000, Start: start}

		for _, room := range [][]uint64{nil, make([]uint64, 0, 9)} {
			if got, err := gcs.Decode(room, c, src, lim); err != nil || !slices.Equal(got, keys) {
				t.Fatalf("from bit %d: %d, %v", start, got, err)
			}
		}
		var all []uint64
		for k, err := range c.All(src, lim) {
			if all = append(all, k); err != nil {
				t.Errorf("from bit %d: All: %v", start, err)
			}
		}
		if !slices.Equal(all, keys) {
			t.Errorf("from bit %d: All %d", start, all)
		}
		if ok, err := c.Contains(src, 179, lim); !ok || err != nil {
			t.Errorf("from bit %d: Contains(179) %t, %v", start, ok, err)
		}
		if ok, err := c.ContainsAny(src, []uint64{4, 5000}, lim); !ok || err != nil {
			t.Errorf("from bit %d: ContainsAny %t, %v", start, ok, err)
		}
		if x, err := c.Index(src, lim, 2); err != nil || x.Len() != 5 || !x.Contains(178) || x.Contains(177) {
			t.Errorf("from bit %d: Index %v, %v", start, x, err)
		}
		lim.Max = 4999
		_, err := gcs.Decode([]uint64(nil), c, src, lim)
		if e := new(gcs.Error); !errors.As(err, &e) || e.Kind != gcs.OutOfRange || e.At != gcs.BitOffset(start+7+7+9+7) {
			t.Errorf("from bit %d: %v", start, err)
		}
	}
	for _, start := range []int{-1, 9} {
		if _, err := gcs.Decode([]uint64(nil), gcs.Code{Rice: 6}, []byte{0xff}, gcs.Limit{Len: 9, Max: 9, Start: start}); !errors.Is(err, gcs.BadParameter) {
			t.Errorf("from bit %d of 8: %v", start, err)
		}
	}
}
