package redisstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/cache-aware/casper/server/learn/evidence"
)

// Store is a [evidence.Store] in Redis. Make one with [Open] or [New], for each
// model its own. It is safe for concurrent use, though calls wait for each other.
type Store struct {
	c      Config
	lim    limits
	k      keys
	node   string // a random name of this store, for whoever wonders who took a round
	client redis.UniversalClient
	closer func() error // nil when the client is the caller's

	mu     sync.Mutex // held while talking to Redis; no request ever waits for it
	clock  redisClock
	queue  []evidence.Delta
	asked  int64                       // the round in which the queue was last looked through
	listed []int64                     // rounds that there are and that may have to be read, ascending
	asof   int64                       // all of the rounds before this one that there are were listed
	joined int64                       // the round from which on this store was there
	part   *partRound                  // the round that is being read
	own    map[int64]map[string]counts // what this node reported in rounds that it has yet to read
	known  map[uint64]uint8            // pages and assets that the fleet has heard of: views, up to 255
	seed   maphash.Seed
	counts counters
}

var _ evidence.Store = (*Store)(nil)

// maxKnown bounds the memory for what is known, in entries of about 20 octets. Beyond it
// everything counts as new once more.
const maxKnown = 1 << 17

type counters struct {
	sent, received, refused, dropped, archived, queued atomic.Uint64
}

// Stats are counters since the store was made. A record is the evidence about one page or one
// asset of a page.
type Stats struct {
	Sent     uint64 `json:"sent"`     // records sent
	Received uint64 `json:"received"` // records of other nodes received
	Refused  uint64 `json:"refused"`  // records sent that the round had no room for
	Dropped  uint64 `json:"dropped"`  // pages that the queue had no room for
	Archived uint64 `json:"archived"` // records that this node added to the archive
	Queued   uint64 `json:"queued"`   // pages that wait for their turn now
}

// Stats returns the counters. It never waits.
func (s *Store) Stats() Stats {
	n := &s.counts
	return Stats{
		n.sent.Load(), n.received.Load(), n.refused.Load(),
		n.dropped.Load(), n.archived.Load(), n.queued.Load(),
	}
}

// New returns a store that uses a client of the caller's. The client should obey contexts
// (redis.Options.ContextTimeoutEnabled) and not retry by itself (MaxRetries -1), since what
// is sent twice counts twice. Nothing bounds what such a client reads, as [Open] does. An error names the field of the config that is out of its range.
func New(client redis.UniversalClient, c Config) (*Store, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Store{
		c: c, lim: defaultLimits, k: newKeys(&c), node: rand.Text(), client: client, seed: maphash.MakeSeed(),
		own: make(map[int64]map[string]counts), known: make(map[uint64]uint8),
	}, nil
}

// IsAddress reports whether a text is an address for [Open] by its scheme, and not a file's name.
func IsAddress(text string) bool {
	scheme, _, ok := strings.Cut(text, "://")
	return ok && (scheme == "redis" || scheme == "rediss" || scheme == "unix")
}

// Open returns a store at a redis://, rediss:// or unix:// URL, in the form of redis.ParseURL.
// Besides, the parameter site sets [Config.Site]. It does not connect yet: a server that is
// away now may be there later.
//
// An answer above 4 MiB, or with a string above 64 KiB, ends its connection before room is made
// for it.
//
// What fails comes back as an error of [Store.Merge] and [Store.Load], so Open turns off
// go-redis's own log, which is one for the whole process and would repeat the same line as
// long as Redis is away.
func Open(address string, c Config) (*Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		var e *url.Error // which repeats the address, and so a password
		if errors.As(err, &e) {
			err = e.Err
		}
		return nil, fmt.Errorf("redisstore: the address: %w", err)
	}
	query := u.Query()
	if site := query.Get("site"); site != "" {
		c.Site = site
		query.Del("site")
		u.RawQuery = query.Encode()
	}
	o, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, fmt.Errorf("redisstore: %s: %w", u.Redacted(), err)
	}
	// A call is bounded by its context. One connection does the work, one waits for news, and a
	// third is there while one of those is given up.
	o.ContextTimeoutEnabled = true
	o.MaxRetries = -1
	o.DialerRetries = 1
	o.PoolSize = 3
	o.MaxActiveConns = 3
	o.MinIdleConns = 0
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.DialTimeout = cmp.Or(o.DialTimeout, 2*time.Second)
	o.Dialer = bounded(redis.NewDialer(o))
	logging.Disable()
	client := redis.NewClient(o)
	s, err := New(client, c)
	if err != nil {
		client.Close()
		return nil, err
	}
	s.closer = client.Close
	return s, nil
}

// Close sends what still waits in the queue, and lets go of the connections if [Open] made
// them. The error is that of sending; nothing is lost by it but the last evidence of this
// node.
func (s *Store) Close(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if len(s.queue) > 0 {
		err = s.send(ctx, s.queue)
		s.setQueue(nil)
	}
	if s.closer != nil {
		err = cmp.Or(err, s.closer())
		s.closer = nil
	}
	return s.named(err)
}

// named says whose an error is. After one the clock is not relied on: the next call asks for the
// time first, so that a server which has too much to do is asked for little.
func (s *Store) named(err error) error {
	if err == nil {
		return nil
	}
	s.clock.forget()
	return fmt.Errorf("redisstore: %w", err)
}

// Config returns what the store goes by: what it was made with, and the defaults of the rest.
func (s *Store) Config() Config { return s.c }
