package redisstore

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
)

// What one node reports another reads, once, and the node itself does not.
func TestOneReportsAnotherReads(t *testing.T) {
	r := peer.StartRedis(t)
	a, b := open(t, r.URL(), quick), open(t, r.URL(), quick)
	ra, rb := reader{store: a}, reader{store: b}
	ra.read(t)
	rb.read(t)
	sent := delta("/", "/a.css", 3, 1<<63|5)
	sent.Assets[0].Held, sent.Assets[0].Against, sent.Assets[0].Linked = 0.125, 1<<32, true
	must(t, a.Merge(t.Context(), []evidence.Delta{sent}))
	eventually(t, "b reads what a reported", func() bool { rb.read(t); return len(rb.got) > 0 })
	if diff := cmp.Diff([]evidence.Delta{sent}, rb.got); diff != "" {
		t.Error(diff)
	}
	rb.read(t)
	if got := rb.views("/"); got != 3 {
		t.Errorf("%v views after another reading, want 3", got)
	}
	must(t, b.Merge(t.Context(), []evidence.Delta{delta("/b", "/b.css", 1, 1)})) // something to wait for
	eventually(t, "a reads what b reported", func() bool { ra.read(t); return ra.views("/b") > 0 })
	if got := ra.views("/"); got != 0 {
		t.Errorf("a reads %v views of its own", got)
	}
}

// What others reported before a node's own report is read, though the node has only heard of its own round.
func TestRoundBeforeOnesOwn(t *testing.T) {
	r := peer.StartRedis(t)
	c := quick
	c.Round = 100 * time.Millisecond
	a, b := open(t, r.URL(), c), reader{store: open(t, r.URL(), c)}
	b.read(t)
	must(t, a.Merge(t.Context(), []evidence.Delta{delta("/a", "/a.css", 1, 1)}))
	time.Sleep(3 * c.Round) // in a later round
	must(t, b.store.Merge(t.Context(), []evidence.Delta{delta("/b", "/b.css", 1, 2)}))
	time.Sleep(3 * c.Round) // until both can be read
	b.read(t)
	if b.views("/a") != 1 {
		t.Errorf("b reads %v views of what a reported", b.views("/a"))
	}
}

// Reports of many nodes on one page in one round add up exactly: voters are united, and each
// node reads the sum less its part.
func TestRoundsAddUp(t *testing.T) {
	r := peer.StartRedis(t)
	c := quick
	c.Round = 300 * time.Millisecond // wide enough that most reports meet in one
	const nodes = 8
	var readers [nodes]reader
	for i := range readers {
		readers[i].store = open(t, r.URL(), c)
		readers[i].read(t)
	}
	for i := range readers {
		must(t, readers[i].store.Merge(t.Context(), []evidence.Delta{delta("/", "/a.css", float64(i+1)/8, 1<<i)}))
	}
	const all = nodes * (nodes + 1) / 2 / 8.0
	for i := range readers {
		own := float64(i+1) / 8
		eventually(t, "all is read", func() bool { readers[i].read(t); return readers[i].views("/") >= all-own-.001 })
		got := readers[i].got[0]
		if math.Abs(got.Views-(all-own)) > .001 || math.Abs(got.Assets[0].Used-(all-own)) > .001 {
			t.Errorf("node %d reads %v views and %v uses, want %v", i, got.Views, got.Assets[0].Used, all-own)
		}
		if want := uint64(1<<nodes - 1); got.Assets[0].For|1<<i != want {
			t.Errorf("node %d reads voters %b, want %b", i, got.Assets[0].For, want)
		}
	}
}

