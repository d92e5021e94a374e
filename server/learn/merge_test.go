package learn

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

// What was merged in is not reported again, and what was flushed is not flushed twice.
func TestFlush(t *testing.T) {
	m := must(t, Config{Share: true})
	teach(m, "/", []link.Asset{css("/a.css")}, 5, 1, start)
	m.Merge(evidence.Delta{Page: "/", Views: 7, Assets: []evidence.Vote{{Asset: css("/a.css"), Used: 7, Views: 7}}})
	got := m.Flush()
	if len(got) != 1 || got[0].Views != 5 || len(got[0].Assets) != 1 || got[0].Assets[0].Used != 5 || got[0].Assets[0].Views != 5 {
		t.Errorf("%+v", got)
	}
	if again := m.Flush(); len(again) != 0 {
		t.Errorf("again: %+v", again)
	}
	if alone := must(t, Config{}); teach(alone, "/", []link.Asset{css("/a.css")}, 5, 1, start).IsZero() || alone.Flush() != nil {
		t.Error("a model that does not share has something to share")
	}
}

// Merging the deltas of a model makes the same model, and their order does not matter while
// there is less than fits into its memory.
func TestMergeIsCommutative(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		all := random(rng, 6)
		a, b := must(t, Config{}), must(t, Config{})
		a.lim.memory, b.lim.memory = 1000, 1000
		a.Merge(all...)
		slices.Reverse(all)
		b.Merge(all...)
		sum := func(list []evidence.Delta) map[string][2]float64 { return counts(evidence.Combine(list...)) }
		x, y := sum(slices.Collect(a.All())), sum(slices.Collect(b.All()))
		for k, v := range x { // an asset that nobody used is pruned sooner or later, depending on the order
			if w, ok := y[k]; !ok || v[0] != w[0] || v[1] != w[1] {
				if v[0] == 0 || w[0] == 0 {
					continue
				}
				t.Fatalf("%s: %v and %v", k, v, w)
			}
		}
	}
}

// random returns n deltas about few pages and assets, so that they meet.
func random(rng *rand.Rand, n int) []evidence.Delta {
	out := make([]evidence.Delta, n)
	for i := range out {
		d := evidence.Delta{Page: fmt.Sprint("/", rng.IntN(3)), Views: float64(rng.IntN(9))}
		for j := range rng.IntN(4) {
			views := rng.IntN(9)
			v := evidence.Vote{Asset: files(5)[(rng.IntN(5)+j)%5], Views: float64(views)}
			v.Used, v.Held = float64(rng.IntN(views+1)), float64(rng.IntN(3))
			v.For, v.Day = rng.Uint64(), 7
			d.Assets = append(d.Assets, v)
		}
		out[i] = d
	}
	return out
}

// counts are what has to add up.
func counts(list []evidence.Delta) map[string][2]float64 {
	m := make(map[string][2]float64)
	for _, d := range list {
		for _, v := range d.Assets {
			m[d.Page+v.Asset.Path] = [2]float64{v.Used, v.Views}
		}
	}
	return m
}

// A snapshot that is well-formed and mad does no harm.
func TestMadSnapshot(t *testing.T) {
	m := must(t, Config{Bytes: minBytes, Shards: 1})
	mad := func(page string, v evidence.Vote) evidence.Delta {
		return evidence.Delta{Page: page, Views: 5, Assets: []evidence.Vote{v}}
	}
	ok := css("/a.css")
	for _, d := range []evidence.Delta{
		{Page: "/views", Views: -1}, {Page: "/views", Views: 1e300},
		{Page: strings.Repeat("x", MaxKey+1)}, {},
		mad("/a", evidence.Vote{Asset: ok, Used: 5, Views: 3, Wanted: true}),
		mad("/a", evidence.Vote{Asset: ok, Used: -5, Views: 3, Wanted: true}),
		mad("/a", evidence.Vote{Asset: ok, Held: -1e9, Wanted: true}),
		mad("/a", evidence.Vote{Asset: js("//evil.example/x"), Used: 3, Views: 3, Wanted: true}),
		mad("/a", evidence.Vote{Asset: link.Asset{Path: "https://evil.example", Rel: link.Preconnect}, Used: 3, Views: 3, Wanted: true}),
		mad("/a", evidence.Vote{Asset: js("/" + strings.Repeat("x", MaxPath)), Used: 3, Views: 3, Wanted: true}),
		mad("/a", evidence.Vote{Asset: ok, Version: strings.Repeat("x", 1000), Used: 3, Views: 3, Wanted: true}),
	} {
		m.Merge(d)
	}
	if got := paths(m, "/a"); got != nil {
		t.Errorf("wanted: %v", got)
	}
	for i := range 10_000 { // more than there is room for
		m.Merge(evidence.Delta{Page: fmt.Sprintf("/%d", i), Views: 1e9, Members: -4, Time: time.Unix(1<<40, 0), Assets: []evidence.Vote{
			{Asset: ok, Used: 1e9, Views: 1e9, Held: 1e9, Order: 1e9, Urgency: 1e9, Wanted: true},
		}})
	}
	if s := m.Stats(); s.Bytes > s.Room+s.Room/8 {
		t.Errorf("%d bytes with room for %d", s.Bytes, s.Room)
	}
	if got := paths(m, "/9999"); len(got) != 1 {
		t.Errorf("wanted: %v", got)
	}
}

