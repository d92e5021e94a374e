package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/cache-aware/casper/gcs"
)

// A series is one line of a plot.
type series struct {
	name, colour string
	x, y         []float64
}

// plot draws lines over a logarithmic x axis as a self-contained picture.
func plot(title, xlabel, ylabel string, top float64, all []series) string {
	const w, h, left, bottom, up, right = 760, 420, 64, 56, 48, 24
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, s := range all {
		for _, x := range s.x {
			lo, hi = min(lo, math.Log10(x)), max(hi, math.Log10(x))
		}
	}
	px := func(x float64) float64 { return left + (math.Log10(x)-lo)/(hi-lo)*(w-left-right) }
	py := func(y float64) float64 { return h - bottom - y/top*(h-bottom-up) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" font-family="system-ui, sans-serif" font-size="13">`+"\n", w, h)
	fmt.Fprintf(&b, `<title>%s</title><rect width="%d" height="%d" fill="#fff"/><text x="%d" y="26" font-size="16" font-weight="600" fill="#1b1f24">%s</text>`+"\n", title, w, h, left, title)
	for i := range 5 {
		y := top * float64(i) / 4
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#e3e6ea"/><text x="%d" y="%.1f" text-anchor="end" fill="#57606a">%g</text>`+"\n", left, py(y), w-right, left-8, py(y)+4, math.Round(y*100)/100)
	}
	for e := math.Ceil(lo - 1e-9); e <= hi+1e-9; e++ {
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle" fill="#57606a">10<tspan dy="-5" font-size="10">%d</tspan></text>`+"\n", px(math.Pow(10, e)), h-bottom+20, int(e))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle" fill="#1b1f24">%s</text>`+"\n", (left+w-right)/2, h-12, xlabel)
	fmt.Fprintf(&b, `<text transform="translate(18 %d) rotate(-90)" text-anchor="middle" fill="#1b1f24">%s</text>`+"\n", (h-bottom+up)/2, ylabel)
	for i, s := range all {
		var points []string
		for j := range s.x {
			points = append(points, fmt.Sprintf("%.1f,%.1f", px(s.x[j]), py(min(s.y[j], top))))
		}
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>`+"\n", s.colour, strings.Join(points, " "))
		x := left + 12 + (i%3)*220
		fmt.Fprintf(&b, `<path d="M%d %dh18" stroke="%s" stroke-width="3"/><text x="%d" y="%d" fill="#1b1f24">%s</text>`+"\n", x, up+10+(i/3)*20, s.colour, x+24, up+14+(i/3)*20, s.name)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

var colours = []string{"#0969da", "#cf222e", "#1a7f37", "#8250df", "#bf8700", "#57606a"}

// plotScale measures the cost of a key from 10^2 to 10^7 keys.
func plotScale(file string) (string, error) {
	var all []series
	var b strings.Builder
	b.WriteString("## Scale: ns per key\n\n| n | encode r=6 | decode r=6 | encode r=10 | decode r=10 | encode r=19 | decode r=19 |\n|--:|--:|--:|--:|--:|--:|--:|\n")
	sizes := []int{100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000}
	cells := make([][]float64, len(sizes))
	for _, r := range []uint8{6, 10, 19} {
		encode := series{name: fmt.Sprintf("encode r=%d", r), colour: colours[len(all)%6]}
		decode := series{name: fmt.Sprintf("decode r=%d", r), colour: colours[(len(all)+1)%6]}
		for i, n := range sizes {
			e, d := once(encodeRow(r, n).by["casper"], 9), once(decodeRow(r, n).by["casper"], 9)
			encode.x, encode.y = append(encode.x, float64(n)), append(encode.y, e)
			decode.x, decode.y = append(decode.x, float64(n)), append(decode.y, d)
			cells[i] = append(cells[i], e, d)
		}
		all = append(all, encode, decode)
	}
	for i, n := range sizes {
		fmt.Fprintf(&b, "| %d |", n)
		for _, c := range cells[i] {
			fmt.Fprintf(&b, " %.2f |", c)
		}
		b.WriteString("\n")
	}
	text, err := scaleOfFilters(sizes)
	if err != nil {
		return "", err
	}
	b.WriteString(text)
	b.WriteString("\n![Cost per key from a hundred to ten million keys](" + file + ")\n")
	return b.String(), os.WriteFile(file, []byte(plot("Cost of a key, by the size of the set", "keys", "ns per key", 6, all)), 0o644)
}

// scaleOfFilters measures the building of filters on one processor and, since large ones
// are built by several goroutines, by the clock on all of them.
func scaleOfFilters(sizes []int) (string, error) {
	all := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(all)
	var b strings.Builder
	fmt.Fprintf(&b, "\nBIP 158 filters of items of 32 octets, SipHash included, ns per key to build: processor time on one processor, and time by the clock on %d.\n\n", all)
	fmt.Fprintf(&b, "| n | on one | on %d |\n|--:|--:|--:|\n", all)
	for _, n := range sizes {
		rows, err := filterRows([]int{n})
		if err != nil {
			return "", err
		}
		build := rows[0].by["casper"]
		runtime.GOMAXPROCS(1)
		one := once(build, 3)
		runtime.GOMAXPROCS(all)
		fmt.Fprintf(&b, "| %d | %s | %s |\n", n, ns(one), ns(byClock(build, 9)))
	}
	return b.String(), nil
}

// byClock is [once] for what runs on several processors: time that passes, of which
// the least is taken, since other programs can only add to it.
func byClock(c contender, count int) float64 {
	least := math.Inf(1)
	for i := range count {
		units, start := 0, time.Now()
		for spent := time.Duration(0); spent < slice; spent = time.Since(start) {
			units += c(i)
		}
		least = min(least, float64(time.Since(start))/float64(units))
	}
	return least
}

// plotSize compares the bits that a key takes with the least that any code could take.
func plotSize(file string) (string, error) {
	const n = 20_000
	bound, rice := series{name: "bound", colour: colours[5]}, series{name: "BestRice, measured", colour: colours[0]}
	worst := 0.0
	for i := range 60 {
		gap := math.Pow(2, 1+float64(i)/4)
		universe := uint64(float64(n) * gap)
		set := keys(uint64(i), n, universe)
		c := gcs.Code{Rice: gcs.BestRice(n, universe), Gap: 1}
		octets, err := gcs.Encode(nil, c, set)
		if err != nil {
			return "", err
		}
		least := logBinomial(float64(universe), n) / n
		took := float64(len(octets)) * 8 / n
		worst = max(worst, took-least)
		bound.x, bound.y = append(bound.x, gap), append(bound.y, least)
		rice.x, rice.y = append(rice.x, gap), append(rice.y, took)
	}
	text := fmt.Sprintf("## Size: bits per key\n\nSets of %d keys, mean gaps from 2 to 2^16: at most %.3f bits a key above log2 of the number of such sets, the least that any code can take on average.\n\n![Bits per key against the bound](%s)\n", n, worst, file)
	return text, os.WriteFile(file, []byte(plot("Bits per key, by the mean gap", "mean gap", "bits per key", 20, []series{bound, rice})), 0o644)
}

// logBinomial is log2 of u over n.
func logBinomial(u, n float64) float64 {
	a, _ := math.Lgamma(u + 1)
	b, _ := math.Lgamma(n + 1)
	c, _ := math.Lgamma(u - n + 1)
	return (a - b - c) / math.Ln2
}
