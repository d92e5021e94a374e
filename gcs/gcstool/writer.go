package gcstool

import (
	"encoding/binary"
	"io"

	"github.com/cache-aware/casper/gcs"
)

// A Writer writes a set of values that come sorted. It keeps the index in memory and nothing else.
type Writer struct {
	w     io.Writer
	p     Params
	every uint64
	buf   []byte
	acc   uint64 // bits that are no whole octet yet, at the bottom
	used  uint   // how many: fewer than 8
	bits  uint64 // written
	n     uint64 // values written
	last  uint64
	index []entry
	err   error // the first, which is final
}

// NewWriter returns a writer of a set of p.N hashes, with an entry of the index after so many values
// each, or with none if every is 0. gcstool takes [Usual].
func NewWriter(w io.Writer, p Params, every uint64) (*Writer, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return &Writer{w: w, p: p, every: every, buf: make([]byte, 0, flushAt+1<<10)}, nil
}

// flushAt is how many octets are gathered.
const flushAt = 64 << 10

// Add adds a value, which is a hash modulo [Params.Universe], and not below the one before. One that
// is equal to it is there already. The errors are [gcs.OutOfRange], [gcs.Unsorted],
// [gcs.BadParameter] for more values than there are hashes, and those of the writer below.
func (w *Writer) Add(value uint64) error {
	switch {
	case w.err != nil:
		return w.err
	case value >= w.p.Universe():
		w.err = &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.OutOfRange, At: gcs.KeyIndex(int(w.n))}
		return w.err
	case w.n > 0 && value < w.last:
		w.err = &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.Unsorted, At: gcs.KeyIndex(int(w.n))}
		return w.err
	case w.n > 0 && value == w.last:
		return nil
	case w.n == w.p.N:
		w.err = bad("there are more values than %d hashes", w.p.N)
		return w.err
	}
	w.code(value - w.last)
	if w.every > 0 && w.n > 0 && w.n%w.every == 0 {
		w.index = append(w.index, entry{value, w.bits})
	}
	w.n, w.last = w.n+1, value
	return w.err
}

// code writes a gap.
func (w *Writer) code(gap uint64) {
	q := gap / w.p.P
	for ; q >= 32; q -= 32 {
		w.write(1<<32-1, 32)
	}
	w.write(1<<(q+1)-2, uint(q)+1)
	if r := uint(w.p.Rice()); r > 32 {
		w.write(gap%w.p.P>>32, r-32)
		w.write(gap%w.p.P&(1<<32-1), 32)
	} else {
		w.write(gap%w.p.P, r)
	}
}

// write writes the low n bits of v, at most 33, most significant first.
func (w *Writer) write(v uint64, n uint) {
	w.acc = w.acc<<n | v
	w.bits += uint64(n)
	for w.used += n; w.used >= 8; {
		w.used -= 8
		w.buf = append(w.buf, byte(w.acc>>w.used))
	}
	w.acc &= 1<<w.used - 1
	if len(w.buf) >= flushAt {
		w.flush()
	}
}

func (w *Writer) flush() {
	if w.err == nil {
		_, w.err = w.w.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// Len returns the number of values that were written.
func (w *Writer) Len() uint64 { return w.n }

// Close writes what ends a file. It does not close the writer below. Of hashes there must be a value:
// otherwise it is [gcs.BadParameter].
func (w *Writer) Close() error {
	if w.err == nil && w.n == 0 && w.p.N > 0 {
		w.err = bad("there is no value of %d hashes", w.p.N)
	}
	if w.err != nil {
		return w.err
	}
	w.code(0)
	if pad := uint(-int64(w.bits) & 7); pad > 0 {
		w.write(0, pad)
	}
	f := Footer{w.p, w.bits / 8, uint64(len(w.index))}
	for _, e := range w.index {
		w.buf = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(w.buf, e.value), e.bit)
		if len(w.buf) >= flushAt {
			w.flush()
		}
	}
	w.buf = f.append(w.buf)
	w.flush()
	if w.err != nil {
		return w.err
	}
	w.err = io.ErrClosedPipe
	return nil
}
