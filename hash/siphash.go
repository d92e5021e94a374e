package hash

import (
	"encoding/binary"
	"math/bits"
)

// SipHash returns the SipHash-2-4 of an item: the keyed hash of BIP 158 and of
// Decred's filters. The key is 16 octets, two little-endian numbers.
//
// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), with the
// 64 test vectors of its reference implementation.
func SipHash(key [16]byte, item []byte) uint64 {
	k0, k1 := binary.LittleEndian.Uint64(key[:]), binary.LittleEndian.Uint64(key[8:])
	// The initial state is the paper's: the letters of "somepseudorandomlygeneratedbytes".
	v0, v1 := k0^0x736f6d6570736575, k1^0x646f72616e646f6d
	v2, v3 := k0^0x6c7967656e657261, k1^0x7465646279746573

	last := uint64(len(item)) << 56
	for len(item) >= 8 {
		m := binary.LittleEndian.Uint64(item)
		v3 ^= m
		for range 2 {
			v0 += v1
			v2 += v3
			v1 = bits.RotateLeft64(v1, 13) ^ v0
			v3 = bits.RotateLeft64(v3, 16) ^ v2
			v0 = bits.RotateLeft64(v0, 32) + v3
			v2 += v1
			v3 = bits.RotateLeft64(v3, 21) ^ v0
			v1 = bits.RotateLeft64(v1, 17) ^ v2
			v2 = bits.RotateLeft64(v2, 32)
		}
		v0 ^= m
		item = item[8:]
	}
	for i, c := range item {
		last |= uint64(c) << (8 * i)
	}

	// The last block with the length in its top octet takes two rounds, like any
	// other; then come the four of the finalization.
	v3 ^= last
	for round := range 6 {
		if round == 2 {
			v0 ^= last
			v2 ^= 0xff
		}
		v0 += v1
		v2 += v3
		v1 = bits.RotateLeft64(v1, 13) ^ v0
		v3 = bits.RotateLeft64(v3, 16) ^ v2
		v0 = bits.RotateLeft64(v0, 32) + v3
		v2 += v1
		v3 = bits.RotateLeft64(v3, 21) ^ v0
		v1 = bits.RotateLeft64(v1, 17) ^ v2
		v2 = bits.RotateLeft64(v2, 32)
	}
	return v0 ^ v1 ^ v2 ^ v3
}
