package gcs

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"slices"

	"github.com/cache-aware/casper/bitio"
)

// AppendDecode decodes src and appends its keys, ascending, to dst.
//
// On an error the keys decoded before it are appended nevertheless, so that a
// caller can say how far it came; [Error.Offset] is where the faulty code
// begins, or the first faulty pad bit. The kinds are [Truncated], [OutOfRange],
// [TooMany], [TrailingData], [BadPadding], and [BadParameter] for c and lim
// themselves.
//
// dst grows by what is decoded, at most lim.Len keys; nothing is allocated when it
// has room.
func (c Code) AppendDecode(dst []uint64, src []byte, lim Limit) ([]uint64, error) {
	d, err := c.decoder(src, lim)
	if err != nil {
		return dst, err
	}
	for {
		if len(dst) == cap(dst) {
			// What is left cannot be more keys than this; take an eighth of it
			// at a time, since sparse sets hold far fewer.
			most := min(lim.Len-d.n, (len(src)*8-d.pos)/(int(c.Rice)+1))
			if most > 0 {
				dst = slices.Grow(dst, min(most, max(most/8, 64)))
			}
		}
		n, err := d.next(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if err != nil || d.done {
			return dst, err
		}
	}
}

// All returns an iterator over the keys of src, ascending. An error ends it: its
// last pair is then (0, err), as [Code.AppendDecode] would return it.
func (c Code) All(src []byte, lim Limit) iter.Seq2[uint64, error] {
	return func(yield func(uint64, error) bool) {
		d, err := c.decoder(src, lim)
		var buf [chunk]uint64
		for err == nil && !d.done {
			var n int
			n, err = d.next(buf[:])
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

// chunk is how many keys the readers that keep none decode at a time: enough to
// decode at full speed, few enough to stay in the first-level cache.
const chunk = 64

// Contains reports whether key is in src. It stops at the first key that is not
// below it: what follows is not looked at, and its errors are not found.
func (c Code) Contains(src []byte, key uint64, lim Limit) (bool, error) {
	d, err := c.decoder(src, lim)
	var buf [chunk]uint64
	for err == nil && !d.done {
		var n int
		n, err = d.next(buf[:])
		if n > 0 && buf[n-1] >= key {
			_, found := slices.BinarySearch(buf[:n], key)
			return found, nil
		}
	}
	return false, err
}

// ContainsAny reports whether any of the sorted keys is in src. It goes through
// both once and stops at the first key that is in both, or once either is at its end.
// As with [Code.Contains], what was not looked at was not checked.
func (c Code) ContainsAny(src []byte, sorted []uint64, lim Limit) (bool, error) {
	d, err := c.decoder(src, lim)
	var buf [chunk]uint64
	for err == nil && !d.done && len(sorted) > 0 {
		var n int
		n, err = d.next(buf[:])
		for i := 0; i < n && len(sorted) > 0 && sorted[0] <= buf[n-1]; {
			switch {
			case buf[i] < sorted[0]:
				i++
			case buf[i] > sorted[0]:
				sorted = sorted[1:]
			default:
				return true, nil
			}
		}
	}
	if len(sorted) == 0 {
		return false, nil
	}
	return false, err
}

// A decoder is a decoding under way.
type decoder struct {
	c    Code
	src  []byte
	lim  Limit
	pos  int    // bits decoded
	low  uint64 // least possible value of the next key
	n    int    // keys decoded
	done bool
}

func (c Code) decoder(src []byte, lim Limit) (decoder, error) {
	d := decoder{c: c, src: src, lim: lim}
	switch {
	case !c.valid() || lim.Max > Largest || lim.Len < 0 || lim.End > Open:
		return d, &Error{Layer: SetLayer, Kind: BadParameter}
	case len(src) > maxOctets:
		return d, &Error{Layer: BitsLayer, Kind: TooMany}
	}
	return d, nil
}

// next decodes keys into dst, as many as there are or fit, and at least one if
// dst has room. It sets done at the end of the stream.
func (d *decoder) next(dst []uint64) (n int, err error) {
	for !d.done {
		room := dst[n:]
		if len(room) > d.lim.Len-d.n {
			room = room[:d.lim.Len-d.n]
		}
		m := d.fast(room)
		n, d.n = n+m, d.n+m
		key, err := d.careful()
		if err != nil || d.done {
			return n, err
		}
		if n == len(dst) {
			// There is a key, but no room: leave it for the next call.
			return n, nil
		}
		d.take(key)
		dst[n] = key.key
		n++
	}
	return n, nil
}

// A code is one decoded code and where it ends.
type code struct {
	key uint64
	end int
}

func (d *decoder) take(k code) {
	d.pos, d.low = k.end, k.key+uint64(d.c.Gap)
	d.n++
}

// fast decodes complete, ordinary codes for as long as there are any, dst has
// room and no key is above the limit. It judges nothing: at whatever it does not
// understand it stops, with d.pos at the beginning of that code.
//
// Whole words are loaded from src while they last. The octets after that are
// decoded from a copy in front of zeros, which is a run that never ends.
func (d *decoder) fast(dst []uint64) (n int) {
	if d.c.Rice > 48 || len(dst) == 0 {
		return 0
	}
	// Below 2^62 nothing in the loops can overflow: a code of a window of 57
	// bits adds less than 2^57 to a key.
	most := min(d.lim.Max, 1<<62)
	if d.low > most {
		return 0
	}
	loop := d.c.loop()
	if len(d.src) >= 8 {
		n, d.pos, d.low = loop(d.c, dst, d.src, d.pos, len(d.src)*8, d.low, most)
	}
	base := d.pos >> 3
	if n == len(dst) || len(d.src)-base > 8 {
		return n
	}
	var tail [16]byte
	binary.NativeEndian.PutUint64(tail[:], d.c.flip())
	binary.NativeEndian.PutUint64(tail[8:], d.c.flip())
	copy(tail[:], d.src[base:])
	m, pos, low := loop(d.c, dst[n:], tail[:], d.pos-base*8, (len(d.src)-base)*8, d.low, most)
	d.pos, d.low = base*8+pos, low
	return n + m
}

// A loop decodes codes from src, which has at least eight octets, beginning at
// bit pos with low as the least possible key. It ends where dst is full, where
// fewer than eight octets are left, where a code would go beyond the bit end or
// does not fit a window, and before a key above most. It returns the number of keys,
// and pos and low after them.
type loop func(c Code, dst []uint64, src []byte, pos, end int, low, most uint64) (int, int, uint64)

// loop chooses how many codes to decode from one window of 57 bits.
func (c Code) loop() loop {
	switch {
	case c.Order == bitio.LSBFirst:
		return decodeLSB
	case c.Rice <= 11:
		return decode4
	default:
		return decode2
	}
}

// decode4 takes four codes from a window without looking whether they are all
// in it, and asks once at the end; with at most 11 remainder bits they nearly always
// are. Asking at each code would cost a mispredicted branch per window, and
// loading at each code would put the load into the chain from one code to the
// next.
func decode4(c Code, dst []uint64, src []byte, pos, end int, low, most uint64) (int, int, uint64) {
	r, gap, flip := uint(c.Rice)&63, uint64(c.Gap), c.flip()
	rflip := flip & (1<<r - 1)
	down := (63 - r) & 63
	n := 0
	for n < len(dst) {
		i := pos >> 3
		if i+8 > len(src) {
			break
		}
		w := (binary.BigEndian.Uint64(src[i:]) ^ flip) << (uint(pos) & 7)
		first := w
		if n+4 <= len(dst) {
			q0 := uint(bits.LeadingZeros64(w))
			w <<= (q0 + 1) & 63
			v0 := uint64(q0)<<r | w>>1>>down ^ rflip
			w <<= r
			q1 := uint(bits.LeadingZeros64(w))
			w <<= (q1 + 1) & 63
			v1 := uint64(q1)<<r | w>>1>>down ^ rflip
			w <<= r
			q2 := uint(bits.LeadingZeros64(w))
			w <<= (q2 + 1) & 63
			v2 := uint64(q2)<<r | w>>1>>down ^ rflip
			w <<= r
			q3 := uint(bits.LeadingZeros64(w))
			w <<= (q3 + 1) & 63
			v3 := uint64(q3)<<r | w>>1>>down ^ rflip

			total := int(q0 + q1 + q2 + q3 + 4*r + 4)
			if total <= 57 && pos+total <= end {
				k0 := low + v0
				k1 := k0 + gap + v1
				k2 := k1 + gap + v2
				k3 := k2 + gap + v3
				if k3 <= most {
					out := dst[n : n+4 : n+4]
					out[0], out[1], out[2], out[3] = k0, k1, k2, k3
					n += 4
					pos += total
					low = k3 + gap
					continue
				}
			}
		}
		// One by one, as far as this window reaches.
		m := n
		for w, left := first, 57; n < len(dst); n++ {
			q := uint(bits.LeadingZeros64(w))
			total := int(q + 1 + r)
			if total > left || pos+total > end {
				break
			}
			w <<= (q + 1) & 63
			k := low + (uint64(q)<<r | w>>1>>down ^ rflip)
			if k > most {
				return n, pos, low
			}
			w <<= r
			left -= total
			dst[n] = k
			pos += total
			low = k + gap
		}
		if n == m {
			break
		}
	}
	return n, pos, low
}

// decode2 is decode4 with two codes a window, for remainders that leave room
// for no more.
func decode2(c Code, dst []uint64, src []byte, pos, end int, low, most uint64) (int, int, uint64) {
	r, gap, flip := uint(c.Rice)&63, uint64(c.Gap), c.flip()
	rflip := flip & (1<<r - 1)
	down := (63 - r) & 63
	n := 0
	for n < len(dst) {
		i := pos >> 3
		if i+8 > len(src) {
			break
		}
		w := (binary.BigEndian.Uint64(src[i:]) ^ flip) << (uint(pos) & 7)
		q0 := uint(bits.LeadingZeros64(w))
		w <<= (q0 + 1) & 63
		k0 := low + (uint64(q0)<<r | w>>1>>down ^ rflip)
		w <<= r
		q1 := uint(bits.LeadingZeros64(w))
		w <<= (q1 + 1) & 63
		k1 := k0 + gap + (uint64(q1)<<r | w>>1>>down ^ rflip)

		t0 := int(q0 + r + 1)
		t1 := t0 + int(q1+r+1)
		if t1 <= 57 && pos+t1 <= end && k1 <= most && n+2 <= len(dst) {
			out := dst[n : n+2 : n+2]
			out[0], out[1] = k0, k1
			n += 2
			pos += t1
			low = k1 + gap
			continue
		}
		if t0 > 57 || pos+t0 > end || k0 > most {
			break
		}
		dst[n] = k0
		n++
		pos += t0
		low = k0 + gap
	}
	return n, pos, low
}

// decodeLSB is the loop for streams that are LSB first. Everything is mirrored:
// the next bit is at the bottom of the window, and a remainder's least significant
// bit comes first, so that it needs no turning round.
func decodeLSB(c Code, dst []uint64, src []byte, pos, end int, low, most uint64) (int, int, uint64) {
	r, gap, flip := uint(c.Rice)&63, uint64(c.Gap), c.flip()
	mask := uint64(1)<<r - 1
	n := 0
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
			total := int(q + 1 + r)
			if total > left || pos+total > end {
				break
			}
			w >>= (q + 1) & 63
			k := low + (uint64(q)<<r | w&mask ^ flip&mask)
			if k > most {
				return n, pos, low
			}
			w >>= r
			left -= total
			dst[n] = k
			n++
			pos += total
			low = k + gap
		}
		if n == m {
			break
		}
	}
	return n, pos, low
}

// careful decodes the code at d.pos without taking it, or finds out that the
// stream ends there, or what is wrong with it. All judgement of decoding is
// here, once; it is asked once or twice a stream.
func (d *decoder) careful() (code, error) {
	end := len(d.src) * 8
	if d.lim.End == Counted && d.n == d.lim.Len {
		d.done = true
		return code{}, d.padding(end)
	}
	q, ok := d.run(end)
	stop := d.pos + q // the bit that ends the quotient
	r := int(d.c.Rice)
	if !ok || end-stop-1 < r {
		d.done = true
		switch {
		case d.lim.End == Open:
			return code{}, nil
		case d.lim.End == Counted:
			return code{}, d.fault(Truncated, d.pos)
		}
		if end-d.pos >= 8 && (ok || d.c.padBits() != d.c.flip()) {
			// Too long for padding, and not of pad bits alone.
			return code{}, d.fault(Truncated, d.pos)
		}
		return code{}, d.padding(end)
	}
	if d.n == d.lim.Len {
		return code{}, d.fault(TooMany, d.pos)
	}
	// No product below can overflow once the quotient is within its bound.
	if d.low > d.lim.Max || uint64(q) > (d.lim.Max-d.low)>>d.c.Rice {
		return code{}, d.fault(OutOfRange, d.pos)
	}
	v := uint64(q)<<d.c.Rice | d.remainder(stop+1)
	if v > d.lim.Max-d.low {
		return code{}, d.fault(OutOfRange, d.pos)
	}
	return code{d.low + v, stop + 1 + r}, nil
}

// run measures the run of continuation bits at d.pos, a word at a time. It is
// not ok when the run reaches the end of the stream.
func (d *decoder) run(end int) (q int, ok bool) {
	flip := d.c.flip()
	for pos := d.pos; pos < end; pos += 64 {
		var n int
		if d.c.Order == bitio.LSBFirst {
			n = bits.TrailingZeros64(bitio.PeekLSB(d.src, pos) ^ flip)
		} else {
			n = bits.LeadingZeros64(bitio.Peek(d.src, pos) ^ flip)
		}
		if pos+n >= end {
			break
		}
		if n < 64 {
			return pos + n - d.pos, true
		}
	}
	return end - d.pos, false
}

func (d *decoder) remainder(pos int) uint64 {
	r := d.c.Rice
	if d.c.Order == bitio.LSBFirst {
		return bitio.PeekLSB(d.src, pos) & (1<<r - 1)
	}
	return bitio.Peek(d.src, pos) >> 1 >> (63 - r)
}

// padding checks that what is left of the stream is fewer than eight pad bits.
func (d *decoder) padding(end int) error {
	left := uint(end - d.pos)
	if left >= 8 {
		return d.fault(TrailingData, d.pos)
	}
	var wrong int
	if d.c.Order == bitio.LSBFirst {
		wrong = bits.TrailingZeros64((bitio.PeekLSB(d.src, d.pos) ^ d.c.padBits()) & (1<<left - 1))
	} else {
		wrong = bits.LeadingZeros64((bitio.Peek(d.src, d.pos) ^ d.c.padBits()) &^ (^uint64(0) >> left))
	}
	if wrong < 64 {
		return d.fault(BadPadding, d.pos+wrong)
	}
	return nil
}

func (d *decoder) fault(k Kind, pos int) error {
	d.done = true
	layer := BitsLayer
	if k == OutOfRange || k == TooMany {
		layer = SetLayer
	}
	return &Error{Layer: layer, Kind: k, Offset: pos}
}
