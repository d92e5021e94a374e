package server

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cache-aware/casper/server/link"
	"github.com/maypok86/otter/v2"
)

// A place is a path on a host: handlers serve several.
type place struct{ host, path string }

// facts are what answers have said of an asset.
type facts struct {
	first     string // the version seen first
	version   string // the one that counts now
	told      bool   // by Handler.Validator, which knows better than answers
	freshness Freshness
	size      int64
	codings   [4]coding // the latest validator in each content coding
}

// A coding is a content coding and the validator of the asset in it: one file has a
// validator in each, and it is not news when the next client takes another coding.
type coding struct{ name, validator string }

// An entry is what is known of one asset.
type entry struct {
	url   string
	facts atomic.Pointer[facts]
}

// A catalogue is a handler's memory of assets and pages, bounded in bytes. Only
// assets that some page wanted have an entry, so that requests for made-up paths
// leave nothing behind.
type catalogue struct {
	assets     *otter.Cache[place, *entry]
	pages      *otter.Cache[place, *page]
	generation atomic.Uint64 // moves on when an entry's facts do
	used       atomic.Bool   // there is anything: a look at two empty tables would be most of what a request costs
}

// Bounds of the catalogue, in bytes. Every entry is weighed with its strings and an
// allowance for the tables.
const (
	assetMemory = 4 << 20
	pageMemory  = 4 << 20
	overhead    = 256
	maxRemember = 64 // links of one page
)

func newCatalogue() *catalogue {
	return &catalogue{
		assets: otter.Must(&otter.Options[place, *entry]{
			MaximumWeight: assetMemory,
			Weigher: func(k place, e *entry) uint32 {
				return uint32(2*overhead + len(k.host) + len(k.path) + len(e.url))
			},
		}),
		pages: otter.Must(&otter.Options[place, *page]{
			MaximumWeight: pageMemory,
			Weigher: func(k place, p *page) uint32 {
				n := overhead + len(k.host) + len(k.path)
				for _, m := range p.linked {
					n += 192 + len(m.Path) + len(m.Integrity)
				}
				for _, a := range p.prepared {
					n += 320 + len(a.URL)
				}
				return uint32(n)
			},
		}),
	}
}

// entry returns the entry of an asset, made if there is none.
func (c *catalogue) entry(at place, scheme string) *entry {
	if e, ok := c.assets.GetIfPresent(at); ok {
		return e
	}
	c.used.Store(true)
	e, _ := c.assets.SetIfAbsent(at, &entry{url: scheme + "://" + at.host + at.path})
	return e
}

// facts returns what is known of an asset.
func (c *catalogue) facts(at place) facts {
	if e, ok := c.assets.GetIfPresent(at); ok {
		if f := e.facts.Load(); f != nil {
			return *f
		}
	}
	return facts{}
}

// A seen is what one answer says of the asset that it is.
type seen struct {
	coding
	freshness Freshness
	size      int64
}

func seenIn(header http.Header) seen {
	return seen{
		coding:    coding{strings.ToLower(first(header, "Content-Encoding")), validator(header)},
		freshness: explicitFreshness(header, time.Now()),
		size:      contentLength(header),
	}
}

// learn takes what an answer says of an asset. Two answers at a time may each undo
// what the other taught; the next one teaches it again.
func (c *catalogue) learn(e *entry, s seen) {
	old := e.facts.Load()
	var f facts
	if old != nil {
		f = *old
	}
	if f.takes(s.coding) && !f.told {
		f.version, f.size = strings.Clone(s.validator), 0
	}
	if f.first == "" {
		f.first = f.version
	}
	f.freshness = s.freshness
	f.size = max(f.size, s.size) // codings differ; the budget counts the largest
	if old != nil && *old == f {
		return
	}
	e.facts.Store(&f)
	c.generation.Add(1)
}

// takes notes a validator, and reports whether it is that of another version.
func (f *facts) takes(c coding) bool {
	if c.validator == "" {
		return false
	}
	for i := range f.codings {
		switch known := &f.codings[i]; {
		case known.validator == "": // none in this coding so far
			*known = coding{strings.Clone(c.name), strings.Clone(c.validator)}
			return f.version == ""
		case known.name == c.name:
			news := known.validator != c.validator
			if news {
				known.validator = strings.Clone(c.validator)
			}
			return news
		}
	}
	return false // more codings than there are
}

// told takes a validator from who knows the file itself.
func (c *catalogue) told(e *entry, validator string) {
	old := e.facts.Load()
	var f facts
	if old != nil {
		f = *old
	}
	if f.told && f.version == validator {
		return
	}
	f.version, f.told, f.size = validator, true, 0
	if f.first == "" {
		f.first = validator
	}
	e.facts.Store(&f)
	c.generation.Add(1)
}

// prepare computes what a decision needs of an asset.
func (w *response) prepare(asset *link.Asset) *Asset {
	h, s, a := w.h, w.s, *asset
	p := &Asset{Asset: a, rank: h.rank(a), valid: a.Valid(), hintable: a.Hintable()}
	p.Tracked = h.Track.Tracks(a)
	var f facts
	if a.Rel != link.Preconnect && p.valid {
		e := s.catalogue.entry(place{w.r.Host, a.Path}, w.scheme())
		if h.Validator != nil {
			// The file itself knows best, and may have changed since it was served.
			if v := h.validator(a.Path); v != "" {
				s.catalogue.told(e, v)
			}
		}
		if known := e.facts.Load(); known != nil {
			f = *known
		}
		p.URL = e.url
	}
	p.Freshness, p.Size, p.Validator = f.freshness, f.size, f.version
	p.Key = h.Params.Key(h.Keys.name(a.Path, f))
	return p
}
