package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/formats"
)

// A paramFlag is the flag of a format's parameter.
type paramFlag struct {
	param string // its name in JSON
	flag  string
	usage string

	// One of the two says where the parameter is.
	number func(*formats.Params) **int64
	word   func(*formats.Params) *string
}

var paramFlags = []paramFlag{
	{"capacity_bits", "capacity-bits", "bits of a key, 1 to 15 (h2o; default 13)", func(p *formats.Params) **int64 { return &p.CapacityBits }, nil},
	{"p", "p", "inverse of the false-positive rate (go-casper), remainder bits (bip158, Decred)", func(p *formats.Params) **int64 { return &p.P }, nil},
	{"n", "n", "expected number of assets (go-casper), number of items", func(p *formats.Params) **int64 { return &p.N }, nil},
	{"m", "m", "inverse of the false-positive rate (bip158, decred-v2)", func(p *formats.Params) **int64 { return &p.M }, nil},
	{"key_hex", "key", "16 octets in hex that key the hash (bip158, Decred)", nil, func(p *formats.Params) *string { return &p.KeyHex }},
	{"log2n", "log2n", "logarithm of the number of URLs (cache-digest)", func(p *formats.Params) **int64 { return &p.Log2N }, nil},
	{"log2p", "log2p", "logarithm of the inverse false-positive rate (cache-digest)", func(p *formats.Params) **int64 { return &p.Log2P }, nil},
	{"rice", "rice", "bits of the remainder (raw, rice-delta)", func(p *formats.Params) **int64 { return &p.Rice }, nil},
	{"run", "run", "zeros-one or ones-zero (raw)", nil, func(p *formats.Params) *string { return &p.Run }},
	{"gap", "gap", "least distance of two keys, 0 or 1 (raw)", func(p *formats.Params) **int64 { return &p.Gap }, nil},
	{"order", "order", "msb or lsb (raw)", nil, func(p *formats.Params) *string { return &p.Order }},
	{"pad", "pad", "bit that fills the last octet (raw)", func(p *formats.Params) **int64 { return &p.Pad }, nil},
	{"count", "count", "number of keys (raw) or deltas (rice-delta)", func(p *formats.Params) **int64 { return &p.Count }, nil},
	{"first", "first", "first value (rice-delta)", func(p *formats.Params) **int64 { return &p.First }, nil},
}

// copyParam copies one parameter.
func (f paramFlag) copyParam(to, from *formats.Params) {
	if f.number != nil {
		*f.number(to) = *f.number(from)
	} else {
		*f.word(to) = *f.word(from)
	}
}

// formatFlags are the flags that choose a format and its parameters.
type formatFlags struct {
	name    string
	lenient bool
	params  formats.Params // what was given
	given   []paramFlag
}

func (f *formatFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.name, "format", "", "wire `FORMAT`: "+strings.Join(formatNames(), ", "))
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formatNames(), cobra.ShellCompDirectiveNoFileComp))
	for _, p := range paramFlags {
		if !slices.ContainsFunc(formats.All, func(format *formats.Format) bool { return slices.Contains(format.Params, p.param) }) {
			continue
		}
		var v pflag.Value = &numberValue{p.number, &f.params}
		if p.word != nil {
			v = &wordValue{p.word(&f.params)}
		}
		flags.Var(v, p.flag, p.usage)
		cmd.RegisterFlagCompletionFunc(p.flag, cobra.NoFileCompletions)
	}
}

// registerLenient adds the flag of the commands that read.
func (f *formatFlags) registerLenient(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.lenient, "lenient", false, "read as the deployed server reads (H2O, for its cookie) instead of strictly")
}

func formatNames() (names []string) {
	for _, f := range formats.All {
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
	for _, p := range paramFlags {
		if flag := cmd.Flags().Lookup(p.flag); flag == nil || !flag.Changed {
			continue
		}
		f.given = append(f.given, p)
		if !slices.ContainsFunc(inQuestion, func(format *formats.Format) bool { return slices.Contains(format.Params, p.param) }) {
			return nil, usagef("--%s is no parameter of %s", p.flag, inQuestion[0].Name)
		}
	}
	return chosen, nil
}

// touches reports whether a parameter of the format was given.
func (f *formatFlags) touches(format *formats.Format) bool {
	return slices.ContainsFunc(f.given, func(p paramFlag) bool { return slices.Contains(format.Params, p.param) })
}

// of returns the parameters that were given and that the format takes.
func (f *formatFlags) of(format *formats.Format) (p formats.Params) {
	p.Lenient = f.lenient
	for _, given := range f.given {
		if slices.Contains(format.Params, given.param) {
			given.copyParam(&p, &f.params)
		}
	}
	return p
}

// check refuses parameters that the format does not have: no input could be
// read with them.
func (f *formatFlags) check(format *formats.Format) error {
	if !format.Supports(formats.OpDecode) {
		return nil
	}
	if _, err := format.Decode(f.of(format), formats.Text("")); errors.Is(err, gcs.BadParameter) {
		return usagef("%s: %s", format.Name, detail(err))
	}
	return nil
}

// detail is what an error says about a parameter, in the words of the command
// line. Parameters have no place in a stream.
func detail(err error) string {
	var e *gcs.Error
	if !errors.As(err, &e) || e.Detail == "" {
		return err.Error()
	}
	for _, p := range paramFlags {
		for _, before := range []string{"the parameter ", ""} {
			if after, ok := strings.CutPrefix(e.Detail, before+p.param+" is "); ok {
				return "--" + p.flag + " is " + after
			}
		}
	}
	return e.Detail
}
