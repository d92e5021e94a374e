package ricedelta

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"slices"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// A ListV5 is a list of Safe Browsing v5: one of the messages RiceDeltaEncoded32Bit to
// RiceDeltaEncoded256Bit. The code is that of v4; new are values of up to 256 bits, the
// parameters, and that a prefix is read with its most significant octet first, so that
// values are in the order of their prefixes.
//
// Parameters are Bits-29 to Bits-2: 3 to 30, 35 to 62, 99 to 126, 227 to 254. Fields that
// the API leaves out are 0, and so are they here. A list without differences may have a
// parameter of 0. The zero ListV5 has no Bits, and is none.
type ListV5 struct {
	Bits  int    // of a value: 32, 64, 128 or 256
	First Number // first_value, or its parts first_value_hi and on
	Rice  uint8  // rice_parameter
	Count uint32 // entries_count: the number of differences, one less than that of the values
	Data  []byte // encoded_data
}

// MinRiceV5 and MaxRiceV5 are the least and the largest Rice parameter of values of so many
// bits.
func MinRiceV5(bits int) uint8 { return uint8(bits - 29) }

// MaxRiceV5 is the largest Rice parameter: see [MinRiceV5].
func MaxRiceV5(bits int) uint8 { return uint8(bits - 2) }

// checkBits refuses values of another size.
func checkBits(bits int) error {
	if bits == 32 || bits == 64 || bits == 128 || bits == 256 {
		return nil
	}
	return badV5("values have 32, 64, 128 or 256 bits, not %d", bits)
}

func badV5(format string, args ...any) error {
	return &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.BadParameter, Detail: fmt.Sprintf(format, args...)}
}

// check refuses parameters that the format does not have (RICE-12, RICE-13).
func (l *ListV5) check() error {
	if err := checkBits(l.Bits); err != nil {
		return err
	}
	low, high := MinRiceV5(l.Bits), MaxRiceV5(l.Bits)
	switch {
	case l.Count > math.MaxInt32:
		return badV5("entries_count has 31 bits")
	case l.First.bitLen() > l.Bits:
		return badV5("the first value has %d bits, not %d", l.Bits, l.First.bitLen())
	case low <= l.Rice && l.Rice <= high || l.Rice == 0 && l.Count == 0:
		return nil
	}
	return badV5("the Rice parameter of %d bits is %d to %d, not %d", l.Bits, low, high, l.Rice)
}

// All decodes the list and returns its values, ascending. Whatever it accepts, [FromSorted]
// makes again of the values, repeated ones among them. Anything else ends it with
// (Number{}, err), a *[gcs.Error].
//
// It keeps nothing, so that Count, which comes from outside, costs nothing.
func (l ListV5) All() iter.Seq2[Number, error] {
	return func(yield func(Number, error) bool) {
		if err := l.check(); err != nil {
			yield(Number{}, err)
			return
		}
		if !yield(l.First, nil) {
			return
		}
		if l.Bits == 32 {
			l.narrow(yield)
			return
		}
		l.wide(yield)
	}
}

// narrow goes through differences that gcs decodes.
func (l *ListV5) narrow(yield func(Number, error) bool) {
	first := l.First[3]
	limit := gcs.Limit{Len: int(l.Count), Max: math.MaxUint32 - first, End: gcs.Counted}
	for sum, err := range Code(l.Rice).All(l.Data, limit) {
		if err != nil {
			yield(Number{}, err)
			return
		}
		if !yield(Number{3: first + sum}, nil) {
			return
		}
	}
}

// wide goes through differences of any size.
func (l *ListV5) wide(yield func(Number, error) bool) {
	if len(l.Data) > math.MaxInt/16 {
		yield(Number{}, &gcs.Error{Layer: gcs.BitsLayer, Kind: gcs.TooMany})
		return
	}
	value, pos, end := l.First, 0, 8*len(l.Data)
	rice := int(l.Rice)
	for range l.Count {
		at := pos
		quotient := ones(l.Data, pos)
		if pos += quotient + 1; pos+rice > end {
			yield(Number{}, fault(gcs.BitsLayer, gcs.Truncated, at))
			return
		}
		next, over := value.plus(gapOf(quotient, l.Data, pos, rice))
		if over || bits.Len(uint(quotient)) > l.Bits-rice || next.bitLen() > l.Bits {
			yield(Number{}, fault(gcs.SetLayer, gcs.OutOfRange, at))
			return
		}
		pos += rice
		if value = next; !yield(value, nil) {
			return
		}
	}
	if err := padding(l.Data, pos); err != nil {
		yield(Number{}, err)
	}
}

// ones is the length of the run of ones at bit pos; what is behind the end is no one.
func ones(data []byte, pos int) int {
	for at := pos; ; at += 64 {
		if n := bits.TrailingZeros64(^bitio.PeekLSB(data, at)); n < 64 {
			return at + n - pos
		}
	}
}

// gapOf is quotient * 2^rice and the remainder of so many bits at bit pos. What is above
// 256 bits is lost.
func gapOf(quotient int, data []byte, pos, rice int) Number {
	gap := Number{3: uint64(quotient)}.shift(rice)
	for from := 0; from < rice; from += 64 {
		part := bitio.PeekLSB(data, pos+from)
		if left := rice - from; left < 64 {
			part &= 1<<left - 1
		}
		gap[3-from>>6] |= part
	}
	return gap
}

// padding judges what is left from bit pos on (GCS-21).
func padding(data []byte, pos int) error {
	switch left := 8*len(data) - pos; {
	case left >= 8:
		return fault(gcs.BitsLayer, gcs.TrailingData, pos)
	case left > 0:
		if n := bits.TrailingZeros64(bitio.PeekLSB(data, pos)); n < left {
			return fault(gcs.BitsLayer, gcs.BadPadding, pos+n)
		}
	}
	return nil
}

