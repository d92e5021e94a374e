package manifest

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// build is what the JSON readers gather.
type build struct {
	base    string                                 // where the built files are: a path or a URL, ends with a slash
	root    string                                 // where the pages are: a path, ends with a slash
	entries map[string][]link.Asset                // by name
	pages   map[string][]string                    // entry -> pages that the file itself shows; none for what is known to be no page
	told    bool                                   // the base is the configuration's
	whole   bool                                   // what the file shows for a page is all that it needs
	vite    bool                                   // of a Vite manifest.json
	modules bool                                   // of a Vite ssr-manifest.json
	module  func(name string) ([]link.Asset, bool) // what can be placed and is no entry; nil without any
	warnings
}

// newBuild returns a build whose files are at the base that was configured.
func newBuild(c Config) (*build, error) {
	b := &build{told: c.Base != "", entries: map[string][]link.Asset{}, pages: map[string][]string{}}
	if !b.rebase(c.Base) {
		return nil, &lineError{Err: fmt.Errorf("%w: base %q, which may be a URL, too", errPath, clip(c.Base))}
	}
	return b, nil
}

// rebase makes a path or a URL the base, and says whether it is either. The pages of files on
// another origin are at the root.
func (b *build) rebase(base string) bool {
	if !strings.HasSuffix(base, "/") {
		base += "/"
	}
	b.base, b.root = base, base
	if isForeign(base) {
		b.root = "/"
		_, ok := originOf(base)
		return ok && !strings.ContainsAny(base, "?#")
	}
	return (link.Asset{Path: base}).Valid() && !strings.Contains(base, "?")
}

// below moves the base to the folder that a framework puts its files into, unless the base is
// that folder already. The pages stay where they are.
func (b *build) below(folder string) {
	if above, ok := strings.CutSuffix(b.base, "/"+folder); ok {
		if !isForeign(b.base) {
			b.root = above + "/"
		}
		return
	}
	b.base += folder
}

// A use is what a build says of a file besides its name.
type use struct {
	module    bool // a script is a JavaScript module
	cors      bool // a style sheet's tag has the attribute crossorigin
	found     bool // the build found it, as it finds fonts in style sheets; nobody says that it is used at once
	named     bool // a person names it, so that it counts whatever it is
	integrity string
}

// needs gathers what a page needs: style sheets first, then scripts, fonts and the rest, each in
// the order in which they were added.
type needs struct {
	b                            *build
	of                           string // the entry or page, for warnings
	styles, scripts, fonts, rest []link.Asset
	tried                        int
}

func (b *build) needs(of string) *needs { return &needs{b: b, of: of} }

// add takes in a file that the page loads at once. What is no style sheet, script or font counts
// only if it was named for its own sake, since builds list source maps and images as well.
func (n *needs) add(name string, u use) {
	if n.full() {
		return
	}
	if n.tried++; name == "" {
		return
	}
	if len(name) > link.MaxPath {
		n.b.warn(fmt.Errorf("%w: %q of %q", link.ErrTarget, clip(name), clip(n.of)))
		return
	}
	a := link.Guess(n.b.url(name), "")
	into := &n.scripts
	switch {
	case a.As == "script" && u.module, a.Rel == link.ModulePreload:
		a.As, a.Rel, a.CrossOrigin = "", link.ModulePreload, link.Anonymous
	case a.As == "script":
	case a.As == "style":
		into = &n.styles
		if u.cors {
			a.CrossOrigin = link.Anonymous
		}
	case a.As == "font":
		into = &n.fonts
		a.NoPush = u.found
	case u.named && a.As != "":
		into = &n.rest
	default:
		return
	}
	a.Integrity = u.integrity
	if a, ok := n.b.deliverable(n.of, name, a); ok {
		if !slices.ContainsFunc(*into, func(b link.Asset) bool { return a.Origin == b.Origin && a.Path == b.Path && a.Rel == b.Rel }) {
			*into = append(*into, a)
		}
	}
}

// addAll adds several files.
func (n *needs) addAll(names []string, u use) {
	for _, name := range names {
		if n.full() {
			return
		}
		n.add(name, u)
	}
}

// walk visits files that lead from one to the next, each once, the nearest first. Follow adds a
// file that another one leads to, and says whether there is room for more: imports may go round in
// circles, and may be a great many.
func (n *needs) walk(from []string, visit func(file string, follow func(string) bool)) {
	queue, seen := []string(nil), map[string]bool{}
	follow := func(file string) bool {
		if !seen[file] {
			seen[file] = true
			queue = append(queue, file)
		}
		return len(seen) < 4*maxAssets
	}
	for _, file := range from {
		follow(file)
	}
	for len(queue) > 0 && !n.full() {
		file := queue[0]
		queue = queue[1:]
		visit(file, follow)
	}
}

