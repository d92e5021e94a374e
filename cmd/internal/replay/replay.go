package replay

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cache-aware/casper/cmd/internal/traffic"
	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/signals"
	"github.com/cache-aware/casper/server/learned"
	"github.com/cache-aware/casper/server/metrics/gain"
)

// Config says how a [Replay] learns and decides. The zero Config is what a server does by
// default, with 103 Early Hints.
type Config struct {
	Learn  learn.Config // see [New] for what is set in it
	Reader signals.Reader
	Policy server.Policy // NoPush and NoHints follow from Push
	Params casper.Params // of the cookie
	Track  server.Track  // what the cookie remembers
	Cookie string        // its name; "" is [casper.CookieName]

	// Hosts are the names of the site, the one that its pages carry first. Records of other
	// hosts are passed over. Without any, the first records decide.
	Hosts []string

	// Push delivers by HTTP/2 push and counts the octets that this would have cost; otherwise
	// by 103 Early Hints, which a browser follows only for what it lacks.
	Push bool

	// AssumeFresh takes assets for reusable where the recording is silent about it; a model
	// learns no others. It is for logs, which have no Cache-Control.
	AssumeFresh bool
}

func (c *Config) cookie() string {
	if c.Cookie == "" {
		return casper.CookieName
	}
	return c.Cookie
}

// A Replay plays records to a handler and a model. Make one with [New]. It belongs to one
// goroutine.
type Replay struct {
	c        Config
	model    *learn.Model
	stage    *stage
	now      time.Time // of the records
	origin   origin
	order    *order
	browsers browsers
	browser  *browser // who asks now
	assets   assets
	open     []*view // in the order of their times; a settled one stays until it is in front
	report   Report
	pages    map[string]*Page
	curve    curve
	leads    gain.Sample
}

// New returns a replay with an empty model. Unless the config says otherwise, the model gives
// the same in every run: it has a fixed secret and one shard. An error is one of [learn.New].
func New(c Config) (*Replay, error) {
	if len(c.Learn.Secret) == 0 {
		c.Learn.Secret = []byte("casper replay") // it hides nothing: whoever has the records has the addresses
	}
	if c.Learn.Shards == 0 {
		c.Learn.Shards = 1
	}
	c.Reader.Cookie = c.cookie()
	m, err := learn.New(c.Learn)
	if err != nil {
		return nil, err
	}
	p := &Replay{
		c: c, model: m, origin: newOrigin(c.Hosts),
		order: newOrder(), pages: map[string]*Page{},
	}
	p.stage = newStage(&c, unsent{
		&learned.Source{Model: m, Reader: c.Reader, Hosts: []string{learned.AnyHost}, Now: func() time.Time { return p.now }}, p,
	})
	p.report.Verdicts = map[string]int{}
	return p, nil
}

// unsent is the source of a live server that is told something else: nothing was sent to the
// visitors of the recording, and they hold what they were seen to fetch.
type unsent struct {
	*learned.Source
	replay *Replay
}

func (u unsent) Begin(r *http.Request) server.Observation { return request{u, u.Source.Begin(r)} }

type request struct {
	unsent
	seen server.Observation
}

func (r request) End(x *server.Exchange) {
	if x != nil {
		told := *x
		told.Arrived, told.Plan = r.replay.now, nil
		told.Held, told.Key = r.replay.browser.held, r.replay.assets.key
		x = &told
	}
	r.seen.End(x)
}

// Model returns the model, for what was learned. It is complete after [Replay.Report].
func (p *Replay) Model() *learn.Model { return p.model }

// Visitor returns the address of the n-th of the browsers that a recording names no address
// for. Each is a client of its own.
func Visitor(n int) netip.Addr {
	a := [16]byte{0xfd, 0xca, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 15: 1}
	return netip.AddrFrom16(a)
}

// Add takes the next record of a recording. It keeps the record, and writes into its headers.
func (p *Replay) Add(rec *traffic.Record) {
	p.report.Records++
	if p.origin.known() {
		p.take(rec)
		return
	}
	for _, rec := range p.origin.look(rec) {
		p.take(rec)
	}
}

// take makes a step of a record.
func (p *Replay) take(rec *traffic.Record) {
	if !p.origin.admit(rec) {
		p.report.Elsewhere++
		return
	}
	if p.report.From.IsZero() || rec.Began.Before(p.report.From) {
		p.report.From = rec.Began
	}
	if rec.Began.After(p.report.To) {
		p.report.To = rec.Began
	}
	if rec.Status < 200 { // a connection for something else than HTTP
		return
	}
	s := &step{rec: rec}
	if v, ok := p.c.Reader.View(rec.Request, rec.Status, rec.Answer); ok {
		s.view, s.at, s.path, s.ahead = &v, rec.Ended, v.Path, v.Ahead
	} else if f, ok := p.c.Reader.Fetch(rec.Request, rec.Status, rec.Answer); ok {
		s.fetch, s.at, s.path, s.ahead = &f, rec.Began, f.Path, f.Ahead
	} else {
		return
	}
	if !rec.Addr.IsValid() {
		p.report.Nobody++
		return
	}
	p.complete(rec, s.fetch != nil)
	s.who = who{rec.Addr.Unmap(), strings.Clone(rec.Request.Header.Get("User-Agent"))}
	p.order.put(s, p.step)
}

