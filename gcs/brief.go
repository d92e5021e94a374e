package gcs

import (
	"encoding/binary"
	"math/bits"
)

// brief is how many octets a stream has at most that is decoded by [whole]: the
// cookies of up to about 30 assets. From there on larger groups are worth their choice.
const brief = 48

// whole decodes a brief stream in one loop. It is not ok where it meets a fault or a
// code that the loop does not handle; a [decoder] then decodes the stream from its
// beginning and finds out which. c and lim are valid.
//
// Most cookies are this short, and what a decoder costs before its first key and
// after its last one is then more than the keys. This is the loop of [cursor] with
// groups of two, one where two do not fit, which suits sets as sparse as small cookies
// are. A decoder takes half as long again for a whole cookie of 10 or of 30 assets.
func whole[K number](dst []K, c *Code, src []byte, lim *Limit) (n int, ok bool) {
	r, flip := uint(c.Rice)&63, c.flip()
	pad := uint64(int8(c.padOctet())) ^ flip // what a pad bit looks like in hi, 64 times
	if c.lsb() || pad != 0 && lim.End != Counted {
		return 0, false // or padding could be a code
	}
	dst = dst[:min(len(dst), lim.Len)]

	// Continuation bits behind the stream are a run that never ends.
	var room [brief + 16]byte
	copy(room[:brief], src)
	if flip != 0 {
		binary.NativeEndian.PutUint64(room[len(src):], flip)
		binary.NativeEndian.PutUint64(room[len(src)+8:], flip)
	}

	rflip := flip & (1<<r - 1)
	step, down := uint64(c.Gap)+63<<r, (63-r)&63
	// So few codes that fit a window add up to less than 2^60: nothing overflows.
	pos, end, prev, most := lim.Start, len(src)*8, -uint64(c.Gap), lim.Max
	if uint(pos) > uint(end) {
		return 0, false
	}
	hi := (binary.BigEndian.Uint64(room[pos>>3:])<<(uint(pos)&7) | uint64(room[pos>>3+8])>>(8-uint(pos)&7)) ^ flip
	for n < len(dst) {
		i := (pos + 64) >> 3
		if i+8 > len(room) {
			break
		}
		lo := (binary.BigEndian.Uint64(room[i:]) ^ flip) << (uint(pos) & 7)
		x := hi | 1
		b0 := bits.Len64(x) - 1
		x = bits.RotateLeft64(x, -b0)
		k0 := prev + step + (x>>1>>down ^ rflip) - uint64(b0)<<r
		x = x<<r | 1
		b1 := bits.Len64(x) - 1
		x = bits.RotateLeft64(x, -b1)
		k1 := k0 + step + (x>>1>>down ^ rflip) - uint64(b1)<<r
		used := 2*(64+int(r)) - b0 - b1
		if used <= window && pos+used <= end && k1 <= most && n+2 <= len(dst) {
			dst[n], dst[n+1] = K(k0), K(k1)
			n += 2
			prev = k1
		} else {
			used = 64 + int(r) - b0
			if used > window || pos+used > end || k0 > most {
				break
			}
			dst[n] = K(k0)
			n++
			prev = k0
		}
		pos += used
		hi = hi<<(uint(used)&63) | lo>>(uint(-used)&63)
	}
	// ok if fewer than eight bits are left, all padding, and the count, where there is
	// one, is right.
	left := end - pos
	ok = left < 8 && (hi^pad)>>1>>(uint(63-left)&63) == 0 && (n == lim.Len || lim.End != Counted)
	return n, ok
}
