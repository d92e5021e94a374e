package learn

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

// answered is a view of a page whose answer links assets.
func answered(m *Model, page string, c Client, at time.Time, links ...link.Asset) {
	e := seen(page, c, at)
	e.Links = append([]link.Asset{}, links...)
	m.ObserveView(e)
}

// chosen lists what one client's view of a page would get.
func chosen(m *Model, page string, c Client) (list []string, why Outcome) {
	got, why := m.Choose(nil, page, c)
	for _, p := range got {
		list = append(list, p.Asset.Path)
	}
	return list, why
}

// saved returns a model that has read what m wrote.
func saved(t *testing.T, m *Model) *Model {
	t.Helper()
	var text bytes.Buffer
	if err := evidence.Encode(&text, m.All()); err != nil {
		t.Fatal(err)
	}
	deltas, err := evidence.Decode(&text)
	if err != nil {
		t.Fatal(err)
	}
	n := must(t, Config{MinClients: 1})
	n.Merge(deltas...)
	return n
}

// What is declared is wanted until it is declared no more, or views decide otherwise.
func TestDeclare(t *testing.T) {
	m := must(t, Config{MinClients: 1})
	expect := func(when string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, paths(m, "/")); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
	}
	unfit := []link.Asset{{Path: "https://cdn.example", Rel: link.Preconnect}, {Path: "bad"}}
	m.Declare("/", append(unfit, css("/a.css"), js("/b.js")))
	expect("declared", "/a.css", "/b.js")
	m.Declare("/", []link.Asset{css("/a.css")})
	expect("one taken back", "/a.css")
	m.Declare("/none", nil)
	for _, page := range []string{"", "/*", strings.Repeat("x", MaxKey+1)} {
		m.Declare(page, files(1))
	}
	if n := m.Stats().Pages; n != 1 {
		t.Errorf("%d pages", n)
	}
	teach(m, "/", []link.Asset{js("/used.js")}, 12, 1, start)
	expect("declared and never used", "/used.js")
	m.Declare("/", []link.Asset{css("/a.css"), js("/d.js")})
	expect("declared again, and one more", "/d.js", "/used.js")
	m.Declare("/", []link.Asset{js("/used.js")})
	m.Declare("/", []link.Asset{})
	expect("what views have shown survives the end of its declaration", "/used.js")
}

// A page's own markup knows better than requests how an asset is to be asked for.
func TestDeclaredAttributes(t *testing.T) {
	m := must(t, Config{MinClients: 1})
	a := link.Asset{Path: "/m.mjs", Rel: link.ModulePreload, CrossOrigin: link.Anonymous, Integrity: "sha384-abc"}
	m.Declare("/", []link.Asset{a})
	seenAs := link.Asset{Path: "/m.mjs", As: "script", CrossOrigin: link.Anonymous}
	teach(m, "/", []link.Asset{seenAs}, 20, 1, start)
	if got := *m.Wanted("/")[0].Asset; got != a {
		t.Errorf("%v became %v", a, got)
	}
}

