// Package fleet runs a fleet of casper nodes on one real Redis server within one process, and
// measures what that asks of the server and how long it takes until all nodes know what one
// has seen. Each node is what a real one is as far as learning goes: a [learn.Model], a
// [keep.Sharer] and a [redisstore.Store] with a connection of its own.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/link"
	"github.com/cache-aware/casper/server/redisstore"
)

// Config says what fleet to run.
type Config struct {
	URL    string // of the Redis server
	Nodes  int
	Pages  int           // of the site, visited by Zipf's law
	Assets int           // of each page
	Rate   int           // views a second, all nodes together
	Length time.Duration // of the run
	Every  time.Duration // between reports, and the length of a round
	Turns  int           // see [redisstore.Config.Turns]
	Probe  time.Duration // between pages that nobody has seen before
	Bytes  int           // of each model
}

// Report is what a run came to.
type Report struct {
	Config  Config
	Elapsed time.Duration
	Views   int // that traffic made
	Server  Load
	Stats   redisstore.Stats // of all nodes together

	// Failures is how many calls of stores failed.
	Failures uint64

	// Knowing is the share of pairs of a node and a page of the site, of those pages that
	// traffic visited often enough to learn them, where the node wants every asset of the page
	// at the end.
	Knowing float64

	// Spread is how long after its first visit a new page was known to half, 99 of 100, and
	// all of the nodes, over the probes that reached so many. One that is made too late to
	// reach all by the arithmetic of rounds is not counted.
	Spread  [3]Times
	Probes  int // made early enough to reach all nodes, by the arithmetic of rounds
	Reached int // that did
}

// Times are the median and the worst of several.
type Times struct{ Median, Worst time.Duration }

type node struct {
	model  *learn.Model
	store  *redisstore.Store
	sharer *keep.Sharer
}

// patience is how long a call may take: longer than in production, since here all nodes share
// the processor with Redis.
const patience = 30 * time.Second

// counted counts what fails.
type counted struct {
	*redisstore.Store
	failures *atomic.Uint64
}

func (c *counted) Merge(ctx context.Context, deltas []evidence.Delta) error {
	err := c.Store.Merge(ctx, deltas)
	c.count(ctx, err)
	return err
}

func (c *counted) Load(ctx context.Context, since evidence.Cursor) ([]evidence.Delta, evidence.Cursor, error) {
	deltas, next, err := c.Store.Load(ctx, since)
	c.count(ctx, err)
	return deltas, next, err
}

// count counts an error, unless the run was over.
func (c *counted) count(ctx context.Context, err error) {
	if err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		c.failures.Add(1)
	}
}

// probe is a page that nobody has seen before.
type probe struct {
	page    string
	at      time.Time
	known   []bool
	n       int
	reached [3]time.Duration
}

// votes is how many clients visit a probe, each at another node: as many as a model wants to
// have seen, and some.
const votes = 12

// Run runs a fleet. An error is one of setting up; a server that fails later shows in the
// report.
func Run(ctx context.Context, c Config) (*Report, error) {
	plain, err := watch(c.URL)
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	var failures atomic.Uint64
	nodes, err := c.nodes(&failures)
	if err != nil {
		return nil, err
	}
	before, err := measure(ctx, plain)
	if err != nil {
		return nil, err
	}

	running, stop := context.WithCancel(ctx)
	defer stop()
	var sharers sync.WaitGroup
	for _, n := range nodes {
		sharers.Go(func() {
			// Nodes of a real fleet were not all started in the same instant.
			select {
			case <-running.Done():
				return
			case <-time.After(rand.N(c.Every)):
			}
			n.sharer.Run(running)
		})
	}
	r := &Report{Config: c}
	started := time.Now()
	visits, probes := c.traffic(running, nodes, started)
	after, err := measure(ctx, plain)
	if err != nil {
		return nil, err
	}
	r.Elapsed = time.Since(started)
	r.Server = after.since(before)
	r.Failures = failures.Load()
	r.count(nodes, visits, probes)
	stop()
	sharers.Wait()
	for _, n := range nodes {
		n.store.Close(ctx)
	}
	return r, nil
}

func (c *Config) nodes(failures *atomic.Uint64) ([]*node, error) {
	nodes := make([]*node, c.Nodes)
	for i := range nodes {
		m, err := learn.New(learn.Config{Share: true, Secret: []byte("fleet"), HoldOut: -1, Bytes: c.Bytes, Shards: 1})
		if err != nil {
			return nil, err
		}
		s, err := redisstore.Open(c.URL, redisstore.Config{Site: "sim", Round: c.Every, Turns: c.Turns})
		if err != nil {
			return nil, err
		}
		nodes[i] = &node{m, s, &keep.Sharer{Model: m, Store: &counted{s, failures}, Every: c.Every, Timeout: patience}}
	}
	return nodes, nil
}

