package learn

import "strings"

// stem returns what two versions of one file have in common: the target without its query, and without the parts of its file name
// that look like a hash or a build number. It returns "" when there is no such part, or when nothing but such parts would be left,
// since then files that have nothing to do with each other would seem to be versions.
//
//	/app.3f2a9c1b.js     ->  /app.*.js
//	/style.css?ver=6.4   ->  /style.css?*
//	/img-2.png           ->  ""     a number, not a version
//	/9c1b77aa03ff.js     ->  ""     a name, for all that one can tell
func stem(target string) string {
	path, query, hasQuery := strings.Cut(target, "?")
	slash := strings.LastIndexByte(path, '/') + 1
	dot := strings.LastIndexByte(path[slash:], '.')
	if dot < 0 {
		dot = len(path) - slash
	}
	name, ext := path[slash:slash+dot], path[slash+dot:]

	var b strings.Builder
	b.WriteString(path[:slash])
	versions, words := 0, 0
	for name != "" {
		n := strings.IndexAny(name, ".-_~@")
		part, sep := name, ""
		if n >= 0 {
			part, sep = name[:n], name[n:n+1]
		}
		name = name[len(part)+len(sep):]
		if isHash(part) {
			versions++
			b.WriteByte('*')
		} else {
			if letters(part) >= 2 {
				words++
			}
			b.WriteString(part)
		}
		b.WriteString(sep)
	}
	b.WriteString(ext)
	if hasQuery && isVersionQuery(query) {
		versions++
		words++ // the path itself names the file
		b.WriteString("?*")
	}
	if versions == 0 || words == 0 {
		return ""
	}
	return b.String()
}

// isHash reports whether a part of a file name looks as if a build tool had made it: at least six characters of an alphabet that
// hashes are written in, with a digit among them; or eight with upper and lower case mixed within a word.
func isHash(s string) bool {
	if len(s) < 6 || len(s) > 64 {
		return false
	}
	digits, upper, lower := 0, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digits++
		case 'A' <= c && c <= 'Z':
			upper++
		case 'a' <= c && c <= 'z':
			lower++
		default:
			return false
		}
	}
	if digits == len(s) {
		return len(s) >= 8 // a date or a build number; shorter ones count pictures
	}
	return digits > 0 || len(s) >= 8 && upper >= 3 && lower >= 2
}

// isVersionQuery reports whether a query can only be there to tell versions of a file apart: one bare value, or one parameter
// whose name says so, short and of harmless characters. Anything else may be about the person who asks.
func isVersionQuery(query string) bool {
	name, value, ok := strings.Cut(query, "=")
	if !ok {
		name, value = "v", query
	}
	if len(value) == 0 || len(value) > 64 {
		return false
	}
	for i := range len(value) {
		c := value[i] | 0x20
		if !('a' <= c && c <= 'z' || '0' <= value[i] && value[i] <= '9' || value[i] == '.' || value[i] == '-' || value[i] == '_') {
			return false
		}
	}
	switch strings.ToLower(name) {
	case "v", "ver", "version", "h", "hash", "rev", "revision", "build", "t", "ts", "cb", "_":
		return true
	}
	return false
}

func letters(s string) int {
	n := 0
	for i := range len(s) {
		if c := s[i] | 0x20; 'a' <= c && c <= 'z' {
			n++
		}
	}
	return n
}
