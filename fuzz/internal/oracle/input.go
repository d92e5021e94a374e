package oracle

import (
	"encoding/binary"
	"math"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// An Input is what is left of a fuzzer's bytes. Targets draw parameters from its
// front and take the rest as the data under test, so that any file at all is an
// input, and a change of one byte is a small change. At its end it yields zeros.
type Input []byte

// Byte draws one byte.
func (in *Input) Byte() byte {
	if len(*in) == 0 {
		return 0
	}
	b := (*in)[0]
	*in = (*in)[1:]
	return b
}

// Below draws one byte and reduces it below n, which is 1 to 256.
func (in *Input) Below(n int) int { return int(in.Byte()) % n }

// Number draws a number at which arithmetic likes to go wrong. The low six bits of
// one byte are e, the high two choose among e itself, 2^e-1, 2^e, and the next
// eight bytes, little-endian.
func (in *Input) Number() uint64 {
	b := in.Byte()
	e := b & 63
	switch b >> 6 {
	case 0:
		return uint64(e)
	case 1:
		return 1<<e - 1
	case 2:
		return 1 << e
	}
	var raw [8]byte
	*in = (*in)[copy(raw[:], *in):]
	return binary.LittleEndian.Uint64(raw[:])
}

// Code draws two bytes: the remainder's length, modulo 64, and the other choices. One
// code in nine has a padding that does not exist.
func (in *Input) Code() gcs.Code {
	c := gcs.Code{Rice: in.Byte() & 63}
	const valid = 2 * 2 * 2 * 3
	n := in.Below(valid + 3)
	c.Run, n = bitio.Run(n%2), n/2
	c.Order, n = bitio.Order(n%2), n/2
	c.Gap, n = uint8(n%2), n/2
	c.Pad = gcs.Pad(n) // 3 does not exist
	return c
}

// Limit draws three numbers or so: an End, and a length and a largest key that are
// usually at the edge of what the stream holds. The keys are those of the whole
// stream.
func (in *Input) Limit(keys []uint64) gcs.Limit {
	lim := gcs.Limit{Len: len(keys), Max: gcs.Largest, End: gcs.End(in.Below(10) % 4)} // 3 does not exist
	switch in.Below(8) {
	case 0:
		lim.Len--
	case 1:
		lim.Len++
	case 2:
		lim.Len = math.MaxInt
	case 3:
		lim.Len = int(in.Number()) // negative ones are wanted too
	}
	last := uint64(0)
	if len(keys) > 0 {
		last = keys[len(keys)-1]
	}
	switch in.Below(8) {
	case 0:
		lim.Max = last - 1
	case 1, 2:
		lim.Max = last
	case 3:
		lim.Max = last + 1
	case 4:
		lim.Max = in.Number()
	case 5:
		if len(keys) > 0 {
			lim.Max = keys[in.Below(len(keys))%len(keys)] - uint64(in.Below(2))
		}
	}
	return lim
}

// A Step is the way from one key to the next in the terms of a code, so that every
// length of code is as near as any other. A Quotient of Top goes to the largest key
// there is.
type Step struct{ Quotient, Remainder uint64 }

// Top is the quotient of a step to gcs.Largest.
const Top = math.MaxUint64

// maxUnary bounds the quotients of all steps, in bits: 8 KiB.
const maxUnary = 1 << 16

// Keys goes the steps and returns the keys it comes by, sorted, and with Gap 1
// distinct. It stops where the next step would cost too much or leave the universe, and
// leaves a step to the top out where that is far.
func Keys(c gcs.Code, steps []Step) []uint64 {
	var keys []uint64
	var low uint64 // the least value of the next key
	r, unary := c.Rice&63, uint64(0)
	for _, s := range steps {
		most := gcs.Largest - low
		quotient, remainder := s.Quotient, s.Remainder&(1<<r-1)
		if quotient == Top {
			quotient, remainder = most>>r, most&(1<<r-1)
			if quotient > maxUnary-unary {
				continue
			}
		}
		if quotient > maxUnary-unary || quotient > most>>r || remainder > most-quotient<<r {
			break
		}
		unary += quotient
		low += quotient<<r | remainder
		keys = append(keys, low)
		if low == gcs.Largest && c.Gap == 1 {
			break
		}
		low += uint64(c.Gap)
	}
	return keys
}

// Steps draws at most n steps of two bytes or more each. Most quotients are small.
func (in *Input) Steps(n int) (steps []Step) {
	for ; n > 0 && len(*in) > 0; n-- {
		s := Step{uint64(in.Byte()), in.Number()}
		switch q := s.Quotient; {
		case q == 255:
			s.Quotient = Top
		case q >= 192:
			s.Quotient = (q-192)*64 + 1
		case q >= 128:
			s.Quotient = q - 128
		}
		steps = append(steps, s)
	}
	return steps
}
