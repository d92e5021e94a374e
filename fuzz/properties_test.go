package fuzz_test

import (
	"io"
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/cache-aware/casper/bitio"
	casperfuzz "github.com/cache-aware/casper/fuzz/internal/casper"
	gcsfuzz "github.com/cache-aware/casper/fuzz/internal/gcs"
	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/gcs/ricedelta"
)

func TestCodecLaws(t *testing.T) {
	check(t, 1000, map[string]gopter.Prop{
		"decoding what was encoded gives the keys": prop.ForAll(func(c gcs.Code, s []oracle.Step) bool {
			keys := oracle.Keys(c, s)
			octets, err := gcs.Encode(nil, c, keys)
			if err != nil {
				return false
			}
			lim := gcs.Limit{Len: len(keys), End: gcs.Counted}
			if len(keys) > 0 {
				lim.Max = keys[len(keys)-1]
			}
			got, err := gcs.Decode([]uint64(nil), c, octets, lim)
			return err == nil && slices.Equal(got, keys)
		}, codes(), steps()),

		"encoding what was decoded gives the octets": prop.ForAll(func(c gcs.Code, noise []byte) bool {
			octets, n := canonical(c, noise)
			keys, err := gcs.Decode([]uint64(nil), c, octets, gcs.Limit{Len: n, Max: gcs.Largest, End: gcs.Counted})
			if err != nil || len(keys) != n {
				return false
			}
			again, err := gcs.Encode(nil, c, keys)
			return err == nil && string(again) == string(octets)
		}, codes(), gen.SliceOf(gen.UInt8())),

		"no two streams are one set": prop.ForAll(func(c gcs.Code, noise []byte, bit uint16) bool {
			octets, n := canonical(c, noise)
			if len(octets) == 0 {
				return true
			}
			b := int(bit) % (8 * len(octets))
			octets[b/8] ^= 1 << (b % 8)
			for _, end := range []gcs.End{gcs.Counted, gcs.Padded} {
				keys, err := gcs.Decode([]uint64(nil), c, octets, gcs.Limit{Len: n, Max: gcs.Largest, End: end})
				if err != nil {
					continue
				}
				if again, err := gcs.Encode(nil, c, keys); err != nil || string(again) != string(octets) {
					return false
				}
			}
			return true
		}, codes(), gen.SliceOf(gen.UInt8()), gen.UInt16()),

		"everything agrees with the oracle": prop.ForAll(func(c gcs.Code, s []oracle.Step) bool {
			gcsfuzz.Encode(c, oracle.Keys(c, s))
			return true
		}, codes(), steps()),

		"a set contains its keys and no others": prop.ForAll(func(c gcs.Code, s []oracle.Step, others []uint64) bool {
			keys := oracle.Keys(c, s)
			octets, err := gcs.Encode(nil, c, keys)
			if err != nil {
				return false
			}
			lim := gcs.Limit{Len: len(keys), Max: gcs.Largest, End: gcs.Counted}
			any := false
			slices.Sort(others)
			for _, k := range append(slices.Clone(others), keys...) {
				want := slices.Contains(keys, k)
				if got, err := c.Contains(octets, k, lim); err != nil || got != want {
					return false
				}
				any = any || want && slices.Contains(others, k)
			}
			got, err := c.ContainsAny(octets, others, lim)
			return err == nil && got == any
		}, codes(), steps(), gen.SliceOf(numbers())),
	})
}

// canonical returns n codes made of noise, cut after the last complete one and padded
// as they should be: octets that an encoder could have written, though none did.
func canonical(c gcs.Code, noise []byte) (octets []byte, n int) {
	stream := oracle.Bits(noise, c.Order)
	keys, fault := oracle.Decode(nil, stream, c, gcs.Limit{Len: len(stream) + 1, Max: gcs.Largest, End: gcs.Open})
	end := 0
	if fault.Kind == gcs.OutOfRange {
		end = fault.Offset
	} else {
		used, _ := oracle.Encode(nil, c, keys)
		end = len(used)
	}
	return oracle.AppendOctets(nil, stream[:end], c.Order, oracle.PadBit(c)), len(keys)
}

