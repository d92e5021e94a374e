package learn

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/link"
)

func TestLearnsFromAFewClients(t *testing.T) {
	m := must(t, Config{})
	page := []link.Asset{css("/a.css"), js("/a.js")}
	at := teach(m, "/", page, 2, 1, start)
	if got := m.Wanted("/"); len(got) != 0 {
		t.Fatalf("wanted after two clients: %v", got)
	}
	teach(m, "/", page, 3, 10, at)
	if diff := cmp.Diff([]string{"/a.css", "/a.js"}, paths(m, "/")); diff != "" {
		t.Error(diff)
	}
	if p := m.Wanted("/")[0]; p.Probability < .8 || p.Probability >= 1 {
		t.Errorf("probability %v after five uses in five views", p.Probability)
	}
}

// Every number of the config is at work.
func TestConfig(t *testing.T) {
	page := []link.Asset{css("/a.css")}
	for _, c := range []struct {
		name   string
		config Config
		views  int
		want   bool
	}{
		{"default", Config{}, 5, true},
		{"default, not yet", Config{}, 4, false},
		{"clients", Config{MinClients: 8}, 6, false},
		{"clients reached", Config{MinClients: 5}, 9, true},
		{"views", Config{MinViews: 10}, 8, false},
		{"views reached", Config{MinViews: 10}, 11, true},
		{"one of each", Config{MinClients: 1, MinViews: 1, HoldOut: -1}, 4, true},
		{"destinations", Config{Destinations: []string{"script"}}, 10, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := must(t, c.config)
			teach(m, "/", page, c.views, 1, start)
			if got := wants(m, "/", page[0]); got != c.want {
				t.Errorf("wanted: %v", got)
			}
		})
	}
	for _, bad := range []Config{
		{Bytes: 1000}, {Shards: -1}, {HoldOut: 2}, {MinClients: 33}, {MinViews: -2},
	} {
		if _, err := New(bad); err == nil || !strings.HasPrefix(err.Error(), "learn: ") {
			t.Errorf("New(%+v): %v", bad, err)
		}
	}
}

// The votes of one client count once, whatever it asks for and how often.
func TestOneClientHasOneVote(t *testing.T) {
	m := must(t, Config{})
	at := start
	for range 1000 {
		at = look(m, "/", 7, at, js("/evil.js"))
	}
	if len(m.Wanted("/")) != 0 {
		t.Error("one client promoted an asset")
	}
	at = at.Add(24 * time.Hour)
	for range 4 { // the same client, a day apart: a quorum has to be found within one day
		at = look(m, "/", 7, at.Add(24*time.Hour), js("/evil.js"))
	}
	if len(m.Wanted("/")) != 0 {
		t.Error("one client promoted an asset by coming back every day")
	}
}

func TestOptionalAssetsStayOut(t *testing.T) {
	m := must(t, Config{HoldOut: -1})
	rng := rand.New(rand.NewPCG(1, 1))
	at := start
	for c := range 300 {
		page := []link.Asset{css("/always.css")}
		if rng.Float64() < .2 {
			page = append(page, js("/rare.js"))
		}
		if rng.Float64() < .8 {
			page = append(page, js("/often.js"))
		}
		at = look(m, "/", Client(c+1), at, page...)
	}
	if diff := cmp.Diff([]string{"/always.css", "/often.js"}, paths(m, "/")); diff != "" {
		t.Error(diff)
	}
	x := m.Explain("/")
	for path, p := range map[string]float64{"/always.css": 1, "/often.js": .8, "/rare.js": .2} {
		i := slices.IndexFunc(x.Assets, func(r Reason) bool { return r.Path == path })
		if i < 0 {
			t.Errorf("%s is not even considered", path)
			continue
		}
		if r := x.Assets[i]; r.Probability < p-4*r.Deviation-.01 || r.Probability > p+4*r.Deviation+.01 {
			t.Errorf("%s: %.2f give or take %.2f, truth %.2f", path, r.Probability, r.Deviation, p)
		}
	}
}

