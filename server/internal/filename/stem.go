package filename

import "strings"

// Stem returns what the targets of two versions of one file have in common: the target without
// the query that names a version, and without the parts of its file name that look like a hash
// or a build number. It returns "" if there is no such part, or if nothing else would be left,
// since then files that have nothing to do with each other would seem to be versions.
//
//	/app.3f2a9c1b.js     ->  /app.*.js
//	/style.css?ver=6.4   ->  /style.css?*
//	/img-2.png           ->  ""     a number, not a version
//	/9c1b77aa03ff.js     ->  ""     a name, for all that one can tell
func Stem(target string) string {
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
		if looksBuilt(part) {
			versions++
			b.WriteByte('*')
		} else {
			if n := count(part); n.upper+n.lower >= 2 {
				words++
			}
			b.WriteString(part)
		}
		b.WriteString(sep)
	}
	b.WriteString(ext)
	if hasQuery && IsVersion(query) {
		versions++
		words++ // the path itself names the file
		b.WriteString("?*")
	}
	if versions == 0 || words == 0 {
		return ""
	}
	return b.String()
}

// looksBuilt reports whether a part of a file name looks as if a build tool had made it: at
// least six characters of an alphabet that hashes are written in, with a digit among them, or
// eight with upper and lower case mixed within a word. It says yes sooner than [Hashed]: a wrong
// yes costs little where only files that agree in all else are compared.
func looksBuilt(s string) bool {
	if len(s) < 6 || len(s) > 64 {
		return false
	}
	n := count(s)
	switch {
	case n.other+n.marks > 0:
		return false
	case n.digits == len(s):
		return len(s) >= 8 // a date or a build number; shorter ones count pictures
	}
	return n.digits > 0 || len(s) >= 8 && n.upper >= 3 && n.lower >= 2
}

// IsVersion reports whether a query can only be there to tell versions of a file apart: one bare
// value, or one parameter whose name says so, short and of harmless characters. Anything else may
// be about the person who asks.
func IsVersion(query string) bool {
	name, value, ok := strings.Cut(query, "=")
	if !ok {
		name, value = "v", query
	}
	if len(value) == 0 || len(value) > 64 {
		return false
	}
	for i := range len(value) {
		if kindOf(value[i]) == kindNone && value[i] != '.' {
			return false
		}
	}
	switch strings.ToLower(name) {
	case "v", "ver", "version", "h", "hash", "rev", "revision", "build", "t", "ts", "cb", "_":
		return true
	}
	return false
}
