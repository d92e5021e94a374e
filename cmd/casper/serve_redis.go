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

// farewell bounds how long the last evidence of a node may take to be sent.
const farewell = 3 * time.Second

// share returns what exchanges the model with those of other nodes. A Redis that is away now
// may be there later, so it is not tried here.
func share(m *learn.Model, address string, log *slog.Logger) (func(context.Context) error, error) {
	store, err := redisstore.Open(address, pace.store)
	if err != nil {
		return nil, usageError{fmt.Errorf("--state: %w", err)}
	}
	sharer := &learn.Sharer{Model: m, Store: store, Every: pace.every, Log: log}
	return func(ctx context.Context) error {
		err := sharer.Run(ctx)
		end, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		if closeErr := store.Close(end); err == nil {
			err = closeErr
		}
		if err != nil {
			log.Warn("state: the last evidence was not shared", "err", err)
		}
		return nil // the fleet knows nearly as much without it
	}, nil
}
