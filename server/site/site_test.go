package site

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cache-aware/casper/server/internal/testkit"
)

// settle makes every file of a folder old enough for its time to tell a change.
func settle(t testing.TB, dir string) {
	t.Helper()
	then := time.Now().Add(-time.Hour)
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		return os.Chtimes(name, then, then)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// folder makes a folder of files, settled.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, dir, name, text)
	}
	settle(t, dir)
	return dir
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	at := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, dir string, c Config) *Handler {
	t.Helper()
	h, err := Open(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// ask sends a request with header fields given in pairs; a first pair may be "METHOD", m.
func ask(h http.Handler, target string, fields ...string) *http.Response {
	method := "GET"
	if len(fields) > 0 && fields[0] == "METHOD" {
		method, fields = fields[1], fields[2:]
	}
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t testing.TB, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestServe(t *testing.T) {
	h := open(t, folder(t, map[string]string{
		"index.html":                         "<h1>home</h1>",
		"shop/index.html":                    "<h1>shop</h1>",
		"empty/readme.txt":                   "hello",
		"app.css":                            "a{}",
		"assets/app.3f2a9c1b.js":             "1",
		"a b.txt":                            "spaced",
		"page.xhtml":                         "<html/>",
		"LICENSE":                            "text",
		"zero.txt":                           "",
		".well-known/acme-challenge/token":   "secret handshake",
		".well-known/security.txt":           "contact",
		"we..ird/..two/x.txt":                "dots",
		"ümlaut.txt":                         "utf-8",
		"nested/deep/er/than/usual/file.svg": "<svg/>",
	}), Config{})
	tests := []struct {
		target       string
		status       int
		body         string
		contentType  string
		cacheControl string
	}{
		{"/", 200, "<h1>home</h1>", "text/html; charset=utf-8", "no-cache"},
		{"/index.html", 200, "<h1>home</h1>", "text/html; charset=utf-8", "no-cache"},
		{"/shop/", 200, "<h1>shop</h1>", "text/html; charset=utf-8", "no-cache"},
		{"/app.css", 200, "a{}", "text/css; charset=utf-8", "public, max-age=300"},
		{"/app.css?v=2", 200, "a{}", "text/css; charset=utf-8", "public, max-age=300"},
		{"/assets/app.3f2a9c1b.js", 200, "1", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"/a%20b.txt", 200, "spaced", "text/plain; charset=utf-8", "public, max-age=300"},
		{"/page.xhtml", 200, "<html/>", "application/xhtml+xml", "no-cache"},
		{"/LICENSE", 200, "text", "application/octet-stream", "public, max-age=300"},
		{"/zero.txt", 200, "", "text/plain; charset=utf-8", "public, max-age=300"},
		{"/.well-known/acme-challenge/token", 200, "secret handshake", "application/octet-stream", "public, max-age=300"},
		{"/%C3%BCmlaut.txt", 200, "utf-8", "text/plain; charset=utf-8", "public, max-age=300"},
		{"/nested/deep/er/than/usual/file.svg", 200, "<svg/>", "image/svg+xml", "public, max-age=300"},
		{"/empty/", 404, "404 page not found\n", "text/plain; charset=utf-8", "no-cache"}, // no listing
		{"/nothing", 404, "404 page not found\n", "text/plain; charset=utf-8", "no-cache"},
		{"/app.css/", 404, "404 page not found\n", "text/plain; charset=utf-8", "no-cache"},
		{"/app.css/x", 404, "404 page not found\n", "text/plain; charset=utf-8", "no-cache"},
		{"/we..ird/..two/x.txt", 404, "404 page not found\n", "text/plain; charset=utf-8", "no-cache"}, // hidden: it begins with a dot
		{"/" + strings.Repeat("x", 5000), 404, "404 page not found\n", "text/plain; charset=utf-8", "no-cache"},
	}
	for _, tt := range tests {
		res := ask(h, tt.target)
		got := text(t, res)
		if res.StatusCode != tt.status || got != tt.body || res.Header.Get("Content-Type") != tt.contentType || res.Header.Get("Cache-Control") != tt.cacheControl {
			t.Errorf("%.60s: %d %q %v", tt.target, res.StatusCode, got, res.Header)
		}
		if res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%.60s: may be sniffed", tt.target)
		}
		if tag := res.Header.Get("Etag"); (tag != "") != (tt.status == 200) || strings.HasPrefix(tag, "W/") {
			t.Errorf("%.60s: entity tag %q", tt.target, tag)
		}
		head := ask(h, tt.target, "METHOD", "HEAD")
		if body := text(t, head); head.StatusCode != tt.status || body != "" || head.Header.Get("Etag") != res.Header.Get("Etag") || head.Header.Get("Content-Length") != res.Header.Get("Content-Length") {
			t.Errorf("HEAD %.60s: %d %q %v", tt.target, head.StatusCode, body, head.Header)
		}
	}
}

func TestMethods(t *testing.T) {
	h := New(fstest.MapFS{"a.txt": {Data: []byte("a")}}, Config{})
	for _, m := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"} {
		if res := ask(h, "/a.txt", "METHOD", m); res.StatusCode != 405 || res.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d %v", m, res.StatusCode, res.Header)
		}
	}
}

