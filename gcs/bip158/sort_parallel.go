package bip158

import (
	"math/bits"
	"sync/atomic"

	"github.com/cache-aware/casper/gcs"
)

// mostParts is how many parts hashes are sorted in at most: as many as can be written to
// at a time.
const mostParts = 512

// fillParts is [workspace.fill] for many items. Each worker hashes its share of them and
// scatters it to parts by the leading bits; then the workers take one part after
// the other to sort it. As everything in a part is below everything in the next one,
// the result is that of sorting all at once, in memory that a cache holds.
func (w *workspace) fillParts(p Params, k Key, items [][]byte, universe uint64, empty bool) {
	width := 64
	if p.Variant == DecredV1 {
		width = bits.Len64(universe)
	}
	digit := min(max(1, bits.Len(uint(len(items)/perWorker))), bits.Len(mostParts-1))
	shift := uint(max(0, width-digit))

	all := w.hashes[:len(items)]
	hashes := make([][]uint64, w.workers)
	next := make([][mostParts]int, w.workers) // where its next hash of each part goes
	together(w.workers, func(i int) {
		from, to := share(len(items), i, w.workers)
		hashes[i] = appendHashes(all[from:from:to], p, k, items[from:to], universe, empty)
		counts := &next[i]
		for _, h := range hashes[i] {
			counts[h>>(shift&63)%mostParts]++
		}
	})
	var ends [mostParts]int
	sum := 0
	for j := range ends {
		for i := range next {
			next[i][j], sum = sum, sum+next[i][j]
		}
		ends[j] = sum
	}
	together(w.workers, func(i int) {
		scatter(w.spare, hashes[i], shift, &next[i])
	})
	var taken atomic.Int64
	together(w.workers, func(int) {
		for {
			j := int(taken.Add(1)) - 1
			if j >= mostParts {
				return
			}
			from := 0
			if j > 0 {
				from = ends[j-1]
			}
			gcs.Sort(w.spare[from:ends[j]], all[from:ends[j]])
		}
	})
	w.hashes, w.spare = w.spare[:sum], all
}

// scatter writes hashes to where the next ones of their parts go.
func scatter(to, hashes []uint64, shift uint, next *[mostParts]int) {
	for _, h := range hashes {
		j := h >> (shift & 63) % mostParts
		to[next[j]] = h
		next[j]++
	}
}
