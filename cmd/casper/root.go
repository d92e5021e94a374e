package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// A tool is what all commands share: the streams, and whether anything failed
// so far.
type tool struct {
	stdin      *input
	stdout     *output
	stderr     io.Writer
	toTerminal bool      // stdout is one
	color      bool      // on stdout
	failed     bool      // an input was invalid, and said so
	empty      bool      // an input held nothing, and said so
	progress   *progress // of the file under way, or nil
}

// run runs the command line and returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := &tool{stdout: newOutput(stdout), stderr: stderr, toTerminal: isTerminal(stdout)}
	t.stdin = &input{r: stdin, wait: t.stdout.Flush}
	if typed, ok := stdin.(*os.File); ok && isTerminal(typed) {
		t.stdin.hint = func() { t.complain("reading what is typed here; Ctrl-D ends it") }
	}
	t.color = t.toTerminal && wantsColor()
	root := newRoot(t)
	root.SetArgs(args)
	cmd, err := root.ExecuteC()
	code := t.exitCode(cmd, err)
	if err := t.stdout.Flush(); err != nil {
		if !isBrokenPipe(err) {
			t.complain("stdout: %v", err)
		}
		return exitFailed
	}
	return code
}

// newRoot puts the commands together: one file, one constructor each.
func newRoot(t *tool) *cobra.Command {
	root := &cobra.Command{
		Use:   "casper",
		Short: "Tell what a client already holds, from its cookie",
		Long: `casper reads, writes and explains Golomb-coded sets: the cookies and digests
by which a server knows what a client already holds.

` + exitCodes,
		Example: `  casper decode h2o_casper=qF0 --capacity-bits 8 --assets ./public
  casper encode /index.html /css/0.css
  casper explain qF0 --capacity-bits 8 --html qF0.html`,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(t.stderr)
			cmd.Help()
			return usageError{errors.New("no command is given")}
		},
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(t.stdin)
	root.SetOut(t.stdout)
	root.SetErr(t.stderr)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(wrongFlag)
	root.Version = built().String()
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpCommand(newHelp(root))
	root.AddCommand(newDecode(t), newEncode(t), newExplain(t), newIdentify(t), newBuild(t), newQuery(t), newCompletion(t), newVersion(t))
	root.AddCommand(newConformance(t))
	root.AddCommand(newMan(t))
	root.AddCommand(serverCommands(t)...)
	return root
}

// newHelp is "casper help decode", for "casper decode --help".
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Print the help of a command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			switch {
			case err == nil && len(rest) == 0:
				return cmd.Help()
			case cmd != root && !cmd.HasAvailableSubCommands():
				return fmt.Errorf("%s has no command %q", cmd.Name(), rest[0])
			case cmd != root:
				return noCommand(cmd, rest)
			}
			return noCommand(root, args)
		},
	}
}

// noCommand is the error of a first word that is no command.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	msg := fmt.Sprintf("unknown command %q", args[0])
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		msg += ": did you mean " + strings.Join(near, " or ") + "?"
	}
	return errors.New(msg)
}
