package gcs

import (
	"encoding/binary"
	"math"
	"math/bits"
)

//go:generate go run ./internal/gen

// A cursor is where a loop stands in a stream, and how far it may go.
//
// A loop decodes codes from its src into its dst, beginning at bit pos. It
// judges nothing: it stops before whatever it does not understand, which is a code of
// more than a window, one that goes beyond the bit end, and a key above most;
// and where dst is full or fewer than 16 octets are left. It returns the number
// of keys and leaves pos and prev as they are after them.
//
// Its window is the word hi, which holds 64 bits from pos on. It takes all codes of
// a group from it without asking whether they are there, and asks once at the end.
// The word after it, lo, is loaded while that goes on, so that the next window is two
// shifts away: no load is waited for. Neighbouring codes depend on each other,
// since one begins where the other ends, and that chain is what decoding costs.
//
// When a group does not fit, its codes are taken one by one. When they take more than
// a window together the set is called sparse for that group, and the loop returns.
type cursor struct {
	rice      uint
	pos, end  int    // in bits
	prev      uint64 // the key before pos; before the first one, minus gap
	most      uint64 // the largest key, at most maxFastKey
	gap, flip uint64
}

const (
	// window is how many bits of hi are used at most. At least so many bits of
	// lo are there to replace them.
	window = 57
	// maxFastRice is the largest remainder for which a code can fit a window.
	maxFastRice = window - 1
	// maxFastKey keeps the loops from overflowing: a group adds less than 2^58.
	maxFastKey = 1 << 62
	// short is how many octets are decoded from a copy.
	short = 112
	// behind is how many octets behind the last bit a loop may load.
	behind = 24
)

// A number is a type that keys come in.
type number interface{ ~uint32 | ~uint64 }

// fast decodes complete, ordinary codes for as long as there are any, dst has
// room and no key is above the limit. Where it stops, [decoder.careful] has to find
// out why.
//
// Loops load whole words, and not beyond src. The last octets, and short streams
// altogether, are decoded from a copy in front of continuation bits, which is a run
// that never ends.
func fast[K number](d *decoder, dst []K) (n int) {
	if !d.ready() || len(dst) == 0 {
		return 0
	}
	if len(d.src)-d.pos>>3 > short {
		n = groups(d, dst, d.src)
	}
	if rest := len(d.src) - d.pos>>3; n < len(dst) && rest <= short {
		var tail [short + behind]byte
		base := d.copyTail(&tail)
		n += groups(d, dst[n:], tail[:])
		d.pos, d.end = d.pos+base, d.end+base
	}
	return n
}

// groups runs the loop for the size of group that suits the stream at d.pos. It
// asks anew from time to time, and where the loop finds the set sparser.
func groups[K number](d *decoder, dst []K, src []byte) (n int) {
	if d.lsb {
		return decodeLSB(dst, src, &d.cursor)
	}
	for n < len(dst) {
		part := dst[n:min(len(dst), n+segment)]
		k := group(src, &d.cursor)
		m, sparse := decodeGroups(k, part, src, &d.cursor)
		for sparse {
			var more int
			k--
			more, sparse = decodeGroups(k, part[m:], src, &d.cursor)
			m += more
		}
		n += m
		if m < len(part) {
			break
		}
	}
	return n
}

// pass moves on over keys below the given one, as far as the loops can.
func (d *decoder) pass(key uint64) {
	if key == 0 {
		return
	}
	most := d.most
	d.most = min(most, key-1)
	d.skip(math.MaxInt)
	d.most = most
}

// skip moves on over the given number of keys, or as far as the loops can. It is
// [fast] without the keys.
func (d *decoder) skip(room int) {
	room = min(room, d.lim.Len-d.n)
	if !d.ready() || room <= 0 {
		return
	}
	n := 0
	if len(d.src)-d.pos>>3 > short {
		n = d.passGroups(room, d.src)
	}
	if n < room && len(d.src)-d.pos>>3 <= short {
		var tail [short + behind]byte
		base := d.copyTail(&tail)
		n += d.passGroups(room-n, tail[:])
		d.pos, d.end = d.pos+base, d.end+base
	}
	d.n += n
}

