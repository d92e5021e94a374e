package gcstool

import (
	"bufio"
	"encoding/binary"
	"io"
	"iter"
	"math/bits"
	"sort"
	"sync"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// maxEntries is how many entries of an index are kept in memory, 16 MiB of them. Of a longer one every
// second, third and so on is kept, and the others are read when they are needed.
const maxEntries = 1 << 20

// A Set asks a file. It is safe for concurrent use if its reader is, as that of an [os.File] is.
type Set struct {
	Footer
	r     io.ReaderAt
	size  uint64
	step  uint64  // entries of the index for each that is kept
	index []entry // every step'th entry, the first one's before it: entry 0 is the beginning
}

// Open reads the footer and the index of a file of that size. Nothing else is judged: [Set.All] does.
//
// The errors are those of the reader; [gcs.Truncated] where there is no footer; [gcs.NonCanonical] where
// index and footer do not agree; and [gcs.BadParameter] for N and P. Memory is at most 17 MiB.
func Open(r io.ReaderAt, size int64) (*Set, error) {
	s := &Set{r: r, size: uint64(max(size, 0))}
	tail := make([]byte, min(s.size, footerSize))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return nil, err
	}
	var err error
	if s.Footer, err = parseFooter(tail, s.size); err != nil {
		return nil, err
	}
	s.step = max((s.Entries+maxEntries-1)/maxEntries, 1)
	s.index = make([]entry, 1, 1+s.Entries/s.step)
	at := io.NewSectionReader(r, int64(s.Index), int64(s.Entries*entrySize))
	piece := make([]byte, 64<<10)
	for n := uint64(0); n < s.Entries; {
		octets := piece[:min(uint64(len(piece)), (s.Entries-n)*entrySize)]
		if _, err := io.ReadFull(at, octets); err != nil {
			return nil, err
		}
		for ; len(octets) > 0; octets = octets[entrySize:] {
			if n++; n%s.step != 0 {
				continue
			}
			s.index = append(s.index, parseEntry(octets))
		}
	}
	return s, nil
}

func parseEntry(octets []byte) entry {
	return entry{binary.BigEndian.Uint64(octets), binary.BigEndian.Uint64(octets[8:])}
}

// Has reports whether the set holds a hash: certainly not if it says no, with a probability of 1/P that
// it is wrong if it says yes. As gcstool it always says yes of the value 0, and what it does not
// read is not judged. It allocates nothing.
//
// It reads the codes from an entry of the index to the next, once, and decodes those up to the
// value. With an entry every 1024 values that is 3.4 KB for P = 2^24.
func (s *Set) Has(hash uint64) (bool, error) {
	if s.N == 0 {
		return false, nil
	}
	return s.HasValue(hash % s.Universe())
}

// HasValue is [Set.Has] of a hash modulo N*P.
func (s *Set) HasValue(value uint64) (bool, error) {
	if s.N == 0 || value >= s.Universe() {
		return false, nil
	}
	from, to, err := s.segment(value)
	if err != nil || from.value == value {
		return err == nil, err
	}
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	d.start(s, from.bit, to)
	first := from.bit == 0
	for last := from.value; ; {
		gap, err := d.next(s.Universe() - 1 - last)
		if err != nil || gap == 0 && !first {
			return false, err
		}
		first = false
		if last += gap; last < value {
			last = d.pass(last, value)
		}
		if last >= value {
			return last == value, nil
		}
	}
}

