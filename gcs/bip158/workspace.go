package bip158

import (
	"slices"
	"sync"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/hash"
)

// A workspace is memory for hashing and sorting, kept from one filter to the
// next.
//
// It sorts hashes and not values: reducing keeps their order, so that N, and with it
// the universe, may be found wrong afterwards without hashing again, and a repeat can
// be told from values that collide, of which a million items have some.
type workspace struct {
	workers int      // as many goroutines at a time, 1 being the caller's alone
	hashes  []uint64 // but the values in Decred's first version, whose reduction keeps no order
	spare   []uint64 // as long as hashes or longer
}

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// fill sets the hashes to those of the items, sorted. Empty items are left out unless
// they count. The universe is that of the first version of Decred's filters.
func (w *workspace) fill(p Params, k Key, items [][]byte, universe uint64, empty bool) {
	w.hashes = slices.Grow(w.hashes[:0], len(items))
	w.spare = slices.Grow(w.spare[:0], len(items))[:len(items)]
	if w.workers > 1 {
		w.fillParts(p, k, items, universe, empty)
		return
	}
	w.hashes = appendHashes(w.hashes, p, k, items, universe, empty)
	gcs.Sort(w.hashes, w.spare)
}

// appendHashes is [workspace.fill] for some of the items, without sorting.
func appendHashes(dst []uint64, p Params, k Key, items [][]byte, universe uint64, empty bool) []uint64 {
	from := len(dst)
	for _, item := range items {
		if len(item) > 0 || empty {
			dst = append(dst, hash.SipHash(k, item))
		}
	}
	if p.Variant == DecredV1 {
		for i, h := range dst[from:] {
			dst[from+i] = p.reduce(h, universe)
		}
	}
	return dst
}

// reduce returns the values of the sorted hashes, which stay as they are, and whether
// any two hashes are the same. The values are in the workspace.
func (w *workspace) reduce(p Params, universe uint64) (values []uint64, repeats bool) {
	if p.Variant == DecredV1 {
		return w.hashes, false // and repeats are kept
	}
	if w.workers > 1 {
		return w.reduceTogether(universe)
	}
	values = w.spare[:len(w.hashes)]
	return values, spreadAll(values, w.hashes, universe)
}

// reduceTogether is [workspace.reduce] for many hashes.
func (w *workspace) reduceTogether(universe uint64) (values []uint64, repeats bool) {
	values = w.spare[:len(w.hashes)]
	found := make([]bool, w.workers)
	together(w.workers, func(i int) {
		from, to := share(len(values), i, w.workers)
		found[i] = spreadAll(values[from:to], w.hashes[from:to], universe) ||
			0 < from && from < to && w.hashes[from] == w.hashes[from-1]
	})
	return values, slices.Contains(found, true)
}

// spreadAll spreads sorted hashes and reports whether two of them are the same.
func spreadAll(values, hashes []uint64, universe uint64) (repeats bool) {
	for i, h := range hashes {
		values[i] = spread(h, universe)
		if i > 0 && h == hashes[i-1] {
			repeats = true
		}
	}
	return repeats
}
