package manifest

import (
	"path/filepath"
	"strings"
	"testing"
)

// The first manifest that lists a page speaks for it, also one that lists it with nothing.
func TestList(t *testing.T) {
	var l list
	for _, text := range []string{
		"/a\n  Link: </1.css>; rel=preload; as=style\n\n/none\n-\n",
		"/a\n  Link: </2.css>; rel=preload; as=style\n/none\n  Link: </2.css>; rel=preload; as=style\n/b\n  Link: </b.css>; rel=preload; as=style\n",
	} {
		m, err := Read(strings.NewReader(text), Config{})
		if err != nil {
			t.Fatal(err)
		}
		l = append(l, m)
	}
	for page, want := range map[string]string{"/a": "/1.css", "/b": "/b.css"} {
		if got, listed := l.page(page); !listed || len(got) != 1 || got[0].Path != want {
			t.Errorf("%s: %v, %t", page, got, listed)
		}
	}
	if got, listed := l.page("/none"); !listed || got != nil {
		t.Errorf("/none: %v, %t", got, listed)
	}
	if got, listed := l.page("/other"); listed || got != nil {
		t.Errorf("/other: %v, %t", got, listed)
	}
	if _, listed := list(nil).page("/a"); listed {
		t.Error("no manifest lists a page")
	}
}

// A module manifest beside its build's manifest adds to it, in either order.
func TestListAddsUp(t *testing.T) {
	for _, version := range []string{"4", "8"} {
		client, modules := open(t, "vite/"+version+"-ssr-client.json", Config{}), open(t, "vite/"+version+"-ssr.json", Config{})
		rules, err := Read(strings.NewReader("/shop\n-\n"), Config{})
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range []list{newList(rules, client, modules), newList(rules, modules, client)} {
			assets, _ := l.page("/about")
			var got []string
			for _, a := range assets {
				stem, _, _ := strings.Cut(strings.TrimPrefix(a.Path, "/assets/"), "-")
				got = append(got, stem+filepath.Ext(a.Path))
			}
			if want := "spa.css About.css spa.js About.js x.woff2"; strings.Join(got, " ") != want {
				t.Errorf("Vite %s, %d: %q, want %q", version, i, got, want)
			}
			if assets, listed := l.page("/shop"); !listed || len(assets) != 0 {
				t.Errorf("the first that lists a page speaks for it: %v", assets)
			}
			if assets, _ := l.page("/spa"); len(assets) != 3 {
				t.Errorf("the build's own page: %v", assets)
			}
		}
		if assets, _ := modules.Page("/about"); len(assets) != 2 {
			t.Errorf("the manifest itself was changed: %v", assets)
		}
	}
}