// complete gives a record what a recording leaves out, and takes away what only the recording
// caused.
func (p *Replay) complete(rec *traffic.Record, isAsset bool) {
	// Who records a visit often has the browser's cache turned off, and the browser says so.
	rec.Request.Header.Del("Cache-Control")
	rec.Request.Header.Del("Pragma")
	if isAsset && p.c.AssumeFresh && rec.Silent && !saysFreshness(rec) {
		p.report.Assumed++
		rec.Answer.Set("Cache-Control", "max-age=86400")
	}
	if rec.Answer.Get("Expires") != "" && rec.Answer.Get("Date") == "" {
		rec.Answer.Set("Date", rec.Ended.UTC().Format(http.TimeFormat)) // it expires after that
	}
	if rec.Status == http.StatusOK && rec.Size > 0 {
		rec.Answer.Set("Content-Length", strconv.FormatInt(rec.Size, 10))
	}
}

// saysFreshness reports whether the answer says how long it may be reused.
func saysFreshness(rec *traffic.Record) bool {
	return rec.Answer.Get("Cache-Control") != "" || rec.Answer.Get("Expires") != ""
}

// step plays a record, as a live server would have got it, and settles the views whose time is
// over.
func (p *Replay) step(s *step) {
	p.now = s.at
	p.settle()
	p.browser = p.browsers.get(s.who)
	if s.view != nil {
		p.view(s)
	} else {
		p.fetch(s)
	}
}

// play has the handler answer a record, and the browser keep the cookie.
func (p *Replay) play(s *step) []server.Verdict {
	b := p.browser
	if b.cookie != "" {
		s.rec.Request.Header.Add("Cookie", p.c.cookie()+"="+b.cookie)
	}
	plan, header := p.stage.play(s.rec.Request, s.rec.Addr, s.rec.Status, s.rec.Answer)
	for _, c := range (&http.Response{Header: header}).Cookies() {
		if c.Name == p.c.cookie() {
			b.cookie = c.Value
		}
	}
	return plan
}

func (p *Replay) view(s *step) {
	if s.rec.Cached {
		return // the server has seen nothing of it
	}
	v := &view{page: s.view.Page, path: s.path, began: s.rec.Began, opened: s.at, browser: p.browser}
	_, said := p.model.Choose(nil, v.page, p.model.Client(s.rec.Addr, s.at))
	plan := p.play(s)
	if s.rec.Status != http.StatusOK || s.ahead {
		return
	}
	p.report.Verdicts[said.String()]++
	for _, verdict := range plan {
		if a := p.assets.get(verdict.Asset.Path); a != nil {
			v.plan = append(v.plan, planned{a, verdict, v.browser.holds(a)})
		}
	}
	if len(v.browser.tabs) == maxTabs {
		p.close(v.browser.tabs[0])
	}
	v.browser.tabs = append(v.browser.tabs, v)
	p.open = append(p.open, v)
}

func (p *Replay) fetch(s *step) {
	if !s.rec.Cached {
		p.play(s)
	}
	whole := s.rec.Status == http.StatusOK
	if !whole && s.rec.Status != http.StatusNotModified || s.ahead || !p.model.Learns(s.fetch.Asset.As) {
		return
	}
	a := p.assets.get(s.fetch.Asset.Path)
	if a == nil {
		return
	}
	size := max(s.rec.Size, 0)
	if whole {
		a.size = max(a.size, size)
	}
	if !s.rec.Cached {
		p.ask(s, a, size)
	}
	p.browser.hold(a)
}

// ask adds a request to the view that it is on behalf of, the latest that may be meant.
func (p *Replay) ask(s *step, a *asset, size int64) {
	for _, v := range slices.Backward(p.browser.tabs) {
		wave := v.waveOf(s.path, s.fetch.Via)
		if wave == 0 || !within(s.at, v.opened) {
			continue
		}
		if len(v.asked) < maxAsked && !slices.ContainsFunc(v.asked, func(x asked) bool { return x.asset == a }) {
			v.asked = append(v.asked, asked{a, size, wave})
		}
		return
	}
}

// settle closes the views whose window is over.
func (p *Replay) settle() {
	n := 0
	for n < len(p.open) && (p.open[n].settled || p.now.Sub(p.open[n].opened) >= learn.Window || len(p.open)-n > mostWaiting) {
		p.close(p.open[n])
		n++
	}
	p.open = slices.Delete(p.open, 0, n)
}

func (p *Replay) close(v *view) {
	if v.settled {
		return
	}
	v.settled = true
	if i := slices.Index(v.browser.tabs, v); i >= 0 {
		v.browser.tabs = slices.Delete(v.browser.tabs, i, i+1)
	}
	t := v.judge(p.c.Push)
	p.report.Tally.add(&t)
	p.curve.add(&t)
	g := p.pageOf(v.page)
	g.Tally.add(&t)
	if lead := v.opened.Sub(v.began); t.Hits > 0 && lead > 0 { // many a log has one time a line
		ms := float64(lead) / float64(time.Millisecond)
		p.leads.Add(ms)
		g.leads.Add(ms)
	}
}

// End tells that a recording is over: what waits for later lines of it need wait no longer. The
// next recording should be of a later time.
func (p *Replay) End() {
	if !p.origin.known() {
		for _, rec := range p.origin.settle() {
			p.take(rec)
		}
	}
	p.order.flush(p.step)
	for _, v := range p.open {
		p.close(v)
	}
	p.open = nil
	if !p.report.To.IsZero() {
		p.model.Tick(p.report.To.Add(2 * learn.Window))
	}
}
