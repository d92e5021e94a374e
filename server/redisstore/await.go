package redisstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cache-aware/casper/server/learn/evidence"
)

const (
	// A wait is this long at most, after which the store is asked in any case.
	maxWait = 30 * time.Second

	// Redis is asked to tell of the next round for so long at a time, and then given up after so much
	// more: what breaks without a sign is noticed.
	maxBlock   = 8 * time.Second
	blockGrace = 2 * time.Second

	// Of a round's length, nodes spread their reading of it over one in so many.
	spread = 2
)

var _ evidence.Waiter = (*Store)(nil)

// Await returns once a round that the cursor has not passed can be read, or a page has its turn to be
// reported, or after half a minute. Redis itself tells of rounds (XREAD), on a connection
// that is used for nothing else meanwhile; the goroutine that waits for it may take ten seconds to
// notice the end of the context. Where Redis will not tell, Await returns once a round.
func (s *Store) Await(ctx context.Context, since evidence.Cursor) error {
	for until := time.Now().Add(maxWait); time.Now().Before(until); {
		client, wait, from, known := s.wait(since)
		if from < 0 {
			return nil
		}
		if known {
			return sleep(ctx, wait)
		}
		told, err := s.listen(ctx, client, from, min(wait, time.Until(until), maxBlock))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case refused(err):
			return sleep(ctx, s.c.Round)
		case err != nil:
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.named(err)
		case !told && wait <= maxBlock: // a page has its turn
			return nil
		}
	}
	return nil
}

// wait returns for how long there is nothing to do, and whether that is for certain. If it is not,
// there may be a round any time, from the given one on; one below 0 says to ask.
func (s *Store) wait(since evidence.Cursor) (client redis.UniversalClient, wait time.Duration, from int64, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, ok := s.clock.time()
	c, err := parseCursor(since)
	if !ok || err != nil || !c.rounds {
		return nil, 0, -1, false
	}
	wait = maxWait
	n, known := s.next(c.round)
	if known {
		wait = s.readable(n).Sub(now) + rand.N(s.c.Round/spread)
	}
	if turn, ok := s.nextTurn(s.roundAt(now)); ok {
		wait = min(wait, s.begins(turn).Sub(now)+rand.N(s.c.Round/spread))
	}
	return s.client, max(wait, 0), c.round, known
}

// nextTurn returns the next round in which a page of the queue is to be reported.
func (s *Store) nextTurn(round int64) (int64, bool) {
	turns := uint64(s.c.Turns)
	least := turns
	for i := range s.queue {
		ahead := (s.turnOf(s.queue[i].Page) + turns - uint64(round+1)%turns) % turns
		least = min(least, ahead)
	}
	return round + 1 + int64(least), least < turns
}

// listen waits until Redis tells of a round, the given one or a later one, and reports whether
// there is one.
func (s *Store) listen(ctx context.Context, client redis.UniversalClient, from int64, block time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, block+blockGrace)
	defer cancel()
	streams, err := client.XRead(ctx, &redis.XReadArgs{
		Streams: []string{s.k.index, roundID(from - 1)}, Count: roundsKept, Block: max(block, time.Millisecond),
	}).Result()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now, _ := s.clock.time()
	for _, stream := range streams {
		// What stands before the last of them was there before, so that all of that is told of. One of the
		// future is nobody's.
		s.asof = max(s.asof, min(s.listAll(stream.Messages), s.roundAt(now)))
	}
	return true, nil
}

// sleep returns the context's error if that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
