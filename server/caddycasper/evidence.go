package caddycasper

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/maypok86/otter/v2"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learned"
)

// A site is what is learned of one origin.
type site struct{ source learned.Source }

func newSite(m *learn.Model) *site { return &site{learned.Source{Model: m}} }

// evidence is what handlers that name the same state have learned, and what keeps it. It
// outlives a reload, since the new configuration's handlers take it from the pool before the
// old one's give it back.
type evidence struct {
	one   *site                       // the site whose state is kept
	sites *otter.Cache[string, *site] // without a state: by host
	log   *slog.Logger
	stop  context.CancelFunc
	runs  sync.WaitGroup
	kept  error
}

var evidences = caddy.NewUsagePool()

// maxSites bounds the hosts that are learned of without a state. Whoever can reach a site for
// all hosts can make up hosts; those that are asked for again and again stay.
const maxSites = 32

// maxHost is the longest name of a host, and a port (RFC 1035, section 2.3.4).
const maxHost = 253 + len(":65535")

// tick is how often views are counted whose time is over.
const tick = 2 * time.Second

// openEvidence returns the evidence that is kept in a state: a file, a Redis server, or, where
// that is "", nothing but the process.
func openEvidence(state string) (*evidence, error) {
	e, _, err := evidences.LoadOrNew(state, func() (caddy.Destructor, error) { return newEvidence(state) })
	if err != nil {
		return nil, err
	}
	return e.(*evidence), nil
}

func newEvidence(state string) (*evidence, error) {
	e := &evidence{log: slog.New(logs.handler())}
	var keep func(context.Context) error
	if state == "" {
		e.sites = otter.Must(&otter.Options[string, *site]{MaximumSize: maxSites})
	} else {
		model, k, err := openState(state, e.log)
		if err != nil {
			return nil, err
		}
		e.one, keep = newSite(model), k
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.stop = cancel
	e.runs.Go(func() {
		t := time.NewTicker(tick)
		defer t.Stop()
		for {
			select {
			case now := <-t.C:
				e.tick(now)
			case <-ctx.Done():
				return
			}
		}
	})
	if keep != nil {
		e.runs.Go(func() { e.kept = keep(ctx) })
	}
	return e, nil
}

func (e *evidence) tick(now time.Time) {
	if e.one != nil {
		e.one.source.Model.Tick(now)
		return
	}
	for s := range e.sites.Values() {
		s.source.Model.Tick(now)
	}
}

// Destruct saves what was learned, and ends what keeps it.
func (e *evidence) Destruct() error {
	e.tick(time.Now())
	e.stop()
	e.runs.Wait()
	return e.kept
}

// site returns what is learned of a host; nil if that is none.
func (e *evidence) site(host string) *site {
	if e.one != nil {
		return e.one
	}
	host = strings.ToLower(host)
	if s, ok := e.sites.GetIfPresent(host); ok {
		return s
	}
	if host == "" || len(host) > maxHost {
		return nil
	}
	s, _ := e.sites.ComputeIfAbsent(strings.Clone(host), func() (*site, bool) {
		model, err := learn.New(learn.Config{})
		return newSite(model), err != nil // the zero Config is valid
	})
	return s
}
