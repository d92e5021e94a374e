package explain

import "fmt"

// rowBits is how many bits stand in a row, in text and in pictures: four octets
// are what a page is wide enough for.
const rowBits = 32

// A span is a field within the whole stream: what the drawing is made of.
type span struct {
	Field
	code *Code // nil outside of codes
}

// spans lists all fields of the stream, in order and without a hole.
func (e *Explanation) spans() (all []span) {
	for _, f := range e.Fields {
		all = append(all, span{Field: f})
	}
	add := func(codes []Code) {
		for i := range codes {
			c := &codes[i]
			q := int(c.Quotient)
			for _, f := range [...]Field{
				{Part: Quotient, Offset: c.Offset, Len: q, Value: c.Quotient},
				{Part: Terminator, Offset: c.Offset + q, Len: 1},
				{Part: Remainder, Offset: c.Offset + q + 1, Len: c.Len - q - 1, Value: c.Remainder},
			} {
				if f.Len > 0 {
					all = append(all, span{f, c})
				}
			}
		}
	}
	add(e.Codes)
	if e.Skipped > 0 {
		from, to := e.Codes[len(e.Codes)-1].End(), e.Last[0].Offset
		all = append(all, span{Field: Field{Part: Elided, Offset: from, Len: to - from}})
	}
	add(e.Last)
	for _, f := range e.Rest {
		all = append(all, span{Field: f})
	}
	return all
}

// A row is a line of the drawing.
type row struct {
	from, to int    // bits
	instead  string // of a row that stands for several: what they hold
	spans    []span // cut to the row
}

// rows breaks the stream into rows. Rows that nothing can be learned from, the
// inside of a long run or of codes not shown, are drawn as one.
func (e *Explanation) rows() (rows []row) {
	open := false
	var now row
	for _, s := range e.spans() {
		for at := s.Offset; at < s.End(); {
			if open && at%rowBits == 0 {
				rows, open = append(rows, now), false
			}
			if n := wholeRows(s, at); n > 0 && !open {
				r := row{from: at, to: at + n*rowBits}
				r.instead = e.instead(s, r)
				rows = append(rows, r)
				at = r.to
				continue
			}
			if !open {
				now, open = row{from: at}, true
			}
			piece := s
			piece.Offset = at
			piece.Len = min(s.End(), (at/rowBits+1)*rowBits) - at
			now.spans = append(now.spans, piece)
			at += piece.Len
			now.to = at
		}
	}
	if open {
		rows = append(rows, now)
	}
	return rows
}

// wholeRows is how many whole rows from at on may be drawn as one.
func wholeRows(s span, at int) int {
	n := (s.End() - at) / rowBits
	if at%rowBits != 0 {
		return 0
	}
	switch {
	case s.Part == Elided:
		return n
	case at == s.Offset, n < 2:
		return 0 // the beginning is worth showing, and a single row not worth hiding
	}
	return n
}

// instead says what the rows hold that r stands for.
func (e *Explanation) instead(s span, r row) string {
	bits := fmt.Sprintf("bits %d to %d", r.from, r.to-1)
	switch s.Part {
	case Elided:
		return fmt.Sprintf("%s: of the %s not shown", bits, count(e.Skipped, "code"))
	case Quotient:
		return fmt.Sprintf("%s: %d more %cs of the same quotient", bits, r.to-r.from, e.runBit())
	}
	return fmt.Sprintf("%s: %s", bits, s.Part)
}

// runBit is the bit that a quotient is counted in.
func (e *Explanation) runBit() byte { return '0' + byte(e.Code.Run&1) }

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
