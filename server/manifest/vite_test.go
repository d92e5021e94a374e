package manifest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server/link"
)

// Fonts that Vite found in the style sheets of an entry are hinted, after all else, and not
// pushed. A family cut into many files is left to the browser, which needs few of them.
func TestViteFonts(t *testing.T) {
	for _, file := range []string{"vite/4-pages.json", "vite/8-pages.json", "vite/8-onecss.json"} {
		assets, _ := open(t, file, Config{}).Page("/")
		last := assets[len(assets)-1]
		if last.As != "font" || !last.NoPush || last.CrossOrigin != link.Anonymous {
			t.Errorf("%s: %v", file, assets)
		}
	}
	for n, want := range map[int]int{1: 1, 4: 4, 5: 0} {
		var fonts []string
		for i := range n {
			fonts = append(fonts, fmt.Sprintf(`"f%d.woff2", "f%[1]d.woff"`, i))
		}
		m, err := Read(strings.NewReader(`{"a.ts": {"file": "a.js", "isEntry": true, "assets": ["logo.svg", `+strings.Join(fonts, ", ")+`]}}`), Config{})
		if err != nil {
			t.Fatal(err)
		}
		if assets, _ := m.Page("/"); len(assets) != 1+want {
			t.Errorf("%d fonts: %v", n, assets)
		}
	}
}

// What @vitejs/plugin-legacy builds for old browsers is no entry of its own.
func TestViteLegacy(t *testing.T) {
	m := open(t, "vite/7-legacy.json", Config{})
	if got := paths(m); len(m.Warnings()) != 0 || got != "/* /assets/main-CiRDzIHT.css /assets/main-CzifMw9g.js /assets/x-DgCBPc0M.woff2\n" {
		t.Errorf("%v\n%s", m.Warnings(), got)
	}
}

// A chunk that is loaded later goes ahead of the pages where it is placed.
func TestVitePlacedChunk(t *testing.T) {
	m := open(t, "vite/8-ssr-client.json", Config{Place: map[string][]string{"/*": {"spa.html"}, "/about": {"src/pages/About.js"}}})
	assets, _ := m.Page("/about")
	if !slices.ContainsFunc(assets, func(a link.Asset) bool { return a.Path == "/assets/About-DQCdCHoe.css" }) || len(assets) < 4 {
		t.Errorf("%v", assets)
	}
}
