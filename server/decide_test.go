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
func TestDecide(t *testing.T) {
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
		stale  bool
		size   int64
		means  server.Means
		why    server.Reason
	}{
		{"all means", server.Policy{}, all, style, false, 0, server.ByPush, server.ReasonWanted},
		{"no means", server.Policy{}, server.Client{}, style, false, 0, server.ByNothing, server.ReasonUnable},
		{"all but push", server.Policy{}, hintOrLink, style, false, 0, server.ByHint, server.ReasonWanted},
		{"link alone", server.Policy{}, links, style, false, 0, server.ByLink, server.ReasonWanted},

		{"a policy without push", server.Policy{NoPush: true}, all, style, false, 0, server.ByHint, server.ReasonWanted},
		{"and no other means", server.Policy{NoPush: true}, push, style, false, 0, server.ByNothing, server.ReasonUnable},
		{"a policy without hints", server.Policy{NoHints: true}, hintOrLink, style, false, 0, server.ByLink, server.ReasonWanted},
		{"and no other means", server.Policy{NoHints: true}, hint, style, false, 0, server.ByNothing, server.ReasonUnable},
		{"a policy without links", server.Policy{NoLinks: true}, links, style, false, 0, server.ByNothing, server.ReasonUnable},
		{"an asset that is not pushed", server.Policy{}, all, noPush, false, 0, server.ByHint, server.ReasonWanted},
		{"and no other means", server.Policy{}, push, noPush, false, 0, server.ByNothing, server.ReasonUnable},
		{"an origin is not pushed", server.Policy{}, push, origin, false, 0, server.ByNothing, server.ReasonUnable},
		{"but hinted, fresh or not", server.Policy{}, all, origin, true, 0, server.ByHint, server.ReasonWanted},
		{"an asset for pushes alone", server.Policy{}, hintOrLink, onlyPush, false, 0, server.ByNothing, server.ReasonUnable},
		{"is pushed", server.Policy{}, all, onlyPush, false, 0, server.ByPush, server.ReasonWanted},
		{"and not linked where the budget is spent", server.Policy{MaxBytes: 9}, all, onlyPush, false, 10, server.ByNothing, server.ReasonOverBytes},
		{"what no browser takes as a hint", server.Policy{}, hint, document, false, 0, server.ByNothing, server.ReasonUnable},
		{"is linked", server.Policy{}, hintOrLink, document, false, 0, server.ByLink, server.ReasonWanted},

		{"a hint that would be fetched twice", server.Policy{}, hint, style, true, 0, server.ByNothing, server.ReasonUncached},
		{"is a link", server.Policy{}, hintOrLink, style, true, 0, server.ByLink, server.ReasonWanted},
		{"and no reason against a push", server.Policy{}, all, style, true, 0, server.ByPush, server.ReasonWanted},

		{"the last octet of the budget", server.Policy{MaxBytes: 100}, with(push, func(c *server.Client) { c.Bytes = 90 }), style, false, 10, server.ByPush, server.ReasonWanted},
		{"one more", server.Policy{MaxBytes: 100}, with(push, func(c *server.Client) { c.Bytes = 91 }), style, false, 10, server.ByNothing, server.ReasonOverBytes},
		{"is hinted", server.Policy{MaxBytes: 100}, with(all, func(c *server.Client) { c.Bytes = 91 }), style, false, 10, server.ByHint, server.ReasonWanted},
		{"256 KiB by default", server.Policy{}, with(push, func(c *server.Client) { c.Bytes = 240 << 10 }), style, false, 0, server.ByPush, server.ReasonWanted},
		{"an unknown size is 16 KiB", server.Policy{}, with(push, func(c *server.Client) { c.Bytes = 240<<10 + 1 }), style, false, 0, server.ByNothing, server.ReasonOverBytes},
		{"the last push under way, of 32", server.Policy{}, with(push, func(c *server.Client) { c.Live = 31 }), style, false, 0, server.ByPush, server.ReasonWanted},
		{"one more is hinted", server.Policy{}, with(all, func(c *server.Client) { c.Live = 32 }), style, false, 0, server.ByHint, server.ReasonWanted},
		{"the last asset of a page", server.Policy{MaxAssets: 2}, with(all, func(c *server.Client) { c.Count = 1 }), style, false, 0, server.ByPush, server.ReasonWanted},
		{"one more", server.Policy{MaxAssets: 2}, with(all, func(c *server.Client) { c.Count = 2 }), style, false, 0, server.ByNothing, server.ReasonOverCount},
		{"8 by default", server.Policy{}, with(links, func(c *server.Client) { c.Count = 7 }), style, false, 0, server.ByLink, server.ReasonWanted},
		{"one more", server.Policy{}, with(links, func(c *server.Client) { c.Count = 8 }), style, false, 0, server.ByNothing, server.ReasonOverCount},

		{"what the cookie holds", server.Policy{}, with(all, func(c *server.Client) { c.Held = casper.New(casper.Params{}, keysOf("/a.css")...) }), style, false, 0, server.ByNothing, server.ReasonHeld},
		{"what the digest holds", server.Policy{}, with(all, func(c *server.Client) { c.Digest = knowing("https://example.com/a.css") }), style, false, 0, server.ByNothing, server.ReasonHeld},
		{"another digest", server.Policy{}, with(all, func(c *server.Client) { c.Digest = knowing("https://example.com/b.css") }), style, false, 0, server.ByPush, server.ReasonWanted},
		{"what is refused", server.Policy{}, with(all, func(c *server.Client) { c.Deny = func(a *server.Asset) bool { return a.Path == "/a.css" } }), style, false, 0, server.ByNothing, server.ReasonDenied},
		{"what else is refused", server.Policy{}, with(all, func(c *server.Client) { c.Deny = func(a *server.Asset) bool { return a.Path != "/a.css" } }), style, false, 0, server.ByPush, server.ReasonWanted},
		{"no path", server.Policy{}, all, link.Asset{Path: "a.css", As: "style"}, false, 0, server.ByNothing, server.ReasonInvalid},
	} {
		a := server.Prepare(tt.asset, casper.Params{})
		a.Uncached, a.Size, a.URL = tt.stale, tt.size, "https://example.com"+tt.asset.Path
		plan := tt.policy.Decide(&tt.client, []*server.Asset{a}, nil)
		if v := plan.Verdicts[0]; v.Means != tt.means || v.Reason != tt.why {
			t.Errorf("%s: %v, %v; want %v, %v", tt.name, v.Means, v.Reason, tt.means, tt.why)
		}
		tracked := tt.means != server.ByNothing && tt.asset.As == "style"
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
		why     []server.Reason
	}{
		{"the same twice", nil, []*server.Asset{a, a}, []server.Reason{server.ReasonWanted, server.ReasonRepeated}},
		{"the same path twice", nil, []*server.Asset{a, again}, []server.Reason{server.ReasonWanted, server.ReasonRepeated}},
		{"another relation", nil, []*server.Asset{a, module}, []server.Reason{server.ReasonWanted, server.ReasonWanted}},
		{"another path", nil, []*server.Asset{a, other}, []server.Reason{server.ReasonWanted, server.ReasonWanted}},
		{"delivered earlier", []server.Verdict{{Asset: a, Means: server.ByHint}}, []*server.Asset{again, other}, []server.Reason{server.ReasonRepeated, server.ReasonWanted}},
		{"not delivered earlier", []server.Verdict{{Asset: a, Reason: server.ReasonUnable}}, []*server.Asset{again, other}, []server.Reason{server.ReasonWanted, server.ReasonWanted}},
		{"another relation earlier", []server.Verdict{{Asset: module, Means: server.ByHint}}, []*server.Asset{a}, []server.Reason{server.ReasonWanted}},
	} {
		plan := p.Decide(&server.Client{CanLink: true}, tt.want, tt.earlier)
		for i, v := range plan.Verdicts {
			if v.Reason != tt.why[i] || v.Asset != tt.want[i] {
				t.Errorf("%s: asset %d is %v", tt.name, i, v.Reason)
			}
		}
	}

	// Of two that are denied the second is a repetition no less: there is one reason for both.
	plan := p.Decide(&server.Client{}, []*server.Asset{a, again}, nil)
	if plan.Verdicts[0].Reason != server.ReasonUnable || plan.Verdicts[1].Reason != server.ReasonRepeated || plan.Changed {
		t.Errorf("nothing can be done: %v, %v", plan.Verdicts[0].Reason, plan.Verdicts[1].Reason)
	}

	// Pushes of one decision count against those that may be under way.
	plan = p.Decide(&server.Client{CanPush: true, Live: 31}, []*server.Asset{a, other}, nil)
	if plan.Verdicts[0].Reason != server.ReasonWanted || plan.Verdicts[1].Reason != server.ReasonOverCount || plan.Pushes != 1 {
		t.Errorf("one more may be under way: %v, %v", plan.Verdicts[0].Reason, plan.Verdicts[1].Reason)
	}
}

