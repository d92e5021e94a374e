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
	m.declare(&declaration{page: page, hash: m.hash(page), from: from, assets: assets})
}

// declaration is what a source says of a page.
type declaration struct {
	page   string
	hash   uint64 // of page
	from   Source
	assets []link.Asset
	at     int64  // time of an answer, ms; 0 for what is said once
	only   Client // the one that an answer was for; 0 is everybody
}

func (m *Model) declare(d *declaration) {
	d.assets = d.assets[:min(len(d.assets), m.lim.maxAssets)]
	var room [32]uint64
	hashes := room[:0]
	for i := range d.assets {
		hashes = append(hashes, m.linkHash(&d.assets[i]))
	}
	ps := m.pagesOf(d.hash)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.find(d.hash, d.page)
	if p == nil {
		if len(d.assets) == 0 {
			return
		}
		if p = ps.create(d.hash, strings.Clone(d.page), false); p == nil {
			return
		}
	}
	if d.only != 0 {
		hashes = p.agree(m, d, hashes)
	} else if d.from == FromLink {
		p.alone = nil
	}
	said := mix(uint64(dayOf(d.at))<<32 | uint64(len(hashes)) + 1) // once a day the same is news: its weight has faded
	for _, h := range hashes {
		said = mix(said ^ h)
	}
	if p.declared[d.from] != said {
		p.declared[d.from] = said
		if d.at != 0 {
			p.age(d.at, &m.lim)
		}
		if ps.plantAll(p, d) {
			p.worth = max(p.worth, 1)
			ps.publish(p)
			m.changes.Add(1)
		}
	}
	ps.account(p)
	ps.makeRoom()
}

// plantAll makes what is declared wanted, and takes back what the same source declared before. It reports whether there was any of either.
func (ps *pages) plantAll(p *page, d *declaration) bool {
	flag := seedFlags[d.from]
	declared := make(map[uint64]bool, len(d.assets))
	for i := range d.assets {
		a := &d.assets[i]
		if a.Rel == link.Preconnect || len(a.Path) > MaxPath || !a.Valid() {
			continue
		}
		hash := ps.m.hash(a.Path)
		declared[hash] = true
		ps.plant(p, a, hash, flag)
	}
	changed := len(declared) > 0
	kept := p.cands[:0]
	for _, c := range p.cands {
		if c.flags&flag != 0 && !declared[c.hash] {
			changed = true
			c.flags &^= flag
			if !c.supported() {
				if !ps.m.c.Share {
					ps.release(c.asset)
					continue
				}
				c.withdraw() // and keep it until the fleet has heard
			}
			ps.unshared(p, &c)
		}
		kept = append(kept, c)
	}
	clear(p.cands[len(kept):])
	p.cands = kept
	return changed
}

// unshared notes that the fleet is to hear what was declared of a candidate. Views are heard of in any case.
func (ps *pages) unshared(p *page, c *candidate) {
	if ps.m.c.Share {
		c.flags |= unshared
		p.unshared = true
	}
}

// linkHash is a hash of everything that a link says.
func (m *Model) linkHash(a *link.Asset) uint64 {
	h := uint64(a.Rel)<<8 | uint64(a.CrossOrigin)<<2
	if a.NoPush {
		h |= 1
	}
	if a.PushOnly {
		h |= 2
	}
	h = mix(h ^ m.hash(a.Path))
	for i, s := range [...]string{a.As, a.Type, a.FetchPriority, a.Integrity} {
		if s != "" { // few links say all of it
			h = mix(h + uint64(i) ^ m.hash(s))
		}
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
	if c.flags&flag == 0 {
		c.flags |= flag
		ps.unshared(p, c)
	}
	c.vouch(&ps.m.lim)
}

// vouch makes a declared asset wanted, unless views have already decided against it: as much as if a few views had used it. Where that has
// faded since, it is made up again.
func (c *candidate) vouch(l *limits) {
	if c.views >= deadViews && c.mean() < l.demote {
		return
	}
	lack := float32(seedViews)
	if c.wanted() {
		lack = max(0, seedViews-c.used)
	}
	c.flags |= isWanted
	c.used += lack
	c.views += lack
}

// supported reports whether anything speaks for the asset: a declaration, a kind, or more uses than a declaration counts for. A snapshot does
// not tell uses from declarations.
func (c *candidate) supported() bool {
	return c.flags&(seeds|inherited) != 0 || c.lastUse != 0 && c.used > seedViews
}

// withdraw takes back what vouch gave.
func (c *candidate) withdraw() {
	c.flags &^= isWanted
	c.tally = tally{}
}
