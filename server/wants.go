package server

import (
	"net/http"
	"slices"

	"github.com/cache-aware/casper/server/internal/httpfacts"
	"github.com/cache-aware/casper/server/internal/memory"
	"github.com/cache-aware/casper/server/link"
)

// A Source knows which assets pages need before their handlers have run: a manifest, or
// what was learned. A new one takes a few lines:
//
//	func (s always) Wanted(r *http.Request, w *server.Wants) { w.Add(&s.asset) }
//
// A Source that wants to know what became of its pages is an [Observer], too.
type Source interface {
	// Wanted adds to w the assets of the page that r asks for, most important first.
	Wanted(r *http.Request, w *Wants)
}

// SourceFunc is a [Source] that names a page's assets in a list.
type SourceFunc func(r *http.Request) []link.Asset

// Wanted adds what f returns.
func (f SourceFunc) Wanted(r *http.Request, w *Wants) {
	list := f(r)
	for i := range list {
		w.Add(&list[i])
	}
}

// Wants is what the sources of a handler say of one page, in the order of the sources. An
// asset that is named twice counts once.
type Wants struct {
	list []want
	only bool
}

type want struct {
	asset *link.Asset
	by    namer
}

// namer is who names an asset.
type namer uint8

const (
	byPerson namer = iota // or an application that speaks of this request
	byAnswer              // earlier answers of the page
	byNobody              // it was inferred
)

// maxWants bounds what is listened to for one page.
const maxWants = 256

// Add adds an asset that a person or an application named. It is referred to for as long as
// others say the same, and must not be changed.
func (w *Wants) Add(a *link.Asset) { w.add(want{asset: a}) }

// Linked adds an asset that the page's own answers are known to link. It comes where they stand
// in the latest of them, or behind them.
func (w *Wants) Linked(a *link.Asset) { w.add(want{a, byAnswer}) }

// Infer adds an asset that nobody named, such as one that was learned; see
// [Track.Inferred]. It is referred to like those of [Wants.Add].
func (w *Wants) Infer(a *link.Asset) { w.add(want{a, byNobody}) }

func (w *Wants) add(a want) {
	if len(w.list) < maxWants {
		w.list = append(w.list, a)
	}
}

// Only says that the sources that come after this one are not to be asked: all is said of
// the page. What its own answers link still counts.
func (w *Wants) Only() { w.only = true }

// sameWants reports whether two requests were told the same. Mostly the assets are the very
// same, so that pointers are compared before what they point to.
func sameWants(a, b []want) bool {
	return slices.EqualFunc(a, b, func(a, b want) bool {
		return a.by == b.by && (a.asset == b.asset || *a.asset == *b.asset)
	})
}

// A prepared is what is wanted for a page with all that decisions need to know. It is
// immutable, and serves every request that is told the same.
type prepared struct {
	assets     []*Asset // what a person named, what the page's answers linked, what was inferred
	linked     [2]int   // of them, the first that was linked, and the first that was not
	said       []want   // by the sources
	generation uint64   // of what is known of the files
}

// weight is what it occupies, in bytes.
func (p *prepared) weight() int {
	n := 256 + 24*len(p.said)
	for _, a := range p.assets {
		n += 400 + len(a.text) + len(a.hint) + len(a.URL) + len(a.Path) + len(a.Integrity) + len(a.Validator)
	}
	return n
}

// ask asks the sources what they want for the request's page, once.
func (w *response) ask() []want {
	x := w.exchange
	if x.asked || len(w.h.Sources) == 0 && x.foreseen == nil {
		return x.wants.list
	}
	x.asked = true
	if x.foreseen != nil {
		for i := range x.foreseen.links {
			x.wants.Linked(&x.foreseen.links[i])
		}
	}
	for i, s := range w.h.Sources {
		if o := x.observations; o != nil && o[i] != nil {
			s = o[i]
		}
		w.h.wanted(s, w.r, &x.wants)
		if x.wants.only {
			break
		}
	}
	return x.wants.list
}

