package learn

// Stats are counters since the model was made, and what it holds now.
type Stats struct {
	Views    uint64 `json:"views"`    // views counted
	Promoted uint64 `json:"promoted"` // assets that became wanted
	Demoted  uint64 `json:"demoted"`  // assets that no longer are
	Evicted  uint64 `json:"evicted"`  // pages given up for want of room
	Dropped  uint64 `json:"dropped"`  // events that [Model.Drop] was told of

	// Right, Wrong and Missed count assets over the views that nothing was sent ahead of:
	// wanted and asked for; wanted, not asked for and not held; asked for and not wanted. They
	// are the honest measure of what the model is worth.
	Right  uint64 `json:"right"`
	Wrong  uint64 `json:"wrong"`
	Missed uint64 `json:"missed"`

	Pages    int `json:"pages"`  // pages known
	Sections int `json:"kinds"`  // sections known; the name in JSON is an old one
	Assets   int `json:"assets"` // different assets known, once for each shard that knows them
	Bytes    int `json:"bytes"`  // memory accounted for pages, for which [Config.Bytes] leaves one half
	Room     int `json:"room"`   // that half
}

// Precision is the share of the wanted assets that views without help asked for. 1 when there
// were none.
func (s *Stats) Precision() float64 { return share(s.Right, s.Wrong) }

// Recall is the share of the assets asked for that were wanted, optional ones included. 1 when
// there were none.
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

// Drop counts a view or a fetch that a program could not tell the model of, since too many waited.
func (m *Model) Drop() { m.dropped.Add(1) }

// Stats returns the counters. Shards are read one after the other.
func (m *Model) Stats() Stats {
	var sum Stats
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		t, sections := s.tallies, 0
		for _, p := range s.byHash {
			if p.section != nil {
				sections++
			}
		}
		sum.Pages += len(s.byHash) - sections
		sum.Sections += sections
		sum.Assets += len(s.assets)
		sum.Bytes += s.paid
		sum.Room += s.room
		s.mu.Unlock()
		sum.Views += t.Views
		sum.Promoted += t.Promoted
		sum.Demoted += t.Demoted
		sum.Evicted += t.Evicted
		sum.Right += t.Right
		sum.Wrong += t.Wrong
		sum.Missed += t.Missed
	}
	sum.Dropped = m.dropped.Load()
	return sum
}
