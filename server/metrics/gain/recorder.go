package gain

import (
	"hash/maphash"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/internal/httpfacts"
	"github.com/cache-aware/casper/server/internal/personal"
)

// Config says what a [Recorder] goes by. The zero Config is useful.
type Config struct {
	// Page returns the identity of the page that a request is for, such as signals.Reader.Page. Nil is
	// its path, without what names a person.
	Page func(r *http.Request) string

	// Beacon is the path, such as "/casper-timing", where browsers get the script that reports
	// their timing, and report to. Empty measures in no browser.
	Beacon string

	// Proxies are the handler's: who is believed about where a request comes from.
	Proxies []netip.Prefix

	// Now is the clock; nil is [time.Now].
	Now func() time.Time
}

// MaxPages is how many pages are told apart. When there are more, those with the fewest views lately become
// part of [Others].
const MaxPages = 256

// maxName is how long the identity of a page may be, in octets, as in the model.
const maxName = 512

// Others is the name of the pages that are one for want of room.
const Others = "(other pages)"

// A Recorder adds up what becomes of views. It is safe for concurrent use, takes some 12 MB at most,
// and a few microseconds for each page and asset. Make one with [New].
type Recorder struct {
	c     Config
	seed  maphash.Seed
	since time.Time

	changes atomic.Uint64

	mu      sync.Mutex
	visits  map[uint64]*visit
	waiting []*visit // by creation: their pages have not been answered
	closing []*visit // by due
	kept    int      // fetches of all of them
	pages   map[string]*page
	all     figures
	others  page
	hour    course
	day     course
	tickets tickets
}

// A page is what is known of one page.
type page struct {
	name    string
	last    time.Time
	with    *Fall
	without *Fall
	figures
}

// New returns a recorder that has seen nothing.
func New(c Config) *Recorder {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Page == nil {
		c.Page = func(r *http.Request) string { return personal.Fold(path.Clean("/" + r.URL.Path)) }
	}
	return &Recorder{
		c: c, seed: maphash.MakeSeed(), since: c.Now(),
		visits: make(map[uint64]*visit), pages: make(map[string]*page),
		hour: course{each: 10 * time.Second, most: 360}, day: course{each: 15 * time.Minute, most: 96},
		others: page{name: Others}, tickets: newTickets(),
	}
}

// Observe is told of an answer: it is, or is called by, [server.Handler.Observe].
func (rec *Recorder) Observe(x *server.Exchange) {
	r := x.Request
	if r.Method != http.MethodGet || x.Pushed {
		return
	}
	view := isView(x)
	if !view && httpfacts.First(r.Header, "Referer") == "" {
		return
	}
	origin := httpfacts.Networks(rec.c.Proxies).Origin(r)
	target, now := httpfacts.Target(r), rec.c.Now()
	key := rec.key(x, origin.Host(), target)
	if view {
		name := rec.c.Page(r)
		rec.mu.Lock()
		defer rec.mu.Unlock()
		rec.sweep(now)
		rec.opened(key, x, name, now)
		return
	}
	dest := httpfacts.First(r.Header, "Sec-Fetch-Dest")
	switch dest {
	case "document", "iframe", "frame", "empty":
		return
	}
	if x.Status != http.StatusOK && x.Status != http.StatusNotModified && x.Status != http.StatusNotFound {
		return
	}
	referer, ok := httpfacts.Referer(r, origin)
	if !ok {
		return
	}
	of := rec.key(x, origin.Host(), referer)
	f := fetch{dest: dest, asked: x.Arrived, ended: now, status: x.Status, early: x.Early}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.sweep(now)
	rec.fetched(of, key, f, target, now)
}

// key tells visits apart: by who asks, and for what.
func (rec *Recorder) key(x *server.Exchange, host, target string) uint64 {
	var h maphash.Hash
	h.SetSeed(rec.seed)
	if x.Client.IsValid() {
		addr := x.Client.As16()
		h.Write(addr[:])
	} else {
		h.WriteString(x.Request.RemoteAddr)
	}
	h.WriteString(host)
	h.WriteByte(0)
	h.WriteString(target)
	return h.Sum64()
}

// opened is told of a page. The caller holds the lock.
func (rec *Recorder) opened(key uint64, x *server.Exchange, name string, now time.Time) {
	v := rec.visits[key]
	blurred := false
	var early []fetch // of this view, though its page had not been seen
	if v != nil && !v.due.IsZero() {
		// A visit again, or somebody else behind the same address: assets are told apart by the time alone.
		blurred = x.Arrived.Before(v.answered.Add(apart))
		v.blurred = v.blurred || blurred
		for i := range v.fetches {
			if f := v.fetches[i]; !f.asked.Before(x.Arrived) {
				early = append(early, f)
			}
		}
		v.fetches = slices.DeleteFunc(v.fetches, func(f fetch) bool { return !f.asked.Before(x.Arrived) })
		for _, k := range append(v.aliases, key) {
			if rec.visits[k] == v {
				delete(rec.visits, k)
			}
		}
		v.key, v.aliases = 0, nil
		v = nil
	}
	if v == nil {
		v = rec.create(key, x.Arrived)
		if v == nil {
			return
		}
		v.fetches = early
	}
	v.blurred = v.blurred || blurred
	v.view(x, name, now)
	rec.closing = append(rec.closing, v)
}

// create makes room for a visit; nil if there is none.
func (rec *Recorder) create(key uint64, now time.Time) *visit {
	for len(rec.waiting) >= maxVisits {
		if v := rec.waiting[0]; v.due.IsZero() {
			rec.drop(v)
		}
		rec.waiting = rec.waiting[1:]
	}
	if len(rec.closing) >= maxVisits {
		rec.count(rec.closing[0])
		rec.closing = rec.closing[1:]
	}
	v := &visit{key: key, created: now}
	rec.visits[key] = v
	rec.waiting = append(rec.waiting, v)
	return v
}

