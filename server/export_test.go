package server

import (
	"net/http"

	"github.com/cache-aware/casper/gcs/casper"
)

// CookieReader returns what a handler does with a Cookie header, by itself: it returns how
// many keys were read.
func CookieReader(line string) func() int {
	r := &http.Request{Header: http.Header{"Cookie": {line}}}
	var c Cookie
	return func() int { return c.read(r, casper.Params{}).held.Len() }
}

// UnderWay is the number of pushes under way on the connection of a request.
func UnderWay(r *http.Request) int {
	if c := connOf(r.Context()); c != nil {
		return c.underWay()
	}
	return 0
}

// CookieFingerprint is CookieReader with the fingerprint itself.
func CookieFingerprint(line string) func() casper.Fingerprint {
	r := &http.Request{Header: http.Header{"Cookie": {line}}}
	var c Cookie
	return func() casper.Fingerprint { return c.read(r, casper.Params{}).held }
}
