package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1 // an input was invalid, or a check failed
	exitUsage   = 2
	exitNothing = 3 // all was well, but there was nothing to find, read or ask in an input
)

// exitCodes says what they mean, for help.
const exitCodes = `Exit codes: 0 done; 1 an input was invalid, or a check failed; 2 wrong usage;
3 nothing was wrong, but an input held nothing to read, to ask or to find.`

// A usageError is a command line that makes no sense. Errors that cobra finds are
// wrong usage, too, without this type.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// A failure is an error of the work that the command line asks for, not of the
// command line.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// action makes the function of a command. An error of it is a failure, unless it is
// a usageError.
func action(f func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := f(cmd, args)
		if err == nil || errors.As(err, new(usageError)) {
			return err
		}
		return failure{err}
	}
}

// exitCode says what went wrong and returns the code for it.
func (t *tool) exitCode(cmd *cobra.Command, err error) int {
	switch {
	case err == nil && t.failed:
		return exitFailed
	case err == nil && t.empty:
		return exitNothing
	case err == nil:
		return exitDone
	case errors.As(err, new(failure)):
		t.complain("%v", err)
		return exitFailed
	}
	t.complain("%v (see %s --help)", err, cmd.CommandPath())
	return exitUsage
}

// complain writes one line to stderr, after what was printed before it. A line
// break in a file's name does not make it two.
func (t *tool) complain(format string, args ...any) {
	t.stdout.Flush()
	t.progress.clear()
	line := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, fmt.Sprintf(format, args...))
	fmt.Fprintf(t.stderr, "casper: %s\n", line)
}

// fail is complain for an invalid input: the command goes on, and ends with exit
// code 1.
func (t *tool) fail(format string, args ...any) {
	t.failed = true
	t.complain(format, args...)
}

// nothing is complain for an input that holds nothing: the command goes on, and ends with
// [exitNothing] unless something fails.
func (t *tool) nothing(format string, args ...any) {
	t.empty = true
	t.complain(format, args...)
}

// isBrokenPipe reports that nobody reads on. Most often the operating system ends
// the program before it can ask.
func isBrokenPipe(err error) bool { return errors.Is(err, errBrokenPipe) }
