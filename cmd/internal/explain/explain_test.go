package explain

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// Package gcs decodes a word at a time and this package a bit at a time. They must
// agree on every key, on what is wrong, and where.
func TestAgreesWithGCS(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	faults := map[gcs.Kind]int{}
	for range 10000 {
		code, lim, octets := randomStream(rng)
		want, wantErr := gcs.Decode([]uint64(nil), code, octets, lim)
		e := Explain(Source{Octets: octets, Code: code, Limit: lim}, math.MaxInt)
		var got []uint64
		for _, c := range e.Codes {
			if !c.Faulty {
				got = append(got, c.Key)
			}
		}
		where := fmt.Sprintf("%+v %+v %x", code, lim, octets)
		if !slices.Equal(got, want) || e.Keys != len(want) {
			t.Fatalf("%s: keys %v, want %v", where, got, want)
		}
		var gotErr error
		if e.Fault != nil {
			gotErr = e.Fault.Err
		}
		if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Fatalf("%s: fault %v, want %v", where, gotErr, wantErr)
		}
		var kind gcs.Kind
		errors.As(wantErr, &kind)
		faults[kind]++
		checkCover(t, &e, where)
	}
	for _, kind := range []gcs.Kind{0, gcs.Truncated, gcs.OutOfRange, gcs.TooMany, gcs.TrailingData, gcs.BadPadding} {
		if faults[kind] < 100 {
			t.Errorf("only %d of the streams ended with %v: the test proves little", faults[kind], kind)
		}
	}
}

