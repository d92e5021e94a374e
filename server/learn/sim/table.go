package sim

import (
	"fmt"
	"io"
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

// Scenarios are what the systems are compared on. Size is the number of visits in the first of them.
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

// Compare runs every system on the same traffic, once for each seed, and prints the means as a table in Markdown.
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
	var p, r, up, ur, waste, help, heap float64
	poisoned := 0.0
	var learn, in, out, learnM, inM, outM []int
	for _, x := range runs {
		n := float64(len(runs))
		p += x.Precision / n
		r += x.Recall / n
		up += x.UnseenPrecision / n
		ur += x.UnseenRecall / n
		waste += ratio(x.Wasted, x.Sent) / n
		help += ratio(x.Helped, x.Needed) / n
		heap += float64(x.Heap) / n
		learn, in, out = append(learn, x.Learn95), append(in, x.In95), append(out, x.Out95)
		learnM, inM, outM = append(learnM, x.Learn), append(inM, x.In), append(outM, x.Out)
		poisoned += ratio(x.Poisoned, x.Victims) / n
	}
	return fmt.Sprintf("| %s\t| %.3f\t| %.3f\t| %.3f\t| %.3f\t| %s\t| %s\t| %s\t| %.0f %%\t| %.0f %%\t| %.1f %%\t| %.1f MB\t|",
		runs[0].System, p, r, up, ur, both(learnM, learn), both(inM, in), both(outM, out),
		100*waste, 100*help, 100*poisoned, heap/1e6)
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