// Lists of v5, of every width.
func TestV5Laws(t *testing.T) {
	numbers := gen.SliceOf(gen.SliceOfN(32, gen.UInt8())).Map(func(all [][]byte) (values []ricedelta.Number) {
		for _, octets := range all {
			values = append(values, ricedelta.NumberOf(octets))
		}
		return values
	})
	check(t, 500, map[string]gopter.Prop{
		"decoding what was encoded gives the values, and encoding them again the octets": prop.ForAll(func(values []ricedelta.Number, width, up uint8) bool {
			bits := 32 << (width % 4)
			for i, v := range values {
				values[i] = ricedelta.NumberOf(v.Append(nil, bits/8))
			}
			slices.SortFunc(values, ricedelta.Number.Compare)
			rice := ricedelta.MaxRiceV5(bits) - up%20
			l, err := ricedelta.FromNumbers(bits, rice, values)
			if err != nil {
				return len(values) == 0
			}
			var got []ricedelta.Number
			for v, err := range l.All() {
				if err != nil {
					return false
				}
				got = append(got, v)
			}
			again, err := ricedelta.FromNumbers(bits, rice, got)
			return err == nil && slices.Equal(got, values) && string(again.Data) == string(l.Data)
		}, numbers, gen.UInt8(), gen.UInt8()),
	})
}

func TestSizes(t *testing.T) {
	check(t, 1000, map[string]gopter.Prop{
		"Size is the number of octets": prop.ForAll(func(c gcs.Code, s []oracle.Step) bool {
			keys := oracle.Keys(c, s)
			octets, err := gcs.Encode([]byte("x"), c, keys)
			return err == nil && c.Size(keys) == len(octets)-1
		}, codes(), steps()),

		"no set is larger than MaxSize": prop.ForAll(func(c gcs.Code, s []oracle.Step, above uint64) bool {
			keys := oracle.Keys(c, s)
			if len(keys) == 0 {
				return c.MaxSize(0, above) == 0
			}
			last := keys[len(keys)-1]
			max := last + above%(gcs.Largest-last+1)
			return c.Size(keys) <= c.MaxSize(len(keys), max)
		}, codes(), steps(), numbers()),

		"a set with one gap is as large as MaxSize": prop.ForAll(func(c gcs.Code, n int, max uint64) bool {
			max = min(max, gcs.Largest)
			if max < uint64(n) {
				max += uint64(n)
			}
			keys := make([]uint64, n)
			for i := range n - 1 {
				keys[i] = uint64(i) * uint64(c.Gap)
			}
			keys[n-1] = max
			return c.Size(keys) == c.MaxSize(n, max)
		}, codes(), gen.IntRange(1, 60), numbers()),
	})
}

// expected is the mean length of a code, in bits, when distinct keys take every m-th
// number: a gap is longer than v with probability (1-1/m)^(v+1), and each bit of the
// quotient is the probability s that the gap goes so far: s/(1-s) of them. Expm1 and
// Log1p keep the digits that 1-1/m loses for large m.
func expected(m float64, rice uint8) float64 {
	return float64(rice) + 1 + 1/math.Expm1(-math.Exp2(float64(rice))*math.Log1p(-1/m))
}

func TestBestRice(t *testing.T) {
	check(t, 2000, map[string]gopter.Prop{
		"is within 0.12 bits of the bound": prop.ForAll(func(m float64) bool {
			n, universe := 1<<20, uint64(math.Ldexp(m, 20))
			m = float64(universe) / float64(n)
			return expected(m, gcs.BestRice(n, universe)) <= math.Log2(m)+1.443+0.12
		}, ratios()),

		"no other remainder is better": prop.ForAll(func(m float64) bool {
			n, universe := 1<<20, uint64(math.Ldexp(m, 20))
			m = float64(universe) / float64(n)
			best := expected(m, gcs.BestRice(n, universe))
			for r := range uint8(64) {
				if expected(m, r) < best-1e-9 {
					return false
				}
			}
			return true
		}, ratios()),
	})
	// Where the remainder changes, two of them take the same number of bits but for
	// some 10^-15: nowhere is the oracle's own rounding seen better.
	for r := range 43 {
		at := math.Ldexp(1/math.Log(math.Phi), r)
		for _, m := range []float64{at * (1 - 1e-7), at * (1 - 1e-12), at, at * (1 + 1e-12), at * (1 + 1e-7)} {
			n, universe := 1<<20, uint64(math.Ldexp(m, 20))
			m = float64(universe) / float64(n)
			got := gcs.BestRice(n, universe)
			for other := range uint8(64) {
				if expected(m, other) < expected(m, got)-1e-9 {
					t.Errorf("universe/n = %v: %d remainder bits, but %d take fewer", m, got, other)
				}
			}
		}
	}
	if got := gcs.BestRice(1, gcs.Largest); got < 62 || got > 63 {
		t.Errorf("one key in 2^64: %d remainder bits", got)
	}
}

