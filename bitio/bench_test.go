package bitio_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cache-aware/casper/bitio"
)

// benchOps is how many values a stream holds: one benchmark operation is one
// value.
const benchOps = 8192

var sink uint64

func BenchmarkReadBits(b *testing.B) {
	src := benchOctets(benchOps * 8)
	for _, n := range []uint{1, 6, 19} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			var sum uint64
			r := bitio.NewReader(src, bitio.MSBFirst)
			for i := 0; b.Loop(); i++ {
				if i%benchOps == 0 {
					r = bitio.NewReader(src, bitio.MSBFirst)
				}
				sum += r.ReadBits(n)
			}
			sink = sum
		})
	}
}

func BenchmarkReadBitsLSB(b *testing.B) {
	src := benchOctets(benchOps * 8)
	for _, n := range []uint{1, 6, 19} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			var sum uint64
			r := bitio.NewReader(src, bitio.LSBFirst)
			for i := 0; b.Loop(); i++ {
				if i%benchOps == 0 {
					r = bitio.NewReader(src, bitio.LSBFirst)
				}
				sum += r.ReadBits(n)
			}
			sink = sum
		})
	}
}

// Known widths need no reader: the next read does not wait for the last.
func BenchmarkPeek(b *testing.B) {
	src := benchOctets(benchOps * 8)
	for _, n := range []int{1, 6, 19} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			var sum uint64
			pos := 0
			for b.Loop() {
				sum += bitio.Peek(src, pos) >> (64 - n)
				if pos += n; pos > benchOps*60 {
					pos = 0
				}
			}
			sink = sum
		})
	}
}

// Unary numbers with a mean of 0.58, that of quotients under a well-chosen
// remainder.
func BenchmarkReadUnary(b *testing.B) {
	rng := rand.New(rand.NewPCG(9, 9))
	var w bitio.Writer
	for range benchOps {
		w.WriteUnary(bitio.ZerosOne, unary(rng))
	}
	src := w.AppendTo(nil, bitio.ZerosOne)
	b.ReportAllocs()
	var sum uint64
	r := bitio.NewReader(src, bitio.MSBFirst)
	for i := 0; b.Loop(); i++ {
		if i%benchOps == 0 {
			r = bitio.NewReader(src, bitio.MSBFirst)
		}
		sum += r.ReadUnary(bitio.ZerosOne, 63)
	}
	sink = sum
}

func BenchmarkWriteBits(b *testing.B) {
	for _, n := range []uint{1, 6, 19} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			var w bitio.Writer
			for i := 0; b.Loop(); i++ {
				if i%benchOps == 0 {
					w.Reset()
				}
				w.WriteBits(1, n)
			}
		})
	}
}

func BenchmarkWriteUnary(b *testing.B) {
	rng := rand.New(rand.NewPCG(9, 9))
	var qs [benchOps]uint64
	for i := range qs {
		qs[i] = unary(rng)
	}
	b.ReportAllocs()
	var w bitio.Writer
	for i := 0; b.Loop(); i++ {
		if i%benchOps == 0 {
			w.Reset()
		}
		w.WriteUnary(bitio.ZerosOne, qs[i%benchOps])
	}
}

func benchOctets(n int) []byte {
	rng := rand.New(rand.NewPCG(7, 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// unary draws a geometrically distributed number with mean 0.58.
func unary(rng *rand.Rand) (q uint64) {
	for rng.Float64() > 1/1.58 {
		q++
	}
	return min(q, 63)
}
