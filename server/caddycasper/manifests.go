package caddycasper

import (
	"fmt"
	"log/slog"

	"github.com/caddyserver/caddy/v2"

	"github.com/cache-aware/casper/server/manifest"
)

func readManifests(names []string, log *slog.Logger) (list manifest.List, err error) {
	for _, name := range names {
		if name, err = caddy.NewReplacer().ReplaceOrErr(name, true, true); err != nil {
			return nil, fmt.Errorf("manifest: %w", err)
		}
		m, err := manifest.Open(name, manifest.Config{})
		if err != nil {
			return nil, fmt.Errorf("manifest: %w", err)
		}
		for _, w := range m.Warnings() {
			log.Warn("manifest", "file", name, "err", w)
		}
		list = append(list, m)
	}
	return list, nil
}
