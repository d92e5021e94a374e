// Package ricev5 attacks lists of Safe Browsing v5, with keys of 32 to 256 bits, against an oracle
// that goes bit by bit with integers of any length.
//
// An input is the bits of a key, the parameter as its distance from the least, a byte that says
// what to do, the first value, and the coded differences with a byte for their number, or
// values.
package ricev5

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs/ricedelta"

	"github.com/cache-aware/casper/gcs"
)

// longest is how many octets are read as one list.
const longest = 1 << 14

// Fuzz attacks one list.
func Fuzz(data []byte) int {
	in := oracle.Input(data)
	bits := []int{32, 64, 128, 256, 16}[in.Below(20)%5]
	rice := ricedelta.MinRiceV5(bits) + uint8(in.Below(32)) - 1
	if in.Below(4) == 3 {
		rice = in.Byte()
	}
	if in.Below(2) == 0 {
		l := ricedelta.ListV5{Bits: bits, First: number(&in, bits), Rice: rice}
		l.Count = uint32(in.Byte())
		if l.Count >= 250 {
			l.Count = uint32(in.Number())
		}
		l.Data = in[:min(len(in), longest)]
		return Read(l)
	}
	var values []ricedelta.Number
	for len(in) > 0 && len(values) < 64 {
		values = append(values, number(&in, bits))
	}
	if in.Below(8) != 7 {
		slices.SortFunc(values, ricedelta.Number.Compare)
	}
	return Write(bits, rice, values)
}

// number draws a number: one byte says which octets of it follow, and one in sixteen has a bit
// too many.
func number(in *oracle.Input, bits int) ricedelta.Number {
	octets := make([]byte, 32)
	choice := in.Byte()
	from := 32 - bits/8
	switch {
	case choice == 255:
		from = max(from-1, 0)
		octets[from] = 1
	case choice >= 240:
		for i := from; i < 32; i++ {
			octets[i] = 0xff
		}
		octets[31] -= in.Byte()
	default:
		for i := from + int(choice&15)*bits/8/16; i < 32; i++ {
			octets[i] = in.Byte()
			if choice&16 != 0 {
				break
			}
		}
	}
	return ricedelta.NumberOf(octets)
}

// Read decodes a list, searches it, and codes again what was accepted.
func Read(l ricedelta.ListV5) int {
	want, fault := oracle.ReadWide(l)
	before := string(l.Data)
	var got []ricedelta.Number
	var err error
	oracle.Bounded(64<<10+64*len(l.Data)*8, fmt.Sprintf("%.40x %d %d %d", l.Data, l.Bits, l.Rice, l.Count), func() {
		got, err = got[:0], nil
		for v, fault := range l.All() {
			if err = fault; err == nil {
				got = append(got, v)
			}
		}
	})
	same := len(got) == len(want)
	for i := 0; same && i < len(want); i++ {
		same = oracle.Wide(got[i]).Cmp(want[i]) == 0 && got[i].String() == want[i].String()
	}
	if !same || oracle.FaultOf(err) != fault {
		oracle.Failf("%+v:\n got %v %v\nwant %v %v", l, got, err, want, fault)
	}
	if string(l.Data) != before {
		oracle.Failf("%+v: the data was written to", l)
	}
	for i, v := range got {
		if i > 4 && i < len(got)-2 {
			continue
		}
		for _, d := range []int64{-1, 0, 1} {
			asked := new(big.Int).Add(want[i], big.NewInt(d))
			if asked.Sign() < 0 || asked.BitLen() > 256 {
				continue
			}
			wantFound, wantFault := contains(want, fault, asked)
			found, err := l.Has(ricedelta.NumberOf(asked.Bytes()))
			if found != wantFound || oracle.FaultOf(err) != wantFault {
				oracle.Failf("%+v: Has(%v%+d) %t, %v; want %t, %v", l, v, d, found, err, wantFound, wantFault)
			}
		}
	}
	if err != nil {
		return 0
	}
	again, err := ricedelta.FromNumbers(l.Bits, l.Rice, got)
	if err != nil || again.First != l.First || again.Rice != l.Rice || again.Count != l.Count || !bytes.Equal(again.Data, l.Data) {
		oracle.Failf("%+v is accepted, but %v is coded %+v, %v", l, got, again, err)
	}
	return 1
}

func contains(values []*big.Int, fault oracle.Fault, asked *big.Int) (bool, oracle.Fault) {
	for _, v := range values {
		if c := v.Cmp(asked); c >= 0 {
			return c == 0, oracle.Fault{}
		}
	}
	return false, fault
}

// What values may cost, in bits of quotients. Between the two they are not coded: it would take
// seconds.
const (
	affordable = 1 << 17
	refused    = 8*64<<20 + 1<<16
)

// Write holds the encoder against the oracle's octets.
func Write(bits int, rice uint8, values []ricedelta.Number) int {
	fault := oracle.JudgeWide(bits, rice, values)
	if fault == (oracle.Fault{}) {
		switch quotients := oracle.WideQuotients(rice, values); {
		case quotients.Cmp(big.NewInt(refused)) > 0:
			fault = oracle.Fault{Layer: gcs.SetLayer, Kind: gcs.TooMany, Offset: oracle.KeyAt(len(values) - 1)}
		case quotients.Cmp(big.NewInt(affordable)) > 0:
			return 0
		}
	}
	before := slices.Clone(values)
	l, err := ricedelta.FromNumbers(bits, rice, values)
	if oracle.FaultOf(err) != fault || !slices.Equal(values, before) {
		oracle.Failf("FromNumbers(%d, %d, %v): %v, want %v", bits, rice, before, err, fault)
	}
	if err != nil {
		return 0
	}
	want := oracle.WideOctets(rice, values)
	if l.Bits != bits || l.First != values[0] || l.Rice != rice || int(l.Count) != len(values)-1 || !bytes.Equal(l.Data, want) {
		oracle.Failf("FromNumbers(%d, %d, %v):\n got %+v\nwant %x", bits, rice, values, l, want)
	}
	best := ricedelta.BestRiceV5(bits, len(values), values[0], values[len(values)-1])
	if m, err := ricedelta.FromNumbers(bits, best, values); err != nil || len(m.Data) > 8+(bits/8+1)*len(values) {
		oracle.Failf("%v with the best parameter, %d: %d octets, %v", values, best, len(m.Data), err)
	}
	return Read(l)
}
