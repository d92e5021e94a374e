package caddycasper

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
)

// A relay carries the lines of what outlives a configuration to the logger of the one that
// is in force. With a configuration Caddy closes what its logger writes to.
type relay struct {
	to   atomic.Pointer[slog.Logger]
	mu   sync.Mutex
	live []*slog.Logger
}

// logs are for all handlers of the process: Caddy names loggers by the kind of the module.
var logs relay

// join makes a handler's logger the one in force, until it leaves. If its configuration turns
// out to be wrong, that is soon, and the one before is in force again.
func (l *relay) join(log *slog.Logger) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live = append(l.live, log)
	l.to.Store(log)
}

func (l *relay) leave(log *slog.Logger) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.live, log); i >= 0 {
		l.live = slices.Delete(l.live, i, i+1)
	}
	if n := len(l.live); n > 0 {
		l.to.Store(l.live[n-1])
	}
}

// handler returns a handler that writes where the relay leads at that moment.
func (l *relay) handler() slog.Handler { return relayed{l, nil} }

type relayed struct {
	relay *relay
	with  []func(slog.Handler) slog.Handler // attributes and groups, in their order
}

func (h relayed) target() slog.Handler {
	log := h.relay.to.Load()
	if log == nil {
		return slog.DiscardHandler
	}
	return log.Handler()
}

func (h relayed) Enabled(ctx context.Context, level slog.Level) bool {
	return h.target().Enabled(ctx, level)
}

func (h relayed) Handle(ctx context.Context, r slog.Record) error {
	to := h.target()
	for _, with := range h.with {
		to = with(to)
	}
	return to.Handle(ctx, r)
}

func (h relayed) add(with func(slog.Handler) slog.Handler) slog.Handler {
	return relayed{h.relay, append(slices.Clip(h.with), with)}
}

func (h relayed) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.add(func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

func (h relayed) WithGroup(name string) slog.Handler {
	return h.add(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}
