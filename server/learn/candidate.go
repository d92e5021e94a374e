package learn

import (
	"github.com/cache-aware/casper/server/link"
)

// asset is a path that some page of a shard is known to ask for, once for all of them.
type asset struct {
	hash    uint64
	stem    uint64      // of the name without its version; 0 when the name carries none
	link    *link.Asset // never changed once set: answers that were given out share it
	version string
	refs    int32
	trust   int8 // how far ahead the present attributes are of others (Boyer and Moore's majority vote)
	state   fitness
	stamp   uint32 // changes with everything that an answer says about the asset
	paid    int32  // bytes accounted
}

// fitness is whether an asset may be sent at all.
type fitness uint8

const (
	fit   fitness = iota
	unfit         // its answers may not be reused, or are meant for one client
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
	isWanted  candidateFlags = 1 << iota
	isLinked                 // the page's own answers link it, for everybody
	inherited                // only its siblings have vouched for it
	replaced                 // a newer version of it is in use
	unshared                 // the fleet has yet to hear what was declared of it
)

func (c *candidate) wanted() bool { return c.flags&isWanted != 0 }

// sendable reports whether the asset goes into the page's answer.
func (c *candidate) sendable() bool { return c.wanted() && c.asset.state == fit }

// today forgets the voters of another day: who is to be believed must find enough of them within one.
func (c *candidate) today(day uint16) {
	if c.day != day {
		c.day, c.pro, c.against = day, 0, 0
	}
}

// use counts a view that asked for the asset.
func (c *candidate) use(v *view, h *hit, p *page, weight float32, l *limits) {
	c.makeRoom(weight, l.memory)
	c.used += weight
	c.views += weight
	c.newUsed = addEighths(c.newUsed, weight)
	c.newViews = addEighths(c.newViews, weight)
	c.pro |= v.bucket
	c.run = 0
	c.lastUse = p.seq
	c.flags &^= inherited | replaced
	if c.urgency == unordered { // the first sighting sets, later ones pull
		c.order, c.urgency = min(h.order, 127)*2, h.urgency*32
		return
	}
	c.order = drift(c.order, min(h.order, 127)*2)
	c.urgency = drift(c.urgency, h.urgency*32)
}

// miss counts a view that could have asked for the asset and did not.
func (c *candidate) miss(v *view, weight float32, l *limits) {
	c.makeRoom(weight, l.memory)
	c.views += weight
	c.newViews = addEighths(c.newViews, weight)
	c.against |= v.bucket
	c.run += weight
}

// hold counts a view whose client has the asset and so had no need to ask: for the asset, not against it. It does not end a run of
// misses, so a deleted file dies even while many still hold it.
func (c *candidate) hold(v *view, weight float32, l *limits) {
	c.makeRoom(weight, l.memory)
	c.held += weight
	c.newHeld = addEighths(c.newHeld, weight)
	c.pro |= v.bucket
}

// unordered is the urgency of what no view has asked for yet.
const unordered = 255

// addEighths adds a weight to a count in eighths, up to its maximum.
func addEighths(n uint16, weight float32) uint16 {
	return uint16(min(uint32(n)+uint32(weight*8), 1<<16-1))
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
