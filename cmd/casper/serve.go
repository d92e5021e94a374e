package main

import (
	"context"
	"net"
	"os"
	"os/signal"
	"syscall"

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
the first bytes of its HTML (with DIR), and from what browsers were seen to ask for
(--learn). It ends at SIGTERM or SIGINT, once all answers are through.`,
		Example: `  casper serve
  casper serve ./public --listen :8443 --cert cert.pem --key key.pem
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
	f := cmd.Flags()
	f.StringVar(&s.upstream, "proxy", "", "front the application at this `URL` (http, https or unix:/path)")
	f.StringVar(&s.listen, "listen", "127.0.0.1:8443", "listen on this `address`")
	f.StringVar(&s.cert, "cert", "", "certificate chain, a PEM `file`; without it, a development certificate is made in memory")
	f.StringVar(&s.key, "key", "", "private key of --cert, a PEM `file`")
	f.BoolVar(&s.h2c, "h2c", false, "speak HTTP/1 and HTTP/2 over cleartext, for use behind something that speaks TLS")
	f.Uint8Var(&s.capacityBits, "capacity-bits", casper.DefaultCapacityBits, "the cookie's `bits`, 1 to 15, as in H2O")
	f.StringVar(&s.cookie, "cookie-name", casper.CookieName, "the cookie's `name`")
	f.BoolVar(&s.noCookie, "no-cookie", false, "neither read nor set the cookie: each visit is like the first")
	f.StringVar(&s.track, "track", "blocking-assets", "what enters the cookie: `blocking-assets|all`")
	f.IntVar(&s.policy.MaxAssets, "max-assets", 8, "send at most this `number` of assets ahead of one page")
	f.Var(&s.maxBytes, "max-bytes", "push at most this `size` ahead of one page: 262144, 256KiB, 1MB")
	f.BoolVar(&s.policy.NoPush, "no-push", false, "never push")
	f.BoolVar(&s.policy.NoHints, "no-hints", false, "never send 103 Early Hints of casper's own")
	f.BoolVar(&s.policy.NoLinks, "no-links", false, "never add Link headers to an answer")
	f.BoolVar(&s.policy.HintPrograms, "hint-programs", false, "send 103 also to HTTP/2 clients that are no browsers, such as curl")
	f.DurationVar(&s.policy.PushWait, "push-wait", 50*time.Millisecond, "let a page wait for its pushes to be announced at most for this `time`")
	f.StringVar(&s.learn, "learn", "on", "learn what pages need: `on|off|shadow`, the last without acting on it")
	f.IntVar(&s.learnFrom, "learn-from", 3, "believe an asset after this `number` of clients, 1 to 32")
	f.Float64Var(&s.holdOut, "hold-out", 0.05, "send nothing learned with this `share` of the views, 0 to 1, to see what pages still need")
	f.Var(&s.learnMemory, "learn-memory", "learn within this `size` of memory, at least 256KiB")
	f.StringArrayVar(&s.pageQuery, "page-query", nil, "this query `parameter` makes pages different, such as lang; may be repeated")
	f.StringArrayVar(&s.learnNot, "learn-not", nil, "learn no asset whose path begins with this `prefix`; may be repeated")
	f.StringVar(&s.state, "state", "", "keep what is learned in this `file`, or share it by redis://host:6379/?site=NAME, the same for all nodes")
	f.StringArrayVar(&s.manifests, "manifest", nil, "a `file` that says what pages need: a build tool's manifest, _headers, rules;\n"+
		"with FILE,base=/app/ for where it is served, FILE,page=/path=entry for what is where; may be repeated")
	f.StringVar(&s.admin, "admin", "", "serve metrics, a dashboard and the learned model on this `address`")
	f.StringVar(&s.logFormat, "log-format", "text", "log to stderr as `text|json`")
	f.Var(&s.trusted, "trust-proxy", "believe X-Forwarded fields from this `network`, such as 10.0.0.0/8; may be repeated")
	for name, words := range map[string][]string{"track": tracks, "learn": learns, "log-format": logFormats} {
		cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
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
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := newLogger(t.stderr, s.logFormat)
	h := s.handler()
	h.Logger = log
	close, err := s.openContent(h, log)
	if err != nil {
		return err
	}
	defer close()
	declared, err := readManifests(s.manifests, log)
	if err != nil {
		return err
	}
	if len(declared) > 0 {
		h.Sources = append(h.Sources, declared)
	}
	learning, err := s.openLearning(log)
	if err != nil {
		return err
	}
	if learning != nil {
		h.Sources = append(h.Sources, learning.source)
	}
	h.Observe = func(x *server.Exchange) { logExchange(log, x) }

	public, err := s.open()
	if err != nil {
		return err
	}
	defer public.listener.Close()
	servers := []*serverOf{{public, newHTTPServer(s, h, log, public.tls)}}
	if s.admin != "" {
		admin, err := listen(s.admin, nil)
		if err != nil {
			return err
		}
		defer admin.listener.Close()
		if at, ok := admin.listener.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() {
			log.Warn("admin: whoever reaches this address can change what was learned", "addr", at.String())
		}
		servers = append(servers, &serverOf{admin, newAdminServer(h, learning.model(), log)})
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