func TestFolderRedirect(t *testing.T) {
	h := New(fstest.MapFS{
		"shop/index.html":      {Data: []byte("shop")},
		"a/b c/index.html":     {Data: []byte("spaced")},
		"http:/index.html":     {Data: []byte("colon")},
		"evil.test/index.html": {Data: []byte("host")},
	}, Config{})
	for target, want := range map[string]string{
		"/shop":       "./shop/",
		"/shop?a=b&c": "./shop/?a=b&c",
		"/a/b%20c":    "./b%20c/",
		"/http:":      "./http:/", // must not become a scheme
		"/evil.test":  "./evil.test/",
	} {
		res := ask(h, target)
		if res.StatusCode != 301 || res.Header.Get("Location") != want {
			t.Errorf("%s: %d to %q, want %q", target, res.StatusCode, res.Header.Get("Location"), want)
		}
		r := httptest.NewRequest("GET", target, nil)
		to, err := r.URL.Parse(want)
		if err != nil || to.Host != r.URL.Host || !strings.HasSuffix(to.Path, "/") {
			t.Errorf("%s leads to %v (%v)", target, to, err)
		}
	}
	under := http.StripPrefix("/static", h)
	if res := ask(under, "/static/shop"); res.Header.Get("Location") != "./shop/" {
		t.Errorf("behind a prefix: %q", res.Header.Get("Location"))
	}
}