// A node that starts later reads from the archive what rounds no longer hold, and what no
// round's reader has archived.
func TestArchive(t *testing.T) {
	r := peer.StartRedis(t)
	c := quick
	a := open(t, r.URL(), c)
	ra := reader{store: a}
	ra.read(t)
	must(t, a.Merge(t.Context(), []evidence.Delta{delta("/", "/a.css", 3, 7), delta("/b", "/b.css", 1, 1)}))
	eventually(t, "a archives its round", func() bool { ra.read(t); return a.Stats().Archived == 4 })

	late := reader{store: open(t, r.URL(), c)}
	late.read(t)
	want := []evidence.Delta{delta("/", "/a.css", 3, 7), delta("/b", "/b.css", 1, 1)}
	if diff := cmp.Diff(want, late.got); diff != "" {
		t.Errorf("from the archive: %s", diff)
	}

	// The last words of a fleet that ended: nobody has archived them.
	must(t, a.Merge(t.Context(), []evidence.Delta{delta("/c", "/c.css", 2, 3)}))
	must(t, a.Close(t.Context()))
	heir := reader{store: open(t, r.URL(), c)}
	eventually(t, "an heir reads the last words", func() bool { heir.read(t); return heir.views("/c") > 0 })
	if heir.views("/c") != 2 || heir.views("/") != 3 {
		t.Errorf("the heir reads %v and %v views, want 2 and 3", heir.views("/c"), heir.views("/"))
	}
	// From the beginning again, with the same store: everything, its own included.
	again := reader{store: heir.store}
	again.read(t)
	if again.views("/c") != 2 || again.views("/") != 3 {
		t.Errorf("again: %v and %v views, want 2 and 3", again.views("/c"), again.views("/"))
	}
}

// Of an asset the archive remembers so many views; what is older makes room, and the share
// follows what is new.
func TestArchiveForgets(t *testing.T) {
	r := peer.StartRedis(t)
	s := open(t, r.URL(), quick)
	rs := reader{store: s}
	rs.read(t)
	report := func(used float64) {
		t.Helper()
		d := delta("/", "/a.css", 200, 1)
		d.Assets[0].Used = used
		before := s.Stats().Archived
		must(t, s.Merge(t.Context(), []evidence.Delta{d}))
		eventually(t, "the round is archived", func() bool { rs.read(t); return s.Stats().Archived > before })
	}
	for range 3 {
		report(200)
	}
	for range 3 {
		report(0)
	}
	late := reader{store: open(t, r.URL(), quick)}
	late.read(t)
	v := late.got[0].Assets[0]
	if v.Views > 256.001 || v.Used > .1*v.Views {
		t.Errorf("%v uses in %v views, want at most a tenth of at most 256", v.Used, v.Views)
	}
}

// Everything that is ever written expires.
func TestEverythingExpires(t *testing.T) {
	r := peer.StartRedis(t)
	s := open(t, r.URL(), quick)
	rs := reader{store: s}
	must(t, s.Merge(t.Context(), []evidence.Delta{delta("/", "/a.css", 3, 7)}))
	eventually(t, "the round is archived", func() bool { rs.read(t); return s.Stats().Archived > 0 })
	c := client(t, r)
	keys := c.Keys(t.Context(), "*").Val()
	if len(keys) < 3 {
		t.Fatalf("keys %q, want a round, its taker, a page and the index", keys)
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, "casper:1:{default}:") {
			t.Errorf("key %q is outside of the name space", key)
		}
		if ttl := c.TTL(t.Context(), key).Val(); ttl <= 0 && ttl != -2 { // -2: it has just gone
			t.Errorf("key %q never expires", key)
		}
	}
	short := quick
	short.Site = "short"
	brief := open(t, r.URL(), short)
	brief.lim.keep = time.Second
	rb := reader{store: brief}
	must(t, brief.Merge(t.Context(), []evidence.Delta{delta("/", "/a.css", 3, 7)}))
	eventually(t, "the brief round is archived", func() bool { rb.read(t); return brief.Stats().Archived > 0 })
	eventually(t, "nothing of the brief site is left", func() bool {
		return len(c.Keys(t.Context(), "casper:1:{short}:*").Val()) == 0
	})
}

func TestSitesAreApart(t *testing.T) {
	r := peer.StartRedis(t)
	shop, blog := open(t, r.URL()+"?site=shop", quick), open(t, r.URL()+"/0?site=blog", quick)
	rs, rb := reader{store: open(t, r.URL()+"?site=shop", quick)}, reader{store: open(t, r.URL()+"?site=blog", quick)}
	rs.read(t)
	rb.read(t)
	must(t, shop.Merge(t.Context(), []evidence.Delta{delta("/", "/shop.css", 1, 1)}))
	must(t, blog.Merge(t.Context(), []evidence.Delta{delta("/", "/blog.css", 1, 1)}))
	for _, c := range []struct {
		r    *reader
		want string
	}{{&rs, "/shop.css"}, {&rb, "/blog.css"}} {
		eventually(t, "the site's own is read", func() bool { c.r.read(t); return len(c.r.got) > 0 })
		if a := c.r.got[0].Assets; len(a) != 1 || a[0].Asset.Path != c.want {
			t.Errorf("read %v, want %s alone", a, c.want)
		}
	}
}

