//go:build !noserver

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/cmd/internal/replay"
	"github.com/cache-aware/casper/cmd/internal/traffic"
	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/learn/signals"
)

// replayFlags are the flags of replay and, but for the first few, of explain-page.
type replayFlags struct {
	json bool
	svg  string
	top  int
	save string

	state        string
	hosts        []string
	query        []string
	times        int
	push         bool
	track        string
	capacityBits uint8
	cookie       string
	maxAssets    int
	maxBytes     byteSize
	minClients   int
	minViews     int
	assumeFresh  bool
	unpacked     byteSize
	trustProxy   networks
	logFormat    string
	form         *traffic.Format // of logFormat
}

// register registers what both commands have.
func (f *replayFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.maxBytes = 256 << 10
	flags.BoolVar(&f.json, "json", false, "print one JSON object")
	flags.StringVar(&f.state, "state", "", "begin with what is learned in this `file`; it is not changed")
	flags.StringArrayVar(&f.hosts, "host", nil, "count the requests of this `host`; may be repeated; without it, the host of most pages")
	flags.StringArrayVar(&f.query, "query", nil, "this query `parameter` makes pages different; may be repeated")
	flags.IntVar(&f.times, "times", 1, "replay each HAR file this `number` of times, each time as another browser")
	flags.BoolVar(&f.push, "push", false, "by HTTP/2 push, instead of 103 Early Hints")
	flags.StringVar(&f.track, "track", "blocking-assets", "what enters the cookie: `blocking-assets|all`")
	flags.Uint8Var(&f.capacityBits, "capacity-bits", casper.DefaultCapacityBits, "the cookie's `bits`, 1 to 15")
	flags.StringVar(&f.cookie, "cookie-name", casper.CookieName, "the cookie's `name`")
	flags.IntVar(&f.maxAssets, "max-assets", 8, "send at most this `number` of assets ahead of one page")
	flags.Var(&f.maxBytes, "max-bytes", "push at most this `size` ahead of one page")
	flags.IntVar(&f.minClients, "min-clients", 3, "believe an asset after this `number` of clients")
	flags.IntVar(&f.minViews, "min-views", 3, "believe an asset after this `number` of views")
	flags.BoolVar(&f.assumeFresh, "assume-fresh", true, "take answers for reusable where a log does not say")
	flags.Var(&f.trustProxy, "trust-proxy", "believe the forwarded addresses of proxies in this `network`; may be repeated")
	flags.StringVar(&f.logFormat, "log-format", "", "read logs in this `format`, in the words of nginx's log_format")
	registerUnpacked(flags, &f.unpacked)
	cmd.RegisterFlagCompletionFunc("track", cobra.FixedCompletions(tracks, cobra.ShellCompDirectiveNoFileComp))
}

func (f *replayFlags) check() error {
	switch {
	case f.times < 1 || f.times > 1000:
		return usagef("--times is 1 to 1000, not %d", f.times)
	case f.capacityBits < 1 || f.capacityBits > casper.MaxCapacityBits:
		return usagef("--capacity-bits is 1 to %d, not %d", casper.MaxCapacityBits, f.capacityBits)
	case f.maxAssets < 1:
		return usagef("--max-assets is at least 1, not %d", f.maxAssets)
	case f.minClients < 1 || f.minViews < 1:
		return usagef("--min-clients and --min-views are at least 1")
	case f.top < 0:
		return usagef("--top is at least 0, not %d", f.top)
	}
	if f.logFormat != "" {
		var err error
		if f.form, err = traffic.ParseFormat(f.logFormat); err != nil {
			return usagef("--log-format: %v", err)
		}
	}
	return oneOf("track", f.track, tracks)
}

