// Package learned lets a [server.Handler] deliver what a [learn.Model] has learned, and the
// model learn from what the handler answers:
//
//	model, err := learn.New(learn.Config{})
//	source := &learned.Source{Model: model}
//	h := source.Attach(&server.Handler{Next: application})
//	go source.Run(ctx, nil)
//
// The two know nothing of each other: the handler decides for anybody who names assets, and
// the model counts for anybody who tells it of views and fetches. What lies between them is
// here: who asked for what on behalf of which page, in which order, and which of it the
// handler itself has caused.
package learned

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

// A Source is the [server.Source] and the observer of a handler. Its fields must not change
// after the first request; a Source must not be copied.
type Source struct {
	Model  *learn.Model // nil: nothing is learned, and Declared alone is the source
	Reader learn.Reader

	// Declared returns what is known of a page, by its path, before anything is learned: a
	// manifest's [github.com/cache-aware/casper/server/manifest.Manifest.Page]. It comes
	// first. A page that is listed with nothing gets nothing. The same page should have the
	// same slice, which is not written to. Nil declares nothing.
	Declared func(path string) (assets []link.Asset, listed bool)

	// Peer is who sent a request, for the model to tell clients apart; the address that a trusted
	// proxy names, behind one. Nil is [learn.Peer], the connection's.
	Peer func(r *http.Request) netip.Addr

	// Track is the handler's. Assets that its cookie does not remember are learned and hinted,
	// and not pushed: a push would send them with every visit, while a browser passes over the
	// hint for what it has.
	Track server.Track

	// Pages are the pages that are being answered. Sources of one model, such as those of
	// several handlers for parts of a site, share them. Nil are the source's own.
	Pages *Pages

	// Shadow learns, and names only what is declared.
	Shadow bool

	own   Pages
	once  sync.Once
	lists *otter.Cache[string, *list]
}

// A visit is what is known of a request besides what net/http and server know of it.
type visit struct {
	arrived time.Time
	chosen  []learn.Prediction // what the model said, if it was asked
}

type visitKey struct{ *Source }

func (s *Source) visitOf(r *http.Request) *visit {
	v, _ := r.Context().Value(visitKey{s}).(*visit)
	return v
}

// Attach makes s the source and the observer of a handler, and returns the handler to serve,
// with [Source.Wrap] around it. What h.Observe was is called afterwards. A source with neither
// Model nor Declared leaves the handler as it is.
func (s *Source) Attach(h *server.Handler) http.Handler {
	if s.Model == nil && s.Declared == nil {
		return h
	}
	h.Source = s
	after := h.Observe
	h.Observe = func(x *server.Exchange) {
		s.Observe(x)
		if after != nil {
			after(x)
		}
	}
	return s.Wrap(h)
}

// Wrap returns next, which must contain the handler of which s is the source, for
// s to know when requests arrive.
func (s *Source) Wrap(next http.Handler) http.Handler {
	if s.Model == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, end := s.Begin(r)
		defer end()
		next.ServeHTTP(w, r)
	})
}

func (s *Source) pages() *Pages {
	if s.Pages != nil {
		return s.Pages
	}
	return &s.own
}

// Begin is Wrap for servers that hand requests on in another way. It returns the request
// to hand on, and what to call when it has been answered.
func (s *Source) Begin(r *http.Request) (asked *http.Request, end func()) {
	asked = r.WithContext(context.WithValue(r.Context(), visitKey{s}, &visit{arrived: time.Now()}))
	if s.Model == nil || r.Header.Get("Sec-Fetch-Dest") != "document" {
		return asked, func() {}
	}
	at := openPage{s.client(r), r.URL.Path}
	s.pages().arrive(at)
	return asked, func() {
		for _, e := range s.pages().leave(at) {
			s.Model.Observe(e)
		}
	}
}

// tick is how often views are counted whose time is over.
const tick = 2 * time.Second

// Run keeps the model up to date until the context ends, and calls keep meanwhile, if that is not
// nil: the Run of a [keep.Saver], for instance, which saves what was learned once more at
// the end. It returns what keep returns.
func (s *Source) Run(ctx context.Context, keep func(context.Context) error) error {
	if s.Model == nil {
		return nil
	}
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
			s.Model.Tick(time.Now())
			end() // what was learned is complete now
			running.Wait()
			return kept
		}
	}
}

func (s *Source) client(r *http.Request) learn.Client {
	peer := s.Peer
	if peer == nil {
		peer = learn.Peer
	}
	return s.Model.Client(peer(r), time.Now())
}

// Observe tells the model of an exchange. Requests that did not come through Wrap or Begin are
// not counted.
func (s *Source) Observe(x *server.Exchange) {
	v := s.visitOf(x.Request)
	if s.Model == nil || v == nil {
		return
	}
	reader := s.Reader
	reader.NoLinks = true // among those of the header are the handler's
	e, ok := reader.Event(x.Request, x.Status, x.Header)
	if !ok {
		return
	}
	e.Client = s.client(x.Request)
	if x.Early {
		e.Flags |= learn.Early
	}
	if x.Pushed {
		e.Flags |= learn.Pushed
	}
	if e.Kind == learn.Fetch {
		e.Time = v.arrived
		if x.Early || x.Pushed || !s.pages().hold(openPage{e.Client, e.Path}, e) {
			s.Model.Observe(e)
		}
		return
	}
	e.Time = s.pages().since(openPage{e.Client, x.Request.URL.Path}, time.Now())
	e.Chosen = v.chosen
	e.Sent, e.ByPush = sent(x.Plan, v.chosen)
	if x.Held.Len() > 0 {
		e.Held = func(path string) bool { return x.Held.Has(x.Key(path)) }
	}
	e.Flags &^= learn.Private
	if e.Links = links(x); x.Personal { // what it links may be for this client alone
		e.Links = nil
	}
	s.Model.Observe(e)
}

// links are those of the application's answer, without those that the handler put there. The
// handler itself remembers them for as long as the process lives, the model for longer. It is
// nil for an answer that could not be read.
func links(x *server.Exchange) []link.Asset {
	if x.Unread {
		return nil
	}
	if x.Linked == nil {
		return []link.Asset{} // nil would say nothing
	}
	return x.Linked
}

// sent returns what went out ahead of a view besides what the model chose, and whether any of it
// went by push: a client who was pushed everything asks for nothing, and is no bot for it.
func sent(plan []server.Verdict, chosen []learn.Prediction) (assets []link.Asset, byPush bool) {
	for _, v := range plan {
		if v.Means == server.None {
			continue
		}
		byPush = byPush || v.Means == server.ByPush
		if !slices.ContainsFunc(chosen, func(p learn.Prediction) bool { return p.Asset.Path == v.Asset.Path }) {
			assets = append(assets, v.Asset.Asset)
		}
	}
	return assets, byPush
}
