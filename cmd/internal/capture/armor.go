package capture

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"regexp"
	"strconv"
)

// Some programs write what was on the wire in another alphabet: curl --trace in hex, with
// lines of sixteen octets that cut a cookie in two; Burp in base64. [Text] makes of both the
// text of the headers.

// armorHead is how much of a text is looked at for what tells armor.
const armorHead = 4 << 10

var (
	armorLine  = regexp.MustCompile(`^(?:<\?xml|<items |(?:\d\d:\d\d:\d\d\.\d+ )?(?:== Info: |=> Send |<= Recv ))`)
	burpItems  = regexp.MustCompile(`<items [^>]*burpVersion=`)
	traceBlock = regexp.MustCompile(`(?m)^(?:\d\d:\d\d:\d\d\.\d+ )?(?:\[[^\]]*\] )?(?:=> Send|<= Recv) ([A-Za-z ]+), \d+ bytes \(0x[0-9a-f]+\)`)
	traceDump  = regexp.MustCompile(`^([0-9a-f]{4,}): (.*)$`)
)

// unarmor returns the text of what r reads.
func unarmor(r io.Reader) io.Reader {
	in := bufio.NewReaderSize(r, 2*armorHead)
	head := peek(in, func(head []byte) bool { return head[len(head)-1] == '\n' || len(head) == longestHead })
	if !armorLine.Match(bytes.TrimPrefix(head, []byte(byteOrderMark))) {
		return in
	}
	head, _ = in.Peek(armorHead)
	switch {
	case burpItems.Match(head):
		return &pieceReader{next: (&burp{in: in}).next}
	case traceBlock.Match(head):
		return &pieceReader{next: (&trace{in: in}).next}
	}
	return in
}

// pieceReader reads pieces one after the other.
type pieceReader struct {
	next func() ([]byte, error) // the piece is valid until the next call
	rest []byte
	err  error
}

func (p *pieceReader) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		p.rest, p.err = p.next()
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// burp reads the export of Burp's history: of messages in base64 the headers, and all else as it
// stands.
type burp struct {
	in      *bufio.Reader
	message bool // its tag was read
}

func (b *burp) next() ([]byte, error) {
	if b.message {
		b.message = false
		return b.headers()
	}
	piece, err := b.in.ReadSlice('>')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	b.message = bytes.HasSuffix(piece, []byte(`<request base64="true">`)) || bytes.HasSuffix(piece, []byte(`<response base64="true">`))
	return piece, err
}

// headers decodes a message up to its body, which the next pieces pass over.
func (b *burp) headers() ([]byte, error) {
	const mark = "<![CDATA["
	if head, _ := b.in.Peek(len(mark)); string(head) == mark {
		b.in.Discard(len(mark))
	}
	text := bufio.NewReader(base64.NewDecoder(base64.StdEncoding, &alphabet{b.in}))
	var head []byte
	for len(head) < MaxLine {
		line, err := text.ReadSlice('\n')
		head = append(head, line...)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) || len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
	}
	return append(bytes.ReplaceAll(head, []byte{0}, nil), '\n'), nil
}

// alphabet reads base64 and stops in front of what is none.
type alphabet struct{ in *bufio.Reader }

func (a *alphabet) Read(p []byte) (int, error) {
	for n := range p {
		c, err := a.in.ReadByte()
		if err == nil && !isBase64[c] && c != '=' && c != '\n' && c != '\r' {
			a.in.UnreadByte()
			err = io.EOF
		}
		if err != nil {
			return n, err
		}
		p[n] = c
	}
	return len(p), nil
}

// trace reads what curl --trace and --trace-ascii write: the headers, and what curl says.
type trace struct {
	in      *bufio.Reader
	skips   bool // the block under way has no headers
	inBlock bool
	end     int64 // of the last line of a dump in ASCII
	piece   []byte
}

func (t *trace) next() ([]byte, error) {
	line, err := t.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return line, nil
	}
	if m := traceBlock.FindSubmatch(line); m != nil {
		t.inBlock, t.skips, t.end = true, string(m[1]) != "header", 0
		return []byte{'\n'}, err
	}
	m := traceDump.FindSubmatch(bytes.TrimRight(line, "\r\n"))
	if !t.inBlock || m == nil {
		t.inBlock = false
		return line, err
	}
	if t.skips {
		return nil, err
	}
	t.piece = t.piece[:0]
	if octets, ok := hexDump(m[2]); ok {
		t.piece = append(t.piece, bytes.ReplaceAll(octets, []byte{0}, nil)...)
		return t.piece, err
	}
	// A line goes on in the next one when that begins where it ends.
	if at, _ := strconv.ParseInt(string(m[1]), 16, 64); at != t.end {
		t.piece = append(t.piece, '\n')
		t.end = at
	}
	t.end += int64(len(m[2]))
	t.piece = append(t.piece, m[2]...)
	return t.piece, err
}

// hexDump reads up to sixteen octets in hex, in 48 columns, with the text behind them.
func hexDump(text []byte) (octets []byte, ok bool) {
	const columns = 48
	if len(text) < columns {
		return nil, false
	}
	for i := 0; i < columns; i += 3 {
		v, ok := hexAt(text, i, 2)
		if !ok {
			return octets, len(bytes.TrimSpace(text[i:columns])) == 0 && i > 0
		}
		if text[i+2] != ' ' {
			return nil, false
		}
		octets = append(octets, byte(v))
	}
	return octets, true
}
