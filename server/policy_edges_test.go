package server_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// knowing is a digest that holds one URL.
type knowing string

func (k knowing) Holds(url, _ string) bool { return url == string(k) }

// Each row is an edge of the decision on one asset: with one thing changed it would be
// another verdict.
func TestDecideEdges(t *testing.T) {
	style := link.Asset{Path: "/a.css", As: "style"}
	origin := link.Asset{Path: "https://cdn.example", Rel: link.Preconnect}
	onlyPush := link.Asset{Path: "/a.css", As: "style", PushOnly: true}
	noPush := link.Asset{Path: "/a.css", As: "style", NoPush: true}
	document := link.Asset{Path: "/next", As: "document"} // browsers preload no documents
	all := server.Client{CanPush: true, CanHint: true, CanLink: true}
	push, hint, links := server.Client{CanPush: true}, server.Client{CanHint: true}, server.Client{CanLink: true}
	hintOrLink := server.Client{CanHint: true, CanLink: true}
	with := func(c server.Client, change func(*server.Client)) server.Client {
		change(&c)
		return c
	}
	for _, tt := range []struct {
		name   string
		policy server.Policy
		client server.Client
		asset  link.Asset
		fresh  server.Freshness
		size   int64
		means  server.Means
		why    server.Why
	}{
		{"all means", server.Policy{}, all, style, server.Unknown, 0, server.ByPush, server.Wanted},
		{"no means", server.Policy{}, server.Client{}, style, server.Fresh, 0, server.None, server.Unable},
		{"all but push", server.Policy{}, hintOrLink, style, server.Unknown, 0, server.ByHint, server.Wanted},
		{"link alone", server.Policy{}, links, style, server.Unknown, 0, server.ByLink, server.Wanted},

		{"a policy without push", server.Policy{NoPush: true}, all, style, server.Unknown, 0, server.ByHint, server.Wanted},
		{"and no other means", server.Policy{NoPush: true}, push, style, server.Unknown, 0, server.None, server.Unable},
		{"a policy without hints", server.Policy{NoHints: true}, hintOrLink, style, server.Fresh, 0, server.ByLink, server.Wanted},
		{"and no other means", server.Policy{NoHints: true}, hint, style, server.Fresh, 0, server.None, server.Unable},
		{"a policy without links", server.Policy{NoLinks: true}, links, style, server.Fresh, 0, server.None, server.Unable},
		{"an asset that is not pushed", server.Policy{}, all, noPush, server.Unknown, 0, server.ByHint, server.Wanted},
		{"and no other means", server.Policy{}, push, noPush, server.Unknown, 0, server.None, server.Unable},
		{"an origin is not pushed", server.Policy{}, push, origin, server.Unknown, 0, server.None, server.Unable},
		{"but hinted, fresh or not", server.Policy{}, all, origin, server.Stale, 0, server.ByHint, server.Wanted},
		{"an asset for pushes alone", server.Policy{}, hintOrLink, onlyPush, server.Fresh, 0, server.None, server.Unable},
		{"is pushed", server.Policy{}, all, onlyPush, server.Fresh, 0, server.ByPush, server.Wanted},
		{"and not linked where the budget is spent", server.Policy{MaxBytes: 9}, all, onlyPush, server.Fresh, 10, server.None, server.OverBytes},
		{"what no browser takes as a hint", server.Policy{}, hint, document, server.Fresh, 0, server.None, server.Unable},
		{"is linked", server.Policy{}, hintOrLink, document, server.Fresh, 0, server.ByLink, server.Wanted},

		{"a hint that would be fetched twice", server.Policy{}, hint, style, server.Stale, 0, server.None, server.Uncached},
		{"is a link", server.Policy{}, hintOrLink, style, server.Stale, 0, server.ByLink, server.Wanted},
		{"and no reason against a push", server.Policy{}, all, style, server.Stale, 0, server.ByPush, server.Wanted},

		{"the last octet of the budget", server.Policy{MaxBytes: 100}, with(push, func(c *server.Client) { c.Bytes = 90 }), style, server.Fresh, 10, server.ByPush, server.Wanted},
		{"one more", server.Policy{MaxBytes: 100}, with(push, func(c *server.Client) { c.Bytes = 91 }), style, server.Fresh, 10, server.None, server.OverBytes},
		{"is hinted", server.Policy{MaxBytes: 100}, with(all, func(c *server.Client) { c.Bytes = 91 }), style, server.Fresh, 10, server.ByHint, server.Wanted},
		{"256 KiB by default", server.Policy{}, with(push, func(c *server.Client) { c.Bytes = 240 << 10 }), style, server.Fresh, 0, server.ByPush, server.Wanted},
		{"an unknown size is 16 KiB", server.Policy{}, with(push, func(c *server.Client) { c.Bytes = 240<<10 + 1 }), style, server.Fresh, 0, server.None, server.OverBytes},
		{"the last push under way", server.Policy{MaxLive: 3}, with(push, func(c *server.Client) { c.Live = 2 }), style, server.Fresh, 0, server.ByPush, server.Wanted},
		{"one more", server.Policy{MaxLive: 3}, with(push, func(c *server.Client) { c.Live = 3 }), style, server.Fresh, 0, server.None, server.OverCount},
		{"32 by default", server.Policy{}, with(push, func(c *server.Client) { c.Live = 31 }), style, server.Fresh, 0, server.ByPush, server.Wanted},
		{"one more is hinted", server.Policy{}, with(all, func(c *server.Client) { c.Live = 32 }), style, server.Fresh, 0, server.ByHint, server.Wanted},
		{"the last asset of a page", server.Policy{MaxAssets: 2}, with(all, func(c *server.Client) { c.Count = 1 }), style, server.Fresh, 0, server.ByPush, server.Wanted},
		{"one more", server.Policy{MaxAssets: 2}, with(all, func(c *server.Client) { c.Count = 2 }), style, server.Fresh, 0, server.None, server.OverCount},
		{"8 by default", server.Policy{}, with(links, func(c *server.Client) { c.Count = 7 }), style, server.Fresh, 0, server.ByLink, server.Wanted},
		{"one more", server.Policy{}, with(links, func(c *server.Client) { c.Count = 8 }), style, server.Fresh, 0, server.None, server.OverCount},

		{"what the cookie holds", server.Policy{}, with(all, func(c *server.Client) { c.Held = casper.New(casper.Params{}, keysOf("/a.css")...) }), style, server.Fresh, 0, server.None, server.Held},
		{"what the digest holds", server.Policy{}, with(all, func(c *server.Client) { c.Digest = knowing("https://example.com/a.css") }), style, server.Fresh, 0, server.None, server.Held},
		{"another digest", server.Policy{}, with(all, func(c *server.Client) { c.Digest = knowing("https://example.com/b.css") }), style, server.Fresh, 0, server.ByPush, server.Wanted},
		{"what is refused", server.Policy{}, with(all, func(c *server.Client) { c.Deny = func(a *server.Asset) bool { return a.Path == "/a.css" } }), style, server.Fresh, 0, server.None, server.Denied},
		{"what else is refused", server.Policy{}, with(all, func(c *server.Client) { c.Deny = func(a *server.Asset) bool { return a.Path != "/a.css" } }), style, server.Fresh, 0, server.ByPush, server.Wanted},
		{"no path", server.Policy{}, all, link.Asset{Path: "a.css", As: "style"}, server.Fresh, 0, server.None, server.Invalid},
	} {
		a := server.Prepare(tt.asset, casper.Params{})
		a.Freshness, a.Size, a.URL = tt.fresh, tt.size, "https://example.com"+tt.asset.Path
		plan := tt.policy.Decide(&tt.client, []*server.Asset{a}, nil)
		if v := plan.Verdicts[0]; v.Means != tt.means || v.Why != tt.why {
			t.Errorf("%s: %v, %v; want %v, %v", tt.name, v.Means, v.Why, tt.means, tt.why)
		}
		tracked := tt.means != server.None && tt.asset.As == "style"
		if plan.Changed != tracked || plan.Next.Has(a.Key) != (tracked || tt.client.Held.Has(a.Key)) {
			t.Errorf("%s: changed %t, next %v", tt.name, plan.Changed, plan.Next)
		}
	}
}

