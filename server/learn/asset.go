package learn

import (
	"cmp"
	"slices"
	"strings"
	"unsafe"

	"github.com/cache-aware/casper/server/internal/filename"
	"github.com/cache-aware/casper/server/link"
)

// asset is a path that some page of a shard is known to ask for, once for all of them.
type asset struct {
	hash    uint64
	stem    uint64      // of the name without its version; 0 if the name carries none
	link    *link.Asset // never changed once set: answers that were given out share it
	version string
	refs    int32
	trust   int8 // how far ahead the present attributes are (Boyer and Moore's majority vote)
	state   fitness
	stamp   uint32 // changes with everything that an answer says about the asset
	paid    int32  // bytes accounted
}

// fitness is whether an asset may be sent at all.
type fitness uint8

const (
	fit   fitness = iota
	unfit         // its answers may not be reused, or not by others
	gone          // its last answer was 404 or 410
)

// candidate is an asset as one page sees it. 72 bytes.
type candidate struct {
	hash  uint64
	asset *asset
	tally
	pro, against  voters // of the day
	born, lastUse uint32 // sequence numbers of the page's views
	run           float32
	day           uint16
	newUsed       uint16 // not yet flushed, in eighths of a view
	newViews      uint16
	newHeld       uint16
	order         uint8 // position among the requests of a view, a decayed mean, up to 127, in halves
	urgency       uint8 // RFC 9218's, a decayed mean, in 32nds
	told          uint8 // the probability that was last published, in 255ths
	flags         candidateFlags
}

type candidateFlags uint8

const (
	isWanted    candidateFlags = 1 << iota
	isLinked                   // the page's own answers link it, for everybody
	isInherited                // only its sections have vouched for it
	isReplaced                 // a newer version of it is in use
	isUnshared                 // the fleet has yet to hear what was declared of it
)

func (c *candidate) wanted() bool { return c.flags&isWanted != 0 }

func (c *candidate) linked() bool { return c.flags&isLinked != 0 }

// sendable reports whether the asset goes into the page's answer.
func (c *candidate) sendable() bool { return c.wanted() && c.asset.state == fit }

// unordered is the urgency of what no view has asked for yet.
const unordered = 255

// place takes over where among the assets a view asked for this one, in the units of the fields:
// the first sighting sets it, later ones pull.
func (c *candidate) place(order, urgency uint8) {
	if c.urgency == unordered {
		c.order, c.urgency = order, urgency
		return
	}
	c.order, c.urgency = drift(c.order, order), drift(c.urgency, urgency)
}

// drift moves a decayed mean an eighth of the way, and at least one step, to a new value.
func drift(mean, value uint8) uint8 {
	d := int(value) - int(mean)
	step := d / 8
	if step == 0 && d != 0 {
		step = d / max(d, -d)
	}
	return uint8(int(mean) + step)
}

// candidate returns where an asset is, or would be, among the candidates of a page.
func (p *page) candidate(hash uint64) (at int, found bool) {
	return slices.BinarySearchFunc(p.cands, hash, func(c candidate, hash uint64) int {
		return cmp.Compare(c.hash, hash)
	})
}

// addCandidate makes an asset a candidate, in the place of the weakest one if there is no
// room. It returns nil if all others are stronger.
func (s *shard) addCandidate(p *page, hash uint64, l *link.Asset, version string) *candidate {
	if len(p.cands) >= s.m.lim.maxAssets && !s.dropWeakest(p) {
		return nil
	}
	i, _ := p.candidate(hash)
	if len(p.cands) == cap(p.cands) { // by a quarter rather than by half: memory is what is scarce
		p.cands = slices.Grow(p.cands, max(4, len(p.cands)/4))
	}
	c := candidate{hash: hash, asset: s.intern(hash, l, version), born: p.seq, urgency: unordered}
	p.cands = slices.Insert(p.cands, i, c)
	return &p.cands[i]
}

// dropWeakest takes out the least likely candidate that is neither wanted nor linked.
func (s *shard) dropWeakest(p *page) bool {
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
	s.release(p.cands[weakest].asset)
	p.cands = slices.Delete(p.cands, weakest, weakest+1)
	return true
}

// keepCandidates forgets the candidates of a page that are not to be kept.
func (s *shard) keepCandidates(p *page, keep func(*candidate) bool) {
	kept := 0
	for i := range p.cands {
		if c := &p.cands[i]; keep(c) {
			p.cands[kept] = *c
			kept++
		} else {
			s.release(c.asset)
		}
	}
	clear(p.cands[kept:])
	p.cands = p.cands[:kept]
}

// intern returns the shard's entry for an asset, and holds on to it.
func (s *shard) intern(hash uint64, l *link.Asset, version string) *asset {
	a := s.assets[hash]
	if a == nil {
		a = &asset{hash: hash, link: l, version: version}
		if stem := filename.Stem(l.Path); stem != "" {
			a.stem = s.m.hash(stem)
		}
		s.assets[hash] = a
		s.bill(a)
	}
	a.refs++
	return a
}

func (s *shard) release(a *asset) {
	if a.refs--; a.refs == 0 {
		delete(s.assets, a.hash)
		s.paid -= int(a.paid)
		a.paid = 0
	}
}

// bill brings the bytes up to date after an asset changed.
func (s *shard) bill(a *asset) {
	cost := int32(int(unsafe.Sizeof(*a)) + linkCost(a.link) + len(a.version) + mapEntry)
	s.paid += int(cost - a.paid)
	a.paid = cost
}

// linkCost is what a link occupies with its strings. Destinations and types are usually
// constants; they are counted all the same.
func linkCost(l *link.Asset) int {
	return int(unsafe.Sizeof(*l)) + len(l.Path) + len(l.As) + len(l.Type) + len(l.Integrity)
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

// ownVersion returns a validator without keeping the request's memory: the known one, if it is
// that.
func ownVersion(version, known string) string {
	switch {
	case len(version) > maxVersion:
		return ""
	case version == known:
		return known
	}
	return strings.Clone(version)
}

// update takes over what a request said about an asset: what it is for, by majority, and its
// validator, by the latest.
func (s *shard) update(a *asset, h *hit) {
	switch {
	case h.link == a.link || !h.destined || sameUse(h.link, a.link):
		a.trust = min(a.trust+1, 8)
	case a.trust > 0:
		a.trust--
	default:
		a.link = h.link
		a.stamp++
		s.bill(a)
	}
	if h.fresh && a.state != fit {
		a.state = fit
		a.stamp++
	}
	if h.version != "" && h.version != a.version {
		a.version = strings.Clone(h.version)
		a.stamp++
		s.bill(a)
	}
}

// sameUse reports whether a browser would take what one link preloads for what the other names.
func sameUse(a, b *link.Asset) bool {
	module := a.Rel == link.ModulePreload || b.Rel == link.ModulePreload
	return a.CrossOrigin == b.CrossOrigin && (a.As == b.As || module)
}
