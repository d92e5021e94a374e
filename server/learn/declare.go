package learn

import (
	"hash/maphash"
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// Declare tells what a page links for everybody, and replaces what was declared for it before.
// Declared assets are wanted at once, in any case with the page's next answer. From then on they
// are judged as any other: views that do not use them take them out, and a declaration without
// them does so at once, unless views have shown that they are used. [View.Links] declares too.
//
// Preconnects and assets that cannot be sent are passed over, and so is a page whose identity is
// too long or holds a star.
func (m *Model) Declare(page string, assets []link.Asset) {
	if identifies(page) {
		m.declare(page, m.hash(page), assets, 0)
	}
}

// declare takes a declaration that came with an answer at a time in ms; 0 is one that came with
// none. The same as before is news once a day, since its weight has faded by then.
func (m *Model) declare(page string, hash uint64, assets []link.Asset, at int64) {
	assets = assets[:min(len(assets), m.lim.maxAssets)]
	said := mix(uint64(dayOf(at))<<32 | uint64(len(assets)) + 1)
	for i := range assets {
		said = mix(said ^ maphash.Comparable(m.seed, assets[i]))
	}
	s := m.shardOf(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(hash, page)
	if p == nil {
		if len(assets) == 0 {
			return
		}
		if p = s.create(hash, strings.Clone(page), nil); p == nil {
			return
		}
	}
	if p.declared != said {
		p.declared = said
		if at != 0 {
			p.age(at)
			p.renewed = at
		}
		if s.declareAll(p, assets) {
			p.worth = max(p.worth, 1)
			s.publish(p)
			m.changes.Add(1)
		}
	}
	s.account(p)
	s.makeRoom()
}

// declareAll makes what is declared wanted, and takes back what was declared before. It reports
// whether there was any of either.
func (s *shard) declareAll(p *page, assets []link.Asset) bool {
	linked, stems := make(map[uint64]bool, len(assets)), make(map[uint64]bool)
	for i := range assets {
		a := &assets[i]
		if a.Rel == link.Preconnect || len(a.Path) > MaxPath || !a.Valid() {
			continue
		}
		hash := s.m.hash(a.Path)
		linked[hash] = true
		if c := s.declareOne(p, a, hash); c != nil && c.asset.stem != 0 {
			stems[c.asset.stem] = true
		}
	}
	changed := len(linked) > 0
	s.keepCandidates(p, func(c *candidate) bool {
		if !c.linked() || linked[c.hash] {
			return true
		}
		changed = true
		c.flags &^= isLinked
		if stems[c.asset.stem] { // a newer version is linked in its place
			c.withdraw()
			c.flags |= isReplaced
		} else if !c.supported() {
			if !s.m.c.Share {
				return false
			}
			c.withdraw() // and keep it until the fleet has heard
		}
		s.unshared(p, c)
		return true
	})
	return changed
}

// declareOne makes a declared asset wanted, unless views have already decided against it. It
// returns the candidate, nil if there is no room for one.
func (s *shard) declareOne(p *page, a *link.Asset, hash uint64) *candidate {
	var c *candidate
	if i, ok := p.candidate(hash); ok {
		c = &p.cands[i]
		if *c.asset.link != *a {
			c.asset.link = ownCopy(a)
			c.asset.stamp++
			s.bill(c.asset)
		}
	} else if c = s.addCandidate(p, hash, ownCopy(a), ""); c == nil {
		return nil
	}
	c.asset.trust = 8 // the page itself knows best how it asks
	c.flags &^= isReplaced
	if !c.linked() {
		c.flags |= isLinked
		s.unshared(p, c)
	}
	c.vouch(&s.m.lim)
	return c
}

// unshared notes that the fleet has yet to hear what was declared of a candidate. It hears of
// views in any case.
func (s *shard) unshared(p *page, c *candidate) {
	if s.m.c.Share {
		c.flags |= isUnshared
		p.unshared = true
	}
}

// vouch makes a declared asset wanted, as if a few views had used it, unless views have already
// decided against it. Where the weight of an earlier declaration has faded, it is made up again.
func (c *candidate) vouch(l *limits) {
	if c.views >= deadViews && c.mean() < l.demote {
		return
	}
	lack := float32(linkViews)
	if c.wanted() {
		lack = max(0, linkViews-c.used)
	}
	c.flags |= isWanted
	c.used += lack
	c.views += lack
}

// supported reports whether anything speaks for the asset: a declaration, a section, or more
// uses than a declaration counts for. A snapshot does not tell uses from declarations.
func (c *candidate) supported() bool {
	return c.flags&(isLinked|isInherited) != 0 || c.lastUse != 0 && c.used > linkViews
}

// withdraw takes back what vouch gave.
func (c *candidate) withdraw() {
	c.flags &^= isWanted
	c.tally = tally{}
}
