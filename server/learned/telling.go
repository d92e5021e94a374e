package learned

import (
	"sync"

	"github.com/cache-aware/casper/server/learn"
)

// A telling is how the model is told of what a handler saw: by one at a time, in the order in which the requests have
// ended. A request that finds nobody at it tells the model itself, which is cheaper than waking anybody. Where
// several end at once, the others leave what they have, and a goroutine takes it in batches: no answer waits for
// the model's locks.
type telling struct {
	mu      sync.Mutex
	busy    bool    // somebody is at it
	waiting []event // bounded
	spare   []event // for the next batch
	idle    sync.Cond
}

// An event tells the model of a view or of a fetch.
type event func(*learn.Model)

// mostWaitingEvents bounds the events that wait. Each keeps its request in memory until then.
const mostWaitingEvents = 1024

// tell tells the model of an event, now or soon. What comes while too much waits is dropped, and
// counted: the model needs some of the views and not each.
func (t *telling) tell(m *learn.Model, e event) {
	t.mu.Lock()
	if t.busy {
		full := len(t.waiting) == mostWaitingEvents
		if !full {
			t.waiting = append(t.waiting, e)
		}
		t.mu.Unlock()
		if full {
			m.Drop()
		}
		return
	}
	t.busy = true
	t.mu.Unlock()
	defer t.pass(m)
	e(m)
}

// pass lets a goroutine go on, if anything waits.
func (t *telling) pass(m *learn.Model) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) > 0 {
		go t.take(m)
		return
	}
	t.busy = false
	if t.idle.L != nil {
		t.idle.Broadcast()
	}
}

// take tells the model of what waits.
func (t *telling) take(m *learn.Model) {
	defer t.pass(m)
	t.mu.Lock()
	batch := t.waiting
	t.waiting, t.spare = t.spare[:0], nil
	t.mu.Unlock()
	for _, e := range batch {
		e.spared(m)
	}
	clear(batch)
	t.mu.Lock()
	t.spare = batch
	t.mu.Unlock()
}

// spared survives a panic, as a handler does that of an Observer.
func (e event) spared(m *learn.Model) {
	defer func() {
		if recover() != nil {
			m.Drop()
		}
	}()
	e(m)
}

// wait returns once the model has been told of all that there was.
func (t *telling) wait() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle.L = &t.mu
	for t.busy {
		t.idle.Wait()
	}
}
