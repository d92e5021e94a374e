package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/link"
)

// growth measures how casper's cost grows with what there is.
func growth(p *place, o options, progress func(string, ...any)) (string, error) {
	var b strings.Builder
	for _, part := range []struct {
		name string
		run  func(*place, options) (string, error)
	}{
		{"handler", handlers}, {"pages learned", pagesLearned}, {"keys", keysHeld}, {"connections", connections}, {"processors", processors}, {"latency", latency}, {"memory", memory},
	} {
		if o.only != nil && !o.only.MatchString("growth, "+part.name) {
			continue
		}
		progress("growth, %s", part.name)
		text, err := part.run(p, o)
		if err != nil {
			return "", fmt.Errorf("growth, %s: %w", part.name, err)
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// timed is the processor time that a piece of work takes, on all threads.
func timed(work func()) time.Duration {
	var before, after unix.Timespec
	unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &before)
	work()
	unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &after)
	return time.Duration(after.Nano() - before.Nano())
}

// heap is what the program holds in memory.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one found to be dead
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// pagesLearned measures the model by the number of its pages, each with eight assets.
func pagesLearned(p *place, o options) (string, error) {
	var b strings.Builder
	b.WriteString("\n## Pages learned\n\nEach has eight assets, six of them those of all pages. Processor time, one thread.\n\n" +
		"| pages | choose, ns | observe a view, ns | octets a page | save, ms | load, ms | file, octets a page |\n|--:|--:|--:|--:|--:|--:|--:|\n")
	sizes := []int{1_000, 10_000, 100_000, 1_000_000}
	if o.quick {
		sizes = sizes[:1]
	}
	for _, n := range sizes {
		text, err := pagesRow(p, n)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func pagesRow(p *place, n int) (string, error) {
	before := heap()
	config := learn.Config{Bytes: 32<<20 + n*8<<10}
	model, err := learn.New(config)
	if err != nil {
		return "", err
	}
	empty := heap()
	assets := make([]link.Asset, 8)
	for i := range assets {
		assets[i] = link.Asset{Path: fmt.Sprintf("/assets/part-%d.js", i), As: "script"}
	}
	page := func(i int) string { return "/section-" + strconv.Itoa(i%97) + "/page-" + strconv.Itoa(i) }
	for i := range n {
		assets[6].Path, assets[7].Path = fmt.Sprintf("/pages/%d.css", i), fmt.Sprintf("/pages/%d.js", i%1000)
		model.Declare(page(i), assets)
	}
	known := model.Stats().Pages
	if known < n {
		return "", fmt.Errorf("%d of %d pages are known", known, n)
	}
	octets := (heap() - empty) / int64(n)
	random := rand.New(rand.NewPCG(1, uint64(n)))
	const asks = 200_000
	pages := make([]string, asks)
	for i := range pages {
		pages[i] = page(random.IntN(n))
	}
	var room []learn.Prediction
	chosen := timed(func() {
		for i, at := range pages {
			room, _ = model.Choose(room[:0], at, learn.Client(i+1))
		}
	})
	clients := make([]learn.Client, asks)
	start := time.Now()
	for i := range clients {
		clients[i] = model.Client(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), start)
	}
	observed := timed(func() {
		for i, at := range pages {
			model.ObserveView(&learn.View{Time: start.Add(time.Duration(i) * 100 * time.Microsecond), Client: clients[i], Path: at, Status: 200})
		}
	})
	file := filepath.Join(p.dir, "model")
	defer os.Remove(file)
	ended, end := context.WithCancel(context.Background())
	end()
	saver := &keep.Saver{Model: model, File: file}
	saved := timed(func() { err = saver.Run(ended) })
	if err != nil {
		return "", err
	}
	size, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	other, err := learn.New(config)
	if err != nil {
		return "", err
	}
	loaded := timed(func() { err = keep.LoadFile(file, other) })
	note := ""
	if err != nil {
		note = " (" + err.Error() + ")"
	}
	runtime.KeepAlive(before)
	return fmt.Sprintf("| %d | %d | %d | %d | %d | %d%s | %d |\n", n, chosen.Nanoseconds()/asks, observed.Nanoseconds()/asks, octets,
		saved.Milliseconds(), loaded.Milliseconds(), note, size.Size()/int64(n)), nil
}

// keysHeld measures reading a cookie by the number of its keys, and looking up eight of them.
func keysHeld(*place, options) (string, error) {
	var b strings.Builder
	b.WriteString("\n## Keys in a cookie\n\nReading the value and looking up eight assets. A cookie has at most 3,800 characters when casper writes it.\n\n| keys | capacity bits | characters | read, µs | look up eight, ns |\n|--:|--:|--:|--:|--:|\n")
	for _, n := range []int{10, 100, 1_000, 10_000, 100_000} {
		for _, bits := range []uint8{13, 15} {
			params := casper.Params{CapacityBits: bits}
			keys := make([]casper.Key, n)
			for i := range keys {
				keys[i] = params.Key(fmt.Sprintf("/assets/%d.js", i))
			}
			held := casper.New(params, keys...)
			text := held.String()
			if _, err := casper.ParseLenient(text, params); err != nil {
				continue
			}
			const times = 200
			var f casper.Fingerprint
			read := timed(func() {
				for range times {
					f, _ = casper.ParseLenient(text, params)
				}
			})
			found := 0
			asked := timed(func() {
				for i := range times * 100 {
					for j := range 8 {
						if f.Has(keys[(i*8+j)%n]) {
							found++
						}
					}
				}
			})
			if found != times*800 {
				return "", errors.New("a key is lost")
			}
			fmt.Fprintf(&b, "| %d, %d of them different | %d | %d | %.2f | %d |\n", n, held.Len(), bits, len(text), float64(read.Nanoseconds())/times/1000, asked.Nanoseconds()/(times*100))
		}
	}
	return b.String(), nil
}

// connections measures a page by the number of connections that it is asked for over.
func connections(p *place, o options) (string, error) {
	var b strings.Builder
	b.WriteString("\n## Connections\n\nA page of 5.5 kB, its next view; µs an answer, the making of the connections included.\n\n| connections | answers | casper | http.FileServer | ratio |\n|--:|--:|--:|--:|--:|\n")
	counts := []int{1, 100, 9_000}
	if o.quick {
		counts = counts[:2]
	}
	for _, n := range counts {
		c := crowd{n, min(10, max(1, 1000/n))}
		answers := max(2_000, 4*n)
		r, err := p.pair(1, 3, o, func(s *process, q question) (figure, error) { return load(s, q, answers, c) })
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %d | %d | %s | %s | %.2f |\n", n, answers, micro(r.median("casper")), micro(r.median("http.FileServer")), r.ratio("http.FileServer", "casper"))
	}
	return b.String(), nil
}

// pair lets casper and http.FileServer take turns with a page of 5.5 kB at its next view.
func (p *place) pair(procs, rounds int, o options, turn func(*process, question) (figure, error)) (result, error) {
	s := scene{question: question{"/lean.html", navigation}, cookie: true}
	if o.quick {
		rounds = 1
	}
	defer func(before int) { p.procs = before }(p.procs)
	p.procs = procs
	r := make(result)
	var running []*process
	var asked []question
	for _, c := range []contender{{"casper", casperWith()}, folderPeers[0]} {
		server, err := p.start(c.name, func(addr string) (*exec.Cmd, error) { return c.command(p, addr, "") })
		if err != nil {
			return nil, err
		}
		defer server.stop()
		q, err := p.visit(server, s.question, s)
		if err != nil {
			return nil, err
		}
		running, asked = append(running, server), append(asked, q)
	}
	for range rounds {
		for i, server := range running {
			f, err := turn(server, asked[i])
			if err != nil {
				return nil, err
			}
			r[server.name] = append(r[server.name], f)
		}
	}
	return r, nil
}

// processors measures a page by the processors that a server may use, and how long its locks are waited for.
func processors(p *place, o options) (string, error) {
	var b strings.Builder
	b.WriteString("\n## Processors and locks\n\nA page of 5.5 kB, its next view, 100 connections.\n\n| GOMAXPROCS | casper, µs | http.FileServer, µs | ratio | waiting for locks, of all time | most of it in |\n|--:|--:|--:|--:|--:|---|\n")
	counts := []int{1, 2}
	if n := runtime.NumCPU(); n > 2 {
		counts = append(counts, n)
	}
	for _, n := range counts {
		profile := filepath.Join(p.dir, "profile-"+strconv.Itoa(n))
		if err := os.MkdirAll(profile, 0o755); err != nil {
			return "", err
		}
		defer func(before string) { p.profile = before }(p.profile)
		p.profile = profile
		waited, where := 0.0, "-"
		r, err := p.pair(n, 3, o, func(s *process, q question) (figure, error) {
			f, err := load(s, q, 5_000, crowd{100, 2})
			if err != nil || s.name != "casper" {
				return f, err
			}
			s.cmd.Process.Signal(syscall.SIGUSR1)
			time.Sleep(100 * time.Millisecond)
			if _, err := load(s, q, 5_000, crowd{100, 2}); err != nil {
				return f, err
			}
			s.cmd.Process.Signal(syscall.SIGUSR2)
			time.Sleep(500 * time.Millisecond)
			waited, where, err = locks(profile, n)
			return f, err
		})
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %.2f | %.2f %% | %s |\n", n, micro(r.median("casper")), micro(r.median("http.FileServer")), r.ratio("http.FileServer", "casper"), 100*waited, where)
	}
	return b.String(), nil
}

var (
	total = regexp.MustCompile(`of ([0-9.]+)(ns|us|ms|s|mins) total`)
	top   = regexp.MustCompile(`(?m)^ *([0-9.]+)(ns|us|ms|s|mins)? +[0-9.]+% +[0-9.]+% +[0-9.a-z]+ +([0-9.]+)% +(.*)$`)
)

// locks reads the newest mutex profile: the share of the processors' time that goroutines waited for locks
// together, and who held them for most of that.
func locks(dir string, procs int) (share float64, where string, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.mutex"))
	if err != nil || len(names) == 0 {
		return 0, "", errors.New("there is no mutex profile")
	}
	slices.Sort(names)
	name := names[len(names)-1]
	wall, err := os.ReadFile(strings.TrimSuffix(name, ".mutex") + ".wall")
	if err != nil {
		return 0, "", err
	}
	lasted, err := time.ParseDuration(string(wall))
	if err != nil {
		return 0, "", err
	}
	out, err := exec.Command("go", "tool", "pprof", "-top", "-cum", "-sample_index=delay", name).CombinedOutput()
	if err != nil {
		return 0, "", fmt.Errorf("go tool pprof: %w\n%s", err, out)
	}
	m := total.FindSubmatch(out)
	if m == nil {
		return 0, "nothing", nil // nobody has waited
	}
	n, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		return 0, "", err
	}
	unit := map[string]time.Duration{"ns": 1, "us": time.Microsecond, "ms": time.Millisecond, "s": time.Second, "mins": time.Minute}[string(m[2])]
	where = "net/http and the runtime alone"
	for _, line := range top.FindAllStringSubmatch(string(out), -1) {
		if strings.Contains(line[4], "cache-aware/casper") && !strings.Contains(line[4], "ServeHTTP") && !strings.Contains(line[4], ".serve") {
			where = line[4] + " " + line[3] + " %"
			break
		}
	}
	return n * float64(unit) / float64(lasted) / float64(procs), where, nil
}

// latency measures how long answers take at half of the load that http.FileServer bears.
func latency(p *place, o options) (string, error) {
	most := 0.0
	if _, err := p.pair(1, 3, o, func(s *process, q question) (figure, error) {
		f, err := load(s, q, 3_000, usual)
		if s.name == "http.FileServer" {
			most = max(most, f.perSecond)
		}
		return f, err
	}); err != nil {
		return "", err
	}
	file := filepath.Join(p.dir, "requests.tsv")
	r, err := p.pair(1, 7, o, func(s *process, q question) (figure, error) {
		os.Remove(file)
		rate := max(1, int(most/2)/usual.connections)
		if _, err := load(s, q, 2*rate*usual.connections, usual, "--rps", strconv.Itoa(rate), "--log-file", file); err != nil {
			return figure{}, err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return figure{}, err
		}
		var took []time.Duration
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) < 3 {
				continue
			}
			us, err := strconv.Atoi(fields[2])
			if err != nil {
				return figure{}, err
			}
			took = append(took, time.Duration(us)*time.Microsecond)
		}
		if len(took) == 0 {
			return figure{}, errors.New("h2load has logged nothing")
		}
		slices.Sort(took)
		return figure{perAnswer: took[len(took)*99/100]}, nil
	})
	if err != nil {
		return "", err
	}
	again := 1 / r.ratio("http.FileServer", "casper")
	return fmt.Sprintf("\n## Latency\n\nAt half of the most that http.FileServer answers, %.0f a second: the 99th percentile of a page of 5.5 kB at its next view is %s µs, and http.FileServer's %s: %.2fx, goal 1.10x %s\n",
		most/2, micro(r.median("casper")), micro(r.median("http.FileServer")), again, verdict(again <= 1.1)), nil
}

