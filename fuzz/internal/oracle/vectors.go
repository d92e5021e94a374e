package oracle

import (
	"encoding/hex"
	"testing"

	"github.com/cache-aware/casper/vectors"
)

// FromVectors makes seeds of the test vectors of the formats: of each value that a vector is
// about, be it to read or to write, in octets or as text. The function makes an input of it, or
// nil where there is none.
func FromVectors(tb testing.TB, input func(v vectors.Vector, octets []byte, text string) []byte, formats ...string) (seeds []Seed) {
	all, err := vectors.All()
	if err != nil {
		tb.Fatal(err)
	}
	for _, format := range formats {
		found := false
		for _, v := range all {
			if v.Format != format {
				continue
			}
			for _, of := range [][3]*string{{v.Input.BytesHex, v.Input.Text, v.Input.Header}, {v.Expect.BytesHex, v.Expect.Text}} {
				var octets []byte
				text := ""
				switch {
				case of[0] != nil:
					if octets, err = hex.DecodeString(*of[0]); err != nil {
						tb.Fatalf("%s: %v", v.ID, err)
					}
				case of[1] != nil:
					text = *of[1]
				case of[2] != nil:
					text = *of[2]
				default:
					continue
				}
				if data := input(v, octets, text); data != nil {
					seeds = append(seeds, Seed{v.ID, v.Comment, data})
					found = true
				}
			}
		}
		if !found {
			tb.Fatalf("no vector of %s makes an input", format)
		}
	}
	return seeds
}
