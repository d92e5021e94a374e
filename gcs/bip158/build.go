package bip158

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cache-aware/casper/gcs"
)

// Build returns the filter of the given items, in any order. What becomes of
// repeated and of empty items differs: see the package comment. While it works it
// needs 16 octets an item, and all processors from 16,384 items on.
//
// The errors are [gcs.BadParameter] for p and [gcs.TooMany] where the filter would be
// longer than 64 MiB or have 2^32 items.
func Build(p Params, k Key, items [][]byte) (Filter, error) {
	return build(p, k, items, workersFor(len(items)))
}

func build(p Params, k Key, items [][]byte, workers int) (Filter, error) {
	if !p.Valid() {
		return Filter{}, badParams()
	}
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	w.workers = workers
	w.fill(p, k, items, p.Universe(uint32(len(items))), p.Variant != DecredV2)
	if err := checkCount(len(w.hashes)); err != nil {
		return Filter{}, err
	}
	values, repeats := w.reduce(p, p.Universe(uint32(len(w.hashes))))
	if repeats { // which do not count in N
		w.dropRepeats(p, k, items)
		values, _ = w.reduce(p, p.Universe(uint32(len(w.hashes))))
	}
	return encode(p, values)
}

// FromValues returns the filter of the given values, which must be sorted and below
// N*M, N being their number. It is for those who have the values already: to test, or
// to write again what was read.
//
// The errors are those of [Build], [gcs.Unsorted] and [gcs.OutOfRange].
func FromValues(p Params, values []uint64) (Filter, error) {
	if !p.Valid() {
		return Filter{}, badParams()
	}
	if err := checkCount(len(values)); err != nil {
		return Filter{}, err
	}
	universe := p.Universe(uint32(len(values)))
	for i, v := range values {
		if i > 0 && v < values[i-1] {
			return Filter{}, &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.Unsorted, At: gcs.KeyIndex(i)}
		}
		if v >= universe {
			return Filter{}, &gcs.Error{
				Layer: gcs.SetLayer, Kind: gcs.OutOfRange, At: gcs.KeyIndex(i),
				Detail: fmt.Sprintf("the value %d is not below N*M, %d", v, universe),
			}
		}
	}
	return encode(p, values)
}

func checkCount(n int) error {
	if uint64(n) > math.MaxUint32 {
		return &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.TooMany, Detail: "a filter has fewer than 2^32 items"}
	}
	return nil
}

// encode writes sorted values that are in range.
func encode(p Params, values []uint64) (Filter, error) {
	f := Filter{p: p, n: uint32(len(values))}
	if f.n == 0 && p.Variant != Bitcoin {
		return f, nil
	}
	room := 0
	if f.n > 0 {
		room = p.Code().MaxSize(len(values), values[len(values)-1])
	}
	if room > maxOctets {
		if size := p.Code().Size(values); size > maxOctets {
			return Filter{}, &gcs.Error{
				Layer: gcs.SetLayer, Kind: gcs.TooMany, At: gcs.KeyIndex(len(values) - 1),
				Detail: fmt.Sprintf("P = %d is too small for the values: the filter would take %d octets", p.P, size),
			}
		}
	}
	octets := make([]byte, 0, maxCount+room+8) // as gcs wants it, so that it need not grow
	if p.Variant == DecredV1 {
		octets = binary.BigEndian.AppendUint32(octets, f.n)
	} else {
		octets = appendCompactSize(octets, f.n)
	}
	f.start = len(octets)
	var err error
	if f.octets, err = gcs.Encode(octets, p.Code(), values); err != nil {
		return Filter{}, err
	}
	return f, nil
}
