package gcs

import (
	"fmt"
	"io"
)

// A Kind says what is wrong with an input. The kinds are closed: they are the
// error kinds of the test vectors and of the conformance protocol, and String
// returns their names there. A Kind is an error, to be found with errors.Is.
type Kind uint8

// The kinds.
const (
	Truncated    Kind = iota + 1 // the stream ends within a code; also io.ErrUnexpectedEOF
	OutOfRange                   // a key above the largest one allowed
	BadParameter                 // a parameter that the format does not have
	TrailingData                 // whole octets after the end
	BadPadding                   // pad bits of the wrong value
	NonCanonical                 // readable, but not what an encoder writes
	Duplicate                    // a key twice, where the code cannot express it
	Unsorted                     // a key below its predecessor
	BadText                      // a character or length that the text form does not have
	TooMany                      // more keys or octets than the limit
)

var kinds = [...]struct{ name, meaning string }{
	Truncated:    {"truncated", "the stream ends within a code"},
	OutOfRange:   {"out-of-range", "the key is above the largest one allowed"},
	BadParameter: {"bad-parameter", "the format has no such parameter"},
	TrailingData: {"trailing-data", "whole octets follow the last key"},
	BadPadding:   {"nonzero-padding", "the padding has a bit of the wrong value"},
	NonCanonical: {"non-canonical", "no encoder writes this"},
	Duplicate:    {"duplicate", "the key is there twice"},
	Unsorted:     {"unsorted", "the key is below the one before it"},
	BadText:      {"bad-text", "the text form has no such character or length"},
	TooMany:      {"limit", "more than the limit allows"},
}

// String returns the name that vectors and conformance protocol use.
func (k Kind) String() string {
	if int(k) < len(kinds) && k > 0 {
		return kinds[k].name
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Error returns the kind's name.
func (k Kind) Error() string { return k.String() }

// Is makes Truncated match io.ErrUnexpectedEOF.
func (k Kind) Is(target error) bool { return k == Truncated && target == io.ErrUnexpectedEOF }

// A Layer is the step of decoding at which an input failed.
type Layer uint8

// The layers, in the order of decoding.
const (
	TextLayer Layer = iota + 1 // base64url or hex to octets
	BitsLayer                  // octets to codes
	SetLayer                   // codes to keys
)

// String returns "text", "bits" or "set".
func (l Layer) String() string {
	switch l {
	case TextLayer:
		return "text"
	case BitsLayer:
		return "bits"
	case SetLayer:
		return "set"
	}
	return fmt.Sprintf("Layer(%d)", uint8(l))
}

// A Place is where in its input an error was found: a bit of the stream that was read,
// or one of the keys that were to be written. The zero Place is the first bit, which is
// also the place of what concerns an input as a whole.
type Place struct{ at int } // a bit from 0 on; or, below 0, -1 minus the index of a key

// BitOffset is the place of the bit so many bits from the start of the stream. Of a
// text these are 6 bits a character, and 4 of hex.
func BitOffset(bits int) Place { return Place{max(bits, 0)} }

// KeyIndex is the place of a key among those that were given, counted from 0.
func KeyIndex(i int) Place { return Place{-1 - max(i, 0)} }

// Bit returns the bit offset. It is not ok where the place is a key.
func (p Place) Bit() (offset int, ok bool) { return max(p.at, 0), p.at >= 0 }

// Index returns the index of the key. It is not ok where the place is a bit.
func (p Place) Index() (i int, ok bool) { return max(-1-p.at, 0), p.at < 0 }

// String returns the place in words: "bit 16", "index 3".
func (p Place) String() string {
	if i, ok := p.Index(); ok {
		return fmt.Sprintf("index %d", i)
	}
	return fmt.Sprintf("bit %d", p.at)
}

// An Error is what decoders and encoders return: what was wrong, at which layer
// and where.
type Error struct {
	Layer  Layer  // the step of decoding; an encoder's is SetLayer
	Kind   Kind   // what was wrong
	At     Place  // where: a bit for readers, a key for makers
	Detail string // a clause for a person that replaces the kind's general one; may be empty
}

// Error returns one line: layer, kind, place and meaning.
func (e *Error) Error() string {
	detail := e.Detail
	if detail == "" && int(e.Kind) < len(kinds) {
		detail = kinds[e.Kind].meaning
	}
	return fmt.Sprintf("%s: %s at %s: %s", e.Layer, e.Kind, e.At, detail)
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }
