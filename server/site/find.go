package site

import (
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/cache-aware/casper/server/internal/httpfacts"
)

// find returns the name of the file that a path leads to.
func (h *Handler) find(urlPath string) (name string, info fs.FileInfo, err error) {
	name, folder, ok := fileName(urlPath)
	if !ok {
		return "", nil, errHidden
	}
	if folder {
		name = path.Join(name, "index.html")
		info, err = h.stat(name)
		return name, info, err
	}
	info, err = h.stat(name)
	if err == nil || !isAbsent(err) {
		return name, info, err
	}
	if h.config.CleanURLs && path.Base(name) != "index" {
		if info, err := h.stat(name + ".html"); err == nil {
			return name + ".html", info, nil
		}
	}
	if errors.Is(err, errIsDir) {
		err = errNoSlash
	}
	return name, nil, err
}

// answer returns the name of the file that a request is answered with. Where the answer depends
// on who asks, varies is true.
func (h *Handler) answer(r *http.Request) (name string, info fs.FileInfo, varies bool, err error) {
	name, info, err = h.find(r.URL.Path)
	if h.config.Fallback == "" || err == nil || err == errHidden || !isAbsent(err) || !h.mayBePage(name) {
		return name, info, false, err
	}
	if err == errNoSlash {
		if _, err := h.stat(path.Join(name, "index.html")); err == nil {
			return name, nil, false, errNoSlash // it has a page of its own
		}
	}
	if wantsPage(r) {
		name = h.config.Fallback
		info, err = h.stat(name)
	}
	return name, info, true, err
}

// mayBePage reports whether a name that is not there may be a page of an application. A name with
// the extension of another type is a file that is missing, and whether something well-known is
// there (RFC 8615) must not depend on the application.
func (h *Handler) mayBePage(name string) bool {
	if name == wellKnown || strings.HasPrefix(name, wellKnown+"/") {
		return false
	}
	t := h.contentType(name)
	return t == unknownType || httpfacts.IsHTML(t)
}

// wantsPage reports whether a request may be for a page. Browsers say so. Of those who do not,
// old ones list text/html, and programs that ask for pages take anything.
func wantsPage(r *http.Request) bool {
	if mode := r.Header["Sec-Fetch-Mode"]; len(mode) > 0 {
		return mode[0] == "navigate"
	}
	accept := strings.ToLower(strings.Join(r.Header["Accept"], ","))
	return accept == "" || strings.TrimSpace(accept) == "*/*" || strings.Contains(accept, "text/html")
}
