package capture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// maxDepth bounds how deep a document may nest. A HAR file needs eight levels.
const maxDepth = 128

// jsonReader walks over a JSON document (RFC 8259) of any size in one buffer:
// what is not asked for is passed over where it stands. [json.Decoder] holds
// each token whole, and in a HAR file a token may be the whole body of a
// response; TestHARBodyCostsNoMemory shows the difference.
//
// Structure is checked everywhere. The inside of a string, number or literal
// is only checked where it is asked for: it cannot hide where a value ends.
type jsonReader struct {
	r     io.Reader
	buf   []byte // the whole buffer
	ahead []byte // the part of buf that is read but not consumed
	past  int64  // bytes of the document that have left buf
	err   error  // what r ended with
	depth int
	kind  error  // of faults in what the document says
	text  []byte // the string that was read last, as written
}

func newJSONReader(r io.Reader) *jsonReader {
	return &jsonReader{r: r, buf: make([]byte, 64<<10), kind: ErrHAR}
}

// offset is where the next byte stands.
func (j *jsonReader) offset() int64 { return j.past - int64(len(j.ahead)) }

// fault is an error at the next byte.
func (j *jsonReader) fault(err error) error { return &Error{Offset: j.offset(), Err: err} }

// syntax is a fault in what the document says.
func (j *jsonReader) syntax(format string, args ...any) error {
	return j.fault(fmt.Errorf("%w: "+format, append([]any{j.kind}, args...)...))
}

// fill makes ahead non-empty. The end of the document inside a value is [io.ErrUnexpectedEOF].
func (j *jsonReader) fill() error {
	for idle := 0; len(j.ahead) == 0; idle++ {
		if idle == maxIdleReads {
			j.err = io.ErrNoProgress
		}
		if j.err == io.EOF {
			return j.fault(fmt.Errorf("JSON ends early: %w", io.ErrUnexpectedEOF))
		}
		if j.err != nil {
			return j.fault(j.err)
		}
		var n int
		n, j.err = j.r.Read(j.buf)
		j.ahead = j.buf[:n]
		j.past += int64(n)
	}
	return nil
}

// peek returns the first byte of the next token.
func (j *jsonReader) peek() (byte, error) {
	for {
		for i, c := range j.ahead {
			if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
				j.ahead = j.ahead[i:]
				return c, nil
			}
		}
		j.ahead = nil
		if err := j.fill(); err != nil {
			return 0, err
		}
	}
}

// punct consumes one character of structure out of want and returns it.
func (j *jsonReader) punct(want string) (byte, error) {
	c, err := j.peek()
	if err != nil {
		return 0, err
	}
	for i := range len(want) {
		if c == want[i] {
			j.ahead = j.ahead[1:]
			return c, nil
		}
	}
	return 0, j.syntax("found %q, want one of %q", c, want)
}

// nested reads a list in the given brackets; each reads one element of it.
func (j *jsonReader) nested(open, end string, each func() error) error {
	if _, err := j.punct(open); err != nil {
		return err
	}
	if j.depth++; j.depth > maxDepth {
		return j.syntax("nested more than %d deep", maxDepth)
	}
	c, err := j.peek()
	if err == nil && c == end[0] {
		_, err = j.punct(end)
		j.depth--
		return err
	}
	for err == nil && c != end[0] {
		if err = each(); err == nil {
			c, err = j.punct("," + end)
		}
	}
	j.depth--
	return err
}

// array calls elem, which must read one value, for each element.
func (j *jsonReader) array(elem func(i int) error) error {
	i := -1
	return j.nested("[", "]", func() error { i++; return elem(i) })
}

// object calls field, which must read one value, for each member. A key longer
// than any that matters is given as "".
func (j *jsonReader) object(field func(key []byte) error) error {
	var name [64]byte
	return j.nested("{", "}", func() error {
		key, ok, err := j.quoted(len(name))
		if err != nil {
			return err
		}
		n := 0
		switch {
		case !ok:
		case bytes.IndexByte(key, '\\') < 0:
			n = copy(name[:], key)
		default:
			s, err := j.unquote(key)
			if err != nil {
				return err
			}
			n = copy(name[:], s)
		}
		if _, err := j.punct(":"); err != nil {
			return err
		}
		return field(name[:n])
	})
}

// member calls read, which must read one value, for each member of an object
// with that name, and passes over the others.
func (j *jsonReader) member(name string, read func() error) error {
	return j.object(func(key []byte) error {
		if string(key) != name {
			return j.skip()
		}
		return read()
	})
}

