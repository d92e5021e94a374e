package bitio

import (
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/fuzz/internal/oracle"
)

var seeds = []oracle.Seed{
	oracle.Text("empty-script", "\x00", "nothing is written and nothing is read"),
	oracle.Text("one-bit", "\x00\x01\x01", "a single one: the padding is told from it by its value only"),
	oracle.Text("no-bits", "\x00\x00\x00\x41\x00\x00\x3f", "reads and writes of no bits at all, first, last and between"),
	oracle.Text("words", "\x00\x40\xff\xef\xcd\xab\x89\x67\x45\x23\x01\x40\x7f\x40\xbf", "64 bits three times: the buffer is full exactly"),
	oracle.Text("word-after-one", "\x00\x01\x01\x40\x7f\x40\xbf\x3f\x7e", "64 bits across the end of a word, then 63"),
	oracle.Text("unary-word", "\x00\x82\x3f\x83\x3f\x82\x86\x83\x86", "unary 63 and 64 in both polarities: a word of continuation bits, with and without room for the end"),
	oracle.Text("unary-long", "\x00\x82\x87\x83\x88\x82\x49", "unary 128, 256 and 511: whole words in a row"),
	oracle.Text("unary-ones-in-a-row", "\x00\x83\x05\x83\x03\x83\x00\x83\x3f", "runs of ones behind the zeros that end others, which they must leave alone"),
	oracle.Text("unary-at-bound", "\x01\x0a\x82\x03\x82\x02\x82\x00\x83\x00\x00\x00\x10\x1f\xff", "a run exactly as long as its bound, then one longer"),
	oracle.Text("run-to-the-end", "\x01\x02\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "a run that never ends, below its bound: truncated"),
	oracle.Text("run-beyond-bound", "\x01\x02\x82\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "the same run, above its bound"),
	oracle.Text("short-read", "\x01\x06\x40\x00\x40\x00\x01\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a", "80 bits read as 64, 64 and 1: the second is truncated, and so is all that follows"),
	oracle.Text("nine-octets", "\x01\x08\x01\x00\x40\x00\x07\x00\x00\x00\xff\x00\xff\x00\xff\x00\xff\x00\xff", "a word that begins in one octet and ends in the ninth"),
}

// TestPeek looks at every offset of streams of up to 18 octets, and beyond their ends.
func TestPeek(t *testing.T) {
	var src []byte
	for n := range 19 {
		for _, order := range []bitio.Order{bitio.MSBFirst, bitio.LSBFirst} {
			stream := oracle.Bits(src, order)
			for at := range 8*n + 70 {
				peek(src, stream, order, at)
			}
		}
		src = append(src, byte(0xff-n*n))
	}
}

func TestSeeds(t *testing.T) { oracle.TrySeeds(t, Fuzz, seeds) }

func FuzzBitio(f *testing.F) { oracle.Run(f, Fuzz, seeds) }
