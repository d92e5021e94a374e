package manifest

import (
	"errors"
	"strings"
	"testing"
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
