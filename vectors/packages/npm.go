package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/cache-aware/casper/vectors"
)

// npm makes a tarball as npm pack does. What is in the folder's own package.json stays; the loader
// comes to it.
func npm() (name string, tarball []byte, err error) {
	described, err := vectors.Files.ReadFile("package.json")
	if err != nil {
		return "", nil, err
	}
	var p map[string]any
	if err := json.Unmarshal(described, &p); err != nil {
		return "", nil, fmt.Errorf("package.json: %w", err)
	}
	p["main"], p["types"], p["engines"] = "index.js", "index.d.ts", map[string]string{"node": ">=18"}
	p["exports"] = map[string]any{".": map[string]string{"types": "./index.d.ts", "default": "./index.js"}, "./*.json": "./*.json"}
	delete(p, "files")
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(p); err != nil {
		return "", nil, err
	}
	files, err := data("package/")
	if err != nil {
		return "", nil, err
	}
	files = append(files, file{"package/package.json", b.Bytes()})
	if files, err = withSources(files, "package/", "npm", "index.js", "index.d.ts", "README.md"); err != nil {
		return "", nil, err
	}
	tarball, err = tarred(files)
	return "cache-aware-casper-vectors-" + vectors.Version() + ".tgz", tarball, err
}
