package manifest

import (
	"encoding/json"
	"path"
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// chunk is one entry of Vite's manifest.json.
type chunk struct {
	File      string   `json:"file"`
	IsEntry   bool     `json:"isEntry"`
	Imports   []string `json:"imports"` // names of other chunks
	CSS       []string `json:"css"`     // file names
	Integrity string   `json:"integrity"`
}

// viteChunks reads manifest.json. An entry needs the style sheets of its chunk and of all that
// it imports, its own file, and the files of its imports, in that order; dynamic imports come
// later in a page's life and are left alone.
func (b *build) viteChunks(d *document) error {
	var chunks map[string]chunk
	if err := json.Unmarshal(d.data, &chunks); err != nil {
		return err
	}
	for _, name := range sortedKeys(chunks) {
		if !chunks[name].IsEntry {
			continue
		}
		b.entries[name] = b.viteEntry(name, chunks)
		if isHTML(name) {
			b.pages[name] = b.pagesOf(name)
		}
	}
	return nil
}

func (b *build) viteEntry(name string, chunks map[string]chunk) []link.Asset {
	var styles, scripts []link.Asset
	seen := map[string]bool{name: true} // imports may go round in circles
	queue := []string{name}
	for len(queue) > 0 && len(styles)+len(scripts) < MaxAssets {
		c := chunks[queue[0]]
		queue = queue[1:]
		for _, file := range c.CSS {
			if a, ok := b.asset(name, file, ""); ok {
				if isHTML(name) {
					// The tags that Vite itself writes carry crossorigin, on style sheets too
					// since Vite 5, and a hint has to match its tag. Templates of other servers
					// follow Vite's guide, which shows none.
					a.CrossOrigin = link.Anonymous
				}
				styles = union(styles, []link.Asset{a})
			}
		}
		if a, ok := b.asset(name, c.File, c.Integrity); ok {
			switch {
			case a.As == "script", a.Rel == link.ModulePreload:
				scripts = union(scripts, []link.Asset{module(a)})
			case a.As == "style": // an entry may be a style sheet itself
				styles = union(styles, []link.Asset{a})
			}
		}
		for _, imported := range c.Imports {
			if _, ok := chunks[imported]; ok && !seen[imported] && len(seen) < 4*MaxAssets {
				seen[imported] = true
				queue = append(queue, imported)
			}
		}
	}
	return union(styles, scripts)
}

// module makes a script a module, which is what Vite builds.
func module(a link.Asset) link.Asset {
	return link.Asset{Path: a.Path, Type: a.Type, Integrity: a.Integrity, Rel: link.ModulePreload, CrossOrigin: link.Anonymous}
}

// viteModules reads ssr-manifest.json: the URLs that each source module brings along. A server
// that renders knows the modules it used ([Manifest.Entry]); beyond that, the folder of pages
// that most frameworks have tells the path.
func (b *build) viteModules(d *document) error {
	var modules map[string][]string
	if err := json.Unmarshal(d.data, &modules); err != nil {
		return err
	}
	for _, id := range sortedKeys(modules) {
		var assets []link.Asset
		for _, u := range modules[id] {
			a, ok := b.asset(id, u, "")
			if !ok {
				continue
			}
			if a.As == "script" {
				a = module(a)
			}
			assets = union(assets, []link.Asset{a})
		}
		b.entries[id] = assets
		b.pages[id] = nil // a component is no page, and no fault
		if page := pageOfModule(id); validPage(page) {
			b.pages[id] = []string{page}
		}
	}
	return nil
}

// pageOfModule turns "src/pages/shop/[id].vue" into "/shop/*", as the routers that read such
// folders do: extension off, lower case, "index" and a home at the top mean the folder, a
// parameter in brackets opens everything below. It returns "" for other modules.
func pageOfModule(id string) string {
	id, _, _ = strings.Cut(id, "?")
	rest, ok := "", false
	for _, folder := range []string{"pages/", "routes/"} {
		if _, after, found := strings.Cut("/"+id, "/"+folder); found {
			rest, ok = after, true
			break
		}
	}
	if !ok {
		return ""
	}
	rest = strings.ToLower(strings.TrimSuffix(rest, path.Ext(rest)))
	var page strings.Builder
	segments := strings.Split(rest, "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		switch {
		case strings.HasPrefix(segment, "["):
			return page.String() + "/*"
		case last && (segment == "index" || segment == "+page" || segment == "home" && i == 0):
			if page.Len() == 0 {
				return "/"
			}
			return page.String()
		}
		page.WriteString("/" + encode(segment))
	}
	return page.String()
}
