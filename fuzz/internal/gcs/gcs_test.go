package gcs

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs"
)

// code writes a code as an input begins.
func code(c gcs.Code) string {
	n := byte(c.Run) + 2*byte(c.Order) + 4*c.Gap + 8*byte(c.Pad)
	return string([]byte{c.Rice, n})
}

// Ways to read a stream, as [oracle.Input.Limit] draws them: an end, one less, one more
// or as many keys as there are, and a largest key. Eight octets in all.
const (
	padded     = "\x00\x04\x06\x00\x00\x00\x00\x00"
	counted    = "\x01\x04\x06\x00\x00\x00\x00\x00"
	open       = "\x02\x04\x06\x00\x00\x00\x00\x00"
	paddedTop  = "\x00\x04\x01\x00\x00\x00\x00\x00" // the largest key is the last one
	countedLow = "\x01\x04\x00\x00\x00\x00\x00\x00" // the last one is too large
	countedOne = "\x01\x01\x06\x00\x00\x00\x00\x00" // one key more is wanted
	openLess   = "\x02\x00\x06\x00\x00\x00\x00\x00" // one key fewer is allowed
)

func stream(c gcs.Code, how, octets string) []byte {
	return []byte(code(c) + "\x02" + how + octets)
}

// steps makes keys of quotients and remainders; numbers writes them themselves.
func steps(c gcs.Code, quotientsAndNumbers string) []byte {
	return []byte(code(c) + "\x00" + quotientsAndNumbers)
}

func numbers(c gcs.Code, written string) []byte { return []byte(code(c) + "\x01" + written) }

var (
	h2o      = gcs.Code{Rice: 6, Gap: 1}
	h2o20    = gcs.Code{Rice: 6, Gap: 1, Run: bitio.OnesZero}
	bip158   = gcs.Code{Rice: 19, Run: bitio.OnesZero, Pad: gcs.PadZero}
	browsing = gcs.Code{Rice: 2, Run: bitio.OnesZero, Order: bitio.LSBFirst, Pad: gcs.PadZero}
	unary    = gcs.Code{}
	widest   = gcs.Code{Rice: 63, Gap: 1}
)

const top = "\xff" // the quotient that goes to the largest key of all

