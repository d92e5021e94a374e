package httpfacts

import (
	"iter"
	"net/http"
	"slices"
	"strings"
)

// First returns the first value of a field, "" if there is none. The name has to be in
// canonical form ("Etag"): unlike Header.Get, First does not bring it into that.
func First(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Has reports whether a field is there, with whatever value.
func Has(h http.Header, name string) bool { return len(h[name]) > 0 }

// elements yields the elements of a list field (RFC 9110, section 5.6.1), the lines of the
// field one after the other.
func elements(lines []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range lines {
			for e := range strings.SplitSeq(line, ",") {
				if e = strings.Trim(e, " \t"); e != "" && !yield(e) {
					return
				}
			}
		}
	}
}

// Lists reports whether a list field names a token, in any case.
func Lists(h http.Header, name, token string) bool {
	for e := range elements(h[name]) {
		if is(e, token) {
			return true
		}
	}
	return false
}

// directives yields the directives of Cache-Control with their arguments, the quotes taken
// off (RFC 9111, section 5.2). Names compare without regard to case; see is.
func directives(h http.Header) iter.Seq2[string, string] { return directivesOf(h["Cache-Control"]) }

func directivesOf(lines []string) iter.Seq2[string, string] {
	return func(yield func(name, argument string) bool) {
		for e := range elements(lines) {
			name, argument, _ := strings.Cut(e, "=")
			if !yield(strings.TrimRight(name, " \t"), strings.Trim(argument, ` "`)) {
				return
			}
		}
	}
}

// directed reports whether Cache-Control has one of the directives.
func directed(h http.Header, names ...string) bool {
	for name := range directives(h) {
		if slices.ContainsFunc(names, func(n string) bool { return is(n, name) }) {
			return true
		}
	}
	return false
}

// is compares names of directives, field names and tokens.
func is(a, b string) bool { return strings.EqualFold(a, b) }
