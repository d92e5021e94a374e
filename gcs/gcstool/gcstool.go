// Package gcstool writes, reads and asks the files of gcstool: large sets of hashes, such as those of
// leaked passwords, on disk, with an index behind them.
//
//	value     hash mod N*P; hashes are the first 64 bits, most significant first
//	values    sorted, each once; quotient by P in ones then zero; remainder in
//	          ceil(log2 P) bits; gap 0; MSB first; a gap of 0 ends them; pad 0
//	index     of every so many values: the value, and the bit behind its code, 8 octets each
//	footer    N, P, where the index begins, how many entries it has, "[GCS:v0]"
//
//	70 00     the values 3 and 7 of N = 2, P = 4: gaps 3 and 4, and 0
//	          0 11  10 00  0 00  000000
//
// P need not be a power of two, which sets this format apart from all others here: its code is no
// Rice code, and not Golomb's either, which has shorter remainders.
//
// Where N is not 0 the first code is a value, even if its gap is 0: an empty set is one of N = 0.
// gcstool's own reader does not know that, and finds nothing between the value 0 and the first
// entry of the index.
//
// N is the number of hashes that the set was made of; those that are equal modulo N*P are one
// value.
//
// A [Writer] takes sorted values one by one and keeps nothing but the index, 16 octets for each
// [Usual] values. A [Set] asks a file through an [io.ReaderAt]: of what it holds it reads
// the footer and the index once, and for each question the codes from one entry to the next.
//
// In a set of 100 million hashes with an entry every 128 values a question takes 4.2 µs, and where the
// disk has to be read 5 µs more than that; the index takes a bit a value: see BenchmarkDisk.
//
// # Compatibility
//
// Files are octet for octet those of Freaky/gcstool 0.1.0 where no quotient is above 62, which its
// own writer garbles; its Blake2 is left out. Go's alvinbaena/pwd-checker writes another index,
// and codes the first value as 0: [Set.Has] answers for such files as their own reader does.
//
// The specification is in gcs/SPEC.md, requirements TOOL-1 and on.
package gcstool

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"github.com/cache-aware/casper/gcs"
)

// MaxP is the largest P. Above it gcstool, which takes the logarithm in floating point, may have
// another number of remainder bits.
const MaxP = 1 << 44

// Usual is after how many values gcstool writes an entry of the index, and Default its P.
const (
	Usual   = 1024
	Default = 1 << 24
)

// magic ends every file.
const magic = "[GCS:v0]"

// footerSize is the length of a footer, and entrySize of an entry of the index, in octets.
const (
	footerSize = 40
	entrySize  = 16
)

// Params are what a set is made with.
type Params struct {
	N uint64 // number of hashes
	P uint64 // inverse of the false-positive rate, 1 to 2^44
}

// Universe is N*P: values are below it. It is 0 where 64 bits do not hold it.
func (p Params) Universe() uint64 {
	if hi, lo := bits.Mul64(p.N, p.P); hi == 0 {
		return lo
	}
	return 0
}

// Rice is the number of remainder bits.
func (p Params) Rice() uint8 { return uint8(bits.Len64(p.P - 1)) }

// check refuses parameters that no file has.
func (p Params) check() error {
	switch {
	case p.P < 1 || p.P > MaxP:
		return bad("P is 1 to 2^44, not %d", p.P)
	case p.N > 0 && p.Universe() == 0:
		return bad("N*P is below 2^64, and %d*%d is not", p.N, p.P)
	}
	return nil
}

func bad(format string, args ...any) error {
	return &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.BadParameter, Detail: fmt.Sprintf(format, args...)}
}

func fault(layer gcs.Layer, kind gcs.Kind, bit uint64, format string, args ...any) error {
	e := &gcs.Error{Layer: layer, Kind: kind, At: gcs.BitOffset(int(min(bit, math.MaxInt)))}
	if format != "" {
		e.Detail = fmt.Sprintf(format, args...)
	}
	return e
}

// Footer is what a file says at its end.
type Footer struct {
	Params
	Index   uint64 // where the index begins, in octets
	Entries uint64 // how many it has
}

// parseFooter reads the last octets of a file of that size. Index and entries are as many as there is
// room for.
func parseFooter(octets []byte, size uint64) (f Footer, err error) {
	if len(octets) < footerSize || string(octets[len(octets)-len(magic):]) != magic {
		return f, fault(gcs.BitsLayer, gcs.Truncated, 8*size, "the file does not end with a footer and %s", magic)
	}
	octets = octets[len(octets)-footerSize:]
	at := 8 * (size - footerSize)
	number := func(i int) uint64 { return binary.BigEndian.Uint64(octets[8*i:]) }
	f = Footer{Params{number(0), number(1)}, number(2), number(3)}
	if err := f.check(); err != nil {
		return f, err
	}
	if f.Entries > size/entrySize || f.Index > size || f.Index+f.Entries*entrySize != size-footerSize {
		return f, fault(gcs.BitsLayer, gcs.NonCanonical, at, "the index of %d entries is at %d, which is not in front of the footer", f.Entries, f.Index)
	}
	return f, nil
}

func (f Footer) append(dst []byte) []byte {
	for _, n := range []uint64{f.N, f.P, f.Index, f.Entries} {
		dst = binary.BigEndian.AppendUint64(dst, n)
	}
	return append(dst, magic...)
}

// An entry is one of the index: a value, and the bit behind its code.
type entry struct{ value, bit uint64 }
