//go:build !noserver

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/redisstore"
)

func newModel(t *tool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "model COMMAND",
		Short: "Export, import, merge and compare what serve has learned",
		Long: `What serve has learned is kept in a file or in Redis (its --state). A snapshot of it is
text, a line for each page, with a checksum at its end.

Import into a file while no serve uses it: a running one writes over it.`,
		Example: `  casper model export redis://127.0.0.1:6379 > learned.casper
  casper model merge node1.casper node2.casper > both.casper
  casper model diff monday.casper friday.casper`,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(t.stderr)
			cmd.Help()
			return usagef("no command is given")
		},
	}
	cmd.AddCommand(newModelExport(t), newModelImport(t), newModelMerge(t), newModelDiff(t))
	return cmd
}

func newModelExport(t *tool) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "export STATE",
		Short: "Print what is learned in a file or in Redis",
		Long: `Prints a snapshot of what is in STATE, a file, a redis:// address or - for stdin, with
its pages in order. With --json, there are only the pages, one object a line.

What nodes told Redis within the last quarter of a minute is not in it yet.`,
		Example: `  casper model export learned.casper --json | jq .page
  casper model export redis://127.0.0.1:6379 > learned.casper`,
		RunE: action(func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("give one STATE")
			}
			deltas, err := t.readModel(args[0])
			if err != nil {
				return err
			}
			return t.writeModel(evidence.Combine(deltas...), asJSON)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the pages alone, one JSON object a line")
	return cmd
}

func newModelMerge(t *tool) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "merge STATE...",
		Short: "Print the sum of several models",
		Long: `Prints a snapshot of what all STATEs (files, redis:// addresses, - for stdin) have
learned together. Evidence adds up, so what is given twice counts twice.`,
		Example: `  casper model merge node1.casper node2.casper > both.casper`,
		RunE: action(func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("give at least one STATE")
			}
			if err := oneStdin(args); err != nil {
				return err
			}
			deltas, err := t.readModels(args)
			if err != nil {
				return err
			}
			return t.writeModel(deltas, asJSON)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the pages alone, one JSON object a line")
	return cmd
}

func newModelImport(t *tool) *cobra.Command {
	return &cobra.Command{
		Use:   "import STATE FILE...",
		Short: "Add what is learned in files to a file or to Redis",
		Long: `Adds the snapshots in FILEs (- is stdin) to STATE, a file, which is made if there is
none, or a redis:// address, from where all nodes take it. The file is replaced at
once or not at all. What is imported twice counts twice.`,
		Example: `  casper model import learned.casper staging.casper
  casper replay access.log --save log.casper && casper model import redis://127.0.0.1:6379 log.casper`,
		RunE: action(func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("give a STATE and at least one FILE")
			}
			state, files := args[0], args[1:]
			if state == "-" {
				return usagef("STATE is a file or a redis:// address")
			}
			if err := oneStdin(files); err != nil {
				return err
			}
			deltas, err := t.readModels(files)
			if err != nil {
				return err
			}
			if isRedis(state) {
				return sendModel(cmd.Context(), state, deltas)
			}
			old, err := t.readModel(state)
			switch {
			case err == nil:
				deltas = evidence.Combine(append(old, deltas...)...)
			case !errors.Is(err, fs.ErrNotExist):
				return err
			}
			return keep.WriteFile(state, slices.Values(deltas))
		}),
	}
}

func newModelDiff(t *tool) *cobra.Command {
	var asJSON, exitCode bool
	var tolerance float64
	cmd := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "Tell how two models differ",
		Long: `Tells which pages only one of two models knows, which assets only one wants, and whose
share of views differs by --tolerance or more: + is wanted by AFTER alone, - by
BEFORE alone, ~ only the share differs.`,
		Example: `  casper model diff monday.casper friday.casper
  casper model diff --exit-code --tolerance 0.5 expected.casper learned.casper`,
		RunE: action(func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("give two STATEs")
			}
			if !(tolerance > 0) {
				return usagef("--tolerance is above 0, not %v", tolerance)
			}
			if err := oneStdin(args); err != nil {
				return err
			}
			before, err := t.readModel(args[0])
			if err != nil {
				return err
			}
			after, err := t.readModel(args[1])
			if err != nil {
				return err
			}
			changes := diffModels(before, after, tolerance)
			t.failed = exitCode && len(changes) > 0
			for _, c := range changes {
				if err := t.printChange(c, asJSON); err != nil {
					return err
				}
			}
			return nil
		}),
	}
	flags := cmd.Flags()
	flags.Float64Var(&tolerance, "tolerance", 0.1, "say nothing of shares that differ by less than this `share`")
	flags.BoolVar(&exitCode, "exit-code", false, "exit with 1 if there is a difference")
	flags.BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// printChange prints one line.
