package learn

import (
	"iter"
	"slices"
)

// pagesAtOnce is how many pages are handled under one lock.
const pagesAtOnce = 16

// someAtATime yields all pages, a few of one shard at a time, without holding its lock. Who takes it has to look whether they still
// are there.
func (m *Model) someAtATime() iter.Seq2[*pages, []*page] {
	return func(yield func(*pages, []*page) bool) {
		for i := range m.pages {
			ps := &m.pages[i]
			ps.mu.Lock()
			all := make([]*page, 0, len(ps.byHash))
			for _, q := range []*queue{&ps.kept, &ps.fresh} {
				for p := q.head; p != nil; p = p.next {
					all = append(all, p)
				}
			}
			ps.mu.Unlock()
			for some := range slices.Chunk(all, pagesAtOnce) {
				if !yield(ps, some) {
					return
				}
			}
		}
	}
}

// eachPage calls f for every page, under the lock of its shard, which is let go of after every few pages.
func (m *Model) eachPage(f func(*pages, *page)) {
	for ps, some := range m.someAtATime() {
		ps.mu.Lock()
		for _, p := range some {
			if !p.evicted {
				f(ps, p)
			}
		}
		ps.mu.Unlock()
	}
}

// Forget drops all that is known of a page and reports whether anything was. What its kind has learned from it stays.
func (m *Model) Forget(page string) bool {
	hash := m.hash(page)
	ps := m.pagesOf(hash)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.find(hash, page)
	if p == nil {
		return false
	}
	ps.forget(p)
	m.changes.Add(1)
	return true
}

// Clear drops all that was learned. Rules stay.
func (m *Model) Clear() {
	m.eachPage(func(ps *pages, p *page) { ps.forget(p) })
	m.changes.Add(1)
}

// Renew takes the certainty from what is known of a page: its answer stays, each estimate stands, but a few views are now enough to change it.
// It reports whether the page is known.
func (m *Model) Renew(page string) bool {
	hash := m.hash(page)
	ps := m.pagesOf(hash)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.find(hash, page)
	if p == nil {
		return false
	}
	for i := range p.cands {
		if c := &p.cands[i]; c.views > linkViews {
			c.scale(linkViews / c.views)
		}
	}
	p.doubted = 0
	p.doubt()
	if p.answer != nil {
		ps.publish(p)
	}
	ps.account(p)
	m.changes.Add(1)
	return true
}

// Changes counts what has changed the model, so that a saver knows when there is something to save.
func (m *Model) Changes() uint64 { return m.changes.Load() }
