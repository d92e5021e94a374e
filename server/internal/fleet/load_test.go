package fleet

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Load is what a server did in a while, as it says itself (INFO).
type Load struct {
	Commands uint64        // all of them
	CPU      time.Duration // user and system
	In, Out  uint64        // octets
	Memory   uint64        // octets, the peak

	Script Calls // EVALSHA and EVAL: adding records
	Scan   Calls // HSCAN: reading rounds
}

// Calls are how often a command ran, and how long altogether.
type Calls struct {
	N    uint64
	Time time.Duration
}

func (l Load) since(before Load) Load {
	return Load{
		Commands: l.Commands - before.Commands, CPU: l.CPU - before.CPU, In: l.In - before.In, Out: l.Out - before.Out, Memory: l.Memory,
		Script: Calls{l.Script.N - before.Script.N, l.Script.Time - before.Script.Time},
		Scan:   Calls{l.Scan.N - before.Scan.N, l.Scan.Time - before.Scan.Time},
	}
}

func measure(ctx context.Context, client *redis.Client) (Load, error) {
	text, err := client.Info(ctx, "everything").Result()
	if err != nil {
		return Load{}, fmt.Errorf("fleet: %w", err)
	}
	info := make(map[string]string)
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		info[key] = value
	}
	whole := func(key string) uint64 {
		n, _ := strconv.ParseUint(info[key], 10, 64) // 0 where a server does not tell
		return n
	}
	seconds := func(key string) time.Duration {
		s, _ := strconv.ParseFloat(info[key], 64)
		return time.Duration(s * float64(time.Second))
	}
	calls := func(commands ...string) (c Calls) {
		for _, name := range commands {
			for part := range strings.SplitSeq(info["cmdstat_"+name], ",") {
				key, value, _ := strings.Cut(part, "=")
				n, _ := strconv.ParseUint(value, 10, 64)
				switch key {
				case "calls":
					c.N += n
				case "usec":
					c.Time += time.Duration(n) * time.Microsecond
				}
			}
		}
		return c
	}
	return Load{
		Commands: whole("total_commands_processed"),
		CPU:      seconds("used_cpu_user") + seconds("used_cpu_sys"),
		In:       whole("total_net_input_bytes"), Out: whole("total_net_output_bytes"),
		Memory: whole("used_memory_peak"),
		Script: calls("evalsha", "eval"), Scan: calls("hscan"),
	}, nil
}

// Print writes the report as a table.
func (r *Report) Print(w io.Writer) {
	seconds := r.Elapsed.Seconds()
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-34s %s\n", name, fmt.Sprintf(format, args...))
	}
	per := func(n uint64) float64 { return float64(n) / seconds }
	each := func(d time.Duration, n uint64) float64 { return float64(d.Nanoseconds()) / 1e3 / float64(max(1, n)) }
	c, s := &r.Config, &r.Server
	line("nodes, site", "%d nodes, %d pages of %d assets", c.Nodes, c.Pages, c.Assets)
	line("rounds, turns, measured for", "%v, 1 in %d, %.1f s", c.Every, c.Turns, seconds)
	line("views", "%d, %.0f/s", r.Views, float64(r.Views)/seconds)
	line("records sent", "%d, %.0f/s", r.Stats.Sent, per(r.Stats.Sent))
	line("records received", "%d, %.0f/s", r.Stats.Received, per(r.Stats.Received))
	line("records refused, pages dropped", "%d, %d", r.Stats.Refused, r.Stats.Dropped)
	line("calls that failed", "%d", r.Failures)
	line("records archived", "%d, %.0f/s", r.Stats.Archived, per(r.Stats.Archived))
	line("commands", "%d, %.0f/s, %.2f/s a node", s.Commands, per(s.Commands), per(s.Commands)/float64(c.Nodes))
	line("  adding", "%d calls, %.1f us a call, %.2f us a record", s.Script.N, each(s.Script.Time, s.Script.N), each(s.Script.Time, r.Stats.Sent+r.Stats.Archived))
	line("  reading", "%d calls, %.1f us a call, %.2f us a record received", s.Scan.N, each(s.Scan.Time, s.Scan.N), each(s.Scan.Time, r.Stats.Received))
	line("Redis processor time", "%.2f s, %.1f %% of one core", s.CPU.Seconds(), 100*s.CPU.Seconds()/seconds)
	line("Redis in", "%.2f MB/s, %.0f octets a record sent", per(s.In)/1e6, float64(s.In)/float64(max(1, r.Stats.Sent)))
	line("Redis out", "%.2f MB/s, %.0f octets a record received", per(s.Out)/1e6, float64(s.Out)/float64(max(1, r.Stats.Received)))
	line("Redis memory, peak", "%.1f MB", float64(s.Memory)/1e6)
	line("learned pages known to nodes", "%.4f of all pairs", r.Knowing)
	line("new pages known to all in time", "%d of %d", r.Reached, r.Probes)
	for i, share := range []string{"half", "99 of 100", "all"} {
		t := r.Spread[i]
		line("  to "+share, "median %.1f s, worst %.1f s", t.Median.Seconds(), t.Worst.Seconds())
	}
}
