package learn

import (
	"math"
	"math/bits"

	"github.com/cache-aware/casper/server/learn/evidence"
)

// tally is what the views of a page said about one asset: how many asked for it, how many
// could have, and how many had no need to since the client holds it. All are weighted and
// decayed, so they are not whole numbers.
//
// The share of views that use the asset is estimated as a beta distribution over Jeffreys'
// prior, Beta(½, ½), where n = views + held:
//
//	mean      m = (used + held + ½) / (n + 1)
//	deviation s = √( m(1-m) / (n + 2) )
//
// The prior is worth one view. It keeps one sighting from being certainty (m = ¾), and twenty
// from being more than 0.976.
//
// A client that holds the asset counts as one that uses it. That is right for whatever a
// client either always or never needs (scripts of the page, halves of a split test, what a
// phone gets), and too kind to what is loaded now and then, which gathers in caches over time.
// So holding counts for half of asking, and warm views weigh less where there are enough cold
// ones; see [page.weigh].
type tally struct {
	used, views, held float32
}

func (t tally) sum() float32 { return t.views + t.held }

func (t tally) mean() float64 {
	return evidence.Share(float64(t.used), float64(t.views), float64(t.held))
}

func (t tally) deviation() float64 {
	m := t.mean()
	return math.Sqrt(m * (1 - m) / (float64(t.sum()) + 2))
}

// makeRoom shrinks what is there before a weight is added. From memory views on, the estimate
// becomes an average with weight 1/memory for each new view, with the deviation of about
// 2·memory independent ones.
func (t *tally) makeRoom(weight, memory float32) {
	if n := t.sum(); n+weight > memory {
		t.scale((memory - weight) / n)
	}
}

func (t *tally) scale(factor float32) {
	t.used *= factor
	t.views *= factor
	t.held *= factor
}

// uncertainty is the share of views that an asset is withheld from, on top of the hold-out, so
// that they can tell: what is sent to everybody cannot be judged any more. It falls from one
// half, where the mean is midway between the two thresholds, to nothing where it is two and a
// half deviations above that.
func (t tally) uncertainty(l *limits) float64 {
	z := (t.mean() - (l.promote+l.demote)/2) / t.deviation()
	return min(0.5, max(0, 0.5*(1-z/2.5)))
}

// voters is a set of clients, remembered only as which of 64 buckets they fall into. It
// answers "at least so many different ones", never "who", and the union over a fleet is an OR.
type voters uint64

func (v voters) len() int { return bits.OnesCount64(uint64(v)) }

// Thresholds of the rules below, measured with the simulator (server/internal/sim).
const (
	// An asset of every view is given up after so many views in a row without it, and one of
	// fewer views when the run is rarer than 1 in 10,000: -ln(1e-4).
	deadViews   = 6
	deadLogOdds = 9.2

	// What a view that asked for nothing says against an asset: bots ask for nothing either.
	emptyWeight = 0.125

	// What a view by a client that holds some of the page weighs, once there are so many by
	// clients that hold nothing.
	warmWeight = 0.0625
	coldViews  = 4

	// What holding counts for, against asking: the client may have got the asset elsewhere.
	heldWeight = 0.5

	// How long a page is still being learned, and an asset new, in views; and how many of the
	// views before its first sighting count against a new asset of a well-known page.
	youngViews = 16
	bornViews  = 2

	// How many views the opinion of a page's sections is worth, and a declaration.
	inheritViews = 6
	linkViews    = 3
)

// opinion is what the tally, the run of misses and the voters come to.
type opinion uint8

const (
	undecided opinion = iota
	promote
	demote
	giveUp
)

// judge decides about one asset of one page.
//
// It is promoted when enough distinct clients used it on one day, enough views could tell, it
// is believed in (see believed), and the voters for it are at least half as many as those
// against: a few cannot outweigh many by voting often.
//
// It is demoted, with as many distinct clients against it, when the mean is below the lower
// threshold and, since little evidence is easily mistaken, a deviation below the upper one
// too; or when the voters against it have come to outnumber those for it by far.
//
// And it is given up, whatever the long mean says, when the run of views without it is one
// that its own share would produce less often than once in 10,000 times:
//
//	run · -ln(1-a) > 9.2, and run ≥ 6
//
// where a is the share that asked before the run, among those that do not hold it. So a file
// that every view used is out after 6 views, and one of every other view after 14. Of a file
// that a newer version has replaced, 6 views are always enough.
func (c *candidate) judge(l *limits) opinion {
	m := c.mean()
	enough := float64(c.sum()) >= l.minViews
	against := c.against.len() >= l.minClients
	switch {
	case c.wanted() && against && c.run >= deadViews &&
		(c.flags&isReplaced != 0 || float64(c.run)*-math.Log(1-c.asking()) > deadLogOdds):
		return giveUp
	case c.wanted() && against && enough && (m < l.demote && m+c.deviation() < l.promote || c.outvoted()):
		return demote
	case !c.wanted() && enough && c.believed(l) &&
		c.pro.len() >= l.minClients && 2*c.pro.len() >= c.against.len():
		return promote
	}
	return undecided
}

// asking is the share of views that asked for the asset, among those that did not hold it,
// before the run of misses that goes on: how probable a view without it should be.
func (c *candidate) asking() float64 {
	return (float64(c.used) + 0.5) / (float64(max(c.used, c.views-c.run)) + 1)
}

// believed reports whether the asset is believed in. A newcomer is met with six views against
// it that nobody cast, and one less for every three real ones (twice MinViews where that is
// fewer than six). So a few clients who agree, by chance or by design, do not suffice where
// many might have disagreed: it takes five of six, six of nine, seven of twelve.
func (c *candidate) believed(l *limits) bool {
	t := c.tally
	t.views += float32(max(0, min(6, 2*l.minViews)-float64(t.sum())/3))
	m := t.mean()
	return m >= l.promote && m-t.deviation() >= l.promote-0.15
}

// outvoted reports whether a few clients, voting on many nodes, speak for the asset and many
// against it. By chance an asset of every other view gets here on one day in 450 (3 or fewer
// of 19 coins), one of two views in three never.
func (c *candidate) outvoted() bool {
	return c.against.len() >= 16 && 4*c.pro.len() < c.against.len()
}

// decide acts on what is now thought of an asset, and reports whether the page's answer changes.
func (s *shard) decide(p *page, c *candidate) bool {
	switch c.judge(&s.m.lim) {
	case promote:
		c.flags |= isWanted
		s.tallies.Promoted++
		p.doubt()
	case demote:
		c.flags &^= isWanted
		s.tallies.Demoted++
	case giveUp:
		c.flags &^= isWanted
		c.tally = tally{views: min(c.run, deadViews)} // what was before does not come back
		s.tallies.Demoted++
	default:
		return false
	}
	return true
}
