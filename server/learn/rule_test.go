package learn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/link"
)

func TestRules(t *testing.T) {
	m := must(t, Config{})
	learned := []link.Asset{css("/learned.css"), js("/learned.js")}
	at := teach(m, "/", learned, 8, 1, start)
	at = teach(m, "/quiet", learned, 8, 100, at)
	for i := range 16 {
		at = look(m, "/blog/post-"+string(rune('a'+i)), Client(200+i), at, learned...)
	}
	before := paths(m, "/")
	if err := m.SetRules([]Rule{
		{Page: "/", Assets: []link.Asset{js("/first.js"), css("/learned.css")}},
		{Page: "/quiet", Only: true},
		{Page: "/blog/*", Assets: []link.Asset{css("/blog.css")}, Never: []string{"/learned.js"}},
		{Page: "/blog/special", Assets: []link.Asset{css("/special.css")}, Only: true},
		{Page: "/docs/*", Never: []string{"/learned*"}},
	}); err != nil {
		t.Fatal(err)
	}
	check := func(when string, page string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, paths(m, page)); diff != "" {
			t.Errorf("%s, %s: %s", when, page, diff)
		}
	}
	check("a rule first", "/", "/first.js", "/learned.css", "/learned.js")
	check("nothing at all", "/quiet")
	check("a kind under a rule", "/blog/never-seen", "/blog.css", "/learned.css")
	check("the longest rule alone", "/blog/special", "/special.css")
	check("a rule without anything learned", "/docs/x")
	check("no rule", "/other")
	teach(m, "/docs/x", append(learned, js("/docs.js")), 8, 300, at)
	check("forbidden though learned", "/docs/x", "/docs.js")
	if w := m.Wanted("/"); !w[0].Ruled || w[0].Probability != 1 || w[2].Ruled {
		t.Errorf("%+v", w)
	}
	// What a rule demands goes out even where the page is held out or in doubt.
	for c := range Client(500) {
		got, v := m.Choose(nil, "/", c)
		if len(got) < 2 || got[0].Asset.Path != "/first.js" {
			t.Fatalf("%v: %v", v, got)
		}
	}

	for _, bad := range []Rule{{}, {Page: "/a*b"}, {Page: "/*/*"}, {Page: strings.Repeat("x", MaxKey+1)}, {Page: "/", Assets: []link.Asset{js("//evil.example/")}}} {
		if err := m.SetRules([]Rule{bad}); err == nil || !strings.Contains(err.Error(), "learn: rule 0") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	check("after a bad rule", "/", "/first.js", "/learned.css", "/learned.js")
	if err := m.SetRules(nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, paths(m, "/")); diff != "" {
		t.Errorf("without rules again: %s", diff)
	}
}

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
	m.SetRules([]Rule{{Page: "/", Assets: []link.Asset{js("/ruled.js")}, Never: []string{"/a.css"}}})
	if got := why("/", "/ruled.js"); got != "a rule demands it" {
		t.Error(got)
	}
	if got := why("/", "/a.css"); got != "the rule for / forbids it" {
		t.Error(got)
	}
	if x := m.Explain("/"); x.Rule != "/" || x.Views != 21 {
		t.Errorf("%+v", x)
	}
	look(m, "/young", 1000, at, css("/y.css"))
	if got := why("/young", "/y.css"); !strings.HasPrefix(got, "seen in too few views: 1 of 3") {
		t.Error(got)
	}
}
