package manifest

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/link"
)

// pageNames are the pages and patterns of a manifest.
func pageNames(m *Manifest) string {
	var names []string
	for page := range pagesOf(m) {
		names = append(names, page)
	}
	return strings.Join(names, " ")
}

// ahead are the paths of what a page needs.
func ahead(m *Manifest, page string) string {
	assets, _ := m.Page(page)
	var paths []string
	for _, a := range assets {
		paths = append(paths, a.Origin+a.Path)
	}
	return strings.Join(paths, " ")
}

// samples are the real builds and the documented forms, by name.
func samples(t testing.TB) map[string]string {
	all := maps.Clone(documented)
	files, err := filepath.Glob("testdata/*/*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.ToSlash(file)] = string(text)
	}
	return all
}

// Whatever the form: what is relative follows the base, a base on another origin is told once and
// moves no page, and each form has a sample.
func TestEveryForm(t *testing.T) {
	met := map[string]bool{}
	for name, text := range samples(t) {
		data := []byte(text)
		script := false
		if value, ok := scriptValue(data); ok {
			data, script = value, true
		}
		d := document{data: data}
		if err := json.Unmarshal(data, &d.top); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		d.shape = shapeOf(d.top)
		i := slices.IndexFunc(forms, func(f form) bool { return f.is(&d) && (f.script || !script) })
		if i < 0 {
			t.Errorf("%s: of no form", name)
			continue
		}
		met[forms[i].name] = true

		for _, base := range []string{"", "/app/", "https://cdn.example/s/"} {
			m, err := Read(strings.NewReader(text), Config{Base: base})
			if err != nil {
				t.Errorf("%s, base %s: %v", name, base, err)
				continue
			}
			foreign := map[string]bool{}
			for entry, assets := range m.entries {
				for _, a := range assets {
					if !a.Valid() {
						t.Errorf("%s, base %s: %s: %+v", name, base, entry, a)
					}
					if a.Origin != "" {
						foreign[a.Origin] = true
					}
				}
			}
			warned := 0
			for _, w := range m.Warnings() {
				if errors.Is(w, link.ErrForeign) {
					warned++
				} else if !errors.Is(w, ErrUnplaced) {
					t.Errorf("%s, base %s: %v", name, base, w)
				}
			}
			if warned != len(foreign) || base != "" && base[0] == '/' && foreign["https://cdn.example"] && !strings.Contains(text, "https://cdn.example") {
				t.Errorf("%s, base %s: %d origins, %d warnings", name, base, len(foreign), warned)
			}
		}
		for _, base := range []string{"x", "/a b/", "ftp://x/"} {
			if _, err := Read(strings.NewReader(text), Config{Base: base}); !errors.Is(err, errPath) {
				t.Errorf("%s, base %s: %v", name, base, err)
			}
		}
	}
	for _, f := range forms {
		if !met[f.name] {
			t.Errorf("%s has no sample", f.name)
		}
	}
}

