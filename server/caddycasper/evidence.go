package caddycasper

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learned"
)

// A site is what is learned of one origin.
type site struct{ source learned.Source }

func (l *learnSettings) site(m *learn.Model, hosts ...string) *site {
	return &site{learned.Source{Model: m, Reader: l.reader, Hosts: hosts}}
}

// evidence is what the handlers of one state have learned, and what keeps it. It outlives a reload:
// the new configuration's handlers take it from the pool before the old one's give it back.
type evidence struct {
	key      evidenceKey
	settings learnSettings
	opened   *prometheus.Registry        // the registry of the latest configuration that opened it
	one      *site                       // the site whose state is kept
	sites    *otter.Cache[string, *site] // without a state: by host
	log      *slog.Logger
	stop     context.CancelFunc
	runs     sync.WaitGroup
	kept     error
}

// An evidenceKey is the key of evidence in its pool.
type evidenceKey struct{ state, settings string }

var (
	evidences = caddy.NewUsagePool()
	opening   sync.Mutex // held by openEvidence

	// secret keys the hashes of what is not shared with other servers, so that a client stays
	// one client where what was learned is handed on.
	secret = []byte(rand.Text())
)

// maxSites bounds the hosts that are learned of without a state. Whoever can reach a site for
// all hosts can make up hosts; those that are asked for again and again stay.
const maxSites = 32

// maxHost is the longest name of a host, and a port (RFC 1035, section 2.3.4).
const maxHost = 253 + len(":65535")

// tick is how often views are counted whose time is over.
const tick = 2 * time.Second

// openEvidence returns the evidence that is kept in a state: a file, a Redis server, or, where
// that is "", nothing but the process. If a reload changes how to learn, the evidence begins with
// what was learned before. Directives of one configuration that name the same state must learn
// alike; a configuration is known by its registry of metrics.
func openEvidence(state string, l learnSettings, config *prometheus.Registry) (*evidence, error) {
	opening.Lock()
	defer opening.Unlock()
	key := evidenceKey{state, l.text()}
	var before *evidence
	evidences.Range(func(_, value any) bool {
		if e := value.(*evidence); e.key.state == state && e.key != key {
			before = e
		}
		return true
	})
	if before != nil && state != "" && config != nil && before.opened == config {
		return nil, fmt.Errorf("state: %s has another learn_from, hold_out, learn_memory, learn_as, learn_not, page_query, host, cookie_name or secret elsewhere", redacted(state))
	}
	got, _, err := evidences.LoadOrNew(key, func() (caddy.Destructor, error) { return newEvidence(key, l, before) })
	if err != nil {
		return nil, err
	}
	e := got.(*evidence)
	e.opened = config
	return e, nil
}

func newEvidence(key evidenceKey, l learnSettings, before *evidence) (*evidence, error) {
	e := &evidence{key: key, settings: l, log: slog.New(logs.handler())}
	var keep func(context.Context) error
	if before != nil {
		before.complete()
	}
	if key.state == "" {
		e.sites = otter.Must(&otter.Options[string, *site]{MaximumSize: maxSites})
		if before != nil {
			for host, s := range before.sites.All() {
				e.newSite(host, s)
			}
		}
	} else {
		var known *learn.Model
		if before != nil {
			known = before.one.source.Model
		}
		model, k, err := openState(key.state, &l, known, e.log)
		if err != nil {
			return nil, err
		}
		e.one, keep = l.site(model, l.hosts...), k
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

// complete counts the views that are open: what is learned is kept or handed on.
func (e *evidence) complete() { e.tick(time.Now().Add(2 * learn.Window)) }

// Destruct saves what was learned, and ends what keeps it.
func (e *evidence) Destruct() error {
	e.complete()
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
	return e.newSite(strings.Clone(host), nil)
}

// newSite adds a host, with what was learned of it before.
func (e *evidence) newSite(host string, before *site) *site {
	s, _ := e.sites.ComputeIfAbsent(host, func() (*site, bool) {
		c := e.settings.config
		c.Secret = secret
		model, err := learn.New(c)
		if err != nil {
			return nil, true // Validate has refused such a config
		}
		if before != nil {
			model.Adopt(before.source.Model)
		}
		return e.settings.site(model, learned.AnyHost), false
	})
	return s
}
