package httpfacts

import (
	"hash/maphash"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxSetCookies bounds the Set-Cookie lines of an answer that are looked at.
const maxSetCookies = 32

// Credentials hashes what a request proves of its visitor: the cookies but our own, whose name is
// own, in any order, and Authorization. With the header of the answer it is what the visitor's
// next request will prove, as far as Set-Cookie says so. Cookies of analytics scripts are left
// out: they tell nobody from the next visitor by the application's lights, and change from view
// to view.
func Credentials(seed maphash.Seed, request, answer http.Header, own string) uint64 {
	var sum uint64
	set := answer["Set-Cookie"]
	set = set[:min(len(set), maxSetCookies)]
	for _, line := range request["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			pair = strings.Trim(pair, " \t")
			if name := cookieName(pair); pair != "" && name != own && !ofAnalytics(name) && !setsName(set, name) {
				sum += maphash.String(seed, pair)
			}
		}
	}
	for i, line := range set {
		pair, _, _ := strings.Cut(line, ";")
		pair = strings.Trim(pair, " \t")
		name := cookieName(pair)
		if name == own || ofAnalytics(name) || setsName(set[i+1:], name) || deletesCookie(line) {
			continue
		}
		sum += maphash.String(seed, pair)
	}
	for _, line := range request["Authorization"] {
		sum += maphash.String(seed, "\x00"+line)
	}
	return sum
}

func cookieName(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	return strings.TrimRight(name, " \t")
}

func setsName(lines []string, name string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.TrimLeft(cookieName(line), " \t") == name })
}

// deletesCookie reports whether a Set-Cookie line ends a cookie (RFC 6265, section 5.3).
func deletesCookie(line string) bool {
	c, err := http.ParseSetCookie(line)
	return err != nil || c.MaxAge < 0 || c.MaxAge == 0 && !c.Expires.IsZero() && c.Expires.Before(time.Now())
}

// The names of cookies that analytics and advertising scripts keep in the browser: of Google,
// Meta, Matomo, Hotjar, Microsoft, HubSpot and Amplitude. Names that end in a star are beginnings.
var analytics = []string{
	"_ga", "_ga_*", "_gid", "_gat*", "_gac_*", "_gcl_*", "__utm*", "_dc_gtm_*",
	"_fbp", "_fbc", "_pk_*", "_hj*", "_clck", "_clsk", "_uet*", "__hs*", "hubspotutk", "AMP_*", "amp_*",
}

func ofAnalytics(name string) bool {
	if !strings.HasPrefix(name, "_") && !strings.HasPrefix(name, "h") && !strings.HasPrefix(strings.ToLower(name), "amp") {
		return false
	}
	return slices.ContainsFunc(analytics, func(a string) bool {
		beginning, open := strings.CutSuffix(a, "*")
		return name == a || open && strings.HasPrefix(name, beginning)
	})
}
