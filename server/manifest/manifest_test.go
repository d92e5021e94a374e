package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/link"
	"github.com/google/go-cmp/cmp"
)

// pagesOf yields every path and pattern with its assets, in lexical order.
func pagesOf(m *Manifest) iter.Seq2[string, []link.Asset] {
	return func(yield func(string, []link.Asset) bool) {
		all := map[string][]link.Asset{}
		maps.Copy(all, m.exact)
		for prefix, assets := range m.prefixes {
			all[prefix+"*"] = assets
		}
		for _, page := range sortedKeys(all) {
			if !yield(page, all[page]) {
				return
			}
		}
	}
}

// written is a manifest as text: one line for each page or entry, its links as String writes
// them.
func written(m *Manifest) string {
	var out strings.Builder
	for page, assets := range pagesOf(m) {
		fmt.Fprintf(&out, "%s", page)
		for _, a := range assets {
			fmt.Fprintf(&out, "\n  %s", a)
		}
		out.WriteString("\n")
	}
	return out.String()
}

const viteManifest = `{
  "_shared-B7PI925R.js": {"file": "assets/shared-B7PI925R.js", "name": "shared", "css": ["assets/shared-ChJ_j-JJ.css"]},
  "_ring-a.js": {"file": "assets/ring-a.js", "imports": ["_ring-b.js"]},
  "_ring-b.js": {"file": "assets/ring-b.js", "imports": ["_ring-a.js", "_gone.js"]},
  "baz.js": {"file": "assets/baz-B2H3sXNv.js", "src": "baz.js", "isDynamicEntry": true},
  "index.html": {"file": "assets/index-BRBmoGS9.js", "src": "index.html", "isEntry": true,
    "imports": ["_shared-B7PI925R.js", "_ring-a.js"], "dynamicImports": ["baz.js"], "css": ["assets/index-5UjPuW-k.css"], "assets": ["assets/logo.svg"]},
  "shop/index.html": {"file": "assets/shop[1] é.js", "src": "shop/index.html", "isEntry": true},
  "about.html": {"file": "https://cdn.example/about.js", "src": "about.html", "isEntry": true},
  "src/main.ts": {"file": "assets/main.js", "src": "src/main.ts", "isEntry": true, "css": ["assets/main.css"], "integrity": "sha256-AA="}
}`

