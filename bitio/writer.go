package bitio

import "encoding/binary"

// A Writer gathers a stream of bits. The zero value is an empty stream, MSB first.
type Writer struct {
	Order Order // where an octet begins; not to be changed once something was written

	buf  uint64 // pending bits, the first at the top; LSB first, at the bottom
	used uint   // how many, below 64
	out  []byte // whole words
}

// WriteBits writes the low n bits of v, 0 to 64, most significant first; to an LSB-first
// stream, least significant first. The other bits of v must be zero.
func (w *Writer) WriteBits(v uint64, n uint) {
	if w.Order == LSBFirst {
		w.buf |= v << w.used
	} else {
		w.buf |= v << (64 - n) >> w.used
	}
	if w.used += n; w.used < 64 {
		return
	}
	w.used -= 64
	if w.Order == LSBFirst {
		w.out = binary.LittleEndian.AppendUint64(w.out, w.buf)
		w.buf = v >> (n - w.used)
	} else {
		w.out = binary.BigEndian.AppendUint64(w.out, w.buf)
		w.buf = v << (64 - w.used)
	}
}

// WriteUnary writes q in unary: q continuation bits of the polarity and the bit
// that ends it. It takes q+1 bits of memory; bounding q is the caller's part.
func (w *Writer) WriteUnary(run Run, q uint64) {
	flip := run.Flip()
	for ; q >= 64; q -= 64 {
		w.WriteBits(flip, 64)
	}
	n := uint(q)
	w.WriteBits(flip>>(64-n), n)
	w.WriteBits(^flip&1, 1)
}

// Len is the number of bits written.
func (w *Writer) Len() int { return len(w.out)*8 + int(w.used) }

// AppendTo appends the stream to dst. The last octet is filled up with the
// continuation bit of run: padding of any length then reads as no number at
// all, which a stream that ends where its octets end relies on. The writer can
// be written on.
func (w *Writer) AppendTo(dst []byte, run Run) []byte {
	dst = append(dst, w.out...)
	if w.used == 0 {
		return dst
	}
	var b [8]byte
	if w.Order == LSBFirst {
		binary.LittleEndian.PutUint64(b[:], w.buf|run.Flip()<<w.used)
	} else {
		binary.BigEndian.PutUint64(b[:], w.buf|run.Flip()>>w.used)
	}
	return append(dst, b[:(w.used+7)/8]...)
}

// Reset empties the writer and keeps its memory.
func (w *Writer) Reset() { *w = Writer{Order: w.Order, out: w.out[:0]} }
