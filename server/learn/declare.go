package learn

import (
	"hash/maphash"
	"slices"
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
		said = mix(said ^ m.digest(&assets[i]))
	}
	if m.declarePage(page, hash, assets, said, at) && at != 0 {
		m.declareSections(page, hash, assets)
	}
}

// digest tells one asset from another. It does in a fifth of the time what maphash.Comparable does:
// most fields of most assets are empty.
func (m *Model) digest(a *link.Asset) uint64 {
	flags := uint64(a.CrossOrigin)<<16 | uint64(a.Rel)<<8
	if a.NoPush {
		flags |= 1
	}
	if a.PushOnly {
		flags |= 2
	}
	sum := mix(flags)
	for _, text := range [...]string{a.Origin, a.Path, a.As, a.Type, a.FetchPriority, a.Integrity} {
		if sum = mix(sum + 1); text != "" {
			sum ^= maphash.String(m.seed, text)
		}
	}
	return sum
}

// declarePage reports whether the declaration is news.
func (m *Model) declarePage(page string, hash uint64, assets []link.Asset, said uint64, at int64) (news bool) {
	s := m.shardOf(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(hash, page)
	if p == nil {
		if len(assets) == 0 {
			return false
		}
		if p = s.create(hash, strings.Clone(page), nil); p == nil {
			return false
		}
	}
	if at == 0 {
		p.public = true // the site's own word
	}
	if news = p.declared != said; news {
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
	return news
}

// declareSections lets a page tell its sections what it links for everybody. What three pages of
// a section link is wanted for all of it, whoever asked for the pages: it is the site's own word.
// From then on views judge it as any other.
func (m *Model) declareSections(page string, member uint64, assets []link.Asset) {
	for level := range sectionLevels {
		var room [MaxKey + 64]byte
		key, ok := sectionKey(room[:0], page, level)
		if !ok || len(key) > MaxKey {
			return
		}
		hash := sum(m.sip, key)
		s := m.shardOf(hash)
		s.mu.Lock()
		first := uint64(0)
		if p := s.sectionOf(hash, key); p != nil {
			first, p.section.untold = p.section.untold, 0
		}
		s.mu.Unlock()
		var earlier []link.Asset
		if first != 0 && first != member {
			earlier = m.linkedBy(first)
		}
		s.mu.Lock()
		if p := s.sectionOf(hash, key); p != nil {
			p.section.meet(member)
			told := s.believe(p, first, earlier)
			if s.believe(p, member, assets) || told {
				s.publish(p)
				m.changes.Add(1)
			}
			s.account(p)
			s.makeRoom()
		}
		s.mu.Unlock()
	}
}

// sectionOf returns a section that is known, nil if it is not.
func (s *shard) sectionOf(hash uint64, key []byte) *page {
	if p := s.byHash[hash]; p != nil && p.section != nil && p.key == string(key) {
		return p
	}
	return nil
}

// linkedBy returns what a page links for everybody.
func (m *Model) linkedBy(hash uint64) (assets []link.Asset) {
	s := m.shardOf(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.byHash[hash]; p != nil {
		for i := range p.cands {
			if c := &p.cands[i]; c.linked() {
				assets = append(assets, *c.asset.link)
			}
		}
	}
	return assets
}

// believe takes down what a member of a section links, and makes wanted what enough of them do.
// It reports whether there was any of that.
func (s *shard) believe(p *page, member uint64, assets []link.Asset) (news bool) {
	for i := range assets {
		a := &assets[i]
		if a.Rel == link.Preconnect || len(a.Path) > MaxPath || !a.Valid() {
			continue
		}
		hash := s.m.hash(a.Path)
		if !p.section.says(member, hash) {
			continue
		}
		var c *candidate
		if at, ok := p.candidate(hash); ok {
			c = &p.cands[at]
		} else if c = s.addCandidate(p, hash, ownCopy(a), ""); c == nil {
			continue
		}
		c.flags &^= isReplaced
		c.vouch(&s.m.lim)
		p.replace(c, assets)
		news = true
	}
	return news
}

// replace withdraws the older versions of an asset, those that are not linked beside it.
func (p *page) replace(by *candidate, linked []link.Asset) {
	for i := range p.cands {
		c := &p.cands[i]
		beside := func(a link.Asset) bool { return a.Path == c.asset.link.Path }
		if c.wanted() && c.asset.stem != 0 && c.asset.stem == by.asset.stem && !slices.ContainsFunc(linked, beside) {
			c.withdraw()
			c.flags |= isReplaced
		}
	}
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
