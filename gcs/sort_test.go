package gcs_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cache-aware/casper/gcs"
)

type smallKey uint32

// All lengths around the change of method, all widths of keys, with and without
// scratch, against slices.Sort.
func TestSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	for _, n := range []int{0, 1, 2, 30, 35, 36, 37, 100, 500, 2999, 3000, 5000} {
		for width := 0; width <= 64; width += 1 + rng.IntN(5) {
			keys := make([]uint64, n)
			small := make([]smallKey, n)
			for i := range keys {
				keys[i] = rng.Uint64() >> (64 - width)
				small[i] = smallKey(keys[i])
			}
			want, wantSmall := slices.Clone(keys), slices.Clone(small)
			slices.Sort(want)
			slices.Sort(wantSmall)
			if gcs.Sort(keys, make([]uint64, rng.IntN(2)*n)); !slices.Equal(keys, want) {
				t.Fatalf("%d keys of %d bits", n, width)
			}
			if gcs.Sort(small, nil); !slices.Equal(small, wantSmall) {
				t.Fatalf("%d small keys of %d bits", n, width)
			}
		}
	}
	// A digit that is the same in all keys.
	keys := make([]uint64, 2000)
	for i := range keys {
		keys[i] = 7<<40 | rng.Uint64N(1<<5)<<30 | 123
	}
	want := slices.Clone(keys)
	slices.Sort(want)
	if gcs.Sort(keys, nil); !slices.Equal(keys, want) {
		t.Error("keys that share digits")
	}
}

func TestSortDoesNotAllocate(t *testing.T) {
	keys, scratch := make([]uint64, 5000), make([]uint64, 5000)
	rng := rand.New(rand.NewPCG(43, 44))
	if n := testing.AllocsPerRun(20, func() {
		for i := range keys {
			keys[i] = rng.Uint64() >> 20
		}
		gcs.Sort(keys, scratch)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
