package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/cmd/internal/message"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/formats"
)

// defaultSize is the largest value that is read where nobody has said otherwise.
const defaultSize = 32 << 20

// takesFiles reports whether values of the format are octets, which a file can hold as they are,
// in hex or in base64. Other values travel as short texts.
func takesFiles(f *formats.Format) bool { return f != nil && !f.HasText && f.Supports("decode") }

// content is what a file or stdin is found to hold.
type content uint8

const (
	contentLines   content = iota // of text, to be looked at one by one
	contentWrapped                // one value in lines of equal length
	contentText                   // one value in text
	contentJSON
	contentOctets
	contentPacked
)

// look finds out what is in a file or on stdin. Of a stream that others write to line by line
// it reads no more than the first line that is there.
func look(in *bufio.Reader) content {
	var head []byte
	for n := 1; n <= headSize; n = len(head) + 1 {
		_, err := in.Peek(n)
		head, _ = in.Peek(in.Buffered())
		if err != nil || bytes.IndexByte(head, '\n') >= 0 || len(head) > 0 && !isText(head) {
			break
		}
	}
	if magic, _ := capture.Magic(head); magic != "" {
		return contentPacked
	}
	start := bytes.TrimLeft(head, " \t\r\n")
	first, rest, several := bytes.Cut(start, []byte("\n"))
	switch {
	case !isText(head):
		return contentOctets
	case len(start) > 0 && (start[0] == '{' || start[0] == '['):
		return contentJSON
	case !several && len(head) >= headSize:
		return contentText
	case several && wrapped(len(bytes.TrimRight(first, "\r")), rest):
		return contentWrapped
	}
	return contentLines
}

// isText reports whether octets are printable ASCII in lines.
func isText(head []byte) bool {
	for _, c := range head {
		if c < ' ' && c != '\t' && c != '\r' && c != '\n' || c > '~' {
			return false
		}
	}
	return true
}

// wrapped reports whether one value was broken into lines, as xxd -p (60), openssl (64) and base64
// (76) do: what follows a line of that length is lines of the same, and a shorter one at most.
func wrapped(length int, rest []byte) bool {
	if length != 60 && length != 64 && length != 76 || len(bytes.TrimSpace(rest)) == 0 {
		return false
	}
	shorter := false
	for line := range bytes.Lines(rest) {
		whole := bytes.HasSuffix(line, []byte("\n"))
		n := len(bytes.TrimSpace(line))
		if n == 0 {
			continue
		}
		if shorter || n > length {
			return false
		}
		shorter = whole && n < length
	}
	return true
}

// valueFile decodes a file of one value, or of several in lines.
func (d *decoding) valueFile(name string) {
	r, _, err := d.open(name)
	if err != nil {
		d.fail("%v", err)
		return
	}
	defer r.Close()
	in := bufio.NewReaderSize(r, headSize)
	what := look(in)
	if what == contentLines {
		d.lines(in, name)
		return
	}
	defer d.inFile(name)()
	d.contents(in, what, name)
}

// contents decodes the values of a stream that holds something else than lines of cookies.
func (d *decoding) contents(in *bufio.Reader, what content, name string) {
	// What is read of a large value is soon garbage: a collector that waits for as much again
	// would take twice the memory.
	debug.SetMemoryLimit(128 << 20)
	values, err := d.read(in, what, name)
	if err != nil {
		d.refuse(name, name, err)
		return
	}
	for _, v := range values {
		d.message(v, name)
		if d.stdout.broken() {
			return
		}
	}
}

// read finds the values.
func (d *decoding) read(in *bufio.Reader, what content, name string) ([]message.Value, error) {
	if what == contentPacked {
		in = bufio.NewReaderSize(capture.Text(in, int64(d.flags.unpacked)), headSize)
		if _, err := in.Peek(1); err != nil && err != io.EOF {
			return nil, err
		}
		what = look(in)
	}
	most := int64(d.flags.size)
	switch what {
	case contentJSON:
		return message.JSON(&bounded{in, 2*most + most/4 + 1<<20})
	case contentOctets:
		octets, err := atMost(in, most+1<<20) // of a message around a value, some more
		if err != nil {
			return nil, err
		}
		if d.chosen == nil || d.chosen.format.Name == "rice-delta-v5" && !d.flags.touches(d.chosen.format) {
			values, err := message.HashLists(octets)
			if err == nil || d.chosen == nil {
				return values, err
			}
		}
		return []message.Value{{Octets: octets}}, nil
	}
	text, err := atMost(in, 2*most+most/8+1<<20)
	if err != nil {
		return nil, err
	}
	if what == contentWrapped {
		d.complain("%s: %s are read as one value", name, count(bytes.Count(bytes.TrimSpace(text), []byte("\n"))+1, "line"))
	}
	octets, _, err := message.Text(text)
	return []message.Value{{Octets: octets}}, err
}

// bounded is a reader of no more than most octets: of more it fails.
type bounded struct {
	r    io.Reader
	most int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.most -= int64(n); b.most < 0 {
		return 0, tooLarge()
	}
	return n, err
}

