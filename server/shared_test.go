package server_test

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
)

// T6. Many people behind one connection: what one of them is sent never shows in another's
// cookie.
func TestNoCrossTalk(t *testing.T) {
	const people = 64
	assets := func(who int) []string {
		return []string{fmt.Sprintf("/%d/a.css", who), fmt.Sprintf("/%d/b.js", who), fmt.Sprintf("/%d/c.css", who)}
	}
	addr := serve(t, &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		var who, visit int
		fmt.Sscanf(r.URL.Path, "/%d/page/%d", &who, &visit)
		w.Header().Set("Link", "<"+assets(who)[visit%3]+">; rel=preload; as=style")
		io.WriteString(w, "page")
	})})
	one := peer.Dial(t, addr, h2client.Options{})
	visits := scaled(t, 1_000, 60)
	var wg sync.WaitGroup
	for who := range people {
		wg.Go(func() {
			own := make(map[casper.Key]bool)
			for _, k := range keysOf(assets(who)...) {
				own[k] = true
			}
			cookie := ""
			for visit := range visits {
				var cookies []string
				if cookie != "" {
					cookies = []string{cookie}
				}
				x, err := one.Get("", fmt.Sprintf("/%d/page/%d", who, visit), cookies...)
				if err != nil {
					t.Error(err)
					return
				}
				if visit%5 == 4 {
					cookie = "" // a new browser of the same person
				}
				for _, p := range x.Pushed() {
					if !slices.Contains(assets(who), p) {
						t.Errorf("%d was pushed %s", who, p)
					}
				}
				if set := cookieOf(&x.Response); set != "" {
					f, err := casper.Parse(set[len("h2o_casper="):], casper.Params{})
					if err != nil {
						t.Error(err)
					}
					for k := range f.All() {
						if !own[k] {
							t.Errorf("%d's cookie holds the foreign key %d", who, k)
						}
					}
					cookie = set
				}
			}
		})
	}
	wg.Wait()
}

// A sharedCache stores what RFC 9111, section 3, lets a shared cache store, and what the CDN's
// own fields tell it to; it keeps Set-Cookie, as the RFC allows.
type sharedCache struct {
	stored map[string]*stage
}

func (c *sharedCache) may(s *stage) bool {
	directives := make(map[string]bool)
	for _, v := range s.final.Values("Cache-Control") {
		for d := range strings.SplitSeq(v, ",") {
			name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(d)), "=")
			directives[name] = true
		}
	}
	switch {
	case s.final.Get("CDN-Cache-Control") != "", s.final.Get("Surrogate-Control") != "":
		return true
	case directives["no-store"], directives["private"]:
		return false
	case slices.Contains(s.final.Values("Vary"), "*"):
		return false
	}
	return true // with explicit freshness, or by heuristics, or to be asked about at each use
}

func (c *sharedCache) get(h http.Handler, path string, fields ...string) *stage {
	if s, ok := c.stored[path]; ok {
		return s
	}
	s := ask(h, path, fields...)
	if c.may(s) {
		c.stored[path] = s
	}
	return s
}