// TestTraversal: nothing outside the folder, nothing hidden, and nothing by a second name.
func TestTraversal(t *testing.T) {
	const secret = "TOP SECRET"
	outer := folder(t, map[string]string{
		"secret.txt":           secret,
		"public/index.html":    "<h1>home</h1>",
		"public/in.txt":        "inside",
		"public/.env":          secret,
		"public/.git/config":   secret,
		"public/dir/.htaccess": secret,
		"public/.well-known.x": secret,
	})
	dir := filepath.Join(outer, "public")
	for link, to := range map[string]string{
		"ok.txt": "in.txt", "escape.txt": "../secret.txt", "absolute.txt": filepath.Join(outer, "secret.txt"), "up": "..", "loop": "loop", "gone.txt": "nowhere",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	h := open(t, dir, Config{})
	if got := text(t, ask(h, "/ok.txt")); got != "inside" {
		t.Errorf("a link inside the folder gives %q", got)
	}
	for _, path := range []string{
		"/../secret.txt", "/..", "/../", "/dir/../../secret.txt", "/./in.txt", "/dir/../in.txt", "//in.txt", "/dir//x", "//", "/.", "/in.txt/.",
		"/..\\secret.txt", "/\\..\\secret.txt", "\\..\\secret.txt", "/in.txt\x00", "/in.txt\x00.css", "/\xff", "/C:/secret.txt", "/in.txt::$DATA",
		"/.env", "/.git/config", "/.git/", "/.git", "/dir/.htaccess", "/.well-known.x", "/.well-known/../secret.txt", "/.well-known/.x",
		"/escape.txt", "/absolute.txt", "/up/secret.txt", "/up/", "/up", "/loop", "/gone.txt", "in.txt/../../secret.txt", "/%2e%2e/secret.txt",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path, r.URL.RawPath = path, ""
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 404 || strings.Contains(w.Body.String(), secret) {
			t.Errorf("%q: %d %q", path, w.Code, w.Body)
		}
	}
}

func TestOpenFaults(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "nowhere"), Config{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
	h := open(t, folder(t, map[string]string{"a.txt": "a"}), Config{})
	h.Close()
	if res := ask(h, "/a.txt"); res.StatusCode != 404 {
		t.Errorf("after Close: %d", res.StatusCode)
	}
	if err := New(fstest.MapFS{}, Config{}).Close(); err != nil {
		t.Error(err)
	}
}

func TestNotFoundPage(t *testing.T) {
	h := New(fstest.MapFS{"404.html": {Data: []byte("<h1>gone</h1>")}, "lost.txt": {Data: []byte("lost")}}, Config{})
	res := ask(h, "/nothing", "Range", "bytes=0-1", "If-None-Match", "*")
	if got := text(t, res); res.StatusCode != 404 || got != "<h1>gone</h1>" || res.Header.Get("Content-Type") != "text/html; charset=utf-8" || res.Header.Get("Etag") != "" {
		t.Errorf("%d %q %v", res.StatusCode, got, res.Header)
	}
	if res := ask(h, "/nothing", "METHOD", "HEAD"); text(t, res) != "" || res.Header.Get("Content-Length") != "13" {
		t.Errorf("HEAD: %v", res.Header)
	}
	h = New(fstest.MapFS{"lost.txt": {Data: []byte("lost")}}, Config{NotFound: "lost.txt"})
	if got := text(t, ask(h, "/nothing")); got != "lost" {
		t.Errorf("%q", got)
	}
}

func TestConfig(t *testing.T) {
	files := fstest.MapFS{"a.css": {}, "b.GLB": {}, "c.3f2a9c1b.js": {}}
	for _, tt := range []struct {
		config     Config
		name, want string
	}{
		{Config{MaxAge: time.Hour}, "/a.css", "public, max-age=3600"},
		{Config{MaxAge: -1}, "/a.css", "no-cache"},
		{Config{MaxAge: -1}, "/c.3f2a9c1b.js", "public, max-age=31536000, immutable"},
		{Config{Immutable: func(name string) bool { return name == "a.css" }}, "/a.css", "public, max-age=31536000, immutable"},
		{Config{Immutable: func(name string) bool { return name == "a.css" }}, "/c.3f2a9c1b.js", "public, max-age=300"},
	} {
		if got := ask(New(files, tt.config), tt.name).Header.Get("Cache-Control"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	h := New(files, Config{Types: map[string]string{".glb": "model/x", ".css": "text/x-css"}})
	for name, want := range map[string]string{"/b.GLB": "model/x", "/a.css": "text/x-css"} {
		if got := ask(h, name).Header.Get("Content-Type"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// Every type is one that net/http would parse, and none depends on the machine.
func TestTypes(t *testing.T) {
	if err := mime.AddExtensionType(".css", "text/x-wrong"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mime.AddExtensionType(".css", "text/css; charset=utf-8") })
	h := New(fstest.MapFS{"a.css": {}}, Config{})
	if got := ask(h, "/a.css").Header.Get("Content-Type"); got != "text/css; charset=utf-8" {
		t.Errorf("the machine's types are used: %q", got)
	}
	types := maps.Clone(denseTypes)
	maps.Copy(types, looseTypes)
	if len(types) != len(denseTypes)+len(looseTypes) {
		t.Error("an extension has two types")
	}
	for ext, contentType := range types {
		if _, _, err := mime.ParseMediaType(contentType); err != nil || ext != strings.ToLower(ext) || ext[0] != '.' {
			t.Errorf("%s: %q: %v", ext, contentType, err)
		}
	}
	for ext, want := range map[string]string{".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8", ".wasm": "application/wasm", ".woff2": "font/woff2"} {
		if types[ext] != want {
			t.Errorf("%s: %q", ext, types[ext])
		}
	}
}

func TestEntityTags(t *testing.T) {
	dir := folder(t, map[string]string{"a.txt": "one", "copy.txt": "one", "b.txt": "two"})
	h := open(t, dir, Config{})
	tag := func(path string) string { return ask(h, path).Header.Get("Etag") }
	one := tag("/a.txt")
	if one == "" || one != tag("/a.txt") || one != tag("/copy.txt") || one == tag("/b.txt") {
		t.Errorf("tags: %s %s %s", one, tag("/copy.txt"), tag("/b.txt"))
	}
	if res := ask(h, "/a.txt", "If-None-Match", `"x", `+one); res.StatusCode != 304 || text(t, res) != "" || res.Header.Get("Etag") != one || res.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("304: %d %v", res.StatusCode, res.Header)
	}
	// A change of the same length within one tick of the clock must show.
	for range 20 {
		write(t, dir, "a.txt", "six")
		six := tag("/a.txt")
		write(t, dir, "a.txt", "ten")
		if six == tag("/a.txt") || six == one {
			t.Fatal("a change does not show")
		}
	}
	write(t, dir, "a.txt", "one")
	if tag("/a.txt") != one {
		t.Error("the same content has another tag")
	}
	if h.contents.cache.EstimatedSize() > 3 {
		t.Error("a file is remembered that may still change")
	}
	// Years from now are settled too: a change would bring the time back.
	then := time.Now().Add(1000 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "b.txt"), then, then); err != nil {
		t.Fatal(err)
	}
	if two := tag("/b.txt"); two != tag("/b.txt") || two == one {
		t.Error("a file of the future")
	}
}

// Without times, as in embed, and with a large file, which is not read for its tag.
func TestEntityTagsLarge(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int64{"huge.bin": maxHashed + 1, "large.bin": maxBody + 1} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	settle(t, dir)
	h := open(t, dir, Config{})
	huge := ask(h, "/huge.bin", "METHOD", "HEAD")
	if tag := huge.Header.Get("Etag"); !strings.Contains(tag, "-") || huge.ContentLength != maxHashed+1 {
		t.Errorf("%s %d", tag, huge.ContentLength)
	}
	large := ask(h, "/large.bin", "Range", "bytes=-2")
	if tag := large.Header.Get("Etag"); len(tag) != 24 || text(t, large) != "\x00\x00" || large.StatusCode != 206 {
		t.Errorf("%s %v", tag, large.Header)
	}
	before := ask(h, "/huge.bin", "METHOD", "HEAD").Header.Get("Etag")
	now := time.Now()
	if err := os.Chtimes(filepath.Join(dir, "huge.bin"), now, now); err != nil {
		t.Fatal(err)
	}
	if ask(h, "/huge.bin", "METHOD", "HEAD").Header.Get("Etag") == before {
		t.Error("a change of a huge file does not show")
	}
}

func TestVariants(t *testing.T) {
	dir := folder(t, map[string]string{
		"a.css": "plain", "a.css.br": "BR", "a.css.zst": "ZST", "a.css.gz": "GZ",
		"b.js": "plain", "b.js.gz": "GZ",
		"c.css":         "plain",
		"d.png":         "plain",
		"d.png.br":      "BR",
		"index.html":    "page",
		"index.html.br": "BR",
		"e.css.gz":      "GZ", // without its original
	})
	h := open(t, dir, Config{})
	tests := []struct {
		path, accept, coding, body string
	}{
		{"/a.css", "gzip, deflate, br, zstd", "br", "BR"},
		{"/a.css", "gzip, deflate", "gzip", "GZ"},
		{"/a.css", "x-gzip", "gzip", "GZ"},
		{"/a.css", "ZSTD", "zstd", "ZST"},
		{"/a.css", "gzip;q=1.0, br;q=0.5", "gzip", "GZ"},
		{"/a.css", "gzip;q=0.5,zstd;q=0.500,br;q=0.499", "zstd", "ZST"},
		{"/a.css", "*", "br", "BR"},
		{"/a.css", "br;q=0, *", "zstd", "ZST"},
		{"/a.css", "*;q=0", "", "plain"},
		{"/a.css", "identity", "", "plain"},
		{"/a.css", "identity;q=1, *;q=0", "", "plain"}, // what media elements send
		{"/a.css", "identity, br;q=0.9", "", "plain"},
		{"/a.css", "identity;q=0.5, br;q=0.9", "br", "BR"},
		{"/a.css", "br;q=0, gzip;q=0, zstd;q=0", "", "plain"},
		{"/a.css", "", "", "plain"},
		{"/a.css", "br ; Q = 0 , gzip", "gzip", "GZ"},
		{"/a.css", "br;q=2;level=9, gzip;q=nonsense", "br", "BR"},
		{"/a.css", "br, br;q=0", "br", "BR"},
		{"/a.css", "broccoli, agzip", "", "plain"},
		{"/b.js", "gzip, deflate, br, zstd", "gzip", "GZ"},
		{"/c.css", "gzip, deflate, br, zstd", "", "plain"},
		{"/d.png", "gzip, deflate, br, zstd", "", "plain"},
		{"/", "br", "br", "BR"},
	}
	for _, tt := range tests {
		res := ask(h, tt.path, "Accept-Encoding", tt.accept)
		if got := text(t, res); res.StatusCode != 200 || got != tt.body || res.Header.Get("Content-Encoding") != tt.coding {
			t.Errorf("%s for %q: %d %q in %q", tt.path, tt.accept, res.StatusCode, got, res.Header.Get("Content-Encoding"))
		}
		if got, want := res.Header.Get("Vary"), map[bool]string{true: "", false: "Accept-Encoding"}[tt.path == "/d.png"]; got != want {
			t.Errorf("%s: Vary %q, want %q", tt.path, got, want)
		}
		if res.Header.Get("Content-Type") == "application/octet-stream" {
			t.Errorf("%s: the type of the variant's own name", tt.path)
		}
		if want := fmt.Sprint(len(tt.body)); res.Header.Get("Content-Length") != want {
			t.Errorf("%s for %q: Content-Length %q, want %s", tt.path, tt.accept, res.Header.Get("Content-Length"), want)
		}
	}
	if res := ask(h, "/e.css", "Accept-Encoding", "gzip"); res.StatusCode != 404 {
		t.Errorf("a variant without its original: %d", res.StatusCode)
	}
	tags := map[string]bool{}
	for _, accept := range []string{"br", "zstd", "gzip", ""} {
		tags[ask(h, "/a.css", "Accept-Encoding", accept).Header.Get("Etag")] = true
	}
	if len(tags) != 4 {
		t.Errorf("four variants have %d tags", len(tags))
	}
	br := ask(h, "/a.css", "Accept-Encoding", "br").Header.Get("Etag")
	if res := ask(h, "/a.css", "Accept-Encoding", "br", "If-None-Match", br); res.StatusCode != 304 || res.Header.Get("Content-Length") != "" || res.Header.Get("Vary") == "" {
		t.Errorf("304 of a variant: %d %v", res.StatusCode, res.Header)
	}
	if res := ask(h, "/a.css", "Accept-Encoding", "gzip", "If-None-Match", br); res.StatusCode != 200 {
		t.Errorf("another variant's tag: %d", res.StatusCode)
	}
	if res := ask(h, "/a.css", "Accept-Encoding", "br", "Range", "bytes=1-1", "If-Range", br); res.StatusCode != 206 || text(t, res) != "R" || res.Header.Get("Content-Encoding") != "br" {
		t.Errorf("a part of a variant: %d %v", res.StatusCode, res.Header)
	}
	// Fields of the same name, and what a middleware said before.
	res := ask(h, "/a.css", "Accept-Encoding", "deflate", "Accept-Encoding", "zstd")
	if res.Header.Get("Content-Encoding") != "zstd" {
		t.Errorf("two fields: %v", res.Header)
	}
	varied := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Cookie")
		h.ServeHTTP(w, r)
	})
	if got := ask(varied, "/a.css").Header.Values("Vary"); fmt.Sprint(got) != "[Cookie Accept-Encoding]" {
		t.Errorf("Vary %q", got)
	}

	// An original that was edited after its variants were made.
	then := time.Now().Add(-time.Minute)
	write(t, dir, "b.js", "edited")
	if err := os.Chtimes(filepath.Join(dir, "b.js"), then, then); err != nil {
		t.Fatal(err)
	}
	if got := text(t, ask(h, "/b.js", "Accept-Encoding", "gzip")); got != "edited" {
		t.Errorf("a stale variant is served: %q", got)
	}
}

func TestHostileAcceptEncoding(t *testing.T) {
	long := strings.Repeat("x,", maxAcceptEncoding)
	for _, v := range [][]string{{long + "br"}, {long, "br"}, {strings.Repeat("br;q=0.", 1000)}} {
		if _, n := acceptable(v); n > 1 {
			t.Errorf("%.20s: %d", v, n)
		}
	}
	cut := strings.Repeat(" ", maxAcceptEncoding-len("br, gzi")) + "br, gzip"
	if best, n := acceptable([]string{cut}); n != 1 || best[0] != 0 {
		t.Errorf("an element that is cut in two counts: %v %d", best, n)
	}
}

// Over a real connection: a length that does not hold would break it.
func TestConditionsOnConnection(t *testing.T) {
	h := open(t, folder(t, map[string]string{"a.css": "plain", "a.css.gz": "GZ"}), Config{})
	s := httptest.NewServer(h)
	defer s.Close()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	for _, tt := range []struct {
		method string
		status int
		fields []string
	}{
		{"GET", 412, []string{"If-Match", `"no"`}},
		{"GET", 412, []string{"If-Unmodified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"}},
		{"GET", 416, []string{"Range", "bytes=9-"}},
		{"GET", 206, []string{"Range", "bytes=1-"}},
		{"GET", 304, []string{"If-None-Match", "*"}},
		{"GET", 304, []string{"If-Modified-Since", time.Now().UTC().Format(http.TimeFormat)}},
		{"HEAD", 412, []string{"If-Match", `"no"`}},
		{"HEAD", 200, nil},
		{"GET", 200, nil},
	} {
		r, err := http.NewRequest(tt.method, s.URL+"/a.css", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "gzip")
		for i := 0; i < len(tt.fields); i += 2 {
			r.Header.Set(tt.fields[i], tt.fields[i+1])
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatalf("%s %v: %v", tt.method, tt.fields, err)
		}
		body := text(t, res)
		res.Body.Close()
		if res.StatusCode != tt.status {
			t.Errorf("%s %v: %d %q", tt.method, tt.fields, res.StatusCode, body)
		}
	}
}

// TestSameAsFileServer: for plain files and every kind of condition and range, status, body and
// headers are net/http's own, but for what this package adds.
func TestSameAsFileServer(t *testing.T) {
	dir := folder(t, map[string]string{"a.bin": strings.Repeat("0123456789", 100), "z.bin": "", "sub/b.bin": "bb"})
	ours := open(t, dir, Config{Types: map[string]string{".bin": "application/x-test"}})
	theirs := http.FileServer(http.Dir(dir))
	if err := mime.AddExtensionType(".bin", "application/x-test"); err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 2))
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	for range 3000 {
		path := pick("/a.bin", "/z.bin", "/sub/b.bin", "/none.bin")
		tag := ask(ours, path).Header.Get("Etag")
		fields := []string{"METHOD", pick("GET", "GET", "HEAD")}
		for range rnd.IntN(3) {
			switch rnd.IntN(6) {
			case 0:
				fields = append(fields, "Range", pick("bytes=0-0", "bytes=-5", "bytes=990-", "bytes=5-1", "bytes=2000-", "bytes=0-9999", "apples=1-2", "bytes=", "bytes=--1"))
			case 1:
				fields = append(fields, "If-None-Match", pick("*", tag, `"x"`, "W/"+tag, `"x", `+tag, "junk"))
			case 2:
				fields = append(fields, "If-Match", pick("*", tag, `"x"`, "W/"+tag))
			case 3:
				fields = append(fields, "If-Modified-Since", pick("Mon, 01 Jan 2001 00:00:00 GMT", "Mon, 01 Jan 2035 00:00:00 GMT", "junk"))
			case 4:
				fields = append(fields, "If-Unmodified-Since", pick("Mon, 01 Jan 2001 00:00:00 GMT", "Mon, 01 Jan 2035 00:00:00 GMT"))
			case 5:
				fields = append(fields, "If-Range", pick(tag, `"x"`, "Mon, 01 Jan 2001 00:00:00 GMT"))
			}
		}
		// The tag is given to the other server, which has none of its own.
		tagged := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if tag != "" {
				w.Header().Set("Etag", tag)
			}
			theirs.ServeHTTP(w, r)
		})
		a, b := ask(ours, path, fields...), ask(tagged, path, fields...)
		if x, y := text(t, a), text(t, b); a.StatusCode != b.StatusCode || a.StatusCode < 400 && x != y {
			t.Fatalf("seed %d: %s %q: %d %q, FileServer %d %q", seed, path, fields, a.StatusCode, x, b.StatusCode, y)
		}
		for _, name := range []string{"Content-Length", "Content-Range", "Content-Type", "Last-Modified", "Accept-Ranges", "Etag"} {
			if a.StatusCode < 400 && a.Header.Get(name) != b.Header.Get(name) {
				t.Fatalf("seed %d: %s %q: %s %q, FileServer %q", seed, path, fields, name, a.Header.Get(name), b.Header.Get(name))
			}
		}
	}
}

