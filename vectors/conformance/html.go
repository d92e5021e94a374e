package conformance

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
)

//go:embed report.html.tmpl
var pageText string

var page = template.Must(template.New("report").Funcs(template.FuncMap{"vectors": func(n int) string {
	if n == 1 {
		return "1 vector"
	}
	return strconv.Itoa(n) + " vectors"
}}).Parse(pageText))

// The states of a part of the page, which are its classes in the style sheet.
const (
	statePass = "pass"
	stateFail = "fail"
	statePart = "part" // what was asked passed; the rest was not asked, or is known to fail
	stateNone = "none" // not asked
)

// shownOfMistake is how many vectors of one mistake the page names.
const shownOfMistake = 100

// A tally counts what came of some vectors.
type tally struct{ passed, failed, known, rest int }

func (t *tally) add(verdict string) {
	switch verdict {
	case verdictPassed, verdictUnexpected:
		t.passed++
	case verdictKnown:
		t.known++
	case verdictSkipped, verdictNotClaimed:
		t.rest++
	default:
		t.failed++
	}
}

func (t *tally) asked() int { return t.passed + t.failed + t.known }

func (t *tally) state() string {
	switch {
	case t.failed > 0:
		return stateFail
	case t.asked() == 0:
		return stateNone
	case t.known+t.rest > 0:
		return statePart
	}
	return statePass
}

// text is a tally in a few characters.
func (t *tally) text() string {
	if t.asked() == 0 {
		return "– " + strconv.Itoa(t.rest)
	}
	return fmt.Sprintf("%s %d/%d", map[string]string{statePass: "✓", statePart: "◐", stateFail: "✗"}[t.state()], t.passed, t.asked())
}

func (t *tally) bar() (parts []pagePart) {
	for _, p := range []pagePart{{N: t.passed, State: statePass}, {N: t.known, State: statePart}, {N: t.failed, State: stateFail}, {N: t.rest, State: stateNone}} {
		if p.N > 0 {
			parts = append(parts, p)
		}
	}
	return parts
}

// words is a tally in a sentence.
func (t *tally) words() string {
	parts := []string{fmt.Sprintf("%d of %d passed", t.passed, t.asked())}
	if t.asked() == 0 {
		parts = []string{"none asked"}
	}
	for _, p := range []struct {
		n    int
		word string
	}{{t.failed, "failed"}, {t.known, "known to fail"}, {t.rest, "not asked"}} {
		if p.n > 0 && t.asked() > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.word))
		}
	}
	return strings.Join(parts, ", ")
}

// What the template shows.
type (
	pagePart struct {
		Name, Text, State string
		N                 int
	}
	pageRow struct {
		Name  string
		Cells []pagePart
	}
	pageFamily struct {
		Name, About, Words string
		Bar                []pagePart
		Requirements       []pagePart
	}
	pageMistake struct {
		Verdict, Head, Stderr string
		Open                  bool
		Results               []Result
		More                  int
	}
	pageReport struct {
		Number                                  int
		Anchor, Name, Reader, About, Sum, State string
		Bar, Tiles                              []pagePart
		Faults, Notes                           []string
		Ops                                     []string
		Formats                                 []pageRow
		Families                                []pageFamily
		Mistakes                                []pageMistake
		Known, Warnings                         []Result
	}
)

// WriteHTML writes reports as one page, to be published: the state of each implementation by
// format and operation and by requirement of the specification, and what failed. It loads
// nothing, runs no script, and follows the reader's preference for light or dark. Nothing in it
// depends on when it is made.
func WriteHTML(w io.Writer, reports ...*Report) error {
	all, err := every()
	if err != nil {
		return err
	}
	specs := make(map[string][]string, len(all))
	var families []string // in the order of the formats
	for _, v := range all {
		specs[v.ID] = v.Spec
		for _, s := range v.Spec {
			if family, _ := cutRequirement(s); !slices.Contains(families, family) {
				families = append(families, family)
			}
		}
	}
	var names []string
	for _, r := range reports {
		names = append(names, r.who())
	}
	shown := struct {
		Title   string
		Single  bool
		Reports []pageReport
		Matrix  []pageRow
	}{Title: enumerate(names) + ": conformance to the formats of Golomb-coded sets", Single: len(reports) == 1}
	if !shown.Single {
		shown.Title = "Conformance to the formats of Golomb-coded sets"
	}
	for i, r := range reports {
		p := r.page(specs, families)
		p.Number = i + 1
		p.Anchor = "report-" + strconv.Itoa(p.Number)
		shown.Reports = append(shown.Reports, p)
	}
	if !shown.Single {
		shown.Matrix = matrix(reports)
	}
	return page.Execute(w, shown)
}

// WriteHTML writes the report as a page: [WriteHTML].
func (r *Report) WriteHTML(w io.Writer) error { return WriteHTML(w, r) }

// cutRequirement splits "GCS-12".
func cutRequirement(s string) (family string, number int) {
	dash := strings.LastIndexByte(s, '-')
	if dash < 0 {
		return s, 0
	}
	number, _ = strconv.Atoi(s[dash+1:])
	return s[:dash], number
}

