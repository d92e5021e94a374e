package caddycasper

import (
	"net/http"

	"github.com/cache-aware/casper/server"
)

// What names the assets of pages depends on the request: its directive has manifests, and its
// site has been learned of. Handlers with the same options share one [server.Handler], whose
// sources look these up.

// manifested is what the manifests of the request's directive say.
type manifested struct{}

func (manifested) Wanted(r *http.Request, w *server.Wants) { visitOf(r).casper.manifests.Wanted(r, w) }

// learning is what was learned of the request's site.
type learning struct{}

func (learning) Wanted(r *http.Request, w *server.Wants) {
	if v := visitOf(r); v.site != nil && v.casper.Learn != "shadow" {
		v.site.source.Wanted(r, w)
	}
}

func (learning) Begin(r *http.Request) server.Observation {
	v := visitOf(r)
	if v.site == nil {
		return nil
	}
	o := v.site.source.Begin(r)
	if v.casper.Learn == "shadow" {
		return shadow{o}
	}
	return o
}

// A shadow is an observation that names nothing.
type shadow struct{ server.Observation }

func (shadow) Wanted(*http.Request, *server.Wants) {}
