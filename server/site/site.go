package site

import (
	"cmp"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/cache-aware/casper/server/internal/filename"
	"github.com/cache-aware/casper/server/internal/hidden"
	"github.com/cache-aware/casper/server/internal/httpfacts"
)

// DefaultMaxAge is how long an asset without a content hash in its name is fresh, unless
// [Config.MaxAge] says otherwise.
const DefaultMaxAge = 5 * time.Minute

// Config holds the settings of a site. The zero Config serves well.
type Config struct {
	// MaxAge is how long assets without a content hash in their names are fresh. Zero is
	// [DefaultMaxAge]; less than zero means that they are checked on every use, which makes
	// early hints for them useless in Chromium. Fractions of a second are cut off.
	MaxAge time.Duration

	// Immutable tells which files never change under their name. It is asked with a name such
	// as "assets/app.3f2a9c1b.js". Nil looks for a hash of the content in the name, as build
	// tools write it: yes for index-BkX2a9.js and anything under "immutable" or
	// "_next/static", no for jquery-3.6.0.min.js, report-20240131.pdf and pages.
	Immutable func(name string) bool

	// NotFound names the page for what is not there, by default "404.html". It is sent with
	// status 404, if it exists.
	NotFound string

	// CleanURLs serves about.html at /about, too: at once, without a redirect, and rather than a
	// folder of that name, which keeps /about/. It is what most hosts of static sites do.
	CleanURLs bool

	// Fallback names the page of an application that makes its pages in the browser, such as
	// "index.html". It answers, with status 200, whoever wants to see a page that is not there:
	// by Sec-Fetch-Mode, or by Accept where that is missing. Files that are missing, by the
	// extension of their names, and requests of scripts are still answered 404. Empty is none.
	Fallback string

	// Types adds to the content types, or replaces them, by lower-case extension: ".glb":
	// "model/gltf-binary".
	Types map[string]string

	// Private names files of this machine that are the operator's, such as a private key. Where the folder holds
	// one, it is as if it were not there, whatever name or link leads to it, and so is what has
	// ".new" or ".broken" behind its name.
	Private []string

	// Log is told of files that could not be read. Nil is silent.
	Log *slog.Logger
}

// Handler serves a file system. It is made by [New] or [Open].
type Handler struct {
	fsys     fs.FS
	root     *os.Root // what Open opened, else nil
	config   Config
	fresh    []string // Cache-Control of assets without a hash
	private  *hidden.Files
	dir      string // what Open opened, absolute and without links
	contents contents
	ready    *otter.Cache[readyKey, *ready]
	accepted atomic.Pointer[acceptance] // the latest
	closed   atomic.Bool
	targets  targets
	heads    *otter.Cache[string, *glimpse]
}

// New returns a handler for the files of a file system. It serves whatever the file system opens:
// os.DirFS follows symbolic links anywhere, and [Open] does not.
func New(fsys fs.FS, c Config) *Handler {
	if c.Immutable == nil {
		c.Immutable = filename.Hashed
	}
	c.NotFound = cmp.Or(c.NotFound, "404.html")
	c.MaxAge = cmp.Or(c.MaxAge, DefaultMaxAge)
	h := &Handler{
		fsys: fsys, config: c, fresh: revalidate, private: hidden.New(c.Private...),
		contents: newContents(), ready: newReady(), targets: newTargets(), heads: newHeads(),
	}
	if c.MaxAge > 0 {
		h.fresh = []string{"public, max-age=" + strconv.FormatInt(int64(c.MaxAge/time.Second), 10)}
	}
	return h
}

// Open returns a handler for a folder. No path and no symbolic link leads out of it. Close the
// handler after use.
func Open(dir string, c Config) (*Handler, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	h := New(root.FS(), c)
	h.root = root
	if h.dir, err = filepath.Abs(dir); err == nil {
		h.dir, err = filepath.EvalSymlinks(h.dir)
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return h, nil
}

// Close lets go of the folder that [Open] opened. Requests that come later are answered 404.
func (h *Handler) Close() error {
	h.closed.Store(true)
	if h.root == nil {
		return nil
	}
	return h.root.Close()
}

// Header values that never change, kept as the header map holds them, so that setting one
// allocates nothing. They are shared: nobody may write into them.
var (
	forever        = []string{"public, max-age=31536000, immutable"}
	revalidate     = []string{"no-cache"}
	nosniff        = []string{"nosniff"}
	acceptEncoding = []string{"Accept-Encoding"}
	acceptAndMode  = []string{"Accept, Sec-Fetch-Mode"}
	byBytes        = []string{"bytes"}
	plainText      = []string{"text/plain; charset=utf-8"}
)

// ServeHTTP answers GET and HEAD with the file at the request's path.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	key := readyKey{path: r.URL.Path}
	best, n := h.acceptable(r.Header["Accept-Encoding"])
	for i, coding := range best[:n] {
		key.codings[i] = int8(coding) + 1
	}
	if a := h.known(key); a != nil {
		a.serve(w, r, nil)
		return
	}
	name, info, elsewhere, err := h.answer(r)
	if elsewhere {
		vary(w.Header(), acceptAndMode)
	}
	switch {
	case err == errNoSlash:
		redirectToFolder(w, r)
		return
	case err != nil:
		h.fail(w, r, name, err)
		return
	}
	served, coding := name, []string(nil)
	things := []thing{{name, info}}
	if compressible(name) {
		for _, i := range best[:n] {
			variant := thing{name: name + variants[i].suffix}
			variant.info, err = h.stat(variant.name)
			if err == nil && !isStale(variant.info, info) {
				served, coding, info = variant.name, variants[i].header, variant.info
				things = append([]thing{variant}, things...)
				break
			}
			elsewhere = elsewhere || err == errHidden // which may change without a trace
			things = append(things, variant)
		}
	}
	body, err := h.body(served, info)
	if err != nil {
		if compressible(name) {
			vary(w.Header(), acceptEncoding)
		}
		h.describe(w.Header(), name)
		h.fail(w, r, served, err)
		return
	}
	defer body.Close()
	a := h.prepare(name, served, coding, body)
	if body.content != nil && !elsewhere {
		h.keep(key, a, name, things)
	}
	a.serve(w, r, body)
}

