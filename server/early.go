package server

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cache-aware/casper/server/internal/httpfacts"
	"github.com/cache-aware/casper/server/internal/memory"
	"github.com/cache-aware/casper/server/link"
)

// early delivers what is known to be wanted before Next runs, unless the page has
// lately ended in a redirect or an error, or the client seems to have it.
func (w *response) early() {
	if len(w.h.Sources) == 0 && !w.h.ReadAhead && !w.s.memory.Used() || w.r.Method == http.MethodPost {
		return
	}
	f := w.facts()
	if !f.page || len(w.h.Sources) == 0 && !w.h.ReadAhead && !f.remembered() {
		return
	}
	x := w.engage()
	switch {
	case f.known != nil && (f.known.Other() || f.known.Failed(w.network())):
		x.silent = SilentTrouble
		return
	case !w.mayPush() && !w.mayHint():
		return
	}
	w.foresee()
	switch p := w.wanted(); {
	case p == nil:
	case len(p.assets) == 0:
		x.silent = silentAhead(f)
	case w.informed():
		x.silent = SilentHeld
	default:
		x.silent = silentPlan(w.deliver(p.assets, means{push: true, hint: true}, nil))
	}
}

// hint sends the one 103 of this request: only links, and a content security policy if one
// is known, since a browser applies that to what it fetches early. Whether it does so or the view is one
// of the control group is drawn here, when all else is decided: the two groups differ by the 103
// alone. What was decided stays in the plan and in the cookie, in both, since a client that is not
// told of the assets asks for them all the same, a little later.
func (w *response) hint(verdicts []Verdict) {
	links := make([]string, 0, len(verdicts))
	for _, v := range verdicts {
		if v.Means == ByHint {
			links = append(links, v.Asset.early())
		}
	}
	if w.h.Control > 0 && rand.Float64() < w.h.Control {
		w.control = true
		w.h.stats.Controls.Add(1)
		return
	}
	if !w.exchange.arrived.IsZero() {
		w.hintedAt = time.Now()
	}
	w.sendHints(links)
	w.h.stats.Hinted.Add(int64(len(links)))
}

// sendHints sends a 103 in isolation, by the lowest writer: those above may take it for the
// answer.
//
// net/http hands the live header map to the HTTP/2 frame writer and returns early when
// the client resets the stream, so that the next Header().Set of a handler races
// with the writer: a fatal error that no recover catches (golang.org/issue/67940). It
// does clone the map when it holds a Content-Length, which it then leaves out of
// an informational answer; so there is one. TestHintSurvivesReset stands guard.
func (w *response) sendHints(links []string) {
	below := w.informer()
	header := below.Header()
	saved := maps.Clone(header)
	clear(header)
	header["Link"] = links
	if csp := earlyPolicy(w.policyOf(saved)); len(csp) > 0 {
		header["Content-Security-Policy"] = csp
	}
	if w.r.ProtoMajor == 2 { // quic-go would send it
		header["Content-Length"] = []string{"0"}
	}
	w.hinted = true
	below.WriteHeader(http.StatusEarlyHints)
	clear(header)
	maps.Copy(header, saved)
	if w.conn != nil && w.awaited == "" && (w.h.Observe != nil || w.s.observers != nil) {
		w.awaited = w.facts().url()
		w.conn.hinting.began(w.awaited)
	}
}

// policyOf returns the content security policies of the answer to come, as far as they are
// known: they may stand in the header of a writer above the lowest.
func (w *response) policyOf(lowest http.Header) []string {
	const field = "Content-Security-Policy"
	if policy := lowest[field]; len(policy) > 0 {
		return policy
	}
	return w.Header()[field]
}

// An Informer is a ResponseWriter that passes informational answers on (RFC 9110, section
// 15.2), a 103 among them. The writers of net/http, x/net/http2 and quic-go are known to do so;
// that of another server may say it by this method. Others take a 103 for the answer:
// nothing is hinted through them.
type Informer interface {
	http.ResponseWriter
	Informs()
}

// Informs says that a 103 passes through a Handler.
func (w *response) Informs() {}

// informer returns the lowest writer that Unwrap leads to, nil where that is not known to pass
// a 103 on.
func (w *response) informer() http.ResponseWriter {
	x := w.engage()
	if !x.descended {
		x.descended, x.lowest = true, informerOf(w.ResponseWriter)
	}
	return x.lowest
}

