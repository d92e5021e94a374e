package redisstore

import (
	"context"
	"hash/maphash"
	"math/rand/v2"
	"slices"

	"github.com/cache-aware/casper/server/learn/evidence"
)

// Merge reports evidence to the fleet, or keeps it until its turn. After an error nothing of
// these deltas is kept, so they can be given again.
func (s *Store) Merge(ctx context.Context, deltas []evidence.Delta) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, err := s.now(ctx)
	if err == nil {
		err = s.report(ctx, now.round, deltas)
	}
	return named(err)
}

// report sends what is due of the deltas and the queue, and queues the rest.
func (s *Store) report(ctx context.Context, round int64, deltas []evidence.Delta) error {
	due, later := s.plan(evidence.Combine(slices.Concat(s.queue, deltas)...), round)
	if err := s.send(ctx, round, due); err != nil {
		return err
	}
	if excess := len(later) - s.lim.maxQueue; excess > 0 {
		s.counts.dropped.Add(uint64(excess))
		later = later[:s.lim.maxQueue]
	}
	s.setQueue(slices.Clone(later))
	s.asked = round
	return nil
}

func (s *Store) setQueue(deltas []evidence.Delta) {
	s.queue = deltas
	s.counts.queued.Store(uint64(len(deltas)))
}

// plan parts deltas into those to send now, and the others by how much they deserve a place in
// the queue.
//
// What is new goes first: a page of which the fleet has heard little, or one with an asset it
// has not heard of. Among the rest it is the dice, not the content, that decide who has to
// wait, so that what is heard is a fair sample of what was seen.
func (s *Store) plan(deltas []evidence.Delta, round int64) (due, later []evidence.Delta) {
	var news, turn, others []evidence.Delta
	for _, d := range deltas {
		switch {
		case s.isNews(&d):
			news = append(news, d)
		case s.turnOf(d.Page) == uint64(round)%uint64(s.c.Turns):
			turn = append(turn, d)
		default:
			others = append(others, d)
		}
	}
	for _, list := range [][]evidence.Delta{news, turn, others} {
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	due = append(news, turn...)
	n := min(len(due), s.c.MaxPages)
	return due[:n], slices.Concat(due[n:], others)
}

// turnOf is the round, of so many, in which a well-known page is reported: all nodes in the
// same one, so that its records are written often but read once. FNV-1a, since all nodes have
// to agree.
func (s *Store) turnOf(page string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(page) {
		h = (h ^ uint64(page[i])) * 0x100000001b3
	}
	return (h ^ h>>32) % uint64(s.c.Turns)
}

func (s *Store) isNews(d *evidence.Delta) bool {
	if int(s.known[s.nameOf(fieldOf(d.Page, ""))]) < s.lim.known {
		return true
	}
	return slices.ContainsFunc(d.Assets, func(v evidence.Vote) bool {
		return s.known[s.nameOf(fieldOf(d.Page, v.Asset.Path))] == 0
	})
}

func (s *Store) nameOf(field string) uint64 { return maphash.String(s.seed, field) }

// heard notes that the fleet knows of a record.
func (s *Store) heard(e *entry) {
	if len(s.known) >= maxKnown {
		clear(s.known)
	}
	name := s.nameOf(e.field)
	s.known[name] = uint8(min(255, max(1, float64(s.known[name])+e.Views/1000)))
}

// send adds deltas to a round.
func (s *Store) send(ctx context.Context, round int64, deltas []evidence.Delta) error {
	var entries []entry
	for i := range deltas {
		entries = appendEntries(entries, &deltas[i])
	}
	if len(entries) == 0 {
		return nil
	}
	for old := range s.own {
		if old < round-roundsKept {
			delete(s.own, old)
		}
	}
	lifetime := s.settle() + (roundsKept+1)*s.c.Round
	b := bounds{lifetime: lifetime, fields: s.c.MaxRound}
	return s.add(ctx, b, []hashEntries{{s.k.round(round), entries}}, func(run []hashEntries, _ []int64, refused int64) {
		own := s.own[round]
		if own == nil {
			own = make(map[string]counts)
			s.own[round] = own
		}
		for _, h := range run {
			for i := range h.entries {
				e := &h.entries[i]
				s.heard(e)
				// A refused record is noted too. There is nothing to subtract it from: a round
				// that has no room for a field will not have it later.
				p := own[e.field]
				own[e.field] = counts{p.Used + e.Used, p.Views + e.Views, p.Held + e.Held}
			}
			s.counts.sent.Add(uint64(len(h.entries)))
		}
		s.counts.refused.Add(uint64(refused))
	})
}
