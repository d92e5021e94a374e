// Package base64url is the text form of fingerprint cookies and cache digests:
// base64 with the URL alphabet and without padding (RFC 4648, section 5).
//
// It exists beside encoding/base64 for three reasons. What it accepts strictly
// has exactly one spelling: no line breaks, no unused bits. Leniently it accepts what
// H2O accepts, which no encoding of the standard library does: both alphabets,
// mixed. And it reads strings, eight characters a step, without allocating.
package base64url

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/cache-aware/casper/gcs"
)

// Mode says what a decoder accepts.
type Mode uint8

// The two modes.
const (
	// Strict accepts the URL alphabet alone, and only zeros in the unused bits
	// of the last character, so that every accepted text is what [Append]
	// writes.
	Strict Mode = iota
	// Lenient accepts what H2O's h2o_decode_base64url accepts: the characters of
	// the URL and the standard alphabet, even mixed, and any unused bits.
	Lenient
)

// EncodedLen is the number of characters that n octets take.
func EncodedLen(n int) int { return n/3*4 + (n%3*8+5)/6 }

// DecodedLen is the number of octets in n characters.
func DecodedLen(n int) int { return n/4*3 + n%4*6/8 }

func charError(text string, i int) error {
	char := strconv.QuoteRune(rune(text[i]))
	if text[i] >= utf8.RuneSelf {
		char = fmt.Sprintf("the octet %#x", text[i]) // part of a character at most
	}
	return &gcs.Error{
		Layer: gcs.TextLayer, Kind: gcs.BadText, At: gcs.BitOffset(6 * i),
		Detail: fmt.Sprintf("character %d is %s, which is not in the alphabet", i, char),
	}
}

func spareError(text string) error {
	return &gcs.Error{
		Layer: gcs.TextLayer, Kind: gcs.NonCanonical, At: gcs.BitOffset(8 * DecodedLen(len(text))),
		Detail: "the unused bits of the last character are not zero",
	}
}
