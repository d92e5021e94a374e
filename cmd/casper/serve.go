//go:build !noserver

package main

import (
	"context"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/server"
)

func newServe(t *tool) *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use:   "serve [DIR]",
		Short: "Serve a demo, a folder or an application, and send ahead what clients lack",
		Long: `Serves a built-in demo, the files of a folder, or an application behind --proxy. What a
page needs and its client lacks, by the client's cookie, goes ahead of the page:
by HTTP/2 push where it is taken, else by one 103 Early Hints, else in Link headers.

What a page needs comes from --manifest, from the Link headers of its answers, from
the first bytes of its HTML, and from what browsers were seen to ask for
(--learn). It ends at SIGTERM, SIGINT or SIGQUIT, once all answers are through
and what was learned is saved. SIGHUP makes it read --cert and --key again; at a
terminal, it says that the terminal is gone, and ends it, too.`,
		Example: `  casper serve
  casper serve ./public --listen :8443 --cert cert.pem --key key.pem
  casper serve ./dist --spa
  casper serve --proxy http://127.0.0.1:3000 --state learned.casper --admin 127.0.0.1:9090
  casper serve --proxy http://127.0.0.1:3000 --no-push --page-query lang --learn-not /account/
  casper serve ./public --hint-programs && curl --http2 -kv https://127.0.0.1:8443/`,
		Args: cobra.MaximumNArgs(1),
		RunE: action(func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				s.dir = args[0]
			}
			if err := s.check(cmd); err != nil {
				return err
			}
			return t.serve(cmd.Context(), &s)
		}),
	}
	s.flags(cmd)
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return cmd
}

// serve serves until a signal ends it.
func (t *tool) serve(ctx context.Context, s *serving) error {
	ctx, stop := signal.NotifyContext(ctx, t.ends()...)
	defer stop()
	log := newLogger(t.stderr, s.logFormat)
	h := s.handler()
	h.Logger = log
	close, err := s.openContent(h, log)
	if err != nil {
		return err
	}
	defer close()
	declared, err := s.openManifests(h, log)
	if err != nil {
		return err
	}
	go declared.Run(ctx)
	learning, err := s.openLearning(log)
	if err != nil {
		return err
	}
	if learning != nil {
		h.Sources = append(h.Sources, learning.source)
	}
	if s.logRequests != "off" {
		query := s.logRequests == "query"
		h.Observe = func(x *server.Exchange) { logExchange(log, x, query) }
	}
	watched, err := s.watch(h, learning.model())
	if err != nil {
		return err
	}

	public, err := s.open()
	if err != nil {
		return err
	}
	defer public.listener.Close()
	defer public.reloads(log)()
	servers := []*serverOf{{public, newHTTPServer(s, watched, log, public.tls), s.stallLimit}}
	if s.admin != "" {
		admin, err := s.openAdmin(watched.admin, log)
		if err != nil {
			return err
		}
		defer admin.listener.Close()
		servers = append(servers, admin)
	}
	t.announce(s, servers)

	if learning == nil {
		return runServers(ctx, stop, servers, log)
	}
	until, end := context.WithCancel(context.Background()) // until after the last answer
	defer end()
	kept := make(chan error, 1)
	go func() { kept <- learning.source.Run(until, learning.kept) }()
	failed := runServers(ctx, stop, servers, log)
	end()
	if err := <-kept; failed == nil {
		failed = err
	}
	return failed
}
