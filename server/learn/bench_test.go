package learn

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/link"
)

// files returns n assets of a page.
func files(n int) []link.Asset {
	list := make([]link.Asset, n)
	for i := range list {
		list[i] = link.Asset{Path: fmt.Sprintf("/static/part-%d.js", i), As: "script"}
	}
	return list
}

// BenchmarkWanted asks for all that is known of a page, and looks at every asset, as pusher's
// own benchmark did (1.7, 15.6 and 169 us).
func BenchmarkWanted(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := must(b, Config{Bytes: 64 << 20})
			m.lim.maxAssets = 1000
			pages := make([]string, 256)
			for i := range pages {
				pages[i] = fmt.Sprintf("/shop/page-%d", i)
				told(m, pages[i], files(n)...)
			}
			b.ReportAllocs()
			i, sum := 0, 0
			used := cpuTime()
			for b.Loop() {
				w := m.Wanted(pages[i&255])
				for j := range w {
					sum += len(w[j].Asset.Path)
				}
				i++
			}
			b.ReportMetric(float64(cpuTime()-used)/float64(b.N), "cpu-ns/op")
			if sum == 0 {
				b.Fatal("nothing is wanted")
			}
		})
	}
}

func BenchmarkChoose(b *testing.B) {
	for _, n := range []int{10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := must(b, Config{})
			told(m, "/", files(n)...)
			var room []Prediction
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				room, _ = m.Choose(room[:0], "/", Client(i))
				i++
			}
		})
	}
}

// BenchmarkWantedKind asks for a page that was never seen.
func BenchmarkWantedKind(b *testing.B) {
	m := must(b, Config{})
	teachSection(m, "/shop/page-%d", files(10), 40)
	pages := make([]string, 256)
	for i := range pages {
		pages[i] = fmt.Sprintf("/shop/other-%d", i)
	}
	if len(m.Wanted(pages[0])) == 0 {
		b.Fatal("the kind is not known")
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		m.Wanted(pages[i&255])
		i++
	}
}

// BenchmarkObserve is the mean over the events of ordinary traffic: views of 200 pages by ever
// new clients with 20 requests each, four in five clients holding everything and asking for
// nothing.
func BenchmarkObserve(b *testing.B) {
	for _, warm := range []float64{0, .8} {
		b.Run(fmt.Sprintf("warm=%v", warm), func(b *testing.B) {
			m := must(b, Config{})
			events := ordinary(b, 200, warm)
			b.ReportAllocs()
			i := 0
			used := cpuTime()
			for b.Loop() {
				if i == len(events) {
					i = 0
					for _, e := range events { // everything happens again, a day later, to other clients
						if e.view != nil {
							e.view.Time = e.view.Time.Add(24 * time.Hour)
							e.view.Client += 1 << 32
						} else {
							e.fetch.Time = e.fetch.Time.Add(24 * time.Hour)
							e.fetch.Client += 1 << 32
						}
					}
				}
				if e := events[i]; e.view != nil {
					m.ObserveView(e.view)
				} else {
					m.ObserveFetch(e.fetch)
				}
				i++
			}
			b.ReportMetric(float64(cpuTime()-used)/float64(b.N), "cpu-ns/op")
		})
	}
}

// event is one of both.
type event struct {
	view  *View
	fetch *Fetch
}

// ordinary returns the events of about 20,000 views.
func ordinary(tb testing.TB, pages int, warm float64) []event {
	rng := rand.New(rand.NewPCG(1, 2))
	list := files(20)
	keys := make([]string, pages)
	for i := range keys {
		keys[i] = fmt.Sprintf("/shop/page-%d", i)
	}
	var events []event
	at := start
	for c := range 20000 {
		at = at.Add(50 * time.Millisecond)
		page := keys[min(rng.IntN(pages), rng.IntN(pages))]
		view := seen(page, Client(c+1), at)
		if rng.Float64() < warm {
			view.Held = func(string) bool { return true }
			events = append(events, event{view: view})
			continue
		}
		events = append(events, event{view: view})
		for i := range list {
			f := fetched(page, list[i], Client(c+1), at.Add(time.Duration(i)*time.Millisecond))
			events = append(events, event{fetch: f})
		}
	}
	return events
}

// BenchmarkObserveLinks is a view whose answer links what the page is known to link.
func BenchmarkObserveLinks(b *testing.B) {
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("links=%d", n), func(b *testing.B) {
			m := must(b, Config{})
			e := seen("/", 1, start)
			e.Links = files(n)
			b.ReportAllocs()
			used := cpuTime()
			for b.Loop() {
				m.ObserveView(e)
			}
			b.ReportMetric(float64(cpuTime()-used)/float64(b.N), "cpu-ns/op")
		})
	}
}
