package sim

import (
	"fmt"
	"math/rand/v2"
)

// File is one asset of a site. Its path changes with every release that touches it.
type File struct {
	As     string
	Bytes  int
	parent *File // the style sheet that asks for it, nil for the page itself

	name, ext string
	path, old string // now, and before the last release that touched it
}

// Path is what the file is called now.
func (f *File) Path() string { return f.path }

// OldPath is what it was called before the last release that touched it.
func (f *File) OldPath() string { return f.old }

// rename gives the file the name of a release; with 0 its name has no version.
func (f *File) rename(release int) {
	f.old = f.path
	f.path = "/static/" + f.name + f.ext
	if release != 0 {
		f.path = fmt.Sprintf("/static/%s.%08x%s", f.name, uint32(release)*2654435761, f.ext)
	}
	if f.old == "" {
		f.old = f.path
	}
}

// Use is a file and how probable it is that a view by a client without it asks for it.
type Use struct {
	*File
	P       float64
	variant int // 0, or the half of a split test: a client always sees the same half
}

// Page is one page with its ground truth.
type Page struct {
	Path string
	Kind string
	Uses []Use
}

// Truth returns the paths that a cold view uses with probability at least ½.
func (p *Page) Truth() map[string]bool {
	t := make(map[string]bool)
	for _, u := range p.Uses {
		if u.P >= 0.5 {
			t[u.Path()] = true
		}
	}
	return t
}

// Site is a shop with a magazine: pages of four kinds, whose visits follow Zipf's law, and a
// few that are unlike all others.
type Site struct {
	Pages  []*Page // all that are visited
	Fresh  []*Page // of the same kinds, never visited
	Poison *File   // an asset that no page uses, and that attackers want pushed
	files  []*File
	made   int
}

// NewSite builds a site. All chance comes from rng.
func NewSite(rng *rand.Rand) *Site {
	s := &Site{}
	shared := []Use{
		s.use("app", ".css", "style", 40, .99),
		s.use("vendor", ".js", "script", 120, .98),
		s.use("app", ".js", "script", 60, .98),
		s.use("logo", ".svg", "image", 4, .95),
	}
	font := s.use("text", ".woff2", "font", 30, .97)
	font.parent = shared[0].File
	shared = append(shared, font)
	optional := []float64{.05, .1, .2, .3, .7, .8, .9}

	kind := func(name string, pages, fresh int, split float64) {
		uses := append([]Use(nil), shared...)
		uses = append(uses, s.use(name, ".css", "style", 15, .98), s.use(name, ".js", "script", 45, .98))
		for i := range 2 + rng.IntN(3) {
			uses = append(uses, s.use(fmt.Sprintf("%s-part-%c", name, 'a'+i), ".js", "script", 20+rng.IntN(60), .97))
		}
		for i := range 3 {
			uses = append(uses, s.use(fmt.Sprintf("%s-extra-%c", name, 'a'+i), ".js", "script", 20+rng.IntN(200), optional[rng.IntN(len(optional))]))
		}
		if split > 0 {
			a, b := s.use(name+"-old", ".css", "style", 10, split), s.use(name+"-new", ".css", "style", 10, 1-split)
			a.variant, b.variant = 1, 2
			uses = append(uses, a, b)
		}
		for i := range pages + fresh {
			p := &Page{Path: fmt.Sprintf("/%s/%s-%d", name, words[rng.IntN(len(words))], i), Kind: name, Uses: uses}
			if name == "article" || i < 3 { // a picture of its own
				own := s.use(fmt.Sprintf("pictures/%s-%d", name, i), ".jpg", "image", 100+rng.IntN(400), .9)
				own.path, own.old = "", ""
				own.rename(0)
				p.Uses = append(append([]Use(nil), uses...), own)
			}
			if i < pages {
				s.Pages = append(s.Pages, p)
			} else {
				s.Fresh = append(s.Fresh, p)
			}
		}
	}
	for _, name := range []string{"", "cart", "search"} {
		uses := append([]Use(nil), shared...)
		for i := range 2 + rng.IntN(4) {
			uses = append(uses, s.use(fmt.Sprintf("own-%s-%c", name, 'a'+i), ".js", "script", 10+rng.IntN(90), .98))
		}
		uses = append(uses, s.use("own-extra-"+name, ".js", "script", 80, optional[rng.IntN(len(optional))]))
		s.Pages = append(s.Pages, &Page{Path: "/" + name, Kind: "own", Uses: uses})
	}
	kind("category", 30, 10, .8)
	kind("product", 400, 40, .5)
	kind("article", 150, 40, 0)
	kind("help", 20, 10, .9)
	s.Poison = s.use("huge", ".jpg", "image", 4000, 0).File
	return s
}

var words = []string{"red", "round", "small", "warm", "quiet", "early", "plain", "north"}

func (s *Site) use(name, ext, as string, kb int, p float64) Use {
	s.made++
	f := &File{name: name, ext: ext, As: as, Bytes: kb << 10}
	f.rename(s.made)
	s.files = append(s.files, f)
	return Use{File: f, P: p}
}

// file returns the file of a path, of today or of before.
func (s *Site) file(path string) *File {
	for _, f := range s.files {
		if f.path == path || f.old == path {
			return f
		}
	}
	return &File{}
}

// Release renames four in five of the style sheets and scripts, and returns the old paths of
// those.
func (s *Site) Release(rng *rand.Rand) map[string]bool {
	dead := make(map[string]bool)
	for _, f := range s.files {
		if (f.As == "style" || f.As == "script") && rng.Float64() < .8 {
			dead[f.Path()] = true
			s.made++
			f.rename(s.made)
		}
	}
	return dead
}
