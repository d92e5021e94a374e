package site_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing/fstest"

	"github.com/cache-aware/casper/server/site"
)

func ExampleNew() {
	files := fstest.MapFS{
		"index.html":          {Data: []byte("<link rel=stylesheet href=/app.3f2a9c1b.css>")},
		"app.3f2a9c1b.css":    {Data: []byte("body { margin: 0 }")},
		"app.3f2a9c1b.css.gz": {Data: []byte("(the same, compressed)")},
	}
	h := site.New(files, site.Config{})
	for _, path := range []string{"/", "/app.3f2a9c1b.css"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", "gzip, br")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(path)
		for _, name := range []string{"Content-Type", "Content-Encoding", "Cache-Control", "Etag"} {
			if v := w.Header().Get(name); v != "" {
				fmt.Printf("  %s: %s\n", name, v)
			}
		}
	}
	// Output:
	// /
	//   Content-Type: text/html; charset=utf-8
	//   Cache-Control: no-cache
	//   Etag: "DcNmYRzqjB4A6RErVar1Ew"
	// /app.3f2a9c1b.css
	//   Content-Type: text/css; charset=utf-8
	//   Content-Encoding: gzip
	//   Cache-Control: public, max-age=31536000, immutable
	//   Etag: "vGBmiEnAD8WVVxmJR7SATw"
}
