package formats_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/formats"
	"github.com/cache-aware/casper/gcs/internal/testkit"
)

func format(t testing.TB, name string) *formats.Format {
	t.Helper()
	f, ok := formats.Lookup(name)
	if !ok {
		t.Fatalf("no format %s", name)
	}
	return f
}

// The bounds of what is read, as the comment of the package has them.
const (
	maxOctets = 32 << 20
	maxKeys   = 1 << 24
)

func isNumber(p formats.Param) bool { return p.Words == nil && p.Octets == 0 }

// The names of the conformance protocol, and the one that can only be asked.
func TestNames(t *testing.T) {
	want := []string{"h2o", "h2o-2.0", "go-casper", "cache-digest", "bip158", "decred-v1", "decred-v2", "rice-delta", "rice-delta-v5", "gcstool", "h2-auto-push", "raw"}
	var got []string
	cookies := map[string]string{}
	for _, f := range formats.All() {
		got = append(got, f.Name)
		for _, name := range f.Cookies {
			if g, ok := cookies[name]; ok {
				t.Errorf("the cookie %s is of %s and of %s", name, g, f.Name)
			}
			cookies[name] = f.Name
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, ok := formats.Lookup("H2O"); ok {
		t.Error("names are found in another case")
	}
	formats.All()[0] = nil
	if first := formats.All()[0]; first == nil || first.Name != "h2o" {
		t.Error("what All returns is the registry itself")
	}
}

func TestSupports(t *testing.T) {
	for name, want := range map[string]string{
		"h2o": "hash encode decode query", "bip158": "hash encode decode query", "rice-delta": "hash encode decode query",
		"raw": "encode decode query", "h2-auto-push": "query",
	} {
		var got []string
		for _, op := range []string{"hash", "encode", "decode", "query"} {
			if format(t, name).Supports(op) {
				got = append(got, op)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s supports %s, want %s", name, s, want)
		}
		if format(t, name).Supports("reencode") {
			t.Errorf("%s supports an operation that is none", name)
		}
	}
}

// A sample is a set in some format, with everything that the protocol knows of it.
type sample struct {
	format string
	params formats.Params
	names  []string
	hashes []uint64 // in the order of the names
	keys   []uint64
	hex    string
	text   string
}

const zeroKey = "00000000000000000000000000000000"

// samples are taken from the formats' own worked examples and captures.
var samples = []sample{
	{"h2o", params("capacity_bits", 8), []string{"/index.html", "/css/0.css", "/css/1.css"},
		[]uint64{20, 178, 178}, []uint64{20, 178}, "a85d", "qF0"},
	{"h2o", formats.Params{}, []string{"/css/0.css"}, []uint64{7602}, []uint64{7602}, "00000000000000000000000000000390", "AAAAAAAAAAAAAAAAAAADkA"},
	{"h2o-2.0", params("capacity_bits", 8), []string{"/index.html", "/css/0.css"}, []uint64{20, 178}, []uint64{20, 178}, "299d", "KZ0"},
	{"go-casper", params("p", 64, "n", 10), []string{"/static/example.js"}, []uint64{146}, []uint64{146}, "c900", "yQA"},
	{"cache-digest", params("log2p", 7), []string{"https://example.com/style.css", "https://example.com/jquery.js", "https://example.com/style.css"},
		[]uint64{186, 178, 186}, []uint64{178, 186}, "09d650e0", "CdZQ4A"},
	{"cache-digest", params("log2n", 1, "log2p", 8), []string{"https://example.com/jquery.js", "https://example.com/style.css"},
		[]uint64{356, 373}, []uint64{356, 373}, "0a164880", "ChZIgA"},
	{"bip158", params("key_hex", "43497fd7f826957108f4a30fd9cec3ae"),
		[]string{unhexed("4104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac")},
		[]uint64{769941}, []uint64{769941}, "019dfca8", "019dfca8"},
	{"bip158", params("key_hex", zeroKey, "p", 0, "m", 1), []string{"a", "b", "a", "e"}, []uint64{1, 2, 1, 1}, []uint64{1, 1, 2}, "0390", "0390"},
	{"decred-v1", params("key_hex", zeroKey, "p", 2), []string{"testr", "test2"}, []uint64{0, 7}, []uint64{0, 7}, "0000000216", "0000000216"},
	{"decred-v2", params("key_hex", zeroKey), []string{"Alex", "", "Alex"}, nil, nil, "", ""},
	{"rice-delta", params("rice", 2), []string{"\x1d\x00\x00\x00", "\x05\x00\x00\x00", "\x14\x00\x00\x00"},
		[]uint64{29, 5, 20}, []uint64{5, 20, 29}, "f702", "f702"},
	{"rice-delta-v5", params("rice", 30), []string{"y.example.com/", "a.example.com/"},
		[]uint64{0xf7a502e5, 0x291bc542}, []uint64{0x291bc542, 0xf7a502e5}, "37da93e800", "37da93e800"},
}

func unhexed(s string) string {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestSamples(t *testing.T) {
	for _, s := range samples {
		f := format(t, s.format)
		hashes, err := f.Hash(s.params, s.names)
		if err != nil || s.hashes != nil && !slices.Equal(hashes, s.hashes) {
			t.Errorf("%s: hashes %v, %v, want %v", s.format, hashes, err, s.hashes)
		}
		e, err := f.EncodeNames(s.params, s.names)
		if err != nil || s.keys != nil && (!slices.Equal(e.Keys, s.keys) || hex.EncodeToString(e.Octets) != s.hex || e.Text != s.text) {
			t.Errorf("%s: encoded %x %q %v, %v, want %s %q %v", s.format, e.Octets, e.Text, e.Keys, err, s.hex, s.text, s.keys)
		}
		for _, in := range []formats.Input{{Text: e.Text}, {Octets: e.Octets}} {
			d, err := f.Decode(e.Params, in)
			if err != nil || !slices.Equal(d.Keys, e.Keys) || !d.Canonical || d.Size != len(e.Octets) {
				t.Errorf("%s: decoded %v %t, %v, want %v", s.format, d.Keys, d.Canonical, err, e.Keys)
			}
			checkLayout(t, s.format, d, e.Octets)
			present, err := f.QueryNames(e.Params, in, append(s.names, "no1\x00"))
			want := slices.Repeat([]bool{true}, len(s.names))
			if s.format == "decred-v2" {
				want[1] = false // the empty item
			}
			if len(present) != len(want)+1 || err != nil || !slices.Equal(present[:len(want)], want) {
				t.Errorf("%s: names present %v, %v", s.format, present, err)
			}
			present, err = f.QueryKeys(e.Params, in, append([]uint64{math.MaxUint64}, e.Keys...))
			if err != nil || present[0] || slices.Contains(present[1:], false) {
				t.Errorf("%s: keys present %v, %v", s.format, present, err)
			}
		}
		// Keys are taken in any order, repeats and all.
		keys := append(slices.Clone(e.Keys), e.Keys...)
		slices.Reverse(keys)
		if s.format == "rice-delta-v5" {
			keys = keys[:len(e.Keys)] // a list keeps its repeats
		}
		again, err := f.EncodeKeys(e.Params, keys)
		if distinct := slices.Compact(slices.Clone(e.Keys)); len(distinct) == len(e.Keys) {
			if err != nil || again.Text != e.Text || !slices.Equal(again.Keys, e.Keys) {
				t.Errorf("%s: encoded again %q %v, %v, want %q", s.format, again.Text, again.Keys, err, e.Text)
			}
		}
	}
}

// checkLayout reads the codes where Layout says they are, one bit at a time, and finds
// the keys.
func checkLayout(t testing.TB, name string, d formats.Decoded, octets []byte) {
	t.Helper()
	l := d.Layout
	pos, fields := 0, 0
	for _, field := range l.Fields {
		if field.Offset != pos {
			t.Errorf("%s: the field %s is at %d, want %d", name, field.Name, field.Offset, pos)
		}
		pos += field.Bits
		fields++
	}
	if pos != l.Limit.Start {
		t.Errorf("%s: %d fields end at %d, the codes begin at %d", name, fields, pos, l.Limit.Start)
	}
	bit := func() uint64 {
		shift := 7 - pos%8
		if l.Code.Order == bitio.LSBFirst {
			shift = pos % 8
		}
		b := octets[pos/8] >> shift & 1
		pos++
		return uint64(b)
	}
	var base uint64
	if l.First != nil {
		base = *l.First
	}
	sum := base
	for i, want := range d.Keys {
		if i == 0 && l.First != nil {
			continue // the first value of a list is not in the stream
		}
		var q, r uint64
		for bit() == uint64(l.Code.Run) {
			q++
		}
		for j := range l.Code.Rice {
			if l.Code.Order == bitio.LSBFirst {
				r |= bit() << j
			} else {
				r = r<<1 | bit()
			}
		}
		sum += q<<l.Code.Rice + r
		if i > 0 {
			sum += uint64(l.Code.Gap)
		}
		if sum != want {
			t.Fatalf("%s: key %d is %d at bit %d, want %d", name, i, sum, pos, want)
		}
		if sum-base > l.Limit.Max {
			t.Errorf("%s: key %d is above the limit %d", name, sum, l.Limit.Max)
		}
	}
}

// The registry reads H2O's cookies under the very limits that it shows.
func TestH2OLimits(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 0))
	for range 3000 {
		bits := int64(1 + rng.IntN(15))
		octets := make([]byte, rng.IntN(300))
		for i := range octets {
			if octets[i] = byte(rng.Uint32()); rng.IntN(3) == 0 {
				octets[i] = 0xff
			}
		}
		for _, name := range []string{"h2o", "h2o-2.0"} {
			for _, lenient := range []bool{false, true} {
				p := params("capacity_bits", bits)
				p.Lenient = lenient
				d, err := format(t, name).Decode(p, formats.Input{Octets: octets})
				keys, want := gcs.Decode([]uint64(nil), d.Layout.Code, octets, d.Layout.Limit)
				if e := new(gcs.Error); errors.As(err, &e) && e.Layer == gcs.TextLayer {
					continue // longer than any canonical value
				}
				if fmt.Sprint(err) != fmt.Sprint(want) || !slices.Equal(keys, d.Keys) {
					t.Fatalf("%s, %d bits, lenient %t, %x: %v, %v, but under the limits shown %v, %v", name, bits, lenient, octets, d.Keys, err, keys, want)
				}
			}
		}
	}
}

// Cookies of a running H2O.
func TestH2OCaptures(t *testing.T) {
	var captures struct {
		Vectors []struct {
			CapacityBits int64 `json:"capacity_bits"`
			Cookie       string
			Keys         []uint64
		}
	}
	testkit.Published(t, "../casper/testdata/h2o-2.2.5.json", &captures)
	if len(captures.Vectors) < 26 {
		t.Fatalf("%d cookies", len(captures.Vectors))
	}
	f := format(t, "h2o")
	for _, v := range captures.Vectors {
		p := params("capacity_bits", &v.CapacityBits)
		d, err := f.Decode(p, formats.Input{Text: v.Cookie})
		if err != nil || !d.Canonical || !slices.Equal(d.Keys, v.Keys) {
			t.Errorf("%q: %v, %v, want %v", v.Cookie, d.Keys, err, v.Keys)
		}
		if e, err := f.EncodeKeys(p, v.Keys); err != nil || e.Text != v.Cookie {
			t.Errorf("%v: %q, %v, want %q", v.Keys, e.Text, err, v.Cookie)
		}
	}
}

func TestRaw(t *testing.T) {
	p := func(rice, gap int64, run, order string, count, pad *int64) formats.Params {
		return params("rice", &rice, "gap", &gap, "run", run, "order", order, "count", count, "pad", pad)
	}
	f := format(t, "raw")
	for _, tt := range []struct {
		p    formats.Params
		keys []uint64
		hex  string
	}{
		{p(6, 1, "zeros-one", "msb", nil, nil), []uint64{20, 178}, "a85d"},
		{p(6, 1, "", "", nil, nil), []uint64{20, 178}, "a85d"},
		{params("rice", 6), []uint64{20, 178}, "a85d"},
		{p(6, 1, "ones-zero", "msb", nil, nil), []uint64{20}, "29"},           // padded with ones
		{p(6, 1, "ones-zero", "msb", nil, new(int64(0))), []uint64{20}, "28"}, // with zeros
		{p(6, 1, "ones-zero", "msb", new(int64(1)), nil), []uint64{20}, "28"}, // which is what counted ones do
		{p(6, 1, "zeros-one", "msb", new(int64(1)), new(int64(1))), []uint64{20}, "a9"},
		{p(2, 0, "ones-zero", "lsb", new(int64(2)), nil), []uint64{15, 24}, "f702"},
		{p(2, 0, "ones-zero", "msb", new(int64(3)), nil), []uint64{1, 1, 1}, "2000"},
		{p(63, 1, "", "", nil, nil), []uint64{math.MaxUint64 - 1}, "7fffffffffffffff00"},
		{p(0, 1, "", "", nil, nil), nil, ""},
	} {
		e, err := f.EncodeKeys(tt.p, tt.keys)
		if err != nil || hex.EncodeToString(e.Octets) != tt.hex || e.Text != tt.hex {
			t.Errorf("%v: %s, %v, want %s", tt.keys, e.Text, err, tt.hex)
		}
		d, err := f.Decode(tt.p, formats.Input{Text: tt.hex})
		if err != nil || !slices.Equal(d.Keys, tt.keys) || !d.Canonical {
			t.Errorf("%s: %v %t, %v, want %v", tt.hex, d.Keys, d.Canonical, err, tt.keys)
		}
		checkLayout(t, "raw", d, e.Octets)
	}
}

// checkError wants an error of a kind, wherever it is.
func checkError(t testing.TB, name string, err error, kind gcs.Kind) {
	t.Helper()
	if !errors.Is(err, kind) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: %v, want %v in one line", name, err, kind)
	}
}

// One bad parameter at a time.
func TestBadParameters(t *testing.T) {
	one := new(int64(1))
	for _, tt := range []struct {
		format string
		p      formats.Params
	}{
		{"h2o", params("capacity_bits", 0)},
		{"h2o", params("capacity_bits", 16)},
		{"h2o", params("capacity_bits", -1)},
		{"h2o", params("p", one)},
		{"h2o-2.0", params("capacity_bits", 16)},
		{"go-casper", formats.Params{}},
		{"go-casper", params("p", 64)},
		{"go-casper", params("n", one)},
		{"go-casper", params("p", 100, "n", one)},
		{"go-casper", params("p", 64, "n", 0)},
		{"go-casper", params("p", 64, "n", int64(1<<31+1))},
		{"cache-digest", params("log2p", 32, "log2n", one)},
		{"cache-digest", params("log2p", one, "log2n", 32)},
		{"cache-digest", params("log2n", one)},
		{"bip158", params("p", 33, "key_hex", zeroKey)},
		{"bip158", params("m", 0, "key_hex", zeroKey)},
		{"bip158", params("m", int64(1<<32+1), "key_hex", zeroKey)},
		{"bip158", params("key_hex", "00")},
		{"bip158", formats.Params{}},
		{"bip158", params("key_hex", zeroKey, "n", -1)},
		{"decred-v1", params("m", one, "key_hex", zeroKey)},
		{"decred-v1", params("key_hex", strings.Repeat("g", 32))},
		{"decred-v2", params("p", -1, "key_hex", zeroKey)},
		{"raw", params("rice", one)}, // it has no names
	} {
		f := format(t, tt.format)
		_, err := f.Hash(tt.p, []string{"name"})
		_, sized := tt.p.Number("log2p")
		if n, given := tt.p.Number("n"); tt.format == "cache-digest" && !sized || !given || n >= 0 {
			checkError(t, tt.format+", hash", err, gcs.BadParameter)
		}
		_, err = f.EncodeNames(tt.p, []string{"name"})
		checkError(t, tt.format+", encode", err, gcs.BadParameter)
		_, err = f.QueryNames(tt.p, formats.Input{Text: "00"}, []string{"name"})
		if tt.format != "cache-digest" && tt.format != "decred-v1" {
			checkError(t, tt.format+", query", err, gcs.BadParameter)
		}
	}
	for _, tt := range []struct {
		format string
		p      formats.Params
	}{
		{"raw", formats.Params{}},
		{"raw", params("rice", 64)},
		{"raw", params("rice", one, "gap", 2)},
		{"raw", params("rice", one, "run", "one-zeros")},
		{"raw", params("rice", one, "order", "MSB")},
		{"raw", params("rice", one, "pad", 2)},
		{"raw", params("rice", one, "count", -1)},
		{"raw", params("rice", one, "count", 3)}, // there are two
		{"rice-delta", params("rice", one)},
		{"rice-delta", params("rice", 29)},
		{"rice-delta", params("rice", 2, "first", 2)},
		{"rice-delta", params("rice", 2, "count", 2)},
		{"bip158", params("n", one)},
		{"bip158", params("key_hex", "zz")},
		{"decred-v1", params("key_hex", one)},
		{"decred-v2", params("key_hex", "00")},
		{"h2-auto-push", formats.Params{}},
	} {
		_, err := format(t, tt.format).EncodeKeys(tt.p, []uint64{1, 2})
		checkError(t, fmt.Sprintf("%s, encode keys, %+v", tt.format, tt.p), err, gcs.BadParameter)
	}
	for _, tt := range []struct {
		format string
		p      formats.Params
		text   string
	}{
		{"raw", params("rice", 64), "00"},
		{"rice-delta", formats.Params{}, ""},
		{"rice-delta", params("rice", 0, "first", one), ""},
		{"rice-delta", params("rice", 0, "count", one), ""},
		{"rice-delta", params("rice", 0, "first", one, "count", one), "00"},
		{"rice-delta", params("rice", 2, "first", int64(1<<32), "count", one), "00"},
		{"cache-digest", params("log2n", one), "AfdA"},
		{"cache-digest", params("log2p", one), "AfdA"},
		{"bip158", params("n", 2), "019dfca8"},
		{"bip158", params("key_hex", "zz"), "019dfca8"}, // which is not needed, and yet no key
		{"bip158", params("key_hex", strings.Repeat("00", 32)), "019dfca8"},
		{"decred-v1", params("key_hex", "00"), ""},
		{"decred-v2", params("key_hex", strings.Repeat("0", 31)), "019dfca8"},
		{"h2-auto-push", formats.Params{}, "AAAA"},
		{"h2-auto-push", params("capacity_bits", one), "AAAA"},
	} {
		_, err := format(t, tt.format).Decode(tt.p, formats.Input{Text: tt.text})
		checkError(t, fmt.Sprintf("%s, decode, %+v", tt.format, tt.p), err, gcs.BadParameter)
	}
	for _, name := range []string{"h2o", "go-casper", "bip158", "rice-delta", "raw"} {
		p := formats.Params{}
		switch name {
		case "go-casper":
			p = params("p", one, "n", one)
		case "rice-delta":
			p = params("rice", 2, "first", one, "count", one)
		case "raw":
			p = params("rice", one)
		}
		_, err := format(t, name).Decode(p, formats.Input{Text: "AfdA", Header: true})
		checkError(t, name+", a header", err, gcs.BadParameter)
	}
	_, err := format(t, "rice-delta").Hash(formats.Params{}, []string{"abc"})
	checkError(t, "a prefix of three octets", err, gcs.BadParameter)
	_, err = format(t, "cache-digest").QueryKeys(formats.Params{}, formats.Input{Text: "AfdA", Header: true}, []uint64{1})
	checkError(t, "a query of a header", err, gcs.BadParameter)
	_, err = format(t, "h2-auto-push").QueryKeys(formats.Params{}, formats.Input{Text: "AAAAAA=="}, []uint64{1})
	checkError(t, "a query of keys", err, gcs.BadParameter)
}

func TestBadKeys(t *testing.T) {
	for _, tt := range []struct {
		format string
		p      formats.Params
		keys   []uint64
		kind   gcs.Kind
		offset int
	}{
		{"h2o", formats.Params{}, []uint64{0, 8192, 9000}, gcs.OutOfRange, 1},
		{"go-casper", params("p", 64, "n", 10), []uint64{640}, gcs.OutOfRange, 0},
		{"cache-digest", params("log2n", 0, "log2p", 0), []uint64{0, 1}, gcs.OutOfRange, 1},
		{"bip158", formats.Params{}, []uint64{784931}, gcs.OutOfRange, 0},
		{"rice-delta", formats.Params{}, []uint64{1 << 32}, gcs.OutOfRange, 0},
		{"rice-delta", formats.Params{}, nil, gcs.BadParameter, 0},
		{"raw", params("rice", 6), []uint64{5, 3}, gcs.Unsorted, 1},
		{"raw", params("rice", 6), []uint64{5, 5}, gcs.Duplicate, 1},
		{"raw", params("rice", 63), []uint64{math.MaxUint64}, gcs.OutOfRange, 0},
		// Codes out of all proportion.
		{"raw", params("rice", 0), []uint64{math.MaxUint64 - 1}, gcs.TooMany, 0},
		{"raw", params("rice", 0), []uint64{1 << 40}, gcs.TooMany, 0},
		{"go-casper", params("p", 1, "n", int64(1<<31)), []uint64{1<<31 - 1}, gcs.TooMany, 0},
		{"cache-digest", params("log2n", 31, "log2p", 0), []uint64{1<<31 - 1}, gcs.TooMany, 0},
		{"decred-v2", params("p", 0, "m", int64(1<<32)), []uint64{1<<32 - 1}, gcs.TooMany, 0},
		{"rice-delta", params("rice", 2), []uint64{0, 1<<32 - 1}, gcs.TooMany, 1},
	} {
		_, err := format(t, tt.format).EncodeKeys(tt.p, tt.keys)
		testkit.CheckRefused(t, fmt.Sprintf("%s %v", tt.format, tt.keys), err, tt.kind, tt.offset)
	}
}

// Inputs that are refused, what was read of them before, and what the lenient
// reader makes of them.
func TestBadInputs(t *testing.T) {
	goCasper := params("p", 128, "n", 10)
	list := params("rice", 2, "first", 5, "count", 2)
	for _, tt := range []struct {
		format  string
		p       formats.Params
		text    string
		kind    gcs.Kind
		keys    []uint64
		lenient []uint64 // nil: refused too
	}{
		{"h2o", params("capacity_bits", 8), "qF1", gcs.NonCanonical, nil, []uint64{20, 178}},
		{"h2o", params("capacity_bits", 8), "qF0=", gcs.BadText, nil, nil},
		{"h2o", params("capacity_bits", 6), "qF0", gcs.OutOfRange, []uint64{20}, []uint64{20, 178}},
		{"h2o", params("capacity_bits", 8), "qF0A", gcs.TrailingData, []uint64{20, 178}, []uint64{20, 178}},
		{"h2o", formats.Params{}, strings.Repeat("A", 1<<20+4), gcs.TooMany, nil, nil},
		{"h2o-2.0", params("capacity_bits", 8), "KA", gcs.BadPadding, []uint64{20}, []uint64{20}},
		{"go-casper", goCasper, "AA", gcs.NonCanonical, nil, []uint64{}},
		{"cache-digest", formats.Params{}, "AfdAAA", gcs.TrailingData, []uint64{93}, []uint64{93}},
		{"cache-digest", formats.Params{}, "AA", gcs.Truncated, []uint64{}, nil},
		{"bip158", formats.Params{}, "fd01009dfca8", gcs.NonCanonical, []uint64{}, nil},
		{"bip158", formats.Params{}, "029dfca8", gcs.Truncated, []uint64{769941}, nil},
		{"bip158", formats.Params{}, "019dfca", gcs.BadText, nil, nil},
		{"bip158", formats.Params{}, "019dfcag", gcs.BadText, nil, nil},
		{"decred-v2", formats.Params{}, "00", gcs.NonCanonical, []uint64{}, nil},
		{"rice-delta", list, "f7", gcs.Truncated, []uint64{5, 20}, nil},
		{"rice-delta", list, "f722", gcs.BadPadding, []uint64{5, 20, 29}, nil},
		{"raw", params("rice", 6), "a85d00", gcs.TrailingData, []uint64{20, 178}, nil},
		{"raw", params("rice", 6), strings.Repeat("00", maxOctets+1), gcs.TooMany, nil, nil},
	} {
		name := fmt.Sprintf("%s %.20q", tt.format, tt.text)
		f := format(t, tt.format)
		d, err := f.Decode(tt.p, formats.Input{Text: tt.text})
		checkError(t, name, err, tt.kind)
		if len(d.Keys) != len(tt.keys) || !slices.Equal(d.Keys, tt.keys) || d.Canonical {
			t.Errorf("%s: keys %v, canonical %t, want %v", name, d.Keys, d.Canonical, tt.keys)
		}
		if _, err := f.QueryKeys(tt.p, formats.Input{Text: tt.text}, []uint64{1}); err == nil {
			t.Errorf("%s: can be asked", name)
		}
		tt.p.Lenient = true
		d, err = f.Decode(tt.p, formats.Input{Text: tt.text})
		if (tt.lenient == nil) != (err != nil) || err == nil && (!slices.Equal(d.Keys, tt.lenient) || d.Canonical != (tt.kind == gcs.OutOfRange)) { // H2O keeps such keys and writes them again
			t.Errorf("%s: leniently %v, canonical %t, %v, want %v", name, d.Keys, d.Canonical, err, tt.lenient)
		}
	}
}

// More keys than are read are refused before they are.
func TestTooManyKeys(t *testing.T) {
	octets := make([]byte, maxKeys/8+8)
	for i := range octets {
		octets[i] = 0xff
	}
	count := new(int64(maxKeys + 1))
	for _, tt := range []struct {
		format string
		p      formats.Params
		octets []byte
	}{
		{"raw", params("rice", 0), octets},
		{"raw", params("rice", 0, "count", count), octets},
		{"decred-v1", params("p", 0), append([]byte{1, 0, 0, 1}, make([]byte, maxKeys/8+1)...)},
		{"rice-delta", params("rice", 2, "first", 0, "count", count), make([]byte, maxKeys/2)},
	} {
		_, err := format(t, tt.format).Decode(tt.p, formats.Input{Octets: tt.octets})
		checkError(t, tt.format, err, gcs.TooMany)
	}
	// A count that the octets cannot hold is no reason.
	_, err := format(t, "raw").Decode(params("rice", 0, "count", count), formats.Input{Octets: []byte{0xff}})
	checkError(t, "raw", err, gcs.Truncated)
	_, err = format(t, "rice-delta").Decode(params("rice", 2, "first", 0, "count", count), formats.Input{Octets: []byte{0xff}})
	checkError(t, "rice-delta", err, gcs.Truncated)
}

func TestHeaders(t *testing.T) {
	f := format(t, "cache-digest")
	d, err := f.Decode(formats.Params{}, formats.Input{Text: "AfdA; complete, CdZQ4A", Header: true})
	if err != nil || !d.Canonical || len(d.Digests) != 2 {
		t.Fatalf("%+v, %v", d, err)
	}
	b, err := json.Marshal(d.Digests)
	if want := `[{"log2n":0,"log2p":7,"flags":["complete"]},{"log2n":1,"log2p":7,"flags":[]}]`; err != nil || string(b) != want {
		t.Errorf("%s, %v, want %s", b, err, want)
	}
	if !slices.Equal(d.Digests[0].Keys, []uint64{93}) || !slices.Equal(d.Digests[1].Keys, []uint64{178, 186}) {
		t.Errorf("%v", d.Digests)
	}
	_, err = f.Decode(formats.Params{}, formats.Input{Text: "AfdA ; complete", Header: true})
	checkError(t, "a space", err, gcs.NonCanonical)
	d, err = f.Decode(formats.Params{Lenient: true}, formats.Input{Text: "AfdA ; COMPLETE, CdZQ4A; stale", Header: true})
	if err != nil || d.Canonical || len(d.Digests) != 1 || !slices.Equal(d.Digests[0].Flags, []string{"complete"}) {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestAutoPush(t *testing.T) {
	var captures struct {
		Vectors []struct {
			Paths  []string
			Cookie string `json:"cookie_header_value"`
		}
	}
	testkit.Published(t, "../autopush/testdata/h2-auto-push.json", &captures)
	if len(captures.Vectors) == 0 {
		t.Fatal("no cookies")
	}
	f := format(t, "h2-auto-push")
	for _, v := range captures.Vectors {
		present, err := f.QueryNames(formats.Params{}, formats.Input{Text: v.Cookie}, append(v.Paths, "/stranger"))
		if err != nil || slices.Contains(present[:len(v.Paths)], false) || present[len(v.Paths)] {
			t.Errorf("%v: %v, %v", v.Paths, present, err)
		}
	}
	present, err := f.QueryNames(formats.Params{}, formats.Input{Octets: []byte{255, 255, 255, 255}}, []string{"/"})
	if err != nil || !present[0] {
		t.Errorf("octets: %v, %v", present, err)
	}
	_, err = f.QueryNames(formats.Params{}, formats.Input{Text: "AAAA"}, []string{"/"})
	checkError(t, "three octets", err, gcs.Truncated)
	_, err = f.QueryNames(formats.Params{}, formats.Input{Text: "AAAA", Header: true}, []string{"/"})
	checkError(t, "a header", err, gcs.BadParameter)
	_, err = f.QueryNames(formats.Params{}, formats.Input{Octets: make([]byte, 1<<20)}, []string{"/"})
	checkError(t, "a megabyte", err, gcs.TooMany)
	_, err = f.Hash(formats.Params{}, []string{"/"})
	checkError(t, "hash", err, gcs.BadParameter)
	_, err = f.EncodeNames(formats.Params{}, []string{"/"})
	checkError(t, "encode", err, gcs.BadParameter)
}

func TestFalsePositive(t *testing.T) {
	d, err := format(t, "h2o").Decode(params("capacity_bits", 8), formats.Input{Text: "qF0"})
	if got := d.FalsePositive(); err != nil || got != 2./256 {
		t.Errorf("h2o: %v, %v", got, err)
	}
	d, err = format(t, "decred-v1").Decode(params("p", 2), formats.Input{Text: "0000000216"})
	if got := d.FalsePositive(); err != nil || got != 2./8 {
		t.Errorf("decred-v1: %v, %v", got, err)
	}
	d, err = format(t, "raw").Decode(params("rice", 6), formats.Input{Text: "a85d"})
	if got := d.FalsePositive(); err != nil || got != 0 {
		t.Errorf("raw: %v, %v", got, err)
	}
}

// Any text and any parameters, in every format: no panic, an error of a known kind, and
// what is canonical is what its keys are encoded as.
func FuzzDecode(f *testing.F) {
	for _, s := range samples {
		f.Add(s.text, int64(7), int64(10), int64(2), false)
	}
	f.Add("AfdA; complete, AcA", int64(0), int64(0), int64(0), true)
	f.Add("feffffffff70", int64(3), int64(8), int64(0), false)
	f.Fuzz(func(t *testing.T, text string, a, b, c int64, lenient bool) {
		for _, format := range formats.All() {
			p := formats.Params{Lenient: lenient}
			drawn := []int64{a, b, c}
			for _, param := range format.Params {
				switch {
				case param.Octets > 0:
					p.SetWord(param.Name, zeroKey)
				case isNumber(param) && len(drawn) > 0 && drawn[0] >= 0:
					p.SetNumber(param.Name, drawn[0])
					drawn = drawn[1:]
				}
			}
			for _, in := range []formats.Input{{Text: text}, {Octets: []byte(text)}, {Text: text, Header: true}} {
				d, err := format.Decode(p, in)
				var e *gcs.Error
				if err != nil && (!errors.As(err, &e) || strings.HasPrefix(e.Kind.String(), "Kind(")) {
					t.Fatalf("%s %q: %v", format.Name, text, err)
				}
				_, _ = format.QueryNames(p, in, []string{"/", "abcd"})
				if err != nil {
					continue
				}
				if !lenient && !d.Canonical {
					t.Errorf("%s %q: accepted, but not canonical", format.Name, text)
				}
				if !slices.IsSorted(d.Keys) {
					t.Errorf("%s %q: %v", format.Name, text, d.Keys)
				}
				again, err := format.EncodeKeys(d.Params, d.Keys)
				distinct := len(slices.Compact(slices.Clone(d.Keys))) == len(d.Keys)
				if !lenient && d.Digests == nil && distinct && d.Size > 0 && (err != nil || len(again.Octets) != d.Size) {
					t.Errorf("%s %q: %d octets are encoded as %x, %v", format.Name, text, d.Size, again.Octets, err)
				}
			}
		}
	})
}

// A tool that learns at run time what it is given.
func ExampleFormat_Decode() {
	f, _ := formats.Lookup("h2o")
	var p formats.Params
	p.SetNumber("capacity_bits", 8)
	d, err := f.Decode(p, formats.Input{Text: "qF0"})
	fmt.Println(d.Keys, d.Canonical, d.FalsePositive(), err)
	// Output: [20 178] true 0.0078125 <nil>
}

func ExampleFormat_EncodeNames() {
	f, _ := formats.Lookup("cache-digest")
	var p formats.Params
	p.SetNumber("log2p", 7)
	e, err := f.EncodeNames(p, []string{"https://example.com/style.css", "https://example.com/jquery.js"})
	log2n, _ := e.Params.Number("log2n")
	fmt.Println(e.Text, e.Keys, log2n, err)
	// Output: CdZQ4A [178 186] 1 <nil>
}

func ExampleFormat_QueryNames() {
	f := formats.All()[0]
	var p formats.Params
	p.SetNumber("capacity_bits", 8)
	present, err := f.QueryNames(p, formats.Input{Text: "qF0"}, []string{"/css/0.css", "/js/0.js"})
	fmt.Println(present, err)
	// Output: [true false] <nil>
}

func ExampleParams() {
	f, _ := formats.Lookup("bip158")
	var p formats.Params
	p.SetNumber("capacity_bits", 8)
	_, err := f.Hash(p, nil)
	fmt.Println(err)
	// Output: set: bad-parameter at bit 0: bip158 has no parameter capacity_bits
}

func BenchmarkDecode(b *testing.B) {
	f, p := format(b, "h2o"), params("capacity_bits", 8)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Decode(p, formats.Input{Text: "qF0"}); err != nil {
			b.Fatal(err)
		}
	}
}
