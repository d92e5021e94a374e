package bip158_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/bip158"
	"github.com/cache-aware/casper/gcs/internal/testkit"
	"github.com/cache-aware/casper/hash"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type row struct {
	Height    int      `json:"block_height"`
	BlockHash string   `json:"block_hash"`
	KeyHex    string   `json:"key_hex"`
	Items     []string `json:"items_hex"`
	N         uint32
	P         uint8
	M         uint64
	Filter    string `json:"filter_hex"`
}

func load(t testing.TB) []row {
	t.Helper()
	var f struct {
		Rows []row `json:"gcs_level"`
	}
	testkit.Published(t, "testdata/bip158.json", &f)
	if len(f.Rows) != 4 {
		t.Fatalf("%d rows", len(f.Rows))
	}
	return f.Rows
}

// The official vectors, from the items that their blocks have.
func TestOfficialVectors(t *testing.T) {
	for _, r := range load(t) {
		k, err := bip158.BlockKey(r.BlockHash)
		if err != nil || hex.EncodeToString(k[:]) != r.KeyHex {
			t.Fatalf("block %d: key %x, %v, want %s", r.Height, k, err, r.KeyHex)
		}
		p := bip158.Params{P: r.P, M: r.M}
		var items [][]byte
		for _, item := range r.Items {
			items = append(items, unhex(t, item))
		}
		f, err := bip158.Build(p, k, items)
		if got := hex.EncodeToString(f.Octets()); err != nil || got != r.Filter || f.N() != r.N {
			t.Errorf("block %d: built %s, N %d, %v, want %s", r.Height, got, f.N(), err, r.Filter)
		}
		g, err := bip158.Parse(unhex(t, r.Filter), p)
		if err != nil || g.N() != r.N {
			t.Errorf("block %d: N %d, %v", r.Height, g.N(), err)
		}
		for _, item := range items {
			if !g.Has(k, item) {
				t.Errorf("block %d does not contain %x", r.Height, item)
			}
		}
		if g.Has(k, []byte("absent")) || g.HasAny(k, [][]byte{[]byte("absent"), []byte("missing")}) {
			t.Errorf("block %d contains what it does not", r.Height)
		}
		if got := g.HasAny(k, append([][]byte{[]byte("absent")}, items...)); got != (len(items) > 0) {
			t.Errorf("block %d: ContainsAny is %t", r.Height, got)
		}
	}
}

// Filter headers that the same vectors state: from the 32 zeros before the genesis
// block, of two blocks in succession, and of a filter without items.
func TestFilterHeaders(t *testing.T) {
	for _, tt := range []struct{ filter, previous, header string }{
		{"019dfca8", strings.Repeat("0", 64), "21584579b7eb08997773e5aeff3a7f932700042d0ed2a6129012b7d7ae81b750"},
		{"0174a170", "d7bdac13a59d745b1add0d2ce852f1a0442e8945fc1bf3848d3cbffd88c24fe1", "186afd11ef2b5e7e3504f2e8cbf8df28a1fd251fe53d60dff8b1467d1b386cf0"},
		{"016cf7a0", "186afd11ef2b5e7e3504f2e8cbf8df28a1fd251fe53d60dff8b1467d1b386cf0", "8d63aadf5ab7257cb6d2316a57b16f517bff1c6388f124ec4c04af1212729d2a"},
		{"00", "5e5e12d90693c8e936f01847859404c67482439681928353ca1296982042864e", "021e8882ef5a0ed932edeebbecfeda1d7ce528ec7b3daa27641acf1189d7b5dc"},
	} {
		f, err := bip158.Parse(unhex(t, tt.filter), bip158.Basic)
		if err != nil {
			t.Fatal(err)
		}
		previous := unhex(t, tt.previous)
		slices.Reverse(previous)
		header := bip158.NextHeader(f.Hash(), [32]byte(previous))
		slices.Reverse(header[:])
		if got := hex.EncodeToString(header[:]); got != tt.header {
			t.Errorf("%s: header %s, want %s", tt.filter, got, tt.header)
		}
	}
}

var (
	contents1 = strings.Fields("Alex Bob Charlie Dick Ed Frank George Harry Ilya John Kevin Larry Michael Nate Owen Paul Quentin")
	contents2 = strings.Fields("Alice Betty Charmaine Donna Edith Faina Georgia Hannah Ilsbeth Jennifer Kayla Lena Michelle Natalie Ophelia Peggy Queenie")
)

