package evidence

import (
	"cmp"
	"maps"
	"slices"
)

// Combine adds deltas up: one for each page, with one vote for each of its assets, in the
// order of their names. Counts add up; of the voters those of the latest day count; and
// fields that cannot be added are taken from the newest delta. The script merge.lua of
// package redisstore has the same rules. Sightings come last, each once.
func Combine(deltas ...Delta) []Delta {
	sums := make(map[string]*sum)
	var sightings []Delta
	told := make(map[Sighting]bool)
	for i := range deltas {
		if x := deltas[i].Sighting; x != (Sighting{}) {
			if !told[x] {
				told[x] = true
				sightings = append(sightings, Delta{Sighting: x})
			}
			continue
		}
		s := sums[deltas[i].Page]
		if s == nil {
			s = &sum{Delta: Delta{Page: deltas[i].Page}, at: make(map[string]int)}
			sums[deltas[i].Page] = s
		}
		s.add(&deltas[i])
	}
	out := make([]Delta, 0, len(sums))
	for _, page := range slices.Sorted(maps.Keys(sums)) {
		d := sums[page].Delta
		slices.SortFunc(d.Assets, func(a, b Vote) int { return cmp.Compare(a.Asset.Path, b.Asset.Path) })
		out = append(out, d)
	}
	return append(out, sightings...)
}

// sum is a delta that others are added to.
type sum struct {
	Delta
	at map[string]int // of each asset's path in Assets
}

func (s *sum) add(d *Delta) {
	newer := !d.Time.Before(s.Time)
	s.Views += d.Views
	s.Members = max(s.Members, d.Members)
	if newer {
		s.Time = d.Time
	}
	for i := range d.Assets {
		v := &d.Assets[i]
		if j, ok := s.at[v.Asset.Path]; ok {
			s.Assets[j].add(v, newer)
			continue
		}
		s.at[v.Asset.Path] = len(s.Assets)
		s.Assets = append(s.Assets, *v)
	}
}

// add adds a vote on the same asset.
func (v *Vote) add(w *Vote, newer bool) {
	old := *v
	if newer {
		*v = *w
	}
	v.Used, v.Views, v.Held = old.Used+w.Used, old.Views+w.Views, old.Held+w.Held
	v.LinkNews = old.LinkNews || w.LinkNews
	switch {
	case old.Day == w.Day:
		v.For, v.Against = old.For|w.For, old.Against|w.Against
	case old.Day > w.Day:
		v.For, v.Against, v.Day = old.For, old.Against, old.Day
	default:
		v.For, v.Against, v.Day = w.For, w.Against, w.Day
	}
}
