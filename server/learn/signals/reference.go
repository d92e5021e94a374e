package signals

import (
	"strings"
	"unicode/utf8"
)

// escape writes a reference as a browser sends it (URL standard, sections 4.4 and 1.3): without
// white space at its ends, line breaks and fragment, with slashes for backslashes, and what may not
// stand in a URL percent-encoded as UTF-8. It returns "" for what is not UTF-8: the document has
// another encoding then, which decides what is sent.
func escape(ref string) string {
	ref = strings.TrimFunc(ref, func(r rune) bool { return r <= ' ' })
	ref, _, _ = strings.Cut(ref, "#")
	if !utf8.ValidString(ref) {
		return ""
	}
	at := strings.IndexFunc(ref, special)
	if at < 0 {
		return ref
	}
	out := make([]byte, 0, len(ref)+32)
	query := false
	for i := range len(ref) {
		switch c := ref[i]; {
		case c == '\t', c == '\n', c == '\r':
		case c == '\\' && !query:
			out = append(out, '/')
		case c <= ' ', c >= 0x7f, c == '"', c == '<', c == '>', c == '\'' && query, !query && (c == '`' || c == '{' || c == '}'):
			const digits = "0123456789ABCDEF"
			out = append(out, '%', digits[c>>4], digits[c&15])
		default:
			query = query || c == '?'
			out = append(out, c)
		}
	}
	return string(out)
}

// special reports whether escape may have something to do with a character.
func special(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\'`{}", r)
}
