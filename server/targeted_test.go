package server_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/cache-aware/casper/server"
)

// T7, RFC 9213. A field for one kind of cache overrules Cache-Control there: what it lets be kept has no
// cookie of ours, whatever else the answer says. Where it forbids that, a cookie may go out.
func TestR16NoCookieOnWhatTargetedFieldsKeep(t *testing.T) {
	for _, c := range []struct {
		field, value string
		kept         bool
	}{
		{"CDN-Cache-Control", "max-age=60", true},
		{"CDN-Cache-Control", "no-store", false},
		{"CDN-Cache-Control", "private", false},
		{"CDN-Cache-Control", "max-age=60, Private", false},
		{"CDN-Cache-Control", `private="x-user"`, true},
		{"CDN-Cache-Control", "", false},
		{"Cloudflare-CDN-Cache-Control", "max-age=60", true},
		{"Vercel-CDN-Cache-Control", "s-maxage=60", true},
		{"Netlify-CDN-Cache-Control", "public, max-age=60, durable", true},
		{"Akamai-Cdn-Cache-Control", "max-age=60", true},
		{"Somebody-New-CDN-Cache-Control", "max-age=60", true},
		{"Somebody-New-CDN-Cache-Control", "no-store", false},
		{"Surrogate-Control", `content="ESI/1.0"`, true},
		{"Surrogate-Control", "max-age=60", true},
		{"Surrogate-Control", "no-store", false},
		{"Edge-Control", "cache-maxage=1d", true},       // Akamai
		{"Edge-Control", "!no-store, max-age=1d", true}, // which takes no-store back
		{"Edge-Control", "no-store", false},
		{"X-Accel-Expires", "60", true}, // nginx, which keeps even what sets a cookie where it is told to
		{"X-Accel-Expires", "@1999999999", true},
		{"X-Accel-Expires", "0", false},
		{"X-Accel-Expires", "off", false}, // nginx takes that for nothing said, so that other fields count
		{"X-LiteSpeed-Cache-Control", "public,max-age=60", true},
		{"X-LiteSpeed-Cache-Control", "no-cache", false},
		{"X-LiteSpeed-Cache-Control", "private,max-age=60", false},
		{"Not-A-CDN-Cache-Control-Field", "max-age=60", false},
	} {
		for _, caching := range []string{"", "private", "no-store", "max-age=60"} {
			h := &server.Handler{Sources: wants("/a.css"), Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				w.Header().Set(c.field, c.value)
				if caching != "" {
					w.Header().Set("Cache-Control", caching)
				}
				io.WriteString(w, "page")
			})}
			s := ask(h, "/", browser...)
			if _, set := s.cookie(); set == c.kept {
				t.Errorf("%s: %q, Cache-Control: %q: a cookie: %t", c.field, c.value, caching, set)
			}
		}
	}
}
