package gcs

import (
	"iter"
	"math/bits"

	"github.com/cache-aware/casper/bitio"
)

// Decode decodes src and appends its keys, ascending, to dst. They may be of any type,
// so that a caller with smaller keys of its own needs no copy; a limit above what K
// holds is [BadParameter].
//
// On an error the keys decoded before it are appended nevertheless, so that a
// caller can say how far it came; [Error.At] is where the faulty code
// begins, or the first faulty pad bit. The kinds are [Truncated], [OutOfRange],
// [TooMany], [TrailingData], [BadPadding], and [BadParameter] for c and lim
// themselves, such as a Start beyond the end of src.
//
// dst grows by what is decoded, at most lim.Len keys; nothing is allocated when it
// has room.
func Decode[K ~uint32 | ~uint64](dst []K, c Code, src []byte, lim Limit) ([]K, error) {
	if !c.admits(&lim) || lim.Max > uint64(^K(0)) {
		return dst, &Error{Layer: SetLayer, Kind: BadParameter}
	}
	if len(src) <= brief && len(dst) < cap(dst) {
		if n, ok := whole(dst[len(dst):cap(dst)], &c, src, &lim); ok {
			return dst[:len(dst)+n], nil
		}
	}
	var d decoder
	d.src, d.lim = src, lim
	if err := d.start(&c); err != nil {
		return dst, err
	}
	for !d.done {
		if len(dst) == cap(dst) {
			key, err := d.careful()
			if err != nil || d.done {
				return dst, err
			}
			// There is another key. What is left cannot be more keys than this.
			// Take an eighth of it first, since sparse sets hold far fewer, and
			// then all of it: room is made twice at most.
			most := min(lim.Len-d.n, (d.end-d.pos)/(int(c.Rice)+1))
			if d.n == 0 {
				most = min(most, max(most/8, 64))
			}
			dst = append(make([]K, 0, len(dst)+most), dst...)
			dst = append(dst, K(d.take(key)))
		}
		n, err := next(&d, dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// All returns an iterator over the keys of src, ascending. An error ends it: its
// last pair is then (0, err), as [Decode] would return it.
func (c Code) All(src []byte, lim Limit) iter.Seq2[uint64, error] {
	return func(yield func(uint64, error) bool) {
		var buf [chunk]uint64
		if len(src) <= brief && c.admits(&lim) {
			if n, ok := wholeNumbers(buf[:], &c, src, &lim); ok {
				for _, k := range buf[:n] {
					if !yield(k, nil) {
						return
					}
				}
				return
			}
		}
		var d decoder
		d.src, d.lim = src, lim
		err := d.start(&c)
		for err == nil && !d.done {
			var n int
			n, err = d.nextNumbers(buf[:])
			for _, k := range buf[:n] {
				if !yield(k, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(0, err)
		}
	}
}

// A decoder is a decoding under way.
type decoder struct {
	cursor // end is the end of src
	src    []byte
	lim    Limit
	n      int // keys decoded
	lsb    bool
	pad    byte // an octet of pad bits
	done   bool // the end of the stream was reached, or an error
}

// start sets d, which has src and lim already, to the beginning of src. (Were src
// to come through a pointer or a result, it would escape: a caller's buffer could not
// stay on its stack, or d would be copied.)
func (d *decoder) start(c *Code) error {
	switch {
	case !c.admits(&d.lim):
		return &Error{Layer: SetLayer, Kind: BadParameter}
	case len(d.src) > maxOctets:
		return &Error{Layer: BitsLayer, Kind: TooMany}
	case uint(d.lim.Start) > uint(len(d.src)*8): // or below 0
		return &Error{Layer: SetLayer, Kind: BadParameter}
	}
	d.lsb, d.pad = c.lsb(), c.padOctet()
	d.rice, d.gap, d.flip = uint(c.Rice), uint64(c.Gap), c.flip()
	d.pos, d.end = d.lim.Start, len(d.src)*8
	d.prev, d.most = -d.gap, min(d.lim.Max, maxFastKey)
	return nil
}

// admits reports whether c and lim are what a decoder can be asked for.
func (c *Code) admits(lim *Limit) bool {
	return c.valid() && lim.Max <= Largest && lim.Len >= 0 && lim.End <= Open
}

// next decodes keys into dst until it is full or the stream ends, and sets done
// in the latter case.
func next[K number](d *decoder, dst []K) (n int, err error) {
	for n < len(dst) && !d.done {
		m := fast(d, dst[n:min(len(dst), n+d.lim.Len-d.n)])
		n, d.n = n+m, d.n+m
		if n == len(dst) {
			break
		}
		key, err := d.careful()
		if err != nil || d.done {
			return n, err
		}
		dst[n] = K(d.take(key))
		n++
	}
	return n, nil
}

// nextNumbers is next for uint64. It is not inlined, because the compiler knows within
// this package that dst does not escape through the generic function, and forgets it
// where that is inlined into another package: buffers would then be allocated.
//
//go:noinline
func (d *decoder) nextNumbers(dst []uint64) (n int, err error) { return next(d, dst) }

// wholeNumbers is whole for uint64, not inlined for the same reason.
//
//go:noinline
func wholeNumbers(dst []uint64, c *Code, src []byte, lim *Limit) (n int, ok bool) {
	return whole(dst, c, src, lim)
}

// A code is one decoded code and where it ends.
type code struct {
	key uint64
	end int
}

// low is the least possible value of the next key. It cannot overflow: keys are at
// most [Largest].
func (d *decoder) low() uint64 { return d.prev + d.gap }

// take moves on to the end of a code and returns its key.
func (d *decoder) take(k code) uint64 {
	d.pos, d.prev = k.end, k.key
	d.n++
	return k.key
}

// careful decodes the code at d.pos without taking it, or finds out that the
// stream ends there, or what is wrong with it. All judgement of decoding is
// here, once; it is asked once or twice a stream.
func (d *decoder) careful() (code, error) {
	if d.lim.End == Counted && d.n == d.lim.Len {
		d.done = true
		return code{}, d.padding()
	}
	r, left := int(d.rice), d.end-d.pos
	if left < 8 && left <= r {
		return code{}, d.ending(false) // too short for a code, whatever it is
	}
	q, ok := d.run()
	if !ok || left-q-1 < r {
		return code{}, d.ending(ok)
	}
	if d.n == d.lim.Len {
		return code{}, d.fault(TooMany, d.pos)
	}
	// No product below can overflow once the quotient is within its bound.
	low := d.low()
	if low > d.lim.Max || uint64(q) > (d.lim.Max-low)>>d.rice {
		return code{}, d.fault(OutOfRange, d.pos)
	}
	stop := d.pos + q // the bit that ends the quotient
	v := uint64(q)<<d.rice | d.remainder(stop+1)
	if v > d.lim.Max-low {
		return code{}, d.fault(OutOfRange, d.pos)
	}
	return code{low + v, stop + 1 + r}, nil
}

// ending judges a stream whose rest holds no complete code, and says whether at
// least the quotient of one is complete.
func (d *decoder) ending(quotient bool) error {
	d.done = true
	switch {
	case d.lim.End == Open:
		return nil
	case d.lim.End == Counted:
		return d.fault(Truncated, d.pos)
	case d.end-d.pos >= 8 && (quotient || d.pad != byte(d.flip)):
		// Too long for padding, and not of pad bits alone.
		return d.fault(Truncated, d.pos)
	}
	return d.padding()
}

// run measures the run of continuation bits at d.pos, a word at a time. It is
// not ok when the run reaches the end of the stream.
func (d *decoder) run() (q int, ok bool) {
	for pos := d.pos; pos < d.end; pos += 64 {
		var n int
		if d.lsb {
			n = bits.TrailingZeros64(bitio.PeekLSB(d.src, pos) ^ d.flip)
		} else {
			n = bits.LeadingZeros64(bitio.Peek(d.src, pos) ^ d.flip)
		}
		if pos+n >= d.end {
			break
		}
		if n < 64 {
			return pos + n - d.pos, true
		}
	}
	return d.end - d.pos, false
}

// remainder reads the remainder at bit pos.
func (d *decoder) remainder(pos int) uint64 {
	r := d.rice
	if d.lsb {
		return bitio.PeekLSB(d.src, pos) & (1<<r - 1)
	}
	return bitio.Peek(d.src, pos) >> 1 >> (63 - r)
}

// padding checks that what is left of the stream is fewer than eight pad bits.
func (d *decoder) padding() error {
	left := d.end - d.pos
	switch {
	case left >= 8:
		return d.fault(TrailingData, d.pos)
	case left == 0:
		return nil
	}
	// All that is left is in the last octet: below its first bits, or above its
	// last ones.
	wrong := d.src[len(d.src)-1] ^ d.pad
	first := bits.LeadingZeros8(wrong << (8 - left))
	if d.lsb {
		first = bits.TrailingZeros8(wrong >> (8 - left))
	}
	if first < left {
		return d.fault(BadPadding, d.pos+first)
	}
	return nil
}

// fault ends the stream with an error at bit pos.
func (d *decoder) fault(k Kind, pos int) error {
	d.done = true
	layer := BitsLayer
	if k == OutOfRange || k == TooMany {
		layer = SetLayer
	}
	return &Error{Layer: layer, Kind: k, At: BitOffset(pos)}
}
