package learn

import (
	"fmt"
	"slices"

	"github.com/cache-aware/casper/server/link"
)

// Explanation says what is known of a page, and why each asset would or would not be sent.
type Explanation struct {
	Page  string  `json:"page"`            // as asked
	From  string  `json:"from"`            // whose answer it gets, its own or its section's; or empty
	State string  `json:"state"`           // of that answer: "ready", "in doubt", "in trouble", or "unknown"
	Views uint32  `json:"views"`           // counted on whatever the answer is from
	Fails float64 `json:"fails,omitempty"` // share of late answers that were redirects or errors

	Assets []Reason `json:"assets"` // in the order in which they are sent, those that are not at the end
}

// Reason is what is known of one asset on one page.
type Reason struct {
	Asset       link.Asset `json:"-"`
	Path        string     `json:"path"`
	Link        string     `json:"link"` // the asset, as the value of a Link header
	Wanted      bool       `json:"wanted"`
	Why         string     `json:"why"`
	Probability float64    `json:"probability"`
	Deviation   float64    `json:"deviation"`
	Views       float64    `json:"views"`   // that could tell, decayed
	For         int        `json:"for"`     // distinct clients of the day that used or hold it, at most 64
	Against     int        `json:"against"` // distinct clients of the day that did neither, at most 64
	Run         float64    `json:"run"`     // latest views in a row without it
	HoldOut     float64    `json:"holdOut"` // share of views it is withheld from
	Version     string     `json:"version,omitempty"`

	// Alone says that one network asked for it and that more are needed: who tries casper alone
	// may set [Config.MinClients] to 1.
	Alone bool `json:"alone,omitempty"`
}

// Explain tells about a page what [Model.Wanted] does not.
func (m *Model) Explain(page string) Explanation {
	x := Explanation{Page: page, State: "unknown"}
	a := m.answerFor(page)
	key := page // may be known and not yet speak for itself
	if a != nil {
		key = a.key
		x.From, x.State = key, [...]string{"ready", "in trouble", "in doubt"}[a.state]
	}
	hash := m.hash(key)
	s := m.shardOf(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(hash, key)
	if p == nil {
		return x
	}
	x.Views, x.Fails = p.seq, float64(p.fails)
	cands := make([]*candidate, len(p.cands))
	for i := range p.cands {
		cands[i] = &p.cands[i]
	}
	slices.SortFunc(cands, func(a, b *candidate) int {
		if a.sendable() != b.sendable() {
			if a.sendable() {
				return -1
			}
			return 1
		}
		return byUrgency(a, b)
	})
	for _, c := range cands {
		r := c.reason(&m.lim)
		if refused := p.refused.of(c.hash); refused != nil && c.asset.state == unfit {
			r.Why = refused.why(p.seq)
		}
		x.Assets = append(x.Assets, r)
	}
	if p.refused != nil {
		for _, r := range *p.refused {
			if _, known := p.candidate(r.hash); !known {
				x.Assets = append(x.Assets, r.reason(p.seq))
			}
		}
	}
	return x
}

func (c *candidate) reason(l *limits) Reason {
	r := Reason{
		Asset: *c.asset.link, Path: c.asset.link.Path, Link: c.asset.link.String(), Version: c.asset.version,
		Wanted: c.sendable(), Probability: c.mean(), Deviation: c.deviation(), Views: float64(c.sum()),
		For: c.pro.len(), Against: c.against.len(), Run: float64(c.run),
	}
	if r.Wanted {
		r.HoldOut = c.withheld(l)
	}
	switch {
	case c.asset.state == gone:
		r.Why = "its last answer was 404 or 410"
	case c.asset.state == unfit:
		r.Why = "its answers may not be reused without asking, or not by others, so it would be fetched twice"
	case c.wanted() && c.linked():
		r.Why = "named by the page itself"
	case c.wanted() && c.flags&isInherited != 0:
		r.Why = "pages of its kind use it"
	case c.wanted():
		r.Why = "used by enough views"
	case float64(c.sum()) >= l.minViews && c.mean() < l.promote:
		r.Why = fmt.Sprintf("used by too few views: %.2f, wanted from %.2f", c.mean(), l.promote)
	case c.against.len() >= l.minClients && 2*c.pro.len() < c.against.len():
		r.Why = "used by a few clients, not by most"
	default:
		r.Why, r.Alone = c.soon(l)
	}
	return r
}

// soon says how much of what speaks for an asset is lacking until it is believed, and whether it
// is one network alone that speaks for it where others are needed.
func (c *candidate) soon(l *limits) (why string, alone bool) {
	more := c.lacks(l)
	switch {
	case more == 0:
		return fmt.Sprintf("not certain enough: %.2f give or take %.2f", c.mean(), c.deviation()), false
	case l.minClients == 1:
		return fmt.Sprintf("used by %.3g of %.3g views; believed after %d more", c.used+c.held, c.sum(), more), false
	}
	return fmt.Sprintf("seen by %s today; believed from %d on", networks(c.pro.len()), c.pro.len()+more), c.pro.len() == 1
}

// lacks returns how many more views, each from another network, would have to use the asset until
// it is wanted; 0 if more than 64.
func (c candidate) lacks(l *limits) int {
	for n := 1; n <= 64; n++ {
		c.makeRoom(1, l.memory)
		c.used++
		c.views++
		c.pro |= c.pro + 1
		if c.judge(l) == promote {
			return n
		}
	}
	return 0
}

// networks counts them in words. A client is a network: no other is known of it.
func networks(n int) string {
	switch n {
	case 0:
		return "no network"
	case 1:
		return "1 network"
	}
	return fmt.Sprintf("%d networks", n)
}
