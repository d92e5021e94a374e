package caddycasper

import (
	"cmp"
	"net/http"

	"github.com/maypok86/otter/v2"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learned"
	"github.com/cache-aware/casper/server/link"
	"github.com/cache-aware/casper/server/manifest"
)

// sources are what names the assets of pages: for each site what was learned of it, and the
// manifests.
type sources struct {
	bySite *otter.Cache[*site, *learned.Source]
	plain  *learned.Source // where nothing is learned
	reader learn.Reader
	shadow bool
}

func newSources(c *Casper, declared manifest.List) *sources {
	return &sources{
		bySite: otter.Must(&otter.Options[*site, *learned.Source]{MaximumSize: maxSites}),
		plain:  &learned.Source{Declared: declared.Page, Track: c.track()},
		reader: learn.Reader{Cookie: cmp.Or(c.CookieName, casper.CookieName)},
		shadow: c.Learn == "shadow",
	}
}

// of returns the source for a site; nil is a site that is not learned of.
func (all *sources) of(s *site) *learned.Source {
	if s == nil {
		return all.plain
	}
	if known, ok := all.bySite.GetIfPresent(s); ok {
		return known
	}
	source, _ := all.bySite.ComputeIfAbsent(s, func() (*learned.Source, bool) {
		return &learned.Source{
			Model: s.model, Pages: &s.pages, Reader: all.reader, Shadow: all.shadow,
			Declared: all.plain.Declared, Track: all.plain.Track,
		}, false
	})
	return source
}

func wanted(r *http.Request) []link.Asset { return visitOf(r).source.Wanted(r) }
