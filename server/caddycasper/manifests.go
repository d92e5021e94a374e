package caddycasper

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/caddyserver/caddy/v2"

	"github.com/cache-aware/casper/server/manifest"
)

// checkManifests finds settings that cannot be read.
func checkManifests(settings []string) error {
	for _, text := range settings {
		if _, _, err := manifest.ParseSetting(text); err != nil {
			return err
		}
	}
	return nil
}

func openManifests(settings []string, log *slog.Logger) (files *manifest.Files, err error) {
	settings = slices.Clone(settings)
	for i := range settings {
		if settings[i], err = caddy.NewReplacer().ReplaceOrErr(settings[i], true, true); err != nil {
			return nil, fmt.Errorf("manifest: %w", err)
		}
	}
	if files, err = manifest.OpenFiles(settings, manifest.FilesConfig{Log: log, Word: "manifest"}); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return files, nil
}
