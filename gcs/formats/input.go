package formats

import (
	"encoding/hex"
	"fmt"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
)

// An Input is a value to read: text, octets or a whole header.
type Input struct {
	text     string
	octets   []byte
	isText   bool
	isHeader bool
}

// Text is a value as it travels. For a format without a text form it is hex, in
// which the case of the digits does not matter.
func Text(value string) Input { return Input{text: value, isText: true} }

// Octets is a value whose text form, if it has one, was decoded already.
func Octets(value []byte) Input { return Input{octets: value} }

// Header is the value of a whole Cache-Digest header, for cache-digest alone.
func Header(value string) Input { return Input{text: value, isHeader: true} }

// The bounds of a value, which those of its format may be far below. Even a filter of
// every output of a Bitcoin block, or the largest list of Safe Browsing, is a fraction of
// them.
const (
	MaxOctets = 32 << 20 // most octets that are read or written
	MaxKeys   = 1 << 24  // most keys that are read
)

// base64 returns the value's text; of octets, the one that encodes them.
func (in Input) base64(maxText int) (text string, err error) {
	n := len(in.octets)
	switch {
	case in.isHeader:
		return "", badParam("only cache-digest has a header")
	case in.isText && len(in.text) <= maxText:
		return in.text, nil
	case in.isText:
		n = base64url.DecodedLen(len(in.text))
	}
	if most := base64url.DecodedLen(maxText); n > most || in.isText {
		return "", tooMany(n, most)
	}
	return string(base64url.Append(nil, in.octets)), nil
}

// hex returns the octets of a value whose format has no text form.
func (in Input) hex() ([]byte, error) {
	n := len(in.octets)
	switch {
	case in.isHeader:
		return nil, badParam("only cache-digest has a header")
	case in.isText:
		n = len(in.text) / 2
	}
	if n > MaxOctets {
		return nil, tooMany(n, MaxOctets)
	}
	if !in.isText {
		return in.octets, nil
	}
	for i := range len(in.text) {
		if _, err := hex.DecodeString(in.text[i:i+1] + "0"); err != nil {
			return nil, badText(4*i, fmt.Sprintf("character %d is %q, which is no hex digit", i, in.text[i]))
		}
	}
	octets, err := hex.DecodeString(in.text)
	if err != nil {
		return nil, badText(4*len(in.text), "an odd number of hex digits is half an octet too many")
	}
	return octets, nil
}

func badText(offset int, detail string) error {
	return &gcs.Error{Layer: gcs.TextLayer, Kind: gcs.BadText, At: gcs.BitOffset(offset), Detail: detail}
}

func tooMany(n, most int) error {
	return &gcs.Error{
		Layer: gcs.TextLayer, Kind: gcs.TooMany, At: gcs.BitOffset(8 * most),
		Detail: fmt.Sprintf("%d octets are more than the %d that are read", n, most),
	}
}

// tooLarge is the error of a set whose code would be out of all proportion to
// the number of its keys; the greatest of these is to blame.
func tooLarge(size int, keys []uint64) error {
	return &gcs.Error{
		Layer: gcs.SetLayer, Kind: gcs.TooMany, At: gcs.KeyIndex(len(keys) - 1),
		Detail: fmt.Sprintf("the keys would take %d octets, more than the %d that are written", size, MaxOctets),
	}
}

// tooManyKeys is the error of a value with more keys than are read.
func tooManyKeys() error {
	return &gcs.Error{
		Layer: gcs.SetLayer, Kind: gcs.TooMany, Detail: fmt.Sprintf("more than the %d keys that are read", MaxKeys),
	}
}

// holds is how many of n codes that octets can hold at most. A count from outside
// is believed no further than that.
func holds(octets []byte, rice uint8, n int) int {
	return min(n, len(octets)*8/(int(rice)+1))
}
