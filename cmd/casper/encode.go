package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/formats"
)

// encodeFlags are the flags of encode.
type encodeFlags struct {
	formatFlags
	keys bool
	json bool
}

func newEncode(t *tool) *cobra.Command {
	var f encodeFlags
	cmd := &cobra.Command{
		Use:   "encode [NAME... | -]",
		Short: "Print the cookie or digest that holds the given names",
		Long: `Print the value that holds the given names, alone on a line.

NAMEs are
` + nameTable() + `A URL gives its request path; of stdin, comments (#) and blank lines are left out.
- reads one a line from stdin. With --keys they are decimal keys, which are what
names are hashed to.

Formats:
` + formatTable(),
		Example: `  casper encode --capacity-bits 8 /index.html /css/0.css
  casper encode --capacity-bits 8 --keys 20 178
  cut -d' ' -f7 access.log | sort -u | casper encode -`,
		RunE: action(func(cmd *cobra.Command, args []string) error { return t.encode(cmd, &f, args) }),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	f.register(cmd)
	f.registerBlock(cmd)
	flags.BoolVar(&f.keys, "keys", false, "take decimal keys instead of names")
	flags.BoolVar(&f.json, "json", false, "print one JSON object")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return cmd
}

// nameTable says what names are, for a help text.
func nameTable() (s string) {
	var kinds []string
	of := map[string][]string{}
	for _, f := range formats.All() {
		if !f.Supports("hash") {
			continue
		}
		if of[f.Names] == nil {
			kinds = append(kinds, f.Names)
		}
		of[f.Names] = append(of[f.Names], f.Name)
	}
	for _, names := range kinds {
		s += fmt.Sprintf("  %-21s for %s\n", names, strings.Join(of[names], ", "))
	}
	return s
}

func (t *tool) encode(cmd *cobra.Command, f *encodeFlags, args []string) error {
	format, err := f.settle(cmd, formats.All()[:1])
	if err != nil {
		return err
	}
	if format == nil {
		format = formats.All()[0]
	}
	if !format.Supports("encode") {
		return usagef("%s can be read only", format.Name)
	}
	if !f.keys && !format.Supports("hash") {
		return usagef("%s has no names: give --keys", format.Name)
	}
	if len(args) == 0 {
		return usagef("nothing to encode: give NAMEs, or - for those on stdin")
	}
	words, err := t.words(args)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		what := "names"
		if f.keys {
			what = "keys"
		}
		t.nothing("stdin: no %s in it: this is the empty set", what)
	}
	var e formats.Encoded
	if f.keys {
		keys, err := parseKeys(words, format.Words(f.of(format)))
		if err != nil {
			return err
		}
		e, err = format.EncodeKeys(f.of(format), keys)
		if err != nil {
			return t.keyError(format, f, err, words)
		}
	} else {
		if words, err = namesOf(format, words); err != nil {
			return err
		}
		names, err := octetNames(format, words)
		if err != nil {
			return err
		}
		if e, err = format.EncodeNames(f.of(format), names); err != nil {
			return encodeError(err, words)
		}
	}
	if len(format.Cookies) > 0 && len(e.Text) > mostCookie {
		t.complain("the value has %d characters: browsers drop cookies above %d", len(e.Text), mostCookie)
	}
	if f.json {
		t.stdout.Write(appendEncodedJSON(nil, format, e))
	} else {
		fmt.Fprintln(t.stdout, e.Text)
	}
	return nil
}

// words are the arguments, or the lines of stdin.
func (t *tool) words(args []string) ([]string, error) {
	if len(args) != 1 || args[0] != "-" {
		for _, arg := range args {
			if arg == "-" {
				return nil, usagef("- stands for all names: give it alone")
			}
		}
		return args, nil
	}
	var words []string
	for word, err := range capture.ListPaths(t.stdin) {
		if err != nil {
			return nil, fmt.Errorf("stdin: %w", err)
		}
		words = append(words, word)
	}
	return words, nil
}

// parseKeys reads keys, each of so many numbers.
func parseKeys(words []string, parts int) (keys []uint64, err error) {
	for _, word := range words {
		if keys, err = formats.ParseKey(keys, word, parts); err != nil {
			var e *gcs.Error
			if errors.As(err, &e) {
				err = errors.New(e.Detail)
			}
			return nil, err
		}
	}
	return keys, nil
}

// mostCookie is how many octets a browser keeps of one cookie, its name and attributes included
// (RFC 6265, section 6.1).
const mostCookie = 4096

// keyError is encodeError, and says which keys there are.
func (t *tool) keyError(format *formats.Format, f *encodeFlags, err error, words []string) error {
	var e *gcs.Error
	if !errors.As(err, &e) || e.Kind != gcs.OutOfRange || format.Words(f.of(format)) != 1 {
		return encodeError(err, words)
	}
	i, ok := e.At.Index()
	if !ok || i >= len(words) {
		return err
	}
	above, err := strconv.ParseUint(words[i], 10, 64)
	if err != nil {
		return encodeError(err, words)
	}
	within := uint64(0) // the largest key, found by trying: between it and above there is none
	for above-within > 1 {
		try := within + (above-within)/2
		if _, err := format.EncodeKeys(f.of(format), []uint64{try}); errors.Is(err, gcs.OutOfRange) {
			above = try
		} else {
			within = try
		}
	}
	return fmt.Errorf("%.60q is out of range: keys are 0 to %d here", words[i], within)
}

// encodeError names the word that cannot be encoded. A wrong parameter is wrong
// usage.
func encodeError(err error, words []string) error {
	var e *gcs.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case gcs.BadParameter:
		return usagef("%s", detail(err))
	case gcs.OutOfRange, gcs.Unsorted, gcs.Duplicate:
		if i, ok := e.At.Index(); ok && i < len(words) {
			return fmt.Errorf("%.60q: %s: %s at %s", words[i], e.Layer, e.Kind, e.At)
		}
	}
	return err
}

func appendEncodedJSON(dst []byte, format *formats.Format, e formats.Encoded) []byte {
	dst = append(dst, `{"format":`...)
	dst = appendString(dst, format.Name)
	dst = appendParams(dst, format, e.Params)
	dst = append(dst, `,"value":`...)
	dst = appendString(dst, e.Text)
	dst = append(dst, `,"keys":`...)
	words := format.Words(e.Params)
	dst = append(dst, '[')
	for i := 0; i < len(e.Keys); i += words {
		dst = appendWide(comma(dst, i), e.Keys[i:i+words])
	}
	dst = append(dst, `],"count":`...)
	dst = strconv.AppendInt(dst, int64(len(e.Keys)/words), 10)
	dst = append(dst, `,"bytes":`...)
	dst = strconv.AppendInt(dst, int64(len(e.Octets)), 10)
	return append(dst, "}\n"...)
}
