// Package casper attacks H2O's cookie: strict and lenient reading against the
// bit-by-bit oracle, and the laws of fingerprints.
//
// An input is one byte of parameters, one that says how many octets the laws draw
// keys from, those octets, and the cookie. The cookie is tried as text and, written as
// base64url, as a stream.
package casper

import (
	"math"
	"slices"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/casper"
)

// Fuzz attacks one value under one set of parameters.
func Fuzz(data []byte) int {
	in := oracle.Input(data)
	p := params(&in)
	n := min(in.Below(24), len(in))
	choices, value := in[:n], in[n:]
	return max(
		Value(string(value), p, choices),
		Value(string(base64url.Append(nil, value)), p, choices),
	)
}

// params draws both generations at every capacity, H2O's default, and three that are
// invalid.
func params(in *oracle.Input) casper.Params {
	switch n := in.Below(2*16 + 3); n {
	case 32:
		return casper.Params{CapacityBits: 16}
	case 33:
		return casper.Params{CapacityBits: 255}
	case 34:
		return casper.Params{Generation: 2}
	default:
		return casper.Params{CapacityBits: uint8(n / 2), Generation: casper.Generation(n % 2)}
	}
}

// Value reads one value in all ways and puts what came out through the laws.
func Value(value string, p casper.Params, choices oracle.Input) int {
	f, ok := Read(value, p)
	if !ok {
		return 0
	}
	written(f)
	laws(f, choices)
	return 1
}

// Read reads one value strictly and leniently, and returns what H2O would make of it.
func Read(value string, p casper.Params) (casper.Fingerprint, bool) {
	strict, ok := read(value, p, base64url.Strict)
	lenient, lenientOK := read(value, p, base64url.Lenient)
	if !lenientOK {
		if ok {
			oracle.Failf("%q %+v is accepted strictly but not leniently", value, p)
		}
		return lenient, false
	}
	if ok {
		if strict.String() != value {
			oracle.Failf("%q %+v is accepted, but written %q", value, p, strict)
		}
		if !equal(strict, lenient) {
			oracle.Failf("%q %+v differs between strict and lenient", value, p)
		}
	}
	return lenient, true
}

// read holds every reader against the oracle.
func read(value string, p casper.Params, m base64url.Mode) (casper.Fingerprint, bool) {
	want, fault := oracle.ReadCookie(value, p, m)
	parse := casper.Parse
	if m == base64url.Lenient {
		parse = casper.ParseLenient
	}
	f, err := parse(value, p)
	keys := slices.Collect(f.All())
	if !slices.Equal(keys, want) || oracle.FaultOf(err) != fault {
		oracle.Failf("reading %q %+v, mode %d:\n got %d %v\nwant %d %v", value, p, m, keys, err, want, fault)
	}
	if f.Len() != len(want) || f.Params() != p {
		oracle.Failf("reading %q %+v, mode %d: Len %d, Params %+v", value, p, m, f.Len(), f.Params())
	}
	if m == base64url.Strict {
		got, err := p.AppendKeys([]casper.Key{7}, value)
		if got[0] != 7 || !slices.Equal(got[1:], want) || oracle.FaultOf(err) != fault {
			oracle.Failf("AppendKeys(%q) %+v: %d, %v; want %d, %v", value, p, got[1:], err, want, fault)
		}
	}
	return f, err == nil
}

// written checks that what is written is what the oracle writes, and reads back as
// the same set.
func written(f casper.Fingerprint) {
	p, keys := f.Params(), slices.Collect(f.All())
	want := oracle.CookieText(p, keys)
	if got := f.String(); got != want {
		oracle.Failf("String of %d %+v: %s, want %s", keys, p, got, want)
	}
	if got := p.AppendValue([]byte("kept"), keys); string(got) != "kept"+want {
		oracle.Failf("AppendValue of %d %+v: %s", keys, p, got)
	}
	if again, err := casper.ParseLenient(want, p); err != nil || !equal(again, f) {
		oracle.Failf("%s %+v does not read back leniently: %v", want, p, err)
	}
	inside, _ := slices.BinarySearch(keys, casper.Key(oracle.Capacity(p)))
	if again, err := casper.Parse(want, p); (err == nil) != (inside == len(keys)) || err == nil && !equal(again, f) {
		oracle.Failf("%s %+v does not read back strictly: %v", want, p, err)
	}

	if known := f.Known(); known.Params() != p || !slices.Equal(slices.Collect(known.All()), keys[:inside]) {
		oracle.Failf("Known of %s %+v: %v, want %d", want, p, known, keys[:inside])
	}

	n, u := float64(inside), float64(oracle.Capacity(p))
	if got := f.FalsePositive(); got != n/u {
		oracle.Failf("FalsePositive of %s %+v: %g, want %g", want, p, got, n/u)
	}
	entropy := 0.0 // of the number of sets: the product of (u-i)/(n-i)
	for i := range inside {
		entropy += math.Log2((u - float64(i)) / (n - float64(i)))
	}
	if got := f.Entropy(); math.Abs(got-entropy) > 1e-6*(1+entropy) {
		oracle.Failf("Entropy of %s %+v: %g, want %g", want, p, got, entropy)
	}
}