// randomStream makes any code, and octets that it often but not always fits.
func randomStream(rng *rand.Rand) (gcs.Code, gcs.Limit, []byte) {
	code := gcs.Code{
		Rice: uint8(rng.IntN(12)), Run: bitio.Run(rng.IntN(2)), Gap: uint8(rng.IntN(2)),
		Order: bitio.Order(rng.IntN(2)), Pad: gcs.Pad(rng.IntN(3)),
	}
	if rng.IntN(8) == 0 {
		code.Rice = uint8(rng.IntN(64))
	}
	keys := make([]uint64, rng.IntN(20))
	for i := range keys {
		keys[i] = rng.Uint64N(16 << min(code.Rice, 59))
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	octets, err := gcs.Encode(nil, code, keys)
	if err != nil {
		panic(err)
	}
	lim := gcs.Limit{Len: 64, Max: gcs.Largest, End: gcs.End(rng.IntN(3))}
	switch {
	case lim.End == gcs.Counted && rng.IntN(8) > 0:
		lim.Len = len(keys)
	case rng.IntN(8) == 0:
		lim.Len = rng.IntN(20)
	}
	if rng.IntN(8) == 0 {
		lim.Max = rng.Uint64N(16 << min(code.Rice, 59))
	}
	switch rng.IntN(6) {
	case 0:
		octets = octets[:rng.IntN(len(octets)+1)]
	case 1:
		octets = append(octets, byte(rng.IntN(256)))
	case 2:
		if len(octets) > 0 {
			octets[rng.IntN(len(octets))] ^= 1 << rng.IntN(8)
		}
	case 3:
		if len(octets) > 0 {
			octets[len(octets)-1] ^= 1 << rng.IntN(8)
		}
	}
	return code, lim, octets
}

// checkCover checks that every bit belongs to one field, in order.
func checkCover(t *testing.T, e *Explanation, where string) {
	t.Helper()
	at := 0
	for _, s := range e.spans() {
		if s.Offset != at || s.Len < 1 {
			t.Fatalf("%s: a field of %d bits at %d, want one at %d", where, s.Len, s.Offset, at)
		}
		at = s.End()
	}
	if at != e.shown {
		t.Fatalf("%s: the fields end at bit %d, the stream at %d", where, at, e.shown)
	}
	if f := e.Fault; f != nil && (f.Offset < 0 || f.Len < 0 || f.Offset > e.shown || f.End() > e.shown) {
		t.Fatalf("%s: a fault at %d of %d bits in a stream of %d", where, f.Offset, f.Len, e.shown)
	}
	at = 0
	for _, r := range e.rows() {
		if r.from != at || r.to <= r.from || r.from%rowBits != 0 {
			t.Fatalf("%s: a row from %d to %d, want one from %d", where, r.from, r.to, at)
		}
		at = r.to
	}
	if at != e.shown {
		t.Fatalf("%s: the rows end at bit %d, the stream at %d", where, at, e.shown)
	}
}

// h2o8 is H2O's cookie with 8 capacity bits.
func h2o8(text string) Source {
	return Source{
		Title: "h2o, 8 capacity bits", Alphabet: Base64URL, Text: text, Universe: 256,
		Code:  gcs.Code{Rice: 6, Gap: 1},
		Limit: gcs.Limit{Len: 256, Max: 255},
	}
}

// facts/h2o's worked example A: two keys, no padding, two spare bits in the text.
func TestWorkedExample(t *testing.T) {
	e := Explain(h2o8("qF0"), 10)
	want := []Code{
		{Index: 0, Offset: 0, Quotient: 0, Remainder: 20, Len: 7, Gap: 20, Key: 20},
		{Index: 1, Offset: 7, Quotient: 2, Remainder: 29, Len: 9, Gap: 157, Previous: 20, Key: 178},
	}
	if !slices.Equal(e.Codes, want) {
		t.Errorf("codes %+v", e.Codes)
	}
	if want := []Field{{Part: Spare, Offset: 16, Len: 2}}; !slices.Equal(e.Rest, want) {
		t.Errorf("rest %+v", e.Rest)
	}
	if e.Fault != nil || e.Keys != 2 || e.bits != 16 {
		t.Errorf("fault %v, %d keys, %d bits", e.Fault, e.Keys, e.bits)
	}
}

func TestSkipped(t *testing.T) {
	code := gcs.Code{Rice: 3, Gap: 1}
	var keys []uint64
	for k := range uint64(100) {
		keys = append(keys, 5*k)
	}
	octets, _ := gcs.Encode(nil, code, keys)
	src := Source{Octets: octets, Code: code, Limit: gcs.Limit{Len: 100, Max: 1000}}
	for _, test := range []struct{ most, first, skipped, last int }{
		{1, 1, 97, 2}, {97, 97, 1, 2}, {98, 98, 0, 2}, {99, 99, 0, 1}, {100, 100, 0, 0}, {0, 1, 97, 2}, {-3, 1, 97, 2},
	} {
		e := Explain(src, test.most)
		if len(e.Codes) != test.first || e.Skipped != test.skipped || len(e.Last) != test.last || e.Keys != 100 {
			t.Errorf("most %d: %d codes, %d skipped, %d last, %d keys", test.most, len(e.Codes), e.Skipped, len(e.Last), e.Keys)
		}
		if last := slices.Concat(e.Codes, e.Last); last[len(last)-1].Key != 495 {
			t.Errorf("most %d: the last key is %d", test.most, last[len(last)-1].Key)
		}
		checkCover(t, &e, fmt.Sprint("most ", test.most))
	}
}

// What the format says against a stream goes before what the bits say.
func TestGivenFault(t *testing.T) {
	at := func(layer gcs.Layer, kind gcs.Kind, offset int) error {
		return &gcs.Error{Layer: layer, Kind: kind, At: gcs.BitOffset(offset)}
	}
	for _, test := range []struct {
		text   string
		err    error
		keys   int
		offset int
		len    int
	}{
		{"qF!", at(gcs.TextLayer, gcs.BadText, 12), 1, 12, 6},
		{"qF!", nil, 1, 12, 6}, // found without being told
		{"q", at(gcs.TextLayer, gcs.BadText, 0), 0, 0, 6},
		{"qF1", at(gcs.TextLayer, gcs.NonCanonical, 16), 2, 16, 2},
		{"qF0A", at(gcs.BitsLayer, gcs.TrailingData, 16), 2, 16, 8},
		{"qF0A", at(gcs.BitsLayer, gcs.NonCanonical, 3), 0, 3, 21}, // in the middle of a code
		{"qF0A", at(gcs.SetLayer, gcs.NonCanonical, 9999), 2, 24, 0},
		{"qF0A", at(gcs.SetLayer, gcs.NonCanonical, -1), 0, 0, 24},
		{"qF0A", errors.New("without a place"), 2, 24, 0},
		{"", at(gcs.BitsLayer, gcs.Truncated, 0), 0, 0, 0},
	} {
		src := h2o8(test.text)
		src.Err = test.err
		e := Explain(src, 10)
		if e.Fault == nil || e.Fault.Offset != test.offset || e.Fault.Len != test.len || e.Keys != test.keys {
			t.Errorf("%s, %v: %d keys, fault %+v; want %d keys, fault at %d, %d bits", test.text, test.err, e.Keys, e.Fault, test.keys, test.offset, test.len)
		}
		if test.err != nil && e.Fault != nil && e.Fault.Err != test.err {
			t.Errorf("%s: the fault is %v, want %v", test.text, e.Fault.Err, test.err)
		}
		checkCover(t, &e, test.text)
	}
}

// A code whose gap or key does not fit 64 bits is shown without them.
func TestOverflow(t *testing.T) {
	var w bitio.Writer
	w.WriteUnary(bitio.ZerosOne, 1)
	w.WriteBits(1<<63-1, 63)
	w.WriteUnary(bitio.ZerosOne, 3)
	w.WriteBits(0, 63)
	src := Source{
		Octets: w.AppendTo(nil, bitio.ZerosOne),
		Code:   gcs.Code{Rice: 63}, Limit: gcs.Limit{Len: 9, Max: gcs.Largest},
	}
	e := Explain(src, 9)
	if len(e.Codes) != 1 || !e.Codes[0].Faulty || e.Codes[0].Gap != math.MaxUint64 {
		t.Fatalf("%+v", e.Codes)
	}
	src.Octets = src.Octets[8:] // begins with 1 more bit of remainder, then 0001
	src.Octets[0] = 0x08
	e = Explain(src, 9)
	if len(e.Codes) != 1 || !e.Codes[0].Overflow || e.Codes[0].Key != 0 || e.Keys != 0 {
		t.Fatalf("%+v", e.Codes)
	}
}

// First moves the keys, not the limit.
func TestFirst(t *testing.T) {
	first := uint64(5)
	src := Source{
		Octets: []byte{0xf7, 0x02}, First: &first,
		Code:  gcs.Code{Rice: 2, Run: bitio.OnesZero, Order: bitio.LSBFirst, Pad: gcs.PadZero},
		Limit: gcs.Limit{Len: 2, Max: 24, End: gcs.Counted},
	}
	e := Explain(src, 9)
	if e.Fault != nil || len(e.Codes) != 2 || e.Codes[0].Previous != 5 || e.Codes[0].Key != 20 || e.Codes[1].Previous != 20 || e.Codes[1].Key != 29 {
		t.Errorf("%+v, fault %v", e.Codes, e.Fault)
	}
	src.Limit.Max = 23
	if e := Explain(src, 9); e.Fault == nil || e.Keys != 1 {
		t.Errorf("above the limit: %d keys, fault %v", e.Keys, e.Fault)
	}
	first = math.MaxUint64 - 10
	src.Limit.Max = gcs.Largest
	if e := Explain(src, 9); e.Fault == nil || !e.Codes[0].Overflow {
		t.Errorf("above 2^64: %+v, fault %v", e.Codes, e.Fault)
	}
}

func TestHeaderBeyondTheStream(t *testing.T) {
	src := Source{
		Octets: []byte{1, 2}, Code: gcs.Code{Rice: 2}, Limit: gcs.Limit{Len: 9, Max: 99},
		Header: []Header{{Name: "a", Bits: 10}, {Name: "b", Bits: 10}, {Name: "c", Bits: -4}, {Name: "d", Bits: 3}},
	}
	e := Explain(src, 9)
	if len(e.Fields) != 2 || e.Fields[1].Len != 6 {
		t.Errorf("%+v", e.Fields)
	}
	checkCover(t, &e, "header")
}

// The text of a stream that was refused for its length is not read to its end.
func TestLongTextIsNotRead(t *testing.T) {
	text := string(slices.Repeat([]byte("A"), 10<<20))
	src := h2o8(text)
	src.Err = &gcs.Error{Layer: gcs.TextLayer, Kind: gcs.TooMany, At: gcs.BitOffset(6 * 100)}
	e := Explain(src, 10)
	if len(e.octets) > 80 {
		t.Errorf("%d octets were read", len(e.octets))
	}
	checkCover(t, &e, "long")
}