// T7. Whatever a page says of caching, nobody gets from a shared cache what was made for
// somebody else: no cookie, and no answer that depends on one.
func TestSharedCache(t *testing.T) {
	policies := []http.Header{
		{},
		{"Cache-Control": {"private"}},
		{"Cache-Control": {"no-store"}},
		{"Cache-Control": {"no-cache"}},
		{"Cache-Control": {"max-age=0"}},
		{"Cache-Control": {"max-age=600"}},
		{"Cache-Control": {"max-age=600, must-revalidate"}},
		{"Cache-Control": {"public"}},
		{"Cache-Control": {"public, max-age=600"}},
		{"Cache-Control": {"Public,Max-Age=600"}},
		{"Cache-Control": {"max-age=600, public"}},
		{"Cache-Control": {"max-age=600", "public"}},
		{"Cache-Control": {"s-maxage=600"}},
		{"Cache-Control": {"max-age=0, s-maxage=600"}},
		{"Cache-Control": {"no-cache, s-maxage=0"}},
		{"Cache-Control": {"immutable"}},
		{"Cache-Control": {"max-age=31536000, immutable"}},
		{"Cache-Control": {"private, max-age=600"}},
		{"Cache-Control": {"private, no-cache, no-store"}},
		{"Cache-Control": {`private="x-some"`}},
		{"Cache-Control": {`private="set-cookie", max-age=60`}},
		{"Cache-Control": {"must-understand, no-store"}},
		{"Cache-Control": {"proxy-revalidate"}},
		{"Cache-Control": {"stale-while-revalidate=60, max-age=60"}},
		{"Cache-Control": {",, ,"}},
		{"Expires": {"Thu, 01 Jan 2099 00:00:00 GMT"}},
		{"Expires": {"0"}},
		{"Last-Modified": {"Thu, 01 Jan 2015 00:00:00 GMT"}},
		{"Surrogate-Control": {"max-age=60"}},
		{"Cdn-Cache-Control": {"max-age=60"}, "Cache-Control": {"private"}},
		{"Vary": {"*"}},
		{"Vary": {"Cookie"}},
	}
	if len(policies) < 24 {
		t.Fatal(len(policies), "policies")
	}
	page := func(w http.ResponseWriter, r *http.Request) {
		var n int
		fmt.Sscanf(r.URL.Path, "/%d/", &n)
		maps.Copy(w.Header(), policies[n])
		w.Header().Set("Content-Type", "text/html")
		if strings.HasSuffix(r.URL.Path, "/304") {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, "page")
	}
	all := []string{"/a.css", "/b.js", "/c.css", "/d.js"}
	h := &server.Handler{Next: http.HandlerFunc(page), Sources: wants(all...)}
	in := rand.New(rand.NewPCG(7, 7))
	cookies := 0
	for i := range 10_000 {
		cache := &sharedCache{stored: make(map[string]*stage)}
		path := fmt.Sprintf("/%d/%s", i%len(policies), []string{"", "304"}[in.IntN(10)/9])
		var fields []string
		if in.IntN(3) > 0 {
			fields = append(fields, "X-Forwarded-For: 192.0.2.7") // a proxy that no push goes through
		}
		forwardedFields := len(fields)
		var has []string
		for _, p := range all {
			if in.IntN(2) > 0 {
				has = append(has, p)
			}
		}
		if len(has) > 0 {
			fields = append(fields, "Cookie: "+held(has...))
		}
		first := cache.get(h, path, fields...)
		if _, ok := first.cookie(); ok {
			cookies++
		}
		second := cache.get(h, path, "X-Forwarded-For: 192.0.2.8")
		if second != first {
			continue // it was not stored
		}
		if len(first.final["Set-Cookie"]) > 0 {
			t.Fatalf("%q: a stored answer sets %q", policies[i%len(policies)], first.final["Set-Cookie"])
		}
		if other := ask(h, path, fields[:min(len(fields), forwardedFields)]...); !slices.Equal(first.final["Link"], other.final["Link"]) {
			t.Fatalf("%q: a stored answer links %q, which depends on its cookie; without one it is %q", policies[i%len(policies)], first.final["Link"], other.final["Link"])
		}
	}
	if cookies == 0 {
		t.Error("no cookie was ever set: nothing was tested")
	}
	for n, p := range policies {
		s := ask(h, fmt.Sprintf("/%d/", n))
		_, set := s.cookie()
		told := fmt.Sprint(p)
		shared := strings.Contains(strings.ToLower(told), "public") || strings.Contains(told, "s-maxage") || strings.Contains(told, "immutable") || strings.Contains(told, "Surrogate") || strings.Contains(told, "Cdn")
		if set == shared {
			t.Errorf("%q: cookie set: %v", p, set)
		}
		for field, values := range p {
			if got := s.final[field]; !slices.Equal(got[:min(len(got), len(values))], values) {
				t.Errorf("%q: %s became %q", p, field, got)
			}
		}
	}
	for _, p := range []string{"/0/304", "/5/304"} {
		if s := ask(h, p); len(s.final["Set-Cookie"]) > 0 {
			t.Errorf("a 304 sets %q", s.final["Set-Cookie"])
		}
	}
}

// T9. What only some may have goes ahead of nobody's page: requests never teach anything by
// themselves, and what an answer of one person's links is kept until another's agrees.
func TestPrivateNeverPlanned(t *testing.T) {
	var planned sync.Map
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/account":
			who := r.Header.Get("Authorization")
			w.Header().Set("Content-Type", "text/html")
			w.Header().Add("Link", "</app.css>; rel=preload; as=style")
			w.Header().Add("Link", "</of/"+strings.TrimPrefix(who, "Bearer ")+"/data.js>; rel=preload; as=script")
			io.WriteString(w, "account")
		case r.Header.Get("Authorization") == "":
			http.Error(w, "no", http.StatusUnauthorized)
		default:
			w.Header().Set("Content-Type", "text/css")
			w.Header().Set("Cache-Control", "public, max-age=600")
			io.WriteString(w, "secret")
		}
	})
	h := &server.Handler{Next: page, Observe: func(x *server.Exchange) {
		for _, v := range x.Plan {
			if v.Means != server.ByNothing {
				planned.Store(v.Asset.Path, true)
			}
		}
	}}
	for range 10_000 {
		ask(h, "/private/secret.css", "Authorization: Bearer ann", "Referer: http://example.com/", "Sec-Fetch-Dest: style")
	}
	ask(h, "/", browser...)
	if _, ok := planned.Load("/private/secret.css"); ok {
		t.Fatal("a private URL got into a plan")
	}
	if p := slices.Collect(h.Pages()); len(p) != 0 {
		t.Fatalf("requests left pages behind: %v", p)
	}

	for range 3 {
		ask(h, "/account", append(browser, "Authorization: Bearer ann")...)
	}
	bob := ask(h, "/account", append(browser, "Authorization: Bearer bob")...)
	for _, p := range bob.pushed {
		if strings.Contains(p, "ann") {
			t.Errorf("bob was pushed %q", p)
		}
	}
	for _, o := range bob.opts {
		for k := range o.Header {
			if k == "Cookie" || k == "Authorization" {
				t.Errorf("a promise carries %s", k)
			}
		}
	}
	for p := range h.Pages() {
		if len(p.Links) > 0 {
			t.Errorf("remembered for everybody: %v", p.Links)
		}
	}
	// From another network the same style sheet is linked: it is everybody's.
	far := newStage()
	r := request("/account", append(browser, "Authorization: Bearer cid")...)
	r.RemoteAddr = "198.51.100.9:4711"
	h.ServeHTTP(far, r)
	var kept []string
	for p := range h.Pages() {
		for _, l := range p.Links {
			kept = append(kept, l.Path)
		}
	}
	if !slices.Equal(kept, []string{"/app.css"}) {
		t.Errorf("two people's answers agree on %q", kept)
	}
}
