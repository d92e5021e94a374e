package server

import (
	"net/http"
	"strings"
	"time"

	"github.com/cache-aware/casper/gcs/casper"
)

// Cookie says how the fingerprint's cookie is written. Zero fields are safe
// defaults.
type Cookie struct {
	Name   string        // "" is h2o_casper, the name that H2O reads and writes
	Path   string        // "" is /
	Domain string        // "" keeps the cookie to the host that set it
	MaxAge time.Duration // 0 is 30 days. H2O's own cookie ends in 2030, whenever it was set.

	// Off neither reads nor writes the cookie. Forget asks clients that send one to
	// delete it besides, for a site that stops using casper.
	Off, Forget bool
}

func (c *Cookie) name() string {
	if c.Name == "" {
		return casper.CookieName
	}
	return c.Name
}

// cookie is the fingerprint's, for an answer; without a value it is to be deleted.
func (c *Cookie) cookie(value string) *http.Cookie {
	ck := &http.Cookie{
		Name: c.name(), Value: value, Path: c.Path, Domain: c.Domain,
		MaxAge: int(c.MaxAge / time.Second), Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if ck.Path == "" {
		ck.Path = "/"
	}
	if ck.MaxAge == 0 {
		ck.MaxAge = 30 * 24 * 60 * 60
	}
	if value == "" {
		ck.MaxAge = -1
	}
	return ck
}

// attributes are what stands behind the value of the fingerprint's cookie, the same for each answer.
func (c *Cookie) attributes() string {
	const value = "A" // as good as any other: it is never quoted
	_, attributes, _ := strings.Cut(c.cookie(value).String(), "="+value)
	return attributes
}

// take removes the cookie of c's name from an answer's header and returns its value.
func (c *Cookie) take(header http.Header) (value string, ok bool) {
	var others []string
	for _, line := range header["Set-Cookie"] {
		if rest, found := strings.CutPrefix(line, c.name()+"="); found {
			value, _, _ = strings.Cut(rest, ";")
			ok = true
		} else {
			others = append(others, line)
		}
	}
	switch {
	case !ok:
	case len(others) == 0:
		delete(header, "Set-Cookie")
	default:
		header["Set-Cookie"] = others
	}
	return value, ok
}
