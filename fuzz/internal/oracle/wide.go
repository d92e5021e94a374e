package oracle

import (
	"math/big"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/ricedelta"
)

// Lists of Safe Browsing v5, with integers of any length, by RICE-11 to RICE-18.

// badWide reports parameters that no list has: keys have 32, 64, 128 or 256 bits, and the Rice
// parameter 29 to 2 fewer, or it is 0 where nothing is coded.
func badWide(bits int, rice uint8, differences int) bool {
	if bits != 32 && bits != 64 && bits != 128 && bits != 256 {
		return true
	}
	return (int(rice) < bits-29 || int(rice) > bits-2) && (rice != 0 || differences != 0)
}

// Wide is the number of octets, most significant first.
func Wide(n ricedelta.Number) *big.Int { return new(big.Int).SetBytes(n.Append(nil, 32)) }

// ReadWide judges a list: the first value, and exactly as many differences as it says there are,
// none of which leads to a value with more bits than there are. Values before a fault are
// delivered. Places and order of faults are those of [Decode].
func ReadWide(l ricedelta.ListV5) (values []*big.Int, fault Fault) {
	first := Wide(l.First)
	if badWide(l.Bits, l.Rice, int(l.Count)) || l.Count >= 1<<31 || first.BitLen() > l.Bits {
		return nil, Fault{gcs.SetLayer, gcs.BadParameter, 0}
	}
	values = append(values, first)
	stream, at := Bits(l.Data, bitio.LSBFirst), 0
	value := first
	for range l.Count {
		start, gap := at, new(big.Int)
		divisor := new(big.Int).Lsh(big.NewInt(1), uint(l.Rice))
		for at < len(stream) && stream[at] {
			gap.Add(gap, divisor)
			at++
		}
		at++
		for i := range int(l.Rice) {
			if at < len(stream) && stream[at] {
				gap.Add(gap, new(big.Int).Lsh(big.NewInt(1), uint(i)))
			}
			at++
		}
		if at > len(stream) {
			return values, Fault{gcs.BitsLayer, gcs.Truncated, start}
		}
		value = new(big.Int).Add(value, gap)
		if value.BitLen() > l.Bits {
			return values, Fault{gcs.SetLayer, gcs.OutOfRange, start}
		}
		values = append(values, value)
	}
	return values, judgePadding(stream, at, false)
}

// JudgeWide returns what is wrong with values that are to become a list: the parameters, that
// there are none, and the first value that has too many bits or is below its predecessor.
func JudgeWide(bits int, rice uint8, values []ricedelta.Number) Fault {
	if badWide(bits, rice, len(values)-1) && badWide(bits, rice, 0) || len(values) == 0 {
		return Fault{gcs.SetLayer, gcs.BadParameter, 0}
	}
	for i, v := range values {
		if i == 1 && rice == 0 {
			return Fault{gcs.SetLayer, gcs.BadParameter, 0}
		}
		if Wide(v).BitLen() > bits {
			return Fault{gcs.SetLayer, gcs.OutOfRange, KeyAt(i)}
		}
		if i > 0 && Wide(v).Cmp(Wide(values[i-1])) < 0 {
			return Fault{gcs.SetLayer, gcs.Unsorted, KeyAt(i)}
		}
	}
	return Fault{}
}

// WideQuotients is the number of ones that the differences of sorted values take.
func WideQuotients(rice uint8, values []ricedelta.Number) *big.Int {
	sum := new(big.Int)
	for i := 1; i < len(values); i++ {
		gap := new(big.Int).Sub(Wide(values[i]), Wide(values[i-1]))
		sum.Add(sum, gap.Rsh(gap, uint(rice)))
	}
	return sum
}

// WideOctets codes the differences of sorted values, one bit at a time.
func WideOctets(rice uint8, values []ricedelta.Number) []byte {
	var stream []bool
	for i := 1; i < len(values); i++ {
		gap := new(big.Int).Sub(Wide(values[i]), Wide(values[i-1]))
		for range new(big.Int).Rsh(gap, uint(rice)).Int64() {
			stream = append(stream, true)
		}
		stream = append(stream, false)
		for i := range int(rice) {
			stream = append(stream, gap.Bit(i) == 1)
		}
	}
	return AppendOctets(nil, stream, bitio.LSBFirst, false)
}
