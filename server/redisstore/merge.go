package redisstore

import (
	"context"
	"errors"
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"strings"

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
	return s.named(err)
}

// report sends what is due of the deltas and the queue, and queues the rest.
func (s *Store) report(ctx context.Context, round int64, deltas []evidence.Delta) error {
	due, later := s.plan(evidence.Combine(slices.Concat(s.queue, deltas)...), round)
	if err := s.send(ctx, due); err != nil {
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
// What is new goes first: a page or an asset of which the fleet has heard little, and what pages
// link or link no more. Among the rest it is the dice, not the content, that decide who has to
// wait, so that what is heard is a fair sample of what was seen.
func (s *Store) plan(deltas []evidence.Delta, round int64) (due, later []evidence.Delta) {
	var news, turn, others []evidence.Delta
	for _, d := range deltas {
		switch {
		case s.isNews(&d, round):
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
	n := min(len(due), s.share(round, s.c.MaxPages))
	return due[:n], slices.Concat(due[n:], others)
}

// together is how many rounds make up the time in which well-known pages are reported once: in the
// first of them. A fleet that has no news has nothing to read in the others.
const together = 4

// slots returns how many rounds there are from one report of well-known pages to the next.
func (s *Store) slots() uint64 {
	if s.c.Turns > together && s.c.Turns%together == 0 {
		return together
	}
	return 1
}

// share is the part of a bound that holds for a round: all of it where well-known pages have
// their turn, and a quarter where there is only news.
func (s *Store) share(round int64, bound int) int {
	if uint64(round)%s.slots() == 0 {
		return bound
	}
	return max(1, bound/together)
}

// turnOf is the round, of so many, in which a well-known page is reported: all nodes in the
// same one, so that its records are written often but read once. FNV-1a, since all nodes have
// to agree.
func (s *Store) turnOf(page string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(page) {
		h = (h ^ uint64(page[i])) * 0x100000001b3
	}
	slots := s.slots()
	return (h ^ h>>32) % (uint64(s.c.Turns) / slots) * slots
}

// isNews reports whether a delta is to be told at once. A section helps with pages that nobody has seen
// yet: it is news only as long as the fleet has heard little of it, and waits until well-known pages
// have their turn.
func (s *Store) isNews(d *evidence.Delta, round int64) bool {
	if d.Sighting != (evidence.Sighting{}) {
		return true
	}
	fresh := func(asset string) bool { return int(s.known[s.nameOf(fieldOf(d.Page, asset))]) < s.lim.known }
	if strings.Contains(d.Page, "*") {
		return fresh("") && uint64(round)%s.slots() == 0
	}
	return fresh("") || slices.ContainsFunc(d.Assets, func(v evidence.Vote) bool { return v.LinkNews || fresh(v.Asset.Path) })
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

// send adds deltas to the round that is under way.
func (s *Store) send(ctx context.Context, deltas []evidence.Delta) error {
	var entries []entry
	for i := range deltas {
		entries = appendEntries(entries, &deltas[i])
	}
	for part := range slices.Chunk(entries, batch) {
		if err := s.sendPart(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// sendTries is how often records are sent until the clock of Redis agrees on the round.
const sendTries = 3

var errClock = errors.New("the clock of Redis does not stand still")

// sendPart adds so many records as fit into one run of the script.
func (s *Store) sendPart(ctx context.Context, entries []entry) error {
	for range sendTries {
		now, err := s.now(ctx)
		if err != nil {
			return err
		}
		b := bounds{lifetime: s.settle() + (roundsKept+1)*s.c.Round, fields: s.share(now.round, s.c.MaxRound)}
		at := roundAt{s.c.Round.Milliseconds(), now.round, s.k.index}
		a, err := s.run(ctx, b, at, []hashEntries{{s.k.round(now.round), entries}})
		if err != nil {
			return err
		}
		s.clock.set(a.now)
		if !a.over {
			s.sent(now.round, entries, a.refused)
			return nil
		}
	}
	return errClock
}

// sent notes what was added to a round.
func (s *Store) sent(round int64, entries []entry, refused int64) {
	for old := range s.own {
		if old < round-roundsKept {
			delete(s.own, old)
		}
	}
	own := s.own[round]
	if own == nil {
		own = make(map[string]counts)
		s.own[round] = own
	}
	for i := range entries {
		e := &entries[i]
		if !strings.HasPrefix(e.field, "#") {
			s.heard(e)
		}
		// A refused record is noted too. There is nothing to subtract it from: a round
		// that has no room for a field will not have it later.
		p := own[e.field]
		own[e.field] = counts{p.Used + e.Used, p.Views + e.Views, p.Held + e.Held}
	}
	s.list(round)
	s.counts.sent.Add(uint64(len(entries)))
	s.counts.refused.Add(uint64(refused))
}
