package oracle

import (
	"math/big"
	"strings"
	"unicode/utf16"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// maxBloomText is the length above which no value is looked at.
const maxBloomText = 1 << 16

const base64Standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// ReadBloom judges the value of a Bloom filter's cookie, and returns its octets.
//
// A value above 65,536 characters is TooMany. Escapes of two hexadecimal digits come first,
// then base64 in groups of four characters, of which the last may end in one = or two, and
// has no other bits than zeros where the octets do not reach: anything else is BadText. The
// format does not say where; the offset of a BadText is here that of the escape in the
// value, and -1 for the rest. Octets that are no words of 32 bits are Truncated, where the
// first word begins that is not whole.
func ReadBloom(value string) (octets []byte, fault Fault) {
	if len(value) > maxBloomText {
		return nil, Fault{gcs.TextLayer, gcs.TooMany, 6 * maxBloomText}
	}
	var text []byte
	for i := 0; i < len(value); i++ {
		if value[i] != '%' {
			text = append(text, value[i])
			continue
		}
		if i+2 >= len(value) {
			return nil, Fault{gcs.TextLayer, gcs.BadText, 6 * i}
		}
		octet := byte(0)
		for _, c := range []byte(value[i+1 : i+3]) {
			digit := strings.IndexByte("0123456789abcdefABCDEF", c)
			if digit < 0 {
				return nil, Fault{gcs.TextLayer, gcs.BadText, 6 * i}
			}
			if digit > 15 {
				digit -= 6
			}
			octet = octet<<4 + byte(digit)
		}
		text = append(text, octet)
		i += 2
	}
	bad := Fault{gcs.TextLayer, gcs.BadText, -1}
	if len(text)%4 != 0 {
		return nil, bad
	}
	var stream []bool
	unused := 0 // bits of the last character
	for i, c := range text {
		if c == '=' && (i == len(text)-1 || i == len(text)-2 && text[i+1] == '=') {
			unused += 2
			continue
		}
		v := strings.IndexByte(base64Standard, c)
		if v < 0 {
			return nil, bad
		}
		for place := 5; place >= 0; place-- {
			stream = append(stream, v>>place&1 == 1)
		}
	}
	for _, bit := range stream[len(stream)-unused:] {
		if bit {
			return nil, bad
		}
	}
	octets = AppendOctets(nil, stream[:len(stream)-unused], bitio.MSBFirst, false)
	if n := len(octets) % 4; n != 0 {
		return nil, Fault{gcs.BitsLayer, gcs.Truncated, 8 * (len(octets) - n)}
	}
	return octets, Fault{}
}

// BloomHas asks the octets of a filter for a path as the script did: with numbers that have no
// end, of which the remainder keeps the sign.
func BloomHas(octets []byte, path string) bool {
	if len(octets) == 0 {
		return false
	}
	stream := Bits(octets, bitio.LSBFirst)
	m := big.NewInt(int64(len(stream)))
	step := bloomHash(path, 1576284489)
	place := new(big.Int).Rem(bloomHash(path, 0), m)
	for range 7 {
		i := place.Int64()
		if i < 0 {
			i += int64(len(stream))
		}
		if !stream[i] {
			return false
		}
		place.Rem(place.Add(place, step), m)
	}
	return true
}

// bloomHash is requirement BLOOM-2 of SPEC.md, reduced to 32 bits after each step.
func bloomHash(path string, seed int64) *big.Int {
	word := new(big.Int).Lsh(big.NewInt(1), 32)
	h := new(big.Int).Xor(big.NewInt(2166136261), big.NewInt(seed))
	mix := func(octet uint16) {
		h.Xor(h, big.NewInt(int64(octet)))
		h.Mod(h.Mul(h, big.NewInt(16777619)), word)
	}
	for _, unit := range utf16.Encode([]rune(path)) {
		if unit >= 1<<8 {
			mix(unit >> 8)
		}
		mix(unit % (1 << 8))
	}
	for _, s := range []struct {
		left  bool
		shift uint
	}{{true, 13}, {false, 7}, {true, 3}, {false, 17}, {true, 5}} {
		if s.left {
			h.Mod(h.Add(h, new(big.Int).Lsh(h, s.shift)), word)
		} else {
			h.Xor(h, new(big.Int).Rsh(h, s.shift))
		}
	}
	if h.Bit(31) == 1 {
		h.Sub(h, word)
	}
	return h
}
