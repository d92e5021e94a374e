package server

import (
	"iter"

	"github.com/cache-aware/casper/server/link"
)

// A Page is what a [Handler] remembers of a page: what goes ahead of its next answer besides
// what the Source says.
type Page struct {
	Host, Path string       // without query
	Status     int          // of the last answer; nothing goes ahead of redirects and errors
	Links      []link.Asset // of the last good answer
}

// Pages returns the pages that are remembered now, in no order.
func (h *Handler) Pages() iter.Seq[Page] {
	return func(yield func(Page) bool) {
		for at, p := range h.state().catalogue.pages.All() {
			page := Page{Host: at.host, Path: at.path, Status: p.status}
			for _, l := range p.linked {
				if l.voter == 0 {
					page.Links = append(page.Links, l.Asset)
				}
			}
			if !yield(page) {
				return
			}
		}
	}
}

// Forget drops what is remembered of a page, which begins anew with its next answer. It
// reports whether there was anything.
func (h *Handler) Forget(host, path string) bool {
	_, ok := h.state().catalogue.pages.Invalidate(place{host, path})
	return ok
}

// ForgetAll drops all that is remembered of pages and of assets.
func (h *Handler) ForgetAll() {
	c := h.state().catalogue
	c.pages.InvalidateAll()
	c.assets.InvalidateAll()
	c.generation.Add(1)
}