// wanted returns what is wanted for the request's page, prepared: what the sources say, and
// then what its answers linked. It is nil if there is nothing.
func (w *response) wanted() *prepared {
	said, f, x, s := w.ask(), w.facts(), w.exchange, w.s
	if len(said) == 0 && !f.remembered() {
		return nil
	}
	p, linked := x.first, f.known.Links()
	switch {
	case f.own != nil:
		p, _ = f.own.Prepared.(*prepared)
		linked = f.own.Links()
	case f.known != nil:
		p, _ = f.known.Prepared.(*prepared)
	}
	if p != nil && p.generation == s.memory.Generation() && sameWants(p.said, said) && (x.checked || w.h.current(p.assets)) {
		x.checked = true
		return p
	}
	x.checked = true // prepare looks at each
	p = &prepared{said: slices.Clone(said)}
	for by := range byNobody + 1 {
		if by == byAnswer {
			p.linked[0] = len(p.assets)
			for i := range linked {
				w.include(p, &linked[i])
			}
			p.linked[1] = len(p.assets)
		}
		for _, want := range said {
			if want.by == by {
				w.include(p, w.named(want))
			}
		}
	}
	p.generation = s.memory.Generation() // which preparing may have moved on
	switch {
	case f.own != nil:
		f.own = s.memory.KeepOwn(f.place, f.query, w.person(nil), f.own, p, p.weight())
	case f.known != nil:
		f.known = s.memory.Keep(f.place, f.query, f.known, p, p.weight())
	default:
		x.first = p // pages that were never answered are not remembered
	}
	return p
}

// named returns a wanted asset as it may be sent.
func (w *response) named(a want) *link.Asset {
	if a.by != byNobody {
		return a.asset
	}
	inferred := w.h.Track.Inferred(*a.asset)
	return &inferred
}

// isLinked reports whether the i-th asset is there because the page's answers linked it.
func (p *prepared) isLinked(i int) bool { return p.linked[0] <= i && i < p.linked[1] }

// include prepares one more asset, unless it is there already.
func (w *response) include(p *prepared, a *link.Asset) {
	if a.Valid() && !slices.ContainsFunc(p.assets, func(b *Asset) bool { return same(a, &b.Asset) }) {
		b := w.prepare(a)
		b.text, b.hint = a.String(), b.early()
		p.assets = append(p.assets, b)
	}
}

// find returns the prepared asset, if it is there unchanged.
func (p *prepared) find(a *link.Asset) *Asset {
	if p != nil {
		for _, known := range p.assets {
			if known.Asset == *a {
				return known
			}
		}
	}
	return nil
}

// prepared returns an asset as it was prepared for the page, or else prepares it.
func (w *response) prepared(p *prepared, a *link.Asset) *Asset {
	if known := p.find(a); known != nil {
		return known
	}
	return w.prepare(a)
}

// prepare computes what decisions need to know of an asset.
func (w *response) prepare(asset *link.Asset) *Asset {
	h, f, a := w.h, w.facts(), *asset
	var known memory.Facts
	url, absent := "", false // by a folder that knows all its files
	if a.Rel != link.Preconnect && a.Origin == "" && a.Valid() {
		file := w.s.memory.File(memory.Place{Host: f.place.Host, Path: a.Path}, f.origin.Scheme)
		if h.Validator != nil {
			// The file itself knows best, and may have changed since it was served.
			v := h.validator(a.Path)
			if v != "" {
				w.s.memory.Told(file, v)
			}
			absent = v == "" && h.ReadAhead
		}
		known, url = file.Facts(), file.URL
	}
	a = a.Complete(known.Type)
	p := &Asset{Asset: a, URL: url, Tracked: h.Track.Tracks(a), valid: a.Valid(), hintable: a.Hintable()}
	p.Uncached = known.Seen && known.Freshness != httpfacts.Fresh
	p.Missing, p.absent = known.Missing || absent, absent
	p.Size, p.Validator = known.Size, known.Version
	p.Key = h.Params.Key(h.Keys.name(a.Path, &known))
	return p
}

// current reports whether the files are still those that the assets were prepared
// from.
func (h *Handler) current(assets []*Asset) bool {
	if h.Validator == nil || h.Keys == KeyPath && !h.ReadAhead {
		return true
	}
	for _, a := range assets {
		switch v := h.validator(a.Path); {
		case v == "" && h.ReadAhead:
			if !a.absent && a.URL != "" {
				return false
			}
		case v != "" && (v != a.Validator || a.absent):
			return false
		}
	}
	return true
}