// Real builds: the pages that the file names, and what one of them needs.
func TestReadBuilds(t *testing.T) {
	for _, tt := range []struct {
		file, base, pages, page, want string
	}{
		{"vite/8-pages.json", "", "/ /about /about.html /index.html /shop/ /shop/index.html", "/about",
			"/assets/shared-BkaJtQyV.css /assets/about-C-e8HNSU.js /assets/shared-DfNAd7wV.js"},
		{"cra/app.json", "", "/app/*", "/app/x", "/app/static/css/main.5d69d294.css /app/static/js/main.1646a660.js"},
		{"cra/relative.json", "/docs/", "/docs/*", "/docs/", "/docs/static/css/main.5d69d294.css /docs/static/js/main.f5c199ee.js"},
		{"cra/cdn.json", "", "/*", "/", "https://cdn.example/s/static/css/main.5d69d294.css https://cdn.example/s/static/js/main.5d275da0.js"},
		{"webpack/flat.json", "", "/*", "/", "/static/main.3faedc89.css /static/runtime.455180ed.js /static/main.59ed685b.js"},
		{"webpack/stats-integrity.json", "", "/static/admin/ /static/admin/index.html /static/main /static/main.html", "/static/admin/",
			"/static/admin.00fbefa1.css /static/runtime.5ca43f1e.js /static/admin.2ad6c74a.js"},
		{"esbuild/meta-iife.json", "/js/", "/*", "/", "/js/admin.css /js/admin.js"},
		{"next/15-build.json", "", "/old /old/*", "/old", "/_next/static/chunks/webpack-0fd7e63cdffd9015.js /_next/static/chunks/framework-28b60818f5cffd83.js " +
			"/_next/static/chunks/main-6f56cad8fb2c15f2.js /_next/static/chunks/pages/_app-7d307437aca18ad4.js /_next/static/chunks/pages/old-9bfc0cba8f62f641.js"},
		{"next/15-app-build.json", "/docs", "/docs /docs/ /docs/about /docs/blog/* /docs/cart", "/docs/about", "/docs/_next/static/css/e0c7b70c5c2e95b7.css /docs/_next/static/css/4232ed4dc2f2ac60.css " +
			"/docs/_next/static/chunks/webpack-0fd7e63cdffd9015.js /docs/_next/static/chunks/4bd1b696-c023c6e3521b1417.js /docs/_next/static/chunks/255-73938ce8a8eac1ad.js " +
			"/docs/_next/static/chunks/main-app-1a95ef6bc79a1230.js /docs/_next/static/chunks/app/layout-d15af66a60296533.js /docs/_next/static/chunks/app/about/page-56e734e01adac82f.js"},
		{"next/16-build.json", "", "/ /about /blog/* /cart /old /old/*", "/cart", "/_next/static/chunks/0j1we3cwg31qe.js /_next/static/chunks/0m3mby5pxg4oz.js " +
			"/_next/static/chunks/39_j1bdzreq0m.js /_next/static/chunks/turbopack-2u1d16houkiyo.js"},
		{"nuxt/4-client.manifest.mjs", "", "/ /* /about /shop /shop/*", "/shop/1", "/_nuxt/BSxPGD6x.js /_nuxt/X9OYib4g.js"},
		{"nuxt/3-client.manifest.mjs", "/app/", "/app /app/ /app/* /app/about /app/shop /app/shop/*", "/app/about", "/app/_nuxt/entry.W1erjkBN.css " +
			"/app/_nuxt/about.uWFYde_Z.css /app/_nuxt/C4oB46jO.js /app/_nuxt/Cx3Na4FL.js"},
		{"next/14-build.json", "", "/old /old/*", "", ""},
		{"next/14-app-build.json", "", "/ /about /blog/* /cart", "", ""},
		{"remix/manifest.js", "", "/ /* /about /blog/* /login /shop /shop/cart /terms", "/shop/cart", "/assets/root-W1erjkBN.css /assets/manifest-81754ff3.js " +
			"/assets/entry.client-DbtiHS4Q.js /assets/jsx-runtime-56DGgGmo.js /assets/components-BcnmIby2.js /assets/root--pr1zDuT.js /assets/shop-DwZHhI4m.js /assets/shop.cart-CgZIOc7K.js"},
		{"react-router/manifest.js", "", "/app /app/ /app/* /app/about /app/blog/*", "/app/about", "/app/assets/root-W1erjkBN.css /app/assets/lay-DqQksVyv.css " +
			"/app/assets/entry.client-lJh0zlCc.js /app/assets/jsx-runtime-ClOVl1ye.js /app/assets/root-CaMXsTF6.js /app/assets/lay-Bnqxjaof.js /app/assets/about-DDS9X7DE.js"},
		{"sveltekit/manifest.json", "", "/*", "/", "/_app/immutable/assets/0.W1erjkBN.css /_app/immutable/entry/start.KHW1qFBX.js /_app/immutable/entry/app.CXU6kdbO.js " +
			"/_app/immutable/nodes/0.jwQuqw3w.js /_app/immutable/chunks/4fLPbyse.js /_app/immutable/chunks/D7BQK4sP.js /_app/immutable/chunks/xihTtKlq.js"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			m := open(t, tt.file, Config{Base: tt.base})
			if got := pageNames(m); got != tt.pages {
				t.Errorf("pages\n%s\nwant\n%s", got, tt.pages)
			}
			if diff := cmp.Diff(strings.Fields(tt.want), strings.Fields(ahead(m, tt.page))); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tt.page, diff)
			}
			for _, w := range m.Warnings() {
				if !errors.Is(w, link.ErrForeign) {
					t.Error(w)
				}
			}
		})
	}
}

