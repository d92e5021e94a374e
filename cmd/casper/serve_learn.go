package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

// A learner knows what pages need, from manifests and from what was seen: it is the handler's
// source, and is told of each exchange.
type learner struct {
	declared manifests
	model    *learn.Model // nil: nothing is learned
	reader   learn.Reader
	trusted  networks
	track    server.Track
	lists    *otter.Cache[string, *pageList]
	scanned  bool // what pages link is read from their HTML too
	open     openPages
	keep     func(context.Context) error // saves or shares the model until the context ends; nil does neither
}

// chosen is what the model said of one visit.
type chosen []learn.Prediction

func newLearner(s *serving, track server.Track, declared manifests, log *slog.Logger) (*learner, error) {
	l := &learner{declared: declared, trusted: s.trusted, track: track, reader: learn.Reader{Cookie: s.cookie}, scanned: s.dir != ""}
	if s.learn == "off" {
		return l, nil
	}
	shared := isRedis(s.state)
	c := learn.Config{Shadow: s.learn == "shadow", Share: shared}
	if shared {
		c.Secret = []byte(s.state) // the nodes of a fleet are told the same address
	}
	m, err := learn.New(c)
	if err != nil {
		return nil, err
	}
	l.model = m
	l.lists = otter.Must(&otter.Options[string, *pageList]{MaximumSize: 4096})
	switch {
	case shared:
		l.keep, err = share(m, s.state, log)
	case s.state != "":
		l.keep, err = save(m, s.state, log)
	}
	return l, err
}

func isRedis(state string) bool {
	return strings.HasPrefix(state, "redis://") || strings.HasPrefix(state, "rediss://")
}

// save loads what was learned before, and returns what saves it from then on. A file that is
// no snapshot is put aside.
func save(m *learn.Model, file string, log *slog.Logger) (func(context.Context) error, error) {
	if _, err := os.Stat(filepath.Dir(file)); err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	switch err := m.LoadFile(file); {
	case errors.Is(err, learn.ErrSnapshot):
		broken, evalErr := filepath.EvalSymlinks(file) // a link stays where it is
		if evalErr != nil {
			return nil, fmt.Errorf("--state: %w", evalErr)
		}
		aside := broken + ".broken"
		log.Error("state: begins anew", "err", err, "kept", aside)
		if err := os.Rename(broken, aside); err != nil {
			return nil, fmt.Errorf("--state: %w", err)
		}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("--state: %w", err)
	}
	saver := &learn.Saver{Model: m, File: file, Log: log}
	return saver.Run, nil
}

// any reports whether there is anything to ask.
func (l *learner) any() bool { return l.model != nil || len(l.declared) > 0 }

// tick is how often views are counted whose time is over.
const tick = 2 * time.Second

// start keeps the model up to date, and returns what ends that, with what was learned saved.
func (l *learner) start() (stop func() error) {
	if l.model == nil {
		return func() error { return nil }
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		t := time.NewTicker(tick)
		defer t.Stop()
		for {
			select {
			case now := <-t.C:
				l.model.Tick(now)
			case <-ctx.Done():
				return
			}
		}
	})
	var kept error
	if l.keep != nil {
		running.Go(func() { kept = l.keep(ctx) })
	}
	return func() error {
		l.model.Tick(time.Now())
		cancel()
		running.Wait()
		return kept
	}
}

// Wanted implements [server.Source]. What a manifest says of a page comes first; a page that
// it lists as needing nothing gets nothing.
func (l *learner) Wanted(r *http.Request) []link.Asset {
	declared, listed := l.declared.page(r.URL.EscapedPath())
	v := visitOf(r)
	if l.model == nil || v == nil || listed && len(declared) == 0 {
		return declared
	}
	page := l.reader.Page(r)
	v.chosen, _ = l.model.Choose(nil, page, l.client(r))
	if len(v.chosen) == 0 {
		return declared
	}
	return l.list(page, declared, v.chosen)
}

// A pageList is what was last said of a page, kept so that the same answer is the same slice:
// the handler then has nothing to prepare anew.
type pageList struct {
	declared []link.Asset
	learned  []pick
	list     []link.Asset
}

