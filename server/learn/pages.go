package learn

import (
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/cache-aware/casper/server/internal/filename"
	"github.com/cache-aware/casper/server/link"
)

// pages is one shard of what is known of pages. Room is given by bytes, after S3-FIFO (Yang and others, SOSP 2023): what is new
// waits in a small queue and goes on to the large one only if it was visited again, so a flood of pages that are seen
// once passes through without touching those that matter.
type pages struct {
	mu     sync.Mutex
	m      *Model
	byHash map[uint64]*page
	assets map[uint64]*asset
	fresh  queue
	kept   queue
	paid   int
	room   int
	once   sightings // kinds seen once: a kind is worth its memory from the second member on
	answers
	tallies Stats
}

// queue holds pages in the order in which they came.
type queue struct {
	head, tail *page
	paid       int
}

func (q *queue) push(p *page) {
	p.prev, p.next = q.tail, nil
	if q.tail == nil {
		q.head = p
	} else {
		q.tail.next = p
	}
	q.tail = p
	q.paid += int(p.paid)
}

func (q *queue) remove(p *page) {
	if p.prev == nil {
		q.head = p.next
	} else {
		p.prev.next = p.next
	}
	if p.next == nil {
		q.tail = p.prev
	} else {
		p.next.prev = p.prev
	}
	p.prev, p.next = nil, nil
	q.paid -= int(p.paid)
}

const (
	freshShare    = 4  // a quarter of the room is for pages that have yet to prove themselves
	secondChances = 16 // pages moved rather than evicted in one go, so that no call takes long
	worthKeeping  = 2  // counted views that make a page worth keeping
	maxWorth      = 3
)

func (ps *pages) find(hash uint64, key string) *page {
	if p := ps.byHash[hash]; p != nil && p.key == key {
		return p
	}
	return nil
}

// create makes a page where there is none. Nil means that another page has the same 64-bit hash, and there it stays.
func (ps *pages) create(hash uint64, key string, kind bool) *page {
	if ps.byHash[hash] != nil {
		return nil
	}
	p := &page{key: key, hash: hash}
	if kind {
		p.kin = new(kin)
	}
	ps.byHash[hash] = p
	ps.fresh.push(p)
	ps.account(p)
	return p
}

// account brings the bytes up to date after a page changed.
func (ps *pages) account(p *page) {
	d := p.cost() - p.paid
	p.paid += d
	ps.paid += int(d)
	if p.kept {
		ps.kept.paid += int(d)
	} else {
		ps.fresh.paid += int(d)
	}
}

// makeRoom evicts until the shard is within its room, or has done enough for one call. It returns the pages' memory at once; a page
// under way is evicted like any other.
func (ps *pages) makeRoom() {
	chances := secondChances
	for ps.paid > ps.room {
		if p := ps.fresh.head; p != nil && (ps.fresh.paid > ps.room/freshShare || ps.kept.head == nil) {
			if p.worth >= worthKeeping && chances > 0 {
				chances--
				ps.fresh.remove(p)
				p.kept = true
				ps.kept.push(p)
				continue
			}
			ps.evict(p)
			continue
		}
		p := ps.kept.head
		if p == nil {
			return
		}
		if p.worth > 0 && chances > 0 {
			chances--
			p.worth--
			ps.kept.remove(p)
			ps.kept.push(p)
			continue
		}
		ps.evict(p)
	}
}

// evict forgets a page.
func (ps *pages) evict(p *page) {
	ps.tallies.Evicted++
	ps.forget(p)
}

func (ps *pages) forget(p *page) {
	if p.kept {
		ps.kept.remove(p)
	} else {
		ps.fresh.remove(p)
	}
	ps.paid -= int(p.paid)
	delete(ps.byHash, p.hash)
	for i := range p.cands {
		ps.release(p.cands[i].asset)
	}
	ps.replace(p.answer, nil)
	p.cands, p.answer, p.evicted = nil, nil, true
}

// intern returns the shard's entry for an asset, and holds on to it.
func (ps *pages) intern(hash uint64, l *link.Asset, version string) *asset {
	a := ps.assets[hash]
	if a == nil {
		a = &asset{hash: hash, link: l, version: version}
		if s := filename.Stem(l.Path); s != "" {
			a.stem = ps.m.hash(s)
		}
		ps.assets[hash] = a
		ps.bill(a)
	}
	a.refs++
	return a
}

func (ps *pages) release(a *asset) {
	if a.refs--; a.refs == 0 {
		delete(ps.assets, a.hash)
		ps.paid -= int(a.paid)
		a.paid = 0
	}
}

// bill brings the bytes up to date after an asset changed.
func (ps *pages) bill(a *asset) {
	cost := int32(int(unsafe.Sizeof(*a)) + linkCost(a.link) + len(a.version) + mapEntry)
	ps.paid += int(cost - a.paid)
	a.paid = cost
}

// linkCost is what a link occupies with its strings. Destinations and types are usually constants; they are counted all the same.
func linkCost(l *link.Asset) int {
	return int(unsafe.Sizeof(*l)) + len(l.Path) + len(l.As) + len(l.Type) + len(l.Integrity)
}

// addCandidate makes an asset a candidate, in the place of the weakest one where there is no room. It returns nil when all
// others are stronger.
func (ps *pages) addCandidate(p *page, hash uint64, l *link.Asset, version string) *candidate {
	if len(p.cands) >= ps.m.lim.maxAssets && !ps.dropWeakest(p) {
		return nil
	}
	i, _ := p.candidate(hash)
	if len(p.cands) == cap(p.cands) { // by a quarter rather than by half: memory is what is scarce
		p.cands = slices.Grow(p.cands, max(4, len(p.cands)/4))
	}
	p.cands = slices.Insert(p.cands, i, candidate{hash: hash, asset: ps.intern(hash, l, version), born: p.seq, urgency: unordered})
	return &p.cands[i]
}

// dropWeakest takes out the least likely candidate that is neither wanted nor vouched for.
func (ps *pages) dropWeakest(p *page) bool {
	weakest := -1
	for i := range p.cands {
		c := &p.cands[i]
		if c.flags&(isWanted|isLinked) != 0 {
			continue
		}
		if weakest < 0 || c.mean() < p.cands[weakest].mean() {
			weakest = i
		}
	}
	if weakest < 0 {
		return false
	}
	ps.release(p.cands[weakest].asset)
	p.cands = slices.Delete(p.cands, weakest, weakest+1)
	return true
}

// learn takes over what a request said about an asset: what it is for, by majority, and its validator, by the latest.
func (ps *pages) learn(a *asset, h *hit) {
	switch {
	case h.link == a.link || !h.destined || sameUse(h.link, a.link):
		a.trust = min(a.trust+1, 8)
	case a.trust > 0:
		a.trust--
	default:
		a.link = h.link
		a.stamp++
		ps.bill(a)
	}
	if h.fresh && a.state != fit {
		a.state = fit
		a.stamp++
	}
	if h.version != "" && h.version != a.version {
		a.version = strings.Clone(h.version)
		a.stamp++
		ps.bill(a)
	}
}

// sameUse reports whether a browser would take what one link preloads for what the other names.
func sameUse(a, b *link.Asset) bool {
	return a.CrossOrigin == b.CrossOrigin && (a.As == b.As || a.Rel == link.ModulePreload || b.Rel == link.ModulePreload)
}
