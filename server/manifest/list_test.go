package manifest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The first manifest that lists a page speaks for it, also one that lists it with nothing.
func TestList(t *testing.T) {
	folder := t.TempDir()
	var list List
	for name, text := range map[string]string{
		"1": "/a\n  Link: </1.css>; rel=preload; as=style\n\n/none\n-\n",
		"2": "/a\n  Link: </2.css>; rel=preload; as=style\n/none\n  Link: </2.css>; rel=preload; as=style\n/b\n  Link: </b.css>; rel=preload; as=style\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"1", "2"} {
		m, err := Open(filepath.Join(folder, name), Config{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	for page, want := range map[string]string{"/a": "/1.css", "/b": "/b.css"} {
		if got, listed := list.Page(page); !listed || len(got) != 1 || got[0].Path != want {
			t.Errorf("%s: %v, %t", page, got, listed)
		}
	}
	if got, listed := list.Page("/none"); !listed || got != nil {
		t.Errorf("/none: %v, %t", got, listed)
	}
	if got, listed := list.Page("/other"); listed || got != nil {
		t.Errorf("/other: %v, %t", got, listed)
	}
	if _, listed := List(nil).Page("/a"); listed {
		t.Error("no manifest lists a page")
	}
}

func TestOpenErrors(t *testing.T) {
	folder := t.TempDir()
	if _, err := Open(filepath.Join(folder, "none"), Config{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	bad := filepath.Join(folder, "bad")
	if err := os.WriteFile(bad, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(bad, Config{}); err == nil || !strings.HasPrefix(err.Error(), bad+": ") {
		t.Errorf("a broken file: %v", err)
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
		for i, list := range []List{NewList(rules, client, modules), NewList(rules, modules, client)} {
			assets, _ := list.Page("/about")
			var got []string
			for _, a := range assets {
				stem, _, _ := strings.Cut(strings.TrimPrefix(a.Path, "/assets/"), "-")
				got = append(got, stem+filepath.Ext(a.Path))
			}
			if want := "spa.css About.css spa.js About.js x.woff2"; strings.Join(got, " ") != want {
				t.Errorf("Vite %s, %d: %q, want %q", version, i, got, want)
			}
			if assets, listed := list.Page("/shop"); !listed || len(assets) != 0 {
				t.Errorf("the first that lists a page speaks for it: %v", assets)
			}
			if assets, _ := list.Page("/spa"); len(assets) != 3 {
				t.Errorf("the build's own page: %v", assets)
			}
		}
		if assets, _ := modules.Page("/about"); len(assets) != 2 {
			t.Errorf("the manifest itself was changed: %v", assets)
		}
	}
}
