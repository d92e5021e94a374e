package learn

// voted remembers who has voted on what: two Bloom filters, one filled while the other is
// still asked. A vote is a hash of client and page, so nothing can be read out of it. A false
// "has voted" (about 2 % when full) costs one view of evidence.
type voted struct {
	now, before []uint64 // of equal length, a power of two
	votes, full int      // in now; how many fit
	since       int64    // when now was begun, ms
	turn        uint32   // how often they were exchanged
}

// bitsPerVote with four probes gives 2.4 % false positives.
const bitsPerVote = 8

func newVoted(bytes int) voted {
	words := 16
	for words*2*8*2 <= bytes {
		words *= 2
	}
	return voted{now: make([]uint64, words), before: make([]uint64, words), full: words * 64 / bitsPerVote}
}

// add records a vote and reports whether it is a new one.
func (b *voted) add(vote uint64) bool {
	if probe(b.before, vote) || probe(b.now, vote) {
		return false
	}
	step := vote>>32 | 1
	for i := uint64(0); i < 4; i++ {
		n := vote + i*step
		b.now[n>>6&uint64(len(b.now)-1)] |= 1 << (n & 63)
	}
	b.votes++
	return true
}

func probe(filter []uint64, vote uint64) bool {
	step := vote>>32 | 1
	for i := uint64(0); i < 4; i++ {
		n := vote + i*step
		if filter[n>>6&uint64(len(filter)-1)]&(1<<(n&63)) == 0 {
			return false
		}
	}
	return true
}

// age exchanges the filters when the present one is full or half of the waiting time has
// passed, so that a vote is remembered for between half the waiting time and all of it; busy
// servers forget a little sooner. After a clock that went backwards it begins anew from there.
func (b *voted) age(now int64) {
	if now < b.since || b.since == 0 {
		b.since = now
	}
	if b.votes < b.full && now-b.since < revote/2 {
		return
	}
	b.now, b.before = b.before, b.now
	clear(b.now)
	b.votes, b.since = 0, now
	b.turn++
}
