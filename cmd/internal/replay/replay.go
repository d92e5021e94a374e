package replay

import (
	"fmt"
	"hash/maphash"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cache-aware/casper/cmd/internal/traffic"
	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

// Config says how a [Replay] learns and decides. The zero Config is what a server does by default, with 103 Early Hints.
type Config struct {
	Learn  learn.Config // see [New] for what is set in it
	Reader learn.Reader
	Policy server.Policy
	Params casper.Params // of the cookie

	// Hosts are the names of the site, the one that its pages carry first. Records of other hosts are passed over. Without any, the
	// first records decide.
	Hosts []string

	// Push delivers by HTTP/2 push and counts the octets that this would have cost; otherwise by 103 Early Hints, which a browser
	// follows only for what it lacks.
	Push bool

	// TrackAll has the cookie remember every asset, not only those that block rendering.
	TrackAll bool

	// AssumeFresh takes assets for reusable where the capture is silent about it; a model learns no others. It is for logs, which have no
	// Cache-Control.
	AssumeFresh bool

	// Cookie is the name of the fingerprint's cookie. Default [casper.CookieName]. It is read where a capture has it.
	Cookie string
}

// A Replay runs records through a model. Make one with [New]. It belongs to one goroutine.
type Replay struct {
	c        Config
	window   time.Duration
	model    *learn.Model
	kinds    []string
	origin   origin
	order    *order
	seed     maphash.Seed
	browsers browsers
	assets   assets
	open     []*view // in the order of their times; a settled one stays until it is in front
	report   Report
	pages    map[string]*Page
	curve    curve
}

// New returns a replay with an empty model. Unless the config says otherwise, the model is one that gives the same in every run: with a
// fixed secret and one shard. An error is one of [learn.New].
func New(c Config) (*Replay, error) {
	if len(c.Learn.Secret) == 0 {
		c.Learn.Secret = []byte("casper replay") // it hides nothing: whoever has the capture has the addresses
	}
	if c.Learn.Shards == 0 {
		c.Learn.Shards = 1
	}
	if c.Cookie == "" {
		c.Cookie = casper.CookieName
	}
	c.Reader.Cookie = c.Cookie
	m, err := learn.New(c.Learn)
	if err != nil {
		return nil, err
	}
	p := &Replay{
		c: c, window: learn.Window, model: m, kinds: c.Learn.Destinations, origin: newOrigin(c.Hosts),
		order: newOrder(), seed: maphash.MakeSeed(), pages: map[string]*Page{},
	}
	if p.kinds == nil {
		p.kinds = []string{"style", "script", "font", "image"} // the model's default
	}
	p.report.Verdicts = map[string]int{}
	return p, nil
}

// Model returns the model, for what was learned. It is complete after [Replay.Report].
func (p *Replay) Model() *learn.Model { return p.model }

// Visitor returns the address of the n-th of the browsers that a capture names no address for. Each is a client of its own.
func Visitor(n int) netip.Addr {
	a := [16]byte{0xfd, 0xca, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 15: 1}
	return netip.AddrFrom16(a)
}

// Add takes the next record of a capture. It keeps the record.
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
	e, ok := p.c.Reader.Event(rec.Request, rec.Status, rec.Answer)
	if !ok {
		return
	}
	if e.Kind == learn.Fetch && p.c.AssumeFresh && rec.Silent && !saysFreshness(rec) {
		p.report.Assumed++
		e.Flags |= learn.Fresh
	}
	e.Client = p.model.Client(rec.Addr, rec.Began)
	if e.Client == 0 {
		p.report.Nobody++
		return
	}
	s := &step{Event: e, browser: p.browserOf(rec), size: max(rec.Size, 0), cached: rec.Cached}
	s.Time = rec.Began
	if e.Kind == learn.View {
		s.Time = rec.Ended
		s.cookie = p.cookieOf(rec)
	}
	p.order.put(s, p.window, p.step)
}

// saysFreshness reports whether the answer says how long it may be reused.
func saysFreshness(rec *traffic.Record) bool {
	return rec.Answer.Get("Cache-Control") != "" || rec.Answer.Get("Expires") != ""
}

func (p *Replay) browserOf(rec *traffic.Record) uint64 {
	var h maphash.Hash
	h.SetSeed(p.seed)
	a := rec.Addr.As16()
	h.Write(a[:])
	h.WriteString(rec.Request.Header.Get("User-Agent"))
	return h.Sum64()
}

// cookieOf reads the fingerprint that the client really sent.
func (p *Replay) cookieOf(rec *traffic.Record) casper.Fingerprint {
	f := casper.New(p.c.Params)
	for _, c := range rec.Request.Cookies() {
		if c.Name == p.c.Cookie {
			if g, err := casper.Parse(c.Value, p.c.Params); err == nil {
				f = f.Merge(g)
			}
		}
	}
	return f
}

// step does what a live server does, in its order, and settles the views whose time is over.
func (p *Replay) step(s *step) {
	p.settle(s.Time)
	b := p.browsers.get(s.browser, p.c.Params)
	if s.Kind == learn.View {
		p.view(b, s)
	} else {
		p.fetch(b, s)
	}
}