// segment returns the last entry that is not above the value, and the bit at which the codes up to the
// next one end.
func (s *Set) segment(value uint64) (from entry, to uint64, err error) {
	i := sort.Search(len(s.index), func(i int) bool { return s.index[i].value > value }) - 1
	from, to = s.index[i], 8*s.Index
	if i+1 < len(s.index) {
		to = s.index[i+1].bit
	}
	if from.bit > to || to > 8*s.Index {
		return from, to, s.disorder()
	}
	if s.step == 1 {
		return from, to, nil
	}
	// Those in between, as many as there are.
	n := min(s.step-1, s.Entries-uint64(i)*s.step)
	octets := make([]byte, n*entrySize)
	if _, err := s.r.ReadAt(octets, int64(s.Index+uint64(i)*s.step*entrySize)); err != nil && err != io.EOF {
		return from, to, err
	}
	for ; len(octets) > 0; octets = octets[entrySize:] {
		e := parseEntry(octets)
		if e.value > value {
			if e.bit < from.bit {
				return from, to, s.disorder()
			}
			return from, min(e.bit, to), nil
		}
		if e.bit < from.bit || e.bit > to {
			return from, to, s.disorder()
		}
		from = e
	}
	return from, to, nil
}

func (s *Set) disorder() error {
	return fault(gcs.BitsLayer, gcs.NonCanonical, 8*s.Index, "the index is out of order")
}

// All returns the values, ascending, and judges the whole file strictly: what it accepts is what
// gcstool writes for some set and some distance of the index's entries. Anything else ends it
// with (0, err), a *[gcs.Error] or an error of the reader.
func (s *Set) All() iter.Seq2[uint64, error] {
	return func(yield func(uint64, error) bool) {
		d := new(decoder)
		d.start(s, 0, 8*s.Index)
		x := indexReader{s: s}
		var last, n uint64
		for {
			at := d.bit()
			most := uint64(0)
			if s.N > 0 {
				most = s.Universe() - 1 - last
			}
			gap, err := d.next(most)
			if err == nil && gap == 0 && (n > 0 || s.N == 0) {
				err = d.ending()
				if err == nil {
					err = x.end(n)
				}
				if err != nil {
					yield(0, err)
				}
				return
			}
			if err == nil && n == s.N {
				err = fault(gcs.SetLayer, gcs.TooMany, at, "there are more values than %d hashes", s.N)
			}
			if err == nil {
				err = x.value(n, last+gap, d.bit())
			}
			if err != nil {
				yield(0, err)
				return
			}
			last += gap
			n++
			if !yield(last, nil) {
				return
			}
		}
	}
}

// An indexReader holds the index against the values as they come.
type indexReader struct {
	s     *Set
	in    *bufio.Reader // nil before the first
	next  entry
	have  bool   // there is a next one
	every uint64 // values from entry to entry, once the first was met
}

// value judges the entry of value number n, if it has one; the first value, number 0, has none.
func (x *indexReader) value(n, value, bit uint64) error {
	if x.in == nil {
		x.in = bufio.NewReader(io.NewSectionReader(x.s.r, int64(x.s.Index), int64(x.s.Entries*entrySize)))
		if err := x.advance(); err != nil {
			return err
		}
	}
	is := entry{value, bit}
	switch {
	case n == 0 || !x.have, x.every > 0 && n%x.every != 0, x.every == 0 && x.next.value > value:
		return nil
	case x.next != is:
		return x.wrong()
	}
	if x.every == 0 {
		x.every = n
	}
	return x.advance()
}

func (x *indexReader) advance() error {
	var octets [entrySize]byte
	_, err := io.ReadFull(x.in, octets[:])
	x.next, x.have = parseEntry(octets[:]), err == nil
	if err == io.EOF {
		return nil
	}
	return err
}

// end judges the index of n values.
func (x *indexReader) end(n uint64) error {
	met := uint64(0)
	if x.every > 0 {
		met = (n - 1) / x.every
	}
	if met != x.s.Entries {
		return x.wrong()
	}
	return nil
}

func (x *indexReader) wrong() error {
	return fault(gcs.BitsLayer, gcs.NonCanonical, 8*x.s.Index, "the index is that of other values, or of other distances")
}

// decoders are kept, since a buffer is larger than what one question should allocate.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// A decoder reads codes of a file, a piece at a time.
type decoder struct {
	r    io.ReaderAt
	p    uint64
	rice int
	end  uint64 // the bit behind the last piece
	base uint64 // the bit of the file at which buf begins
	pos  int    // within buf
	buf  []byte
	own  [8 << 10]byte
}

