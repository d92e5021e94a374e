package signals

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

// Bounds on what of a document is read. What a browser needs first stands near the beginning.
const (
	maxHTML       = 256 << 10 // bytes
	maxHTMLTag    = 64 << 10  // bytes of one tag or text
	maxHTMLAssets = 256
)

// ScanHTML returns the assets that a document names and that rendering waits for, in order,
// each once: style sheets, scripts, modules, what it preloads itself, and images marked as
// urgent; and the origins that it connects to. What applies only under a condition (print sheets,
// other media, responsive and lazy images, nomodule), and what stands in noscript or template is
// passed over.
//
// The base is the document. What is on other origins is passed over unless the base takes it, and
// with it scripts that run at any time (async): nothing waits for those. Where the base has no
// scheme, all absolute URLs but those of connections are passed over.
//
// References are read as browsers read them: white space at the ends and line breaks go, a
// backslash is a slash, and what may not stand in a URL is percent-encoded.
//
// It reads at most 256 KiB, and returns what it found along with an error of the
// reader. Broken markup is no error: it is read as a browser would read it, as far as single
// tags go.
func ScanHTML(r io.Reader, base link.Base) ([]link.Asset, error) {
	z := html.NewTokenizer(io.LimitReader(r, maxHTML))
	z.SetMaxBuf(maxHTMLTag)
	s := scan{document: base, base: base, seen: make(map[fetch]bool), tag: make(tag, 0, len(matters))}
	s.base.Foreign = true
	for len(s.assets) < maxHTMLAssets {
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); err != io.EOF && !errors.Is(err, html.ErrBufferExceeded) {
				return s.assets, err
			}
			return s.assets, nil
		case html.StartTagToken, html.SelfClosingTagToken:
			if what := element(z.Raw()); what != 0 {
				s.open(z, what)
			}
		case html.EndTagToken:
			s.close(element(z.Raw()))
		}
	}
	return s.assets, nil
}

// scan is what has been read of a document.
type scan struct {
	document link.Base
	base     link.Base // of its references
	based    bool      // a base element was met; only the first counts
	at       string    // the origin that it leads to, if that is another one
	lost     bool      // it leads nowhere that is known
	hidden   int       // depth within noscript and template
	picture  bool      // within a picture element
	choice   bool      // whose sources offer other files than its image
	assets   []link.Asset
	seen     map[fetch]bool
	tag      tag // its memory is used again
}

// fetch is what assets are told apart by. Connections with and without credentials are two.
type fetch struct {
	origin, path string

	cors link.CrossOrigin // of a connection
}

// tag is the attributes of an element that matter.
type tag []html.Attribute

var matters = []string{
	"href", "src", "rel", "as", "type", "media", "integrity", "fetchpriority", "crossorigin",
	"disabled", "nomodule", "async", "defer", "srcset", "imagesrcset", "loading",
}

// element returns the name of a tag as it was written, 0 for most, which do not matter. The
// tokenizer's TagName would make copies for each.
func element(raw []byte) atom.Atom {
	var lower [len("noscript")]byte
	raw = bytes.TrimLeft(raw, "</")
	n := 0
name:
	for _, c := range raw {
		switch {
		case c == '>', c == '/', c == ' ', c == '\n', c == '\t', c == '\r', c == '\f':
			break name
		case n == len(lower):
			return 0
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		lower[n] = c
		n++
	}
	switch a := atom.Lookup(lower[:n]); a {
	case atom.Noscript, atom.Template, atom.Picture, atom.Link, atom.Script, atom.Img, atom.Base, atom.Source:
		return a
	}
	return 0
}

func (s *scan) open(z *html.Tokenizer, what atom.Atom) {
	_, more := z.TagName()
	switch what {
	case atom.Noscript, atom.Template:
		s.hidden++
		return
	case atom.Picture:
		if s.hidden == 0 {
			s.picture, s.choice = true, false
		}
		return
	}
	t := s.tag[:0]
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		if i := slices.Index(matters, string(key)); i >= 0 {
			t = append(t, html.Attribute{Key: matters[i], Val: string(value)})
		}
	}
	s.tag = t
	if s.hidden > 0 {
		return
	}
	switch what {
	case atom.Base:
		if href := t.get("href"); !s.based && href != "" {
			s.based = true
			s.rebase(href)
		}
	case atom.Link:
		s.link(t)
	case atom.Script:
		s.script(t)
	case atom.Source:
		s.choice = s.choice || s.picture && t.responsive()
	case atom.Img:
		s.image(t)
	}
}

func (s *scan) close(what atom.Atom) {
	switch {
	case s.hidden > 0 && (what == atom.Noscript || what == atom.Template):
		s.hidden--
	case s.hidden == 0 && what == atom.Picture:
		s.picture, s.choice = false, false
	}
}

