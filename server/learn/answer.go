package learn

import (
	"cmp"
	"slices"
	"sync/atomic"
	"unsafe"
)

// answer is what is said about a page. It is never changed after it was published; a newer one
// replaces it.
type answer struct {
	key         string
	hash        uint64
	next        *answer // in its bucket
	predictions []Prediction
	state       answerState
}

type answerState uint8

const (
	stateReady   answerState = iota
	stateTrouble             // the page has of late answered with redirects or errors
	stateDoubt               // something changed; some views get nothing until it is clear what
)

const (
	answerCost     = int(unsafe.Sizeof(answer{}))
	predictionCost = int(unsafe.Sizeof(Prediction{}))
)

func (a *answer) cost() int { return answerCost + cap(a.predictions)*predictionCost }

// publish makes an answer of what is now known of the page.
func (s *shard) publish(p *page) {
	if !p.ready(&s.m.lim) {
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
		a.predictions[i] = c.prediction(&s.m.lim)
	}
	s.answers.replace(p.answer, a)
	p.answer = a
}

// prediction is what is published of a candidate.
func (c *candidate) prediction(l *limits) Prediction {
	return Prediction{
		hash:        c.hash,
		Asset:       c.asset.link,
		Version:     c.asset.version,
		Probability: float32(c.mean()),
		Linked:      c.linked(),
		holdOut:     uint16(65535 * c.withheld(l)),
	}
}

// withheld is the share of views that the asset is withheld from, on top of the hold-out. What
// the page's own answers link goes out with them: to withhold it ahead of them would teach
// nothing.
func (c *candidate) withheld(l *limits) float64 {
	if c.linked() {
		return 0
	}
	return c.uncertainty(l)
}

// ready reports whether enough is known of the page for it to speak for itself; until then its
// sections do.
func (p *page) ready(l *limits) bool {
	if p.section != nil {
		return p.section.members >= minMembers
	}
	return float64(p.seq) >= l.minViews || p.answer != nil ||
		slices.ContainsFunc(p.cands, func(c candidate) bool { return c.linked() })
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

// byUrgency orders assets by what blocks rendering: by the urgency that browsers gave them
// (RFC 9218), then style sheets before scripts before fonts before the rest, then in the order
// in which views ask for them.
func byUrgency(a, b *candidate) int {
	return cmp.Or(
		cmp.Compare(a.step(), b.step()),
		cmp.Compare(blocking(a.asset.link.As), blocking(b.asset.link.As)),
		cmp.Compare(a.order, b.order),
		cmp.Compare(a.asset.link.Path, b.asset.link.Path),
	)
}

// step is the urgency as a whole number, that of the destination if no browser gave one.
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

// blocking is the rank of a destination among assets of one urgency.
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

// answers is a hash table that is read without locks. Each bucket is a chain whose nodes never
// change; a writer, who holds the lock of the shard, copies the nodes in front of the one it
// replaces and stores a new head.
type answers []atomic.Pointer[answer]

func (t answers) bucket(hash uint64) *atomic.Pointer[answer] { return &t[hash&uint64(len(t)-1)] }

// findAnswer returns the answer for a page, nil if there is none.
func findAnswer[Text string | []byte](t answers, hash uint64, key Text) *answer {
	for a := t.bucket(hash).Load(); a != nil; a = a.next {
		if a.hash == hash && a.key == string(key) {
			return a
		}
	}
	return nil
}

// replace publishes an answer in the place of old; either may be nil. The caller holds the lock
// of the shard.
func (t answers) replace(old, by *answer) {
	one := cmp.Or(by, old)
	if one == nil {
		return
	}
	bucket := t.bucket(one.hash)
	chain := bucket.Load()
	if old != nil {
		chain = chain.without(old.hash, old.key)
	}
	if by != nil {
		by.next = chain
		chain = by
	}
	bucket.Store(chain)
}

// without returns the chain without the answer for one page. It shares what comes behind that.
func (a *answer) without(hash uint64, key string) *answer {
	switch {
	case a == nil:
		return nil
	case a.hash == hash && a.key == key:
		return a.next
	}
	b := *a
	b.next = a.next.without(hash, key)
	return &b
}
