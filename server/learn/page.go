package learn

import (
	"math"
	"math/bits"
	"slices"
	"unsafe"
)

// page is what is known of one page, or of one kind of pages.
type page struct {
	key   string
	hash  uint64
	cands []candidate // by hash

	seq     uint32  // views counted
	touched int64   // last counted view or news of a declaration, ms
	aged    int64   // until when its evidence has faded, ms
	fails   float32 // share of late answers that were no page: redirects, errors
	cold    float32 // late views whose clients held nothing of it
	newSeen uint16  // views not yet flushed, in eighths

	open      uint16 // views under way
	doubtFrom uint32 // sequence number at which the present doubt began; 0 when there is none
	doubted   uint32 // when the last one began

	kin      *kin    // of a kind, nil for a page
	declared uint64  // what was last declared, as a hash
	answer   *answer // as published, nil when nothing is
	stamps   uint32  // of the assets in it
	born     bool    // has taken over what its siblings vouch for
	unshared bool    // has candidates that are

	prev, next *page // in a queue
	kept       bool  // which queue
	worth      uint8 // chances left when room is needed
	paid       int32 // bytes accounted
	evicted    bool
}

// kin is what a kind knows of its members.
type kin struct {
	voted   uint64             // members that voted in this round, in buckets
	round   uint8              // votes in this round
	ever    uint64             // members that voted in any round, in buckets
	first   [minMembers]uint64 // the first members: buckets cannot tell two in one of them
	members uint8              // different members so far, at least

	// once are assets seen once: only the second sighting makes a candidate of a kind, so
	// that the pictures of each member do not. Two of the largest views fit, so that whatever
	// is in the one is still known at the end of the other.
	once sightings
}

// A kind hears each member once in a round: how often a page is visited says nothing about how its siblings are built.
const (
	roundVotes = 32
	minMembers = 3 // before a kind is believed
)

// hear reports whether a member may vote now.
func (k *kin) hear(member uint64) bool {
	k.meet(member)
	if k.round >= roundVotes {
		k.voted, k.round = 0, 0
	}
	bit := uint64(1) << (member >> 58)
	if k.voted&bit != 0 {
		k.round++ // so that a small family comes to an end of its rounds too
		return false
	}
	k.voted |= bit
	k.round++
	k.ever |= bit
	k.members = max(k.members, uint8(bits.OnesCount64(k.ever)))
	return true
}

// meet counts a member exactly, as long as the number decides whether the kind is believed.
func (k *kin) meet(member uint64) {
	if k.members >= minMembers {
		return
	}
	for i, m := range k.first {
		if m == member {
			return
		}
		if m == 0 {
			k.first[i] = member
			k.members = max(k.members, uint8(i+1))
			return
		}
	}
}

const (
	maxOpen     = 32   // views of one page under way at once; more would not teach more
	failShare   = 0.25 // how far each answer moves the share of failures
	failsFrom   = 0.4  // nothing is sent ahead from here
	failsUntil  = 0.2  // and again below here
	doubtViews  = 10   // how long a doubt lasts at most, in counted views
	doubtEvery  = 64   // how far apart doubts are at least
	matureViews = 8    // views before which nothing can be doubted yet
)

// candidate returns where an asset is, or would be, among the candidates.
func (p *page) candidate(hash uint64) (int, bool) {
	return slices.BinarySearchFunc(p.cands, hash, func(c candidate, hash uint64) int {
		switch {
		case c.hash < hash:
			return -1
		case c.hash > hash:
			return 1
		}
		return 0
	})
}

// age lets evidence fade with time. The share of uses stays; its weight halves with every half-life. A step counts for one half-life at most
// and for none when the clock went back, so a clock that jumps by years costs no more than half of the weight.
func (p *page) age(now int64, l *limits) {
	p.touched = now
	passed, halfLife := float64(now-p.aged), float64(l.halfLife.Milliseconds())
	if passed < 0 || p.aged == 0 {
		p.aged = now
		return
	}
	if passed < halfLife/256 {
		return
	}
	p.aged = now
	fade := float32(math.Exp2(-min(1, passed/halfLife)))
	for i := range p.cands {
		p.cands[i].scale(fade)
	}
}

// troubled reports whether the page has of late answered with something else than a page.
func (p *page) troubled() bool {
	if p.answer != nil && p.answer.state == stateTrouble {
		return p.fails >= failsUntil
	}
	return p.fails >= failsFrom
}

// doubt withholds everything for some views, so that they can tell what is still needed. What is sent cannot be judged, and a change
// (a new asset on a settled page, an asset gone) is when judgement is needed most.
func (p *page) doubt() {
	if p.doubtFrom == 0 && p.seq >= matureViews && (p.doubted == 0 || p.seq-p.doubted >= doubtEvery) {
		p.doubtFrom, p.doubted = p.seq, p.seq
	}
}

// settle ends a doubt when it has lasted long enough, or every wanted asset has been used since it began.
func (p *page) settle() {
	if p.doubtFrom == 0 || p.seq-p.doubtFrom >= doubtViews {
		p.doubtFrom = 0
		return
	}
	for i := range p.cands {
		if c := &p.cands[i]; c.sendable() && c.lastUse <= p.doubtFrom {
			return
		}
	}
	p.doubtFrom = 0
}

// Sizes for the account of memory.
const (
	pageCost      = int(unsafe.Sizeof(page{})) + mapEntry
	kinCost       = int(unsafe.Sizeof(kin{}))
	candidateCost = int(unsafe.Sizeof(candidate{}))
)

// cost is what the page occupies, its answer included.
func (p *page) cost() int32 {
	n := pageCost + len(p.key) + cap(p.cands)*candidateCost
	if p.kin != nil {
		n += kinCost + p.kin.once.cost()
	}
	if p.answer != nil {
		n += p.answer.cost()
	}
	return int32(n)
}
