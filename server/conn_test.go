package server

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// A push that arrived is counted until it ends, however long that takes; one that never
// arrives is given up after a while.
func TestTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connOf(ConnContext(t.Context(), nil))
		for range 32 {
			if !c.begin(32) {
				t.Fatal("refused below the limit")
			}
		}
		if c.begin(32) || c.underWay() != 32 {
			t.Errorf("%d under way, of 32", c.underWay())
		}
		for range 10 {
			c.arrive()
		}
		c.fail()
		if c.underWay() != 31 {
			t.Errorf("%d under way, want 31", c.underWay())
		}
		time.Sleep(forgotten + time.Second)
		if c.underWay() != 10 {
			t.Errorf("%d under way after a while, want those 10 that arrived", c.underWay())
		}
		for range 10 {
			c.end()
		}
		c.fail()
		if c.underWay() != 0 {
			t.Errorf("%d under way, want none", c.underWay())
		}
	})
}

// Connections without a context are counted by address, so many at a time.
func TestStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s strangers
		for i := range maxStrangers {
			if tr := s.of(fmt.Sprint(i)); tr == nil || !tr.begin(32) {
				t.Fatal("refused below the limit")
			}
		}
		if s.of("one more") != nil {
			t.Error("one more than there may be")
		}
		if s.of("7").underWay() != 1 {
			t.Error("an address is not found again")
		}
		time.Sleep(forgotten + time.Second)
		if s.of("one more") == nil || len(s.at) != 1 {
			t.Errorf("%d after all others have ended", len(s.at))
		}
	})
}
