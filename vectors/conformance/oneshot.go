package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/cache-aware/casper/vectors"
)

// oneShot is [Run] with a process of its own for each of the vectors.
func oneShot(command []string, o Options, meant []vectors.Vector, started time.Time) (*Report, error) {
	if _, err := exec.LookPath(command[0]); err != nil {
		return nil, err
	}
	r := &Report{Lenient: o.Lenient, OneShot: true, Testee: Hello{Name: command[0]}}

	// A few at a time, reported in their order.
	type outcome struct {
		j    judgement
		said string
	}
	outcomes := make([]chan outcome, len(meant))
	for i := range outcomes {
		outcomes[i] = make(chan outcome, 1)
	}
	var next int
	var mu sync.Mutex
	for range min(runtime.GOMAXPROCS(0), 8) {
		go func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= len(meant) {
					return
				}
				j, said := askOnce(command, i+1, meant[i], o)
				outcomes[i] <- outcome{j, said}
			}
		}()
	}
	for i, v := range meant {
		out := <-outcomes[i]
		r.add(v, o, out.j, out.said)
	}
	r.Took = time.Since(started)
	return r, nil
}

// askOnce asks one vector of a new process.
func askOnce(command []string, seq int, v vectors.Vector, o Options) (judgement, string) {
	failed := func(verdict string, reason string) judgement { return judgement{verdict: verdict, reason: reason} }
	q, err := request(seq, v, o.Lenient)
	if err != nil {
		return failed(verdictFailed, err.Error()), ""
	}
	line, err := json.Marshal(q)
	if err != nil {
		return failed(verdictFailed, err.Error()), ""
	}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	ownGroup(cmd)
	cmd.Cancel = func() error {
		killGroup(cmd)
		return nil
	}
	cmd.WaitDelay = endPatience
	var said tail
	out := &bounded{most: maxLine, full: cancel}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(append(line, '\n')), out, &said
	err = cmd.Run()
	status := cmd.ProcessState.ExitCode()
	switch {
	case out.over:
		return failed(verdictFlooded, errFlood.Error()), said.String()
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return failed(verdictTimeout, "no reply within "+timeout.String()), said.String()
	case cmd.ProcessState == nil || status != 0 && status != 1:
		return failed(verdictCrashed, "the program ended: "+err.Error()), said.String()
	}
	reply, rest, _ := bytes.Cut(bytes.TrimSpace(out.b.Bytes()), []byte("\n"))
	if len(reply) == 0 && status == 1 {
		if v.Expected(o.Lenient).Error != "" {
			return judgement{verdict: verdictPassed}, ""
		}
		return failed(verdictFailed, "refused, but the answer is "+show(v.Expected(o.Lenient))), said.String()
	}
	switch h := hear(reply); {
	case !h.isObject:
		return failed(verdictMisspoke, fmt.Sprintf("it said %q, which is no reply", clip(string(reply)))), said.String()
	case len(bytes.TrimSpace(rest)) > 0:
		return failed(verdictMisspoke, "it said more than one line"), said.String()
	case h.seq != nil && !h.isTo(seq):
		return failed(verdictMisspoke, fmt.Sprintf("it answered seq %s where %d was asked", clip(string(h.seq)), seq)), said.String()
	case h.problem == "" && h.isReply && (h.Error != "") != (status == 1):
		return failed(verdictMisspoke, fmt.Sprintf("exit status %d does not go with its reply", status)), said.String()
	default:
		return h.judge(v, o.Lenient), said.String()
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
