package formats

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
)

// An Input is a value to read: either its text or its octets. The zero Input is the
// empty value.
type Input struct {
	Text   string // as it travels; of a format without a text form hex, in either case
	Octets []byte // where Text is empty: what the text form, if there is one, stands for
	Header bool   // Text is that of a whole header, of a format that HasHeader
	Most   int    // most octets that are read where the format has no bound of its own; 0 stands for 32 MiB
}

// The bounds of a value, which those of its format may be far below. Even a filter of
// every output of a Bitcoin block, or the largest list of Safe Browsing, is a fraction of
// them.
const (
	maxOctets = 32 << 20 // most octets that are read or written
	maxKeys   = 1 << 24  // most keys that are read
)

// isText reports whether the value is text. The empty one may be either.
func (in Input) isText() bool { return in.Text != "" }

// base64 returns the value's text; of octets, the one that encodes them.
func (in Input) base64(maxText int) (text string, err error) {
	n := len(in.Octets)
	switch {
	case in.Header:
		return "", badParam("only cache-digest has a header")
	case in.isText() && len(in.Text) <= maxText:
		return in.Text, nil
	case in.isText():
		n = base64url.DecodedLen(len(in.Text))
	}
	if most := base64url.DecodedLen(maxText); n > most || in.isText() {
		return "", tooMany(n, most)
	}
	return string(base64url.Append(nil, in.Octets)), nil
}

// hex returns the octets of a value whose format has no text form.
func (in Input) hex() ([]byte, error) {
	n := len(in.Octets)
	switch {
	case in.Header:
		return nil, badParam("only cache-digest has a header")
	case in.isText():
		n = len(in.Text) / 2
	}
	if most := cmp.Or(in.Most, maxOctets); n > most {
		return nil, tooMany(n, most)
	}
	if !in.isText() {
		return in.Octets, nil
	}
	octets, err := hex.DecodeString(in.Text)
	if bad := hex.InvalidByteError(0); errors.As(err, &bad) {
		i := strings.IndexByte(in.Text, byte(bad)) // the first that is bad is the first of its kind
		return nil, badText(4*i, fmt.Sprintf("character %d is %q, which is no hex digit", i, in.Text[i]))
	}
	if err != nil {
		return nil, badText(4*len(in.Text), "an odd number of hex digits is half an octet too many")
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
		Detail: fmt.Sprintf("the keys would take %d octets, more than the %d that are written", size, maxOctets),
	}
}

// tooManyKeys is the error of a value with more keys than are read.
func tooManyKeys() error {
	return &gcs.Error{
		Layer: gcs.SetLayer, Kind: gcs.TooMany, Detail: fmt.Sprintf("more than the %d keys that are read", maxKeys),
	}
}
