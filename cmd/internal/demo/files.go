package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"text/template"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// An edition is all files of the site as they are for some time.
type edition struct {
	number int
	files  []*file
}

// A file is one file of an edition.
type file struct {
	path    string // without the version
	as      string
	kind    string // content type
	content []byte
	etag    string
	version string
}

// url is the path with the version: a new version is a new URL, so that a browser may keep
// each for ever.
func (f *file) url() string { return f.path + "?v=" + f.version }

// A paint is what the changing file says: the accent, for light and dark.
type paint struct {
	Edition     int // so that no two editions are the same
	Light, Dark string
}

var paints = [...]paint{
	{Light: "#2f5fe0", Dark: "#86a8ff"},
	{Light: "#0b7a52", Dark: "#45cf9a"},
	{Light: "#b0402a", Dark: "#ff9a80"},
	{Light: "#7a3fc4", Dark: "#c79bff"},
}

func paintOf(edition int) paint {
	p := paints[edition%len(paints)]
	p.Edition = edition
	return p
}

// newEdition makes an edition. Successive ones differ in accent.css alone.
func newEdition(number int) *edition {
	e := &edition{number: number}
	font := e.add("/inter.woff2", "font", "font/woff2", read("inter.woff2"))
	e.add("/hero.svg", "image", "image/svg+xml", read("hero.svg"))
	e.add("/icon.svg", "", "image/svg+xml", read("icon.svg"))
	e.add("/strip.png", "image", "image/png", strip())
	e.add("/app.css", "style", "text/css; charset=utf-8", fill("app.css", struct{ Font string }{font.url()}))
	e.add("/accent.css", "style", "text/css; charset=utf-8", fill("accent.css", paintOf(number)))
	e.add("/app.js", "script", "text/javascript; charset=utf-8", read("app.js"))
	return e
}

func read(name string) []byte {
	content, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic("demo: " + err.Error()) // it is part of the program
	}
	return content
}

func fill(name string, data any) []byte {
	var b bytes.Buffer
	if err := template.Must(template.New(name).Parse(string(read(name)))).Execute(&b, data); err != nil {
		panic("demo: " + err.Error())
	}
	return b.Bytes()
}

func (e *edition) add(path, as, kind string, content []byte) *file {
	sum := sha256.Sum256(content)
	text := base64.RawURLEncoding.EncodeToString(sum[:16])
	f := &file{path: path, as: as, kind: kind, content: content, etag: `"` + text + `"`, version: text[:8]}
	e.files = append(e.files, f)
	return f
}

// find returns the file at a path, nil if there is none.
func (e *edition) find(path string) *file {
	for _, f := range e.files {
		if f.path == path {
			return f
		}
	}
	return nil
}

// shown are the files that the page tells about: all but the icon, for which browsers have
// rules of their own.
func (e *edition) shown() (files []*file) {
	for _, as := range []string{"style", "script", "font", "image"} {
		for _, f := range e.files {
			if f.as == as {
				files = append(files, f)
			}
		}
	}
	return files
}

// wanted are the files to send ahead: those that the cookie can remember. The others would
// go out again with every visit.
func (e *edition) wanted(track server.Track) (list []link.Asset) {
	for _, f := range e.shown() {
		if track == server.TrackAll || f.blocks() {
			list = append(list, f.asset())
		}
	}
	return list
}

// blocks reports whether the page cannot be drawn without the file.
func (f *file) blocks() bool { return f.as == "style" || f.as == "script" }

func (f *file) asset() link.Asset {
	a := link.Asset{Path: f.url(), As: f.as}
	if f.as == "font" {
		a.CrossOrigin = link.Anonymous // browsers ask for fonts in no other way
	}
	return a
}

// serve answers with the file. Under the URL of its version it never changes; under any other
// it has to be asked for each time.
func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Etag", f.etag)
	if r.URL.Query().Get("v") == f.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	http.ServeContent(w, r, f.path, time.Time{}, bytes.NewReader(f.content))
}
