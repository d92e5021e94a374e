package redisstore

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/link"
)

// quick rounds, so that a test need not wait for seconds: what is reported is there to be read
// after 50 to 100 ms.
var quick = Config{Round: 50 * time.Millisecond, Turns: 1}

// start is the time of day of all evidence: far enough from midnight.
var start = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func open(t testing.TB, url string, c Config) *Store {
	t.Helper()
	s, err := Open(url, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

// client is a plain client of the same server, to look behind the store's back.
func client(t testing.TB, r *peer.Redis) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: r.Addr})
	t.Cleanup(func() { c.Close() })
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually tries until it holds. Rounds go by the clock of Redis, which no test can turn.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	until := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(until) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// reader reads a store from a cursor on, adding up.
type reader struct {
	store *Store
	since evidence.Cursor
	got   []evidence.Delta
}

// read takes in what there is now.
func (r *reader) read(t testing.TB) {
	t.Helper()
	for {
		deltas, next, err := r.store.Load(t.Context(), r.since)
		if err != nil {
			t.Fatal(err)
		}
		r.since = next
		if len(deltas) == 0 {
			r.got = evidence.Combine(r.got...)
			return
		}
		r.got = append(r.got, deltas...)
	}
}

// views returns how many views of a page were read.
func (r *reader) views(page string) float64 {
	sum := 0.0
	for _, d := range r.got {
		if d.Page == page {
			sum += d.Views
		}
	}
	return sum
}

func css(path string) link.Asset { return link.Asset{Path: path, As: "style"} }

// delta is evidence that so many views of a page used an asset.
func delta(page, asset string, views float64, voters uint64) evidence.Delta {
	return evidence.Delta{Page: page, Views: views, Time: start, Assets: []evidence.Vote{{
		Asset: css(asset), Version: `"1"`, Used: views, Views: views, For: voters, Day: 20780, Urgency: 1, Order: 2.5, Wanted: false,
	}}}
}

// node is one of a fleet.
type node struct {
	model  *learn.Model
	store  *Store
	sharer *keep.Sharer
	client learn.Client
}

var secret = []byte("the fleet's")

func newNode(t testing.TB, url string, c Config) *node {
	t.Helper()
	m, err := learn.New(learn.Config{Share: true, Secret: secret, HoldOut: -1, MinClients: 8})
	must(t, err)
	n := &node{model: m, store: open(t, url, c)}
	n.sharer = &keep.Sharer{Model: m, Store: n.store, Every: 10 * time.Millisecond, Timeout: 2 * time.Second}
	return n
}

// run exchanges in the background until the function it returns is called, which waits for the
// end.
func (n *node) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.sharer.Run(ctx)
	}()
	return func() { cancel(); <-done }
}

// visit lets a client view a page with assets on this node.
func (n *node) visit(page string, c learn.Client, at time.Time, assets ...string) {
	n.model.ObserveView(&learn.View{Time: at, Client: c, Path: page, Status: 200})
	for i, a := range assets {
		n.model.ObserveFetch(&learn.Fetch{
			Time: at.Add(time.Duration(i+1) * 10 * time.Millisecond), Client: c, Path: page, Via: page,
			Status: 200, Asset: css(a), Destined: true, Reuse: learn.ReuseStated,
		})
	}
	n.model.Tick(at.Add(5 * time.Second))
}

// crowd lets enough clients view a page for any model to believe it.
func (n *node) crowd(page string, from learn.Client, asset string) {
	for i := range 20 {
		n.visit(page, from+learn.Client(i), time.Now().Add(-10*time.Second), asset)
	}
}

func (n *node) wants(page, asset string) bool {
	for _, p := range n.model.Wanted(page) {
		if p.Asset.Path == asset {
			return true
		}
	}
	return false
}

func nobody(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return fmt.Sprintf("redis://%s", l.Addr())
}