// find returns the value of an attribute. Of two with one name the tokenizer gives both, and the
// first counts.
func (t tag) find(name string) (string, bool) {
	for _, a := range t {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func (t tag) get(name string) string {
	value, _ := t.find(name)
	return value
}

func (t tag) has(name string) bool {
	_, ok := t.find(name)
	return ok
}

// asset returns what all tags say in the same way.
func (t tag) asset(as string) link.Asset {
	return link.Asset{
		As:            as,
		CrossOrigin:   t.cors(),
		Integrity:     strings.Join(strings.Fields(t.get("integrity")), " "),
		FetchPriority: priority(t.get("fetchpriority")),
	}
}

// responsive reports whether the tag leaves a choice of files to the browser, which makes it by
// the screen.
func (t tag) responsive() bool {
	return strings.TrimSpace(t.get("srcset")+t.get("imagesrcset")) != "" // an image has the first, a link the second
}

func (t tag) cors() link.CrossOrigin {
	switch {
	case !t.has("crossorigin"):
		return link.NoCORS
	case strings.EqualFold(strings.TrimSpace(t.get("crossorigin")), "use-credentials"):
		return link.UseCredentials
	}
	return link.Anonymous
}

// link reads a link element, whose rel is a list.
func (s *scan) link(t tag) {
	if t.has("disabled") || t.responsive() || !anyScreen(t.get("media")) {
		return
	}
	a := t.asset("")
	sheet, alternate, preload, connect := false, false, false, false
	for rel := range strings.FieldsSeq(strings.ToLower(t.get("rel"))) {
		switch rel {
		case "stylesheet":
			sheet = true
		case "alternate":
			alternate = true
		case "preload":
			preload = true
		case "modulepreload":
			a.Rel, preload = link.ModulePreload, true
		case "preconnect":
			connect = true
		}
	}
	kind := mediaType(t.get("type"))
	switch {
	case sheet && !alternate && (kind == "" || kind == "text/css"):
		a.Rel, a.As = link.Preload, "style"
	case preload:
		a.As = strings.ToLower(t.get("as"))
		if a.Rel == link.ModulePreload {
			a.As = ""
		}
		a.Type = kind
	case connect:
		s.connect(t)
		return
	default:
		return
	}
	s.add(t.get("href"), a, false)
}

// script reads a script element.
func (s *scan) script(t tag) {
	src := t.get("src")
	if src == "" || t.has("nomodule") {
		return
	}
	a := t.asset("script")
	switch kind := mediaType(t.get("type")); {
	case strings.EqualFold(strings.TrimSpace(t.get("type")), "module"):
		a.Rel, a.As = link.ModulePreload, ""
	case kind != "" && !link.Blocking(kind):
		return // a data block
	case (t.has("async") || t.has("defer")) && a.FetchPriority == "":
		a.FetchPriority = "low"
	}
	s.add(src, a, t.has("async"))
}

// image reads an img element. One that is urgent and the same everywhere is worth an early fetch.
func (s *scan) image(t tag) {
	urgent := strings.EqualFold(t.get("fetchpriority"), "high")
	if !urgent || strings.EqualFold(t.get("loading"), "lazy") || t.responsive() || s.choice {
		return
	}
	a := t.asset("image")
	a.Integrity = "" // images have none
	s.add(t.get("src"), a, false)
}

// add resolves a reference and keeps the asset if it can be sent. Where nothing waits for it, it
// has to be one of the document's own origin.
func (s *scan) add(ref string, a link.Asset, idle bool) {
	origin, target, ok := s.resolve(ref)
	if !ok || origin != "" && (idle || !s.document.Foreign || s.document.Scheme == "") {
		return
	}
	a.Origin, a.Path = origin, target
	if !a.Valid() {
		a.Integrity, a.FetchPriority = "", "" // rather a plain hint than none
	}
	used := a.As != "" || a.Rel == link.ModulePreload
	if used && a.Valid() {
		s.keep(fetch{origin: origin, path: a.Path}, a)
	}
}

// connect keeps the origin of a reference, unless it is the document's own: the connection is
// open.
func (s *scan) connect(t tag) {
	if origin, _, ok := s.resolve(t.get("href")); ok && origin != "" {
		s.keep(fetch{path: origin, cors: t.cors()}, link.Asset{Path: origin, Rel: link.Preconnect, CrossOrigin: t.cors()})
	}
}

// keep adds an asset once.
func (s *scan) keep(f fetch, a link.Asset) {
	if len(a.Path) <= learn.MaxPath && !s.seen[f] {
		s.seen[f] = true
		s.assets = append(s.assets, a)
	}
}

// rebase follows a base element.
func (s *scan) rebase(ref string) {
	origin, target, ok := s.resolve(ref)
	if s.lost = !ok; !ok {
		return
	}
	s.base.Path = target
	if origin != "" {
		s.at = origin
		s.base.Scheme, s.base.Authority, _ = strings.Cut(origin, "://")
	}
}

// resolve makes a request target of a reference, and its origin if that is not the document's.
func (s *scan) resolve(ref string) (origin, target string, ok bool) {
	if ref = escape(ref); s.lost && !absolute(ref) {
		return "", "", false
	}
	origin, target, err := s.base.Resolve(ref)
	switch {
	case s.at == "":
	case origin == "":
		origin = s.at
	case s.document.Own(origin): // which is elsewhere, seen from where the base element leads
		origin = ""
	}
	return origin, target, err == nil
}

// absolute reports whether a reference names its origin.
func absolute(ref string) bool {
	return strings.HasPrefix(ref, "//") || strings.Contains(ref[:strings.IndexAny(ref+"/", "/?#")], ":")
}

// anyScreen reports whether a media attribute lets a sheet apply to a screen for certain: only
// then does rendering wait for it everywhere.
func anyScreen(media string) bool {
	media = strings.ToLower(strings.TrimSpace(media))
	return media == "" || media == "all" || media == "screen"
}

func priority(s string) string {
	switch s = strings.ToLower(s); s {
	case "high", "low":
		return s
	}
	return ""
}

// mediaType is a type attribute without its parameters.
func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.ToLower(strings.TrimSpace(s))
}
