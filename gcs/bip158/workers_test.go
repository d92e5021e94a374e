package bip158

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/cache-aware/casper/hash"
)

// Whatever one worker builds and finds, several do, octet for octet: in all variants,
// with empty items, repeats, nothing but repeats, and fewer items than workers.
func TestWorkersAgree(t *testing.T) {
	params := []Params{
		Basic, {P: 3, M: 8}, {P: 0, M: 1}, {P: 32, M: 1 << 32},
		{P: 19, Variant: DecredV1}, {P: 0, Variant: DecredV1}, {P: 32, Variant: DecredV1},
		{P: 19, M: 784931, Variant: DecredV2}, {P: 2, M: 5, Variant: DecredV2},
	}
	for _, n := range []int{0, 1, 2, 3, 100, 5000, 9 * perWorker} {
		for name, item := range map[string]func(i int) []byte{
			"different":  func(i int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(i)) },
			"repeated":   func(i int) []byte { return fmt.Append(nil, i*i%n) },
			"one repeat": func(i int) []byte { return fmt.Append(nil, max(1, i)) },
			"some empty": func(i int) []byte { return bytes.Repeat([]byte{byte(i), byte(i >> 8), byte(i >> 16)}, i%3) },
			"all empty":  func(int) []byte { return nil },
			"all equal":  func(int) []byte { return []byte("the same") },
		} {
			items := make([][]byte, n)
			for i := range items {
				items[i] = item(i)
			}
			for _, p := range params {
				if n > 5000 && p.P != 19 {
					continue
				}
				k := Key{byte(n), p.P}
				want, err := build(p, k, items, 1)
				if err != nil {
					t.Fatal(err)
				}
				for _, workers := range []int{2, 5} {
					got, err := build(p, k, items, workers)
					if err != nil || got.n != want.n || !bytes.Equal(got.octets, want.octets) {
						t.Errorf("%d items, %s, %+v: %d workers: N %d, %v, not as one builds it", n, name, p, workers, got.n, err)
					}
				}
				strangers := make([][]byte, 50)
				for i := range strangers {
					strangers[i] = fmt.Append(nil, "stranger ", i)
				}
				one, some := want.hasAny(k, strangers, 1), want.hasAny(k, strangers, 3)
				if one != some {
					t.Errorf("%d items, %s, %+v: one worker finds %t, three %t", n, name, p, one, some)
				}
				if n == 0 {
					continue
				}
				last := append(strangers, items[n-1])
				if found := want.hasAny(k, last, 3); found != want.Has(k, items[n-1]) && !one {
					t.Errorf("%d items, %s, %+v: the last item is there: %t", n, name, p, found)
				}
			}
		}
	}
}

// Through the exported functions, with one processor and with several.
func TestProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	items := make([][]byte, 4*perWorker+5)
	for i := range items {
		items[i] = binary.LittleEndian.AppendUint64(nil, uint64(i))
	}
	want, err := build(Basic, Key{}, items, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, processors := range []int{1, 2, 4, 16} {
		runtime.GOMAXPROCS(processors)
		for n, workers := range map[int]int{
			0: 1, 2*perWorker - 1: 1, 2 * perWorker: min(2, processors),
			4 * perWorker: min(4, processors), math.MaxInt: processors,
		} {
			if got := workersFor(n); got != workers {
				t.Errorf("%d processors: %d workers for %d items, want %d", processors, got, n, workers)
			}
		}
		got, err := Build(Basic, Key{}, items)
		if err != nil || !bytes.Equal(got.octets, want.octets) {
			t.Errorf("%d processors build another filter, %v", processors, err)
		}
		if !got.HasAny(Key{}, items) {
			t.Errorf("%d processors find nothing", processors)
		}
	}
}

// Shares are next to each other and are everything.
func TestShare(t *testing.T) {
	for _, n := range []int{0, 1, 2, 99, 100, math.MaxInt32 - 1} {
		for _, workers := range []int{1, 2, 3, 100} {
			next := 0
			for i := range workers {
				from, to := share(n, i, workers)
				if from != next || to < from || to-from > n/workers+1 {
					t.Errorf("worker %d of %d has %d to %d of %d", i, workers, from, to, n)
				}
				next = to
			}
			if next != n {
				t.Errorf("%d workers have %d of %d", workers, next, n)
			}
		}
	}
}

// Two items with the same SipHash under the key of zeros: they came out of a search for
// distinguished points, of 2^32.3 hashes, which took 51 s. Bitcoin's filters keep
// both, but repeats of neither; Decred's second version takes them for one.
func TestCollisionOfHashes(t *testing.T) {
	a := binary.LittleEndian.AppendUint64(nil, 0xf8d44413ad347fce)
	b := binary.LittleEndian.AppendUint64(nil, 0xcd52674f521238f3)
	if x, y := hash.SipHash(Key{}, a), hash.SipHash(Key{}, b); x != y || x != 0xc7557046d9f90d93 {
		t.Fatalf("%x and %x", x, y)
	}
	c, d := []byte("another"), []byte("one more")
	crowd := [][]byte{b, a}
	for i := range 100 { // on both sides of the two
		crowd = append(crowd, fmt.Append(nil, i))
	}
	for _, tt := range []struct {
		items      [][]byte
		v0, v1, v2 uint32 // N of each variant
	}{
		{[][]byte{a, b}, 2, 2, 1},
		{[][]byte{a, a}, 1, 2, 1},
		{[][]byte{a, b, a, c, b, b}, 3, 6, 2},
		{[][]byte{b, c, c, d, a, c, a, b}, 4, 8, 3},
		{crowd, 102, 102, 101},
	} {
		for workers := 1; workers <= 4; workers++ {
			for _, shuffled := range []bool{false, true} {
				items := slices.Clone(tt.items)
				if shuffled {
					slices.Reverse(items)
				}
				for variant, want := range []uint32{tt.v0, tt.v1, tt.v2} {
					p := Params{P: 19, M: 784931, Variant: Variant(variant)}
					if p.Variant == DecredV1 {
						p.M = 0
					}
					f, err := build(p, Key{}, items, workers)
					if err != nil || f.N() != want {
						t.Fatalf("%q, variant %d: N %d, %v, want %d", items, variant, f.N(), err, want)
					}
					var values []uint64
					for _, item := range items {
						values = append(values, p.Value(Key{}, item, want))
					}
					slices.Sort(values)
					if got := slices.Collect(f.All()); !slices.Equal(slices.Compact(got), slices.Compact(values)) {
						t.Errorf("%q, variant %d: %d", items, variant, got)
					}
				}
			}
		}
	}
}
