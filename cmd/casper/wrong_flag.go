package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// wrongFlag says of a flag that is not there, or has a value that it cannot have, what to give
// instead.
func wrongFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		msg := "unknown flag: -" + unknown.GetSpecifiedName()
		if len(unknown.GetSpecifiedShortnames()) > 1 && cmd.HasParent() {
			msg += ": a value that begins with - is given after --"
		}
		return errors.New(msg)
	case errors.As(err, &unknown):
		msg := "unknown flag: --" + unknown.GetSpecifiedName()
		if near := nearFlag(cmd, unknown.GetSpecifiedName()); near != "" {
			msg += ": did you mean --" + near + "?"
		}
		return errors.New(msg)
	case errors.As(err, &value):
		flag := value.GetFlag()
		switch flag.Value.Type() {
		case "duration":
			example := flag.DefValue
			if example == "0s" {
				example = "5s"
			}
			return fmt.Errorf("--%s is a time such as %s, not %q", flag.Name, example, value.GetValue())
		case "int", "uint8", "float64":
			return fmt.Errorf("--%s is a number, not %q", flag.Name, value.GetValue())
		case "bool":
			return fmt.Errorf("--%s is true or false, not %q", flag.Name, value.GetValue())
		}
		return fmt.Errorf("--%s: %w", flag.Name, value.Unwrap())
	}
	return err
}

// nearFlag returns the flag whose name is nearest, or "" if none is near.
func nearFlag(cmd *cobra.Command, name string) (near string) {
	const far = 3
	best := far
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		d := distance(name, f.Name)
		if len(name) > 2 && strings.HasPrefix(f.Name, name) {
			d = min(d, 1)
		}
		if d < best && d <= len(f.Name)/3+1 && !f.Hidden {
			best, near = d, f.Name
		}
	})
	return near
}

// distance is how many characters have to be put in, left out, changed or exchanged with their
// neighbour to make one word the other (Damerau's, with no character moved twice).
func distance(a, b string) int {
	above, row, last := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		above, row, last = row, last, above
		row[0] = i + 1
		for j := range len(b) {
			changed := above[j]
			if a[i] != b[j] {
				changed++
			}
			row[j+1] = min(changed, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], last[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

// exclusive refuses flags of which only one makes sense at a time.
func exclusive(cmd *cobra.Command, names ...string) error {
	var given, all []string
	for _, name := range names {
		all = append(all, "--"+name)
		if cmd.Flags().Changed(name) {
			given = append(given, "--"+name)
		}
	}
	if len(given) < 2 {
		return nil
	}
	last := len(all) - 1
	return usagef("%s exclude each other: give one of %s and %s", strings.Join(given, " and "), strings.Join(all[:last], ", "), all[last])
}
