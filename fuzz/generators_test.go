package fuzz_test

import (
	"flag"
	"math"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/casper"
)

var seed = flag.Int64("seed", 0, "seed of the property tests; 0 takes the time")

// check runs properties on so many inputs each. A failure names the seed.
func check(t *testing.T, inputs int, properties map[string]gopter.Prop) {
	t.Helper()
	if oracle.Race {
		inputs /= 5
	}
	s := *seed
	if s == 0 {
		s = time.Now().UnixNano()
	}
	for name, p := range properties {
		t.Run(name, func(t *testing.T) {
			parameters := gopter.DefaultTestParametersWithSeed(s)
			parameters.MinSuccessfulTests = inputs
			all := gopter.NewProperties(parameters)
			all.Property(name, p)
			all.TestingRun(t, gopter.NewFormatedReporter(true, 120, t.Output()))
		})
	}
}

// either draws from the first generator or the second, which edges and the
// unremarkable take turns with.
func either(edges, others gopter.Gen) gopter.Gen {
	return gen.Weighted([]gen.WeightedGen{{Weight: 3, Gen: edges}, {Weight: 2, Gen: others}})
}

// rices are the remainders at which the fast code changes its ways: the ends, four
// codes a window up to 11, merged stores up to 12, quick decoding up to 48, one store
// up to 55, and those of the formats.
func rices() gopter.Gen {
	return either(
		gen.OneConstOf(uint8(0), uint8(1), uint8(6), uint8(7), uint8(8), uint8(10), uint8(11), uint8(12), uint8(13), uint8(19),
			uint8(28), uint8(47), uint8(48), uint8(49), uint8(54), uint8(55), uint8(56), uint8(57), uint8(61), uint8(62), uint8(63)),
		gen.UInt8Range(0, 63))
}

func codes() gopter.Gen {
	return gopter.CombineGens(rices(), gen.UInt8Range(0, 1), gen.UInt8Range(0, 1), gen.UInt8Range(0, 1), gen.UInt8Range(0, 2)).
		Map(func(v []any) gcs.Code {
			return gcs.Code{
				Rice: v[0].(uint8), Run: bitio.Run(v[1].(uint8)), Gap: v[2].(uint8),
				Order: bitio.Order(v[3].(uint8)), Pad: gcs.Pad(v[4].(uint8)),
			}
		})
}

// quotients end at, before and after octets, windows of 57 bits and words.
func quotients() gopter.Gen {
	return either(
		gen.OneConstOf(uint64(0), uint64(0), uint64(0), uint64(1), uint64(1), uint64(2), uint64(3), uint64(6), uint64(7), uint64(8), uint64(9),
			uint64(43), uint64(44), uint64(45), uint64(46), uint64(49), uint64(50), uint64(51), uint64(55), uint64(56), uint64(57), uint64(58),
			uint64(62), uint64(63), uint64(64), uint64(65), uint64(119), uint64(120), uint64(127), uint64(128), uint64(129), uint64(192),
			uint64(255), uint64(256), uint64(4095), uint64(oracle.Top)),
		gen.UInt64Range(0, 130))
}

// numbers are powers of two and their neighbours, or anything.
func numbers() gopter.Gen {
	edges := gopter.CombineGens(gen.UInt8Range(0, 63), gen.Int64Range(-2, 2)).
		Map(func(v []any) uint64 { return 1<<v[0].(uint8) + uint64(v[1].(int64)) })
	return either(edges, gen.UInt64())
}

// steps make sets of all kinds: the empty one, that of all keys up to some point, and
// mixed ones.
func steps() gopter.Gen {
	mixed := gopter.CombineGens(quotients(), numbers()).
		Map(func(v []any) oracle.Step { return oracle.Step{Quotient: v[0].(uint64), Remainder: v[1].(uint64)} })
	adjacent := gen.Const(oracle.Step{})
	return gen.Weighted([]gen.WeightedGen{
		{Weight: 1, Gen: gen.SliceOfN(0, adjacent)},
		{Weight: 2, Gen: gen.SliceOf(adjacent)},
		{Weight: 3, Gen: gen.SliceOf(either(adjacent, mixed))},
		{Weight: 6, Gen: gen.SliceOf(mixed)},
	})
}

// cookieParams are both generations at all capacities, small ones more often: there
// sets fill up.
func cookieParams() gopter.Gen {
	return gopter.CombineGens(either(gen.UInt8Range(0, 6), gen.UInt8Range(7, 15)), gen.UInt8Range(0, 1)).
		Map(func(v []any) casper.Params {
			return casper.Params{CapacityBits: v[0].(uint8), Generation: casper.Generation(v[1].(uint8))}
		})
}

// cookieKeys are those of any capacity, and numbers that no capacity has: there the
// capacity's bits count alone.
func cookieKeys() gopter.Gen {
	key := func(v uint64) casper.Key { return casper.Key(v) }
	return gen.SliceOf(gen.Weighted([]gen.WeightedGen{
		{Weight: 2, Gen: gen.UInt64Range(0, 40).Map(key)},
		{Weight: 2, Gen: gen.UInt64Range(0, 1<<15).Map(key)},
		{Weight: 1, Gen: numbers().Map(key)},
	}))
}

// fingerprints hold no keys, some, or all that their capacity has. One in four was read
// leniently and holds keys that it does not have.
func fingerprints() gopter.Gen {
	some := gopter.CombineGens(cookieParams(), cookieKeys(), gen.UInt8Range(0, 3)).Map(func(v []any) casper.Fingerprint {
		p, keys := v[0].(casper.Params), v[1].([]casper.Key)
		if v[2].(uint8) > 0 {
			return casper.New(p, keys...)
		}
		wide := casper.New(casper.Params{CapacityBits: casper.MaxCapacityBits, Generation: p.Generation}, keys...)
		f, err := casper.ParseLenient(wide.String(), p)
		if err != nil { // more keys than this capacity may hold
			return casper.New(p, keys...)
		}
		return f
	})
	full := cookieParams().SuchThat(func(p casper.Params) bool { return p.CapacityBits != 0 && p.CapacityBits <= 8 }).
		Map(func(p casper.Params) casper.Fingerprint {
			f := casper.New(p)
			for k := range p.Capacity() {
				f = f.With(casper.Key(k))
			}
			return f
		})
	return gen.Weighted([]gen.WeightedGen{{Weight: 9, Gen: some}, {Weight: 1, Gen: full}})
}

// ratios are universes per key, from one on.
func ratios() gopter.Gen {
	return gen.Float64Range(0, 40).Map(math.Exp2)
}
