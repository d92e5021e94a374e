package gcs

import (
	"encoding/binary"
	"slices"

	"github.com/cache-aware/casper/bitio"
)

// Append appends the coded keys to dst, beginning with a new octet. The keys
// must be sorted, and with Gap 1 distinct; each at most [Largest].
//
// On an error, of kind [Unsorted], [Duplicate], [OutOfRange], [BadParameter] or
// [TooMany] (no slice could hold the result), dst comes back as it was. Its
// spare capacity may have been written to. The result takes about last>>Rice
// bits, so keys that are not trusted are best measured with [Code.Size] first.
//
// No allocation is made when dst has room for MaxSize(len(sorted), last) and
// eight octets more: whole words are stored.
func (c Code) Append(dst []byte, sorted []uint64) ([]byte, error) {
	if !c.valid() {
		return dst, &Error{Layer: SetLayer, Kind: BadParameter}
	}
	if len(sorted) == 0 {
		return dst, nil
	}
	last := sorted[len(sorted)-1]
	const slack = 8
	room := c.MaxSize(len(sorted), last)
	if last > Largest {
		return dst, &Error{Layer: SetLayer, Kind: OutOfRange, Offset: len(sorted) - 1}
	}
	if room > maxOctets {
		// Either a set that large, or keys so unsorted that the last one says
		// nothing; say which.
		if err := c.checkOrder(sorted); err != nil {
			return dst, err
		}
		return dst, &Error{Layer: SetLayer, Kind: TooMany, Offset: len(sorted) - 1}
	}
	dst = slices.Grow(dst, room+slack)
	out := dst[len(dst):cap(dst)]
	var n int
	var ok bool
	if c.Order == bitio.LSBFirst {
		n, ok = c.encodeLSB(out, sorted)
	} else {
		n, ok = c.encode(out, sorted)
	}
	if !ok {
		return dst, c.checkOrder(sorted)
	}
	return dst[:len(dst)+n], nil
}

// maxOctets is the length up to which bit offsets fit an int everywhere.
const maxOctets = int(^uint(0)>>1)/8 - 16

// checkOrder returns the error of the first key that is out of order.
func (c Code) checkOrder(sorted []uint64) error {
	var next uint64
	for i, k := range sorted {
		switch {
		case k < next && k == next-1 && c.Gap == 1:
			return &Error{Layer: SetLayer, Kind: Duplicate, Offset: i}
		case k < next:
			return &Error{Layer: SetLayer, Kind: Unsorted, Offset: i}
		case k > Largest:
			return &Error{Layer: SetLayer, Kind: OutOfRange, Offset: i}
		}
		next = k + uint64(c.Gap)
	}
	return nil
}

// encode writes the codes to out, which has MaxSize octets and eight more, and
// returns how many it used. It stops at a key that is out of order.
//
// The stream is made zeros-then-one throughout: a quotient is then a shift. The
// other polarity is its complement, remainder included, so remainders are
// flipped beforehand and whole words afterwards.
//
// acc holds the pending bits at its top, fewer than eight of them between
// stores. Four codes at a time are merged in a register, where they fit, so that
// they share one store. An unsorted key makes a gap of nearly 2^64, which fits
// nowhere and so ends up where the order is checked: the fast paths need no check of
// their own.
func (c Code) encode(out []byte, keys []uint64) (n int, ok bool) {
	r, gap, flip := uint(c.Rice), uint64(c.Gap), c.flip()
	low := uint64(1)<<r - 1
	rflip := flip & low
	var acc, next uint64
	var used uint
	i := 0
	for i < len(keys) {
		if r <= 12 {
			for i+4 <= len(keys) {
				k0, k1, k2, k3 := keys[i], keys[i+1], keys[i+2], keys[i+3]
				v0, v1, v2, v3 := k0-next, k1-k0-gap, k2-k1-gap, k3-k2-gap
				q0, q1, q2, q3 := v0>>r, v1>>r, v2>>r, v3>>r
				if (q0 | q1 | q2 | q3) >= 64 {
					break
				}
				l1, l2, l3 := uint(q1)+r+1, uint(q2)+r+1, uint(q3)+r+1
				total := uint(q0) + r + 1 + l1 + l2 + l3
				if total > 56 {
					break
				}
				one := low + 1
				code := one | v0&low ^ rflip
				code = code<<(l1&63) | one | v1&low ^ rflip
				code = code<<(l2&63) | one | v2&low ^ rflip
				code = code<<(l3&63) | one | v3&low ^ rflip
				acc |= code << ((64 - used - total) & 63)
				used += total
				binary.BigEndian.PutUint64(out[n:], acc^flip)
				n += int(used >> 3)
				acc <<= used & 56
				used &= 7
				next = k3 + gap
				i += 4
			}
			if i >= len(keys) {
				break
			}
		}
		k := keys[i]
		if k < next || k > Largest {
			return 0, false
		}
		v := k - next
		q := v >> r
		code := low + 1 | v&low ^ rflip
		if q+uint64(r) < 56 {
			total := uint(q) + r + 1
			acc |= code << (64 - used - total)
			used += total
		} else {
			// The zeros of a long quotient are whole octets, stored eight
			// at a time.
			for q += uint64(used); q >= 64; q -= 64 {
				binary.BigEndian.PutUint64(out[n:], acc^flip)
				n += 8
				acc = 0
			}
			used = uint(q)
			// The terminator and the remainder: up to 64 bits more.
			binary.BigEndian.PutUint64(out[n:], acc|code<<(63-r)>>used^flip)
			if used+r+1 < 64 {
				acc |= code << (63 - r) >> used
				used += r + 1
			} else {
				n += 8
				used = used + r + 1 - 64
				acc = code << ((64 - used) & 63)
				if used == 0 {
					acc = 0
				}
			}
		}
		binary.BigEndian.PutUint64(out[n:], acc^flip)
		n += int(used >> 3)
		acc <<= used &^ 7
		used &= 7
		next = k + gap
		i++
	}
	if used > 0 {
		keep := ^byte(0) << (8 - used)
		out[n] = (byte(acc>>56)^byte(flip))&keep | byte(c.padBits())&^keep
		n++
	}
	return n, true
}

// encodeLSB is encode for streams that are LSB first: the pending bits are at
// the bottom of acc, and so is the first bit of a code.
func (c Code) encodeLSB(out []byte, keys []uint64) (n int, ok bool) {
	r, gap, flip := uint(c.Rice), uint64(c.Gap), c.flip()
	low := uint64(1)<<r - 1
	var acc, next uint64
	var used uint
	store := func() {
		binary.LittleEndian.PutUint64(out[n:], acc^flip)
		n += int(used >> 3)
		acc >>= used &^ 7
		used &= 7
	}
	for _, k := range keys {
		if k < next || k > Largest {
			return 0, false
		}
		v := k - next
		for q := v>>r + uint64(used); ; q -= 64 {
			if q < 64 {
				used = uint(q)
				break
			}
			used = 64
			binary.LittleEndian.PutUint64(out[n:], acc^flip)
			n += 8
			acc = 0
		}
		acc |= 1 << used
		used++
		store()
		rem := v&low ^ flip&low
		for left := r; left > 0; {
			take := min(left, 56)
			acc |= rem & (1<<take - 1) << used
			used += take
			rem >>= take
			left -= take
			store()
		}
		next = k + gap
	}
	if used > 0 {
		keep := ^(^byte(0) << used)
		out[n] = (byte(acc)^byte(flip))&keep | byte(c.padBits())&^keep
		n++
	}
	return n, true
}
