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

// An Error is what decoders and encoders return: what was wrong, at which layer
// and where.
type Error struct {
	Layer  Layer  // the step of decoding; an encoder's is SetLayer
	Kind   Kind   // what was wrong
	Offset int    // in bits from the start of the stream; with Index, the index of a key
	Index  bool   // Offset counts keys, as encoders do
	Detail string // a clause for a person that replaces the kind's general one; may be empty
}

// Error returns one line: layer, kind, place and meaning.
func (e *Error) Error() string {
	detail, place := e.Detail, "bit"
	if detail == "" && int(e.Kind) < len(kinds) {
		detail = kinds[e.Kind].meaning
	}
	if e.Index {
		place = "index"
	}
	return fmt.Sprintf("%s: %s at %s %d: %s", e.Layer, e.Kind, place, e.Offset, detail)
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }
