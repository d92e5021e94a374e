package main

import (
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

// A contender does one piece of work of a row, on the i-th of its inputs, and says how
// many units (keys, queries, cookies) that was.
type contender func(i int) (units int)

// A row is one line of the table: the same work, done by several.
type row struct {
	group, name string
	unit        string               // what a figure is per
	by          map[string]contender // a peer that is missing has no entry
	goal        []goal
}

// A goal is a line of DESIGN.md's "Numbers to hold": at least so many times a peer's
// speed, or at most so many nanoseconds when against is empty.
type goal struct {
	against string
	bound   float64
}

// cpu is the processor time of this thread in nanoseconds. Wall time says little on a
// shared machine.
func cpu() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return ts.Nano()
}

// slice is the least time that is measured at once, 0.3 ms: asking for the time is a
// system call, which takes as long as coding several cookies.
const slice = 300_000

// once times a contender over slices of at least 0.3 ms and returns the median, in
// nanoseconds a unit. Each pass goes on with the next input: the cost of a bit loop is
// branch misprediction, which repeating one input hides.
func once(c contender, count int) float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	i := 0
	pass := func(n int) (units int, spent int64) {
		start := cpu()
		for range n {
			units += c(i)
			i++
		}
		return units, cpu() - start
	}
	batch := 1 // passes that fill a slice
	for {
		if _, spent := pass(batch); spent >= slice {
			break
		}
		batch *= 2
	}
	figures := make([]float64, count)
	for f := range figures {
		units, spent := pass(batch)
		figures[f] = float64(spent) / float64(units)
	}
	return median(figures)
}

func median(f []float64) float64 {
	if len(f) == 0 {
		return 0
	}
	f = slices.Clone(f)
	slices.Sort(f)
	return f[len(f)/2]
}

// measure runs all contenders of all rows in turn, several rounds of that, and returns
// the median of each: whatever slows the machine down for a while slows all of them.
func measure(rows []row, h2o *libh2o, rounds, count int, progress func(done, all int)) (map[string]map[string]float64, error) {
	figures := make(map[string]map[string][]float64)
	for round := range rounds {
		for _, r := range rows {
			if figures[r.id()] == nil {
				figures[r.id()] = make(map[string][]float64)
			}
			for _, who := range order {
				c := r.by[who]
				if c == nil {
					continue
				}
				ns := 0.0
				if who == "libh2o" {
					var err error
					if ns, err = h2o.once(h2o.rows[r.id()], count); err != nil {
						return nil, err
					}
				} else {
					ns = once(c, count)
				}
				figures[r.id()][who] = append(figures[r.id()][who], ns)
			}
		}
		progress(round+1, rounds)
	}
	result := make(map[string]map[string]float64)
	for id, by := range figures {
		result[id] = make(map[string]float64)
		for who, f := range by {
			result[id][who] = median(f)
		}
	}
	return result, nil
}

func (r row) id() string { return r.group + " " + r.name }
