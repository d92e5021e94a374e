package bip158

// Has reports whether the item is in the filter: certainly not if it says
// no, with a false-positive rate of 1/M if it says yes. It reads the coded values up to
// the item's and allocates nothing.
//
// Decred's filters contain no empty item, whatever they were built of.
func (f Filter) Has(k Key, item []byte) bool {
	if f.n == 0 || len(item) == 0 && f.p.Variant != Bitcoin {
		return false
	}
	found, _ := f.p.Code().Contains(f.octets, f.p.Value(k, item, f.n), f.Limit())
	return found
}

// HasAny reports whether any of the items is in the filter, as [Filter.Has] would
// of each. It reads the coded values once, so that of many items it is far faster than
// asking one by one. In the long run it allocates nothing for fewer than 16,384 items,
// and a few kilobytes for more, which all processors work on.
func (f Filter) HasAny(k Key, items [][]byte) bool {
	return f.hasAny(k, items, workersFor(len(items)))
}

func (f Filter) hasAny(k Key, items [][]byte, workers int) bool {
	if f.n == 0 {
		return false
	}
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	w.workers = workers
	universe := f.p.Universe(f.n)
	w.fill(f.p, k, items, universe, f.p.Variant == Bitcoin)
	values, _ := w.reduce(f.p, universe)
	found, _ := f.p.Code().ContainsAny(f.octets, values, f.Limit())
	return found
}
