package learn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/link"
)

// board is a store in memory, as a fleet's shared one behaves: a log of deltas with their authors.
type board struct {
	mu     sync.Mutex
	log    []posted
	broken error
	hangs  bool // as if every packet were lost
}

type posted struct {
	by string
	Delta
}

// member is one node's connection to the board.
type member struct {
	*board
	name string
}

func (b member) Merge(ctx context.Context, deltas []Delta) error {
	if err := b.state(ctx); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range deltas {
		b.log = append(b.log, posted{b.name, d})
	}
	return nil
}

func (b member) Load(ctx context.Context, since Cursor) ([]Delta, Cursor, error) {
	if err := b.state(ctx); err != nil {
		return nil, since, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	from, _ := strconv.Atoi(string(since))
	var out []Delta
	for _, p := range b.log[from:] {
		if from++; p.by != b.name || since == "" {
			out = append(out, p.Delta)
		}
		if len(out) == 50 {
			break
		}
	}
	return out, Cursor(strconv.Itoa(from)), nil
}

func (b member) state(ctx context.Context) error {
	b.mu.Lock()
	hangs, err := b.hangs, b.broken
	b.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

func (b *board) set(hangs bool, broken error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hangs, b.broken = hangs, broken
}

func nodes(t *testing.T, b *board, n int) []*Sharer {
	list := make([]*Sharer, n)
	for i := range list {
		list[i] = &Sharer{
			Model: must(t, Config{Share: true, Secret: []byte("fleet")}),
			Store: member{b, fmt.Sprint("node-", i)},
		}
	}
	return list
}

func exchange(t *testing.T, list ...*Sharer) {
	t.Helper()
	for range 2 { // once to tell, once to hear what the last one told
		for _, s := range list {
			if err := s.Exchange(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Three nodes, none of which has seen enough, learn as one. A fourth that comes later knows what they know.
func TestFleetLearnsAsOne(t *testing.T) {
	b := &board{}
	list := nodes(t, b, 4)
	page := []link.Asset{css("/a.css"), js("/a.js")}
	for i, s := range list[:3] {
		teach(s.Model, "/", page, 2, Client(10*i+1), start)
	}
	for _, s := range list {
		if len(s.Model.Wanted("/")) != 0 {
			t.Fatal("one node alone has learned it; this test needs it not to")
		}
	}
	exchange(t, list[:3]...)
	for i, s := range list[:3] {
		if diff := cmp.Diff([]string{"/a.css", "/a.js"}, paths(s.Model, "/")); diff != "" {
			t.Errorf("node %d: %s", i, diff)
		}
	}
	exchange(t, list[3])
	if len(list[3].Model.Wanted("/")) != 2 {
		t.Error("the late one knows nothing")
	}
	// And they forget as one: a release, of which each node sees a few views.
	for i, s := range list {
		teach(s.Model, "/", []link.Asset{css("/a.css"), js("/b.js")}, 4, Client(100*i+1000), start.Add(time.Hour))
	}
	exchange(t, list...)
	for i, s := range list {
		if diff := cmp.Diff([]string{"/a.css", "/b.js"}, paths(s.Model, "/")); diff != "" {
			t.Errorf("node %d after a release: %s", i, diff)
		}
	}
}

// One client that visits all nodes has one vote, and three have three: they cannot outvote the many that each visit one.
func TestFleetCountsClientsOnce(t *testing.T) {
	b := &board{}
	list := nodes(t, b, 40)
	evil, good := js("/evil.js"), css("/a.css")
	for i, s := range list {
		teach(s.Model, "/quiet", []link.Asset{evil}, 1, 666, start)                                  // alone on this page
		at := teach(s.Model, "/busy", []link.Asset{evil}, 3, 666, start)                             // three of them here
		teach(s.Model, "/busy", []link.Asset{good}, 2, Client(1_000_000*i)*0x9e3779b97f4a7c15+1, at) // and two others on each node
	}
	exchange(t, list...)
	for i, s := range list {
		if wants(s.Model, "/quiet", evil) || wants(s.Model, "/busy", evil) {
			t.Fatalf("node %d is poisoned", i)
		}
	}
}

// What was merged in is not reported again, and what was flushed is not flushed twice.
func TestFlush(t *testing.T) {
	m := must(t, Config{Share: true})
	teach(m, "/", []link.Asset{css("/a.css")}, 5, 1, start)
	m.Merge(Delta{Page: "/", Views: 7, Assets: []Vote{{Asset: css("/a.css"), Used: 7, Views: 7}}})
	got := m.Flush()
	if len(got) != 1 || got[0].Views != 5 || len(got[0].Assets) != 1 || got[0].Assets[0].Used != 5 || got[0].Assets[0].Views != 5 {
		t.Errorf("%+v", got)
	}
	if again := m.Flush(); len(again) != 0 {
		t.Errorf("again: %+v", again)
	}
	if alone := must(t, Config{}); teach(alone, "/", []link.Asset{css("/a.css")}, 5, 1, start).IsZero() || alone.Flush() != nil {
		t.Error("a model that does not share has something to share")
	}
}

// Threat T22: the store is gone for an hour, by error or by silence. Observing and asking go on as fast as ever, no goroutine and no batch
// piles up, one line is logged, and afterwards everything that was seen meanwhile arrives.
func TestStoreOutage(t *testing.T) {
	for _, how := range []string{"error", "silence"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &board{}
				list := nodes(t, b, 2)
				var log bytes.Buffer
				s, other := list[0], list[1]
				s.Log = slog.New(slog.NewTextHandler(&log, nil))
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- s.Run(ctx) }()
				time.Sleep(15 * time.Second)
				synctest.Wait()
				goroutines := runtime.NumGoroutine()
				if how == "error" {
					b.set(false, errors.New("connection refused"))
				} else {
					b.set(true, nil)
				}
				page := []link.Asset{css("/a.css")}
				at := time.Now()
				for range 360 {
					began := time.Now()
					at = teach(s.Model, "/", page, 1, Client(at.Unix()), at)
					if len(s.Model.Wanted("/none")) != 0 || time.Since(began) != 0 {
						t.Fatal("the store's trouble is felt")
					}
					time.Sleep(10 * time.Second)
				}
				if n := runtime.NumGoroutine(); n > goroutines+1 { // one call may be waiting
					t.Errorf("%d goroutines, before the outage %d", n, goroutines)
				}
				if len(s.pending) > 1 {
					t.Errorf("%d deltas are waiting outside the model", len(s.pending))
				}
				b.set(false, nil)
				time.Sleep(3 * time.Minute)
				synctest.Wait()
				exchange(t, other)
				if d := Combine(deltas(b)...); len(d) == 0 || d[0].Views < 355 {
					t.Errorf("of 360 views seen in the outage, this has arrived: %+v", d)
				}
				if !wants(other.Model, "/", page[0]) {
					t.Error("the other node has not learned it")
				}
				stop()
				if err := <-done; err != nil {
					t.Error(err)
				}
				if n := strings.Count(log.String(), "\n"); n != 2 {
					t.Errorf("%d lines were logged, want one for the outage and one for its end:\n%s", n, log.String())
				}
			})
		})
	}
}

func deltas(b *board) []Delta {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Delta
	for _, p := range b.log {
		out = append(out, p.Delta)
	}
	return out
}

// Ending brings the last evidence in.
func TestSharerFlushesAtTheEnd(t *testing.T) {
	b := &board{}
	s := nodes(t, b, 1)[0]
	ctx, stop := context.WithCancel(t.Context())
	stop()
	teach(s.Model, "/", []link.Asset{css("/a.css")}, 3, 1, start)
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if d := deltas(b); len(d) != 1 {
		t.Errorf("%+v", d)
	}
	b.set(false, errors.New("gone"))
	if err := s.Run(ctx); err == nil || !strings.Contains(err.Error(), "learn: loading from the store: gone") {
		t.Errorf("%v", err)
	}
}

// A store that never comes to an end does not hold anybody for ever.
func TestEndlessStore(t *testing.T) {
	s := &Sharer{Model: must(t, Config{Share: true}), Store: endless{}}
	if err := s.Exchange(t.Context()); err == nil {
		t.Error("no error")
	}
}

type endless struct{}

func (endless) Merge(context.Context, []Delta) error { return nil }
func (endless) Load(context.Context, Cursor) ([]Delta, Cursor, error) {
	return []Delta{{Page: "/", Views: 1}}, "again", nil
}

// The saver saves soon after a change, not without one, and at the end.
func TestSaver(t *testing.T) {
	file := t.TempDir() + "/model"
	synctest.Test(t, func(t *testing.T) {
		m := must(t, Config{})
		s := &Saver{Model: m, File: file}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		count := func() int {
			n := must(t, Config{})
			if err := n.LoadFile(file); err != nil {
				t.Fatal(err)
			}
			return n.Stats().Pages
		}
		time.Sleep(time.Minute)
		if count() != 0 {
			t.Error("saved without a change")
		}
		m.Declare("/a", FromFile, files(1))
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if count() != 1 {
			t.Error("not saved 31 s after a change")
		}
		m.Declare("/b", FromFile, files(1))
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if count() != 2 {
			t.Error("not saved at the end")
		}
	})
}
