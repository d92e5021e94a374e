package metrics

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// guard lets operators alone ask. A browser asks in the name of whatever page it shows, so that the
// address from which it asks says nothing. These do:
//
//   - the name it asks for. A page can make a name of its own lead to this machine (DNS rebinding),
//     and then is of one origin with the admin, for the browser. It cannot do so with an
//     address, nor with localhost.
//   - the token, which a browser that has it sends to the origin that asked for it, and to no other.
//   - for what changes something, the page that made the browser ask: Origin or Sec-Fetch-Site.
func (a *Admin) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bearer, known := a.authorized(r)
		switch {
		case a.Token != "" && !known:
			w.Header().Set("WWW-Authenticate", `Basic realm="casper admin", charset="UTF-8"`)
			http.Error(w, "the token is needed: as a bearer's, or as a password with any name", http.StatusUnauthorized)
		case !known && !fromThisMachine(r):
			http.Error(w, "this address is not loopback: what listens here needs a token", http.StatusForbidden)
		case !known && !a.named(r.Host):
			http.Error(w, "this is no name of the admin: ask for its address or localhost", http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet && r.Method != http.MethodHead && !bearer && !sameOrigin(r):
			http.Error(w, "changes need an Origin field that names this very address", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// authorized reports whether a request has the token, and whether it has it by itself: a browser
// repeats a password by itself on whatever page makes it ask, but no bearer's token.
func (a *Admin) authorized(r *http.Request) (bearer, known bool) {
	if a.Token == "" {
		return false, false
	}
	_, given, isBasic := r.BasicAuth()
	if !isBasic {
		scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return false, false
		}
		given = strings.TrimSpace(value)
	}
	x, y := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(a.Token)) // of one length, so that none shows
	known = subtle.ConstantTimeCompare(x[:], y[:]) == 1
	return known && !isBasic, known
}

// fromThisMachine reports whether the connection came in at an address that no other machine
// reaches. Where nothing is known of it, it did not.
func fromThisMachine(r *http.Request) bool {
	switch at := r.Context().Value(http.LocalAddrContextKey).(type) {
	case *net.TCPAddr:
		return at.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return false
}

// named reports whether a Host field holds an address, localhost, or one of the admin's names.
func (a *Admin) named(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "localhost" || slices.ContainsFunc(a.Hosts, func(own string) bool { return strings.EqualFold(own, name) }) {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil
}

// sameOrigin reports whether a request says that a page of the admin made it.
func sameOrigin(r *http.Request) bool {
	site, origin := r.Header.Values("Sec-Fetch-Site"), r.Header.Values("Origin")
	if len(site)+len(origin) == 0 {
		return false
	}
	for _, s := range site {
		if s != "same-origin" {
			return false
		}
	}
	for _, o := range origin {
		if u, err := url.Parse(o); err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
			return false
		}
	}
	return true
}
