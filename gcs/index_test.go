package gcs_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// Random sets, codes and distances between marks: the index answers as the keys do.
func TestIndex(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for range 1500 {
		c := randomCode(rng)
		keys := randomKeys(rng, c)
		if rng.IntN(3) == 0 { // longer ones
			for range 5 {
				next := uint64(0)
				if len(keys) > 0 {
					next = keys[len(keys)-1] + 1
				}
				for _, k := range randomKeys(rng, c) {
					if k < 1<<57 && next < 1<<58 {
						keys = append(keys, next+k)
					}
				}
			}
		}
		src, err := gcs.Encode(nil, c, keys)
		if err != nil {
			t.Fatal(err)
		}
		if c.Rice == 0 && c.Pad != gcs.PadRun {
			continue // pad bits that are codes
		}
		lim := gcs.Limit{Len: len(keys), Max: gcs.Largest, End: gcs.End(rng.IntN(3))}
		x, err := c.Index(src, lim, rng.IntN(45)-1)
		if _, want := gcs.Decode([]uint64(nil), c, src, lim); want != nil {
			if err == nil || err.Error() != want.Error() {
				t.Fatalf("%+v %+v %x: %v, want %v", c, lim, src, err, want)
			}
			continue
		}
		if err != nil || x.Len() != len(keys) {
			t.Fatalf("%+v %+v %x: %v", c, lim, src, err)
		}
		queries := []uint64{0, 1, gcs.Largest}
		for _, k := range keys {
			queries = append(queries, k-1, k, k+1)
		}
		slices.Sort(queries)
		for i, q := range queries {
			_, want := slices.BinarySearch(keys, q)
			if got := x.Contains(q); got != want {
				t.Fatalf("%+v %+v %x: Contains(%d) = %v", c, lim, src, q, got)
			}
			some := queries[i:min(len(queries), i+rng.IntN(4))]
			want = slices.ContainsFunc(some, func(q uint64) bool {
				_, found := slices.BinarySearch(keys, q)
				return found
			})
			if got := x.ContainsAny(some); got != want {
				t.Fatalf("%+v %+v %x: ContainsAny(%d) = %v", c, lim, src, some, got)
			}
		}
		absent := slices.DeleteFunc(queries, func(q uint64) bool {
			_, found := slices.BinarySearch(keys, q)
			return found
		})
		if x.ContainsAny(absent) {
			t.Fatalf("%+v %+v %x: ContainsAny of absent keys", c, lim, src)
		}
	}
}

// A large set, both ways of ContainsAny, no allocation.
func TestIndexOfALargeSet(t *testing.T) {
	c := gcs.Code{Rice: 19, Run: bitio.OnesZero, Pad: gcs.PadZero}
	set := benchSets(t, 10_000, 19)[0]
	src, _ := gcs.Encode(nil, c, set.keys)
	lim := set.lim
	lim.End = gcs.Counted
	x, err := c.Index(src, lim, 0)
	if err != nil {
		t.Fatal(err)
	}
	var few, many []uint64
	for i, k := range set.keys {
		if !x.Contains(k) || x.Contains(k+1) != slices.Contains(set.keys[i:min(i+2, len(set.keys))], k+1) {
			t.Fatalf("key %d of 10,000", i)
		}
		if _, found := slices.BinarySearch(set.keys, k+1); !found {
			if many = append(many, k+1); i%1000 == 0 {
				few = append(few, k+1)
			}
		}
	}
	if x.ContainsAny(few) || x.ContainsAny(many) || !x.ContainsAny(append(few, set.keys[9999])) {
		t.Error("ContainsAny is wrong")
	}
	few = few[:len(few)-1]
	if n := testing.AllocsPerRun(10, func() { x.Contains(few[1]); x.ContainsAny(few); x.ContainsAny(many) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestIndexRefuses(t *testing.T) {
	c := gcs.Code{Rice: 6, Gap: 1}
	lim := gcs.Limit{Len: 9, Max: 255}
	for _, tt := range []struct {
		name string
		code gcs.Code
		src  []byte
		lim  gcs.Limit
		want gcs.Kind
	}{
		{"a bad parameter", gcs.Code{Rice: 64}, nil, lim, gcs.BadParameter},
		{"a code cut short", c, []byte{0xa8, 0x5d, 0, 1}, lim, gcs.Truncated},
		{"too many keys", c, []byte{0xa8, 0x5d}, gcs.Limit{Len: 1, Max: 255}, gcs.TooMany},
		{"a key out of range", c, []byte{0xa8, 0x5d}, gcs.Limit{Len: 9, Max: 100}, gcs.OutOfRange},
		{"more than places can be named in", c, make([]byte, 1<<29), lim, gcs.TooMany},
	} {
		if x, err := tt.code.Index(tt.src, tt.lim, 0); x != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, %v", tt.name, x, err)
		}
	}
}
