package redisstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/cache-aware/casper/server/learn/evidence"
)

// Store is a [evidence.Store] in Redis. Make one with [Open] or [New], for each
// model its own. It is safe for concurrent use, though calls wait for each other.
type Store struct {
	c      Config
	lim    limits
	k      keys
	node   string                // a random name of this store, for whoever wonders who took a round
	client redis.UniversalClient // of a cluster, the node that has the site; nil until that is known
	closer func() error          // nil when the client is the caller's

	cluster *redis.ClusterClient // nil if it is none

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
	s := &Store{
		c: c, lim: defaultLimits, k: newKeys(&c), node: rand.Text(), client: client, seed: maphash.MakeSeed(),
		own: make(map[int64]map[string]counts), known: make(map[uint64]uint8),
	}
	if cluster, ok := client.(*redis.ClusterClient); ok {
		s.client, s.cluster = nil, cluster
	}
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
	if s.cluster != nil { // the site may have moved to another node
		s.client = nil
		s.cluster.ReloadState(context.Background())
	} else if redis.HasErrorPrefix(err, "MOVED") {
		err = fmt.Errorf("this is a node of a Redis Cluster; its address needs cluster=true: %w", err)
	}
	return fmt.Errorf("redisstore: %w", err)
}

// Config returns what the store goes by: what it was made with, and the defaults of the rest.
func (s *Store) Config() Config { return s.c }
