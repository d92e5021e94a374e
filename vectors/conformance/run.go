package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/cache-aware/casper/vectors"
)

// Options say how a run goes.
type Options struct {
	Selection
	Lenient    bool              // ask for the tolerant reader, and judge by what the deployed one does
	Timeout    time.Duration     // for one vector; 2 s if 0
	Known      map[string]string // ids of vectors that are known to fail, each with the reason, which may be empty
	OneShot    bool              // a process of its own for each vector
	ErrorKinds bool              // a wrong error kind, place or list of keys is a failure, not a warning
	Each       func(Result)      // called after each vector; may be nil
}

// A Result is what came out of one vector. The verdicts are
//
//	passed        the right answer
//	failed        a wrong answer, or a refusal where there is an answer
//	timeout       no answer in time
//	crashed       the program ended
//	flooded       more output than any answer needs
//	misspoke      not the protocol: no JSON, no such member, another seq
//	unexpected    passed, though a failure was known
//	not asked     the program answers nothing of this operation, or the run was ended
//	known         failed, as was known before
//	skipped       the testee says that it does not do this one
//	not claimed   of an operation that the testee does not support; it was not asked
//
// All but passed and the last three fail the run.
type Result struct {
	ID       string   `json:"id"`
	Format   string   `json:"format"`
	Op       string   `json:"op"`
	Verdict  string   `json:"verdict"` // one of the list at [Result]
	Reason   string   `json:"reason,omitzero"`
	Warnings []string `json:"warnings,omitzero"`
	Stderr   string   `json:"stderr,omitzero"` // the end of what the program said, of a failure
	Known    string   `json:"known,omitzero"`  // the reason in the list of known failures
	Comment  string   `json:"comment,omitzero"`
}

// A Report is what came out of a run.
type Report struct {
	Testee  Hello
	Vectors string // the version of the vectors
	Lenient bool
	OneShot bool
	Results []Result
	Faults  []string // of no single vector; they fail the run
	Notes   []string // and these do not
	Took    time.Duration

	Interrupted bool // the run was ended early
}

// OK reports whether something was asked and nothing failed that was not known.
func (r *Report) OK() bool {
	return r.Asked() > 0 && r.well() && !r.Interrupted
}

// well reports whether nothing failed that was not known.
func (r *Report) well() bool {
	return len(r.Faults) == 0 && !slices.ContainsFunc(r.Results, func(res Result) bool { return bad(res.Verdict) })
}

// Nothing reports whether no vector was asked: the program supports none of the operations, or
// skipped all that it was asked.
func (r *Report) Nothing() bool { return r.Asked() == 0 && r.well() && !r.Interrupted }

// Asked returns how many vectors were asked and not skipped.
func (r *Report) Asked() int {
	return len(r.Results) - r.Count(verdictSkipped) - r.Count(verdictNotClaimed) - r.Count(verdictNotAsked)
}

// Count returns how many vectors came out with the verdict.
func (r *Report) Count(verdict string) (n int) {
	for _, res := range r.Results {
		if res.Verdict == verdict {
			n++
		}
	}
	return n
}

const defaultTimeout = 2 * time.Second

// Run asks one process of the program every vector. An error means that nothing was run: it is
// [ErrNoVector] if none is chosen, [ErrNoHello] if the program does not speak the protocol, or
// says that there is no such program. All else is in the report.
//
// With OneShot it asks a process of its own for each vector: the request line on its stdin,
// the reply line on its stdout, exit status 0 for an answer or a skip and 1 for a
// refusal. A refusal may leave the reply out, which is one of no kind.
func Run(command []string, o Options) (*Report, error) {
	return RunContext(context.Background(), command, o)
}