func TestReadVite(t *testing.T) {
	m, err := Read(strings.NewReader(viteManifest), Config{Base: "/app", Place: map[string][]string{"/app/admin/*": {"src/main.ts"}}})
	if err != nil {
		t.Fatal(err)
	}
	home := `
  </app/assets/index-5UjPuW-k.css>; rel=preload; as=style; crossorigin; type="text/css"
  </app/assets/shared-ChJ_j-JJ.css>; rel=preload; as=style; crossorigin; type="text/css"
  </app/assets/index-BRBmoGS9.js>; rel=modulepreload; crossorigin; type="text/javascript"
  </app/assets/shared-B7PI925R.js>; rel=modulepreload; crossorigin; type="text/javascript"
  </app/assets/ring-a.js>; rel=modulepreload; crossorigin; type="text/javascript"
  </app/assets/ring-b.js>; rel=modulepreload; crossorigin; type="text/javascript"
`
	shop := `
  </app/assets/shop%5B1%5D%20%C3%A9.js>; rel=modulepreload; crossorigin; type="text/javascript"
`
	about := `
  <https://cdn.example/about.js>; rel=modulepreload; crossorigin; type="text/javascript"
`
	want := "/app/" + home + "/app/about" + about + "/app/about.html" + about + `/app/admin/*
  </app/assets/main.css>; rel=preload; as=style; type="text/css"
  </app/assets/main.js>; rel=modulepreload; crossorigin; type="text/javascript"; integrity="sha256-AA="
/app/index.html` + home + "/app/shop/" + shop + "/app/shop/index.html" + shop
	if diff := cmp.Diff(want, written(m)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	warned := fmt.Sprint(m.Warnings())
	if len(m.Warnings()) != 1 || !errors.Is(m.Warnings()[0], link.ErrForeign) || !strings.Contains(warned, "files of https://cdn.example are hinted") {
		t.Errorf("warnings: %v", warned)
	}
	if main, ok := m.Entry("src/main.ts"); !ok || len(main) != 2 {
		t.Errorf("Entry(src/main.ts) = %v, %v", main, ok)
	}
}

func TestReadViteEntries(t *testing.T) {
	one := `{"src/main.ts": {"file": "main.js", "isEntry": true}}`
	m, err := Read(strings.NewReader(one), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "/*\n  </main.js>; rel=modulepreload; crossorigin; type=\"text/javascript\"\n"; written(m) != want {
		t.Errorf("a lone entry is every page's; got %s", written(m))
	}
	two := `{"a.ts": {"file": "a.js", "isEntry": true}, "b.ts": {"file": "b.js", "isEntry": true}}`
	m, err = Read(strings.NewReader(two), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if w := m.Warnings(); written(m) != "" || len(w) != 1 || !errors.Is(w[0], ErrUnplaced) {
		t.Errorf("two entries without pages: %q, %v", written(m), w)
	}
	if a, ok := m.Entry("b.ts"); !ok || len(a) != 1 || a[0].Path != "/b.js" {
		t.Errorf("Entry(b.ts) = %v", a)
	}
}

func TestReadSSRManifest(t *testing.T) {
	m, err := Read(strings.NewReader(`{
  "src/components/Button.vue": ["/assets/Button.js", "/assets/Button.css"],
  "src/pages/Home.vue": ["/assets/Home.css", "/assets/Home.js", "/assets/inter.woff2"],
  "src/pages/About.vue?vue&type=style": ["/assets/About.css"],
  "src/pages/shop/index.vue": ["/assets/shop.css"],
  "src/pages/shop/[id].vue": ["/assets/item.css"],
  "pages/team/+Page.jsx": ["/assets/team.css"],
  "src/pages/Empty.vue": []
}`), Config{})
	if err != nil {
		t.Fatal(err)
	}
	want := `/
  </assets/Home.css>; rel=preload; as=style; type="text/css"
  </assets/Home.js>; rel=modulepreload; crossorigin; type="text/javascript"
  </assets/inter.woff2>; rel=preload; as=font; crossorigin; type="font/woff2"
/about
  </assets/About.css>; rel=preload; as=style; type="text/css"
/shop
  </assets/shop.css>; rel=preload; as=style; type="text/css"
/shop/*
  </assets/item.css>; rel=preload; as=style; type="text/css"
/team
  </assets/team.css>; rel=preload; as=style; type="text/css"
`
	if diff := cmp.Diff(want, written(m)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(m.Warnings()) != 0 {
		t.Errorf("warnings: %v", m.Warnings())
	}
	if button, _ := m.Entry("src/components/Button.vue"); len(button) != 2 {
		t.Errorf("Entry = %v", button)
	}
}

func TestReadWebpack(t *testing.T) {
	const cssJS = `
  </static/main.css>; rel=preload; as=style; type="text/css"
  </static/vendor.js>; rel=preload; as=script; type="text/javascript"
  </static/main.js>; rel=preload; as=script; type="text/javascript"
`
	tests := []struct {
		name, text, want string
		config           Config
	}{
		{"Create React App", `{"files": {"main.js": "/static/main.js", "index.html": "/index.html"},
			"entrypoints": ["static/vendor.js", "static/main.css", "static/main.js"]}`, "/*" + cssJS, Config{}},
		{"stats of webpack 5", `{"publicPath": "/static/", "hash": "00", "modules": [{}, 1], "assets": [{"name": "main.js"}],
			"entrypoints": {"main": {"name": "main", "assets": [{"name": "vendor.js", "size": 1}, {"name": "main.css"}, {"name": "main.js"}, {"name": "main.js.map"}]}}}`, "/*" + cssJS, Config{}},
		{"stats of webpack 4", `{"publicPath": "auto", "entrypoints": {"main": {"assets": ["vendor.js", "main.css", "main.js"]}}}`, "/*" + cssJS, Config{Base: "/static/"}},
		{"stats with HTML files", `{"publicPath": "/static", "assets": [{"name": "about.html"}, {"name": "home/index.html"}],
			"entrypoints": {"about": {"assets": ["vendor.js", "main.css", "main.js"]}, "home": {"assets": ["home.js"]}}}`,
			"/static/about" + cssJS + "/static/about.html" + cssJS + `/static/home/
  </static/home.js>; rel=preload; as=script; type="text/javascript"
/static/home/index.html
  </static/home.js>; rel=preload; as=script; type="text/javascript"
`, Config{}},
		{"webpack-assets-manifest", `{"main.js": {"src": "x"}, "entrypoints": {"main": {"assets": {"js": ["vendor.js", "main.js"], "css": ["main.css"]}, "preload": {}}}}`, "/*" + cssJS, Config{Base: "/static"}},
		{"groups", `{"main": {"js": ["/static/vendor.js", "/static/main.js"], "css": "/static/main.css"}}`, "/*" + cssJS, Config{}},
		{"flat", `{"main.js": "/static/main.js", "main.css": "/static/main.css", "787.chunk.js": "/static/787.js", "logo.png": "/static/logo.png", "main.js.map": "/static/main.js.map"}`,
			"/*\n  </static/main.css>; rel=preload; as=style; type=\"text/css\"\n  </static/main.js>; rel=preload; as=script; type=\"text/javascript\"\n", Config{}},
		{"flat with integrity", `{"js/main.js": {"src": "main.js?id=1", "integrity": "sha256-AA="}}`,
			"/*\n  </main.js?id=1>; rel=preload; as=script; type=\"text/javascript\"; integrity=\"sha256-AA=\"\n", Config{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Read(strings.NewReader(tt.text), tt.config)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, written(m)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(m.Warnings()) != 0 {
				t.Errorf("warnings: %v", m.Warnings())
			}
		})
	}
}

const headers = "\ufeff# a comment\n" + `
/*
  X-Frame-Options: DENY
  Link: </base.css>; rel=preload; as=style
/blog/*
  link: </blog.css>; rel=preload; as=style, </base.css>; rel=preload; as=style
  Link: <https://cdn.example/x.js>; rel=preload; as=script
  ! X-Powered-By
/blog/first
  Link: <img/hero.avif>; rel=preload; as=image; fetchpriority=high
  # another comment
  Link: <https://fonts.example>; rel=preconnect
/plain
-
/only-other-headers
  Cache-Control: no-store
`

func TestReadHeaders(t *testing.T) {
	m, err := Read(strings.NewReader(headers), Config{})
	if err != nil {
		t.Fatal(err)
	}
	want := `/*
  </base.css>; rel=preload; as=style
/blog/*
  </blog.css>; rel=preload; as=style
  </base.css>; rel=preload; as=style
  <https://cdn.example/x.js>; rel=preload; as=script
/blog/first
  </blog/img/hero.avif>; rel=preload; as=image; fetchpriority=high
  <https://fonts.example>; rel=preconnect
  </blog.css>; rel=preload; as=style
  </base.css>; rel=preload; as=style
  <https://cdn.example/x.js>; rel=preload; as=script
/plain
`
	if diff := cmp.Diff(want, written(m)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for page, want := range map[string]int{"/": 1, "/x": 1, "/blog": 1, "/blog/": 3, "/blog/x/y": 3, "/blog/first": 5, "/plain": 0, "/only-other-headers": 1} {
		if assets, listed := m.Page(page); len(assets) != want || !listed {
			t.Errorf("Page(%q): %d assets, listed %v; want %d", page, len(assets), listed, want)
		}
	}
	if _, listed := m.Page("*"); listed {
		t.Error("OPTIONS * is listed")
	}
	w := m.Warnings()
	if len(w) != 1 || !errors.Is(w[0], link.ErrForeign) || !strings.HasPrefix(w[0].Error(), "manifest: line 8: ") {
		t.Errorf("warnings: %v", w)
	}
}

// The rules file of romainmenke/pusher.
func TestReadRules(t *testing.T) {
	m, err := Read(strings.NewReader("/\r\n</a.css>; rel=preload; as=style; nopush\r\n</b.js>; rel=preload; as=script\r\n\r\n/about\n-\n\n\n/shop\n\n</a.css>; rel=preload; as=style\n"), Config{})
	if err != nil {
		t.Fatal(err)
	}
	want := `/
  </a.css>; rel=preload; as=style; nopush
  </b.js>; rel=preload; as=script
/about
/shop
  </a.css>; rel=preload; as=style
`
	if diff := cmp.Diff(want, written(m)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, listed := m.Page("/elsewhere"); listed {
		t.Error("a path that is not in the file is listed")
	}
}

func TestReadErrors(t *testing.T) {
	nested := strings.Repeat("[", 20_000)
	tests := []struct {
		name, text string
		want       error
		line       int
	}{
		{"no path", "  Link: </a.css>; rel=preload", errOrphan, 1},
		{"dash without a path", "\n-\n", errOrphan, 2},
		{"block ended", "/a\n</a.css>; rel=preload\n\n</b.css>; rel=preload\n", errOrphan, 4},
		{"words", "/a\n  hello there\n", errLine, 2},
		{"binary", "\x00\x01\x02\xff\n", errLine, 1},
		{"no link", "/a\n  Link: a.css; rel=preload\n", link.ErrSyntax, 2},
		{"empty link", "/a\n  Link:\n", link.ErrSyntax, 2},
		{"half a link", "/a\n  Link: </a.css>; rel=preload, </b.css; rel=preload\n", link.ErrSyntax, 2},
		{"unsafe parameter", "/a\n  Link: </a>; rel=preload; as=\"x y\"\n", link.ErrParam, 2},
		{"long line", "/a\n  Link: </" + strings.Repeat("a", maxLine) + ">\n", errTooLarge, 2},
		{"too many pages", strings.Repeat("/a\n", maxPages+1), errTooLarge, maxPages + 1},
		{"broken JSON", "{\n  \"a\": \"b\",\n  oops\n}", nil, 3},
		{"cut JSON", "{\n  \"a\": \"b\"\n", nil, 2},
		{"deep JSON", `{"a": ` + nested, nil, 1},
		{"JSON of another kind", `{"name": "app", "version": 1}`, errFormat, 0},
		{"empty JSON", `{}`, errFormat, 0},
		{"mixed JSON", `{"a": "b", "c": ["d"]}`, errFormat, 0},
		{"chunk of another kind", `{"a": {"file": 1}}`, errFormat, 0},
		{"list of another kind", `{"a": [1]}`, errFormat, 0},
		{"entrypoints of another kind", `{"entrypoints": 1}`, errFormat, 0},
		{"entry of another kind", `{"entrypoints": {"a": {"assets": [1]}}}`, errFormat, 0},
		{"group of another kind", `{"a": {"js": [1]}}`, errFormat, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Read(strings.NewReader(tt.text), Config{})
			fault := new(lineError)
			if m != nil || !errors.As(err, &fault) {
				t.Fatalf("%v, %v", m, err)
			}
			if tt.want != nil && !errors.Is(err, tt.want) || fault.Line != tt.line {
				t.Errorf("%v; want line %d: %v", err, tt.line, tt.want)
			}
			if s := err.Error(); strings.ContainsAny(s, "\n\r") || len(s) > 300 || !strings.HasPrefix(s, "manifest: ") {
				t.Errorf("not one clear line: %q", s)
			}
		})
	}
	for name, c := range map[string]Config{
		"base":  {Base: "ftp://cdn.example/"},
		"page":  {Place: map[string][]string{"shop": {"main"}}},
		"entry": {Place: map[string][]string{"/shop": {"nobody"}}},
	} {
		if _, err := Read(strings.NewReader(`{"main.js": "/main.js"}`), c); err == nil {
			t.Errorf("%s: a wrong configuration was taken", name)
		}
	}
	if _, err := Read(failing{}, Config{}); !errors.Is(err, errFailing) {
		t.Errorf("failing reader: %v", err)
	}
	if _, err := Read(endless{}, Config{}); !errors.Is(err, errTooLarge) {
		t.Errorf("endless reader: %v", err)
	}
}

var errFailing = errors.New("the disk is gone")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFailing }

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestHostileManifestBudget: patterns that lie inside one another, chunks in long chains and
// links without number stay within their bounds.
func TestHostileManifestBudget(t *testing.T) {
	var nested strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&nested, "/%s*\n  Link: </%d.css>; rel=preload\n", strings.Repeat("a", i), i)
	}
	m, err := Read(strings.NewReader(nested.String()), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if assets, _ := m.Page("/" + strings.Repeat("a", 5000)); len(assets) != maxAssets || assets[0].Path != "/1999.css" {
		t.Errorf("%d assets, first %v", len(assets), assets[:1])
	}
	var chain strings.Builder
	chain.WriteString(`{"x": {"file": "x.js"}`)
	for i := range 5000 {
		fmt.Fprintf(&chain, `, "%d": {"file": "%d.js", "isEntry": %v, "imports": ["%d"], "css": ["//evil/%d"]}`, i, i, i == 0, i+1, i)
	}
	chain.WriteString("}")
	m, err = Read(strings.NewReader(chain.String()), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if assets, _ := m.Page("/"); len(assets) != maxAssets {
		t.Errorf("%d assets", len(assets))
	}
	if n := len(m.Warnings()); n > maxWarnings {
		t.Errorf("%d warnings", n)
	}

	// What many entries share is not looked at by each as a whole.
	const entries = 5_000
	each := func(format string) string {
		var out strings.Builder
		for i := range entries {
			fmt.Fprintf(&out, ", "+format, i)
		}
		return out.String()
	}
	reading := time.Now() // merely reading much, on this machine and now
	if err := json.Unmarshal([]byte("["+strings.Repeat(`"x", `, 1<<20)+"0]"), new(any)); err != nil {
		t.Fatal(err)
	}
	slack := 30 * time.Since(reading)
	long, many := strings.Repeat("x", 4<<20), `"x"`+strings.Repeat(`, ""`, 500_000)
	for name, text := range map[string]string{
		"Vite, one list of styles":      `{"x": {"file": "x.js", "css": [` + many + `]}` + each(`"%d": {"file": "a.js", "isEntry": true, "imports": ["x"]}`) + "}",
		"Vite, one long name":           `{"x": {"file": "` + long + `.js"}` + each(`"%d": {"file": "a.js", "isEntry": true, "imports": ["x"]}`) + "}",
		"Next, one list":                `{"pages": {"/_app": [` + many + `]` + each(`"/%d": ["a.js"]`) + "}}",
		"Next, one long route":          `{"pages": {"` + strings.Repeat("/x", 1<<20) + `/page": ["a.js"]` + each(`"/%d": ["a.js"]`) + "}}",
		"Remix, one long path":          `{"entry": {}, "routes": {"x": {"path": "` + long + `"}` + each(`"%d": {"path": "a", "parentId": "x", "module": "a.js"}`) + "}}",
		"Remix, in a ring":              `{"entry": {}, "routes": {"x": {"path": "x", "parentId": "x"}` + each(`"%d": {"path": "a", "parentId": "x", "module": "a.js"}`) + "}}",
		"flat, runtime many times":      `{"x/runtime.js": "x.js"` + each(`"%[1]d.js": "x.js", "%[1]d/runtime.js": "%[1]d.js"`) + "}",
		"webpack, files with many URLs": `{"files": {"x.js": "/x.js"` + each(`"%d": "/a.js"`) + `}, "entrypoints": {"x": ["y.js"]` + each(`"%d": ["b.js"]`) + "}}",
		"esbuild, one list":             `{"inputs": {}, "outputs": {"x.js": {"imports": [` + strings.TrimPrefix(each(`{"path": "%d.js", "kind": "import-statement"}`), ", ") + `]}` + each(`"%d.js": {"entryPoint": "%[1]d.ts", "imports": [{"path": "x.js", "kind": "import-statement"}]}`) + "}}",
	} {
		began := time.Now()
		if m, err := Read(strings.NewReader(text), Config{}); err == nil {
			for page, assets := range pagesOf(m) {
				if len(assets) > maxAssets {
					t.Fatalf("%s: %s has %d assets", name, page, len(assets))
				}
			}
		}
		if took := time.Since(began); took > slack {
			t.Errorf("%s: %v, above %v", name, took, slack)
		} else if testing.Verbose() {
			t.Log(name, took, slack)
		}
	}
}

func TestPageNoAllocs(t *testing.T) {
	m, err := Read(strings.NewReader(headers), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { m.Page("/blog/some/page"); m.Page("/plain") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(headers)
	f.Add(viteManifest)
	f.Add("/\n</a.css>; rel=preload\n\n/b\n-\n")                                  // pusher's rules
	f.Add(`{"src/pages/[id].vue": ["/a.css"]}`)                                   // ssr-manifest
	f.Add(`{"publicPath":"/p","entrypoints":{"a":{"assets":[{"name":"a.js"}]}}}`) // webpack's stats
	f.Add(`{"a.js": {"src": "a.js", "integrity": "x y"}, "a.html": "a.html"}`)    // flat, with a page
	for _, text := range samples(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Read(strings.NewReader(text), Config{})
		if err != nil {
			if m != nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v, %q", m, err)
			}
			return
		}
		for page, assets := range pagesOf(m) {
			if !validPage(page) || len(assets) > maxAssets {
				t.Fatalf("page %q, %d assets", page, len(assets))
			}
			for _, a := range assets {
				if !a.Valid() {
					t.Fatalf("page %q: %+v", page, a)
				}
			}
			got, listed := m.Page(strings.TrimSuffix(page, "*")) // a pattern covers its own prefix, unless a path of that name says more
			if !listed || !strings.HasSuffix(page, "*") && !cmp.Equal(got, assets) {
				t.Fatalf("Page(%q) = %v, %v", page, got, listed)
			}
		}
		for name, assets := range m.entries {
			if got, ok := m.Entry(name); !ok || len(got) != len(assets) {
				t.Fatalf("entry %q", name)
			}
		}
	})
}

func BenchmarkPage(b *testing.B) {
	m, err := Read(strings.NewReader(headers), Config{})
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range []string{"/blog/first", "/blog/some/page", "/x"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Page(path)
			}
		})
	}
}
