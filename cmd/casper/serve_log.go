//go:build !noserver

package main

import (
	"bytes"
	"io"
	"log"
	"log/slog"
	"strings"
	"time"

	"github.com/cache-aware/casper/server"
)

func newLogger(w io.Writer, format string) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

// logRequests are the words of --log-requests.
var logRequests = []string{"path", "query", "off"}

// logExchange writes the line of the access log. Queries hold sessions and addresses, so that they are in it
// only if they were asked for.
func logExchange(log *slog.Logger, x *server.Exchange, query bool) {
	r := x.Request
	target := r.URL.RequestURI()
	if !query {
		target, _, _ = strings.Cut(target, "?")
	}
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.String("path", target), slog.Int("status", x.Status),
		slog.String("proto", r.Proto), slog.String("from", x.Client.String()),
	}
	attrs = append(attrs, slog.Float64("ms", float64(time.Since(x.Arrived).Microseconds())/1000))
	if x.Pushed {
		attrs = append(attrs, slog.Bool("push", true))
	}
	if x.Early {
		attrs = append(attrs, slog.Bool("early", true))
	}
	if x.Control {
		attrs = append(attrs, slog.Bool("withheld", true)) // what "sent" names as hinted
	}
	if len(x.Plan) > 0 {
		attrs = append(attrs, slog.Any("sent", server.Summary(x.Plan)))
	}
	if x.Silence != server.NotSilent {
		attrs = append(attrs, slog.String("silent", x.Silence.String()))
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
