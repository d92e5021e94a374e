package learn

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

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
		{"/", "/declared.js", "named by the page itself"},
		{"/", "/new.js", "used by too few views: "},
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
	if got := why("/young", "/y.css"); got != "seen by 1 network today; believed from 5 on" {
		t.Error(got)
	}
	// The same a day later, when nobody has asked for it yet.
	look(m, "/young", 1001, at.Add(24*time.Hour))
	if got := why("/young", "/y.css"); got != "seen by no network today; believed from 4 on" {
		t.Error(got)
	}
}

// Why an asset that each view asks for is not sent: its answers say so, and Explain says what in
// them.
func TestExplainWhatIsNotKept(t *testing.T) {
	m := must(t, Config{HoldOut: -1})
	at := start
	m.Declare("/", []link.Asset{js("/linked.js"), js("/silent.js")})
	for c := range 12 {
		ask := func(f *Fetch, reuse Reuse, because string) {
			f.Reuse, f.Because = reuse, because
			m.ObserveFetch(f)
		}
		m.ObserveView(seen("/", Client(c+1), at))
		ask(fetched("/", css("/a.css"), Client(c+1), at), ReuseNot, "max-age=0")
		ask(fetched("/", js("/linked.js"), Client(c+1), at), ReuseNot, "no-cache")
		ask(fetched("/", js("/silent.js"), Client(c+1), at), ReuseUnstated, "")
		ask(fetched("/", js("/kept.js"), Client(c+1), at), ReuseStated, "")
		if c%3 == 0 {
			ask(fetched("/", css("/b.css"), Client(c+1), at), ReuseUnstated, "")
			ask(fetched("/", css("/"+strings.Repeat("x", MaxPath)), Client(c+1), at), ReuseNot, "private")
			data := fetched("/", css("/data.json"), Client(c+1), at)
			data.Asset.As = "fetch" // is not learned in any case
			ask(data, ReuseNot, "private")
		}
		at = at.Add(6 * time.Second)
		m.Tick(at)
	}
	got := map[string]string{}
	for _, r := range m.Explain("/").Assets {
		got[r.Path] = r.Why
		if r.Path != "/kept.js" && r.Wanted {
			t.Errorf("%s is wanted", r.Path)
		}
	}
	want := map[string]string{
		"/a.css":     "asked for on each of 12 views, but max-age=0 says that it may not be kept",
		"/linked.js": "asked for on each of 12 views, but no-cache says that it may not be kept",
		"/silent.js": "asked for on each of 12 views, but nothing says how long it may be kept",
		"/b.css":     "asked for on 4 of 12 views, but nothing says how long it may be kept",
		"/kept.js":   "used by enough views",
	}
	if !maps.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}

	// Once it may be kept it is learned like any other, and the old reason is forgotten.
	teach(m, "/", []link.Asset{css("/a.css")}, 20, 100, at)
	for _, r := range m.Explain("/").Assets {
		if r.Path == "/a.css" && !r.Wanted {
			t.Errorf("%+v", r)
		}
	}

	// A client who asks for a thousand files costs no more than one who asks for eight.
	m = must(t, Config{HoldOut: -1})
	look(m, "/", 1, start)
	before := m.Stats().Bytes
	m.ObserveView(seen("/", 2, start.Add(time.Minute)))
	for i := range 1000 {
		f := fetched("/", css(fmt.Sprintf("/%d/%s.css", i, strings.Repeat("x", 400))), 2, start.Add(time.Minute))
		f.Reuse, f.Because = ReuseNot, "max-age=0"
		m.ObserveFetch(f)
	}
	m.Tick(start.Add(2 * time.Minute))
	if x := m.Explain("/"); len(x.Assets) != maxRefused {
		t.Errorf("%d assets of a flood are told", len(x.Assets))
	}
	if grown := m.Stats().Bytes - before; grown < maxRefused*400 || grown > 2*maxRefused*(400+refusalCost) {
		t.Errorf("%d bytes more are accounted", grown)
	}
}