// A snapshot that an earlier version wrote, in which HTML and manifests could declare assets too,
// says what it said then.
func TestSnapshotOfEarlierVersion(t *testing.T) {
	f, err := os.Open("testdata/earlier.casper")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	deltas, err := evidence.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	m := must(t, Config{})
	m.Merge(deltas...)
	for page, want := range map[string][]string{
		"/":         {"/a.css?v=3", "/a.js", "/t.woff2"},
		"/shop/new": {"/a.css?v=3", "/a.js"},
		"/links":    {"/l.css"},
		"/html":     {"/m.mjs"},
		"/file":     {"/f.js"},
	} {
		if got := paths(m, page); !slices.Equal(got, want) {
			t.Errorf("%s wants %q", page, got)
		}
	}
}

// What fewer networks than needed have seen of a page is used, and neither written nor shared: such a
// page may be one person's own.
func TestPageOfFewIsNotTold(t *testing.T) {
	a := css("/a.css")
	view := func(m *Model, page string, c Client, at time.Time) time.Time {
		v := seen(page, c, at)
		v.Links = []link.Asset{a}
		m.ObserveView(v)
		at = at.Add(5 * time.Second)
		m.Tick(at)
		return at
	}
	told := func(m *Model) (pages []string) {
		for d := range m.All() {
			pages = append(pages, d.Page)
		}
		for _, d := range m.Flush() {
			if d.Sighting == (evidence.Sighting{}) {
				pages = append(pages, "shared "+d.Page)
			} else if d.Page != "" || d.Views != 0 || len(d.Assets) != 0 {
				t.Errorf("a sighting tells more than that: %+v", d)
			}
		}
		slices.Sort(pages)
		return pages
	}
	both := func(pages ...string) (want []string) {
		for _, p := range pages {
			want = append(want, p, "shared "+p)
		}
		slices.Sort(want)
		return want
	}
	people := strangersOf(10)

	t.Run("one network", func(t *testing.T) {
		m := must(t, Config{Share: true})
		at := start
		for range 5 { // days, on each of which a network is another client
			for i, page := range []string{"/invite/alice", "/invite/carol", "/invite/dave", "/other"} {
				view(m, page, people[0], at.Add(time.Duration(i)*time.Minute))
			}
			at = at.Add(24 * time.Hour)
		}
		if !wants(m, "/invite/alice", a) {
			t.Error("what the page links is not used")
		}
		if got := told(m); got != nil {
			t.Errorf("told: %q", got)
		}
	})
	t.Run("one network on each of many days", func(t *testing.T) {
		m := must(t, Config{Share: true})
		for i, c := range people {
			view(m, "/about-me", c, start.Add(time.Duration(i)*24*time.Hour))
		}
		if got := told(m); got != nil {
			t.Errorf("told: %q", got)
		}
	})
	t.Run("enough networks", func(t *testing.T) {
		m := must(t, Config{Share: true})
		at := start
		for i, c := range people[:3] {
			if got := told(m); got != nil {
				t.Errorf("after %d: %q", i, got)
			}
			at = view(m, "/", c, at)
		}
		all := slices.Collect(m.All())
		if len(all) != 1 || all[0].Views != 3 || len(all[0].Assets) != 1 || !all[0].Assets[0].Linked {
			t.Errorf("%+v", all)
		}
		news := m.Flush()
		if len(news) != 1 || news[0].Views != 3 || len(news[0].Assets) != 1 || !news[0].Assets[0].Linked {
			t.Errorf("shared: %+v", news)
		}
		view(m, "/", people[9], at.Add(48*time.Hour)) // it stays so
		if got, want := told(m), both("/"); !slices.Equal(got, want) {
			t.Errorf("later: %q, want %q", got, want)
		}
		next := must(t, Config{})
		next.Merge(all...)
		if !wants(next, "/", a) {
			t.Error("the next process does not know what the page links")
		}
		if got := slices.Collect(next.All()); len(got) != 1 {
			t.Errorf("the next process writes %+v", got)
		}
	})
	t.Run("a section", func(t *testing.T) {
		m := must(t, Config{Share: true})
		at := start
		for i, c := range people[:5] { // the first view of a section is only noted
			at = view(m, fmt.Sprintf("/shop/%d", i), c, at)
		}
		if got := told(m); !slices.Contains(got, "/shop/*") || slices.Contains(got, "/shop/1") {
			t.Errorf("told: %q", got)
		}
	})
	t.Run("one is enough", func(t *testing.T) {
		m := must(t, Config{Share: true, MinClients: 1})
		view(m, "/", people[0], start)
		if got, want := told(m), both("/"); !slices.Equal(got, want) {
			t.Errorf("told: %q, want %q", got, want)
		}
	})
	t.Run("the site's own word", func(t *testing.T) {
		m := must(t, Config{Share: true})
		m.Declare("/", []link.Asset{a})
		if got, want := told(m), both("/"); !slices.Equal(got, want) {
			t.Errorf("told: %q, want %q", got, want)
		}
	})
}
