// Package message finds coded values in what programs hand out around them: the JSON and the
// protobuf messages of Safe Browsing, and the JSON of Bitcoin's nodes. It decodes none of them.
package message

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/cache-aware/casper/gcs/formats"
)

// A Value is a coded value, and what its message says about it.
type Value struct {
	Format string         // as package formats names it; "" where the message does not say
	Params formats.Params // as far as the message says
	Octets []byte
	Where  string // in the message, such as "se-4b: additionsFourBytes"

	// Indices says that the keys are places in a list, to be removed, and no prefixes.
	Indices bool
	// SHA256 is the checksum of the keys, of a whole list; otherwise nil.
	SHA256 []byte
	// Header is the header of a filter in hex, as Bitcoin's nodes print it; otherwise "".
	Header string
}

// ErrNone is the error of a message that holds no value that is known.
var ErrNone = errors.New("there is no filter and no list in it")

// Text returns the octets of a value in text, which is hex or base64 of either alphabet, padded or
// not, with spaces and line breaks anywhere. What can be hex is. It overwrites the text, and the
// octets may lie in it.
func Text(text []byte) (octets []byte, isHex bool, err error) {
	n, isHex := 0, true
	for _, c := range text {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			text[n] = c
			n++
			isHex = isHex && nibble(c) < 16
		}
	}
	text = text[:n]
	if isHex && n%2 == 0 {
		for i := range n / 2 {
			text[i] = nibble(text[2*i])<<4 | nibble(text[2*i+1])
		}
		return text[:n/2], true, nil
	}
	if octets, ok := fromBase64(text); ok {
		return octets, false, nil
	}
	if isHex {
		return nil, true, fmt.Errorf("an odd number of hex digits, %d, is half an octet too many", n)
	}
	if i := bytes.IndexFunc(text, func(r rune) bool { return !base64Digit(r) }); i >= 0 {
		return nil, false, fmt.Errorf("character %d is %q, which is of neither hex nor base64", i, text[i])
	}
	return nil, false, errors.New("the length is that of neither hex nor base64")
}

// nibble is the value of a hex digit, or 16.
func nibble(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}

func base64Digit(r rune) bool {
	return 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune("+/-_=", r)
}

func fromBase64[T string | []byte](text T) ([]byte, bool) {
	encoding, bare := base64.RawStdEncoding, len(text)
	for bare > 0 && text[bare-1] == '=' {
		bare--
	}
	for i := range bare {
		if text[i] == '-' || text[i] == '_' {
			encoding = base64.RawURLEncoding
			break
		}
	}
	if pads := len(text) - bare; pads > 0 && (pads > 2 || len(text)%4 != 0) {
		return nil, false
	}
	var octets []byte
	var err error
	switch text := any(text[:bare]).(type) {
	case string: // of as much as a list has, no copy is made
		octets, err = encoding.Strict().DecodeString(text)
	case []byte:
		octets, err = encoding.Strict().AppendDecode(nil, text)
	}
	return octets, err == nil
}

// numbered returns parameters of names and numbers in turn.
func numbered(pairs ...any) (p formats.Params) {
	for i := 0; i < len(pairs); i += 2 {
		p.SetNumber(pairs[i].(string), pairs[i+1].(int64))
	}
	return p
}

// v5 is a list of Safe Browsing v5, whose first value is in parts of 64 bits.
func v5(bits int, parts []uint64, rice, count int64, data []byte) Value {
	v := Value{Format: "rice-delta-v5", Params: numbered("bits", int64(bits), "rice", rice, "count", count), Octets: data}
	if bits == 32 {
		v.Params.SetNumber("first", int64(parts[0]))
		return v
	}
	first := ""
	for _, part := range parts {
		first += fmt.Sprintf("%016x", part)
	}
	v.Params.SetWord("first_hex", first)
	return v
}
