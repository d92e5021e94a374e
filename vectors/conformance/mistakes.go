package conformance

import "regexp"

// A mistake is what went wrong in one way, at one vector or many.
type mistake struct {
	verdict string
	results []Result
	same    bool   // all have the reason of the first
	op      string // of all, or "" if they are of several
}

// shownAlike is how many results are told of a mistake whose reasons differ.
const shownAlike = 3

// Parts of a reason in which those of one mistake differ: what is quoted, in brackets or
// parentheses, ids of vectors, and numbers.
var particular = regexp.MustCompile(`"[^"]*"|\[[^\]]*\]|\([^)]*\)|\b[0-9a-z.]+(?:-[0-9a-z]+)+\b|\b[0-9]+\b`)

// mistakes groups what failed by what the reasons have in common, in the order in which each
// mistake was made first. Those of the codec are told of each operation, those of the protocol
// once.
func (r *Report) mistakes() []mistake {
	type way struct{ verdict, op, reason string }
	var all []mistake
	at := map[way]int{}
	for _, res := range r.Results {
		if !bad(res.Verdict) || res.Verdict == verdictNotAsked && res.Reason == interrupted.reason {
			continue
		}
		op := res.Format + "." + res.Op
		w := way{verdict: res.Verdict, reason: particular.ReplaceAllString(res.Reason, "·")}
		if res.Verdict == verdictFailed {
			w.op = op
		}
		i, there := at[w]
		if !there {
			i = len(all)
			at[w] = i
			all = append(all, mistake{verdict: res.Verdict, op: op, same: true})
		}
		m := &all[i]
		m.results = append(m.results, res)
		m.same = m.same && res.Reason == m.results[0].Reason
		if m.op != op {
			m.op = ""
		}
	}
	return all
}
