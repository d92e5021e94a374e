package gcs_test

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// The reference codec works on strings of '0' and '1' and on big integers: it
// knows no words, windows, shifts or overflow. (fuzz/ has an independent second one,
// and drives both far harder.)

// streamBits spells src in the order of the stream.
func streamBits(src []byte, o bitio.Order) string {
	var s strings.Builder
	for _, b := range src {
		for i := range 8 {
			if o == bitio.MSBFirst {
				i = 7 - i
			}
			s.WriteByte('0' + b>>i&1)
		}
	}
	return s.String()
}

// octets is the inverse of streamBits.
func octets(bits string, o bitio.Order) []byte {
	out := make([]byte, len(bits)/8)
	for i, c := range bits {
		at := i % 8
		if o == bitio.MSBFirst {
			at = 7 - at
		}
		out[i/8] |= byte(c-'0') << at
	}
	return out
}

func continuation(c gcs.Code) byte { return '0' + byte(c.Run) }
func terminator(c gcs.Code) byte   { return '1' - byte(c.Run) }

func padBit(c gcs.Code) byte {
	switch c.Pad {
	case gcs.PadZero:
		return '0'
	case gcs.PadOne:
		return '1'
	}
	return continuation(c)
}

func referenceEncode(c gcs.Code, keys []uint64) []byte {
	var s strings.Builder
	next := new(big.Int)
	for _, k := range keys {
		gap := new(big.Int).Sub(new(big.Int).SetUint64(k), next)
		q := new(big.Int).Rsh(gap, uint(c.Rice))
		s.WriteString(strings.Repeat(string(continuation(c)), int(q.Int64())))
		s.WriteByte(terminator(c))
		for i := range int(c.Rice) {
			if c.Order == bitio.MSBFirst {
				i = int(c.Rice) - 1 - i
			}
			s.WriteByte('0' + byte(gap.Bit(i)))
		}
		next.SetUint64(k)
		next.Add(next, big.NewInt(int64(c.Gap)))
	}
	for s.Len()%8 != 0 {
		s.WriteByte(padBit(c))
	}
	return octets(s.String(), c.Order)
}

// referenceDecode returns the keys, and the kind and offset of the error, if any.
func referenceDecode(c gcs.Code, src []byte, lim gcs.Limit) (keys []uint64, kind gcs.Kind, offset int) {
	bits := streamBits(src, c.Order)
	low := new(big.Int)
	most := new(big.Int).SetUint64(lim.Max)
	pos := 0
	padding := func() (gcs.Kind, int) {
		if len(bits)-pos >= 8 {
			return gcs.TrailingData, pos
		}
		for i := pos; i < len(bits); i++ {
			if bits[i] != padBit(c) {
				return gcs.BadPadding, i
			}
		}
		return 0, 0
	}
	for {
		if lim.End == gcs.Counted && len(keys) == lim.Len {
			kind, offset = padding()
			return keys, kind, offset
		}
		stop := pos
		for stop < len(bits) && bits[stop] == continuation(c) {
			stop++
		}
		end := stop + 1 + int(c.Rice)
		if end > len(bits) {
			ended := stop < len(bits) // the quotient did
			switch left := len(bits) - pos; {
			case lim.End == gcs.Open:
				return keys, 0, 0
			case lim.End == gcs.Counted,
				left >= 8 && ended,
				left >= 8 && padBit(c) != continuation(c):
				return keys, gcs.Truncated, pos
			}
			kind, offset = padding()
			return keys, kind, offset
		}
		if len(keys) == lim.Len {
			return keys, gcs.TooMany, pos
		}
		v := big.NewInt(int64(stop - pos))
		for i := range int(c.Rice) {
			if c.Order == bitio.MSBFirst {
				v.Lsh(v, 1)
				v.SetBit(v, 0, uint(bits[stop+1+i]-'0'))
			} else {
				// The quotient moves above the remainder, which is filled
				// from below.
				if i == 0 {
					v.Lsh(v, uint(c.Rice))
				}
				v.SetBit(v, i, uint(bits[stop+1+i]-'0'))
			}
		}
		key := v.Add(v, low)
		if key.Cmp(most) > 0 {
			return keys, gcs.OutOfRange, pos
		}
		keys = append(keys, key.Uint64())
		low = key.Add(key, big.NewInt(int64(c.Gap)))
		pos = end
	}
}