// What is well known waits for its turn and is then told in full; what is new goes out at once.
func TestTurns(t *testing.T) {
	r := peer.StartRedis(t)
	c := quick
	c.Turns = 4
	a := open(t, r.URL(), c)
	a.lim.known = 10
	rb := reader{store: open(t, r.URL(), c)}
	rb.read(t)
	pages := make([]evidence.Delta, 40)
	for i := range pages {
		pages[i] = delta(fmt.Sprintf("/%d", i), "/a.css", 10, 1)
	}
	must(t, a.Merge(t.Context(), pages))
	if n := a.Stats().Queued; n != 0 {
		t.Fatalf("%d new pages wait", n)
	}
	must(t, a.Merge(t.Context(), pages))
	if n := a.Stats().Queued; n < 10 || n == 40 {
		t.Errorf("%d of 40 known pages wait, want about 30", n)
	}
	news := delta("/0", "/new.css", 1, 1)
	must(t, a.Merge(t.Context(), []evidence.Delta{news}))
	eventually(t, "the new asset is told", func() bool {
		rb.read(t)
		i := slices.IndexFunc(rb.got, func(d evidence.Delta) bool { return d.Page == "/0" })
		return i >= 0 && len(rb.got[i].Assets) == 2
	})
	ra := reader{store: a} // reading makes the queue move, without anything new
	eventually(t, "all have had their turn", func() bool { ra.read(t); return a.Stats().Queued == 0 })
	sum := func() (n float64) {
		for _, d := range rb.got {
			n += d.Views
		}
		return n
	}
	eventually(t, "all is read", func() bool { rb.read(t); return sum() >= 801 })
	for _, p := range pages[1:] {
		if got := rb.views(p.Page); got != 20 {
			t.Errorf("%s: %v views, want 20", p.Page, got)
		}
	}
	if d := a.Stats().Dropped; d != 0 {
		t.Errorf("%d dropped", d)
	}
}

// Every bound holds, and what does not fit is counted.
func TestBounds(t *testing.T) {
	r := peer.StartRedis(t)
	c := quick
	c.Site, c.MaxPages, c.MaxRound = "bounds", 10, 15
	c.Round = 2 * time.Second // all of it in one round, or two
	a := open(t, r.URL(), c)
	a.lim.maxQueue = 20
	var pages []evidence.Delta
	for i := range 100 {
		pages = append(pages, delta(fmt.Sprintf("/%d", i), "/a.css", 1, 1))
	}
	must(t, a.Merge(t.Context(), pages))
	got := a.Stats()
	want := Stats{Sent: 20, Refused: 5, Dropped: 70, Queued: 20}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, key := range client(t, r).Keys(t.Context(), "casper:1:{bounds}:round:*").Val() {
		if n := client(t, r).HLen(t.Context(), key).Val(); n > 15 {
			t.Errorf("%s has %d fields", key, n)
		}
	}
	must(t, a.Close(t.Context()))
	if got := a.Stats(); got.Sent != 60 || got.Queued != 0 {
		t.Errorf("closed: %+v, want 60 sent and none queued", got)
	}
}

// The archive keeps the pages that come back, however many come once; and of a page the assets
// that are still reported.
func TestArchiveIsBounded(t *testing.T) {
	r := peer.StartRedis(t)
	s := open(t, r.URL(), quick)
	s.lim.maxArchive = 50
	rs := reader{store: s}
	rs.read(t)
	report := func(deltas ...evidence.Delta) {
		t.Helper()
		must(t, s.Merge(t.Context(), deltas))
		sent := s.Stats().Sent
		eventually(t, "archived", func() bool { rs.read(t); return s.Stats().Archived >= sent })
	}
	report(delta("/good", "/a.css", 5, 7))
	for n := range 5 {
		var flood []evidence.Delta
		for i := range 100 {
			flood = append(flood, delta(fmt.Sprintf("/flood/%d/%d", n, i), "/a.css", 1, 1))
		}
		report(flood...)
	}
	plain := client(t, r)
	if n := plain.ZCard(t.Context(), "casper:1:{default}:pages").Val(); n > 50 {
		t.Errorf("%d pages in the archive, want at most 50", n)
	}
	if n := len(plain.Keys(t.Context(), "casper:1:{default}:page:*").Val()); n > 50 {
		t.Errorf("%d archived pages, want at most 50", n)
	}
	late := reader{store: open(t, r.URL(), quick)}
	late.read(t)
	if late.views("/good") != 5 {
		t.Error("a flood of pages that were seen once has pushed out one that is in use")
	}

	at := start
	for n := range 8 {
		d := evidence.Delta{Page: "/many", Views: 3, Time: at}
		for i := range 100 {
			v := delta("", fmt.Sprintf("/%d/%d.css", n, i), 3, 1).Assets[0]
			d.Assets = append(d.Assets, v)
		}
		report(d)
		at = at.Add(time.Hour)
	}
	if n := plain.HLen(t.Context(), "casper:1:{default}:page:/many").Val(); n > 512 || n < 100 {
		t.Errorf("%d fields of one archived page, want 100 to 512", n)
	}
	if !plain.HExists(t.Context(), "casper:1:{default}:page:/many", "/many\n/7/0.css").Val() {
		t.Error("the latest assets are not there")
	}
	if !plain.HExists(t.Context(), "casper:1:{default}:page:/many", "/many\n").Val() {
		t.Error("the page's own record is not there")
	}
}

// What others put into the hashes is no reason to fail, and what cannot be does not reach the
// model.
func TestHostileRecords(t *testing.T) {
	r := peer.StartRedis(t)
	c := quick
	c.Round = 200 * time.Millisecond
	a, b := open(t, r.URL(), c), reader{store: open(t, r.URL(), c)}
	b.read(t)
	must(t, a.Merge(t.Context(), []evidence.Delta{delta("/", "/a.css", 1, 1)}))
	plain := client(t, r)
	key := plain.Keys(t.Context(), "casper:1:{default}:round:*").Val()[0]
	good := plain.HGet(t.Context(), key, "/\n/a.css").Val()
	nan := string([]byte{0x7f, 0xf8, 0, 0, 0, 0, 0, 1})
	must(t, plain.HSet(t.Context(), key,
		"", "", "\n", good, "/\n/short.css", good[:40], "no separator", good, "/x\n/other.css", good, "/\n/nan.css", nan+good[8:],
		"/\n/json.css", good[:48]+"{", "/y\n", good[:48]+"[", "/\n/huge.css", good+strings.Repeat(" ", 20000),
		"/z\n//evil.example/x.js", good[:48]+`{"link":"<//evil.example/x.js>; rel=preload; as=script"}`,
	).Err())
	must(t, a.Merge(t.Context(), []evidence.Delta{delta("/", "/short.css", 1, 1), delta("/", "/a.css", 1, 2)})) // the script meets them too
	eventually(t, "the sound ones are read", func() bool { b.read(t); return b.views("/") == 3 })
	var names []string
	for _, d := range b.got {
		for _, v := range d.Assets {
			names = append(names, d.Page+" "+v.Asset.Path)
		}
	}
	if diff := cmp.Diff([]string{"/ /a.css", "/ /short.css"}, names); diff != "" {
		t.Error(diff)
	}
	late := reader{store: open(t, r.URL(), c)}
	late.read(t) // nothing of it has poisoned the archive

	for _, bad := range []evidence.Cursor{"x", "round/1", "archive/1/-1", "round/1/2/3", "archive/01/0", "round//0", "Round/1/1"} {
		if _, next, err := a.Load(t.Context(), bad); err == nil || next != bad {
			t.Errorf("Load(%q): %q, %v", bad, next, err)
		}
	}
}

