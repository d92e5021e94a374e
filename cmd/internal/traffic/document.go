package traffic

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/cache-aware/casper/cmd/internal/capture"
)

// looksLikeDocument reports whether a log of JSON is written over several lines, or is one list
// of its entries.
func looksLikeDocument(in *bufio.Reader) bool {
	head, _ := in.Peek(harHead)
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\uFEFF")), " \t\r\n")
	if bytes.HasPrefix(head, []byte{'['}) {
		head = bytes.TrimLeft(head[1:], " \t\r\n")
		return bytes.HasPrefix(head, []byte{'{'})
	}
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	return string(bytes.TrimSpace(line)) == "{"
}

// elements reads the objects of a document, wherever its lines end. They are its lines.
func (s *Reading) elements(in io.Reader, yield func(*Record) bool) error {
	r := bufio.NewReader(in)
	var object []byte
	depth, quoted, escaped, long := 0, false, false, false
	for {
		c, err := r.ReadByte()
		if err == io.EOF && depth > 0 {
			return fmt.Errorf("entry %d: JSON ends early: %w", s.Lines, io.ErrUnexpectedEOF)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if depth == 0 {
			if c != '{' {
				continue
			}
			s.Lines++
			object, long = object[:0], false
		}
		if long = long || len(object) == capture.MaxLine; !long {
			object = append(object, c)
		}
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth > 0 {
				continue
			}
			var rec *Record
			format := ""
			if err = errLong; !long {
				rec, format, err = s.parseJSON(object, 0)
			}
			if err != nil {
				err = fmt.Errorf("entry %d: %w", s.Lines, err)
			} else if s.Format == "" {
				s.Format = format
			}
			if !s.take(rec, err, yield) {
				return errStop
			}
		}
	}
}
