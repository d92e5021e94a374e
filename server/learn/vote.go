package learn

import (
	"slices"
	"strings"
)

// admit does what a view needs the lock of the visitors for. It returns views whose time is
// up, to be counted without that lock. The unlocking is deferred since [View.Held] is not
// ours, and may panic.
func (m *Model) admit(v *View, page string, hash uint64) [dueAtOnce]*opened {
	now := v.Time.UnixMilli()
	vs := m.visitorsOf(v.Client)
	vs.mu.Lock()
	defer vs.mu.Unlock()
	vs.voted.age(now)
	due := m.takeDue(vs, now)
	switch {
	case v.Status == 200:
		m.open(vs, v, page, hash, now)
	case v.Status != 304:
		m.fail(vs, v, page, hash)
	}
	return due
}

// open begins a view if its client may vote on the page. The caller holds the lock of the
// visitors; those of pages come second, always.
func (m *Model) open(vs *visitors, e *View, page string, hash uint64, now int64) {
	x := vs.visitor(e.Client, now)
	tab := slices.Index(x.tabs[:], nil)
	if tab < 0 || vs.open >= vs.openRoom {
		return
	}
	voter := mix(uint64(e.Client))
	if !m.firstVote(vs, voter^hash) || !vs.mayVote(x) {
		return
	}
	v := pool.Get().(*opened)
	v.visitor, v.at, v.day = x, now, dayOf(now)
	v.path = m.hash(e.Path)
	v.bucket = 1 << (voter >> 58)
	for i := range e.Chosen {
		v.note(e.Chosen[i].hash, isSent)
	}
	for i := range e.Sent {
		v.note(m.hash(e.Sent[i].Path), isSent)
	}
	v.sent = len(e.Chosen)+len(e.Sent) > 0
	v.pushed = v.sent && e.ByPush
	if !m.joinPage(vs, v, e, page, hash) {
		v.free()
		return
	}
	for level := range sectionLevels {
		m.joinSection(vs, v, e, page, voter, hash, level)
	}
	for _, other := range x.tabs { // what another tab has just fetched need not be asked for again
		if other == nil {
			continue
		}
		for _, h := range other.hits {
			v.note(h.hash, isHeld)
		}
	}
	x.tabs[tab] = v
	vs.push(v)
}

// firstVote records that a client votes on a page, and reports whether it may: once a day, or
// always where one client is enough to be believed.
func (m *Model) firstVote(vs *visitors, vote uint64) bool {
	return m.lim.minClients == 1 || vs.voted.add(mix(vote))
}

// joinPage enters a view on its page, and reports whether it may vote there.
func (m *Model) joinPage(vs *visitors, v *opened, e *View, page string, hash uint64) bool {
	s := m.shardOf(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(hash, page)
	if p == nil {
		if vs.open >= vs.openRoom/2 {
			return false // the other half is for pages that are known
		}
		if p = s.create(hash, strings.Clone(page), nil); p == nil {
			return false
		}
		s.makeRoom()
	}
	if p.open >= maxOpen || p.evicted {
		return false
	}
	if p.seq > 0 && !p.born {
		m.inherit(s, p)
	}
	v.join(m, p, e)
	return true
}

// sectionsOnce is how many sections that were seen once a shard remembers.
const sectionsOnce = 256

// joinSection enters a view on one of the sections that its page belongs to, if the page and the
// client may vote there.
func (m *Model) joinSection(vs *visitors, v *opened, e *View, page string, voter, member uint64, level int) {
	var room [MaxKey + 64]byte
	key, ok := sectionKey(room[:0], page, level)
	if !ok || len(key) > MaxKey {
		return
	}
	hash := sum(m.sip, key)
	s := m.shardOf(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.byHash[hash]
	if p == nil {
		first, again := s.once.againBy(hash, member, sectionsOnce)
		if !again {
			return
		}
		x := new(section)
		if first != member {
			x.untold = first
			x.meet(first)
		}
		if p = s.create(hash, string(key), x); p == nil {
			return
		}
		s.makeRoom()
	}
	if p.evicted || p.section == nil || p.open >= maxOpen ||
		!p.section.hear(member) || !m.firstVote(vs, voter^hash) {
		return
	}
	v.join(m, p, e)
}

// join lets a view vote on a page, and notes which of the page's candidates its client has no
// need to ask for.
func (v *opened) join(m *Model, p *page, e *View) {
	if p.see(v.bucket, v.day, &m.lim) && m.c.Share {
		m.changes.Add(1) // the fleet may hear of it at once
	}
	p.open++
	v.votes[v.n] = ref{p.hash, p.key}
	v.n++
	for i := range p.cands {
		c := &p.cands[i]
		if e.Held != nil && e.Held(c.asset.link.Path) || v.visitor.trail.has(c.hash) {
			v.note(c.hash, isHeld)
		}
	}
}

// inherit gives a page that was visited before what its sections vouch for: as much as a few
// views, so that its own soon outweigh it.
func (m *Model) inherit(s *shard, p *page) {
	p.born = true
	a := m.sectionAnswer(p.key)
	if a == nil || a.state != stateReady {
		return
	}
	for i := range a.predictions {
		w := &a.predictions[i]
		var c *candidate
		if j, ok := p.candidate(w.hash); ok {
			c = &p.cands[j]
		} else if c = s.addCandidate(p, w.hash, w.Asset, w.Version); c == nil {
			return
		}
		c.used += inheritViews * w.Probability
		c.views += inheritViews
		c.flags |= isWanted | isInherited
	}
	s.account(p)
	s.makeRoom()
}

// fail takes note of an answer that was no page, on the page and on its sections if they are
// known.
func (m *Model) fail(vs *visitors, v *View, page string, hash uint64) {
	voter := mix(uint64(v.Client))
	failOn(m, vs, hash, page, voter)
	for level := range sectionLevels {
		var room [MaxKey + 64]byte
		if key, ok := sectionKey(room[:0], page, level); ok {
			failOn(m, vs, sum(m.sip, key), key, voter)
		}
	}
}

func failOn[Key string | []byte](m *Model, vs *visitors, hash uint64, key Key, voter uint64) {
	s := m.shardOf(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.byHash[hash]
	if p == nil || p.key != string(key) || !vs.voted.add(mix(voter^hash+1)) {
		return
	}
	p.fails += failShare * (1 - p.fails)
	if p.answer != nil && p.answer.state != p.state() {
		s.publish(p)
		s.account(p)
	}
}

// dueAtOnce bounds how many views are counted in one call.
const dueAtOnce = 2

func (m *Model) takeDue(vs *visitors, now int64) (due [dueAtOnce]*opened) {
	for i := range due {
		if due[i] = vs.due(now, m.lim.window); due[i] == nil {
			break
		}
	}
	return due
}

// countAll lets views vote. No lock is held but that of the shard voted in.
func (m *Model) countAll(due [dueAtOnce]*opened) {
	for _, v := range due {
		if v == nil {
			return
		}
		for i := range v.n {
			s := m.shardOf(v.votes[i].hash)
			s.mu.Lock()
			s.count(v, &v.votes[i])
			s.mu.Unlock()
		}
		m.changes.Add(1)
		v.free()
	}
}