// Bad names in deltas are left out, never an error that would keep the rest back.
func TestMergeLeavesOutWhatCannotBe(t *testing.T) {
	r := peer.StartRedis(t)
	a, b := open(t, r.URL(), quick), reader{store: open(t, r.URL(), quick)}
	b.read(t)
	must(t, a.Merge(t.Context(), []evidence.Delta{
		delta("", "/a.css", 1, 1), delta("/two\nlines", "/a.css", 1, 1), delta("/nothing", "", 1, 1), delta("/off", "//evil/a.css", 1, 1),
		{Page: "/bare", Views: 1, Time: time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), Members: 300},
		delta("/ok", "/a.css", 1, 1),
	}))
	eventually(t, "the good one is read", func() bool { b.read(t); return b.views("/ok") > 0 })
	for _, page := range []string{"", "/two\nlines"} {
		if b.views(page) != 0 {
			t.Errorf("page %q was read", page)
		}
	}
	for _, d := range b.got {
		if d.Page != "/ok" && len(d.Assets) > 0 {
			t.Errorf("%s has %v", d.Page, d.Assets)
		}
		if d.Page == "/bare" && d.Members != 300 {
			t.Errorf("%d members", d.Members)
		}
	}
}

// Three nodes, each of which alone has seen too few clients, learn as one.
func TestThreeNodesLearnAsOne(t *testing.T) {
	r := peer.StartRedis(t)
	var nodes [3]*node
	at := time.Now().Add(-time.Minute)
	for i := range nodes {
		nodes[i] = newNode(t, r.URL(), quick)
	}
	for i, n := range nodes {
		for v := range 6 {
			n.visit("/", learn.Client(1+i*1_000_003+v*7_919), at, "/a.css", "/b.css")
		}
		if n.wants("/", "/a.css") {
			t.Fatalf("node %d knows it all by itself", i)
		}
	}
	for _, n := range nodes {
		defer n.run()()
	}
	for i, n := range nodes {
		eventually(t, fmt.Sprintf("node %d wants both", i), func() bool { return n.wants("/", "/a.css") && n.wants("/", "/b.css") })
	}
	late := newNode(t, r.URL(), quick)
	must(t, late.sharer.Exchange(t.Context()))
	eventually(t, "a new node wants both at once", func() bool {
		must(t, late.sharer.Exchange(t.Context()))
		return late.wants("/", "/a.css") && late.wants("/", "/b.css")
	})
}

// serve is a page that links what the node wants: all that a response has to do with the store.
func (n *node) serve() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.client++
		n.visit(r.URL.Path, n.client, time.Now().Add(-10*time.Second), "/a.css")
		for _, p := range n.model.Wanted(r.URL.Path) {
			w.Header().Add("Link", p.Asset.String())
		}
		io.WriteString(w, "<!doctype html><title>page</title>")
	})
}

func get(t testing.TB, h http.Handler) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	return fmt.Sprint(w.Code, w.Header(), w.Body)
}

// Redis dies, another comes up empty, a node dies: no response changes, and sharing goes on by
// itself.
func TestDeathChangesNoResponse(t *testing.T) {
	r := peer.StartRedis(t)
	a, b := newNode(t, r.URL(), quick), newNode(t, r.URL(), quick)
	a.client, b.client = 1<<40, 1<<41
	a.sharer.Timeout = 200 * time.Millisecond // a may fail for a while; b, which may not, has the usual time
	a.sharer.Every, b.sharer.Every = 5*time.Millisecond, 5*time.Millisecond
	a.sharer.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	stopA := a.run()
	ha, hb := a.serve(), b.serve()
	for range 20 {
		get(t, ha)
		get(t, hb)
		must(t, b.sharer.Exchange(t.Context()))
	}
	want := get(t, ha)
	if !strings.Contains(want, "</a.css>") || get(t, hb) != want {
		t.Fatalf("before: %s", want)
	}
	check := func(when string) {
		t.Helper()
		for range 20 {
			if got := get(t, ha); got != want {
				t.Errorf("%s: node a says %s, want %s", when, got, want)
			}
			if got := get(t, hb); got != want {
				t.Errorf("%s: node b says %s, want %s", when, got, want)
			}
		}
	}
	check("alive")
	r.Kill(t)
	check("Redis killed")
	if err := b.sharer.Exchange(t.Context()); err == nil {
		t.Error("an exchange with nobody succeeds")
	}
	check("after a failed exchange")
	r.Restart(t) // empty, and without the script
	a.crowd("/new", 1<<50, "/new.css")
	eventually(t, "b learns from a by a new Redis", func() bool {
		must(t, b.sharer.Exchange(t.Context()))
		return b.wants("/new", "/new.css")
	})
	check("Redis back")
	stopA()
	for range 5 {
		must(t, b.sharer.Exchange(t.Context()))
	}
	check("node a gone")
}

