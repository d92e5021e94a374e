package learn

import (
	"cmp"
	"slices"
)

// count lets a closed view vote on one of its pages.
func (ps *pages) count(v *view, r *ref) {
	p := ps.find(r.hash, r.key)
	if p == nil {
		return // evicted meanwhile
	}
	l := &ps.m.lim
	p.open -= min(p.open, 1)
	p.age(v.opened, l)
	p.seq++
	p.fails *= 1 - failShare
	p.worth = min(p.worth+1, maxWorth)
	p.newSeen = addEighths(p.newSeen, 1)
	if p.kin == nil {
		ps.tallies.Views++
	}

	usual := p.weigh(v)
	ps.meet(p, v)
	var recent recentStems
	recent.collect(p, v)

	honest := p.kin == nil && !v.sent && len(v.hits) > 0 && p.answer != nil
	changed, hopeless := false, false
	hits, quiet := v.hits, v.quiet
	for i := range p.cands {
		c := &p.cands[i]
		for len(hits) > 0 && hits[0].hash < c.hash {
			hits = hits[1:]
		}
		for len(quiet) > 0 && quiet[0].hash < c.hash {
			quiet = quiet[1:]
		}
		asked := len(hits) > 0 && hits[0].hash == c.hash
		why := quietness(0)
		if len(quiet) > 0 && quiet[0].hash == c.hash {
			why = quiet[0].why
		}
		if asked {
			ps.learn(c.asset, &hits[0])
		}
		if honest {
			ps.tallies.score(c.sendable(), asked, why != 0)
		}
		weight := usual
		if c.born > youngViews && p.seq-c.born < youngViews && weight != emptyWeight {
			weight = 1 // new on a settled page: after a release warm clients ask for what is new like all others
		}
		c.today(v.day)
		switch {
		case asked && why&sent == 0:
			c.use(v, &hits[0], p, weight, l)
		case recent.supersede(c):
			c.flags |= replaced
			c.miss(v, 1, l)
		case why == 0:
			c.miss(v, weight, l)
		case why == held:
			c.hold(v, heldWeight*weight, l)
		}
		changed = ps.decide(p, c) || changed
		hopeless = hopeless || c.hopeless()
	}
	p.settle()
	if hopeless {
		ps.prune(p)
	}
	if changed || p.outdated(l) {
		ps.publish(p)
	}
	ps.account(p)
	ps.makeRoom()
}

// weigh returns what a view counts for.
//
// One that asked for nothing and holds nothing may well be a bot, or a browser whose cache casper cannot see: it says little.
//
// One that holds some of the page is biased towards what changes from view to view, as the rest it has. Where views that hold nothing are
// rare it is the best there is and counts in full; where they are many it counts a quarter. Two assets make a view warm, not one:
// a fingerprint has false positives.
func (p *page) weigh(v *view) float32 {
	holding := 0
	for _, q := range v.quiet {
		if q.why&held != 0 {
			holding++
		}
	}
	p.cold *= 1 - 1.0/64
	switch {
	case holding >= 2:
		return max(warmWeight, 1-p.cold/coldViews)
	case len(v.hits) == 0 && !v.pushed: // after a push there is nothing left to ask for
		return emptyWeight
	}
	p.cold++
	return 1
}

// meet makes candidates of the assets that a view asked for and that the page was not known to use.
func (ps *pages) meet(p *page, v *view) {
	for i := range v.hits {
		h := &v.hits[i]
		if _, ok := p.candidate(h.hash); ok {
			continue
		}
		if p.kin != nil && !p.kin.once.again(h.hash, 2*ps.m.lim.maxAssets) {
			continue
		}
		if c := ps.addCandidate(p, h.hash, h.link, h.version); c != nil {
			c.views = p.before()
		}
	}
}

// before is how many of the views before an asset's first sighting count against it. They were views without it: all of them on a page that is
// still being learned, but few on a settled one, where a new asset most likely means a new release.
func (p *page) before() float32 {
	if p.seq > youngViews {
		return bornViews
	}
	return float32(p.seq - 1)
}

// decide acts on what is now thought of an asset, and reports whether the page's answer changes.
func (ps *pages) decide(p *page, c *candidate) bool {
	switch c.judge(&ps.m.lim) {
	case use:
		c.flags |= isWanted
		ps.tallies.Promoted++
		p.doubt()
	case drop:
		c.flags &^= isWanted
		ps.tallies.Demoted++
	case dead:
		c.flags &^= isWanted
		c.tally = tally{views: min(c.run, deadViews)} // what was before does not come back
		ps.tallies.Demoted++
	default:
		return false
	}
	return true
}

// hopeless reports whether the asset is not going to be wanted.
func (c *candidate) hopeless() bool {
	switch {
	case c.flags&isLinked != 0:
		return false
	case c.asset.state == gone:
		return !c.wanted() || c.run >= 1
	}
	return !c.wanted() && (c.run >= 32 || c.sum() >= 8 && c.mean() < 0.1)
}

// prune forgets the hopeless.
func (ps *pages) prune(p *page) {
	kept := p.cands[:0]
	for i := range p.cands {
		if c := &p.cands[i]; c.hopeless() {
			ps.release(c.asset)
		} else {
			kept = append(kept, *c)
		}
	}
	clear(p.cands[len(kept):])
	p.cands = kept
}

// recentStems are the names, without versions, of assets that are new on the page and that the view used or the page is known to want.
type recentStems struct {
	n    int
	list [16]struct {
		stem uint64
		born uint32
	}
}

