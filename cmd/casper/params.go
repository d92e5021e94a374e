package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/bip158"
	"github.com/cache-aware/casper/gcs/formats"
)

// formatFlags are the flags that choose a format and its parameters.
type formatFlags struct {
	name    string
	lenient bool
	block   string
	params  formats.Params // what was given
}

func (f *formatFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.name, "format", "", "wire `FORMAT`: "+strings.Join(formatNames(), ", "))
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formatNames(), cobra.ShellCompDirectiveNoFileComp))
	for _, p := range params() {
		flags.Var(&paramValue{p, &f.params}, p.Flag, usage(p.Name))
		cmd.RegisterFlagCompletionFunc(p.Flag, cobra.NoFileCompletions)
	}
}

// registerBlock adds the flag of a block's hash, which a key is taken from.
func (f *formatFlags) registerBlock(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.block, "block", "", "take --key from the `HASH` of a block as it is displayed, of decred-v2 from its Merkle root (bip158, decred-v1, decred-v2)")
	cmd.RegisterFlagCompletionFunc("block", cobra.NoFileCompletions)
}

// params returns the parameters of all formats, each once. Formats that share a name
// share its flag.
func params() (all []formats.Param) {
	for _, format := range formats.All() {
		for _, p := range format.Params {
			if !slices.ContainsFunc(all, func(q formats.Param) bool { return q.Name == p.Name }) {
				all = append(all, p)
			}
		}
	}
	return all
}

// usage describes a parameter, once for all formats that describe it in the same
// words.
func usage(name string) string {
	var texts []string
	of := map[string][]string{}
	for _, format := range formats.All() {
		i := paramOf(format, name)
		if i < 0 {
			continue
		}
		p := format.Params[i]
		text, usual := p.Help+", "+p.Range(), ""
		if p.Default != nil {
			usual = fmt.Sprintf("; default %d", *p.Default)
		}
		key := text + " (%s" + usual + ")"
		if of[key] == nil {
			texts = append(texts, key)
		}
		of[key] = append(of[key], format.Name)
	}
	for i, key := range texts {
		texts[i] = fmt.Sprintf(key, strings.Join(of[key], ", "))
	}
	return strings.Join(texts, "; ")
}

// registerLenient adds the flag of the commands that read.
func (f *formatFlags) registerLenient(cmd *cobra.Command) {
	var lenient []string
	for _, format := range formats.All() {
		if format.Lenient {
			lenient = append(lenient, format.Name)
		}
	}
	cmd.Flags().BoolVar(&f.lenient, "lenient", false, "read as the deployed server reads instead of strictly ("+strings.Join(lenient, ", ")+")")
}

func formatNames() (names []string) {
	for _, f := range formats.All() {
		names = append(names, f.Name)
	}
	return names
}

// settle finds the format, nil if none was asked for, and notes which parameters
// were given. One that no format in question takes is wrong usage.
func (f *formatFlags) settle(cmd *cobra.Command, inQuestion []*formats.Format) (*formats.Format, error) {
	var chosen *formats.Format
	if f.name != "" {
		var ok bool
		if chosen, ok = formats.Lookup(f.name); !ok {
			return nil, usagef("unknown format %q: there are %s", f.name, strings.Join(formatNames(), ", "))
		}
		inQuestion = []*formats.Format{chosen}
	}
	if f.block != "" {
		key, err := bip158.BlockKey(f.block)
		if err != nil {
			return nil, usagef("--block is 64 hex digits, not %.80q", f.block)
		}
		hexed := hex.EncodeToString(key[:])
		if given, ok := f.params.Text(keyParam); ok && !strings.EqualFold(given, hexed) {
			return nil, usagef("--key is %s, but that of --block is %s: give one of them", given, hexed)
		}
		if !slices.ContainsFunc(inQuestion, func(format *formats.Format) bool { return paramOf(format, keyParam) >= 0 }) && chosen != nil {
			return nil, usagef("--block is no parameter of %s", chosen.Name)
		}
		f.params.SetWord(keyParam, hexed)
	}
	for _, p := range params() {
		if flag := cmd.Flags().Lookup(p.Flag); flag == nil || !flag.Changed {
			continue
		}
		if !slices.ContainsFunc(inQuestion, func(format *formats.Format) bool { return paramOf(format, p.Name) >= 0 }) {
			return nil, usagef("--%s is no parameter of %s", p.Flag, inQuestion[0].Name)
		}
	}
	return chosen, nil
}

