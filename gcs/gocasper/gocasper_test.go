package gocasper_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/gocasper"
	"github.com/cache-aware/casper/gcs/internal/testkit"
)

// deployed is go-casper's reader as it behaves, one bit at a time: the judge of
// ParseLenient. Run beside go-casper's own code at 5d0c688 on three million random
// values it gave the same keys and the same refusals. Keys come in the order of the
// stream, repeats included.
func deployed(octets []byte, p uint64) (keys []uint64, ok bool) {
	pos, end := 0, len(octets)*8
	// read takes n bits, zeros where there are none, and says whether they touched
	// the last bit of the stream, which is go-casper's end of file.
	read := func(n int) (v uint64, touched bool) {
		touched = end-pos <= n
		for ; n > 0; n-- {
			v <<= 1
			if pos < end {
				v |= uint64(octets[pos/8] >> (7 - pos%8) & 1)
			}
			pos++
		}
		return v, touched
	}
	rice := 0
	for 1<<rice < p {
		rice++
	}
	sum := uint64(0)
	for {
		gap := uint64(0)
		for {
			bit, touched := read(1)
			if touched {
				return keys, gap == 0
			}
			if bit == 0 {
				break
			}
			gap += p
		}
		rest, touched := read(rice)
		if touched && rest == 0 {
			return keys, true
		}
		sum += gap + rest
		keys = append(keys, sum)
		if touched {
			return keys, true
		}
	}
}

func plain(f gocasper.Fingerprint) []uint64 {
	keys := []uint64{}
	for _, k := range slices.Collect(f.All()) {
		keys = append(keys, uint64(k))
	}
	return keys
}

// check holds one value and one set of parameters against everything that is
// promised.
func check(t testing.TB, octets []byte, p gocasper.Params) {
	t.Helper()
	value := base64.RawURLEncoding.EncodeToString(octets)
	want, ok := deployed(octets, uint64(p.P))
	want = slices.Compact(want)
	f, err := gocasper.ParseLenient(value, p)
	if ok != (err == nil) || ok && !slices.Equal(plain(f), want) {
		t.Errorf("%+v %q: %v %v, but go-casper reads %v %t", p, value, plain(f), err, want, ok)
	}
	s, err := gocasper.Parse(value, p)
	switch {
	case err == nil && s.String() != value:
		t.Errorf("%+v: Parse accepts %q and writes %q", p, value, s)
	case err == nil && !slices.Equal(plain(s), want):
		t.Errorf("%+v %q: strictly %v, leniently %v", p, value, plain(s), want)
	case err != nil && !testkit.Inside(err, 8*len(octets)):
		t.Errorf("%+v %q: %v", p, value, err)
	}
	if ok {
		checkWrite(t, f)
	}
}

// checkWrite is the promise of String: go-casper reads it back whole, and so does
// Parse where the keys are in range.
func checkWrite(t testing.TB, f gocasper.Fingerprint) {
	t.Helper()
	value := f.String()
	octets, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil {
		t.Fatalf("%q: %v", value, err)
	}
	keys, ok := deployed(octets, uint64(f.Params().P))
	if keys = slices.Compact(keys); !ok || !slices.Equal(keys, plain(f)) {
		t.Errorf("%+v %v is written as %q, which go-casper reads as %v %t", f.Params(), plain(f), value, keys, ok)
	}
	g, err := gocasper.Parse(value, f.Params())
	inRange := f.Len() == 0 || plain(f)[f.Len()-1] < f.Params().Universe()
	switch {
	case inRange && (err != nil || !slices.Equal(plain(g), plain(f))):
		t.Errorf("%+v %v is written as %q, which Parse reads as %v %v", f.Params(), plain(f), value, plain(g), err)
	case !inRange && !errors.Is(err, gcs.OutOfRange):
		t.Errorf("%+v %v: %v", f.Params(), plain(f), err)
	}
}

