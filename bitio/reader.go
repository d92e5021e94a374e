package bitio

import (
	"io"
	"math/bits"
)

// A Reader reads a stream of bits from a byte slice. The zero value reads an empty
// stream.
type Reader struct {
	buf   uint64 // its low `left` bits are the next ones of the stream, the first at the top of them; LSB first, at the bottom
	left  uint
	pos   int // bit offset in src of the end of buf
	src   []byte
	order Order
	err   error
}

// NewReader returns a reader at the first bit of src. It keeps src and never
// writes to it.
func NewReader(src []byte, order Order) Reader { return Reader{src: src, order: order} }

// ReadBits reads the next n bits, 0 to 64, as a number whose most significant
// bit comes first; of an LSB-first stream, the least significant one. When fewer than n
// are left it returns 0, consumes them all, and [Reader.Err] is io.ErrUnexpectedEOF from
// then on.
func (r *Reader) ReadBits(n uint) uint64 {
	if n > r.left {
		r.fill(n)
	}
	r.left -= n
	if r.order == LSBFirst {
		v := r.buf &^ (^uint64(0) << n)
		r.buf >>= n
		return v
	}
	return r.buf >> r.left &^ (^uint64(0) << n)
}

// fill makes at least n bits available, or leaves n zero bits in their place
// and the error.
func (r *Reader) fill(n uint) {
	cur := r.Offset()
	avail := len(r.src)*8 - cur
	if avail < int(n) {
		r.fail(io.ErrUnexpectedEOF)
		r.left = n
		return
	}
	r.left = uint(min(avail, 64))
	if r.order == LSBFirst {
		r.buf = PeekLSB(r.src, cur)
	} else {
		r.buf = Peek(r.src, cur) >> (64 - r.left)
	}
	r.pos = cur + int(r.left)
}

// fail keeps the first error and moves to the end of the stream, so that every
// later read fails too.
func (r *Reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.buf, r.left, r.pos = 0, 0, len(r.src)*8
}

// ReadUnary reads a unary number of the given polarity. A number above max is
// [ErrUnary]: at most max+64 bits are looked at before that is known. On any
// error it returns 0.
func (r *Reader) ReadUnary(run Run, max uint64) uint64 {
	flip := run.Flip()
	var q uint64
	for {
		n := uint(bits.LeadingZeros64((r.buf ^ flip) << (64 - r.left)))
		if r.order == LSBFirst {
			n = uint(bits.TrailingZeros64(r.buf ^ flip))
		}
		if n < r.left {
			if r.left -= n + 1; r.order == LSBFirst {
				r.buf >>= n + 1
			}
			if q += uint64(n); q > max {
				break
			}
			return q
		}
		if q += uint64(r.left); q > max {
			break
		}
		r.left = 0
		if r.fill(1); r.err != nil {
			r.left = 0
			return 0
		}
	}
	r.fail(ErrUnary)
	return 0
}

// Offset is the number of bits read so far; after an error, the length of the
// stream in bits.
func (r *Reader) Offset() int { return r.pos - int(r.left) }

// Left is the number of bits not yet read.
func (r *Reader) Left() int { return len(r.src)*8 - r.Offset() }

// Err is the first error: nil, io.ErrUnexpectedEOF or [ErrUnary].
func (r *Reader) Err() error { return r.err }
