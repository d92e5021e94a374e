package learn

import (
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// fetch adds an asset to the view that asked for it.
func (m *Model) fetch(e *Event) {
	lost := e.Status == 404 || e.Status == 410
	if !lost && e.Status != 200 && e.Status != 304 || len(e.Asset.Path) > MaxPath {
		return
	}
	hash, path := m.hash(e.Asset.Path), m.hash(e.Path)
	via := uint64(0)
	if e.Via != "" {
		via = m.hash(e.Via)
	}
	now := e.Time.UnixMilli()
	vs := m.visitorsOf(e.Client)
	vs.mu.Lock()
	due := m.takeDue(vs, now)
	if x := vs.byClient[e.Client]; x != nil {
		m.fetched(vs, x, e, now, hash, path, via, lost)
	}
	vs.mu.Unlock()
	m.countAll(due)
}

func (m *Model) fetched(vs *visitors, x *visitor, e *Event, now int64, hash, path, via uint64, lost bool) {
	v := x.on(path, via)
	if v == nil || now < v.opened || now-v.opened >= m.lim.window {
		return
	}
	i, ok := v.find(hash)
	if ok || len(v.hits) >= m.lim.maxAssets {
		return
	}
	x.seen = now
	ps := m.pagesOf(v.records[0].hash)
	known, version := ps.tell(&v.records[0], hash, e, lost)
	if lost {
		return
	}
	h := hit{hash: hash, link: known, version: version, order: v.asked, urgency: e.Urgency & 7}
	h.fresh, h.destined = e.Flags&Fresh != 0, e.Flags&Destined != 0
	if !e.Prioritized {
		h.urgency = urgencyOf(e.Asset.As)
	}
	if known == nil || h.destined && !sameUse(known, &e.Asset) {
		if !m.worthy(e) || vs.strangers >= strangeRoom*vs.openRoom {
			return
		}
		h.link = ownCopy(&e.Asset)
		h.version = ownVersion(e, version)
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
			other.note(hash, held)
		}
	}
}

// worthy reports whether an asset that was not known may be learned: of a kind that is, for everybody, reusable for a stated time, and
// harmless in a Link.
func (m *Model) worthy(e *Event) bool {
	return m.Learns(e.Asset.As) && e.Flags&(Private|Unfit|Fresh) == Fresh && e.Asset.Rel != link.Preconnect && e.Asset.Valid()
}

// ownCopy returns a copy of an asset that shares no memory with the request it came from.
func ownCopy(a *link.Asset) *link.Asset {
	c := *a
	c.Path = strings.Clone(a.Path)
	c.As = strings.Clone(a.As)
	c.Type = strings.Clone(a.Type)
	c.FetchPriority, c.Integrity = strings.Clone(a.FetchPriority), strings.Clone(a.Integrity)
	return &c
}

// maxVersion bounds the validators that are kept, in bytes.
const maxVersion = 128

// tell takes note of what the answer says about an asset that is known to the page's shard, and returns what is known of it: its link and
// its version, the latter as the event has it. The link is nil when the asset is not known.
func (ps *pages) tell(r *ref, hash uint64, e *Event, lost bool) (*link.Asset, string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	a := ps.assets[hash]
	if a == nil {
		return nil, ""
	}
	state := a.state
	switch {
	case lost:
		state = gone
	case e.Flags&Unfit != 0:
		state = unfit
	case e.Flags&Fresh != 0:
		state = fit
	}
	if state != a.state {
		a.state = state
		a.stamp++
		if p := ps.find(r.hash, r.key); p != nil && p.answer != nil { // the other pages that use it notice with their next view
			if lost {
				p.doubt()
			}
			ps.publish(p)
			ps.account(p)
		}
	}
	return a.link, ownVersion(e, a.version)
}

// ownVersion returns the event's version without keeping the request's memory: as the known one, where it is that.
func ownVersion(e *Event, known string) string {
	switch {
	case len(e.Version) > maxVersion:
		return ""
	case e.Version == known:
		return known
	}
	return strings.Clone(e.Version)
}

// Learns reports whether assets for a destination are learned; see [Config.Destinations].
func (m *Model) Learns(destination string) bool { return m.learned[destination] }