// memory measures what casper takes at rest with 1,000 pages learned, and whether it grows under load.
func memory(p *place, o options) (string, error) {
	pages, many := 1_000, 200_000
	if o.quick {
		pages, many = 100, 2_000
	}
	root := filepath.Join(p.dir, "pages")
	if err := writeFiles(root); err != nil {
		return "", err
	}
	for i := range pages {
		name := filepath.Join(root, fmt.Sprintf("page-%d.html", i))
		if err := os.WriteFile(name, []byte(pageOf(leanPage)), 0o644); err != nil {
			return "", err
		}
		if err := os.Chtimes(name, time.Time{}, old); err != nil {
			return "", err
		}
	}
	defer func(before string) { p.root = before }(p.root)
	p.root = root
	s, err := p.start("casper", func(addr string) (*exec.Cmd, error) { return casperWith()(p, addr, "") })
	if err != nil {
		return "", err
	}
	defer s.stop()
	at := func() float64 {
		n, _ := s.resident()
		return float64(n) / (1 << 20)
	}
	begun := at()
	for i := range pages {
		if _, err := p.visit(s, question{fmt.Sprintf("/page-%d.html", i), navigation}, scene{}); err != nil {
			return "", err
		}
	}
	learned := at()
	if _, err := load(s, question{"/lean.html", navigation}, many/10, usual); err != nil {
		return "", err
	}
	early := at()
	if _, err := load(s, question{"/lean.html", navigation}, many, usual); err != nil {
		return "", err
	}
	late := at()
	return fmt.Sprintf("\n## Memory\n\nResident: %.0f MiB at first; %.0f MiB with %d pages learned and kept ready, goal 40 %s; %.0f MiB after %d requests more, and %.0f MiB after another %d.\n",
		begun, learned, pages, verdict(learned <= 40), early, many/10, late, many), nil
}
