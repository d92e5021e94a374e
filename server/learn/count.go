package learn

// count lets a closed view vote on one of its pages.
func (s *shard) count(v *opened, r *ref) {
	p := s.find(r.hash, r.key)
	if p == nil {
		return // evicted meanwhile
	}
	l := &s.m.lim
	p.open -= min(p.open, 1)
	p.age(v.at)
	p.seq++
	p.fails *= 1 - failShare
	p.worth = min(p.worth+1, maxWorth)
	p.newSeen = addEighths(p.newSeen, 1)
	if p.section == nil {
		s.tallies.Views++
	}

	if p.section == nil {
		p.refuse(v)
	}
	usual := p.weigh(v)
	s.meet(p, v)
	var recent recentStems
	recent.collect(p, v)

	honest := p.section == nil && !v.sent && len(v.hits) > 0 && p.answer != nil
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
			s.update(c.asset, &hits[0])
		}
		if honest {
			s.tallies.score(c.sendable(), asked, why != 0)
		}
		weight := usual
		if c.born > youngViews && p.seq-c.born < youngViews && weight != emptyWeight {
			// New on a well-known page: after a release warm clients ask for what is new like
			// all others.
			weight = 1
		}
		c.today(v.day)
		switch {
		case v.at < p.renewed && c.flags&(isLinked|isReplaced) != 0:
			// The view saw an earlier version of the page, which linked other files.
		case asked && why&isSent == 0:
			c.use(v, &hits[0], p, weight, l)
		case recent.supersede(c):
			c.flags |= isReplaced
			c.miss(v, 1, l)
		case why == 0:
			c.miss(v, weight, l)
		case why == isHeld:
			c.hold(v, heldWeight*weight, l)
		}
		changed = s.decide(p, c) || changed
		hopeless = hopeless || c.hopeless()
	}
	p.endDoubt()
	if hopeless {
		s.prune(p)
	}
	if changed || p.outdated(l) {
		s.publish(p)
	}
	s.account(p)
	s.makeRoom()
}

// weigh returns what a view counts for.
//
// One that asked for nothing and holds nothing may well be a bot, or a browser whose cache
// casper cannot see: it says little.
//
// One that holds some of the page is biased towards what changes from view to view, as the
// rest it has. Where views that hold nothing are rare it is the best there is and counts in
// full; where they are many it counts a sixteenth. Two assets make a view warm, not one: a
// fingerprint has false positives.
func (p *page) weigh(v *opened) float32 {
	holding := 0
	for _, q := range v.quiet {
		if q.why&isHeld != 0 {
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

// meet makes candidates of the assets that a view asked for and that the page was not known to
// use.
func (s *shard) meet(p *page, v *opened) {
	for i := range v.hits {
		h := &v.hits[i]
		if _, ok := p.candidate(h.hash); ok {
			continue
		}
		if p.section != nil && !p.section.once.again(h.hash, 2*s.m.lim.maxAssets) {
			continue
		}
		if c := s.addCandidate(p, h.hash, h.link, h.version); c != nil {
			c.views = p.before()
		}
	}
}

// before is how many of the views before an asset's first sighting count against it. They were
// views without it: all of them on a page that is still being learned, but few on a well-known
// one, where a new asset most likely means a new release.
func (p *page) before() float32 {
	if p.seq > youngViews {
		return bornViews
	}
	return float32(p.seq - 1)
}

// use counts a view that asked for the asset.
func (c *candidate) use(v *opened, h *hit, p *page, weight float32, l *limits) {
	c.makeRoom(weight, l.memory)
	c.used += weight
	c.views += weight
	c.newUsed = addEighths(c.newUsed, weight)
	c.newViews = addEighths(c.newViews, weight)
	c.pro |= v.bucket
	c.run = 0
	c.lastUse = p.seq
	c.flags &^= isInherited | isReplaced
	c.place(min(h.order, 127)*2, h.urgency*32)
}

// miss counts a view that could have asked for the asset and did not.
func (c *candidate) miss(v *opened, weight float32, l *limits) {
	c.makeRoom(weight, l.memory)
	c.views += weight
	c.newViews = addEighths(c.newViews, weight)
	c.against |= v.bucket
	c.run += weight
}

// hold counts a view whose client has the asset and so had no need to ask: for the asset, not
// against it. It does not end a run of misses, so a deleted file dies even while many still
// hold it.
func (c *candidate) hold(v *opened, weight float32, l *limits) {
	c.makeRoom(weight, l.memory)
	c.held += weight
	c.newHeld = addEighths(c.newHeld, weight)
	c.pro |= v.bucket
}

// today forgets the voters of another day: who is to be believed must find enough of them within
// one.
func (c *candidate) today(day uint16) {
	if c.day != day {
		c.day, c.pro, c.against = day, 0, 0
	}
}

// addEighths adds a weight to a count in eighths, up to its maximum.
func addEighths(n uint16, weight float32) uint16 {
	return uint16(min(uint32(n)+uint32(weight*8), 1<<16-1))
}

// hopeless reports whether the asset is not going to be wanted.
func (c *candidate) hopeless() bool {
	switch {
	case c.linked():
		return false
	case c.asset.state == gone:
		return !c.wanted() || c.run >= 1
	}
	return !c.wanted() && (c.run >= 32 || c.sum() >= 8 && c.mean() < 0.1)
}

// prune forgets the hopeless.
func (s *shard) prune(p *page) {
	s.keepCandidates(p, func(c *candidate) bool { return !c.hopeless() })
}

// recentStems are the names, without versions, of assets that are new on the page and that the
// view used or the page is known to want.
type recentStems struct {
	n    int
	list [16]struct {
		stem uint64
		born uint32
	}
}

func (r *recentStems) collect(p *page, v *opened) {
	for i := range p.cands {
		c := &p.cands[i]
		if r.n == len(r.list) {
			return
		}
		if c.asset.stem == 0 || p.seq-c.born >= doubtEvery {
			continue
		}
		if _, used := v.find(c.hash); used || c.wanted() {
			r.list[r.n].stem, r.list[r.n].born = c.asset.stem, c.born
			r.n++
		}
	}
}

// supersede reports whether there is a newer version of the asset: one of the same stem that
// appeared on the page after this one was last asked for. A page uses one version of a file,
// so the view speaks against the older one, even if the client still holds it or was sent it.
// Should the page use both after all, the older one will be asked for again, and is then the
// newer of the two.
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