// A black hole holds no request up and gathers no goroutines, and once it opens sharing goes on.
func TestBlackHole(t *testing.T) {
	r := peer.StartRedis(t)
	hole := peer.NewBlackHole(t, r.Addr)
	n := newNode(t, "redis://"+hole.Addr, quick)
	other := newNode(t, r.URL(), quick)
	h := n.serve()
	must(t, n.sharer.Exchange(t.Context()))
	for range 40 {
		get(t, h)
	}
	want := get(t, h)
	hole.Close()
	n.sharer.Timeout = 20 * time.Millisecond

	exchanges, settle := 10, 3
	if full() {
		exchanges = 3000 // a minute
	}
	before, most := 0, 0
	for i := range exchanges {
		if err := n.sharer.Exchange(t.Context()); err == nil {
			t.Fatal("an exchange with a black hole succeeds")
		}
		if got := get(t, h); got != want {
			t.Fatalf("response in the black hole: %s, want %s", got, want)
		}
		// The proxy's goroutines are those of this process too: one for each connection that
		// it has yet to see the end of.
		mine := runtime.NumGoroutine() - hole.Connections()
		if i < settle {
			before = max(before, mine)
		}
		most = max(most, mine)
	}
	if most > before+3 {
		t.Errorf("%d goroutines after %d exchanges, %d after %d", most, exchanges, before, settle)
	}
	n.crowd("/hole", 1<<50, "/hole.css")
	hole.Open()
	n.sharer.Timeout = 2 * time.Second
	eventually(t, "what happened meanwhile is told", func() bool {
		n.sharer.Exchange(t.Context()) // one may still fail: its connection was cut
		must(t, other.sharer.Exchange(t.Context()))
		return other.wants("/hole", "/hole.css")
	})
}

// Nothing is lost by a failing call: what Merge did not take can be given again, and what it
// queued stays queued.
func TestFailureLosesNothing(t *testing.T) {
	r := peer.StartRedis(t)
	c := quick
	c.Turns = 1000
	s := open(t, r.URL(), c)
	s.lim.known = 1
	must(t, s.Merge(t.Context(), []evidence.Delta{delta("/", "/a.css", 1, 1)}))
	must(t, s.Merge(t.Context(), []evidence.Delta{delta("/", "/a.css", 1, 1)}))
	if n := s.Stats().Queued; n != 1 {
		t.Skip("the page's turn came, one time in a thousand")
	}
	r.Kill(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := s.Merge(ctx, []evidence.Delta{delta("/new", "/b.css", 1, 1)}); err == nil {
		t.Error("Merge into nothing succeeds")
	} else if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "redisstore: ") {
		t.Errorf("not one line for a person: %q", err)
	}
	if got := s.Stats(); got.Queued != 1 || got.Sent != 2 {
		t.Errorf("%+v, want one queued still and two sent", got)
	}
	r.Restart(t)
	b := reader{store: open(t, r.URL(), c)}
	b.read(t)
	eventually(t, "the client has found the new server", func() bool { // it looks once a second
		return s.Merge(t.Context(), []evidence.Delta{delta("/new", "/b.css", 1, 1)}) == nil
	})
	must(t, s.Close(t.Context()))
	eventually(t, "both are read", func() bool { b.read(t); return b.views("/") == 1 && b.views("/new") == 1 })
}

func TestOpenAndConfig(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"http://127.0.0.1/", "scheme"},
		{"redis://user:hunter2@127.0.0.1:port/", "port"},
		{"redis://user:hunter2@127.0.0.1:1/?nonsense=1", "nonsense"},
		{"redis://user:hunter2@127.0.0.1:1/?site=a%7Db", "site"},
	} {
		_, err := Open(c.url, Config{})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q): %v", c.url, err)
		}
	}
	for _, bad := range []Config{
		{Round: time.Millisecond}, {Round: 10*time.Millisecond + 1}, {Turns: -1}, {MaxPages: -1}, {MaxRound: -1},
		{Site: strings.Repeat("x", 129)}, {Site: "a b"},
	} {
		if _, err := New(redis.NewClient(&redis.Options{}), bad); err == nil || !strings.HasPrefix(err.Error(), "redisstore: ") {
			t.Errorf("New(%+v): %v", bad, err)
		}
	}
	s := open(t, nobody(t), Config{})
	if _, _, err := s.Load(t.Context(), ""); err == nil {
		t.Error("Load from nobody succeeds")
	}
}