// What is a repetition depends on what became of the first.
func TestDecideRepeats(t *testing.T) {
	prepare := func(path string, rel link.Rel) *server.Asset {
		return server.Prepare(link.Asset{Path: path, As: "script", Rel: rel}, casper.Params{})
	}
	a, again := prepare("/a.js", link.Preload), prepare("/a.js", link.Preload)
	module, other := prepare("/a.js", link.ModulePreload), prepare("/b.js", link.Preload)
	var p server.Policy
	for _, tt := range []struct {
		name    string
		earlier []server.Verdict
		want    []*server.Asset
		why     []server.Why
	}{
		{"the same twice", nil, []*server.Asset{a, a}, []server.Why{server.Wanted, server.Repeated}},
		{"the same path twice", nil, []*server.Asset{a, again}, []server.Why{server.Wanted, server.Repeated}},
		{"another relation", nil, []*server.Asset{a, module}, []server.Why{server.Wanted, server.Wanted}},
		{"another path", nil, []*server.Asset{a, other}, []server.Why{server.Wanted, server.Wanted}},
		{"delivered earlier", []server.Verdict{{Asset: a, Means: server.ByHint}}, []*server.Asset{again, other}, []server.Why{server.Repeated, server.Wanted}},
		{"not delivered earlier", []server.Verdict{{Asset: a, Why: server.Unable}}, []*server.Asset{again, other}, []server.Why{server.Wanted, server.Wanted}},
		{"another relation earlier", []server.Verdict{{Asset: module, Means: server.ByHint}}, []*server.Asset{a}, []server.Why{server.Wanted}},
	} {
		plan := p.Decide(&server.Client{CanLink: true}, tt.want, tt.earlier)
		for i, v := range plan.Verdicts {
			if v.Why != tt.why[i] || v.Asset != tt.want[i] {
				t.Errorf("%s: asset %d is %v", tt.name, i, v.Why)
			}
		}
	}

	// Of two that are denied the second is a repetition no less: there is one reason for both.
	plan := p.Decide(&server.Client{}, []*server.Asset{a, again}, nil)
	if plan.Verdicts[0].Why != server.Unable || plan.Verdicts[1].Why != server.Repeated || plan.Changed {
		t.Errorf("nothing can be done: %v, %v", plan.Verdicts[0].Why, plan.Verdicts[1].Why)
	}

	// Pushes of one decision count against those that may be under way.
	p.MaxLive = 2
	plan = p.Decide(&server.Client{CanPush: true, Live: 1}, []*server.Asset{a, other}, nil)
	if plan.Verdicts[0].Why != server.Wanted || plan.Verdicts[1].Why != server.OverCount || plan.Pushes != 1 {
		t.Errorf("one more may be under way: %v, %v", plan.Verdicts[0].Why, plan.Verdicts[1].Why)
	}
}

