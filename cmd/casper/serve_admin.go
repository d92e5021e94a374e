package main

import (
	"log/slog"
	"net/http"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/metrics"
)

// newAdminServer is the server of --admin.
func newAdminServer(h *server.Handler, m *learn.Model, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           metrics.NewAdmin(h, m),
		ReadHeaderTimeout: headerPatience,
		IdleTimeout:       idlePatience,
		ErrorLog:          newErrorLog(log),
	}
}
