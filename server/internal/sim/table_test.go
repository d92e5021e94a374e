package sim

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cache-aware/casper/server/learn"
)

// Scenario is a kind of traffic with a name.
type Scenario struct {
	Name    string
	About   string
	Traffic Traffic
}

// Scenarios are what the systems are compared on. Size is the number of visits in the first of
// them.
func Scenarios(size int) []Scenario {
	return []Scenario{
		{"cold", "every visitor is new; a release half-way",
			Traffic{Visits: size, Gap: time.Second, ReleaseAt: size / 2}},
		{"warm", "four in five visitors hold what they needed last time; a release half-way",
			Traffic{Visits: 3 * size, Gap: time.Second, Warm: .8, ReleaseAt: size * 3 / 2}},
		{"mixed", "half warm, a tenth bots, prefetches and second tabs each, one in twenty behind one proxy; a release half-way",
			Traffic{Visits: 2 * size, Gap: 300 * time.Millisecond, Warm: .5, Bots: .1, Prefetch: .1, Tabs: .1, Proxied: .05, ReleaseAt: size}},
		{"attacked", "cold, and one visit in twenty is by a client that asks for a page and then, a hundred times over, for a 4 MB picture in its name",
			Traffic{Visits: size, Gap: time.Second, Colluders: .05, ForgePer: 100}},
	}
}

// Systems returns a new one of each.
func Systems() []System {
	return []System{NewCasper(learn.Config{}), NewPusher(), NewAutoPush(), NewJetty(), NewUndertow()}
}

// Compare runs every system on the same traffic, once for each seed, and prints the means as a
// table in Markdown.
func Compare(w io.Writer, size int, seeds []uint64) {
	for _, sc := range Scenarios(size) {
		fmt.Fprintf(w, "**%s**: %s.\n\n", sc.Name, sc.About)
		t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
		fmt.Fprintln(t, "| system\t| precision\t| recall\t| unseen precision\t| unseen recall\t| views to learn\t| renamed file in\t| old file out\t| sent that was wasted\t| needed that was sent\t| attacked views poisoned\t| live heap\t|")
		fmt.Fprintln(t, "|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|")
		for i := range Systems() {
			var runs []*Result
			for _, seed := range seeds {
				before := live()
				sys := Systems()[i]
				r := Run(seed, sc.Traffic, sys)
				r.site, r.pages = nil, nil
				r.Heap = live() - before
				r.sys = nil
				runs = append(runs, r)
			}
			fmt.Fprintln(t, row(runs))
		}
		t.Flush()
		fmt.Fprintln(w)
	}
}

func row(runs []*Result) string {
	share := func(decimals int, f func(*Result) float64) string {
		sum, n := 0.0, 0
		for _, x := range runs {
			if v := f(x); !math.IsNaN(v) {
				sum += v
				n++
			}
		}
		if n == 0 {
			return "-"
		}
		return strconv.FormatFloat(sum/float64(n), 'f', decimals, 64)
	}
	percent := func(decimals int, f func(*Result) float64) string {
		s := share(decimals, func(r *Result) float64 { return 100 * f(r) })
		if s != "-" {
			s += " %"
		}
		return s
	}
	medians := func(median, late func(*Result) int) string {
		var m, l []int
		for _, x := range runs {
			m, l = append(m, median(x)), append(l, late(x))
		}
		return both(m, l)
	}
	return strings.Join([]string{"| " + runs[0].System,
		share(3, func(r *Result) float64 { return r.Precision }),
		share(3, func(r *Result) float64 { return r.Recall }),
		share(3, func(r *Result) float64 { return r.UnseenPrecision }),
		share(3, func(r *Result) float64 { return r.UnseenRecall }),
		medians(func(r *Result) int { return r.Learn }, func(r *Result) int { return r.Learn95 }),
		medians(func(r *Result) int { return r.In }, func(r *Result) int { return r.In95 }),
		medians(func(r *Result) int { return r.Out }, func(r *Result) int { return r.Out95 }),
		percent(0, func(r *Result) float64 { return ratio(r.Wasted, r.Sent) }),
		percent(0, func(r *Result) float64 { return ratio(r.Helped, r.Needed) }),
		percent(1, func(r *Result) float64 { return ratio(r.Poisoned, r.Victims) }),
		share(1, func(r *Result) float64 { return float64(r.Heap) / 1e6 }) + " MB",
	}, "\t| ") + "\t|"
}

// both prints medians and 95th percentiles, as medians over the runs.
func both(median, late []int) string {
	return views(quantile(median, .5)) + " / " + views(quantile(late, .5))
}

func views(n int) string {
	switch n {
	case Never:
		return "never"
	case unknown:
		return "-"
	}
	return fmt.Sprint(n)
}
