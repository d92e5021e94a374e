package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/cache-aware/casper/server/link"
	"github.com/cache-aware/casper/server/manifest"
)

// manifests say what pages need; the first that lists a page speaks for it.
type manifests []*manifest.Manifest

func readManifests(names []string, log *slog.Logger) (list manifests, err error) {
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		m, err := manifest.Read(f, manifest.Config{})
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, w := range m.Warnings() {
			log.Warn("manifest", "file", name, "err", w)
		}
		list = append(list, m)
	}
	return list, nil
}

// page returns what is said of a page: always the same slice.
func (list manifests) page(path string) (assets []link.Asset, listed bool) {
	for _, m := range list {
		if assets, listed = m.Page(path); listed {
			return assets, true
		}
	}
	return nil, false
}
