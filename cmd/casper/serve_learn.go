//go:build !noserver

package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/learn/signals"
	"github.com/cache-aware/casper/server/learned"
)

// A learning learns what pages need.
type learning struct {
	source *learned.Source
	kept   func(context.Context) error // keeps what was learned until the context ends; or nil
}

// model returns the model, nil if nothing is learned.
func (l *learning) model() *learn.Model {
	if l == nil {
		return nil
	}
	return l.source.Model
}

// checkLearning finds what makes no sense of the flags about learning.
func (s *serving) checkLearning(cmd *cobra.Command) error {
	if s.learn == "off" {
		if s.state != "" {
			return usagef("--state keeps what is learned: it needs --learn=on or shadow")
		}
		for _, name := range []string{"learn-from", "hold-out", "learn-memory", "learn-as", "learn-not", "page-query", "host"} {
			if cmd.Flags().Changed(name) {
				return usagef("--%s is about learning: it needs --learn=on or shadow", name)
			}
		}
	}
	if s.secret != "" && !isRedis(s.state) {
		return usagef("--secret is for a fleet: it needs --state redis://...")
	}
	switch {
	case s.learnFrom < 1 || s.learnFrom > 32:
		return usagef("--learn-from is 1 to 32, not %d", s.learnFrom)
	case !(s.holdOut >= 0 && s.holdOut <= 1): // NaN too
		return usagef("--hold-out is 0 to 1, not %v", s.holdOut)
	case s.learnMemory < 256<<10 || s.learnMemory > 1<<40:
		return usagef("--learn-memory is 256KiB to 1024GiB, not %s", &s.learnMemory)
	case len(s.learnAs) == 0:
		return usagef("--learn-as is empty")
	}
	for _, use := range s.learnAs {
		if err := oneOf("learn-as", use, uses); err != nil {
			return err
		}
	}
	return nil
}

// learnConfig is how the model is to learn.
func (s *serving) learnConfig() learn.Config {
	c := learn.Config{Bytes: int(s.learnMemory), MinClients: s.learnFrom, HoldOut: s.holdOut, Destinations: s.learnAs}
	if s.holdOut == 0 {
		c.HoldOut = -1 // 0 is the default
	}
	c.Share = isRedis(s.state)
	return c
}

// reader is how requests become evidence.
func (s *serving) reader() signals.Reader {
	return signals.Reader{Query: s.pageQuery, Deny: s.learnNot, Cookie: s.cookie.Name, Proxies: s.trusted}
}

// openLearning returns nil where nothing is to be learned.
func (s *serving) openLearning(log *slog.Logger) (*learning, error) {
	if s.learn == "off" {
		return nil, nil
	}
	c := s.learnConfig()
	var err error
	if c.Share {
		if c.Secret, err = s.fleetSecret(log); err != nil {
			return nil, err
		}
	}
	model, err := learn.New(c)
	if err != nil {
		return nil, err
	}
	l := &learning{source: &learned.Source{Model: model, Reader: s.reader(), Hosts: s.hosts, Shadow: s.learn == "shadow"}}
	switch {
	case isRedis(s.state):
		l.kept, err = share(model, s.state, log)
	case s.state != "":
		saver := &keep.Saver{Model: model, File: s.state, Log: log}
		if l.kept, err = saver.Run, saver.Load(); err != nil {
			err = fmt.Errorf("--state: %w", err)
		}
	}
	return l, err
}