func newReplay(t *tool) *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay HAR|LOG...",
		Short: "Tell from logs or HAR files what a server would learn and send, and what it would gain",
		Long: `Runs access logs and HAR files, packed or not, through the model that serve learns with, and
tells what it would have sent ahead of each page, what of that was asked for, and what
would have been waste. Files are read one after the other, so the oldest goes first; -
is stdin. Nothing is sent, and no file is changed.

Logs may be in the common or combined format, with whatever Kubernetes, Docker, syslog,
journald or grep have put in front; in JSON, of nginx, Caddy, Traefik, Envoy, Google Cloud,
Cloudflare or casper's own; or those of HAProxy, IIS, CloudFront, and AWS's load balancers
and S3. For others there is --log-format. The visitor is who was connected; behind a
proxy, --trust-proxy takes the address that the proxy has passed on.

A model believes an asset when several clients have used it, and a HAR file is one
client: --times replays it as several.

What a log does not say is inferred. Extensions stand for media types; addresses with
user agents stand for browsers, which hold what they were seen to fetch; assets are
taken for reusable (--assume-fresh=false learns none without Cache-Control).`,
		Example: `  casper replay /var/log/nginx/access.log.2.gz /var/log/nginx/access.log.1
  casper replay visit.har --times 5 --svg visit.svg
  casper replay access.log --save learned.casper && casper serve --proxy http://127.0.0.1:3000 --state learned.casper
  kubectl logs deploy/web | casper replay --trust-proxy 10.0.0.0/8 -
  casper replay --json access.log | jq '.pages[] | {page, hits, unused_bytes}'`,
		RunE: action(func(_ *cobra.Command, args []string) error { return t.replay(&f, args) }),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.svg, "svg", "", "write a picture to `FILE`, - for stdout instead of the table")
	flags.IntVar(&f.top, "top", 10, "list this `number` of pages, the most viewed first")
	flags.StringVar(&f.save, "save", "", "save what was learned to `FILE`, for serve --state")
	f.register(cmd)
	return cmd
}

func (t *tool) replay(f *replayFlags, files []string) error {
	if len(files) == 0 {
		return usagef("nothing to replay: give a HAR file or a log")
	}
	if err := f.check(); err != nil {
		return err
	}
	if f.svg == "-" && f.json {
		return usagef("--json and --svg - are both for stdout")
	}
	p, sources, err := t.runReplay(f, files)
	if err != nil {
		return err
	}
	report := p.Report()
	if report.Views == 0 || p.OtherHost() != "" {
		t.nothing("no page views: %s", noViews(report, p))
	}
	if f.save != "" {
		if err := keep.WriteFile(f.save, p.Model().All()); err != nil {
			return err
		}
	}
	if f.svg == "-" {
		return report.WriteSVG(t.stdout)
	}
	if f.svg != "" {
		if err := writeFile(f.svg, report.WriteSVG); err != nil {
			return err
		}
	}
	if f.json {
		return t.replayJSON(report, sources)
	}
	t.replayText(report, sources, f)
	return nil
}

// noViews says why a report has no views, as far as it can tell.
func noViews(r *replay.Report, p *replay.Replay) string {
	switch other := p.OtherHost(); {
	case r.Records == 0:
		return "no request could be read"
	case other != "":
		return fmt.Sprintf("no request was for %s, but some for %s; see --host", r.Host, other)
	case r.Elsewhere == r.Records:
		return fmt.Sprintf("no request was for %s; see --host", r.Host)
	}
	return "no request looks like one for a page"
}

// A replayed is one file, as it was read.
type replayed struct {
	Name    string `json:"name"`
	Format  string `json:"format"`
	Lines   int64  `json:"lines"`
	Broken  int64  `json:"broken"`
	Skipped int64  `json:"not_http"`

	Visitors  int             `json:"visitors"` // told apart, at most [traffic.MostSeen], as those below
	Hosts     int             `json:"hosts"`
	Pages     int             `json:"pages"`
	NoAddress int64           `json:"no_address"` // records of nobody
	Faults    []traffic.Fault `json:"faults"`     // what is broken, by kind
}

// config is what the flags say of a replay.
func (f *replayFlags) config() replay.Config {
	return replay.Config{
		Learn:       learn.Config{MinClients: f.minClients, MinViews: f.minViews},
		Reader:      signals.Reader{Query: f.query},
		Policy:      server.Policy{MaxAssets: f.maxAssets, MaxBytes: int64(f.maxBytes)},
		Params:      casper.Params{CapacityBits: f.capacityBits},
		Track:       trackOf(f.track),
		Cookie:      f.cookie,
		Hosts:       f.hosts,
		Push:        f.push,
		AssumeFresh: f.assumeFresh,
	}
}

// runReplay makes a replay and gives it the files.
func (t *tool) runReplay(f *replayFlags, files []string) (*replay.Replay, []replayed, error) {
	if err := oneStdin(files); err != nil {
		return nil, nil, err
	}
	p, err := replay.New(f.config())
	if err != nil {
		return nil, nil, usageError{err}
	}
	if f.state != "" {
		deltas, err := t.readModel(f.state)
		if err != nil {
			return nil, nil, err
		}
		p.Model().Merge(deltas...)
	}
	var sources []replayed
	visitors := 0
	for _, name := range files {
		s, err := t.replayFile(p, name, f, &visitors)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		sources = append(sources, s)
	}
	return p, sources, nil
}

