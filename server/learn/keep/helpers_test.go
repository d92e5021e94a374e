package keep

import (
	"testing"
	"time"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

var start = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

func must(tb testing.TB, c learn.Config) *learn.Model {
	tb.Helper()
	m, err := learn.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// teach lets n new clients view a page with the given assets, and waits for each view to count.
// It returns the time after.
func teach(m *learn.Model, page string, assets []link.Asset, n int, from learn.Client, at time.Time) time.Time {
	for i := range n {
		c := from + learn.Client(i)
		m.ObserveView(&learn.View{Time: at, Client: c, Path: page, Status: 200})
		for _, a := range assets {
			at = at.Add(10 * time.Millisecond)
			m.ObserveFetch(&learn.Fetch{
				Time: at, Client: c, Path: page, Status: 200,
				Asset: a, Destined: true, Reuse: learn.ReuseStated,
			})
		}
		at = at.Add(5 * time.Second)
		m.Tick(at)
	}
	return at
}

// declared returns a model of n pages that link an asset.
func declared(t *testing.T, n int) *learn.Model {
	t.Helper()
	m := must(t, learn.Config{Shards: 1})
	for i := range n {
		m.Declare("/page-"+string(rune('a'+i)), []link.Asset{css("/a.css")})
	}
	return m
}

// paths lists what is wanted for a page.
func paths(m *learn.Model, page string) []string {
	var list []string
	for _, p := range m.Wanted(page) {
		list = append(list, p.Asset.Path)
	}
	return list
}

func css(path string) link.Asset { return link.Asset{Path: path, As: "style"} }
func js(path string) link.Asset  { return link.Asset{Path: path, As: "script"} }
