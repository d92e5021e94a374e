package learn

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/cache-aware/casper/server/link"
)

// Delta is evidence about one page, or one kind of pages: so many views, and how each asset fared. Deltas add up, in any order.
// A whole model is the sum of its deltas, so the same form serves a fleet (what is new since the last flush), a snapshot (all there
// is), and what people export, merge and compare.
type Delta struct {
	// Page is the identity of the page; one with a star is that of a kind.
	Page string `json:"page"`

	// Views is how many views there were.
	Views float64 `json:"views"`

	// Time is when the last of them was, in whole seconds.
	Time time.Time `json:"time,omitzero"`

	// Members is how many different pages a kind was seen to have, up to 255.
	Members int `json:"members,omitempty"`

	Assets []Vote `json:"assets"`
}

// Vote is the evidence about one asset of a page, in views: Used of the Views that could tell asked for it, and Held had no need to. One of
// no views at all tells only what was declared.
type Vote struct {
	Asset   link.Asset
	Version string

	Used, Views, Held float64

	// For and Against are the day's voters, as 64 buckets of clients that name nobody. They are comparable only among nodes with
	// the same [Config.Secret], and are left out of snapshots.
	For, Against uint64
	Day          uint16

	// Urgency (RFC 9218) and Order (among the requests of a view) decide the place among the assets; both are means.
	// An Urgency below 0 is not known.
	Urgency, Order float64

	// Wanted is what whoever made the delta thought of the asset.
	Wanted bool

	// Seeds says who declared it, as bits: 1 the page's Link headers, 2 its HTML, 4 a manifest. Declared says that this is news: who is
	// not among them no longer declares it. Snapshots have no news.
	Seeds    uint8
	Declared bool
}

// vote is a Vote as JSON: the asset is a Link value, which people can read and [link.Parse] can judge.
type vote struct {
	Link    string  `json:"link"`
	Version string  `json:"version,omitempty"`
	Used    float64 `json:"used"`
	Views   float64 `json:"views"`
	Held    float64 `json:"held,omitempty"`
	For     uint64  `json:"for,omitempty,string"`
	Against uint64  `json:"against,omitempty,string"`
	Day     uint16  `json:"day,omitempty"`
	Urgency float64 `json:"urgency"`
	Order   float64 `json:"order"`
	Wanted  bool    `json:"wanted"`
	Seeds   uint8   `json:"seeds,omitempty"`

	Declared bool `json:"declared,omitempty"`
}

var errVote = errors.New("learn: a vote's link is not that of one asset")

