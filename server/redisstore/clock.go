package redisstore

import (
	"context"
	"time"
)

// redisClock is the clock of Redis, which all nodes share: as it was told last, and gone on from
// there.
type redisClock struct {
	told  time.Time // by this machine's monotonic clock
	redis time.Time
}

func (c *redisClock) set(ms int64) { c.told, c.redis = time.Now(), time.UnixMilli(ms) }

func (c *redisClock) forget() { *c = redisClock{} }

// time returns the time, and reports whether there is one.
func (c *redisClock) time() (time.Time, bool) {
	return c.redis.Add(time.Since(c.told)), !c.told.IsZero()
}

// fresh reports whether the clock was told so lately that it needs no telling.
func (c *redisClock) fresh() bool { return !c.told.IsZero() && time.Since(c.told) < 30*time.Second }

// moment is a time by the clock of Redis.
type moment struct {
	time  time.Time
	round int64 // that is under way
}

func (s *Store) at(t time.Time) moment { return moment{t, s.roundAt(t)} }

// roundAt returns the round that is under way at a time.
func (s *Store) roundAt(t time.Time) int64 { return t.UnixMilli() / s.c.Round.Milliseconds() }

// now returns the present moment, and asks for it only if it is not known.
func (s *Store) now(ctx context.Context) (moment, error) {
	if t, ok := s.clock.time(); ok {
		return s.at(t), nil
	}
	if s.client == nil {
		master, err := s.cluster.MasterForKey(ctx, s.k.index)
		if err != nil {
			return moment{}, err
		}
		s.client = master // all keys of a site are on one node
	}
	t, err := s.client.Time(ctx).Result()
	if err != nil {
		return moment{}, err
	}
	s.clock.set(t.UnixMilli())
	return s.at(t), nil
}

// settle is how long after its end a round is left alone. Nothing is added to one that is over; this is for
// a clock that is put right, or another server's after a failover.
func (s *Store) settle() time.Duration { return s.c.Round / 10 }

// settled returns the first round that is not settled yet.
func (s *Store) settled(now moment) int64 { return s.roundAt(now.time.Add(-s.settle())) }

// readable returns when a round is settled.
func (s *Store) readable(round int64) time.Time {
	return s.begins(round + 1).Add(s.settle())
}

// begins returns when a round begins.
func (s *Store) begins(round int64) time.Time {
	return time.UnixMilli(round * s.c.Round.Milliseconds())
}
