package replay

import (
	"cmp"
	"slices"
	"time"

	"github.com/cache-aware/casper/cmd/internal/traffic"
	"github.com/cache-aware/casper/server/learn"
)

// A step is a record, and what it tells: one of view and fetch is set.
type step struct {
	rec   *traffic.Record
	who   who
	at    time.Time
	path  string // of the page
	ahead bool   // no page has made the request
	view  *learn.View
	fetch *learn.Fetch
}

// order brings steps into the order of their times. Servers write a line when an answer is
// through, so a page that came slowly stands behind the files that it names; and a log whose
// times are whole seconds does not say what came first within one. So a view precedes the
// fetches of its second, and a view that is later than fetches on its behalf is taken to have
// gone out with the first of them: a page's header is always out before its files are asked
// for.
type order struct {
	steps   []*step
	newest  time.Time
	pending map[tab]time.Time // the first fetch on behalf of a view that has not come
	viewed  map[tab]time.Time // the latest view
}

// A tab is a page in front of somebody.
type tab struct {
	who  who
	path string
}

const (
	// lateness is how much later than others a line may be written and still find its place.
	lateness = 2 * learn.Window

	// mostWaiting bounds the steps that wait, and the tabs that are remembered.
	mostWaiting = 1 << 16
)

func newOrder() *order {
	return &order{pending: map[tab]time.Time{}, viewed: map[tab]time.Time{}}
}

// within reports whether a time is in the window of a view at another.
func within(t, view time.Time) bool { return !t.Before(view) && t.Sub(view) < learn.Window }

// put takes a step and calls each for those whose turn has come.
func (o *order) put(s *step, each func(*step)) {
	on := tab{s.who, s.path}
	if s.view != nil {
		if first, ok := o.pending[on]; ok && first.Before(s.at) && within(s.at, first) {
			s.at = first
		}
		delete(o.pending, on)
		o.viewed[on] = s.at
	} else if !s.ahead {
		last, seen := o.viewed[on]
		first, waits := o.pending[on]
		if !(seen && within(s.at, last)) && !(waits && within(s.at, first)) {
			o.pending[on] = s.at
		}
	}
	i, _ := slices.BinarySearchFunc(o.steps, s, func(a, b *step) int {
		// At one time views come first, then what stood first in the recording.
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(rank(a), rank(b)), -1)
	})
	o.steps = slices.Insert(o.steps, i, s)
	if s.at.After(o.newest) {
		o.newest = s.at
	}
	for len(o.steps) > 0 && (o.newest.Sub(o.steps[0].at) > lateness || len(o.steps) > mostWaiting) {
		o.next(each)
	}
	if len(o.pending)+len(o.viewed) > mostWaiting {
		o.prune(o.pending)
		o.prune(o.viewed)
	}
}

func rank(s *step) int {
	if s.view != nil {
		return 0
	}
	return 1
}

func (o *order) next(each func(*step)) {
	s := o.steps[0]
	o.steps[0] = nil
	o.steps = o.steps[1:]
	each(s)
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

// flush calls each for the rest, and begins anew.
func (o *order) flush(each func(*step)) {
	for len(o.steps) > 0 {
		o.next(each)
	}
	*o = *newOrder()
}