// mostKept is how many records of a HAR file are kept to be replayed again.
const mostKept = 1 << 16

// replayFile replays one file.
func (t *tool) replayFile(p *replay.Replay, name string, f *replayFlags, visitors *int) (replayed, error) {
	r, size, err := t.open(name)
	if err != nil {
		return replayed{}, errors.Unwrap(err) // the caller says which file
	}
	defer r.Close()
	t.progress = t.newProgress(name, size)
	defer func() { t.progress = nil }()
	defer t.progress.clear()
	s := traffic.Reading{Progress: t.progress.show, MaxUnpacked: int64(f.unpacked), TrustProxy: f.trustProxy, LogFormat: f.form}
	visitor := replay.Visitor(*visitors)
	var kept []*traffic.Record
	for rec, err := range s.All(r) {
		if err != nil {
			// What was read counts; what is wrong with the rest decides the exit code.
			t.fail("%s: %v", name, err)
			break
		}
		if s.Format == "har" {
			rec.Addr = visitor
			if f.times > 1 {
				if len(kept) == mostKept {
					return replayed{}, fmt.Errorf("--times: more than %d entries", mostKept)
				}
				kept = append(kept, again(rec, rec.Addr, 0))
			}
		}
		p.Add(rec)
	}
	p.End()
	if s.Format == "har" {
		*visitors++
		span := spanOf(kept)
		for n := 1; n < f.times; n++ {
			visitor := replay.Visitor(*visitors)
			*visitors++
			for _, rec := range kept {
				p.Add(again(rec, visitor, time.Duration(n)*span))
			}
			p.End()
		}
	}
	t.sayWhatIsMissing(name, &s)
	of := replayed{
		Name: name, Format: s.Format, Lines: s.Lines, Broken: s.Broken, Skipped: s.Skipped,
		Visitors: s.Visitors(), Hosts: s.Hosts(), Pages: s.Pages(), NoAddress: s.NoAddress, Faults: s.Faults,
	}
	if s.Format == "har" && s.Records > 0 {
		of.Visitors = f.times
	}
	if of.Faults == nil {
		of.Faults = []traffic.Fault{}
	}
	return of, nil
}

// sayWhatIsMissing tells what of a file is not understood: kind by kind, with the first of each.
func (t *tool) sayWhatIsMissing(name string, s *traffic.Reading) {
	const most = mostFaults - 4 // lines about kinds
	if s.Broken > 0 {
		t.fail("%s: %d of %d lines are no records of requests, first: %v", name, s.Broken, s.Lines, s.First)
	}
	if len(s.Faults) > 1 {
		for _, fault := range s.Faults[:min(len(s.Faults), most)] {
			t.complain("%s: %s: %s, first: %s", name, fault.Kind, count(int(fault.Count), "line"), fault.First)
		}
	}
	if s.Lines > 0 && s.Records == 0 {
		t.fail("%s: none of its lines (%d) is a request in a form that is known; see --log-format", name, s.Lines)
	}
	if s.NoAddress > 0 {
		t.complain("%s: %d of %d lines have no address of a visitor, first: line %d", name, s.NoAddress, s.Lines, s.FirstNoAddress)
	}
	if s.PassedOn > 0 {
		t.complain("%s: %d lines name another address, forwarded by a proxy: --trust-proxy believes those of a network", name, s.PassedOn)
	}
}

// again is a record that can be replayed besides the other: a replay writes into its headers.
func again(rec *traffic.Record, addr netip.Addr, later time.Duration) *traffic.Record {
	c := *rec
	r := *rec.Request
	r.Header = r.Header.Clone()
	c.Request, c.Answer = &r, c.Answer.Clone()
	c.Addr, c.Began, c.Ended = addr, c.Began.Add(later), c.Ended.Add(later)
	return &c
}

// spanOf is how much later the next browser makes the same visits: a little after the last of them.
func spanOf(records []*traffic.Record) time.Duration {
	if len(records) == 0 {
		return 0
	}
	first, last := records[0].Began, records[0].Ended
	for _, rec := range records {
		if rec.Began.Before(first) {
			first = rec.Began
		}
		if rec.Ended.After(last) {
			last = rec.Ended
		}
	}
	return last.Sub(first) + 10*time.Second
}

func (t *tool) replayJSON(r *replay.Report, sources []replayed) error {
	return t.printJSON(struct {
		Sources []replayed `json:"sources"`
		*replay.Report
	}{sources, r})
}
