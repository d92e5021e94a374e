package capture

import (
	"bufio"
	"errors"
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

func TestText(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		err            error
	}{
		{"plain", "text", "text", nil},
		{"nothing", "", "", nil},
		{"shorter than the number", "\x1f\x8b", "\x1f\x8b", nil},
		{"packed", packed("text"), "text", nil},
		{"two members", packed("te") + packed("xt"), "text", nil},
		{"packed twice", packed(packed("text")), "text", nil},
		{"zeros behind a member", packed("text") + strings.Repeat("\x00", 2000), "text", nil},
		{"packed too often", packed(packed(packed(packed("text")))), "", ErrPacked},
		{"lz4", "\x04\x22\x4d\x18 and so on", "", ErrPacked},
		{"a NUL", "te\x00xt", "te", ErrBinary},
		{"UTF-16, little-endian", "\xff\xfet\x00e\x00x\x00t\x00", "text", nil},
		{"UTF-16, big-endian", "\xfe\xff\x00t\x00e\x00x\x00t", "text", nil},
		{"UTF-16 without its mark", "t\x00e\x00", "t", ErrBinary},
		{"a zip of nothing", "PK\x03\x04", "", io.ErrUnexpectedEOF},
		{"cut short", packed("text")[:20], "text", io.ErrUnexpectedEOF},
		{"only the number", "\x1f\x8b\x08", "", io.ErrUnexpectedEOF},
	} {
		for _, reading := range readings {
			got, err := io.ReadAll(Text(reading.of(strings.NewReader(tt.in)), 0))
			if !strings.HasPrefix(tt.want, string(got)) || err == nil && string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("%s, %s: %q, %v", tt.name, reading.name, got, err)
			}
		}
		// Who looks ahead, and is told of the error then, is told again.
		in := bufio.NewReader(Text(strings.NewReader(tt.in), 0))
		in.Peek(512)
		if _, err := io.ReadAll(in); !errors.Is(err, tt.err) {
			t.Errorf("%s, after looking ahead: %v, want %v", tt.name, err, tt.err)
		}
	}
}
