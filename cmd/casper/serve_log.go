package main

import (
	"bytes"
	"context"
	"io"
	"log"
	"log/slog"
	"net/http"
	"time"

	"github.com/cache-aware/casper/server"
)

func newLogger(w io.Writer, format string) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

type arrivalKey struct{}

// withArrival notes when each request came in.
func withArrival(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), arrivalKey{}, time.Now())))
	})
}

// logExchange writes the line of the access log.
func logExchange(log *slog.Logger, x *server.Exchange, trusted networks) {
	r := x.Request
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.String("path", r.URL.RequestURI()), slog.Int("status", x.Status),
		slog.String("proto", r.Proto), slog.String("from", trusted.client(r).String()),
	}
	if at, ok := r.Context().Value(arrivalKey{}).(time.Time); ok {
		attrs = append(attrs, slog.Float64("ms", float64(time.Since(at).Microseconds())/1000))
	}
	if x.Pushed {
		attrs = append(attrs, slog.Bool("push", true))
	}
	if x.Early {
		attrs = append(attrs, slog.Bool("early", true))
	}
	if len(x.Plan) > 0 {
		attrs = append(attrs, slog.Any("sent", server.Summary(x.Plan)))
	}
	log.LogAttrs(r.Context(), slog.LevelInfo, "request", attrs...)
}

// newErrorLog is for what net/http has to say. A browser that meets a development certificate
// says "unknown certificate" at each connection, which is no news.
func newErrorLog(l *slog.Logger) *log.Logger { return log.New(errorLog{l}, "", 0) }

type errorLog struct{ log *slog.Logger }

func (e errorLog) Write(p []byte) (int, error) {
	if !bytes.Contains(p, []byte("TLS handshake error")) {
		e.log.Error("server", "err", string(bytes.TrimSpace(p)))
	}
	return len(p), nil
}
