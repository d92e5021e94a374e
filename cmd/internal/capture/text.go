package capture

import (
	"io"
	"iter"
)

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
