//go:build !noserver

package main

import (
	"fmt"
	"strings"

	"github.com/cache-aware/casper/cmd/internal/replay"
	"github.com/cache-aware/casper/cmd/internal/traffic"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/metrics/gain"
)

// replayText writes the tables.
func (t *tool) replayText(r *replay.Report, sources []replayed, f *replayFlags) {
	w := t.stdout
	for _, s := range sources {
		what := s.Format
		if what == "" {
			what = "nothing in it"
		}
		fmt.Fprintf(w, "%s: %s, %s", clean(s.Name), what, count(int(s.Lines), unitOf(s.Format)))
		if s.Skipped > 0 {
			fmt.Fprintf(w, ", %d of them not HTTP", s.Skipped)
		}
		fmt.Fprintln(w)
		if s.Format != "" {
			fmt.Fprintf(w, "  %s, %s, %s\n", seenOf(s.Visitors, "visitor"), seenOf(s.Hosts, "host"), seenOf(s.Pages, "page"))
		}
	}
	host := r.Host
	if host == "" {
		host = "a host without a name"
	}
	fmt.Fprintf(w, "%s: %s of %s", clean(host), count(r.Records-r.Elsewhere, "request"), count(r.Records, "record"))
	if !r.From.IsZero() {
		fmt.Fprintf(w, ", %s to %s UTC", r.From.UTC().Format("2006-01-02 15:04:05"), r.To.UTC().Format("2006-01-02 15:04:05"))
	}
	fmt.Fprintln(w)
	if r.Assumed > 0 {
		fmt.Fprintf(w, "assumed: %s may be reused; the capture does not say (--assume-fresh)\n", count(r.Assumed, "answer"))
	}
	if r.Nobody > 0 {
		fmt.Fprintf(w, "passed over: %s of nobody, without an address\n", count(r.Nobody, "request"))
	}
	fmt.Fprintln(w)
	t.replayTotals(r)
	t.replayPages(r, f)
}

// seenOf is how many things were told apart.
func seenOf(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun
	case traffic.MostSeen:
		return "at least " + count(n, noun)
	}
	return count(n, noun)
}

// unitOf is what a format consists of.
func unitOf(format string) string {
	if format == "har" {
		return "record" // its own word, entry, has another plural
	}
	return "line"
}

// clean is a name without characters that a terminal obeys.
func clean(s string) string { return strings.Map(printable, s) }

func (t *tool) replayTotals(r *replay.Report) {
	by := map[string]string{"hint": "103 Early Hints", "push": "HTTP/2 push"}[r.Means]
	rows := [][2]string{
		{"views", fmt.Sprintf("%d, of which %d would have been helped, by %s", r.Views, r.Helped, by)},
		{"asked for", fmt.Sprintf("%s, %s", count(r.Asked, "asset"), octets(r.AskedBytes))},
		{"hits", fmt.Sprintf("%d (%s), %s: sent before it was asked for", r.Hits, percent(r.Hits, r.Asked), octets(r.HitBytes))},
		{"sent", fmt.Sprintf("%d, %s", r.Sent, octets(r.SentBytes))},
		{"waste", fmt.Sprintf("%d (%s of what was sent), %s: never asked for", r.Unused, percent(r.Unused, r.Sent), octets(r.UnusedBytes))},
	}
	if r.Idle > 0 {
		rows = append(rows, [2]string{"idle", fmt.Sprintf("%d hints for what the browser held: a line each, nothing fetched", r.Idle)})
	}
	rows = append(rows,
		[2]string{"spared", fmt.Sprintf("%d, %s: wanted, and not sent since the cookie knows them", r.Spared, octets(r.SparedBytes))},
		[2]string{"round trips", fmt.Sprintf("%d of %d saved (%s)", r.Saved, r.Trips, percent(r.Saved, r.Trips))},
		[2]string{"sooner", sooner(&r.Sooner)},
	)
	var why []string
	for v := learn.OutcomeSend; v <= learn.OutcomeInTrouble; v++ {
		if n := r.Verdicts[v.String()]; n > 0 {
			why = append(why, fmt.Sprintf("%s %d", v, n))
		}
	}
	rows = append(rows, [2]string{"the model", strings.Join(why, ", ") + fmt.Sprintf("; %s, %s, %s of memory",
		count(r.Model.Pages, "page"), count(r.Model.Sections, "section"), octets(int64(r.Model.Bytes)))})
	for _, row := range rows {
		fmt.Fprintf(t.stdout, "%-12s %s\n", row[0], row[1])
	}
}

// sooner says by how much pages would have been ready sooner. A recording tells no more than the lead.
func sooner(s *gain.Sooner) string {
	switch {
	case s.With == 0:
		return "not known: no view with hits tells how long its page was awaited"
	case s.With == 1:
		return fmt.Sprintf("at most %.0f ms, from the lead of 1 view", s.Ms)
	}
	return fmt.Sprintf("at most %.0f ms (95 %%: %.0f to %.0f), from the leads of %d views", s.Ms, s.Low, s.High, s.With)
}

func (t *tool) replayPages(r *replay.Report, f *replayFlags) {
	w := t.stdout
	n := min(f.top, len(r.Pages))
	if n == 0 {
		return
	}
	fmt.Fprintf(w, "\n%7s %7s %7s %7s %10s %7s  %s\n", "views", "asked", "hits", "waste", "waste", "trips", "page")
	for _, g := range r.Pages[:n] {
		fmt.Fprintf(w, "%7d %7d %7s %7d %10s %7s  %s\n", g.Views, g.Asked, percent(g.Hits, g.Asked), g.Unused, octets(g.UnusedBytes),
			percent(g.Saved, g.Trips), clean(g.Page))
		indent := strings.Repeat(" ", 52)
		if g.From != "" && g.From != g.Page {
			fmt.Fprintf(w, "%sas pages of its section, %s\n", indent, clean(g.From))
		}
		for _, a := range g.Wanted {
			fmt.Fprintf(w, "%s%.2f %-6s %9s  %s\n", indent, a.Probability, a.As, octets(a.Bytes), clean(a.Path))
		}
		if len(g.Wanted) == 0 && g.Page != replay.Others {
			fmt.Fprintf(w, "%snothing is wanted%s\n", indent, t.whyNothing(g))
		}
	}
	if n < len(r.Pages) {
		fmt.Fprintf(w, "and %s more (--top)\n", count(len(r.Pages)-n, "page"))
	}
}

func (t *tool) whyNothing(g *replay.Page) string {
	switch {
	case g.Asked == 0:
		return ": it asks for nothing"
	case g.State != "ready" && g.State != "unknown":
		return ": " + g.State
	}
	return " yet; see casper explain-page"
}

func percent(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(n)/float64(of))
}

// octets is a number of octets in a unit that makes it short.
func octets(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1e6:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1e9:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