func TestManyRanges(t *testing.T) {
	h := New(fstest.MapFS{"a.txt": {Data: bytes.Repeat([]byte("x"), 1000)}}, Config{})
	few := "bytes=0-0" + strings.Repeat(",2-2", maxRanges-1)
	res := ask(h, "/a.txt", "Range", few)
	_, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if res.StatusCode != 206 || err != nil {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	parts := 0
	for r := multipart.NewReader(res.Body, params["boundary"]); ; parts++ {
		if _, err := r.NextPart(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if parts != maxRanges {
		t.Errorf("%d parts", parts)
	}
	r := httptest.NewRequest("GET", "/a.txt", nil)
	r.Header.Set("Range", few+",4-4")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 || w.Body.Len() != 1000 {
		t.Errorf("too many ranges: %d, %d bytes", w.Code, w.Body.Len())
	}
	if r.Header.Get("Range") == "" {
		t.Error("the request was changed")
	}
}

// Files of an archive cannot seek. They are read whole, in parts, and by many at once.
func TestArchive(t *testing.T) {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	content := make([]byte, maxBody+1000)
	for i := range content {
		content[i] = byte(i * i >> 8)
	}
	for name, data := range map[string][]byte{"index.html": []byte("<h1>zip</h1>"), "big.bin": content} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
		if err != nil {
			t.Fatal(err)
		}
		f.Write(data)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	if err != nil {
		t.Fatal(err)
	}
	h := New(z, Config{})
	if got := text(t, ask(h, "/")); got != "<h1>zip</h1>" {
		t.Errorf("%q", got)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got := text(t, ask(h, "/big.bin")); got != string(content) {
				t.Errorf("%d bytes, and not the same", len(got))
			}
			if got := text(t, ask(h, "/big.bin", "Range", "bytes=500000-500009")); got != string(content[500000:500010]) {
				t.Errorf("part: %q", got)
			}
			res := ask(h, "/big.bin", "Range", "bytes=300000-300001,100-101") // the second one goes back
			_, params, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
			parts := multipart.NewReader(res.Body, params["boundary"])
			for _, want := range [][]byte{content[300000:300002], content[100:102]} {
				p, err := parts.NextPart()
				if err != nil {
					t.Error(err)
					return
				}
				if got, _ := io.ReadAll(p); !bytes.Equal(got, want) {
					t.Errorf("part: %q, want %q", got, want)
				}
			}
		})
	}
	wg.Wait()
}

// A client that goes away in the middle of several parts leaves nothing behind that still
// reads.
func TestClientLeaves(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "big.bin", strings.Repeat("x", 4<<20))
	settle(t, dir)
	h := open(t, dir, Config{})
	served := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(served)
		h.ServeHTTP(w, r)
	}))
	defer s.Close()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "GET /big.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=0-2000000,2000001-4000000\r\n\r\n")
	if _, err := io.ReadFull(c, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	c.Close()
	<-served
}

