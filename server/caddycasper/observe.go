package caddycasper

import (
	"context"
	"log/slog"

	"github.com/cache-aware/casper/server"
)

// observe logs an exchange once it is over.
func observe(x *server.Exchange) {
	v := visitOf(x.Request)
	if log := v.casper.log; len(x.Plan) > 0 && log.Enabled(context.Background(), slog.LevelDebug) {
		log.Debug("page", slog.String("uri", x.Request.RequestURI), slog.Int("status", x.Status), slog.Any("sent", server.Summary(x.Plan)))
	}
}
