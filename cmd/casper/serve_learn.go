package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/learned"
	"github.com/cache-aware/casper/server/manifest"
)

// newSource returns what knows what pages need, from manifests and from what is seen, and what
// keeps that until a context ends; nil does neither.
func newSource(s *serving, track server.Track, declared manifest.List, log *slog.Logger) (source *learned.Source, run func(context.Context) error, err error) {
	source = &learned.Source{Reader: learn.Reader{Cookie: s.cookie}, Peer: s.trusted.client, Track: track}
	if len(declared) > 0 {
		source.Declared = declared.Page
	}
	if s.learn == "off" {
		return source, nil, nil
	}
	shared := isRedis(s.state)
	c := learn.Config{Shadow: s.learn == "shadow", Share: shared}
	if shared {
		c.Secret = []byte(s.state) // the nodes of a fleet are told the same address
	}
	if source.Model, err = learn.New(c); err != nil {
		return nil, nil, err
	}
	switch {
	case shared:
		run, err = share(source.Model, s.state, log)
	case s.state != "":
		saver := &keep.Saver{Model: source.Model, File: s.state, Log: log}
		if run, err = saver.Run, saver.Load(); err != nil {
			err = fmt.Errorf("--state: %w", err)
		}
	}
	return source, run, err
}

func isRedis(state string) bool {
	return strings.HasPrefix(state, "redis://") || strings.HasPrefix(state, "rediss://")
}
