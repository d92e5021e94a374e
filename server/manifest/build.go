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
	base     string                  // ends with a slash
	entries  map[string][]link.Asset // by name
	pages    map[string][]string     // entry -> pages that the file itself shows; none for what is known to be no page
	warnings []error
}

func newBuild(c Config) (*build, error) {
	b := &build{base: c.Base, entries: map[string][]link.Asset{}, pages: map[string][]string{}}
	if !strings.HasSuffix(b.base, "/") {
		b.base += "/"
	}
	if !(link.Asset{Path: b.base}).Valid() {
		return nil, &Error{Err: fmt.Errorf("%w: base %q", ErrPath, clip(c.Base))}
	}
	return b, nil
}

// asset makes an asset of a file's name or URL as build tools write them: relative to the base,
// or beginning with a slash. Names are not percent-encoded there, so that is done here. An
// asset that cannot be delivered becomes a warning.
func (b *build) asset(of, name, integrity string) (link.Asset, bool) {
	target := strings.TrimPrefix(encode(name), "./")
	if !strings.Contains(target, "://") && !strings.HasPrefix(target, "/") {
		target = b.base + target
	}
	a := link.Guess(target, "")
	a.Integrity = integrity
	if a.Valid() {
		return a, true
	}
	reason := link.ErrTarget
	if strings.HasPrefix(target, "//") || strings.Contains(target, "://") {
		reason = link.ErrForeign
	}
	b.warn(reason, of+": "+name)
	return link.Asset{}, false
}

func (b *build) warn(err error, about string) {
	if len(b.warnings) == maxWarnings {
		return
	}
	b.warnings = append(b.warnings, &Error{Err: fmt.Errorf("%w: %s", err, clip(about))})
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
	add := func(page, entry string) {
		placed[entry] = true
		if assets := b.entries[entry]; len(assets) > 0 {
			rules = append(rules, rule{page: page, assets: assets})
		}
	}
	for _, page := range sortedKeys(c.Place) {
		if !strings.HasPrefix(page, "/") || !validPage(page) {
			return nil, &Error{Err: fmt.Errorf("%w: %q", ErrPath, clip(page))}
		}
		for _, entry := range c.Place[page] {
			if _, ok := b.entries[entry]; !ok {
				return nil, &Error{Err: fmt.Errorf("%w: %q", ErrNoEntry, clip(entry))}
			}
			add(page, entry)
		}
	}
	names := sortedKeys(b.entries)
	for _, entry := range names {
		if !placed[entry] {
			for _, page := range b.pages[entry] {
				add(page, entry)
			}
		}
	}
	for _, entry := range names {
		_, known := b.pages[entry]
		switch {
		case placed[entry], known:
		case len(names) == 1:
			add("/*", entry)
		default:
			b.warn(ErrUnplaced, entry)
		}
	}
	return seal(rules, b.entries, b.warnings), nil
}

// pagesOf are the paths under which servers show an HTML file: "about.html" at its own name and
// without extension, "shop/index.html" at its folder.
func (b *build) pagesOf(html string) []string {
	at := b.base + encode(strings.TrimPrefix(html, "/"))
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