// laws draws keys, another fingerprint and a bound.
func laws(f casper.Fingerprint, choices oracle.Input) {
	p := f.Params()
	maxText := choices.Below(256) * (1 + len(f.String())/200)
	other := casper.New(params2(&choices))
	var keys []casper.Key
	for len(choices) > 0 {
		k := casper.Key(choices.Number())
		keys = append(keys, k)
		if k%3 == 0 {
			other = other.With(k)
		}
	}
	With(f, keys)
	Merge(f, other, casper.New(p, keys...))
	Trim(f, maxText, keys)
}

// params2 draws valid parameters.
func params2(in *oracle.Input) casper.Params {
	n := in.Below(32)
	return casper.Params{CapacityBits: uint8(n / 2), Generation: casper.Generation(n % 2)}
}

// With checks that a fingerprint with keys has them all, and nothing else besides
// what it had.
func With(f casper.Fingerprint, keys []casper.Key) {
	before := slices.Collect(f.All())
	g := f.With(keys...)
	want := slices.Clone(before)
	for _, k := range keys {
		k &= casper.Key(oracle.Capacity(f.Params()) - 1)
		if !g.Has(k) {
			oracle.Failf("%v.With(%d) does not have %d", before, keys, k)
		}
		want = append(want, k)
	}
	slices.Sort(want)
	want = slices.Compact(want)
	if got := slices.Collect(g.All()); !slices.Equal(got, want) || g.Params() != f.Params() {
		oracle.Failf("%v.With(%d) is %d %+v, want %d", before, keys, got, g.Params(), want)
	}
	for _, k := range want {
		if !g.Has(k) || f.Has(k) != slices.Contains(before, k) {
			oracle.Failf("%v.With(%d): Has(%d) is wrong", before, keys, k)
		}
		if next := k + 1; g.Has(next) != slices.Contains(want, next) {
			oracle.Failf("%v.With(%d): Has(%d) is wrong", before, keys, next)
		}
	}
	if !slices.Equal(slices.Collect(f.All()), before) {
		oracle.Failf("With(%d) changed its receiver", keys)
	}
}

// Merge checks that the order of merging does not matter, nor how often one takes
// part, and that every key of both is in the result, reduced to its capacity.
func Merge(f, g, h casper.Fingerprint) {
	fg, gf := f.Merge(g), g.Merge(f)
	if !equal(fg, gf) {
		oracle.Failf("%v %+v merged with %v %+v depends on the order: %v, %v", f, f.Params(), g, g.Params(), fg, gf)
	}
	if left, right := fg.Merge(h), f.Merge(g.Merge(h)); !equal(left, right) {
		oracle.Failf("%v %+v, %v %+v, %v %+v: %v or %v, as they are grouped",
			f, f.Params(), g, g.Params(), h, h.Params(), left, right)
	}
	if !equal(fg.Merge(g), fg) || !equal(fg.Merge(f), fg) || !equal(f.Merge(f), f) {
		oracle.Failf("%v %+v merged with %v %+v twice is not the same", f, f.Params(), g, g.Params())
	}

	p := fg.Params()
	capacity := min(oracle.Capacity(f.Params()), oracle.Capacity(g.Params()))
	if oracle.Capacity(p) != capacity || p.Generation != min(f.Params().Generation, g.Params().Generation) {
		oracle.Failf("%+v merged with %+v is %+v", f.Params(), g.Params(), p)
	}
	var want []casper.Key
	for _, of := range []casper.Fingerprint{f, g} {
		for k := range of.All() {
			if oracle.Capacity(of.Params()) > capacity {
				k &= casper.Key(capacity - 1)
			}
			want = append(want, k)
		}
	}
	slices.Sort(want)
	want = slices.Compact(want)
	if got := slices.Collect(fg.All()); !slices.Equal(got, want) {
		oracle.Failf("%v %+v merged with %v %+v is %d, want %d", f, f.Params(), g, g.Params(), got, want)
	}
}

// small is the number of keys up to which Trim is held against the oracle, which
// takes them away one by one.
const small = 64

// Trim checks that a value is as short as it should be, and no key fewer than
// necessary is kept.
func Trim(f casper.Fingerprint, maxText int, keep []casper.Key) {
	p, keys := f.Params(), slices.Collect(f.All())
	g := f.Trim(maxText, keep...)
	got := slices.Collect(g.All())
	if n := len(g.String()); n > maxText || g.Params() != p {
		oracle.Failf("%s %+v.Trim(%d, %d) has %d characters", f, p, maxText, keep, n)
	}
	for _, k := range got {
		if _, ok := slices.BinarySearch(keys, k); !ok {
			oracle.Failf("%s %+v.Trim(%d, %d) has %d, which was not there", f, p, maxText, keep, k)
		}
	}
	if f.Len() <= small {
		if want := oracle.TrimCookie(p, keys, maxText, keep...); !slices.Equal(got, want) {
			oracle.Failf("%s %+v.Trim(%d, %d) is %d, want %d", f, p, maxText, keep, got, want)
		}
	}
	if !slices.Equal(slices.Collect(f.All()), keys) {
		oracle.Failf("Trim(%d, %d) changed its receiver", maxText, keep)
	}
}

func equal(f, g casper.Fingerprint) bool {
	return f.Params() == g.Params() && slices.Equal(slices.Collect(f.All()), slices.Collect(g.All()))
}
