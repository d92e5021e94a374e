// Bench puts casper beside other servers, in one run, on the same files, and prints the table of
// what each answer costs:
//
//	go run .                  # some 20 minutes; writes RESULTS.md
//	go run . -quick           # a minute: few answers, one round, writes nothing
//	go run . -only page       # the scenes whose names match, writes nothing
//	go run . -only asset -profile DIR   # and where casper's time goes, for go tool pprof
//
// A figure is the processor time that one answer takes: user and system time of the server's
// process over a run of h2load (TLS, HTTP/2), by the number of answers. It is the median over
// rounds in which all servers take short turns, forwards and then backwards, so that whatever slows
// the machine down for a while slows all of them; ratios are medians of the rounds' ratios. Each server has one core's worth of threads
// (GOMAXPROCS=1, one worker). A server that is not there leaves its column empty.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
)

// An options is what the command line asks for.
type options struct {
	quick   bool
	rounds  int
	only    *regexp.Regexp // of the scenes; nil is all
	servers *regexp.Regexp // of the servers; nil is all
	profile string         // the folder that casper's profiles go to; empty is none
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "peer" {
		fail(servePeer(os.Args[2:]))
		return
	}
	o := options{}
	flag.BoolVar(&o.quick, "quick", false, "few answers, one round, no file")
	flag.IntVar(&o.rounds, "rounds", 11, "rounds in which all take turns")
	only := flag.String("only", "", "run the scenes whose names match this expression, write no file")
	some := flag.String("servers", "", "let only the servers take part whose names match this expression, write no file")
	flag.StringVar(&o.profile, "profile", "", "write processor and mutex profiles of casper to this folder")
	flag.Parse()
	if *only != "" {
		expression, err := regexp.Compile(*only)
		fail(err)
		o.only = expression
	}
	if *some != "" {
		expression, err := regexp.Compile(*some)
		fail(err)
		o.servers = expression
	}
	fail(run(o, os.Stdout))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options, out io.Writer) error {
	if o.quick {
		o.rounds = 1
	}
	p, err := newPlace(o.profile)
	if err != nil {
		return err
	}
	defer p.close()
	start := time.Now()
	progress := func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%6s  %s\n", time.Since(start).Round(time.Second), fmt.Sprintf(format, args...))
	}
	var report strings.Builder
	fmt.Fprintf(&report, "# casper beside other servers\n\nWritten by `go run .` in this folder; see main.go for the method. %s %s\n", machine(), p.absent())
	for _, part := range []func(*place, options, func(string, ...any)) (string, error){servers, growth} {
		text, err := part(p, o, progress)
		if err != nil {
			return err
		}
		report.WriteString(text)
		fmt.Fprint(out, text)
		if o.quick || o.only != nil || o.servers != nil {
			continue
		}
		// After each part: what has been measured stays, should the next one fail.
		if err := os.WriteFile("RESULTS.md", []byte(report.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}
