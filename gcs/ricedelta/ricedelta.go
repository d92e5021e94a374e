// Package ricedelta reads and writes the lists of Google's Safe Browsing Update API v4
// and of Web Risk: 4-octet prefixes of hashes, or indices into a list, as sorted
// numbers of 32 bits whose differences are Rice-coded. Lists of v5 are [ListV5], below.
//
//	prefix    4 octets, read as a number with the least significant octet first
//	values    sorted; the first outside, then differences:
//	          Rice remainder bits; ones then zero; gap 0; LSB first; pad 0
//	fields    first_value, rice_parameter, num_entries (of differences), encoded_data
//
//	f702      1110 11  110 10  00000 in the order of the stream: 15 and 9 for a
//	          parameter of 2; after the first value 5 they make 5, 20, 29
//
// # Compatibility
//
// It is compatible with what Google's servers send and with the readers of
// google/safebrowsing, Chromium and Firefox, being as strict as Chromium's: a
// parameter is 2 to 28, sums above 32 bits are refused (google/safebrowsing lets them
// wrap), and padding is zeros in fewer than eight bits.
// It is not compatible with the same data most significant bit first, which Firefox has
// test vectors of.
//
// Numerical order is not the order of the prefixes' octets: whoever needs that sorts
// again.
//
// # Version 5
//
// Safe Browsing v5 has the same code in a [ListV5]: numbers of 32 to 256 bits that are read
// with their most significant octet first, and other parameters. Neither says which it is.
// A list of v5 whose parameter is 3 to 28 can be read as one of v4, and then no prefix is
// where it belongs.
//
// The specification is in gcs/SPEC.md, requirements RICE-1 and on.
package ricedelta

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// The least and the largest Rice parameter of the format.
const (
	MinRice = 2
	MaxRice = 28
)

// maxOctets is the length above which nothing is encoded: 64 MiB, several times the
// largest list there is. Values that are far apart for their parameter could take
// more, since quotients are unary.
const maxOctets = 64 << 20

// A List is a coded list: the four fields of a RiceDeltaEncoding message. The zero List
// holds the single value 0.
type List struct {
	First uint32 // first_value
	Rice  uint8  // rice_parameter: 2 to 28; without differences it may be 0
	Count uint32 // num_entries: the number of differences, one less than that of the values
	Data  []byte // encoded_data
}

// Code is the Golomb-Rice code for a parameter.
func Code(rice uint8) gcs.Code {
	return gcs.Code{Rice: rice, Run: bitio.OnesZero, Order: bitio.LSBFirst, Pad: gcs.PadZero}
}

// Limit is what the codes of l may hold: exactly Count numbers, which added to First
// make 32 bits.
func (l List) Limit() gcs.Limit {
	return gcs.Limit{
		Len: int(min(l.Count, math.MaxInt32)),
		Max: math.MaxUint32 - uint64(l.First),
		End: gcs.Counted,
	}
}

// check refuses parameters that the format does not have (RICE-3).
func (l List) check() error {
	if l.Count > math.MaxInt32 {
		return &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.BadParameter, Detail: "num_entries has 31 bits"}
	}
	if MinRice <= l.Rice && l.Rice <= MaxRice || l.Rice == 0 && l.Count == 0 {
		return nil
	}
	detail := fmt.Sprintf("the Rice parameter is %d to %d, not %d", MinRice, MaxRice, l.Rice)
	if l.Rice > MaxRice && l.Rice <= MaxRiceV5(256) {
		detail += ", which lists of Safe Browsing v5 may have"
	}
	return &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.BadParameter, Detail: detail}
}

// All decodes the list and returns its values, ascending. Whatever it accepts,
// [FromValues] makes again of the values. Anything else ends it with (0, err), a
// *[gcs.Error].
//
// It keeps nothing, so that Count, which comes from outside, costs nothing.
func (l List) All() iter.Seq2[uint32, error] {
	return func(yield func(uint32, error) bool) {
		if err := l.check(); err != nil {
			yield(0, err)
			return
		}
		if !yield(l.First, nil) {
			return
		}
		for sum, err := range Code(l.Rice).All(l.Data, l.Limit()) {
			if err != nil {
				yield(0, err)
				return
			}
			if !yield(l.First+uint32(sum), nil) {
				return
			}
		}
	}
}

// Has reports whether the value is in the list. It stops at the first that is
// not below it: what follows is not looked at, and its errors are not found.
func (l List) Has(value uint32) (bool, error) {
	if err := l.check(); err != nil {
		return false, err
	}
	if value <= l.First {
		return value == l.First, nil
	}
	return Code(l.Rice).Contains(l.Data, uint64(value-l.First), l.Limit())
}

// FromValues codes the values, which must be sorted; there must be one at least. A repeated
// value makes a difference of 0, which readers accept. For a single value nothing
// is coded, and the parameter may be 0.
//
// The errors are [gcs.BadParameter] for the parameter or for want of a value,
// [gcs.Unsorted], and [gcs.TooMany] where the data would be longer than 64 MiB.
// [BestRice] never leads to that.
func FromValues(rice uint8, values []uint32) (List, error) {
	if len(values) == 0 {
		return List{}, &gcs.Error{
			Layer: gcs.SetLayer, Kind: gcs.BadParameter, Detail: "a list has a first value",
		}
	}
	if len(values)-1 > math.MaxInt32 {
		return List{}, &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.TooMany, Detail: "num_entries has 31 bits"}
	}
	l := List{First: values[0], Rice: rice, Count: uint32(len(values) - 1)}
	if err := l.check(); err != nil {
		return List{}, err
	}
	sums := make([]uint64, 0, l.Count)
	for i, v := range values[1:] {
		if v < values[i] {
			return List{}, &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.Unsorted, At: gcs.KeyIndex(i + 1)}
		}
		sums = append(sums, uint64(v-l.First))
	}
	c := Code(rice)
	if size := c.Size(sums); size > maxOctets {
		return List{}, &gcs.Error{
			Layer: gcs.SetLayer, Kind: gcs.TooMany, At: gcs.KeyIndex(len(values) - 1),
			Detail: fmt.Sprintf("a parameter of %d would take %d octets", rice, size),
		}
	}
	data, err := gcs.Encode(nil, c, sums)
	l.Data = slices.Clip(data)
	return l, err
}

// BestRice returns the parameter that codes the sorted values in the fewest bits, as
// far as their mean difference tells: within 0.12 bits a value of the best code there
// is, where 2 to 28 do not bound it.
func BestRice(values []uint32) uint8 {
	if len(values) < 2 {
		return MinRice
	}
	n := len(values) - 1
	return min(max(gcs.BestRice(n, uint64(values[n]-values[0])+1), MinRice), MaxRice)
}

// Value returns the number of a hash prefix.
func Value(prefix [4]byte) uint32 { return binary.LittleEndian.Uint32(prefix[:]) }

// Prefix returns the hash prefix of a number.
func Prefix(value uint32) (prefix [4]byte) {
	binary.LittleEndian.PutUint32(prefix[:], value)
	return prefix
}
