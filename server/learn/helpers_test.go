package learn

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

var start = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

// must returns a model.
func must(tb testing.TB, c Config) *Model {
	tb.Helper()
	m, err := New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// seen is a view of a page.
func seen(page string, c Client, at time.Time) *View {
	return &View{Time: at, Client: c, Path: page, Status: 200}
}

// fetched is a browser's request for an asset of a page.
func fetched(page string, a link.Asset, c Client, at time.Time) *Fetch {
	return &Fetch{
		Time: at, Client: c, Path: page, Via: page,
		Status: 200, Asset: a, Destined: true, Reuse: ReuseStated,
	}
}

// look lets a client view a page with the given assets, and waits for the view to count.
func look(m *Model, page string, c Client, at time.Time, assets ...link.Asset) time.Time {
	m.ObserveView(seen(page, c, at))
	for _, a := range assets {
		at = at.Add(10 * time.Millisecond)
		m.ObserveFetch(fetched(page, a, c, at))
	}
	at = at.Add(5 * time.Second)
	m.Tick(at)
	return at
}

// teach lets n new clients view a page. It returns the time after.
func teach(m *Model, page string, assets []link.Asset, n int, from Client, at time.Time) time.Time {
	for i := range n {
		at = look(m, page, from+Client(i), at, assets...)
	}
	return at
}

// teachSection lets one new client view each of n pages.
func teachSection(m *Model, format string, assets []link.Asset, n int) time.Time {
	at := start
	for i := range n {
		at = look(m, fmt.Sprintf(format, i), Client(1000+i), at, assets...)
	}
	return at
}

// told makes assets of a page wanted, as another node's evidence does.
func told(m *Model, page string, assets ...link.Asset) {
	d := evidence.Delta{Page: page, Views: 3}
	for _, a := range assets {
		d.Assets = append(d.Assets, evidence.Vote{Asset: a, Used: 3, Views: 3, Urgency: -1, Wanted: true})
	}
	m.Merge(d)
}

// paths lists what is wanted for a page.
func paths(m *Model, page string) []string {
	var list []string
	for _, p := range m.Wanted(page) {
		list = append(list, p.Asset.Path)
	}
	return list
}

func wants(m *Model, page string, a link.Asset) bool { return slices.Contains(paths(m, page), a.Path) }

func css(path string) link.Asset { return link.Asset{Path: path, As: "style"} }
func js(path string) link.Asset  { return link.Asset{Path: path, As: "script"} }
