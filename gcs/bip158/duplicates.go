package bip158

import (
	"bytes"
	"slices"
	"sync/atomic"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/hash"
)

// dropRepeats leaves one hash of each item in a Bitcoin filter, and one of each hash in
// Decred's second version.
func (w *workspace) dropRepeats(p Params, k Key, items [][]byte) {
	var more []uint64
	if p.Variant == Bitcoin {
		more = w.collisions(k, items)
	}
	w.hashes = slices.Compact(w.hashes)
	if len(more) > 0 {
		w.hashes = append(w.hashes, more...)
		gcs.Sort(w.hashes, w.spare)
	}
}

// collisions returns the hashes of items that differ from another one with the same
// hash, once for each but one of these. For a key that is known such items can be made in a
// minute; otherwise there are none, and equal hashes are repeated items.
//
// Only items whose hash is there twice are compared, and finding them means hashing once
// more. A map of all items would take ten times as long as the filter.
func (w *workspace) collisions(k Key, items [][]byte) (hashes []uint64) {
	equal := repeated(w.hashes)
	first := make([]atomic.Int64, len(equal)) // 1 + the item that was seen first, of each
	others := make([][]int, w.workers)        // items that differ from the first one
	together(w.workers, func(i int) {
		from, to := share(len(items), i, w.workers)
		for j := from; j < to; j++ {
			at, is := slices.BinarySearch(equal, hash.SipHash(k, items[j]))
			if !is || first[at].Load() == 0 && first[at].CompareAndSwap(0, int64(j)+1) {
				continue
			}
			if !bytes.Equal(items[j], items[first[at].Load()-1]) {
				others[i] = append(others[i], j)
			}
		}
	})
	seen := make(map[string]bool)
	for _, j := range slices.Concat(others...) {
		if !seen[string(items[j])] {
			seen[string(items[j])] = true
			hashes = append(hashes, hash.SipHash(k, items[j]))
		}
	}
	return hashes
}

// repeated returns those of sorted numbers that are there more than once, each once.
func repeated(sorted []uint64) (equal []uint64) {
	for i := 1; i < len(sorted); i++ {
		if v := sorted[i]; v == sorted[i-1] && (len(equal) == 0 || equal[len(equal)-1] != v) {
			equal = append(equal, v)
		}
	}
	return equal
}
