package bitio

import (
	"io"
	"math/bits"
)

// A Reader reads an MSB-first stream of bits from a byte slice. The zero value
// reads an empty stream.
type Reader struct {
	buf  uint64 // its low `left` bits are the next ones of the stream
	left uint
	pos  int // bit offset in src of the end of buf
	src  []byte
	err  error
}

// NewReader returns a reader at the first bit of src. It keeps src and never
// writes to it.
func NewReader(src []byte) Reader { return Reader{src: src} }

// ReadBits reads the next n bits, 0 to 64, as a number whose most significant
// bit comes first. When fewer than n are left it returns 0, consumes them all,
// and [Reader.Err] is io.ErrUnexpectedEOF from then on.
//
// The shape of this function is what the inliner's budget allows (cost 79 of
// 80): one comparison, one call that hides everything rare, and a value taken
// from the bottom of the buffer so that the buffer itself is not written back.
// TestInlining watches over it.
func (r *Reader) ReadBits(n uint) uint64 {
	if n > r.left {
		r.fill(n)
	}
	r.left -= n
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
	r.buf, r.left = Peek(r.src, cur), 64
	if avail < 64 {
		r.left = uint(avail)
		r.buf >>= 64 - r.left
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
		w := (r.buf ^ flip) << (64 - r.left)
		if n := uint(bits.LeadingZeros64(w)); n < r.left {
			r.left -= n + 1
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

// A ReaderLSB reads an LSB-first stream of bits from a byte slice. The zero
// value reads an empty stream.
type ReaderLSB struct {
	buf  uint64 // its low `left` bits are the next ones, the first at the bottom
	left uint
	pos  int
	src  []byte
	err  error
}

// NewReaderLSB returns a reader at the first bit of src. It keeps src and never
// writes to it.
func NewReaderLSB(src []byte) ReaderLSB { return ReaderLSB{src: src} }

// ReadBits reads the next n bits, 0 to 64, as a number whose least significant
// bit comes first. Its errors are those of [Reader.ReadBits].
func (r *ReaderLSB) ReadBits(n uint) uint64 {
	if n > r.left {
		r.fill(n)
	}
	v := r.buf &^ (^uint64(0) << n)
	r.buf >>= n
	r.left -= n
	return v
}

func (r *ReaderLSB) fill(n uint) {
	cur := r.Offset()
	avail := len(r.src)*8 - cur
	if avail < int(n) {
		r.fail(io.ErrUnexpectedEOF)
		r.left = n
		return
	}
	r.buf, r.left = PeekLSB(r.src, cur), uint(min(avail, 64))
	r.pos = cur + int(r.left)
}

func (r *ReaderLSB) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.buf, r.left, r.pos = 0, 0, len(r.src)*8
}

// ReadUnary reads a unary number as [Reader.ReadUnary] does.
func (r *ReaderLSB) ReadUnary(run Run, max uint64) uint64 {
	flip := run.Flip()
	var q uint64
	for {
		if n := uint(bits.TrailingZeros64(r.buf ^ flip)); n < r.left {
			r.buf >>= n + 1
			r.left -= n + 1
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
func (r *ReaderLSB) Offset() int { return r.pos - int(r.left) }

// Left is the number of bits not yet read.
func (r *ReaderLSB) Left() int { return len(r.src)*8 - r.Offset() }

// Err is the first error: nil, io.ErrUnexpectedEOF or [ErrUnary].
func (r *ReaderLSB) Err() error { return r.err }