var seeds = []oracle.Seed{
	{Name: "h2o-cookie", Why: "H2O's cookie qF0: keys 20 and 178, no padding", Data: stream(h2o, padded, "\xa8\x5d")},
	{Name: "h2o-default", Why: "key 7700: a quotient of 120, two windows long", Data: stream(h2o, paddedTop, strings.Repeat("\x00", 15)+"\xa8")},
	{Name: "h2o-full", Why: "eight keys side by side: seven bits each, no padding", Data: stream(h2o, padded, "\x81\x02\x04\x08\x10\x20\x40")},
	{Name: "h2o-20", Why: "the same two keys in the code of H2O 2.0", Data: stream(h2o20, padded, "\x29\x9d")},
	{Name: "bip158", Why: "the filter of testnet's first block, without its count", Data: stream(bip158, counted, "\x9d\xfc\xa8")},
	{Name: "safe-browsing", Why: "two gaps, least significant bit first", Data: stream(browsing, counted, "\xf7\x02")},
	{Name: "truncated-quotient", Why: "a run that reaches the end, with a count", Data: stream(bip158, countedOne, "\x9d\xfc\xa8")},
	{Name: "truncated-remainder", Why: "the last five bits are missing", Data: stream(h2o, padded, "\xa8\x01\x01")},
	{Name: "open-cut", Why: "the same, which H2O takes for the end", Data: stream(h2o, open, "\xa8\x01\x01")},
	{Name: "trailing-octet", Why: "eight zeros behind the last key", Data: stream(h2o, padded, "\xa8\x5d\x00")},
	{Name: "trailing-ones", Why: "eight ones, where ones end nothing", Data: stream(h2o20, padded, "\x29\x9d\xff")},
	{Name: "wrong-padding", Why: "a one as the last bit of a padding of zeros", Data: stream(h2o, padded, "\x81\x01")},
	{Name: "wrong-padding-lsb", Why: "a one as the first bit of a padding of zeros, from the other end", Data: stream(browsing, counted, "\xf7\x0a")},
	{Name: "out-of-range", Why: "the last key is one above the largest", Data: stream(h2o, countedLow, "\xa8\x5d")},
	{Name: "too-many", Why: "one complete code more than keys are allowed", Data: stream(h2o, openLess, "\xa8\x5d")},
	{Name: "no-room-above", Why: "a key where the largest one was the one before", Data: stream(widest, padded, "\xff\xff\xff\xff\xff\xff\xff\xff\xc0\x00\x00\x00\x00\x00\x00\x00\x00")},
	{Name: "all-zeros-unary", Why: "nothing but one run", Data: stream(unary, padded, strings.Repeat("\x00", 40))},
	{Name: "all-ones-unary", Why: "a key every bit: as many as octets can hold", Data: stream(unary, padded, strings.Repeat("\xff", 40))},
	{Name: "sum-beyond-64-bits", Why: "three gaps of 2^63: their sum is no number", Data: stream(gcs.Code{Rice: 63}, open, strings.Repeat("\x40\x00\x00\x00\x00\x00\x00\x00", 4))},
	{Name: "lengths", Why: "tails of all lengths follow by mutation from nine octets", Data: stream(gcs.Code{Rice: 11, Gap: 1}, padded, "\x80\x10\x02\x00\x40\x08\x01\x00\x20")},

	{Name: "keys-none", Why: "the empty set is no octets", Data: steps(h2o, "")},
	{Name: "keys-adjacent", Why: "four codes merge into one store", Data: steps(h2o, strings.Repeat("\x00\x00", 9))},
	{Name: "keys-long-run", Why: "quotients about the length of a word", Data: steps(h2o, "\x3f\x3f\x40\x3f\x41\x00\x38\x3f\x37\x00")},
	{Name: "keys-very-long-run", Why: "thousands of equal bits", Data: steps(h2o, "\xfe\x3f\xc0\x00\xfe\x01")},
	{Name: "keys-to-the-top", Why: "key 0, its neighbour, and the largest one, with 63 bits of remainder", Data: steps(widest, "\x00\x00\x00\x00"+top+"\x00")},
	{Name: "keys-at-the-top", Why: "the largest key, again and again", Data: steps(gcs.Code{Rice: 62}, top+"\x00\x00\x00\x00\x00"+top+"\x00")},
	{Name: "keys-lsb-wide", Why: "remainders that cross a word, least significant bit first", Data: steps(gcs.Code{Rice: 61, Order: bitio.LSBFirst}, "\x01\x7d\x02\x7d\x00\x01")},
	{Name: "keys-unsorted", Why: "the second key is below the first, which alone would take 2 KiB", Data: numbers(h2o, "\x94\x05")},
	{Name: "keys-unsorted-large", Why: "the same, but the last one alone is above any size", Data: numbers(h2o, "\x07\x05\xbf")},
	{Name: "keys-duplicate", Why: "a key twice, which gap 1 cannot say", Data: numbers(h2o, "\x05\x05")},
	{Name: "keys-repeated", Why: "a key twice, which gap 0 can", Data: numbers(unary, "\x05\x05")},
	{Name: "keys-above-the-top", Why: "2^64-1, which has no successor", Data: numbers(widest, "\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff")},
	{Name: "keys-two-faults", Why: "an unsorted key before one that is too large: the first one counts", Data: numbers(widest, "\x05\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff")},
	{Name: "keys-wrap-round", Why: "from the largest key to 0: the gap is 1 again, modulo 2^64", Data: numbers(widest, "\xff\xfe\xff\xff\xff\xff\xff\xff\xff\x00\x01\x02\x03")},
	{Name: "no-such-padding", Why: "a code that does not exist", Data: steps(gcs.Code{Rice: 6, Pad: 3}, "\x00\x00")},
}

func TestSeeds(t *testing.T) { oracle.TrySeeds(t, Fuzz, seeds) }

func FuzzGCS(f *testing.F) { oracle.Run(f, Fuzz, seeds) }

// TestLayout checks that the seeds say what they should: that the helpers above write
// what the target reads.
func TestLayout(t *testing.T) {
	for _, c := range []gcs.Code{h2o, h2o20, bip158, browsing, unary, widest, {Rice: 63, Run: 1, Order: 1, Gap: 1, Pad: 2}} {
		in := oracle.Input(code(c))
		if got := in.Code(); got != c {
			t.Errorf("%+v is read as %+v", c, got)
		}
	}
	keys := []uint64{20, 178}
	for how, want := range map[string]gcs.Limit{
		padded:     {Len: 2, Max: gcs.Largest, End: gcs.Padded},
		counted:    {Len: 2, Max: gcs.Largest, End: gcs.Counted},
		open:       {Len: 2, Max: gcs.Largest, End: gcs.Open},
		paddedTop:  {Len: 2, Max: 178, End: gcs.Padded},
		countedLow: {Len: 2, Max: 177, End: gcs.Counted},
		countedOne: {Len: 3, Max: gcs.Largest, End: gcs.Counted},
		openLess:   {Len: 1, Max: gcs.Largest, End: gcs.Open},
	} {
		in := oracle.Input(how)
		if got := in.Limit(keys); got != want {
			t.Errorf("%x is read as %+v, not %+v", how, got, want)
		}
	}
	in := oracle.Input("\x00\x00\x00\x00" + top + "\x00")
	if got := oracle.Keys(widest, in.Steps(9)); !slices.Equal(got, []uint64{0, 1, gcs.Largest}) {
		t.Errorf("keys to the top: %d", got)
	}
}

