package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/learn/signals"
	"github.com/cache-aware/casper/server/learned"
)

// A learning is what learns what pages need, and what keeps that until a context ends, nil
// where nothing does.
type learning struct {
	source *learned.Source
	kept   func(context.Context) error
}

// model is what is learned; nil where nothing is.
func (l *learning) model() *learn.Model {
	if l == nil {
		return nil
	}
	return l.source.Model
}

// openLearning returns nil where nothing is to be learned.
func (s *serving) openLearning(log *slog.Logger) (*learning, error) {
	if s.learn == "off" {
		return nil, nil
	}
	shared := isRedis(s.state)
	c := learn.Config{Share: shared}
	if shared {
		c.Secret = []byte(s.state) // the nodes of a fleet are told the same address
	}
	model, err := learn.New(c)
	if err != nil {
		return nil, err
	}
	l := &learning{source: &learned.Source{Model: model, Reader: signals.Reader{Cookie: s.cookie, Proxies: s.trusted}, Shadow: s.learn == "shadow"}}
	switch {
	case shared:
		l.kept, err = share(model, s.state, log)
	case s.state != "":
		saver := &keep.Saver{Model: model, File: s.state, Log: log}
		if l.kept, err = saver.Run, saver.Load(); err != nil {
			err = fmt.Errorf("--state: %w", err)
		}
	}
	return l, err
}

func isRedis(state string) bool {
	return strings.HasPrefix(state, "redis://") || strings.HasPrefix(state, "rediss://")
}
