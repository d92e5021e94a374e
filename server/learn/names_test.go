package learn

import (
	"strings"
	"testing"
)

func TestFamilyKey(t *testing.T) {
	for page, want := range map[string][2]string{
		"/shop/toys/blue-bear":    {"/shop/toys/*", "/shop/*/*"},
		"/blog/2024/spring.html":  {"/blog/2024/*.html", "/blog/*/*.html"},
		"/about":                  {"/*", ""},
		"/blog/spring/":           {"/blog/*/", "/*/*/"},
		"/a/v1.2":                 {"/a/*", "/*/*"}, // no extension: a number
		"/a/b.":                   {"/a/*", "/*/*"},
		"/a/.well-known":          {"/a/*", "/*/*"},
		"/p/x?lang=de":            {"/p/*?*lang", "/*/*?*lang"},
		"/p/x?lang=de&size=2":     {"/p/*?*lang?*size", "/*/*?*lang?*size"},
		"/":                       {"", ""},
		"":                        {"", ""},
		"about":                   {"", ""},
		"/item/{id}":              {"", ""},
		"/a/*":                    {"", ""},
		"/a/b.verylongextension1": {"/a/*", "/*/*"},
	} {
		for level, want := range want {
			got, ok := sectionKey(nil, page, level)
			if ok != (want != "") || string(got) != want {
				t.Errorf("%s, level %d: %q, want %q", page, level, got, want)
			}
		}
	}
}

// A kind is never its own member, and its key always holds the star that marks it.
func FuzzNames(f *testing.F) {
	f.Add("/shop/toys/bear.html?a=1&b=2")
	f.Add("//")
	f.Add("/app.3f2a9c1b.js?v=1")
	f.Fuzz(func(t *testing.T, s string) {
		for level := range sectionLevels {
			if key, ok := sectionKey(nil, s, level); ok && (!strings.Contains(string(key), "*") || string(key) == s || key[0] != '/') {
				t.Errorf("%q is of the kind %q", s, key)
			}
		}
	})
}
