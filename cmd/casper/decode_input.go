package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/cmd/internal/message"
	"github.com/cache-aware/casper/gcs/formats"
)

// headSize is how much of a file is looked at to find out what it is, in bytes.
const headSize = 64 << 10

// toolMagic ends a set of gcstool.
const toolMagic = "[GCS:v0]"

// input decodes an argument: what it says it is; or else the file of that name; or else what it
// has in it, as a copied command has.
func (d *decoding) input(arg string) {
	if isFolder(arg) {
		d.refuse(arg, "", errFolder)
		return
	}
	if takesFiles(d.chosenFormat()) {
		if isFile(arg) && !d.reads(arg) {
			d.valueFile(arg)
			return
		}
		if text := d.valueText(arg); text != arg {
			d.complain("%.60q is read as base64", arg)
			arg = text
		}
	}
	var line []capture.Cookie
	var fault error
	understood := false
	for c, err := range capture.Line(arg, d.names...) {
		if err != nil {
			fault = err
			break
		}
		line = append(line, c)
		understood = understood || d.readers[c.Name] != nil || d.chosen != nil || c.Form == capture.Digest || c.Form == capture.Bare && d.reads(c.Value)
	}
	label := fmt.Sprintf("%.60q", arg)
	switch {
	case understood && fault == nil:
		if len(line) == 1 && line[0].Form == capture.Bare && arg != "" && isFile(arg) {
			d.complain("%s is read as a value: ./%s is the file of that name", label, arg)
		}
		d.noteOthers(label, line)
	case isFile(arg):
		d.anyFile(arg)
		return
	}
	switch {
	case fault != nil:
		d.refuse(label, "", fault)
		return
	case len(line) == 1 && line[0].Form == capture.Bare && strings.Contains(arg, ".") && !d.reads(line[0].Value):
		_, err := d.bare.decode("", line[0].Value, "")
		d.refuse(label, "", fmt.Errorf("neither a value nor a file: %w", err))
		return
	}
	d.line(seqOf(line), label, "")
}

// noteOthers tells of other formats that a bare value may well have, to who has said nothing of
// formats and their parameters.
func (d *decoding) noteOthers(label string, line []capture.Cookie) {
	if d.chosen != nil || len(line) != 1 || line[0].Form != capture.Bare || slices.ContainsFunc(formats.All(), d.flags.touches) {
		return
	}
	if others := ambiguous(line[0].Value, d.bare.format.Name); len(others) > 0 {
		d.complain("%s is read as %s; it fits %s too: see casper identify, or give --format", label, d.bare.format.Name, orList(others))
	}
}

// reads reports whether a bare value is one.
func (d *decoding) reads(value string) bool {
	_, err := d.bare.decode("", value, "")
	return err == nil
}

func isFile(name string) bool {
	info := stat(name)
	return info != nil && info.Mode().IsRegular()
}

func isFolder(name string) bool {
	info := stat(name)
	return info != nil && info.IsDir()
}

// errFolder is the error of a folder where a file or a value was to be. Who means a value that is
// spelled like a folder gives it on stdin.
var errFolder = errors.New("this is a folder: give a file, or a value on stdin")

// stat returns nil for what is no name of anything.
func stat(name string) os.FileInfo {
	if len(name) > 4<<10 || strings.ContainsAny(name, "\x00\n") {
		return nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil
	}
	return info
}

// anyFile decodes a file of which nobody has said what it is.
func (d *decoding) anyFile(name string) {
	if r := d.setReader(name); d.chosen == nil && r != nil {
		d.chosen = r
		d.valueFile(name)
		d.chosen = nil
		return
	}
	if d.chosen == nil && d.isHashList(name) {
		d.valueFile(name)
		return
	}
	head, err := d.head(name)
	if err == nil && capture.KindOf(head) == capture.KindLog && inMessage(head) {
		d.valueFile(name)
		return
	}
	if err != nil {
		d.refuse(name, name, err)
		return
	}
	switch capture.KindOf(head) {
	case capture.KindHAR:
		d.file(name, capture.KindHAR)
	case capture.KindJar:
		d.file(name, capture.KindJar)
	default:
		d.log(name)
	}
}

// setReader is the reader of a set of gcstool, of a file that is one; otherwise nil.
func (d *decoding) setReader(name string) *reader {
	_, tail, err := ends(name)
	if err != nil || !bytes.HasSuffix(tail, []byte(toolMagic)) {
		return nil
	}
	format, _ := formats.Lookup("gcstool")
	r := newReader(format, &d.flags.formatFlags)
	d.giveAssets(r)
	return r
}

// isHashList reports whether the octets of a file are a list of Safe Browsing v5.
func (d *decoding) isHashList(name string) bool {
	r, size, err := d.open(name)
	if err != nil || size > int64(d.flags.size)+1<<20 {
		return false
	}
	defer r.Close()
	in := bufio.NewReaderSize(r, headSize)
	if look(in) != contentOctets {
		return false
	}
	octets, err := io.ReadAll(in)
	if err == nil {
		_, err = message.HashLists(octets)
	}
	return err == nil
}

// head returns the beginning of a file's text.
func (d *decoding) head(name string) ([]byte, error) {
	r, _, err := d.open(name)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer r.Close()
	head, err := bufio.NewReaderSize(capture.Text(r, int64(d.flags.unpacked)), headSize).Peek(headSize)
	if len(head) > 0 || errors.Is(err, io.EOF) {
		err = nil // it is told when it is come to
	}
	return head, err
}
