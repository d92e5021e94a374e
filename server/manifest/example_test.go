package manifest_test

import (
	"fmt"
	"strings"

	"github.com/cache-aware/casper/server/manifest"
)

func ExampleRead() {
	m, err := manifest.Read(strings.NewReader(`
/*
  Link: </base.css>; rel=preload; as=style
/blog/*
  Link: </blog.css>; rel=preload; as=style
`), manifest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	assets, _ := m.Page("/blog/hello")
	for _, a := range assets {
		fmt.Println(a)
	}
	// Output:
	// </blog.css>; rel=preload; as=style
	// </base.css>; rel=preload; as=style
}

func ExampleRead_badLine() {
	_, err := manifest.Read(strings.NewReader("/\n  Link: app.css; rel=preload\n"), manifest.Config{})
	fmt.Println(err)
	// Output:
	// manifest: line 2: link: not a link value of RFC 8288: "app.css; rel=preload"
}

// A handler that renders knows which entry of its build it shows.
func ExampleManifest_Entry() {
	m, err := manifest.Read(strings.NewReader(`{
		"src/main.ts":  {"file": "assets/main-4889e940.js", "isEntry": true, "css": ["assets/main-b82dbe22.css"]},
		"src/admin.ts": {"file": "assets/admin-0c3b9d11.js", "isEntry": true}
	}`), manifest.Config{Base: "/static/"})
	if err != nil {
		fmt.Println(err)
		return
	}
	assets, _ := m.Entry("src/main.ts")
	for _, a := range assets {
		fmt.Println(a.Path)
	}
	// Output:
	// /static/assets/main-b82dbe22.css
	// /static/assets/main-4889e940.js
}
