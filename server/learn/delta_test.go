package learn

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/link"
)

func TestVoteJSON(t *testing.T) {
	v := Vote{
		Asset:   link.Asset{Path: "/t.woff2", As: "font", CrossOrigin: link.Anonymous, Type: "font/woff2", NoPush: true},
		Version: `"abc"`, Used: 3.25, Views: 4, Held: .5, For: 1<<63 + 1, Against: 2, Day: 20000, Urgency: -1, Order: 2.5, Wanted: true, Seeds: 5,
	}
	text, err := json.Marshal(Delta{Page: "/", Views: 4, Time: start, Assets: []Vote{v}})
	if err != nil {
		t.Fatal(err)
	}
	var d Delta
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v, d.Assets[0]); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(string(text), "For") || !strings.Contains(string(text), `nopush`) {
		t.Errorf("%s", text)
	}
	if _, err := json.Marshal(Vote{Asset: link.Asset{Path: "no path"}}); err == nil {
		t.Error("an asset that cannot be sent was written")
	}
}

// random returns the evidence of n deltas over few pages and assets, so that they meet.
func random(rng *rand.Rand, n int) []Delta {
	out := make([]Delta, n)
	for i := range out {
		d := Delta{Page: "/" + string(rune('a'+rng.IntN(3))), Views: float64(rng.IntN(9)), Time: start.Add(time.Duration(rng.IntN(1000)) * time.Hour)}
		for j := range rng.IntN(4) {
			views := float64(rng.IntN(9))
			used := float64(rng.IntN(int(views) + 1))
			d.Assets = append(d.Assets, Vote{Asset: files(5)[(rng.IntN(5)+j)%5], Used: used, Views: views, Held: float64(rng.IntN(3)), For: rng.Uint64(), Day: 7})
		}
		out[i] = d
	}
	return out
}

// Deltas add up in any order and any grouping.
func TestCombineLaws(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	for range 200 {
		all := random(rng, 12)
		want := Combine(all...)
		shuffled := slices.Clone(all)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		half := rng.IntN(len(all))
		grouped := append(Combine(all[:half]...), Combine(all[half:]...)...)
		for name, got := range map[string][]Delta{"shuffled": Combine(shuffled...), "grouped": Combine(grouped...)} {
			if diff := cmp.Diff(numbers(want), numbers(got)); diff != "" {
				t.Fatalf("%s: %s", name, diff)
			}
		}
	}
	if got := Combine(); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// numbers are what has to add up.
func numbers(list []Delta) map[string][5]float64 {
	m := make(map[string][5]float64)
	for _, d := range list {
		m[d.Page] = [5]float64{d.Views, float64(d.Time.Unix())}
		for _, v := range d.Assets {
			m[d.Page+v.Asset.Path] = [5]float64{v.Used, v.Views, v.Held, float64(v.For >> 32), float64(v.For & (1<<32 - 1))}
		}
	}
	return m
}

// Merging the deltas of a model makes the same model, and their order does not matter while there is less than fits into its memory.
func TestMergeIsCommutative(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		all := random(rng, 6)
		a, b := must(t, Config{Memory: 1000}), must(t, Config{Memory: 1000})
		a.Merge(all...)
		slices.Reverse(all)
		b.Merge(all...)
		forget := func(list []Delta) map[string][5]float64 { return numbers(Combine(list...)) }
		x, y := forget(slices.Collect(a.All())), forget(slices.Collect(b.All()))
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

func TestDiff(t *testing.T) {
	before, after := must(t, Config{}), must(t, Config{})
	teach(before, "/", []link.Asset{css("/a.css"), js("/old.js")}, 10, 1, start)
	teach(after, "/", []link.Asset{css("/a.css"), js("/new.js")}, 10, 1, start)
	before.Declare("/gone", FromFile, files(1))
	after.Declare("/came", FromFile, files(1))
	got := Diff(slices.Collect(before.All()), slices.Collect(after.All()), .1)
	want := []Change{
		{Page: "/", Asset: "/new.js", After: true, AfterShare: .95},
		{Page: "/", Asset: "/old.js", Before: true, BeforeShare: .95},
		{Page: "/came", After: true},
		{Page: "/gone", Before: true},
	}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Error(diff)
	}
	same := slices.Collect(before.All())
	if got := Diff(same, same, 0.01); len(got) != 0 {
		t.Errorf("a model differs from itself: %v", got)
	}
}