func items(names ...string) (all [][]byte) {
	for _, name := range names {
		all = append(all, []byte(name))
	}
	return all
}

// The filters that dcrd's gcs package states for two lists of names and the key of
// zeros (decred/dcrd, gcs/gcs_test.go at 036b709, ISC).
func TestDecredVectors(t *testing.T) {
	v1 := func(p uint8) bip158.Params { return bip158.Params{P: p, Variant: bip158.DecredV1} }
	v2 := func(p uint8, m uint64) bip158.Params { return bip158.Params{P: p, M: m, Variant: bip158.DecredV2} }
	for _, tt := range []struct {
		p      bip158.Params
		items  [][]byte
		filter string
	}{
		{v1(20), nil, ""},
		{v1(20), items(contents1...), "00000011ce76b76760b54096a233d504ce55b80600fb072c74893cf306eb0c050f0b3c32e8c23436f8f5e67a986a46470790"},
		{v1(19), items(contents1...), "000000112375937586050f0e9e19689983a3ab9b6f8f0cbc2f204b5233d5099ca0c9fbe9ec6a1f60e76fba3ad6835a28"},
		{v1(19), items(contents2...), "000000114306259e36131a6c9bbd968a6c61dc110804d5ac91d20d6e9314a50332bffed877657c004e2366fcd34cda60"},
		{v1(10), items(contents2...), "000000111ca3aafb023074dc5bf2498df791b7d6e846e9f5016006d600"},
		{v2(19, 784931), nil, ""},
		{v2(19, 784931), [][]byte{nil}, ""},
		{v2(19, 784931), items(append(contents1, "", contents1[3])...), "1189af70ad5baf9da83c64e99b18e96a06cd7295a58b324e81f09c85d093f1e33dcd6f40f18cfcbe2aeb771d8390"},
		{v2(19, 784931), items(contents2...), "118d4be5372d2f4731c7e1681aefd23028be12306b4d90701a46b472ee80ad60f9fa86c4d6430cfb495ced604362"},
		{v2(20, 1569862), items(contents1...), "1189af7056adebe769078c9e99b1774b509b35c52b4b0b324f40f83f2174227e3c33dcd67a078c33f2f855d6ef1d8390"},
		{v2(20, 1569862), items(contents2...), "118d4be69b968bd1cc38fc2d01aefc918142f847e0d69b9070192359fcbba015ac1f9fa86a26b1fc33ed32b9da604361"},
		{v2(10, 1534), items(contents2...), "118d5a6fbd3e3fc1aa472f983790848fcbcd6b9fb89cc34caf6048"},
		// With the same items and key Bitcoin's is the same.
		{bip158.Basic, items(append(contents1, contents1[3])...), "1189af70ad5baf9da83c64e99b18e96a06cd7295a58b324e81f09c85d093f1e33dcd6f40f18cfcbe2aeb771d8390"},
		{bip158.Basic, nil, "00"},
	} {
		f, err := bip158.Build(tt.p, bip158.Key{}, tt.items)
		if got := hex.EncodeToString(f.Octets()); err != nil || got != tt.filter {
			t.Errorf("%+v: %s, %v, want %s", tt.p, got, err, tt.filter)
		}
		g, err := bip158.Parse(unhex(t, tt.filter), tt.p)
		if err != nil || g.N() != f.N() {
			t.Errorf("%+v %s: N %d, %v", tt.p, tt.filter, g.N(), err)
			continue
		}
		for _, item := range tt.items {
			if g.Has(bip158.Key{}, item) != (len(item) > 0) {
				t.Errorf("%+v %s: Contains(%q) is wrong", tt.p, tt.filter, item)
			}
		}
	}
}

// An item that hashes to value 0, of dcrd's own tests: the least value there is.
func TestZeroValue(t *testing.T) {
	p := bip158.Params{P: 2, Variant: bip158.DecredV1}
	if v := p.Value(bip158.Key{}, []byte("testr"), 2); v != 0 {
		t.Fatalf("value %d", v)
	}
	f, err := bip158.Build(p, bip158.Key{}, items("testr", "test2"))
	if err != nil || !f.Has(bip158.Key{}, []byte("testr")) || !f.HasAny(bip158.Key{}, items("", "testr")) {
		t.Errorf("%x, %v", f.Octets(), err)
	}
}