// What a client holds counts for an asset, not against it: four in five clients hold both
// files and ask for nothing.
func TestHeldCountsFor(t *testing.T) {
	for _, share := range []int{1, 5, 20} { // one cold client in so many
		m := must(t, Config{})
		at := start
		for c := range 40 * share {
			view := seen("/", Client(c+1), at)
			if c%share != 0 {
				view.Held = func(path string) bool { return path != "/dead.js" }
				m.ObserveView(view)
				at = at.Add(5 * time.Second)
				m.Tick(at)
				continue
			}
			at = look(m, "/", Client(c+1), at, css("/a.css"), js("/a.js"))
		}
		if diff := cmp.Diff([]string{"/a.css", "/a.js"}, paths(m, "/")); diff != "" {
			t.Errorf("one cold client in %d: %s", share, diff)
		}
		if got := m.Wanted("/")[0].Probability; got < .85 {
			t.Errorf("one cold client in %d: probability %v", share, got)
		}
	}
}

// A page that one client has shown the way is learned from clients that ask for nothing since
// they hold everything.
func TestLearnsFromWarmClientsAlone(t *testing.T) {
	m := must(t, Config{})
	at := look(m, "/", 1, start, css("/a.css"), js("/a.js"))
	for c := range 12 { // holding counts for half
		view := seen("/", Client(c+2), at)
		view.Held = func(string) bool { return true }
		m.ObserveView(view)
		at = at.Add(5 * time.Second)
		m.Tick(at)
	}
	if diff := cmp.Diff([]string{"/a.css", "/a.js"}, paths(m, "/")); diff != "" {
		t.Error(diff)
	}
}

// Clients without a cookie are warm too on their second page, and it is not held against the
// assets they got with the first.
func TestTrail(t *testing.T) {
	m := must(t, Config{})
	shared := css("/shared.css")
	at := start
	for c := range 20 {
		if c%4 == 0 { // enters here
			at = look(m, "/cart", Client(c+1), at, shared, js("/cart.js"))
			continue
		}
		at = look(m, "/", Client(c+1), at, shared)
		at = look(m, "/cart", Client(c+1), at, js("/cart.js")) // without the sheet, which it has from the first page
	}
	if diff := cmp.Diff([]string{"/shared.css", "/cart.js"}, paths(m, "/cart")); diff != "" {
		t.Error(diff)
	}
}

// Two tabs of one client: what one fetches the other need not ask for.
func TestTabs(t *testing.T) {
	m := must(t, Config{})
	at := start
	for c := Client(1); c <= 12; c++ {
		m.ObserveView(seen("/a", c, at))
		m.ObserveView(seen("/b", c, at.Add(100*time.Millisecond)))
		m.ObserveFetch(fetched("/a", css("/shared.css"), c, at.Add(200*time.Millisecond)))
		m.ObserveFetch(fetched("/b", js("/b.js"), c, at.Add(300*time.Millisecond)))
		if c == 1 {
			m.ObserveFetch(fetched("/b", css("/shared.css"), c, at.Add(400*time.Millisecond)))
		}
		at = at.Add(10 * time.Second)
		m.Tick(at)
	}
	if diff := cmp.Diff([]string{"/shared.css"}, paths(m, "/a")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"/shared.css", "/b.js"}, paths(m, "/b")); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoEvidence(t *testing.T) {
	a := css("/a.css")
	for name, spoil := range map[string]func(v *View, f *Fetch){
		"prefetched view":        func(v *View, f *Fetch) { v.Ahead = true },
		"asset ahead of need":    func(v *View, f *Fetch) { f.Ahead = true },
		"before the header":      func(v *View, f *Fetch) { f.Time = f.Time.Add(-time.Second) },
		"after the window":       func(v *View, f *Fetch) { f.Time = f.Time.Add(9 * time.Second) },
		"other page":             func(v *View, f *Fetch) { f.Path += "x" },
		"other client":           func(v *View, f *Fetch) { f.Client++ },
		"nobody":                 func(v *View, f *Fetch) { v.Client, f.Client = 0, 0 },
		"error page":             func(v *View, f *Fetch) { v.Status = 204 },
		"missing asset":          func(v *View, f *Fetch) { f.Status = 404 },
		"no freshness":           func(v *View, f *Fetch) { f.Reuse = ReuseUnstated },
		"not to be reused":       func(v *View, f *Fetch) { f.Reuse = ReuseNot },
		"destination not listed": func(v *View, f *Fetch) { f.Asset.As = "track" },
		"path too long":          func(v *View, f *Fetch) { f.Asset.Path = "/" + strings.Repeat("x", MaxPath) },
		"path that injects":      func(v *View, f *Fetch) { f.Asset.Path = "/a>; rel=preconnect, <https://evil.example/" },
		"other origin":           func(v *View, f *Fetch) { f.Asset.Path = "//evil.example/a.css" },
		"page too long": func(v *View, f *Fetch) {
			v.Path = "/" + strings.Repeat("x", MaxKey)
			f.Path = v.Path
		},
		"page with a star":      func(v *View, f *Fetch) { v.Path, f.Path = "/*", "/*" },
		"page without identity": func(v *View, f *Fetch) { v.Path, f.Path = "", "" },
	} {
		t.Run(name, func(t *testing.T) {
			m := must(t, Config{})
			at := start
			for c := Client(1); c <= 40; c += 2 {
				view, fetch := seen("/", c, at), fetched("/", a, c, at.Add(100*time.Millisecond))
				spoil(view, fetch)
				m.ObserveView(view)
				m.ObserveFetch(fetch)
				at = at.Add(20 * time.Second)
				m.Tick(at)
			}
			for _, page := range []string{"/", "/x", "/*"} {
				if got := paths(m, page); len(got) != 0 {
					t.Errorf("%s wants %v", page, got)
				}
			}
		})
	}
}

