package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/cmd/internal/explain"
	"github.com/cache-aware/casper/gcs/formats"
	"github.com/cache-aware/casper/vectors"
	"github.com/cache-aware/casper/vectors/conformance"
	"github.com/cache-aware/casper/vectors/conformance/testee"
)

func newConformance(t *tool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "conformance",
		Short: "Test another implementation with the vectors",
		Long: `Test an implementation in any language against every wire format's vectors. It speaks
JSON lines on stdin and stdout, as the README of the vectors describes.`,
		Example: `  casper conformance init python
  casper conformance run -- python3 testee/testee.py
  casper conformance show h2o-pad-first
  casper conformance copy ./vectors`,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(t.stderr)
			cmd.Help()
			return usageError{errors.New("no command is given")}
		},
	}
	cmd.AddCommand(newConformanceRun(t), newConformanceOneshot(t), newConformanceList(t), newConformanceShow(t), newConformanceCopy(t), newConformanceServe(t), newConformanceInit(t), newConformanceReport(t))
	return cmd
}

// conformanceFlags are the flags of run and oneshot.
type conformanceFlags struct {
	selection  conformance.Selection
	lenient    bool
	timeout    time.Duration
	known      string
	errorKinds bool
	json       bool
	junit      string
	html       string
}

// registerSelection adds the flags that choose vectors.
func registerSelection(cmd *cobra.Command, s *conformance.Selection) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&s.Run, "run", nil, "only vectors whose id matches the `GLOB`; may be repeated")
	flags.StringArrayVar(&s.Skip, "skip", nil, "no vectors whose id matches the `GLOB`; may be repeated")
	flags.StringSliceVar(&s.Formats, "format", nil, "only vectors of the `FORMAT`; may be repeated")
	flags.StringVar(&s.Since, "since", "", "only vectors that the `VERSION` of the vectors had already")
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formatNames(), cobra.ShellCompDirectiveNoFileComp))
	for _, name := range []string{"run", "skip", "since"} {
		cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
}

func (f *conformanceFlags) register(cmd *cobra.Command) {
	registerSelection(cmd, &f.selection)
	flags := cmd.Flags()
	flags.SetInterspersed(false) // what stands behind the program is the program's
	flags.BoolVar(&f.lenient, "lenient", false, "ask for the tolerant reader, and judge by what the deployed one does")
	flags.DurationVar(&f.timeout, "timeout", 2*time.Second, "how long one vector may take")
	flags.StringVar(&f.known, "known-failures", "", "`FILE` of ids that are known to fail; one that passes fails the run")
	flags.BoolVar(&f.errorKinds, "error-kinds", false, "a wrong error kind is a failure, not a warning")
	flags.BoolVar(&f.json, "json", false, "print one JSON object for each vector, and one for the whole")
	flags.StringVar(&f.junit, "junit", "", "write a JUnit report to `FILE`")
	flags.StringVar(&f.html, "html", "", "write a page that shows the implementation's state to `FILE`")
}

// testProgram makes the function of run and oneshot.
func (t *tool) testProgram(f *conformanceFlags, oneShot bool) func(*cobra.Command, []string) error {
	return action(func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("give the program to test after --")
		}
		if flag := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "-") }); flag > 0 && cmd.ArgsLenAtDash() < 0 {
			return usagef("put -- in front of the program if %s is for it, or %[1]s in front of it if not", args[flag])
		}
		if f.timeout <= 0 {
			return usagef("--timeout is above 0, not %v", f.timeout)
		}
		o := conformance.Options{
			Selection: f.selection, Lenient: f.lenient, Timeout: f.timeout, OneShot: oneShot, ErrorKinds: f.errorKinds,
		}
		if f.known != "" {
			file, err := os.Open(f.known)
			if err != nil {
				return usageError{err}
			}
			defer file.Close()
			if o.Known, err = conformance.ReadKnownFailures(file); err != nil {
				return usagef("%s: %w", f.known, err)
			}
		}
		// A signal ends the program that is tested, and leaves the report of what came out so far. A
		// second one ends this program, too.
		ctx, restore := signal.NotifyContext(cmd.Context(), t.ends()...)
		context.AfterFunc(ctx, restore)
		defer restore()
		report, err := conformance.RunContext(ctx, args, o)
		switch {
		case errors.Is(err, conformance.ErrNoHello), errors.Is(err, context.Canceled):
			return err
		case err != nil:
			return t.chosen(err)
		}
		t.empty = report.Nothing()
		t.failed = !t.empty && !report.OK()
		if f.junit != "" {
			if err := writeFile(f.junit, report.WriteJUnit); err != nil {
				return err
			}
		}
		if f.html != "" {
			if err := writeFile(f.html, report.WriteHTML); err != nil {
				return err
			}
		}
		if f.json {
			return report.WriteJSON(t.stdout)
		}
		return report.WriteText(t.stdout, t.color)
	})
}

// chosen is what to return for an error of a selection: that nothing was chosen is said here.
func (t *tool) chosen(err error) error {
	if errors.Is(err, conformance.ErrNoVector) {
		t.nothing("%v", err)
		return nil
	}
	return usageError{err}
}

func newConformanceRun(t *tool) *cobra.Command {
	var f conformanceFlags
	cmd := &cobra.Command{
		Use:   "run [flags] -- PROGRAM [ARG...]",
		Short: "Test a program: one process, one JSON object a line",
		Long: `Start PROGRAM once, ask it every vector of the operations that it supports, and say
what it gets wrong. A program that hangs, crashes or floods is started again, and the run
goes on.

The exit code is 0 if all is well, 1 if anything failed or the program does not speak the
protocol, 2 if there is no such program, 3 if nothing was asked: no vector is chosen, or none of
an operation that the program supports.`,
		Example: `  casper conformance run -- python3 testee.py
  casper conformance run --format h2o --lenient -- ./testee
  casper conformance run --run 'bip158-*' --error-kinds -- node testee.js
  casper conformance run --known-failures known.txt --junit report.xml -- ./testee
  casper conformance run --html report.html -- ./testee`,
		RunE: t.testProgram(&f, false),
	}
	f.register(cmd)
	return cmd
}

func newConformanceOneshot(t *tool) *cobra.Command {
	var f conformanceFlags
	cmd := &cobra.Command{
		Use:   "oneshot [flags] -- PROGRAM [ARG...]",
		Short: "Test a program: one process for each vector",
		Long: `Start PROGRAM for each vector, with the request line on stdin. Its reply line comes on
stdout, and its exit code is 0 for an answer and 1 for a refusal.

The exit code is 0 if all is well, 1 if anything failed, 2 if there is no such program, 3 if
nothing was asked: no vector is chosen, or the program skipped all of them.`,
		Example: `  casper conformance oneshot --format h2o -- ./testee.sh
  casper conformance oneshot -- casper conformance serve --oneshot`,
		RunE: t.testProgram(&f, true),
	}
	f.register(cmd)
	return cmd
}

func newConformanceList(t *tool) *cobra.Command {
	var s conformance.Selection
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "list",
		Short:             "List the vectors",
		Example:           "  casper conformance list --format h2o\n  casper conformance list --run 'bip158-count-*' --json",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: action(func(*cobra.Command, []string) error {
			meant, err := s.Select()
			if err != nil {
				return t.chosen(err)
			}
			for _, v := range meant {
				if asJSON {
					if err := t.printVector(v, false); err != nil {
						return err
					}
					continue
				}
				fmt.Fprintf(t.stdout, "%-44s %s.%s\n", v.ID, v.Format, v.Op)
			}
			return nil
		}),
	}
	registerSelection(cmd, &s)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the vectors, one JSON object a line")
	return cmd
}

// printVector prints a vector as JSON.
func (t *tool) printVector(v vectors.Vector, indented bool) error {
	e := json.NewEncoder(t.stdout)
	e.SetEscapeHTML(false)
	if indented {
		e.SetIndent("", "  ")
	}
	return e.Encode(v)
}

func newConformanceShow(t *tool) *cobra.Command {
	var asJSON bool
	var codes int
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Explain a vector bit by bit",
		Long: `Show what a vector asks, what must come out and by which requirements of the
specification, and explain its value bit by bit.`,
		Example: "  casper conformance show h2o-pad-first\n  casper conformance show h2o-pad-first --json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("give one ID: casper conformance list has them all")
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			all, _ := vectors.All()
			ids := make([]string, len(all))
			for i, v := range all {
				ids[i] = v.ID
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: action(func(_ *cobra.Command, args []string) error {
			v, err := findVector(args[0])
			if err != nil {
				return usageError{err}
			}
			if codes < 1 || codes > 100000 {
				return usagef("--codes is 1 to 100000, not %d", codes)
			}
			if asJSON {
				return t.printVector(v, true)
			}
			return t.showVector(v, codes)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the vector as JSON")
	cmd.Flags().IntVar(&codes, "codes", 20, "explain the first `N` codes one by one")
	return cmd
}

// findVector returns the vector with the id. An error names those that are alike.
func findVector(id string) (vectors.Vector, error) {
	all, err := vectors.All()
	if err != nil {
		return vectors.Vector{}, err
	}
	var near []string
	for _, v := range all {
		if v.ID == id {
			return v, nil
		}
		if strings.Contains(v.ID, id) {
			near = append(near, v.ID)
		}
	}
	switch len(near) {
	case 0:
		return vectors.Vector{}, fmt.Errorf("there is no vector %q", id)
	case 1:
		return vectors.Vector{}, fmt.Errorf("there is no vector %q: did you mean %s?", id, near[0])
	}
	return vectors.Vector{}, fmt.Errorf("there is no vector %q: %d have it in their id, %s among them", id, len(near), near[0])
}

// shownLine is how much of a line of JSON is shown.
const shownLine = 300

func (t *tool) showVector(v vectors.Vector, codes int) error {
	row := func(name string, value any) {
		text, ok := value.(string)
		if !ok {
			b, _ := json.Marshal(value) // a vector came from JSON, and goes back
			text = string(b)
		}
		if len(text) > shownLine {
			text = text[:shownLine] + "..."
		}
		fmt.Fprintf(t.stdout, "%-10s %s\n", name, text)
	}
	fmt.Fprintf(t.stdout, "%s\n%s\n\n", v.ID, v.Comment)
	row("asks", v.Format+"."+v.Op)
	row("params", v.Params)
	row("input", v.Input)
	row("expects", v.Expect)
	if v.ExpectLenient != nil {
		row("tolerant", *v.ExpectLenient)
	}
	row("spec", strings.Join(v.Spec, ", "))
	if len(v.Flags) > 0 {
		row("flags", strings.Join(v.Flags, ", "))
	}
	if v.Source != nil {
		row("source", v.Source.Program+"; "+v.Source.How)
	}
	format, ok := formats.Lookup(v.Format)
	if !ok || !format.Supports("decode") {
		return nil
	}
	text, value, octets, ok := vectorValue(v)
	if !ok {
		return nil
	}
	p, err := vectorParams(format, v)
	if err != nil {
		return err
	}
	decoded, err := format.Decode(p, value)
	src := source(format, decoded, text, err)
	if octets != nil {
		src.Octets, src.Alphabet = octets, explain.NoText
	}
	e := explain.Explain(src, codes)
	fmt.Fprintln(t.stdout)
	return e.WriteText(t.stdout, t.color)
}

// vectorParams are the parameters with which a vector's value is read. An encoder's
// are less than that: the rest follows from the keys.
func vectorParams(format *formats.Format, v vectors.Vector) (p formats.Params, err error) {
	if err := json.Unmarshal(v.Params, &p); err != nil || v.Op != "encode" {
		return p, err
	}
	keys, err := parseKeys(v.Expect.Keys, format.Words(p))
	if err != nil {
		return p, err
	}
	// An encoder derives the rest from the keys, where it can.
	if e, err := format.EncodeKeys(p, keys); err == nil {
		return e.Params, nil
	}
	return p, nil
}

// vectorValue is the value that a vector is about: its input, or of an encoder the
// answer. A header holds several.
func vectorValue(v vectors.Vector) (text string, in formats.Input, octets []byte, ok bool) {
	t, h := v.Input.Text, v.Input.BytesHex
	if v.Op == "encode" {
		t, h = v.Expect.Text, v.Expect.BytesHex
	}
	format, known := formats.Lookup(v.Format)
	switch {
	case t != nil:
		return *t, formats.Input{Text: *t}, nil, true
	case h == nil || !known:
		return "", in, nil, false
	case !format.HasText:
		return *h, formats.Input{Text: *h}, nil, true
	}
	octets, err := hex.DecodeString(*h)
	return "", formats.Input{Octets: octets}, octets, err == nil
}

func newConformanceCopy(t *tool) *cobra.Command {
	return &cobra.Command{
		Use:     "copy DIR",
		Short:   "Copy the vectors into a folder",
		Long:    "Copy the vectors, their schema, manifest and licence into DIR, which is made if it is not there.",
		Example: "  casper conformance copy ./third_party/casper-vectors",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("give one DIR")
			}
			return nil
		},
		RunE: action(func(_ *cobra.Command, args []string) error {
			n := 0
			err := fs.WalkDir(vectors.Files, ".", func(name string, d fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				to := filepath.Join(args[0], filepath.FromSlash(name))
				if d.IsDir() {
					return os.MkdirAll(to, 0o777)
				}
				data, err := vectors.Files.ReadFile(name)
				if err != nil {
					return err
				}
				n++
				return os.WriteFile(to, data, 0o666)
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(t.stdout, "%d files of version %s in %s\n", n, vectors.Version(), args[0])
			return nil
		}),
	}
}

func newConformanceServe(t *tool) *cobra.Command {
	var oneshot bool
	cmd := &cobra.Command{
		Use:               "serve",
		Short:             "Be the testee: answer requests with this library",
		Example:           "  casper conformance run -- casper conformance serve",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: action(func(*cobra.Command, []string) error {
			if !oneshot {
				return conformance.Serve(t.stdin, t.stdout, testee.Casper)
			}
			refused, err := conformance.ServeOne(t.stdin, t.stdout, testee.Casper)
			t.failed = refused
			return err
		}),
	}
	cmd.Flags().BoolVar(&oneshot, "oneshot", false, "answer one request; the exit code is 1 if it was refused")
	return cmd
}
