package gain

import (
	"cmp"
	"slices"
	"time"
)

// A Report is what a [Recorder] knows.
type Report struct {
	Since  time.Time `json:"since"`
	Beacon string    `json:"beacon,omitempty"` // where browsers report
	Counts
	Silent map[string]int64 `json:"silent"` // views that nothing went ahead of, by the reason
	Sooner Sooner           `json:"sooner"`
	Groups Groups           `json:"groups"`
	Pages  []PageReport     `json:"pages"` // the most viewed first, at most [MaxPages]; [Others] last
	Hour   []Slot           `json:"hour"`  // of ten seconds each, those with views
	Day    []Slot           `json:"day"`   // of a quarter of an hour each
}

// Groups are how many views each comparison has.
type Groups struct {
	Browser [2]int64 `json:"browser"` // with a 103, and without
	Server  [2]int64 `json:"server"`
}

// A PageReport is what is known of one page.
type PageReport struct {
	Page string `json:"page"`
	Counts
	Silent  map[string]int64 `json:"silent"`
	Sooner  Sooner           `json:"sooner"`
	Lead    float64          `json:"lead"` // ms, the mean of the views' leads
	Last    time.Time        `json:"last"` // when a view was last counted
	With    *Fall            `json:"with,omitempty"`
	Without *Fall            `json:"without,omitempty"`
}

func (p *page) report(falls bool) PageReport {
	r := PageReport{Page: p.name, Counts: p.Counts, Silent: p.Silences(), Sooner: p.sooner(), Lead: p.leads.mean, Last: p.last}
	if falls {
		r.With, r.Without = p.with, p.without
	}
	return r
}

// Report returns what is known now. The pictures of pages are left out; see [Recorder.Page].
func (rec *Recorder) Report() *Report {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.sweep(rec.c.Now())
	r := &Report{
		Since: rec.since, Beacon: rec.c.Beacon, Counts: rec.all.Counts, Silent: rec.all.Silences(), Sooner: rec.all.sooner(),
		Groups: Groups{
			Browser: [2]int64{rec.all.browser.with.n, rec.all.browser.without.n},
			Server:  [2]int64{rec.all.server.with.n, rec.all.server.without.n},
		},
		Pages: make([]PageReport, 0, len(rec.pages)+1),
		Hour:  slices.Clone(rec.hour.slots), Day: slices.Clone(rec.day.slots),
	}
	for _, p := range rec.pages {
		r.Pages = append(r.Pages, p.report(false))
	}
	slices.SortFunc(r.Pages, func(a, b PageReport) int {
		return cmp.Or(cmp.Compare(b.Views, a.Views), cmp.Compare(a.Page, b.Page))
	})
	if rec.others.Views > 0 {
		r.Pages = append(r.Pages, rec.others.report(false))
	}
	return r
}

// Page returns what is known of one page with its pictures, and whether that is anything.
func (rec *Recorder) Page(name string) (PageReport, bool) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.sweep(rec.c.Now())
	p := rec.pages[name]
	if p == nil {
		return PageReport{}, false
	}
	return p.report(true), true
}

// Samples returns the times until pages were ready, in ms: by the browsers' clocks with a 103 and
// without, and by the server's.
func (rec *Recorder) Samples() (browser, server [2]Sample) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return [2]Sample{rec.all.browser.with, rec.all.browser.without}, [2]Sample{rec.all.server.with, rec.all.server.without}
}

// Changes returns a number that grows whenever a figure changes. Views are counted when their time
// is over, which asking notices.
func (rec *Recorder) Changes() uint64 {
	now := rec.c.Now()
	rec.mu.Lock()
	rec.sweep(now)
	rec.mu.Unlock()
	return rec.changes.Load()
}
