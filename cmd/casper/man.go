package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan(t *tool) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages of casper's commands to a folder",
		Long: `Write a manual page for each command to the folder DIR, which is made if it is not there:
casper.1, casper-decode.1 and so on.`,
		Example: `  casper man ~/.local/share/man/man1 && man casper-decode`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("give the folder to write to")
			}
			return nil
		},
		RunE: action(func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o777); err != nil {
				return err
			}
			v := built()
			header := &doc.GenManHeader{Section: "1", Source: "casper " + v.Version, Manual: "casper"}
			// The pages of a release have its date, whenever they are written.
			if date, err := time.Parse(time.RFC3339, v.time); err == nil {
				header.Date = &date
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			return doc.GenManTree(root, header, args[0])
		}),
	}
}
