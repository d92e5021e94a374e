package learn

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cache-aware/casper/server/link"
)

// All files that the pages of a section share are learned for its other pages, whatever the
// secret that places them in memory, up to as many as a page may have.
func TestSectionLearnsAllSharedFiles(t *testing.T) {
	for _, c := range []struct{ shared, own, secrets int }{
		{2, 0, 50}, {5, 0, 20}, {20, 0, 10}, {40, 0, 5}, {128, 0, 2}, {64, 64, 2}, {20, 100, 2},
	} {
		for s := range c.secrets {
			m := must(t, Config{Secret: fmt.Append(nil, "shared", s)})
			at := start
			for i := range 40 {
				assets := files(c.shared)
				for j := range c.own {
					path := fmt.Sprintf("/pictures/%d-%d.avif", i, j)
					assets = append(assets, link.Asset{Path: path, As: "image"})
				}
				at = look(m, fmt.Sprint("/shop/", i), Client(1+i), at, assets...)
			}
			if got := len(m.Wanted("/shop/never-seen")); got != c.shared {
				t.Errorf("secret %d: %d of %d shared files are wanted (each page has %d more)",
					s, got, c.shared, c.own)
			}
		}
	}
}

// A section is learned whatever the secret that places it in memory, also where both sections
// of a page, and those of other pages, meet there.
func TestSectionIsLearnedWhateverTheSecret(t *testing.T) {
	for s := range 1000 {
		m := must(t, Config{Secret: fmt.Append(nil, s), Bytes: minBytes, Shards: 1, MinClients: 1})
		at := start
		for i := range 16 {
			for _, page := range []string{"/a/b/%d", "/c/%d"} {
				at = look(m, fmt.Sprintf(page, i), Client(1+i), at, css("/a.css"))
			}
		}
		for _, page := range []string{"/a/b/x", "/a/x/x", "/c/x"} {
			if !wants(m, page, css("/a.css")) {
				t.Errorf("secret %d: %s does not get what its section needs", s, page)
			}
		}
	}
}

// Three pages are enough for a section, whatever the secret.
func TestSectionOfThreePages(t *testing.T) {
	for s := range 300 {
		m := must(t, Config{Secret: fmt.Append(nil, s), Bytes: minBytes, Shards: 1, MinClients: 1})
		at := start
		for i := range 150 {
			c := Client(1 + i)
			m.ObserveView(seen(fmt.Sprint("/shop/", i%3), c, at))
			m.ObserveFetch(fetched(fmt.Sprint("/shop/", i%3), css("/a.css"), c, at.Add(time.Millisecond)))
			at = at.Add(5 * time.Second)
		}
		m.Tick(at.Add(time.Minute))
		if !wants(m, "/shop/x", css("/a.css")) {
			t.Errorf("secret %d: a section of three pages is not learned", s)
		}
	}
}

// What three pages of a section link for everybody is wanted for its other pages, even if one
// client alone has asked for them; what fewer link, or answers for one visitor, is not.
func TestSectionBelievesTheSite(t *testing.T) {
	shared, own := css("/shop.11111111.css"), func(i int) link.Asset { return css(fmt.Sprint("/", i, ".css")) }
	for _, tt := range []struct {
		name  string
		pages int
		links func(i int) []link.Asset
		want  []string
	}{
		{"two pages", 2, func(int) []link.Asset { return []link.Asset{shared} }, nil},
		{"three pages", 3, func(i int) []link.Asset { return []link.Asset{shared, own(i)} }, []string{shared.Path}},
		{"the same file by two of many", 9, func(i int) []link.Asset { return []link.Asset{own(i / 2)} }, nil},
		{"two of one name", 3, func(i int) []link.Asset { return []link.Asset{css("/a.11111111.css"), css("/a.22222222.css")} }, []string{"/a.11111111.css", "/a.22222222.css"}},
		{"for one visitor", 9, func(int) []link.Asset { return nil }, nil},
		{"a release", 6, func(i int) []link.Asset {
			if i >= 3 {
				return []link.Asset{css("/shop.22222222.css")}
			}
			return []link.Asset{shared}
		}, []string{"/shop.22222222.css"}},
		{"many", 3, func(int) []link.Asset { return files(64) }, pathsOf(files(64))},
		{"files without number", 9, func(int) []link.Asset { return files(200) }, nil},
	} {
		for s := range 20 {
			m := must(t, Config{Secret: fmt.Append(nil, s)})
			at := start
			for i := range tt.pages {
				for range 2 { // seeing one page again adds nothing
					v := seen(fmt.Sprint("/shop/", i), 1, at)
					v.Links = tt.links(i)
					m.ObserveView(v)
					at = at.Add(time.Second)
				}
			}
			got := paths(m, "/shop/never-seen")
			if tt.name == "files without number" {
				if len(got) > maxSayings {
					t.Errorf("%s: %d are wanted", tt.name, len(got))
				}
				continue
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("secret %d: %s: %s", s, tt.name, diff)
			}
		}
	}
}

func pathsOf(assets []link.Asset) (list []string) {
	for _, a := range assets {
		list = append(list, a.Path)
	}
	return list
}
