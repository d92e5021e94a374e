package casper

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomFingerprint draws a set at random: empty, a few keys, dense, or full; and
// sometimes with keys above the capacity, as a lenient reader lets in.
func randomFingerprint(rng *rand.Rand, p Params) Fingerprint {
	n := []int{0, 1, 5, 60, p.Capacity()}[rng.IntN(5)]
	keys := make([]Key, n)
	for i := range keys {
		keys[i] = Key(rng.Uint32())
	}
	f := New(p, keys...)
	if rng.IntN(8) == 0 {
		f.keys = slices.Concat(f.keys, []Key{Key(p.Capacity()) + 3, Key(p.Capacity()) + 77})
	}
	return f
}

func randomParams(rng *rand.Rand) Params {
	return Params{CapacityBits: uint8([]int{0, 1, 4, 8, 10, 13}[rng.IntN(6)]), Generation: Generation(rng.IntN(2))}
}

func equal(f, g Fingerprint) bool { return f.p == g.p && slices.Equal(f.keys, g.keys) }

// Merge is the union, and a semilattice: it does not matter in which order or how
// often cookies meet.
func TestMergeLaws(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 600 {
		f, g, h := randomFingerprint(rng, randomParams(rng)), randomFingerprint(rng, randomParams(rng)), randomFingerprint(rng, randomParams(rng))
		if rng.IntN(2) == 0 {
			g.p, h.p = f.p, f.p
		}
		if a, b := f.Merge(g), g.Merge(f); !equal(a, b) {
			t.Fatalf("not commutative: %+v and %+v: %+v, %+v", f, g, a, b)
		}
		if a, b := f.Merge(g).Merge(h), f.Merge(g.Merge(h)); !equal(a, b) {
			t.Fatalf("not associative: %+v, %+v, %+v: %+v, %+v", f, g, h, a, b)
		}
		if a := f.Merge(f); !equal(a, f) {
			t.Fatalf("not idempotent: %+v: %+v", f, a)
		}
		both := f.Merge(g)
		for _, k := range slices.Concat(f.keys, g.keys) {
			if k < Key(f.p.Capacity()) && k < Key(g.p.Capacity()) && !both.Has(k) {
				t.Fatalf("%d is lost", k)
			}
		}
	}
}

// An asset that either of two cookies of different capacities holds, the merged one
// holds: keys are low bits of the same hash.
func TestMergeOfCapacitiesLosesNoAsset(t *testing.T) {
	small, large := Params{CapacityBits: 6}, Params{CapacityBits: 13}
	a := New(large, large.Key("/a.css"), large.Key("/b.css"))
	b := New(small, small.Key("/c.css"))
	both := a.Merge(b)
	if both.Params() != small {
		t.Fatalf("%+v", both.Params())
	}
	for _, path := range []string{"/a.css", "/b.css", "/c.css"} {
		if !both.Has(small.Key(path)) {
			t.Errorf("%s is lost", path)
		}
	}
}

// With against a plain map, over long random histories; every fingerprint made on
// the way stays what it was.
func TestWithAgainstAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		p := randomParams(rng)
		f, model := New(p), map[Key]bool{}
		var past []Fingerprint
		var texts []string
		for range 40 {
			keys := make([]Key, rng.IntN(4))
			for i := range keys {
				keys[i] = Key(rng.Uint32N(uint32(2 * p.Capacity())))
				model[keys[i]%Key(p.Capacity())] = true
			}
			f = f.With(keys...)
			past, texts = append(past, f), append(texts, f.String())
			if want := slices.Sorted(maps.Keys(model)); !slices.Equal(f.keys, want) || f.Len() != len(want) {
				t.Fatalf("%d, want %d", f.keys, want)
			}
			for range 10 {
				if k := Key(rng.Uint32N(uint32(p.Capacity()))); f.Has(k) != model[k] {
					t.Fatalf("Has(%d) = %v", k, f.Has(k))
				}
			}
		}
		for i, f := range past {
			if f.String() != texts[i] {
				t.Fatalf("a fingerprint changed after it was made: %s, was %s", f, texts[i])
			}
		}
	}
}

