package caddycasper

import (
	"log/slog"

	"github.com/caddyserver/caddy/v2"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learned"
)

// A memory is what package server remembers of pages, assets and connections. Handlers with
// the same options have one, and so has the same handler after a reload. What differs between
// them, the visit says.
type memory struct {
	handler  server.Handler
	settings settings // its key among memories
}

var memories = caddy.NewUsagePool()

func openMemory(s settings) (*memory, error) {
	m, _, err := memories.LoadOrNew(s, func() (caddy.Destructor, error) {
		m := &memory{settings: s}
		h := &m.handler
		h.Policy, h.Cookie, h.Params, h.Keys, h.Track = s.policy, s.cookie, s.params, s.keys, s.track
		h.Logger = slog.New(logs.handler())
		h.Sources = []server.Source{manifested{}, learning{}}
		h.Observe = observe
		h.Scan, h.NoHTML = learned.Scan, s.noHTML
		return m, nil
	})
	if err != nil {
		return nil, err
	}
	return m.(*memory), nil
}

// Destruct forgets all. There is nothing to end: a memory has no goroutine.
func (m *memory) Destruct() error { return nil }
