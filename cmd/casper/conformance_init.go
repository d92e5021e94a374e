package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/vectors/conformance"
)

func newConformanceInit(t *tool) *cobra.Command {
	return &cobra.Command{
		Use:   "init LANGUAGE [DIR]",
		Short: "Write a testee to start from",
		Long: `Write a testee to start from into DIR, by default "testee": the protocol, and one operation as an
example, which passes. LANGUAGE is ` + strings.Join(conformance.Languages(), ", ") + `.

No file is overwritten.`,
		Example: `  casper conformance init python
  casper conformance init rust ./conformance`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 && len(args) != 2 {
				return usagef("give a LANGUAGE, one of %s", strings.Join(conformance.Languages(), ", "))
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return conformance.Languages(), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: action(func(_ *cobra.Command, args []string) error {
			s, err := conformance.NewSkeleton(args[0])
			if err != nil {
				return usageError{err}
			}
			dir := "testee"
			if len(args) == 2 {
				dir = args[1]
			}
			return t.writeSkeleton(s, dir)
		}),
	}
}

// writeSkeleton writes the files, all or none, and says how to run them.
func (t *tool) writeSkeleton(s *conformance.Skeleton, dir string) error {
	names := slices.Sorted(maps.Keys(s.Files))
	for _, name := range names {
		switch _, err := os.Lstat(filepath.Join(dir, name)); {
		case err == nil:
			return fmt.Errorf("%s is there already: give another DIR", filepath.Join(dir, name))
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	for _, name := range names {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return err
		}
		_, err = f.Write(s.Files[name])
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		fmt.Fprintln(t.stdout, file)
	}
	fmt.Fprintf(t.stdout, "\nIt answers one operation, as an example. Run it, then put your codec into it:\n\n")
	if len(s.Build) > 0 {
		fmt.Fprintf(t.stdout, "  (cd %s && %s)\n", dir, strings.Join(s.Build, " "))
	}
	command := slices.Clone(s.Run)
	for i, word := range command {
		if name, ok := strings.CutPrefix(word, "./"); ok {
			command[i] = filepath.Join(dir, filepath.FromSlash(name))
			if i == 0 && !filepath.IsAbs(command[i]) {
				command[i] = "." + string(filepath.Separator) + command[i]
			}
		}
	}
	fmt.Fprintf(t.stdout, "  casper conformance run -- %s\n", strings.Join(command, " "))
	return nil
}