func TestOrderIsWhatBlocks(t *testing.T) {
	m := must(t, Config{})
	at := start
	for c := Client(1); c <= 5; c++ {
		m.ObserveView(seen("/", c, at))
		for i, x := range []struct {
			asset   link.Asset
			urgency uint8
		}{
			{link.Asset{Path: "/hero.avif", As: "image"}, 2},
			{js("/async.js"), 3},
			{js("/head.js"), 1},
			{css("/print-like.css"), 4},
			{css("/main.css"), 0},
			{link.Asset{Path: "/t.woff2", As: "font", CrossOrigin: link.Anonymous}, 1},
			{css("/second.css"), 0},
		} {
			e := fetched("/", x.asset, c, at.Add(time.Duration(i+1)*time.Millisecond))
			e.Urgency, e.Prioritized = x.urgency, true
			m.ObserveFetch(e)
		}
		at = at.Add(time.Minute)
		m.Tick(at)
	}
	want := []string{"/main.css", "/second.css", "/head.js", "/t.woff2", "/hero.avif", "/async.js", "/print-like.css"}
	if diff := cmp.Diff(want, paths(m, "/")); diff != "" {
		t.Error(diff)
	}
}

// What browsers say about a file goes into its link, and a minority cannot change it.
func TestAttributes(t *testing.T) {
	m := must(t, Config{})
	font := link.Asset{Path: "/t.woff2", As: "font", CrossOrigin: link.Anonymous, Type: "font/woff2"}
	at := teach(m, "/", []link.Asset{font}, 10, 1, start)
	if diff := cmp.Diff(font, *m.Wanted("/")[0].Asset); diff != "" {
		t.Error(diff)
	}
	wrong := font
	wrong.As, wrong.CrossOrigin = "script", link.NoCORS
	for c := range 30 {
		page := []link.Asset{font}
		if c%3 == 0 {
			page[0] = wrong
		}
		at = look(m, "/", Client(100+c), at, page...)
	}
	if got := m.Wanted("/")[0].Asset; *got != font {
		t.Errorf("a third of the clients turned it into %v", got)
	}
	teach(m, "/", []link.Asset{wrong}, 20, 200, at)
	if got := m.Wanted("/")[0].Asset; got.As != "script" {
		t.Errorf("all clients agree on a script, and it is %v", got)
	}
}

