package learn

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/link"
)

// What each of the older systems gave its users is here and in package signals, in a test of its
// name. Some of the tests also show that a fault of it is not.

// pusher: assets of assets are learned without following circles for ever, and what is not
// used any more is forgotten.
func TestParityPusher(t *testing.T) {
	t.Run("circle", func(t *testing.T) { // two style sheets that import each other: more than a million pushes for one view in pusher
		m := must(t, Config{})
		at := start
		for c := Client(1); c < 20; c++ {
			m.ObserveView(seen("/", c, at))
			m.ObserveFetch(fetched("/", css("/a.css"), c, at.Add(1*time.Millisecond)))
			for i := range 10 {
				m.ObserveFetch(fetched("/a.css", css("/b.css"), c, at.Add(time.Duration(2+i)*time.Millisecond)))
				m.ObserveFetch(fetched("/b.css", css("/a.css"), c, at.Add(time.Duration(3+i)*time.Millisecond)))
			}
			at = at.Add(time.Minute)
		}
		m.Tick(at)
		if diff := cmp.Diff([]string{"/a.css", "/b.css"}, paths(m, "/")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("decay", func(t *testing.T) { // what stops being used goes, however busy the page is; pusher's own pushes kept it for ever
		m := must(t, Config{})
		at := teach(m, "/", []link.Asset{css("/a.css"), js("/old.js")}, 100, 1, start)
		for n := range 60 {
			c := Client(1000 + n)
			chosen, _ := m.Choose(nil, "/", c)
			view := seen("/", c, at)
			view.Chosen = chosen
			m.ObserveView(view)
			m.ObserveFetch(fetched("/", css("/a.css"), c, at.Add(time.Millisecond)))
			for _, p := range chosen { // and every push comes back as a request
				e := fetched("/", *p.Asset, c, at.Add(2*time.Millisecond))
				e.Ahead = true
				m.ObserveFetch(e)
			}
			at = at.Add(3 * time.Second)
		}
		m.Tick(at.Add(time.Minute))
		for range 200 { // the hold-out is one view in twenty, and it takes six
			at = look(m, "/", Client(at.UnixMilli()), at, css("/a.css"))
			if !wants(m, "/", js("/old.js")) {
				return
			}
		}
		t.Error("still there")
	})
}

// h2-auto-push: every request is simply handed over, in whatever order requests finish, and
// four numbers say how it learns.
func TestParityH2AutoPush(t *testing.T) {
	page := []link.Asset{css("/a.css"), js("/b.js")}
	t.Run("record every request", func(t *testing.T) {
		m := must(t, Config{})
		at := start
		for c := Client(1); c <= 6; c++ {
			m.ObserveFetch(fetched("/", css("/early.css"), c, at)) // before any page
			m.ObserveView(seen("/", c, at))
			m.ObserveView(seen("/frame", c, at)) // another page at the same time, on the same connection
			for _, a := range page {
				m.ObserveFetch(fetched("/", a, c, at.Add(time.Millisecond)))
				m.ObserveFetch(fetched("/", a, c, at.Add(2*time.Millisecond))) // twice
			}
			lost := seen("/none", c, at)
			lost.Status = 404 // a random path: a permanent entry there
			m.ObserveView(lost)
			at = at.Add(time.Minute)
		}
		m.Tick(at)
		if diff := cmp.Diff([]string{"/a.css", "/b.js"}, paths(m, "/")); diff != "" {
			t.Error(diff)
		}
		if s := m.Stats(); s.Pages != 2 {
			t.Errorf("%d pages are kept", s.Pages)
		}
	})
	knobs := func(name string, turn func(l *limits), assets func(n int) []link.Asset, views int, want ...string) {
		t.Run(name, func(t *testing.T) {
			m := must(t, Config{})
			turn(&m.lim)
			at := start
			for n := range views {
				at = look(m, "/", Client(n+1), at, assets(n)...)
			}
			if diff := cmp.Diff(want, paths(m, "/")); diff != "" {
				t.Error(diff)
			}
		})
	}
	all := func(int) []link.Asset { return page }
	two := func(n int) []link.Asset { return page[:1+min(1, n%3)] }              // the second in two views of three
	knobs("warmupDuration is Window", func(l *limits) { l.window = 5 }, all, 10) // each request comes 10 ms after the one before
	knobs("promotionRatio is Promote", func(l *limits) { l.promote, l.demote = .9, .8 }, two, 60, "/a.css")
	knobs("demotionRatio is Demote", func(l *limits) { l.demote = .2 }, two, 60, "/a.css", "/b.js")
	knobs("minimumRequests is MinViews and MinClients", func(l *limits) { l.minViews = 20 }, all, 19)
	knobs("and reached", func(l *limits) { l.minViews = 20 }, all, 21, "/a.css", "/b.js")
	t.Run("a warm first visitor", func(t *testing.T) { // taught h2-auto-push for ever that a page needs nothing
		m := must(t, Config{})
		at := look(m, "/", 1, start)
		at = look(m, "/", 2, at)
		teach(m, "/", page, 8, 10, at)
		if len(m.Wanted("/")) != 2 {
			t.Error("not learned any more")
		}
	})
}

// Jetty: an associate period, a maximum of associations, and show, renew and clear at run time.
func TestParityJetty(t *testing.T) {
	m := must(t, Config{})
	m.lim.maxAssets = 16
	at := start
	list := files(30)
	for c := Client(1); c <= 10; c++ { // associatePeriod counts from each view, not from the first ever
		m.ObserveView(seen("/", c, at))
		m.ObserveFetch(fetched("/", css("/in-time.css"), c, at.Add(3900*time.Millisecond)))
		m.ObserveFetch(fetched("/", css("/late.css"), c, at.Add(4100*time.Millisecond)))
		at = at.Add(time.Hour)
	}
	m.Tick(at)
	if diff := cmp.Diff([]string{"/in-time.css"}, paths(m, "/")); diff != "" {
		t.Errorf("associatePeriod: %s", diff)
	}
	teach(m, "/many", list, 10, 100, at)
	if n := len(m.Wanted("/many")); n != 16 {
		t.Errorf("maxAssociations: %d", n)
	}
	if x := m.Explain("/"); len(x.Assets) != 1 || x.Views != 10 {
		t.Errorf("show: %+v", x)
	}
	if !m.Renew("/") {
		t.Error("renew")
	}
	m.Clear()
	if len(m.Wanted("/")) != 0 {
		t.Error("clear")
	}
}

// Undertow: bounded, least useful first, and a changed validator is known, so that what a
// client holds of the old version is sent again.
func TestParityUndertow(t *testing.T) {
	m := must(t, Config{Bytes: minBytes})
	visit := func(c Client, at time.Time, version string) time.Time {
		m.ObserveView(seen("/", c, at))
		e := fetched("/", css("/a.css"), c, at.Add(time.Millisecond))
		e.Version = version
		m.ObserveFetch(e)
		at = at.Add(time.Minute)
		m.Tick(at)
		return at
	}
	at := start
	for c := Client(1); c <= 5; c++ {
		at = visit(c, at, `"1"`)
	}
	w := m.Wanted("/")
	if len(w) != 1 || w[0].Version != `"1"` {
		t.Fatalf("%+v", w)
	}
	visit(6, at, `"second"`)
	w = m.Wanted("/")
	if len(w) != 1 || w[0].Version != `"second"` {
		t.Errorf("after one view with a new validator: %+v", w)
	}
	for i := range 5_000 {
		m.Declare(fmt.Sprintf("/%d", i), files(5))
	}
	if s := m.Stats(); s.Bytes > s.Room || s.Evicted == 0 {
		t.Errorf("max-entries: %+v", s)
	}
}