// Cookies of go-casper itself.
func TestCaptures(t *testing.T) {
	var captures struct {
		Vectors []struct {
			P, N   uint32
			Assets []string
			Cookie string
			Hashes []gocasper.Key `json:"hashes_in_asset_order"`
			Clean  bool
		}
	}
	testkit.Published(t, "testdata/go-casper.json", &captures)
	if len(captures.Vectors) != 9 {
		t.Fatalf("%d vectors", len(captures.Vectors))
	}
	for _, v := range captures.Vectors {
		p := gocasper.Params{P: v.P, N: v.N}
		var keys []gocasper.Key
		for _, asset := range v.Assets {
			keys = append(keys, p.Key(asset))
		}
		if !slices.Equal(keys, v.Hashes) {
			t.Errorf("%q: keys %v, want %v", v.Cookie, keys, v.Hashes)
		}
		want := gocasper.New(p, keys...)
		if got := want.String(); got != v.Cookie {
			t.Errorf("%v is written as %q, want %q", keys, got, v.Cookie)
		}
		for name, parse := range map[string]func(string, gocasper.Params) (gocasper.Fingerprint, error){
			"Parse": gocasper.Parse, "ParseLenient": gocasper.ParseLenient,
		} {
			f, err := parse(v.Cookie, p)
			if err != nil || !slices.Equal(slices.Collect(f.All()), slices.Collect(want.All())) {
				t.Errorf("%s(%q) = %v, %v, want %v", name, v.Cookie, slices.Collect(f.All()), err, slices.Collect(want.All()))
			}
		}
	}
}

// The tail, case by case. bits are the stream, with spaces for people.
func TestTail(t *testing.T) {
	for _, tt := range []struct {
		name    string
		p       uint32
		bits    string
		lenient []uint64 // nil: refused
		strict  gcs.Kind // 0: accepted
		offset  int
	}{
		{"nothing", 64, "", []uint64{}, 0, 0},
		{"a key and padding", 64, "0 000001 0", []uint64{1}, 0, 0},
		{"key 0", 64, "0 000000 0", []uint64{0}, 0, 0},
		{"a key that fills its octet", 128, "0 0000001", []uint64{1}, 0, 0},
		{"the key that is lost", 128, "0 0000000", []uint64{}, gcs.NonCanonical, 0},
		{"the same, saved by an octet of zeros", 128, "0 0000000 00000000", []uint64{0}, 0, 0},
		{"a later key without a remainder", 8, "0 001 10 000 0 000 000", []uint64{1, 9}, 0, 0},
		{"a later key without a remainder, and a bit of padding", 4, "0 01 0 01 0 01 1110 00 0", []uint64{1, 2, 3, 15}, 0, 0},
		{"a later key that is lost indeed", 4, "0 01 0 01 0 01 11110 00", []uint64{1, 2, 3}, gcs.NonCanonical, 9},
		{"and that is saved", 4, "0 01 0 01 0 01 11110 00 00000000", []uint64{1, 2, 3, 19}, 0, 0},
		{"one octet of zeros too many", 64, "0 000001 0 00000000", []uint64{1}, gcs.TrailingData, 7},
		{"two, where one is needed", 128, "0 0000000 00000000 00000000", []uint64{0}, gcs.TrailingData, 8},
		{"two, where the remainder is long", 1 << 20, "0 00000000000000000000 000 00000000 00000000 00000000", []uint64{0}, gcs.TrailingData, 21},
		{"the last bit is not looked at", 64, "0 000001 1", []uint64{1}, gcs.BadPadding, 7},
		{"ones up to the end", 64, "0 000001 1 11111111", nil, gcs.Truncated, 7},
		{"a quotient ends with the stream", 64, "0 000001 1 11111110", nil, gcs.Truncated, 7},
		{"a remainder cut short, of zeros", 64, "0 000001 11110 0000", []uint64{1}, gcs.Truncated, 7},
		{"a remainder cut short, not of zeros", 64, "0 000001 11110 0010", []uint64{1, 1 + 256 + 8}, gcs.Truncated, 7},
		{"a remainder cut short in the first code", 1024, "10 000011", []uint64{1024 + 3<<4}, gcs.Truncated, 0},
		{"repeats are padding", 2, "1 0 1 0 0 0 00", []uint64{3}, gcs.Kind(0), 0},
		{"a key twice", 8, "0 001 0 000 0 001 0000", []uint64{1, 2}, gcs.NonCanonical, 4},
		{"a key above the universe", 64, "11110 000001 00000", []uint64{257}, gcs.OutOfRange, 0},
		{"unary alone", 1, "110 0 0000", []uint64{2}, 0, 0},
		{"unary alone, to the last bit", 1, "11111110", nil, gcs.NonCanonical, 0},
		{"unary alone, lost", 1, "10 10 10 10", nil, gcs.NonCanonical, 6},
		{"unary alone, saved", 1, "10 10 10 10 00000000", []uint64{1, 2, 3, 4}, 0, 0},
	} {
		bits := strings.ReplaceAll(tt.bits, " ", "")
		if len(bits)%8 != 0 {
			t.Fatalf("%s: %d bits", tt.name, len(bits))
		}
		octets := make([]byte, len(bits)/8)
		for i, bit := range bits {
			if bit == '1' {
				octets[i/8] |= 0x80 >> (i % 8)
			}
		}
		p := gocasper.Params{P: tt.p, N: max(4, 24/tt.p)}
		check(t, octets, p)
		value := base64.RawURLEncoding.EncodeToString(octets)
		f, err := gocasper.ParseLenient(value, p)
		if (tt.lenient == nil) != (err != nil) || err == nil && !slices.Equal(plain(f), tt.lenient) {
			t.Errorf("%s: leniently %v, %v, want %v", tt.name, plain(f), err, tt.lenient)
		}
		_, err = gocasper.Parse(value, p)
		testkit.CheckError(t, tt.name, err, 0, tt.strict, gcs.BitOffset(tt.offset))
	}
}

