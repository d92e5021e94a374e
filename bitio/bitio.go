// Package bitio reads and writes single bits, numbers of 0 to 64 bits and
// unary numbers in a byte slice, a 64-bit word at a time and without
// allocating.
//
// The streams of this repository differ in the end of the octet at which they
// begin. Golomb-coded sets fill an octet from its most significant bit down,
// and write a number's most significant bit first; Safe Browsing's lists fill
// it from the least significant bit up, and write a number's least significant
// bit first:
//
//	octet            1 0 1 0 1 0 0 0   0 1 0 1 1 1 0 1
//	MSBFirst, bit    0 1 2 3 4 5 6 7   8 9 ...
//	LSBFirst, bit    7 6 5 4 3 2 1 0   ...       9 8
//
// [Reader] and [Writer] take either [Order]. The zero value of each is ready for use,
// MSB first. Errors are sticky: read as much as you like and ask once. They are for
// headers, tails and whatever else is read once a value; package gcs decodes the codes
// themselves with [Peek].
//
// Reading beyond the end is io.ErrUnexpectedEOF and yields zeros, never bits
// that are not there. Unary numbers are read against a bound, so that a hostile
// run of equal bits costs no more than the bound allows.
package bitio

import (
	"encoding/binary"
	"errors"
)

// Order says at which end of an octet a stream begins.
type Order uint8

// The two orders.
const (
	MSBFirst Order = iota // from 0x80 down: every Golomb-coded set but Safe Browsing's
	LSBFirst              // from 0x01 up: Safe Browsing v4
)

// Run says how a unary number is written: as many continuation bits as its
// value, and one bit of the other kind that ends it.
type Run uint8

// The two polarities.
const (
	ZerosOne Run = iota // 3 is 0001: H2O since 2.1, cache digests
	OnesZero            // 3 is 1110: BIP 158, Safe Browsing, H2O up to 2.0
)

// Flip is the word that turns bits of r's polarity into [ZerosOne] under
// exclusive or: all zeros or all ones. It is also an octet of continuation bits,
// repeated.
func (r Run) Flip() uint64 { return -uint64(r & 1) }

// ErrUnary reports a unary number above the bound that its reader was given.
var ErrUnary = errors.New("bitio: unary number above its bound")

// Peek returns the 64 bits of src that begin at bit offset pos, MSB first, the
// first of them at the top. Bits past the end of src read as zero. It is the
// known-width read: no state, no branch on the data.
func Peek(src []byte, pos int) uint64 {
	i, s := pos>>3, uint(pos&7)
	if i+9 > len(src) {
		return peekTail(src, i, s)
	}
	return binary.BigEndian.Uint64(src[i:])<<s | uint64(src[i+8])>>(8-s)
}

func peekTail(src []byte, i int, s uint) uint64 {
	var pad [9]byte
	if i < len(src) {
		copy(pad[:], src[i:])
	}
	return binary.BigEndian.Uint64(pad[:])<<s | uint64(pad[8])>>(8-s)
}

// PeekLSB is [Peek] for a stream that is LSB first: the first bit is at the
// bottom of the result.
func PeekLSB(src []byte, pos int) uint64 {
	i, s := pos>>3, uint(pos&7)
	if i+9 > len(src) {
		return peekTailLSB(src, i, s)
	}
	return binary.LittleEndian.Uint64(src[i:])>>s | uint64(src[i+8])<<(64-s)
}

func peekTailLSB(src []byte, i int, s uint) uint64 {
	var pad [9]byte
	if i < len(src) {
		copy(pad[:], src[i:])
	}
	return binary.LittleEndian.Uint64(pad[:])>>s | uint64(pad[8])<<(64-s)
}
