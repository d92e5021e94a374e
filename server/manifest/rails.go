package manifest

import (
	"encoding/json"
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// Sprockets and Propshaft list every file of an asset pipeline by its name, and not which of
// them a page loads. By Rails' convention each page has the style sheet and the script that are
// called application; all others can be placed by name.

// isSprockets tells Sprockets' .sprockets-manifest-*.json by its two maps.
func isSprockets(d *document) bool {
	var files map[string]struct {
		LogicalPath string `json:"logical_path"`
	}
	if json.Unmarshal(d.top["files"], &files) != nil || d.top["assets"] == nil {
		return false
	}
	for _, f := range files {
		return f.LogicalPath != "" // all have it
	}
	return false
}

// sprocketsFiles reads that file.
func (b *build) sprocketsFiles(d *document) error {
	var assets map[string]string
	if err := json.Unmarshal(d.top["assets"], &assets); err != nil {
		return err
	}
	var files map[string]file
	if err := json.Unmarshal(d.top["files"], &files); err != nil {
		return err
	}
	list := map[string]file{}
	for name, f := range assets {
		list[name] = file{name: f, integrity: files[f].integrity}
	}
	_, map1 := list["es-module-shims.js"] // which importmap-rails brings along
	_, map2 := list["es-module-shims.min.js"]
	b.railsFiles(list, map1 || map2)
	return nil
}

// isPropshaft tells Propshaft's .manifest.json: objects with a digested path, or, before Propshaft
// 1.2, names that differ from their keys by a digest of eight hexadecimal digits, Rails' own among
// them.
func isPropshaft(d *document) bool {
	for name, raw := range d.top {
		var digested string
		var object struct {
			Path string `json:"digested_path"`
		}
		if json.Unmarshal(raw, &object) == nil && object.Path != "" {
			return true
		}
		if d.shape != shapeFlat || json.Unmarshal(raw, &digested) != nil || !hasDigest(name, digested) {
			return false
		}
	}
	return d.top["application.css"] != nil || d.top["application.js"] != nil
}

// hasDigest reports whether a file is called "app-1234abcd.css" for "app.css".
func hasDigest(name, digested string) bool {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || len(digested) != len(name)+9 || digested[:dot]+digested[dot+9:] != name || digested[dot] != '-' {
		return false
	}
	return strings.Trim(digested[dot+1:dot+9], "0123456789abcdef") == ""
}

// propshaftFiles reads that file.
func (b *build) propshaftFiles(d *document) error {
	list := map[string]file{}
	for name, raw := range d.top {
		var f file
		if json.Unmarshal(raw, &f.name) != nil {
			var object struct {
				Path      string `json:"digested_path"`
				Integrity string `json:"integrity"`
			}
			if err := json.Unmarshal(raw, &object); err != nil {
				return err
			}
			f = file{object.Path, object.Integrity}
		}
		list[name] = f
	}
	b.railsFiles(list, true)
	return nil
}

// railsFiles adds what all pages have, and lets a user place the rest. The scripts of applications
// with an import map, and of all that have Propshaft, are modules.
func (b *build) railsFiles(list map[string]file, modules bool) {
	b.below("assets/")
	needs := func(of string, names ...string) []link.Asset {
		n := b.needs(of)
		for _, name := range names {
			f := list[name]
			n.add(f.name, use{module: modules, integrity: f.integrity})
		}
		return n.list()
	}
	if assets := needs("application", "application.css", "application.js"); len(assets) > 0 {
		b.entries["application"], b.pages["application"] = assets, []string{"/*"}
	}
	b.module = func(name string) ([]link.Asset, bool) {
		_, ok := list[name]
		return needs(name, name), ok
	}
}
