package caddycasper

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/metrics"
	"github.com/cache-aware/casper/server/redisstore"
)

// register adds casper's counters to those of a configuration: what all handlers have
// sent, and what is known of the site in each state. Several handlers do so, the first of which
// counts for all.
func register(registry *prometheus.Registry, c *Casper) error {
	if registry == nil {
		return nil
	}
	collectors := []prometheus.Collector{total{}}
	if c.evidence != nil && c.evidence.one != nil {
		collectors = append(collectors, prometheus.WrapCollectorWith(
			prometheus.Labels{"state": redacted(c.evidence.key.state)}, metrics.NewCollector(nil, c.evidence.one.source.Model)))
	}
	for _, collector := range collectors {
		var already prometheus.AlreadyRegisteredError
		if err := registry.Register(collector); err != nil && !errors.As(err, &already) {
			return err
		}
	}
	return nil
}

// redacted is a state without its passwords.
func redacted(state string) string {
	if isRedis(state) {
		return redisstore.Redacted(state)
	}
	return state
}

// total sums the counters of all handlers.
type total struct{}

func (total) Describe(out chan<- *prometheus.Desc) {
	metrics.NewCollector(new(server.Handler), nil).Describe(out)
}

func (total) Collect(out chan<- prometheus.Metric) {
	var all server.Handler
	sum := all.Stats()
	memories.Range(func(_, m any) bool {
		s := m.(*memory).handler.Stats()
		sum.Pages.Add(s.Pages.Load())
		sum.Pushed.Add(s.Pushed.Load())
		sum.Refused.Add(s.Refused.Load())
		sum.Hinted.Add(s.Hinted.Load())
		sum.Linked.Add(s.Linked.Load())
		sum.Held.Add(s.Held.Load())
		sum.Cookies.Add(s.Cookies.Load())
		sum.BadCookie.Add(s.BadCookie.Load())
		return true
	})
	metrics.NewCollector(&all, nil).Collect(out)
}
