package gcs_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cache-aware/casper/gcs"
)

type smallKey uint32

// keyShapes are kinds of keys: those that Sort is made for, and those that any choice of
// digits, parts or groups could be wrong about.
var keyShapes = []struct {
	name string
	key  func(rng *rand.Rand, i, n int) uint64
}{
	{"hashes", func(rng *rand.Rand, _, _ int) uint64 { return rng.Uint64() }},
	{"values of a filter", func(rng *rand.Rand, _, n int) uint64 { return rng.Uint64N(uint64(n) * 784931) }},
	{"dense", func(rng *rand.Rand, _, n int) uint64 { return rng.Uint64N(uint64(n)) }},
	{"sorted", func(_ *rand.Rand, i, _ int) uint64 { return uint64(i) * 3 }},
	{"falling", func(_ *rand.Rand, i, n int) uint64 { return uint64(n-i) << 30 }},
	{"all equal", func(*rand.Rand, int, int) uint64 { return 1<<63 | 7 }},
	{"two values", func(rng *rand.Rand, _, _ int) uint64 { return rng.Uint64N(2) << 63 }},
	{"ten values", func(rng *rand.Rand, _, _ int) uint64 { return rng.Uint64N(10) * 0x123456789abcdef }},
	{"the top bit of one", func(rng *rand.Rand, i, n int) uint64 {
		if i == n/2 {
			return 1 << 63
		}
		return rng.Uint64() >> 40
	}},
	{"all in one part but one", func(rng *rand.Rand, i, _ int) uint64 {
		if i == 0 {
			return 0
		}
		return 1<<63 | rng.Uint64()>>8
	}},
	{"the same leading bits", func(rng *rand.Rand, _, _ int) uint64 { return 0xabcdef<<40 | rng.Uint64()>>52 }},
	{"digits that all share", func(rng *rand.Rand, _, _ int) uint64 { return 7<<40 | rng.Uint64N(1<<5)<<30 | 123 }},
	{"groups of ten", func(rng *rand.Rand, _, n int) uint64 {
		return rng.Uint64N(uint64(n/10+1))*0x9e3779b97f4a7c15&^(1<<20-1) | rng.Uint64()>>44
	}},
	{"groups of a thousand", func(rng *rand.Rand, _, n int) uint64 {
		return rng.Uint64N(uint64(n/1000+1))*0x9e3779b97f4a7c15&^(1<<40-1) | rng.Uint64()>>24
	}},
	{"any length", func(rng *rand.Rand, _, _ int) uint64 { return rng.Uint64() >> rng.IntN(65) }},
}

func TestSort(t *testing.T) {
	// Around every change of method: comparing or digits, the width of digits, the
	// width of the largest digit, parts.
	sizes := []int{0, 1, 2, 12, 13, 14, 15, 31, 32, 100, 511, 512, 2047, 2048, 5000, 8191, 8192, 65535, 65536}
	rng := rand.New(rand.NewPCG(41, 42))
	for _, shape := range keyShapes {
		for _, n := range sizes {
			testSort(t, rng, n, shape.name, shape.key)
		}
	}
}

// From 2^20 keys on they are sorted in parts.
func TestSortMany(t *testing.T) {
	rng := rand.New(rand.NewPCG(45, 46))
	for _, shape := range keyShapes {
		switch shape.name {
		case "hashes", "all in one part but one":
			for _, n := range []int{1<<20 - 1, 1 << 20} {
				keys := make([]uint64, n)
				for i := range keys {
					keys[i] = shape.key(rng, i, n)
				}
				checkSort(t, rng, shape.name, keys)
			}
		}
	}
	small := make([]smallKey, 1<<20+1)
	for i := range small {
		small[i] = smallKey(rng.Uint32())
	}
	checkSort(t, rng, "small hashes", small)
}

func testSort(t *testing.T, rng *rand.Rand, n int, name string, key func(rng *rand.Rand, i, n int) uint64) {
	keys := make([]uint64, n)
	top, bottom := make([]smallKey, n), make([]smallKey, n)
	for i := range keys {
		keys[i] = key(rng, i, n)
		top[i], bottom[i] = smallKey(keys[i]>>32), smallKey(keys[i])
	}
	checkSort(t, rng, name, keys)
	checkSort(t, rng, name+", upper half", top)
	checkSort(t, rng, name+", lower half", bottom)
}

// checkSort compares with slices.Sort, with enough scratch, too little, and more than
// enough, of which nothing is touched that is not needed.
func checkSort[K uint64 | smallKey](t *testing.T, rng *rand.Rand, name string, keys []K) {
	t.Helper()
	want := slices.Clone(keys)
	slices.Sort(want)
	n := len(keys)
	scratch := make([]K, []int{0, n / 2, n, n + 3}[rng.IntN(4)])
	for i := range scratch {
		scratch[i] = 99
	}
	if gcs.Sort(keys, scratch); !slices.Equal(keys, want) {
		t.Errorf("%d keys, %s: not sorted", n, name)
	}
	if len(scratch) > n && !slices.Equal(scratch[n:], []K{99, 99, 99}) {
		t.Errorf("%d keys, %s: more scratch written than there are keys", n, name)
	}
}

// Keys of all widths.
func TestSortWidths(t *testing.T) {
	rng := rand.New(rand.NewPCG(47, 48))
	for width := 0; width <= 64; width++ {
		testSort(t, rng, 14+rng.IntN(3000), "of some bits", func(rng *rand.Rand, _, _ int) uint64 {
			return rng.Uint64() >> (64 - width)
		})
	}
}

func TestSortDoesNotAllocate(t *testing.T) {
	rng := rand.New(rand.NewPCG(43, 44))
	for _, n := range []int{20, 5000, 1 << 20} {
		keys, scratch := make([]uint64, n), make([]uint64, n)
		if allocs := testing.AllocsPerRun(max(1, min(20, 100_000/n)), func() {
			for i := range keys {
				keys[i] = rng.Uint64() >> 20
			}
			gcs.Sort(keys, scratch)
		}); allocs != 0 {
			t.Errorf("%d keys: %v allocations", n, allocs)
		}
	}
}

func FuzzSort(f *testing.F) {
	f.Add([]byte("keys that share nothing, or everything"), uint64(0), uint16(20))
	f.Add(make([]byte, 9), uint64(1)<<63, uint16(3000)) // groups, and parts of them
	f.Fuzz(func(t *testing.T, octets []byte, step uint64, times uint16) {
		// Keys wherever the octets say, each the first of a row.
		var keys []uint64
		for i := 0; i+8 <= len(octets) && len(keys) < 1<<16; i++ {
			key := binary.LittleEndian.Uint64(octets[i:])
			for j := range uint64(times%4096) + 1 {
				keys = append(keys, key^j*step)
			}
		}
		want := slices.Clone(keys)
		slices.Sort(want)
		if gcs.Sort(keys, nil); !slices.Equal(keys, want) {
			t.Errorf("%d keys are not sorted", len(keys))
		}
	})
}
