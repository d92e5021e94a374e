package server

import (
	"log/slog"
	"net/http"

	"github.com/cache-aware/casper/server/link"
)

// The functions that a program gives to a Handler are called from here alone. They are beside
// the point of a request: one that panics costs what it would have said, and nothing
// else.

// spared is deferred around a call.
func (h *Handler) spared(what string) {
	if v := recover(); v != nil && h.Logger != nil {
		h.Logger.Error("panic", slog.String("in", what), slog.Any("value", v))
	}
}

func (h *Handler) wantedBy(r *http.Request) (assets []link.Asset) {
	defer h.spared("Source")
	return h.Source.Wanted(r)
}

func (h *Handler) scan(head []byte, base link.Base) (assets []link.Asset) {
	defer h.spared("Scan")
	return h.Scan(head, base)
}

func (h *Handler) validator(path string) (v string) {
	defer h.spared("Validator")
	return h.Validator(path)
}

// allow denies what it cannot ask about.
func (h *Handler) allow(r *http.Request, a link.Asset) (ok bool) {
	defer h.spared("Allow")
	return h.Allow(r, a)
}

func (h *Handler) rank(a link.Asset) (n uint8) {
	if h.Rank == nil {
		return rank(a)
	}
	defer h.spared("Rank")
	return h.Rank(a)
}

func (h *Handler) digest(values []string) (d Digest) {
	read := h.Digests
	if read == nil {
		read = ReadDigest
	}
	defer h.spared("Digests")
	return read(values)
}

func (h *Handler) observe(x *Exchange) {
	defer h.spared("Observe")
	h.Observe(x)
}
