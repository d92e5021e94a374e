package replay

import (
	"container/heap"
	"time"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/learn"
)

// A step is an event with what the judging needs to know besides.
type step struct {
	learn.Event
	browser uint64 // who: a hash of address and user agent
	size    int64
	cached  bool               // a browser had it; the server saw nothing
	cookie  casper.Fingerprint // that came with a view
	seq     int
}

// order brings steps into the order of their times. Servers write a line when an answer is through, so a page that came slowly stands
// behind the files that it names; and a log with one second of resolution says nothing of what came first within it. So a view precedes
// the fetches of its second, and one that is later than fetches on its behalf is taken to have gone out with the first of them:
// the header of a page is always out before its files are asked for.
type order struct {
	steps   steps
	seq     int
	newest  time.Time
	pending map[tab]time.Time // the first fetch on behalf of a view that has not come
	viewed  map[tab]time.Time // the latest view
}

// A tab is a page in front of somebody.
type tab struct {
	browser uint64
	path    string
}

const (
	// lateness is how much later than others a line may be written and still find its place: twice the model's window.
	lateness = 8 * time.Second

	// mostWaiting bounds the steps that wait, and the tabs that are remembered.
	mostWaiting = 1 << 16
)

func newOrder() *order {
	return &order{pending: map[tab]time.Time{}, viewed: map[tab]time.Time{}}
}

// put takes a step and calls each for those whose turn has come.
func (o *order) put(s *step, window time.Duration, each func(*step)) {
	o.seq++
	s.seq = o.seq
	at := tab{s.browser, s.Path}
	switch {
	case s.Kind == learn.View:
		if first, ok := o.pending[at]; ok && first.Before(s.Time) && s.Time.Sub(first) < window {
			s.Time = first
		}
		delete(o.pending, at)
		o.viewed[at] = s.Time
	case s.Flags&(learn.Early|learn.Speculative) == 0:
		if last, ok := o.viewed[at]; !ok || s.Time.Before(last) || s.Time.Sub(last) >= window {
			if first, ok := o.pending[at]; !ok || s.Time.Before(first) || s.Time.Sub(first) >= window {
				o.pending[at] = s.Time
			}
		}
	}
	heap.Push(&o.steps, s)
	if s.Time.After(o.newest) {
		o.newest = s.Time
	}
	for len(o.steps) > 0 && (o.newest.Sub(o.steps[0].Time) > lateness || len(o.steps) > mostWaiting) {
		each(heap.Pop(&o.steps).(*step))
	}
	if len(o.pending)+len(o.viewed) > mostWaiting {
		o.prune(o.pending)
		o.prune(o.viewed)
	}
}

// prune forgets tabs that are out of reach, and all if that is not enough.
func (o *order) prune(tabs map[tab]time.Time) {
	for at, t := range tabs {
		if o.newest.Sub(t) > lateness {
			delete(tabs, at)
		}
	}
	if len(tabs) > mostWaiting/4 {
		clear(tabs)
	}
}

// flush calls each for the rest.
func (o *order) flush(each func(*step)) {
	for len(o.steps) > 0 {
		each(heap.Pop(&o.steps).(*step))
	}
	clear(o.pending)
	clear(o.viewed)
	o.newest = time.Time{}
}

// steps is a heap, the earliest first; at one time views come first, then what stood first in the capture.
type steps []*step

func (s steps) Len() int { return len(s) }

func (s steps) Less(i, j int) bool {
	a, b := s[i], s[j]
	if !a.Time.Equal(b.Time) {
		return a.Time.Before(b.Time)
	}
	if a.Kind != b.Kind {
		return a.Kind == learn.View
	}
	return a.seq < b.seq
}

func (s steps) Swap(i, j int) { s[i], s[j] = s[j], s[i] }

func (s *steps) Push(x any) { *s = append(*s, x.(*step)) }

func (s *steps) Pop() any {
	old := *s
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	return last
}