// randomCode draws from all codes, weighted to the remainders where loops change
// and to the codes of the choices.
func randomCode(rng *rand.Rand) gcs.Code {
	if rng.IntN(4) == 0 {
		return choices[rng.IntN(len(choices))]
	}
	return gcs.Code{
		Rice:  uint8(rng.IntN(64)),
		Run:   bitio.Run(rng.IntN(2)),
		Gap:   uint8(rng.IntN(2)),
		Order: bitio.Order(rng.IntN(2)),
		Pad:   gcs.Pad(rng.IntN(3)),
	}
}

// The codes of the choices in use.
var choices = []gcs.Code{
	{Rice: 6, Gap: 1},                       // H2O's cookie, 2.1 and later
	{Rice: 6, Gap: 1, Run: bitio.OnesZero},  // H2O's cookie, 1.5 to 2.0
	{Rice: 7, Gap: 1},                       // cache digests
	{Rice: 19, Run: bitio.OnesZero, Pad: 1}, // BIP 158
	{Rice: 20, Run: bitio.OnesZero, Pad: 1}, // Decred
	{Rice: 7, Run: bitio.OnesZero, Pad: 1},  // go-casper
	{Rice: 28, Run: 1, Order: 1, Pad: 1},    // Safe Browsing
	{Rice: 0, Gap: 1},                       // unary
	{Rice: 63, Gap: 0, Run: bitio.OnesZero}, // hardly any quotient
	{Rice: 11, Gap: 1}, {Rice: 12, Gap: 1},  // where groups of four end
	{Rice: 24, Gap: 1}, {Rice: 25, Gap: 1}, // where groups of two end
	{Rice: 48, Gap: 1}, {Rice: 49, Gap: 1}, // where windows end
}

// randomKeys draws a sorted set whose quotients stay affordable, in one of the
// shapes that matter: dense, sparse, with one far jump, at the top of the numbers.
func randomKeys(rng *rand.Rand, c gcs.Code) []uint64 {
	n := rng.IntN(40)
	mean := uint64(1) << min(int(c.Rice)+rng.IntN(4), 58)
	jump := -1
	if rng.IntN(3) == 0 {
		jump = rng.IntN(n + 1)
	}
	keys := make([]uint64, 0, n)
	next := uint64(0)
	if c.Rice > 52 && rng.IntN(2) == 0 {
		next = gcs.Largest - rng.Uint64N(50) // the successor of Largest is still a number
	}
	for i := range n {
		v := rng.Uint64N(mean)
		if rng.IntN(4) == 0 {
			v = 0 // neighbours
		}
		if i == jump {
			v = rng.Uint64N(300) << c.Rice
		}
		if next > gcs.Largest || v > gcs.Largest-next {
			break
		}
		keys = append(keys, next+v)
		next += v + uint64(c.Gap)
	}
	return keys
}

// mutate makes a stream hostile: a bit flipped, octets cut off, appended, or all
// replaced.
func mutate(rng *rand.Rand, src []byte) []byte {
	src = slices.Clone(src)
	switch rng.IntN(6) {
	case 0:
		if len(src) > 0 {
			src[rng.IntN(len(src))] ^= 1 << rng.IntN(8)
		}
	case 1:
		src = src[:rng.IntN(len(src)+1)]
	case 2:
		for range rng.IntN(20) {
			src = append(src, []byte{0, 0xff, byte(rng.Uint32())}[rng.IntN(3)])
		}
	case 3:
		for i := range src {
			src[i] = byte(rng.Uint32())
		}
	}
	return src
}

// randomLimit draws limits around what the stream holds.
func randomLimit(rng *rand.Rand, keys []uint64) gcs.Limit {
	lim := gcs.Limit{Len: len(keys), Max: gcs.Largest, End: gcs.End(rng.IntN(3))}
	switch rng.IntN(4) {
	case 0:
		lim.Len = rng.IntN(len(keys) + 3)
	case 1:
		lim.Len = 1000
	}
	if len(keys) > 0 && rng.IntN(2) == 0 {
		lim.Max = keys[len(keys)-1-rng.IntN(min(len(keys), 3))]
		if rng.IntN(2) == 0 && lim.Max > 0 {
			lim.Max--
		}
	}
	return lim
}
