package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

// The verdicts, as [Result] explains them.
const (
	verdictPassed     = "passed"
	verdictFailed     = "failed"
	verdictTimeout    = "timeout"
	verdictCrashed    = "crashed"
	verdictFlooded    = "flooded"
	verdictMisspoke   = "misspoke"
	verdictNotAsked   = "not asked"
	verdictSkipped    = "skipped"
	verdictNotClaimed = "not claimed"
	verdictKnown      = "known"
	verdictUnexpected = "unexpected"
)

// bad reports whether a verdict fails the run.
func bad(verdict string) bool {
	switch verdict {
	case verdictPassed, verdictSkipped, verdictNotClaimed, verdictKnown:
		return false
	}
	return true
}

// failure reports whether the vector was asked and not answered as it should be.
func failure(verdict string) bool {
	return bad(verdict) && verdict != verdictUnexpected && verdict != verdictNotAsked
}

// A reaction is in which way a program reacted to a request.
type reaction int

const (
	silent   reaction = iota // no reply
	answered                 // a reply with an answer, right or wrong
	refused                  // a reply with an error
	other                    // a skip, or a reply that is wrong as such
)

// A judgement is a verdict with its reasons.
type judgement struct {
	verdict string
	came    reaction
	reason  string   // of a failure
	warns   []string // right in the main thing
}

// judge compares a reply with what the vector expects.
func judge(v vectors.Vector, lenient bool, r Reply) judgement {
	want := v.Expected(lenient)
	switch {
	case r.answers() != 1:
		return judgement{verdict: verdictMisspoke, reason: fmt.Sprintf(`a reply has one of "ok", "error" and "skip", and this one has %d of them`, r.answers())}
	case r.Skip != "":
		return judgement{verdict: verdictSkipped, reason: clip(r.Skip)}
	case r.Error != "" && want.Error == "":
		reason := "refused as " + clip(r.Error)
		if r.Message != "" {
			reason += " (" + clip(r.Message) + ")"
		}
		return judgement{verdict: verdictFailed, reason: reason + ", but the answer is " + show(want)}
	case r.Error != "":
		return judgement{verdict: verdictPassed, warns: refusal(want, r)}
	case want.Error != "":
		return judgement{verdict: verdictFailed, reason: fmt.Sprintf("answered %s, but it must be refused as %s", show(*r.OK), want.Error)}
	}
	if wrong := difference(want, *r.OK, lenient); wrong != "" {
		return judgement{verdict: verdictFailed, reason: wrong}
	}
	return judgement{verdict: verdictPassed}
}

// answers returns how many answers a reply has: it should be one.
func (r Reply) answers() (n int) {
	for _, there := range []bool{r.OK != nil, r.Error != "", r.Skip != ""} {
		if there {
			n++
		}
	}
	return n
}

// refusal says what is not quite right about a refusal.
func refusal(want vectors.Answer, r Reply) (warns []string) {
	if r.Error != want.Error {
		warns = append(warns, fmt.Sprintf("refused as %s, where the kind is %s", clip(r.Error), want.Error))
	}
	if r.Offset != nil && want.Offset != nil && *r.Offset != *want.Offset {
		warns = append(warns, fmt.Sprintf("the fault is at bit %d, not %d", *want.Offset, *r.Offset))
	}
	if r.KeysBeforeError != nil && want.KeysBeforeError != nil && !slices.Equal(r.KeysBeforeError, want.KeysBeforeError) {
		warns = append(warns, fmt.Sprintf("the keys before the fault are %s, not %s", list(want.KeysBeforeError), list(r.KeysBeforeError)))
	}
	return warns
}

// difference says what is wrong with an answer, or nothing. Members that are not
// asked for are not looked at. A strict reader accepts nothing but canonical values, so
// that it may leave that unsaid.
func difference(want, got vectors.Answer, lenient bool) string {
	var wrong []string
	lists := func(name string, want, got []string) {
		switch {
		case want == nil:
		case got == nil:
			wrong = append(wrong, "the answer has no "+name)
		case !slices.Equal(want, got):
			wrong = append(wrong, fmt.Sprintf("%s are %s, not %s", name, list(want), list(got)))
		}
	}
	text := func(name string, want, got *string) {
		switch {
		case want == nil:
		case got == nil:
			wrong = append(wrong, "the answer has no "+name)
		case *want != *got:
			wrong = append(wrong, fmt.Sprintf("%s is %q, not %q", name, clip(*want), clip(*got)))
		}
	}
	lists("keys", want.Keys, got.Keys)
	text("bytes_hex", want.BytesHex, got.BytesHex)
	text("text", want.Text, got.Text)
	switch {
	case want.Canonical == nil || got.Canonical == nil && !lenient:
	case got.Canonical == nil:
		wrong = append(wrong, "the answer has no canonical")
	case *want.Canonical != *got.Canonical:
		wrong = append(wrong, fmt.Sprintf("canonical is %v, not %v", *want.Canonical, *got.Canonical))
	}
	switch {
	case want.Present == nil:
	case got.Present == nil:
		wrong = append(wrong, "the answer has no present")
	case !slices.Equal(want.Present, got.Present):
		wrong = append(wrong, fmt.Sprintf("present is %v, not %v", want.Present, got.Present))
	}
	if want.Digests != nil && !slices.EqualFunc(want.Digests, got.Digests, sameDigest) {
		wrong = append(wrong, fmt.Sprintf("digests are %v, not %v", want.Digests, got.Digests))
	}
	return strings.Join(wrong, "; ")
}

func sameDigest(a, b vectors.Digest) bool {
	return a.Log2N == b.Log2N && a.Log2P == b.Log2P && slices.Equal(a.Flags, b.Flags) && slices.Equal(a.Keys, b.Keys)
}

// show is an answer in a few words.
func show(a vectors.Answer) string {
	switch {
	case a.Text != nil:
		return fmt.Sprintf("%q", clip(*a.Text))
	case a.BytesHex != nil:
		return "octets " + clip(*a.BytesHex)
	case a.Digests != nil:
		return fmt.Sprintf("%d digests", len(a.Digests))
	case a.Present != nil:
		return fmt.Sprint(a.Present)
	}
	return "keys " + list(a.Keys)
}

// listed is how many of some keys are shown.
const listed = 12

func list(keys []string) string {
	if len(keys) > listed {
		return fmt.Sprintf("[%s ... %d in all]", clip(strings.Join(keys[:listed], " ")), len(keys))
	}
	return clip(fmt.Sprint(keys))
}

// clip makes one line of moderate length out of what a testee may have said.
func clip(s string) string {
	const most = 160
	cut := false
	if len(s) > most {
		s, cut = s[:most], true
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return '?'
		}
		return r
	}, s)
	if cut {
		s += "..."
	}
	return s
}

// Check asks a testee in this process one vector and returns all that is wrong with
// its answer, wrong error kinds included.
func Check(v vectors.Vector, lenient bool, t Testee) []string {
	q, err := request(1, v, lenient)
	if err != nil {
		return []string{err.Error()}
	}
	j := judge(v, lenient, t.Answer(q))
	if j.verdict != verdictPassed {
		return []string{j.verdict + ": " + j.reason}
	}
	return j.warns
}
