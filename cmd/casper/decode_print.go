package main

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/cache-aware/casper/cmd/internal/capture"
)

// value decodes a value and prints the result.
func (d *decoding) value(r *reader, c capture.Cookie, where string) {
	text, ok := d.append(nil, r, c.Name, c.Value, where)
	d.print(text, ok)
}

// append appends the line or lines about a value: the result, or what is wrong with
// it. It may be called concurrently.
func (d *decoding) append(dst []byte, r *reader, name, value, where string) (text []byte, ok bool) {
	res, err := r.decode(name, value, where)
	if err == nil && r.format.Name == "bip158" {
		octets, _ := hex.DecodeString(value) // which it was read as
		err = d.link(&res, octets, "")
	}
	if err == nil {
		d.matches.note(&res)
		if d.flags.json {
			return appendJSON(dst, &res), true
		}
		return appendHuman(dst, &res, d.color), true
	}
	label := fmt.Sprintf("%.60q", value)
	if name != "" {
		label = name + "=" + label
	}
	if where != "" {
		label = where + ": " + label
	}
	return d.appendError(dst, label, where, err), false
}

// appendError appends what is said about a faulty input: as JSON, without naming the
// value, or as a line for stderr without its end.
func (d *decoding) appendError(dst []byte, label, where string, err error) []byte {
	if d.flags.json {
		msg := err.Error()
		if where != "" {
			msg = where + ": " + msg
		}
		return appendErrorJSON(dst, kindOf(err), msg)
	}
	return append(append(append(dst, label...), ": "...), err.Error()...)
}

// refuse reports an input without a value; label names it for a person.
func (d *decoding) refuse(label, where string, err error) {
	d.print(d.appendError(nil, label, where, err), false)
}

// mostFaults is how many lines of error a person gets of one file.
const mostFaults = 10

// faults are the errors of one file that a person is told of.
type faults struct {
	n    int
	last string // the one that may be the last line, or give way to a number
}

// admit reports whether one more error is told now.
func (f *faults) admit(text string) bool {
	if f == nil {
		return true
	}
	if f.n++; f.n == mostFaults {
		f.last = text
	}
	return f.n < mostFaults
}

// endOf tells as JSON of the errors that told has held back.
func (d *decoding) endOf(name string, told *faults) {
	switch {
	case told.n == mostFaults:
		d.refuse(name, name, errors.New(told.last))
	case told.n > mostFaults:
		d.refuse(name, name, fmt.Errorf("%d more errors like these", told.n-mostFaults+1))
	}
}

// inFile begins a file. The function that it returns ends it.
func (d *decoding) inFile(name string) (end func()) {
	d.faults = new(faults)
	return func() {
		switch f := d.faults; {
		case f.n == mostFaults:
			d.complain("%s", f.last)
		case f.n > mostFaults:
			d.complain("%s: %d more errors like these", name, f.n-mostFaults+1)
		}
		d.faults = nil
	}
}

// print prints what append made.
func (d *decoding) print(text []byte, ok bool) {
	if !ok {
		d.failed = true
		if !d.flags.json {
			if d.faults.admit(string(text)) {
				d.complain("%s", text)
			}
			return
		}
	}
	d.begin()
	d.stdout.Write(text)
}

// begin begins what is printed about one value.
func (d *decoding) begin() {
	if d.shown++; d.shown > 1 && !d.flags.json {
		d.stdout.WriteByte('\n')
	}
}
