package caddycasper

import (
	"context"
	"log/slog"

	"github.com/cache-aware/casper/server"
)

// observe logs an exchange once it is over.
func observe(x *server.Exchange) {
	v := visitOf(x.Request)
	log := v.casper.log
	if len(x.Plan) == 0 && x.Silence == server.NotSilent || !log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("uri", x.Request.RequestURI), slog.Int("status", x.Status)}
	if len(x.Plan) > 0 {
		attrs = append(attrs, slog.Any("sent", server.Summary(x.Plan)))
	}
	if x.Silence != server.NotSilent {
		attrs = append(attrs, slog.String("silent", x.Silence.String()))
	}
	log.LogAttrs(context.Background(), slog.LevelDebug, "page", attrs...)
}
