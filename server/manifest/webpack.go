package manifest

import (
	"cmp"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// A file is one file of an entry, as webpack's plugins name it.
type file struct{ name, integrity string }

// UnmarshalJSON reads a name, or an object with a name or a URL.
func (f *file) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &f.name) == nil {
		return nil
	}
	var object struct{ Name, Src, Integrity string }
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	f.name, f.integrity = cmp.Or(object.Src, object.Name), object.Integrity
	return nil
}

// webpackEntrypoints reads the files that have entrypoints: a list (Create React App), or an
// object by entry.
func (b *build) webpackEntrypoints(d *document) error {
	top, raw := d.top, d.top["entrypoints"]
	var public string
	if err := json.Unmarshal(top["publicPath"], &public); err == nil && (strings.HasPrefix(public, "/") || isForeign(public)) {
		b.rebase(public) // "auto" and "" say nothing
	}
	var list []file
	single := json.Unmarshal(raw, &list) == nil
	byName := map[string]json.RawMessage{"main": raw}
	if !single {
		byName = nil
		if err := json.Unmarshal(raw, &byName); err != nil {
			return err
		}
	}
	entries := map[string][]file{}
	for name, raw := range byName {
		var entry struct{ Assets json.RawMessage }
		if err := json.Unmarshal(raw, &entry); err != nil || entry.Assets == nil {
			entry.Assets = raw // {"main": {"js": [...]}} and {"main": [...]}
		}
		list, err := filesOf(entry.Assets)
		if err != nil {
			return err
		}
		entries[name] = list
	}
	var urls map[string]string
	if json.Unmarshal(top["files"], &urls) == nil {
		for _, name := range sortedKeys(entries) {
			if list := entries[name]; len(list) > 0 {
				b.rebaseAsShown(list[0].name, urls)
				break
			}
		}
	}
	var assets []file
	if json.Unmarshal(top["assets"], &assets) != nil {
		assets = nil
	}
	b.webpackPages(top, assets)
	integrity := webpackIntegrity(top, assets)
	for name, list := range entries {
		b.entries[name] = b.webpackFiles(name, list, integrity)
	}
	if single {
		b.pages["main"] = []string{b.root + "*"} // one page application: every path below shows the same HTML
	}
	return nil
}

// webpackIntegrity gathers what stands beside the entries, by the name or URL of a file: Encore's
// map, the assets of stats, and the files of webpack-assets-manifest.
func webpackIntegrity(top map[string]json.RawMessage, assets []file) map[string]string {
	all := map[string]string{}
	if json.Unmarshal(top["integrity"], &all) != nil || all == nil {
		all = map[string]string{}
	}
	for _, f := range assets {
		all[f.name] = f.integrity
	}
	for _, raw := range top {
		var f file
		if json.Unmarshal(raw, &f) == nil && f.integrity != "" {
			all[f.name] = f.integrity
		}
	}
	return all
}

// rebaseAsShown takes the base from a list of all files with their URLs, in which a file of an
// entry is found by how its URL ends.
func (b *build) rebaseAsShown(file string, urls map[string]string) {
	file = strings.TrimPrefix(file, "./")
	shown, any := "", false
	for _, url := range urls {
		base, ok := strings.CutSuffix(url, "/"+file)
		if base += "/"; ok && (base[0] == '/' || isForeign(base)) && (!any || len(base) < len(shown)) {
			shown, any = base, true
		}
	}
	if any {
		b.rebase(shown)
	}
}

// webpackPages notes which HTML files the build has. A plugin that writes them names them after
// their entry.
func (b *build) webpackPages(top map[string]json.RawMessage, assets []file) {
	for _, f := range assets {
		b.htmlOf(f.name)
	}
	var files map[string]json.RawMessage
	if json.Unmarshal(top["files"], &files) == nil {
		for _, name := range sortedKeys(files) {
			b.htmlOf(name)
		}
	}
}

// htmlOf gives an HTML file to the entry of its name: about.html and about/index.html to about.
func (b *build) htmlOf(name string) {
	if !isHTML(name) {
		return
	}
	stem := strings.TrimSuffix(name, path.Ext(name))
	b.pages[stem] = append(b.pages[stem], b.pagesOf(name)...)
	if folder, ok := strings.CutSuffix(stem, "/index"); ok {
		b.pages[folder] = append(b.pages[folder], b.pagesOf(name)...)
	}
}

// webpackGroups reads {"main": {"js": [...], "css": [...]}}.
func (b *build) webpackGroups(d *document) error {
	for _, name := range sortedKeys(d.top) {
		files, err := filesOf(d.top[name])
		if err != nil {
			return err
		}
		b.entries[name] = b.webpackFiles(name, files, nil)
	}
	return nil
}

// filesOf reads a list of files, or an object of lists by kind. One file stands for a list of one.
func filesOf(raw json.RawMessage) ([]file, error) {
	var files []file
	if json.Unmarshal(raw, &files) == nil {
		return files, nil
	}
	var byKind struct{ CSS, JS json.RawMessage }
	if err := json.Unmarshal(raw, &byKind); err != nil {
		return nil, err
	}
	for _, kind := range []json.RawMessage{byKind.CSS, byKind.JS} {
		var several []file
		if kind == nil {
			continue
		}
		if json.Unmarshal(kind, &several) != nil {
			several = make([]file, 1)
			if err := json.Unmarshal(kind, &several[0]); err != nil {
				return nil, err
			}
		}
		files = append(files, several...)
	}
	return files, nil
}

// webpackFlat reads {"main.js": "/main.1234.js"}. Nothing in it tells what loads at once from
// what loads later. Scripts and style sheets of one name are taken for one entry, whatever
// folders they lie in; a second dot in the name, as in 787.chunk.js, marks what is loaded
// later.
func (b *build) webpackFlat(d *document) error {
	files := map[string][]file{}
	for _, name := range sortedKeys(d.top) {
		var f file
		if err := json.Unmarshal(d.top[name], &f); err != nil {
			return err
		}
		b.htmlOf(name)
		base := path.Base(name)
		stem := strings.TrimSuffix(base, path.Ext(base))
		if !strings.Contains(stem, ".") {
			if blocking(f.name) {
				files[stem] = append(files[stem], f)
			}
		}
	}
	if shared, ok := files["runtime"]; ok && len(files) > 1 { // webpack's optimization.runtimeChunk
		delete(files, "runtime")
		shared = shared[:min(len(shared), 2)] // a script, and perhaps a style sheet
		for stem := range files {
			files[stem] = slices.Concat(shared, files[stem])
		}
	}
	for _, stem := range sortedKeys(files) {
		if assets := b.webpackFiles(stem, files[stem], nil); len(assets) > 0 {
			b.entries[stem] = assets
		}
	}
	return nil
}

// webpackFiles makes assets of an entry's files. Integrity by file, for those that do not have
// their own, may be nil.
func (b *build) webpackFiles(of string, files []file, integrity map[string]string) []link.Asset {
	n := b.needs(of)
	for _, f := range files {
		if blocking(f.name) { // else a font or an image of one of them
			n.add(f.name, use{integrity: cmp.Or(f.integrity, integrity[f.name])})
		}
	}
	return n.list()
}

// blocking tells style sheets and scripts by their names.
func blocking(name string) bool { return link.Guess(name, "").Blocking() }
