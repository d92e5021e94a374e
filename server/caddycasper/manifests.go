package caddycasper

import (
	"fmt"
	"log/slog"

	"github.com/caddyserver/caddy/v2"

	"github.com/cache-aware/casper/server/manifest"
)

func readManifests(settings []string, log *slog.Logger) (list manifest.List, err error) {
	for _, text := range settings {
		if text, err = caddy.NewReplacer().ReplaceOrErr(text, true, true); err != nil {
			return nil, fmt.Errorf("manifest: %w", err)
		}
		s, err := manifest.ParseSetting(text)
		if err != nil {
			return nil, err
		}
		m, err := s.Open()
		if err != nil {
			return nil, fmt.Errorf("manifest: %w", err)
		}
		for _, w := range m.Warnings() {
			log.Warn("manifest", "file", s.File, "err", w)
		}
		list = append(list, m)
	}
	return list, nil
}
