//go:build !noserver

package main

import "github.com/spf13/cobra"

// serverCommands are those that serve, and that judge what a server does. The build tag noserver leaves them out,
// with Redis, Prometheus and package server.
func serverCommands(t *tool) []*cobra.Command {
	return []*cobra.Command{newServe(t), newReplay(t), newExplainPage(t), newModel(t), newHealth(t)}
}
