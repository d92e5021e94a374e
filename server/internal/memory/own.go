package memory

import (
	"slices"

	"github.com/cache-aware/casper/server/link"
)

// An Own is what the latest answer for one visitor alone linked. It is immutable.
type Own struct {
	// Prepared is what the handler made of what the page needs, see [Memory.KeepOwn].
	Prepared any
	weight   int
	links    []link.Asset
}

// An ownPlace is a page, with its query, as one visitor is answered.
type ownPlace struct {
	at     Place
	person uint64
}

func weighOwn(at ownPlace, o *Own) uint32 {
	return uint32(overhead + len(at.at.Host) + len(at.at.Path) + o.weight + linkWeight(o.links))
}

func owned(at Place, q Query, person uint64) ownPlace {
	if q != "" {
		at.Path += string(q)
	}
	return ownPlace{at, person}
}

// Links returns what the answer linked. The list is not to be changed.
func (o *Own) Links() []link.Asset { return o.links }

// HasOwn reports whether any answer was for one visitor alone.
func (m *Memory) HasOwn() bool { return m.usedOwn.Load() }

// Own returns what the latest answer of a page for a person alone linked, nil for nothing.
func (m *Memory) Own(at Place, q Query, person uint64) *Own {
	o, _ := m.own.GetIfPresent(owned(at, q, person))
	return o
}

// RememberOwn keeps what an answer of a page for a person alone linked, and returns it. known is
// what was remembered so far: if that is the same, it stays.
func (m *Memory) RememberOwn(at Place, q Query, person uint64, known *Own, links []link.Asset) *Own {
	next := known
	if next == nil || !equal(next.links, links) {
		next = &Own{links: cloneLinks(links)}
	}
	key := owned(at, q, person)
	if o, ok := m.own.GetIfPresent(key); ok && o == next {
		return next
	}
	key.at = key.at.Clone()
	m.usedOwn.Store(true)
	m.own.Set(key, next)
	return next
}

// ForgetOwn drops what a page linked for a person alone.
func (m *Memory) ForgetOwn(at Place, q Query, person uint64) { m.own.Invalidate(owned(at, q, person)) }

// KeepOwn is [Memory.Keep] for what a page links for a person alone.
func (m *Memory) KeepOwn(at Place, q Query, person uint64, o *Own, prepared any, weight int) *Own {
	next := &Own{Prepared: prepared, weight: weight, links: o.links}
	key := owned(at, q, person)
	if known, ok := m.own.GetIfPresent(key); ok && known == o {
		key.at = key.at.Clone()
		m.own.Set(key, next)
	}
	return next
}

// cloneLinks returns as many links as are remembered, with strings of their own.
func cloneLinks(links []link.Asset) []link.Asset {
	own := slices.Clone(links[:min(len(links), MaxLinks)])
	for i := range own {
		own[i] = clone(own[i])
	}
	return own
}