func (p *Replay) view(b *browser, s *step) {
	if s.Page == "" {
		s.Page = s.Path
	}
	if s.Status != 200 || s.cached || s.Flags&(learn.Speculative|learn.Pushed) != 0 {
		if !s.cached {
			p.model.Observe(s.Event)
		}
		return
	}
	v := &view{browser: b, page: s.Page, path: s.Path, opened: s.Time}
	if s.cookie.Len() > 0 {
		b.cookie = b.cookie.Merge(s.cookie)
	}
	s.Held = func(path string) bool {
		a := p.assets.by[path]
		return a != nil && (b.holds(a.id) || s.cookie.Has(a.key))
	}
	var chosen []learn.Prediction
	chosen, v.verdict = p.model.Choose(nil, s.Page, s.Client)
	p.report.Verdicts[v.verdict.String()]++
	p.decide(v, chosen)
	p.model.Observe(s.Event)
	if len(b.tabs) == maxTabs {
		p.close(b.tabs[0])
	}
	b.tabs = append(b.tabs, v)
	p.open = append(p.open, v)
}

// decide notes what the policy would send of the chosen assets.
func (p *Replay) decide(v *view, chosen []learn.Prediction) {
	var want []*server.Asset
	for i := range chosen {
		want = append(want, p.prepare(*chosen[i].Asset))
	}
	client := server.Client{Held: v.browser.cookie, CanPush: p.c.Push, CanHint: !p.c.Push}
	plan := p.c.Policy.Decide(&client, want, nil)
	for _, verdict := range plan.Verdicts {
		a := p.assets.get(verdict.Asset.Path, p.c.Params)
		if a == nil {
			continue
		}
		v.plan = append(v.plan, planned{a, verdict.Means, verdict.Reason, v.browser.holds(a.id)})
	}
	v.browser.cookie = plan.Next
}

// prepare returns an asset as a handler would have it.
func (p *Replay) prepare(l link.Asset) *server.Asset {
	if !p.c.TrackAll && l.As != "style" && l.As != "script" && l.Rel != link.ModulePreload {
		l.NoPush = true // as serve has it: what the cookie does not remember would be pushed with each visit
	}
	a := server.Prepare(l, p.c.Params)
	a.Tracked = a.Tracked || p.c.TrackAll
	if known := p.assets.by[l.Path]; known != nil {
		a.Size = known.size
	}
	return a
}

func (p *Replay) fetch(b *browser, s *step) {
	if !s.cached {
		p.model.Observe(s.Event)
	}
	if s.Status != 200 && s.Status != 304 || s.Flags&(learn.Pushed|learn.Speculative|learn.Early) != 0 || !slices.Contains(p.kinds, s.Asset.As) {
		return
	}
	a := p.assets.get(s.Asset.Path, p.c.Params)
	if a == nil {
		return
	}
	// What the step's strings point into is the whole line.
	if a.as == "" {
		a.as = strings.Clone(s.Asset.As)
	}
	if s.Status == 200 {
		a.size = max(a.size, s.size)
	}
	if !s.cached {
		p.ask(b, s, a)
	}
	b.hold(a.id)
	if s.Asset.As == "style" || s.Asset.As == "script" || p.c.TrackAll {
		b.cookie = b.cookie.With(a.key).Trim(maxText, a.key)
	}
}

// maxText is the longest cookie that a server writes, in characters (server.Policy.MaxText).
const maxText = 3800

// ask adds a request to the view that it is on behalf of, the latest that may be meant.
func (p *Replay) ask(b *browser, s *step, a *asset) {
	for _, v := range slices.Backward(b.tabs) {
		wave := v.waveOf(s.Path, s.Via)
		if wave == 0 || s.Time.Before(v.opened) || s.Time.Sub(v.opened) >= p.window {
			continue
		}
		if len(v.asked) < 128 && !slices.ContainsFunc(v.asked, func(x asked) bool { return x.asset == a }) {
			v.asked = append(v.asked, asked{a, s.size, wave})
		}
		return
	}
}

// settle closes the views whose window is over.
func (p *Replay) settle(now time.Time) {
	n := 0
	for n < len(p.open) && (p.open[n].settled || now.Sub(p.open[n].opened) >= p.window || len(p.open)-n > mostWaiting) {
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
	p.pageOf(v.page).Tally.add(&t)
}

// End tells that a capture is over: what waits for later lines of it need wait no longer. The next capture should be of a later time.
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
		p.model.Tick(p.report.To.Add(2 * p.window))
	}
}

// PageOf returns the identity that a reader gives the page at a URL or a path.
func PageOf(rd *learn.Reader, target string) (string, error) {
	u, err := url.Parse(target)
	if err != nil || u.Opaque != "" || u.Host == "" && !strings.HasPrefix(target, "/") {
		return "", fmt.Errorf("%.60q is neither a URL nor a path", target)
	}
	r, err := traffic.NewRequest("GET", "", u.RequestURI(), "", nil)
	if err != nil {
		return "", fmt.Errorf("%.60q is neither a URL nor a path", target)
	}
	return rd.Page(r), nil
}
