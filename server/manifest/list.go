package manifest

import (
	"maps"
	"net/http"
	"slices"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// A list is several manifests: the first that lists a page speaks for it.
type list []*Manifest

// newList returns a list of manifests. A Vite ssr-manifest.json beside the manifest.json of the
// same build, in either order, adds to it: its pages need the build's one entry, too.
func newList(manifests ...*Manifest) list {
	l := list(slices.Clone(manifests))
	entry := slices.IndexFunc(l, func(m *Manifest) bool { return m.main != nil })
	if entry < 0 {
		return l
	}
	main := l[entry].main
	for i, m := range l {
		if !m.modules {
			continue
		}
		m = m.with(main)
		if l[i] = m; i > entry { // it says more of its pages than the entry's pattern does
			l = slices.Insert(slices.Delete(l, i, i+1), entry, m)
			entry++
		}
	}
	return l
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

// page is [Manifest.Page] of the first manifest that lists the page.
func (l list) page(path string) (assets []link.Asset, listed bool) {
	for _, m := range l {
		if assets, listed = m.Page(path); listed {
			return assets, true
		}
	}
	return nil, false
}

func (l list) wanted(r *http.Request, w *server.Wants) {
	assets, listed := l.page(r.URL.EscapedPath())
	for i := range assets {
		w.Add(&assets[i])
	}
	if listed && len(assets) == 0 {
		w.Only()
	}
}