// What was decided before Next ran is not decided again on what it links, whatever it was: each
// asset has one verdict.
func TestOneVerdictEach(t *testing.T) {
	var plan []server.Verdict
	h := &server.Handler{
		Next:   site("</held.css>; rel=preload; as=style, </denied.css>; rel=preload; as=style, </sent.css>; rel=preload; as=style, </late.css>; rel=preload; as=style"),
		Source: wants("/held.css", "/denied.css", "/sent.css"),
		Allow:  func(_ *http.Request, a link.Asset) bool { return a.Path != "/denied.css" },
		Observe: func(x *server.Exchange) {
			plan = append(plan[:0], x.Plan...)
		},
	}
	ask(h, "/", "Cookie: "+held("/held.css"))
	got := map[string]server.Verdict{}
	for _, v := range plan {
		if _, twice := got[v.Asset.Path]; twice {
			t.Errorf("%s has two verdicts", v.Asset.Path)
		}
		got[v.Asset.Path] = v
	}
	for path, why := range map[string]server.Why{"/held.css": server.Held, "/denied.css": server.Denied, "/sent.css": server.Wanted, "/late.css": server.Wanted} {
		if got[path].Why != why {
			t.Errorf("%s: %v, want %v", path, got[path].Why, why)
		}
	}
	if n := h.Stats().Held.Load(); n != 1 {
		t.Errorf("%d assets are counted as held, want 1", n)
	}
}

// What is wanted first is sent first, whatever it is: who names assets knows what they are for.
func TestOrderIsKept(t *testing.T) {
	h := &server.Handler{Next: site(), Source: wants("/hero.jpg", "/late.js", "/print.css"), Policy: server.Policy{MaxAssets: 1}}
	if s := ask(h, "/"); !slices.Equal(s.pushed, []string{"/hero.jpg"}) {
		t.Errorf("pushed %q, want the first that is wanted", s.pushed)
	}
}

// A value that is none of the means or reasons is not taken for one of them.
func TestUnknownWords(t *testing.T) {
	for _, said := range []string{server.Means(5).String(), server.Why(99).String()} {
		if said != "Means(5)" && said != "Reason(99)" {
			t.Errorf("an unknown value is %q", said)
		}
	}
}
