package link

// class sorts bytes for the grammars that meet in a Link value; a byte may be in several
// classes.
type class uint8

const (
	tchar   class = 1 << iota // RFC 9110, section 5.6.2: parameter names
	bare                      // what an unquoted parameter value may hold (see below)
	target                    // what a safe request target may hold, '%' apart
	lower                     // lower-case token: destinations, media types
	digest                    // integrity metadata: both base64 alphabets, '=', and the space between two hashes
	hostish                   // registered names and bracketed addresses, lower case
	hex                       // percent-encoding
)

// RFC 8288, section 3, wants an unquoted value to be a token. Its predecessor also allowed
// characters that media types and URLs need, and `type=font/woff2` is common; so everything
// visible is taken but the delimiters.
const notBare = "\",;<>\\"

// A target holds the characters of RFC 3986's path and query, and four more that browsers send
// as they are. Comma and semicolon are legal there too but split the list for readers that do
// not look at the brackets (H2O's is one), so an asset may not have them.
const targetPunctuation = "-._~!$&'()*+=:@/?[]|^"

var classes = func() (t [256]class) {
	mark := func(c class, chars string) {
		for i := range len(chars) {
			t[chars[i]] |= c
		}
	}
	const (
		digits = "0123456789"
		small  = "abcdefghijklmnopqrstuvwxyz"
		big    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		token  = "!#$%&'*+-.^_`|~" + digits + small
	)
	mark(tchar, token+big)
	mark(lower, token)
	mark(target, targetPunctuation+digits+small+big)
	mark(digest, "+/=-_ "+digits+small+big)
	mark(hostish, "-.:[]"+digits+small)
	mark(hex, digits+"abcdefABCDEF")
	for c := byte('!'); c <= '~'; c++ {
		t[c] |= bare
	}
	for i := range len(notBare) {
		t[notBare[i]] &^= bare
	}
	return t
}()

func is(b byte, c class) bool { return classes[b]&c != 0 }

// all reports whether s is not empty and holds bytes of class c only.
func all(s string, c class) bool {
	for i := range len(s) {
		if !is(s[i], c) {
			return false
		}
	}
	return s != ""
}