func TestUnseenPageGetsWhatItsKindNeeds(t *testing.T) {
	m := must(t, Config{})
	shared := []link.Asset{css("/shop.css"), js("/shop.js")}
	at := start
	for i := range 20 {
		own := link.Asset{Path: fmt.Sprintf("/pictures/%d.avif", i), As: "image"}
		at = look(m, fmt.Sprintf("/shop/toys/toy-%d", i), Client(i+1), at, append(shared[:2:2], own)...)
	}
	want := []string{"/shop.css", "/shop.js"}
	for page, want := range map[string][]string{
		"/shop/toys/new":      want, // siblings
		"/shop/books/new":     want, // cousins
		"/shop/toys/new.html": nil,  // another kind of file
		"/shop/new":           nil,
		"/":                   nil,
		"/elsewhere/a/b":      nil,
	} {
		if diff := cmp.Diff(want, paths(m, page)); diff != "" {
			t.Errorf("%s: %s", page, diff)
		}
	}

	// One page, however often it is visited, does not speak for its siblings.
	m = must(t, Config{})
	teach(m, "/shop/a", shared, 100, 1, start)
	if got := paths(m, "/shop/b"); got != nil {
		t.Errorf("one page made a kind: %v", got)
	}
	// Nor does one client, however many pages it visits.
	m = must(t, Config{})
	at = start
	for i := range 100 {
		at = look(m, fmt.Sprintf("/shop/%d", i), 7, at, shared...)
	}
	if got := paths(m, "/shop/b"); got != nil {
		t.Errorf("one client made a kind: %v", got)
	}
}

// A page soon speaks for itself, whatever its kind says.
func TestPageOutgrowsItsKind(t *testing.T) {
	m := must(t, Config{HoldOut: -1})
	at := teachSection(m, "/shop/%d", []link.Asset{css("/shop.css"), js("/shop.js")}, 30)
	teach(m, "/shop/odd", []link.Asset{css("/shop.css"), js("/odd.js")}, 20, 5000, at)
	if diff := cmp.Diff([]string{"/shop.css", "/odd.js"}, paths(m, "/shop/odd")); diff != "" {
		t.Error(diff)
	}
}

func TestRenamedFile(t *testing.T) {
	for _, warm := range []bool{false, true} {
		m := must(t, Config{})
		at := teach(m, "/", []link.Asset{css("/app.3f2a9c1b.css"), js("/app.js")}, 60, 1, start)
		in, out := 0, 0
		for n := 1; n <= 30; n++ {
			c := Client(1000 + n)
			view := seen("/", c, at)
			if warm && n%5 != 0 { // holds the old one, and asks for the new one as everybody does
				view.Held = func(path string) bool { return path != "/app.99aa00ff.css" }
				m.ObserveView(view)
				m.ObserveFetch(fetched("/", css("/app.99aa00ff.css"), c, at.Add(time.Millisecond)))
				at = at.Add(5 * time.Second)
				m.Tick(at)
			} else {
				at = look(m, "/", c, at, css("/app.99aa00ff.css"), js("/app.js"))
			}
			if in == 0 && wants(m, "/", css("/app.99aa00ff.css")) {
				in = n
			}
			if out == 0 && !wants(m, "/", css("/app.3f2a9c1b.css")) {
				out = n
			}
		}
		if in == 0 || in > 15 || out == 0 || out > 15 {
			t.Errorf("warm %v: new file in after %d views, old one out after %d", warm, in, out)
		}
		if !wants(m, "/", js("/app.js")) {
			t.Errorf("warm %v: the file that stayed is out", warm)
		}
	}
}

// A file that is gone without a successor goes too, even if most clients still hold it.
func TestDeletedFile(t *testing.T) {
	m := must(t, Config{})
	at := teach(m, "/", []link.Asset{css("/a.css"), js("/gone.js")}, 40, 1, start)
	out := 0
	for n := 1; n <= 100 && out == 0; n++ {
		if n%2 == 0 {
			view := seen("/", Client(1000+n), at)
			view.Held = func(string) bool { return true }
			m.ObserveView(view)
			at = at.Add(5 * time.Second)
			m.Tick(at)
		} else {
			at = look(m, "/", Client(1000+n), at, css("/a.css"))
		}
		if !wants(m, "/", js("/gone.js")) {
			out = n
		}
	}
	if out == 0 || out > 15 {
		t.Errorf("out after %d views", out)
	}
}

