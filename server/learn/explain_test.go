package learn

import (
	"strings"
	"testing"

	"github.com/cache-aware/casper/server/link"
)

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
	m.Declare("/", []link.Asset{js("/declared.js")})
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
		{"/", "/declared.js", "declared by its Link headers"},
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
