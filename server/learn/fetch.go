package learn

import "github.com/cache-aware/casper/server/link"

// hit is an asset that a view asked for.
type hit struct {
	hash     uint64
	link     *link.Asset
	version  string
	order    uint8
	urgency  uint8
	fresh    bool
	destined bool // the browser said what it is for
}

// fetch adds an asset to the view that asked for it.
func (m *Model) fetch(f *Fetch, lost bool) {
	hash, path := m.hash(f.Asset.Path), m.hash(f.Path)
	via := uint64(0)
	if f.Via != "" {
		via = m.hash(f.Via)
	}
	now := f.Time.UnixMilli()
	vs := m.visitorsOf(f.Client)
	vs.mu.Lock()
	due := m.takeDue(vs, now)
	if x := vs.byClient[f.Client]; x != nil {
		if v := x.on(path, via); v != nil && now >= v.at && now-v.at < m.lim.window {
			m.hit(vs, x, v, f, hash, lost)
		}
	}
	vs.mu.Unlock()
	m.countAll(due)
}

func (m *Model) hit(vs *visitors, x *visitor, v *opened, f *Fetch, hash uint64, lost bool) {
	i, again := v.find(hash)
	if again || len(v.hits) >= m.lim.maxAssets {
		return
	}
	x.seen = f.Time.UnixMilli()
	known, version := m.shardOf(v.votes[0].hash).tell(&v.votes[0], hash, f, lost)
	if lost {
		return
	}
	if m.refuses(f) && vs.strangers < strangeRoom*vs.openRoom {
		n := v.refuse(hash, f)
		v.strangers += n
		vs.strangers += n
	}
	h := hit{
		hash: hash, link: known, version: version, order: v.asked, urgency: f.Urgency & 7,
		fresh: f.Reuse == ReuseStated, destined: f.Destined,
	}
	if !f.Prioritized {
		h.urgency = urgencyOf(f.Asset.As)
	}
	if known == nil || h.destined && !sameUse(known, &f.Asset) {
		if !m.learnable(f) || vs.strangers >= strangeRoom*vs.openRoom {
			return
		}
		h.link = ownCopy(&f.Asset)
		h.version = ownVersion(f.Version, version)
		v.strangers += linkCost(h.link)
		vs.strangers += linkCost(h.link)
	}
	v.asked = min(v.asked, 254) + 1
	x.trail.add(hash)
	v.hits = append(v.hits, hit{})
	copy(v.hits[i+1:], v.hits[i:])
	v.hits[i] = h
	for _, other := range x.tabs {
		if other != nil && other != v {
			other.note(hash, isHeld)
		}
	}
}

// Learns reports whether assets for a destination are learned; see [Config.Destinations].
func (m *Model) Learns(destination string) bool { return m.learned[destination] }

// learnable reports whether an asset that was not known may be learned: its destination is one
// of those that are, its answer may be reused by everybody for a stated time, and it is
// harmless in a Link.
func (m *Model) learnable(f *Fetch) bool {
	a := &f.Asset
	return m.learned[a.As] && f.Reuse == ReuseStated && a.Rel != link.Preconnect && a.Valid()
}

// tell takes note of what an answer says about an asset that is known to the page's shard, and
// returns what is known of it: its link and its version, the latter as the fetch has it. The
// link is nil if the asset is not known.
func (s *shard) tell(r *ref, hash uint64, f *Fetch, lost bool) (*link.Asset, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.assets[hash]
	if a == nil {
		return nil, ""
	}
	state := a.state
	switch {
	case lost:
		state = gone
	case f.unkept():
		state = unfit
	case f.Reuse == ReuseStated:
		state = fit
	}
	if state != a.state {
		a.state = state
		a.stamp++
		// Other pages notice with their next view.
		if p := s.find(r.hash, r.key); p != nil && p.answer != nil {
			if lost {
				p.doubt()
			}
			s.publish(p)
			s.account(p)
		}
	}
	return a.link, ownVersion(f.Version, a.version)
}
