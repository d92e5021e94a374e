// Package base64url is the text form of fingerprint cookies and cache digests:
// base64 with the URL alphabet and without padding (RFC 4648, section 5).
//
// It exists beside encoding/base64 for three reasons. What it accepts strictly
// has exactly one spelling: no line breaks, no unused bits. Leniently it accepts what
// H2O accepts, which no encoding of the standard library does: both alphabets,
// mixed. And it reads strings, eight characters a step, without allocating.
package base64url

import (
	"encoding/binary"
	"fmt"

	"github.com/cache-aware/casper/gcs"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// A character's value, or bad: the bit that no value has.
const bad = 0x80

var strict, lenient = func() (s, l [256]byte) {
	for i := range s {
		s[i] = bad
	}
	for i := range alphabet {
		s[alphabet[i]] = byte(i)
	}
	l = s
	l['+'], l['/'] = s['-'], s['_']
	return
}()

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

// Append appends the text of src to dst.
func Append(dst, src []byte) []byte {
	for len(src) >= 3 {
		v := uint(src[0])<<16 | uint(src[1])<<8 | uint(src[2])
		dst = append(dst, alphabet[v>>18&63], alphabet[v>>12&63], alphabet[v>>6&63], alphabet[v&63])
		src = src[3:]
	}
	switch len(src) {
	case 1:
		dst = append(dst, alphabet[src[0]>>2], alphabet[src[0]<<4&63])
	case 2:
		v := uint(src[0])<<8 | uint(src[1])
		dst = append(dst, alphabet[v>>10&63], alphabet[v>>4&63], alphabet[v<<2&63])
	}
	return dst
}

// AppendDecode appends the octets of text to dst. Its errors are of the text
// layer: [gcs.BadText] for a character of no alphabet (padding included) or a
// length that no number of octets has, [gcs.NonCanonical] for unused bits that are
// not zero. The offset is in bits: six a character. On an error dst comes back as
// it was.
func AppendDecode(dst []byte, text string, m Mode) ([]byte, error) {
	table := &strict
	if m == Lenient {
		table = &lenient
	}
	start := len(dst)
	s := text
	for len(s) >= 8 {
		a, b, c, d := table[s[0]], table[s[1]], table[s[2]], table[s[3]]
		e, f, g, h := table[s[4]], table[s[5]], table[s[6]], table[s[7]]
		if (a|b|c|d|e|f|g|h)&bad != 0 {
			break
		}
		v := uint64(a)<<58 | uint64(b)<<52 | uint64(c)<<46 | uint64(d)<<40 |
			uint64(e)<<34 | uint64(f)<<28 | uint64(g)<<22 | uint64(h)<<16
		dst = binary.BigEndian.AppendUint64(dst, v)
		dst = dst[:len(dst)-2]
		s = s[8:]
	}
	for len(s) > 0 {
		n := min(len(s), 4)
		var v uint32
		for i := range n {
			c := table[s[i]]
			if c == bad {
				return dst[:start], charError(text, len(text)-len(s)+i)
			}
			v = v<<6 | uint32(c)
		}
		switch n {
		case 4:
			dst = append(dst, byte(v>>16), byte(v>>8), byte(v))
		case 3:
			dst = append(dst, byte(v>>10), byte(v>>2))
			if v&3 != 0 && m == Strict {
				return dst[:start], spareError(text)
			}
		case 2:
			dst = append(dst, byte(v>>4))
			if v&15 != 0 && m == Strict {
				return dst[:start], spareError(text)
			}
		case 1:
			return dst[:start], &gcs.Error{
				Layer: gcs.TextLayer, Kind: gcs.BadText, Offset: 6 * (len(text) - 1),
				Detail: fmt.Sprintf("the last of %d characters is half an octet: one is missing, or one too many", len(text)),
			}
		}
		s = s[n:]
	}
	return dst, nil
}

func charError(text string, i int) error {
	return &gcs.Error{
		Layer: gcs.TextLayer, Kind: gcs.BadText, Offset: 6 * i,
		Detail: fmt.Sprintf("character %d is %q, which is not in the alphabet", i, text[i]),
	}
}

func spareError(text string) error {
	return &gcs.Error{
		Layer: gcs.TextLayer, Kind: gcs.NonCanonical, Offset: 8 * DecodedLen(len(text)),
		Detail: "the unused bits of the last character are not zero",
	}
}