// vary says that the answer depends on fields of the request: on Accept-Encoding whether or not
// variants lie ready just now, since a cache that was told too late would go on serving what it
// has.
func vary(header http.Header, fields []string) {
	if before := header["Vary"]; before != nil {
		header["Vary"] = append(before[:len(before):len(before)], fields...)
		return
	}
	header["Vary"] = fields
}

// describe sets the headers that follow from the name: what the file is and how long it is
// fresh.
func (h *Handler) describe(header http.Header, name string) {
	contentType := h.contentType(name)
	header["Content-Type"] = []string{contentType}
	header["X-Content-Type-Options"] = nosniff // the type is known, so that browsers need not guess
	switch {
	case httpfacts.IsHTML(contentType):
		header["Cache-Control"] = revalidate
	case h.config.Immutable(name):
		header["Cache-Control"] = forever
	default:
		header["Cache-Control"] = h.fresh
	}
}

// lengthIsKnown reports whether the answer can only be the whole content or a 304: neither a
// part nor an error message.
func lengthIsKnown(r *http.Request) bool {
	return r.Header["Range"] == nil && r.Header["If-Match"] == nil && r.Header["If-Unmodified-Since"] == nil
}

// maxRanges bounds the parts of one answer. Each costs a seek and some 150 bytes of headers, so
// a megabyte of one-byte ranges would be answered thirtyfold; a server may ignore Range (RFC
// 9110, section 14.2).
const maxRanges = 16

func withoutManyRanges(r *http.Request) *http.Request {
	ranges := r.Header["Range"]
	if len(ranges) == 0 || strings.Count(ranges[0], ",") < maxRanges {
		return r
	}
	whole := *r
	whole.Header = r.Header.Clone()
	whole.Header.Del("Range")
	return &whole
}

// redirectToFolder sends the client to the same path with a slash behind it. The reference is
// relative, so that it holds behind http.StripPrefix; it begins with "./", so that no name is
// taken for a scheme or an authority.
func redirectToFolder(w http.ResponseWriter, r *http.Request) {
	p := r.URL.EscapedPath()
	target := "./" + p[strings.LastIndexByte(p, '/')+1:] + "/"
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", target)
	w.Header()["Cache-Control"] = revalidate // a folder may become a file
	w.WriteHeader(http.StatusMovedPermanently)
}

// fail answers for a file that could not be opened or read. A file that may not be read is
// answered like one that is not there, and so is a link that leads out of the folder.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, name string, err error) {
	if isAbsent(err) {
		h.notFound(w, r)
		return
	}
	if h.config.Log != nil {
		h.config.Log.Error("site: cannot read", "file", name, "err", err)
	}
	for _, described := range [...]string{"Cache-Control", "Content-Encoding", "Etag"} {
		delete(w.Header(), described) // what others set stays
	}
	http.Error(w, "internal server error", http.StatusInternalServerError)
}

// notFound sends the site's page for missing files.
func (h *Handler) notFound(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	delete(header, "Content-Encoding")
	header["Cache-Control"] = revalidate
	header["X-Content-Type-Options"] = nosniff
	var page *body
	info, err := h.stat(h.config.NotFound)
	if err == nil {
		page, err = h.body(h.config.NotFound, info)
	}
	if err != nil {
		header["Content-Type"] = plainText
		w.WriteHeader(http.StatusNotFound)
		if r.Method != http.MethodHead {
			io.WriteString(w, "404 page not found\n")
		}
		return
	}
	defer page.Close()
	header["Content-Type"] = []string{h.contentType(h.config.NotFound)}
	header.Set("Content-Length", strconv.FormatInt(page.size, 10))
	w.WriteHeader(http.StatusNotFound)
	if r.Method != http.MethodHead {
		io.CopyN(w, page, page.size)
	}
}