// failing is a file system whose files cannot be read, or opened, for reasons of its own.
type failing struct {
	fstest.MapFS
	open, read error
}

func (f failing) Open(name string) (fs.File, error) {
	if f.open != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: f.open}
	}
	file, err := f.MapFS.Open(name)
	if err != nil {
		return nil, err
	}
	return failingFile{file, f.read}, nil
}

func (f failing) Stat(name string) (fs.FileInfo, error) { return f.MapFS.Stat(name) }

type failingFile struct {
	fs.File
	err error
}

func (f failingFile) Read([]byte) (int, error) { return 0, f.err }

func TestFaults(t *testing.T) {
	files := fstest.MapFS{"a.css": {Data: []byte("a")}, "big.css": {Data: make([]byte, maxBody+1)}}
	for _, tt := range []struct {
		fsys   fs.FS
		status int
	}{
		{failing{files, syscall.EMFILE, nil}, 500},
		{failing{files, syscall.EIO, nil}, 500},
		{failing{files, syscall.EACCES, nil}, 404},
		{failing{files, syscall.ENAMETOOLONG, nil}, 404},
		{failing{files, nil, errors.New("the disk is gone")}, 500},
	} {
		for _, path := range []string{"/a.css", "/big.css"} {
			var log strings.Builder
			h := New(tt.fsys, Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
			before := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Before", "kept")
				h.ServeHTTP(w, r)
			})
			res := ask(before, path)
			if res.StatusCode != tt.status || res.Header.Get("X-Before") != "kept" || res.Header.Get("Etag") != "" || res.Header.Get("Cache-Control") == "public, max-age=300" {
				t.Errorf("%v: %d %v", tt.fsys, res.StatusCode, res.Header)
			}
			if lines := strings.Count(log.String(), "\n"); lines != map[int]int{404: 0, 500: 1}[tt.status] {
				t.Errorf("%d lines logged: %s", lines, log.String())
			}
		}
	}
}

