//go:build noserver

package main

import "github.com/spf13/cobra"

// serverCommands say that they are not here.
func serverCommands(*tool) []*cobra.Command {
	var all []*cobra.Command
	for _, name := range []string{"serve", "replay", "explain-page", "model", "health"} {
		all = append(all, &cobra.Command{
			Use:                name,
			Hidden:             true,
			DisableFlagParsing: true,
			RunE: func(*cobra.Command, []string) error {
				return usagef("%s is not in this casper: it was built with -tags noserver", name)
			},
		})
	}
	return all
}