// Trim stays within its bound, keeps what it can, drops the least valuable keys, and
// leaves alone what fits.
func TestTrim(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		p := randomParams(rng)
		f := randomFingerprint(rng, p)
		most := rng.IntN(len(f.String()) + 3)
		var keep []Key
		for range rng.IntN(6) {
			if k := Key(rng.Uint32N(uint32(p.Capacity()))); f.Len() > 0 {
				keep = append(keep, k, f.keys[rng.IntN(f.Len())])
			}
		}
		g := f.Trim(most, keep...)
		if len(g.String()) > most {
			t.Fatalf("%d characters, at most %d", len(g.String()), most)
		}
		if len(f.String()) <= most && !equal(f, g) {
			t.Fatalf("trimmed without need")
		}
		dropped := 0
		for _, k := range g.keys {
			if !f.Has(k) {
				t.Fatalf("%d was not there before", k)
			}
		}
		for _, k := range f.keys {
			if !g.Has(k) {
				dropped++
			}
		}
		// The most valuable key of all goes last.
		if first := slices.IndexFunc(keep, f.Has); g.Len() > 0 && first >= 0 && !g.Has(keep[first]) {
			t.Fatalf("%d was to be kept: %d left of %d", keep[first], g.Len(), f.Len())
		}
		// One key more would not have fitted.
		if dropped > 0 {
			order := slices.DeleteFunc(slices.Concat(keep, f.keys), func(k Key) bool { return !f.Has(k) || g.Has(k) })
			if more := f.textLen(slices.Sorted(slices.Values(append(slices.Clone(g.keys), order[0])))); more <= most {
				t.Fatalf("%d would have fitted besides: %d characters of %d", order[0], more, most)
			}
		}
	}
	if g := New(Params{}, 1, 2, 3).Trim(-1); g.Len() != 0 || g.String() != "" {
		t.Errorf("%s is longer than -1", g)
	}
}

// The claim of Trim's comment.
func TestTrimOf3238KeysInABrowsersCookie(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		var keys []Key
		for _, k := range rng.Perm(8192)[:3238] {
			keys = append(keys, Key(k))
		}
		if f := New(Params{}, keys...); f.Trim(3800).Len() != 3238 {
			t.Fatalf("%d characters", len(f.String()))
		}
	}
	if most := (Params{}).Code().MaxSize(3238, 8191); (most*8+5)/6 > 3800 {
		t.Errorf("%d octets at most", most)
	}
}

func TestZeroFingerprint(t *testing.T) {
	var f Fingerprint
	if f.Len() != 0 || f.String() != "" || f.Has(0) || f.Params() != (Params{}) || f.FalsePositive() != 0 || f.Entropy() != 0 {
		t.Errorf("%+v: %s", f, f)
	}
	for k := range f.All() {
		t.Errorf("%d", k)
	}
	if got := f.With(3).String(); got != New(Params{}, 3).String() {
		t.Errorf("%s", got)
	}
	if g := f.Merge(f).Trim(0); g.Len() != 0 {
		t.Errorf("%s", g)
	}
}

// The information of a set is the logarithm of how many such sets there are.
func TestEntropy(t *testing.T) {
	p := Params{CapacityBits: 3}
	for n, sets := range []float64{1, 8, 28, 56, 70, 56, 28, 8, 1} {
		keys := []Key{0, 1, 2, 3, 4, 5, 6, 7}[:n]
		if got := New(p, keys...).Entropy(); math.Abs(got-math.Log2(sets)) > 1e-9 {
			t.Errorf("%d of 8: %v, want %v", n, got, math.Log2(sets))
		}
	}
	// Keys above the capacity are no path's, and say nothing of one.
	f, err := ParseLenient("AAAAAAAAAAAAAAAAAAADkA", p)
	if err != nil || f.Len() != 1 || f.Entropy() != 0 || f.FalsePositive() != 0 {
		t.Errorf("%s: %v, %v, %v", f, err, f.Entropy(), f.FalsePositive())
	}
}

func TestKnown(t *testing.T) {
	p := Params{CapacityBits: 4}
	for _, tt := range []struct{ all, known []Key }{
		{nil, nil},
		{[]Key{0, 15}, []Key{0, 15}},
		{[]Key{0, 14, 16}, []Key{0, 14}},
		{[]Key{15, 16, 900}, []Key{15}},
		{[]Key{16}, nil},
	} {
		f, err := ParseLenient(string(p.AppendValue(nil, tt.all)), p)
		if got := f.Known(); err != nil || !slices.Equal(got.keys, tt.known) || got.p != p {
			t.Errorf("%d: %d, %v, want %d", tt.all, got.keys, err, tt.known)
		}
	}
	// What is made of it later does not write into what it was cut from.
	f, _ := ParseLenient(string(p.AppendValue(nil, []Key{3, 16})), p)
	before := f.String()
	if f.Known().With(5); f.String() != before {
		t.Errorf("%s, was %s", f, before)
	}
}

func TestBitsFor(t *testing.T) {
	for _, tt := range []struct {
		assets int
		rate   float64
		want   uint8
	}{
		{80, 0.01, 13}, {81, 0.01, 13}, {82, 0.01, 14}, {0, 0.01, 1}, {1, 0.5, 1}, {1, 0.25, 2}, {327, 0.01, 15}, {1 << 30, 0.01, 15}, {5, 0, 15},
	} {
		if got := BitsFor(tt.assets, tt.rate); got != tt.want {
			t.Errorf("BitsFor(%d, %v) = %d, want %d", tt.assets, tt.rate, got, tt.want)
		}
	}
}
