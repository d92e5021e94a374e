package manifest

import (
	"encoding/json"
	"strings"
)

// esbuildOutput is a file that esbuild wrote, as its metafile says; Angular's stats.json is one.
type esbuildOutput struct {
	EntryPoint string `json:"entryPoint"`
	CSSBundle  string `json:"cssBundle"`
	Imports    []struct {
		Path string `json:"path"`
		Kind string `json:"kind"`
	} `json:"imports"`
}

// esbuildOutputs reads a metafile. Its names are relative to the folder in which esbuild ran, so
// that the folder that all outputs share is taken for what is served at the base. Angular's
// entries are one application, whose page is every page.
func (b *build) esbuildOutputs(d *document) error {
	var outputs map[string]esbuildOutput
	if err := json.Unmarshal(d.top["outputs"], &outputs); err != nil {
		return err
	}
	names := sortedKeys(outputs)
	folder := ""
	if len(names) > 0 { // what the first and the last share, all share
		folder = sharedFolder(names[0], names[len(names)-1])
	}
	url := func(name string) string { return strings.TrimPrefix(name, folder) }

	later := map[string]bool{} // loaded when the program asks for them
	modules, angular := false, false
	for _, name := range names {
		angular = angular || strings.HasPrefix(outputs[name].EntryPoint, "angular:")
		for _, i := range outputs[name].Imports {
			switch i.Kind {
			case "dynamic-import":
				later[i.Path] = true
			case "import-statement":
				_, own := outputs[i.Path]
				modules = modules || own // only modules import one another
			}
		}
	}
	modules = modules || angular
	application := b.needs("main")
	for _, name := range names {
		o := outputs[name]
		if o.EntryPoint == "" || later[name] || angular && strings.HasSuffix(name, ".mjs") { // Angular's server
			continue
		}
		entry, n := o.EntryPoint, b.needs(o.EntryPoint)
		if angular {
			entry, n = "main", application
		}
		n.add(url(o.CSSBundle), use{})
		n.walk([]string{name}, func(name string, follow func(string) bool) {
			n.add(url(name), use{module: modules})
			for _, i := range outputs[name].Imports {
				if _, own := outputs[i.Path]; own && i.Kind == "import-statement" && !follow(i.Path) {
					break
				}
			}
		})
		if assets := n.list(); len(assets) > 0 {
			b.entries[entry] = assets
			if angular {
				b.pages[entry] = []string{b.root + "*"}
			}
		}
	}
	return nil
}

// sharedFolder is the deepest folder that two files are in, with a slash at its end.
func sharedFolder(a, b string) string {
	n := 0
	for i := 0; i < min(len(a), len(b)) && a[i] == b[i]; i++ {
		if a[i] == '/' {
			n = i + 1
		}
	}
	return a[:n]
}