// A file that shrinks or grows between the look at it and its reading is sent as it was found,
// whole.
func TestChangesWhileRead(t *testing.T) {
	for _, size := range []int{0, 2, 9} {
		files := fstest.MapFS{"a.css": {Data: []byte("12345")}, "now": {Data: []byte("123456789")[:size]}}
		h := New(resizing{files}, Config{})
		for range 2 {
			res := ask(h, "/a.css")
			got := text(t, res)
			if want := "123456789"[:min(size, 5)]; got != want || res.StatusCode != 200 {
				t.Errorf("%d: %d %q, want %q", size, res.StatusCode, got, want)
			}
		}
		if n := h.contents.cache.EstimatedSize(); n != 0 {
			t.Errorf("%d remembered", n)
		}
	}
}

// resizing shows the size of one file and the content of another.
type resizing struct{ fstest.MapFS }

func (f resizing) Open(string) (fs.File, error)          { return f.MapFS.Open("now") }
func (f resizing) Stat(name string) (fs.FileInfo, error) { return f.MapFS.Stat(name) }

func TestParallel(t *testing.T) {
	dir := folder(t, map[string]string{"a.css": "one"})
	h := open(t, dir, Config{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				res := ask(h, "/a.css")
				if body := text(t, res); res.StatusCode != 200 || body != "one" && body != "two" && body != "" {
					t.Errorf("%d %q", res.StatusCode, body)
				}
			}
		})
	}
	wg.Go(func() { write(t, dir, "a.css", "two") })
	wg.Wait()
}

