package learn

import (
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// Source is who declares that a page needs an asset.
type Source uint8

const (
	FromLink Source = iota // the Link headers of the page's own answers
	FromHTML               // its HTML
	FromFile               // a manifest
	sources
)

var seedFlags = [sources]candidateFlags{seedLink, seedHTML, seedFile}

// Declare says which assets a page needs, before any traffic has shown it, and replaces what the same source declared for the page
// before. Declared assets are wanted at once. From then on they are judged as any other: views that do not use them
// take them out, and leaving them out of a later declaration does so at once unless views have shown that they are used.
//
// Preconnects and assets that cannot be sent are passed over, and so is a page whose identity is too long or holds a star.
func (m *Model) Declare(page string, from Source, assets []link.Asset) {
	if page == "" || len(page) > MaxKey || strings.Contains(page, "*") || from >= sources {
		return
	}
	m.declare(page, m.hash(page), from, assets)
}

func (m *Model) declare(page string, hash uint64, from Source, assets []link.Asset) {
	assets = assets[:min(len(assets), m.lim.maxAssets)]
	said := uint64(len(assets)) + 1
	for i := range assets {
		said = mix(said ^ m.linkHash(&assets[i]))
	}
	ps := m.pagesOf(hash)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.find(hash, page)
	if p == nil {
		if len(assets) == 0 {
			return
		}
		if p = ps.create(hash, strings.Clone(page), false); p == nil {
			return
		}
	}
	if p.declared[from] == said {
		return
	}
	p.declared[from] = said
	flag := seedFlags[from]
	declared := make(map[uint64]bool, len(assets))
	for i := range assets {
		a := &assets[i]
		if a.Rel == link.Preconnect || len(a.Path) > MaxPath || !a.Valid() {
			continue
		}
		hash := m.hash(a.Path)
		declared[hash] = true
		ps.plant(p, a, hash, flag)
	}
	kept := p.cands[:0]
	for _, c := range p.cands {
		if c.flags&flag != 0 && !declared[c.hash] {
			c.flags &^= flag
			if c.flags&(seeds|inherited) == 0 && c.lastUse == 0 {
				ps.release(c.asset)
				continue
			}
		}
		kept = append(kept, c)
	}
	clear(p.cands[len(kept):])
	p.cands = kept
	p.worth = max(p.worth, 1)
	ps.publish(p)
	ps.account(p)
	ps.makeRoom()
	m.changes.Add(1)
}

// linkHash is a hash of everything that a link says.
func (m *Model) linkHash(a *link.Asset) uint64 {
	h := uint64(a.Rel)<<8 | uint64(a.CrossOrigin)<<1
	if a.NoPush {
		h |= 1
	}
	for _, s := range [...]string{a.Path, a.As, a.Type, a.FetchPriority, a.Integrity} {
		h = mix(h ^ m.hash(s))
	}
	return h
}

// plant makes a declared asset wanted, unless views have already decided against it.
func (ps *pages) plant(p *page, a *link.Asset, hash uint64, flag candidateFlags) {
	var c *candidate
	if i, ok := p.candidate(hash); ok {
		c = &p.cands[i]
		if *c.asset.link != *a {
			c.asset.link = ownCopy(a)
			c.asset.stamp++
			ps.bill(c.asset)
		}
	} else if c = ps.addCandidate(p, hash, ownCopy(a), ""); c == nil {
		return
	}
	c.asset.trust = 8 // the page itself knows best how it asks
	c.flags |= flag
	if !c.wanted() && !(c.views >= deadViews && c.mean() < ps.m.lim.demote) {
		c.flags |= isWanted
		c.used += seedViews
		c.views += seedViews
	}
}
