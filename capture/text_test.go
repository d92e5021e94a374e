package capture

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestEachLine(t *testing.T) {
	var got strings.Builder
	for line, err := range EachLine(io.MultiReader(strings.NewReader("a\n\nbcd\r\nabcde\nef"), failing{io.ErrClosedPipe}), 4) {
		fmt.Fprintf(&got, "%q %v\n", line, err)
	}
	const want = `"a" <nil>
"" <nil>
"bcd\r" <nil>
"" line 4: over-long line
"" line 5: io: read/write on closed pipe
`
	if got.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", got.String(), want)
	}
	for range EachLine(strings.NewReader("a\nb\n"), 4) {
		break
	}
}