// full reports whether nothing more is taken in: files that lead from one to the next, and those
// that many entries share, may be a great many.
func (n *needs) full() bool {
	return n.tried >= 4*maxAssets || len(n.styles)+len(n.scripts) >= maxAssets
}

// list is all that was added, up to maxAssets.
func (n *needs) list() []link.Asset { return union(union(union(n.styles, n.scripts), n.fonts), n.rest) }

// url is the URL of a file as build tools name it: relative to the base, beginning with a slash,
// or absolute. Names are not percent-encoded there, so that is done here.
func (b *build) url(name string) string {
	target := strings.TrimPrefix(encode(name), "./")
	if strings.HasPrefix(target, "/") || isForeign(target) {
		return target
	}
	return b.base + target
}

// deliverable makes of an asset what can be sent ahead. What cannot becomes a warning.
func (b *build) deliverable(of, name string, a link.Asset) (link.Asset, bool) {
	if isForeign(a.Path) {
		if to, ok := b.elsewhere(a); ok {
			return to, true
		}
	} else if a.Valid() {
		return a, true
	}
	b.warn(fmt.Errorf("%w: %q of %q", link.ErrTarget, clip(name), clip(of)))
	return link.Asset{}, false
}

// encode percent-encodes what JavaScript's encodeURI does, which is what build tools write into
// HTML, and leaves what is encoded already. A fragment goes.
func encode(name string) string {
	const plain = "-_.!~*'();,/?:@&=+$%"
	name, _, _ = strings.Cut(name, "#")
	var out []byte
	for i := range len(name) {
		c := name[i]
		if '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || strings.IndexByte(plain, c) >= 0 {
			out = append(out, c)
		} else {
			out = fmt.Appendf(out, "%%%02X", c)
		}
	}
	return string(out)
}

// place puts entries on pages: as told, else as shown by the file, else everywhere when there
// is but one.
func (b *build) place(c Config) (*Manifest, error) {
	var rules []rule
	placed := map[string]bool{}
	add := func(page, entry string, whole bool) {
		placed[entry] = true
		if assets := b.entries[entry]; len(assets) > 0 {
			rules = append(rules, rule{page, assets, whole})
		}
	}
	names := sortedKeys(b.entries)
	lone := len(names) == 1
	for _, page := range sortedKeys(c.Place) {
		if !strings.HasPrefix(page, "/") || !validPage(page) {
			return nil, &lineError{Err: fmt.Errorf("%w: %q", errPath, clip(page))}
		}
		for _, entry := range c.Place[page] {
			if !b.has(entry) {
				return nil, &lineError{Err: fmt.Errorf("%w: %q; it has %s", errNoEntry, clip(entry), quoted(sortedKeys(b.entries)))}
			}
			add(page, entry, false)
		}
	}
	var unplaced []string
	for _, entry := range names {
		pages, known := b.pages[entry]
		switch {
		case placed[entry]:
		case known:
			for _, page := range pages {
				add(page, entry, b.whole)
			}
		case len(b.entries[entry]) == 0:
		case lone:
			add("/*", entry, false)
		default:
			unplaced = append(unplaced, entry)
		}
	}
	if len(unplaced) > 0 && len(c.Place) == 0 { // who places some leaves out the others
		b.warn(unplacedError(unplaced))
	}
	m := seal(rules, b.entries, b.warnings.list)
	m.modules = b.modules
	if b.vite && lone {
		m.main = b.entries[names[0]]
	}
	return m, nil
}

// has reports whether there is an entry or a module of that name, and makes it an entry.
func (b *build) has(name string) bool {
	_, ok := b.entries[name]
	if !ok && b.module != nil {
		if b.entries[name], ok = b.module(name); !ok {
			delete(b.entries, name)
		}
	}
	return ok
}

// pagesOf are the paths under which servers show an HTML file: "about.html" at its own name and
// without extension, "shop/index.html" at its folder.
func (b *build) pagesOf(html string) []string {
	at := b.root + encode(strings.TrimPrefix(html, "/"))
	pages := []string{at}
	if folder, ok := strings.CutSuffix(at, "/index.html"); ok {
		pages = append(pages, folder+"/")
	} else {
		pages = append(pages, strings.TrimSuffix(at, path.Ext(at)))
	}
	return slices.DeleteFunc(pages, func(p string) bool { return !validPage(p) })
}

func isHTML(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".html" || ext == ".htm"
}
