package sim

import (
	"maps"
	"math"
	"runtime"
	"slices"
	"time"
)

// Result is what a run has shown of a system.
type Result struct {
	System string

	// Precision and recall of the prediction for a page after its 30th view by a client that
	// held nothing, against the truth, over all pages that got that far. Unseen: of pages that
	// nobody ever visited, at the end.
	Precision, Recall             float64
	UnseenPrecision, UnseenRecall float64

	// Views of a page until it is learned (all but one in twenty of the files that more than
	// half of its views use); until after a release a renamed file is in, if more than half of
	// the views use it; until one of the old files that were sent is out. Medians and 95th
	// percentiles over pages, and over files of pages; Never where it did not come to pass in
	// the run.
	Learn, In, Out       int
	Learn95, In95, Out95 int
	Pages                int // pages that reached 30 cold views
	Released             int // pages that were visited often enough after the release to tell

	Sent, Wasted int // bytes pushed; of these, bytes that the view did not use or the client held
	Helped       int // bytes pushed that the view did need
	Needed       int // bytes that views needed, pushed or not
	Victims      int // views of the page that attackers aim at
	Poisoned     int // of these, views at which its prediction held the poison
	PoisonedLate int // of these, views after the 30th
	Heap         int // live bytes of the system at the end

	site   *Site
	sys    System
	pages  map[*Page]*progress
	dead   map[string]bool
	good   tallyOf
	unseen tallyOf
}

// Never stands for views that a run did not have.
const Never = 1 << 30

// unknown stands for what a run had nothing of: no release, no page that was sent anything.
const unknown = -1

type progress struct {
	cold, views, learned int
	released             int            // views since the release
	in, out              map[string]int // files still waited for
}

type tallyOf struct{ hit, predicted, truth int }

func (t *tallyOf) add(prediction []string, truth map[string]bool) {
	t.truth += len(truth)
	t.predicted += len(prediction)
	for _, p := range prediction {
		if truth[p] {
			t.hit++
		}
	}
}

func (t *tallyOf) join(u *tallyOf) {
	t.hit += u.hit
	t.predicted += u.predicted
	t.truth += u.truth
}

func newResult(site *Site, sys System) *Result {
	return &Result{System: sys.Name(), site: site, sys: sys, pages: make(map[*Page]*progress)}
}

// page serves a view and takes the measure.
func (r *Result) page(v *Visit, at time.Time) {
	v.sent = make(map[string]bool)
	if list := r.sys.Page(v, at); !v.Prefetch {
		for _, path := range list {
			if v.sent[path] {
				continue
			}
			v.sent[path] = true
			r.weigh(v, path)
		}
	}
	if v.Bot || v.Prefetch {
		return
	}
	for _, f := range v.used {
		if !v.Client.Cache[f.Path()] {
			r.Needed += f.Bytes
		}
	}
	p := r.pages[v.Page]
	if p == nil {
		p = &progress{learned: Never}
		r.pages[v.Page] = p
	}
	prediction := r.sys.Predict(v.Page.Path, at)
	if v.Page == r.site.Pages[0] {
		r.Victims++
		if slices.Contains(prediction, r.site.Poison.Path()) {
			r.Poisoned++
			if p.views >= 30 {
				r.PoisonedLate++
			}
		}
	}
	p.look(prediction, v.Page)
	p.views++
	if p.in != nil {
		p.wait(prediction)
		p.released++
	}
	warm := slices.ContainsFunc(v.Page.Uses, func(u Use) bool { return u.P >= 0.5 && v.Client.Cache[u.Path()] })
	if !warm {
		if p.cold == 30 && r.dead == nil {
			r.good.add(prediction, v.Page.Truth())
			r.Pages++
		}
		p.cold++
	}
}

// look notes whether the page is learned.
func (p *progress) look(prediction []string, page *Page) {
	if p.learned != Never {
		return
	}
	needs, has := 0, 0
	for _, u := range page.Uses {
		if u.P > 0.5 {
			needs++
			if slices.Contains(prediction, u.Path()) {
				has++
			}
		}
	}
	if float64(has) >= .95*float64(needs) {
		p.learned = p.views
	}
}

// wait notes which of the renamed files are in now, and which of the old ones are out.
func (p *progress) wait(prediction []string) {
	for path, n := range p.in {
		if n == Never && slices.Contains(prediction, path) {
			p.in[path] = p.released
		}
	}
	for path, n := range p.out {
		if n == Never && !slices.Contains(prediction, path) {
			p.out[path] = p.released
		}
	}
}

// weigh accounts for one push.
func (r *Result) weigh(v *Visit, path string) {
	bytes := 50 << 10 // of a file that a later release has renamed
	need := false
	for _, u := range v.Page.Uses {
		if u.Path() == path {
			bytes = u.Bytes
			need = v.uses(u.File) && !v.Client.Cache[path]
		}
	}
	r.Sent += bytes
	if need {
		r.Helped += bytes
	} else {
		r.Wasted += bytes
	}
}

// release notes, for pages that were visited enough to be known, what they sent before and
// what they have to send now.
func (r *Result) release(dead map[string]bool, at time.Time) {
	r.dead = dead
	for page, p := range r.pages {
		if p.views < 30 {
			continue
		}
		p.in, p.out = make(map[string]int), make(map[string]int)
		for _, u := range page.Uses {
			if dead[u.OldPath()] && u.P > 0.5 {
				p.in[u.Path()] = Never
			}
		}
		for _, path := range r.sys.Predict(page.Path, at) {
			if dead[path] {
				p.out[path] = Never
			}
		}
	}
}

// attack serves the page to an attacker's program, which takes no notice of what is pushed.
func (r *Result) attack(v *Visit, at time.Time) {
	v.sent = make(map[string]bool)
	r.sys.Page(v, at)
}

// end takes the last measures.
func (r *Result) end(at time.Time) {
	for _, p := range r.site.Fresh {
		r.unseen.add(r.sys.Predict(p.Path, at), p.Truth())
	}
	var learn, in, out []int
	for _, p := range r.pages {
		if p.cold > 30 {
			learn = append(learn, p.learned)
		}
		if p.released >= 40 {
			r.Released++
			in = slices.AppendSeq(in, maps.Values(p.in))
			out = slices.AppendSeq(out, maps.Values(p.out))
		}
	}
	r.Learn, r.Learn95 = quantile(learn, .5), quantile(learn, .95)
	r.In, r.In95 = quantile(in, .5), quantile(in, .95)
	r.Out, r.Out95 = quantile(out, .5), quantile(out, .95)
	r.Precision, r.Recall = r.good.precision(), r.good.recall()
	r.UnseenPrecision, r.UnseenRecall = r.unseen.precision(), r.unseen.recall()
}

func (t *tallyOf) precision() float64 { return ratio(t.hit, t.predicted) }
func (t *tallyOf) recall() float64    { return ratio(t.hit, t.truth) }

// ratio is not a number where there is nothing to take a share of.
func ratio(a, b int) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

func quantile(x []int, q float64) int {
	if len(x) == 0 {
		return unknown
	}
	slices.Sort(x)
	return x[int(q*float64(len(x)-1)+.5)]
}

// live returns the bytes in use after a collection.
func live() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
