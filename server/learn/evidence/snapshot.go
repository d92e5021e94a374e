package evidence

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"strings"
)

// A snapshot is text, one JSON object a line, so that people can read it and ordinary tools can
// compare two:
//
//	{"casper":"learned model","version":1}
//	{"page":"/","views":41,"time":"2026-11-23T08:00:00Z","assets":[{"link":"</a.css>; rel=preload; as=style",...},...]}
//	...
//	{"pages":12,"sha256":"..."}
//
// The last line closes it, with the number of pages and the hash of every byte before it. A
// reader that does not know the version refuses the whole.
const (
	snapshotName    = "learned model"
	snapshotVersion = 1
)

// Bounds on what is read.
const (
	MaxSnapshot = 256 << 20 // bytes
	maxLine     = 4 << 20   // bytes
)

// ErrSnapshot is the error for a text that is no snapshot, or not a whole one. Errors of
// [Decode] wrap it.
var ErrSnapshot = errors.New("learn: not a whole snapshot")

// ErrForeign is the error for a text that does not even begin as a snapshot: it is something else.
var ErrForeign = errors.New("learn: no model of casper")

// begins is how each snapshot begins, and closes how its last line does.
const begins, closes = `{"casper":"` + snapshotName + `"`, `{"pages":`

// header is the first line, trailer the last.
type header struct {
	Casper  string `json:"casper"`
	Version int    `json:"version"`
}

type trailer struct {
	Pages  int    `json:"pages"`
	SHA256 string `json:"sha256"`
}

// Encode writes a snapshot. The error is the writer's, or names a page that holds an asset that
// cannot be sent.
func Encode(w io.Writer, deltas iter.Seq[Delta]) error {
	sum := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(w, sum), 64<<10)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(header{snapshotName, snapshotVersion}); err != nil {
		return err
	}
	n := 0
	for d := range deltas {
		if err := enc.Encode(&d); err != nil {
			return fmt.Errorf("learn: page %q: %w", d.Page, err)
		}
		n++
	}
	if err := out.Flush(); err != nil {
		return err
	}
	last, err := json.Marshal(trailer{n, hex.EncodeToString(sum.Sum(nil))})
	if err != nil {
		return err
	}
	_, err = w.Write(append(last, '\n'))
	return err
}

// Check reads a snapshot to its end and returns nil if it is whole: the checksum is right, and so is
// the number of lines. It keeps nothing of what it reads. The error wraps [ErrForeign] or [ErrSnapshot].
func Check(r io.Reader) error {
	sum := sha256.New()
	in := bufio.NewReaderSize(r, 64<<10)
	if err := peek(in); err != nil {
		return err
	}
	for n := 0; ; n++ {
		if head, _ := in.Peek(len(closes)); string(head) == closes {
			return closed(in, n+1, n-1, sum)
		}
		for long := true; long; {
			part, err := in.ReadSlice('\n')
			sum.Write(part)
			if long = err == bufio.ErrBufferFull; err != nil && !long {
				return ended(n+1, err)
			}
		}
	}
}

// peek returns [ErrForeign] for what does not begin as a snapshot, and consumes nothing. An
// empty text is a snapshot that ends early.
func peek(in *bufio.Reader) error {
	head, err := in.Peek(len(begins))
	switch {
	case err != nil && err != io.EOF:
		return fmt.Errorf("learn: %w", err)
	case !strings.HasPrefix(begins, string(head)):
		return ErrForeign
	}
	return nil
}

// closed reads the last line, line n, which has to be what [Encode] writes there after so many pages
// and all that was hashed, to the octet: the line itself is in no checksum.
func closed(in *bufio.Reader, n, pages int, sum hash.Hash) error {
	line, err := in.ReadSlice('\n')
	if err != nil && err != bufio.ErrBufferFull {
		return ended(n, err)
	}
	want, err := json.Marshal(trailer{pages, hex.EncodeToString(sum.Sum(nil))})
	if err != nil {
		return err
	}
	if string(line) != string(want)+"\n" {
		return fmt.Errorf("%w: line %d: the checksum is another", ErrSnapshot, n)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return fmt.Errorf("%w: line %d: there is more behind the end", ErrSnapshot, n)
	}
	return nil
}

// Decode reads a snapshot and returns its pages, or an error that wraps [ErrForeign] or
// [ErrSnapshot] and names the line. It reads at most [MaxSnapshot] bytes, and takes up to twenty
// times of what it reads in memory. It returns nothing of a snapshot that is not whole; [Check] tells
// that beforehand, where the text can be read twice.
func Decode(r io.Reader) ([]Delta, error) {
	sum := sha256.New()
	in := bufio.NewReaderSize(io.LimitReader(r, MaxSnapshot), 64<<10)
	if err := peek(in); err != nil {
		return nil, err
	}
	var head header
	if err := readLine(in, sum, 1, &head); err != nil {
		return nil, err
	}
	if head.Casper != snapshotName {
		return nil, fmt.Errorf("%w: line 1: it says nothing of a %s", ErrSnapshot, snapshotName)
	}
	if head.Version != snapshotVersion {
		return nil, fmt.Errorf("%w: line 1: version %d, this is for version %d",
			ErrSnapshot, head.Version, snapshotVersion)
	}
	var deltas []Delta
	for n := 2; ; n++ {
		if head, _ := in.Peek(len(closes)); string(head) == closes {
			if err := closed(in, n, len(deltas), sum); err != nil {
				return nil, err
			}
			return deltas, nil
		}
		var line Delta
		if err := readLine(in, sum, n, &line); err != nil {
			return nil, err
		}
		if line.Page == "" {
			return nil, fmt.Errorf("%w: line %d: no page", ErrSnapshot, n)
		}
		deltas = append(deltas, line)
	}
}

// ended is the error of a reader that ends within line n.
func ended(n int, err error) error {
	if err == io.EOF {
		return fmt.Errorf("%w: line %d: it ends early", ErrSnapshot, n)
	}
	return fmt.Errorf("learn: line %d: %w", n, err)
}

// readLine reads line n into v, and adds its bytes to the hash.
func readLine(in *bufio.Reader, sum hash.Hash, n int, v any) error {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
		case err == bufio.ErrBufferFull && len(line) < maxLine:
			continue
		case err == bufio.ErrBufferFull:
			return fmt.Errorf("%w: line %d: longer than %d bytes", ErrSnapshot, n, maxLine)
		default:
			return ended(n, err)
		}
		break
	}
	sum.Write(line)
	dec := json.NewDecoder(bytes.NewReader(line))
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%w: line %d: %w", ErrSnapshot, n, err)
	}
	return nil
}
