package bip158

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/hash"
)

// Build returns the filter of the given items, in any order. What becomes of
// repeated and of empty items differs: see the package comment.
//
// The errors are [gcs.BadParameter] for p and [gcs.TooMany] where the filter would be
// longer than [MaxOctets] or have 2^32 items.
func Build(p Params, k Key, items [][]byte) (Filter, error) {
	if !p.Valid() {
		return Filter{}, badParams()
	}
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	w.hash(p, k, items)
	if err := w.reduce(p); err != nil {
		return Filter{}, err
	}
	if p.Variant != DecredV1 {
		// Equal values are a collision, which stays, or a repetition, which must not
		// count in N.
		if equal := w.repeated(); len(equal) > 0 {
			if once, found := distinct(p, k, items, equal); found {
				w.hash(p, k, once)
				if err := w.reduce(p); err != nil {
					return Filter{}, err
				}
			}
		}
	}
	return encode(p, w.values)
}

// distinct returns the items without repeats, and whether there were any. Only those whose
// values are among the equal ones, which are sorted, can be repeats: one pair in 785,000
// collides, so that a million items have few such, and a map of all items would take
// ten times as long as the filter.
func distinct(p Params, k Key, items [][]byte, equal []uint64) (once [][]byte, found bool) {
	counted := 0
	for _, item := range items {
		if counts(p, item) {
			counted++
		}
	}
	universe := p.Universe(uint32(counted))
	seen := make(map[string]bool)
	var octets [8]byte
	once = make([][]byte, 0, counted)
	for _, item := range items {
		if !counts(p, item) {
			continue
		}
		h := hash.SipHash(k, item)
		if _, is := slices.BinarySearch(equal, p.reduce(h, universe)); is {
			id := item
			if p.Variant == DecredV2 { // which looks at hashes only
				id = octets[:]
				binary.BigEndian.PutUint64(id, h)
			}
			if seen[string(id)] {
				found = true
				continue
			}
			seen[string(id)] = true
		}
		once = append(once, item)
	}
	return once, found
}

// counts reports whether an item counts: Decred's second version leaves empty ones
// out.
func counts(p Params, item []byte) bool { return len(item) > 0 || p.Variant != DecredV2 }

// hash sets the values to the hashes of the items that count.
func (w *workspace) hash(p Params, k Key, items [][]byte) {
	w.values = w.values[:0]
	for _, item := range items {
		if counts(p, item) {
			w.values = append(w.values, hash.SipHash(k, item))
		}
	}
}

// reduce makes sorted values of the hashes.
func (w *workspace) reduce(p Params) error {
	if err := checkCount(len(w.values)); err != nil {
		return err
	}
	universe := p.Universe(uint32(len(w.values)))
	for i, h := range w.values {
		w.values[i] = p.reduce(h, universe)
	}
	w.sort()
	return nil
}

// repeated returns those of the sorted values that are there more than once, each once.
func (w *workspace) repeated() (equal []uint64) {
	for i := 1; i < len(w.values); i++ {
		if v := w.values[i]; v == w.values[i-1] && (len(equal) == 0 || equal[len(equal)-1] != v) {
			equal = append(equal, v)
		}
	}
	return equal
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
			return Filter{}, &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.Unsorted, Offset: i}
		}
		if v >= universe {
			return Filter{}, &gcs.Error{
				Layer: gcs.SetLayer, Kind: gcs.OutOfRange, Offset: i,
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
	if room > MaxOctets {
		if size := p.Code().Size(values); size > MaxOctets {
			return Filter{}, &gcs.Error{
				Layer: gcs.SetLayer, Kind: gcs.TooMany, Offset: len(values) - 1,
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
	if f.octets, err = p.Code().Append(octets, values); err != nil {
		return Filter{}, err
	}
	return f, nil
}