// fetched is told of an asset that was asked for on behalf of what has the key of. The caller holds the
// lock.
func (rec *Recorder) fetched(of, own uint64, f fetch, target string, now time.Time) {
	v := rec.visits[of]
	if v == nil {
		if v = rec.create(of, now); v == nil {
			return
		}
	}
	if !rec.keeps(v, target) {
		return
	}
	rec.kept++
	v.kept++
	f.path = strings.Clone(target)
	f.dest = strings.Clone(f.dest)
	v.fetches = append(v.fetches, f)
	// Its fonts and imports name it, and not the page.
	if _, taken := rec.visits[own]; !taken && (f.dest == "style" || f.dest == "script") && len(v.aliases) < maxFetches {
		v.aliases = append(v.aliases, own)
		rec.visits[own] = v
	}
}

// keeps reports whether there is room for one more fetch of a visit: the first ones are kept, and what was
// hinted. A visit that lacks what may have been hinted is not judged.
func (rec *Recorder) keeps(v *visit, target string) bool {
	hinted := slices.Contains(v.hints, target)
	most := maxFetches
	if hinted {
		most *= 2
	}
	if len(v.fetches) < most && len(target) <= maxPathKept && rec.kept < maxKept {
		return true
	}
	if hinted || v.due.IsZero() { // what is hinted is known when the page has been answered
		v.blurred = true
	}
	return false
}

// sweep counts the visits whose time is over. The caller holds the lock.
func (rec *Recorder) sweep(now time.Time) {
	for len(rec.closing) > 0 && !now.Before(rec.closing[0].due) {
		rec.count(rec.closing[0])
		rec.closing = rec.closing[1:]
	}
	for len(rec.waiting) > 0 {
		v := rec.waiting[0]
		if v.due.IsZero() && now.Sub(v.created) < patience {
			return
		}
		if v.due.IsZero() {
			rec.drop(v)
		}
		rec.waiting = rec.waiting[1:]
	}
}

// drop lets go of a visit.
func (rec *Recorder) drop(v *visit) {
	v.gone = true
	rec.kept -= v.kept
	v.kept = 0
	for _, k := range append(v.aliases, v.key) {
		if rec.visits[k] == v {
			delete(rec.visits, k)
		}
	}
}

// count adds a visit to the sums.
func (rec *Recorder) count(v *visit) {
	if v.gone {
		return
	}
	rec.drop(v)
	c, ready, lead := v.judge()
	now := rec.c.Now()
	p := rec.page(v.page)
	p.last = now
	for _, f := range []*figures{&rec.all, &p.figures} {
		f.Counts.add(&c)
		if lead > 0 {
			f.leads.Add(lead)
		}
		// Of a view that asked for nothing, all that is known is when its header went out, which no hint changes.
		if (v.group == withHint || v.group == withheld) && len(v.fetches) > 0 {
			f.server.of(v.group == withheld).Add(min(ready, maxReady))
		}
	}
	for _, s := range []*Slot{rec.hour.at(now), rec.day.at(now)} {
		s.Counts.add(&c)
		if lead > 0 {
			s.lead(lead)
		}
	}
	p.draw(v, ready)
	rec.changes.Add(1)
}

// draw keeps the view as the picture of its group if it is more like the mean than the one that is
// kept, or that is old.
func (p *page) draw(v *visit, ready float64) {
	if len(v.fetches) == 0 || v.blurred {
		return
	}
	kept, mean := &p.without, p.server.without.mean
	switch {
	case v.group == withHint:
		kept, mean = &p.with, p.server.with.mean
	case v.group == withheld:
	case v.group == withPush || v.held > 0 || *kept != nil && (*kept).Control:
		return // a view without help says less than one of the control group
	default:
		mean = ready
	}
	far := func(x float64) float64 { return max(x-mean, mean-x) }
	if k := *kept; k == nil || v.arrived.Sub(k.Time) > 10*time.Minute || far(ready) <= far(k.Ready) || v.group == withheld && !k.Control {
		*kept = v.fall(ready)
	}
}

// page returns a page's figures, and makes room for them.
func (rec *Recorder) page(name string) *page {
	if p := rec.pages[name]; p != nil {
		return p
	}
	if len(name) > maxName {
		return &rec.others
	}
	if len(rec.pages) >= MaxPages {
		var least *page
		for _, p := range rec.pages {
			if least == nil || p.Views < least.Views || p.Views == least.Views && p.last.Before(least.last) {
				least = p
			}
		}
		rec.others.figures.merge(&least.figures)
		delete(rec.pages, least.name)
	}
	p := &page{name: strings.Clone(name)}
	rec.pages[p.name] = p
	return p
}

// Forget drops what is known of a page, and reports whether that was anything. The sums over all pages
// stay.
func (rec *Recorder) Forget(name string) bool {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	_, found := rec.pages[name]
	delete(rec.pages, name)
	rec.changes.Add(1)
	return found
}

// ForgetAll drops everything.
func (rec *Recorder) ForgetAll() {
	fresh := New(rec.c)
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.since, rec.visits, rec.waiting, rec.closing, rec.kept = fresh.since, fresh.visits, nil, nil, 0
	rec.pages, rec.all, rec.others, rec.hour, rec.day = fresh.pages, figures{}, fresh.others, fresh.hour, fresh.day
	rec.tickets = fresh.tickets
	rec.changes.Add(1)
}
