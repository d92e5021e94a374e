//go:build !noserver

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/redisstore"
)

func isRedis(state string) bool { return redisstore.IsAddress(state) }

// secretVariable is the environment's word for --secret.
const secretVariable = "CASPER_SECRET"

// fleetSecret returns what keys the hashes that the nodes of a fleet share: the secret that they were
// given, or else the address of their Redis, which is as hard to guess as its password.
func (s *serving) fleetSecret(log *slog.Logger) ([]byte, error) {
	if s.secret != "" {
		word, err := readSecret(s.secret, "secret")
		if err != nil {
			return nil, fmt.Errorf("--secret: %w", err)
		}
		return []byte(word), nil
	}
	if word := os.Getenv(secretVariable); word != "" {
		if err := checkSecret(word, "secret"); err != nil {
			return nil, usagef("%s %v", secretVariable, err)
		}
		return []byte(word), nil
	}
	log.Warn("state: without --secret, who knows the address of Redis can tell which networks may have visited; give all nodes one")
	return []byte(s.state), nil
}

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
