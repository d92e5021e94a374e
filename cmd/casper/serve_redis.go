package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/redisstore"
)

// pace is how a fleet exchanges evidence: as its packages do by default. Tests are in a hurry.
var pace struct {
	every time.Duration // between the exchanges of a node
	store redisstore.Config
}

// share returns what exchanges the model with those of other nodes.
func share(m *learn.Model, address string, log *slog.Logger) (func(context.Context) error, error) {
	store, err := redisstore.Open(address, pace.store)
	if err != nil {
		return nil, usageError{fmt.Errorf("--state: %w", err)}
	}
	return func(ctx context.Context) error {
		store.Share(ctx, m, pace.every, log)
		return nil
	}, nil
}
