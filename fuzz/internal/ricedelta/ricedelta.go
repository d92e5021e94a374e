// Package ricedelta attacks Safe Browsing's lists, whose octets begin at their least significant
// bit, against the bit-by-bit oracle.
//
// An input is the parameter, the first value, a byte that says what to do, and the coded
// differences with a byte for their number, steps from value to value, or numbers.
package ricedelta

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/ricedelta"
)

// longest is how many octets are read as one list.
const longest = 1 << 16

// What an input says to do.
const (
	decode = iota
	steps
	numbers
	tasks
)

// Fuzz attacks one list.
func Fuzz(data []byte) int {
	in := oracle.Input(data)
	rice, first := uint8(in.Below(32)), uint32(in.Number())
	switch in.Below(tasks) {
	case decode:
		l := ricedelta.List{First: first, Rice: rice}
		choice := in.Byte()
		var wide uint64
		if choice%8 == 3 {
			wide = in.Number()
		}
		l.Data = in[:min(len(in), longest)]
		l.Count = count(l, choice, wide)
		return Read(l)
	case steps:
		var values []uint32
		for _, k := range append([]uint64{0}, oracle.Keys(oracle.DeltaCode(rice), in.Steps(1<<9))...) {
			if k <= math.MaxUint32-uint64(first) {
				values = append(values, first+uint32(k))
			}
		}
		return write(values, rice)
	}
	var values []uint32
	for len(in) > 0 && len(values) < 64 {
		values = append(values, uint32(in.Number()))
	}
	return write(values, rice)
}

// count is the number of codes that there are in the list, nearly so, or any other.
func count(l ricedelta.List, choice byte, wide uint64) uint32 {
	lim := gcs.Limit{Len: 8*len(l.Data) + 1, Max: gcs.Largest, End: gcs.Open}
	all, _ := oracle.Decode(nil, oracle.Bits(l.Data, bitio.LSBFirst), oracle.DeltaCode(l.Rice), lim)
	n := uint32(len(all))
	switch choice % 8 {
	case 0:
		return n
	case 1:
		return n - uint32(choice/8) // at the end there are codes of padding
	case 2:
		return n + 1 + uint32(choice/8)
	case 3:
		return uint32(wide)
	}
	return uint32(choice / 8)
}

// Read decodes a list, searches it, and codes again what was accepted.
func Read(l ricedelta.List) int {
	want, fault := oracle.ReadDeltas(l)
	before := string(l.Data)
	var got []uint32
	var err error
	oracle.Bounded(64<<10+64*len(l.Data), fmt.Sprintf("%.40x %d %d %d", l.Data, l.First, l.Rice, l.Count), func() {
		got, err = got[:0], nil
		for v, fault := range l.All() {
			if err = fault; err == nil {
				got = append(got, v)
			}
		}
	})
	same := len(got) == len(want)
	for i := 0; same && i < len(want); i++ {
		same = uint64(got[i]) == want[i]
	}
	if !same || oracle.FaultOf(err) != fault {
		oracle.Failf("%+v:\n got %d %v\nwant %d %v", l, got, err, want, fault)
	}
	if string(l.Data) != before {
		oracle.Failf("%+v: the data was written to", l)
	}
	search(l, want, fault)
	if err != nil {
		return 0
	}
	again, err := ricedelta.FromValues(l.Rice, got)
	if err != nil || again.First != l.First || again.Rice != l.Rice || again.Count != l.Count || !bytes.Equal(again.Data, l.Data) {
		oracle.Failf("%+v is accepted, but %d is coded %+v, %v", l, got, again, err)
	}
	return 1
}

// search asks for the values, their neighbours and both ends. What is not looked at has no
// fault.
func search(l ricedelta.List, want []uint64, fault oracle.Fault) {
	asked := []uint32{0, l.First - 1, l.First, l.First + 1, math.MaxUint32}
	step := len(want)/8 + 1
	for i, v := range want {
		if i%step == 0 || i >= len(want)-2 {
			asked = append(asked, uint32(v)-1, uint32(v), uint32(v)+1)
		}
	}
	for _, v := range asked {
		found, err := l.Has(v)
		wantFound, wantFault := oracle.Contains(want, fault, uint64(v))
		if found != wantFound || oracle.FaultOf(err) != wantFault {
			oracle.Failf("%+v: Contains(%d) %t, %v; want %t, %v", l, v, found, err, wantFound, wantFault)
		}
	}
}

// What values may cost, in bits of quotients. Between the two they are not coded: it would
// take seconds.
const (
	affordable = 1 << 17
	refused    = 8*64<<20 + 1<<16
)

// write holds the encoder against the oracle's octets.
func write(values []uint32, rice uint8) int {
	fault := oracle.JudgeDeltas(values, rice)
	if fault == (oracle.Fault{}) {
		switch quotients := (values[len(values)-1] - values[0]) >> rice; {
		case quotients > refused:
			fault = oracle.Fault{Layer: gcs.SetLayer, Kind: gcs.TooMany, Offset: oracle.KeyAt(len(values) - 1)}
		case quotients > affordable:
			return 0
		}
	}
	before := slices.Clone(values)
	l, err := ricedelta.FromValues(rice, values)
	if oracle.FaultOf(err) != fault || !slices.Equal(values, before) {
		oracle.Failf("Encode(%d, %d): %v, want %v", before, rice, err, fault)
	}
	if best := ricedelta.BestRice(values); best < ricedelta.MinRice || best > ricedelta.MaxRice {
		oracle.Failf("BestRice(%d) is %d", values, best)
	} else if slices.IsSorted(values) && len(values) > 0 {
		// It never leads to more than the limit, of values as near or as far as they like.
		if m, err := ricedelta.FromValues(best, values); err != nil || len(m.Data) > 8+5*len(values) {
			oracle.Failf("Encode(%d, BestRice %d): %d octets, %v", values, best, len(m.Data), err)
		}
	}
	if err != nil {
		return 0
	}
	want := oracle.DeltaOctets(values, rice)
	if l.First != values[0] || l.Rice != rice || int(l.Count) != len(values)-1 || !bytes.Equal(l.Data, want) {
		oracle.Failf("Encode(%d, %d):\n got %+v\nwant %x", values, rice, l, want)
	}
	for _, v := range values {
		p := ricedelta.Prefix(v)
		if ricedelta.Value(p) != v || p != [4]byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)} {
			oracle.Failf("Prefix(%d) is %x", v, p)
		}
	}
	return Read(l)
}
