package learn

import "strings"

// view opens a view of a page, or takes note that there was none to view.
func (m *Model) view(e *Event) {
	if e.Page == "" {
		e.Page = e.Path
	}
	hash := m.hash(e.Page)
	m.countAll(m.admit(e, hash))
	if e.Status == 200 && e.Links != nil {
		m.declare(e.Page, hash, e.Links, e.Time.UnixMilli())
	}
}

// dayOf is the number of the day (UTC) of a time in ms since 1970.
func dayOf(ms int64) uint16 { return uint16(ms / (24 * 60 * 60 * 1000)) }

// admit does what a view needs the lock of the visitors for. It returns views whose time is up, to be counted without it. The unlocking is
// deferred since [Event.Held] is not ours, and may panic.
func (m *Model) admit(e *Event, hash uint64) [dueAtOnce]*view {
	now := e.Time.UnixMilli()
	vs := m.visitorsOf(e.Client)
	vs.mu.Lock()
	defer vs.mu.Unlock()
	vs.ballots.age(now, m.lim.revote)
	due := m.takeDue(vs, now)
	switch {
	case e.Status == 200:
		m.open(vs, e, hash, now)
	case e.Status != 304:
		m.fail(vs, e, hash)
	}
	return due
}

// dueAtOnce bounds how many views are counted in one call.
const dueAtOnce = 2

func (m *Model) takeDue(vs *visitors, now int64) (due [dueAtOnce]*view) {
	for i := range due {
		if due[i] = vs.due(now, m.lim.window); due[i] == nil {
			break
		}
	}
	return due
}

// countAll lets views vote. No lock is held but that of the shard voted in.
func (m *Model) countAll(due [dueAtOnce]*view) {
	for _, v := range due {
		if v == nil {
			return
		}
		for i := range v.n {
			ps := m.pagesOf(v.records[i].hash)
			ps.mu.Lock()
			ps.count(v, &v.records[i])
			ps.mu.Unlock()
		}
		m.changes.Add(1)
		v.free()
	}
}

// open begins a view if its client may vote on the page. The caller holds the lock of the visitors; those of pages come second, always.
func (m *Model) open(vs *visitors, e *Event, hash uint64, now int64) {
	x := vs.visitor(e.Client, now)
	tab := x.tab()
	if tab == nil || vs.open >= vs.openRoom {
		return
	}
	voter := mix(uint64(e.Client))
	if !vs.ballots.add(mix(voter^hash)) || !vs.may(x) {
		return
	}
	v := viewPool.Get().(*view)
	v.visitor, v.opened = x, now
	v.path = m.hash(e.Path)
	v.day = dayOf(now)
	v.bucket = 1 << (voter >> 58)
	for i := range e.Chosen {
		v.note(e.Chosen[i].hash, sent)
	}
	for i := range e.Sent {
		v.note(m.hash(e.Sent[i].Path), sent)
	}
	v.sent = len(e.Chosen)+len(e.Sent) > 0
	v.pushed = v.sent && e.ByPush
	if !m.join(vs, v, e, hash) {
		v.free()
		return
	}
	for level := range maxFamilies {
		m.joinKind(vs, v, e, voter, hash, level)
	}
	for _, other := range x.tabs { // what another tab has just fetched need not be asked for again
		if other == nil {
			continue
		}
		for _, h := range other.hits {
			v.note(h.hash, held)
		}
	}
	*tab = v
	vs.push(v)
}

// join enters a view on its page.
func (m *Model) join(vs *visitors, v *view, e *Event, hash uint64) bool {
	ps := m.pagesOf(hash)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.find(hash, e.Page)
	if p == nil {
		if vs.open >= vs.openRoom/2 {
			return false // the other half is for pages that are known
		}
		if p = ps.create(hash, strings.Clone(e.Page), false); p == nil {
			return false
		}
		ps.makeRoom()
	}
	if p.open >= maxOpen || p.evicted {
		return false
	}
	if p.seq > 0 && !p.born {
		m.inherit(ps, p)
	}
	p.open++
	ps.hush(p, v, e)
	v.records[0], v.n = ref{hash, p.key}, 1
	return true
}

// kindsOnce is how many kinds that were seen once a shard remembers.
const kindsOnce = 256

// joinKind enters a view on one of the kinds that its page belongs to, if the page and the client may vote there.
func (m *Model) joinKind(vs *visitors, v *view, e *Event, voter, member uint64, level int) {
	var room [MaxKey + 64]byte
	key, ok := familyKey(room[:0], e.Page, level)
	if !ok || len(key) > MaxKey {
		return
	}
	hash := m.hashBytes(key)
	ps := m.pagesOf(hash)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.byHash[hash]
	if p == nil {
		if !ps.once.again(hash, kindsOnce) {
			return
		}
		if p = ps.create(hash, string(key), true); p == nil {
			return
		}
		ps.makeRoom()
	}
	if p.evicted || p.kin == nil || p.open >= maxOpen || !p.kin.hear(member) || !vs.ballots.add(mix(voter^hash)) {
		return
	}
	p.open++
	ps.hush(p, v, e)
	v.records[v.n] = ref{hash, p.key}
	v.n++
}

// hush notes which of a page's candidates the client has no need to ask for.
func (ps *pages) hush(p *page, v *view, e *Event) {
	for i := range p.cands {
		c := &p.cands[i]
		if e.Held != nil && e.Held(c.asset.link.Path) || v.visitor.trail.has(c.hash) {
			v.note(c.hash, held)
		}
	}
}

// inherit gives a page that was visited before what its siblings vouch for: as much as a few views, so that its own soon outweigh it.
func (m *Model) inherit(ps *pages, p *page) {
	p.born = true
	if p.kin != nil {
		return
	}
	a := m.kindAnswer(p.key)
	if a == nil || a.state != stateReady {
		return
	}
	for i := range a.predictions {
		w := &a.predictions[i]
		hash := w.hash
		var c *candidate
		if j, ok := p.candidate(hash); ok {
			c = &p.cands[j]
		} else if c = ps.addCandidate(p, hash, w.Asset, w.Version); c == nil {
			return
		}
		c.used += inheritViews * w.Probability
		c.views += inheritViews
		c.flags |= isWanted | inherited
	}
	ps.account(p)
	ps.makeRoom()
}

// fail takes note of an answer that was no page. Only pages that are known are bothered with it.
func (m *Model) fail(vs *visitors, e *Event, hash uint64) {
	voter := mix(uint64(e.Client))
	failOn(m, vs, hash, e.Page, voter)
	for level := range maxFamilies {
		var room [MaxKey + 64]byte
		if key, ok := familyKey(room[:0], e.Page, level); ok {
			failOn(m, vs, m.hashBytes(key), key, voter)
		}
	}
}

func failOn[Key string | []byte](m *Model, vs *visitors, hash uint64, key Key, voter uint64) {
	ps := m.pagesOf(hash)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.byHash[hash]
	if p == nil || p.key != string(key) || !vs.ballots.add(mix(voter^hash+1)) {
		return
	}
	p.fails += failShare * (1 - p.fails)
	if p.answer != nil && p.answer.state != p.state() {
		ps.publish(p)
		ps.account(p)
	}
}
