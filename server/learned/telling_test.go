package learned

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/cache-aware/casper/server/learn"
)

func newTestModel(t *testing.T) *learn.Model {
	t.Helper()
	m, err := learn.New(learn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Of what many requests tell at once, nothing is lost but what is counted as dropped, and when Run has returned, the
// model knows all of it.
func TestTellingLosesNothing(t *testing.T) {
	m := newTestModel(t)
	s := &Source{Model: m}
	ctx, cancel := context.WithCancel(t.Context())
	var running, tellers sync.WaitGroup
	running.Go(func() { s.Run(ctx, nil) })
	const many, each = 8, 500
	told := 0 // by one at a time
	for range many {
		tellers.Go(func() {
			for range each {
				s.telling.tell(m, func(*learn.Model) { told++ })
			}
		})
	}
	tellers.Wait()
	cancel()
	running.Wait()
	if dropped := int(m.Stats().Dropped); told+dropped != many*each || told < each {
		t.Errorf("%d told and %d dropped of %d", told, dropped, many*each)
	}
}

// While somebody tells, what others have waits, in its order and within a bound, and nobody waits for it.
func TestTellingKeepsOrderAndBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newTestModel(t)
		var tell telling
		hold, order := make(chan bool), []int(nil)
		go tell.tell(m, func(*learn.Model) { <-hold })
		synctest.Wait()
		for i := range mostWaitingEvents + 10 {
			tell.tell(m, func(*learn.Model) { order = append(order, i) })
		}
		if got := m.Stats().Dropped; got != 10 {
			t.Errorf("%d dropped", got)
		}
		close(hold)
		tell.wait()
		tell.tell(m, func(*learn.Model) { order = append(order, mostWaitingEvents) }) // at once
		if len(order) != mostWaitingEvents+1 || !slices.IsSorted(order) {
			t.Errorf("%d events in the order %v", len(order), order)
		}
	})
}

// An event that panics, which a handler survives, does not end the telling.
func TestTellingSurvivesPanics(t *testing.T) {
	m, told := newTestModel(t), false
	var tell telling
	func() {
		defer func() { recover() }()
		tell.tell(m, func(*learn.Model) { panic("here") })
	}()
	tell.tell(m, func(*learn.Model) { told = true })
	if !told {
		t.Error("the model is not told of what comes behind it")
	}
	// Nor does one that waited.
	hold := make(chan bool)
	tell.tell(m, func(*learn.Model) {
		go func() {
			tell.tell(m, func(*learn.Model) { panic("here") })
			tell.tell(m, func(*learn.Model) { told = false })
			close(hold)
		}()
		<-hold
	})
	if tell.wait(); told {
		t.Error("the model is not told of what waited behind it")
	}
}
