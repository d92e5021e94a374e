package replay

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/metrics/gain"
)

// A Tally adds up what became of views. Octets are those of bodies, as recorded.
type Tally struct {
	Views  int `json:"views"`  // pages answered with 200
	Helped int `json:"helped"` // of them, those that something would have gone ahead of

	Asked      int   `json:"asked"` // requests for assets on behalf of these views, within [learn.Window]
	AskedBytes int64 `json:"asked_bytes"`
	Hits       int   `json:"hits"` // of them, those for what would have been sent already
	HitBytes   int64 `json:"hit_bytes"`

	Sent        int   `json:"sent"`       // assets that would have been sent
	SentBytes   int64 `json:"sent_bytes"` // without those of idle hints
	Unused      int   `json:"unused"`     // of them, those that were not asked for: the waste
	UnusedBytes int64 `json:"unused_bytes"`
	Idle        int   `json:"idle"` // of them, hints that the browser would not have followed: it had the asset

	Spared      int   `json:"spared"` // assets that were not sent since the cookie said, rightly, that they were there
	SparedBytes int64 `json:"spared_bytes"`

	Trips int `json:"round_trips"`       // waves of requests: what the page names, what that names, and so on
	Saved int `json:"round_trips_saved"` // of them, those of which everything would have been there
}

func (t *Tally) add(u *Tally) {
	t.Views += u.Views
	t.Helped += u.Helped
	t.Asked += u.Asked
	t.AskedBytes += u.AskedBytes
	t.Hits += u.Hits
	t.HitBytes += u.HitBytes
	t.Sent += u.Sent
	t.SentBytes += u.SentBytes
	t.Unused += u.Unused
	t.UnusedBytes += u.UnusedBytes
	t.Idle += u.Idle
	t.Spared += u.Spared
	t.SparedBytes += u.SparedBytes
	t.Trips += u.Trips
	t.Saved += u.Saved
}

// A Page is what became of the views of one page, and what the model wants for it at the end.
type Page struct {
	Page string `json:"page"`
	Tally
	From   string   `json:"from"`  // whose answer it gets at the end: its own, its section's, or nobody's
	State  string   `json:"state"` // of that answer, as in [learn.Explanation]
	Wanted []Wanted `json:"wanted"`

	// Sooner is by how much pages would have been ready sooner, from the lead alone: nobody was sent
	// anything. A lead is how long a page was awaited whose assets would have been asked for at once.
	Sooner gain.Sooner `json:"sooner"`
	leads  gain.Sample
}

// Wanted is an asset that the model wants for a page.
type Wanted struct {
	Path        string  `json:"path"`
	As          string  `json:"as"`
	Probability float64 `json:"probability"`
	Bytes       int64   `json:"bytes"` // 0 unknown
}

// A Report is what a replay has found.
type Report struct {
	Host      string    `json:"host"` // whose records counted
	From      time.Time `json:"from,omitzero"`
	To        time.Time `json:"to,omitzero"`
	Records   int       `json:"records"`
	Elsewhere int       `json:"elsewhere"` // records of other hosts
	Nobody    int       `json:"nobody"`    // requests for pages and assets without a client's address
	Assumed   int       `json:"assumed"`   // assets' answers that were taken for reusable since the capture does not say
	Means     string    `json:"means"`     // "hint" or "push"

	Tally
	Sooner   gain.Sooner    `json:"sooner"`   // of all pages, as in [Page]; of views that the recording has both times of
	Verdicts map[string]int `json:"verdicts"` // what the model said, by [learn.Outcome], in views
	Pages    []*Page        `json:"pages"`    // the most viewed first
	Curve    []Tally        `json:"curve"`    // the same views in equal parts, in the order of time
	Model    learn.Stats    `json:"model"`
}

// Others is the name of the pages that are one for want of room.
const Others = "(other pages)"

// maxPages is how many pages are told apart.
const maxPages = 4096

func (p *Replay) pageOf(name string) *Page {
	if g := p.pages[name]; g != nil {
		return g
	}
	if len(p.pages) >= maxPages && name != Others {
		return p.pageOf(Others)
	}
	g := &Page{Page: strings.Clone(name)}
	p.pages[g.Page] = g
	return g
}

// Report ends the replay and says what it has found.
func (p *Replay) Report() *Report {
	p.End()
	r := &p.report
	r.Host, r.Means = p.origin.hosts[0], "hint"
	if p.c.Push {
		r.Means = "push"
	}
	r.Pages = r.Pages[:0]
	for _, g := range p.pages {
		p.conclude(g)
		r.Pages = append(r.Pages, g)
	}
	slices.SortFunc(r.Pages, func(a, b *Page) int {
		return cmp.Or(cmp.Compare(b.Views, a.Views), cmp.Compare(a.Page, b.Page))
	})
	r.Curve = p.curve.parts
	r.Sooner, _ = gain.FromLeads(&p.leads)
	r.Model = p.model.Stats()
	return r
}

// conclude asks the model about a page, now that it has seen everything.
func (p *Replay) conclude(g *Page) {
	g.Wanted = []Wanted{}
	g.Sooner, _ = gain.FromLeads(&g.leads)
	if g.Page == Others {
		return
	}
	x := p.model.Explain(g.Page)
	g.From, g.State = x.From, x.State
	for _, w := range p.model.Wanted(g.Page) {
		of := Wanted{Path: w.Asset.Path, As: w.Asset.As, Probability: float64(w.Probability)}
		if a := p.assets.by[w.Asset.Path]; a != nil {
			of.Bytes = a.size
		}
		g.Wanted = append(g.Wanted, of)
	}
}

// A curve is tallies of equal numbers of views. When it is full, it joins them in pairs, so that
// its size does not depend on the length of a capture.
type curve struct {
	each  int // views in a part
	parts []Tally
}

// maxParts is even.
const maxParts = 64

func (c *curve) add(t *Tally) {
	if c.each == 0 {
		c.each = 1
	}
	if n := len(c.parts); n == 0 || c.parts[n-1].Views >= c.each {
		if n == maxParts {
			for i := range n / 2 {
				c.parts[i] = c.parts[2*i]
				c.parts[i].add(&c.parts[2*i+1])
			}
			c.parts = c.parts[:n/2]
			c.each *= 2
		}
		c.parts = append(c.parts, Tally{})
	}
	c.parts[len(c.parts)-1].add(t)
}
