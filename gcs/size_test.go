package gcs_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

func TestSize(t *testing.T) {
	h2o := gcs.Code{Rice: 6, Gap: 1}
	for _, tt := range []struct {
		name string
		code gcs.Code
		keys []uint64
		want int
	}{
		{"nothing", h2o, nil, 0},
		{"seven bits", h2o, []uint64{5}, 1},
		{"eight bits", h2o, []uint64{64}, 1},
		{"nine bits", h2o, []uint64{128}, 2},
		{"the worked example", h2o, []uint64{20, 178}, 2},
		{"not sorted", h2o, []uint64{2, 1}, math.MaxInt},
		{"a repeat", h2o, []uint64{2, 2}, math.MaxInt},
		{"a repeat that is allowed", gcs.Code{Rice: 7}, []uint64{2, 2}, 2},
		{"above the largest key", gcs.Code{Rice: 63}, []uint64{math.MaxUint64}, math.MaxInt},
		{"the largest key in unary", gcs.Code{}, []uint64{gcs.Largest}, int(min(uint64(math.MaxInt), (1<<64-1)/8+1))},
		{"no such code", gcs.Code{Rice: 64}, nil, math.MaxInt},
	} {
		if got := tt.code.Size(tt.keys); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestMaxSize(t *testing.T) {
	h2o := gcs.Code{Rice: 6, Gap: 1}
	for _, tt := range []struct {
		name string
		code gcs.Code
		n    int
		max  uint64
		want int
	}{
		{"nothing", h2o, 0, 1 << 40, 0},
		{"less than nothing", h2o, -1, 1 << 40, 0},
		{"one key of H2O's default capacity", h2o, 1, 8191, 17},
		{"all of them", h2o, 8192, 8191, 7168},
		{"more than there are", h2o, 9000, 8191, 9000*7/8 + 16},
		{"no such code", gcs.Code{Gap: 2}, 1, 1, math.MaxInt},
		{"more than an int", gcs.Code{Rice: 63}, math.MaxInt, gcs.Largest, math.MaxInt},
	} {
		if got := tt.code.MaxSize(tt.n, tt.max); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// MaxSize is reached: for every small universe and number of keys, the largest Size
// of all sets is MaxSize.
func TestMaxSizeIsTight(t *testing.T) {
	const universe = 12
	for rice := range uint8(4) {
		for gap := range uint8(2) {
			c := gcs.Code{Rice: rice, Gap: gap}
			largest := map[int]int{}
			var sets func(keys []uint64, from uint64)
			sets = func(keys []uint64, from uint64) {
				largest[len(keys)] = max(largest[len(keys)], c.Size(keys))
				for k := from; k < universe && len(keys) < 5; k++ {
					sets(append(keys, k), k+uint64(gap))
				}
			}
			sets(nil, 0)
			for n, size := range largest {
				if got := c.MaxSize(n, universe-1); got != size {
					t.Errorf("%+v: MaxSize(%d, %d) = %d, the largest is %d", c, n, universe-1, got, size)
				}
			}
		}
	}
}

// BestRice is within 0.12 bits a key of the bound, by the formula of its comment
// and by the length of real streams.
func TestBestRice(t *testing.T) {
	for _, tt := range []struct {
		n        int
		universe uint64
		want     uint8
	}{
		{0, 100, 0},
		{100, 100, 0},
		{100, 50, 0},
		{1, 2, 0},
		{1, 1 << 63, 62},
		{1, math.MaxUint64, 63},
		{10, 8192, 9},  // H2O's default capacity with few assets: its own 6 takes 19.3 bits a key
		{30, 8192, 8},  // 10.8
		{100, 8192, 6}, // and with the 100 it was made for
		{100, 1 << 20, 13},
	} {
		if got := gcs.BestRice(tt.n, tt.universe); got != tt.want {
			t.Errorf("BestRice(%d, %d) = %d, want %d", tt.n, tt.universe, got, tt.want)
		}
	}
	// All mean gaps from 2 to 2^40, in steps of 1 %. (A denser set is better coded
	// by what it lacks.)
	for mean := 2.0; mean < 1<<40; mean *= 1.01 {
		const n = 1000
		r := gcs.BestRice(n, uint64(mean*n))
		expected := func(r uint8) float64 { // Expm1 and Log1p keep the digits that 1-1/mean loses
			return float64(r) + 1 + 1/math.Expm1(-math.Exp2(float64(r))*math.Log1p(-1/mean))
		}
		length := expected(r)
		// The entropy of a geometric gap; from a mean of some tens on it is
		// log2(mean) + 1.443.
		p := 1 / mean
		bound := (-p*math.Log2(p) - (1-p)*math.Log2(1-p)) / p
		// The worst means are those at which r changes: 0.12007 bits.
		if length > bound+0.1201 {
			t.Fatalf("mean gap %g: r = %d takes %.4f bits a key, the bound is %.4f", mean, r, length, bound)
		}
		// And no other remainder would take fewer.
		for _, other := range []uint8{r - 1, r + 1} {
			if other < 64 && expected(other) < length-1e-9 {
				t.Fatalf("mean gap %g: r = %d takes %.4f bits a key, %d takes fewer", mean, r, length, other)
			}
		}
	}
}

// The same of real streams.
func TestSizeIsNearTheBound(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	const n = 20_000
	for _, mean := range []float64{30, 64, 100, 1000, 524288, 784931} {
		c := gcs.Code{Rice: gcs.BestRice(n, uint64(mean*n)), Gap: 1}
		keys, k := make([]uint64, 0, n), uint64(0)
		for range n {
			k += 1 + uint64(rng.ExpFloat64()*mean)
			keys = append(keys, k)
		}
		perKey := float64(c.Size(keys)) * 8 / n
		if bound := math.Log2(mean) + 1.443; perKey > bound+0.12+0.05 { // the second is the sample's
			t.Errorf("mean gap %g: %.3f bits a key, the bound is %.3f", mean, perKey, bound)
		}
	}
}

// Sets of more than 2^61 bits cannot be tried, but their arithmetic can.
func TestSizeDoesNotOverflow(t *testing.T) {
	unary := gcs.Code{Run: bitio.OnesZero}
	if got := unary.MaxSize(1, gcs.Largest); uint64(got) != min(1<<61, uint64(math.MaxInt)) {
		t.Errorf("MaxSize = %d", got)
	}
}