// Repeats, per variant: dropped as items, kept, dropped as hashes; and values that
// collide, which all keep.
func TestRepeats(t *testing.T) {
	a := items("a", "b", "a", "c", "b", "a")
	for variant, want := range map[bip158.Variant]uint32{bip158.Bitcoin: 3, bip158.DecredV1: 6, bip158.DecredV2: 3} {
		p := bip158.Params{P: 10, M: 1 << 10, Variant: variant}
		f, err := bip158.Build(p, bip158.Key{7}, a)
		if err != nil || f.N() != want {
			t.Errorf("variant %d: N %d, %v, want %d", variant, f.N(), err, want)
		}
		// M = 1: as many values as items, so that many collide.
		var crowd [][]byte
		for i := range 1000 {
			crowd = append(crowd, fmt.Append(nil, "item ", i%900))
		}
		want = map[bip158.Variant]uint32{bip158.Bitcoin: 900, bip158.DecredV1: 1000, bip158.DecredV2: 900}[variant]
		f, err = bip158.Build(bip158.Params{M: 1, Variant: variant}, bip158.Key{7}, crowd)
		values := slices.Collect(f.All())
		if err != nil || f.N() != want || len(values) != int(want) || len(slices.Compact(values)) == int(want) {
			t.Errorf("variant %d: N %d, %d different values, %v", variant, f.N(), len(slices.Compact(values)), err)
		}
	}
	// The empty item is one like any other in a Bitcoin filter.
	f, _ := bip158.Build(bip158.Basic, bip158.Key{}, items("", "a", ""))
	if f.N() != 2 || !f.Has(bip158.Key{}, nil) || !f.HasAny(bip158.Key{}, items("")) {
		t.Errorf("the empty item: N %d", f.N())
	}
}

// Worked example of gcs/SPEC.md.
func TestWorkedExample(t *testing.T) {
	f, err := bip158.Parse(unhex(t, "019dfca8"), bip158.Basic)
	if err != nil || !slices.Equal(slices.Collect(f.All()), []uint64{769941}) || f.Limit().Start != 8 || f.Params() != bip158.Basic {
		t.Errorf("%v, %v", slices.Collect(f.All()), err)
	}
}

