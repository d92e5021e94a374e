package memory

import (
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// MaxLinks bounds the links of one answer that are remembered.
const MaxLinks = 64

// lastTwo is how many networks have a say in a change: the last two that were answered.
const lastTwo = 2

// A Page is what is remembered of a page. It is immutable.
//
// Good answers are votes, one for each network, its latest. What the page links for everybody
// changes when the last two networks agree: a link comes when both were told it, and goes when
// neither was. Otherwise all stays as it was, so that one stranger between two visitors changes
// nothing, and a deploy is known from the second network on. A network that is alone decides by
// itself, but for what it was told in an answer for one visitor only: that may be only his.
type Page struct {
	// Prepared is what the handler made of what the page needs, see [Memory.Keep].
	Prepared any
	weight   int

	votes []vote // the latest first
	links []link.Asset

	failing []uint64 // the networks whose latest answer was a redirect or an error, the latest first
	row     int      // how many of them have failed since there was a good answer
}

type vote struct {
	network  uint64
	personal bool // the answer was for one visitor only
	other    bool // it was no page: an image, data
	links    []link.Asset
}

func weighPage(at Place, p *Page) uint32 {
	n := overhead + len(at.Host) + len(at.Path) + p.weight + linkWeight(p.links) + 8*len(p.failing)
	for i, v := range p.votes {
		n += 64
		if i == 0 || !sameList(v.links, p.votes[i-1].links) { // equal lists are one
			n += linkWeight(v.links)
		}
	}
	return uint32(n)
}

func linkWeight(links []link.Asset) int {
	n := 0
	for _, l := range links {
		n += 208 + len(l.Origin) + len(l.Path) + len(l.Integrity)
	}
	return n
}

func sameList(a, b []link.Asset) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// Bounds on the networks that are told apart by their errors, and on those in a row from whom an
// error is taken to be everybody's.
const (
	mostFailing = 8
	failingAll  = 3
)

// Failed reports whether hints ahead of the next answer to a network would likely be wasted: its
// latest answer was a redirect or an error, or so were those of three networks in a row, or
// there never was another.
func (p *Page) Failed(network uint64) bool {
	return p != nil && (p.row >= failingAll || len(p.failing) > 0 && len(p.votes) == 0 || slices.Contains(p.failing, network))
}

// Other reports whether what lies there is no page, as all that were answered say.
func (p *Page) Other() bool {
	return p != nil && len(p.votes) > 0 && !slices.ContainsFunc(p.votes, func(v vote) bool { return !v.other })
}

// failed reports whether a status is one that hints were wasted on.
func failed(status int) bool { return status >= 300 && status != http.StatusNotModified }

// Links returns what the page links for everybody, in the order of its latest answer. The list
// is not to be changed.
func (p *Page) Links() []link.Asset {
	if p == nil {
		return nil
	}
	return p.links
}

// Concluded is Links, and nil while it is open what the page links: its answers differ, or all
// were for one visitor.
func (p *Page) Concluded() []link.Asset {
	if p == nil || len(p.links) == 0 && slices.ContainsFunc(p.votes, func(v vote) bool { return len(v.links) > 0 }) {
		return nil
	}
	if p.links == nil {
		return []link.Asset{}
	}
	return p.links
}

// An Answer is what an answer of a page said.
type Answer struct {
	Status   int
	Links    []link.Asset
	Network  uint64 // who was answered so, as a salted hash of his network
	Personal bool   // the answer is for one visitor only

	// Unread says that the answer may link more than is known: its body could not be read.
	Unread bool

	// Wanted says that something was wanted for the page, so that its status matters.
	Wanted bool

	// Other says that it was no page: an image, data, whatever has no assets.
	Other bool
}

// A Query is the query of a request with its question mark, "" for none. What one query is
// answered says nothing of another, unless nothing is known of that one.
type Query string

// others is the path under which the answers to all queries of a page are remembered.
func others(at Place) Place { return Place{at.Host, at.Path + "?*"} }

// Page returns what is remembered of a page under a query: of that query or, where that is
// unknown, of the page without one, or of its queries together. It is nil for nothing.
func (m *Memory) Page(at Place, q Query) *Page {
	if !m.Used() {
		return nil
	}
	if q != "" {
		if p, ok := m.pages.GetIfPresent(Place{at.Host, at.Path + string(q)}); ok {
			return p
		}
	}
	if p, ok := m.pages.GetIfPresent(at); ok {
		return p
	}
	p, _ := m.pages.GetIfPresent(others(at))
	return p
}

// Plain returns what is remembered of the page without a query, nil for nothing.
func (m *Memory) Plain(at Place) *Page {
	p, _ := m.pages.GetIfPresent(at)
	return p
}

// Remember takes an answer into what is remembered of its page, and returns what is remembered
// now for the next request like it. known is what [Memory.Page] returned. It keeps nothing of
// pages that nothing would go ahead of.
func (m *Memory) Remember(at Place, q Query, known *Page, a *Answer) *Page {
	if known == nil && len(a.Links) == 0 && !a.Wanted || known.says(a) {
		return known
	}
	if q == "" {
		p, _ := m.pages.GetIfPresent(at)
		return m.count(at, p, a)
	}
	m.count(others(at), m.at(others(at)), a)
	exact := Place{at.Host, at.Path + string(q)}
	return m.count(exact, m.at(exact), a)
}

func (m *Memory) at(at Place) *Page {
	p, _ := m.pages.GetIfPresent(at)
	return p
}

// says reports whether all that is remembered is what an answer says again, for everybody: then
// who was answered does not matter either.
func (p *Page) says(a *Answer) bool {
	if p == nil || a.Personal || a.Unread || failed(a.Status) || p.row > 0 || slices.Contains(p.failing, a.Network) || !equal(p.links, a.Links) {
		return false
	}
	for i := range p.votes {
		if v := &p.votes[i]; v.personal || v.other != a.Other || !equal(v.links, a.Links) {
			return false
		}
	}
	return len(p.votes) > 0
}

func equal(remembered, links []link.Asset) bool {
	return slices.Equal(remembered, links[:min(len(links), MaxLinks)])
}

// count lets an answer vote on a page. It stands apart because it needs much of the stack: each
// request has a new goroutine, and making its stack grow takes longer than all that is done
// for a page that is as ever.
//
//go:noinline
func (m *Memory) count(at Place, old *Page, a *Answer) *Page {
	next := &Page{}
	if old != nil {
		*next = *old
	}
	if failed(a.Status) {
		next.fail(a.Network)
	} else {
		next.row = 0
		if i := slices.Index(next.failing, a.Network); i >= 0 {
			next.failing = slices.Delete(slices.Clone(next.failing), i, i+1)
		}
		if !a.Unread || len(a.Links) > 0 {
			next.vote(a)
		}
	}
	m.used.Store(true)
	m.pages.Set(at.Clone(), next)
	return next
}

// fail notes that a network was answered with a redirect or an error.
func (p *Page) fail(network uint64) {
	i := slices.Index(p.failing, network)
	if i < 0 || i >= p.row {
		p.row++
	}
	failing := make([]uint64, 0, mostFailing)
	failing = append(failing, network)
	for j, other := range p.failing {
		if j != i && len(failing) < mostFailing {
			failing = append(failing, other)
		}
	}
	p.failing, p.row = failing, min(p.row, mostFailing)
}

// vote lets a good answer vote.
func (p *Page) vote(a *Answer) {
	v := vote{network: a.Network, personal: a.Personal, other: a.Other, links: p.share(a.Links)}
	votes := []vote{v}
	for _, other := range p.votes {
		if other.network != v.network && len(votes) < lastTwo {
			votes = append(votes, other)
		}
	}
	p.votes = votes
	if links := p.conclude(); !slices.Equal(links, p.links) {
		p.links, p.Prepared, p.weight = links, nil, 0
	}
}

// share returns the links as they stand in another vote, or else a copy with strings of its
// own.
func (p *Page) share(links []link.Asset) []link.Asset {
	for i := range p.votes {
		if equal(p.votes[i].links, links) {
			return p.votes[i].links
		}
	}
	return cloneLinks(links)
}

// conclude returns what the page links for everybody now, in the order of the latest answer.
func (p *Page) conclude() (links []link.Asset) {
	for i := range p.votes {
		for _, a := range p.votes[i].links {
			if slices.Contains(links, a) {
				continue
			}
			named, public := 0, false
			for j := range p.votes {
				if v := &p.votes[j]; slices.Contains(v.links, a) {
					named++
					public = public || !v.personal
				}
			}
			agreed := named == len(p.votes) && (public || named == lastTwo)
			if agreed || slices.Contains(p.links, a) {
				links = append(links, a)
			}
		}
	}
	return links
}

// Keep remembers what the handler made of what a page needs, until that changes, and returns
// the page with it. Weight is what that occupies, in bytes.
func (m *Memory) Keep(at Place, q Query, p *Page, prepared any, weight int) *Page {
	next := *p
	next.Prepared, next.weight = prepared, weight
	for _, place := range [...]Place{{at.Host, at.Path + string(q)}, at, others(at)} {
		if known, ok := m.pages.GetIfPresent(place); ok && known == p {
			m.pages.Set(place.Clone(), &next)
			break
		}
	}
	return &next
}

// Pages yields what is remembered of pages, in no order. The answers to queries have pages of
// their own: "/path?query".
func (m *Memory) Pages() iter.Seq2[Place, *Page] {
	return func(yield func(Place, *Page) bool) {
		for at, p := range m.pages.All() {
			if !strings.HasSuffix(at.Path, "?*") && !yield(at, p) {
				return
			}
		}
	}
}

// ForgetPages drops what is remembered of a page under all queries, on one host or, if that is
// empty, on all. It reports whether there was anything.
func (m *Memory) ForgetPages(host, path string) (found bool) {
	for at := range m.pages.All() {
		plain, _, _ := strings.Cut(at.Path, "?")
		if plain == path && (host == "" || at.Host == host) {
			_, ok := m.pages.Invalidate(at)
			found = found || ok
		}
	}
	for key := range m.own.All() {
		plain, _, _ := strings.Cut(key.at.Path, "?")
		if plain == path && (host == "" || key.at.Host == host) {
			_, ok := m.own.Invalidate(key)
			found = found || ok
		}
	}
	return found
}

// clone returns the asset with strings of its own: they are parts of a header value, which
// may be long.
func clone(a link.Asset) link.Asset {
	a.Origin = strings.Clone(a.Origin)
	a.Path, a.As, a.Type = strings.Clone(a.Path), strings.Clone(a.As), strings.Clone(a.Type)
	a.FetchPriority, a.Integrity = strings.Clone(a.FetchPriority), strings.Clone(a.Integrity)
	return a
}
