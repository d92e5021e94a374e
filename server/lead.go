package server

import (
	"math"
	"sync/atomic"
	"time"
)

// Leads counts by how much hints were early: each asset that was asked for after a 103, and how
// long after that its page was answered. That is what a browser gained at most, and what it gained
// while the page's answer was awaited.
type Leads struct {
	buckets [len(leadBounds) + 1]atomic.Int64
	sum     atomic.Int64 // ns
}

// leadBounds are the upper bounds of the buckets but the last, in seconds.
var leadBounds = [...]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}

func (l *Leads) add(d time.Duration) {
	d = max(0, d)
	i := 0
	for i < len(leadBounds) && d.Seconds() > leadBounds[i] {
		i++
	}
	l.buckets[i].Add(1)
	l.sum.Add(int64(d))
}

// Count returns how many assets were asked for early.
func (l *Leads) Count() (n int64) {
	for i := range l.buckets {
		n += l.buckets[i].Load()
	}
	return n
}

// Sum returns all leads together.
func (l *Leads) Sum() time.Duration { return time.Duration(l.sum.Load()) }

// Within returns how many leads were at most a bound, for each of the bounds in seconds, as a
// histogram of Prometheus has them. The last bound, infinity, is left out.
func (l *Leads) Within() map[float64]uint64 {
	within, n := make(map[float64]uint64, len(leadBounds)), uint64(0)
	for i, bound := range leadBounds {
		n += uint64(l.buckets[i].Load())
		within[bound] = n
	}
	return within
}

// Median returns a time that half of the leads were at least as long as, as far as the buckets
// tell: the lower bound of the bucket. It is 0 for none.
func (l *Leads) Median() time.Duration {
	half, n := (l.Count()+1)/2, int64(0)
	for i := range l.buckets {
		if n += l.buckets[i].Load(); n >= half && n > 0 {
			if i == 0 {
				return 0
			}
			return time.Duration(math.Round(leadBounds[i-1] * 1e9))
		}
	}
	return 0
}