func TestBadFilters(t *testing.T) {
	small := bip158.Params{P: 3, M: 8}
	v1, v2 := bip158.Params{P: 3, Variant: bip158.DecredV1}, bip158.Params{P: 3, M: 8, Variant: bip158.DecredV2}
	for _, tt := range []struct {
		name   string
		p      bip158.Params
		filter string
		layer  gcs.Layer
		kind   gcs.Kind
		offset int
	}{
		{"nothing", small, "", gcs.BitsLayer, gcs.Truncated, 0},
		{"nothing, in Decred", v1, "", 0, 0, 0},
		{"nothing, in Decred", v2, "", 0, 0, 0},
		{"no items", small, "00", 0, 0, 0},
		{"no items, in Decred", v1, "00000000", gcs.SetLayer, gcs.NonCanonical, 0},
		{"no items, in Decred", v2, "00", gcs.SetLayer, gcs.NonCanonical, 0},
		{"no items and an octet", small, "0000", gcs.BitsLayer, gcs.TrailingData, 8},
		{"one item", small, "0170", 0, 0, 0}, // 0 111 0000
		{"one item, version 1", v1, "0000000170", 0, 0, 0},
		{"the count is cut short", v1, "000001", gcs.BitsLayer, gcs.Truncated, 0},
		{"the count is cut short", small, "fdfd", gcs.BitsLayer, gcs.Truncated, 0},
		{"the count is cut short", small, "fe000001", gcs.BitsLayer, gcs.Truncated, 0},
		{"the count is cut short", small, "ff00000000010000", gcs.BitsLayer, gcs.Truncated, 0},
		{"the count is not minimal", small, "fd010070", gcs.BitsLayer, gcs.NonCanonical, 0},
		{"the count is not minimal", v2, "fdfc0070", gcs.BitsLayer, gcs.NonCanonical, 0},
		{"the count is not minimal", small, "feffff000070", gcs.BitsLayer, gcs.NonCanonical, 0},
		{"the count is not minimal", small, "ffffffffff0000000070", gcs.BitsLayer, gcs.NonCanonical, 0},
		{"2^32 items", small, "ff0000000001000000", gcs.SetLayer, gcs.TooMany, 0},
		{"2^32-1 items, and one code", small, "feffffffff70", gcs.BitsLayer, gcs.Truncated, 48},
		{"2^32-1 items, and one code", v1, "ffffffff70", gcs.BitsLayer, gcs.Truncated, 40},
		{"more than one octet", small, "017000", gcs.BitsLayer, gcs.TrailingData, 12},
		{"padding", small, "0171", gcs.BitsLayer, gcs.BadPadding, 15},
		{"a quotient without an end", small, "01ff", gcs.BitsLayer, gcs.Truncated, 8},
		{"a quotient without an end", small, "01ffffffffffffffffff", gcs.BitsLayer, gcs.Truncated, 8},
		{"the remainder is cut short", small, "01fe", gcs.BitsLayer, gcs.Truncated, 8},
		{"at N*M", small, "0180", gcs.SetLayer, gcs.OutOfRange, 8},                // 10 000 000: 8
		{"a later one at N*M", small, "027880", gcs.SetLayer, gcs.OutOfRange, 12}, // 0 111, 10 001: 7, 16
		{"twice the same", small, "0270", 0, 0, 0},
		{"bad parameters", bip158.Params{}, "00", gcs.SetLayer, gcs.BadParameter, 0},
		{"bad parameters", bip158.Params{P: 33, M: 1}, "00", gcs.SetLayer, gcs.BadParameter, 0},
		{"bad parameters", bip158.Params{P: 19, M: 1<<32 + 1}, "00", gcs.SetLayer, gcs.BadParameter, 0},
		{"bad parameters", bip158.Params{P: 19, M: 784931, Variant: bip158.DecredV1}, "", gcs.SetLayer, gcs.BadParameter, 0},
		{"bad parameters", bip158.Params{P: 19, M: 784931, Variant: 3}, "", gcs.SetLayer, gcs.BadParameter, 0},
	} {
		f, err := bip158.Parse(unhex(t, tt.filter), tt.p)
		if tt.kind == 0 {
			if err != nil {
				t.Errorf("%s: %s: %v", tt.name, tt.filter, err)
			}
			continue
		}
		var e *gcs.Error
		if !errors.As(err, &e) || e.Kind != tt.kind || e.Layer != tt.layer || e.At != gcs.BitOffset(tt.offset) {
			t.Errorf("%s: %s: %v, want %v: %v at %d", tt.name, tt.filter, err, tt.layer, tt.kind, tt.offset)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %q", tt.name, err)
		}
		_ = slices.Collect(f.All()) // the values before the error, without a panic
	}
}

// Values before an error are there.
func TestValuesBeforeError(t *testing.T) {
	f, err := bip158.Parse(unhex(t, "0271c0"), bip158.Params{P: 3, M: 8}) // 0 111, then 0001 11000000
	if err == nil || !errors.Is(err, gcs.TrailingData) || !slices.Equal(slices.Collect(f.All()), []uint64{7, 8}) {
		t.Errorf("%v, %v", slices.Collect(f.All()), err)
	}
}

func TestFromValues(t *testing.T) {
	small := bip158.Params{P: 3, M: 8}
	for _, tt := range []struct {
		p      bip158.Params
		values []uint64
		filter string
		kind   gcs.Kind
		offset int
	}{
		{small, nil, "00", 0, 0},
		{small, []uint64{7}, "0170", 0, 0},
		{small, []uint64{7, 7}, "0270", 0, 0},
		{small, []uint64{8}, "", gcs.OutOfRange, 0},
		{small, []uint64{0, 16}, "", gcs.OutOfRange, 1},
		{small, []uint64{7, 5}, "", gcs.Unsorted, 1},
		{small, []uint64{math.MaxUint64}, "", gcs.OutOfRange, 0},
		{bip158.Params{}, nil, "", gcs.BadParameter, 0},
		{bip158.Params{P: 0, M: 1 << 32}, []uint64{1<<32 - 1}, "", gcs.TooMany, 0},
		{bip158.Params{P: 0, M: 1 << 32}, []uint64{3}, "01e0", 0, 0},
		{bip158.Params{P: 32, Variant: bip158.DecredV1}, []uint64{1<<32 - 1}, "000000017fffffff80", 0, 0},
	} {
		f, err := bip158.FromValues(tt.p, tt.values)
		if tt.kind == 0 {
			if got := hex.EncodeToString(f.Octets()); err != nil || got != tt.filter {
				t.Errorf("%+v %v: %s, %v, want %s", tt.p, tt.values, got, err, tt.filter)
			}
			continue
		}
		testkit.CheckRefused(t, fmt.Sprintf("%+v %v", tt.p, tt.values), err, tt.kind, tt.offset)
	}
}

