package gain

import (
	"time"

	"github.com/cache-aware/casper/server"
)

// Counts are what became of views and hints: of a page, of all, or of some time. A view is counted
// when its time is over; see [Window].
type Counts struct {
	Views   int64 `json:"views"`   // pages that were answered with 200 and HTML
	Hinted  int64 `json:"hinted"`  // of them, those with a 103 of casper's
	Control int64 `json:"control"` // those whose 103 was withheld to compare
	Pushed  int64 `json:"pushed"`  // those with pushes

	Hints  int64 `json:"hints"`  // assets of this site that a 103 named, of views that could be told apart
	Used   int64 `json:"used"`   // of them, those that were asked for
	Early  int64 `json:"early"`  // of those, ahead of the page's header
	Unused int64 `json:"unused"` // those that were not: needless, cached without a cookie, or of a browser that takes no hints
	Twice  int64 `json:"twice"`  // those that were sent more than once

	Held      int64 `json:"held"`       // assets that were not sent since the cookie said that the client holds them
	HeldBytes int64 `json:"held_bytes"` // octets of their bodies, as far as those are known

	silent [silences]int64 // by why nothing went ahead
}

// silences is how many reasons there may be.
const silences = 24

// Silences returns how many views nothing went ahead of, by the reason.
func (c *Counts) Silences() map[string]int64 {
	by := make(map[string]int64)
	for i, n := range c.silent {
		if n > 0 {
			by[server.Silence(i).String()] = n
		}
	}
	return by
}

func (c *Counts) add(o *Counts) {
	c.Views += o.Views
	c.Hinted += o.Hinted
	c.Control += o.Control
	c.Pushed += o.Pushed
	c.Hints += o.Hints
	c.Used += o.Used
	c.Early += o.Early
	c.Unused += o.Unused
	c.Twice += o.Twice
	c.Held += o.Held
	c.HeldBytes += o.HeldBytes
	for i := range c.silent {
		c.silent[i] += o.silent[i]
	}
}

// groups are samples of the two groups.
type groups struct{ with, without Sample }

func (g *groups) of(control bool) *Sample {
	if control {
		return &g.without
	}
	return &g.with
}

func (g *groups) merge(o *groups) {
	g.with.merge(&o.with)
	g.without.merge(&o.without)
}

// figures are all that is known of a page, or of all.
type figures struct {
	Counts
	leads   Sample // of each view, the mean lead of what was asked for early
	browser groups
	server  groups
}

func (f *figures) merge(o *figures) {
	f.Counts.add(&o.Counts)
	f.leads.merge(&o.leads)
	f.browser.merge(&o.browser)
	f.server.merge(&o.server)
}

// sooner is the best that is known.
func (f *figures) sooner() Sooner {
	if s, ok := compare(ByBrowser, &f.browser.with, &f.browser.without); ok {
		return s
	}
	if s, ok := compare(ByServer, &f.server.with, &f.server.without); ok {
		return s
	}
	s, _ := FromLeads(&f.leads)
	return s
}

// A Slot is what became of the views of some time.
type Slot struct {
	Start time.Time `json:"start"`
	Counts
	Lead  float64 `json:"lead"`  // ms, the mean of the views' leads
	Leads int64   `json:"leads"` // such views
}

// A course is slots of equal length, the latest at the end.
type course struct {
	each  time.Duration
	most  int
	slots []Slot
}

// at returns the slot of a time: the latest, or a new one.
func (c *course) at(now time.Time) *Slot {
	start := now.Truncate(c.each)
	if n := len(c.slots); n > 0 && !c.slots[n-1].Start.Before(start) {
		return &c.slots[n-1]
	}
	if len(c.slots) == c.most {
		c.slots = append(c.slots[:0], c.slots[1:]...)
	}
	c.slots = append(c.slots, Slot{Start: start})
	return &c.slots[len(c.slots)-1]
}

func (s *Slot) lead(ms float64) {
	s.Leads++
	s.Lead += (ms - s.Lead) / float64(s.Leads)
}
