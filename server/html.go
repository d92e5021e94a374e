package server

import (
	"cmp"
	"hash/maphash"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/maypok86/otter/v2"

	"github.com/cache-aware/casper/server/internal/coding"
	"github.com/cache-aware/casper/server/internal/httpfacts"
	"github.com/cache-aware/casper/server/internal/memory"
	"github.com/cache-aware/casper/server/link"
)

// What the HTML of a page names is found in the answer while it passes. Nothing of the answer is
// changed or waits for it, and each version of a page is read once.

// scanBytes is how much of the beginning of a page is read, in bytes without content coding.
const scanBytes = 8 << 10

// A Scanner is a [Source] that can also read HTML; see [Handler.Scan].
type Scanner interface {
	Source

	// Scan returns the assets that the beginning of a page names, most important first.
	Scan(head []byte, base link.Base) []link.Asset
}

// scannerOf returns what reads the pages of a handler, nil if nothing does.
func scannerOf(h *Handler) func([]byte, link.Base) []link.Asset {
	switch {
	case h.NoHTML:
		return nil
	case h.Scan != nil:
		return h.Scan
	}
	for _, s := range h.Sources {
		if s, ok := s.(Scanner); ok {
			return s.Scan
		}
	}
	return nil
}

// foresee reads the page ahead of Next, where that may be.
func (w *response) foresee() {
	if !w.h.ReadAhead || w.h.Head == nil || w.s.scan == nil || w.r.Method != http.MethodGet || w.foreseen != nil {
		return
	}
	if head := w.h.head(w.r); len(head) > 0 {
		w.foreseen = w.version("", head)
	}
}

// A version is what one version of a page names. It is immutable.
type version struct {
	links []link.Asset // the most urgent first
	read  bool         // there was something to read
}

// versions remembers what was read, so that no version of a page is read twice. It is bounded in
// bytes. Who comes while a version is being read reads it, too: nobody waits.
type versions struct {
	seed  maphash.Seed
	cache *otter.Cache[versionKey, *version]
}

// A versionKey is a version at the place where it was found. What the HTML of one host names never
// counts for another, and relative references depend on the path.
type versionKey struct {
	scheme, host, path string
	hash               uint64 // keyed, of the bytes that are read or of a strong validator
}

// versionBytes bounds what is remembered of versions.
const versionBytes = 4 << 20

func newVersions() *versions {
	return &versions{maphash.MakeSeed(), otter.Must(&otter.Options[versionKey, *version]{
		MaximumWeight: versionBytes,
		Weigher: func(k versionKey, v *version) uint32 {
			n := 256 + len(k.scheme) + len(k.host) + len(k.path)
			for _, l := range v.links {
				n += 208 + len(l.Origin) + len(l.Path) + len(l.Integrity)
			}
			return uint32(n)
		},
	})}
}

// hash is that of bytes under a content coding, or of a validator.
func (vs *versions) hash(coding, text string, b []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(vs.seed)
	h.WriteString(coding)
	h.WriteByte(0)
	h.WriteString(text)
	h.WriteByte(0)
	h.Write(b)
	return h.Sum64()
}

func (vs *versions) set(k versionKey, v *version) {
	k.scheme, k.host, k.path = strings.Clone(k.scheme), strings.Clone(k.host), strings.Clone(k.path)
	vs.cache.Set(k, v)
}

// version returns what the page names by its beginning, as it came under a content coding.
func (w *response) version(packing string, packed []byte) *version {
	f, vs := w.facts(), w.s.versions
	key := versionKey{f.origin.Scheme, f.place.Host, f.place.Path, vs.hash(packing, "", packed)}
	if v, ok := vs.cache.GetIfPresent(key); ok {
		return v
	}
	head := packed[:min(len(packed), scanBytes)]
	if packing != "" {
		head = coding.Head(packing, packed, scanBytes)
	}
	v := &version{read: len(head) > 0}
	if v.read {
		v.links = w.h.found(w.h.scan(w.s.scan, slices.Clip(head), f.base()))
	}
	vs.set(key, v)
	return v
}

// found returns what is to be remembered of what a scan found, the most urgent first: the markup of
// a page is in another order.
func (h *Handler) found(assets []link.Asset) []link.Asset {
	var links []link.Asset
	assets = slices.Clone(assets)
	slices.SortStableFunc(assets, func(a, b link.Asset) int { return cmp.Compare(a.Urgency(), b.Urgency()) })
	for _, a := range assets {
		if len(links) < memory.MaxLinks && a.Valid() && !has(links, &a) {
			links = append(links, h.Track.Inferred(a))
		}
	}
	return links
}

// maxTag is the longest entity tag that versions are told apart by, in bytes.
const maxTag = 256