func informerOf(w http.ResponseWriter) http.ResponseWriter {
	for {
		switch v := w.(type) {
		case Informer:
			return w
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			if informing(reflect.TypeOf(w)) {
				return w
			}
			return nil
		}
	}
}

var informs sync.Map // reflect.Type to bool: there are as many as a program has kinds of writers

// informing reports whether a type is that of a server's own writer which passes a 103 on.
func informing(t reflect.Type) bool {
	if known, ok := informs.Load(t); ok {
		return known.(bool)
	}
	e := t
	if e.Kind() == reflect.Pointer {
		e = e.Elem()
	}
	yes := false
	switch name := e.PkgPath() + "." + e.Name(); name {
	case "net/http.response", "net/http.http2responseWriter", "golang.org/x/net/http2.responseWriter", "github.com/quic-go/quic-go/http3.responseWriter":
		yes = true
	}
	informs.Store(t, yes)
	return yes
}

// earlyPolicy returns the policies as they may stand in a 103: without default-src 'none'.
// Chromium 156 uses no hint at all beside that, even where style-src and script-src allow
// the assets. The final answer carries the whole policy, and decides what is used.
func earlyPolicy(policies []string) (early []string) {
	for _, p := range policies {
		var keep []string
		for d := range strings.SplitSeq(p, ";") {
			d = strings.TrimSpace(d)
			if f := strings.Fields(d); len(f) > 0 && !(len(f) == 2 && strings.EqualFold(f[0], "default-src") && strings.EqualFold(f[1], "'none'")) {
				keep = append(keep, d)
			}
		}
		if len(keep) > 0 {
			early = append(early, strings.Join(keep, "; "))
		}
	}
	return early
}

// inform passes another informational answer on, with Next's header, guarding against the
// same race.
func (w *response) inform(code int) {
	header := w.Header()
	if _, ok := header["Content-Length"]; !ok {
		header["Content-Length"] = []string{"0"}
		defer delete(header, "Content-Length")
	}
	w.ResponseWriter.WriteHeader(code)
}

// relayHints passes on a 103 of Next's own, never less than Next has sent: all its links in
// their order, whatever casper makes of them. Ahead of a document they count as hinted, what
// went out before is left out, and what the page links is remembered. HTTP/1 clients get no 103,
// unless they are proxies that are trusted.
func (w *response) relayHints() {
	values := w.Header()["Link"]
	proxy := w.r.ProtoAtLeast(1, 1) && httpfacts.Networks(w.h.Proxies).Trusts(w.r)
	if len(values) == 0 || w.pushed || w.r.ProtoMajor < 2 && !proxy || w.informer() == nil {
		return
	}
	early := slices.Clone(values)
	if f := w.facts(); f.page || f.pushable {
		early = w.foretell(values)
	}
	if len(early) > 0 {
		w.sendHints(early)
	}
}

// foretell takes note of what a 103 of Next's links, pushes what can be pushed, and returns the
// links that are to go out.
func (w *response) foretell(values []string) []string {
	x, hintable := w.exchange, w.facts().hintable
	type named struct {
		text  string
		asset *Asset // nil for what is none
	}
	var list []named
	var want []*Asset
	page := w.wanted()
	for l := range link.Links(values, w.facts().base()) {
		n := named{text: l.Early(values[l.Value])}
		if l.Err == nil {
			n.asset = w.prepared(page, &l.Asset)
			if want = append(want, n.asset); len(x.foretold) < memory.MaxLinks && !has(x.foretold, &l.Asset) {
				x.foretold = append(x.foretold, l.Asset)
			}
		}
		list = append(list, n)
	}
	if w.mayPush() {
		w.deliver(want, means{push: true}, nil)
	}
	if !hintable {
		return slices.Clone(values) // as it came
	}
	var early []string
	for _, n := range list {
		if n.text != "" && !slices.Contains(x.told, n.text) && (n.asset == nil || !x.delivered(&n.asset.Asset)) {
			early = append(early, n.text)
		}
	}
	x.told = append(x.told, early...)
	// They go out, as many as they are: our limit is for what we add.
	all := w.h.Policy
	all.MaxAssets = len(x.sent) + len(want) + 1
	c := *w.currentClient(means{})
	c.CanHint = true
	before := len(x.sent)
	plan := all.Decide(&c, want, x.sent)
	x.sent = append(x.sent, plan.Verdicts...)
	w.account(x.sent[before:], plan)
	w.h.stats.Hinted.Add(int64(plan.Hints))
	return early
}
