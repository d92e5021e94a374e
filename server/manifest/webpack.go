package manifest

import (
	"encoding/json"
	"path"
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// webpackEntrypoints reads the files that have entrypoints: a list (Create React App), or an
// object by entry.
func (b *build) webpackEntrypoints(d *document) error {
	top, raw := d.top, d.top["entrypoints"]
	var public string
	if err := json.Unmarshal(top["publicPath"], &public); err == nil && (strings.HasPrefix(public, "/") || isForeign(public)) {
		b.rebase(public) // "auto" and "" say nothing
	}
	var list []string
	var files map[string]string
	isList := json.Unmarshal(raw, &list) == nil
	if json.Unmarshal(top["files"], &files) == nil && len(list) > 0 {
		b.rebaseAsShown(list[0], files)
	}
	b.webpackPages(top)
	if isList {
		b.entries["main"] = b.webpackFiles("main", list, nil)
		b.pages["main"] = []string{b.root + "*"} // one page application: every path below shows the same HTML
		return nil
	}
	var byName map[string]json.RawMessage
	if err := json.Unmarshal(raw, &byName); err != nil {
		return err
	}
	for _, name := range sortedKeys(byName) {
		raw := byName[name]
		var entry struct{ Assets json.RawMessage }
		if err := json.Unmarshal(raw, &entry); err != nil || entry.Assets == nil {
			entry.Assets = raw // {"main": {"js": [...]}} and {"main": [...]}
		}
		list, err := filesOf(entry.Assets)
		if err != nil {
			return err
		}
		if len(b.entries) == 0 && len(list) > 0 {
			b.rebaseAsShown(list[0], files)
		}
		b.entries[name] = b.webpackFiles(name, list, nil)
	}
	return nil
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
func (b *build) webpackPages(top map[string]json.RawMessage) {
	var named []struct{ Name string }
	if json.Unmarshal(top["assets"], &named) == nil {
		for _, asset := range named {
			b.htmlOf(asset.Name)
		}
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

// filesOf reads a list of names, of objects with a name, or an object of lists by kind.
func filesOf(raw json.RawMessage) ([]string, error) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		files := make([]string, 0, len(list))
		for _, item := range list {
			var name string
			if json.Unmarshal(item, &name) != nil {
				var object struct{ Name string }
				if err := json.Unmarshal(item, &object); err != nil {
					return nil, err
				}
				name = object.Name
			}
			files = append(files, name)
		}
		return files, nil
	}
	var byKind struct{ CSS, JS json.RawMessage }
	if err := json.Unmarshal(raw, &byKind); err != nil {
		return nil, err
	}
	var files []string
	for _, kind := range []json.RawMessage{byKind.CSS, byKind.JS} {
		var one string
		if kind == nil {
			continue
		}
		if json.Unmarshal(kind, &one) == nil {
			files = append(files, one)
			continue
		}
		var several []string
		if err := json.Unmarshal(kind, &several); err != nil {
			return nil, err
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
	files := map[string][]string{}
	integrity := map[string]string{}
	for _, name := range sortedKeys(d.top) {
		var file struct{ Src, Integrity string }
		if json.Unmarshal(d.top[name], &file.Src) != nil {
			if err := json.Unmarshal(d.top[name], &file); err != nil {
				return err
			}
		}
		b.htmlOf(name)
		base := path.Base(name)
		stem := strings.TrimSuffix(base, path.Ext(base))
		if !strings.Contains(stem, ".") {
			files[stem] = append(files[stem], file.Src)
			integrity[file.Src] = file.Integrity
		}
	}
	for _, stem := range sortedKeys(files) {
		if assets := b.webpackFiles(stem, files[stem], integrity); len(assets) > 0 {
			b.entries[stem] = assets
		}
	}
	return nil
}

// webpackFiles makes assets of an entry's files. Integrity, by file, may be nil.
func (b *build) webpackFiles(of string, files []string, integrity map[string]string) []link.Asset {
	n := b.needs(of)
	for _, file := range files {
		n.add(file, use{integrity: integrity[file]})
	}
	return n.list()
}
