package oracle

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
	"slices"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/bip158"
)

// FilterCode is the code of Bitcoin's and Decred's filters: quotients of ones, repeats
// allowed, zeros behind the last value.
func FilterCode(p bip158.Params) gcs.Code {
	return gcs.Code{Rice: p.P, Run: bitio.OnesZero, Gap: 0, Order: bitio.MSBFirst, Pad: gcs.PadZero}
}

// badFilter reports parameters that no filter has.
func badFilter(p bip158.Params) bool {
	switch p.Variant {
	case bip158.Bitcoin, bip158.DecredV2:
		return p.P > 32 || p.M < 1 || p.M > 1<<32
	case bip158.DecredV1:
		return p.P > 32 || p.M != 0 && p.M != 1<<p.P
	}
	return true
}

// FilterUniverse is N*M, as a number of any length.
func FilterUniverse(p bip158.Params, n uint32) *big.Int {
	m := new(big.Int).SetUint64(p.M)
	if p.Variant == bip158.DecredV1 {
		m.Lsh(big.NewInt(1), uint(p.P))
	}
	return m.Mul(m, big.NewInt(int64(n)))
}

// FilterValue is what a filter of n items makes of one: Bitcoin and Decred's version 2
// multiply the hash by N*M and keep what is above 64 bits, Decred's version 1 divides by N*M
// and keeps the rest.
func FilterValue(p bip158.Params, key bip158.Key, item []byte, n uint32) uint64 {
	if n == 0 {
		return 0
	}
	h, u := new(big.Int).SetUint64(SipHash(key, item)), FilterUniverse(p, n)
	if p.Variant == bip158.DecredV1 {
		return h.Mod(h, u).Uint64()
	}
	return h.Rsh(h.Mul(h, u), 64).Uint64()
}

