package manifest

import (
	"encoding/json"
	"strings"
)

// pushed is what push_manifest.json says of a file.
type pushed struct {
	Type   string `json:"type"`
	Weight *int   `json:"weight"`
}

// isPushList reports whether an object lists files as push_manifest.json does.
func isPushList(raw json.RawMessage) bool {
	var files map[string]pushed
	if json.Unmarshal(raw, &files) != nil {
		return false
	}
	for _, f := range files {
		if f.Type == "" && f.Weight == nil {
			return false
		}
	}
	return len(files) > 0
}

// isPush tells push_manifest.json, which tools for HTTP/2 push agreed on: the files of one page, or
// of several by page.
func isPush(d *document) bool {
	if isPushList(d.data) {
		return true
	}
	for _, raw := range d.top {
		if !isPushList(raw) {
			return false
		}
	}
	return len(d.top) > 0
}

// pushPages reads that file. A page is a path or an HTML file; the files of a list without a page
// are those of the folder's index.html.
func (b *build) pushPages(d *document) error {
	lists := d.top
	if isPushList(d.data) {
		lists = map[string]json.RawMessage{"index.html": d.data}
	}
	for _, page := range sortedKeys(lists) {
		var files map[string]pushed
		if err := json.Unmarshal(lists[page], &files); err != nil {
			return err
		}
		n := b.needs(page)
		n.addAll(sortedKeys(files), use{named: true})
		b.entries[page] = n.list()
		if isHTML(page) {
			b.pages[page] = b.pagesOf(page)
		} else if strings.HasPrefix(page, "/") && validPage(page) {
			b.pages[page] = []string{page}
		}
	}
	return nil
}
