package learn

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

// answered is a view of a page whose answer links assets.
func answered(m *Model, page string, c Client, at time.Time, flags Flags, links ...link.Asset) {
	e := seen(page, c, at)
	e.Flags, e.Links = flags, append([]link.Asset{}, links...)
	m.Observe(e)
}

// chosen lists what one client's view of a page would get.
func chosen(m *Model, page string, c Client) (list []string, why Verdict) {
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
	n := must(t, Config{})
	n.Merge(deltas...)
	return n
}

// One answer for everybody is enough, the links keep every attribute, and all of it outlives the process.
func TestLinksAreKept(t *testing.T) {
	m := must(t, Config{})
	links := []link.Asset{
		{Path: "/a.css", As: "style", NoPush: true},
		{Path: "/f.woff2", As: "font", Type: "font/woff2", CrossOrigin: link.Anonymous},
		{Path: "/h.png", As: "image", FetchPriority: "high", PushOnly: true},
	}
	answered(m, "/", 1, start, 0, append(links, link.Asset{Path: "https://cdn.example", Rel: link.Preconnect})...)
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
		m.Observe(e)
	}
	if list, why := chosen(m, "/", 1); list != nil || why != InTrouble {
		t.Errorf("ahead of errors: %v, %v", list, why)
	}
	// A change of an attribute alone is a change.
	links[2].PushOnly = false
	m = must(t, Config{})
	answered(m, "/", 1, start, 0, links[2])
	links[2].PushOnly = true
	answered(m, "/", 1, start, 0, links[2])
	if got := m.Wanted("/"); len(got) != 1 || *got[0].Asset != links[2] {
		t.Errorf("%v", got)
	}
}

// What an answer no longer links is out at once, also after a restart, unless views have shown that it is used.
func TestLinksAreTakenBack(t *testing.T) {
	m := must(t, Config{})
	answered(m, "/", 1, start, 0, css("/old.css"), js("/a.js"))
	n := saved(t, m)
	for name, m := range map[string]*Model{"at once": m, "after a restart": n, "after two": saved(t, saved(t, m))} {
		e := seen("/", 2, start.Add(time.Hour))
		m.Observe(e) // which says nothing of links
		if diff := cmp.Diff([]string{"/old.css", "/a.js"}, paths(m, "/")); diff != "" {
			t.Errorf("%s, by an answer that says nothing: %s", name, diff)
		}
		answered(m, "/", 2, start.Add(time.Hour), 0, css("/new.css"), js("/a.js"))
		if diff := cmp.Diff([]string{"/new.css", "/a.js"}, paths(m, "/")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		answered(m, "/", 3, start.Add(time.Hour), 0)
		if got := paths(m, "/"); got != nil {
			t.Errorf("%s, without any: %v", name, got)
		}
	}
	m = must(t, Config{})
	answered(m, "/", 1, start, 0, css("/a.css"))
	at := teach(m, "/", []link.Asset{css("/a.css")}, 12, 10, start)
	answered(m, "/", 2, at, 0)
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
		m := must(t, Config{})
		answered(m, "/", 1, start, 0, css("/a.css"))
		at := start
		for range 60 {
			at = at.Add(24 * time.Hour)
			e := seen("/", m.Client(Peer(request(t, "GET https://example.com/")), at), at)
			e.Sent = []link.Asset{css("/a.css")} // so the view cannot tell
			if daily {
				e.Links = []link.Asset{css("/a.css")}
			}
			m.Observe(e)
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
			if m.Observe(e); wants(m, "/", css("/a.css")) {
				t.Error("linked once more: views had decided")
			}
		}
	}
}

// What an answer for one client alone links is believed once another client's answer of the day agrees.
func TestLinksForOneClient(t *testing.T) {
	own := func(c Client) link.Asset { return css(fmt.Sprintf("/private/%d.css", c)) }
	day := 24 * time.Hour
	type answer struct {
		by    Client
		after time.Duration
		flags Flags
		links []link.Asset
	}
	private := func(by Client, after time.Duration, links ...link.Asset) answer {
		return answer{by, after, Private, links}
	}
	shared := css("/app.css")
	for name, c := range map[string]struct {
		answers []answer
		want    []string
	}{
		"one client":                    {[]answer{private(1, 0, shared), private(1, 1, shared), private(1, 2, shared)}, nil},
		"two agree":                     {[]answer{private(1, 0, own(1), shared), private(2, 1, own(2), shared)}, []string{"/app.css"}},
		"two agree on nothing":          {[]answer{private(1, 0, own(1)), private(2, 1, own(2))}, nil},
		"the same one tomorrow":         {[]answer{private(1, 0, own(1)), private(2, day, own(1))}, nil}, // whose name is another by then
		"two agree on another day":      {[]answer{private(1, 0, shared), private(2, day, shared), private(3, day+1, shared)}, []string{"/app.css"}},
		"a third disagrees":             {[]answer{private(1, 0, shared), private(2, 1, shared), private(3, 2, own(3))}, nil},
		"one disagrees between":         {[]answer{private(1, 0, shared), private(3, 1, own(3)), private(2, 2, shared)}, nil},
		"known for everybody":           {[]answer{{1, 0, 0, []link.Asset{shared}}, private(2, 1, shared, own(2))}, []string{"/app.css"}},
		"then for everybody":            {[]answer{private(1, 0, own(1)), {2, 1, 0, []link.Asset{shared}}}, []string{"/app.css"}},
		"for everybody, then a waiting": {[]answer{private(1, 0, shared), {3, 1, 0, nil}, private(2, 2, shared)}, nil},
		"in another way":                {[]answer{private(1, 0, css("/app.css")), private(2, 1, link.Asset{Path: "/app.css", As: "style", CrossOrigin: link.Anonymous})}, nil},
	} {
		m := must(t, Config{})
		for _, a := range c.answers {
			answered(m, "/", a.by, start.Add(a.after), a.flags, a.links...)
		}
		if diff := cmp.Diff(c.want, paths(m, "/")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got := paths(saved(t, m), "/"); !cmp.Equal(got, c.want) {
			t.Errorf("%s: after a restart %v", name, got)
		}
	}
}

// What waits for another client is accounted like everything else.
func TestLinksForOneClientAreBounded(t *testing.T) {
	m := must(t, Config{Bytes: minBytes, Shards: 1})
	links := files(100)
	for i := range 3000 {
		answered(m, fmt.Sprintf("/%d", i), Client(i+1), start, Private, links...)
	}
	s := m.Stats()
	if s.Bytes > s.Room+s.Room/8 || s.Pages == 0 || s.Pages > s.Room/800 {
		t.Errorf("%d pages in %d bytes, with room for %d", s.Pages, s.Bytes, s.Room)
	}
}
