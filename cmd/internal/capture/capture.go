// Package capture finds cookies in what people capture: a line copied from a
// terminal, a HAR file, a Netscape cookie jar, a log of any kind. It also reads
// the lists of assets that such cookies are compared with.
//
// It knows what a cookie looks like on each of these carriers and nothing of
// what a value means: every value is handed on as the bytes that were there,
// together with the place it came from, for a codec to judge.
//
// Readers take an [io.Reader], return an iterator and hold a bounded part of
// their input: [MaxLine] bytes of a text file or of one HAR entry's headers and
// cookies, whatever the length of the file. Input that is broken in one place is
// reported for that place, and what can still be read is. They belong to one
// goroutine; only [LogScanner.AppendEach] starts others, and none outlives the
// loop over its result.
package capture

import (
	"errors"
	"fmt"
)

// MaxLine is the longest line, in bytes without its line end, that a log, a
// jar or an asset list may hold, and the most text of headers and cookies that
// is taken from one entry of a HAR file. It is what Go's server accepts of headers in all;
// browsers keep 4 KiB of a cookie.
const MaxLine = 1 << 20

// Form says what a cookie was written as.
type Form uint8

// The forms in which cookies are found.
const (
	Bare   Form = iota // a value alone, without a name
	Pair               // name=value alone
	Sent               // in a Cookie header: a client sent it
	Set                // in a Set-Cookie header: a server set it
	Stored             // in a cookie jar
	Digest             // the value of a whole Cache-Digest header, which is no cookie
	Found              // in other text: without escapes, and without its Offset
)

// Cookie is one cookie of a capture.
type Cookie struct {
	Name   string // as written; empty for a Bare value
	Value  string // as written, without the quotes around it
	Quoted bool   // Value stood in double quotes, which H2O refuses and net/http removes
	Form   Form
	Offset int    // of Value, in bytes from the start of its line or HAR header value; 0 in a HAR's cookie list
	Where  string // place inside the capture, for a person; empty when the capture is one line
}

// Errors of this package. Those with a place in the capture are wrapped in [Error].
var (
	ErrNoCookie = errors.New("no cookie in this line")
	ErrLong     = errors.New("over-long line")
	ErrJar      = errors.New("not a line of a Netscape cookie jar")
	ErrHAR      = errors.New("not a HAR file")
	ErrMany     = errors.New("too many assets")
)

// Error is a fault at one place of a capture.
type Error struct {
	Line   int64 // number of the line, from 1; 0 when the capture has no lines
	Offset int64 // when Line is 0: bytes from the start of the capture
	Err    error
}

// Error names the place and the fault.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("line %d: %v", e.Line, e.Err)
	}
	return fmt.Sprintf("byte %d: %v", e.Offset, e.Err)
}

// Unwrap returns the fault without its place.
func (e *Error) Unwrap() error { return e.Err }
