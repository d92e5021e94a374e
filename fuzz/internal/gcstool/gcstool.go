// Package gcstool attacks the files of gcstool against an oracle that goes bit by bit.
//
// An input is a byte that says what to do, and a file; or N, P, the distance of the index's entries,
// and codes in front of a footer that fits them; or these and steps from value to value.
package gcstool

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs/gcstool"
)

// longest is how many octets are read as one file.
const longest = 1 << 13

// Fuzz attacks one file.
func Fuzz(data []byte) int {
	in := oracle.Input(data)
	task := in.Below(3)
	if task == 0 {
		return Read(in[:min(len(in), longest)])
	}
	t := oracle.Tool{N: uint64(in.Byte()), P: in.Number()}
	if task == 1 { // codes in front of a footer
		octets := slices.Clone(in[:min(len(in), longest)])
		begin := uint64(len(octets))
		entries := begin / 64
		for _, n := range []uint64{t.N, t.P, begin - 16*entries, entries} {
			octets = binary.BigEndian.AppendUint64(octets, n)
		}
		return Read(append(octets, "[GCS:v0]"...))
	}
	t.P = t.P%(1<<20) + 1
	every := in.Below(8)
	for v := uint64(0); len(in) > 0 && len(t.Values) < 200; {
		if v += in.Number() % (8 * t.P); v >= t.N*t.P {
			break
		}
		if n := len(t.Values); n == 0 || t.Values[n-1] != v {
			t.Values = append(t.Values, v)
		}
	}
	if uint64(len(t.Values)) > t.N {
		t.Values = t.Values[:t.N]
	}
	return write(t, every)
}

// write holds the writer against the oracle's octets.
func write(t oracle.Tool, every int) int {
	var b bytes.Buffer
	w, err := gcstool.NewWriter(&b, gcstool.Params{N: t.N, P: t.P}, uint64(every))
	if err != nil {
		oracle.Failf("NewWriter(%d, %d): %v", t.N, t.P, err)
	}
	for i, v := range t.Values {
		if err := w.Add(v); err != nil {
			oracle.Failf("%+v: value %d: %v", t, i, err)
		}
		if err := w.Add(v); err != nil {
			oracle.Failf("%+v: value %d again: %v", t, i, err)
		}
	}
	if err := w.Close(); (err != nil) != (t.N > 0 && len(t.Values) == 0) {
		oracle.Failf("%+v: %v", t, err)
	} else if err != nil {
		return 0
	}
	if want := oracle.ToolOctets(t, every); !bytes.Equal(b.Bytes(), want) {
		oracle.Failf("%+v, every %d:\n got %x\nwant %x", t, every, b.Bytes(), want)
	}
	return Read(b.Bytes())
}

// Read decodes a file, and asks it what it holds.
func Read(octets []byte) int {
	want, fault := oracle.ReadTool(octets)
	before := string(octets)
	s, err := gcstool.Open(bytes.NewReader(octets), int64(len(octets)))
	var got []uint64
	if err == nil {
		oracle.Bounded(64<<10+64*len(octets), "a file", func() {
			got, err = got[:0], nil
			for v, fault := range s.All() {
				if err = fault; err == nil {
					got = append(got, v)
				}
			}
		})
	}
	wrongIndex := false
	if is := oracle.FaultOf(err); is != fault {
		// The index is judged with the values, so that it may be at fault before something else.
		wrongIndex = s != nil && is.Kind.String() == "non-canonical" && is.Offset == int(8*s.Index)
		if !wrongIndex {
			oracle.Failf("%x:\n got %v\nwant %v", octets, err, fault)
		}
	}
	if wrongIndex || s != nil && fault.Offset == int(8*s.Index) {
		want.Values = want.Values[:min(len(got), len(want.Values))]
	}
	if !slices.Equal(got, want.Values) {
		oracle.Failf("%x:\n got %d, %v\nwant %d, %v", octets, got, err, want.Values, fault)
	}
	if string(octets) != before {
		oracle.Failf("%x was written to", octets)
	}
	if s == nil {
		return 0
	}
	// Whatever a file is, a question has an answer; of one that is well, the right one.
	for _, v := range append([]uint64{0, 1, s.Universe() - 1, s.Universe()}, got...) {
		for _, v := range []uint64{v - 1, v, v + 1} {
			found, ferr := s.HasValue(v)
			if fault != (oracle.Fault{}) {
				continue
			}
			wantFound := slices.Contains(got, v) || v == 0 && s.N > 0
			if ferr != nil || found != wantFound {
				oracle.Failf("%x: HasValue(%d) %t, %v, want %t", octets, v, found, ferr, wantFound)
			}
		}
	}
	if err != nil {
		return 0
	}
	return 1
}
