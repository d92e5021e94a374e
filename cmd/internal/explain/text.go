package explain

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// textWidth is what the prose is wrapped at.
const textWidth = 96

// textMost is how many characters of a text of any length are shown.
const textMost = 60

// marks stand under the bits, so that the parts can be told apart without colour.
var marks = [parts]byte{Head: 'h', Quotient: 'q', Terminator: '|', Remainder: 'r', Padding: 'p', Unread: '.', Spare: 's', Elided: '~'}

// ink is the escape sequence of a part: foreground colours that both dark and light
// terminals show, and weight.
var ink = [parts]string{Head: "35", Quotient: "36", Terminator: "1;36", Remainder: "33", Padding: "2", Unread: "2", Spare: "2", Elided: "2"}

const faultInk = "1;31"

// A pen writes text, in colour or not.
type pen struct {
	*bufio.Writer
	color bool
}

func (p pen) in(ink, s string) string {
	if !p.color || s == "" || ink == "" {
		return s
	}
	return "\x1b[" + ink + "m" + s + "\x1b[0m"
}

// WriteText writes the explanation for a terminal or a file, with ANSI colours
// if color is set. Nothing is lost without them.
func (e *Explanation) WriteText(w io.Writer, color bool) error {
	p := pen{bufio.NewWriter(w), color}
	title := e.Title
	if e.Text != "" {
		title = short(e.Text, textMost) + "\n" + title
	}
	fmt.Fprintf(p, "%s\n\n", title)
	for _, line := range wrap(e.intro(), textWidth) {
		fmt.Fprintln(p, line)
	}
	for i, rule := range e.rules() {
		if i == 0 {
			fmt.Fprintln(p)
		}
		fmt.Fprintln(p, "  "+rule)
	}
	if e.shown > 0 {
		fmt.Fprintln(p)
		e.writeStrip(p)
	}
	e.writeLegend(p)
	if len(e.Fields) > 0 {
		e.writeHeader(p, "header", e.Fields)
	}
	if len(e.Codes) > 0 {
		e.writeCodes(p)
	}
	if tail := e.named(); len(tail) > 0 {
		e.writeHeader(p, "behind", tail)
	}
	fmt.Fprintln(p)
	if e.Fault != nil {
		for i, line := range wrap(e.faultText(), textWidth-8) {
			fmt.Fprintln(p, p.in(faultInk, [...]string{"fault", "     "}[min(i, 1)]), " "+line)
		}
	}
	for _, line := range wrap(e.summary(), textWidth) {
		fmt.Fprintln(p, line)
	}
	return p.Flush()
}

// writeStrip writes the stream in rows: characters above the bits, marks below.
func (e *Explanation) writeStrip(p pen) {
	column := func(r row, bit int) int { return bit - r.from + bit/8 - r.from/8 }
	gutter := len(fmt.Sprint(e.shown))
	for _, r := range e.strip() {
		if r.instead != "" {
			fmt.Fprintf(p, "  %*s  … %s\n", gutter, "", r.instead)
			continue
		}
		line := func(label string) { fmt.Fprintf(p, "  %*s  ", gutter, label) }
		at := 0
		write := func(bit int, s string) {
			c := column(r, bit)
			fmt.Fprintf(p, "%*s%s", c-at, "", s)
			at = c + len(s)
		}
		if w := e.alphabet.bits(); e.lettered() && r.from+w <= r.to {
			line("")
			for i := (r.from + w - 1) / w; i*w < r.to && i < len(e.text); i++ {
				write(i*w, e.char(i))
			}
			fmt.Fprintln(p)
		} else if !e.lettered() && r.from < e.bits {
			line("")
			for i := r.from; i+8 <= min(r.to, e.bits); i += 8 {
				write(i, fmt.Sprintf("%02x", e.octets[i/8]))
			}
			fmt.Fprintln(p)
		}
		line(fmt.Sprint(r.from))
		var under strings.Builder
		for _, s := range r.spans {
			for i := s.Offset; i < s.End(); i++ {
				if i > r.from && i%8 == 0 {
					p.WriteByte(' ')
					under.WriteByte(' ')
				}
				color := ink[s.Part]
				if e.faultAt(i) {
					color = faultInk
				}
				p.WriteString(p.in(color, string(e.bit(i))))
				under.WriteString(p.in(color, string(marks[s.Part])))
			}
		}
		fmt.Fprintln(p)
		line("")
		fmt.Fprintln(p, under.String())
		if f := e.Fault; f != nil && f.Offset < r.to && (f.End() > r.from || f.Offset >= r.from) {
			line("")
			from, to := column(r, max(f.Offset, r.from)), column(r, min(max(f.End(), f.Offset+1), r.to)-1)
			fmt.Fprintf(p, "%*s%s\n", from, "", p.in(faultInk, strings.Repeat("^", to-from+1)))
		}
	}
	if f := e.Fault; f != nil && f.Offset >= e.shown {
		fmt.Fprintf(p, "  %*s  %s\n", gutter, "", p.in(faultInk, "^ something is missing here"))
	}
}

