package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learned"
)

// newSource returns what knows what pages need, from manifests and from what is seen, and what
// keeps that until a context ends; nil does neither.
func newSource(s *serving, track server.Track, declared manifests, log *slog.Logger) (source *learned.Source, keep func(context.Context) error, err error) {
	source = &learned.Source{Reader: learn.Reader{Cookie: s.cookie}, Peer: s.trusted.client, Track: track}
	if len(declared) > 0 {
		source.Declared = declared.page
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
		keep, err = share(source.Model, s.state, log)
	case s.state != "":
		keep, err = save(source.Model, s.state, log)
	}
	return source, keep, err
}

func isRedis(state string) bool {
	return strings.HasPrefix(state, "redis://") || strings.HasPrefix(state, "rediss://")
}

// save loads what was learned before, and returns what saves it from then on. A file that is
// no snapshot is put aside.
func save(m *learn.Model, file string, log *slog.Logger) (func(context.Context) error, error) {
	if _, err := os.Stat(filepath.Dir(file)); err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	switch err := m.LoadFile(file); {
	case errors.Is(err, learn.ErrSnapshot):
		broken, evalErr := filepath.EvalSymlinks(file) // a link stays where it is
		if evalErr != nil {
			return nil, fmt.Errorf("--state: %w", evalErr)
		}
		aside := broken + ".broken"
		log.Error("state: begins anew", "err", err, "kept", aside)
		if err := os.Rename(broken, aside); err != nil {
			return nil, fmt.Errorf("--state: %w", err)
		}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("--state: %w", err)
	}
	saver := &learn.Saver{Model: m, File: file, Log: log}
	return saver.Run, nil
}
