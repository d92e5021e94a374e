package main

import (
	"log/slog"

	"github.com/cache-aware/casper/cmd/internal/demo"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learned"
	"github.com/cache-aware/casper/server/proxy"
	"github.com/cache-aware/casper/server/site"
)

// openContent sets what the handler wraps, and what goes with it.
func (s *serving) openContent(h *server.Handler, log *slog.Logger) (close func() error, err error) {
	switch {
	case s.upstream != "":
		p, err := proxy.New(s.upstream, proxy.Config{Trusted: s.trusted, Log: log})
		if err != nil {
			return nil, usageError{err}
		}
		h.Next = p
		return p.Close, nil
	case s.dir != "":
		files, err := site.Open(s.dir, site.Config{Log: log})
		if err != nil {
			return nil, err
		}
		h.Next = files
		h.Validator = files.Validator
		h.Scan = learned.Scan
		return files.Close, nil
	}
	d := demo.New(demo.Config{Params: h.Params, Cookie: h.Cookie, Track: h.Track})
	h.Next, h.Validator, h.Allow = d, d.Validator, demo.Allow
	return func() error { return nil }, nil
}
