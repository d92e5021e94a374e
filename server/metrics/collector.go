package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
)

// A Collector is a handler's and a model's counters for Prometheus. It reads them when it is
// asked, and costs nothing in between.
type Collector struct {
	handler *server.Handler
	model   *learn.Model
}

// NewCollector returns the collector of a handler and a model; either may be nil.
func NewCollector(h *server.Handler, m *learn.Model) *Collector { return &Collector{h, m} }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("casper_"+name, help, labels, nil)
}

var (
	pagesDesc     = describe("pages_total", "Answers for which assets were wanted.")
	assetsDesc    = describe("assets_total", "Assets delivered ahead of time, by means.", "means")
	heldDesc      = describe("assets_held_total", "Assets not sent because the client holds them.")
	refusedDesc   = describe("pushes_refused_total", "Pushes that the client reset or did not take.")
	cookiesDesc   = describe("cookies_total", "Cookies written.")
	badCookieDesc = describe("cookies_unreadable_total", "Pages with a cookie that could not be read.")

	viewsDesc      = describe("learn_views_total", "Views counted.")
	promotionsDesc = describe("learn_promotions_total", "Assets that became wanted.")
	demotionsDesc  = describe("learn_demotions_total", "Assets that are no longer wanted.")
	evictionsDesc  = describe("learn_evictions_total", "Pages given up for want of room.")
	judgedDesc     = describe("learn_judged_total", "Assets over views that nothing was sent ahead of: wanted and used (right), wanted only (wrong), used only (missed).", "verdict")
	knownDesc      = describe("learn_pages", "Pages known.")
	kindsDesc      = describe("learn_kinds", "Kinds of pages known.")
	bytesDesc      = describe("learn_bytes", "Memory accounted for pages.")
	roomDesc       = describe("learn_room_bytes", "Memory that pages may take.")
)

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	if c.handler != nil {
		for _, d := range []*prometheus.Desc{pagesDesc, assetsDesc, heldDesc, refusedDesc, cookiesDesc, badCookieDesc} {
			out <- d
		}
	}
	if c.model != nil {
		for _, d := range []*prometheus.Desc{viewsDesc, promotionsDesc, demotionsDesc, evictionsDesc, judgedDesc, knownDesc, kindsDesc, bytesDesc, roomDesc} {
			out <- d
		}
	}
}

// Collect implements [prometheus.Collector].
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	if c.handler != nil {
		s := c.handler.Stats()
		send(pagesDesc, counter, float64(s.Pages.Load()))
		send(assetsDesc, counter, float64(s.Pushed.Load()), server.ByPush.String())
		send(assetsDesc, counter, float64(s.Hinted.Load()), server.ByHint.String())
		send(assetsDesc, counter, float64(s.Linked.Load()), server.ByLink.String())
		send(heldDesc, counter, float64(s.Held.Load()))
		send(refusedDesc, counter, float64(s.Refused.Load()))
		send(cookiesDesc, counter, float64(s.Cookies.Load()))
		send(badCookieDesc, counter, float64(s.BadCookie.Load()))
	}
	if c.model != nil {
		s := c.model.Stats()
		send(viewsDesc, counter, float64(s.Views))
		send(promotionsDesc, counter, float64(s.Promoted))
		send(demotionsDesc, counter, float64(s.Demoted))
		send(evictionsDesc, counter, float64(s.Evicted))
		send(judgedDesc, counter, float64(s.Right), "right")
		send(judgedDesc, counter, float64(s.Wrong), "wrong")
		send(judgedDesc, counter, float64(s.Missed), "missed")
		send(knownDesc, gauge, float64(s.Pages))
		send(kindsDesc, gauge, float64(s.Sections))
		send(bytesDesc, gauge, float64(s.Bytes))
		send(roomDesc, gauge, float64(s.Room))
	}
}
