package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cache-aware/casper/server/internal/peer"
)

// A real H2O and casper serve have the same files, and nghttp goes from one to the other with
// one cookie: neither sends what the other has sent, and each sends what is new.
func TestH2OAndServe(t *testing.T) {
	peer.Find(t, "nghttp")
	h2o := peer.StartH2O(t, peer.Config{
		Hosts: []peer.Host{{Name: "127.0.0.1", CapacityBits: peer.CasperOn}},
		Files: []peer.File{
			{Path: "/index.html", Body: "page", Links: []string{"</0.css>; rel=preload", "</0.js>; rel=preload"}},
			{Path: "/all.html", Body: "page", Links: []string{"</0.css>; rel=preload", "</1.css>; rel=preload", "</2.css>; rel=preload", "</0.js>; rel=preload"}},
			{Path: "/0.css", Body: "/* 0 */"}, {Path: "/1.css", Body: "/* 1 */"}, {Path: "/2.css", Body: "/* 2 */"}, {Path: "/0.js", Body: "// 0"},
		},
	})
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "all"), 0o755); err != nil {
		t.Fatal(err)
	}
	const head = `<!doctype html><title>page</title><link rel="stylesheet" href="/0.css">`
	write(t, dir, "index.html", head+`<link rel="stylesheet" href="/1.css">`)
	write(t, dir, "all/index.html", head+`<link rel="stylesheet" href="/1.css"><link rel="stylesheet" href="/2.css"><script src="/0.js"></script>`)
	for name, content := range map[string]string{"0.css": "/* 0 */", "1.css": "/* 1 */", "2.css": "/* 2 */", "0.js": "// 0"} {
		write(t, dir, name, content)
	}
	theirs, ours := "https://"+h2o.Addr, "https://"+serve(t, dir).addr
	cookie := ""
	for _, v := range []struct {
		url  string
		want []string
	}{
		{theirs + "/index.html", []string{"/0.css", "/0.js"}},
		{ours + "/", []string{"/1.css"}},           // /0.css is H2O's
		{theirs + "/all.html", []string{"/2.css"}}, // /1.css is ours
		{ours + "/all/", nil},
		{theirs + "/all.html", nil},
	} {
		pushed, next := nghttpPush(t, v.url, cookie)
		if next != "" {
			cookie = next
		}
		if slices.Sort(pushed); !slices.Equal(pushed, v.want) {
			t.Errorf("%s pushed %q, want %q; the cookie is now %q", v.url, pushed, v.want, cookie)
		}
	}
}
