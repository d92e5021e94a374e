package conformance

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ops are the operations in the order of the table.
var ops = []string{"hash", "encode", "decode", "query"}

// WriteText writes the report for a person: a table, what failed and how to see why, and
// the sum. color uses ANSI colours.
func (r *Report) WriteText(w io.Writer, color bool) error {
	b := bufio.NewWriter(w)
	paint := func(ink, s string) string {
		if !color {
			return s
		}
		return "\x1b[" + ink + "m" + s + "\x1b[0m"
	}
	fmt.Fprintf(b, "%s\n\n", r.title())
	r.table(b)

	mistakes := r.mistakes()
	for i, m := range mistakes {
		if i == 0 {
			fmt.Fprintln(b)
		}
		m.writeText(b, paint)
	}
	r.warnings(b)
	for _, fault := range r.Faults {
		fmt.Fprintf(b, "\n%s  %s\n", paint("1;31", "fault     "), fault)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(b, "\nnote        %s\n", note)
	}

	fmt.Fprintln(b)
	if len(mistakes) > 0 {
		fmt.Fprintf(b, "Each is explained bit by bit by: casper conformance show %s\n", mistakes[0].results[0].ID)
	}
	ink, sum := "32", r.sum()
	if !r.OK() {
		ink = "1;31"
	}
	fmt.Fprintf(b, "%s\n", paint(ink, sum))
	return b.Flush()
}

// writeText writes each result of a mistake, or once what they have in common.
func (m mistake) writeText(w io.Writer, paint func(ink, s string) string) {
	head := func(format string, args ...any) {
		fmt.Fprintf(w, "%s  %s\n", paint("1;31", fmt.Sprintf("%-10s", m.verdict)), fmt.Sprintf(format, args...))
	}
	first := m.results[0]
	told := m.results
	same := m.same && len(told) > 1
	switch {
	case !same && len(told) > shownAlike+1:
		told = told[:shownAlike]
	case !same:
	case m.op != "":
		head("%d vectors of %s, the first %s", len(m.results), m.op, first.ID)
		told = told[:1]
	default:
		head("%d vectors, the first %s (%s.%s)", len(m.results), first.ID, first.Format, first.Op)
		told = told[:1]
	}
	for _, res := range told {
		if !same {
			head("%s (%s.%s)", res.ID, res.Format, res.Op)
		}
		fmt.Fprintf(w, "            %s\n", res.Reason)
		if res.Comment != "" {
			fmt.Fprintf(w, "            the vector: %s\n", res.Comment)
		}
		if res.Stderr != "" {
			fmt.Fprintf(w, "            it said: %s\n", clip(res.Stderr))
		}
	}
	if more := len(m.results) - len(told); more > 0 && !same {
		of := ""
		if m.op != "" {
			of = " of " + m.op
		}
		fmt.Fprintf(w, "            and %d more%s like these; --json tells each\n", more, of)
	}
}

// title names who was tested, and how.
func (r *Report) title() string {
	return fmt.Sprintf("%s%s, vectors %s, %s", r.who(), r.in(), r.Vectors, r.how())
}

// who names who was tested.
func (r *Report) who() string {
	who := cmp.Or(r.Testee.Name, "a program without a name")
	if r.Testee.Version != "" {
		who += " " + r.Testee.Version
	}
	return clip(who)
}

// in is the language, in parentheses.
func (r *Report) in() string {
	if r.Testee.Language == "" {
		return ""
	}
	return " (" + clip(r.Testee.Language) + ")"
}

// how says in which way it was asked.
func (r *Report) how() string {
	how := "strict reader"
	if r.Lenient {
		how = "tolerant reader"
	}
	if r.OneShot {
		how += ", one process each"
	}
	return how
}

// about is the title without the name.
func (r *Report) about() string {
	about := fmt.Sprintf("vectors %s, %s", r.Vectors, r.how())
	if r.Testee.Language != "" {
		about = clip(r.Testee.Language) + ", " + about
	}
	return about
}

