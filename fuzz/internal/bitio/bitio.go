// Package bitio attacks the bit readers and writers with a script of operations,
// whose results a slice of booleans decides.
//
// An input is one byte that says what to do: write a script and read it back, or read
// what follows as if it were a stream. Each operation is two bytes or more.
package bitio

import (
	"io"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/fuzz/internal/oracle"
)

// Fuzz attacks both bit orders.
func Fuzz(data []byte) int {
	in := oracle.Input(data)
	if in.Byte()&1 == 0 {
		ops := script(&in, 48)
		if len(ops) == 0 {
			return 0
		}
		write(&bitio.Writer{}, bitio.MSBFirst, ops)
		write(&bitio.Writer{Order: bitio.LSBFirst}, bitio.LSBFirst, ops)
		return 1
	}
	n := in.Below(64)
	head, src := in[:min(n, len(in))], in[min(n, len(in)):]
	Read(src, script(&head, n))
	return 0
}

// An Op is one call: WriteBits and ReadBits of N bits, or of a unary number.
type Op struct {
	Unary bool
	Run   bitio.Run
	N     uint   // of bits, 0 to 64
	V     uint64 // the bits, the unary number to write, or the bound to read it with
}

// maxUnary is above all unary numbers that a script writes: eight words and a bit.
const maxUnary = 8*64 + 2

// script draws at most n operations.
func script(in *oracle.Input, n int) (ops []Op) {
	for ; len(*in) > 0 && n > 0; n-- {
		kind := in.Byte()
		op := Op{Unary: kind >= 130, Run: bitio.Run(kind & 1), N: uint(kind) % 65, V: in.Number()}
		ops = append(ops, op)
	}
	return ops
}

type writer interface {
	WriteBits(v uint64, n uint)
	WriteUnary(run bitio.Run, q uint64)
	Len() int
	AppendTo(dst []byte, run bitio.Run) []byte
	Reset()
}

type reader interface {
	ReadBits(n uint) uint64
	ReadUnary(run bitio.Run, max uint64) uint64
	Offset() int
	Left() int
	Err() error
}

func newReader(order bitio.Order, src []byte) reader {
	if order == bitio.LSBFirst {
		r := bitio.NewReader(src, bitio.LSBFirst)
		return &r
	}
	r := bitio.NewReader(src, bitio.MSBFirst)
	return &r
}

// write runs the script on w twice, the second time after a Reset, and reads back
// what was written.
func write(w writer, order bitio.Order, ops []Op) {
	for range 2 {
		var stream []bool
		for i, op := range ops {
			if op.Unary {
				op.V %= maxUnary
				w.WriteUnary(op.Run, op.V)
				for range op.V {
					stream = append(stream, oracle.Continuation(op.Run))
				}
				stream = append(stream, !oracle.Continuation(op.Run))
			} else {
				op.V &= 1<<op.N - 1
				w.WriteBits(op.V, op.N)
				stream = appendBits(stream, order, op.V, op.N)
			}
			ops[i] = op
			if w.Len() != len(stream) {
				oracle.Failf("%T after %v: Len %d, want %d", w, ops[:i+1], w.Len(), len(stream))
			}
			// In the middle of a script too: the writer can be written on.
			if i%16 == 15 || i == len(ops)-1 {
				closeWith(w, order, stream)
			}
		}
		readBack(order, oracle.AppendOctets(nil, stream, order, false), ops)
		w.Reset()
		if w.Len() != 0 || len(w.AppendTo(nil, bitio.OnesZero)) != 0 {
			oracle.Failf("%T: %d bits after Reset", w, w.Len())
		}
	}
}

// closeWith checks the octets that AppendTo makes of the stream, padded either way.
func closeWith(w writer, order bitio.Order, stream []bool) {
	for _, run := range []bitio.Run{bitio.ZerosOne, bitio.OnesZero} {
		want := oracle.AppendOctets([]byte("kept"), stream, order, oracle.Continuation(run))
		if got := w.AppendTo([]byte("kept"), run); string(got) != string(want) {
			oracle.Failf("%T: AppendTo padded for %d:\n got %x\nwant %x", w, run, got, want)
		}
	}
}