// MarshalJSON writes the asset as a Link value, with its angle brackets as they are where the caller's encoder allows it.
func (v Vote) MarshalJSON() ([]byte, error) {
	text := v.Asset.String()
	if text == "" {
		return nil, errVote
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(vote{
		text, v.Version, round(v.Used), round(v.Views), round(v.Held), v.For, v.Against, v.Day,
		round(v.Urgency), round(v.Order), v.Wanted, v.Seeds, v.Declared,
	})
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// UnmarshalJSON reads the asset from a Link value, and refuses one that is not a single asset of the same origin.
func (v *Vote) UnmarshalJSON(text []byte) error {
	var w vote
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	assets := link.Parse([]string{w.Link}, "")
	if len(assets) != 1 || assets[0].String() != w.Link {
		return errVote
	}
	*v = Vote{
		assets[0], w.Version, w.Used, w.Views, w.Held, w.For, w.Against, w.Day,
		w.Urgency, w.Order, w.Wanted, w.Seeds, w.Declared,
	}
	return nil
}

// round keeps three decimals: evidence is no finer.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }

// Flush returns the evidence that has come in since the last flush, for [Store.Merge]; what was merged in is not part of it. It reports
// nothing unless [Config.Share] is set. What is not flushed takes no memory of its own, however long that is.
func (m *Model) Flush() []Delta {
	if !m.c.Share {
		return nil
	}
	var out []Delta
	m.eachPage(func(_ *pages, p *page) {
		if p.newSeen == 0 && !p.unshared {
			return
		}
		d := p.delta(float64(p.newSeen) / 8)
		p.newSeen, p.unshared = 0, false
		for i := range p.cands {
			c := &p.cands[i]
			if c.newViews == 0 && c.newHeld == 0 && c.flags&unshared == 0 {
				continue
			}
			v := c.vote()
			v.Declared = c.flags&unshared != 0
			c.flags &^= unshared
			v.Used, v.Views, v.Held = float64(c.newUsed)/8, float64(c.newViews)/8, float64(c.newHeld)/8
			c.newUsed, c.newViews, c.newHeld = 0, 0, 0
			d.Assets = append(d.Assets, v)
		}
		out = append(out, d)
	})
	return out
}

// All yields everything that is known, one page at a time, in no particular order. The voters of the day are left out. No lock is held
// while the caller has a page, so it may take its time.
func (m *Model) All() iter.Seq[Delta] {
	return func(yield func(Delta) bool) {
		var batch []Delta
		for ps, some := range m.someAtATime() {
			batch = batch[:0]
			ps.mu.Lock()
			for _, p := range some {
				if !p.evicted {
					batch = append(batch, p.total())
				}
			}
			ps.mu.Unlock()
			for _, d := range batch {
				if !yield(d) {
					return
				}
			}
		}
	}
}

// total is all the evidence on a page.
func (p *page) total() Delta {
	d := p.delta(float64(p.seq))
	for i := range p.cands {
		v := p.cands[i].vote()
		v.For, v.Against, v.Day = 0, 0, 0
		d.Assets = append(d.Assets, v)
	}
	return d
}

func (p *page) delta(views float64) Delta {
	d := Delta{Page: p.key, Views: views}
	if p.touched != 0 {
		d.Time = time.UnixMilli(p.touched).Truncate(time.Second).UTC()
	}
	if p.kin != nil {
		d.Members = int(p.kin.members)
	}
	return d
}

func (c *candidate) vote() Vote {
	v := Vote{
		Asset: *c.asset.link, Version: c.asset.version,
		Used: float64(c.used), Views: float64(c.views), Held: float64(c.held),
		For: uint64(c.pro), Against: uint64(c.against), Day: c.day,
		Urgency: -1, Order: float64(c.order) / 2,
		Wanted: c.wanted(),
	}
	if c.urgency != unordered {
		v.Urgency = float64(c.urgency) / 32
	}
	for i, f := range seedFlags {
		if c.flags&f != 0 {
			v.Seeds |= 1 << i
		}
	}
	return v
}

// Merge adds evidence from elsewhere: other nodes, a snapshot, an export. What cannot be (a page without a name, more uses than
// views, a link that must not be sent) is left out. Evidence beyond [Config.Memory] views weighs as much as that.
func (m *Model) Merge(deltas ...Delta) {
	for i := range deltas {
		m.merge(&deltas[i])
	}
	if len(deltas) > 0 {
		m.changes.Add(1)
	}
}

func (m *Model) merge(d *Delta) {
	kind := strings.Contains(d.Page, "*")
	if d.Page == "" || len(d.Page) > MaxKey || !sane(d.Views, maxMerged) {
		return
	}
	hash := m.hash(d.Page)
	ps := m.pagesOf(hash)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.find(hash, d.Page)
	if p == nil {
		if p = ps.create(hash, strings.Clone(d.Page), kind); p == nil {
			return
		}
		p.born = true // it has opinions of its own
	}
	p.seq = uint32(min(float64(p.seq)+math.Round(d.Views), math.MaxUint32))
	if t := d.Time.UnixMilli(); !d.Time.IsZero() && t > p.touched {
		p.touched, p.aged = t, max(p.aged, t)
	}
	if p.kin != nil {
		p.kin.members = uint8(max(int(p.kin.members), min(max(d.Members, 0), 255)))
	}
	if d.Views >= worthKeeping {
		p.worth = max(p.worth, worthKeeping)
	}
	for i := range d.Assets[:min(len(d.Assets), m.lim.maxAssets)] {
		ps.mergeVote(p, &d.Assets[i])
	}
	p.settle()
	ps.prune(p)
	ps.publish(p)
	ps.account(p)
	ps.makeRoom()
}

// maxMerged bounds what one delta may claim, in views.
const maxMerged = 1e9

func sane(x, limit float64) bool { return x >= 0 && x <= limit } // false for NaN

func (ps *pages) mergeVote(p *page, v *Vote) {
	l := &ps.m.lim
	if !sane(v.Views, maxMerged) || !sane(v.Used, v.Views) || !sane(v.Held, maxMerged) ||
		v.Asset.Rel == link.Preconnect || len(v.Asset.Path) > MaxPath || !v.Asset.Valid() || len(v.Version) > maxVersion {
		return
	}
	hash := ps.m.hash(v.Asset.Path)
	var c *candidate
	if i, ok := p.candidate(hash); ok {
		c = &p.cands[i]
	} else if v.Declared && v.Seeds == 0 && v.Used == 0 {
		return // it takes back what never came here
	} else if c = ps.addCandidate(p, hash, ownCopy(&v.Asset), strings.Clone(v.Version)); c == nil {
		return
	}
	c.used += float32(v.Used)
	c.views += float32(v.Views)
	c.held += float32(v.Held)
	c.makeRoom(0, l.memory)
	if v.Used > 0 {
		c.run, c.lastUse = 0, p.seq
		c.flags &^= inherited | replaced
	} else {
		c.run += float32(v.Views)
	}
	if v.Day != 0 && v.Day >= c.day {
		c.today(v.Day)
		c.pro |= voters(v.For)
		c.against |= voters(v.Against)
	}
	if v.Urgency >= 0 && v.Urgency <= 7 && sane(v.Order, 127) {
		if c.urgency == unordered {
			c.urgency, c.order = uint8(v.Urgency*32), uint8(v.Order*2)
		} else {
			c.urgency, c.order = drift(c.urgency, uint8(v.Urgency*32)), drift(c.order, uint8(v.Order*2))
		}
	}
	if v.Wanted && c.mean() >= l.demote {
		c.flags |= isWanted
	}
	p.heed(c, v, l)
	ps.decide(p, c)
}

// heed takes over what a vote says of who declared the asset.
func (p *page) heed(c *candidate, v *Vote, l *limits) {
	for i, f := range seedFlags {
		says, has := v.Seeds&(1<<i) != 0, c.flags&f != 0
		if says != has && (says || v.Declared) {
			c.flags ^= f
			p.declared[i] = 0 // who declares here has to say anew whether it is so
		}
	}
	switch {
	case v.Seeds != 0 && v.Wanted:
		c.vouch(l)
	case v.Declared && !c.supported():
		c.withdraw()
	}
}

// Combine adds deltas up: one for each page, one vote for each of its assets, both in the order of their names. Of what
// does not add up, the most recent counts.
func Combine(deltas ...Delta) []Delta {
	byPage := make(map[string]*Delta)
	for i := range deltas {
		d := &deltas[i]
		sum := byPage[d.Page]
		if sum == nil {
			sum = &Delta{Page: d.Page}
			byPage[d.Page] = sum
		}
		newer := !d.Time.Before(sum.Time)
		sum.Views += d.Views
		sum.Members = max(sum.Members, d.Members)
		for _, v := range d.Assets {
			j := slices.IndexFunc(sum.Assets, func(w Vote) bool { return w.Asset.Path == v.Asset.Path })
			if j < 0 {
				sum.Assets = append(sum.Assets, v)
				continue
			}
			w := &sum.Assets[j]
			old := *w
			if newer {
				*w = v
			}
			w.Used, w.Views, w.Held = old.Used+v.Used, old.Views+v.Views, old.Held+v.Held
			w.Declared = old.Declared || v.Declared
			if old.Day == v.Day {
				w.For, w.Against = old.For|v.For, old.Against|v.Against
			}
		}
		if newer {
			sum.Time = d.Time
		}
	}
	out := make([]Delta, 0, len(byPage))
	for _, d := range byPage {
		slices.SortFunc(d.Assets, func(a, b Vote) int { return cmp.Compare(a.Asset.Path, b.Asset.Path) })
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b Delta) int { return cmp.Compare(a.Page, b.Page) })
	return out
}

// Change is how two models differ about one asset of a page.
type Change struct {
	Page  string `json:"page"`
	Asset string `json:"asset"` // empty when only one of the models knows the page, and then it stands for all of it

	Before, After           bool    // whether it is wanted
	BeforeShare, AfterShare float64 // of the views that use it
}

// Diff tells what changed from one model to another: pages known to one only, assets wanted by one only, and assets whose share of views
// differs by at least tolerance. It is ordered by page and asset.
func Diff(before, after []Delta, tolerance float64) []Change {
	var out []Change
	old, new := Combine(before...), Combine(after...)
	for len(old) > 0 || len(new) > 0 {
		switch {
		case len(new) == 0 || len(old) > 0 && old[0].Page < new[0].Page:
			out = append(out, Change{Page: old[0].Page, Before: true})
			old = old[1:]
		case len(old) == 0 || new[0].Page < old[0].Page:
			out = append(out, Change{Page: new[0].Page, After: true})
			new = new[1:]
		default:
			out = appendChanges(out, old[0], new[0], tolerance)
			old, new = old[1:], new[1:]
		}
	}
	return out
}

func appendChanges(out []Change, old, new Delta, tolerance float64) []Change {
	changes := make(map[string]*Change)
	at := func(v Vote) *Change {
		c := changes[v.Asset.Path]
		if c == nil {
			c = &Change{Page: new.Page, Asset: v.Asset.Path}
			changes[v.Asset.Path] = c
		}
		return c
	}
	for _, v := range old.Assets {
		c := at(v)
		c.Before, c.BeforeShare = v.Wanted, v.share()
	}
	for _, v := range new.Assets {
		c := at(v)
		c.After, c.AfterShare = v.Wanted, v.share()
	}
	from := len(out)
	for _, c := range changes {
		if c.Before != c.After || math.Abs(c.BeforeShare-c.AfterShare) >= tolerance {
			out = append(out, *c)
		}
	}
	slices.SortFunc(out[from:], func(a, b Change) int { return cmp.Compare(a.Asset, b.Asset) })
	return out
}

// share is the estimated share of views that use the asset.
func (v *Vote) share() float64 {
	t := tally{float32(v.Used), float32(v.Views), float32(v.Held)}
	return t.mean()
}
