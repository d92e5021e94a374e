package memory

import (
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// MaxLinks bounds the links of one page that are remembered.
const MaxLinks = 64

// A Page is what is remembered of a page. It is immutable.
type Page struct {
	Status int // of its latest answer

	// Prepared is what the handler made of what the page needs, see [Memory.Keep].
	Prepared any
	weight   int

	// links are those of the latest good answer. An answer for one visitor only may name what
	// is only his, so what it links waits until the answer to another visitor links the same.
	links []remembered
}

type remembered struct {
	link.Asset
	voter uint64 // the only one who was answered so; 0 is everybody
}

func weighPage(at Place, p *Page) uint32 {
	n := overhead + len(at.Host) + len(at.Path) + p.weight
	for _, l := range p.links {
		n += 192 + len(l.Path) + len(l.Integrity)
	}
	return uint32(n)
}

// Failed reports whether the page last ended in a redirect or an error: hints ahead of the
// next answer would likely be wasted.
func (p *Page) Failed() bool { return p != nil && failed(p.Status) }

func failed(status int) bool { return status >= 300 && status != http.StatusNotModified }

// Links yields what the page links for everybody, in the order of its answer. The assets are
// not to be changed.
func (p *Page) Links() iter.Seq[*link.Asset] {
	return func(yield func(*link.Asset) bool) {
		if p == nil {
			return
		}
		for i := range p.links {
			if l := &p.links[i]; l.voter == 0 && !yield(&l.Asset) {
				return
			}
		}
	}
}

// An Answer is what an answer of a page said.
type Answer struct {
	Status int
	Links  []link.Asset

	// Voter is who alone was answered so, as a salted hash of his network; 0 is everybody.
	Voter uint64

	// Unread says that the answer may link more than is known: its body could not be read.
	Unread bool

	// Wanted says that something was wanted for the page, so that its status matters.
	Wanted bool
}

// Page returns what is remembered of a page, nil for nothing.
func (m *Memory) Page(at Place) *Page {
	if !m.Used() {
		return nil
	}
	p, _ := m.pages.GetIfPresent(at)
	return p
}

// Remember takes an answer into what is remembered of its page, which old is, and returns
// what is remembered now. It keeps nothing of pages that nothing would go ahead of.
func (m *Memory) Remember(at Place, old *Page, a *Answer) *Page {
	if old == nil && len(a.Links) == 0 && !a.Wanted {
		return nil
	}
	if old != nil && a.Voter == 0 && !a.Unread && old.says(a) {
		return old
	}
	return m.renew(at, old, a)
}

// Keep remembers what the handler made of what the page needs, until the page changes, and
// returns the page with it. Weight is what that occupies, in bytes.
func (m *Memory) Keep(at Place, p *Page, prepared any, weight int) *Page {
	next := &Page{Status: p.Status, Prepared: prepared, weight: weight, links: p.links}
	m.pages.Set(at.Clone(), next)
	return next
}

// says reports whether the answer says what is remembered already, for everybody.
func (p *Page) says(a *Answer) bool {
	if p.Status != a.Status || len(p.links) != len(a.Links) {
		return false
	}
	for i := range a.Links {
		if l := &p.links[i]; l.voter != 0 || l.Asset != a.Links[i] {
			return false
		}
	}
	return true
}

// renew is the rest of Remember. It stands apart because it needs much of the stack: each
// request has a new goroutine, and making its stack grow takes longer than all that is done
// for a page that is as ever.
//
//go:noinline
func (m *Memory) renew(at Place, old *Page, a *Answer) *Page {
	next := &Page{Status: a.Status}
	switch {
	case old != nil && (failed(a.Status) || len(a.Links) == 0 && (a.Unread || a.Status == http.StatusNotModified)):
		next.links = old.links // what it links when all is well
	case failed(a.Status):
	default:
		next.links = make([]remembered, 0, len(a.Links))
		for _, asset := range a.Links[:min(len(a.Links), MaxLinks)] {
			next.links = append(next.links, remembered{asset, old.voterOf(asset, a.Voter)})
		}
	}
	if old != nil && old.Status == next.Status && slices.Equal(old.links, next.links) {
		return old
	}
	for i := range next.links {
		next.links[i].Asset = clone(next.links[i].Asset)
	}
	m.used.Store(true)
	m.pages.Set(at.Clone(), next)
	return next
}

// voterOf returns who alone was answered with an asset once voter has been, too: nobody alone
// if somebody else was before.
func (p *Page) voterOf(asset link.Asset, voter uint64) uint64 {
	if p == nil || voter == 0 {
		return voter
	}
	if i := slices.IndexFunc(p.links, func(l remembered) bool { return l.Asset == asset }); i >= 0 && p.links[i].voter != voter {
		return 0
	}
	return voter
}

// Concluded returns what the page links for everybody, in a slice of its own. It is nil while
// that is open: all that is known came in answers for one visitor.
func (p *Page) Concluded() []link.Asset {
	if p == nil {
		return nil
	}
	list := make([]link.Asset, 0, len(p.links))
	for a := range p.Links() {
		list = append(list, *a)
	}
	if len(list) == 0 && len(p.links) > 0 {
		return nil
	}
	return list
}

// Pages yields what is remembered of pages, in no order.
func (m *Memory) Pages() iter.Seq2[Place, *Page] { return m.pages.All() }

// ForgetPage drops what is remembered of a page, and reports whether that was anything.
func (m *Memory) ForgetPage(at Place) bool {
	_, ok := m.pages.Invalidate(at)
	return ok
}

// clone returns the asset with strings of its own: they are parts of a header value, which
// may be long.
func clone(a link.Asset) link.Asset {
	a.Path, a.As, a.Type = strings.Clone(a.Path), strings.Clone(a.As), strings.Clone(a.Type)
	a.FetchPriority, a.Integrity = strings.Clone(a.FetchPriority), strings.Clone(a.Integrity)
	return a
}
