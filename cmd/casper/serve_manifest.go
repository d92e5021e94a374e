package main

import (
	"log/slog"

	"github.com/cache-aware/casper/server/manifest"
)

func readManifests(names []string, log *slog.Logger) (list manifest.List, err error) {
	for _, name := range names {
		m, err := manifest.Open(name, manifest.Config{})
		if err != nil {
			return nil, err
		}
		for _, w := range m.Warnings() {
			log.Warn("manifest", "file", name, "err", w)
		}
		list = append(list, m)
	}
	return list, nil
}