// An asset that answers 404 is out at once, and back when it is found again.
func TestMissingFileIsOutAtOnce(t *testing.T) {
	m := must(t, Config{})
	a := js("/a.js")
	at := teach(m, "/", []link.Asset{a, css("/a.css")}, 20, 1, start)
	m.ObserveView(seen("/", 100, at))
	lost := fetched("/", a, 100, at.Add(time.Millisecond))
	lost.Status = 404
	m.ObserveFetch(lost)
	if wants(m, "/", a) {
		t.Fatal("still wanted after a 404")
	}
	if !wants(m, "/", css("/a.css")) {
		t.Error("the other asset went with it")
	}
	at = at.Add(time.Minute)
	m.Tick(at)
	teach(m, "/", []link.Asset{a, css("/a.css")}, 10, 200, at)
	if !wants(m, "/", a) {
		t.Error("not back")
	}
}

// An asset whose answers may no longer be reused would be fetched twice if it were hinted.
func TestUnfitFileIsOutAtOnce(t *testing.T) {
	m := must(t, Config{})
	a := js("/a.js")
	at := teach(m, "/", []link.Asset{a}, 20, 1, start)
	m.ObserveView(seen("/", 100, at))
	e := fetched("/", a, 100, at.Add(time.Millisecond))
	e.Reuse = ReuseNot
	m.ObserveFetch(e)
	if wants(m, "/", a) {
		t.Error("still wanted")
	}
}

// Nothing is sent ahead of what is likely to be a redirect or an error.
func TestTrouble(t *testing.T) {
	m := must(t, Config{})
	page := []link.Asset{css("/a.css")}
	at := teach(m, "/", page, 20, 1, start)
	fail := func(c Client) {
		e := seen("/", c, at)
		e.Status = 302
		m.ObserveView(e)
	}
	for range 100 {
		fail(500) // one client cannot take a page down
	}
	if !wants(m, "/", page[0]) {
		t.Fatal("one client's redirects took the page's answer away")
	}
	for c := Client(501); c < 504; c++ {
		fail(c)
	}
	if wants(m, "/", page[0]) {
		t.Error("still sending ahead of redirects")
	}
	if _, v := m.Choose(nil, "/", 1); v != OutcomeInTrouble {
		t.Errorf("%v", v)
	}
	teach(m, "/", page, 10, 600, at)
	if !wants(m, "/", page[0]) {
		t.Error("not sending again though the page is back")
	}
	// 304 is neither.
	m = must(t, Config{})
	at = teach(m, "/", page, 20, 1, start)
	for c := Client(500); c < 550; c++ {
		e := seen("/", c, at)
		e.Status = 304
		m.ObserveView(e)
	}
	if !wants(m, "/", page[0]) {
		t.Error("revalidated pages count as failures")
	}
}

// A change on a settled page withholds what was learned from some of the next views, so that what
// is no longer needed shows.
func TestDoubt(t *testing.T) {
	m := must(t, Config{})
	old := []link.Asset{css("/old.css"), js("/kept.js")}
	at := teach(m, "/", old, 40, 1, start)
	doubted := 0
	for n := range 100 {
		chosen, verdict := m.Choose(nil, "/", Client(1000+n))
		if verdict == OutcomeInDoubt {
			doubted++
		}
		view := seen("/", Client(1000+n), at)
		view.Chosen = chosen
		m.ObserveView(view)
		for _, a := range []link.Asset{css("/brand-new.css"), js("/kept.js")} { // as hints would have it: sent or not, it is asked for
			m.ObserveFetch(fetched("/", a, Client(1000+n), at.Add(time.Millisecond)))
		}
		for _, c := range chosen {
			m.ObserveFetch(fetched("/", *c.Asset, Client(1000+n), at.Add(time.Millisecond)))
		}
		at = at.Add(5 * time.Second)
		m.Tick(at)
		if n == 80 && wants(m, "/", css("/old.css")) {
			t.Error("the dead file is still wanted after 80 views, each of which was sent it")
		}
	}
	if doubted == 0 || doubted > 40 {
		t.Errorf("%d of 100 views were sent nothing, in doubt", doubted)
	}
	if diff := cmp.Diff([]string{"/brand-new.css", "/kept.js"}, paths(m, "/")); diff != "" {
		t.Error(diff)
	}
}

