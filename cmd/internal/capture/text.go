package capture

import (
	"io"
	"iter"
)

// Unpack returns the bytes of r, unpacked when they begin with the magic number
// of gzip (RFC 1952 section 2.3.1); nothing is read before they are asked for. A
// stream that is cut short fails with [io.ErrUnexpectedEOF], a damaged one with
// an error of [compress/gzip] or [compress/flate]. An error is final.
func Unpack(r io.Reader) io.Reader { return &unpacker{raw: r} }

// EachLine yields the lines of r in order, each without its newline and valid
// until the next; the last may lack one. A line longer than limit bytes is
// passed over without being held and yields an [*Error] with [ErrLong]. An error
// of r comes last, as an [*Error] too; the line that it cut off is not yielded.
// Memory is one buffer, of limit bytes or a few more.
func EachLine(r io.Reader, limit int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for line, err := range eachLine(r, limit) {
			if !yield(line.text, err) {
				return
			}
		}
	}
}
