package explain

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// Measures of the picture, in the units of its view box, which are pixels at
// its natural size.
const (
	cell       = 24 // width of a bit
	octetGap   = 10 // between two octets
	margin     = 28
	gutter     = 52 // for the offsets, left of the bits
	left       = margin + gutter
	bitsWidth  = rowBits*cell + (rowBits/8-1)*octetGap
	pageWidth  = left + bitsWidth + margin
	charWidth  = 6.7 // of the labels' fixed-width font, with a little to spare
	proseChars = 132 // in a line of prose as wide as the bits
)

// A picture is an SVG drawing that grows downwards.
type picture struct {
	bytes.Buffer
	y float64
}

func (p *picture) text(class string, x, y float64, s string) {
	fmt.Fprintf(p, `<text class="%s" x="%s" y="%s">%s</text>`+"\n", class, num(x), num(y), html.EscapeString(s))
}

func (p *picture) rect(class string, x, y, w, h, r float64) {
	fmt.Fprintf(p, `<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="%s"/>`+"\n", class, num(x), num(y), num(w), num(h), num(r))
}

func (p *picture) path(class, format string, args ...float64) {
	words := make([]any, len(args))
	for i, a := range args {
		words[i] = num(a)
	}
	fmt.Fprintf(p, `<path class="%s" d="%s"/>`+"\n", class, fmt.Sprintf(format, words...))
}

// num writes a coordinate without digits that nobody sees.
func num(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}

// prose writes wrapped text.
func (p *picture) prose(class, s string) {
	for _, line := range wrap(s, proseChars) {
		p.text(class, margin, p.y, line)
		p.y += 18
	}
}

// WriteSVG writes the explanation as a picture that stands for itself: it has its
// own style sheet, light and dark, loads nothing, and says in words what it shows.
func (e *Explanation) WriteSVG(w io.Writer) error {
	p := &picture{y: margin + 12}
	if e.Text != "" {
		p.text("title mono", margin, p.y, short(e.Text, textMost))
		p.y += 24
	}
	p.text("faint", margin, p.y, e.Title)
	p.y += 26
	p.prose("", e.intro())
	p.y += 4
	for _, rule := range e.rules() {
		p.text("mono", left, p.y, rule)
		p.y += 18
	}
	p.y += 14
	e.draw(p, true)
	p.y += 2
	p.prose("strong", e.summary())
	_, err := w.Write(e.frame(p, true))
	return err
}