// A pick is what the list depends on of one prediction.
type pick struct {
	asset  *link.Asset // the model's own, which it replaces and never changes
	linked bool
}

func pickOf(p *learn.Prediction) pick { return pick{p.Asset, p.Linked} }

func (l *learner) list(page string, declared []link.Asset, c chosen) []link.Asset {
	old, ok := l.lists.GetIfPresent(page)
	if ok && len(old.learned) == len(c) && slices.Equal(old.declared, declared) {
		same := true
		for i := range c {
			same = same && old.learned[i] == pickOf(&c[i])
		}
		if same {
			return old.list
		}
	}
	p := &pageList{declared: declared}
	var assets []link.Asset
	for i := range c {
		a := *c[i].Asset
		p.learned = append(p.learned, pickOf(&c[i]))
		if !c[i].Linked { // an application that links it says itself whether it may be pushed
			a = pushable(a, l.track)
		}
		assets = append(assets, a)
	}
	p.list = union(declared, assets)
	if len(page) <= learn.MaxKey { // longer ones are nobody's own, and 4,096 of them would be much
		l.lists.Set(strings.Clone(page), p)
	}
	return p.list
}

// pushable returns the asset, not to be pushed unless the cookie remembers it: a push would send
// it with each visit, while a browser passes over the hint for what it has.
func pushable(a link.Asset, track server.Track) link.Asset {
	a.NoPush = a.NoPush || track != server.TrackAll && a.As != "style" && a.As != "script" && a.Rel != link.ModulePreload
	return a
}

func (l *learner) client(r *http.Request) learn.Client {
	return l.model.Client(l.trusted.client(r), time.Now())
}

// watch notes the pages that are being answered; see [openPages].
func (l *learner) watch(next http.Handler) http.Handler {
	if l.model == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-Fetch-Dest") == "document" {
			at := openPage{l.client(r), r.URL.Path}
			l.open.arrive(at)
			defer func() {
				for _, e := range l.open.leave(at) {
					l.model.Observe(e)
				}
			}()
		}
		next.ServeHTTP(w, r)
	})
}

// observe tells the model of an exchange.
func (l *learner) observe(x *server.Exchange) {
	v := visitOf(x.Request)
	if l.model == nil || v == nil {
		return
	}
	e, ok := l.reader.Event(x.Request, x.Status, x.Header)
	if !ok {
		return
	}
	e.Client = l.client(x.Request)
	if x.Early {
		e.Flags |= learn.Early
	}
	if x.Pushed {
		e.Flags |= learn.Pushed
	}
	if e.Kind == learn.Fetch {
		e.Time = v.arrived
		if x.Early || x.Pushed || !l.open.hold(openPage{e.Client, e.Path}, e) {
			l.model.Observe(e)
		}
		return
	}
	e.Time = l.open.since(openPage{e.Client, x.Request.URL.Path}, time.Now())
	e.Chosen = v.chosen
	e.Sent, e.ByPush = sent(x.Plan, v.chosen)
	if x.Held.Len() > 0 {
		e.Held = func(path string, _ uint64) bool { return x.Held.Has(x.Key(path)) }
	}
	e.Links = l.links(x)
	l.model.Observe(e)
}

// links are those of the application's answer, without those that the handler put there. The
// handler itself remembers them for as long as the process lives, the model for longer. It is
// nil for an answer that could not be read.
func (l *learner) links(x *server.Exchange) []link.Asset {
	if len(x.Linked) == 0 && l.scanned && len(x.HTML) == 0 {
		return nil
	}
	if x.Linked == nil {
		return []link.Asset{} // nil would say nothing
	}
	return x.Linked
}

// sent returns what went out ahead of a view besides what the model chose, and whether any of it
// went by push: a client who was pushed everything asks for nothing, and is no bot for it.
func sent(plan []server.Verdict, c chosen) (assets []link.Asset, byPush bool) {
	for _, v := range plan {
		if v.Means == server.None {
			continue
		}
		byPush = byPush || v.Means == server.ByPush
		if !slices.ContainsFunc(c, func(p learn.Prediction) bool { return p.Asset.Path == v.Asset.Path }) {
			assets = append(assets, v.Asset.Asset)
		}
	}
	return assets, byPush
}