// What was decided before Next ran is not decided again on what it links, whatever it was: each
// asset has one verdict.
func TestOneVerdictEach(t *testing.T) {
	var plan []server.Verdict
	h := &server.Handler{
		Next:    site("</held.css>; rel=preload; as=style, </denied.css>; rel=preload; as=style, </sent.css>; rel=preload; as=style, </late.css>; rel=preload; as=style"),
		Sources: wants("/held.css", "/denied.css", "/sent.css"),
		Allow:   func(_ *http.Request, a link.Asset) bool { return a.Path != "/denied.css" },
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
	for path, why := range map[string]server.Reason{"/held.css": server.ReasonHeld, "/denied.css": server.ReasonDenied, "/sent.css": server.ReasonWanted, "/late.css": server.ReasonWanted} {
		if got[path].Reason != why {
			t.Errorf("%s: %v, want %v", path, got[path].Reason, why)
		}
	}
	if n := h.Stats().Held.Load(); n != 1 {
		t.Errorf("%d assets are counted as held, want 1", n)
	}
}

// What is wanted first is sent first, whatever it is: who names assets knows what they are for.
func TestOrderIsKept(t *testing.T) {
	h := &server.Handler{Next: site(), Sources: wants("/hero.jpg", "/late.js", "/print.css"), Policy: server.Policy{MaxAssets: 1}}
	if s := ask(h, "/"); !slices.Equal(s.pushed, []string{"/hero.jpg"}) {
		t.Errorf("pushed %q, want the first that is wanted", s.pushed)
	}
}

// A value that is none of the means or reasons is not taken for one of them.
func TestUnknownWords(t *testing.T) {
	for _, said := range []string{server.Means(5).String(), server.Reason(99).String()} {
		if said != "Means(5)" && said != "Reason(99)" {
			t.Errorf("an unknown value is %q", said)
		}
	}
}
