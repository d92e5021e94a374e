//go:build !noserver

package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
	"github.com/cache-aware/casper/server/metrics"
	"github.com/cache-aware/casper/server/metrics/gain"
)

// checkAdmin finds what makes no sense of the flags about what is measured and switched.
func (s *serving) checkAdmin(cmd *cobra.Command) error {
	for _, name := range []string{"beacon", "control", "switches"} {
		if cmd.Flags().Changed(name) && s.admin == "" {
			return usagef("--%s is for --admin ADDRESS", name)
		}
	}
	switch {
	case !(s.control >= 0 && s.control <= 0.5): // NaN too
		return usagef("--control is 0 to 0.5, not %v", s.control)
	case s.beacon != "" && !isBeacon(s.beacon):
		return usagef("--beacon is a path such as /casper-timing, not %.60q", s.beacon)
	}
	return nil
}

// isBeacon reports whether a path needs no quoting, neither in a URL nor in a script, and is no page.
func isBeacon(p string) bool {
	return len(p) > 1 && p[0] == '/' && path.Clean(p) == p && !strings.ContainsFunc(p, func(c rune) bool {
		return !(c == '/' || c == '-' || c == '_' || c == '.' || c == '~' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z')
	})
}

// A watched is a handler that an operator sees into.
type watched struct {
	http.Handler
	admin *metrics.Admin // nil without --admin
}

// watch lets --admin see what a handler does, and switch its pages.
func (s *serving) watch(h *server.Handler, m *learn.Model) (watched, error) {
	if s.admin == "" {
		return watched{Handler: h}, nil
	}
	reader := s.reader()
	switches := &metrics.Switches{Page: reader.Page, File: s.switches}
	if err := switches.Load(); err != nil {
		return watched{}, fmt.Errorf("--switches: %w", err)
	}
	h.Sources = append([]server.Source{switches}, h.Sources...)
	others := h.Allow
	h.Allow = func(r *http.Request, a link.Asset) bool {
		// The script that measures is to have no part in what it measures.
		return (s.beacon == "" || a.Path != s.beacon) && switches.Allow(r, a) && (others == nil || others(r, a))
	}
	figures := gain.New(gain.Config{Page: reader.Page, Beacon: s.beacon, Proxies: s.trusted})
	h.Timing = figures.Timing
	if log := h.Observe; log == nil {
		h.Observe = figures.Observe
	} else {
		h.Observe = func(x *server.Exchange) { log(x); figures.Observe(x) }
	}
	admin := metrics.NewAdmin(h, m)
	admin.Gain, admin.Switches = figures, switches
	return watched{figures.Wrap(h), admin}, nil
}

// openAdmin listens on the address of --admin.
func (s *serving) openAdmin(a *metrics.Admin, log *slog.Logger) (*serverOf, error) {
	if host, _, err := net.SplitHostPort(s.admin); err == nil && host != "" {
		a.Hosts = []string{host}
	}
	if s.adminToken != "" {
		token, err := readSecret(s.adminToken, "token")
		if err != nil {
			return nil, fmt.Errorf("--admin-token: %w", err)
		}
		a.Token = token
	}
	entrance, err := listen("admin", s.admin, nil)
	if err != nil {
		return nil, err
	}
	if at, ok := entrance.listener.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() && a.Token == "" {
		entrance.listener.Close()
		return nil, usagef("--admin %s: other machines reach this address, so that it needs --admin-token", s.admin)
	}
	srv := &http.Server{
		Handler:           moving(a, s.stallLimit),
		ReadHeaderTimeout: headerPatience,
		IdleTimeout:       idlePatience,
		ErrorLog:          newErrorLog(log),
	}
	srv.RegisterOnShutdown(a.Close)
	return &serverOf{entrance, srv, s.stallLimit}, nil
}
