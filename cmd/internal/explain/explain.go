// Package explain takes a coded stream apart, bit by bit, for a person who wants
// to know what it says: as text for a terminal, as an SVG picture, and as an HTML
// page with both the picture and the numbers.
//
// It reads on its own, one bit at a time, and shares no decoding with package
// gcs; that both agree on every key, and on kind and place of every fault, is
// tested. A faulty stream is explained up to its fault. What comes out is bounded by
// the number of codes asked for, however long the stream.
package explain

import (
	"math/big"

	"github.com/cache-aware/casper/gcs"
)

// Source is a stream, and all that is needed to read it.
type Source struct {
	Title    string   // one line: the format and its parameters
	Alphabet Alphabet // of Text
	Text     string   // the stream as it was written
	Octets   []byte   // the stream, where it was not written as text
	Header   []Header // the fields in front of the codes
	Code     gcs.Code
	Limit    gcs.Limit

	// First is the key that the format carries outside of the stream and that the
	// gaps count from, as Safe Browsing's lists do; nil where there is none.
	// Limit does not count it in.
	First *uint64

	// Divisor is what a gap is divided by where it is no power of two; 0 stands for
	// 2^Code.Rice.
	Divisor uint64

	// Tail are the fields behind the codes; with it a code of the gap 0, which is no key,
	// ends these, and padding to a whole octet follows. nil stands for a stream that
	// padding ends.
	Tail []Header

	// Bits are those of a key of 64 bits or more, which the first key is FirstWide of and
	// which a code's numbers are in Wide of. First, Limit.Max and Universe are then of no
	// meaning. 0 stands for keys of fewer bits.
	Bits      int
	FirstWide *big.Int

	// Universe is how many keys there could be: they are below it. 0 leaves the
	// picture of the set out.
	Universe uint64

	// Key says what a key is, as the end of a sentence that begins with "Here, a
	// key is"; it may be empty.
	Key string

	// Note is one more sentence, at the end; it may be empty.
	Note string

	// Err is what the format itself has to say against the stream. Where it has a
	// place (a [*gcs.Error]) the explanation ends there. With nil the judgement is
	// this package's.
	Err error
}

// Header is one field in front of the codes.
type Header struct {
	Name  string
	Bits  int // its length
	Value uint64
	Note  string // what follows from the value; may be empty
}

// Part says what a bit belongs to.
type Part uint8

// The parts of a stream.
const (
	Head       Part = iota // a field of the header
	Quotient               // the run that counts
	Terminator             // the bit that ends the run
	Remainder              // the bits that follow it
	Padding                // what fills the last octet
	Unread                 // behind the end, or behind the fault
	Spare                  // bits of the last character that make no octet
	Elided                 // of codes that are not shown one by one
	parts
)

var partNames = [parts]string{"header", "quotient", "end of quotient", "remainder", "padding", "not read", "spare bit of the text", "code not shown"}

// String returns the part's name, for a legend.
func (p Part) String() string { return partNames[p] }

// Field is a run of bits that belong together.
type Field struct {
	Part   Part
	Offset int    // of its first bit in the stream
	Len    int    // in bits, at least 1
	Value  uint64 // of a header's field
	Name   string // of a header's field
	Note   string // of a header's field
}

// End is the bit behind the field.
func (f Field) End() int { return f.Offset + f.Len }

// Code is one key's part of the stream.
type Code struct {
	Index     int // from 0
	Offset    int // of its first bit in the stream
	Quotient  uint64
	Remainder uint64
	Len       int    // in bits: Quotient + 1 + Code.Rice
	Gap       uint64 // Quotient * 2^Code.Rice + Remainder
	Previous  uint64 // the key before; in the first code Source.First, or 0
	Key       uint64
	Wide      *Wide // with Source.Bits, these numbers but the quotient; otherwise nil
	Overflow  bool  // Key does not fit 64 bits, or Gap does not: both are 0
	Faulty    bool  // the fault is in this code, which therefore stands for no key
}

// End is the bit behind the code.
func (c Code) End() int { return c.Offset + c.Len }

// Fault is what is wrong with a stream.
type Fault struct {
	Offset int // the first bit concerned; the stream's length if something is missing there
	Len    int // in bits
	Err    error
}

// End is the bit behind the fault.
func (f Fault) End() int { return f.Offset + f.Len }

// Explanation is a stream taken apart.
type Explanation struct {
	Source
	Fields  []Field // the header's
	Codes   []Code  // the first codes, as many as were asked for
	Skipped int     // how many codes follow those that are not kept
	Last    []Code  // the last codes, where others were skipped
	Rest    []Field // what follows the last code
	Keys    int     // how many codes there are in all, without a faulty one
	Repeats int     // how many of them repeat the key before
	Fault   *Fault  // nil in a stream without fault

	stream
}

// lastCodes is how many codes are kept of the end of a long stream.
const lastCodes = 2

// Explain takes a stream apart. It keeps the first codes, most of them, and of a
// longer stream the last two besides. Time is linear in the stream's length;
// memory too, for the octets of its text, and in most.
func Explain(src Source, most int) Explanation {
	w := walker{most: max(most, 1)}
	w.Source = src
	w.last = w.firstWide()
	for _, text := range []*string{&w.Title, &w.Key, &w.Note} {
		*text = printable(*text)
	}
	w.walk()
	return w.Explanation
}