// table shows how many of how many passed.
func (r *Report) table(w io.Writer) {
	type cell struct{ passed, asked, all int }
	cells := map[string]map[string]*cell{}
	var formats []string
	for _, res := range r.Results {
		if cells[res.Format] == nil {
			cells[res.Format] = map[string]*cell{}
			formats = append(formats, res.Format)
		}
		c := cells[res.Format][res.Op]
		if c == nil {
			c = &cell{}
			cells[res.Format][res.Op] = c
		}
		c.all++
		switch res.Verdict {
		case verdictNotClaimed, verdictSkipped:
		case verdictPassed, verdictUnexpected:
			c.passed++
			c.asked++
		default:
			c.asked++
		}
	}
	fmt.Fprintf(w, "%-14s", "")
	for _, op := range ops {
		fmt.Fprintf(w, "%10s", op)
	}
	fmt.Fprintln(w)
	for _, f := range formats {
		asked := 0
		for _, c := range cells[f] {
			asked += c.asked
		}
		if asked == 0 {
			continue // not claimed at all
		}
		var line strings.Builder
		fmt.Fprintf(&line, "%-14s", f)
		for _, op := range ops {
			text := ""
			if c := cells[f][op]; c != nil {
				text = "-"
				if c.asked > 0 {
					text = fmt.Sprintf("%d/%d", c.passed, c.asked)
				}
			}
			fmt.Fprintf(&line, "%10s", text)
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// shownWarnings is how many warnings are written out.
const shownWarnings = 5

func (r *Report) warnings(w io.Writer) {
	n := 0
	for _, res := range r.Results {
		for _, warning := range res.Warnings {
			if n == 0 {
				fmt.Fprintln(w)
			}
			if n++; n <= shownWarnings {
				fmt.Fprintf(w, "warning     %s: %s\n", res.ID, warning)
			}
		}
	}
	if n > shownWarnings {
		fmt.Fprintf(w, "            and %d more; --error-kinds makes failures of them\n", n-shownWarnings)
	}
}

// verdicts are all of them, in the order in which they are counted.
var verdicts = []string{
	verdictPassed, verdictFailed, verdictTimeout, verdictCrashed, verdictFlooded, verdictMisspoke,
	verdictNotAsked, verdictUnexpected, verdictKnown, verdictSkipped, verdictNotClaimed,
}

// word is a verdict behind a number.
func word(verdict string) string {
	switch verdict {
	case verdictKnown:
		return "known failures"
	case verdictUnexpected:
		return "passed unexpectedly"
	}
	return verdict
}

// sum is the last line.
func (r *Report) sum() string {
	var parts []string
	for _, v := range verdicts {
		if n := r.Count(v); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, word(v)))
		}
	}
	if n := len(r.Faults); n > 0 {
		parts = append(parts, fmt.Sprintf("%d faults", n))
	}
	word := "PASS"
	switch {
	case r.Interrupted:
		word = "INTERRUPTED"
	case r.Nothing():
		return fmt.Sprintf("NOTHING ASKED: %s", r.nothing())
	case !r.OK():
		word = "FAIL"
	}
	return fmt.Sprintf("%s: %s", word, strings.Join(parts, ", "))
}

// nothing says why nothing was asked.
func (r *Report) nothing() string {
	if r.Count(verdictSkipped) > 0 {
		return "it skipped every vector that it was asked"
	}
	chosen := map[string]bool{}
	for _, res := range r.Results {
		chosen[res.Format+"."+res.Op] = true
	}
	supports := "no operation"
	if len(r.Testee.Supports) > 0 {
		supports = enumerate(r.Testee.Supports)
	}
	return fmt.Sprintf("it supports %s, and the chosen vectors ask for %s", supports, enumerate(slices.Sorted(maps.Keys(chosen))))
}

// enumerate makes "a, b and c" of a list, and of a long one "a, b, c and 9 more".
func enumerate(names []string) string {
	const most = 5
	if len(names) > most {
		names = append(slices.Clone(names[:most-1]), fmt.Sprintf("%d more", len(names)-most+1))
	}
	last := len(names) - 1
	if last == 0 {
		return clip(names[0])
	}
	return clip(strings.Join(names[:last], ", ") + " and " + names[last])
}

// WriteJSON writes an object for each vector, a line each, and one for the whole.
func (r *Report) WriteJSON(w io.Writer) error {
	b := bufio.NewWriter(w)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	for _, res := range r.Results {
		if err := e.Encode(res); err != nil {
			return err
		}
	}
	counts := map[string]int{}
	for _, res := range r.Results {
		counts[res.Verdict]++
	}
	seconds := r.Took.Seconds()
	if err := e.Encode(whole{&r.Testee, r.Vectors, r.Lenient, r.OneShot, r.OK(), r.Asked(), r.Interrupted, counts, r.Faults, r.Notes, seconds}); err != nil {
		return err
	}
	return b.Flush()
}

