package learn

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"strings"
	"sync/atomic"
	"time"
)

// Model is what is known of the pages of one origin. It is safe for concurrent use; make one
// with [New].
//
// [Model.ObserveView] and [Model.ObserveFetch] tell it what happened, [Model.Wanted] and
// [Model.Choose] ask. Asking takes no lock and allocates nothing. Time comes in with the
// events, so the same events and the same [Config.Secret] give the same model, whenever they
// are replayed.
type Model struct {
	c        Config
	lim      limits
	salt     salt
	sip      sipKey
	marks    sipKey          // of sightings
	seed     maphash.Seed    // of what is only compared with itself
	learned  map[string]bool // destinations
	visitors []visitors
	shards   []shard
	shift    uint // of a hash, to the number of its shard
	changes  atomic.Uint64
	dropped  atomic.Uint64
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
		seed:     maphash.MakeSeed(),
		visitors: make([]visitors, c.Shards),
		shards:   make([]shard, c.Shards),
		shift:    uint(64 - bits.TrailingZeros(uint(c.Shards))),
	}
	m.lim.minClients, m.lim.minViews = c.MinClients, float64(c.MinViews)
	// A key that does not reveal the one of the clients.
	key := sha256.Sum256(append([]byte("pages"), m.salt[:]...))
	m.sip = sipKey{binary.LittleEndian.Uint64(key[:]), binary.LittleEndian.Uint64(key[8:])}
	m.marks = sightingKey(m.salt)
	for _, d := range c.Destinations {
		m.learned[d] = true
	}
	// An eighth of the room each for votes, for visitors, and for open views; an eighth stays
	// free, since maps and slices grow in steps. The rest is for pages.
	eighth := c.Bytes / 8 / c.Shards
	for i := range m.visitors {
		m.visitors[i] = visitors{
			byClient: make(map[Client]*visitor),
			room:     max(4, eighth/visitorCost),
			voted:    newVoted(eighth),
			openRoom: max(4, eighth/(viewCost+strangeRoom)),
		}
	}
	buckets := 16
	for buckets*1024 < 4*eighth {
		buckets *= 2
	}
	for i := range m.shards {
		m.shards[i] = shard{
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

// shardOf returns the shard of a page's hash: its upper bits, since the lower ones choose the
// bucket of its answer.
func (m *Model) shardOf(hash uint64) *shard { return &m.shards[hash>>m.shift] }

func (m *Model) visitorsOf(c Client) *visitors { return &m.visitors[mix(uint64(c))>>m.shift] }

// identifies reports whether a text can be the identity of a page: it is not empty, not too
// long, and does not hold the star that marks a section.
func identifies(page string) bool {
	return page != "" && len(page) <= MaxKey && strings.IndexByte(page, '*') < 0
}

// ObserveView tells the model that a page was answered. Events of one client should come in
// the order of their times; what comes too late is not counted, and nothing else depends on
// order. It takes well under a microsecond for each request, and waits for nothing but short
// locks.
func (m *Model) ObserveView(v *View) {
	page := v.Page
	if page == "" {
		page = v.Path
	}
	if v.Client == 0 || v.Ahead || !identifies(page) || !identifies(v.Path) {
		return
	}
	hash := m.hash(page)
	m.countAll(m.admit(v, page, hash))
	if v.Status == 200 && v.Links != nil {
		m.declare(page, hash, v.Links, v.Time.UnixMilli())
	}
}

// ObserveFetch tells the model that an asset was asked for. As for the order, see
// [Model.ObserveView].
func (m *Model) ObserveFetch(f *Fetch) {
	lost := f.Status == 404 || f.Status == 410
	if f.Client == 0 || f.Ahead || !identifies(f.Path) ||
		!lost && f.Status != 200 && f.Status != 304 || len(f.Asset.Path) > MaxPath {
		return
	}
	m.fetch(f, lost)
}

// Tick counts the views whose window has closed by t. Events of the same clients do that by
// themselves; where traffic has paused, call it every few seconds, and before saving.
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

// dayOf is the number of the day (UTC) of a time in ms since 1970.
func dayOf(ms int64) uint16 { return uint16(ms / day) }
