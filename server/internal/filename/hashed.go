package filename

import (
	"path"
	"strings"
)

// Hashed reports whether a file's name carries a hash of its content, so that the file can
// never change under it. The name is a path such as "assets/app.3f2a9c1b.js".
//
// A wrong yes keeps an old file in browsers for a year, a wrong no costs a revalidation, so the
// rule would rather say no. It looks at the last part of the name before the extensions, behind
// a dot, hyphen or underscore, and takes it for a hash when it is
//
//   - eight or more hexadecimal digits, with a digit and a letter among them: app.3f2a9c1b.js
//     (webpack, Parcel, Rails), but neither report-20240131.pdf nor the tail of a UUID;
//   - six or more characters of base64url in which upper case, lower case and digits are mixed as
//     no words are: index-BkX2a9.js, index-5UjPuW-k.css (Vite, Astro), but not photo-HomePage2.jpg;
//   - eight capitals and digits in turn: app-4GQJ7XKM.js (esbuild).
//
// Everything in a folder named "immutable" (SvelteKit) or under "_next/static" counts too.
// Pages (.html) never do.
func Hashed(name string) bool {
	folder, file := path.Split(name)
	if ext := strings.ToLower(path.Ext(file)); ext == ".html" || ext == ".htm" || ext == "" {
		return false
	}
	if strings.Contains("/"+folder, "/immutable/") || strings.HasPrefix("/"+folder, "/_next/static/") {
		return true
	}
	stem := strings.TrimSuffix(file, path.Ext(file))
	for { // app.3f2a9c1b.min.js, 787.3f2a9c1b.chunk.css, app.js.3f2a9c1b.map
		inner := path.Ext(stem)
		switch strings.ToLower(inner) {
		case ".min", ".chunk", ".bundle", ".module", ".esm", ".legacy", ".js", ".mjs", ".css":
			stem = strings.TrimSuffix(stem, inner)
			continue
		}
		break
	}
	if i := strings.LastIndexAny(stem, ".-_"); i > 0 {
		if tail := stem[i+1:]; isHexHash(tail) && !endsInUUID(stem) || isMixed(tail) || isCapitalHash(tail, stem[i]) {
			return true
		}
	}
	// Base64url has the hyphen and the underscore for digits; bundlers that use it take eight
	// characters.
	const eight = 8
	if i := len(stem) - eight - 1; i > 0 && (stem[i] == '-' || stem[i] == '.') {
		return isMixed(stem[i+1:])
	}
	return false
}

// isHexHash knows hexadecimal digits of one case, some of which are letters.
func isHexHash(s string) bool {
	n := count(s)
	return len(s) >= 8 && len(s) <= 128 && n.digits > 0 && n.digits < len(s) &&
		(n.lower == 0 || n.upper == 0) && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// endsInUUID reports whether a name ends in 8-4-4-4-12 hexadecimal digits: such names are given
// once, whatever becomes of the content.
func endsInUUID(stem string) bool {
	if len(stem) < 36 {
		return false
	}
	uuid := stem[len(stem)-36:]
	for i := range len(uuid) {
		if hyphen := i == 8 || i == 13 || i == 18 || i == 23; hyphen != (uuid[i] == '-') {
			return false
		}
	}
	return true
}

// isCapitalHash knows eight capitals and digits: esbuild's base32 (A to Z, 2 to 7), and what is
// left of base64url when chance gave it no small letter. A word with a number behind it, or in
// front, changes from letters to digits once only.
func isCapitalHash(s string, separator byte) bool {
	n := count(s)
	if len(s) != 8 || separator != '-' || n.upper+n.digits < len(s) {
		return false
	}
	base32 := !strings.ContainsAny(s, "0189")
	return changes(s) >= 3 || base32 && changes(s) == 2
}

// isMixed tells base64url from words. Words have their capitals in front, or are all capitals,
// and are longer than two letters; random characters change their kind at nearly two places of
// three. Short strings must change nearly everywhere.
func isMixed(s string) bool {
	if len(s) < 6 || len(s) > 64 {
		return false
	}
	n := count(s)
	mixed := n.digits+n.marks > 0 || n.upper >= 3
	if n.other > 0 || n.upper == 0 || n.lower == 0 || !mixed {
		return false
	}
	if len(s) < 8 {
		return changes(s) >= len(s)-2
	}
	return !isWords(s)
}

// isWords reports whether the letters of a string read as words of three letters or more, or as
// the unit of a number: HomePage2, CSS3Demo, Full1080p.
func isWords(s string) bool {
	start := 0 // of the word
	whole := func(end int) bool {
		unit := end-start == 1 && start > 0 && kindOf(s[start-1]) == kindDigit && kindOf(s[start]) == kindLower
		return end == start || end-start >= 3 || unit
	}
	for i := range len(s) {
		k := kindOf(s[i])
		letter := k == kindUpper || k == kindLower
		// A capital begins a word when a small letter is before it, or when it is the last of
		// several and a small one follows.
		begins := k == kindUpper && i > 0 && (kindOf(s[i-1]) == kindLower ||
			kindOf(s[i-1]) == kindUpper && i+1 < len(s) && kindOf(s[i+1]) == kindLower)
		if (begins || !letter) && !whole(i) {
			return false
		}
		switch {
		case begins:
			start = i
		case !letter:
			start = i + 1
		}
	}
	return whole(len(s))
}

// changes counts the places where one character differs in kind from the one before.
func changes(s string) int {
	n := 0
	for i := 1; i < len(s); i++ {
		if kindOf(s[i]) != kindOf(s[i-1]) {
			n++
		}
	}
	return n
}

// kinds are how many characters of each kind a string has.
type kinds struct{ upper, lower, digits, marks, other int }

func count(s string) (n kinds) {
	for i := range len(s) {
		switch kindOf(s[i]) {
		case kindUpper:
			n.upper++
		case kindLower:
			n.lower++
		case kindDigit:
			n.digits++
		case kindMark:
			n.marks++
		default:
			n.other++
		}
	}
	return n
}

// kind is what a character is in a hash: base64url has the hyphen and the underscore for digits.
type kind uint8

const (
	kindNone kind = iota
	kindUpper
	kindLower
	kindDigit
	kindMark
)

func kindOf(c byte) kind {
	switch {
	case 'A' <= c && c <= 'Z':
		return kindUpper
	case 'a' <= c && c <= 'z':
		return kindLower
	case '0' <= c && c <= '9':
		return kindDigit
	case c == '-' || c == '_':
		return kindMark
	}
	return kindNone
}
