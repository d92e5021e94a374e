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
	Name     string        // "" is h2o_casper, the name that H2O reads and writes
	Path     string        // "" is /
	Domain   string        // "" keeps the cookie to the host that set it
	MaxAge   time.Duration // 0 is 30 days. H2O's own cookie ends in 2030, whenever it was set.
	SameSite http.SameSite // 0 is Lax
	Insecure bool          // leave Secure out, for tests over cleartext; H2O always has it
	Script   bool          // leave HttpOnly out

	// Off neither reads nor writes the cookie. Forget asks clients that send one to
	// delete it besides, for a site that stops using casper.
	Off, Forget bool
}

// Limits on what is read of cookies. A browser stores no longer value than the first, and
// H2O sets the cookie once; several of the name come from several paths or tabs. What
// stands behind the first 256 KiB of cookies is not looked for.
const (
	maxCookieText = 4096
	maxCookies    = 4
	maxCookieLine = 256 << 10
	maxMentions   = 256 // of the name, be it a cookie's or not
)

func (c *Cookie) name() string {
	if c.Name == "" {
		return casper.CookieName
	}
	return c.Name
}

// A reading is what a request's cookies said.
type reading struct {
	held    casper.Fingerprint
	present bool // there was a cookie of the name
	bad     bool // and one that could not be read
}

// read returns the union of the request's fingerprints. What cannot be read counts as
// absent, and so does a value longer than a browser stores, unless it is no longer than
// the full set, which H2O may have written. Keys above the capacity, which H2O lets in,
// are dropped: no asset has them.
func (c *Cookie) read(r *http.Request, p casper.Params) (got reading) {
	got.held = casper.New(p)
	lines := r.Header["Cookie"]
	if c.Off || len(lines) == 0 {
		return got
	}
	name, most := c.name(), max(maxCookieText, p.MaxText())
	n, mentions, left := 0, 0, maxCookieLine
	for _, line := range lines {
		line = line[:min(len(line), left)]
		left -= len(line)
		for at := 0; ; { // every mention of the name
			// Cookies are joined or come in crumbs, one field each; a search by hand
			// costs nothing where ours is one of three thousand.
			i := strings.Index(line[at:], name)
			if i < 0 {
				break
			}
			if mentions++; mentions > maxMentions {
				return got
			}
			before := strings.TrimRight(line[:at+i], " \t")
			at += i + len(name)
			if before != "" && before[len(before)-1] != ';' || !strings.HasPrefix(line[at:], "=") {
				continue
			}
			got.present = true
			if n++; n > maxCookies {
				return got
			}
			value, _, _ := strings.Cut(line[at+1:], ";")
			value = strings.Trim(strings.Trim(value, " \t"), `"`)
			if len(value) > most {
				got.bad = true
				continue
			}
			f, err := casper.ParseLenient(value, p)
			if err != nil {
				got.bad = true
				continue
			}
			got.held = got.held.Merge(f.Known())
		}
	}
	return got
}

// cookie is the fingerprint's, for an answer; without a value it is to be deleted.
func (c *Cookie) cookie(value string) *http.Cookie {
	ck := &http.Cookie{
		Name: c.name(), Value: value, Path: c.Path, Domain: c.Domain,
		MaxAge: int(c.MaxAge / time.Second), Secure: !c.Insecure, HttpOnly: !c.Script, SameSite: c.SameSite,
	}
	if ck.Path == "" {
		ck.Path = "/"
	}
	if ck.MaxAge == 0 {
		ck.MaxAge = 30 * 24 * 60 * 60
	}
	if ck.SameSite == 0 {
		ck.SameSite = http.SameSiteLaxMode
	}
	if value == "" {
		ck.MaxAge = -1
	}
	return ck
}

// write adds the cookie to a final header. The answer belongs to one client from
// then on, and says so.
func (c *Cookie) write(header http.Header, value string) {
	add(header, "Set-Cookie", c.cookie(value).String())
	makePrivate(header)
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
