package server_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// hostilePaths leave the site, or the Link value that they stand in.
var hostilePaths = []string{
	"", "a.css", "//evil.example/x.css", `/\evil.example/x.css`, `\\evil`, "https://evil.example/x.css", "HTTPS://EVIL.example/",
	"javascript:alert(1)", "data:text/css,x", "/a.css#frag", "/%0d%0aSet-Cookie:%20x=y", "/a\r\nSet-Cookie: x=y", "/a\x00b", "/a>,<b", "/a>; rel=preconnect, <//evil",
	`/a"b`, "/a;b", "/a,b", "/a b", "/a\tb", "/../../etc/passwd", "/a/../b.css", "/./a", "/%2e%2e/a", "/a%", "/a%zz", "/\u00e9", "/a\u2028b", "///evil", "/a\\..\\b",
	"/" + strings.Repeat("a", 5000),
}

// T10. Whoever names the assets, what goes out is one link for each, on this site.
func TestLinkInjection(t *testing.T) {
	check := func(t *testing.T, s *stage) {
		t.Helper()
		var values []string
		for _, e := range s.early {
			values = append(values, e["Link"]...)
			if len(e) != 1 {
				t.Errorf("a 103 with %v", e)
			}
		}
		for _, v := range values {
			if a := link.Parse([]string{v}, ""); len(a) != 1 || !a[0].Valid() {
				t.Errorf("Link %q holds %v", v, a)
			}
		}
		for _, p := range s.pushed {
			if !(link.Asset{Path: p}).Valid() {
				t.Errorf("pushed %q", p)
			}
		}
		for _, v := range s.final.Values("Set-Cookie") {
			if !strings.HasPrefix(v, "h2o_casper=") {
				t.Errorf("Set-Cookie %q", v)
			}
		}
	}
	t.Run("source", func(t *testing.T) {
		h := &server.Handler{Next: site(), Sources: wants(hostilePaths...)}
		for _, policy := range []server.Policy{{}, {NoPush: true}, {NoPush: true, NoHints: true}} {
			h.Policy = policy
			s := ask(h, "/", browser...)
			check(t, s)
			if n := len(s.pushed) + len(s.early) + len(s.final["Link"]); n != 0 {
				t.Errorf("%d things went out: %q %v %q", n, s.pushed, s.early, s.final["Link"])
			}
		}
	})
	t.Run("push", func(t *testing.T) {
		h := &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for _, p := range hostilePaths {
				verdicts, err := server.Push(w, r, link.Asset{Path: p, As: "style"})
				if err != nil || verdicts[0].Reason != server.ReasonInvalid {
					t.Errorf("Push(%q): %v, %v", p, verdicts[0].Reason, err)
				}
			}
		})}
		check(t, ask(h, "/"))
	})
	t.Run("link", func(t *testing.T) {
		for _, p := range hostilePaths {
			value := "<" + p + ">; rel=preload; as=style"
			s := ask(&server.Handler{Next: site(value)}, "/")
			check(t, s)
			for _, pushed := range s.pushed {
				if strings.Contains(pushed, "evil") && p != "///evil" {
					t.Errorf("Link %q pushed %q", value, pushed)
				}
			}
		}
	})
	t.Run("random", func(t *testing.T) {
		in := rand.New(rand.NewPCG(10, 10))
		const alphabet = "/abc%.<>;,\"\\ \r\n\x00=?#:&0d2e\u00e9"
		runes := []rune(alphabet)
		for range scaled(t, 1_000_000, 20_000) {
			var paths []string
			for range 1 + in.IntN(4) {
				p := []rune("/")
				for range in.IntN(20) {
					p = append(p, runes[in.IntN(len(runes))])
				}
				paths = append(paths, string(p))
			}
			s := ask(&server.Handler{Next: site(), Sources: wants(paths...), Policy: server.Policy{NoPush: in.IntN(2) > 0}}, "/", browser...)
			check(t, s)
			if t.Failed() {
				t.Fatalf("paths %q", paths)
			}
		}
	})
}

// T14. Colliding paths are found in a millisecond. All that one achieves is that a victim's
// page comes without a hint, and as it would have come.
func TestCollisionHarmless(t *testing.T) {
	p := casper.Params{}
	victim := "/victim.css"
	collision := ""
	for i := 0; collision == ""; i++ {
		if c := fmt.Sprintf("/c%d.css", i); p.Key(c) == p.Key(victim) {
			collision = c
			t.Logf("%s collides after %d tries", c, i+1)
		}
	}
	h := &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Link", "<"+victim+">; rel=preload; as=style")
		if r.URL.Path == "/attack" {
			w.Header().Set("Link", "<"+collision+">; rel=preload; as=style")
		}
		io.WriteString(w, "<p>page")
	})}
	attacked := ask(h, "/attack")
	cookie, ok := attacked.cookie()
	if !ok || !slices.Equal(attacked.pushed, []string{collision}) {
		t.Fatalf("the attack did not take: pushed %q", attacked.pushed)
	}
	want := ask(h, "/")
	got := ask(h, "/", "Cookie: h2o_casper="+cookie)
	if len(got.pushed) != 0 {
		t.Errorf("pushed %q despite the collision", got.pushed)
	}
	if got.code != want.code || string(got.body) != string(want.body) || !slices.Equal(got.final["Link"], want.final["Link"]) {
		t.Errorf("the victim's page is %d %q, want %d %q", got.code, got.body, want.code, want.body)
	}
}
