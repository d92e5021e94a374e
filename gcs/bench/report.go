package main

import (
	"fmt"
	"math"
	"strings"
)

// golombset holds the figures of the C library that H2O's coder comes from, in
// nanoseconds a key at n = 10,000. No package offers it, so it cannot take part; these
// were taken on the same kind of machine with gcc 12: -O3 -march=native for encoding, the
// fastest build for decoding.
var golombset = map[string]float64{
	"encode r=6 n=10000": 24.8, "encode r=10 n=10000": 43.3, "encode r=19 n=10000": 76.5,
	"decode r=6 n=10000": 4.1, "decode r=10 n=10000": 7.7, "decode r=19 n=10000": 14.1,
}

// table is the report in Markdown: nanoseconds, and how many times faster casper is than
// the fastest peer of the row.
func table(rows []row, figures map[string]map[string]float64) string {
	var b strings.Builder
	group := ""
	for i, r := range rows {
		if r.group != group {
			group = r.group
			fmt.Fprintf(&b, "\n## %s, ns per %s\n\n| | casper | btcutil | icza | dgryski | standard | libh2o | C golombset | casper is | goal |\n|---|--:|--:|--:|--:|--:|--:|--:|---|---|\n", group, r.unit)
		}
		f := figures[r.id()]
		fmt.Fprintf(&b, "| %s", r.name)
		best := 0.0
		for _, who := range order {
			if f[who] == 0 {
				b.WriteString(" |")
				continue
			}
			fmt.Fprintf(&b, " | %s", ns(f[who]))
			if who != "casper" && (best == 0 || f[who] < best) {
				best = f[who]
			}
		}
		if g := golombset[r.id()]; g > 0 {
			fmt.Fprintf(&b, " | (%s)", ns(g))
		} else {
			b.WriteString(" |")
		}
		if best > 0 {
			fmt.Fprintf(&b, " | %.1fx the best peer", best/f["casper"])
		} else {
			b.WriteString(" | -")
		}
		b.WriteString(" | " + judge(r, f) + " |\n")
		if i+1 == len(rows) || rows[i+1].group != group {
			b.WriteString(overall(group, rows, figures))
		}
	}
	return b.String()
}

// means are the goals that hold for a group as a whole.
var means = map[string]goal{
	"encode": {"btcutil", 8},
	"decode": {"btcutil", 6},
}

// overall judges the geometric mean of a group's ratios, if it has such a goal and the
// peer took part.
func overall(group string, rows []row, figures map[string]map[string]float64) string {
	g, ok := means[group]
	if !ok {
		return ""
	}
	var logs float64
	n := 0
	for _, r := range rows {
		if f := figures[r.id()]; r.group == group && f[g.against] > 0 {
			logs += math.Log(f[g.against] / f["casper"])
			n++
		}
	}
	if n == 0 {
		return ""
	}
	have := math.Exp(logs / float64(n))
	return fmt.Sprintf("\nGeometric mean of the %d rows: %.1fx %s, goal %.0fx %s\n", n, have, g.against, g.bound, verdict(have >= g.bound))
}

func verdict(met bool) string {
	if met {
		return "yes"
	}
	return "**no**"
}

func ns(v float64) string {
	switch {
	case v < 100:
		return fmt.Sprintf("%.2f", v)
	case v < 10_000:
		return fmt.Sprintf("%.0f", v)
	default:
		return fmt.Sprintf("%.1fk", v/1000)
	}
}

// judge says of each goal whether it was met.
func judge(r row, f map[string]float64) string {
	var all []string
	for _, g := range r.goal {
		var text string
		var met bool
		switch peer, ok := f[g.against]; {
		case g.against == "":
			text, met = fmt.Sprintf("at most %s", ns(g.bound)), f["casper"] <= g.bound
		case strings.HasPrefix(g.against, "C golombset"):
			have := golombset[r.id()] / f["casper"]
			text, met = fmt.Sprintf("%.0fx %s (%.1fx)", g.bound, g.against, have), have >= g.bound
		case !ok:
			continue
		default:
			have := peer / f["casper"]
			text, met = fmt.Sprintf("%.0fx %s (%.1fx)", g.bound, g.against, have), have >= g.bound
		}
		all = append(all, text+" "+verdict(met))
	}
	return strings.Join(all, "; ")
}

// notes are what the figures do not show.
const notes = `
## Tried, and of no use

* **Several cursors in one stream.** A cursor set down at a random bit falls into step after 4 to
  18 codes, so four of them can decode in parallel. The results are right, and Go runs out
  of registers: 3.5 to 4.0 ns a key against 2.0 to 2.5.
* **Tables for short remainders.** A step costs a load from the first-level cache, and yields one or
  two codes; counting leading zeros costs about as much for one. It can win for remainders of 3 bits
  and fewer, which nobody uses.
* **Storing eight octets at each write** in the bit writer, to get rid of its branch: slower than
  filling a word for short writes.
* **Refilling at each code.** The load is then in the chain from one code to the next: 4.3 ns a
  key.
* **The loops of long streams for short ones.** With groups of one, which suit a cookie of ten assets, and all that
  surrounds them left out, calling them still took 55 ns where the loop of gcs/brief.go takes 40.
* **Groups of two for long streams too**, up to 128 octets instead of 48: a cookie of 100 assets took 250 ns, not 200.
`
