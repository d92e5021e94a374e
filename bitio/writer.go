package bitio

import "encoding/binary"

// A Writer gathers an MSB-first stream of bits. The zero value is an empty
// stream.
type Writer struct {
	buf     uint64 // pending bits, the first at the top
	free    uint   // unused low bits of buf; 0 also before the first write
	started bool
	out     []byte // whole words
}

// WriteBits writes the low n bits of v, 0 to 64, most significant first. The
// other bits of v must be zero.
//
// Counting the free bits rather than the used ones is what keeps it within the
// inliner's budget (cost 77 of 80).
func (w *Writer) WriteBits(v uint64, n uint) {
	if n <= w.free {
		w.free -= n
		w.buf |= v << w.free
	} else {
		w.spill(v, n)
	}
}

// spill completes the pending word with the first bits of v, and keeps the rest.
func (w *Writer) spill(v uint64, n uint) {
	if !w.started {
		w.started, w.free = true, 64
		w.WriteBits(v, n)
		return
	}
	n -= w.free
	w.out = binary.BigEndian.AppendUint64(w.out, w.buf|v>>n)
	w.free = 64 - n
	w.buf = v << w.free
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
func (w *Writer) Len() int {
	if !w.started {
		return 0
	}
	return len(w.out)*8 + 64 - int(w.free)
}

// AppendTo appends the stream to dst. The last octet is filled up with the
// continuation bit of run: padding of any length then reads as no number at
// all, which a stream that ends where its octets end relies on. The writer can
// be written on.
func (w *Writer) AppendTo(dst []byte, run Run) []byte {
	dst = append(dst, w.out...)
	if !w.started || w.free == 64 {
		return dst
	}
	used := 64 - w.free
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], w.buf|run.Flip()>>used)
	return append(dst, b[:(used+7)/8]...)
}

// Reset empties the writer and keeps its memory.
func (w *Writer) Reset() { *w = Writer{out: w.out[:0]} }

// A WriterLSB gathers an LSB-first stream of bits. The zero value is an empty
// stream.
type WriterLSB struct {
	buf  uint64 // pending bits, the first at the bottom
	used uint   // below 64
	out  []byte
}

// WriteBits writes the low n bits of v, 0 to 64, least significant first. The
// other bits of v must be zero.
func (w *WriterLSB) WriteBits(v uint64, n uint) {
	w.buf |= v << w.used
	if w.used += n; w.used >= 64 {
		w.out = binary.LittleEndian.AppendUint64(w.out, w.buf)
		w.used -= 64
		w.buf = v >> (n - w.used)
	}
}

// WriteUnary writes q in unary, as [Writer.WriteUnary] does.
func (w *WriterLSB) WriteUnary(run Run, q uint64) {
	flip := run.Flip()
	for ; q >= 64; q -= 64 {
		w.WriteBits(flip, 64)
	}
	n := uint(q)
	w.WriteBits(flip>>(64-n), n)
	w.WriteBits(^flip&1, 1)
}

// Len is the number of bits written.
func (w *WriterLSB) Len() int { return len(w.out)*8 + int(w.used) }

// AppendTo appends the stream to dst, padded as [Writer.AppendTo] pads.
func (w *WriterLSB) AppendTo(dst []byte, run Run) []byte {
	dst = append(dst, w.out...)
	if w.used == 0 {
		return dst
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], w.buf|run.Flip()<<w.used)
	return append(dst, b[:(w.used+7)/8]...)
}

// Reset empties the writer and keeps its memory.
func (w *WriterLSB) Reset() { *w = WriterLSB{out: w.out[:0]} }
