package learn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/link"
)

func TestDeclare(t *testing.T) {
	m := must(t, Config{})
	m.Declare("/", FromLink, []link.Asset{css("/a.css"), js("/b.js"), {Path: "https://cdn.example", Rel: link.Preconnect}, {Path: "bad"}})
	if diff := cmp.Diff([]string{"/a.css", "/b.js"}, paths(m, "/")); diff != "" {
		t.Error(diff)
	}
	m.Declare("/", FromHTML, []link.Asset{js("/b.js"), js("/c.js")})
	m.Declare("/", FromLink, []link.Asset{css("/a.css")})
	if diff := cmp.Diff([]string{"/a.css", "/b.js", "/c.js"}, paths(m, "/")); diff != "" {
		t.Errorf("one source took back what another declares: %s", diff)
	}
	m.Declare("/", FromHTML, nil)
	if diff := cmp.Diff([]string{"/a.css"}, paths(m, "/")); diff != "" {
		t.Errorf("taken back: %s", diff)
	}
	m.Declare("/none", FromHTML, nil)
	for _, page := range []string{"", "/*", strings.Repeat("x", MaxKey+1)} {
		m.Declare(page, FromHTML, files(1))
	}
	m.Declare("/x", sources, files(1))
	if n := m.Stats().Pages; n != 1 {
		t.Errorf("%d pages", n)
	}

	// Views have the last word: declared and never used.
	at := teach(m, "/", []link.Asset{js("/used.js")}, 12, 1, start)
	if diff := cmp.Diff([]string{"/used.js"}, paths(m, "/")); diff != "" {
		t.Error(diff)
	}
	m.Declare("/", FromLink, []link.Asset{css("/a.css"), js("/d.js")}) // again, and one more
	if diff := cmp.Diff([]string{"/d.js", "/used.js"}, paths(m, "/")); diff != "" {
		t.Error(diff)
	}
	// And what views have shown survives the end of its declaration.
	m.Declare("/", FromLink, []link.Asset{js("/used.js")})
	m.Declare("/", FromLink, []link.Asset{})
	if !wants(m, "/", js("/used.js")) {
		t.Error("an asset that views use went with its declaration")
	}
	_ = at
}

// A page's own markup knows better than requests how an asset is to be asked for.
func TestDeclaredAttributes(t *testing.T) {
	m := must(t, Config{})
	a := link.Asset{Path: "/m.mjs", Rel: link.ModulePreload, CrossOrigin: link.Anonymous, Integrity: "sha384-abc"}
	m.Declare("/", FromHTML, []link.Asset{a})
	seenAs := link.Asset{Path: "/m.mjs", As: "script", CrossOrigin: link.Anonymous}
	teach(m, "/", []link.Asset{seenAs}, 20, 1, start)
	if got := *m.Wanted("/")[0].Asset; got != a {
		t.Errorf("%v became %v", a, got)
	}
}

func TestExplain(t *testing.T) {
	m := must(t, Config{HoldOut: -1})
	at := start
	for c := range 20 {
		page := []link.Asset{css("/a.css")}
		if c%4 == 0 {
			page = append(page, js("/rare.js"))
		}
		at = look(m, "/", Client(c+1), at, page...)
	}
	at = look(m, "/", 100, at, css("/a.css"), js("/new.js"))
	m.Declare("/", FromHTML, []link.Asset{js("/declared.js")})
	for i := range 10 {
		at = look(m, "/kind/"+string(rune('a'+i)), Client(500+i), at, css("/k.css"))
	}
	why := func(page, path string) string {
		for _, r := range m.Explain(page).Assets {
			if r.Path == path {
				return r.Why
			}
		}
		return "unknown"
	}
	for _, c := range [][3]string{
		{"/", "/a.css", "used by enough views"},
		{"/", "/rare.js", "used by too few views: "},
		{"/", "/declared.js", "declared by its HTML"},
		{"/", "/new.js", "used by too few views"},
		{"/kind/z", "/k.css", "used by enough views"},
		{"/nowhere", "/k.css", "unknown"},
	} {
		if got := why(c[0], c[1]); !strings.HasPrefix(got, c[2]) {
			t.Errorf("%s on %s: %q, want %q", c[1], c[0], got, c[2])
		}
	}
	if x := m.Explain("/kind/z"); x.From != "/kind/*" || x.State != "ready" {
		t.Errorf("%+v", x)
	}
	if x := m.Explain("/"); x.Views != 21 {
		t.Errorf("%+v", x)
	}
	look(m, "/young", 1000, at, css("/y.css"))
	if got := why("/young", "/y.css"); !strings.HasPrefix(got, "seen in too few views: 1 of 3") {
		t.Error(got)
	}
}