func fault(layer gcs.Layer, kind gcs.Kind, at int) error {
	return &gcs.Error{Layer: layer, Kind: kind, At: gcs.BitOffset(at)}
}

// Has reports whether the value is in the list. It stops at the first that is not below
// it: what follows is not looked at, and its errors are not found.
func (l ListV5) Has(value Number) (bool, error) {
	for v, err := range l.All() {
		if err != nil {
			return false, err
		}
		if c := v.Compare(value); c >= 0 {
			return c == 0, nil
		}
	}
	return false, nil
}

// FromSorted codes sorted values of so many bits; there must be one at least. It goes
// through them twice and keeps none, so that they need not be in memory. A repeated value
// makes a difference of 0. For a single value nothing is coded, and the parameter may be 0.
//
// The errors are [gcs.BadParameter] for bits, for the parameter and for want of a value,
// [gcs.Unsorted], [gcs.OutOfRange] for a value of more bits, and [gcs.TooMany] for data of
// more than 64 MiB, which [BestRiceV5] never leads to for fewer than two million values of
// 256 bits, or 16 million of 32.
func FromSorted(bits int, rice uint8, values iter.Seq[Number]) (ListV5, error) {
	l := ListV5{Bits: bits, Rice: rice}
	if err := l.check(); err != nil {
		return ListV5{}, err
	}
	var prev Number
	var size, n uint64 // in bits, so far; it cannot overflow, since it stops at its bound
	for v := range values {
		if n == 1 {
			l.Count = 1
			if err := l.check(); err != nil { // of a list with differences
				return ListV5{}, err
			}
		}
		switch {
		case v.bitLen() > bits:
			return ListV5{}, &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.OutOfRange, At: gcs.KeyIndex(int(n))}
		case n == 0:
			l.First = v
		case v.Compare(prev) < 0:
			return ListV5{}, &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.Unsorted, At: gcs.KeyIndex(int(n))}
		default:
			size = min(size+quotientOf(v.minus(prev), rice)+1+uint64(rice), math.MaxUint64/2)
		}
		prev = v
		n++
	}
	if n == 0 {
		return ListV5{}, badV5("a list has a first value")
	}
	l.Count = uint32(min(n-1, math.MaxUint32))
	if err := l.check(); err != nil {
		return ListV5{}, err
	}
	if size > 8*maxOctets {
		return ListV5{}, &gcs.Error{
			Layer: gcs.SetLayer, Kind: gcs.TooMany, At: gcs.KeyIndex(int(n - 1)),
			Detail: fmt.Sprintf("a parameter of %d would take more than %d octets", rice, maxOctets),
		}
	}
	l.Data = code(values, rice, int(size+7)/8)
	return l, nil
}

// quotientOf is the quotient of a difference, or 2^32 if it is larger.
func quotientOf(gap Number, rice uint8) uint64 {
	q := gap.shift(-int(rice))
	if q.bitLen() > 32 {
		return 1 << 32
	}
	return q[3]
}

// code writes the differences of values whose code takes so many octets.
func code(values iter.Seq[Number], rice uint8, size int) []byte {
	w := writer{data: make([]byte, 0, size+8)}
	first := true
	var prev Number
	for v := range values {
		if gap := v.minus(prev); !first {
			q := quotientOf(gap, rice)
			for ; q >= 32; q -= 32 {
				w.write(math.MaxUint32, 32)
			}
			w.write(1<<q-1, uint(q)+1) // the last bit is the zero behind the ones
			for left, i := uint(rice), 0; left > 0; i++ {
				n := min(left, 32)
				w.write(gap[3-i/2]>>(32*(i&1))&(1<<n-1), n)
				left -= n
			}
		}
		prev, first = v, false
	}
	w.write(0, 7) // what of it is no whole octet is dropped
	return slices.Clip(w.data)
}

// A writer writes bits, octets from their least significant bit up.
type writer struct {
	data []byte
	acc  uint64 // bits that are no whole octet yet
	used uint   // how many: fewer than 8
}

// write writes the low n bits of v, at most 33; those above are zeros.
func (w *writer) write(v uint64, n uint) {
	w.acc |= v << w.used
	for w.used += n; w.used >= 8; w.used -= 8 {
		w.data = append(w.data, byte(w.acc))
		w.acc >>= 8
	}
}

// FromNumbers is [FromSorted] of values in memory.
func FromNumbers(bits int, rice uint8, values []Number) (ListV5, error) {
	return FromSorted(bits, rice, slices.Values(values))
}

// BestRiceV5 returns the parameter that codes n values of so many bits, from the first to
// the last, in the fewest bits, as far as their mean difference tells and the format
// allows.
func BestRiceV5(bits, n int, first, last Number) uint8 {
	if n < 2 || checkBits(bits) != nil || last.Compare(first) < 0 {
		return MinRiceV5(max(bits, 32))
	}
	const goldenLog = 0.48121182505960347 // see gcs.BestRice
	mean := last.minus(first).float() / float64(n-1)
	rice := 1 + math.Ilogb(max(goldenLog*mean, 0.5))
	return uint8(min(max(rice, int(MinRiceV5(bits))), int(MaxRiceV5(bits))))
}

// HashOf returns the number of an expression, such as "example.com/path", in a list of values
// of so many bits: the beginning of its SHA-256, most significant octet first. How expressions are
// made of a URL is described by the API.
func HashOf(expression string, bits int) Number {
	sum := sha256.Sum256([]byte(expression))
	return NumberOf(sum[:min(max(bits, 0)/8, len(sum))])
}
