package learn

import "sync"

// shard is a part of what is known of pages. Room is given by bytes, after S3-FIFO (Yang and
// others, SOSP 2023): what is new waits in a small queue and goes on to the large one only if
// it was visited again, so a flood of pages that are seen once passes through without touching
// those that matter.
type shard struct {
	mu     sync.Mutex
	m      *Model
	byHash map[uint64]*page
	assets map[uint64]*asset
	fresh  queue
	kept   queue
	paid   int
	room   int
	once   sightings // sections seen once: a section is worth its memory from the second member on
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

// queueOf returns the queue that a page is in.
func (s *shard) queueOf(p *page) *queue {
	if p.kept {
		return &s.kept
	}
	return &s.fresh
}

const (
	freshShare    = 4  // a quarter of the room is for pages that have yet to prove themselves
	secondChances = 16 // pages moved rather than evicted in one go, so that no call takes long
	worthKeeping  = 2  // counted views that make a page worth keeping
	maxWorth      = 3
)

func (s *shard) find(hash uint64, key string) *page {
	if p := s.byHash[hash]; p != nil && p.key == key {
		return p
	}
	return nil
}

// create makes a page where there is none. Nil means that another page has the same 64-bit hash;
// that one stays.
func (s *shard) create(hash uint64, key string, of *section) *page {
	if s.byHash[hash] != nil {
		return nil
	}
	p := &page{key: key, hash: hash, section: of}
	s.byHash[hash] = p
	s.fresh.push(p)
	s.account(p)
	return p
}

// account brings the bytes up to date after a page changed.
func (s *shard) account(p *page) {
	d := p.cost() - p.paid
	p.paid += d
	s.paid += int(d)
	s.queueOf(p).paid += int(d)
}

// makeRoom evicts until the shard is within its room, or has done enough for one call. It
// returns the pages' memory at once; a page under way is evicted like any other.
func (s *shard) makeRoom() {
	chances := secondChances
	for s.paid > s.room {
		if p := s.fresh.head; p != nil && (s.fresh.paid > s.room/freshShare || s.kept.head == nil) {
			if p.worth >= worthKeeping && chances > 0 {
				chances--
				s.fresh.remove(p)
				p.kept = true
				s.kept.push(p)
				continue
			}
			s.evict(p)
			continue
		}
		p := s.kept.head
		if p == nil {
			return
		}
		if p.worth > 0 && chances > 0 {
			chances--
			p.worth--
			s.kept.remove(p)
			s.kept.push(p)
			continue
		}
		s.evict(p)
	}
}

// evict forgets a page for want of room.
func (s *shard) evict(p *page) {
	s.tallies.Evicted++
	s.forget(p)
}

func (s *shard) forget(p *page) {
	s.queueOf(p).remove(p)
	s.paid -= int(p.paid)
	delete(s.byHash, p.hash)
	for i := range p.cands {
		s.release(p.cands[i].asset)
	}
	s.answers.replace(p.answer, nil)
	p.cands, p.answer, p.evicted = nil, nil, true
}
