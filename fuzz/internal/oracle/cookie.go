package oracle

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/casper"
)

// DecodeText judges a base64url text by the standard library's decoder, around which
// there are three rules: a character outside the alphabet, line breaks included, is BadText
// at its six bits; so is, at the last character, a length of 1 modulo 4; and unused bits
// that are not zero are NonCanonical, at the first of them. Leniently, + and / are - and _,
// and unused bits do not matter.
func DecodeText(text string, m base64url.Mode) ([]byte, Fault) {
	if m == base64url.Lenient {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "+", "-"), "/", "_")
	}
	for i := range len(text) {
		if c := text[i]; !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return nil, Fault{gcs.TextLayer, gcs.BadText, 6 * i}
		}
	}
	if len(text)%4 == 1 {
		return nil, Fault{gcs.TextLayer, gcs.BadText, 6 * (len(text) - 1)}
	}
	octets, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		panic("the standard library refuses what these rules accept: " + err.Error())
	}
	if m == base64url.Strict && base64.RawURLEncoding.EncodeToString(octets) != text {
		return nil, Fault{gcs.TextLayer, gcs.NonCanonical, 8 * len(octets)}
	}
	return octets, Fault{}
}

// CookieCode is the code of H2O's cookie: six bits of remainder, and quotients of
// zeros since H2O 2.1, of ones before.
func CookieCode(p casper.Params) gcs.Code {
	c := gcs.Code{Rice: 6, Run: bitio.ZerosOne, Gap: 1, Order: bitio.MSBFirst, Pad: gcs.PadZero}
	if p.Generation == casper.H2O20 {
		c.Run, c.Pad = bitio.OnesZero, gcs.PadOne
	}
	return c
}

// Capacity is the number of keys there are: two to the capacity bits, of which 0 means
// 13.
func Capacity(p casper.Params) int {
	if p.CapacityBits == 0 {
		return 1 << 13
	}
	return 1 << p.CapacityBits
}

// CookieText is the value that holds the sorted keys, made one bit at a time.
func CookieText(p casper.Params, keys []casper.Key) string {
	c := CookieCode(p)
	stream, fault := Encode(nil, c, Numbers(keys))
	if fault != (Fault{}) {
		panic("keys are not sorted and distinct")
	}
	return base64.RawURLEncoding.EncodeToString(AppendOctets(nil, stream, c.Order, PadBit(c)))
}

// Numbers returns the keys as the core sees them.
func Numbers(keys []casper.Key) []uint64 {
	numbers := make([]uint64, len(keys))
	for i, k := range keys {
		numbers[i] = uint64(k)
	}
	return numbers
}

// ReadCookie judges a cookie's value.
//
// Parameters that no H2O has are a BadParameter of the set. A value longer than the
// limit is TooMany of the text, at the limit: strictly the text of the set of all
// keys, leniently 2^20 characters. The text comes next, and then the stream: strictly
// with as many keys as there are, none above the largest, and padding; leniently up
// to 128 keys or as many as there are, of any size, and anything behind them.
func ReadCookie(value string, p casper.Params, m base64url.Mode) ([]casper.Key, Fault) {
	if p.CapacityBits > 15 || p.Generation > casper.H2O20 {
		return nil, Fault{gcs.SetLayer, gcs.BadParameter, 0}
	}
	n := Capacity(p)
	most := ((7*n+7)/8*8 + 5) / 6 // every key, at seven bits
	lim := gcs.Limit{Len: n, Max: uint64(n - 1), End: gcs.Padded}
	if m == base64url.Lenient {
		most = 1 << 20
		lim = gcs.Limit{Len: max(128, n), Max: 1<<32 - 1, End: gcs.Open}
	}
	if len(value) > most {
		return nil, Fault{gcs.TextLayer, gcs.TooMany, 6 * most}
	}
	octets, fault := DecodeText(value, m)
	if fault != (Fault{}) {
		return nil, fault
	}
	numbers, fault := Decode(nil, Bits(octets, bitio.MSBFirst), CookieCode(p), lim)
	if fault != (Fault{}) {
		return nil, fault
	}
	keys := make([]casper.Key, len(numbers))
	for i, v := range numbers {
		keys[i] = casper.Key(v)
	}
	return keys, Fault{}
}

// TrimCookie returns the keys that stay when the value may be so many characters
// long: all of them in order of value, those to keep first and in their order, the others
// ascending, and then the last one goes for as long as the rest is too long.
func TrimCookie(p casper.Params, keys []casper.Key, maxText int, keep ...casper.Key) []casper.Key {
	var order []casper.Key
	for _, k := range append(slices.Clone(keep), keys...) {
		if slices.Contains(keys, k) && !slices.Contains(order, k) {
			order = append(order, k)
		}
	}
	for {
		rest := slices.Sorted(slices.Values(order))
		if len(rest) == 0 || len(CookieText(p, rest)) <= maxText {
			return rest
		}
		order = order[:len(order)-1]
	}
}

// CookieLike returns the characters of data that either base64 alphabet has: any
// data makes a value that could stand in a cookie.
func CookieLike(data []byte) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.ContainsRune("-_+/", c) {
			return c
		}
		return -1
	}, string(data))
}
