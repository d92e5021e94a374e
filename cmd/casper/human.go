package main

import (
	"fmt"
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
	keys := count(len(r.Keys), "key")
	if r.Universe > 0 {
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
	if p := r.FalsePositive(); p > 0 {
		s.fact("false positives", "%s %% of the assets that are not there look present", explain.Figures(100*p, 2))
	}
	if len(r.Keys) > 0 {
		s.keys("keys", r.Keys)
	}
}

// keys writes a list of keys, wrapped.
func (s *sheet) keys(name string, keys []uint64) {
	const indent = 19
	s.add("  %s", s.in(dim, fmt.Sprintf("%-*s", indent-2, name)))
	column := indent
	for i, k := range keys {
		word := strconv.FormatUint(k, 10)
		if i > 0 && column+1+len(word) > lineWidth {
			s.add("\n%*s", indent, "")
			column = indent
		} else if i > 0 {
			s.add(" ")
			column++
		}
		s.add("%s", word)
		column += len(word)
	}
	s.add("\n")
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
	first := map[uint64]int{} // the first asset of a key
	digits := 1
	for i := range r.assets {
		if r.present[i] {
			held++
		}
		if r.keys != nil {
			digits = max(digits, len(strconv.FormatUint(r.keys[i], 10)))
			if _, again := first[r.keys[i]]; !again {
				first[r.keys[i]] = i
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
			key = fmt.Sprintf("%*d  ", digits, r.keys[i])
			if at := first[r.keys[i]]; at != i {
				note = s.in(dim, fmt.Sprintf("  (same key as %.60q)", r.assets[at]))
			}
		}
		s.add("    %s  %s%s%s\n", word, key, strings.Map(printable, path), note)
	}
	if r.keys != nil {
		unknown := 0
		for _, k := range r.Keys {
			if _, ok := first[k]; !ok {
				unknown++
			}
		}
		if unknown > 0 {
			s.add("    %s\n", s.in(dim, count(unknown, "key")+" of no asset in the list"))
		}
	}
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
