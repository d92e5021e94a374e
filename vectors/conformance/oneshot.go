package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cache-aware/casper/vectors"
)

// oneShot is [Run] with a process of its own for each of the vectors.
func oneShot(ctx context.Context, command []string, o Options, meant []vectors.Vector, started time.Time) (*Report, error) {
	if _, err := exec.LookPath(command[0]); err != nil {
		return nil, err
	}
	r := &Report{Vectors: vectors.Version(), Lenient: o.Lenient, OneShot: true, Testee: Hello{Name: command[0]}}

	first, err := canaries(meant, o)
	if err != nil {
		return nil, err
	}
	seqs := numbers(meant)
	for _, some := range first {
		for _, v := range some {
			seqs.of(v) // from here on, it is only read
		}
	}
	ask := func(v vectors.Vector) outcome { return askOnce(ctx, command, seqs[v.ID], v, o) }
	operations := map[string]*operation{}
	for op := range first {
		operations[op] = &operation{}
	}
	names := slices.Sorted(maps.Keys(first))
	fewAtATime(len(names), func(i int) { operations[names[i]].sing(first[names[i]], ask) })()

	outcomes := make([]chan outcome, len(meant)) // reported in their order
	for i := range outcomes {
		outcomes[i] = make(chan outcome, 1)
	}
	wait := fewAtATime(len(meant), func(i int) {
		v := meant[i]
		op := operations[opOf(v)]
		out, _ := op.outcome(v, ask)
		outcomes[i] <- op.judge(v, o, out)
	})
	for i, v := range meant {
		r.add(v, o, <-outcomes[i])
	}
	wait()
	r.Interrupted = ctx.Err() != nil
	r.Took = time.Since(started)
	return r, nil
}

// fewAtATime does n things, a few at a time. It returns what waits for their end.
func fewAtATime(n int, do func(i int)) (wait func()) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 8) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	return group.Wait
}

// askOnce asks one vector of a new process.
func askOnce(ctx context.Context, command []string, seq int, v vectors.Vector, o Options) outcome {
	var said tail
	failed := func(verdict string, reason string) outcome {
		return outcome{judgement{verdict: verdict, reason: reason}, said.String()}
	}
	misspoke := func(reason string) outcome {
		return outcome{judgement{verdict: verdictMisspoke, reason: reason, came: other}, said.String()}
	}
	q, err := request(seq, v, o.Lenient)
	if err != nil {
		return failed(verdictFailed, err.Error())
	}
	line, err := json.Marshal(q)
	if err != nil {
		return failed(verdictFailed, err.Error())
	}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	if ctx.Err() != nil {
		return interrupted
	}
	run := ctx
	ctx, cancel := context.WithTimeout(run, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	ownGroup(cmd)
	cmd.Cancel = func() error {
		killGroup(cmd)
		return nil
	}
	cmd.WaitDelay = endPatience
	out := &bounded{most: maxLine, full: cancel}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(append(line, '\n')), out, &said
	err = cmd.Run()
	if cmd.ProcessState != nil {
		endGroup(cmd.ProcessState)
	}
	status := cmd.ProcessState.ExitCode()
	switch {
	case run.Err() != nil:
		return interrupted
	case out.over:
		return failed(verdictFlooded, errFlood.Error())
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return failed(verdictTimeout, "no reply within "+timeout.String())
	case cmd.ProcessState == nil || status != 0 && status != 1:
		return failed(verdictCrashed, "the program ended: "+err.Error())
	}
	reply, rest, _ := bytes.Cut(bytes.TrimSpace(out.b.Bytes()), []byte("\n"))
	want := v.Expected(o.Lenient)
	switch h := hear(reply); {
	case len(reply) == 0 && status == 0:
		return failed(verdictMisspoke, "it said nothing")
	case len(reply) == 0 && want.Error == "":
		return failed(verdictFailed, "refused without a reply, but the answer is "+show(want))
	case len(reply) == 0 && o.ErrorKinds:
		return failed(verdictFailed, "refused without a reply, where the kind is "+want.Error)
	case len(reply) == 0:
		var warns []string
		if words := said.String(); words != "" { // it may have crashed
			warns = []string{"refused without a reply; it said: " + clip(words)}
		}
		return outcome{judgement{verdict: verdictPassed, warns: warns}, ""}
	case !h.isObject:
		return misspoke(fmt.Sprintf("it said %q, which is no reply", clip(string(reply))))
	case len(bytes.TrimSpace(rest)) > 0:
		return misspoke("it said more than one line")
	case h.seq != nil && !h.isTo(seq):
		return misspoke(fmt.Sprintf("it answered seq %s where %d was asked", clip(string(h.seq)), seq))
	case h.problem == "" && h.isReply && (h.Error != "") != (status == 1):
		return misspoke(fmt.Sprintf("exit status %d does not go with its reply", status))
	default:
		return outcome{h.judge(v, o.Lenient), said.String()}
	}
}

// bounded is a buffer that ends the process at its limit.
type bounded struct {
	b    bytes.Buffer // not embedded: its ReadFrom would know no limit
	most int
	full func()
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.b.Len()+len(p) > b.most {
		b.over = true
		b.full()
		return 0, io.ErrShortWrite
	}
	return b.b.Write(p)
}
