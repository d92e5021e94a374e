// Package learned lets a [server.Handler] deliver what a [learn.Model] has learned, and the
// model learn from what the handler answers:
//
//	model, err := learn.New(learn.Config{})
//	source := &learned.Source{Model: model}
//	h := &server.Handler{Next: application, Sources: []server.Source{source}}
//	go source.Run(ctx, nil)
//
// The two know nothing of each other: the handler decides on assets that any source names, and
// the model counts views and fetches that any program tells it of. This package connects them: it
// knows which client asked for which file on behalf of which page, in which order, and which of
// these requests the handler itself has caused.
package learned

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/internal/httpfacts"
	"github.com/cache-aware/casper/server/internal/personal"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/signals"
	"github.com/cache-aware/casper/server/link"
)

// A Source is what a model knows as a [server.Source], and the [server.Observer] that tells
// the model what happens. It may serve several handlers for parts of one site. Its fields must
// not change after the first request; a Source must not be copied.
type Source struct {
	Model *learn.Model

	// Reader makes evidence of requests. Its Proxies and Cookie are those of the handler.
	Reader signals.Reader

	// Hosts are the names under which the site is known, each with its port unless that is the
	// scheme's own; [AnyHost] is all. Whoever can reach a server can ask it for any host: what
	// other hosts link is not learned, and their pages are not named anything. If Hosts is empty,
	// the site's host is the one that most networks ask for, settled for the life of the process
	// once three have done so.
	Hosts []string

	// Shadow learns, and names nothing.
	Shadow bool

	// Now is the clock; nil is [time.Now]. A program that replays recorded requests sets it to
	// the time of the recording.
	Now func() time.Time

	host    siteHost
	open    openPages
	telling telling
}

// Wanted adds what the model says of the page that r asks for.
func (s *Source) Wanted(r *http.Request, w *server.Wants) {
	if c := s.client(r); s.serves(r, c) {
		s.choose(r, w, c)
	}
}

// choose adds what the model chooses for one view, and returns it.
func (s *Source) choose(r *http.Request, w *server.Wants, c learn.Client) []learn.Prediction {
	if s.Shadow {
		return nil
	}
	chosen, _ := s.Model.Choose(nil, s.Reader.Page(r), c)
	for i := range chosen {
		if p := &chosen[i]; p.Linked {
			w.Linked(p.Asset) // the application that links it says itself whether it may be pushed
		} else {
			w.Infer(p.Asset)
		}
	}
	return chosen
}

// Forget drops what was learned of a page, and reports whether that was anything. Of a page whose
// path names a person, it is what was learned of all such pages; see [signals.Reader.Page].
func (s *Source) Forget(page string) bool { return s.Model.Forget(personal.Fold(page)) }

// ForgetAll drops everything that was learned.
func (s *Source) ForgetAll() { s.Model.Clear() }

func (s *Source) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func (s *Source) client(r *http.Request) learn.Client {
	return s.Model.Client(s.Reader.Addr(r), s.now())
}

// An observation is one request.
type observation struct {
	source  *Source
	request *http.Request
	client  learn.Client
	opened  bool               // it is among the open pages
	chosen  []learn.Prediction // what the model said, if it was asked
}

// Begin implements [server.Observer].
func (s *Source) Begin(r *http.Request) server.Observation {
	c := s.client(r)
	if !s.serves(r, c) {
		return nil
	}
	o := &observation{source: s, request: r, client: c}
	if o.opened = httpfacts.First(r.Header, "Sec-Fetch-Dest") == "document"; o.opened {
		s.open.arrive(o.page())
	}
	return o
}

func (o *observation) page() openPage { return openPage{o.client, o.request.URL.Path} }

// Wanted adds what the model says, and remembers it: the model cannot judge by this view what
// went out ahead of it.
func (o *observation) Wanted(r *http.Request, w *server.Wants) {
	o.chosen = o.source.choose(r, w, o.client)
}

