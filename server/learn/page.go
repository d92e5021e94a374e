package learn

import (
	"math"
	"unsafe"
)

// page is what is known of one page, or of one section of pages.
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
	doubtFrom uint32 // sequence number at which the present doubt began; 0 if there is none
	doubted   uint32 // when the last one began

	seenBy voters // whose views began on the day seenOn, until there are enough
	noted  voters // of those, whose sightings were shared
	seenOn uint16
	public bool // enough have seen it, or it came from where they had: it may be told; see tellable

	section  *section // nil for a page
	declared uint64   // what was last declared, as a hash
	renewed  int64    // when that last changed, ms: earlier views saw another version
	answer   *answer  // as published, nil if nothing is
	stamps   uint32   // of the assets in it
	born     bool     // has taken over what its sections vouch for
	unshared bool     // has candidates that are
	evicted  bool
	refused  *refusals // nil if none was

	prev, next *page // in a queue
	kept       bool  // which queue
	worth      uint8 // chances left if room is needed
	paid       int32 // bytes accounted
}

const (
	maxOpen     = 32   // views of one page under way at once; more would not teach more
	failShare   = 0.25 // how far each answer moves the share of failures
	failsFrom   = 0.4  // nothing is sent ahead from here
	failsUntil  = 0.2  // and again below here
	doubtViews  = 56   // how long a doubt lasts at most, in counted views
	doubtShare  = 0.25 // of them are sent nothing learned
	doubtEvery  = 64   // how far apart doubts are at least
	matureViews = 8    // views before which nothing can be doubted yet
)

// age lets evidence fade with time. The share of uses stays; its weight halves with every
// half-life. A step counts for one half-life at most and for none if the clock went back, so a
// clock that jumps by years costs no more than half of the weight.
func (p *page) age(now int64) {
	p.touched = now
	passed := float64(now - p.aged)
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

// see takes note of voters who saw the page on a day, and reports whether that is news. Voters of different
// days are not added up: a client is another one tomorrow, so one person would come to be many.
func (p *page) see(by voters, day uint16, l *limits) (news bool) {
	if p.public || day < p.seenOn || p.seenOn == day && p.seenBy|by == p.seenBy {
		return false
	}
	if day > p.seenOn {
		p.seenOn, p.seenBy, p.noted = day, 0, 0
	}
	p.seenBy |= by
	p.public = p.seenBy.len() >= l.minClients
	return true
}

// tellable reports whether the page may be written, shared and shown: as many clients as must
// have used an asset have seen it within a day, or it came from another model, which told it, or
// from the site itself. Any other page may be one person's own, and its name may say whose.
func (p *page) tellable(l *limits) bool { return p.public || l.minClients <= 1 }

// troubled reports whether the page has of late answered with something else than a page.
func (p *page) troubled() bool {
	if p.answer != nil && p.answer.state == stateTrouble {
		return p.fails >= failsUntil
	}
	return p.fails >= failsFrom
}

// doubt withholds what was learned from a quarter of the next views, so that they can tell what
// is still needed. What is sent cannot be judged, and a change (a new asset on a page that is
// well known, an asset gone) is when judgement is needed most.
func (p *page) doubt() {
	if p.doubtFrom == 0 && p.seq >= matureViews && (p.doubted == 0 || p.seq-p.doubted >= doubtEvery) {
		p.doubtFrom, p.doubted = p.seq, p.seq
	}
}

// endDoubt ends a doubt once it has lasted long enough, or every wanted asset has been used
// since it began.
func (p *page) endDoubt() {
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
	candidateCost = int(unsafe.Sizeof(candidate{}))
)

// cost is what the page occupies, its answer included.
func (p *page) cost() int32 {
	n := pageCost + len(p.key) + cap(p.cands)*candidateCost
	if p.section != nil {
		n += p.section.cost()
	}
	if p.answer != nil {
		n += p.answer.cost()
	}
	if p.refused != nil {
		n += p.refused.cost()
	}
	return int32(n)
}