func (r *recentStems) collect(p *page, v *view) {
	hits := v.hits
	for i := range p.cands {
		c := &p.cands[i]
		for len(hits) > 0 && hits[0].hash < c.hash {
			hits = hits[1:]
		}
		if r.n == len(r.list) {
			return
		}
		used := len(hits) > 0 && hits[0].hash == c.hash
		if c.asset.stem != 0 && p.seq-c.born < doubtEvery && (used || c.wanted()) {
			r.list[r.n].stem, r.list[r.n].born = c.asset.stem, c.born
			r.n++
		}
	}
}

// supersede reports whether there is a newer version of the asset: one of the same stem that appeared on the page after this one was
// last asked for. A page uses one version of a file, so the view speaks against the older one, even if the client still holds it
// or was sent it. Should the page use both after all, the older one will be asked for again, and is then the newer of the two.
func (r *recentStems) supersede(c *candidate) bool {
	if c.asset.stem == 0 {
		return false
	}
	for _, s := range r.list[:r.n] {
		if s.stem == c.asset.stem && s.born > c.lastUse {
			return true
		}
	}
	return false
}

// outdated reports whether the page's answer no longer says what is known.
func (p *page) outdated(l *limits) bool {
	if p.answer == nil {
		return p.ready(l) && slices.ContainsFunc(p.cands, func(c candidate) bool { return c.sendable() })
	}
	if p.answer.state != p.state() {
		return true
	}
	stamps := uint32(0)
	for i := range p.cands {
		c := &p.cands[i]
		if !c.wanted() {
			continue
		}
		stamps += c.asset.stamp
		if d := int(c.told) - int(c.mean()*255); d > toldApart || d < -toldApart {
			return true
		}
	}
	return stamps != p.stamps
}

// toldApart is how far a published probability may be from the estimate, in 255ths.
const toldApart = 26

// ready reports whether enough is known of the page for it to speak for itself; until then its siblings do.
func (p *page) ready(l *limits) bool {
	if p.kin != nil {
		return p.kin.members >= minMembers
	}
	if float64(p.seq) >= l.minViews || p.answer != nil {
		return true
	}
	return slices.ContainsFunc(p.cands, func(c candidate) bool { return c.flags&isLinked != 0 })
}

func (p *page) state() answerState {
	switch {
	case p.troubled():
		return stateTrouble
	case p.doubtFrom != 0:
		return stateDoubt
	}
	return stateReady
}

// publish puts up what is now known of the page.
func (ps *pages) publish(p *page) {
	if !p.ready(&ps.m.lim) {
		return
	}
	a := &answer{key: p.key, hash: p.hash, state: p.state()}
	p.stamps = 0
	var wanted []*candidate
	for i := range p.cands {
		c := &p.cands[i]
		if !c.wanted() {
			continue
		}
		p.stamps += c.asset.stamp
		c.told = uint8(c.mean() * 255)
		if c.sendable() {
			wanted = append(wanted, c)
		}
	}
	slices.SortFunc(wanted, byUrgency)
	a.predictions = make([]Prediction, len(wanted))
	for i, c := range wanted {
		a.predictions[i] = c.prediction(&ps.m.lim)
	}
	ps.replace(p.answer, a)
	p.answer = a
}

// prediction is what is published of a candidate.
func (c *candidate) prediction(l *limits) Prediction {
	return Prediction{
		hash:        c.hash,
		Asset:       c.asset.link,
		Version:     c.asset.version,
		Probability: float32(c.mean()),
		Linked:      c.flags&isLinked != 0,
		holdOut:     uint16(65535 * c.withheld(l)),
	}
}

// withheld is the share of views that the asset is withheld from, on top of the hold-out. What the page's own answers link goes out with them:
// to withhold it ahead of them would teach nothing.
func (c *candidate) withheld(l *limits) float64 {
	if c.flags&isLinked != 0 {
		return 0
	}
	return c.uncertainty(l)
}

// uncertainty is the share of views that an asset is withheld from, on top of the hold-out, so that they can tell: what is
// sent to everybody cannot be judged any more. It falls from one half, where the mean is midway between the two thresholds, to nothing
// where it is two and a half deviations above that.
func (t tally) uncertainty(l *limits) float64 {
	z := (t.mean() - (l.promote+l.demote)/2) / t.deviation()
	return min(0.5, max(0, 0.5*(1-z/2.5)))
}

// byUrgency orders assets by what blocks rendering: the urgency that browsers gave them (RFC 9218), then style sheets
// before scripts before fonts before the rest, then the order in which views ask for them.
func byUrgency(a, b *candidate) int {
	return cmp.Or(
		cmp.Compare(a.step(), b.step()),
		cmp.Compare(blocking(a.asset.link.As), blocking(b.asset.link.As)),
		cmp.Compare(a.order, b.order),
		cmp.Compare(a.asset.link.Path, b.asset.link.Path),
	)
}

// step is the urgency as a whole number, that of the destination when nobody gave one.
func (c *candidate) step() int {
	if c.urgency == unordered {
		return int(urgencyOf(c.asset.link.As))
	}
	return (int(c.urgency) + 16) / 32
}

// urgencyOf is what browsers usually ask for a destination with.
func urgencyOf(as string) uint8 {
	switch as {
	case "style":
		return 0
	case "script", "font":
		return 1
	case "fetch":
		return 2
	}
	return 3
}

func blocking(as string) int {
	switch as {
	case "style":
		return 0
	case "script":
		return 1
	case "font":
		return 2
	}
	return 3
}
