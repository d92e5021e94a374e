// Package oracle says what the fast code of this repository must answer. It holds an
// encoder and a decoder that go one bit at a time over a slice of booleans and are
// meant to be too simple to be wrong, the same for every format, and what fuzz
// targets share: drawing codes, limits and keys from a fuzzer's bytes, seeds, corpora.
package oracle

import (
	"errors"
	"fmt"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// A Fault is a verdict: what is wrong with an input, at which layer and where. The
// zero Fault says that nothing is. Faults are comparable with ==.
type Fault struct {
	Layer  gcs.Layer
	Kind   gcs.Kind
	Offset int // in bits from the start of the stream; for an encoder, [KeyAt] a key
}

// KeyAt is the offset of a fault in one of the keys that were to be written.
func KeyAt(i int) int { return -1 - i }

// FaultOf returns the verdict that err carries. An error other than a *gcs.Error is
// a fault of its own, and panics.
func FaultOf(err error) Fault {
	if err == nil {
		return Fault{}
	}
	e, ok := err.(*gcs.Error) // not wrapped, as a rule
	if !ok && !errors.As(err, &e) {
		panic(fmt.Sprintf("%T is not a *gcs.Error: %v", err, err))
	}
	offset, isBit := e.At.Bit()
	if i, _ := e.At.Index(); !isBit {
		offset = KeyAt(i)
	}
	return Fault{e.Layer, e.Kind, offset}
}

// Bits returns the bits of src in the order of the stream.
func Bits(src []byte, order bitio.Order) []bool {
	stream := make([]bool, 0, 8*len(src))
	for _, octet := range src {
		for i := range 8 {
			place := i // of the bit in its octet, from the least significant
			if order == bitio.MSBFirst {
				place = 7 - i
			}
			stream = append(stream, octet>>place&1 == 1)
		}
	}
	return stream
}

// AppendOctets appends the octets that hold the stream to dst, the last one filled up
// with pad.
func AppendOctets(dst []byte, stream []bool, order bitio.Order, pad bool) []byte {
	for at := 0; at < len(stream); at += 8 {
		var octet byte
		for i := range 8 {
			bit := pad
			if at+i < len(stream) {
				bit = stream[at+i]
			}
			if bit && order == bitio.MSBFirst {
				octet |= 0x80 >> i
			} else if bit {
				octet |= 0x01 << i
			}
		}
		dst = append(dst, octet)
	}
	return dst
}

// Continuation is the bit of which a quotient is made; the other one ends it.
func Continuation(run bitio.Run) bool { return run == bitio.OnesZero }

// PadBit is the bit that fills the last octet.
func PadBit(c gcs.Code) bool {
	switch c.Pad {
	case gcs.PadZero:
		return false
	case gcs.PadOne:
		return true
	}
	return Continuation(c.Run)
}

// badCode reports a code that no format has.
func badCode(c gcs.Code) bool {
	return c.Rice > 63 || c.Run > bitio.OnesZero || c.Gap > 1 || c.Order > bitio.LSBFirst || c.Pad > gcs.PadOne
}

// Judge returns what [Encode] would find wrong, without encoding.
//
// A code whose parameters are outside their ranges is a BadParameter, whatever the
// keys. Otherwise the first key that cannot follow its predecessor decides: one
// equal to it where Gap is 1 is a Duplicate, a smaller one is Unsorted, and one
// above gcs.Largest is OutOfRange. The offset is the key's index. All of these are
// faults of the set.
func Judge(c gcs.Code, keys []uint64) Fault {
	if badCode(c) {
		return Fault{gcs.SetLayer, gcs.BadParameter, 0}
	}
	for i, key := range keys {
		switch {
		case key > gcs.Largest:
			return Fault{gcs.SetLayer, gcs.OutOfRange, KeyAt(i)}
		case i > 0 && key < keys[i-1]:
			return Fault{gcs.SetLayer, gcs.Unsorted, KeyAt(i)}
		case i > 0 && key == keys[i-1] && c.Gap == 1:
			return Fault{gcs.SetLayer, gcs.Duplicate, KeyAt(i)}
		}
	}
	return Fault{}
}

// Encode appends the codes of the keys to the stream, one bit after the other, and
// returns the stream without padding.
//
// The first key is its own gap; the gap of any other is its distance from the
// key before it, less Gap. A gap is written as the quotient by 2^Rice, as many
// continuation bits and one other, and as the Rice bits of the remainder, in the
// order in which bits fill an octet.
func Encode(stream []bool, c gcs.Code, keys []uint64) ([]bool, Fault) {
	if fault := Judge(c, keys); fault != (Fault{}) {
		return stream, fault
	}
	for i, key := range keys {
		gap := key
		if i > 0 {
			gap = key - keys[i-1] - uint64(c.Gap)
		}
		stream = encodeGap(stream, c, gap)
	}
	return stream, Fault{}
}

func encodeGap(stream []bool, c gcs.Code, gap uint64) []bool {
	divisor := uint64(1) << c.Rice
	more := Continuation(c.Run)
	for range gap / divisor {
		stream = append(stream, more)
	}
	stream = append(stream, !more)
	remainder := gap % divisor
	for i := range int(c.Rice) {
		place := i
		if c.Order == bitio.MSBFirst {
			place = int(c.Rice) - 1 - i
		}
		stream = append(stream, remainder>>place&1 == 1)
	}
	return stream
}

// Decode appends the keys of the stream to dst, and returns with them what ended it:
// keys before a fault are delivered.
//
// These are the rules. Offsets are those of the first bit of the code in question,
// unless another is named.
//
//   - Parameters out of range are a BadParameter at offset 0, whatever the stream: a
//     code that no format has, a limit of fewer than no keys, a largest key above
//     gcs.Largest, an unknown End.
//   - Counted: once Len keys are there, the rest is padding. A code that is not
//     complete before that is Truncated.
//   - Padded: the stream is complete codes, and padding begins where the next code
//     is not complete. Eight bits or more there are padding only if each of them is
//     the pad bit and the pad bit is the one that continues a quotient; otherwise
//     they are a code cut short: Truncated.
//   - Open: the stream ends where the next code is not complete; nothing is
//     wrong with whatever is there.
//   - Padding of eight bits or more is TrailingData, whatever its bits. In shorter
//     padding the first bit of the wrong value is BadPadding, at its own offset.
//   - A complete code when Len keys are there already is TooMany, whatever its value.
//   - Otherwise a key above Max is OutOfRange, and so is one that has no room
//     between its predecessor and Max.
//
// OutOfRange, TooMany and BadParameter are faults of the set, the others of the bits.
func Decode(dst []uint64, stream []bool, c gcs.Code, lim gcs.Limit) ([]uint64, Fault) {
	if badCode(c) || lim.Len < 0 || lim.Max > gcs.Largest || lim.End > gcs.Open || lim.Start < 0 || lim.Start > len(stream) {
		return dst, Fault{gcs.SetLayer, gcs.BadParameter, 0}
	}
	divisor := uint64(1) << c.Rice
	more := Continuation(c.Run)
	var low uint64 // the least value that the next key can have
	count, at := 0, lim.Start
	for {
		if lim.End == gcs.Counted && count == lim.Len {
			return dst, judgePadding(stream, at, PadBit(c))
		}

		// room is what is left between the key so far and Max. Each bit of the
		// code uses some of it up, so that no sum can overflow.
		start, room, fits := at, lim.Max-low, low <= lim.Max
		use := func(amount uint64) {
			fits = fits && amount <= room
			room -= amount
		}
		for at < len(stream) && stream[at] == more {
			use(divisor)
			at++
		}
		terminated := at < len(stream)
		at++
		complete := at+int(c.Rice) <= len(stream)
		for i := 0; complete && i < int(c.Rice); i++ {
			place := i
			if c.Order == bitio.MSBFirst {
				place = int(c.Rice) - 1 - i
			}
			if stream[at] {
				use(1 << place)
			}
			at++
		}

		switch {
		case !complete && lim.End == gcs.Open:
			return dst, Fault{}
		case !complete && lim.End == gcs.Counted:
			return dst, Fault{gcs.BitsLayer, gcs.Truncated, start}
		case !complete && len(stream)-start >= 8 && (terminated || PadBit(c) != more):
			return dst, Fault{gcs.BitsLayer, gcs.Truncated, start}
		case !complete:
			return dst, judgePadding(stream, start, PadBit(c))
		case count == lim.Len:
			return dst, Fault{gcs.SetLayer, gcs.TooMany, start}
		case !fits:
			return dst, Fault{gcs.SetLayer, gcs.OutOfRange, start}
		}
		key := lim.Max - room
		dst = append(dst, key)
		low = key + uint64(c.Gap)
		count++
	}
}

// judgePadding judges the bits of the stream from offset at on, where the last key
// has ended.
func judgePadding(stream []bool, at int, pad bool) Fault {
	if len(stream)-at >= 8 {
		return Fault{gcs.BitsLayer, gcs.TrailingData, at}
	}
	for ; at < len(stream); at++ {
		if stream[at] != pad {
			return Fault{gcs.BitsLayer, gcs.BadPadding, at}
		}
	}
	return Fault{}
}

// Contains judges a search for one key, given what [Decode] made of the stream: the
// first key that is not below it decides, and what comes after is not looked at.
func Contains(keys []uint64, fault Fault, key uint64) (bool, Fault) {
	for _, k := range keys {
		if k >= key {
			return k == key, Fault{}
		}
	}
	return false, fault
}

// ContainsAny judges a search for any of the sorted keys: the first one in both
// ends it, and so does the first key of the stream that is above all that are
// sought. Seeking nothing finds nothing, without looking at anything.
func ContainsAny(keys []uint64, fault Fault, sorted []uint64) (bool, Fault) {
	if len(sorted) == 0 {
		return false, Fault{}
	}
	for _, k := range keys {
		for _, s := range sorted {
			if s == k {
				return true, Fault{}
			}
		}
		if k > sorted[len(sorted)-1] {
			return false, Fault{}
		}
	}
	return false, fault
}
