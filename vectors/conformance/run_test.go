package conformance_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/vectors"
	"github.com/cache-aware/casper/vectors/conformance"
	"github.com/cache-aware/casper/vectors/conformance/testee"
)

// few are the encoders' vectors of H2O, odd among them.
var few = conformance.Selection{Run: []string{"h2o-encode-*"}}

// program is this test binary with a behaviour.
func program(t *testing.T, how string, env ...string) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// By default, a program with the race detector sleeps a second at its end.
	return append(append([]string{"/usr/bin/env", behaviour + "=" + how, "GORACE=atexit_sleep_ms=0"}, env...), self)
}

func run(t *testing.T, how string, o conformance.Options) *conformance.Report {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second // a busy machine is no fault
	}
	r, err := conformance.Run(program(t, how), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// result is that of a vector.
func result(t *testing.T, r *conformance.Report, id string) conformance.Result {
	t.Helper()
	for _, res := range r.Results {
		if res.ID == id {
			return res
		}
	}
	t.Fatalf("no result of %s", id)
	return conformance.Result{}
}

func text(t *testing.T, r *conformance.Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteText(&b, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestRunAll runs this library behind the pipe: every vector, both readers, and every
// error kind, place and key in front of a fault.
func TestRunAll(t *testing.T) {
	t.Parallel()
	for _, lenient := range []bool{false, true} {
		r := run(t, "good", conformance.Options{Lenient: lenient, ErrorKinds: true})
		all, err := vectors.All()
		if err != nil {
			t.Fatal(err)
		}
		if !r.OK() || r.Count("passed") != len(all) || len(r.Notes) > 0 {
			t.Errorf("lenient %v: %s", lenient, text(t, r))
		}
	}
}

// TestMisbehaviour: whatever a testee does at one vector is said of that vector, and all
// others are asked and pass nevertheless.
func TestMisbehaviour(t *testing.T) {
	for _, tt := range []struct {
		how     string
		verdict string
		reason  string
	}{
		{"hang", "timeout", "no reply within 1s"},
		{"crash", "crashed", "exit status 3"},
		{"flood lines", "flooded", "more than 100 lines"},
		{"flood line", "flooded", "more than 16 MiB"},
		{"flood stderr", "passed", ""},
		{"other seq", "misspoke", "answered seq"},
		{"twice", "misspoke", "answered seq"},
		{"debug line", "misspoke", `it said "debug: encoding", which is no reply`},
		{"no seq", "misspoke", "has no seq"},
		{"both", "misspoke", `one of "ok", "error" and "skip"`},
		{"neither", "misspoke", `one of "ok", "error" and "skip"`},
		{"wrong key", "failed", "keys are [63], not [62]"},
		{"no text", "failed", "the answer has no text"},
		{"refuse", "failed", `refused as limit (too?much), but the answer is "_g"`},
		{"skip", "skipped", "not this one"},
	} {
		t.Run(tt.how, func(t *testing.T) {
			t.Parallel()
			o := conformance.Options{Selection: few}
			if tt.verdict == "timeout" || tt.how == "other seq" || tt.how == "no seq" {
				o.Timeout = time.Second
			}
			r := run(t, tt.how, o)
			res := result(t, r, odd)
			if res.Verdict != tt.verdict || !strings.Contains(res.Reason, tt.reason) {
				t.Errorf("%s: %s", res.Verdict, res.Reason)
			}
			if strings.Contains(res.Reason, "\n") {
				t.Errorf("more than one line: %q", res.Reason)
			}
			if n := r.Count("passed"); n < len(r.Results)-1 {
				t.Errorf("only %d of %d passed:\n%s", n, len(r.Results), text(t, r))
			}
			if ok := tt.verdict == "passed" || tt.verdict == "skipped"; r.OK() != ok {
				t.Errorf("OK is %v", r.OK())
			}
			if tt.verdict != "passed" && tt.verdict != "skipped" && !strings.Contains(text(t, r), odd) {
				t.Errorf("the report does not name it:\n%s", text(t, r))
			}
			if tt.how == "crash" && !strings.Contains(res.Stderr, "segmentation fault") {
				t.Errorf("stderr is %q", res.Stderr)
			}
		})
	}
}

// TestReplyAtOnce: a line that is JSON with the seq that was asked is the reply. It is judged at
// once, and what is wrong with it is said by the member.
func TestReplyAtOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ reply, reason string }{
		{`{"seq":SEQ,"ok":{"keys":[63],"bytes_hex":"fe","text":"_g"}}`, "keys[0] is a number; keys are decimal strings"},
		{`{"seq":SEQ,"ok":{"keys":["63",null]}}`, "keys[1] is null; keys are decimal strings"},
		{`{"seq":SEQ,"ok":{"keys":["0x3f"]}}`, `keys[0] is "0x3f"; keys are decimal strings`},
		{`{"seq":SEQ,"ok":{"keys":"63"}}`, `keys is a string; keys are a list of decimal strings`},
		{`{"seq":SEQ,"ok":{"bytes_hex":[254]}}`, "bytes_hex is a list; bytes_hex is a string of hex digits"},
		{`{"seq":SEQ,"ok":{"bytes_hex":"f"}}`, `bytes_hex is "f"; bytes_hex is a string of hex digits, two for an octet`},
		{`{"seq":SEQ,"ok":{"text":1}}`, "text is a number; text is a string"},
		{`{"seq":SEQ,"ok":{"canonical":"yes"}}`, "canonical is a string; canonical is true or false"},
		{`{"seq":SEQ,"ok":{"present":[1]}}`, "present[0] is a number; present is a list of true and false"},
		{`{"seq":SEQ,"ok":{"digests":[{"log2n":"1"}]}}`, "digests[0].log2n is a string; log2n is an integer"},
		{`{"seq":SEQ,"ok":{"digests":[{"log2n":1.5}]}}`, "digests[0].log2n is 1.5; log2n is an integer"},
		{`{"seq":SEQ,"ok":{"digests":[{"flags":[1]}]}}`, "digests[0].flags[0] is a number; flags are strings"},
		{`{"seq":SEQ,"ok":{"digests":[[]]}}`, "digests[0] is a list; digests are objects"},
		{`{"seq":SEQ,"ok":["63"]}`, "ok is a list; ok is an object"},
		{`{"seq":SEQ,"ok":true}`, "ok is true; ok is an object"},
		{`{"seq":SEQ,"error":{"kind":"limit"}}`, "error is an object; error is a string, one of the error kinds"},
		{`{"seq":SEQ,"error":""}`, `error is ""; error is a string, one of the error kinds`},
		{`{"seq":SEQ,"error":"limit","message":[]}`, "message is a list; message is a string"},
		{`{"seq":SEQ,"error":"limit","offset":"3"}`, "offset is a string; offset is an integer"},
		{`{"seq":SEQ,"skip":true}`, "skip is true; skip is a string"},
		{`{"seq":SEQ,"result":{}}`, `a reply has one of "ok", "error" and "skip", and this one "result"`},
		{`{"seq":SEQ}`, `a reply has one of "ok", "error" and "skip", and this one none`},
		{`{"seq":SEQ,"OK":{"keys":["63"],"bytes_hex":"fe","text":"_g"}}`, `and this one "OK"`},
		{`{"seq":SEQ,"ok":{"keys":["63"],"hex":"fe","text":"_g"}}`, `the answer has no bytes_hex, but "hex", which is no member of an answer`},
		{`{"seq":"SEQ","ok":{}}`, `seq is "`},
		{`{"ok":{}}`, "its reply has no seq"},
		{` { "seq" : SEQ , "ok" : null , "error" : null }`, "and this one none"},
	} {
		t.Run(tt.reply, func(t *testing.T) {
			t.Parallel()
			r, err := conformance.Run(program(t, "literal", "CASPER_TEST_REPLY="+tt.reply), conformance.Options{Selection: few, Timeout: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			if res := result(t, r, odd); (res.Verdict != "misspoke" && res.Verdict != "failed") || !strings.Contains(res.Reason, tt.reason) || strings.Contains(res.Reason, "within") {
				t.Errorf("%s: %s", res.Verdict, res.Reason)
			}
			if n := r.Count("passed"); n != len(r.Results)-1 {
				t.Errorf("only %d of %d passed:\n%s", n, len(r.Results), text(t, r))
			}
		})
	}
	// The same of a process for each vector.
	r, err := conformance.Run([]string{"/bin/sh", "-c", `echo '{"seq":1,"ok":{"keys":[63]}}'`},
		conformance.Options{Selection: conformance.Selection{Run: []string{odd}}, OneShot: true, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if res := r.Results[0]; res.Verdict != "misspoke" || res.Reason != "keys[0] is a number; keys are decimal strings" {
		t.Errorf("one process each: %s: %s", res.Verdict, res.Reason)
	}
	// A null member is one that is left out, as some languages write them.
	r, err = conformance.Run(program(t, "literal", `CASPER_TEST_REPLY={"seq":SEQ,"error":null,"ok":{"keys":["63"],"bytes_hex":"fe","text":"_g","present":null}}`),
		conformance.Options{Selection: conformance.Selection{Run: []string{odd}}, Timeout: time.Minute})
	if err != nil || !r.OK() {
		t.Errorf("null members: %v\n%s", err, text(t, r))
	}
}

// TestRefusals looks at error kinds, and at a testee that accepts everything.
func TestRefusals(t *testing.T) {
	t.Parallel()
	refused := conformance.Selection{Run: []string{"h2o-pad-*", "h2o-text-*"}}
	r := run(t, "wrong kinds", conformance.Options{Selection: refused})
	if !r.OK() || !strings.Contains(text(t, r), "warning") || !strings.Contains(text(t, r), "--error-kinds") {
		t.Errorf("wrong kinds:\n%s", text(t, r))
	}
	r = run(t, "wrong kinds", conformance.Options{Selection: refused, ErrorKinds: true})
	if r.OK() || r.Count("failed") != len(r.Results) {
		t.Errorf("wrong kinds with ErrorKinds:\n%s", text(t, r))
	}
	r = run(t, "accept", conformance.Options{Selection: refused})
	if r.OK() || r.Count("failed") != len(r.Results) || !strings.Contains(text(t, r), "it must be refused as") {
		t.Errorf("accept:\n%s", text(t, r))
	}
}

// TestLies: claims of operations that there are not, and of one that is skipped
// throughout.
func TestLies(t *testing.T) {
	t.Parallel()
	r := run(t, "lie", conformance.Options{Selection: few})
	if r.OK() || len(r.Faults) != 4 {
		t.Fatalf("faults: %q", r.Faults)
	}
	for _, want := range []string{`"h2o.levitate"`, `"h3o.decode"`, `"nonsense"`, "claims h2o.encode, and skipped all"} {
		if !slices.ContainsFunc(r.Faults, func(f string) bool { return strings.Contains(f, want) }) {
			t.Errorf("no fault has %s: %q", want, r.Faults)
		}
	}
}

// TestNothingToRun: what cannot be run at all is an error, not a report.
func TestNothingToRun(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]string{
		"mute": "without a hello", "babble": "and not a hello", "supports nothing": "and not a hello",
	} {
		if _, err := conformance.Run(program(t, how), conformance.Options{}); !errors.Is(err, conformance.ErrNoHello) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", how, err)
		}
	}
	if _, err := conformance.Run([]string{"/nowhere/at/all"}, conformance.Options{}); err == nil {
		t.Error("a program that is not there runs")
	}
	if _, err := conformance.Run([]string{"/nowhere/at/all"}, conformance.Options{OneShot: true}); err == nil {
		t.Error("a program that is not there runs once")
	}
	if _, err := conformance.Run(nil, conformance.Options{}); err == nil {
		t.Error("no program runs")
	}
}

// TestNothingAsked: a run in which nothing was asked is not well, for a person and for every
// machine.
func TestNothingAsked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, how string
		oneShot   bool
		says      string
	}{
		{"another format", "other format", false, "it supports bip158.decode, and the chosen vectors ask for h2o.encode"},
		{"a skip each", "", true, "it skipped every vector"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			command := program(t, tt.how)
			if tt.oneShot {
				command = []string{"/bin/sh", "-c", `read -r line; seq=${line#*:}; echo '{"seq":'${seq%%,*}',"skip":"not today"}'`}
			}
			r, err := conformance.Run(command, conformance.Options{Selection: few, OneShot: tt.oneShot, Timeout: 20 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			if r.OK() || !r.Nothing() {
				t.Errorf("OK %v, Nothing %v", r.OK(), r.Nothing())
			}
			if s := text(t, r); strings.Contains(s, "PASS") || !strings.Contains(s, "\nNOTHING ASKED: ") || !strings.Contains(s, tt.says) {
				t.Errorf("for a person:\n%s", s)
			}
			var b strings.Builder
			if err := r.WriteJSON(&b); err != nil || !strings.Contains(b.String(), `"ok":false,"asked":0,`) {
				t.Errorf("as JSON: %v\n%s", err, b.String())
			}
			b.Reset()
			if err := r.WriteJUnit(&b); err != nil || !strings.Contains(b.String(), `failures="1"`) || !strings.Contains(b.String(), tt.says) {
				t.Errorf("as JUnit: %v\n%s", err, b.String())
			}
		})
	}
	r := run(t, "wrong key", conformance.Options{Selection: few})
	if r.Nothing() {
		t.Error("a run with a failure asked nothing")
	}
}

// TestNothingPasses: a program that does not run, or refuses everything, passes nothing, not even
// what must be refused. It is asked three vectors of an operation that have an answer, and
// nothing more of it if none gets a reply.
func TestNothingPasses(t *testing.T) {
	t.Parallel()
	refused := conformance.Selection{Run: []string{"h2o-pad-*", "h2o-text-*", "rice-pad-*", "h2o-encode-*"}}
	refusals := conformance.Selection{Run: []string{"h2o-pad-*", "h2o-text-*"}}
	script := func(text string) []string { return []string{"/bin/sh", "-c", text} }
	self := func(how string) []string { return program(t, how) }
	for _, tt := range []struct {
		name    string
		command []string
		o       conformance.Options
		verdict string // of most
		says    string
	}{
		{"one process each: crash with status 1", script("echo ModuleNotFoundError >&2; exit 1"), conformance.Options{Selection: refused, OneShot: true}, "not asked", "ModuleNotFoundError"},
		{"one process each, refusals alone", script("exit 1"), conformance.Options{Selection: refusals, OneShot: true}, "not asked", "refused without a reply"},
		{"one process each, tolerantly", script("exit 1"), conformance.Options{Selection: refusals, OneShot: true, Lenient: true}, "not asked", "refused without a reply"},
		{"one process each: everything", script("exit 1"), conformance.Options{OneShot: true}, "not asked", "refused without a reply"},
		{"one process each: silence", script("cat >/dev/null"), conformance.Options{Selection: refused, OneShot: true}, "not asked", "it said nothing"},
		{"one process each: the same refusal", script(`read -r line; seq=${line#*:}; echo '{"seq":'${seq%%,*}',"error":"bad-text"}'; exit 1`), conformance.Options{Selection: refusals, OneShot: true}, "failed", "it refuses what has an answer, too"},
		{"crash always", self("crash always"), conformance.Options{Selection: refused}, "not asked", "no such module"},
		{"hang always", self("hang always"), conformance.Options{Selection: refused, Timeout: 50 * time.Millisecond}, "not asked", "no reply within 50ms"},
		{"refuse always", self("refuse always"), conformance.Options{Selection: refusals}, "failed", "it refuses what has an answer, too"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.o.Timeout == 0 {
				tt.o.Timeout = 20 * time.Second
			}
			r, err := conformance.Run(tt.command, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			if s := text(t, r); r.OK() || r.Nothing() || r.Count("passed") > 0 || r.Count(tt.verdict) < len(r.Results)/2 || !strings.Contains(s, tt.says) {
				t.Errorf("%d of %d are %s:\n%s", r.Count(tt.verdict), len(r.Results), tt.verdict, s)
			}
			meant, err := tt.o.Select()
			if err != nil || len(r.Results) != len(meant) {
				t.Fatalf("%d results of %d vectors, %v", len(r.Results), len(meant), err)
			}
			for i, res := range r.Results {
				if res.ID != meant[i].ID || res.Reason == "" {
					t.Fatalf("result %d is of %s, and should be of %s: %s: %s", i, res.ID, meant[i].ID, res.Verdict, res.Reason)
				}
			}
		})
	}
}

// TestNoKind: with ErrorKinds, a refusal that does not say its kind is none.
func TestNoKind(t *testing.T) {
	t.Parallel()
	for _, kinds := range []bool{false, true} {
		// It answers what the canaries ask, from a file of right answers, and refuses the rest.
		r, err := conformance.Run([]string{"/bin/sh", "-c", `read -r line; case $line in
			*'"text":"qF*"'*) echo no >&2; exit 1 ;;
			*) seq=${line#*:}; echo '{"seq":'${seq%%,*}',"ok":{"keys":[]}}' ;;
			esac`}, conformance.Options{Selection: conformance.Selection{Run: []string{"h2o-text-star"}}, OneShot: true, ErrorKinds: kinds, Timeout: 20 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		res := r.Results[0]
		if kinds && (res.Verdict != "failed" || !strings.Contains(res.Reason, "without a reply")) {
			t.Errorf("with ErrorKinds: %s: %s", res.Verdict, res.Reason)
		}
		if !kinds && (res.Verdict != "passed" || len(res.Warnings) != 1 || !strings.Contains(res.Warnings[0], "it said: no")) {
			t.Errorf("without: %+v", res)
		}
	}
}

// TestSilenceEnds: a program that falls silent is not waited for at each vector.
func TestSilenceEnds(t *testing.T) {
	t.Parallel()
	r := run(t, "hang at last", conformance.Options{Selection: conformance.Selection{Formats: []string{"h2o"}}, Timeout: 50 * time.Millisecond})
	if n := r.Count("misspoke") + r.Count("timeout"); n == 0 || n > 4*(12+3) || r.Count("not asked") == 0 || r.Count("passed") == 0 {
		t.Errorf("%d without a reply:\n%s", n, text(t, r))
	}
}

// TestOneMistakeOnce: what is wrong in the same way is told once, with how many and the first.
func TestOneMistakeOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		command []string
		oneShot bool
		says    string
	}{
		{"nothing", []string{"true"}, true, "it said nothing"},
		{"numbers", []string{"/bin/sh", "-c", `read -r line; seq=${line#*:}; echo '{"seq":'${seq%%,*}',"ok":{"keys":[1]}}'`}, true, "keys[0] is a number; keys are decimal strings"},
		{"always wrong", program(t, "wrong always"), false, "keys are "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := conformance.Run(tt.command, conformance.Options{Selection: conformance.Selection{Formats: []string{"h2o"}}, OneShot: tt.oneShot, Timeout: 20 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			s := text(t, r)
			if n := strings.Count(s, "\n"); r.OK() || n > 60 || !strings.Contains(s, tt.says) || !strings.Contains(s, r.Results[0].ID) {
				t.Errorf("%d lines for %d results:\n%s", n, len(r.Results), s)
			}
			if n := strings.Count(s, tt.says); tt.name != "always wrong" && n > 5 {
				t.Errorf("told %d times:\n%s", n, s)
			}
		})
	}
}

// TestDoesNotStartAgain: a program that starts once only is given up, and every
// vector after that says so.
func TestDoesNotStartAgain(t *testing.T) {
	t.Parallel()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := conformance.Run(program(t, "starts once", "CASPER_TEST_TOKEN="+token), conformance.Options{Selection: few, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	last := r.Results[len(r.Results)-1]
	if r.OK() || last.Verdict != "crashed" || !strings.Contains(last.Reason, "did not start again") {
		t.Errorf("%s: %s", last.Verdict, last.Reason)
	}
	if len(r.Results) < 20 || r.Count("passed") == 0 {
		t.Errorf("%d results, %d passed", len(r.Results), r.Count("passed"))
	}
}

// TestStays: a program that does not end is killed, which is worth a note.
func TestStays(t *testing.T) {
	t.Parallel()
	r := run(t, "stay", conformance.Options{Selection: conformance.Selection{Run: []string{odd}}})
	if !r.OK() || len(r.Notes) != 1 {
		t.Errorf("notes %q", r.Notes)
	}
}

func TestKnownFailures(t *testing.T) {
	t.Parallel()
	read := func(list string) map[string]string {
		known, err := conformance.ReadKnownFailures(strings.NewReader(list))
		if err != nil {
			t.Fatal(err)
		}
		return known
	}
	r := run(t, "wrong key", conformance.Options{Selection: few, Known: read("# reasons\n\n" + odd + " # a key off\n")})
	res := result(t, r, odd)
	if !r.OK() || res.Verdict != "known" || res.Known != "a key off" {
		t.Errorf("%+v", res)
	}
	r = run(t, "good", conformance.Options{Selection: few, Known: read(odd)})
	if res := result(t, r, odd); r.OK() || res.Verdict != "unexpected" || !strings.Contains(text(t, r), "take it off the list") {
		t.Errorf("%+v", res)
	}
	for _, bad := range []string{"no-such-vector", odd + "\n" + odd} {
		if _, err := conformance.ReadKnownFailures(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	all, err := conformance.Selection{}.Select()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		s    conformance.Selection
		all  func(vectors.Vector) bool
	}{
		{"run", conformance.Selection{Run: []string{"h2o-*", "raw-*"}}, func(v vectors.Vector) bool {
			return strings.HasPrefix(v.ID, "h2o-") || strings.HasPrefix(v.ID, "raw-")
		}},
		{"skip", conformance.Selection{Skip: []string{"*-captured-*"}}, func(v vectors.Vector) bool { return !strings.Contains(v.ID, "-captured-") }},
		{"format", conformance.Selection{Formats: []string{"bip158", "h2o-2.0"}}, func(v vectors.Vector) bool { return v.Format == "bip158" || v.Format == "h2o-2.0" }},
		{"since", conformance.Selection{Since: "1.0"}, func(v vectors.Vector) bool { return v.Since == "1.0.0" }},
	} {
		got, err := tt.s.Select()
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		want := 0
		for _, v := range all {
			if tt.all(v) {
				want++
			}
		}
		if len(got) != want || !slices.IsSortedFunc(got, func(a, b vectors.Vector) int { return 0 }) || slices.ContainsFunc(got, func(v vectors.Vector) bool { return !tt.all(v) }) {
			t.Errorf("%s: %d vectors, want %d", tt.name, len(got), want)
		}
	}
	for _, s := range []conformance.Selection{
		{Run: []string{"["}}, {Run: []string{"nothing-*"}}, {Formats: []string{"h3o"}}, {Since: "one"}, {Since: "0.9"}, {Since: "1.0.0.0"},
	} {
		if got, err := s.Select(); err == nil {
			t.Errorf("%+v means %d vectors", s, len(got))
		}
	}
}

// TestReports reads the machines' reports back.
func TestReports(t *testing.T) {
	t.Parallel()
	r := run(t, "wrong key", conformance.Options{Selection: few})
	var b strings.Builder
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != len(r.Results)+1 {
		t.Fatalf("%d lines for %d results", len(lines), len(r.Results))
	}
	var sum struct {
		OK     bool
		Counts map[string]int
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &sum); err != nil || sum.OK || sum.Counts["failed"] != 1 || sum.Counts["passed"] != len(r.Results)-1 {
		t.Errorf("%+v, %v", sum, err)
	}
	b.Reset()
	if err := r.WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Tests, Failures int `xml:",attr"`
		Suites          []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(b.String()), &suites); err != nil {
		t.Fatal(err)
	}
	failures := 0
	for _, s := range suites.Suites {
		for _, c := range s.Cases {
			if c.Failure != nil {
				failures++
				if c.Name != odd || !strings.Contains(c.Failure.Message, "not [62]") {
					t.Errorf("%s: %s", c.Name, c.Failure.Message)
				}
			}
		}
	}
	if failures != 1 {
		t.Errorf("%d failures in\n%s", failures, b.String())
	}
}

// TestServe talks to this library without a process between.
func TestServe(t *testing.T) {
	t.Parallel()
	in := `{"op":"start","protocol":1,"vectors":"1.0.0"}
{"seq":7,"id":"x","format":"h2o","op":"decode","params":{"capacity_bits":13},"input":{"text":"qF0"}}
{"seq":8,"id":"x","format":"h2o","op":"decode","params":{},"input":{"text":"qF*"}}
{"seq":9,"id":"x","format":"h3o","op":"decode","params":{},"input":{"text":"qF0"}}
{"seq":10,"id":"x","format":"h2o","op":"encode","params":{},"input":{"keys":["many"]}}
{"op":"stop"}
this is not read
`
	var out strings.Builder
	if err := conformance.Serve(strings.NewReader(in), &out, testee.Casper); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 5 {
		t.Fatalf("%q", lines)
	}
	for i, want := range []string{
		`"supports":["h2o.hash","h2o.encode"`, `{"seq":7,"ok":{"keys":["20","178"],"canonical":true}}`, `{"seq":8,"error":"bad-text"`,
		`{"seq":9,"error":"bad-parameter"`, `{"seq":10,"error":"bad-parameter"`,
	} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %s", i+1, lines[i])
		}
	}
	for _, bad := range []string{"hello\n", `{"op":"start","protocol":2}` + "\n"} {
		if err := conformance.Serve(strings.NewReader(bad), &out, testee.Casper); err == nil {
			t.Errorf("%q is served", bad)
		}
	}
	refused, err := conformance.ServeOne(strings.NewReader(strings.Split(in, "\n")[2]), &out, testee.Casper)
	if !refused || err != nil {
		t.Errorf("ServeOne: %v, %v", refused, err)
	}
	if _, err := conformance.ServeOne(strings.NewReader("hello"), &out, testee.Casper); err == nil {
		t.Error("ServeOne serves hello")
	}
}

// TestServeWrongTypes: a request whose members are of wrong types is answered with an error that names
// the member, and the next one is answered.
func TestServeWrongTypes(t *testing.T) {
	t.Parallel()
	const good = `{"seq":2,"format":"h2o","op":"decode","params":{},"input":{"text":"qF0"}}`
	for _, tt := range []struct{ request, seq, message string }{
		{`{"seq":1,"format":"h2o","op":"encode","params":{},"input":{"keys":[20,178]}}`, "1", "input.keys[0] is a number; keys are decimal strings"},
		{`{"seq":1,"format":"h2o","op":"encode","params":{},"input":{"keys":"20"}}`, "1", "input.keys is a string; keys are a list of decimal strings"},
		{`{"seq":1,"format":"h2o","op":"hash","params":{},"input":{"names":[1]}}`, "1", "input.names[0] is a number; names are strings"},
		{`{"seq":1,"format":"bip158","op":"hash","params":{},"input":{"names_hex":["f"]}}`, "1", `input.names_hex[0] is "f"; names_hex are strings of hex digits, two for an octet`},
		{`{"seq":1,"format":"h2o","op":"decode","params":{},"input":{"text":["qF0"]}}`, "1", "input.text is a list; text is a string"},
		{`{"seq":1,"format":"h2o","op":"decode","params":{},"input":"qF0"}`, "1", "input is a string; input is an object"},
		{`{"seq":1,"format":"h2o","op":"decode","params":[],"input":{"text":"qF0"}}`, "1", "params is a list; params is an object"},
		{`{"seq":1,"format":"h2o","op":"decode","params":{"capacity_bits":"8"},"input":{"text":"qF0"}}`, "1", "capacity_bits"},
		{`{"seq":1,"format":7,"op":"decode","params":{},"input":{"text":"qF0"}}`, "1", "format is a number; format is a string"},
		{`{"seq":1,"format":"h2o","op":["decode"],"params":{},"input":{"text":"qF0"}}`, "1", "op is a list; op is a string"},
		{`{"seq":1,"format":"h2o","op":"decode"}`, "1", "the input has no value"},
		{`{"seq":1,"format":"h2o","OP":"decode"}`, "1", "operation"},
		{`{"seq":"1","format":"h2o","op":"decode","params":{},"input":{"text":"qF0"}}`, `"1"`, "seq is a string; seq is an integer"},
		{`{"seq":1.5,"format":"h2o","op":"decode","params":{},"input":{"text":"qF0"}}`, "1.5", "seq is 1.5; seq is an integer"},
		{`{"format":"h2o","op":"decode","params":{},"input":{"text":"qF0"}}`, "null", "the request has no seq"},
	} {
		var out strings.Builder
		if err := conformance.Serve(strings.NewReader(tt.request+"\n"+good+"\n"), &out, testee.Casper); err != nil {
			t.Errorf("%s: %v", tt.request, err)
			continue
		}
		first, second, _ := strings.Cut(strings.TrimSpace(out.String()), "\n")
		var r struct {
			Seq            json.RawMessage
			Error, Message string
		}
		if err := json.Unmarshal([]byte(first), &r); err != nil || string(r.Seq) != tt.seq || r.Error != "bad-parameter" || !strings.Contains(r.Message, tt.message) {
			t.Errorf("%s: answered with %s, and should be with seq %s: %s", tt.request, first, tt.seq, tt.message)
		}
		if !strings.HasPrefix(second, `{"seq":2,"ok":{"keys":["20","178"]`) {
			t.Errorf("%s: then answered with %s", tt.request, second)
		}
		out.Reset()
		refused, err := conformance.ServeOne(strings.NewReader(tt.request+"\n"), &out, testee.Casper)
		if !refused || err != nil || strings.TrimSpace(out.String()) != first {
			t.Errorf("%s: ServeOne: %v, %v, %s", tt.request, refused, err, out.String())
		}
	}
}

// TestOneShot runs shell scripts, a process for each vector.
func TestOneShot(t *testing.T) {
	t.Parallel()
	one := conformance.Selection{Run: []string{odd}}
	refused := conformance.Selection{Run: []string{"h2o-text-star"}}
	for _, tt := range []struct {
		name, script string
		s            conformance.Selection
		verdict      string
	}{
		{"right", `echo '{"seq":1,"ok":{"keys":["63"],"bytes_hex":"fe","text":"_g"}}'`, one, "passed"},
		{"wrong", `echo '{"seq":1,"ok":{"keys":["62"],"bytes_hex":"fe","text":"_g"}}'`, one, "failed"},
		{"skip", `echo '{"seq":1,"skip":"no"}'`, one, "skipped"},
		{"refused", `echo '{"seq":1,"error":"bad-text"}'; exit 1`, refused, "passed"},
		{"refused without a word", `read -r line; case $line in *'"qF*"'*) exit 1 ;; esac; echo '{"seq":2,"ok":{"keys":[]}}'`, refused, "passed"},
		{"refused always, without a word", `exit 1`, refused, "not asked"},
		{"refused for nothing", `exit 1`, one, "failed"},
		{"status against reply", `echo '{"seq":1,"error":"bad-text"}'`, refused, "misspoke"},
		{"reply against status", `echo '{"seq":1,"ok":{"keys":["63"],"bytes_hex":"fe","text":"_g"}}'; exit 1`, one, "misspoke"},
		{"nothing", `:`, one, "misspoke"},
		{"two lines", `echo '{"seq":1,"skip":"no"}'; echo more`, one, "misspoke"},
		{"other seq", `echo '{"seq":2,"skip":"no"}'`, one, "misspoke"},
		{"crash", `exit 9`, one, "crashed"},
		{"signal", `kill -9 $$`, one, "crashed"},
		{"flood", `while :; do printf '%065536d' 0; done`, one, "flooded"},
		{"hang", `sleep 1000`, one, "timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := conformance.Options{Selection: tt.s, OneShot: true, Timeout: 20 * time.Second}
			if tt.verdict == "timeout" {
				o.Timeout = 200 * time.Millisecond
			}
			r, err := conformance.Run([]string{"/bin/sh", "-c", tt.script}, o)
			if err != nil {
				t.Fatal(err)
			}
			if res := r.Results[0]; res.Verdict != tt.verdict {
				t.Errorf("%s: %s", res.Verdict, res.Reason)
			}
		})
	}
}
