package caddycasper

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/link"
)

// Several manifests add up to what was learned; the first that lists a page speaks for it, and
// one that lists it as needing nothing is obeyed.
func TestManifests(t *testing.T) {
	s := start(t, "respond ready")
	s.write("_headers", "/\n  Link: </a.css>; rel=preload; as=style\n")
	s.write("rules", "/\n</never.css>; rel=preload; as=style\n\n/b\n</b.js>; rel=preload; as=script\n\n/c\n-\n")
	s.load("casper {\n manifest %s/_headers %s/rules\n}\nroot %s/site\ntry_files {path} /index.html\n" + fresh + "file_server")
	for page, want := range map[string][]string{"/": {"/a.css"}, "/b": {"/b.js"}, "/c": nil, "/d": nil} {
		if got := hinted(t, s.browser(999).navigate(page)); !slices.Equal(got, want) {
			t.Errorf("%s: hinted %q, want %q", page, got, want)
		}
	}
	s.teach("/b", 8)
	s.teach("/c", 8)
	helped := 0
	for i := range 20 {
		if got := hinted(t, s.browser(1000+i).navigate("/b")); slices.Equal(got, []string{"/app.css", "/app.js", "/b.js"}) {
			helped++
		} else if !slices.Contains(got, "/b.js") { // held out of the rest, or of one
			t.Errorf("/b: hinted %q", got)
		}
	}
	if helped < 10 {
		t.Errorf("/b: %d of 20 newcomers were told what was learned", helped)
	}
	if share := s.helped("/c"); share != 1 || len(known("", "/c")) != 2 {
		t.Errorf("/c: %.0f %% of newcomers got nothing, %q is known", 100*share, known("", "/c"))
	}
}

// A page whose files are asked for while it is still on its way teaches as any other.
func TestSlowPage(t *testing.T) {
	var visitor sync.Map // address to the visitor's requests
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.Header().Set("Cache-Control", "max-age=600")
			w.Header().Set("Content-Type", link.Guess(r.URL.Path, "").Type)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html>")
		http.NewResponseController(w).Flush()
		from := strings.TrimSpace(strings.Split(r.Header.Get("X-Forwarded-For"), ",")[0])
		if f, ok := visitor.Load(from); ok {
			f.(func())()
			time.Sleep(3 * time.Millisecond) // models tell milliseconds apart
		}
		io.WriteString(w, "the end")
	}))
	defer app.Close()
	s := start(t, "casper\nreverse_proxy "+strings.TrimPrefix(app.URL, "http://")+" {\n flush_interval -1\n}")
	referer := hpack.HeaderField{Name: "referer", Value: "https://" + host + "/"}
	for i := range 8 {
		page, files := s.browser(i), s.browser(i)
		visitor.Store(page.from, func() {
			files.get("/app.css", "style", referer)
			files.get("/app.js", "script", referer)
		})
		wantAnswer(t, page.navigate("/"), 200, "the end")
	}
	s.teach("/none", 0)
	if got := known("", "/"); !slices.Equal(got, both) {
		t.Errorf("learned %q", got)
	}
}

// Visitors who hold everything ask for nothing, and speak for it all the same. In shadow mode
// it is the page alone that makes them ask.
func TestWarmVisitors(t *testing.T) {
	s := start(t, "casper {\n learn shadow\n}\n"+folder)
	s.write("site/other.js", "let b = 2") // who asks for nothing at all is taken for no browser
	s.teach("/", 8)
	var p casper.Params
	crowd := func(from int, keys ...casper.Key) {
		for i := range 100 {
			b := s.browser(from + i)
			b.cookie = "h2o_casper=" + casper.New(p, keys...).String()
			b.navigate("/")
			b.get("/other.js", "script", hpack.HeaderField{Name: "referer", Value: "https://" + host + "/"})
		}
		s.teach("/", 0)
	}
	crowd(3000, p.Key("/app.css"), p.Key("/app.js"))
	if got := known("", "/"); !slices.Equal(got, []string{"/app.css", "/app.js", "/other.js"}) {
		t.Errorf("after visits of those who hold both, %q is known", got)
	}
	crowd(4000, 1)
	if got := known("", "/"); !slices.Equal(got, []string{"/other.js"}) {
		t.Errorf("after visits of those who hold neither and never ask, %q is known", got)
	}
}

// What was sent ahead of a page is not judged by whether the browser asks for it: it may have had
// it in its cache.
func TestSentIsNotJudged(t *testing.T) {
	s := start(t, "casper\n"+folder)
	s.write("site/other.js", "let b = 2")
	s.teach("/", 10)
	for i := range 25 {
		b := s.browser(3000 + i)
		b.navigate("/")
		b.get("/other.js", "script", hpack.HeaderField{Name: "referer", Value: "https://" + host + "/"})
	}
	s.teach("/", 0)
	if got := known("", "/"); !slices.Contains(got, "/app.css") || !slices.Contains(got, "/app.js") {
		t.Errorf("after visits of those who were sent both and did not ask, %q is known", got)
	}
}
