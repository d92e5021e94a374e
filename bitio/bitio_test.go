package bitio_test

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cache-aware/casper/bitio"
)

// The two bit orders behind one face, so that each test runs over both.
type (
	reader interface {
		ReadBits(n uint) uint64
		ReadUnary(run bitio.Run, max uint64) uint64
		Offset() int
		Left() int
		Err() error
	}
	writer interface {
		WriteBits(v uint64, n uint)
		WriteUnary(run bitio.Run, q uint64)
		Len() int
		AppendTo(dst []byte, run bitio.Run) []byte
		Reset()
	}
)

var orders = []struct {
	name      string
	order     bitio.Order
	newReader func([]byte) reader
	newWriter func() writer
	peek      func([]byte, int) uint64
}{
	{
		"MSBFirst", bitio.MSBFirst,
		func(b []byte) reader { r := bitio.NewReader(b, bitio.MSBFirst); return &r },
		func() writer { return new(bitio.Writer) },
		bitio.Peek,
	},
	{
		"LSBFirst", bitio.LSBFirst,
		func(b []byte) reader { r := bitio.NewReader(b, bitio.LSBFirst); return &r },
		func() writer { return &bitio.Writer{Order: bitio.LSBFirst} },
		bitio.PeekLSB,
	},
}

// bit is bit i of src, zero past its end: the definition of the two orders.
func bit(src []byte, i int, o bitio.Order) uint64 {
	switch {
	case i >= len(src)*8:
		return 0
	case o == bitio.LSBFirst:
		return uint64(src[i/8]>>(i%8)) & 1
	default:
		return uint64(src[i/8]>>(7-i%8)) & 1
	}
}

// number is the n bits of src at pos: the definition of a number in a stream.
func number(src []byte, pos int, n uint, o bitio.Order) (v uint64) {
	for i := range n {
		if o == bitio.LSBFirst {
			v |= bit(src, pos+int(i), o) << i
		} else {
			v = v<<1 | bit(src, pos+int(i), o)
		}
	}
	return v
}

func randomOctets(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	// A third each of zeros, ones and noise: runs that cross words, and that end.
	for i := range b {
		switch rng.IntN(3) {
		case 1:
			b[i] = 0xff
		case 2:
			b[i] = byte(rng.Uint32())
		}
	}
	return b
}

// Every position, length up to three words and order, against the definition.
func TestPeek(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, o := range orders {
		for size := range 26 {
			src := randomOctets(rng, size)
			for pos := range size*8 + 80 {
				if got, want := o.peek(src, pos), number(src, pos, 64, o.order); got != want {
					t.Fatalf("%s: %x at bit %d: %#x, want %#x", o.name, src, pos, got, want)
				}
			}
		}
	}
}

// Random widths over random streams: value, offset, rest and error of each read
// against the definition, up to and past the end.
func TestReadBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, o := range orders {
		for range 2000 {
			src := randomOctets(rng, rng.IntN(40))
			r := o.newReader(src)
			pos, failed := 0, false
			for range 60 {
				n := uint(rng.IntN(65))
				want := number(src, pos, n, o.order)
				if pos+int(n) > len(src)*8 {
					want, failed = 0, true
				}
				if pos += int(n); failed {
					pos = len(src) * 8
				}
				if got := r.ReadBits(n); got != want {
					t.Fatalf("%s: %x: %d bits up to %d: %#x, want %#x", o.name, src, n, pos, got, want)
				}
				if r.Offset() != pos || r.Left() != len(src)*8-pos {
					t.Fatalf("%s: offset %d, left %d after %d of %d bits", o.name, r.Offset(), r.Left(), pos, len(src)*8)
				}
				if got := r.Err() != nil; got != failed {
					t.Fatalf("%s: error %v, want one: %v", o.name, r.Err(), failed)
				}
				if failed && !errors.Is(r.Err(), io.ErrUnexpectedEOF) {
					t.Fatalf("%s: %v is not io.ErrUnexpectedEOF", o.name, r.Err())
				}
			}
		}
	}
}