// TestBadParameters goes through every field of a code and of a limit that can be wrong.
func TestBadParameters(t *testing.T) {
	good := gcs.Limit{Len: 1, Max: 63}
	for _, c := range []gcs.Code{{Rice: 64}, {Rice: 255}, {Run: 2}, {Gap: 2}, {Order: 2}, {Pad: 3}, {Rice: 64, Run: 2, Gap: 2, Order: 2, Pad: 3}} {
		for _, src := range []string{"", "\x80", "\x00\x00"} {
			Decode(c, []byte(src), oracle.Bits([]byte(src), c.Order), good)
		}
		encode(c, nil)
		encode(c, []uint64{5})
		encode(c, []uint64{5, 3})
	}
	for _, lim := range []gcs.Limit{{Len: -1}, {Max: gcs.Largest + 1}, {End: 3}, {Len: -1, Max: gcs.Largest + 1, End: 3}} {
		for _, src := range []string{"", "\x80", "\x00\x00"} {
			Decode(h2o, []byte(src), oracle.Bits([]byte(src), h2o.Order), lim)
		}
	}
}

// TestTails puts a stream of each length from 0 to 17 octets through every code, cut
// and padded in all ways: whole words, tails, and windows of 57 bits that begin at
// every bit.
func TestTails(t *testing.T) {
	patterns := []func(i int) byte{
		func(int) byte { return 0x00 },
		func(int) byte { return 0xff },
		func(i int) byte { return byte(i*0x9d + 0x35) },
		func(i int) byte { return 0x80 >> (i % 8) },
		func(i int) byte { return ^byte(0x01 << (i % 8)) },
	}
	for _, pattern := range patterns {
		var octets []byte
		for n := range 18 {
			for rice := range uint8(64) {
				for choice := range 2 * 2 * 2 * 3 {
					if oracle.Race && (int(rice)+n+choice)%8 != 0 {
						continue
					}
					c := gcs.Code{Rice: rice, Run: bitio.Run(choice & 1), Order: bitio.Order(choice >> 1 & 1), Gap: uint8(choice >> 2 & 1), Pad: gcs.Pad(choice >> 3)}
					tail(t, c, octets, int(rice)+n+choice)
				}
			}
			octets = append(octets, pattern(n))
		}
	}
}

// tail decodes one stream with limits that take turns.
func tail(t *testing.T, c gcs.Code, src []byte, turn int) {
	stream := oracle.Bits(src, c.Order)
	keys, _ := oracle.Decode(nil, stream, c, gcs.Limit{Len: 8*len(src) + 1, Max: gcs.Largest, End: gcs.Open})
	for _, lim := range []gcs.Limit{
		{Len: max(0, len(keys)+turn%3-1), Max: gcs.Largest, End: gcs.Counted},
		{Len: len(keys), Max: gcs.Largest, End: gcs.Padded},
		{Len: max(0, len(keys)-turn%2), Max: gcs.Largest, End: gcs.Open},
	} {
		decodeAlone(t, c, src, stream, lim)
		if turn%41 == 0 {
			Decode(c, src, stream, lim)
		}
	}
}

func decodeAlone(t *testing.T, c gcs.Code, src []byte, stream []bool, lim gcs.Limit) {
	want, fault := oracle.Decode(nil, stream, c, lim)
	got, err := gcs.Decode([]uint64(nil), c, src, lim)
	if !slices.Equal(got, want) || oracle.FaultOf(err) != fault {
		t.Fatalf("AppendDecode %+v %+v of %x: %d keys, %v; want %d, %v", c, lim, src, len(got), err, len(want), fault)
	}
}

