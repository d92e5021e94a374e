// Package personal knows what of a page's path names a person, or opens something to whoever
// holds it: addresses, identifiers, tokens.
package personal

import "strings"

// Folded stands for what was left out.
const Folded = "{}"

// minToken is the length of a run of letters and digits from which it may be a token.
const minToken = 12

// Fold returns a path with [Folded] in the place of each segment that is [Is]. A query behind
// the path stays as it is.
func Fold(path string) string {
	end := len(path)
	if i := strings.IndexByte(path, '?'); i >= 0 {
		end = i
	}
	var b strings.Builder
	done := 0 // what b holds of path
	for start := 0; start <= end; {
		next := start + len(path[start:end])
		if i := strings.IndexByte(path[start:end], '/'); i >= 0 {
			next = start + i
		}
		if Is(path[start:next]) {
			b.WriteString(path[done:start])
			b.WriteString(Folded)
			done = next
		}
		start = next + 1
	}
	if done == 0 {
		return path
	}
	b.WriteString(path[done:])
	return b.String()
}

// Is reports whether a segment of a path holds an address (anything with an @) or what looks
// like a token: a UUID, or a run of letters and digits that is
//
//   - sixteen or more hexadecimal digits, not all of them letters;
//   - twelve or more characters that go from letters to digits or back at least three times, in
//     pieces of hardly three characters, a capital beginning a piece as it does in CamelCase.
//
// Slugs, dates, numbers of up to fifteen digits and the hashes that build tools put into names
// are none.
func Is(segment string) bool {
	if len(segment) < minToken {
		return strings.IndexByte(segment, '@') >= 0
	}
	start := 0
	for i := range len(segment) {
		if segment[i] == '@' {
			return true
		}
		if isAlnum(segment[i]) {
			continue
		}
		if isToken(segment[start:i]) {
			return true
		}
		start = i + 1
	}
	return isToken(segment[start:]) || holdsUUID(segment)
}

func isToken(run string) bool {
	if len(run) < minToken {
		return false
	}
	hex, digits, turns, pieces := true, 0, 0, 1
	for i := range len(run) {
		c := run[i]
		digit := c <= '9'
		if digit {
			digits++
		}
		hex = hex && isHex(c)
		if i == 0 {
			continue
		}
		before := run[i-1]
		switch {
		case digit != (before <= '9'):
			turns++
			pieces++
		case isUpper(c) && !isUpper(before) && !digit:
			pieces++
		}
	}
	switch {
	case digits == 0:
		return false // CamelCase, and words
	case hex && len(run) >= 16:
		return true
	}
	return turns >= 3 && 16*len(run) < 51*pieces // pieces of less than 3.2 characters
}

// holdsUUID looks for 8-4-4-4-12 hexadecimal digits.
func holdsUUID(s string) bool {
	const length = 36
next:
	for ; len(s) >= length; s = s[1:] {
		for i := range length {
			hyphen := i == 8 || i == 13 || i == 18 || i == 23
			if hyphen && s[i] != '-' || !hyphen && !isHex(s[i]) {
				continue next
			}
		}
		return true
	}
	return false
}

func isAlnum(c byte) bool  { return '0' <= c && c <= '9' || isLetter(c) }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isUpper(c byte) bool  { return 'A' <= c && c <= 'Z' }
func isHex(c byte) bool    { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }
