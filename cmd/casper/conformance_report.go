package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/vectors/conformance"
)

func newConformanceReport(t *tool) *cobra.Command {
	var html string
	cmd := &cobra.Command{
		Use:   "report FILE...",
		Short: "Show the results of earlier runs, as text or as a page",
		Long: `Read what "casper conformance run --json" printed, of one run or of several, and print it for a
person. With --html, write one page instead, to be published: the state of each implementation
by format and by requirement of the specification, and side by side. - is stdin.`,
		Example: `  casper conformance run --json -- ./testee | casper conformance report --html state.html -
  casper conformance report strict.jsonl lenient.jsonl`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("give the FILE that casper conformance run --json printed, or -")
			}
			if first := slices.Index(args, "-"); first >= 0 && slices.Contains(args[first+1:], "-") {
				return usagef("stdin can be read once, but - stands twice")
			}
			return nil
		},
		RunE: action(func(_ *cobra.Command, args []string) error {
			var all []*conformance.Report
			for _, name := range args {
				reports, err := t.readReports(name)
				if err != nil {
					return err
				}
				all = append(all, reports...)
			}
			switch {
			case len(all) == 0:
				t.nothing("no report in it")
				return nil
			case html != "":
				return writeFile(html, func(w io.Writer) error { return conformance.WriteHTML(w, all...) })
			}
			for i, r := range all {
				if i > 0 {
					fmt.Fprintln(t.stdout)
				}
				if err := r.WriteText(t.stdout, t.color); err != nil {
					return err
				}
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&html, "html", "", "write a page to `FILE`")
	return cmd
}

func (t *tool) readReports(name string) ([]*conformance.Report, error) {
	f, _, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	reports, err := conformance.ReadReports(f)
	if err != nil {
		if name == "-" {
			name = "stdin"
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return reports, nil
}