// atMost reads everything, if it is no more than most octets.
func atMost(in *bufio.Reader, most int64) ([]byte, error) {
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(in, most+1))
	if err == nil && n > most {
		err = tooLarge()
	}
	return b.Bytes(), err
}

// tooLarge is the error of a value that is not read.
func tooLarge() error {
	return &gcs.Error{
		Layer: gcs.TextLayer, Kind: gcs.TooMany, Detail: "the value is larger than --max-size allows",
	}
}

// readerOf is the reader of a value that a message says something about.
func (d *decoding) readerOf(v message.Value) (*reader, error) {
	r := d.chosen
	switch {
	case v.Format != "" && r != nil && r.format.Name != v.Format:
		return nil, fmt.Errorf("this is %s, not %s: leave --format out", v.Format, r.format.Name)
	case r == nil:
		name := v.Format
		if name == "" {
			name = "bip158" // a filter that does not say whose it is
		}
		format, _ := formats.Lookup(name)
		r = newReader(format, &d.flags.formatFlags)
		d.giveAssets(r)
	}
	if v.Format == "" {
		return r, nil
	}
	// The message has all parameters.
	with := &reader{format: r.format, params: v.Params, assets: r.assets, lost: r.lost}
	with.params.Lenient = r.params.Lenient
	return with, nil
}

// message decodes a value and prints the result.
func (d *decoding) message(v message.Value, name string) {
	where := name
	if v.Where != "" {
		where += ": " + v.Where
	}
	r, err := d.readerOf(v)
	if err == nil {
		err = r.lacks
	}
	if err == nil && len(v.Octets) > int(min(int64(d.flags.size), math.MaxInt)) {
		err = tooLarge()
	}
	if err != nil {
		d.refuse(where, where, err)
		return
	}
	list, err := r.format.List(r.params, formats.Input{Octets: v.Octets, Most: int(min(int64(d.flags.size), math.MaxInt))})
	if err == nil && v.SHA256 != nil && !bytes.Equal(v.SHA256, sumOf(&list)) {
		err = errors.New("the prefixes have another SHA-256 than the list says")
	}
	if err != nil {
		d.refuse(where, where, err)
		return
	}
	res := result{reader: r, value: octetsLabel(v.Octets), where: where, indices: v.Indices, Decoded: list.Decoded, count: list.Len, all: list.All(), share: list.FalsePositive()}
	if err = res.compare(); err == nil {
		err = d.link(&res, v.Octets, v.Header)
	}
	if err != nil {
		d.refuse(where, where, err)
		return
	}
	d.begin()
	res.flush = d.stdout
	if d.flags.json {
		d.stdout.Write(appendJSON(nil, &res))
	} else {
		d.stdout.Write(appendHuman(nil, &res, d.color))
	}
}

// octetsLabel is the beginning of a value in hex.
func octetsLabel(octets []byte) string {
	const most = 64 // more than a title shows
	return fmt.Sprintf("%x", octets[:min(len(octets), most)])
}

// sumOf is the SHA-256 of a list's prefixes.
func sumOf(l *formats.List) []byte {
	bits, _ := l.Params.Number("bits")
	h := sha256.New()
	var prefix []byte
	for key := range l.All() {
		prefix = prefix[:0]
		for _, part := range key {
			for shift := min(bits, 64) - 8; shift >= 0; shift -= 8 {
				prefix = append(prefix, byte(part>>shift))
			}
		}
		h.Write(prefix)
	}
	return h.Sum(nil)
}

// valueText is a bare value of a format that takes octets, in hex: base64 is turned into it.
func (d *decoding) valueText(text string) string {
	if text == "" || strings.Trim(text, "0123456789abcdefABCDEF") == "" {
		return text
	}
	octets, isHex, err := message.Text([]byte(text))
	if err != nil || isHex {
		return text
	}
	return fmt.Sprintf("%x", octets)
}

// ofLine is a cookie of a line as the value of a format that takes octets: base64 may be padded,
// and then it looks like a name and a value.
func (d *decoding) ofLine(c capture.Cookie) capture.Cookie {
	if c.Form == capture.Pair && (c.Value == "" || c.Value == "=") {
		c.Form, c.Name, c.Value = capture.Bare, "", c.Name+"="+c.Value
	}
	c.Value = d.valueText(c.Value)
	return c
}

// inMessage reports whether a text is JSON that has something to decode.
func inMessage(head []byte) bool {
	head = bytes.TrimSpace(head)
	if len(head) == 0 || head[0] != '{' && head[0] != '[' {
		return false
	}
	return slices.ContainsFunc([]string{
		`"additions`, `"compressedRemovals"`, `"compressed_removals"`, `"riceHashes"`, `"rice_hashes"`, `"riceIndices"`, `"rice_indices"`, `"filter"`,
	}, func(name string) bool { return bytes.Contains(head, []byte(name)) })
}
