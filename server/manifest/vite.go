package manifest

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// chunk is one entry of Vite's manifest.json, or of Nuxt's.
type chunk struct {
	File           string   `json:"file"`
	Src            string   `json:"src"`
	Name           string   `json:"name"` // since Vite 5.1
	IsEntry        bool     `json:"isEntry"`
	IsDynamicEntry bool     `json:"isDynamicEntry"`
	Imports        []string `json:"imports"` // names of other chunks
	CSS            []string `json:"css"`     // file names
	Assets         []string `json:"assets"`  // file names of images, fonts and the like
	Integrity      string   `json:"integrity"`
	ResourceType   string   `json:"resourceType"` // Nuxt
}

// viteChunks reads manifest.json. An entry needs the style sheets of its chunk and of all that
// it imports, its own file, and the files of its imports, in that order; dynamic imports come
// later in a page's life and are left alone.
func (b *build) viteChunks(d *document) error {
	var chunks map[string]chunk
	if err := json.Unmarshal(d.data, &chunks); err != nil {
		return err
	}
	v := newViteBuild(b, chunks)
	b.vite = true
	b.module = func(name string) ([]link.Asset, bool) {
		_, ok := chunks[name]
		return v.entry(name), ok
	}
	if b.svelteKit(v) {
		return nil
	}
	for _, name := range sortedKeys(chunks) {
		if !chunks[name].IsEntry || legacy(name, chunks) {
			continue
		}
		b.entries[name] = v.entry(name)
		if isHTML(name) {
			b.pages[name] = b.pagesOf(name)
		}
	}
	return nil
}

// svelteKit reads a build of SvelteKit, of which Vite's file tells what all pages need: the start,
// the application and the outermost layout. Which of the other nodes a page shows is not in the
// file, but a user may place them.
func (b *build) svelteKit(v *viteBuild) bool {
	var start, app, layout string
	for name := range v.chunks {
		switch {
		case strings.HasSuffix(name, "@sveltejs/kit/src/runtime/client/entry.js"):
			start = name
		case strings.HasSuffix(name, "generated/client-optimized/app.js"):
			app = name
		case strings.HasSuffix(name, "generated/client-optimized/nodes/0.js"):
			layout = name
		}
	}
	if start == "" || app == "" || layout == "" {
		return false
	}
	b.entries[start], b.pages[start] = v.entry(start, app, layout), []string{b.root + "*"}
	return true
}

// legacy reports whether an entry is what @vitejs/plugin-legacy writes for old browsers beside the
// entry for all others, or one of the polyfills that it writes into HTML itself.
func legacy(name string, chunks map[string]chunk) bool {
	if strings.Contains(name, "vite/legacy-polyfills") {
		return true
	}
	modern := strings.Replace(name, "-legacy.", ".", 1)
	return modern != name && chunks[modern].IsEntry
}

// viteBuild is what the entries of a build have in common.
type viteBuild struct {
	*build
	chunks    map[string]chunk
	integrity map[string]string // by file
	style     string            // the one style sheet of all entries, with cssCodeSplit off
	cors      bool              // tags of style sheets have crossorigin, in the HTML files that Vite writes
}

func newViteBuild(b *build, chunks map[string]chunk) *viteBuild {
	v := &viteBuild{build: b, chunks: chunks, integrity: map[string]string{}}
	for name, c := range chunks {
		v.integrity[c.File] = c.Integrity
		if c.Name != "" || strings.Contains(name, "!~{") || !vite4Name(c.File) {
			v.cors = true
		}
	}
	if c := chunks["style.css"]; c.Src == "style.css" && !c.IsEntry {
		v.style = c.File
		for _, c := range chunks {
			if slices.Contains(c.CSS, v.style) {
				v.style = ""
				break
			}
		}
	}
	return v
}

// vite4Name tells names that Vite 4 gives to files, with eight hexadecimal digits, from those of
// Vite 5 and later, whose digits are those of base64.
func vite4Name(file string) bool {
	stem := strings.TrimSuffix(file, path.Ext(file))
	i := strings.LastIndexByte(stem, '-')
	return i >= 0 && len(stem)-i == 9 && strings.Trim(stem[i+1:], "0123456789abcdef") == ""
}

// tagged reports whether Vite or Nuxt itself writes the tags of an entry.
func (v *viteBuild) tagged(name string) bool {
	return isHTML(name) || v.chunks[name].ResourceType != ""
}