// What a writer writes, padded either way, a reader reads; and the octets are the
// ones that the definition gives.
func TestRoundTrip(t *testing.T) {
	type op struct {
		v     uint64
		n     uint
		unary bool
		run   bitio.Run
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for _, o := range orders {
		w := o.newWriter()
		for round := range 2000 {
			w.Reset()
			ops := make([]op, rng.IntN(30))
			length := 0
			for i := range ops {
				if rng.IntN(3) == 0 {
					q := rng.Uint64N(8)
					if rng.IntN(4) == 0 {
						q = rng.Uint64N(300) // several words of it
					}
					ops[i] = op{v: q, unary: true, run: bitio.Run(rng.IntN(2))}
					w.WriteUnary(ops[i].run, q)
					length += int(q) + 1
				} else {
					n := uint(rng.IntN(65))
					ops[i] = op{v: rng.Uint64() &^ (math.MaxUint64 << n), n: n}
					w.WriteBits(ops[i].v, n)
					length += int(n)
				}
				if w.Len() != length {
					t.Fatalf("%s: Len %d after %d bits", o.name, w.Len(), length)
				}
			}
			run := bitio.Run(round % 2)
			before := []byte("before")
			got := w.AppendTo(before, run)
			if string(got[:6]) != "before" {
				t.Fatalf("%s: AppendTo changed what was there: %q", o.name, got[:6])
			}
			got = got[6:]
			if len(got) != (length+7)/8 {
				t.Fatalf("%s: %d octets for %d bits", o.name, len(got), length)
			}
			for i := length; i < len(got)*8; i++ {
				if bit(got, i, o.order) != run.Flip()&1 {
					t.Fatalf("%s: pad bit %d of %x is not a continuation of %d", o.name, i, got, run)
				}
			}
			r := o.newReader(got)
			for i, p := range ops {
				var v uint64
				if p.unary {
					v = r.ReadUnary(p.run, p.v) // the bound is reached exactly
				} else {
					v = r.ReadBits(p.n)
				}
				if v != p.v {
					t.Fatalf("%s: %+v of %+v came back as %#x", o.name, ops[i], ops, v)
				}
			}
			if r.Err() != nil || r.Offset() != length {
				t.Fatalf("%s: error %v, offset %d of %d", o.name, r.Err(), r.Offset(), length)
			}
		}
	}
}

// A writer goes on after AppendTo, as if it had not been asked.
func TestAppendToDoesNotEndTheStream(t *testing.T) {
	for _, o := range orders {
		w := o.newWriter()
		if got := w.AppendTo(nil, bitio.OnesZero); len(got) != 0 {
			t.Errorf("%s: an empty stream has octets: %x", o.name, got)
		}
		for i := range uint64(200) {
			w.WriteBits(i&1, 1)
			w.AppendTo(nil, bitio.OnesZero)
		}
		got := w.AppendTo(nil, bitio.ZerosOne)
		for i := range 200 {
			if bit(got, i, o.order) != uint64(i&1) {
				t.Fatalf("%s: bit %d of %x", o.name, i, got)
			}
		}
	}
}

// Runs of every length up to some words, from every offset within an octet, against
// every kind of bound.
func TestReadUnary(t *testing.T) {
	for _, o := range orders {
		for _, run := range []bitio.Run{bitio.ZerosOne, bitio.OnesZero} {
			for q := range uint64(200) {
				for lead := range uint(8) {
					w := o.newWriter()
					w.WriteBits(0, lead)
					w.WriteUnary(run, q)
					src := w.AppendTo(nil, run)
					for _, bound := range []uint64{0, 1, 62, 63, 64, q - 1, q, q + 1, math.MaxUint64} {
						r := o.newReader(src)
						r.ReadBits(lead)
						got := r.ReadUnary(run, bound)
						switch {
						case q <= bound && (got != q || r.Err() != nil):
							t.Fatalf("%s, run %d: %d within %d: %d, %v", o.name, run, q, bound, got, r.Err())
						case q > bound && (got != 0 || r.Err() != bitio.ErrUnary):
							t.Fatalf("%s, run %d: %d above %d: %d, %v", o.name, run, q, bound, got, r.Err())
						}
						if q <= bound && r.Offset() != int(lead)+int(q)+1 {
							t.Fatalf("%s, run %d: offset %d after %d", o.name, run, r.Offset(), q)
						}
					}
				}
			}
		}
	}
}

// A run that nothing ends is truncated; a hostile one is above its bound before
// that is known. Every later read fails with the first error, and yields zeros.
func TestErrorsAreSticky(t *testing.T) {
	for _, o := range orders {
		for _, tt := range []struct {
			name  string
			src   []byte
			bound uint64
			want  error
		}{
			{"truncated run", make([]byte, 30), math.MaxUint64, io.ErrUnexpectedEOF},
			{"no stream", nil, 5, io.ErrUnexpectedEOF},
			{"hostile run", make([]byte, 30), 100, bitio.ErrUnary},
			{"hostile run at the end", make([]byte, 1), 7, bitio.ErrUnary},
		} {
			r := o.newReader(tt.src)
			if got := r.ReadUnary(bitio.ZerosOne, tt.bound); got != 0 {
				t.Errorf("%s, %s: read %d", o.name, tt.name, got)
			}
			for range 3 {
				if !errors.Is(r.Err(), tt.want) {
					t.Errorf("%s, %s: %v, want %v", o.name, tt.name, r.Err(), tt.want)
				}
				if v := r.ReadBits(5) | r.ReadBits(64) | r.ReadUnary(bitio.OnesZero, 9); v != 0 {
					t.Errorf("%s, %s: read %d after the error", o.name, tt.name, v)
				}
				if r.Offset() != len(tt.src)*8 || r.Left() != 0 {
					t.Errorf("%s, %s: offset %d, left %d", o.name, tt.name, r.Offset(), r.Left())
				}
			}
		}
	}
}

// A bound is looked for no further than a word behind it, whatever follows: reading
// 16 MiB of zeros against a bound of 100 is one refill and one error.
func TestUnaryBoundIsCheap(t *testing.T) {
	src := make([]byte, 16<<20)
	r := bitio.NewReader(src, bitio.MSBFirst)
	if n := testing.AllocsPerRun(10, func() {
		r = bitio.NewReader(src, bitio.MSBFirst)
		r.ReadUnary(bitio.ZerosOne, 100)
	}); n != 0 || r.Err() != bitio.ErrUnary {
		t.Errorf("%v allocations, error %v", n, r.Err())
	}
}

// The zero values: an empty stream to read, an empty stream to write.
func TestZeroValues(t *testing.T) {
	var r bitio.Reader
	var l bitio.Reader
	for _, r := range []reader{&r, &l} {
		if r.Left() != 0 || r.Offset() != 0 || r.Err() != nil || r.ReadBits(0) != 0 || r.Err() != nil {
			t.Errorf("%T: left %d, offset %d, error %v", r, r.Left(), r.Offset(), r.Err())
		}
		if r.ReadBits(1) != 0 || !errors.Is(r.Err(), io.ErrUnexpectedEOF) {
			t.Errorf("%T: error %v after reading nothing", r, r.Err())
		}
	}
	var w bitio.Writer
	v := bitio.Writer{Order: bitio.LSBFirst}
	for _, w := range []writer{&w, &v} {
		w.WriteBits(0, 0)
		if w.Len() != 0 || w.AppendTo(nil, bitio.OnesZero) != nil {
			t.Errorf("%T: %d bits of nothing", w, w.Len())
		}
	}
}

func TestNoAllocs(t *testing.T) {
	src := make([]byte, 128)
	for i := range src {
		src[i] = byte(i * 37)
	}
	out := make([]byte, 0, 256)
	var w bitio.Writer
	v := bitio.Writer{Order: bitio.LSBFirst}
	for _, tt := range []struct {
		name string
		f    func()
	}{
		{"Peek", func() { bitio.Peek(src, 9); bitio.Peek(src, 1020); bitio.Peek(src, 5000) }},
		{"PeekLSB", func() { bitio.PeekLSB(src, 9); bitio.PeekLSB(src, 1020); bitio.PeekLSB(src, 5000) }},
		{"Reader", func() {
			for r := bitio.NewReader(src, bitio.MSBFirst); r.Err() == nil; {
				r.ReadBits(19)
				r.ReadUnary(bitio.OnesZero, 900)
			}
		}},
		{"ReaderLSB", func() {
			for r := bitio.NewReader(src, bitio.LSBFirst); r.Err() == nil; {
				r.ReadBits(19)
				r.ReadUnary(bitio.OnesZero, 900)
			}
		}},
		{"Writer, memory kept", func() {
			w.Reset()
			for i := range uint64(100) {
				w.WriteBits(i, 7)
				w.WriteUnary(bitio.ZerosOne, i&7)
			}
			w.AppendTo(out, bitio.ZerosOne)
		}},
		{"WriterLSB, memory kept", func() {
			v.Reset()
			for i := range uint64(100) {
				v.WriteBits(i, 7)
				v.WriteUnary(bitio.ZerosOne, i&7)
			}
			v.AppendTo(out, bitio.ZerosOne)
		}},
	} {
		if n := testing.AllocsPerRun(100, tt.f); n != 0 {
			t.Errorf("%s: %v allocations", tt.name, n)
		}
	}
}

// Any octets, read by any sequence of operations, against the definition.
func FuzzReader(f *testing.F) {
	f.Add([]byte{0xa8, 0x5d}, []byte{1, 6, 2, 6})                  // the cookie qF0 as widths
	f.Add(make([]byte, 20), []byte{200, 64})                       // a run that no bit ends
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff}, []byte{40, 1})     // reading just past the end
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, []byte{7, 64, 0, 1})  // a refill within a word
	f.Add([]byte{0x80, 0, 0, 0, 0, 0, 0, 0, 0x80}, []byte{1, 255}) // a run that ends in the second word
	f.Fuzz(func(t *testing.T, src, ops []byte) {
		for _, o := range orders {
			r := o.newReader(src)
			pos := 0
			for _, op := range ops {
				if op <= 64 {
					want := number(src, pos, uint(op), o.order)
					if pos += int(op); pos > len(src)*8 {
						want, pos = 0, math.MaxInt/2
					}
					if got := r.ReadBits(uint(op)); got != want {
						t.Fatalf("%s: %d bits: %#x, want %#x", o.name, op, got, want)
					}
				} else {
					run, bound := bitio.Run(op&1), uint64(op)
					var want uint64
					for pos < len(src)*8 && bit(src, pos, o.order) == run.Flip()&1 {
						want++
						pos++
					}
					if pos++; pos > len(src)*8 || want > bound {
						want, pos = 0, math.MaxInt/2
					}
					if got := r.ReadUnary(run, bound); got != want {
						t.Fatalf("%s: unary: %d, want %d", o.name, got, want)
					}
				}
				if failed := pos > len(src)*8; failed != (r.Err() != nil) {
					t.Fatalf("%s: error %v, want one: %v", o.name, r.Err(), failed)
				} else if !failed && r.Offset() != pos {
					t.Fatalf("%s: offset %d, want %d", o.name, r.Offset(), pos)
				}
			}
		}
	})
}
