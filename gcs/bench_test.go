package gcs_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cache-aware/casper/gcs"
)

// rotation is how many different sets of up to 1000 keys a benchmark goes round:
// one small set alone is learned by the branch predictor, and shows times that no
// server will see.
const rotation = 1024

type benchSet struct {
	keys []uint64
	src  []byte
	lim  gcs.Limit
}

func benchCode(rice uint8) gcs.Code { return gcs.Code{Rice: rice, Gap: 1} }

// benchSets makes sets of n distinct keys, uniform below n*2^rice.
func benchSets(b testing.TB, n int, rice uint8) []benchSet {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(rice)))
	count := min(rotation, max(1, 1<<20/n))
	sets := make([]benchSet, count)
	for i := range sets {
		universe := uint64(n) << rice
		keys := make([]uint64, 0, n)
		for len(keys) < n {
			for len(keys) < n {
				keys = append(keys, rng.Uint64N(universe))
			}
			slices.Sort(keys)
			keys = slices.Compact(keys)
		}
		src, err := gcs.Encode(nil, benchCode(rice), keys)
		if err != nil {
			b.Fatal(err)
		}
		sets[i] = benchSet{keys, src, gcs.Limit{Len: n, Max: universe - 1}}
	}
	return sets
}

// perKey reports the time per key besides the time per operation.
func perKey(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/key")
}

func eachSize(b *testing.B, f func(b *testing.B, c gcs.Code, n int, sets []benchSet)) {
	for _, rice := range []uint8{6, 10, 19} {
		for _, n := range []int{10, 100, 1000, 10_000, 100_000} {
			b.Run(fmt.Sprintf("r=%d/n=%d", rice, n), func(b *testing.B) {
				sets := benchSets(b, n, rice)
				b.ReportAllocs()
				f(b, benchCode(rice), n, sets)
				perKey(b, n)
			})
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	eachSize(b, func(b *testing.B, c gcs.Code, n int, sets []benchSet) {
		dst := make([]byte, 0, c.MaxSize(n, uint64(n)<<c.Rice)+8)
		for i := 0; b.Loop(); i++ {
			if _, err := gcs.Encode(dst, c, sets[i%len(sets)].keys); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	eachSize(b, func(b *testing.B, c gcs.Code, n int, sets []benchSet) {
		dst := make([]uint64, 0, n)
		for i := 0; b.Loop(); i++ {
			s := &sets[i%len(sets)]
			if _, err := gcs.Decode(dst, c, s.src, s.lim); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// The whole set is gone through by an iterator.
func BenchmarkAll(b *testing.B) {
	eachSize(b, func(b *testing.B, c gcs.Code, n int, sets []benchSet) {
		var sum uint64
		for i := 0; b.Loop(); i++ {
			s := &sets[i%len(sets)]
			for k, err := range c.All(s.src, s.lim) {
				if err != nil {
					b.Fatal(err)
				}
				sum += k
			}
		}
		sink = sum
	})
}

var sink uint64

// An absent key in the middle of the range: half the set is scanned.
func BenchmarkContains(b *testing.B) {
	for _, rice := range []uint8{6, 10, 19} {
		for _, n := range []int{10, 100, 1000, 10_000, 100_000} {
			b.Run(fmt.Sprintf("r=%d/n=%d", rice, n), func(b *testing.B) {
				c, sets := benchCode(rice), benchSets(b, n, rice)
				middle := make([]uint64, len(sets))
				for i, s := range sets {
					for k := uint64(n) << rice / 2; ; k++ {
						if _, found := slices.BinarySearch(s.keys, k); !found {
							middle[i] = k
							break
						}
					}
				}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					s := &sets[i%len(sets)]
					if found, err := c.Contains(s.src, middle[i%len(sets)], s.lim); found || err != nil {
						b.Fatal(found, err)
					}
				}
				perKey(b, n/2)
			})
		}
	}
}

// Absent keys all over the range: the whole set is gone through.
func BenchmarkContainsAny(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		for _, m := range []int{10, 1000} {
			b.Run(fmt.Sprintf("r=19/n=%d/m=%d", n, m), func(b *testing.B) {
				c, sets := benchCode(19), benchSets(b, n, 19)
				rng := rand.New(rand.NewPCG(3, 3))
				queries := make([][]uint64, len(sets))
				for i, s := range sets {
					for len(queries[i]) < m {
						k := rng.Uint64N(uint64(n) << 19)
						if _, found := slices.BinarySearch(s.keys, k); !found {
							queries[i] = append(queries[i], k)
						}
					}
					slices.Sort(queries[i])
				}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					s := &sets[i%len(sets)]
					if found, err := c.ContainsAny(s.src, queries[i%len(sets)], s.lim); found || err != nil {
						b.Fatal(found, err)
					}
				}
			})
		}
	}
}

// Absent keys all over a large set, through an index.
func BenchmarkIndex(b *testing.B) {
	for _, every := range []int{32, 128} {
		s := benchSets(b, 10_000, 19)[0]
		x, err := benchCode(19).Index(s.src, s.lim, every)
		if err != nil {
			b.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(4, 4))
		queries := make([]uint64, rotation)
		for i := range queries {
			queries[i] = rng.Uint64N(10_000 << 19)
		}
		b.Run(fmt.Sprintf("every=%d/Contains", every), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				x.Contains(queries[i%rotation])
			}
		})
		sorted := slices.Sorted(slices.Values(queries[:10]))
		b.Run(fmt.Sprintf("every=%d/ContainsAny-10", every), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x.ContainsAny(sorted)
			}
		})
	}
	b.Run("make", func(b *testing.B) {
		s := benchSets(b, 10_000, 19)[0]
		b.ReportAllocs()
		for b.Loop() {
			if _, err := benchCode(19).Index(s.src, s.lim, 0); err != nil {
				b.Fatal(err)
			}
		}
		perKey(b, 10_000)
	})
}

// Sorting different unsorted sets, copying included.
func BenchmarkSort(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(6, uint64(n)))
			sets := make([][]uint64, max(1, min(rotation, 1<<18/n)))
			for i := range sets {
				for range n {
					sets[i] = append(sets[i], rng.Uint64N(uint64(n)*784931))
				}
			}
			keys, scratch := make([]uint64, n), make([]uint64, n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				copy(keys, sets[i%len(sets)])
				gcs.Sort(keys, scratch)
			}
			perKey(b, n)
		})
	}
}

func BenchmarkSize(b *testing.B) {
	s := benchSets(b, 1000, 10)[0]
	b.ReportAllocs()
	for b.Loop() {
		benchCode(10).Size(s.keys)
	}
	perKey(b, 1000)
}
