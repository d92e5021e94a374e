package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
)

// collector is a handler's and a model's counters.
type collector struct {
	handler *server.Handler
	model   *learn.Model
}

// NewCollector returns a handler's and a model's counters for Prometheus; either may be nil. They
// are read when they are asked for, and cost nothing in between.
func NewCollector(h *server.Handler, m *learn.Model) prometheus.Collector { return &collector{h, m} }

// Describe implements [prometheus.Collector].
func (c *collector) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, out) }

// Collect implements [prometheus.Collector].
func (c *collector) Collect(out chan<- prometheus.Metric) {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	if c.handler != nil {
		s := c.handler.Stats()
		const assets = "Assets delivered ahead of time, by means."
		send(out, counter, s.Pages.Load(), "pages_total", "Answers for which assets were wanted.")
		send(out, counter, s.Pushed.Load(), "assets_total", assets, "means", server.ByPush.String())
		send(out, counter, s.Hinted.Load(), "assets_total", assets, "means", server.ByHint.String())
		send(out, counter, s.Linked.Load(), "assets_total", assets, "means", server.ByLink.String())
		send(out, counter, s.Held.Load(), "assets_held_total", "Assets not sent because the client holds them.")
		send(out, counter, s.HeldBytes.Load(), "assets_held_bytes_total", "Octets of them, as far as their sizes are known.")
		out <- prometheus.MustNewConstHistogram(
			prometheus.NewDesc("casper_hint_lead_seconds", "How long before its page's answer an asset was asked for because of a 103.", nil, nil),
			uint64(s.Lead.Count()), s.Lead.Sum().Seconds(), s.Lead.Within())
		send(out, counter, s.Refused.Load(), "pushes_refused_total", "Pushes that the client reset or did not take.")
		send(out, counter, s.Cookies.Load(), "cookies_total", "Cookies written.")
		send(out, counter, s.BadCookie.Load(), "cookies_unreadable_total", "Pages with a cookie that could not be read.")
	}
	if c.model != nil {
		s := c.model.Stats()
		const judged = "Assets over views that nothing was sent ahead of: wanted and used (right), wanted only (wrong), used only (missed)."
		send(out, counter, s.Views, "learn_views_total", "Views counted.")
		send(out, counter, s.Promoted, "learn_promotions_total", "Assets that became wanted.")
		send(out, counter, s.Demoted, "learn_demotions_total", "Assets that are no longer wanted.")
		send(out, counter, s.Evicted, "learn_evictions_total", "Pages given up for want of room.")
		send(out, counter, s.Dropped, "learn_dropped_total", "Views and fetches that the model was not told of, since too many waited.")
		send(out, counter, s.Right, "learn_judged_total", judged, "verdict", "right")
		send(out, counter, s.Wrong, "learn_judged_total", judged, "verdict", "wrong")
		send(out, counter, s.Missed, "learn_judged_total", judged, "verdict", "missed")
		send(out, gauge, s.Pages, "learn_pages", "Pages known.")
		send(out, gauge, s.Sections, "learn_kinds", "Kinds of pages known.")
		send(out, gauge, s.Bytes, "learn_bytes", "Memory accounted for pages.")
		send(out, gauge, s.Room, "learn_room_bytes", "Memory that pages may take.")
	}
}

// send sends a metric, which may have one label: its name, and its value.
func send[N int | int64 | uint64](out chan<- prometheus.Metric, kind prometheus.ValueType, n N, name, help string, label ...string) {
	half := len(label) / 2
	desc := prometheus.NewDesc("casper_"+name, help, label[:half], nil)
	out <- prometheus.MustNewConstMetric(desc, kind, float64(n), label[half:]...)
}
