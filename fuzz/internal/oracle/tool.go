package oracle

import (
	"encoding/binary"
	"math/big"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// Files of gcstool, with integers of any length, by TOOL-1 to TOOL-14.

// A Tool is what a file of gcstool holds.
type Tool struct {
	N, P   uint64
	Values []uint64
}

// toolNumbers reports N and P that no file has.
func badTool(n, p uint64) bool {
	return p < 1 || p > 1<<44 || new(big.Int).Mul(new(big.Int).SetUint64(n), new(big.Int).SetUint64(p)).BitLen() > 64
}

// toolRest is how many bits the remainders by p have: as many as p-1 needs.
func toolRest(p uint64) int { return new(big.Int).SetUint64(p - 1).BitLen() }

// ReadTool judges a file: the footer first, then the codes, then what follows them, and the index
// last. Values before a fault are delivered.
func ReadTool(octets []byte) (t Tool, fault Fault) {
	end := len(octets) - 40
	if end < 0 || string(octets[end+32:]) != "[GCS:v0]" {
		return t, Fault{gcs.BitsLayer, gcs.Truncated, 8 * len(octets)}
	}
	number := func(i int) uint64 { return binary.BigEndian.Uint64(octets[end+8*i:]) }
	t.N, t.P = number(0), number(1)
	if badTool(t.N, t.P) {
		return t, Fault{gcs.SetLayer, gcs.BadParameter, 0}
	}
	begin := new(big.Int).SetUint64(number(2))
	size := new(big.Int).Mul(big.NewInt(16), new(big.Int).SetUint64(number(3)))
	if new(big.Int).Add(begin, size).Cmp(big.NewInt(int64(end))) != 0 {
		return t, Fault{gcs.BitsLayer, gcs.NonCanonical, 8 * end}
	}
	stream := Bits(octets[:begin.Int64()], bitio.MSBFirst)
	universe := new(big.Int).Mul(new(big.Int).SetUint64(t.N), new(big.Int).SetUint64(t.P))
	var behind []uint64
	last, at := new(big.Int), 0
	for {
		start, gap := at, new(big.Int)
		for at < len(stream) && stream[at] {
			gap.Add(gap, new(big.Int).SetUint64(t.P))
			at++
		}
		at++
		rest := uint64(0)
		for range toolRest(t.P) {
			rest *= 2
			if at < len(stream) && stream[at] {
				rest++
			}
			at++
		}
		gap.Add(gap, new(big.Int).SetUint64(rest))
		value := new(big.Int).Add(last, gap)
		ends := gap.Sign() == 0 && (t.N == 0 || len(t.Values) > 0)
		switch {
		case at > len(stream):
			return t, Fault{gcs.BitsLayer, gcs.Truncated, start}
		case rest >= t.P:
			return t, Fault{gcs.BitsLayer, gcs.NonCanonical, start}
		case !ends && value.Cmp(universe) >= 0:
			return t, Fault{gcs.SetLayer, gcs.OutOfRange, start}
		case !ends && uint64(len(t.Values)) == t.N:
			return t, Fault{gcs.SetLayer, gcs.TooMany, start}
		}
		if ends {
			break
		}
		last = value
		t.Values, behind = append(t.Values, value.Uint64()), append(behind, uint64(at))
	}
	if fault = judgePadding(stream, at, false); fault != (Fault{}) {
		return t, fault
	}
	index := octets[begin.Int64():end]
	for every := 0; every <= len(t.Values); every++ {
		if string(toolIndex(t.Values, behind, every)) == string(index) {
			return t, Fault{}
		}
	}
	return t, Fault{gcs.BitsLayer, gcs.NonCanonical, 8 * int(begin.Int64())}
}

// toolIndex is the index with an entry of each so many values but the first, or of none.
func toolIndex(values, behind []uint64, every int) (index []byte) {
	for i := range values {
		if every > 0 && i > 0 && i%every == 0 {
			index = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(index, values[i]), behind[i])
		}
	}
	return index
}

// ToolOctets writes a file of sorted values, one bit at a time.
func ToolOctets(t Tool, every int) []byte {
	var stream []bool
	code := func(gap uint64) {
		for ; gap >= t.P; gap -= t.P {
			stream = append(stream, true)
		}
		stream = append(stream, false)
		for i := toolRest(t.P) - 1; i >= 0; i-- {
			stream = append(stream, gap>>i&1 == 1)
		}
	}
	var behind []uint64
	last := uint64(0)
	for _, v := range t.Values {
		code(v - last)
		last = v
		behind = append(behind, uint64(len(stream)))
	}
	code(0)
	octets := AppendOctets(nil, stream, bitio.MSBFirst, false)
	begin, index := uint64(len(octets)), toolIndex(t.Values, behind, every)
	octets = append(octets, index...)
	for _, n := range []uint64{t.N, t.P, begin, uint64(len(index) / 16)} {
		octets = binary.BigEndian.AppendUint64(octets, n)
	}
	return append(octets, "[GCS:v0]"...)
}
