package capture

import (
	"bytes"
	"strconv"
	"strings"
)

// What carries a cookie may write its characters in other ways: percent-encoded, once or
// twice, in the escapes of JSON and of C, as the entities of HTML, and with the codes of a
// terminal's colours around them.

const escape = 0x1b // begins the codes of a terminal

// charAt returns the character at the beginning of text and how many bytes it takes, at
// least one of a text that is not empty. One beyond ASCII is 0x80 or above.
func charAt(text []byte) (c byte, n int) {
	switch text[0] {
	case '%':
		c, n = percent(text)
	case '\\':
		c, n = backslash(text)
	case '&':
		c, n = entity(text)
	default:
		c, n = text[0], 1
	}
	if c == escape {
		n += colorEnd(text[n:])
	}
	return c, n
}

func percent(text []byte) (byte, int) {
	c, ok := hexAt(text, 1, 2)
	if !ok {
		return '%', 1
	}
	if again, ok := hexAt(text, 3, 2); c == '%' && ok {
		return byte(again), 5
	}
	return byte(c), 3
}

// backslash reads an escape. A carrier within a carrier writes several backslashes.
func backslash(text []byte) (byte, int) {
	n := 0
	for n < len(text) && text[n] == '\\' {
		n++
	}
	if n == len(text) {
		return '\\', 1
	}
	switch c := text[n]; c {
	case 'n', 'r':
		return '\n', n + 1
	case 't', 'b', 'f', 'v':
		return '\t', n + 1
	case 'e':
		return escape, n + 1
	case '"', '\'', '/', '`':
		return c, n + 1
	case 'x':
		if v, ok := hexAt(text, n+1, 2); ok {
			return byte(v), n + 3
		}
	case 'u':
		if v, ok := hexAt(text, n+1, 4); ok {
			return byte(min(v, 0x80)), n + 5
		}
	case '0':
		if bytes.HasPrefix(text[n:], []byte("033")) {
			return escape, n + 3
		}
	}
	return '\\', 1
}

