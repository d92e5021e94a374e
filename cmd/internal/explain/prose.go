package explain

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// intro tells somebody who has never met a Golomb code how to read this one: two
// sentences, which the rules complete, and one about the keys.
func (e *Explanation) intro() string {
	var b strings.Builder
	if !e.codeKnown() {
		return "How this is coded cannot be told, since it could not be read far enough."
	}
	run, end := e.runBit(), e.runBit()^1
	b.WriteString("A Golomb-coded set is a sorted list of numbers, written as the gaps between neighbours: ")
	if e.Code.Rice == 0 {
		fmt.Fprintf(&b, "a gap is as many %cs as its value, its quotient, ended by a %c; there is no remainder.", run, end)
	} else {
		fmt.Fprintf(&b, "a gap is divided by %s, its quotient written as that many %cs ended by a %c, its remainder in %s.",
			e.divisor(), run, end, count(int(e.Code.Rice), "bit"))
	}
	if e.Code.Order == bitio.LSBFirst {
		b.WriteString(" Octets are read from their lowest bit up, remainders lowest bit first; below, the bits stand in the order of reading.")
	}
	if e.Key != "" {
		b.WriteString(" Here, a key is " + e.Key + ".")
	}
	b.WriteString(" So every code below turns into a key by two sums:")
	return b.String()
}

// codeKnown reports whether the format got so far as to say what its code is.
func (e *Explanation) codeKnown() bool {
	return e.Err == nil || e.Code != gcs.Code{} || e.Limit != gcs.Limit{}
}

// rules are these two sums.
func (e *Explanation) rules() []string {
	if !e.codeKnown() {
		return nil
	}
	gap, key := "gap = quotient", "key = the key before + gap"
	if e.Code.Rice > 0 {
		gap = fmt.Sprintf("gap = quotient · %s + remainder", e.divisor())
	}
	if e.Code.Gap == 1 {
		key += " + 1"
	}
	if e.Bits > 0 {
		return []string{gap, fmt.Sprintf("%s; the first key is %s, which is not in the stream", key, hexed(e.firstWide()))}
	}
	if e.First != nil {
		return []string{gap, fmt.Sprintf("%s; the first key is %d, which is not in the stream", key, *e.First)}
	}
	return []string{gap, key + "; the first key is its gap"}
}

// gapSum writes a code's gap as the sum it is.
func (e *Explanation) gapSum(c Code) string {
	switch {
	case c.Overflow:
		return fmt.Sprintf("above 2^%d", e.mostBits())
	case e.Code.Rice == 0:
		return c.gap()
	}
	return fmt.Sprintf("%d·%s + %s = %s", c.Quotient, e.divisor(), c.remainder(), c.gap())
}

// keySum writes a code's key as the sum it is.
func (e *Explanation) keySum(c Code) string {
	switch {
	case c.Overflow:
		return fmt.Sprintf("above 2^%d", e.mostBits())
	case c.Index == 0 && e.First == nil && e.Bits == 0:
		return c.key()
	case e.Code.Gap == 1 && c.Index > 0:
		return fmt.Sprintf("%s + %s + 1 = %s", c.previous(), c.gap(), c.key())
	}
	return fmt.Sprintf("%s + %s = %s", c.previous(), c.gap(), c.key())
}

// summary says in one sentence what the stream holds.
func (e *Explanation) summary() string {
	coded := 0
	for _, codes := range [][]Code{e.Codes, e.Last} {
		for _, c := range codes {
			if !c.Faulty {
				coded = c.End()
			}
		}
	}
	header := 0
	if n := len(e.Fields); n > 0 {
		header = e.Fields[n-1].End()
	}
	if e.Fault != nil {
		return fmt.Sprintf("%s before the fault at bit %d, for which the whole value is refused.", count(e.Keys, "key"), e.Fault.Offset)
	}
	s := count(e.Keys, "key")
	if e.Repeats > 0 {
		s += fmt.Sprintf(", %d of them repeated,", e.Repeats)
	}
	if e.First != nil || e.Bits > 0 {
		s += " after the first"
	}
	s += " in " + count(e.bits/8, "octet")
	if header > 0 {
		s += fmt.Sprintf(", %s of them the header", count(header, "bit"))
	}
	for _, f := range e.Rest {
		switch f.Part {
		case Padding:
			s += fmt.Sprintf(", %s of padding", count(f.Len, "bit"))
		case Unread:
			s += fmt.Sprintf(", %s that this reader ignores", count(f.Len, "bit"))
		}
	}
	if e.Keys > 0 {
		s += ": " + Figures(float64(coded-header)/float64(e.Keys), 3) + " bits a key"
	}
	if e.Note != "" {
		s += ". " + strings.TrimSuffix(e.Note, ".")
	}
	return s + "."
}

// repeats reports whether a code says the key before once more.
func (e *Explanation) repeats(c Code) bool {
	return c.Index > 0 && c.noGap() && e.Code.Gap == 0 && !c.Faulty
}

// remark is what a code's numbers do not say.
func (e *Explanation) remark(c Code) string {
	switch {
	case c.Faulty:
		return "no key: see the fault"
	case e.repeats(c):
		return "the same key again"
	}
	return ""
}

// notShown names the codes that were skipped.
func (e *Explanation) notShown() string {
	from := len(e.Codes) + 1
	if e.Skipped == 1 {
		return fmt.Sprintf("code %d is not shown", from)
	}
	return fmt.Sprintf("codes %d to %d are not shown", from, from+e.Skipped-1)
}

// codeBits writes the bits of a code, its parts apart, and a long run as a number.
func (e *Explanation) codeBits(c Code) (run, end, rest string) {
	run = strings.Repeat(string(e.runBit()), int(min(c.Quotient, 12)))
	if c.Quotient > 12 {
		run = fmt.Sprintf("%d×%c ", c.Quotient, e.runBit())
	}
	var b strings.Builder
	for i := c.Offset + int(c.Quotient) + 1; i < c.End(); i++ {
		b.WriteByte(e.bit(i))
	}
	return run, string(e.runBit() ^ 1), b.String()
}

// faultText is what is wrong, in one line.
func (e *Explanation) faultText() string { return short(e.Fault.Err.Error(), 1000) }

// short cuts a text that could be of any length.
func short(s string, most int) string {
	if n := len(s); n > most {
		return printable(s[:most]) + fmt.Sprintf("… (%d characters)", n)
	}
	return printable(s)
}

// printable takes out of a text what a terminal would obey and XML does not allow.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// wrap breaks a text into lines of at most width characters, where it has blanks.
func wrap(text string, width int) (lines []string) {
	line, length := "", 0
	for word := range strings.FieldsSeq(text) {
		n := len([]rune(word))
		if length > 0 && length+1+n > width {
			lines, line, length = append(lines, line), "", 0
		}
		if length > 0 {
			line, length = line+" ", length+1
		}
		line, length = line+word, length+n
	}
	return append(lines, line)
}
