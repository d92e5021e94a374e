package learn

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"sync/atomic"
	"time"
)

// Model is what is known of the pages of one origin. It is safe for concurrent use; make one with [New].
//
// [Model.Observe] tells it what happened, [Model.Wanted] and [Model.Choose] ask. Asking takes no lock and allocates nothing.
// Time comes in with the events, so the same events and the same [Config.Secret] give the same model, whenever they are replayed.
type Model struct {
	c        Config
	lim      limits
	salt     salt
	sip      sipKey
	learned  map[string]bool // destinations
	visitors []visitors
	pages    []pages
	shift    uint // of a hash, to the number of its shard
	changes  atomic.Uint64
}

// New returns an empty model. An error names the field of the config that is out of its range.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{
		c:        c,
		lim:      defaultLimits,
		salt:     newSalt(c.Secret),
		learned:  make(map[string]bool),
		visitors: make([]visitors, c.Shards),
		pages:    make([]pages, c.Shards),
		shift:    64,
	}
	key := sha256.Sum256(append([]byte("pages"), m.salt[:]...)) // not the clients' key itself, but one that comes of it
	m.sip = sipKey{binary.LittleEndian.Uint64(key[:]), binary.LittleEndian.Uint64(key[8:])}
	for n := c.Shards; n > 1; n /= 2 {
		m.shift--
	}
	m.lim.minClients, m.lim.minViews = c.MinClients, float64(c.MinViews)
	for _, d := range c.Destinations {
		m.learned[d] = true
	}
	// An eighth of the room each for votes, for visitors, and for open views; an eighth stays free, since maps and slices grow in steps. The rest is for pages.
	eighth := c.Bytes / 8 / c.Shards
	for i := range m.visitors {
		m.visitors[i] = visitors{
			byClient: make(map[Client]*visitor),
			room:     max(4, eighth/visitorCost),
			trail:    m.lim.trail,
			ballots:  newBallots(eighth),
			openRoom: max(4, eighth/(viewCost+strangeRoom)),
		}
	}
	buckets := 16
	for buckets*1024 < 4*eighth {
		buckets *= 2
	}
	for i := range m.pages {
		m.pages[i] = pages{
			m:       m,
			byHash:  make(map[uint64]*page),
			assets:  make(map[uint64]*asset),
			room:    4*eighth - 16*buckets,
			answers: make(answers, buckets),
		}
	}
	return m, nil
}

func (m *Model) hash(s string) uint64 { return sum(m.sip, s) }

func (m *Model) hashBytes(b []byte) uint64 { return sum(m.sip, b) }

// pagesOf returns the shard of a page's hash: its upper bits, since the lower ones choose the bucket.
func (m *Model) pagesOf(hash uint64) *pages { return &m.pages[hash>>m.shift] }

func (m *Model) visitorsOf(c Client) *visitors { return &m.visitors[mix(uint64(c))>>m.shift] }

// Observe tells the model what happened. Events of one client should come in the order of their times; what comes too late is not
// counted, and nothing else depends on order. It takes well under a microsecond, and never waits for anything but short locks.
func (m *Model) Observe(e Event) {
	if e.Client == 0 || e.Flags&never != 0 || len(e.Path) == 0 || len(e.Path) > MaxKey || len(e.Page) > MaxKey ||
		strings.Contains(e.Page, "*") || strings.Contains(e.Path, "*") { // the star is the mark of a kind
		return
	}
	if e.Kind == View {
		m.view(&e)
	} else if e.Kind == Fetch {
		m.fetch(&e)
	}
}

// Wanted returns the assets that a view of a page is thought to need, the most blocking first. Page is the identity that its views
// were observed under. A page that was never seen, or too seldom, gets what its kind needs. The result is empty for a page of
// which nothing is known, or that has lately answered with redirects or errors; it must not be changed.
//
// Rollout, shadow mode and hold-out play no part here; [Model.Choose] heeds them.
func (m *Model) Wanted(page string) []Prediction {
	a := m.answerFor(page)
	if a == nil || a.state == stateTrouble {
		return nil
	}
	return a.predictions
}

// answerFor returns the answer for a page, or for the nearest kind that has one.
func (m *Model) answerFor(page string) *answer {
	hash := m.hash(page)
	if a := m.pagesOf(hash).answers.find(hash, page); a != nil {
		return a
	}
	return m.kindAnswer(page)
}

func (m *Model) kindAnswer(page string) *answer {
	if len(page) > MaxKey {
		return nil
	}
	var room [MaxKey + 64]byte
	for level := range maxFamilies {
		key, ok := familyKey(room[:0], page, level)
		if !ok {
			return nil
		}
		hash := m.hashBytes(key)
		if a := m.pagesOf(hash).answers.findBytes(hash, key); a != nil {
			return a
		}
	}
	return nil
}

// Verdict is why [Model.Choose] gave what it gave.
type Verdict uint8

const (
	Send      Verdict = iota // what is wanted, less what this view is to be judged by
	Unknown                  // nothing is known of the page or its kind
	NotYours                 // the client is not within the rollout, or the model is in shadow mode
	HeldOut                  // this view gets nothing, to measure by
	InDoubt                  // the page has just changed
	InTrouble                // the page has lately answered with redirects or errors
)

var verdicts = [...]string{"send", "unknown", "in the shadow", "held out", "in doubt", "in trouble"}

func (v Verdict) String() string {
	if int(v) < len(verdicts) {
		return verdicts[v]
	}
	return "?"
}

// Choose appends to dst what to send ahead of one view of a page, and says why. It is [Model.Wanted] less what is withheld: everything from
// clients outside the rollout, from the hold-out share of views, and while the page is in doubt; and, now and then, single assets
// whose estimate is still uncertain. Which, depends on client and page alone. What a rule demands and what the page's own answers link
// is not held out: there is nothing to learn from that. It allocates only when dst is too short.
func (m *Model) Choose(dst []Prediction, page string, c Client) ([]Prediction, Verdict) {
	a := m.answerFor(page)
	switch {
	case a == nil:
		return dst, Unknown
	case a.state == stateTrouble:
		return dst, InTrouble
	case m.c.Shadow:
		return dst, NotYours
	case a.state == stateDoubt:
		return appendGiven(dst, a), InDoubt
	}
	dice := mix(uint64(c) ^ m.hash(page))
	if float64(dice>>48)/65536 < m.c.HoldOut {
		return appendGiven(dst, a), HeldOut
	}
	for i := range a.predictions {
		p := &a.predictions[i]
		if m.c.HoldOut > 0 && uint16(mix(dice+uint64(i))>>48) < p.holdOut {
			continue
		}
		dst = append(dst, *p)
	}
	return dst, Send
}

// appendGiven appends the assets that are not for the model to judge by withholding them: a rule demands them, or the page itself links them.
func appendGiven(dst []Prediction, a *answer) []Prediction {
	for i := range a.predictions {
		if a.predictions[i].Linked {
			dst = append(dst, a.predictions[i])
		}
	}
	return dst
}

// Tick counts the views whose window has closed by t. Events of the same clients do that by themselves; where traffic has paused, call it
// every few seconds, and before saving.
func (m *Model) Tick(t time.Time) {
	now := t.UnixMilli()
	for i := range m.visitors {
		vs := &m.visitors[i]
		for {
			vs.mu.Lock()
			due := m.takeDue(vs, now)
			vs.mu.Unlock()
			if due[0] == nil {
				break
			}
			m.countAll(due)
		}
	}
}
