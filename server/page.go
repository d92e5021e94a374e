package server

import (
	"hash/maphash"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/cache-aware/casper/server/link"
)

// A page is what is remembered of one page. It is immutable.
type page struct {
	status int      // of its last answer
	linked []linked // what its last good answer linked

	// The assets to want, prepared, and what they were prepared from.
	prepared   []*Asset // the first of them from the source
	own        int      // how many
	source     []link.Asset
	generation uint64
}

// bad reports whether an answer is one that nothing should have gone ahead of.
func bad(status int) bool { return status >= 300 && status != http.StatusNotModified }

// A linked is an asset that a page linked. An answer for one client only may name what is
// only that client's, so what such answers link goes ahead of others' when two clients'
// answers agree.
type linked struct {
	link.Asset
	voter uint64 // who alone was answered so; 0 is everybody
}

// voter tells apart those who get answers of their own: by the network of their address, salted,
// since a single person may have many addresses in one.
func (w *response) voter() uint64 {
	who := w.r.RemoteAddr
	if at, err := netip.ParseAddrPort(who); err == nil {
		bits := 48
		if at.Addr().Unmap().Is4() {
			bits = 24
		}
		if network, err := at.Addr().Unmap().Prefix(bits); err == nil {
			who = network.String()
		}
	}
	return max(1, maphash.String(w.s.seed, who))
}

// state is what a Handler makes of itself at its first request.
type state struct {
	catalogue *catalogue
	strangers strangers
	seed      maphash.Seed
}

func (h *Handler) state() *state {
	h.once.Do(func() { h.made = &state{catalogue: newCatalogue(), seed: maphash.MakeSeed()} })
	return h.made
}

type lazy struct {
	once sync.Once
	made *state
}

// memory is what is remembered of the request's page, nil for nothing. It is looked up once.
func (w *response) memory() *page {
	if !w.looked && w.s.catalogue.used.Load() {
		w.looked = true
		w.known, _ = w.s.catalogue.pages.GetIfPresent(w.place())
	}
	return w.known
}

// wanted is what is known of the request's page, prepared: what the source says, and then what
// the page's last answer linked. It is nil if that is nothing.
func (w *response) wanted() *page {
	h, s, source, old := w.h, w.s, w.wantedBySource(), w.memory()
	known := old != nil
	if !known {
		if len(source) == 0 {
			return nil
		}
		old = new(page)
	}
	generation := s.catalogue.generation.Load()
	if old.prepared != nil && old.generation == generation && same(old.source, source) && (w.checked || h.current(old.prepared)) {
		w.checked = true
		return old
	}
	w.checked = true // prepare looks at each
	next := &page{status: old.status, linked: old.linked, source: source}
	next.prepared = make([]*Asset, 0, len(source)+len(old.linked))
	for i := range source {
		w.add(next, &source[i])
	}
	next.own = len(next.prepared)
	for i := range old.linked {
		if l := &old.linked[i]; l.voter == 0 {
			w.add(next, &l.Asset)
		}
	}
	next.generation = s.catalogue.generation.Load()
	if known {
		s.catalogue.pages.Set(w.place(), next) // pages that were never answered are not kept
		w.known = next
	}
	return next
}

// add prepares one more asset of a page.
func (w *response) add(p *page, a *link.Asset) {
	if a.Valid() && !slices.ContainsFunc(p.prepared, func(b *Asset) bool { return a.Path == b.Path && a.Rel == b.Rel }) {
		b := w.prepare(a)
		b.text = a.String()
		p.prepared = append(p.prepared, b)
	}
}

// find returns the prepared asset of the page, if it is among them.
func (p *page) find(a *link.Asset) *Asset {
	if p != nil {
		for _, known := range p.prepared {
			if known.Asset == *a {
				return known
			}
		}
	}
	return nil
}

// current reports whether the files are still those that the assets were prepared
// from.
func (h *Handler) current(assets []*Asset) bool {
	if h.Validator == nil || h.Keys == KeyPath {
		return true
	}
	for _, a := range assets {
		if v := h.validator(a.Path); v != "" && v != a.Validator {
			return false
		}
	}
	return true
}

// same reports whether two lists are one and the same list.
func same(a, b []link.Asset) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// remember keeps what a page's answer linked and how it ended. Of pages that nothing
// would go ahead of it keeps nothing, so that requests for made-up paths leave nothing
// behind.
func (w *response) remember(status int, assets []link.Asset, wanted bool, voter uint64) {
	old := w.memory()
	if old == nil && len(assets) == 0 && !wanted || old != nil && voter == 0 && !w.unread && old.says(status, assets) {
		return
	}
	w.renew(old, status, assets, voter)
}

// says reports whether that is what is remembered, for everybody.
func (p *page) says(status int, assets []link.Asset) bool {
	if p.status != status || len(p.linked) != len(assets) {
		return false
	}
	for i := range assets {
		if l := &p.linked[i]; l.voter != 0 || l.Asset != assets[i] {
			return false
		}
	}
	return true
}

// renew is the rest of [response.remember], apart since it needs much of the stack: each request
// has a new goroutine, and making that grow takes longer than all else that is done for a
// page that is as ever.
//
//go:noinline
func (w *response) renew(old *page, status int, assets []link.Asset, voter uint64) {
	known := old != nil
	next := &page{status: status}
	switch {
	case known && (bad(status) || len(assets) == 0 && (w.unread || status == http.StatusNotModified)):
		next.linked = old.linked // what it links when it is well
	case bad(status):
	default:
		next.linked = make([]linked, 0, len(assets))
		for _, a := range assets[:min(len(assets), maxRemember)] {
			l := linked{a, voter}
			if known && voter != 0 {
				if i := slices.IndexFunc(old.linked, func(o linked) bool { return o.Asset == a }); i >= 0 && old.linked[i].voter != voter {
					l.voter = 0
				}
			}
			next.linked = append(next.linked, l)
		}
	}
	if known && old.status == status && slices.Equal(old.linked, next.linked) {
		return
	}
	for i := range next.linked {
		next.linked[i].Asset = clone(next.linked[i].Asset)
	}
	at := w.place()
	w.s.catalogue.used.Store(true)
	w.s.catalogue.pages.Set(place{strings.Clone(at.host), strings.Clone(at.path)}, next)
	w.known = next
}

// clone makes an asset's strings its own: they are parts of a header value, which may be
// long.
func clone(a link.Asset) link.Asset {
	a.Path, a.As, a.Type = strings.Clone(a.Path), strings.Clone(a.As), strings.Clone(a.Type)
	a.FetchPriority, a.Integrity = strings.Clone(a.FetchPriority), strings.Clone(a.Integrity)
	return a
}