// One answer for everybody is enough, the links keep every attribute, and all of it outlives
// the process.
func TestLinksAreKept(t *testing.T) {
	m := must(t, Config{MinClients: 1})
	links := []link.Asset{
		{Path: "/a.css", As: "style", NoPush: true},
		{Path: "/f.woff2", As: "font", Type: "font/woff2", CrossOrigin: link.Anonymous},
		{Path: "/h.png", As: "image", FetchPriority: "high", PushOnly: true},
	}
	answered(m, "/", 1, start, append(links, link.Asset{Path: "https://cdn.example", Rel: link.Preconnect})...)
	for name, m := range map[string]*Model{"at once": m, "after a restart": saved(t, m)} {
		var got []link.Asset
		for _, p := range m.Wanted("/") {
			if !p.Linked {
				t.Errorf("%s: %s is not said to be linked", name, p.Asset.Path)
			}
			got = append(got, *p.Asset)
		}
		if diff := cmp.Diff(links, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		// What the page links goes out with its answer, so that there is nothing to hold out.
		for c := range Client(200) {
			if list, why := chosen(m, "/", c+1); len(list) != 3 {
				t.Fatalf("%s: client %d gets %v: %v", name, c, list, why)
			}
		}
	}
	for c := range Client(9) {
		e := seen("/", 20+c, start)
		e.Status = 500
		m.ObserveView(e)
	}
	if list, why := chosen(m, "/", 1); list != nil || why != OutcomeInTrouble {
		t.Errorf("ahead of errors: %v, %v", list, why)
	}
	// A change of an attribute alone is a change.
	links[2].PushOnly = false
	m = must(t, Config{MinClients: 1})
	answered(m, "/", 1, start, links[2])
	links[2].PushOnly = true
	answered(m, "/", 1, start, links[2])
	if got := m.Wanted("/"); len(got) != 1 || *got[0].Asset != links[2] {
		t.Errorf("%v", got)
	}
}

// What an answer no longer links is out at once, also after a restart, unless views have shown
// that it is used.
func TestLinksAreTakenBack(t *testing.T) {
	m := must(t, Config{MinClients: 1})
	answered(m, "/", 1, start, css("/old.css"), js("/a.js"))
	n := saved(t, m)
	for name, m := range map[string]*Model{"at once": m, "after a restart": n, "after two": saved(t, saved(t, m))} {
		e := seen("/", 2, start.Add(time.Hour))
		m.ObserveView(e) // which says nothing of links
		if diff := cmp.Diff([]string{"/old.css", "/a.js"}, paths(m, "/")); diff != "" {
			t.Errorf("%s, by an answer that says nothing: %s", name, diff)
		}
		answered(m, "/", 2, start.Add(time.Hour), css("/new.css"), js("/a.js"))
		if diff := cmp.Diff([]string{"/new.css", "/a.js"}, paths(m, "/")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		answered(m, "/", 3, start.Add(time.Hour))
		if got := paths(m, "/"); got != nil {
			t.Errorf("%s, without any: %v", name, got)
		}
	}
	m = must(t, Config{MinClients: 1})
	answered(m, "/", 1, start, css("/a.css"))
	at := teach(m, "/", []link.Asset{css("/a.css")}, 12, 10, start)
	answered(m, "/", 2, at)
	if diff := cmp.Diff([]string{"/a.css"}, paths(m, "/")); diff != "" {
		t.Errorf("used and no longer linked: %s", diff)
	}
	if m.Wanted("/")[0].Linked {
		t.Error("it is said to be linked")
	}
}

// Evidence fades; what a page goes on linking is made up for once a day, so that it lasts.
func TestLinksLast(t *testing.T) {
	for _, daily := range []bool{true, false} {
		m := must(t, Config{MinClients: 1})
		answered(m, "/", 1, start, css("/a.css"))
		at := start
		for range 60 {
			at = at.Add(24 * time.Hour)
			e := seen("/", m.Client(netip.MustParseAddr("192.0.2.1"), at), at)
			e.Sent = []link.Asset{css("/a.css")} // so the view cannot tell
			if daily {
				e.Links = []link.Asset{css("/a.css")}
			}
			m.ObserveView(e)
			m.Tick(at.Add(time.Minute))
		}
		// A handful of views that do not use it decides over what is left of evidence.
		if p := m.Wanted("/"); len(p) != 1 || daily != (p[0].Probability > 0.8) {
			t.Errorf("linked daily %t: %+v", daily, p)
		}
		if daily {
			if p := saved(t, m).Wanted("/"); len(p) != 1 || p[0].Probability < 0.8 {
				t.Errorf("after a restart: %+v", p)
			}
		}
		at = teach(m, "/", []link.Asset{js("/b.js")}, 12, 100, at)
		if wants(m, "/", css("/a.css")) {
			t.Errorf("linked daily %t: views have the last word, and they do not use it", daily)
		}
		if e := seen("/", 999, at); daily {
			e.Links = []link.Asset{css("/a.css")}
			if m.ObserveView(e); wants(m, "/", css("/a.css")) {
				t.Error("linked once more: views had decided")
			}
		}
	}
}