// traffic visits pages of the site, and now and then a new one, and watches how that gets
// around.
func (c *Config) traffic(ctx context.Context, nodes []*node, started time.Time) (visits []int, probes []*probe) {
	rng := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(rng, 1.1, 4, uint64(c.Pages-1))
	visits = make([]int, c.Pages)
	const beat = 20 * time.Millisecond
	tick := time.NewTicker(beat)
	defer tick.Stop()
	made, beats := 0, 0
	for {
		select {
		case <-ctx.Done():
			return visits, probes
		case <-tick.C:
		}
		passed := time.Since(started)
		if passed >= c.Length {
			return visits, probes
		}
		for ; made < int(passed.Seconds()*float64(c.Rate)); made++ {
			page := int(zipf.Uint64())
			visits[page]++
			nodes[rng.IntN(len(nodes))].visit(pageName(page), page, c.Assets, rng)
		}
		if len(probes) < int(passed/c.Probe) {
			p := &probe{page: fmt.Sprintf("/new-%d-%d.html", started.UnixNano(), len(probes)), at: time.Now(), known: make([]bool, len(nodes))}
			for range votes {
				nodes[rng.IntN(len(nodes))].visit(p.page, -1-len(probes), c.Assets, rng)
			}
			probes = append(probes, p)
		}
		if beats++; beats%10 == 0 { // looking is what costs most
			for _, p := range probes {
				p.look(nodes, c.Assets)
			}
		}
	}
}

func pageName(n int) string { return fmt.Sprintf("/catalogue/%d.html", n) }

// visit lets a new client view a page: the first half of the assets is the site's, the other
// the page's own.
func (n *node) visit(page string, number, assets int, rng *rand.Rand) {
	client := learn.Client(rng.Uint64() | 1)
	at := time.Now().Add(-5 * time.Second) // its window has closed by now
	n.model.ObserveView(&learn.View{Time: at, Client: client, Path: page, Status: 200})
	for i := range assets {
		path := fmt.Sprintf("/site/%d.3f2a9c1b.css", i)
		if i >= assets/2 {
			path = fmt.Sprintf("/page/%d/%d.3f2a9c1b.css", number, i)
		}
		n.model.ObserveFetch(&learn.Fetch{
			Time: at.Add(time.Duration(i+1) * time.Millisecond), Client: client, Path: page, Via: page, Status: 200,
			Asset: link.Asset{Path: path, As: "style"}, Destined: true,
			Reuse: learn.ReuseStated, Version: `"5d8c72a5edda8d6a"`,
		})
	}
	n.model.Tick(at.Add(5 * time.Second))
}

// look notes which nodes have come to know a probe since it was last looked at. What a node
// expects of a page from its kind alone is only half of the assets, so it does not count.
func (p *probe) look(nodes []*node, assets int) {
	if p.n == len(nodes) {
		return
	}
	for i, n := range nodes {
		if !p.known[i] && len(n.model.Wanted(p.page)) == assets {
			p.known[i] = true
			p.n++
		}
	}
	for i, share := range [...]int{50, 99, 100} {
		if p.reached[i] == 0 && p.n*100 >= share*len(nodes) {
			p.reached[i] = time.Since(p.at)
		}
	}
}

// enough is how many visits of a page the whole fleet needs to learn it, with a margin for
// chance.
const enough = 30

func (r *Report) count(nodes []*node, visits []int, probes []*probe) {
	c := &r.Config
	pairs, known := 0, 0
	for page, n := range visits {
		r.Views += n
		if n < enough {
			continue
		}
		for _, node := range nodes {
			pairs++
			if len(node.model.Wanted(pageName(page))) == c.Assets {
				known++
			}
		}
	}
	r.Knowing = float64(known) / float64(max(1, pairs))

	// The worst case: 1.2 Every until it is reported, a round, its time to settle, and half a
	// round until it is read.
	worst := 12*c.Every/10 + c.Every + c.Every/10 + c.Every/2
	var spread [3][]time.Duration
	for _, p := range probes {
		if time.Since(p.at) < worst {
			continue
		}
		r.Probes++
		if p.n == len(nodes) {
			r.Reached++
		}
		for i, d := range p.reached {
			if d > 0 {
				spread[i] = append(spread[i], d)
			}
		}
	}
	for i, list := range spread {
		slices.Sort(list)
		if len(list) > 0 {
			r.Spread[i] = Times{list[len(list)/2], list[len(list)-1]}
		}
	}
	for _, n := range nodes {
		s := n.store.Stats()
		r.Stats.Sent += s.Sent
		r.Stats.Received += s.Received
		r.Stats.Refused += s.Refused
		r.Stats.Dropped += s.Dropped
		r.Stats.Archived += s.Archived
		r.Stats.Queued += s.Queued
	}
}

func watch(url string) (*redis.Client, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	return redis.NewClient(o), nil
}
