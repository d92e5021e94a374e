package filename

import (
	"strings"
	"testing"
)

func TestStem(t *testing.T) {
	for target, want := range map[string]string{
		"/app.3f2a9c1b.js":                        "/app.*.js",
		"/app.99aa00ff.js":                        "/app.*.js",
		"/assets/index-BkX2a9.js":                 "/assets/index-*.js",
		"/main-ABCDefgh.css":                      "/main-*.css",
		"/style.css?ver=6.4":                      "/style.css?*",
		"/style.css?9c1b77":                       "/style.css?*",
		"/lib.20261123.js":                        "/lib.*.js",
		"/static/chunks/main-app-9c1b77aa03ff.js": "/static/chunks/main-app-*.js",
		"/style.css":                              "",
		"/style.css?user=7":                       "",
		"/img-2.png":                              "",
		"/chunk-117.js":                           "",
		"/9c1b77aa03ff.js":                        "",
		"/9c1b77aa03ff-0011aabb.js":               "",
		"/jquery-3.7.1.min.js":                    "",
		"/":                                       "",
		"":                                        "",
		"/a.b/c":                                  "",
	} {
		if got := Stem(target); got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}

// A stem stands for several names, or there is none.
func FuzzStem(f *testing.F) {
	f.Add("/app.3f2a9c1b.js?v=3")
	f.Add("/9c1b77aa03ff-0011aabb.js")
	f.Fuzz(func(t *testing.T, target string) {
		if got := Stem(target); got != "" && !strings.Contains(got, "*") {
			t.Errorf("%q", got)
		}
		Hashed(target)
	})
}

func BenchmarkHashed(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Hashed("assets/index-5UjPuW-k.css")
		Hashed("assets/jquery.fancy-box.min.js")
	}
}
