package bip158

import (
	"slices"
	"sync"

	"github.com/cache-aware/casper/gcs"
)

// A workspace is memory for hashing and sorting, kept from one filter to the
// next.
type workspace struct {
	values, spare []uint64
}

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// sort sorts w.values.
func (w *workspace) sort() {
	w.spare = slices.Grow(w.spare[:0], len(w.values))[:len(w.values)]
	gcs.Sort(w.values, w.spare)
}