// RunContext is [Run] that ends early when ctx does: the report then has what came out so far. An
// error of a run that had not begun to ask wraps that of ctx.
func RunContext(ctx context.Context, command []string, o Options) (*Report, error) {
	meant, err := o.Select()
	if err != nil {
		return nil, err
	}
	if len(command) == 0 {
		return nil, errors.New("no program is given")
	}
	started := time.Now()
	if o.OneShot {
		return oneShot(ctx, command, o, meant, started)
	}
	first, err := canaries(meant, o)
	if err != nil {
		return nil, err
	}
	p, hello, err := launch(ctx, command)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command[0], err)
	}
	r := &Report{Testee: hello, Vectors: vectors.Version(), Lenient: o.Lenient}
	s := runner{ctx: ctx, command: command, options: o, process: p, seqs: numbers(meant)}
	operations := map[string]*operation{}
	for _, v := range meant {
		name := opOf(v)
		if !slices.Contains(hello.Supports, name) {
			r.add(v, o, outcome{judgement: judgement{verdict: verdictNotClaimed}})
			continue
		}
		op := operations[name]
		if op == nil {
			op = &operation{}
			operations[name] = op
			op.sing(first[name], s.ask)
		}
		out, now := op.outcome(v, s.ask)
		if now {
			op.count(v, o, out)
		}
		r.add(v, o, op.judge(v, o, out))
	}
	switch {
	case ctx.Err() != nil:
		r.Interrupted = true
		if s.process != nil {
			s.process.kill()
		}
	case s.process != nil && !s.process.stop():
		r.Notes = append(r.Notes, "the program did not end after \"stop\", and was killed")
	}
	if !r.Interrupted {
		r.claims(hello.Supports)
	}
	r.Took = time.Since(started)
	return r, nil
}

// A runner is a run under way: the process that is asked, and when it fails the next.
type runner struct {
	ctx      context.Context
	command  []string
	options  Options
	seqs     sequence
	process  *process // nil if it has to be started again
	attempts int      // to start it, in vain
}

// A sequence has the number of the request of each vector: its place among the chosen ones, or, of
// another that is asked, one behind them.
type sequence map[string]int

func numbers(meant []vectors.Vector) sequence {
	s := make(sequence, len(meant))
	for _, v := range meant {
		s.of(v)
	}
	return s
}

func (s sequence) of(v vectors.Vector) int {
	if _, there := s[v.ID]; !there {
		s[v.ID] = len(s) + 1
	}
	return s[v.ID]
}

// mostAttempts is how often in a row a program may fail to start again before it is
// given up.
const mostAttempts = 3

// ask asks one vector. Whatever went wrong, the next one finds a process that knows
// nothing of it.
func (s *runner) ask(v vectors.Vector) outcome {
	if s.ctx.Err() != nil {
		return interrupted
	}
	failed := func(verdict, reason string) outcome {
		return outcome{judgement: judgement{verdict: verdict, reason: reason}}
	}
	if s.process == nil {
		if s.attempts >= mostAttempts {
			return failed(verdictCrashed, "the program did not start again")
		}
		p, _, err := launch(s.ctx, s.command)
		if s.ctx.Err() != nil {
			if p != nil {
				p.kill()
			}
			return interrupted
		}
		if err != nil {
			s.attempts++
			return failed(verdictCrashed, "the program did not start again: "+err.Error())
		}
		s.process, s.attempts = p, 0
	}
	p := s.process
	p.stderr.forget()
	q, err := request(s.seqs.of(v), v, s.options.Lenient)
	if err != nil {
		return failed(verdictFailed, err.Error())
	}
	j, lost := p.ask(s.ctx, q, v, s.options)
	out := outcome{judgement: j, stderr: p.stderr.String()}
	if lost {
		p.kill()
		s.process = nil
	}
	return out
}