func appendBits(stream []bool, order bitio.Order, v uint64, n uint) []bool {
	for i := range n {
		if order == bitio.MSBFirst {
			i = n - 1 - i
		}
		stream = append(stream, v>>i&1 == 1)
	}
	return stream
}

func readBack(order bitio.Order, src []byte, ops []Op) {
	r := newReader(order, src)
	for i, op := range ops {
		var got uint64
		if op.Unary {
			got = r.ReadUnary(op.Run, op.V)
		} else {
			got = r.ReadBits(op.N)
		}
		if got != op.V || r.Err() != nil {
			oracle.Failf("%T after %v: %d, %v; want %d", r, ops[:i], got, r.Err(), op.V)
		}
	}
	if r.Left() < 0 || r.Left() > 7 {
		oracle.Failf("%T: %d bits are left of the padding", r, r.Left())
	}
}

// Read runs the script on readers of src in both orders, against a slice of booleans.
func Read(src []byte, ops []Op) {
	before := string(src)
	for _, order := range []bitio.Order{bitio.MSBFirst, bitio.LSBFirst} {
		r := newReader(order, src)
		judge := slow{stream: oracle.Bits(src, order), order: order}
		for i, op := range ops {
			peek(src, judge.stream, order, judge.at+int(op.N)-32)
			var got, want uint64
			if op.Unary {
				got, want = r.ReadUnary(op.Run, op.V), judge.unary(op.Run, op.V)
			} else {
				got, want = r.ReadBits(op.N), judge.bits(op.N)
			}
			if got != want || r.Err() != judge.err || r.Offset() != judge.at || r.Left() != len(judge.stream)-judge.at {
				oracle.Failf("%T of %x after %v: %d, %v at %d with %d left; want %d, %v at %d",
					r, src, ops[:i+1], got, r.Err(), r.Offset(), r.Left(), want, judge.err, judge.at)
			}
		}
	}
	if string(src) != before {
		oracle.Failf("the stream was written to")
	}
}

// peek checks the 64 bits at an offset that may lie beyond the end.
func peek(src []byte, stream []bool, order bitio.Order, at int) {
	if at < 0 {
		return
	}
	var window [64]bool
	if at < len(stream) {
		copy(window[:], stream[at:])
	}
	judge := slow{stream: window[:], order: order}
	want, got := judge.bits(64), bitio.Peek(src, at)
	if order == bitio.LSBFirst {
		got = bitio.PeekLSB(src, at)
	}
	if got != want {
		oracle.Failf("Peek, order %d, of %x at %d: %x, want %x", order, src, at, got, want)
	}
}

// slow reads one bit at a time. These are the rules: a read that finds too few bits
// is io.ErrUnexpectedEOF; a run that grows beyond its bound is bitio.ErrUnary, whether
// or not it ends. After an error nothing is left, every read is 0, and the first
// error stays.
type slow struct {
	stream []bool
	order  bitio.Order
	at     int
	err    error
}

func (s *slow) fail(err error) uint64 {
	if s.err == nil {
		s.err = err
	}
	s.at = len(s.stream)
	return 0
}

func (s *slow) bits(n uint) (v uint64) {
	if len(s.stream)-s.at < int(n) {
		return s.fail(io.ErrUnexpectedEOF)
	}
	for i := range n {
		place := i
		if s.order == bitio.MSBFirst {
			place = n - 1 - i
		}
		if s.stream[s.at] {
			v |= 1 << place
		}
		s.at++
	}
	return v
}

func (s *slow) unary(run bitio.Run, max uint64) (q uint64) {
	for ; s.at < len(s.stream); s.at++ {
		if s.stream[s.at] != oracle.Continuation(run) {
			s.at++
			return q
		}
		if q++; q > max {
			return s.fail(bitio.ErrUnary)
		}
	}
	return s.fail(io.ErrUnexpectedEOF)
}
