package manifest

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// Frameworks that route know the pages of what they build. What they list for a page is all that
// it needs, so that wider patterns add nothing to it.

// A segment is one part of a route's path.
type segment struct {
	name     string // of a fixed segment
	variable bool   // a parameter, or whatever follows
	optional bool
}

// pagesOfRoute are the pages of a route: its path, or a pattern if it ends with parameters. A
// route with something fixed behind a parameter has none, since no pattern says that.
func (b *build) pagesOfRoute(route []segment) (pages []string) {
	fixed := slices.DeleteFunc(slices.Clone(route), func(s segment) bool { return s.optional })
	for _, segments := range [][]segment{route, fixed} {
		var at strings.Builder
		at.WriteString(strings.TrimSuffix(b.root, "/"))
		open, said := false, true
		for _, s := range segments {
			if s.variable {
				open = true
			} else if said = said && !open; said {
				at.WriteString("/" + encode(s.name))
			}
		}
		page := at.String()
		found := []string{page}
		switch {
		case open:
			found[0] += "/*"
		case len(segments) == 0:
			found = append(found, b.root)
		case isData(page):
			continue
		}
		for _, page := range found {
			if said && validPage(page) && !slices.Contains(pages, page) {
				pages = append(pages, page)
			}
		}
	}
	return pages
}

// isData tells routes that answer with data, such as "/feed.xml", by their extension.
func isData(page string) bool {
	ext := path.Ext(page)
	return ext != "" && !isHTML(page) && strings.Trim(strings.ToLower(ext[1:]), "abcdefghijklmnopqrstuvwxyz") == ""
}

// route adds an entry that is shown on the pages of a route.
func (b *build) route(entry string, assets []link.Asset, pages []string) {
	b.whole = true
	b.entries[entry], b.pages[entry] = assets, pages
}

// isNext tells Next.js' files by their pages.
func isNext(d *document) bool {
	var pages map[string][]string
	if json.Unmarshal(d.top["pages"], &pages) != nil {
		return false
	}
	for page := range pages {
		if !strings.HasPrefix(page, "/") {
			return false
		}
	}
	return true
}

// nextPages reads Next.js' build-manifest.json, which is about the pages router and knows the
// common files of the app router, or its app-build-manifest.json. Scripts are no modules; a page
// of the pages router has the files of "/_app" first, one of the app router those of the layouts
// of its folders.
func (b *build) nextPages(d *document) error {
	var m struct {
		Pages map[string][]string        `json:"pages"`
		Root  []string                   `json:"rootMainFiles"`
		Boot  map[string]json.RawMessage `json:"pagesChunkGroupBootstrapParams"` // Turbopack: by routes of both routers
	}
	if err := json.Unmarshal(d.data, &m); err != nil {
		return err
	}
	b.below("_next/")
	lists := map[string][]string{}
	for route := range m.Boot {
		if strings.HasSuffix(route, "/page") {
			lists[route] = m.Root
		}
	}
	for route, files := range m.Pages {
		lists[route] = files
	}
	for _, route := range sortedKeys(lists) {
		page, app := strings.CutSuffix(route, "/page")
		if len(route) > link.MaxPath || strings.HasSuffix(route, "/layout") || strings.HasSuffix(route, "/route") ||
			strings.HasPrefix(route, "/api/") || strings.HasPrefix(route, "/_") { // "/_app", "/_not-found/page"
			continue
		}
		n := b.needs(route)
		if !app {
			n.addAll(lists["/_app"], use{})
		}
		for i, c := range page + "/" {
			if app && c == '/' { // each folder's, from the outermost on
				n.addAll(lists[page[:i]+"/layout"], use{})
			}
		}
		n.addAll(lists[route], use{})
		if segments, ok := nextRoute(page); ok {
			b.route(route, n.list(), b.pagesOfRoute(segments))
		}
	}
	return nil
}

// nextRoute splits a route such as "/blog/[slug]" or "/(shop)/cart". Groups in parentheses are no
// part of the path; what is shown inside other pages is no page.
func nextRoute(route string) (segments []segment, ok bool) {
	for name := range strings.SplitSeq(strings.Trim(route, "/"), "/") {
		switch {
		case name == "", strings.HasPrefix(name, "(") && strings.HasSuffix(name, ")"):
		case strings.HasPrefix(name, "("), strings.HasPrefix(name, "@"):
			return nil, false
		default:
			segments = append(segments, bracketed(name))
		}
	}
	return segments, true
}

// bracketed reads a segment as file names have it in Next, Nuxt, SvelteKit and others: "[id]" is a
// parameter, "[[id]]" an optional one.
func bracketed(name string) segment {
	return segment{name: name, variable: strings.Contains(name, "["), optional: strings.HasPrefix(name, "[[")}
}

// remixRoute is a route, or the entry, of Remix' and React Router's manifest.
type remixRoute struct {
	Parent  string   `json:"parentId"`
	Path    string   `json:"path"`
	Index   bool     `json:"index"`
	Page    *bool    `json:"hasDefaultExport"` // false: it answers with data; React Router says it, Remix does not
	Module  string   `json:"module"`
	Imports []string `json:"imports"`
	CSS     []string `json:"css"`
}

const maxDepth = 32 // of nested routes

// remixRoutes reads that manifest, which browsers load as a script. A page needs the entry, and
// what the routes from the outermost to its own need.
func (b *build) remixRoutes(d *document) error {
	var m struct {
		Entry  remixRoute            `json:"entry"`
		Routes map[string]remixRoute `json:"routes"`
		URL    string                `json:"url"`
	}
	if err := json.Unmarshal(d.data, &m); err != nil {
		return err
	}
	if base, _, ok := strings.Cut(m.URL, "assets/manifest-"); ok && !b.told && strings.HasPrefix(base, "/") {
		b.rebase(base) // basename begins with Vite's base, so that pages are there, too
	}
	for _, id := range sortedKeys(m.Routes) {
		if r := m.Routes[id]; r.Path == "" && !r.Index || r.Page != nil && !*r.Page {
			continue // a layout, or no page
		}
		var chain []remixRoute
		length := 0
		for at, ok := m.Routes[id]; ok && len(chain) < maxDepth; at, ok = m.Routes[at.Parent] {
			chain, length = append(chain, at), length+len(at.Path)
		}
		if length > link.MaxPath {
			continue
		}
		chain = append(chain, m.Entry)
		slices.Reverse(chain)
		n := b.needs(id)
		if m.Routes[id].Page == nil { // React Router's pages know their routes without the file
			n.add(m.URL, use{module: true})
		}
		var route []segment
		for _, r := range chain {
			n.addAll(r.CSS, use{})
			n.add(r.Module, use{module: true})
			n.addAll(r.Imports, use{module: true})
			for name := range strings.SplitSeq(strings.Trim(r.Path, "/"), "/") {
				if name != "" {
					fixed, optional := strings.CutSuffix(name, "?")
					route = append(route, segment{fixed, name[0] == ':' || name == "*", optional})
				}
			}
		}
		b.route(id, n.list(), b.pagesOfRoute(route))
	}
	return nil
}