// hexAt reads a number of so many hex digits.
func hexAt(text []byte, at, digits int) (v uint64, ok bool) {
	if len(text) < at+digits {
		return 0, false
	}
	for _, c := range text[at : at+digits] {
		d, ok := hexDigit(c)
		if !ok {
			return 0, false
		}
		v = v<<4 | uint64(d)
	}
	return v, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// entities are those of HTML that may stand in or around a cookie.
var entities = map[string]byte{
	"quot": '"', "amp": '&', "apos": '\'', "lt": '<', "gt": '>', "equals": '=', "semi": ';', "nbsp": ' ', "plus": '+', "sol": '/', "lowbar": '_',
}

func entity(text []byte) (byte, int) {
	const longest = 9
	end := bytes.IndexByte(text[:min(len(text), longest)], ';')
	if end < 0 {
		return '&', 1
	}
	name := string(text[1:end])
	if c, ok := entities[name]; ok {
		return c, end + 1
	}
	digits, ok := strings.CutPrefix(name, "#")
	base := 10
	if rest, isHex := strings.CutPrefix(strings.ToLower(digits), "x"); isHex {
		digits, base = rest, 16
	}
	if v, err := strconv.ParseUint(digits, base, 32); ok && err == nil && v > 0 {
		return byte(min(v, 0x80)), end + 1
	}
	return '&', 1
}

// colorEnd is the length of what follows an escape character in the code of a colour, 0 when
// it is something else.
func colorEnd(text []byte) int {
	if len(text) == 0 || text[0] != '[' {
		return 0
	}
	for i, c := range text[1:] {
		if c == 'm' || c == 'K' {
			return i + 2
		}
		if c != ';' && (c < '0' || c > '9') {
			break
		}
	}
	return 0
}

// beginsWord reports whether what stands at the end of text, of a line's beginning, is no part
// of a word that goes on behind it.
func beginsWord(text []byte) bool {
	if len(text) == 0 || !isWord(text[len(text)-1]) {
		return true
	}
	// A letter or digit may be the end of an escape: of \n, %XX, \xHH, %25XX, \uXXXX.
	for size := 2; size <= min(6, len(text)); size++ {
		tail := text[len(text)-size:]
		if tail[0] != '\\' && tail[0] != '%' {
			continue
		}
		if c, n := charAt(tail); n == size {
			return !isWord(c)
		}
	}
	return endsColor(text)
}

// endsColor reports whether text ends with the code of a colour.
func endsColor(text []byte) bool {
	i := len(text) - 1
	if text[i] != 'm' && text[i] != 'K' {
		return false
	}
	for i--; i >= 0 && (text[i] == ';' || '0' <= text[i] && text[i] <= '9'); i-- {
	}
	if i < 1 || text[i] != '[' {
		return false
	}
	for size := 1; size <= min(6, i); size++ { // ESC, \e, \033, \x1b, %1B, \u001b
		if c, n := charAt(text[i-size : i]); n == size && c == escape {
			return true
		}
	}
	return false
}

// A field is what stands behind a name.
type field struct {
	value []byte
	end   int   // of it, in the text
	err   error // why it is no value
}

// readField reads what stands behind a name: =VALUE, or as JSON and its like write it
// ":"VALUE". It is nil when neither does. The name's quote, where JSON has one, is
// the one that stands first in text.
func readField(text []byte) (f field, ok bool) {
	at := skipColors(text, 0)
	if at == len(text) {
		return f, false
	}
	c, n := charAt(text[at:])
	at += n
	switch c {
	case '=':
	case '"', '\'':
		at = skipSpace(text, at)
		if at == len(text) || text[at] != ':' {
			return f, false
		}
		at = skipSpace(text, at+1)
		if at == len(text) {
			return f, false
		}
		if q, _ := charAt(text[at:]); q != c {
			return f, false
		}
	default:
		return f, false
	}
	at = skipColors(text, at)
	if at < len(text) {
		if c, n := charAt(text[at:]); c == '"' || c == '\'' {
			at = skipColors(text, at+n)
		}
	}
	f.value, f.end = valueAt(text, at)
	switch {
	case len(f.value) == 0 && !endsValue(text, f.end):
		f.err = &notValue{piece(text[at:])}
	case isRedacted(f.value):
		f.err = &notValue{f.value}
	}
	return f, true
}

func skipColors(text []byte, at int) int {
	for at < len(text) && (text[at] == escape || text[at] == '\\' || text[at] == '%') {
		c, n := charAt(text[at:])
		if last := text[at+n-1]; c != escape || last != 'm' && last != 'K' {
			break
		}
		at += n
	}
	return at
}

func skipSpace(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t') {
		at++
	}
	return at
}

// valueAt takes the characters of both base64 alphabets. The value is a part of the
// text unless some of them are escaped.
func valueAt(text []byte, at int) (value []byte, end int) {
	end = at
	for end < len(text) && isBase64[text[end]] {
		end++
	}
	value = text[at:end:end]
	for end < len(text) && (text[end] == '%' || text[end] == '\\' || text[end] == '&') {
		c, n := charAt(text[end:])
		if !isBase64[c] {
			break
		}
		value = append(value, c) // a copy: the capacity is the length
		end += n
		for end < len(text) && isBase64[text[end]] {
			value = append(value, text[end])
			end++
		}
	}
	return value, end
}

// endsValue reports whether an empty value may end at a place.
func endsValue(text []byte, at int) bool {
	if at == len(text) {
		return true
	}
	c, n := charAt(text[at:])
	if c == '\\' && n == 1 { // an escape that is none of ours
		return false
	}
	return strings.IndexByte(" \t\r\n;,\"'&|)}]<>`", c) >= 0 || c == escape
}

// redacted are the words that programs put into the place of a cookie's value.
var redacted = []string{"REDACTED", "FILTERED", "MASKED", "HIDDEN"}

func isRedacted(value []byte) bool {
	for _, word := range redacted {
		if len(value) == len(word) && strings.EqualFold(string(value), word) {
			return true
		}
	}
	return len(value) >= 4 && len(bytes.Trim(value, "xX")) == 0
}

// piece is the beginning of what stands in the place of a value.
func piece(text []byte) []byte {
	const most = 40
	i := bytes.IndexAny(text, " \t\r\n;,\"'")
	if i <= 0 {
		i = len(text)
	}
	return text[:min(i, most)]
}

// notValue is the error of a cookie without a value that could be read.
type notValue struct{ found []byte }

func (e *notValue) Error() string {
	return strconv.QuoteToASCII(string(e.found)) + " is neither a value nor the end of one"
}
