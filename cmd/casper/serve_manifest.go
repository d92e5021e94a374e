//go:build !noserver

package main

import (
	"log/slog"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/manifest"
)

// openManifests makes what the manifests say a source of the handler. With a folder, its files
// are known, so that a manifest which names others is warned of.
func (s *serving) openManifests(h *server.Handler, log *slog.Logger) (*manifest.Files, error) {
	for _, text := range s.manifests {
		if _, _, err := manifest.ParseSetting(text); err != nil {
			return nil, usageError{err}
		}
	}
	c := manifest.FilesConfig{Log: log, Word: "--manifest"}
	if validator := h.Validator; s.dir != "" {
		c.Exists = func(path string) bool { return validator(path) != "" }
	}
	files, err := manifest.OpenFiles(s.manifests, c)
	if err == nil && len(s.manifests) > 0 {
		h.Sources = append(h.Sources, files)
	}
	return files, err
}