func TestChoose(t *testing.T) {
	m := must(t, Config{HoldOut: .1})
	if _, v := m.Choose(nil, "/", 1); v != OutcomeUnknown {
		t.Errorf("an empty model says %v", v)
	}
	told(m, "/", css("/a.css"))
	count := make(map[Outcome]int)
	with := 0
	for c := range Client(20000) {
		got, v := m.Choose(nil, "/", c)
		again, w := m.Choose(nil, "/", c)
		if v != w || len(got) != len(again) {
			t.Fatal("not the same twice")
		}
		count[v]++
		with += len(got)
	}
	if n := count[OutcomeHeldOut]; n < 1700 || n > 2300 {
		t.Errorf("%d of 20000 held out, of a share of 0.1", n)
	}
	if with == 0 || with > count[OutcomeSend] {
		t.Errorf("%d assets for %d clients", with, count[OutcomeSend])
	}
}

// A view that asks for nothing says little, since bots ask for nothing either: unless it was
// pushed what it needs.
func TestEmptyViews(t *testing.T) {
	for _, c := range []struct {
		name         string
		sent, byPush bool
		wanted       bool
	}{
		{"a bot", false, false, true},
		{"a bot that was sent hints", true, false, true},
		{"a client that was pushed", true, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := must(t, Config{})
			at := teach(m, "/", []link.Asset{css("/a.css")}, 20, 1, start)
			for n := range 12 {
				e := seen("/", Client(100+n), at)
				e.ByPush = c.byPush
				if c.sent {
					e.Sent = []link.Asset{js("/other.js")}
				}
				m.ObserveView(e)
				at = at.Add(time.Minute)
				m.Tick(at)
			}
			if got := wants(m, "/", css("/a.css")); got != c.wanted {
				t.Errorf("wanted after 12 views that asked for nothing: %v", got)
			}
		})
	}
}

// The hold-out measures what the model is worth while it sends.
func TestStatsMeasure(t *testing.T) {
	m := must(t, Config{HoldOut: .2})
	page := []link.Asset{css("/a.css"), js("/a.js")}
	at := start
	for c := range 400 {
		chosen, _ := m.Choose(nil, "/", Client(c+1))
		view := seen("/", Client(c+1), at)
		view.Chosen = chosen
		m.ObserveView(view)
		for _, a := range page {
			m.ObserveFetch(fetched("/", a, Client(c+1), at.Add(time.Millisecond)))
		}
		at = at.Add(5 * time.Second)
		m.Tick(at)
	}
	s := m.Stats()
	if s.Views < 380 || s.Pages != 1 || s.Promoted != 2 || s.Demoted != 0 || s.Assets != 2 {
		t.Errorf("%+v", s)
	}
	if s.Right < 60 || s.Right > 300 || s.Precision() < .99 || s.Recall() < .9 {
		t.Errorf("precision %v, recall %v of %d", s.Precision(), s.Recall(), s.Right)
	}
}

// The same events and the same secret give the same answers.
func TestDeterminism(t *testing.T) {
	run := func() string {
		m := must(t, Config{Secret: []byte("again")})
		rng := rand.New(rand.NewPCG(3, 4))
		at := start
		for c := range 2000 {
			page := fmt.Sprintf("/p/%d", rng.IntN(20))
			list := []link.Asset{css("/a.css")}
			for i := range 8 {
				if rng.IntN(8) <= i {
					list = append(list, js(fmt.Sprintf("/part-%d.js", i)))
				}
			}
			at = look(m, page, Client(c+1), at, list...)
		}
		var b strings.Builder
		for i := range 25 {
			page := fmt.Sprintf("/p/%d", i)
			fmt.Fprintln(&b, page)
			for _, p := range m.Wanted(page) {
				fmt.Fprintf(&b, "  %v %.4f\n", p.Asset, p.Probability)
			}
		}
		return b.String()
	}
	if diff := cmp.Diff(run(), run()); diff != "" {
		t.Error(diff)
	}
}