// quoted reads a string and returns what stands between its quotes, as
// written, valid until the next string; ok is false when that is longer than limit bytes.
func (j *jsonReader) quoted(limit int) (text []byte, ok bool, err error) {
	if _, err := j.punct(`"`); err != nil {
		return nil, false, err
	}
	j.text, ok = j.text[:0], true
	for escaped := false; ; {
		if err := j.fill(); err != nil {
			return nil, false, err
		}
		// quote is looked for once between two quotes, not once an escape:
		// a string of escapes alone would cost the square of the buffer.
		i, quote := 0, -1
		for i < len(j.ahead) {
			if escaped { // whatever it is, it is no end
				i, escaped = i+1, false
				continue
			}
			if quote < i {
				if quote = bytes.IndexByte(j.ahead[i:], '"'); quote >= 0 {
					quote += i
				} else {
					quote = len(j.ahead)
				}
			}
			if n := bytes.IndexByte(j.ahead[i:quote], '\\'); n >= 0 {
				i, escaped = i+n+1, true
				continue
			}
			if i = quote; i < len(j.ahead) {
				j.keep(i, limit, &ok)
				j.ahead = j.ahead[1:]
				return j.text, ok, nil
			}
		}
		j.keep(i, limit, &ok)
	}
}

// keep consumes n bytes of a string, and remembers them while it is within the limit.
func (j *jsonReader) keep(n, limit int, ok *bool) {
	if *ok = *ok && len(j.text)+n <= limit; *ok {
		j.text = append(j.text, j.ahead[:n]...)
	}
	j.ahead = j.ahead[n:]
}

// str reads a value and returns its text when it is a string of at most limit
// bytes as written, "" when it is any other value; long tells of a longer string.
func (j *jsonReader) str(limit int) (s string, long bool, err error) {
	c, err := j.peek()
	if err != nil {
		return "", false, err
	}
	if c != '"' {
		return "", false, j.skip()
	}
	text, ok, err := j.quoted(limit)
	if err != nil || !ok {
		return "", !ok && err == nil, err
	}
	s, err = j.unquote(text)
	return s, false, err
}

// unquote returns what a string's text stands for.
func (j *jsonReader) unquote(text []byte) (s string, err error) {
	for _, c := range text {
		if c < ' ' || c >= 0x80 || c == '\\' {
			if json.Unmarshal(bytes.Join([][]byte{{'"'}, text, {'"'}}, nil), &s) != nil {
				return "", j.syntax("a string has a bad character or escape")
			}
			return s, nil
		}
	}
	return string(text), nil
}

// skip passes over a value of any kind.
func (j *jsonReader) skip() error {
	c, err := j.peek()
	if err != nil {
		return err
	}
	switch c {
	case '{':
		return j.object(func([]byte) error { return j.skip() })
	case '[':
		return j.array(func(int) error { return j.skip() })
	case '"':
		_, _, err := j.quoted(0)
		return err
	}
	_, _, err = j.scalar(0)
	return err
}

// scalar reads a number, true, false or null, and returns it as quoted does a string.
func (j *jsonReader) scalar(limit int) (text []byte, ok bool, err error) {
	j.text, ok = j.text[:0], true
	for n := 0; ; {
		i := 0
		for i < len(j.ahead) && (isWord(j.ahead[i]) || j.ahead[i] == '+' || j.ahead[i] == '.') {
			i++
		}
		n += i
		if j.keep(i, limit, &ok); len(j.ahead) > 0 {
			if n == 0 {
				return nil, false, j.syntax("found %q, want a value", j.ahead[0])
			}
			return j.text, ok, nil
		}
		if err := j.fill(); err != nil {
			return nil, false, err
		}
	}
}

// skipByteOrderMark passes over U+FEFF, with which some proxies begin their files.
func (j *jsonReader) skipByteOrderMark() error {
	for i := range len(byteOrderMark) {
		if err := j.fill(); err != nil {
			return err
		}
		if j.ahead[0] != byteOrderMark[i] {
			if i == 0 {
				return nil
			}
			return j.syntax("found %q, want a JSON object", j.ahead[0])
		}
		j.ahead = j.ahead[1:]
	}
	return nil
}

const byteOrderMark = "\uFEFF"

// end makes sure that nothing but white space is left.
func (j *jsonReader) end() error {
	switch c, err := j.peek(); {
	case err == nil:
		return j.syntax("found %q after the end", c)
	case j.err != io.EOF:
		return err
	}
	return nil
}
