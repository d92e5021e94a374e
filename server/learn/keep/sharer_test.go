package keep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

// board is a store in memory, as a fleet's shared one behaves: a log of deltas with their
// authors.
type board struct {
	mu     sync.Mutex
	log    []posted
	broken error
	hangs  bool // as if every packet were lost
}

type posted struct {
	by string
	evidence.Delta
}

// member is one node's connection to the board.
type member struct {
	*board
	name string
}

func (b member) Merge(ctx context.Context, deltas []evidence.Delta) error {
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

func (b member) Load(ctx context.Context, since evidence.Cursor) ([]evidence.Delta, evidence.Cursor, error) {
	if err := b.state(ctx); err != nil {
		return nil, since, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	from, _ := strconv.Atoi(string(since))
	var out []evidence.Delta
	for _, p := range b.log[from:] {
		if from++; p.by != b.name || since == "" {
			out = append(out, p.Delta)
		}
		if len(out) == 50 {
			break
		}
	}
	return out, evidence.Cursor(strconv.Itoa(from)), nil
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
			Model: must(t, learn.Config{Share: true, Secret: []byte("fleet")}),
			Store: member{b, fmt.Sprint("node-", i)},
		}
	}
	return list
}

func exchange(t *testing.T, list ...*Sharer) {
	t.Helper()
	for range 3 { // once to say that somebody saw a page, once to tell of it, once to hear what the last one told
		for _, s := range list {
			if err := s.Exchange(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Three nodes, none of which has seen enough, learn as one. A fourth that comes later knows
// what they know.
func TestFleetLearnsAsOne(t *testing.T) {
	b := &board{}
	list := nodes(t, b, 4)
	page := []link.Asset{css("/a.css"), js("/a.js")}
	for i, s := range list[:3] {
		teach(s.Model, "/", page, 2, learn.Client(10*i+1), start)
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
		teach(s.Model, "/", []link.Asset{css("/a.css"), js("/b.js")}, 4, learn.Client(100*i+1000), start.Add(time.Hour))
	}
	exchange(t, list...)
	for i, s := range list {
		if diff := cmp.Diff([]string{"/a.css", "/b.js"}, paths(s.Model, "/")); diff != "" {
			t.Errorf("node %d after a release: %s", i, diff)
		}
	}
}

// One client that visits all nodes has one vote, and three have three: they cannot outvote the
// many that each visit one.
func TestFleetCountsClientsOnce(t *testing.T) {
	b := &board{}
	list := nodes(t, b, 40)
	evil, good := js("/evil.js"), css("/a.css")
	for i, s := range list {
		teach(s.Model, "/quiet", []link.Asset{evil}, 1, 666, start)                                        // alone on this page
		at := teach(s.Model, "/busy", []link.Asset{evil}, 3, 666, start)                                   // three of them here
		teach(s.Model, "/busy", []link.Asset{good}, 2, learn.Client(1_000_000*i)*0x9e3779b97f4a7c15+1, at) // and two others on each node
	}
	exchange(t, list...)
	for i, s := range list {
		if slices.Contains(paths(s.Model, "/quiet"), evil.Path) || slices.Contains(paths(s.Model, "/busy"), evil.Path) {
			t.Fatalf("node %d is poisoned", i)
		}
	}
}

// Threat T22: the store is gone for an hour, by error or by silence. Observing and asking go
// on as fast as ever, no goroutine and no batch piles up, one line is logged, and afterwards
// everything that was seen meanwhile arrives.
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
					at = teach(s.Model, "/", page, 1, learn.Client(at.Unix()), at)
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
				if d := evidence.Combine(deltas(b)...); len(d) == 0 || d[0].Views < 355 {
					t.Errorf("of 360 views seen in the outage, this has arrived: %+v", d)
				}
				if len(paths(other.Model, "/")) == 0 {
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

func deltas(b *board) []evidence.Delta {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []evidence.Delta
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
	s := &Sharer{Model: must(t, learn.Config{Share: true}), Store: endless{}}
	if err := s.Exchange(t.Context()); err == nil {
		t.Error("no error")
	}
}

type endless struct{}

func (endless) Merge(context.Context, []evidence.Delta) error { return nil }
func (endless) Load(context.Context, evidence.Cursor) ([]evidence.Delta, evidence.Cursor, error) {
	return []evidence.Delta{{Page: "/", Views: 1}}, "again", nil
}

// A fleet hears at once, and without any view, what one node's pages link and no longer link.
// Evidence is of views alone: many nodes that say the same do not outweigh them.
func TestFleetHearsLinks(t *testing.T) {
	b := &board{}
	list := nodes(t, b, 6)
	for i, s := range list[:4] {
		answered(s.Model, "/", learn.Client(i+1), start, css("/a.css"), js("/b.js"))
	}
	exchange(t, list[:5]...)
	for i, s := range list[:5] {
		if diff := cmp.Diff([]string{"/a.css", "/b.js"}, paths(s.Model, "/")); diff != "" {
			t.Errorf("node %d: %s", i, diff)
		}
	}
	for _, p := range b.log {
		for _, v := range p.Assets {
			if v.Views != 0 || v.Used != 0 {
				t.Errorf("a declaration counts for %v of %v views", v.Used, v.Views)
			}
		}
	}
	n := len(b.log)
	exchange(t, list[:5]...)
	if len(b.log) != n {
		t.Errorf("%d deltas, then %d: what was said is said again", n, len(b.log))
	}
	answered(list[0].Model, "/", 1, start.Add(time.Hour), css("/a.css"))
	exchange(t, list...) // with one that is new
	for i, s := range list {
		if diff := cmp.Diff([]string{"/a.css"}, paths(s.Model, "/")); diff != "" {
			t.Errorf("taken back, node %d: %s", i, diff)
		}
	}
	// A node whose application still links it says so with its next answer.
	answered(list[3].Model, "/", 9, start.Add(2*time.Hour), css("/a.css"), js("/b.js"))
	exchange(t, list...)
	for i, s := range list {
		if diff := cmp.Diff([]string{"/a.css", "/b.js"}, paths(s.Model, "/")); diff != "" {
			t.Errorf("linked again, node %d: %s", i, diff)
		}
	}
	// Merged from the fleet, and not what the node's own page links: its own answer decides
	// here.
	answered(list[2].Model, "/", 10, start.Add(3*time.Hour), css("/a.css"))
	if diff := cmp.Diff([]string{"/a.css"}, paths(list[2].Model, "/")); diff != "" {
		t.Error(diff)
	}
}

// answered is a view of a page whose answer links assets.
func answered(m *learn.Model, page string, c learn.Client, at time.Time, links ...link.Asset) {
	m.ObserveView(&learn.View{Time: at, Client: c, Path: page, Status: 200, Links: links})
}

// A store that fails and works by turns costs a line of the log a minute, after the first two.
func TestFlappingStoreSaysLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &board{}
		s := nodes(t, b, 1)[0]
		var log bytes.Buffer
		s.Log = slog.New(slog.NewTextHandler(&log, nil))
		for i := range 60 { // ten minutes
			b.set(false, map[bool]error{true: errors.New("gone")}[i%2 == 0])
			s.Exchange(t.Context())
			time.Sleep(10 * time.Second)
		}
		if n := strings.Count(log.String(), "\n"); n < 3 || n > 12 {
			t.Errorf("%d lines in ten minutes:\n%s", n, &log)
		}
		time.Sleep(2 * time.Minute)
		s.Exchange(t.Context())
		if !strings.HasSuffix(log.String(), "\"learn: sharing again\"\n") {
			t.Errorf("the log does not end with how it is:\n%s", &log)
		}
	})
}