func (t *tool) printChange(c change, asJSON bool) error {
	if asJSON {
		return t.printJSON(c)
	}
	mark := "~"
	if c.Before != c.After {
		mark = map[bool]string{true: "+", false: "-"}[c.After]
	}
	if c.Asset == "" {
		_, err := fmt.Fprintf(t.stdout, "%s %s\n", mark, clean(c.Page))
		return err
	}
	_, err := fmt.Fprintf(t.stdout, "%s %s %s %.2f -> %.2f\n", mark, clean(c.Page), clean(c.Asset), c.BeforeShare, c.AfterShare)
	return err
}

// readModel reads a snapshot from a file or from stdin, or what is in Redis.
func (t *tool) readModel(state string) ([]evidence.Delta, error) {
	if isRedis(state) {
		return fetchModel(context.Background(), state)
	}
	deltas, err := t.decodeModel(state)
	if errors.Is(err, evidence.ErrForeign) {
		return nil, fmt.Errorf("%s: no model of casper: want what serve --state, replay --save or model export has written", state)
	}
	return deltas, err
}

func (t *tool) decodeModel(state string) ([]evidence.Delta, error) {
	if at, err := os.Stat(state); err == nil && (at.Mode().IsRegular() || at.IsDir()) {
		return keep.ReadFile(state, evidence.MaxSnapshot)
	}
	r, _, err := t.open(state)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	deltas, err := evidence.Decode(io.LimitReader(r, maxPipedModel))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", state, err)
	}
	return deltas, nil
}

// maxPipedModel bounds a model that comes through a pipe, in octets: only a file can be judged before
// it is decoded.
const maxPipedModel = 64 << 20

// readModels adds models up.
func (t *tool) readModels(states []string) ([]evidence.Delta, error) {
	var all []evidence.Delta
	for _, state := range states {
		deltas, err := t.readModel(state)
		if err != nil {
			return nil, err
		}
		all = evidence.Combine(append(all, deltas...)...)
	}
	return all, nil
}

func (t *tool) writeModel(deltas []evidence.Delta, asJSON bool) error {
	if !asJSON {
		return evidence.Encode(t.stdout, slices.Values(deltas))
	}
	for i := range deltas {
		if err := t.printJSON(&deltas[i]); err != nil {
			return err
		}
	}
	return nil
}

// patience bounds each exchange with Redis.
const patience = 10 * time.Second

// fetchModel returns what a fleet has learned.
func fetchModel(ctx context.Context, address string) (all []evidence.Delta, err error) {
	err = withStore(address, redisstore.Config{}, func(store *redisstore.Store) error {
		var since evidence.Cursor
		for {
			var deltas []evidence.Delta
			err := soon(ctx, func(ctx context.Context) (err error) {
				deltas, since, err = store.Load(ctx, since)
				return err
			})
			if err != nil {
				return err
			}
			if len(deltas) == 0 {
				return nil
			}
			for _, d := range deltas {
				if d.Page != "" { // what has no name says nothing here
					all = append(all, d)
				}
			}
		}
	})
	return evidence.Combine(all...), err
}

// sendModel reports evidence to a fleet. A large model takes several rounds and half the
// room of those for news: the rest is for the nodes.
func sendModel(ctx context.Context, address string, deltas []evidence.Delta) error {
	c := redisstore.Config{MaxPages: 1 << 20} // nothing waits for a turn
	return withStore(address, c, func(store *redisstore.Store) error {
		round, atOnce := store.Config().Round, store.Config().MaxRound/8
		for len(deltas) > 0 {
			n, records := 0, 0
			for n < len(deltas) && (n == 0 || records+1+len(deltas[n].Assets) <= atOnce) {
				records += 1 + len(deltas[n].Assets)
				n++
			}
			if err := soon(ctx, func(ctx context.Context) error { return store.Merge(ctx, deltas[:n]) }); err != nil {
				return err
			}
			if deltas = deltas[n:]; len(deltas) == 0 {
				break
			}
			select {
			case <-time.After(round):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if lost := store.Stats().Refused; lost > 0 {
			return fmt.Errorf("%d records found no room in Redis: the fleet is telling too much at this moment", lost)
		}
		return nil
	})
}

// soon calls f with a context that bounds one exchange.
func soon(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return f(ctx)
}

// withStore opens a store for f. What f has left in its queue is sent when it is closed.
func withStore(address string, c redisstore.Config, f func(*redisstore.Store) error) error {
	store, err := redisstore.Open(address, c)
	if err != nil {
		return usageError{err}
	}
	err = f(store)
	if closeErr := soon(context.Background(), store.Close); err == nil {
		err = closeErr
	}
	return err
}
