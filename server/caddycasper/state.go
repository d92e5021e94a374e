package caddycasper

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/redisstore"
)

func isRedis(state string) bool { return redisstore.IsAddress(state) }

// openState returns a model with what was learned before, and what keeps it from then on,
// until the context ends. If this process has a model of the state already, that knows more than
// the file. A file is not written before there is something new, so that "caddy validate" can
// run beside a server, and as another user.
func openState(state string, l *learnSettings, before *learn.Model, log *slog.Logger) (*learn.Model, func(context.Context) error, error) {
	shared := isRedis(state)
	c := l.config
	c.Secret = secret
	switch {
	case shared && l.secret != "":
		c.Share, c.Secret = true, []byte(l.secret)
	case shared:
		c.Share, c.Secret = true, []byte(state) // which the nodes of a fleet are told, too
		log.Warn("state: without secret, who knows the address of Redis can tell which networks may have visited; give all servers one")
	}
	m, err := learn.New(c)
	if err != nil {
		return nil, nil, err
	}
	if !shared {
		saver := &keep.Saver{Model: m, File: state, Log: log}
		if before != nil {
			m.Adopt(before)
		} else if err := saver.Load(); err != nil {
			return nil, nil, fmt.Errorf("state: %w", err)
		}
		return m, saver.Run, nil
	}
	store, err := redisstore.Open(state, redisstore.Config{})
	if err != nil {
		return nil, nil, fmt.Errorf("state: %w", err)
	}
	sharer := &keep.Sharer{Model: m, Store: store, Log: log}
	return m, func(ctx context.Context) error {
		sharer.Run(ctx) // which logs what fails
		return nil
	}, nil
}
