package conformance

import (
	"fmt"
	"slices"

	"github.com/cache-aware/casper/vectors"
)

// A program that crashes at once, hangs, or refuses everything would pass what must be refused:
// four vectors in ten. So of each operation, vectors that have an answer are asked first.

// mostCanaries is how many are asked until one is answered.
const mostCanaries = 3

// patienceInARow is how many vectors of an operation may get no reply in time, one after the
// other, until the rest is not asked.
const patienceInARow = 12

// largestCanary is how long the value of a canary may be, in characters: that large ones are
// read is not what is asked.
const largestCanary = 2000

// An outcome is what came of one vector, and what the program wrote to stderr meanwhile.
type outcome struct {
	judgement
	stderr string
}

// An operation is what is known of an operation of the program.
type operation struct {
	asked   map[string]outcome // in advance, by id
	late    int                // how many in a row had no reply in time
	stopped string             // why the rest is not asked, or ""
	refuses string             // a vector with an answer that was refused, if all were
}

// canaries chooses, for each operation of some vectors, those that are asked first. They are of
// the chosen ones if possible, and none that is known to fail.
func canaries(meant []vectors.Vector, o Options) (map[string][]vectors.Vector, error) {
	all, err := every()
	if err != nil {
		return nil, err
	}
	chosen := map[string]bool{}
	for _, v := range meant {
		chosen[v.ID] = true
	}
	own, others := map[string][]vectors.Vector{}, map[string][]vectors.Vector{}
	for _, v := range all {
		_, known := o.Known[v.ID]
		op := opOf(v)
		switch {
		case known || large(v.Input) || v.Expected(o.Lenient).Error != "":
		case chosen[v.ID]:
			own[op] = append(own[op], v)
		default:
			others[op] = append(others[op], v)
		}
	}
	canaries := map[string][]vectors.Vector{}
	for _, v := range meant {
		op := opOf(v)
		if _, done := canaries[op]; done {
			continue
		}
		canaries[op] = spread(own[op], mostCanaries)
		canaries[op] = append(canaries[op], spread(others[op], mostCanaries-len(canaries[op]))...)
	}
	return canaries, nil
}

func opOf(v vectors.Vector) string { return v.Format + "." + v.Op }

func large(in vectors.Input) bool {
	return in.Text != nil && len(*in.Text) > largestCanary || in.BytesHex != nil && len(*in.BytesHex) > largestCanary
}

// spread takes n of some vectors, the first and the last among them.
func spread(from []vectors.Vector, n int) []vectors.Vector {
	if len(from) <= n {
		return slices.Clone(from)
	}
	var some []vectors.Vector
	for i := range n {
		some = append(some, from[i*(len(from)-1)/max(n-1, 1)])
	}
	return some
}

// sing asks canaries until one is answered, and keeps what came of each.
func (p *operation) sing(canaries []vectors.Vector, ask func(vectors.Vector) outcome) {
	p.asked = map[string]outcome{}
	var ids []string
	var last outcome
	came := map[reaction]int{}
	for _, v := range canaries {
		out := ask(v)
		if out.verdict == verdictNotAsked { // interrupted
			return
		}
		p.asked[v.ID] = out
		if out.came == answered {
			return
		}
		ids, last = append(ids, v.ID), out
		came[out.came]++
	}
	switch len(ids) {
	case 0:
	case came[silent]:
		have := "which has an answer"
		if len(ids) > 1 {
			have = "which have an answer each"
		}
		p.stopped = fmt.Sprintf("there was no reply to %s, %s: %s", enumerate(ids), have, last.reason)
		if last.stderr != "" {
			p.stopped += "; it said: " + clip(last.stderr)
		}
	case came[silent] + came[refused]:
		p.refuses = ids[0]
	}
}

// outcome is what came of a vector in advance, or what comes of it now, unless the rest is not asked. It
// reports whether it asked now.
func (p *operation) outcome(v vectors.Vector, ask func(vectors.Vector) outcome) (out outcome, now bool) {
	if out, done := p.asked[v.ID]; done {
		return out, false
	}
	if p.stopped != "" {
		return notAsked(p.stopped), false
	}
	return ask(v), true
}

// judge is what is made of the outcome of a vector in the light of the canaries.
func (p *operation) judge(v vectors.Vector, o Options, out outcome) outcome {
	if p.refuses != "" && out.verdict == verdictPassed && v.Expected(o.Lenient).Error != "" {
		out.verdict, out.reason, out.warns = verdictFailed, "refused, but it refuses what has an answer, too: "+p.refuses, nil
	}
	return out
}

// count stops the operation after too many vectors in a row that had no reply in time.
func (p *operation) count(v vectors.Vector, o Options, out outcome) {
	_, known := o.Known[v.ID]
	switch {
	case known:
	case out.came != silent || out.verdict != verdictTimeout && out.verdict != verdictMisspoke:
		p.late = 0
	default:
		if p.late++; p.late == patienceInARow {
			p.stopped = fmt.Sprintf("there was no reply to %d vectors in a row, of which %s is the last: %s", p.late, v.ID, out.reason)
		}
	}
}

// notAsked is the outcome of a vector that is not asked.
func notAsked(reason string) outcome {
	return outcome{judgement: judgement{verdict: verdictNotAsked, reason: reason}}
}

// interrupted is the outcome of a vector that the run did not come to.
var interrupted = notAsked("the run was interrupted")
