package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// columns are the servers in the order of the table.
var columns = []string{"casper", "casper, no learning", "http.FileServer", "ReverseProxy", "Caddy", "nginx", "H2O"}

// table is the report on the scenes in Markdown: microseconds, and how they compare.
func table(scenes []scene, results []result) string {
	var b strings.Builder
	head := func(title string, proxied bool) []string {
		names := slices.DeleteFunc(slices.Clone(columns), func(c string) bool {
			return proxied && c == "http.FileServer" || !proxied && c == "ReverseProxy"
		})
		fmt.Fprintf(&b, "\n## %s, processor time an answer, µs\n\n| | %s | casper against them | goal |\n|---|%s---|---|\n", title, strings.Join(names, " | "), strings.Repeat("--:|", len(names)))
		return names
	}
	for _, proxied := range []bool{false, true} {
		var names []string
		for i, s := range scenes {
			if s.proxied != proxied {
				continue
			}
			if names == nil {
				names = head(map[bool]string{false: "A folder", true: "An application behind"}[proxied], proxied)
			}
			_, name, _ := strings.Cut(s.name, ", ")
			fmt.Fprintf(&b, "| %s", name)
			r := results[i]
			for _, c := range names {
				if r[c] != nil {
					fmt.Fprintf(&b, " | %s", micro(r.median(c)))
				} else {
					b.WriteString(" | ")
				}
			}
			var ratios, goals []string
			for _, c := range names[2:] {
				if r[c] != nil && r["casper"] != nil {
					ratios = append(ratios, fmt.Sprintf("%.2fx %s", r.ratio(c, "casper"), c))
				}
			}
			for _, g := range s.goals {
				if r[g.against] != nil && r["casper"] != nil {
					goals = append(goals, fmt.Sprintf("%.2fx %s %s", g.atLeast, g.against, verdict(r.ratio(g.against, "casper") >= g.atLeast)))
				}
			}
			fmt.Fprintf(&b, " | %s | %s |\n", strings.Join(ratios, ", "), strings.Join(goals, "; "))
		}
	}
	return b.String()
}

func micro(d time.Duration) string {
	us := float64(d) / float64(time.Microsecond)
	if us < 20 {
		return fmt.Sprintf("%.1f", us)
	}
	return fmt.Sprintf("%.0f", us)
}

func verdict(met bool) string {
	if met {
		return "yes"
	}
	return "**no**"
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
	return fmt.Sprintf("Machine: %s, %d processors, %s/%s, %s, load %s at the end, %s.",
		model, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), load, time.Now().UTC().Format("2006-01-02"))
}