// keyParam is the name of the key that filters are hashed with.
const keyParam = "key_hex"

// paramOf is the index of the parameter of that name, or -1.
func paramOf(format *formats.Format, name string) int {
	return slices.IndexFunc(format.Params, func(p formats.Param) bool { return p.Name == name })
}

// isNumber reports whether a parameter is a number, rather than a word or octets in hex.
func isNumber(p formats.Param) bool { return p.Words == nil && p.Octets == 0 }

// touches reports whether a parameter of the format was given.
func (f *formatFlags) touches(format *formats.Format) bool {
	return slices.ContainsFunc(format.Params, func(p formats.Param) bool {
		_, given := f.params.Text(p.Name)
		return given
	})
}

// of returns the parameters that were given and that the format takes.
func (f *formatFlags) of(format *formats.Format) formats.Params {
	p := formats.Params{Lenient: f.lenient}
	for _, param := range format.Params {
		if text, given := f.params.Text(param.Name); !given {
			continue
		} else if n, isNumber := f.params.Number(param.Name); isNumber {
			p.SetNumber(param.Name, n)
		} else {
			p.SetWord(param.Name, text)
		}
	}
	return p
}

// toRead returns the parameters that a reader takes: of a list of Safe Browsing v4, what its
// API leaves out is 0.
func (f *formatFlags) toRead(format *formats.Format) formats.Params {
	p := f.of(format)
	if format.Name == "rice-delta" {
		for _, param := range format.Params {
			if _, given := p.Text(param.Name); !given {
				p.SetNumber(param.Name, 0)
			}
		}
	}
	return p
}

// lenientOnly are the flags of a format that none was given for.
func (f *formatFlags) lenientOnly() *formatFlags { return &formatFlags{lenient: f.lenient} }

// check refuses parameters that the format does not have: no input could be
// read with them.
func (f *formatFlags) check(format *formats.Format) error {
	if !format.Supports("decode") {
		return nil
	}
	if _, err := format.Decode(f.toRead(format), formats.Input{Text: ""}); errors.Is(err, gcs.BadParameter) {
		return usagef("%s: %s", format.Name, detail(err))
	}
	return nil
}

// detail is what an error says about a parameter, in the words of the command
// line. Parameters have no place in a stream.
func detail(err error) string {
	var wrong *formats.ParamError
	if errors.As(err, &wrong) {
		for _, p := range params() {
			if p.Name == wrong.Name {
				return "--" + p.Flag + " is " + wrong.Is
			}
		}
	}
	var e *gcs.Error
	if !errors.As(err, &e) || e.Detail == "" {
		return err.Error()
	}
	return e.Detail
}

// A paramValue is the flag of a parameter that may be absent.
type paramValue struct {
	param formats.Param
	to    *formats.Params
}

// Set takes the text of the flag.
func (v *paramValue) Set(s string) error {
	if !isNumber(v.param) {
		if s == "" {
			return fmt.Errorf("the value is empty")
		}
		v.to.SetWord(v.param.Name, s)
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no decimal number", s)
	}
	v.to.SetNumber(v.param.Name, n)
	return nil
}

// String returns what was set.
func (v *paramValue) String() string {
	if v.to == nil {
		return ""
	}
	text, _ := v.to.Text(v.param.Name)
	return text
}

// Type is the word for the value in the help.
func (v *paramValue) Type() string {
	if isNumber(v.param) {
		return "N"
	}
	return "WORD"
}
