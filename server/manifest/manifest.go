// Package manifest reads files that say which assets a page needs: what a build tool wrote, or
// what a person did.
//
// [Read] tells these forms apart by their content:
//
//   - Vite's manifest.json and ssr-manifest.json, SvelteKit's among them;
//   - webpack's: the manifest plugins, Encore, Create React App's asset-manifest.json, the
//     entrypoints of stats.json; Parcel's by its reporter;
//   - esbuild's metafile, which Angular's stats.json is, too;
//   - those of Next.js (build-manifest.json, app-build-manifest.json), Nuxt (client.manifest),
//     Remix and React Router (manifest-*.js), Gatsby (chunk-map.json, webpack.stats.json);
//   - those of Sprockets and Propshaft;
//   - push_manifest.json;
//   - the _headers form of static hosts: a path on a line of its own, then indented "Link: ..."
//     lines;
//   - rules: a path, then Link values one a line, a blank line between pages, "-" for a page that
//     needs none.
//
// Frameworks that route name their pages. Other tools know entries: one whose page is plain to
// see is placed there (see [Config]); the others are kept by name for a handler that knows what
// it renders ([Manifest.Entry]), and named in [Manifest.Warnings]. [ParseSetting] is how users
// place them, and [OpenFiles] keeps manifests up to date with their files.
//
// Of files on another origin the connection is hinted, and a warning says so.
package manifest

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// Bounds on what is read and kept.
const (
	maxBytes  = 32 << 20 // bytes of a file
	maxPages  = 50_000   // pages, and entries, of a file
	maxAssets = 64       // assets of one page; later ones are left out, since no navigation delivers so many
	maxLine   = 16 << 10 // bytes of a line, in the forms that have lines

	maxWarnings = 100 // enough to see what is wrong
)

// Manifest holds the assets of pages and entries. It does not change once read, so that any
// number of goroutines may use it.
type Manifest struct {
	exact    map[string][]link.Asset // by path
	prefixes map[string][]link.Asset // by pattern, without its asterisk
	lengths  []int                   // the distinct lengths of the prefixes, longest first
	entries  map[string][]link.Asset // by name
	warnings []error

	main    []link.Asset // of a Vite build with one entry
	modules bool         // the pages are those of a Vite build's modules, without its entry
}

// Page returns what the page at a URL path, percent-encoded as on the wire, needs, most
// important first, and whether the manifest says anything of that page. A page that is listed
// may need nothing, which is a statement too. Exact paths win over patterns; what a pattern
// lists holds for all that it covers, so that several patterns add up. The result is shared: do
// not change it.
func (m *Manifest) Page(path string) (assets []link.Asset, listed bool) {
	if assets, listed = m.exact[path]; listed {
		return assets, true
	}
	return m.widest(path, len(path))
}

// Entry returns what an entry or module of a build needs, by its name in the file:
// "src/main.ts", "main". The result is shared: do not change it.
func (m *Manifest) Entry(name string) (assets []link.Asset, ok bool) {
	assets, ok = m.entries[name]
	return assets, ok
}

// Wanted makes a manifest a [server.Source]: it adds the assets of the page that r asks for.
// A page that is listed with nothing gets nothing from the sources behind it either.
func (m *Manifest) Wanted(r *http.Request, w *server.Wants) { list{m}.wanted(r, w) }

// Warnings returns what was understood and could not be used: entries without a page
// ([ErrUnplaced]), assets on another origin, a file that names no page ([ErrNoPage]).
func (m *Manifest) Warnings() []error {
	return slices.Clone(m.warnings)
}

// seal turns the rules that a reader gathered into a manifest: each pattern takes in what the
// wider patterns list, so that one look-up answers.
func seal(rules []rule, entries map[string][]link.Asset, warnings []error) *Manifest {
	m := &Manifest{
		exact:    map[string][]link.Asset{},
		prefixes: map[string][]link.Asset{},
		entries:  entries,
		warnings: warnings,
	}
	whole := map[string]bool{}
	for _, r := range rules {
		into, at := m.exact, r.page
		if prefix, ok := strings.CutSuffix(r.page, "*"); ok {
			into, at = m.prefixes, prefix
		}
		into[at] = union(into[at], r.assets)
		whole[r.page] = whole[r.page] || r.whole
	}
	byLength := sortedKeys(m.prefixes)
	slices.SortStableFunc(byLength, func(a, b string) int { return len(a) - len(b) })
	for _, prefix := range byLength { // shortest first: the wider pattern is complete when the narrower one asks
		if wider, ok := m.widest(prefix, len(prefix)-1); ok && !whole[prefix+"*"] {
			m.prefixes[prefix] = union(m.prefixes[prefix], wider)
		}
		if n := len(prefix); len(m.lengths) == 0 || m.lengths[0] != n {
			m.lengths = slices.Insert(m.lengths, 0, n)
		}
	}
	if len(m.exact) == 0 && len(m.prefixes) == 0 && len(warnings) == 0 {
		m.warnings = []error{&lineError{Err: ErrNoPage}}
	}
	for path, assets := range m.exact {
		if wider, ok := m.widest(path, len(path)); ok && !whole[path] {
			m.exact[path] = union(assets, wider)
		}
	}
	return m
}

// widest is the longest pattern, of at most n bytes, that covers a path.
func (m *Manifest) widest(path string, n int) ([]link.Asset, bool) {
	for _, l := range m.lengths {
		if l <= n {
			if assets, ok := m.prefixes[path[:l]]; ok {
				return assets, true
			}
		}
	}
	return nil, false
}

// union appends to a what b has besides, up to maxAssets. It never writes into a's or b's own
// memory.
func union(a, b []link.Asset) []link.Asset {
	a = slices.Clip(a)
	for _, x := range b {
		if len(a) >= maxAssets {
			break
		}
		if !slices.ContainsFunc(a, func(y link.Asset) bool { return y.Origin == x.Origin && y.Path == x.Path && y.Rel == x.Rel }) {
			a = append(a, x)
		}
	}
	return a
}

// rule is what one block of a file says: these assets for this page or pattern.
type rule struct {
	page   string // a path, or a pattern with an asterisk at its end
	assets []link.Asset
	whole  bool // the page needs this and no more, whatever patterns say
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