// The merged record does not depend on the order of reports, whatever they are.
func TestOrderDoesNotMatter(t *testing.T) {
	r := peer.StartRedis(t)
	rng := rand.New(rand.NewPCG(4, 2))
	for n := range 20 {
		var reports []evidence.Delta
		for i := range 6 {
			d := delta("/", "/a.css", float64(rng.IntN(50))/8, rng.Uint64()&rng.Uint64())
			v := &d.Assets[0]
			v.Held, v.Against, v.Day = float64(rng.IntN(9))/8, rng.Uint64(), v.Day+uint16(rng.IntN(2))
			v.Version, v.Wanted, v.Order = fmt.Sprintf(`"%d"`, i), rng.IntN(2) == 0, float64(rng.IntN(20))
			d.Time = d.Time.Add(time.Duration(rng.IntN(3)) * time.Second)
			reports = append(reports, d)
		}
		var sums [2]string
		for k := range sums {
			c := quick
			c.Round, c.Site = time.Hour, fmt.Sprintf("%d.%d", n, k)
			rng.Shuffle(len(reports), func(i, j int) { reports[i], reports[j] = reports[j], reports[i] })
			s := open(t, r.URL(), c)
			for _, d := range reports {
				must(t, s.Merge(t.Context(), []evidence.Delta{d}))
			}
			plain := client(t, r)
			for _, key := range plain.Keys(t.Context(), "casper:1:{"+c.Site+"}:round:*").Val() {
				sums[k] += fmt.Sprint(plain.HGetAll(t.Context(), key).Val())
			}
		}
		if sums[0] == "" || sums[0] != sums[1] {
			t.Fatalf("two orders, two sums:\n%q\n%q", sums[0], sums[1])
		}
	}
}

// What a node declares and takes back is of no views. It is read once all the same, by others
// and not by the node itself, and the archive has what was said last.
func TestDeclarations(t *testing.T) {
	r := peer.StartRedis(t)
	a, b := open(t, r.URL(), quick), open(t, r.URL(), quick)
	ra, rb := reader{store: a}, reader{store: b}
	ra.read(t)
	rb.read(t)
	say := func(at time.Time, linked bool) evidence.Delta {
		v := evidence.Vote{Asset: css("/a.css"), Urgency: -1, Wanted: linked, Linked: linked, LinkNews: true}
		return evidence.Delta{Page: "/", Time: at, Assets: []evidence.Vote{v}}
	}
	said := say(start, true)
	must(t, a.Merge(t.Context(), []evidence.Delta{said}))
	eventually(t, "b reads what a declares", func() bool { rb.read(t); return len(rb.got) > 0 })
	if diff := cmp.Diff([]evidence.Delta{said}, rb.got); diff != "" {
		t.Error(diff)
	}
	back := say(start.Add(time.Second), false)
	must(t, a.Merge(t.Context(), []evidence.Delta{back}))
	eventually(t, "b reads that a takes it back", func() bool { rb.read(t); return rb.got[0].Time.Equal(back.Time) })
	if diff := cmp.Diff([]evidence.Delta{back}, rb.got); diff != "" {
		t.Error(diff)
	}
	must(t, b.Merge(t.Context(), []evidence.Delta{delta("/b", "/b.css", 1, 1)})) // something to wait for
	eventually(t, "a reads what b reported", func() bool { ra.read(t); return ra.views("/b") > 0 })
	if len(ra.got) != 1 {
		t.Errorf("a reads its own: %v", ra.got)
	}
	late := reader{store: open(t, r.URL(), quick)}
	late.read(t)
	if diff := cmp.Diff(back, late.got[0]); diff != "" {
		t.Errorf("from the archive: %s", diff)
	}
}
