package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"

	"github.com/cache-aware/casper/cmd/internal/capture"
)

// log decodes the known cookies of a log, on all processors, and prints the results in
// the order of the log.
func (d *decoding) log(name string) {
	r, size, err := d.open(name)
	if name == "-" {
		// It is read on another goroutine, which must not write to stdout.
		r = io.NopCloser(d.stdin.r)
	}
	if err != nil {
		d.fail("%v", err)
		return
	}
	defer r.Close()
	defer d.inFile(name)()
	d.progress = d.newProgress(name, size)
	defer func() { d.progress = nil }()
	defer d.progress.clear()
	whole := true
	s := capture.LogScanner{Names: d.names, MaxUnpacked: int64(d.flags.unpacked), Progress: d.progress.show}
	for out, err := range s.AppendEach(r, func(dst []byte, m capture.LogMatch) []byte { return d.appendMatch(dst, m, name) }) {
		if err != nil {
			d.refuse(name, name, err)
			whole = false
			continue
		}
		for len(out) > 0 {
			var text []byte
			var ok bool
			text, ok, out = cutRecord(out)
			d.print(text, ok)
		}
		if name == "-" {
			d.stdout.Flush() // somebody may be waiting at the other end of it
		}
		if d.stdout.broken() {
			return
		}
	}
	counts := s.Counts()
	if counts.Broken > 0 {
		d.fail("%s: %d of %d lines are longer than %d bytes and were skipped", name, counts.Broken, counts.Lines, capture.MaxLine)
	}
	switch {
	case counts.Matches == 0 && counts.Named > 0:
		d.refuse(name, name, fmt.Errorf("%s is named in line %d, without a value that --log reads", counts.FirstName, counts.FirstNamed))
	case counts.Matches == 0 && counts.Broken == 0 && whole:
		d.noneIn(name)
	}
}

// appendMatch appends the record of one match.
func (d *decoding) appendMatch(dst []byte, m capture.LogMatch, file string) []byte {
	r := d.readers[m.Name]
	if m.Err != nil {
		where := file + ":" + strconv.FormatInt(m.Line, 10)
		return appendRecord(dst, func(dst []byte) ([]byte, bool) {
			return d.appendError(dst, where+": "+m.Name, where, m.Err), false
		})
	}
	if d.flags.json {
		if text := r.memo.get(m.Value); text != nil {
			return appendRecord(dst, func(dst []byte) ([]byte, bool) { return append(dst, text...), true })
		}
	}
	return appendRecord(dst, func(dst []byte) ([]byte, bool) {
		start := len(dst)
		value := string(m.Value)
		dst, ok := d.append(dst, r, m.Name, value, file+":"+strconv.FormatInt(m.Line, 10))
		if ok && d.flags.json {
			r.memo.put(value, dst[start:])
		}
		return dst, ok
	})
}

// The workers' output is records, since some of it goes to stdout and some to
// stderr: four octets with the length and, in the top bit, whether it is a result.
const recordHead = 4

func appendRecord(dst []byte, text func(dst []byte) ([]byte, bool)) []byte {
	start := len(dst)
	dst, ok := text(append(dst, make([]byte, recordHead)...))
	n := uint32(len(dst) - start - recordHead)
	if ok {
		n |= 1 << 31
	}
	binary.BigEndian.PutUint32(dst[start:], n)
	return dst
}

func cutRecord(b []byte) (text []byte, ok bool, rest []byte) {
	head := binary.BigEndian.Uint32(b)
	n := int(head&^(1<<31)) + recordHead
	return b[recordHead:n], head>>31 == 1, b[n:]
}
