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

// connection is an early connection to the origin of a URL, which is the most that can be sent
// ahead of a file there. The first of each origin is a warning.
func (w *warnings) connection(url string, c link.CrossOrigin) (link.Asset, bool) {
	origin, ok := originOf(url)
	if !ok {
		return link.Asset{}, false
	}
	if !w.origins[origin] {
		if w.origins == nil {
			w.origins = map[string]bool{}
		}
		if len(w.origins) < maxWarnings {
			w.origins[origin] = true
			w.warn(fmt.Errorf("%w: %s gets an early connection, its files are not hinted", link.ErrForeign, clip(origin)))
		}
	}
	return link.Asset{Path: origin, Rel: link.Preconnect, CrossOrigin: c}, true
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
