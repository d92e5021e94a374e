package manifest

import (
	"encoding/json"
	"slices"
	"strings"
)

// isGatsby tells Gatsby's chunk-map.json and webpack.stats.json by the names that it gives to the
// chunks of pages.
func isGatsby(d *document) bool {
	chunks := gatsbyChunks(d)
	isPage := func(name string) bool { return strings.HasPrefix(name, gatsbyPage) }
	return chunks["app"] != nil && slices.ContainsFunc(sortedKeys(chunks), isPage)
}

// gatsbyPage begins the names of what pages show: the file's name follows, its slashes and dots
// turned into dashes.
const gatsbyPage = "component---src-pages-"

func gatsbyChunks(d *document) (chunks map[string][]string) {
	raw := d.data
	if stats, ok := d.top["assetsByChunkName"]; ok {
		raw = stats
	}
	if json.Unmarshal(raw, &chunks) != nil {
		return nil
	}
	return chunks
}

// gatsbyPages reads either file. What is called app is every page's. A page's own chunk is placed
// where its name leaves no doubt: "blog-post" may be blog/post or blog-post.
func (b *build) gatsbyPages(d *document) error {
	chunks := gatsbyChunks(d)
	for _, name := range sortedKeys(chunks) {
		page, ok := strings.CutPrefix(name, gatsbyPage)
		if !ok && name != "app" {
			continue
		}
		n := b.needs(name)
		n.addAll(chunks[name], use{})
		b.entries[name] = n.list()
		stem, _, _ := strings.Cut(page, "-") // "about-js", "about-tsx"
		switch {
		case !ok:
			b.pages[name] = []string{b.root + "*"}
		case strings.Count(page, "-") != 1 || stem == "404":
			b.pages[name] = nil
		case stem == "index":
			b.pages[name] = []string{b.root}
		default:
			at := b.root + encode(stem)
			b.pages[name] = []string{at, at + "/"}
		}
	}
	return nil
}
