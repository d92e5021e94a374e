package learn

import (
	"iter"
	"slices"
)

// pagesAtOnce is how many pages are handled under one lock.
const pagesAtOnce = 16

// someAtATime yields all pages, a few of one shard at a time, without holding its lock.
// Whoever takes the lock has to look whether they are still there.
func (m *Model) someAtATime() iter.Seq2[*shard, []*page] {
	return func(yield func(*shard, []*page) bool) {
		for i := range m.shards {
			s := &m.shards[i]
			s.mu.Lock()
			all := make([]*page, 0, len(s.byHash))
			for _, q := range []*queue{&s.kept, &s.fresh} {
				for p := q.head; p != nil; p = p.next {
					all = append(all, p)
				}
			}
			s.mu.Unlock()
			for some := range slices.Chunk(all, pagesAtOnce) {
				if !yield(s, some) {
					return
				}
			}
		}
	}
}

// eachPage calls f for every page, under the lock of its shard, which is let go of after every
// few pages.
func (m *Model) eachPage(f func(*shard, *page)) {
	for s, some := range m.someAtATime() {
		s.mu.Lock()
		for _, p := range some {
			if !p.evicted {
				f(s, p)
			}
		}
		s.mu.Unlock()
	}
}

// change calls f for a page that is known, under the lock of its shard, and reports whether it
// is.
func (m *Model) change(page string, f func(*shard, *page)) bool {
	hash := m.hash(page)
	s := m.shardOf(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(hash, page)
	if p == nil {
		return false
	}
	f(s, p)
	m.changes.Add(1)
	return true
}

// Forget drops all that is known of a page and reports whether anything was. What its sections
// have learned from it stays.
func (m *Model) Forget(page string) bool { return m.change(page, (*shard).forget) }

// Clear drops all that was learned.
func (m *Model) Clear() {
	m.eachPage((*shard).forget)
	m.changes.Add(1)
}

// Renew takes the certainty from what is known of a page: its answer stays, each estimate
// stands, but a few views are now enough to change it. It reports whether the page is known.
func (m *Model) Renew(name string) bool {
	return m.change(name, func(s *shard, p *page) {
		for i := range p.cands {
			if c := &p.cands[i]; c.views > linkViews {
				c.scale(linkViews / c.views)
			}
		}
		p.doubted = 0
		p.doubt()
		if p.answer != nil {
			s.publish(p)
		}
		s.account(p)
	})
}

// Changes counts what has changed the model, so that a saver knows when there is something to
// save.
func (m *Model) Changes() uint64 { return m.changes.Load() }
