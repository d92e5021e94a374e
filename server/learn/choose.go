package learn

import (
	"slices"

	"github.com/cache-aware/casper/server/link"
)

// Prediction is one asset that a page is thought to need.
type Prediction struct {
	// Asset is shared by all who ask, and must not be changed.
	Asset *link.Asset

	// Version is the validator that the asset was last seen with: its ETag, or its
	// Last-Modified date. Empty if it had none.
	Version string

	// Probability is that a view of the page by a client without the asset asks for it.
	Probability float32

	// Linked says that the page's own answers link the asset for everybody, so that it goes out
	// with them in any case.
	Linked bool

	hash uint64

	// holdOut is how much more often than usual the asset is withheld since its estimate is
	// still uncertain, in 65536ths.
	holdOut uint16
}

// Wanted returns the assets that a view of a page is thought to need, the most blocking first.
// Page is the identity that its views were observed under. A page that was never seen, or too
// seldom, gets what its section needs. The result is empty for a page of which nothing is known,
// or that has lately answered with redirects or errors; it must not be changed.
//
// Hold-out plays no part here; [Model.Choose] heeds it.
func (m *Model) Wanted(page string) []Prediction {
	a := m.answerFor(page)
	if a == nil || a.state == stateTrouble {
		return nil
	}
	return a.predictions
}

// answerFor returns the answer for a page, or for the nearest section that has one.
func (m *Model) answerFor(page string) *answer {
	hash := m.hash(page)
	if a := findAnswer(m.shardOf(hash).answers, hash, page); a != nil {
		return a
	}
	return m.sectionAnswer(page)
}

func (m *Model) sectionAnswer(page string) *answer {
	if len(page) > MaxKey {
		return nil
	}
	var room [MaxKey + 64]byte
	for level := range sectionLevels {
		key, ok := sectionKey(room[:0], page, level)
		if !ok {
			return nil
		}
		hash := sum(m.sip, key)
		if a := findAnswer(m.shardOf(hash).answers, hash, key); a != nil {
			return a
		}
	}
	return nil
}

// Outcome is why [Model.Choose] gave what it gave.
type Outcome uint8

const (
	OutcomeSend      Outcome = iota // what is wanted, less what this view is to be judged by
	OutcomeUnknown                  // nothing is known of the page or its section
	OutcomeHeldOut                  // this view gets nothing learned, to measure by
	OutcomeInDoubt                  // this view gets nothing learned, since the page has just changed
	OutcomeInTrouble                // the page has lately answered with redirects or errors
)

var outcomes = [...]string{"send", "unknown", "held out", "in doubt", "in trouble"}

func (o Outcome) String() string {
	if int(o) < len(outcomes) {
		return outcomes[o]
	}
	return "?"
}

// Choose appends to dst what to send ahead of one view of a page, and says why. It is
// [Model.Wanted] less what is withheld: everything from the hold-out share of views, and from a
// quarter of them while the page is in doubt; and, now and then, single assets whose estimate
// is still uncertain.
// What is withheld depends on client and page alone. What the page's own answers link is never
// held out, since there is nothing to learn from that. Choose allocates only if dst is too
// short.
func (m *Model) Choose(dst []Prediction, page string, c Client) ([]Prediction, Outcome) {
	a := m.answerFor(page)
	switch {
	case a == nil:
		return dst, OutcomeUnknown
	case a.state == stateTrouble:
		return dst, OutcomeInTrouble
	}
	dice := mix(uint64(c) ^ m.hash(page))
	switch share := float64(dice>>48) / 65536; {
	case share < m.c.HoldOut:
		return appendLinked(dst, a), OutcomeHeldOut
	case a.state == stateDoubt && share < doubtShare:
		return appendLinked(dst, a), OutcomeInDoubt
	}
	dst = slices.Grow(dst, len(a.predictions))
	for i := range a.predictions {
		p := &a.predictions[i]
		if m.c.HoldOut > 0 && uint16(mix(dice+uint64(i))>>48) < p.holdOut {
			continue
		}
		dst = append(dst, *p)
	}
	return dst, OutcomeSend
}

// appendLinked appends the assets that go out in any case.
func appendLinked(dst []Prediction, a *answer) []Prediction {
	dst = slices.Grow(dst, len(a.predictions))
	for i := range a.predictions {
		if a.predictions[i].Linked {
			dst = append(dst, a.predictions[i])
		}
	}
	return dst
}
