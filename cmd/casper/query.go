package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/formats"
	"github.com/cache-aware/casper/gcs/gcstool"
)

func newQuery(t *tool) *cobra.Command {
	var hash string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "query FILE [NAME... | -]",
		Short: "Ask a large set on disk about names, without reading it as a whole",
		Long: `Print of each NAME, or of each line of stdin, whether the set in FILE holds it. FILE is
one of casper build or of gcstool. It is asked through its index: of a set of any
size a few hundred bytes are read for a name. --hash must be that of the set.

A name that is not there is taken for one that is with the probability that the set was built
with. Whether one is there is not in the exit code, which is 3 if no name
was given on stdin.`,
		Example: `  casper query pwned.gcs 'correct horse battery staple'
  casper query --json pwned.gcs - < passwords.txt`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("give the FILE of a set, and a NAME or - for stdin")
			}
			return nil
		},
		RunE: action(func(_ *cobra.Command, args []string) error {
			if err := checkHash(hash); err != nil {
				return err
			}
			return t.query(args[0], args[1:], hash, asJSON)
		}),
	}
	registerHash(cmd, &hash)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// query asks the set in a file.
func (t *tool) query(file string, names []string, hash string, asJSON bool) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	set, err := gcstool.Open(f, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	ask := func(name string) error {
		h, err := formats.ToolHash(hash, name)
		if err != nil {
			var e *gcs.Error
			errors.As(err, &e)
			t.fail("%s", e.Detail)
			return nil
		}
		found, err := set.Has(h)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if asJSON {
			return t.printJSON(struct {
				Name    string `json:"name"`
				Present bool   `json:"present"`
			}{name, found})
		}
		word := "absent "
		if found {
			word = "present"
		}
		fmt.Fprintf(t.stdout, "%s  %s\n", word, strings.Map(printable, name))
		return nil
	}
	if len(names) != 1 || names[0] != "-" {
		for _, name := range names {
			if name == "-" {
				return usagef("- stands for all names: give it alone")
			}
			if err := ask(name); err != nil {
				return err
			}
		}
		return nil
	}
	none := true
	for line, err := range capture.EachLine(t.stdin, capture.MaxLine) {
		none = false
		if err != nil {
			t.fail("stdin: %v", err)
			continue
		}
		line, _, _ = bytes.Cut(line, []byte("\r"))
		if err := ask(string(line)); err != nil {
			return err
		}
		if t.stdout.broken() {
			return nil
		}
	}
	if none {
		t.nothing("stdin: no names in it")
	}
	return nil
}
