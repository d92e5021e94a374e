package learn

import (
	"iter"
	"math"
	"strings"
	"time"

	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

// Flush returns the evidence that has come in since the last flush, for an [evidence.Store].
// What was merged in is not part of it. It reports nothing unless [Config.Share] is set. What
// is not flushed takes no memory of its own, however long that is. Of a page that fewer than
// [Config.MinClients] have seen within a day it reports that somebody saw it, as
// [evidence.Sighting], and the rest once enough have, on whichever nodes.
func (m *Model) Flush() []evidence.Delta {
	if !m.c.Share {
		return nil
	}
	var out []evidence.Delta
	m.eachPage(func(_ *shard, p *page) {
		if !p.tellable(&m.lim) {
			out = m.appendSightings(out, p)
			return
		}
		if p.newSeen == 0 && !p.unshared {
			return
		}
		d := p.delta(float64(p.newSeen) / 8)
		p.newSeen, p.unshared = 0, false
		for i := range p.cands {
			c := &p.cands[i]
			if c.newViews == 0 && c.newHeld == 0 && c.flags&isUnshared == 0 {
				continue
			}
			v := c.vote()
			v.LinkNews = c.flags&isUnshared != 0
			c.flags &^= isUnshared
			v.Used, v.Views, v.Held = float64(c.newUsed)/8, float64(c.newViews)/8, float64(c.newHeld)/8
			c.newUsed, c.newViews, c.newHeld = 0, 0, 0
			d.Assets = append(d.Assets, v)
		}
		out = append(out, d)
	})
	return out
}

// All yields what is known and may be told, one page at a time, in no particular order. Pages that
// fewer than [Config.MinClients] clients have seen within a day are left out, unless they were
// merged in or declared by [Model.Declare]: they may be one person's own. The voters of the day are
// left out too. No lock is held while the caller has a page, so it may take its
// time.
func (m *Model) All() iter.Seq[evidence.Delta] {
	return func(yield func(evidence.Delta) bool) {
		for x := range m.everything() {
			if x.public && !yield(x.Delta) {
				return
			}
		}
	}
}

// known is all that is known of a page, and whether it may be told.
type known struct {
	evidence.Delta
	public bool
	seenBy voters
	seenOn uint16
}

// everything yields what is known, what may not be told included.
func (m *Model) everything() iter.Seq[known] {
	return func(yield func(known) bool) {
		var batch []known
		for s, some := range m.someAtATime() {
			batch = batch[:0]
			s.mu.Lock()
			for _, p := range some {
				if !p.evicted {
					batch = append(batch, known{p.total(), p.tellable(&m.lim), p.seenBy, p.seenOn})
				}
			}
			s.mu.Unlock()
			for _, x := range batch {
				if !yield(x) {
					return
				}
			}
		}
	}
}

// Adopt takes over what another model knows, with what that may not tell, and goes on from there. Both must
// have the same secret. What it has yet to share is still that one's to share.
func (m *Model) Adopt(from *Model) {
	for x := range from.everything() {
		m.merge(&x.Delta, x.public, func(p *page) {
			p.see(x.seenBy, x.seenOn, &m.lim)
			p.noted = p.seenBy
		})
	}
	m.changes.Add(1)
}

// total is all the evidence on a page.
func (p *page) total() evidence.Delta {
	d := p.delta(float64(p.seq))
	for i := range p.cands {
		v := p.cands[i].vote()
		v.For, v.Against, v.Day = 0, 0, 0
		d.Assets = append(d.Assets, v)
	}
	return d
}

func (p *page) delta(views float64) evidence.Delta {
	d := evidence.Delta{Page: p.key, Views: views}
	if p.touched != 0 {
		d.Time = time.UnixMilli(p.touched).Truncate(time.Second).UTC()
	}
	if p.section != nil {
		d.Members = int(p.section.members)
	}
	return d
}

func (c *candidate) vote() evidence.Vote {
	v := evidence.Vote{
		Asset: *c.asset.link, Version: c.asset.version,
		Used: float64(c.used), Views: float64(c.views), Held: float64(c.held),
		For: uint64(c.pro), Against: uint64(c.against), Day: c.day,
		Urgency: -1, Order: float64(c.order) / 2,
		Wanted: c.wanted(), Linked: c.linked(),
	}
	if c.urgency != unordered {
		v.Urgency = float64(c.urgency) / 32
	}
	return v
}

// Merge adds evidence from elsewhere: other nodes, a snapshot, an export. What cannot be (a
// page without a name, more uses than views, a link that must not be sent) is left out.
// Evidence beyond what an estimate reaches back, 64 views, weighs as much as that.
func (m *Model) Merge(deltas ...evidence.Delta) {
	for i := range deltas {
		if x := deltas[i].Sighting; x != (evidence.Sighting{}) {
			m.sight(x)
			continue
		}
		m.merge(&deltas[i], true, nil) // whoever made it told it
	}
	if len(deltas) > 0 {
		m.changes.Add(1)
	}
}

// merge merges a delta of a page that may be told, or may not. Then, if not nil, is called with the page, under
// the lock of its shard.
func (m *Model) merge(d *evidence.Delta, public bool, then func(*page)) {
	if d.Page == "" || len(d.Page) > MaxKey || !sane(d.Views, maxMerged) {
		return
	}
	hash := m.hash(d.Page)
	s := m.shardOf(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(hash, d.Page)
	if p == nil {
		var of *section
		if !identifies(d.Page) {
			of = new(section)
		}
		if p = s.create(hash, strings.Clone(d.Page), of); p == nil {
			return
		}
		p.born = true // it has opinions of its own
	}
	p.public = p.public || public
	if then != nil {
		then(p)
	}
	p.seq = uint32(min(float64(p.seq)+math.Round(d.Views), math.MaxUint32))
	if t := d.Time.UnixMilli(); !d.Time.IsZero() && t > p.touched {
		p.touched, p.aged = t, max(p.aged, t)
	}
	if p.section != nil {
		p.section.members = max(p.section.members, uint8(min(max(d.Members, 0), 255)))
	}
	if d.Views >= worthKeeping {
		p.worth = max(p.worth, worthKeeping)
	}
	for i := range d.Assets[:min(len(d.Assets), m.lim.maxAssets)] {
		s.mergeVote(p, &d.Assets[i])
	}
	p.endDoubt()
	s.prune(p)
	s.publish(p)
	s.account(p)
	s.makeRoom()
}

// maxMerged bounds what one delta may claim, in views.
const maxMerged = 1e9

func sane(x, limit float64) bool { return x >= 0 && x <= limit } // false for NaN

func (s *shard) mergeVote(p *page, v *evidence.Vote) {
	l := &s.m.lim
	if !sane(v.Views, maxMerged) || !sane(v.Used, v.Views) || !sane(v.Held, maxMerged) ||
		v.Asset.Rel == link.Preconnect || !v.Asset.Valid() ||
		len(v.Asset.Path) > MaxPath || len(v.Version) > maxVersion {
		return
	}
	hash := s.m.hash(v.Asset.Path)
	var c *candidate
	if i, ok := p.candidate(hash); ok {
		c = &p.cands[i]
	} else if v.LinkNews && !v.Linked && v.Used == 0 {
		return // it takes back what never came here
	} else if c = s.addCandidate(p, hash, ownCopy(&v.Asset), strings.Clone(v.Version)); c == nil {
		return
	}
	c.used += float32(v.Used)
	c.views += float32(v.Views)
	c.held += float32(v.Held)
	c.makeRoom(0, l.memory)
	if v.Used > 0 {
		c.run, c.lastUse = 0, p.seq
		c.flags &^= isInherited | isReplaced
	} else {
		c.run += float32(v.Views)
	}
	if v.Day != 0 && v.Day >= c.day {
		c.today(v.Day)
		c.pro |= voters(v.For)
		c.against |= voters(v.Against)
	}
	if v.Urgency >= 0 && v.Urgency <= 7 && sane(v.Order, 127) {
		c.place(uint8(v.Order*2), uint8(v.Urgency*32))
	}
	if v.Wanted && c.mean() >= l.demote {
		c.flags |= isWanted
	}
	p.mergeLink(c, v, l)
	s.decide(p, c)
}

// mergeLink takes over what a vote says of whether the page links the asset.
func (p *page) mergeLink(c *candidate, v *evidence.Vote, l *limits) {
	if v.Linked != c.linked() && (v.Linked || v.LinkNews) {
		c.flags ^= isLinked
		p.declared = 0 // a declaration here has to say anew whether it is so
	}
	switch {
	case v.Linked && v.Wanted:
		c.vouch(l)
	case v.LinkNews && !c.supported():
		c.withdraw()
	}
}
