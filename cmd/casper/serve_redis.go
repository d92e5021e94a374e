package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/redisstore"
)

func isRedis(state string) bool { return redisstore.IsAddress(state) }

// share returns what exchanges the model with those of other nodes.
func share(m *learn.Model, address string, log *slog.Logger) (func(context.Context) error, error) {
	store, err := redisstore.Open(address, redisstore.Config{})
	if err != nil {
		return nil, usageError{fmt.Errorf("--state: %w", err)}
	}
	sharer := &keep.Sharer{Model: m, Store: store, Log: log}
	return func(ctx context.Context) error {
		sharer.Run(ctx) // which logs what fails
		return nil
	}, nil
}