func FuzzServe(f *testing.F) {
	const secret = "TOP SECRET"
	outer := folder(f, map[string]string{
		"secret.txt": secret, "public/.env": secret, "public/index.html": "home", "public/a.css": "a", "public/a.css.br": "b", "public/d/index.html": "d",
	})
	if err := os.Symlink("../secret.txt", filepath.Join(outer, "public", "l.txt")); err != nil {
		f.Fatal(err)
	}
	h := open(f, filepath.Join(outer, "public"), Config{})
	f.Add("/a.css", "br;q=0.1, *;q=0.2", "bytes=0-0", `"x"`)   // a variant, a part
	f.Add("/../secret.txt", "", "", "")                        // out of the folder
	f.Add("/l.txt", "gzip", "", "")                            // by a link
	f.Add("/d", "", "", "*")                                   // a redirect
	f.Add("/./.env", "identity;q=0", "bytes=-1,-1", "W/\"\"")  // hidden
	f.Add("/a.css\x00", ",;,;=,q=1", "bytes=5-4", "\"unended") // junk
	testkit.Corpus(f, "path", func(path []byte) { f.Add("/"+string(path), "br, gzip", "", "") })
	f.Fuzz(func(t *testing.T, path, accept, ranges, match string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = path
		r.Header["Accept-Encoding"], r.Header["Range"], r.Header["If-None-Match"] = []string{accept}, []string{ranges}, []string{match}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch w.Code {
		case 200, 206, 301, 304, 404, 416:
		default:
			t.Fatalf("%q: status %d", path, w.Code)
		}
		if strings.Contains(w.Body.String(), "SECRET") {
			t.Fatalf("%q gives the secret away", path)
		}
		if to := w.Header().Get("Location"); w.Code == 301 && (!strings.HasPrefix(to, "./") || strings.ContainsAny(to, "\r\n\\")) {
			t.Fatalf("%q leads to %q", path, to)
		}
		if w.Code == 200 && w.Header().Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
			t.Fatalf("%q: Content-Length %s, %d bytes", path, w.Header().Get("Content-Length"), w.Body.Len())
		}
	})
}
