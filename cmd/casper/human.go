package main

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/cache-aware/casper/cmd/internal/explain"
	"github.com/cache-aware/casper/gcs/formats"
)

// Escape sequences for colours.
const (
	bold  = "1"
	dim   = "2"
	green = "32"
)

// lineWidth is what lists of keys are wrapped at, in columns.
const lineWidth = 78

// A sheet is text for a person, in colour or not.
type sheet struct {
	text  []byte
	color bool
}

func (s *sheet) add(format string, args ...any) { s.text = fmt.Appendf(s.text, format, args...) }

func (s *sheet) in(ink, text string) string {
	if !s.color {
		return text
	}
	return "\x1b[" + ink + "m" + text + "\x1b[0m"
}

// fact writes one line: what, and how much.
func (s *sheet) fact(name, format string, args ...any) {
	s.add("  %s%s\n", s.in(dim, fmt.Sprintf("%-17s", name)), fmt.Sprintf(format, args...))
}

// appendHuman appends a result for a person.
func appendHuman(dst []byte, r *result, color bool) []byte {
	s := &sheet{dst, color}
	s.title(r)
	s.fact("format", "%s", r.describe())
	switch {
	case len(r.Digests) > 0:
		s.digests(r)
	case r.format.Supports("decode"):
		s.set(r)
	}
	if r.present != nil {
		s.assets(r)
	}
	return s.text
}

// title says which value the lines below are about.
func (s *sheet) title(r *result) {
	title := strings.Map(printable, r.value)
	if n := len(title); n > 60 {
		title = title[:57] + "..."
	}
	if r.value == "" {
		title = "(empty)"
	}
	if r.name != "" {
		title = r.name + "=" + title
	}
	if r.where != "" {
		s.add("%s  %s\n", s.in(bold, title), s.in(dim, strings.Map(printable, r.where)))
	} else {
		s.add("%s\n", s.in(bold, title))
	}
}

// printable drops characters that a terminal obeys instead of printing them.
func printable(c rune) rune {
	if !strconv.IsPrint(c) || c > 0x7e {
		return '?'
	}
	return c
}

// describe is the format with its parameters.
func (r *result) describe() string {
	return strings.Join(append([]string{r.format.Name + ": " + r.format.Title}, paramPhrases(r.format, r.Params)...), ", ")
}

// paramPhrases are the parameters that have a value, each as a person says it.
func paramPhrases(format *formats.Format, p formats.Params) (phrases []string) {
	for _, param := range format.Params {
		value, ok := p.Text(param.Name)
		switch {
		case !ok:
		case param.Phrase != "":
			phrases = append(phrases, fmt.Sprintf(param.Phrase, value))
		default:
			phrases = append(phrases, param.Name+" "+value)
		}
	}
	return phrases
}

// set writes what there is to say about the keys.
func (s *sheet) set(r *result) {
	noun := "key"
	if r.indices {
		noun = "place"
	}
	keys := count(r.count, noun)
	if r.Universe > 0 && !r.indices {
		keys += fmt.Sprintf(" of %d possible", r.Universe)
	}
	s.fact("holds", "%s", keys)
	size := count(r.Size, "byte")
	if r.format.HasText {
		size += ", " + count(len(r.value), "character")
	}
	s.fact("size", "%s", size)
	if r.Canonical {
		s.fact("canonical", "yes")
	} else {
		s.fact("canonical", "no: encoding these keys gives another value")
	}
	if r.share > 0 && !r.indices {
		s.fact("false positives", "%s %% of the %s that are not there look present", explain.Figures(100*r.share, 2), r.noun())
	}
	if r.filterHash != "" {
		s.fact("filter hash", "%s", r.filterHash)
	}
	if r.header != "" {
		s.fact("filter header", "%s", r.header)
	}
	if r.count > 0 {
		s.list(noun+"s", r.all, r)
	}
}

// keys writes a list of keys, wrapped.
func (s *sheet) keys(name string, keys []uint64) { s.list(name, slices.Chunk(keys, 1), nil) }

// noun is what names stand for.
func (r *result) noun() string {
	switch {
	case r.format.HexNames:
		return "items"
	case r.format.HexKeys:
		return "expressions"
	}
	return "assets"
}

// list writes the keys of a result, wrapped; r is nil where they are short and in decimal.
func (s *sheet) list(name string, keys iter.Seq[[]uint64], r *result) {
	const indent = 19
	s.add("  %s", s.in(dim, fmt.Sprintf("%-*s", indent-2, name)))
	column, first := indent, true
	var word []byte
	for k := range keys {
		word = r.appendKey(word[:0], k)
		if !first && column+1+len(word) > lineWidth {
			s.add("\n%*s", indent, "")
			column = indent
		} else if !first {
			s.text = append(s.text, ' ')
			column++
		}
		s.text = append(s.text, word...)
		column += len(word)
		first = false
		if r != nil {
			s.text = r.pass(s.text)
		}
	}
	s.add("\n")
}

// appendKey writes a key for a person: in decimal, or a hash prefix as its octets.
func (r *result) appendKey(dst []byte, key []uint64) []byte {
	if r == nil || !r.format.HexKeys || r.indices {
		return formats.AppendKey(dst, key)
	}
	bits, _ := r.Params.Number("bits")
	for _, part := range key {
		for shift := min(bits, 64) - 4; shift >= 0; shift -= 4 {
			dst = append(dst, "0123456789abcdef"[part>>shift&15])
		}
	}
	return dst
}

func (s *sheet) digests(r *result) {
	for _, g := range r.Digests {
		what := fmt.Sprintf("log2n %d, log2p %d, %s", g.Log2N, g.Log2P, count(len(g.Keys), "key"))
		for _, flag := range g.Flags {
			what += ", " + flag
		}
		s.fact("digest", "%s", what)
		if len(g.Keys) > 0 {
			s.keys("keys", g.Keys)
		}
	}
}

// assets writes which assets the client holds, as far as the keys can tell.
func (s *sheet) assets(r *result) {
	held := 0
	first := map[string]int{} // the first asset of a key
	keys := make([]string, len(r.assets))
	digits := 1
	for i := range r.assets {
		if r.present[i] {
			held++
		}
		if r.keys != nil {
			words := r.words()
			keys[i] = string(r.appendKey(nil, r.keys[i*words:(i+1)*words]))
			digits = max(digits, len(keys[i]))
			if _, again := first[keys[i]]; !again {
				first[keys[i]] = i
			}
		}
	}
	s.fact("assets", "%d of %d present", held, len(r.assets))
	for i, path := range r.assets {
		word := s.in(dim, "absent ")
		if r.present[i] {
			word = s.in(green, "present")
		}
		key, note := "", ""
		if r.keys != nil {
			key = fmt.Sprintf("%*s  ", digits, keys[i])
			if at := first[keys[i]]; at != i {
				note = s.in(dim, fmt.Sprintf("  (same key as %.60q)", r.assets[at]))
			}
		}
		s.add("    %s  %s%s%s\n", word, key, strings.Map(printable, path), note)
	}
	if r.strange > 0 {
		s.add("    %s\n", s.in(dim, count(r.strange, "key")+" of no asset in the list"))
	}
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
