package ricedelta

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
)

// A Number is a number of up to 256 bits: four parts of 64 bits, the most significant
// first, as in the fields first_value_first_part to first_value_fourth_part. Numbers are
// comparable with ==.
type Number [4]uint64

// NumberOf returns the number that octets are, most significant octet first: a hash or
// the beginning of one. Of more than 32 octets it takes the last 32.
func NumberOf(octets []byte) (n Number) {
	var whole [32]byte
	if len(octets) > len(whole) {
		octets = octets[len(octets)-len(whole):]
	}
	copy(whole[len(whole)-len(octets):], octets)
	for i := range n {
		n[i] = binary.BigEndian.Uint64(whole[8*i:])
	}
	return n
}

// Append appends the last octets of n, most significant octet first: of a value, bits/8
// octets are the hash prefix that it stands for.
func (n Number) Append(dst []byte, octets int) []byte {
	var whole [32]byte
	for i, part := range n {
		binary.BigEndian.PutUint64(whole[8*i:], part)
	}
	return append(dst, whole[len(whole)-min(max(octets, 0), len(whole)):]...)
}

// Compare returns -1, 0 or +1 where n is below, at or above m.
func (n Number) Compare(m Number) int {
	for i := range n {
		if n[i] != m[i] {
			return cmp.Compare(n[i], m[i])
		}
	}
	return 0
}

// String returns the number in decimal.
func (n Number) String() string { return new(big.Int).SetBytes(n.Append(nil, 32)).String() }

// bitLen is the number of bits that n needs.
func (n Number) bitLen() int {
	for i, part := range n {
		if part != 0 {
			return 64*(3-i) + bits.Len64(part)
		}
	}
	return 0
}

// plus returns n + m, and whether that is above 256 bits.
func (n Number) plus(m Number) (sum Number, over bool) {
	var carry uint64
	for i := 3; i >= 0; i-- {
		sum[i], carry = bits.Add64(n[i], m[i], carry)
	}
	return sum, carry != 0
}

// minus returns n - m, which is not below 0.
func (n Number) minus(m Number) (rest Number) {
	var borrow uint64
	for i := 3; i >= 0; i-- {
		rest[i], borrow = bits.Sub64(n[i], m[i], borrow)
	}
	return rest
}

// shift returns n moved left by k bits, or right by -k; what leaves it is lost.
func (n Number) shift(k int) (m Number) {
	for i := range m {
		// Part i of m begins k bits further right in n.
		from := i + k>>6
		if left := uint(k & 63); true {
			if 0 <= from && from < len(n) {
				m[i] = n[from] << left
			}
			if from++; left > 0 && 0 <= from && from < len(n) {
				m[i] |= n[from] >> (64 - left)
			}
		}
	}
	return m
}

// float is n, nearly.
func (n Number) float() (f float64) {
	for _, part := range n {
		f = math.Ldexp(f, 64) + float64(part)
	}
	return f
}
