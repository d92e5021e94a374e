// Bench puts casper beside its peers, in one run, on the same data, and prints the
// table of figures and ratios:
//
//	go run .            # about a minute; writes RESULTS.md, scale.svg and size.svg
//	go run . -quick     # a minute or less, writes nothing
//	go run ./compare OLD NEW   # two commits of casper, by benchstat
//
// Each figure is the median over rounds in which all programs take turns, of the median
// over slices of at least 0.3 ms of this thread's processor time. Inputs rotate. A peer
// that is not there leaves its column empty. Work that the garbage collector does on other
// threads is not counted, which favours the peers that allocate.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// order is that of the columns.
var order = []string{"casper", "btcutil", "icza", "dgryski", "standard", "libh2o"}

func main() {
	quick := flag.Bool("quick", false, "few sizes, few rounds, no files")
	rounds := flag.Int("rounds", 7, "rounds in which all take turns")
	flag.Parse()
	if err := run(*quick, *rounds, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(quick bool, rounds int, out io.Writer) error {
	perRound, codecSizes, filterSizes := 15, sizes, []int{10, 100, 1_000, 10_000}
	if quick {
		rounds, perRound, codecSizes, filterSizes = 1, 3, []int{100, 10_000}, []int{1_000}
	}
	h2o, err := startLibh2o()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: without libh2o:", err)
		h2o = nil
	} else {
		defer h2o.close()
	}
	rows := codecRows(codecSizes)
	cookies, err := cookieRows(h2o)
	if err != nil {
		return err
	}
	filters, err := filterRows(filterSizes)
	if err != nil {
		return err
	}
	index, err := indexRows(10_000)
	if err != nil {
		return err
	}
	rows = slices.Concat(rows, cookies, filters, index)
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(groupOf(a), groupOf(b)) })
	start := time.Now()
	figures, err := measure(rows, h2o, rounds, perRound, func(done, all int) {
		fmt.Fprintf(os.Stderr, "round %d of %d, %s\n", done, all, time.Since(start).Round(time.Second))
	})
	if err != nil {
		return err
	}
	report := table(rows, figures)
	fmt.Fprint(out, report)
	if quick {
		return nil
	}
	scale, err := plotScale("scale.svg")
	if err != nil {
		return err
	}
	size, err := plotSize("size.svg")
	if err != nil {
		return err
	}
	var doc strings.Builder
	fmt.Fprintf(&doc, "# casper beside its peers\n\nWritten by `go run .` in this folder; see main.go for the method. %s\n\n%s\n%s\n%s\n%s", machine(), report, scale, size, notes)
	return os.WriteFile("RESULTS.md", []byte(doc.String()), 0o644)
}

// groupOf numbers the groups in the order of the report.
func groupOf(r row) int {
	return slices.Index([]string{
		"encode", "decode", "cookie read", "cookie write", "BIP 158 build", "BIP 158 Contains",
		"BIP 158 ContainsAny m=10", "BIP 158 ContainsAny m=1000", "index Contains", "index ContainsAny m=10",
	}, r.group)
}

// machine describes what the figures were taken on.
func machine() string {
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	load := "?"
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(text), " ")
	}
	amd64 := ""
	if runtime.GOARCH == "amd64" {
		amd64 = ", GOAMD64=v1 unless said otherwise"
	}
	return fmt.Sprintf("Machine: %s, %d processors, %s/%s%s, %s, load %s at the end, %s.",
		model, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, amd64, runtime.Version(), load, time.Now().UTC().Format("2006-01-02"))
}
