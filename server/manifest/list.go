package manifest

import (
	"maps"
	"slices"

	"github.com/cache-aware/casper/server/link"
)

// A List is several manifests: the first that lists a page speaks for it.
type List []*Manifest

// NewList returns a list of manifests. A Vite ssr-manifest.json beside the manifest.json of the
// same build, in either order, adds to it: its pages need the build's one entry, too.
func NewList(manifests ...*Manifest) List {
	list := slices.Clone(manifests)
	entry := slices.IndexFunc(list, func(m *Manifest) bool { return m != nil && m.main != nil })
	if entry < 0 {
		return list
	}
	main := list[entry].main
	for i, m := range list {
		if m == nil || !m.modules {
			continue
		}
		m = m.with(main)
		if list[i] = m; i > entry { // it says more of its pages than the entry's pattern does
			list = slices.Insert(slices.Delete(list, i, i+1), entry, m)
			entry++
		}
	}
	return list
}

// with returns a manifest all of whose pages need some assets more.
func (m *Manifest) with(more []link.Asset) *Manifest {
	added := *m
	for _, pages := range []*map[string][]link.Asset{&added.exact, &added.prefixes} {
		*pages = maps.Clone(*pages)
		for page, assets := range *pages {
			all := union(more, assets)
			slices.SortStableFunc(all, func(a, b link.Asset) int { return order(a) - order(b) })
			(*pages)[page] = all
		}
	}
	return &added
}

// order is that of an entry's assets: style sheets, then scripts, then fonts.
func order(a link.Asset) int {
	switch {
	case a.As == "style":
		return 0
	case a.Blocking():
		return 1
	}
	return 2
}

// Page is [Manifest.Page] of the first manifest that lists the page.
func (l List) Page(path string) (assets []link.Asset, listed bool) {
	for _, m := range l {
		if assets, listed = m.Page(path); listed {
			return assets, true
		}
	}
	return nil, false
}