// AppendFilterCount appends N as it stands in front of the codes.
func AppendFilterCount(dst []byte, p bip158.Params, n uint32) []byte {
	if p.Variant == bip158.DecredV1 {
		return append(dst, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	first, length := byte(n), 0
	if n > 252 {
		first, length = 253, 2
	}
	if n > 0xffff {
		first, length = 254, 4
	}
	dst = append(dst, first)
	for i := range length {
		dst = append(dst, byte(n>>(8*i)))
	}
	return dst
}

// filterCount reads N, and says where the codes begin. Octets that are missing are a
// truncated count, one that a shorter form holds is not canonical, and one of 2^32 or more is
// too many items; all at bit 0.
func filterCount(octets []byte, p bip158.Params) (n uint32, start int, fault Fault) {
	wide, start := uint64(0), 4
	if p.Variant != bip158.DecredV1 {
		start = 1
		if len(octets) > 0 && octets[0] > 252 {
			start += 1 << (octets[0] - 252)
		}
	}
	if len(octets) < start {
		return 0, 0, Fault{gcs.BitsLayer, gcs.Truncated, 0}
	}
	if p.Variant == bip158.DecredV1 {
		return binary.BigEndian.Uint32(octets), start, Fault{}
	}
	if start == 1 {
		return uint32(octets[0]), start, Fault{}
	}
	for i := start - 1; i > 0; i-- {
		wide = wide<<8 | uint64(octets[i])
	}
	switch {
	case wide > math.MaxUint32:
		return 0, 0, Fault{gcs.SetLayer, gcs.TooMany, 0}
	case !bytes.HasPrefix(octets, AppendFilterCount(nil, p, uint32(wide))):
		return 0, 0, Fault{gcs.BitsLayer, gcs.NonCanonical, 0}
	}
	return uint32(wide), start, Fault{}
}

// ReadFilter judges a filter: the parameters first, then the count, of which 0 stands for
// itself in Bitcoin and for no octets in Decred, and then exactly N values below N*M. Offsets
// count from the start of the filter.
func ReadFilter(octets []byte, p bip158.Params) (n uint32, start int, values []uint64, fault Fault) {
	if badFilter(p) {
		return 0, 0, nil, Fault{gcs.SetLayer, gcs.BadParameter, 0}
	}
	if len(octets) == 0 && p.Variant != bip158.Bitcoin {
		return 0, 0, nil, Fault{}
	}
	n, start, fault = filterCount(octets, p)
	if fault != (Fault{}) {
		return 0, 0, nil, fault
	}
	if n == 0 && p.Variant != bip158.Bitcoin {
		return 0, 0, nil, Fault{gcs.SetLayer, gcs.NonCanonical, 0}
	}
	lim := gcs.Limit{Len: int(min(uint64(n), math.MaxInt)), End: gcs.Counted}
	if n > 0 {
		u := FilterUniverse(p, n)
		lim.Max = u.Sub(u, big.NewInt(1)).Uint64()
	}
	values, fault = Decode(nil, Bits(octets[start:], bitio.MSBFirst), FilterCode(p), lim)
	if fault != (Fault{}) {
		fault.Offset += 8 * start
	}
	return n, start, values, fault
}

// FilterItems returns the items that a filter counts: Bitcoin drops repeats, Decred's
// version 1 nothing, and its version 2 empty items and those whose hash is there already.
func FilterItems(p bip158.Params, key bip158.Key, items [][]byte) (counted [][]byte) {
	for _, item := range items {
		again := slices.ContainsFunc(counted, func(other []byte) bool {
			if p.Variant == bip158.DecredV2 {
				return SipHash(key, other) == SipHash(key, item)
			}
			return bytes.Equal(other, item)
		})
		if p.Variant == bip158.DecredV1 || !again && (len(item) > 0 || p.Variant == bip158.Bitcoin) {
			counted = append(counted, item)
		}
	}
	return counted
}

// JudgeFilter returns what is wrong with values that are to become a filter: the first that
// is below its predecessor is Unsorted, the first that is not below N*M OutOfRange.
func JudgeFilter(p bip158.Params, values []uint64) Fault {
	if badFilter(p) {
		return Fault{gcs.SetLayer, gcs.BadParameter, 0}
	}
	u := FilterUniverse(p, uint32(len(values)))
	for i, v := range values {
		if i > 0 && v < values[i-1] {
			return Fault{gcs.SetLayer, gcs.Unsorted, KeyAt(i)}
		}
		if new(big.Int).SetUint64(v).Cmp(u) >= 0 {
			return Fault{gcs.SetLayer, gcs.OutOfRange, KeyAt(i)}
		}
	}
	return Fault{}
}

// FilterOctets writes sorted values that are in range, one bit at a time.
func FilterOctets(p bip158.Params, values []uint64) []byte {
	if len(values) == 0 && p.Variant != bip158.Bitcoin {
		return nil
	}
	stream, fault := Encode(nil, FilterCode(p), values)
	if fault != (Fault{}) {
		panic("the values are not sorted")
	}
	return AppendOctets(AppendFilterCount(nil, p, uint32(len(values))), stream, bitio.MSBFirst, false)
}

// SipHash is SipHash-2-4: two rounds for each word of the message and for the last one, which
// holds what is left and the length, and four at the end.
func SipHash(key [16]byte, message []byte) uint64 {
	k0, k1 := binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])
	v := [4]uint64{ // "somepseudorandomlygeneratedbytes"
		k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573,
	}
	rounds := func(n int) {
		for range n {
			v[0], v[2] = v[0]+v[1], v[2]+v[3]
			v[1], v[3] = bits.RotateLeft64(v[1], 13)^v[0], bits.RotateLeft64(v[3], 16)^v[2]
			v[0] = bits.RotateLeft64(v[0], 32)
			v[0], v[2] = v[0]+v[3], v[2]+v[1]
			v[1], v[3] = bits.RotateLeft64(v[1], 17)^v[2], bits.RotateLeft64(v[3], 21)^v[0]
			v[2] = bits.RotateLeft64(v[2], 32)
		}
	}
	last := append(slices.Clone(message), make([]byte, 7-len(message)%8)...)
	last = append(last, byte(len(message)))
	for ; len(last) > 0; last = last[8:] {
		word := binary.LittleEndian.Uint64(last)
		v[3] ^= word
		rounds(2)
		v[0] ^= word
	}
	v[2] ^= 0xff
	rounds(4)
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}
