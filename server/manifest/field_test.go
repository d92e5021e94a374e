package manifest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server/link"
)

// Faults that real files showed, each by the name that it was found under.

// TestF10WrongFiles: what is no manifest is an error, and a manifest that names no page says so.
func TestF10WrongFiles(t *testing.T) {
	for name, text := range map[string]string{
		"a script in one line":       `window.x={"a":"b:c"};`,
		"a script in lines":          "window.x = {\n  \"a\": \"b:c\"\n};\n",
		"a module":                   "export default {\"a\":\"b\"}\n",
		"a JSON array":               `["/a.css", "/b.js"]`,
		"a JSON string":              `"/a.css"`,
		"YAML":                       "site: example\npages:\n  - /about\n",
		"HTML":                       "<!doctype html><title>x</title>\n",
		"headers without a path":     "Cache-Control: no-store\n",
		"a list of JSON in lines":    "[\n  \"/a.css\"\n]\n",
		"a header's name with signs": "/a\n  {\"a\": \"b\"}\n",
	} {
		if m, err := Read(strings.NewReader(text), Config{}); err == nil {
			t.Errorf("%s: no error, %v", name, m.Warnings())
		}
	}
	for name, text := range map[string]string{
		"an empty file":        "",
		"blank lines":          "\n\n \n",
		"comments":             "# nothing yet\n",
		"other headers":        "/*\n  X-Frame-Options: DENY\n",
		"no entry among Vite":  `{"a.js": {"file": "assets/a.js"}}`,
		"only components":      `{"src/Button.vue": ["/assets/Button.js"]}`,
		"no entry among flat":  `{"logo.png": "/logo.png"}`,
		"entrypoints of none":  `{"entrypoints": {}}`,
		"entry without assets": `{"entrypoints": {"main": {"assets": []}}}`,
	} {
		m, err := Read(strings.NewReader(text), Config{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if w := m.Warnings(); len(w) != 1 || !errors.Is(w[0], ErrNoPage) || strings.ContainsAny(w[0].Error(), "\r\n") {
			t.Errorf("%s: warnings %v, want one that no page is named", name, w)
		}
	}
	// Lists by entry, as webpack-manifest-plugin's "generate: entries" writes them, are scripts
	// and no modules.
	m, err := Read(strings.NewReader(`{"main": ["runtime.js", "main.css"]}`), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "/*\n  </main.css>; rel=preload; as=style; type=\"text/css\"\n  </runtime.js>; rel=preload; as=script; type=\"text/javascript\"\n"; written(m) != want || len(m.Warnings()) != 0 {
		t.Errorf("%s%v", written(m), m.Warnings())
	}
}

// TestF9HeadersFiles: what is valid at Cloudflare Pages or Netlify does not stop the server.
// What has no Link is nobody's business; what has one that cannot be used is a warning.
func TestF9HeadersFiles(t *testing.T) {
	const site = "/*\n  Link: </a.css>; rel=preload; as=style\n"
	for name, tt := range map[string]struct {
		text  string
		warns int
		is    error
	}{
		"host":                {"https://:project.pages.dev/*\n  X-Robots-Tag: noindex\n\n" + site, 0, nil},
		"host with Link":      {"https://:project.pages.dev/*\n  Link: </b.css>; rel=preload; as=style\n  Link: </c.css>; rel=preload; as=style\n" + site, 1, errPath},
		"http host":           {"http://example.com/*\n\tLink: </b.css>; rel=preload; as=style\n" + site, 1, errPath},
		"suffix":              {"/*.jpg\n  Cache-Control: max-age=60\n" + site, 0, nil},
		"suffix with Link":    {"/*.imt.js\n  Link: </b.css>; rel=preload; as=style\n\n" + site, 1, errPath},
		"inner asterisk":      {"/a/*/b\n  Link: </b.css>; rel=preload; as=style\n" + site, 1, errPath},
		"placeholder":         {site + "/blog/:slug\n  Link: </b.css>; rel=preload; as=style\n", 1, errPath},
		"placeholder, bare":   {site + "/blog/:slug\n</b.css>; rel=preload; as=style\n-\n", 1, errPath},
		"two slashes":         {site + "//evil\n  Link: </b.css>; rel=preload; as=style\n", 1, errPath},
		"query":               {site + "/a?b=c\n  Link: </b.css>; rel=preload; as=style\n", 1, errPath},
		"backslash":           {site + "  Link: </b\\c.css>; rel=preload; as=style\n", 1, link.ErrTarget},
		"comma":               {site + "  Link: </b,c.css>; rel=preload; as=style\n", 1, link.ErrTarget},
		"semicolon":           {site + "  Link: </b;c.css>; rel=preload; as=style\n", 1, link.ErrTarget},
		"comma after another": {"/*\n  Link: </a.css>; rel=preload; as=style, </b,c.css>; rel=preload; as=style\n", 1, link.ErrTarget},
		"comma in JSON":       {`{"main.css": "/a.css", "main.js": "/b,c.js"}`, 1, link.ErrTarget},
		"comma in a build":    {`{"main.ts": {"isEntry": true, "file": "b,c.js", "css": ["a.css"]}}`, 1, link.ErrTarget},
	} {
		m, err := Read(strings.NewReader(tt.text), Config{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if w := m.Warnings(); len(w) != tt.warns || len(w) > 0 && !errors.Is(w[0], tt.is) {
			t.Errorf("%s: warnings %v, want %d: %v", name, w, tt.warns, tt.is)
		}
		if got, _ := m.Page("/x"); len(got) != 1 || got[0].Path != "/a.css" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// paths are the pages of a manifest with the paths of their assets, as text.
func paths(m *Manifest) string {
	var out strings.Builder
	for page, assets := range pagesOf(m) {
		out.WriteString(page)
		for _, a := range assets {
			out.WriteString(" " + a.Origin + a.Path)
		}
		out.WriteString("\n")
	}
	return out.String()
}

// TestF7WrongBase: where built files are served is taken from the file as far as it says so, from
// the tool's own convention, and from the configuration; a base on another origin is one, too.
func TestF7WrongBase(t *testing.T) {
	const (
		cra = `{"files": {"main.css": "/app/static/css/main.aa11.css", "main.js": "/app/static/js/main.bb22.js", "index.html": "/app/index.html"},
			"entrypoints": ["static/css/main.aa11.css", "static/js/main.bb22.js"]}`
		craCDN = `{"files": {"main.css": "https://cdn.example/s/static/css/main.aa11.css", "index.html": "https://cdn.example/s/index.html"},
			"entrypoints": ["static/css/main.aa11.css"]}`
		craDot  = `{"files": {"main.css": "./static/css/main.aa11.css", "index.html": "./index.html"}, "entrypoints": ["static/css/main.aa11.css"]}`
		plugin  = `{"files": {"main.js": "/static/main.1.js"}, "entrypoints": {"main": ["main.1.js"]}}`
		vite    = `{"index.html": {"file": "assets/index.js", "isEntry": true, "css": ["assets/index.css"]}, "shop/index.html": {"file": "assets/shop.js", "isEntry": true}}`
		lone    = `{"main.ts": {"file": "assets/main.js", "isEntry": true, "css": ["assets/main.css"]}}`
		ssr     = `{"src/pages/About.vue": ["/app/assets/About.css"]}`
		nuxt    = `{"../node_modules/nuxt/dist/app/entry.js": {"resourceType": "script", "module": true, "file": "entry.js", "isEntry": true, "css": ["entry.css"]}}`
		stats   = `{"publicPath": "https://cdn.example/s/", "entrypoints": {"main": {"assets": [{"name": "main.js"}]}}}`
		flat    = `{"main.js": "//cdn.example/s/main.js"}`
		groups  = `{"main": {"js": ["main.js"]}}`
		headers = "/*\n  Link: <https://cdn.example/a.css>; rel=preload; as=style\n  Link: <https://cdn.example/f.woff2>; rel=preload; as=font; crossorigin\n"
	)
	for _, tt := range []struct{ name, text, base, want, foreign string }{
		{"CRA, homepage", cra, "", "/app/* /app/static/css/main.aa11.css /app/static/js/main.bb22.js\n", ""},
		{"CRA, PUBLIC_URL of a CDN", craCDN, "", "/* https://cdn.example/s/static/css/main.aa11.css\n", "https://cdn.example"},
		{"CRA, relative homepage", craDot, "/docs/", "/docs/* /docs/static/css/main.aa11.css\n", ""},
		{"webpack, files", plugin, "", "/* /static/main.1.js\n", ""},
		{"webpack, publicPath of a CDN", stats, "", "/* https://cdn.example/s/main.js\n", "https://cdn.example"},
		{"webpack, flat of a CDN", flat, "", "/* https://cdn.example/s/main.js\n", "https://cdn.example"},
		{"webpack, groups of a CDN", groups, "//cdn.example/x", "/* https://cdn.example/x/main.js\n", "https://cdn.example"},
		{"Vite, base", vite, "/app", "/app/ /app/assets/index.css /app/assets/index.js\n/app/index.html /app/assets/index.css /app/assets/index.js\n" +
			"/app/shop/ /app/assets/shop.js\n/app/shop/index.html /app/assets/shop.js\n", ""},
		{"Vite, base of a CDN", vite, "https://cdn.example/s", "/ https://cdn.example/s/assets/index.css https://cdn.example/s/assets/index.js\n/index.html https://cdn.example/s/assets/index.css https://cdn.example/s/assets/index.js\n" +
			"/shop/ https://cdn.example/s/assets/shop.js\n/shop/index.html https://cdn.example/s/assets/shop.js\n", "https://cdn.example"},
		{"Vite, a backend's base", lone, "/static/", "/* /static/assets/main.css /static/assets/main.js\n", ""},
		{"Vite, ssr-manifest", ssr, "/app/", "/app/about /app/assets/About.css\n", ""},
		{"Nuxt", nuxt, "", "/* /_nuxt/entry.css /_nuxt/entry.js\n", ""},
		{"Nuxt, base", nuxt, "/app/", "/app/* /app/_nuxt/entry.css /app/_nuxt/entry.js\n", ""},
		{"Nuxt, its own folder", nuxt, "/_nuxt/", "/* /_nuxt/entry.css /_nuxt/entry.js\n", ""},
		{"Nuxt, base of a CDN", nuxt, "https://cdn.example/", "/* https://cdn.example/_nuxt/entry.css https://cdn.example/_nuxt/entry.js\n", "https://cdn.example"},
		{"_headers", headers, "", "/* https://cdn.example/a.css https://cdn.example/f.woff2\n", "https://cdn.example"},
	} {
		m, err := Read(strings.NewReader(tt.text), Config{Base: tt.base})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := paths(m); got != tt.want {
			t.Errorf("%s:\n%s\nwant:\n%s", tt.name, got, tt.want)
		}
		switch w := m.Warnings(); {
		case tt.foreign == "" && len(w) != 0, tt.foreign != "" && (len(w) != 1 || !errors.Is(w[0], link.ErrForeign) || !strings.Contains(w[0].Error(), tt.foreign)):
			t.Errorf("%s: warnings %v, want one of %q", tt.name, w, tt.foreign)
		}
	}
	for _, base := range []string{"app", "/a?b", "/a b/", "ftp://cdn.example/", "https://", "https:///x", "https://user@cdn.example/"} {
		if _, err := Read(strings.NewReader(lone), Config{Base: base}); !errors.Is(err, errPath) {
			t.Errorf("base %q: %v", base, err)
		}
	}
}

// open reads a real build's file.
func open(t *testing.T, name string, c Config) *Manifest {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := Read(f, c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestF15Details: integrity arrives in every form that tools write it in, and a style sheet has
// crossorigin if its tag has.
func TestF15Details(t *testing.T) {
	for _, tt := range []struct{ file, entry string }{
		{"encore/entrypoints.json", "app"},
		{"webpack/assets.json", "main"},
		{"webpack/assetsuse.json", "main"},
		{"webpack/stats-integrity.json", "main"},
	} {
		assets, ok := open(t, tt.file, Config{}).Entry(tt.entry)
		if !ok || len(assets) != 3 {
			t.Errorf("%s: %v", tt.file, assets)
		}
		for _, a := range assets {
			if !strings.Contains(a.Integrity, "sha384-") {
				t.Errorf("%s: %s has integrity %q", tt.file, a.Path, a.Integrity)
			}
		}
	}
	for name, text := range map[string]string{
		"lists of objects":   `{"entrypoints": {"main": [{"src": "/main.js", "integrity": "sha256-AA="}]}}`,
		"one list of them":   `{"entrypoints": [{"src": "/main.js", "integrity": "sha256-AA="}]}`,
		"groups of objects":  `{"main": {"js": [{"src": "/main.js", "integrity": "sha256-AA="}]}}`,
		"an object in place": `{"main": {"js": {"src": "/main.js", "integrity": "sha256-AA="}}}`,
		"Vite's style sheet": `{"main.ts": {"file": "main.js", "integrity": "sha256-AA=", "isEntry": true, "css": ["a.css"]}, "a.css": {"file": "a.css", "integrity": "sha256-AA="}}`,
	} {
		m, err := Read(strings.NewReader(text), Config{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		assets, _ := m.Page("/x")
		for _, a := range assets {
			if a.Integrity != "sha256-AA=" {
				t.Errorf("%s: %s", name, a)
			}
		}
		if len(assets) == 0 {
			t.Errorf("%s: nothing", name)
		}
	}
	for file, want := range map[string]link.CrossOrigin{
		"vite/4-pages.json": link.NoCORS, "vite/5.0-pages.json": link.Anonymous, "vite/5-pages.json": link.Anonymous,
		"vite/6-pages.json": link.Anonymous, "vite/7-pages.json": link.Anonymous, "vite/8-pages.json": link.Anonymous,
	} {
		assets, _ := open(t, file, Config{}).Page("/")
		for _, a := range assets {
			if a.As == "style" && a.CrossOrigin != want || a.Rel == link.ModulePreload && a.CrossOrigin != link.Anonymous {
				t.Errorf("%s: %s", file, a)
			}
		}
		if len(assets) < 4 || assets[0].As != "style" || assets[1].As != "style" {
			t.Errorf("%s: %v", file, assets)
		}
	}
}

// TestF14OneStyleSheet: with cssCodeSplit off the one style sheet, which no chunk names, is every
// entry's.
func TestF14OneStyleSheet(t *testing.T) {
	for _, version := range []string{"4", "5", "6", "7", "8"} {
		m := open(t, "vite/"+version+"-onecss.json", Config{})
		for page, scripts := range map[string]int{"/": 2, "/about": 2, "/shop/": 2} {
			assets, _ := m.Page(page)
			want := link.Anonymous
			if version == "4" {
				want = link.NoCORS
			}
			if len(assets) < 1+scripts || assets[0].As != "style" || assets[0].CrossOrigin != want || assets[1].Rel != link.ModulePreload {
				t.Errorf("Vite %s: %s: %v", version, page, assets)
			}
		}
	}
	m := open(t, "vite/8-onecss-entries.json", Config{Base: "/build/", Place: map[string][]string{"/*": {"src/main.js"}}})
	if got := paths(m); !strings.HasPrefix(got, "/* /build/assets/style-CM99zmcI.css /build/assets/main-DL-W_Rko.js /build/assets/shared-f4O-ythB.js") {
		t.Error(got)
	}
	// A style sheet of that name which a chunk names belongs to that chunk.
	m, err := Read(strings.NewReader(`{"a.html": {"file": "a.js", "isEntry": true}, "b.html": {"file": "b.js", "isEntry": true, "css": ["style.css"]},
		"style.css": {"file": "style.css", "src": "style.css"}}`), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if got := paths(m); got != "/a /a.js\n/a.html /a.js\n/b /style.css /b.js\n/b.html /style.css /b.js\n" {
		t.Error(got)
	}
}

// TestF8SeveralEntries: of entries without a page one warning says how to place them, in words to
// copy, and nothing is guessed.
func TestF8SeveralEntries(t *testing.T) {
	const laravel = `{"resources/css/app.css": {"file": "assets/app-1.css", "src": "resources/css/app.css", "isEntry": true},
		"resources/js/app.js": {"file": "assets/app-2.js", "name": "app", "src": "resources/js/app.js", "isEntry": true}}`
	m, err := Read(strings.NewReader(laravel), Config{})
	if err != nil {
		t.Fatal(err)
	}
	w := m.Warnings()
	if len(w) != 1 || !errors.Is(w[0], ErrUnplaced) || paths(m) != "" {
		t.Fatalf("%v, %s", w, paths(m))
	}
	for _, part := range []string{`"resources/css/app.css"`, `"resources/js/app.js"`, "page=/*=resources/css/app.css"} {
		if !strings.Contains(w[0].Error(), part) {
			t.Errorf("%s is not in the warning: %v", part, w[0])
		}
	}
	// A user who places some has seen how.
	m, err = Read(strings.NewReader(laravel), Config{Base: "/build/", Place: map[string][]string{"/*": {"resources/js/app.js"}}})
	if err != nil || len(m.Warnings()) != 0 || paths(m) != "/* /build/assets/app-2.js\n" {
		t.Errorf("%v, %v, %s", err, m.Warnings(), paths(m))
	}
	// What is not there is told with what is.
	if _, err = Read(strings.NewReader(laravel), Config{Place: map[string][]string{"/": {"app.js"}}}); !errors.Is(err, errNoEntry) || !strings.Contains(err.Error(), `"resources/js/app.js"`) {
		t.Errorf("%v", err)
	}
	for _, file := range []string{"vite/8-entries.json", "webpack/entries.json", "webpack/files.json", "webpack/cdn.json", "webpack/assets.json", "encore/entrypoints.json", "encore/manifest.json", "parcel/manifest.json"} {
		unplaced := 0
		for _, w := range open(t, file, Config{}).Warnings() {
			if errors.Is(w, ErrUnplaced) {
				unplaced++
			}
		}
		if unplaced != 1 {
			t.Errorf("%s: %d warnings", file, unplaced)
		}
	}
}