// ask sends a request and waits for its reply. The process is lost where its state
// is not known afterwards.
func (p *process) ask(ctx context.Context, q Request, v vectors.Vector, o Options) (j judgement, lost bool) {
	if err := p.send(q); err != nil {
		return judgement{verdict: verdictFailed, reason: err.Error()}, false
	}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	patience := time.NewTimer(timeout)
	defer patience.Stop()
	stray := ""
	for strays := 0; ; strays++ {
		if strays > maxStray {
			return judgement{verdict: verdictFlooded, reason: fmt.Sprintf("more than %d lines that are no reply: %s", maxStray, stray)}, true
		}
		select {
		case <-ctx.Done():
			return interrupted.judgement, true
		case <-patience.C:
			if stray != "" {
				return judgement{verdict: verdictMisspoke, reason: stray + ", and no reply within " + timeout.String()}, true
			}
			return judgement{verdict: verdictTimeout, reason: "no reply within " + timeout.String()}, true
		case line, ok := <-p.lines:
			if !ok {
				if errors.Is(p.broken, errFlood) {
					return judgement{verdict: verdictFlooded, reason: errFlood.Error()}, true
				}
				return judgement{verdict: verdictCrashed, reason: "the program ended: " + p.end()}, true
			}
			h := hear(line)
			switch {
			case !h.isObject:
				stray = fmt.Sprintf("it said %q, which is no reply", clip(string(line)))
			case h.seq == nil && h.isReply:
				p.judged = q.Seq
				return h.judge(v, o.Lenient), false
			case h.seq == nil:
				stray = fmt.Sprintf("it said %q, which has no seq", clip(string(line)))
			case p.judged > 0 && h.isTo(p.judged):
				p.judged = 0 // what was taken for the reply was none
			case !h.isTo(q.Seq):
				stray = fmt.Sprintf("it answered seq %s where %d was asked", clip(string(h.seq)), q.Seq)
			case stray != "":
				return judgement{verdict: verdictMisspoke, reason: stray, came: other}, false
			default:
				return h.judge(v, o.Lenient), false
			}
		}
	}
}

// add adds what came out of a vector.
func (r *Report) add(v vectors.Vector, o Options, out outcome) {
	res := Result{ID: v.ID, Format: v.Format, Op: v.Op, Verdict: out.verdict, Reason: out.reason, Warnings: out.warns}
	if o.ErrorKinds && out.verdict == verdictPassed && len(out.warns) > 0 {
		res.Verdict, res.Reason, res.Warnings = verdictFailed, strings.Join(out.warns, "; "), nil
	}
	if reason, known := o.Known[v.ID]; known {
		switch {
		case failure(res.Verdict):
			res.Verdict, res.Known = verdictKnown, reason
		case res.Verdict == verdictPassed:
			res.Verdict, res.Known = verdictUnexpected, reason
			res.Reason = "it passed, though it is known to fail: take it off the list"
		}
	}
	if failure(res.Verdict) {
		res.Stderr, res.Comment = out.stderr, v.Comment
	}
	r.Results = append(r.Results, res)
	if o.Each != nil {
		o.Each(res)
	}
}

// claims compares what the program says that it does with what it did.
func (r *Report) claims(supports []string) {
	asked, skipped := map[string]int{}, map[string]int{}
	for _, res := range r.Results {
		op := res.Format + "." + res.Op
		asked[op]++
		if res.Verdict == verdictSkipped {
			skipped[op]++
		}
	}
	supports = slices.Clone(supports)
	sort.Strings(supports)
	for _, op := range slices.Compact(supports) {
		dot := max(strings.LastIndexByte(op, '.'), 0) // a format's name may have one
		format, name := op[:dot], strings.TrimPrefix(op[dot:], ".")
		switch {
		case knownOps[name] && !knownFormat(format):
			r.Faults = append(r.Faults, fmt.Sprintf("it claims %q, and there are no vectors of %s", clip(op), clip(format)))
		case !knownOps[name]:
			r.Faults = append(r.Faults, fmt.Sprintf("it claims %q, and there is no such operation", clip(op)))
		case asked[op] > 0 && skipped[op] == asked[op]:
			r.Faults = append(r.Faults, fmt.Sprintf("it claims %s, and skipped all %d of its vectors", op, asked[op]))
		}
	}
}

var knownOps = map[string]bool{"hash": true, "encode": true, "decode": true, "query": true}

func knownFormat(name string) bool {
	all, _ := every()
	return slices.ContainsFunc(all, func(v vectors.Vector) bool { return v.Format == name })
}
