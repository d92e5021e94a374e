package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/cmd/internal/explain"
	"github.com/cache-aware/casper/gcs/formats"
)

// explainFlags are the flags of explain.
type explainFlags struct {
	formatFlags
	svg, html string
	json      bool
	codes     int
	size      byteSize
	unpacked  byteSize
}

func newExplain(t *tool) *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain INPUT",
		Short: "Show a cookie or digest bit by bit, as text or as a picture",
		Long: `Show how the bits of INPUT become keys: quotient, remainder, gap and key of every
code, with its offset in the stream. INPUT is as in decode, and holds one value; a file is
one with a filter or a list.

A faulty value is explained up to its fault.`,
		Example: `  casper explain qF0 --capacity-bits 8
  casper explain qF0 --capacity-bits 8 --svg qF0.svg
  pbpaste | casper explain - --html cookie.html`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("give one INPUT")
			}
			return nil
		},
		RunE: action(func(cmd *cobra.Command, args []string) error { return t.explain(cmd, &f, args[0]) }),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	f.register(cmd)
	f.registerBlock(cmd)
	f.registerLenient(cmd)
	flags.StringVar(&f.svg, "svg", "", "write an SVG picture to `FILE`, - for stdout")
	flags.StringVar(&f.html, "html", "", "write an HTML page to `FILE`, - for stdout")
	flags.BoolVar(&f.json, "json", false, "print one JSON object")
	registerUnpacked(flags, &f.unpacked)
	registerSize(flags, &f.size)
	flags.IntVar(&f.codes, "codes", 100, "show the first `N` codes one by one, 1 to 100000")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return cmd
}

func (t *tool) explain(cmd *cobra.Command, f *explainFlags, arg string) error {
	if err := exclusive(cmd, "svg", "html", "json"); err != nil {
		return err
	}
	if f.codes < 1 || f.codes > 100000 {
		return usagef("--codes is 1 to 100000, not %d", f.codes)
	}
	d, err := t.newDecoding(cmd, &decodeFlags{formatFlags: f.formatFlags, size: f.size, unpacked: f.unpacked})
	if err != nil {
		return err
	}
	if handled, err := t.explainFile(d, f, arg); handled {
		return err
	}
	if takesFiles(d.chosenFormat()) {
		arg = d.valueText(arg)
	}
	r, value, err := d.one(arg)
	if err != nil {
		return err
	}
	if r == nil {
		t.nothing("stdin: nothing in it to explain")
		return nil
	}
	if !r.format.Supports("decode") {
		return usagef("%s has no codes to explain", r.format.Name)
	}
	if r.lacks != nil {
		return usageError{r.lacks}
	}
	if r.format.HasHeader { // of an element of one, flags are in no bit
		value, _, _ = strings.Cut(value, ";")
		value = strings.TrimSpace(value)
	}
	decoded, err := r.format.Decode(r.params, formats.Input{Text: value})
	e := explain.Explain(source(r.format, decoded, value, err), f.codes)
	if werr := t.write(f, &e); werr != nil {
		return werr
	}
	if err != nil {
		t.fail("%.60q: %v", value, err)
	}
	return nil
}

// explainFile explains the value of a file, or on stdin, that holds no lines of cookies.
func (t *tool) explainFile(d *decoding, f *explainFlags, arg string) (handled bool, err error) {
	in := io.Reader(d.stdin)
	if arg != "-" {
		if !isFile(arg) || takesFiles(d.chosenFormat()) && d.reads(arg) {
			return false, nil
		}
		file, _, err := d.open(arg)
		if err != nil {
			return true, err
		}
		defer file.Close()
		in = file
		if r := d.setReader(arg); d.chosen == nil && r != nil {
			d.chosen = r
		}
	}
	b := bufio.NewReaderSize(in, headSize)
	what := look(b)
	if what == contentLines && takesFiles(d.chosenFormat()) && arg != "-" {
		what = contentText
	}
	if what == contentLines || d.chosen != nil && !takesFiles(d.chosenFormat()) {
		if arg == "-" {
			d.stdin = &input{r: b, wait: func() error { return nil }}
		}
		return false, nil
	}
	values, err := d.read(b, what, arg)
	if err != nil {
		return true, fmt.Errorf("%s: %w", arg, err)
	}
	if len(values) != 1 {
		return true, fmt.Errorf("%s holds %s: give one", arg, count(len(values), "value"))
	}
	r, err := d.readerOf(values[0])
	if err == nil {
		err = r.lacks
	}
	if err != nil {
		return true, fmt.Errorf("%s: %w", arg, err)
	}
	list, err := r.format.List(r.params, formats.Input{Octets: values[0].Octets, Most: int(min(int64(f.size), math.MaxInt))})
	s := source(r.format, list.Decoded, "", err)
	s.Alphabet, s.Octets = explain.NoText, values[0].Octets
	e := explain.Explain(s, f.codes)
	if werr := t.write(f, &e); werr != nil {
		return true, werr
	}
	if err != nil {
		t.fail("%s: %v", arg, err)
	}
	return true, nil
}

