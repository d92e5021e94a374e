package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/metrics"
)

// openAdmin listens on the address of --admin.
func (s *serving) openAdmin(h *server.Handler, m *learn.Model, log *slog.Logger) (*serverOf, error) {
	a := metrics.NewAdmin(h, m)
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
	return &serverOf{entrance, &http.Server{
		Handler:           moving(a, s.stallLimit),
		ReadHeaderTimeout: headerPatience,
		IdleTimeout:       idlePatience,
		ErrorLog:          newErrorLog(log),
	}, s.stallLimit}, nil
}
