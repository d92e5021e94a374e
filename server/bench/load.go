package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A question is what clients ask.
type question struct {
	path   string
	fields []string // "name: value"
}

// A figure is what one turn of a server has shown.
type figure struct {
	perAnswer time.Duration // processor time
	perSecond float64       // answers, by the clock
}

// A crowd is who asks at the same time.
type crowd struct{ connections, streams int }

var usual = crowd{connections: 10, streams: 10}

var (
	// h2load files an answer by its first status, and an early hint's under 3xx.
	statuses = regexp.MustCompile(`(\d+) succeeded, .*\nstatus codes: \d+ 2xx, \d+ 3xx, (\d+) 4xx, (\d+) 5xx`)
	speed    = regexp.MustCompile(`finished in [^,]+, ([0-9.]+) req/s`)
)

// load asks n times, and takes the processor time of the server meanwhile.
func load(s *process, q question, n int, c crowd, more ...string) (figure, error) {
	args := append([]string{"-n", strconv.Itoa(n), "-c", strconv.Itoa(c.connections), "-m", strconv.Itoa(c.streams), "-t", "1"}, more...)
	for _, f := range q.fields {
		args = append(args, "-H", f)
	}
	cmd := exec.Command("h2load", append(args, "https://"+s.addr+q.path)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	before, err := s.spent()
	if err != nil {
		return figure{}, err
	}
	if err := cmd.Run(); err != nil {
		return figure{}, fmt.Errorf("h2load: %w\n%s", err, &out)
	}
	after, err := s.spent()
	if err != nil {
		return figure{}, err
	}
	status, rate := statuses.FindStringSubmatch(out.String()), speed.FindStringSubmatch(out.String())
	if status == nil || rate == nil {
		return figure{}, fmt.Errorf("h2load says something else:\n%s", &out)
	}
	if status[1] != strconv.Itoa(n) || status[2] != "0" || status[3] != "0" {
		return figure{}, fmt.Errorf("%s: %s: not all of %d answers are good\n%s", s.name, q.path, n, strings.TrimSpace(out.String()))
	}
	perSecond, err := strconv.ParseFloat(rate[1], 64)
	return figure{(after - before) / time.Duration(n), perSecond}, err
}