// validated returns the key of the answer's version by its strong validator, if it has one. Answers
// for one visitor are told apart by their bytes alone: some programs give the same tag to all of
// them.
func (w *response) validated(header http.Header) (key versionKey, ok bool) {
	tag := httpfacts.First(header, "Etag")
	if len(tag) < 3 || len(tag) > maxTag || tag[0] != '"' || httpfacts.Personal(w.r, header, w.h.Cookie.name()) {
		return versionKey{}, false
	}
	f := w.facts()
	return versionKey{f.origin.Scheme, f.place.Host, f.target, w.s.versions.hash("tag", tag, nil)}, true
}

// recognised reports whether it is known what the page names, without its body.
func (w *response) recognised(header http.Header) bool {
	x := w.engage()
	if x.current == nil {
		x.current = x.foreseen
	}
	if x.current == nil {
		if key, tagged := w.validated(header); tagged {
			x.current, _ = w.s.versions.cache.GetIfPresent(key)
		}
	}
	return x.current != nil
}

// Pieces are the beginning of a page that comes in several.
type pieces struct {
	packing string // its content coding, "" for none
	seen    []byte // of the body so far
	most    int    // how much of it is wanted
	first   int    // how much was there when the header went out

	// The final header as it went out, for when all is known.
	code   int
	header http.Header
	html   bool
	linked int // how many of the links are of the header

	known  *version   // by what was there when the header went out
	key    versionKey // of the version by its validator
	tagged bool       // if there is one
}

var spare = sync.Pool{New: func() any { return new(pieces) }}

// readHTML adds to the links what the page's HTML names, as far as it is here: body is what Next
// wrote first. If that is not enough, the rest is read when it has passed.
func (w *response) readHTML(code int, header http.Header, body []byte) {
	if w.s.scan == nil || code != http.StatusOK || w.r.Method != http.MethodGet {
		return
	}
	if w.recognised(header) {
		w.takeVersion(w.current, len(w.linked))
		return
	}
	key, tagged := w.validated(header)
	packing, most := "", scanBytes
	if httpfacts.Encoded(header) {
		if w.h.Head != nil {
			body, most = w.h.head(w.r), 0
		} else {
			packing = strings.ToLower(strings.TrimSpace(httpfacts.First(header, "Content-Encoding")))
			most = coding.Need(packing, body, scanBytes)
		}
	}
	whole := len(body) >= most || len(body) > 0 && int64(len(body)) == httpfacts.ContentLength(header)
	linked := len(w.linked)
	var v *version
	if len(body) > 0 {
		v = w.version(packing, body[:min(len(body), max(most, scanBytes))])
		w.takeVersion(v, linked)
		if whole && tagged {
			w.s.versions.set(key, v)
		}
	}
	if whole {
		return
	}
	r := spare.Get().(*pieces)
	*r = pieces{packing: packing, seen: append(r.seen[:0], body...), most: most, first: len(body), linked: linked, known: v, key: key, tagged: tagged}
	w.coming = r
}

// takeVersion takes what a version names behind the links of the header, of which there are n.
func (w *response) takeVersion(v *version, n int) {
	w.read = v.read
	if n == 0 {
		w.linked = v.links
		return
	}
	w.linked = w.linked[:n:n]
	for i := range v.links {
		if len(w.linked) < memory.MaxLinks && !has(w.linked[:n], &v.links[i]) {
			w.linked = append(w.linked, v.links[i])
		}
	}
}

// reads reports whether more of the body is wanted.
func (w *response) reads() bool { return w.exchange != nil && w.coming != nil }

// pass takes a piece of the body that has gone out.
func pass[T string | []byte](w *response, piece T) {
	r := w.coming
	r.seen = append(r.seen, piece[:min(len(piece), r.most-len(r.seen))]...)
	if len(r.seen) < r.most {
		return
	}
	if r.packing != "" {
		if r.most = coding.Need(r.packing, r.seen, scanBytes); len(r.seen) < r.most {
			return
		}
	}
	w.conclude()
}

// conclude reads the page once enough of it has passed, or all.
func (w *response) conclude() {
	r := w.coming
	w.coming = nil
	v := r.known
	if len(r.seen) > r.first {
		v = w.version(r.packing, r.seen)
		w.takeVersion(v, r.linked)
	}
	if r.tagged && v != nil {
		w.s.versions.set(r.key, v)
	}
	w.remember(r.code, r.header, r.html, false)
	*r = pieces{seen: r.seen[:0]}
	if cap(r.seen) <= 4*scanBytes {
		spare.Put(r)
	}
}

// await keeps what [response.remember] needs until the page has been read.
func (r *pieces) await(code int, header http.Header, html bool) {
	r.code, r.header, r.html = code, maps.Clone(header), html
}
