package gcs_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// Keys of another type: the same octets, the same keys, the same errors.
func TestSmallKeys(t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 52))
	for range 3000 {
		c := randomCode(rng)
		keys := slices.DeleteFunc(randomKeys(rng, c), func(k uint64) bool { return k >= 1<<32 })
		small := make([]smallKey, len(keys))
		for i, k := range keys {
			small[i] = smallKey(k)
		}
		want, wantErr := gcs.Encode(nil, c, keys)
		src, err := gcs.Encode(nil, c, small)
		if !bytes.Equal(src, want) || wantErr != nil || err != nil {
			t.Fatalf("%+v %d: %x, %v; want %x, %v", c, keys, src, err, want, wantErr)
		}
		src = mutate(rng, src)
		lim := randomLimit(rng, keys)
		lim.Max = min(lim.Max, 1<<32-1)
		numbers, wantErr := gcs.Decode([]uint64(nil), c, src, lim)
		got, err := gcs.Decode([]smallKey{5}, c, src, lim)
		if len(got) != 1+len(numbers) || got[0] != 5 {
			t.Fatalf("%+v %+v %x: %d, want %d", c, lim, src, got[1:], numbers)
		}
		for i, k := range numbers {
			if got[1+i] != smallKey(k) {
				t.Fatalf("%+v %+v %x: %d, want %d", c, lim, src, got[1:], numbers)
			}
		}
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("%+v %+v %x: %v, want %v", c, lim, src, err, wantErr)
		}
	}
}

// A limit above what the type holds is the caller's mistake, found at once.
func TestSmallKeysRefuseLargeLimits(t *testing.T) {
	c := gcs.Code{Rice: 6}
	if _, err := gcs.Decode([]smallKey(nil), c, nil, gcs.Limit{Len: 1, Max: 1 << 32}); !errors.Is(err, gcs.BadParameter) {
		t.Errorf("%v", err)
	}
	if _, err := gcs.Encode(nil, c, []smallKey{2, 1}); !errors.Is(err, gcs.Unsorted) {
		t.Errorf("%v", err)
	}
}

// Streams whose density changes on the way: the size of groups has to follow, down
// and up, and every key has to come out.
func TestDensityChanges(t *testing.T) {
	rng := rand.New(rand.NewPCG(53, 54))
	for _, rice := range []uint8{0, 1, 6, 8, 10, 14, 19, 30} {
		for _, run := range []bitio.Run{bitio.ZerosOne, bitio.OnesZero} {
			c := gcs.Code{Rice: rice, Gap: 1, Run: run}
			var keys []uint64
			k := uint64(0)
			for part := range 12 {
				mean := uint64(1) << rice
				if part%2 == 1 {
					mean *= uint64(1 + rng.IntN(60)) // up to sixty times too sparse
				}
				for range 300 + rng.IntN(1500) {
					k += 1 + rng.Uint64N(2*mean)
					keys = append(keys, k)
				}
			}
			src, err := gcs.Encode(nil, c, keys)
			if err != nil || !bytes.Equal(src, referenceEncode(c, keys)) {
				t.Fatalf("%+v: encoded wrongly: %v", c, err)
			}
			lim := gcs.Limit{Len: len(keys), Max: k}
			got, err := gcs.Decode([]uint64(nil), c, src, lim)
			if err != nil || !slices.Equal(got, keys) {
				t.Fatalf("%+v: decoded wrongly: %v", c, err)
			}
			for i := 0; i < len(keys); i += 97 {
				if found, err := c.Contains(src, keys[i], lim); !found || err != nil {
					t.Fatalf("%+v: key %d is not found: %v", c, i, err)
				}
			}
		}
	}
}
