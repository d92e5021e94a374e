package manifest

import (
	"fmt"
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// warnings gathers what was understood and cannot be used.
type warnings struct {
	list    []error
	number  int             // the line that is being read, 0 where there are none
	origins map[string]bool // that were warned of
}

func (w *warnings) warn(err error) {
	if len(w.list) < maxWarnings {
		w.list = append(w.list, &lineError{Line: w.number, Err: err})
	}
}

// elsewhere makes of an asset whose path is a URL what is hinted from there. The first of each
// origin is a warning: nobody here knows whether the files are there.
func (w *warnings) elsewhere(a link.Asset) (link.Asset, bool) {
	base := link.Base{Scheme: "https", Foreign: true}
	var err error
	if a.Origin, a.Path, err = base.Resolve(a.Path); err != nil || a.Origin == "" || !a.Valid() {
		return link.Asset{}, false
	}
	w.warnOf(a.Origin)
	return a, true
}

func (w *warnings) warnOf(origin string) {
	if w.origins[origin] || len(w.origins) == maxWarnings {
		return
	}
	if w.origins == nil {
		w.origins = map[string]bool{}
	}
	w.origins[origin] = true
	w.warn(fmt.Errorf("%w: files of %s are hinted, never pushed, and not in the cookie", link.ErrForeign, clip(origin)))
}

// isForeign tells URLs with a host from paths.
func isForeign(url string) bool {
	return strings.HasPrefix(url, "//") || strings.Contains(url, "://")
}

// originOf is the origin of a URL with a host. Without a scheme it is https.
func originOf(url string) (string, bool) {
	for l := range link.Links([]string{"<" + url + ">; rel=preconnect"}, link.Base{Scheme: "https"}) {
		return l.Asset.Path, l.Err == nil
	}
	return "", false
}