// Forms of tools that were not at hand, as their documentation and sources show them.
var documented = map[string]string{
	"Sprockets": `{"files": {"application-aa.css": {"logical_path": "application.css", "mtime": "2026-01-01T00:00:00+00:00", "size": 1, "digest": "aa", "integrity": "sha256-AA="},
		"application-bb.js": {"logical_path": "application.js", "digest": "bb"}, "admin-cc.css": {"logical_path": "admin.css", "digest": "cc"}, "logo-dd.svg": {"logical_path": "logo.svg"}},
		"assets": {"application.css": "application-aa.css", "application.js": "application-bb.js", "admin.css": "admin-cc.css", "logo.svg": "logo-dd.svg"}}`,
	"Propshaft 1.0": `{"application.css": "application-12345678.css", "application.js": "application-87654321.js", "controllers/hello_controller.js": "controllers/hello_controller-0a1b2c3d.js"}`,
	"Propshaft":     `{"application.css": {"digested_path": "application-12345678.css", "integrity": "sha384-AA="}, "admin.css": {"digested_path": "admin-12345678.css"}}`,
	"Angular": `{"inputs": {"src/main.ts": {"bytes": 1, "imports": []}}, "outputs": {
		"main-AAAA.js": {"entryPoint": "src/main.ts", "bytes": 1, "inputs": {}, "imports": [{"path": "chunk-BBBB.js", "kind": "import-statement"}, {"path": "chunk-CCCC.js", "kind": "dynamic-import"}], "exports": []},
		"chunk-BBBB.js": {"imports": [], "exports": ["a"]}, "chunk-CCCC.js": {"entryPoint": "src/app/shop/shop.routes.ts", "imports": [{"path": "chunk-BBBB.js", "kind": "import-statement"}]},
		"polyfills-DDDD.js": {"entryPoint": "angular:polyfills:angular:polyfills", "imports": []}, "main.server.mjs": {"entryPoint": "angular:main-server:src/main.server.ts", "imports": []},
		"styles-EEEE.css": {"entryPoint": "angular:styles/global:styles", "imports": []}}}`,
	"Gatsby's chunk-map": `{"app": ["/webpack-runtime-1.js", "/framework-2.js", "/app-3.js"], "component---src-pages-about-tsx": ["/component---src-pages-about-tsx-4.js"],
		"component---src-pages-index-js": ["/component---src-pages-index-js-5.js"], "component---src-pages-blog-post-js": ["/b.js"], "component---src-templates-post-js": ["/t.js"]}`,
	"Gatsby's stats": `{"errors": [], "warnings": [], "assetsByChunkName": {"app": ["webpack-runtime-1.js", "app-3.js"], "component---src-pages-index-js": ["component---src-pages-index-js-5.js"]}, "namedChunkGroups": {}}`,
	"push, one page": `{"/css/app.css": {"type": "style", "weight": 1}, "/js/app.js": {"type": "script", "weight": 1}, "/images/logo.png": {"type": "image", "weight": 1}}`,
	"push, pages":    `{"index.html": {"/css/app.css": {"type": "style", "weight": 1}}, "/shop": {"/js/shop.js": {"type": "script", "weight": 1}}, "fragment": {"/x.js": {"type": "script", "weight": 1}}}`,
	"Remix, JSON": `{"version": "1", "url": "/build/manifest-1.js", "entry": {"module": "/build/entry.js", "imports": ["/build/_shared/a.js"]}, "routes": {"root": {"id": "root", "path": "", "module": "/build/root.js"},
		"routes/users.$id.edit": {"id": "routes/users.$id.edit", "parentId": "root", "path": "users/:id/edit", "module": "/build/edit.js"},
		"routes/users.$id": {"id": "routes/users.$id", "parentId": "root", "path": "users/:id", "module": "/build/user.js"},
		"routes/api": {"id": "routes/api", "parentId": "root", "path": "api", "module": "/build/api.js", "hasDefaultExport": false}}}`,
	"Nuxt 3": `export default {"node_modules/nuxt/dist/app/entry.js": {"resourceType": "script", "module": true, "file": "entry.js", "isEntry": true, "css": ["entry.css"], "dynamicImports": ["pages/shop/[id]/edit.vue"]},
		"pages/shop/[id]/edit.vue": {"resourceType": "script", "module": true, "file": "edit.js", "isDynamicEntry": true, "imports": ["node_modules/nuxt/dist/app/entry.js"]},
		"pages/[...all].vue": {"resourceType": "script", "module": true, "file": "all.js", "isDynamicEntry": true, "css": ["all.css"]}}` + ";\n",
	"webpack, groups":    `{"main": {"js": ["/js/main.js"], "css": "/css/main.css"}}`,
	"Rails with webpack": `{"application.js": "/packs/js/application-1.js", "entrypoints": {"application": {"assets": {"js": ["/packs/js/runtime-2.js", "/packs/js/application-1.js"], "css": ["/packs/css/application-3.css"]}}}}`,
}

