package explain

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// FuzzExplain explains any octets under any code: nothing panics, every bit has its
// place, keys and fault are those of package gcs, and the output is bounded.
func FuzzExplain(f *testing.F) {
	f.Add([]byte{0xa8, 0x5d}, uint8(6), uint8(1), uint16(256), uint64(255), uint8(0), "qF0")                        // H2O's worked example
	f.Add([]byte{0xf7, 0x02}, uint8(2), uint8(2|4|8), uint16(2), uint64(1<<32), uint8(1), "f702")                   // Safe Browsing's
	f.Add([]byte{0x00, 0x00, 0x00}, uint8(6), uint8(1), uint16(9), uint64(9), uint8(2), "AAAA")                     // padding alone
	f.Add(bytes.Repeat([]byte{0}, 40), uint8(0), uint8(1), uint16(9), uint64(1e6), uint8(0), "")                    // a run over rows that are drawn as one
	f.Add(bytes.Repeat([]byte{0xff}, 40), uint8(0), uint8(0), uint16(999), uint64(1e6), uint8(0), "____")           // codes of a single bit
	f.Add(bytes.Repeat([]byte{0xff}, 24), uint8(63), uint8(0), uint16(9), uint64(gcs.Largest), uint8(0), "\x00é\n") // keys beyond 64 bits
	f.Add([]byte{0x80}, uint8(6), uint8(1), uint16(0), uint64(0), uint8(0), "g=")                                   // nothing is allowed
	f.Fuzz(func(t *testing.T, octets []byte, rice, shape uint8, length uint16, max uint64, end uint8, text string) {
		src := Source{
			Title: text, Octets: octets, Universe: max,
			Code: gcs.Code{
				Rice: rice % 64, Gap: shape & 1, Run: bitio.Run(shape >> 1 & 1), Order: bitio.Order(shape >> 2 & 1),
				Pad: gcs.Pad(shape >> 3 % 3),
			},
			Limit: gcs.Limit{Len: int(length), Max: min(max, gcs.Largest), End: gcs.End(end % 3)},
		}
		want, wantErr := gcs.Decode([]uint64(nil), src.Code, octets, src.Limit)
		e := Explain(src, 20)
		if e.Keys != len(want) {
			t.Fatalf("%d keys, want %d", e.Keys, len(want))
		}
		for i, c := range slices.Concat(e.Codes, e.Last) {
			if i >= len(e.Codes) {
				i += e.Skipped
			}
			if !c.Faulty && (c.Index != i || c.Key != want[i]) {
				t.Fatalf("code %d: %+v, want key %d", i, c, want[i])
			}
		}
		if (e.Fault == nil) != (wantErr == nil) || wantErr != nil && e.Fault.Err.Error() != wantErr.Error() {
			t.Fatalf("fault %+v, want %v", e.Fault, wantErr)
		}
		checkFuzzed(t, &e)

		// The same code, with text of any kind around it and a header in front.
		src.Text, src.Alphabet, src.Octets = text, Base64URL+Alphabet(shape>>6&1), nil
		src.Header = []Header{{Name: text, Bits: int(shape % 17), Value: max, Note: text}}
		if src.Err = wantErr; end&4 != 0 {
			src.First = &max
		}
		e = Explain(src, 20)
		if wantErr != nil && e.Fault == nil {
			t.Fatal("the format's fault is lost")
		}
		checkFuzzed(t, &e)
	})
}

func checkFuzzed(t *testing.T, e *Explanation) {
	checkCover(t, e, "fuzzed")
	for name, write := range map[string]func(io.Writer) error{
		"text": func(w io.Writer) error { return e.WriteText(w, true) },
		"json": e.WriteJSON, "svg": e.WriteSVG, "html": e.WriteHTML,
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if b.Len() > 256<<10 {
			t.Fatalf("%s: %d bytes", name, b.Len())
		}
	}
}