// A whole is the last line of a report in JSON.
type whole struct {
	Testee      *Hello         `json:"testee"`
	Vectors     string         `json:"vectors"`
	Lenient     bool           `json:"lenient"`
	OneShot     bool           `json:"oneshot,omitzero"`
	OK          bool           `json:"ok"`
	Asked       int            `json:"asked"`
	Interrupted bool           `json:"interrupted,omitzero"`
	Counts      map[string]int `json:"counts"`
	Faults      []string       `json:"faults,omitzero"`
	Notes       []string       `json:"notes,omitzero"`
	Seconds     float64        `json:"seconds"`
}

// mostResults is how many results a report that is read may have.
const mostResults = 100_000

// ReadReports reads what [Report.WriteJSON] wrote, several times one after the other if need be. The
// error names the line. Reports of more than 100,000 vectors, and lines above 16 MiB, are refused.
func ReadReports(r io.Reader) (reports []*Report, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	report, n := &Report{}, 0
	for lines.Scan() {
		n++
		var line struct {
			Result
			whole
		}
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		switch err := json.Unmarshal(lines.Bytes(), &line); {
		case err != nil:
			return nil, fmt.Errorf("line %d is no report as --json prints it: %w", n, err)
		case line.Testee != nil:
			report.Testee, report.Vectors, report.Lenient, report.OneShot = *line.Testee, line.Vectors, line.Lenient, line.OneShot
			report.Faults, report.Notes, report.Interrupted = line.Faults, line.Notes, line.Interrupted
			report.Took = time.Duration(line.Seconds * float64(time.Second))
			reports = append(reports, report)
			report = &Report{}
		case line.ID == "" || !slices.Contains(verdicts, line.Verdict):
			return nil, fmt.Errorf("line %d is no report as --json prints it: it has no id with a verdict, and no testee", n)
		case len(report.Results) == mostResults:
			return nil, fmt.Errorf("line %d: more than %d vectors", n, mostResults)
		default:
			report.Results = append(report.Results, line.Result)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fmt.Errorf("line %d is longer than %d octets", n+1, maxLine)
	case err != nil:
		return nil, err
	case len(report.Results) > 0:
		return nil, fmt.Errorf("line %d: the report ends without its last line", n)
	}
	return reports, nil
}

// The elements of a JUnit report, as far as continuous builds read them.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
	Stderr  string        `xml:"system-err,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
}

// WriteJUnit writes the report as XML for continuous builds: a suite for each format
// and operation, and one for faults.
func (r *Report) WriteJUnit(w io.Writer) error {
	all := junitSuites{Name: "casper conformance: " + r.title(), Time: strconv.FormatFloat(r.Took.Seconds(), 'f', 3, 64)}
	suite := func(name string) *junitSuite {
		i := slices.IndexFunc(all.Suites, func(s junitSuite) bool { return s.Name == name })
		if i < 0 {
			i = len(all.Suites)
			all.Suites = append(all.Suites, junitSuite{Name: name})
		}
		return &all.Suites[i]
	}
	add := func(s *junitSuite, c junitCase) {
		s.Tests++
		all.Tests++
		if c.Failure != nil {
			s.Failures++
			all.Failures++
		}
		if c.Skipped != nil {
			s.Skipped++
			all.Skipped++
		}
		s.Cases = append(s.Cases, c)
	}
	for _, res := range r.Results {
		name := res.Format + "." + res.Op
		c := junitCase{Name: res.ID, Class: name, Stderr: res.Stderr}
		switch {
		case bad(res.Verdict):
			c.Failure = &junitMessage{Message: res.Reason, Type: res.Verdict}
		case res.Verdict != verdictPassed:
			c.Skipped = &junitMessage{Message: strings.TrimRight(res.Verdict+": "+res.Reason, ": ")}
		}
		add(suite(name), c)
	}
	for _, fault := range r.Faults {
		add(suite("faults"), junitCase{Name: fault, Class: "faults", Failure: &junitMessage{Message: fault, Type: "fault"}})
	}
	if r.Nothing() {
		why := "nothing was asked: " + r.nothing()
		add(suite("faults"), junitCase{Name: "nothing was asked", Class: "faults", Failure: &junitMessage{Message: why, Type: "nothing asked"}})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
