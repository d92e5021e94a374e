package main

import (
	"errors"
	"log/slog"

	"github.com/cache-aware/casper/server/manifest"
)

func readManifests(settings []string, log *slog.Logger) (list manifest.List, err error) {
	for _, text := range settings {
		s, err := manifest.ParseSetting(text)
		if err != nil {
			return nil, usageError{err}
		}
		m, err := s.Open()
		if err != nil {
			return nil, err
		}
		for _, w := range m.Warnings() {
			warning := log.With("file", s.File, "err", w)
			if u := new(manifest.UnplacedError); errors.As(w, &u) {
				warning = warning.With("try", "--manifest "+s.With(u.Entries[0]))
			}
			warning.Warn("manifest")
		}
		list = append(list, m)
	}
	return list, nil
}