// tallies counts by a name of each result; order is that of first appearance.
func tallies(results []Result, names func(Result) []string) (order []string, of map[string]*tally) {
	of = map[string]*tally{}
	for _, res := range results {
		for _, name := range names(res) {
			if of[name] == nil {
				of[name] = &tally{}
				order = append(order, name)
			}
			of[name].add(res.Verdict)
		}
	}
	return order, of
}

func byOp(res Result) []string     { return []string{res.Format + "." + res.Op} }
func byFormat(res Result) []string { return []string{res.Format} }

// cell is the tally of an operation, or nothing.
func cell(t *tally) pagePart {
	if t == nil {
		return pagePart{}
	}
	return pagePart{Text: t.text(), State: t.state()}
}

// matrix has a row for each operation that a report asked for, and a cell for each report.
func matrix(reports []*Report) (rows []pageRow) {
	var order []string
	of := make([]map[string]*tally, len(reports))
	for i, r := range reports {
		var names []string
		names, of[i] = tallies(r.Results, byOp)
		for _, name := range names {
			if !slices.Contains(order, name) {
				order = append(order, name)
			}
		}
	}
	for _, name := range order {
		row := pageRow{Name: name}
		asked := false
		for i := range reports {
			t := of[i][name]
			asked = asked || t != nil && t.asked() > 0
			row.Cells = append(row.Cells, cell(t))
		}
		if asked {
			rows = append(rows, row)
		}
	}
	return rows
}

// page is a report for the template.
func (r *Report) page(specs map[string][]string, families []string) pageReport {
	p := pageReport{Name: r.who(), Reader: r.how(), About: r.about(), Sum: r.sum(), State: stateFail, Faults: r.Faults, Notes: r.Notes, Ops: ops}
	switch {
	case r.OK():
		p.State = statePass
	case r.Nothing():
		p.State = stateNone
	}
	_, whole := tallies(r.Results, func(Result) []string { return []string{""} })
	if t := whole[""]; t != nil {
		p.Bar = t.bar()
	}
	for _, v := range verdicts {
		if n := r.Count(v); n > 0 {
			t := tally{}
			t.add(v)
			state := t.state()
			if v == verdictKnown {
				state = statePart
			}
			p.Tiles = append(p.Tiles, pagePart{Name: word(v), N: n, State: state})
		}
	}
	formats, _ := tallies(r.Results, byFormat)
	_, cells := tallies(r.Results, byOp)
	for _, f := range formats {
		row := pageRow{Name: f}
		for _, op := range ops {
			row.Cells = append(row.Cells, cell(cells[f+"."+op]))
		}
		p.Formats = append(p.Formats, row)
	}
	for _, f := range families {
		if made, ok := r.family(f, specs); ok {
			p.Families = append(p.Families, made)
		}
	}
	for _, m := range r.mistakes() {
		made := pageMistake{Verdict: m.verdict, Head: m.head(), Results: m.results, Stderr: m.results[0].Stderr, Open: len(p.Mistakes) == 0}
		if len(m.results) > shownOfMistake {
			made.Results, made.More = m.results[:shownOfMistake], len(m.results)-shownOfMistake
		}
		p.Mistakes = append(p.Mistakes, made)
	}
	for _, res := range r.Results {
		if res.Verdict == verdictKnown {
			p.Known = append(p.Known, res)
		}
		if len(res.Warnings) > 0 {
			p.Warnings = append(p.Warnings, res)
		}
	}
	return p
}

// family is what came of the vectors that cite requirements of a family.
func (r *Report) family(name string, specs map[string][]string) (f pageFamily, ok bool) {
	citing := func(res Result) (cited []string) {
		for _, s := range specs[res.ID] {
			if family, _ := cutRequirement(s); family == name {
				cited = append(cited, s)
			}
		}
		return cited
	}
	var results []Result
	for _, res := range r.Results {
		if len(citing(res)) > 0 {
			results = append(results, res)
		}
	}
	if len(results) == 0 {
		return f, false
	}
	_, whole := tallies(results, func(Result) []string { return []string{""} })
	f = pageFamily{Name: name, Words: whole[""].words(), Bar: whole[""].bar()}
	formats, _ := tallies(results, byFormat)
	f.About = "vectors of " + enumerate(formats)
	order, of := tallies(results, citing)
	slices.SortFunc(order, func(a, b string) int {
		_, x := cutRequirement(a)
		_, y := cutRequirement(b)
		return x - y
	})
	for _, s := range order {
		f.Requirements = append(f.Requirements, pagePart{Name: s, Text: of[s].text(), State: of[s].state()})
	}
	return f, true
}

// head names the vectors of a mistake.
func (m mistake) head() string {
	first := m.results[0]
	switch {
	case len(m.results) == 1:
		return fmt.Sprintf("%s (%s): %s", first.ID, m.op, first.Reason)
	case m.same && m.op != "":
		return fmt.Sprintf("%d vectors of %s: %s", len(m.results), m.op, first.Reason)
	case m.same:
		return fmt.Sprintf("%d vectors: %s", len(m.results), first.Reason)
	case m.op != "":
		return fmt.Sprintf("%d vectors of %s, such as %s: %s", len(m.results), m.op, first.ID, first.Reason)
	}
	return fmt.Sprintf("%d vectors, such as %s: %s", len(m.results), first.ID, first.Reason)
}