func TestBadText(t *testing.T) {
	p := gocasper.Params{P: 64, N: 10}
	for _, tt := range []struct {
		value           string
		strict, lenient gcs.Kind
		offset          int
	}{
		{"yQA=", gcs.BadText, gcs.BadText, 18},
		{"y+A", gcs.BadText, gcs.BadText, 6}, // the standard alphabet is not go-casper's
		{"y/A", gcs.BadText, gcs.BadText, 6},
		{"y", gcs.BadText, gcs.BadText, 0},
		{"yQB", gcs.NonCanonical, 0, 16},
		{strings.Repeat("A", gocasper.MaxText+1), gcs.TooMany, gcs.TooMany, 6 * gocasper.MaxText},
	} {
		_, err := gocasper.Parse(tt.value, p)
		testkit.CheckError(t, tt.value[:min(9, len(tt.value))], err, 0, tt.strict, gcs.BitOffset(tt.offset))
		_, err = gocasper.ParseLenient(tt.value, p)
		testkit.CheckError(t, tt.value[:min(9, len(tt.value))], err, 0, tt.lenient, gcs.BitOffset(tt.offset))
	}
}

func TestBadParameters(t *testing.T) {
	for _, p := range []gocasper.Params{{}, {P: 64}, {N: 10}, {P: 100, N: 10}, {P: 64, N: 1<<31 + 1}} {
		if p.Valid() {
			t.Errorf("%+v is valid", p)
		}
		for _, parse := range []func(string, gocasper.Params) (gocasper.Fingerprint, error){gocasper.Parse, gocasper.ParseLenient} {
			_, err := parse("yQA", p)
			testkit.CheckError(t, fmt.Sprint(p), err, 0, gcs.BadParameter, gcs.BitOffset(0))
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("New does not panic")
		}
	}()
	gocasper.New(gocasper.Params{})
}

// Random values and sets, against the deployed reader.
func TestAgainstDeployedReader(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2017))
	for range 60_000 {
		p := gocasper.Params{P: 1 << rng.IntN(12), N: 1 + rng.Uint32N(100)}
		if rng.IntN(8) == 0 {
			p.P = 1 << rng.IntN(32)
		}
		octets := make([]byte, rng.IntN(9))
		for i := range octets {
			octets[i] = [...]byte{0, 0xff, byte(rng.Uint32()), byte(rng.Uint32())}[rng.IntN(4)]
		}
		check(t, octets, p)

		// Gaps up to a hundred times P, one in three without a remainder: the ones
		// that get lost.
		var keys []gocasper.Key
		sum := uint64(0)
		for range rng.IntN(9) {
			gap := rng.Uint64N(100 * uint64(p.P))
			if rng.IntN(3) == 0 {
				gap &^= uint64(p.P) - 1
			}
			sum += gap
			keys = append(keys, gocasper.Key(sum%p.Universe()))
		}
		f := gocasper.New(p, keys...)
		if f.Len() > 0 && plain(f)[f.Len()-1]/uint64(p.P) < 5000 {
			checkWrite(t, f)
		}
	}
}

func TestHasWith(t *testing.T) {
	p := gocasper.Params{P: 64, N: 10}
	f := gocasper.New(p, 639, 0, 146, 146, 640+5)
	if !slices.Equal(slices.Collect(f.All()), []gocasper.Key{0, 5, 146, 639}) {
		t.Fatalf("New: %v", slices.Collect(f.All()))
	}
	g := f.With(7, 640+8, 0)
	if !slices.Equal(slices.Collect(g.All()), []gocasper.Key{0, 5, 7, 8, 146, 639}) || f.Len() != 4 {
		t.Errorf("With: %v, and f is %v", slices.Collect(g.All()), slices.Collect(f.All()))
	}
	if !g.Has(7) || f.Has(7) || g.Has(9) {
		t.Error("Has")
	}
	var zero gocasper.Fingerprint
	if zero.Has(0) || zero.Len() != 0 || zero.String() != "" {
		t.Error("the zero Fingerprint is not empty")
	}
}

