package caddycasper

import (
	"encoding/json"
	"log/slog"

	"github.com/caddyserver/caddy/v2"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
)

// A memory is what package server remembers of pages, assets and connections. Handlers with
// the same options have one, and so has the same handler after a reload. What differs between
// them, the visit says.
type memory struct{ handler server.Handler }

var memories = caddy.NewUsagePool()

// openMemory returns the memory for a handler's options, and the key under which it is to be
// given back.
func openMemory(c *Casper) (*memory, string, error) {
	key, err := json.Marshal(struct {
		CapacityBits uint8
		CookieName   string
		Track        string
		MaxAssets    int
		MaxBytes     int64
		NoHints      bool
		NoPush       bool
	}{c.CapacityBits, c.CookieName, c.Track, c.MaxAssets, c.MaxBytes, c.NoHints, c.NoPush})
	if err != nil {
		return nil, "", err
	}
	m, _, err := memories.LoadOrNew(string(key), func() (caddy.Destructor, error) {
		m := new(memory)
		h := &m.handler
		h.Policy = server.Policy{MaxAssets: c.MaxAssets, MaxBytes: c.MaxBytes, NoHints: c.NoHints, NoPush: c.NoPush}
		h.Cookie = server.Cookie{Name: c.CookieName}
		h.Params = casper.Params{CapacityBits: c.CapacityBits}
		h.Keys = server.KeyVersion
		h.Track = c.track()
		h.Logger = slog.New(logs.handler())
		h.Sources = []server.Source{manifested{}, learning{}}
		h.Observe = observe
		return m, nil
	})
	if err != nil {
		return nil, "", err
	}
	return m.(*memory), string(key), nil
}

// Destruct forgets all. There is nothing to end: a memory has no goroutine.
func (m *memory) Destruct() error { return nil }

func (c *Casper) track() server.Track {
	if c.Track == "all" {
		return server.TrackAll
	}
	return server.TrackBlocking
}
