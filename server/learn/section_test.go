package learn

import (
	"fmt"
	"testing"
	"time"

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