// TestLong goes through streams of thousands of keys that are dense here and sparse
// there, with every remainder: whole words, the copy of the last hundred octets, the
// changes between groups of codes, and where all of them end.
func TestLong(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for rice := range uint8(64) {
		for choice := range 2 * 2 * 2 {
			if oracle.Race && (int(rice)+choice)%8 != 0 {
				continue
			}
			c := gcs.Code{Rice: rice, Run: bitio.Run(choice & 1), Order: bitio.Order(choice >> 1 & 1), Gap: uint8(choice >> 2 & 1), Pad: gcs.Pad(rng.IntN(3))}
			keys := oracle.Keys(c, landscape(rng))
			bits, _ := oracle.Encode(nil, c, keys)
			octets := oracle.AppendOctets(nil, bits, c.Order, oracle.PadBit(c))
			got, err := gcs.Encode(nil, c, keys)
			if err != nil || string(got) != string(octets) {
				t.Fatalf("Append %+v of %d keys: %x, %v; want %x", c, len(keys), got, err, octets)
			}
			if rng.IntN(8) == 0 {
				Encode(c, keys)
			}
			for range 6 {
				// Cut near the end or anywhere, and with a bit turned round.
				src := octets[:len(octets)-min(len(octets), rng.IntN(40))]
				if rng.IntN(3) == 0 {
					src = octets[:rng.IntN(len(octets)+1)]
				}
				if len(src) > 0 && rng.IntN(2) == 0 {
					src = slices.Clone(src)
					src[rng.IntN(len(src))] ^= 1 << rng.IntN(8)
				}
				tail(t, c, src, rng.IntN(1000))
			}
			if n := len(keys); n > 0 {
				middle := keys[rng.IntN(n)]
				stream := oracle.Bits(octets, c.Order)
				for _, lim := range []gcs.Limit{
					{Len: n, Max: middle, End: gcs.Counted},
					{Len: n, Max: middle - min(middle, 1), End: gcs.Open},
					{Len: rng.IntN(n), Max: keys[n-1], End: gcs.Open},
					{Len: rng.IntN(n), Max: keys[n-1], End: gcs.Counted},
				} {
					decodeAlone(t, c, octets, stream, lim)
				}
				find(t, rng, c, octets, keys)
				if rng.IntN(4) == 0 {
					Decode(c, octets, stream, gcs.Limit{Len: n, Max: keys[n-1], End: gcs.Counted})
				}
			}
		}
	}
}

// landscape draws steps: stretches of side by side, dense, sparse and far apart; or,
// as often, a set that suits its remainder, with a gap now and then that does not.
func landscape(rng *rand.Rand) (steps []oracle.Step) {
	add := func(below int) {
		steps = append(steps, oracle.Step{Quotient: uint64(rng.IntN(below)), Remainder: rng.Uint64()})
	}
	if rng.IntN(2) == 0 {
		for range 1 + rng.IntN(6) {
			mean := []int{1, 3, 5, 60, 700}[rng.IntN(5)]
			for range rng.IntN(4000/(mean+3)) + rng.IntN(20) {
				add(mean)
			}
		}
		return steps
	}
	odd, usual := 10+rng.IntN(190), 1+rng.IntN(3)
	for range rng.IntN(3000) {
		switch rng.IntN(odd) {
		case 0:
			add(70)
		case 1:
			add(25)
		default:
			add(usual)
		}
	}
	return steps
}

// find looks for keys of a long stream, for their neighbours, and for several at once.
func find(t *testing.T, rng *rand.Rand, c gcs.Code, src []byte, keys []uint64) {
	lim := gcs.Limit{Len: len(keys), Max: keys[len(keys)-1], End: gcs.Counted}
	x, err := c.Index(src, lim, 1+rng.IntN(100))
	if err != nil || x.Len() != len(keys) {
		t.Fatalf("Index %+v %+v of %x: %d keys, %v; want %d", c, lim, src, x.Len(), err, len(keys))
	}
	for range 20 {
		k := keys[rng.IntN(len(keys))] + uint64(rng.IntN(3)) - 1
		_, want := slices.BinarySearch(keys, k)
		if got, err := c.Contains(src, k, lim); err != nil || got != want {
			t.Fatalf("Contains(%d) %+v %+v of %x: %t, %v; want %t", k, c, lim, src, got, err, want)
		}
		if x.Contains(k) != want {
			t.Fatalf("Index.Contains(%d) %+v %+v of %x: %t", k, c, lim, src, !want)
		}
	}
	for _, n := range []int{1, 2, 5, 200} {
		var sorted []uint64
		for range n {
			k := keys[rng.IntN(len(keys))] + 1
			if _, ours := slices.BinarySearch(keys, k); !ours {
				sorted = append(sorted, k)
			}
		}
		slices.Sort(sorted)
		if got, err := c.ContainsAny(src, sorted, lim); err != nil || got || x.ContainsAny(sorted) {
			t.Fatalf("ContainsAny(%d) %+v %+v of %x: %t, %v", sorted, c, lim, src, got, err)
		}
		sorted = append(sorted, keys[rng.IntN(len(keys))])
		slices.Sort(sorted)
		if got, err := c.ContainsAny(src, sorted, lim); err != nil || !got || !x.ContainsAny(sorted) {
			t.Fatalf("ContainsAny(%d) %+v %+v of %x: %t, %v", sorted, c, lim, src, got, err)
		}
	}
}
