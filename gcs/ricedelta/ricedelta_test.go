package ricedelta_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/internal/testkit"
	"github.com/cache-aware/casper/gcs/ricedelta"
)

type captures struct {
	Rice []struct {
		ID      string
		K       uint8
		Encoded string `json:"encoded_hex"`
		Deltas  []uint32
	}
	Prefixes []struct {
		ID       string
		First    uint32   `json:"first_value"`
		Rice     uint8    `json:"rice_parameter"`
		Count    uint32   `json:"num_entries"`
		Encoded  string   `json:"encoded_hex"`
		Values   []uint32 `json:"values_uint32_ascending"`
		Bytewise []string `json:"hash_prefixes_hex_lexicographic"`
	} `json:"hash_prefixes"`
	Errors []struct {
		ID      string
		First   uint32 `json:"first_value"`
		Rice    uint8  `json:"rice_parameter"`
		Count   uint32 `json:"num_entries"`
		Encoded string `json:"encoded_hex"`
	}
}

func load(t testing.TB) (c captures) {
	t.Helper()
	testkit.Published(t, "testdata/rice-delta.json", &c)
	if len(c.Rice) != 5 || len(c.Prefixes) != 3 || len(c.Errors) != 2 {
		t.Fatalf("%d, %d and %d cases", len(c.Rice), len(c.Prefixes), len(c.Errors))
	}
	return c
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Differences of Google's and Chromium's tests. Their sums need more than 32 bits, so
// that they are no lists; the code is the same.
func TestCapturedDeltas(t *testing.T) {
	for _, c := range load(t).Rice {
		var sums []uint64
		sum := uint64(0)
		for _, d := range c.Deltas {
			sum += uint64(d)
			sums = append(sums, sum)
		}
		code := ricedelta.Code(c.K)
		octets, err := gcs.Encode(nil, code, sums)
		if got := hex.EncodeToString(octets); err != nil || got != c.Encoded {
			t.Errorf("%s: %s, %v, want %s", c.ID, got, err, c.Encoded)
		}
		got, err := gcs.Decode([]uint64(nil), code, unhex(t, c.Encoded), gcs.Limit{Len: len(sums), Max: gcs.Largest, End: gcs.Counted})
		if err != nil || !slices.Equal(got, sums) {
			t.Errorf("%s: %v, %v, want %v", c.ID, got, err, sums)
		}
	}
}

// Lists of hash prefixes of the same source.
func TestCapturedLists(t *testing.T) {
	for _, c := range load(t).Prefixes {
		l := ricedelta.List{First: c.First, Rice: c.Rice, Count: c.Count, Data: unhex(t, c.Encoded)}
		values, err := collect(l)
		if err != nil || !slices.Equal(values, c.Values) {
			t.Errorf("%s: %v, %v, want %v", c.ID, values, err, c.Values)
		}
		again, err := ricedelta.FromValues(c.Rice, c.Values)
		if err != nil || again.First != c.First || again.Count != c.Count || hex.EncodeToString(again.Data) != c.Encoded {
			t.Errorf("%s: %+v, %v", c.ID, again, err)
		}
		var prefixes []string
		for _, v := range values {
			p := ricedelta.Prefix(v)
			prefixes = append(prefixes, hex.EncodeToString(p[:]))
			if ricedelta.Value(p) != v {
				t.Errorf("%s: Value(Prefix(%d)) = %d", c.ID, v, ricedelta.Value(p))
			}
			for _, x := range []uint32{v - 1, v, v + 1} {
				if found, err := l.Has(x); err != nil || found != slices.Contains(values, x) {
					t.Errorf("%s: Contains(%d) = %t, %v", c.ID, x, found, err)
				}
			}
		}
		slices.Sort(prefixes)
		if !slices.Equal(prefixes, c.Bytewise) {
			t.Errorf("%s: %v, want %v", c.ID, prefixes, c.Bytewise)
		}
	}
}

// Messages that Chromium refuses.
func TestCapturedErrors(t *testing.T) {
	for _, c := range load(t).Errors {
		l := ricedelta.List{First: c.First, Rice: c.Rice, Count: c.Count, Data: unhex(t, c.Encoded)}
		if values, err := collect(l); err == nil {
			t.Errorf("%s: %v", c.ID, values)
		}
	}
}

// The worked example of gcs/SPEC.md, bit by bit.
func TestWorkedExample(t *testing.T) {
	l, err := ricedelta.FromValues(2, []uint32{5, 20, 29})
	if err != nil || l.First != 5 || l.Count != 2 || hex.EncodeToString(l.Data) != "f702" {
		t.Errorf("%+v, %v", l, err)
	}
	values, err := collect(l)
	if err != nil || !slices.Equal(values, []uint32{5, 20, 29}) {
		t.Errorf("%v, %v", values, err)
	}
}

func TestBadLists(t *testing.T) {
	for _, tt := range []struct {
		name   string
		l      ricedelta.List
		values []uint32 // those before the error
		kind   gcs.Kind
		offset int
	}{
		{"a single value", ricedelta.List{First: 7}, []uint32{7}, 0, 0},
		{"a single value, with a parameter", ricedelta.List{First: 7, Rice: 28}, []uint32{7}, 0, 0},
		{"the zero List", ricedelta.List{}, []uint32{0}, 0, 0},
		{"a single value, with data", ricedelta.List{First: 7, Rice: 5, Data: []byte{0}}, []uint32{7}, gcs.TrailingData, 0},
		{"parameter 1", ricedelta.List{Rice: 1, Count: 1, Data: []byte{0}}, nil, gcs.BadParameter, 0},
		{"parameter 29", ricedelta.List{Rice: 29, Count: 1, Data: make([]byte, 8)}, nil, gcs.BadParameter, 0},
		{"parameter 0 with a count", ricedelta.List{Count: 1, Data: []byte{0x61}}, nil, gcs.BadParameter, 0},
		{"a count of 32 bits", ricedelta.List{Rice: 2, Count: 1 << 31, Data: []byte{0}}, nil, gcs.BadParameter, 0},
		{"parameter 1 without a count", ricedelta.List{Rice: 1}, nil, gcs.BadParameter, 0},
		{"no data", ricedelta.List{First: 3, Rice: 5, Count: 1}, []uint32{3}, gcs.Truncated, 0},
		{"one value too few", ricedelta.List{First: 5, Rice: 2, Count: 3, Data: []byte{0xf7, 0x02}}, []uint32{5, 20, 29, 29}, 0, 0},
		{"two values too few", ricedelta.List{First: 5, Rice: 2, Count: 4, Data: []byte{0xf7, 0x02}}, []uint32{5, 20, 29, 29}, gcs.Truncated, 14},
		{"one value too many", ricedelta.List{First: 5, Rice: 2, Count: 1, Data: []byte{0xf7, 0x02}}, []uint32{5, 20}, gcs.TrailingData, 6},
		{"an octet too many", ricedelta.List{First: 5, Rice: 2, Count: 2, Data: []byte{0xf7, 0x02, 0}}, []uint32{5, 20, 29}, gcs.TrailingData, 11},
		{"padding", ricedelta.List{First: 5, Rice: 2, Count: 2, Data: []byte{0xf7, 0x22}}, []uint32{5, 20, 29}, gcs.BadPadding, 13},
		{"a quotient without an end", ricedelta.List{First: 5, Rice: 2, Count: 2, Data: []byte{0xff, 0xff}}, []uint32{5}, gcs.Truncated, 0},
		{"the largest value", ricedelta.List{First: math.MaxUint32 - 9, Rice: 2, Count: 1, Data: []byte{0b01_011}}, []uint32{math.MaxUint32 - 9, math.MaxUint32}, 0, 0},
		{"one more than 32 bits hold", ricedelta.List{First: math.MaxUint32 - 8, Rice: 2, Count: 1, Data: []byte{0b01_011}}, []uint32{math.MaxUint32 - 8}, gcs.OutOfRange, 0},
		{"a later one", ricedelta.List{First: math.MaxUint32 - 15, Rice: 2, Count: 2, Data: []byte{0xf7, 0x02}}, []uint32{math.MaxUint32 - 15, math.MaxUint32}, gcs.OutOfRange, 6},
		{"a promise of 2^31-1", ricedelta.List{First: 5, Rice: 2, Count: math.MaxInt32, Data: []byte{0xf7, 0x02}}, []uint32{5, 20, 29, 29}, gcs.Truncated, 14},
	} {
		values, err := collect(tt.l)
		if !slices.Equal(values, tt.values) {
			t.Errorf("%s: values %v, want %v", tt.name, values, tt.values)
		}
		testkit.CheckError(t, tt.name, err, 0, tt.kind, gcs.BitOffset(tt.offset))
		if err == nil {
			again, err := ricedelta.FromValues(tt.l.Rice, values)
			if err != nil || again.Count != tt.l.Count || string(again.Data) != string(tt.l.Data) {
				t.Errorf("%s: encoded again as %+v, %v", tt.name, again, err)
			}
		}
		if _, err := tt.l.Has(1); tt.kind == gcs.BadParameter && !errors.Is(err, gcs.BadParameter) {
			t.Errorf("%s: Contains: %v", tt.name, err)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values []uint32
		rice   uint8
		kind   gcs.Kind
		offset int
	}{
		{"nothing", nil, 2, gcs.BadParameter, 0},
		{"unsorted", []uint32{3, 5, 4}, 2, gcs.Unsorted, 2},
		{"parameter 0", []uint32{3, 5}, 0, gcs.BadParameter, 0},
		{"parameter 29", []uint32{3, 5}, 29, gcs.BadParameter, 0},
		{"too far apart", []uint32{0, math.MaxUint32}, 2, gcs.TooMany, 1},
		{"far apart", []uint32{0, math.MaxUint32}, 28, 0, 0},
		{"one value", []uint32{3}, 0, 0, 0},
		{"the same twice", []uint32{3, 3}, 2, 0, 0},
	} {
		_, err := ricedelta.FromValues(tt.rice, tt.values)
		testkit.CheckRefused(t, tt.name, err, tt.kind, tt.offset)
	}
}

// Round trips of random lists with the best parameter, which is never out of
// bounds, and never worse than its neighbours by more than a trifle.
func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 300 {
		values := make([]uint32, 1+rng.IntN(300))
		top := uint64(1) << rng.IntN(33)
		for i := range values {
			values[i] = uint32(rng.Uint64N(top))
		}
		slices.Sort(values)
		best := ricedelta.BestRice(values)
		l, err := ricedelta.FromValues(best, values)
		if err != nil {
			t.Fatal(err)
		}
		got, err := collect(l)
		if err != nil || !slices.Equal(got, values) {
			t.Fatalf("%v, %v, want %v", got, err, values)
		}
		for rice := max(ricedelta.MinRice, best-2); rice <= min(ricedelta.MaxRice, best+2); rice++ {
			if m, err := ricedelta.FromValues(rice, values); err == nil && len(m.Data)+len(values)/16+4 < len(l.Data) {
				t.Errorf("%d values up to %d: %d octets with %d bits, %d with %d", len(values), top, len(l.Data), best, len(m.Data), rice)
			}
		}
	}
}

// A count from outside allocates nothing by itself.
func TestPromises(t *testing.T) {
	l := ricedelta.List{Rice: 2, Count: math.MaxInt32, Data: make([]byte, 100)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	values, err := collect(l)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, gcs.Truncated) || len(values) != 267 || n > 64<<10 {
		t.Errorf("%d values, %v, %d octets allocated", len(values), err, n)
	}
}

func FuzzAll(f *testing.F) {
	f.Add(uint32(5), uint8(2), uint32(2), []byte{0xf7, 0x02})             // the worked example
	f.Add(uint32(5), uint8(2), uint32(3), []byte{0xf7, 0x02})             // one more: a difference of 0
	f.Add(uint32(1<<32-10), uint8(2), uint32(1), []byte{0x0b})            // the largest value
	f.Add(uint32(0), uint8(28), uint32(1), []byte{0, 0, 0, 0xf0, 0xff})   // a long remainder
	f.Add(uint32(0), uint8(0), uint32(0), []byte{})                       // a single value
	f.Add(uint32(0), uint8(2), uint32(1<<32-1), []byte{0xff, 0xff, 0xff}) // a promise
	f.Fuzz(func(t *testing.T, first uint32, rice uint8, count uint32, data []byte) {
		l := ricedelta.List{First: first, Rice: rice, Count: count, Data: data}
		values, err := collect(l)
		if !slices.IsSorted(values) {
			t.Fatalf("%+v: %v", l, values)
		}
		if err != nil {
			if !testkit.Inside(err, 8*len(data)) {
				t.Errorf("%+v: %v", l, err)
			}
			return
		}
		again, err := ricedelta.FromValues(rice, values)
		if err != nil || again.First != first || again.Count != count || string(again.Data) != string(data) {
			t.Errorf("%+v is encoded again as %+v, %v", l, again, err)
		}
		for _, x := range []uint32{first, first + 1, values[len(values)-1], 1 << 31} {
			if found, err := l.Has(x); err != nil || found != slices.Contains(values, x) {
				t.Errorf("%+v: Contains(%d) = %t, %v", l, x, found, err)
			}
		}
	})
}

// The first of Google's own lists.
func ExampleList_All() {
	data, _ := hex.DecodeString("dda588628aad88f883e2421a66384d10bce123dd22030202")
	l := ricedelta.List{First: 229820320, Rice: 28, Count: 6, Data: data}
	n := 0
	for v, err := range l.All() {
		if n++; n > 2 || err != nil {
			break
		}
		fmt.Printf("%d %x\n", v, ricedelta.Prefix(v))
	}
	// Output:
	// 229820320 a0c7b20d
	// 643100951 17f15426
}

func ExampleEncode() {
	values := []uint32{5, 20, 29}
	l, err := ricedelta.FromValues(ricedelta.BestRice(values), values)
	fmt.Printf("first %d, parameter %d, %d differences: %x %v\n", l.First, l.Rice, l.Count, l.Data, err)
	// Output: first 5, parameter 3, 2 differences: bd00 <nil>
}

func ExampleList_Has() {
	l := ricedelta.List{First: 5, Rice: 2, Count: 2, Data: []byte{0xf7, 0x02}}
	fmt.Println(l.Has(20))
	fmt.Println(l.Has(21))
	// Output:
	// true <nil>
	// false <nil>
}

func BenchmarkAll(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	values := make([]uint32, 100_000)
	for i := range values {
		values[i] = rng.Uint32()
	}
	slices.Sort(values)
	l, err := ricedelta.FromValues(ricedelta.BestRice(values), values)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range l.All() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// An encoder knows keys, not bits.
func TestEncodeErrorNamesTheIndex(t *testing.T) {
	_, err := ricedelta.FromValues(2, []uint32{0, math.MaxUint32})
	if err == nil || !strings.Contains(err.Error(), "at index 1: ") {
		t.Error(err)
	}
}

// collect returns a list's values, and what ends them.
func collect(l ricedelta.List) (values []uint32, err error) {
	for v, err := range l.All() {
		if err != nil {
			return values, err
		}
		values = append(values, v)
	}
	return values, nil
}
