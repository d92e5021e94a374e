package oracle

import (
	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/ricedelta"
)

// DeltaCode is the code of Safe Browsing's lists, which begin an octet at its least
// significant bit.
func DeltaCode(rice uint8) gcs.Code {
	return gcs.Code{Rice: rice, Run: bitio.OnesZero, Gap: 0, Order: bitio.LSBFirst, Pad: gcs.PadZero}
}

// badDelta reports parameters that no list has (RICE-3): rice is 2 to 28, and may be 0 where
// nothing is coded; count has 31 bits.
func badDelta(rice uint8, count uint32) bool {
	return (rice < 2 || rice > 28) && (rice != 0 || count != 0) || count >= 1<<31
}

// ReadDeltas judges a list: the first value, and exactly as many differences as it says
// there are, none of which leads to a value above 32 bits. Values before a fault are
// delivered.
func ReadDeltas(l ricedelta.List) (values []uint64, fault Fault) {
	if badDelta(l.Rice, l.Count) {
		return nil, Fault{gcs.SetLayer, gcs.BadParameter, 0}
	}
	values = append(values, uint64(l.First))
	lim := gcs.Limit{Len: int(l.Count), Max: 1<<32 - 1 - uint64(l.First), End: gcs.Counted}
	sums, fault := Decode(nil, Bits(l.Data, bitio.LSBFirst), DeltaCode(l.Rice), lim)
	for _, sum := range sums {
		values = append(values, uint64(l.First)+sum)
	}
	return values, fault
}

// JudgeDeltas returns what is wrong with values that are to become a list: that there are
// none, the parameter, and the first value below its predecessor.
func JudgeDeltas(values []uint32, rice uint8) Fault {
	if len(values) == 0 || badDelta(rice, uint32(len(values)-1)) {
		return Fault{gcs.SetLayer, gcs.BadParameter, 0}
	}
	for i := 1; i < len(values); i++ {
		if values[i] < values[i-1] {
			return Fault{gcs.SetLayer, gcs.Unsorted, KeyAt(i)}
		}
	}
	return Fault{}
}

// DeltaOctets codes the differences of sorted values, one bit at a time.
func DeltaOctets(values []uint32, rice uint8) []byte {
	sums := make([]uint64, 0, len(values))
	for _, v := range values[1:] {
		sums = append(sums, uint64(v)-uint64(values[0]))
	}
	stream, fault := Encode(nil, DeltaCode(rice), sums)
	if fault != (Fault{}) {
		panic("the values are not sorted")
	}
	return AppendOctets(nil, stream, bitio.LSBFirst, false)
}
