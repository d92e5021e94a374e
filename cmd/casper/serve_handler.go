//go:build !noserver

package main

import (
	"net/http"
	"strings"
	"time"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
)

// handler makes the handler that the flags describe. Its Next, its sources and its log are set
// later.
func (s *serving) handler() *server.Handler {
	h := &server.Handler{
		Policy:  s.policy,
		Cookie:  s.cookie,
		Params:  casper.Params{CapacityBits: s.capacityBits},
		Proxies: s.trusted,
		NoHTML:  s.noHTML,
		Control: s.control,
	}
	h.Policy.MaxBytes = int64(s.maxBytes)
	h.Cookie.Off = s.cookie.Off || s.cookie.Forget
	if s.cookieFormat == "h2o-2.0" {
		h.Params.Generation = casper.H2O20
	}
	switch s.keys {
	case "version":
		h.Keys = server.KeyVersion
	case "validator":
		h.Keys = server.KeyValidator
	}
	h.Track = trackOf(s.track)
	return h
}

// trackOf returns the value of a word of --track.
func trackOf(word string) server.Track {
	if word == "all" {
		return server.TrackAll
	}
	return server.TrackBlocking
}

// checkCookie finds what net/http would leave out of a Set-Cookie field.
func (s *serving) checkCookie() error {
	c := s.cookie
	valid := func(c http.Cookie) bool { return c.Valid() == nil }
	switch {
	case !valid(http.Cookie{Name: c.Name}):
		return usagef("--cookie-name %.60q cannot be a cookie's name", c.Name)
	case !valid(http.Cookie{Name: "c", Path: c.Path}) || !strings.HasPrefix(c.Path, "/"):
		return usagef("--cookie-path %.60q cannot be a cookie's path, such as /shop/", c.Path)
	case !valid(http.Cookie{Name: "c", Domain: c.Domain}):
		return usagef("--cookie-domain %.60q cannot be a cookie's domain, such as example.com", c.Domain)
	case c.MaxAge < time.Second:
		return usagef("--cookie-age is at least 1s, not %v", c.MaxAge)
	}
	return nil
}
