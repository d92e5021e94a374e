package site

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/cache-aware/casper/server/internal/httpfacts"
)

// Bounds of the answers that are kept ready: what all of them take in memory, and the longest path
// of one, in bytes.
const (
	maxReady     = 16 << 20
	maxReadyPath = 1 << 10
)

// A ready answer is what a file is answered with, its header made and its body read. It is kept,
// and goes out again for as long as nothing has changed that it was made of. That is looked at each
// time, so that no answer is older than one of http.FileServer: what is spared is to find the file,
// to open and to read it, and to make its header.
//
// It is immutable.
type ready struct {
	served   string // the name of what is sent
	body     []byte
	modified time.Time
	variant  bool // of another file, by content coding
	varies   bool // there may be variants

	header       []field // but for Vary, and for what ServeContent sets
	lastModified []string
	length       []string

	things []thing // what it was made of, if it is kept
	file   string  // absolute name of what is sent
}

// A field of a header, its values as a header map holds them.
type field struct {
	name   string
	values []string
}

// A thing is a file or a folder as it was; nil if it was not there.
type thing struct {
	name string
	info fs.FileInfo
}

// A readyKey is what an answer depends on of its request: the path, and which variants the client
// takes, in their order.
type readyKey struct {
	path    string
	codings [len(variants)]int8
}

func newReady() *otter.Cache[readyKey, *ready] {
	return otter.Must(&otter.Options[readyKey, *ready]{
		MaximumWeight: maxReady,
		Weigher: func(k readyKey, a *ready) uint32 {
			const overhead = 2 << 10 // the header, and what is known of the things
			return uint32(overhead + len(k.path) + len(a.body))
		},
	})
}

// prepare makes the answer that a file is served with, under the name of what is sent and its
// content coding.
func (h *Handler) prepare(name, served string, coding []string, b *body) *ready {
	a := &ready{
		served: served, body: b.content, modified: b.modified, variant: served != name, varies: compressible(name),
		length: []string{strconv.FormatInt(b.size, 10)},
	}
	header := make(http.Header)
	h.describe(header, name)
	header["Etag"] = b.tag
	if a.variant {
		header["Content-Encoding"] = coding
	}
	for name, values := range header {
		a.header = append(a.header, field{name, values})
	}
	if m := b.modified; !m.IsZero() && !m.Equal(time.Unix(0, 0)) {
		a.lastModified = []string{m.UTC().Format(http.TimeFormat)}
	}
	return a
}

// serve answers with what is ready. Content is the body where it is not in memory.
func (a *ready) serve(w http.ResponseWriter, r *http.Request, content io.ReadSeeker) {
	header := w.Header()
	if a.varies {
		vary(header, acceptEncoding)
	}
	for _, f := range a.header {
		header[f.name] = f.values
	}
	if a.body == nil || isConditional(r.Header) {
		r = withoutManyRanges(r)
		if a.variant && lengthIsKnown(r) {
			header["Content-Length"] = a.length // ServeContent leaves it out when there is a Content-Encoding
		}
		if a.body != nil {
			content = bytes.NewReader(a.body)
		}
		http.ServeContent(w, r, a.served, a.modified, content)
		return
	}
	// As ServeContent does it, but the body in one piece. net/http sends each by itself.
	if a.lastModified != nil {
		header["Last-Modified"] = a.lastModified
	}
	header["Accept-Ranges"] = byBytes
	if a.variant || httpfacts.First(header, "Content-Encoding") == "" {
		header["Content-Length"] = a.length
	}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(a.body)
	}
}

// isConditional reports whether a request asks for a part, or only under conditions.
func isConditional(h http.Header) bool {
	for _, name := range [...]string{"Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"} {
		if _, ok := h[name]; ok {
			return true
		}
	}
	return false
}

// known returns the answer that is ready for a request, nil if there is none that holds.
func (h *Handler) known(k readyKey) *ready {
	a, ok := h.ready.GetIfPresent(k)
	if !ok || h.closed.Load() {
		return nil
	}
	for i := range a.things {
		if !h.holds(&a.things[i]) {
			return nil
		}
	}
	if h.private.Has(a.file, a.things[0].info) {
		return nil
	}
	return a
}

// holds reports whether a thing is still as it was.
func (h *Handler) holds(t *thing) bool {
	now, err := h.lookAgainAt(t.name)
	if err != nil || t.info == nil {
		return err != nil && t.info == nil
	}
	return now.Size() == t.info.Size() && now.Mode() == t.info.Mode() && now.ModTime().Equal(t.info.ModTime()) &&
		(h.root == nil || os.SameFile(now, t.info))
}

// lookAgainAt looks at a file or folder that the root has led to before. Here, one system call does: a
// link that leads out of the folder now cannot lead to the very same file, unchanged.
func (h *Handler) lookAgainAt(name string) (fs.FileInfo, error) {
	if h.root != nil {
		return os.Stat(name)
	}
	return fs.Stat(h.fsys, name)
}

// keep keeps an answer ready that was made of some things, of which the first is what is sent. It
// does not keep those of files that have changed lately, whose times tell nothing yet, nor those
// of paths that lead elsewhere than to the file of that name.
func (h *Handler) keep(k readyKey, a *ready, name string, things []thing) {
	direct, folder, _ := fileName(k.path)
	if folder {
		direct = path.Join(direct, "index.html")
	}
	if name != direct || len(k.path) > maxReadyPath {
		return
	}
	now := time.Now()
	if h.root != nil {
		// What is not there is known by its folder, which changes when files come and go.
		there := things[:0:0]
		for _, t := range things {
			if t.info != nil {
				there = append(there, thing{h.absolute(t.name), t.info})
			}
		}
		if len(there) < len(things) || a.variant {
			at := h.absolute(path.Dir(name))
			info, err := os.Stat(at)
			if err != nil {
				return
			}
			there = append(there, thing{at, info})
		}
		things = there
	}
	for _, t := range things {
		if t.info != nil && !versionOf(t.name, t.info).settled(now) {
			return
		}
	}
	a.things, a.file = things, h.absolute(a.served)
	k.path = strings.Clone(k.path)
	h.ready.Set(k, a)
}

func (h *Handler) absolute(name string) string { return filepath.Join(h.dir, filepath.FromSlash(name)) }
