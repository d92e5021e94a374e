package metrics

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/metrics/gain"
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
		send(out, counter, s.Controls.Load(), "pages_control_total", "Pages whose hints were withheld to compare.")
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

// send sends a metric. Its labels are pairs of name and value.
func send[N int | int64 | uint64 | float64](out chan<- prometheus.Metric, kind prometheus.ValueType, n N, name, help string, labels ...string) {
	var names, values []string
	for i := 0; i < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, strings.ToValidUTF8(labels[i+1], "?"))
	}
	desc := prometheus.NewDesc("casper_"+name, help, names, nil)
	out <- prometheus.MustNewConstMetric(desc, kind, float64(n), values...)
}

// gainCollector is what a recorder knows.
type gainCollector struct{ *gain.Recorder }

// NewGainCollector returns the figures of a recorder for Prometheus: sums, and for each page that is told
// apart (at most [gain.MaxPages]) those that tell what it gains.
func NewGainCollector(r *gain.Recorder) prometheus.Collector { return gainCollector{r} }

// Describe implements [prometheus.Collector].
func (c gainCollector) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, out) }

// Collect implements [prometheus.Collector].
func (c gainCollector) Collect(out chan<- prometheus.Metric) {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	r := c.Report()
	const views = "Views of pages, by what went ahead of them: a 103, none to compare (control), a push, or nothing."
	send(out, counter, r.Hinted, "views_total", views, "ahead", "hint")
	send(out, counter, r.Control, "views_total", views, "ahead", "control")
	send(out, counter, r.Pushed, "views_total", views, "ahead", "push")
	send(out, counter, r.Views-r.Hinted-r.Control-r.Pushed, "views_total", views, "ahead", "nothing")
	const hints = "Hinted assets by what became of them. Of those that were used, some were used early, ahead of the page's answer, and some were sent twice."
	send(out, counter, r.Used, "hints_total", hints, "fate", "used")
	send(out, counter, r.Unused, "hints_total", hints, "fate", "unused")
	send(out, counter, r.Early, "hints_early_total", "Hinted assets that were asked for ahead of their page's answer.")
	send(out, counter, r.Twice, "hints_twice_total", "Hinted assets that were sent twice for one view.")
	for reason, n := range r.Silent {
		send(out, counter, n, "views_silent_total", "Views that nothing went ahead of, by the reason.", "reason", reason)
	}
	browser, server := c.Samples()
	for i, group := range [2]string{"hint", "control"} {
		for clock, s := range map[string]*gain.Sample{"browser": &browser[i], "server": &server[i]} {
			desc := prometheus.NewDesc("casper_ready_seconds", "Until pages were ready, by group and by whose clock.", []string{"ahead", "clock"}, nil)
			out <- prometheus.MustNewConstHistogram(desc, uint64(s.N()), s.Mean()*float64(s.N())/1000, s.Within(), group, clock)
		}
	}
	if r.Sooner.By != gain.ByNothing {
		const sooner = "By how much pages were ready sooner, and the ends of the 95 % interval; by lead it is a bound from above."
		for of, ms := range map[string]float64{"mean": r.Sooner.Ms, "low": r.Sooner.Low, "high": r.Sooner.High} {
			send(out, gauge, ms/1000, "ready_sooner_seconds", sooner, "by", string(r.Sooner.By), "of", of)
		}
	}
	for i := range r.Pages {
		p := &r.Pages[i]
		send(out, counter, p.Views, "page_views_total", "Views of a page.", "page", p.Page)
		send(out, counter, p.Hinted, "page_hinted_total", "Views of a page that a 103 went ahead of.", "page", p.Page)
		send(out, counter, p.Used, "page_hints_used_total", "Hinted assets of a page that were asked for.", "page", p.Page)
		send(out, counter, p.Unused, "page_hints_unused_total", "Hinted assets of a page that were not asked for.", "page", p.Page)
		send(out, counter, p.Twice, "page_hints_twice_total", "Hinted assets of a page that were sent twice.", "page", p.Page)
		send(out, counter, p.HeldBytes, "page_held_bytes_total", "Octets not sent since the client holds them, as far as known.", "page", p.Page)
		if p.Sooner.By != gain.ByNothing {
			send(out, gauge, p.Sooner.Ms/1000, "page_ready_sooner_seconds", "By how much a page was ready sooner; by lead it is a bound from above.",
				"page", p.Page, "by", string(p.Sooner.By))
		}
	}
}
