package ricedelta

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/vectors"
)

// Choices of the number of differences: as many as there are, one less, one more, and the
// number that follows.
const (
	exact   = "\x00"
	less    = "\x09"
	more    = "\x02"
	another = "\x03"
)

// An input's front: the parameter, a first value below 64, and what to do.
func front(rice, first byte, task int) string { return string([]byte{rice, first, byte(task)}) }

var seeds = []oracle.Seed{
	oracle.Text("worked-example", front(2, 5, decode)+"\x14\xf7\x02", "5, 20 and 29, as in the specification"),
	oracle.Text("padding-as-codes", front(2, 5, decode)+exact+"\xf7\x02", "one more: padding is a difference of 0"),
	oracle.Text("one-less", front(2, 5, decode)+less+"\xf7\x02\x00", "a number that leaves an octet over"),
	oracle.Text("one-more", front(2, 5, decode)+more+"\xf7\x02", "a number that the data does not hold"),
	oracle.Text("promise", front(2, 5, decode)+another+"\x5f\xf7\x02", "a number of 2^31-1 must not cost memory"),
	oracle.Text("32-bit-count", front(2, 5, decode)+another+"\x9f\xf7\x02", "a number of 2^31 has a bit too many"),
	oracle.Text("single", front(0, 5, decode)+exact, "a single value needs neither parameter nor data"),
	oracle.Text("single-with-data", front(5, 5, decode)+"\x04\x00", "but an octet is one too many"),
	oracle.Text("largest", front(2, 0x60, decode)+"\x0c\x0b", "a first value of 2^32-1, and no room above it"),
	oracle.Text("wraps", "\x02\xc0\xf8\xff\xff\xff\x00\x00\x00\x00\x00\x0c\x0b", "a sum above 32 bits"),
	oracle.Text("at-the-top", "\x02\xc0\xf6\xff\xff\xff\x00\x00\x00\x00\x00\x0c\x0b", "a sum that is all 32 bits"),
	oracle.Text("long-remainder", front(28, 0, decode)+"\x0c\x00\x00\x00\xf0\xff", "a remainder of 28 bits"),
	oracle.Text("ones", front(2, 5, decode)+"\x14\xff\xff", "a quotient without an end"),
	oracle.Text("padding", front(2, 5, decode)+"\x14\xf7\x22", "a padding bit that is one"),
	oracle.Text("parameter-0", front(0, 3, decode)+"\x0c\x61", "what Chromium refuses"),
	oracle.Text("parameter-1", front(1, 3, decode)+"\x04\x00", "parameters begin at 2"),
	oracle.Text("parameter-29", front(29, 3, decode)+"\x0c\x00\x00\x00\x00", "and end at 28"),
	oracle.Text("values", front(2, 5, steps)+"\x03\x03\x02\x01\x00\x00", "5, 20, 29 and 29 again"),
	oracle.Text("values-top", front(28, 0, steps)+"\x0f\xb0\x00\x05", "steps that end near 2^32"),
	oracle.Text("far-apart", front(2, 0, numbers)+"\x00\x60", "two values that would take 2^30 bits"),
	oracle.Text("unsorted", front(2, 0, numbers)+"\x05\x03", "a value below its predecessor"),
	oracle.Text("values-parameter-29", front(29, 0, numbers)+"\x03\x05", "values under a parameter that no list has"),
	oracle.Text("none", front(2, 0, numbers), "no value at all"),
	oracle.Text("one-value", front(0, 0, numbers)+"\x05", "one value without a parameter"),
}

// published makes an input of a vector's list, under its parameters.
func published(v vectors.Vector, data []byte, _ string) []byte {
	var p struct{ Rice, First, Count *uint64 }
	if json.Unmarshal(v.Params, &p) != nil || p.Rice == nil || p.First == nil || p.Count == nil || *p.Rice > 31 || *p.First > math.MaxUint32 {
		return nil
	}
	input := []byte{byte(*p.Rice), 3 << 6}
	input = binary.LittleEndian.AppendUint64(input, *p.First)
	input = append(input, decode, another[0], 3<<6)
	input = binary.LittleEndian.AppendUint64(input, *p.Count)
	return append(input, data...)
}

func TestSeeds(t *testing.T) { oracle.TrySeeds(t, Fuzz, seeds) }

func FuzzRiceDelta(f *testing.F) {
	oracle.Run(f, Fuzz, slices.Concat(seeds, oracle.FromVectors(f, published, "rice-delta")))
}