// Two items at P = 0 could take half a gigabyte: they are refused before any of it is
// allocated.
func TestHugeFiltersAreRefused(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := bip158.Build(bip158.Params{P: 0, M: 1 << 32}, bip158.Key{}, items("a", "b"))
	runtime.ReadMemStats(&after)
	if !errors.Is(err, gcs.TooMany) || after.TotalAlloc-before.TotalAlloc > 1<<20 {
		t.Errorf("%v, %d octets allocated", err, after.TotalAlloc-before.TotalAlloc)
	}
	_, err = bip158.Build(bip158.Params{}, bip158.Key{}, nil)
	if !errors.Is(err, gcs.BadParameter) {
		t.Errorf("%v", err)
	}
}

func TestBlockKey(t *testing.T) {
	for _, s := range []string{"", "00", strings.Repeat("0", 63), strings.Repeat("g", 64)} {
		if _, err := bip158.BlockKey(s); err == nil {
			t.Errorf("%q is a block hash", s)
		}
	}
}

// naive builds a filter by the letter of the BIP, one bit at a time.
func naive(p bip158.Params, k bip158.Key, items [][]byte) []byte {
	var hashes []uint64
	seen := make(map[string]bool)
	for _, item := range items {
		if p.Variant == bip158.DecredV1 || !seen[string(item)] && (p.Variant == bip158.Bitcoin || len(item) > 0) {
			hashes = append(hashes, hash.SipHash(k, item))
		}
		seen[string(item)] = true
	}
	n := uint64(len(hashes))
	if n == 0 && p.Variant != bip158.Bitcoin {
		return nil
	}
	m := p.M
	if p.Variant == bip158.DecredV1 {
		m = 1 << p.P
	}
	for i, h := range hashes {
		if hi, _ := bits.Mul64(h, n*m); p.Variant == bip158.DecredV1 {
			hashes[i] = h % (n * m)
		} else {
			hashes[i] = hi
		}
	}
	slices.Sort(hashes)
	var stream strings.Builder
	last := uint64(0)
	for _, v := range hashes {
		q := (v - last) >> p.P
		stream.WriteString(strings.Repeat("1", int(q)) + "0")
		if p.P > 0 {
			fmt.Fprintf(&stream, "%0*b", int(p.P), (v-last)&(1<<p.P-1))
		}
		last = v
	}
	var out []byte
	switch {
	case p.Variant == bip158.DecredV1:
		out = binary.BigEndian.AppendUint32(nil, uint32(n))
	case n < 253:
		out = []byte{byte(n)}
	case n < 1<<16:
		out = []byte{253, byte(n), byte(n >> 8)}
	default:
		out = []byte{254, byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
	}
	s := stream.String()
	s += strings.Repeat("0", -len(s)&7)
	for ; s != ""; s = s[8:] {
		var o byte
		fmt.Sscanf(s[:8], "%b", &o)
		out = append(out, o)
	}
	return out
}

// Random sets of all sizes around the borders of the count and of the radix sort,
// for random parameters.
func TestAgainstNaive(t *testing.T) {
	rng := rand.New(rand.NewPCG(158, 0))
	sizes := []int{0, 1, 2, 3, 252, 253, 399, 400, 401, 1000, 70000}
	for i := range 60 {
		n := rng.IntN(60)
		if i < len(sizes) {
			n = sizes[i]
		}
		var k bip158.Key
		for j := range k {
			k[j] = byte(rng.Uint32())
		}
		all := make([][]byte, 0, n)
		for range n {
			item := make([]byte, rng.IntN(40))
			for j := range item {
				item[j] = byte(rng.Uint32())
			}
			if len(all) > 0 && rng.IntN(50) == 0 && i%2 == 0 {
				item = all[rng.IntN(len(all))]
			}
			all = append(all, item)
		}
		p := bip158.Params{P: uint8(rng.IntN(33)), Variant: bip158.Variant(rng.IntN(3))}
		if p.M = rng.Uint64N(min(uint64(1<<32), uint64(100)<<p.P)) + 1; p.Variant == bip158.DecredV1 {
			p.M = 0
		}
		if n > 60 {
			p = bip158.Basic
		}
		f, err := bip158.Build(p, k, all)
		if want := naive(p, k, all); err != nil || string(f.Octets()) != string(want) {
			t.Fatalf("%+v, %d items: %v, %x, want %x", p, n, err, f.Octets(), want)
		}
		g, err := bip158.Parse(f.Octets(), p)
		if err != nil {
			t.Fatalf("%+v, %d items: %v", p, n, err)
		}
		again, err := bip158.FromValues(p, slices.Collect(g.All()))
		if err != nil || string(again.Octets()) != string(f.Octets()) {
			t.Fatalf("%+v, %d items: %v, %x", p, n, err, again.Octets())
		}
		for j, item := range all {
			if want := len(item) > 0 || p.Variant == bip158.Bitcoin; j < 500 && (g.Has(k, item) != want || g.HasAny(k, [][]byte{item}) != want) {
				t.Fatalf("%+v: Contains(%x) is not %t", p, item, want)
			}
		}
	}
}

// Strangers are taken for members as often as M says: at M = 8, one in eight.
func TestFalsePositives(t *testing.T) {
	var members [][]byte
	for i := range 2000 {
		members = append(members, fmt.Append(nil, "member ", i))
	}
	f, err := bip158.Build(bip158.Params{P: 3, M: 8}, bip158.Key{1}, members)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i := range 8000 {
		if f.Has(bip158.Key{1}, fmt.Append(nil, "stranger ", i)) {
			found++
		}
	}
	// Expected 1 - e^(-1/8) = 11.8 %, 940; three standard deviations are 86.
	if found < 850 || found > 1030 {
		t.Errorf("%d of 8000 strangers", found)
	}
}

func TestNoAllocs(t *testing.T) {
	if testkit.Race {
		t.Skip("under the race detector a sync.Pool forgets on purpose")
	}
	var members [][]byte
	for i := range 1000 {
		members = append(members, fmt.Append(nil, "member ", i))
	}
	f, err := bip158.Build(bip158.Basic, bip158.Key{1}, members)
	if err != nil {
		t.Fatal(err)
	}
	strangers := items("x", "y", "z")
	for name, query := range map[string]func(){
		"Contains":    func() { f.Has(bip158.Key{1}, members[500]) },
		"ContainsAny": func() { f.HasAny(bip158.Key{1}, strangers) },
		"Parse":       func() { _, _ = bip158.Parse(f.Octets(), bip158.Basic) },
	} {
		if n := testing.AllocsPerRun(100, query); n > 0.5 { // the pool may be emptied once
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// A small filter is one allocation, that of its octets.
func TestSmallBuildAllocations(t *testing.T) {
	if testkit.Race {
		t.Skip("under the race detector a sync.Pool forgets on purpose")
	}
	items := make([][]byte, 5000)
	for i := range items {
		items[i] = fmt.Append(nil, i)
	}
	for _, n := range []int{1, 10, 5000} {
		if allocs := testing.AllocsPerRun(50, func() { _, _ = bip158.Build(bip158.Basic, bip158.Key{}, items[:n]) }); allocs > 1.5 {
			t.Errorf("%d items: %v allocations", n, allocs)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x01, 0x9d, 0xfc, 0xa8}, uint8(19), uint64(784931), uint8(0))       // the genesis block
	f.Add([]byte{0x00}, uint8(19), uint64(784931), uint8(0))                         // no items
	f.Add([]byte{0xfd, 0x01, 0x00, 0x70}, uint8(3), uint64(8), uint8(0))             // a count that is not minimal
	f.Add([]byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0x70}, uint8(3), uint64(8), uint8(0)) // one that promises too much
	f.Add([]byte{0, 0, 0, 1, 0x70}, uint8(3), uint64(8), uint8(1))                   // Decred, version 1
	f.Add([]byte{0x02, 0x70}, uint8(0), uint64(1<<32), uint8(2))                     // unary
	f.Fuzz(func(t *testing.T, octets []byte, p uint8, m uint64, variant uint8) {
		params := bip158.Params{P: p % 34, M: m % (1<<32 + 2), Variant: bip158.Variant(variant % 3)}
		if params.Variant == bip158.DecredV1 {
			params.M = 0
		}
		g, err := bip158.Parse(octets, params)
		if err != nil {
			if !testkit.Inside(err, 8*len(octets)) {
				t.Errorf("%+v %x: %v", params, octets, err)
			}
			return
		}
		values := slices.Collect(g.All())
		again, err := bip158.FromValues(params, values)
		if err != nil || string(again.Octets()) != string(octets) {
			t.Errorf("%+v %x is written as %x, %v", params, octets, again.Octets(), err)
		}
		if uint32(len(values)) != g.N() || len(values) > 0 && values[len(values)-1] >= params.Universe(g.N()) {
			t.Errorf("%+v %x: %d values, the last %d", params, octets, len(values), values[len(values)-1])
		}
		item := []byte("item")
		_, want := slices.BinarySearch(values, params.Value(bip158.Key{}, item, g.N()))
		if g.Has(bip158.Key{}, item) != want || g.HasAny(bip158.Key{}, [][]byte{item}) != want {
			t.Errorf("%+v %x: Contains is not %t", params, octets, want)
		}
	})
}

func FuzzBuild(f *testing.F) {
	f.Add("Alex Bob Charlie", uint8(19), uint64(784931), uint8(0))
	f.Add("a  b a", uint8(3), uint64(8), uint8(1)) // an empty item and a repeated one
	f.Add("a  b a", uint8(3), uint64(8), uint8(2))
	f.Fuzz(func(t *testing.T, text string, p uint8, m uint64, variant uint8) {
		params := bip158.Params{P: p % 33, Variant: bip158.Variant(variant % 3)}
		if params.M = m%min(uint64(1<<32), uint64(100)<<params.P) + 1; params.Variant == bip158.DecredV1 {
			params.M = 0
		}
		if len(text) > 1000 {
			return
		}
		all := items(strings.Split(text, " ")...)
		g, err := bip158.Build(params, bip158.Key{}, all)
		if want := naive(params, bip158.Key{}, all); err != nil || string(g.Octets()) != string(want) {
			t.Errorf("%+v %q: %x, %v, want %x", params, text, g.Octets(), err, want)
		}
	})
}

// A wallet asks a block whether it has anything to do with its scripts.
func ExampleParse() {
	key, _ := bip158.BlockKey("000000000000015d6077a411a8f5cc95caf775ccf11c54e27df75ce58d187313")
	octets, _ := hex.DecodeString("09027acea61b6cc3fb33f5d52f7d088a6b2f75d234e89ca800")
	f, err := bip158.Parse(octets, bip158.Basic)
	if err != nil {
		fmt.Println(err)
		return
	}
	mine, _ := hex.DecodeString("76a914c01a7ca16b47be50cbdbc60724f701d52d75156688ac")
	other, _ := hex.DecodeString("76a914000000000000000000000000000000000000000088ac")
	fmt.Println(f.N(), f.Has(key, mine), f.Has(key, other), f.HasAny(key, [][]byte{other, mine}))
	// Output: 9 true false true
}

func ExampleBuild() {
	f, err := bip158.Build(bip158.Basic, bip158.Key{}, [][]byte{[]byte("Alex"), []byte("Bob")})
	fmt.Printf("%x %v %v\n", f.Octets(), slices.Collect(f.All()), err)
	// Output: 02115675d45e [71015 453061] <nil>
}

func ExampleParse_nonMinimalCount() {
	_, err := bip158.Parse([]byte{0xfd, 0x01, 0x00, 0x9d, 0xfc, 0xa8}, bip158.Basic)
	fmt.Println(err)
	// Output: bits: non-canonical at bit 0: the count of items takes more octets than it needs
}

func ExampleNextHeader() {
	f, _ := bip158.Parse([]byte{0x01, 0x9d, 0xfc, 0xa8}, bip158.Basic) // of testnet's genesis block
	header := bip158.NextHeader(f.Hash(), [32]byte{})
	slices.Reverse(header[:])
	fmt.Printf("%x\n", header)
	// Output: 21584579b7eb08997773e5aeff3a7f932700042d0ed2a6129012b7d7ae81b750
}