func TestReadDocumented(t *testing.T) {
	for _, tt := range []struct{ form, pages, page, want string }{
		{"Sprockets", "/*", "/", "/assets/application-aa.css /assets/application-bb.js"},
		{"Propshaft 1.0", "/*", "/", "/assets/application-12345678.css /assets/application-87654321.js"},
		{"Propshaft", "/*", "/", "/assets/application-12345678.css"},
		{"Angular", "/*", "/", "/styles-EEEE.css /main-AAAA.js /chunk-BBBB.js /polyfills-DDDD.js"},
		{"Gatsby's chunk-map", "/ /* /about /about/", "/about/", "/component---src-pages-about-tsx-4.js /webpack-runtime-1.js /framework-2.js /app-3.js"},
		{"Gatsby's stats", "/ /*", "/", "/component---src-pages-index-js-5.js /webpack-runtime-1.js /app-3.js"},
		{"push, one page", "/ /index.html", "/", "/css/app.css /js/app.js /images/logo.png"},
		{"push, pages", "/ /index.html /shop", "/shop", "/js/shop.js"},
		{"Remix, JSON", "/users/*", "/users/1", "/build/manifest-1.js /build/entry.js /build/_shared/a.js /build/root.js /build/user.js"},
		{"Nuxt 3", "/*", "/x", "/_nuxt/all.css /_nuxt/entry.css /_nuxt/entry.js /_nuxt/all.js"},
		{"Rails with webpack", "/*", "/", "/packs/css/application-3.css /packs/js/runtime-2.js /packs/js/application-1.js"},
	} {
		t.Run(tt.form, func(t *testing.T) {
			m, err := Read(strings.NewReader(documented[tt.form]), Config{})
			if err != nil {
				t.Fatal(err)
			}
			if got := pageNames(m); got != tt.pages {
				t.Errorf("pages %s, want %s", got, tt.pages)
			}
			got, want := strings.Fields(ahead(m, tt.page)), strings.Fields(tt.want)
			if tt.form == "Nuxt 3" { // two entries of one page
				slices.Sort(got)
				slices.Sort(want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tt.page, diff)
			}
		})
	}
	m, err := Read(strings.NewReader(documented["Sprockets"]), Config{Place: map[string][]string{"/admin/*": {"admin.css"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := ahead(m, "/admin/x"); got != "/assets/admin-cc.css /assets/application-aa.css /assets/application-bb.js" {
		t.Errorf("a placed file: %s", got)
	}
}