// frame puts a drawing into an svg element. On its own it needs a name space and paper.
func (e *Explanation) frame(p *picture, alone bool) []byte {
	var b bytes.Buffer
	height := p.y + margin/2
	from, width := margin, pageWidth-margin-margin/2 // a page has margins of its own
	b.WriteString(`<svg `)
	if alone {
		from, width = 0, pageWidth
		fmt.Fprintf(&b, `xmlns="http://www.w3.org/2000/svg" width="%d" height="%s" `, width, num(height))
	}
	fmt.Fprintf(&b, `class="gcs" viewBox="%d 0 %d %s" role="img" aria-labelledby="gcs-title gcs-desc">`+"\n", from, width, num(height))
	fmt.Fprintf(&b, "<title id=\"gcs-title\">%s</title>\n", html.EscapeString("The bits of "+e.name()))
	fmt.Fprintf(&b, "<desc id=\"gcs-desc\">%s</desc>\n", html.EscapeString(e.describe()))
	fmt.Fprintf(&b, "<style>\n%s</style>\n", pictureStyle())
	if alone {
		fmt.Fprintf(&b, `<rect class="paper" width="%d" height="%s"/>`+"\n", pageWidth, num(height))
	}
	b.Write(p.Bytes())
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// name is what the stream is called in a heading.
func (e *Explanation) name() string {
	if e.Text == "" {
		return e.Title
	}
	return short(e.Text, textMost)
}

// describe is the picture in words.
func (e *Explanation) describe() string {
	var b strings.Builder
	b.WriteString(e.summary())
	for i, c := range e.Codes {
		if i == 20 {
			b.WriteString(" And so on.")
			break
		}
		if !c.Faulty {
			fmt.Fprintf(&b, " At bit %d: quotient %d, remainder %s, gap %s, key %s.", c.Offset, c.Quotient, c.remainder(), c.gap(), c.key())
		}
	}
	if e.Fault != nil {
		b.WriteString(" The fault: " + e.faultText() + ".")
	}
	return b.String()
}

// draw draws legend, bits and set, and the fault's message where nobody else
// tells it.
func (e *Explanation) draw(p *picture, alone bool) {
	e.drawLegend(p)
	rows := e.rows()
	sums := e.sumRows(rows)
	for _, r := range rows {
		if r.instead != "" {
			e.drawInstead(p, r)
		} else {
			e.drawRow(p, r, sums)
		}
	}
	if alone {
		e.drawFault(p)
	}
	e.drawSet(p)
}

// x is the left side of a bit's cell.
func x(bit int) float64 {
	i := bit % rowBits
	return float64(left + i*cell + i/8*octetGap)
}

// right is the right side of the cell before bit.
func right(bit int) float64 { return x(bit-1) + cell }

func (e *Explanation) drawLegend(p *picture) {
	var used [parts]bool
	for _, s := range e.spans() {
		used[s.Part] = true
	}
	at := float64(margin)
	for i, is := range used {
		if !is {
			continue
		}
		p.rect(classes[i], at+0.5, p.y-11.5, 14, 14, 3)
		p.text("", at+21, p.y, Part(i).String())
		at += 21 + 7*float64(len(Part(i).String())) + 20
	}
	if e.Fault != nil {
		p.rect("faultbox", at+1, p.y-11, 13, 13, 3)
		p.text("faulttext", at+21, p.y, "fault")
	}
	p.y += 28
}

func (e *Explanation) drawInstead(p *picture, r row) {
	p.path("rule", "M%s %sH%s", left, p.y+0.5, left+bitsWidth)
	p.text("faint mono end", left-10, p.y+22, "…")
	p.text("faint", left+2, p.y+22, r.instead)
	p.path("rule", "M%s %sH%s", left, p.y+34.5, left+bitsWidth)
	p.y += 50
}

// drawRow draws octets, characters, bits, the values of the fields and the codes.
func (e *Explanation) drawRow(p *picture, r row, sums map[*Code]int) {
	if !(e.alphabet == Hex && e.lettered()) && r.from < e.bits {
		for i := r.from; i+8 <= min(r.to, e.bits); i += 8 {
			p.text("label faint mid", (x(i)+right(i+8))/2, p.y+10, fmt.Sprintf("%02x", e.octets[i/8]))
		}
		p.y += 16
	}
	if e.lettered() {
		e.drawChars(p, r)
		p.y += 26
	}
	p.text("label faint end", left-10, p.y+18, fmt.Sprint(r.from))
	for _, s := range r.spans {
		class := classes[s.Part]
		for i := s.Offset; i < s.End(); i++ {
			p.rect(class, x(i)+1, p.y+0.5, cell-2, 26, 3)
			p.text("bit mid "+class, x(i)+cell/2, p.y+18.5, string(e.bit(i)))
		}
	}
	if f := e.Fault; f != nil && f.Offset < r.to && f.End() > r.from {
		from, to := x(max(f.Offset, r.from)), right(min(f.End(), r.to))
		p.rect("faultbox", from-1.5, p.y-2, to-from+3, 31, 5)
	} else if f != nil && f.Len == 0 && f.Offset == r.to {
		p.rect("faultbox", right(r.to)+3, p.y-2, 5, 31, 2)
	}
	p.y += 32
	if e.drawValues(p, r) {
		p.y += 22
	}
	if e.drawBraces(p, r, sums) {
		p.y += 32
	}
	p.y += 14
}

// drawChars draws the characters over their bits. One that two rows share is in both.
func (e *Explanation) drawChars(p *picture, r row) {
	w := e.alphabet.bits()
	for i := r.from / w; i*w < r.to && i < len(e.text); i++ {
		from, to := x(max(i*w, r.from))+1, right(min((i+1)*w, r.to))-1
		p.rect("char", from+0.5, p.y+0.5, to-from-1, 20, 4)
		class := "mono mid"
		if i == e.bad {
			class += " faulttext"
		}
		p.text(class, (from+to)/2, p.y+15, e.char(i))
	}
}

// drawValues writes under each field what its bits mean, where they mean something.
func (e *Explanation) drawValues(p *picture, r row) (drawn bool) {
	for i, s := range r.spans {
		class := classes[s.Part]
		from, to := x(s.Offset)+2, right(s.End())-2
		if s.Part == Unread || s.Part == Spare || s.Part == Elided {
			continue
		}
		drawn = true
		if s.Part != Terminator {
			p.path(class, "M%s %sH%s", from, p.y, to)
		}
		switch {
		case s.Part == Head:
			p.value(class, from, to, s.Name, s.Value)
		case s.Part == Padding:
			p.label("under "+class, from, to, p.y+14, "padding", "pad")
		case s.code == nil: // a code that is cut short means nothing
		case s.Part == Remainder:
			p.value(class, from, to, "remainder", s.Value)
		case s.Part == Quotient:
			if i+1 < len(r.spans) { // the bit that ends it counts as room
				to = right(r.spans[i+1].Offset + 1)
			}
			p.value(class, from, to, "quotient", s.code.Quotient)
		case s.code.Quotient == 0: // which has no bits of its own
			p.label("under "+classes[Quotient], from-10, to+10, p.y+14, "q 0")
		}
	}
	return drawn
}

// value writes a field's value, and its name as far as there is room.
func (p *picture) value(class string, from, to float64, name string, v uint64) {
	p.label("under "+class, from, to, p.y+14, fmt.Sprint(name, " ", v), fmt.Sprint(name[:1], " ", v), fmt.Sprint(v))
}

// label writes the first of the texts that fits between two places.
func (p *picture) label(class string, from, to, y float64, texts ...string) {
	for _, s := range texts {
		if charWidth*float64(utf8.RuneCountInString(s)) <= to-from+1 {
			p.text("label mid "+class, (from+to)/2, y, s)
			return
		}
	}
}

// drawBraces draws a brace under each code, and under it the code's gap and key.
func (e *Explanation) drawBraces(p *picture, r row, sums map[*Code]int) (drawn bool) {
	for _, piece := range r.codes() {
		c := piece.code
		from, to := x(piece.Offset)+2, right(piece.End())-2
		line := [2]float64{from, to} // which goes on a little where the code does
		if piece.Offset > c.Offset {
			line[0] -= octetGap
		}
		if piece.End() < c.End() {
			line[1] += octetGap
		}
		p.path("brace", "M%s %sH%s", line[0], p.y+6, line[1])
		if piece.Offset == c.Offset {
			p.path("brace", "M%s %sV%s", from, p.y, p.y+6)
		}
		if piece.End() == c.End() {
			p.path("brace", "M%s %sV%s", to, p.y, p.y+6)
		}
		if sums[c] == r.from {
			e.drawSum(p, c, from, to, p.y+6)
		}
		drawn = true
	}
	return drawn
}

// codes are the pieces of codes in a row.
func (r row) codes() (pieces []span) {
	for _, s := range r.spans {
		if n := len(pieces); n > 0 && pieces[n-1].code == s.code {
			pieces[n-1].Len += s.Len
		} else if s.code != nil {
			pieces = append(pieces, s)
		}
	}
	return pieces
}

// sumRows chooses the row in which a code's sum is written: the one that most of
// it is in, or the last that is nearly wide enough for any sum.
func (e *Explanation) sumRows(rows []row) map[*Code]int {
	const enough = rowBits / 2
	at, width := map[*Code]int{}, map[*Code]int{}
	for _, r := range rows {
		for _, piece := range r.codes() {
			if n := min(piece.Len, enough); n >= width[piece.code] {
				at[piece.code], width[piece.code] = r.from, n
			}
		}
	}
	return at
}

// drawSum writes gap and key of a code, as much of it as there is room for.
func (e *Explanation) drawSum(p *picture, c *Code, from, to, y float64) {
	if c.Faulty {
		p.text("label mid strong faulttext", (from+to)/2, y+20, "no key")
		return
	}
	key := c.key()
	pill := charWidth*float64(len(key)) + 12
	for _, before := range []string{"gap " + e.gapSum(*c) + " → key ", "gap " + c.gap() + " → key ", "key ", ""} {
		w := charWidth*float64(utf8.RuneCountInString(before)) + pill
		if w > to-from+6 && before != "" || w > to-from+18 {
			continue
		}
		a := (from + to - w) / 2
		p.path("brace", "M%s %sV%s", (from+to)/2, y, y+5)
		if before != "" {
			p.text("label", a, y+20, before)
		}
		p.rect("pill", a+w-pill, y+8, pill, 17, 8.5)
		p.text("label mid strong inpill", a+w-pill/2, y+20, key)
		return
	}
}

// drawFault says what is wrong.
func (e *Explanation) drawFault(p *picture) {
	if e.Fault == nil {
		return
	}
	lines := wrap(e.faultText(), proseChars-6)
	p.rect("faultpaper", margin, p.y, pageWidth-2*margin, 18*float64(len(lines))+14, 6)
	p.y += 21
	for _, line := range lines {
		p.text("faulttext strong", margin+12, p.y, line)
		p.y += 18
	}
	p.y += 14
}

// drawSet draws the keys on the line of all that there could be.
func (e *Explanation) drawSet(p *picture) {
	var keys []uint64
	for _, codes := range [][]Code{e.Codes, e.Last} {
		for _, c := range codes {
			if !c.Faulty && c.Key < e.Universe {
				keys = append(keys, c.Key)
			}
		}
	}
	if e.Universe == 0 || len(keys) == 0 {
		p.y += 8
		return
	}
	const height = 34 // of an arc's control point over the line
	title := fmt.Sprintf("The set, on the line of all %d keys that there could be", e.Universe)
	if e.Skipped > 0 {
		title += "; " + e.notShown()
	}
	p.y += 16
	p.text("strong", margin, p.y, title)
	p.y += 18 + height
	base, at := p.y, func(k uint64) float64 {
		return left + bitsWidth*float64(k)/math.Max(float64(e.Universe-1), 1)
	}
	p.path("rule", "M%s %sH%s", left, base+0.5, left+bitsWidth)
	p.text("label faint end", left-8, base+4, "0")
	free := float64(margin) // labels may begin here
	name := func(class string, k uint64) {
		label := fmt.Sprint(k)
		half := charWidth * float64(len(label)) / 2
		if mid := min(at(k), left+bitsWidth-half); mid-half >= free {
			p.text("label mid "+class, mid, base+22, label)
			free = mid + half + charWidth
		}
	}
	before, origin := 0.0, uint64(0)
	if e.First != nil {
		origin = *e.First
	}
	before = at(origin)
	for i, k := range keys {
		here := at(k)
		p.path("tick", "M%s %sV%s", here, base-7, base+8)
		name("strong", k)
		gap := k - origin
		if i > 0 {
			gap -= uint64(e.Code.Gap)
		}
		label := fmt.Sprint("gap ", gap)
		if here-before > charWidth*float64(len(label)+1) && !(e.Skipped > 0 && i == len(e.Codes)) {
			p.path("arc", "M%s %sQ%s %s %s %s", before+2, base-9, (before+here)/2, base-9-height, here-2, base-9)
			p.text("label mid faint", (before+here)/2, base-13-height/2, label)
		}
		before, origin = here, k
	}
	name("faint", e.Universe-1)
	p.y += 46
}
