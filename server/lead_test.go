package server

import (
	"testing"
	"time"
)

// Leads are counted into buckets, and half of them are at least the median.
func TestLeads(t *testing.T) {
	var l Leads
	if l.Median() != 0 || l.Count() != 0 {
		t.Errorf("of none: %v of %d", l.Median(), l.Count())
	}
	for _, d := range []time.Duration{-time.Second, time.Millisecond, 300 * time.Millisecond, 400 * time.Millisecond, time.Minute} {
		l.add(d)
	}
	if l.Count() != 5 || l.Sum() != time.Minute+701*time.Millisecond || l.Median() != 250*time.Millisecond {
		t.Errorf("%d, %v, median %v", l.Count(), l.Sum(), l.Median())
	}
	for bound, want := range map[float64]uint64{.001: 2, .25: 2, .5: 4, 5: 4} {
		if got := l.Within()[bound]; got != want {
			t.Errorf("within %v s: %d, want %d", bound, got, want)
		}
	}
}