func TestClient(t *testing.T) {
	m := must(t, Config{Secret: []byte("fleet")})
	other := must(t, Config{Secret: []byte("fleet")})
	stranger := must(t, Config{})
	ip := netip.MustParseAddr
	a := m.Client(ip("192.0.2.1"), start)
	for _, c := range []struct {
		name string
		got  Client
		same bool
	}{
		{"same /24", m.Client(ip("192.0.2.200"), start), true},
		{"mapped into IPv6", m.Client(ip("::ffff:192.0.2.7"), start), true},
		{"another node of the fleet", other.Client(ip("192.0.2.1"), start), true},
		{"later that day", m.Client(ip("192.0.2.1"), start.Add(15*time.Hour)), true},
		{"the next day", m.Client(ip("192.0.2.1"), start.Add(24*time.Hour)), false},
		{"next /24", m.Client(ip("192.0.3.1"), start), false},
		{"another secret", stranger.Client(ip("192.0.2.1"), start), false},
	} {
		if (c.got == a) != c.same {
			t.Errorf("%s: %x and %x", c.name, a, c.got)
		}
	}
	if m.Client(ip("2001:db8:1:2::1"), start) != m.Client(ip("2001:db8:1:ffff::9%eth0"), start) {
		t.Error("one /48 is two clients")
	}
	if m.Client(ip("2001:db8:1::"), start) == m.Client(ip("2001:db8:2::"), start) {
		t.Error("two /48 are one client")
	}
	if m.Client(netip.Addr{}, start) != 0 {
		t.Error("no address is somebody")
	}
}

func TestManage(t *testing.T) {
	m := must(t, Config{})
	page := []link.Asset{css("/a.css"), js("/a.js")}
	at := teach(m, "/", page, 50, 1, start)
	teach(m, "/other", page, 10, 100, at)
	if !m.Renew("/") || m.Renew("/nowhere") {
		t.Error("Renew does not know which pages there are")
	}
	if len(m.Wanted("/")) != 2 {
		t.Error("Renew took the answer away")
	}
	at = at.Add(time.Hour)
	teach(m, "/", page[:1], 6, 200, at) // after 50 views with it, 6 without are now enough
	if diff := cmp.Diff([]string{"/a.css"}, paths(m, "/")); diff != "" {
		t.Error(diff)
	}
	if !m.Forget("/") || m.Forget("/") || len(m.Wanted("/")) != 0 {
		t.Error("Forget does not forget")
	}
	if len(m.Wanted("/other")) != 2 {
		t.Error("Forget took another page along")
	}
	m.Clear()
	if s := m.Stats(); s.Pages+s.Sections+s.Assets+s.Bytes != 0 || len(m.Wanted("/other")) != 0 {
		t.Errorf("Clear leaves %+v", s)
	}
}

// Reading takes no memory, whatever is asked for.
func TestReadsDoNotAllocate(t *testing.T) {
	m := must(t, Config{})
	teachSection(m, "/shop/%d", []link.Asset{css("/a.css")}, 30)
	m.Declare("/", files(50))
	room := make([]Prediction, 0, 100)
	for _, page := range []string{"/", "/shop/1", "/shop/new", "/shop/a/b", "/none", strings.Repeat("/x", 5000), "", "*", "/a?b=c"} {
		if n := testing.AllocsPerRun(100, func() {
			m.Wanted(page)
			room, _ = m.Choose(room[:0], page, 1)
		}); n != 0 {
			t.Errorf("%.20q: %v allocations", page, n)
		}
	}
}

// Observing takes no memory either once a page is known.
func TestObserveDoesNotAllocate(t *testing.T) {
	m := must(t, Config{})
	list := files(20)
	at := teach(m, "/", list, 40, 1, start)
	c := Client(1000)
	if n := testing.AllocsPerRun(200, func() {
		c++
		at = look(m, "/", c, at, list...)
	}); n > 3 { // a new visitor now and then
		t.Errorf("%v allocations for a view and 20 requests", n)
	}
}

// How many clients have to agree before a newcomer is believed in.
func TestCaution(t *testing.T) {
	l := must(t, Config{}).lim
	for _, c := range []struct {
		used, views float32
		want        bool
	}{
		{4, 4, false}, {5, 5, true}, {5, 6, true}, {5, 7, false}, {6, 9, true}, {6, 10, false}, {7, 12, true}, {7, 13, false},
		{20, 40, true}, {19, 40, false}, {32, 64, true}, {31, 64, false},
	} {
		if got := (&candidate{tally: tally{used: c.used, views: c.views}}).believed(&l); got != c.want {
			t.Errorf("%v of %v: %v", c.used, c.views, got)
		}
	}
}