// End tells the model of the request, and then of the files that were asked for meanwhile.
func (o *observation) End(x *server.Exchange) {
	s := o.source
	if x != nil {
		o.tell(x)
	}
	if o.opened {
		for _, f := range s.open.leave(o.page()) {
			s.telling.tell(s.Model, func(m *learn.Model) { m.ObserveFetch(&f) })
		}
	}
}

func (o *observation) tell(x *server.Exchange) {
	s := o.source
	if f, ok := s.Reader.Fetch(x.Request, x.Status, x.Header); ok {
		f.Client, f.Time = o.client, x.Arrived
		f.Ahead = f.Ahead || x.Early || x.Pushed
		if f.Ahead || !s.open.hold(openPage{o.client, f.Path}, f) {
			s.telling.tell(s.Model, func(m *learn.Model) { m.ObserveFetch(&f) })
		}
		return
	}
	v, ok := s.Reader.View(x.Request, x.Status, x.Header)
	if !ok {
		return
	}
	v.Client = o.client
	v.Time = s.open.since(o.page(), s.now())
	v.Ahead = v.Ahead || x.Early || x.Pushed
	if !x.Control { // nothing went out, so that the view is judged like any without help
		v.Chosen = o.chosen
		v.Sent, v.ByPush = sent(x.Plan, o.chosen)
	}
	if x.Held.Len() > 0 {
		held, key := x.Held, x.Key
		v.Held = func(path string) bool { return held.Has(key(path)) }
	}
	v.Links = own(x.Links)
	s.telling.tell(s.Model, func(m *learn.Model) { m.ObserveView(&v) })
}

// own returns the links to this origin: a model serves one.
func own(links []link.Asset) []link.Asset {
	foreign := func(a link.Asset) bool { return a.Origin != "" }
	if !slices.ContainsFunc(links, foreign) {
		return links
	}
	return slices.DeleteFunc(slices.Clone(links), foreign)
}

// sent returns what went out ahead of a view besides what the model chose, and whether any of it
// went by push: a client who was pushed everything asks for nothing, and is no bot for it.
func sent(plan []server.Verdict, chosen []learn.Prediction) (assets []link.Asset, byPush bool) {
	for _, v := range plan {
		if v.Means == server.ByNothing {
			continue
		}
		byPush = byPush || v.Means == server.ByPush
		if !slices.ContainsFunc(chosen, func(p learn.Prediction) bool { return p.Asset.Path == v.Asset.Path }) {
			assets = append(assets, v.Asset.Asset)
		}
	}
	return assets, byPush
}

// Scan finds what the beginning of a page names: it is a [server.Handler.Scan].
func Scan(head []byte, base link.Base) []link.Asset {
	list, _ := signals.ScanHTML(bytes.NewReader(head), base)
	return list
}

// Scan implements [server.Scanner]: a handler with this source reads the HTML of its pages, unless
// it has a Scan of its own.
func (s *Source) Scan(head []byte, base link.Base) []link.Asset {
	if s.Shadow {
		return nil
	}
	return Scan(head, base)
}

// tick is how often views are counted whose time is over.
const tick = 2 * time.Second

// Run keeps the model up to date until the context ends. Meanwhile it runs keep, unless that is
// nil: for instance the Run of a Saver of package keep, which saves what was learned once more at
// the end. It returns what keep returns.
func (s *Source) Run(ctx context.Context, keep func(context.Context) error) error {
	keeping, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	var kept error
	var running sync.WaitGroup
	if keep != nil {
		running.Go(func() { kept = keep(keeping) })
	}
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case now := <-t.C:
			s.Model.Tick(now)
		case <-ctx.Done():
			s.telling.wait()
			s.Model.Tick(s.now().Add(2 * learn.Window)) // no more is asked for: open views are complete
			end()                                       // what was learned is complete now
			running.Wait()
			return kept
		}
	}
}