// start begins at a bit, and reads no further than another.
func (d *decoder) start(s *Set, from, to uint64) {
	d.r, d.p, d.rice, d.end = s.r, s.P, int(s.Rice()), to
	d.base, d.pos, d.buf = from&^7, int(from&7), nil
}

// bit is the place of the next code.
func (d *decoder) bit() uint64 { return d.base + uint64(d.pos) }

// fill makes bits available, if there are so many left.
func (d *decoder) fill(bits int) error {
	if d.pos+bits <= 8*len(d.buf) || d.base+8*uint64(len(d.buf)) >= d.end {
		return nil
	}
	d.base, d.pos = d.bit()&^7, d.pos&7
	n := min((d.end-d.base+7)/8, uint64(len(d.own)))
	got, err := d.r.ReadAt(d.own[:n], int64(d.base/8))
	if uint64(got) == n || err == io.EOF {
		err = nil
	}
	d.buf = d.own[:got]
	if uint64(got) < n {
		d.end = d.base + 8*uint64(got)
	}
	return err
}

// next reads a gap of at most so much.
func (d *decoder) next(most uint64) (gap uint64, err error) {
	at, q := d.bit(), uint64(0)
	for {
		if err := d.fill(64 + d.rice); err != nil {
			return 0, err
		}
		left := min(int(d.end-d.base), 8*len(d.buf)) - d.pos
		n := bits.LeadingZeros64(^bitio.Peek(d.buf, d.pos))
		if n >= left {
			return 0, fault(gcs.BitsLayer, gcs.Truncated, at, "")
		}
		q += uint64(n)
		if d.pos += n; n < 64 {
			break
		}
	}
	d.pos++
	if err := d.fill(64); err != nil {
		return 0, err
	}
	if min(int(d.end-d.base), 8*len(d.buf))-d.pos < d.rice {
		return 0, fault(gcs.BitsLayer, gcs.Truncated, at, "")
	}
	r := bitio.Peek(d.buf, d.pos) >> 1 >> (63 - d.rice)
	d.pos += d.rice
	switch {
	case r >= d.p:
		return 0, fault(gcs.BitsLayer, gcs.NonCanonical, at, "the remainder is %d, not below P", r)
	case q > most/d.p || r > most-q*d.p:
		return 0, fault(gcs.SetLayer, gcs.OutOfRange, at, "")
	}
	return q*d.p + r, nil
}

// pass goes on from the value last over ordinary codes that are in memory: to the first value that is
// not below the given one, or up to a code that [decoder.next] has to judge. It returns the last
// value.
//
// A quotient below 2^6 times P is below 2^50: the only overflow is one of the sum.
func (d *decoder) pass(last, value uint64) uint64 {
	rice, p, pos := uint(d.rice), d.p, d.pos
	whole := min(int(d.end-d.base), 8*len(d.buf)) - 64 // where eight octets are left
	for last < value && pos < whole {
		w := binary.BigEndian.Uint64(d.buf[pos>>3:]) << (pos & 7)
		q := uint(bits.LeadingZeros64(^w))
		if q+1+rice > 57 {
			break
		}
		r := w << (q + 1) >> 1 >> (63 - rice)
		next := last + uint64(q)*p + r
		if r >= p || next <= last {
			break // a remainder that nobody writes, the end, or an overflow
		}
		pos += int(q + 1 + rice)
		last = next
	}
	d.pos = pos
	return last
}

// ending judges what is behind the last code.
func (d *decoder) ending() error {
	left := d.end - d.bit()
	if left >= 8 {
		return fault(gcs.BitsLayer, gcs.TrailingData, d.bit(), "")
	}
	if left > 0 {
		if err := d.fill(int(left)); err != nil {
			return err
		}
		if n := bits.LeadingZeros64(bitio.Peek(d.buf, d.pos)); uint64(n) < left {
			return fault(gcs.BitsLayer, gcs.BadPadding, d.bit()+uint64(n), "")
		}
	}
	return nil
}