// TestBestRiceMeasured codes sets that were really drawn, rather than their
// expectation: the remainder is at most a hundredth of a bit from the best one.
func TestBestRiceMeasured(t *testing.T) {
	const n = 20000
	state := uint64(1)
	next := func() uint64 { // SplitMix64
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	for _, m := range []float64{1.3, 2, 2.3, 2.6, 2.7, 3.5, 4.2, 5, 7, 9, 11, 12, 20, 64, 100, 133, 1000, 3e4, 1e6, 784931} {
		universe := uint64(m * n)
		chosen := map[uint64]bool{}
		for len(chosen) < n {
			k, _ := bits.Mul64(next(), universe)
			chosen[k] = true
		}
		keys := make([]uint64, 0, n)
		for k := range chosen {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		perKey := func(rice uint8) float64 { return 8 * float64(gcs.Code{Rice: rice, Gap: 1}.Size(keys)) / n }
		best, r := math.Inf(1), gcs.BestRice(n, universe)
		for rice := range uint8(40) {
			best = min(best, perKey(rice))
		}
		if got := perKey(r); got > best+0.01 {
			t.Errorf("universe/n = %g: %d remainder bits take %.3f bits a key, the best %.3f", m, r, got, best)
		}
	}
}

// sorts holds gcs.Sort against the standard library, on numbers as they are and on
// enough repetitions of them to make it choose its other ways.
func sorts[K ~uint32 | ~uint64](numbers []uint64, times, scratch int) bool {
	keys := make([]K, 0, len(numbers)*times)
	for i := range times {
		for _, v := range numbers {
			keys = append(keys, K(v^uint64(i)*0x9e3779b97f4a7c15))
		}
	}
	want := slices.Clone(keys)
	slices.Sort(want)
	gcs.Sort(keys, make([]K, scratch))
	return slices.Equal(keys, want)
}

func TestSort(t *testing.T) {
	check(t, 300, map[string]gopter.Prop{
		"keys are sorted and all there": prop.ForAll(func(v []uint64, times, scratch int) bool {
			return sorts[uint64](v, times, scratch) && sorts[casper.Key](v, times, scratch)
		}, gen.SliceOf(numbers()), gen.OneConstOf(1, 1, 2, 50), gen.OneConstOf(0, 40, 5000)),
	})
}

func TestFingerprintLaws(t *testing.T) {
	check(t, 1000, map[string]gopter.Prop{
		"Has after With": prop.ForAll(func(f casper.Fingerprint, keys []casper.Key) bool {
			casperfuzz.With(f, keys)
			return true
		}, fingerprints(), cookieKeys()),

		"Merge is commutative, associative and idempotent": prop.ForAll(func(f, g, h casper.Fingerprint) bool {
			casperfuzz.Merge(f, g, h)
			return true
		}, fingerprints(), fingerprints(), fingerprints()),

		"Trim keeps within its bound, and keeps what is wanted first": prop.ForAll(
			func(f casper.Fingerprint, maxText int, foreign, own []casper.Key) bool {
				keep := foreign
				all := slices.Collect(f.All())
				for _, k := range own { // keys that f has, repeats included
					if len(all) > 0 {
						keep = append(keep, all[uint(k)%uint(len(all))])
					}
				}
				casperfuzz.Trim(f, maxText, keep)
				return true
			}, fingerprints(), either(gen.IntRange(0, 8), gen.IntRange(0, 400)), cookieKeys(), cookieKeys()),

		"Parse gives back what String wrote": prop.ForAll(func(p casper.Params, keys []casper.Key) bool {
			f := casper.New(p, keys...)
			g, err := casper.Parse(f.String(), p)
			return err == nil && g.String() == f.String() && slices.Equal(slices.Collect(g.All()), slices.Collect(f.All())) &&
				len(f.String()) <= p.MaxText()
		}, cookieParams(), cookieKeys()),

		"every value agrees with the oracle": prop.ForAll(func(f casper.Fingerprint, choices []byte) bool {
			casperfuzz.Value(f.String(), f.Params(), choices)
			return true
		}, fingerprints(), gen.SliceOf(gen.UInt8())),
	})
}

// TestTrimPromise checks the figure in Trim's documentation: how many keys always fit
// the bound that leaves room for a cookie's name and attributes.
func TestTrimPromise(t *testing.T) {
	var p casper.Params
	longest := func(n int) int { return base64url.EncodedLen(p.Code().MaxSize(n, uint64(p.Capacity()-1))) }
	const keys, maxText = 3238, 3800
	if n := longest(keys); n > maxText {
		t.Errorf("%d keys take up to %d characters, not %d", keys, n, maxText)
	}
	// The full universe, and sets in which the largest gap comes first or last.
	for _, universe := range [][]casper.Key{sequence(0, p.Capacity()), sequence(p.Capacity()-keys, p.Capacity()), sequence(0, keys+500)} {
		f := casper.New(p, universe...)
		g := f.Trim(maxText, sequence(8000, 8192)...)
		if n := len(g.String()); n > maxText || g.Len() < keys {
			t.Errorf("%d keys trimmed to %d characters and %d keys", f.Len(), n, g.Len())
		}
		for _, k := range sequence(8000, 8192) {
			if f.Has(k) && !g.Has(k) {
				t.Fatalf("key %d was to be kept", k)
			}
		}
	}
	if full := casper.New(p, sequence(0, p.Capacity())...); len(full.String()) != p.MaxText() {
		t.Errorf("the set of all keys takes %d characters, MaxText is %d", len(full.String()), p.MaxText())
	}
}

func sequence(from, to int) []casper.Key {
	keys := make([]casper.Key, 0, to-from)
	for k := from; k < to; k++ {
		keys = append(keys, casper.Key(k))
	}
	return keys
}

// TestBitsFor checks that the capacity is the least one that keeps the promise.
func TestBitsFor(t *testing.T) {
	check(t, 1000, map[string]gopter.Prop{
		"one bit fewer would be too few": prop.ForAll(func(assets int, falsePositive float64) bool {
			bits := casper.BitsFor(assets, falsePositive)
			keeps := func(bits uint8) bool { return float64(assets)/float64(int(1)<<bits) <= falsePositive }
			return bits >= 1 && bits <= casper.MaxCapacityBits &&
				(bits == 1 || !keeps(bits-1)) && (bits == casper.MaxCapacityBits || keeps(bits))
		}, either(gen.OneConstOf(0, 1, 64, 80, 1<<13, 1<<15, 1<<16), gen.IntRange(0, 1<<16)), either(gen.OneConstOf(0.0, 0.01, 0.25, 0.5, 1.0), gen.Float64Range(0, 1))),
	})
}

// TestBitWriters writes numbers of every width at every offset, in both orders.
func TestBitWriters(t *testing.T) {
	check(t, 1000, map[string]gopter.Prop{
		"bits read back as written": prop.ForAll(func(values []uint64, widths []uint8) bool {
			var msb bitio.Writer
			lsb := bitio.Writer{Order: bitio.LSBFirst}
			n := min(len(values), len(widths))
			for i := range n {
				w := uint(widths[i]) % 65
				msb.WriteBits(values[i]&(1<<w-1), w)
				lsb.WriteBits(values[i]&(1<<w-1), w)
			}
			a := bitio.NewReader(msb.AppendTo(nil, bitio.ZerosOne), bitio.MSBFirst)
			b := bitio.NewReader(lsb.AppendTo(nil, bitio.OnesZero), bitio.LSBFirst)
			for i := range n {
				w := uint(widths[i]) % 65
				if want := values[i] & (1<<w - 1); a.ReadBits(w) != want || b.ReadBits(w) != want {
					return false
				}
			}
			return a.Err() == nil && b.Err() == nil && a.Left() < 8 && b.Left() == a.Left()
		}, gen.SliceOf(numbers()), gen.SliceOf(gen.UInt8())),

		"unary numbers too": prop.ForAll(func(values []uint64, ones bool) bool {
			run := bitio.ZerosOne
			if ones {
				run = bitio.OnesZero
			}
			var msb bitio.Writer
			lsb := bitio.Writer{Order: bitio.LSBFirst}
			for _, v := range values {
				msb.WriteUnary(run, v%5000)
				lsb.WriteUnary(run, v%5000)
			}
			a := bitio.NewReader(msb.AppendTo(nil, run), bitio.MSBFirst)
			b := bitio.NewReader(lsb.AppendTo(nil, run), bitio.LSBFirst)
			for _, v := range values {
				if v %= 5000; a.ReadUnary(run, v) != v || b.ReadUnary(run, 5000) != v {
					return false
				}
			}
			// What is left is padding, which is no number.
			return a.Err() == nil && b.Err() == nil && a.ReadUnary(run, 8) == 0 && a.Err() == io.ErrUnexpectedEOF
		}, gen.SliceOf(quotients()), gen.Bool()),
	})
}
