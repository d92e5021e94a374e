package main

import (
	"fmt"
	"strings"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/gcs/formats"
)

// namesOf turns the words or lines of a person into the names that a format hashes. Where these
// are request paths, comments and blank lines are left out and a URL gives its path; what is
// neither is refused. In other formats every word is a name.
func namesOf(format *formats.Format, words []string) ([]string, error) {
	if format.Names != "request paths" {
		return words, nil
	}
	paths := make([]string, 0, len(words))
	var first error
	bad := 0
	for _, word := range words {
		path, err := capture.RequestPath(word)
		switch {
		case err != nil:
			if bad++; first == nil {
				first = err
			}
		case path != "":
			paths = append(paths, path)
		}
	}
	switch {
	case bad > 1:
		return nil, fmt.Errorf("%d of %d names are no request paths, first: %w", bad, len(words), first)
	case bad == 1:
		return nil, first
	}
	return paths, nil
}

// giveAssets gives a reader the names to compare with, or the reason why they are none.
func (d *decoding) giveAssets(r *reader) {
	if d.listed == nil {
		return
	}
	r.assets, r.lost = d.listed, nil
	if r.format.Names == "request paths" {
		r.assets, r.lost = d.paths, d.noPaths
	}
}

// readsPaths reports whether all that may be decoded is compared with request paths, so that
// names that are none are told once.
func (d *decoding) readsPaths(args []string) bool {
	if d.chosen != nil {
		return d.chosen.format.Names == "request paths"
	}
	for _, arg := range args {
		if arg == "-" || isFile(arg) || strings.Contains(strings.ToLower(arg), "cache-digest") {
			return false
		}
	}
	return true
}
