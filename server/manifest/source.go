package manifest

import (
	"net/http"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// Wanted makes a manifest a [server.Source]: it adds the assets of the page that r asks for.
// A page that is listed with nothing gets nothing from the sources behind it either.
func (m *Manifest) Wanted(r *http.Request, w *server.Wants) { wanted(m.Page, r, w) }

// Wanted makes a list of manifests a [server.Source], like [Manifest.Wanted].
func (l List) Wanted(r *http.Request, w *server.Wants) { wanted(l.Page, r, w) }

func wanted(page func(string) ([]link.Asset, bool), r *http.Request, w *server.Wants) {
	assets, listed := page(r.URL.EscapedPath())
	for i := range assets {
		w.Add(&assets[i])
	}
	if listed && len(assets) == 0 {
		w.Only()
	}
}