// write writes an explanation where the flags want it.
func (t *tool) write(f *explainFlags, e *explain.Explanation) error {
	file, write := f.svg, e.WriteSVG
	switch {
	case f.html != "":
		file, write = f.html, e.WriteHTML
	case f.json:
		return e.WriteJSON(t.stdout)
	case f.svg == "":
		return e.WriteText(t.stdout, t.color)
	}
	if file == "-" {
		return write(t.stdout)
	}
	return writeFile(file, write)
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// one returns the one value of an input, and no reader if stdin holds none.
func (d *decoding) one(arg string) (*reader, string, error) {
	cookies := capture.Line(arg, d.names...)
	if arg == "-" {
		cookies = capture.Lines(d.stdin, capture.MaxLine, d.names...)
	}
	var known, others []capture.Cookie
	for c, err := range cookies {
		switch {
		case err != nil:
			return nil, "", err
		case c.Form == capture.Bare || d.readers[c.Name] != nil:
			known = append(known, c)
		default:
			others = append(others, c)
		}
		if len(known) > 1 {
			return nil, "", fmt.Errorf("more than one value in %.60q: give one", arg)
		}
	}
	if len(known) == 0 && d.chosen != nil && len(others) == 1 {
		return d.chosen, others[0].Value, nil
	}
	if len(known) == 0 && len(others) > 0 {
		return nil, "", &unknownCookie{others[0].Name, d.names}
	}
	if len(known) == 0 && arg == "-" {
		return nil, "", nil
	}
	if len(known) == 0 {
		return nil, "", fmt.Errorf("nothing to explain in %.60q", arg)
	}
	if r := d.readers[known[0].Name]; r != nil {
		return r, known[0].Value, nil
	}
	return d.bare, known[0].Value, nil
}

// keyIs completes the sentence "Here, a key is", with the values of parameters. It is
// empty where there is nothing to say, or a parameter is missing.
func keyIs(format *formats.Format, p formats.Params) string {
	text := format.Key
	for _, param := range format.Params {
		mark := "{" + param.Name + "}"
		if value, ok := p.Text(param.Name); ok {
			text = strings.ReplaceAll(text, mark, value)
		} else if strings.Contains(text, mark) {
			return ""
		}
	}
	return text
}

// source is what package explain needs to know about a decoded value.
func source(format *formats.Format, d formats.Decoded, value string, err error) explain.Source {
	s := explain.Source{
		Title:    strings.Join(append([]string{format.Name + ": " + format.Title}, paramPhrases(format, d.Params)...), ", "),
		Alphabet: explain.Hex,
		Text:     value,
		Code:     d.Layout.Code,
		Limit:    d.Layout.Limit,
		Universe: d.Universe,
		Key:      keyIs(format, d.Params),
		First:    d.Layout.First,
		Bits:     d.Layout.Bits,
		Divisor:  d.Layout.Divisor,
		Note:     d.Layout.Note,
		Err:      err,
	}
	if format.HasText {
		s.Alphabet = explain.Base64URL
	}
	for _, f := range d.Layout.Tail {
		s.Tail = append(s.Tail, explain.Header{Name: f.Name, Bits: f.Bits, Value: f.Value, Note: f.Note})
	}
	if d.Layout.Wide != nil {
		s.FirstWide = new(big.Int)
		for _, part := range d.Layout.Wide {
			s.FirstWide.Lsh(s.FirstWide, 64).Or(s.FirstWide, new(big.Int).SetUint64(part))
		}
	}
	for _, f := range d.Layout.Fields {
		s.Header = append(s.Header, explain.Header{Name: f.Name, Bits: f.Bits, Value: f.Value, Note: f.Note})
	}
	return s
}
