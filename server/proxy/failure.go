package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// fail answers where the upstream did not. The client is told in one line what happened, and
// nothing about the upstream; the log gets the rest.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch ctx := r.Context(); {
	case context.Cause(ctx) == errInformational:
		err = errInformational
	case ctx.Err() == context.Canceled:
		// The client has gone. Observers would take any answer for a failure of the page.
		if ctx.Value(http.ServerContextKey) != nil {
			panic(http.ErrAbortHandler)
		}
		return
	}
	code, text := http.StatusBadGateway, "502 bad gateway: the application behind this server does not answer"
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		code, text = http.StatusRequestEntityTooLarge, "413 request entity too large"
	case isUnreachable(err):
	case isTimeout(err):
		code, text = http.StatusGatewayTimeout, "504 gateway timeout: the application behind this server takes too long"
	default:
		text = "502 bad gateway: the application behind this server gave no valid answer"
	}
	h.complain(r, code, "no answer from the upstream", err)
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, code)
}

func (h *Handler) complain(r *http.Request, code int, what string, err error) {
	if h.config.Log == nil {
		return
	}
	fields := []any{"upstream", h.name, "method", r.Method, "path", r.URL.Path, "status", code}
	if err != nil {
		fields = append(fields, "err", err)
	}
	h.config.Log.Error("proxy: "+what, fields...)
}

// isUnreachable reports whether there was no connection, by refusal or by timeout.
func isUnreachable(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}