// passGroups is [groups] without storing keys, which is a third faster than decoding
// them into memory in pieces.
func (d *decoder) passGroups(room int, src []byte) (n int) {
	if d.lsb {
		var buf [chunk]uint64
		for n < room {
			m := decodeLSB(buf[:min(chunk, room-n)], src, &d.cursor)
			if n += m; m < chunk {
				break
			}
		}
		return n
	}
	for n < room {
		part := min(room-n, segment)
		k := group(src, &d.cursor)
		m, sparse := skipGroups(k, part, src, &d.cursor)
		for sparse {
			var more int
			k--
			more, sparse = skipGroups(k, part-m, src, &d.cursor)
			m += more
		}
		n += m
		if m < part {
			break
		}
	}
	return n
}

// ready reports whether the loops can do anything at all.
func (d *decoder) ready() bool { return d.rice <= maxFastRice && d.low() <= d.most }

// copyTail copies the octets from d.pos on, puts continuation bits behind them and
// moves the cursor into the copy. It returns by how many bits.
func (d *decoder) copyTail(tail *[short + behind]byte) (base int) {
	base = d.pos &^ 7
	rest := copy(tail[:short], d.src[base>>3:])
	if d.flip != 0 {
		for i := 0; i < behind; i += 8 {
			binary.NativeEndian.PutUint64(tail[rest+i:], d.flip)
		}
	}
	d.pos, d.end = d.pos-base, d.end-base
	return base
}

// segment is how many keys are decoded before the size of groups is chosen anew.
const segment = 1024

// largest is the largest group for each remainder length: as many codes as fit a
// window when quotients add up to 3.5 standard deviations above their mean, with
// the quotients of a remainder that was well chosen.
var largest = [maxFastRice + 1]uint8{
	6, 6, 6, 6, 6, 6, 6, 5, 5, 4, 4, 4, 3, 3, 3, 3,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1,
}

// group chooses how many codes to take from a window. A set may be far sparser than
// its remainder is made for: ten keys in H2O's cookie take 20 bits each, not 8, and
// a group that never fits is only work. Ones tell: each code has its terminator
// and half of its remainder, so they are half of a dense stream, whatever the
// remainder.
func group(src []byte, c *cursor) int {
	k := int(largest[c.rice])
	i := c.pos >> 3
	if k == 1 || i+16 > len(src) {
		return k
	}
	ones := bits.OnesCount64(binary.NativeEndian.Uint64(src[i:])^c.flip) +
		bits.OnesCount64(binary.NativeEndian.Uint64(src[i+8:])^c.flip)
	if ones >= 50 {
		return k
	}
	return max(1, min(k, ones*int(perOnes[c.rice])>>16))
}

// perOnes is how many codes a window holds for each one in 128 bits, in 1/65,536:
// these hold ones/(1+r/2) codes, and a window 57/128 of them; a fifth less, so that
// most groups fit.
var perOnes = func() (t [maxFastRice + 1]uint16) {
	for r := range t {
		t[r] = uint16(1 << 16 * 5 / (7 * (r + 2)))
	}
	return
}()

// decodeLSB is the loop for streams that are LSB first. Everything is mirrored:
// the next bit is at the bottom of the window, and a remainder's least significant
// bit comes first, so that it needs no turning round.
func decodeLSB[K number](dst []K, src []byte, c *cursor) (n int) {
	r := c.rice & 63
	pos, end, prev, most, flip := c.pos, c.end, c.prev, c.most, c.flip
	mask := uint64(1)<<r - 1
	for n < len(dst) {
		i := pos >> 3
		if i+8 > len(src) {
			break
		}
		w := (binary.LittleEndian.Uint64(src[i:]) ^ flip) >> (uint(pos) & 7)
		left := 64 - pos&7
		m := n
		for n < len(dst) {
			q := uint(bits.TrailingZeros64(w))
			used := int(q + 1 + r)
			if used > left || pos+used > end {
				break
			}
			w >>= (q + 1) & 63
			k := prev + c.gap + (uint64(q)<<r | w&mask ^ flip&mask)
			if k > most {
				c.pos, c.prev = pos, prev
				return n
			}
			w >>= r
			left -= used
			dst[n] = K(k)
			n++
			pos += used
			prev = k
		}
		if n == m {
			break
		}
	}
	c.pos, c.prev = pos, prev
	return n
}