// The strip shows so many rows of a long stream: the codes are listed below it.
const (
	stripFirst = 4
	stripLast  = 2
)

// strip is the rows that are shown as text: the first, the last, and those of the fault.
func (e *Explanation) strip() (shown []row) {
	rows := e.rows()
	if len(rows) <= stripFirst+stripLast+1 {
		return rows
	}
	for i, r := range rows {
		f := e.Fault
		faulty := f != nil && r.from <= f.Offset && f.Offset < r.to
		if i < stripFirst || i >= len(rows)-stripLast || faulty {
			shown = append(shown, r)
			continue
		}
		if last := &shown[len(shown)-1]; last.to == r.from && last.instead != "" && i > stripFirst {
			r.from = last.from
			shown = shown[:len(shown)-1]
		}
		r.instead = fmt.Sprintf("bits %d to %d", r.from, r.to-1)
		shown = append(shown, r)
	}
	return shown
}

// char is a character of the text as it can be shown in one column.
func (e *Explanation) char(i int) string {
	if c := e.text[i]; ' ' < c && c < 0x7f {
		return string(c)
	}
	return "?"
}

// faultAt reports whether the fault is at bit i.
func (e *Explanation) faultAt(i int) bool {
	return e.Fault != nil && e.Fault.Offset <= i && i < e.Fault.End()
}

// writeLegend explains the marks that were used.
func (e *Explanation) writeLegend(p pen) {
	var used [parts]bool
	for _, s := range e.spans() {
		used[s.Part] = true
	}
	var items []string
	for part, is := range used {
		if is {
			items = append(items, p.in(ink[part], string(marks[part]))+" "+Part(part).String())
		}
	}
	if e.Fault != nil {
		items = append(items, p.in(faultInk, "^")+" fault")
	}
	if len(items) > 0 {
		fmt.Fprintf(p, "\n  %s\n", strings.Join(items, "   "))
	}
}

// named are the fields behind the codes.
func (e *Explanation) named() (fields []Field) {
	for _, f := range e.Rest {
		if f.Name != "" {
			fields = append(fields, f)
		}
	}
	return fields
}

func (e *Explanation) writeHeader(p pen, title string, fields []Field) {
	t := table{right: []bool{true, false, true, false}}
	t.add("bit", title, "value", "")
	for _, f := range fields {
		t.add(fmt.Sprint(f.Offset), f.Name, fmt.Sprint(f.Value), f.Note)
	}
	t.write(p)
}

func (e *Explanation) writeCodes(p pen) {
	t := table{right: []bool{true, false, true, true, true, true, false}}
	t.add("bit", "code", "quotient", "remainder", "gap", "key", "")
	add := func(codes []Code) {
		for _, c := range codes {
			run, end, rest := e.codeBits(c)
			code := p.in(ink[Quotient], run) + p.in(ink[Terminator], end)
			if rest != "" {
				code += " " + p.in(ink[Remainder], rest)
			}
			note := e.remark(c)
			if c.Faulty {
				note = p.in(faultInk, note)
			}
			t.add(fmt.Sprint(c.Offset), code, p.in(ink[Quotient], fmt.Sprint(c.Quotient)),
				p.in(ink[Remainder], c.remainder()), e.gapSum(c), e.keySum(c), note)
		}
	}
	add(e.Codes)
	if e.Skipped > 0 {
		t.add("…", e.notShown())
	}
	add(e.Last)
	t.write(p)
}

// A table aligns its columns.
type table struct {
	right []bool
	rows  [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(p pen) {
	width := make([]int, len(t.right))
	for _, cells := range t.rows {
		if len(cells) < len(t.right) {
			continue // a remark, which may run over
		}
		for i, c := range cells {
			width[i] = max(width[i], visible(c))
		}
	}
	fmt.Fprintln(p)
	for _, cells := range t.rows {
		var line strings.Builder
		for i, c := range cells {
			pad := strings.Repeat(" ", max(width[i]-visible(c), 0))
			line.WriteString("  ")
			if t.right[i] {
				line.WriteString(pad + c)
			} else {
				line.WriteString(c + pad)
			}
		}
		fmt.Fprintln(p, strings.TrimRight(line.String(), " "))
	}
}

// visible is how many columns a cell takes: escape sequences take none.
func visible(s string) int {
	n := utf8.RuneCountInString(s)
	for {
		_, after, found := strings.Cut(s, "\x1b[")
		if !found {
			return n
		}
		sequence, rest, _ := strings.Cut(after, "m")
		n -= len("\x1b[") + len(sequence) + len("m")
		s = rest
	}
}
