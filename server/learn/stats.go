package learn

// Stats are counters since the model was made, and what it holds now.
type Stats struct {
	Views    uint64 `json:"views"`    // views counted
	Promoted uint64 `json:"promoted"` // assets that became wanted
	Demoted  uint64 `json:"demoted"`  // assets that no longer are
	Evicted  uint64 `json:"evicted"`  // pages given up for want of room

	// Right, Wrong and Missed count assets over the views that nothing was sent ahead of: wanted and asked for; wanted, not asked for and
	// not held; asked for and not wanted. They are the honest measure of what the model is worth.
	Right  uint64 `json:"right"`
	Wrong  uint64 `json:"wrong"`
	Missed uint64 `json:"missed"`

	Pages  int `json:"pages"`  // pages known
	Kinds  int `json:"kinds"`  // kinds of pages known
	Assets int `json:"assets"` // different assets known, once for each shard that knows them
	Bytes  int `json:"bytes"`  // memory accounted for pages, of which [Config.Bytes] leaves room for half
	Room   int `json:"room"`   // that half
}

// Precision is the share of the wanted assets that views without help asked for. 1 when there were none.
func (s *Stats) Precision() float64 { return share(s.Right, s.Wrong) }

// Recall is the share of the assets asked for that were wanted, optional ones included. 1 when there were none.
func (s *Stats) Recall() float64 { return share(s.Right, s.Missed) }

func share(of, other uint64) float64 {
	if of+other == 0 {
		return 1
	}
	return float64(of) / float64(of+other)
}

// score adds an asset of a view that nothing was sent ahead of.
func (s *Stats) score(wanted, asked, held bool) {
	switch {
	case wanted && asked:
		s.Right++
	case wanted && !held:
		s.Wrong++
	case asked:
		s.Missed++
	}
}

// Stats returns the counters. Shards are read one after the other.
func (m *Model) Stats() Stats {
	var sum Stats
	for i := range m.pages {
		ps := &m.pages[i]
		ps.mu.Lock()
		t := ps.tallies
		t.Pages, t.Assets, t.Bytes, t.Room = len(ps.byHash), len(ps.assets), ps.paid, ps.room
		for p := ps.fresh.head; p != nil; p = p.next {
			if p.kin != nil {
				t.Kinds++
			}
		}
		for p := ps.kept.head; p != nil; p = p.next {
			if p.kin != nil {
				t.Kinds++
			}
		}
		ps.mu.Unlock()
		sum.Views += t.Views
		sum.Promoted += t.Promoted
		sum.Demoted += t.Demoted
		sum.Evicted += t.Evicted
		sum.Right += t.Right
		sum.Wrong += t.Wrong
		sum.Missed += t.Missed
		sum.Pages += t.Pages - t.Kinds
		sum.Kinds += t.Kinds
		sum.Assets += t.Assets
		sum.Bytes += t.Bytes
		sum.Room += t.Room
	}
	return sum
}