// A cookie as long as browsers store costs memory in proportion, whatever is
// in it; one that is longer than any is not decoded.
func TestHostileValues(t *testing.T) {
	allocated := func(f func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	for _, value := range []string{strings.Repeat("A", 4096), strings.Repeat("_", 4096), strings.Repeat("qqqq", 1024), strings.Repeat("iRIk", 1024)} {
		for _, p := range []gocasper.Params{{P: 1, N: 1 << 31}, {P: 2, N: 1 << 31}, {P: 64, N: 100}, {P: 1 << 31, N: 1 << 31}} {
			n := allocated(func() {
				_, _ = gocasper.Parse(value, p)
				_, _ = gocasper.ParseLenient(value, p)
			})
			if limit := uint64(128 << 10); p.P > 2 && n > limit {
				t.Errorf("%.4s..., %+v: %d octets allocated", value, p, n)
			} else if n > 1<<20 {
				t.Errorf("%.4s..., %+v: %d octets allocated", value, p, n)
			}
		}
	}
	junk := strings.Repeat("A", 10<<20)
	if n := allocated(func() { _, _ = gocasper.Parse(junk, gocasper.Params{P: 64, N: 1}) }); n > 64<<10 {
		t.Errorf("junk: %d octets allocated", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0xc9, 0x00}, uint8(6), uint32(10))             // /static/example.js
	f.Add([]byte{0xe5, 0x00}, uint8(6), uint32(10))             // /static/example.jpg
	f.Add([]byte{0x00}, uint8(7), uint32(1))                    // a key that is lost
	f.Add([]byte{0x00, 0x00}, uint8(7), uint32(1))              // and saved
	f.Add([]byte{0xff, 0xff}, uint8(3), uint32(5))              // ones to the end
	f.Add([]byte{0x02, 0xff, 0x01}, uint8(0), uint32(50))       // unary
	f.Add([]byte{0x80, 0, 0, 0, 0x10}, uint8(31), uint32(1<<9)) // long remainders
	f.Fuzz(func(t *testing.T, octets []byte, log2P uint8, n uint32) {
		if len(octets) > 4096 {
			return
		}
		check(t, octets, gocasper.Params{P: 1 << (log2P % 32), N: 1 + n%(1<<31)})
	})
}

func FuzzText(f *testing.F) {
	for _, text := range []string{"", "yQA", "yQB", "y+A=", "MMOJEkWo", "zQJN9ddg", "A"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := gocasper.Params{P: 64, N: 10}
		s, err := gocasper.Parse(text, p)
		if err == nil && s.String() != text {
			t.Errorf("%q is written as %q", text, s)
		}
		if l, lerr := gocasper.ParseLenient(text, p); err == nil && (lerr != nil || !slices.Equal(slices.Collect(l.All()), slices.Collect(s.All()))) {
			t.Errorf("%q: strictly %v, leniently %v %v", text, slices.Collect(s.All()), slices.Collect(l.All()), lerr)
		}
	})
}

// A cookie of go-casper's README, asked for the asset that it stands for.
func ExampleParseLenient() {
	p := gocasper.Params{P: 64, N: 10} // casper.New(1<<6, 10)
	f, err := gocasper.ParseLenient("yQA", p)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Has(p.Key("/static/example.js")), f.Has(p.Key("/static/example.jpg")))
	// Output: true false
}

func ExampleParse() {
	_, err := gocasper.Parse("AA", gocasper.Params{P: 128, N: 10})
	fmt.Println(err)
	// Output: bits: non-canonical at bit 0: go-casper takes this key for padding
}

func ExampleNew() {
	p := gocasper.Params{P: 64, N: 10}
	fmt.Println(gocasper.New(p, p.Key("/static/example.js"), p.Key("/static/example.jpg")))
	// Output: yUEA
}

func ExampleFingerprint_With() {
	p := gocasper.Params{P: 64, N: 10}
	f, _ := gocasper.Parse("yQA", p)
	fmt.Println(slices.Collect(f.With(p.Key("/static/example.jpg")).All()))
	// Output: [146 212]
}

func BenchmarkParse(b *testing.B) {
	const cookie = "GeLeaIMrMajC4IJkFePpD3Ju2mJFf5qnf0Mi8WyLqt3J4UQUFWguwTNj-T-kx6wgjCe1iKlhctJH0CVgJymmO8zGZGbwXYlE7MZlQAq8ZWBAEOLaPA"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := gocasper.Parse(cookie, gocasper.Params{P: 4096, N: 50}); err != nil {
			b.Fatal(err)
		}
	}
}