// maxFonts bounds the fonts of an entry that are hinted. Who has more has families that are cut
// into files by alphabet, of which a page needs few.
const maxFonts = 4

// entry is what one or several chunks need that are loaded together.
func (v *viteBuild) entry(names ...string) []link.Asset {
	n := v.needs(names[0])
	// The tags that Vite itself writes carry crossorigin, on style sheets too since Vite 5, and a
	// hint has to match its tag. Templates of other servers follow Vite's guide, which shows none.
	style := func(file string) { n.add(file, use{cors: v.cors && v.tagged(names[0]), integrity: v.integrity[file]}) }
	style(v.style)
	n.walk(names, func(name string, follow func(string) bool) {
		c := v.chunks[name]
		for _, file := range c.CSS {
			if n.full() {
				break
			}
			style(file)
		}
		n.add(c.File, use{module: true, integrity: c.Integrity})
		for _, imported := range c.Imports {
			if _, ok := v.chunks[imported]; ok && !follow(imported) {
				break
			}
		}
		for _, file := range c.Assets {
			if n.full() {
				break
			}
			if strings.HasSuffix(file, ".woff2") && len(n.fonts) <= maxFonts { // every browser that knows hints knows them
				n.add(file, use{found: true})
			}
		}
	})
	if len(n.fonts) > maxFonts {
		n.fonts = nil
	}
	return n.list()
}

// isNuxt tells Nuxt's client manifest from Vite's, which it is made of.
func isNuxt(d *document) bool {
	if d.shape != shapeChunks {
		return false
	}
	for _, raw := range d.top {
		var c chunk
		return json.Unmarshal(raw, &c) == nil && c.ResourceType != "" // all have it
	}
	return false
}

// nuxtChunks reads Nuxt's client manifest. Its files lie in a folder of their own, its entry is
// every page's, and a chunk of the folder "pages" is one page's. Its style sheets have the
// attribute crossorigin, as its scripts do.
func (b *build) nuxtChunks(d *document) error {
	var chunks map[string]chunk
	if err := json.Unmarshal(d.data, &chunks); err != nil {
		return err
	}
	b.below("_nuxt/")
	v := newViteBuild(b, chunks)
	var entries []string
	for _, name := range sortedKeys(chunks) {
		if chunks[name].IsEntry {
			entries = append(entries, name)
			b.entries[name] = v.entry(name)
			b.pages[name] = []string{b.root + "*"}
		}
	}
	for _, name := range sortedKeys(chunks) {
		if route, ok := routeOfModule(name); ok && chunks[name].IsDynamicEntry {
			b.route(name, v.entry(append(entries[:len(entries):len(entries)], name)...), b.pagesOfRoute(route))
		}
	}
	return nil
}

// viteModules reads ssr-manifest.json: the URLs that each source module brings along. A server
// that renders knows the modules it used ([Manifest.Entry]); beyond that, the folder of pages
// that most frameworks have tells the path.
func (b *build) viteModules(d *document) error {
	var modules map[string][]string
	if err := json.Unmarshal(d.data, &modules); err != nil {
		return err
	}
	b.modules = true
	for _, id := range sortedKeys(modules) {
		n := b.needs(id)
		n.addAll(modules[id], use{module: true})
		b.entries[id] = n.list()
		b.pages[id] = nil // a component is no page, and no fault
		if route, ok := routeOfModule(id); ok {
			b.pages[id] = b.pagesOfRoute(route)
		}
	}
	return nil
}

// routeOfModule is the route of "src/pages/shop/[id].vue", as the routers that read such folders
// make it: extension off, lower case, "index" and a home at the top mean the folder. Other
// modules have none.
func routeOfModule(id string) (route []segment, ok bool) {
	id, _, _ = strings.Cut(id, "?")
	var rest string
	for _, folder := range []string{"pages/", "routes/"} {
		if _, rest, ok = strings.Cut("/"+id, "/"+folder); ok {
			break
		}
	}
	if !ok {
		return nil, false
	}
	names := strings.Split(strings.ToLower(strings.TrimSuffix(rest, path.Ext(rest))), "/")
	for i, name := range names {
		folder := name == "index" || name == "+page" || name == "home" && i == 0
		group := strings.HasPrefix(name, "(") && strings.HasSuffix(name, ")")
		if folder && i == len(names)-1 || group {
			continue
		}
		route = append(route, bracketed(name))
	}
	return route, true
}
