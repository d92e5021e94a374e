package main

import (
	"fmt"
	"time"
)

// A progress shows on a terminal how far the reading of a file is. A nil one shows
// nothing.
type progress struct {
	t           *tool
	name        string
	size        int64 // -1 if unknown
	start, last time.Time
	drawn       bool // a line is on the terminal
}

// every is how often the line is drawn anew.
const every = 200 * time.Millisecond

// newProgress returns nil unless stderr is a terminal and stdout is not: on a
// terminal, the results themselves show progress.
func (t *tool) newProgress(name string, size int64) *progress {
	if !isTerminal(t.stderr) || t.toTerminal {
		return nil
	}
	now := time.Now()
	return &progress{t: t, name: name, size: size, start: now, last: now}
}

// show is told how many octets were read, after each piece of the file.
func (p *progress) show(read int64) {
	if p == nil || time.Since(p.last) < every {
		return
	}
	p.last = time.Now()
	const mega = 1e6
	done := fmt.Sprintf("%.0f MB", float64(read)/mega)
	if p.size > 0 {
		done = fmt.Sprintf("%d %% of %.0f MB", min(100*read/p.size, 100), float64(p.size)/mega)
	}
	fmt.Fprintf(p.t.stderr, "\r\x1b[K%.60q: %s, %.0f MB/s", p.name, done, float64(read)/mega/p.last.Sub(p.start).Seconds())
	p.drawn = true
}

// clear takes the line away, so that something else can be written there.
func (p *progress) clear() {
	if p != nil && p.drawn {
		fmt.Fprint(p.t.stderr, "\r\x1b[K")
		p.drawn = false
	}
}
