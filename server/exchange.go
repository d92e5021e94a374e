package server

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/internal/httpfacts"
	"github.com/cache-aware/casper/server/link"
)

// An exchange is what is found out and decided for one request. There is one as soon as
// there is something to decide or to observe, and many requests are answered before:
// allocating it for every request costs an idle handler 1 % of its throughput.
type exchange struct {
	arrived      time.Time     // where that is of interest
	observations []Observation // by source; nil where there is none

	wants   Wants     // what the sources said
	room    [12]want  // for it; most pages need no more
	asked   bool      // and they were asked
	first   *prepared // what is wanted, if nothing is remembered of the page
	checked bool      // the files of it were looked at: once is enough

	network    uint64 // of the visitor, once it matters
	client     Client
	clientRead bool
	held       casper.Fingerprint // as the cookie said
	hadCookie  bool
	traffic    *traffic // of the connection; nil where nothing may be pushed

	sent      []Verdict           // what has been decided so far
	counted   bool                // in Stats.Pages
	hinted    bool                // a 103 went out
	hintedAt  time.Time           // when it did, if it was our own and somebody observes
	control   bool                // it was withheld, to compare; see Handler.Control
	ended     time.Time           // when the final header went out, if somebody observes
	refused   bool                // a push was refused, or failed
	changed   bool                // client.Held is news to the client
	stalled   *pushing            // a push that the client does not read
	pushErr   error               // why the latest push failed
	lowest    http.ResponseWriter // which a 103 is sent by, see informer
	descended bool
	awaited   string // the page's URL, while it waits for its final answer after a 103

	foretold []link.Asset // what Next's own 103s linked
	told     []string     // of them, what went out in a 103
	linked   []link.Asset // what the answer linked, or Scan found in it; shared, and not changed
	links    []link.Asset // both
	answered bool         // the answer tells what the page links
	personal bool         // the answer is for one visitor only
	unread   bool         // what it names could not be read
	silent   Silence      // why nothing went ahead of it, as far as that lies in the page
	read     bool         // some of its HTML was read
	coming   *pieces      // the rest of it, while it comes
	foreseen *version     // what it names, where that was known ahead
	current  *version     // what it names, where that is known without its body
}

// engage returns the exchange, and makes it if there is none.
func (w *response) engage() *exchange {
	if w.exchange == nil {
		w.exchange = &exchange{silent: SilentUnknown}
		w.wants.list = w.room[:0]
	}
	return w.exchange
}

// arrive finds out where the request comes from, and tells the observers of it.
func (w *response) arrive() {
	if w.r.ProtoMajor == 2 {
		w.pushed = w.promises().Load() && Pushed(w.ResponseWriter)
	}
	if w.pushed {
		if w.engage().traffic = w.count(); w.traffic != nil {
			w.traffic.arrive()
		}
	}
	if w.h.Observe != nil || w.s.observers != nil {
		w.engage().arrived = time.Now()
		w.forHint = !w.pushed && (w.conn != nil && w.conn.awaits(httpfacts.First(w.r.Header, "Referer")) || httpfacts.EarlyHinted(w.r.Header))
	}
	for i, o := range w.s.observers {
		if o == nil {
			continue
		}
		if seen := w.h.begin(o, w.r); seen != nil {
			if w.observations == nil {
				w.observations = make([]Observation, len(w.s.observers))
			}
			w.observations[i] = seen
		}
	}
}

// promises says whether any push went out to where the request comes from: only then can it
// be a pushed one.
func (w *response) promises() *atomic.Bool {
	if w.conn != nil {
		return &w.conn.pushed
	}
	return &w.s.strangers.pushed
}

// diary is that of the connection, nil where several people may share it.
func (w *response) diary() *Diary {
	if w.conn == nil || httpfacts.Forwarded(w.r.Header) {
		return nil
	}
	return &w.conn.diary
}

// count returns the counter of the connection's pushes: nil where there may be none, and
// where a Handler further out counts already.
func (w *response) count() *traffic {
	if w.conn != nil {
		if w.pushed && responseOf(w.ResponseWriter) != nil {
			return nil
		}
		return &w.conn.traffic
	}
	return w.s.strangers.of(w.r.RemoteAddr)
}

// arrived is called when the page's final answer goes out, or will never.
func (w *response) arrived() {
	if w.exchange != nil && !w.exchange.arrived.IsZero() && w.exchange.ended.IsZero() {
		w.ended = time.Now()
	}
	if w.exchange != nil && w.awaited != "" {
		for _, at := range w.conn.hinting.ended(w.awaited) {
			w.h.stats.Lead.add(time.Since(at))
		}
		w.awaited = ""
	}
}

// observed tells the observers how the request ended.
func (w *response) observed() {
	if w.h.Observe == nil && (w.exchange == nil || w.observations == nil) {
		return
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	x, f := w.engage(), w.facts()
	if f.page {
		w.readClient()
	}
	told := &Exchange{
		Request: w.r, Arrived: x.arrived, Client: httpfacts.Networks(w.h.Proxies).Client(w.r), Header: w.Header(), Status: w.status,
		Answered: x.ended, Pushed: w.pushed, Early: w.forHint, Hinted: x.hinted, HintedAt: x.hintedAt, Control: x.control,
		Held: x.held, Plan: x.sent, Silence: w.silence(), Links: w.concluded(), Personal: x.personal, Unread: x.unread, Key: w.key,
	}
	observations := x.observations
	x.observations = nil
	for _, o := range observations {
		if o != nil {
			w.h.end(o, told)
		}
	}
	if w.h.Observe != nil {
		w.h.observe(told)
	}
}

// concluded is what the page, without a query, links for everybody.
func (w *response) concluded() []link.Asset {
	x, f := w.exchange, w.facts()
	switch {
	case !x.answered || x.unread:
		return nil
	case f.known == nil && !x.personal:
		return []link.Asset{} // nothing, and that is known
	case f.query == "":
		return f.known.Concluded()
	case w.s.memory.Plain(f.place) != nil:
		return nil // another query is another answer
	}
	return w.s.memory.Page(f.place, "").Concluded()
}

// key is the key of a file of this host, as the cookie stores it.
func (w *response) key(path string) casper.Key {
	return w.h.Key(w.facts().place.Host, path)
}

// leave is called when Next has returned or panicked.
func (w *response) leave() {
	x := w.exchange
	if x == nil {
		return
	}
	w.settle()
	w.arrived()
	for _, o := range x.observations {
		if o != nil {
			w.h.end(o, nil) // Next panicked
		}
	}
	if w.pushed {
		if x.traffic != nil {
			x.traffic.endWith(streamEnd(w.ResponseWriter))
		}
		if w.r.Context().Err() != nil {
			w.h.stats.Refused.Add(1) // reset: the client held it already, or left
		}
	}
}

// readClient reads what the request says of what its client holds, once.
func (w *response) readClient() {
	x := w.exchange
	if x.clientRead {
		return
	}
	x.clientRead = true
	got := w.h.Cookie.read(w.r, w.h.Params)
	if got.bad {
		w.h.stats.BadCookie.Add(1)
	}
	x.client.Held, x.held, x.hadCookie = got.held, got.held, got.present
	if values := w.r.Header["Cache-Digest"]; len(values) > 0 {
		x.client.Digest = ReadDigest(values)
	}
	x.client.Sent = w.diary()
	if w.h.Allow != nil {
		x.client.Deny = func(a *Asset) bool { return !w.h.allow(w.r, a.Asset) }
	}
}

// means are the ways in which a decision may deliver, as far as the client takes them.
type means struct{ push, hint, link bool }

// currentClient is what a decision has to know of the client now.
func (w *response) currentClient(m means) *Client {
	w.readClient()
	x := w.exchange
	c := &x.client
	c.CanPush, c.CanHint, c.CanLink = m.push && w.mayPush(), m.hint && w.mayHint(), m.link
	if c.CanPush {
		if x.traffic == nil {
			x.traffic = w.count()
		}
		if x.traffic == nil {
			c.CanPush = false
		} else {
			c.Live = x.traffic.underWay()
		}
	}
	return c
}

// mayPush reports whether this client may be pushed to now.
func (w *response) mayPush() bool {
	x := w.exchange
	if !w.facts().pushable || x.refused || x.stalled != nil || w.conn != nil && w.conn.refused.Load() {
		return false
	}
	return pusherOf(w.ResponseWriter) != nil
}

// mayHint reports whether a 103 may go out now: there is one, ahead of the answer.
func (w *response) mayHint() bool {
	return w.facts().hintable && !w.exchange.hinted && !w.exchange.control && !w.committed && w.pending == nil && w.informer() != nil
}

// informed reports whether the client asks only for what has changed, and says nothing else
// of what it holds: it was here before, and holds what the page needed then.
func (w *response) informed() bool {
	if !httpfacts.Revalidating(w.r.Header) {
		return false
	}
	w.readClient()
	return w.exchange.client.Held.Len() == 0 && w.exchange.client.Digest == nil
}

// deliver decides on the wanted assets and carries the decision out, but for the links of the
// final answer. Where push turns out to be refused, it decides once more without. It
// returns the verdicts.
func (w *response) deliver(want []*Asset, m means, opts *http.PushOptions) []Verdict {
	x, c := w.exchange, w.currentClient(m)
	if x.sent == nil {
		x.sent = make([]Verdict, 0, max(8, len(want))) // most requests have none
	}
	if !x.counted && len(want) > 0 {
		x.counted = true
		w.h.stats.Pages.Add(1)
	}
	base := len(x.sent)
	plan := w.h.Policy.Decide(c, want, x.sent)
	if plan.Pushes > 0 && w.pushAll(plan.Verdicts, opts) {
		c.CanPush = false
		plan = w.h.Policy.Decide(c, want, x.sent[:base])
	}
	x.sent = append(x.sent[:base], plan.Verdicts...)
	done := x.sent[base:]
	if plan.Hints > 0 {
		w.hint(done)
	}
	w.account(done, plan)
	return done
}

// account takes what became of a plan into the state of the request.
func (w *response) account(done []Verdict, plan Plan) {
	x := w.exchange
	undone := false // something that was decided did not happen
	for i := range done {
		switch v := &done[i]; {
		case v.Means == ByPush:
			x.client.Count++
			x.client.Bytes += v.Asset.size()
		case v.Means != ByNothing:
			x.client.Count++
		case v.Reason == ReasonHeld:
			w.h.stats.Held.Add(1)
			w.h.stats.HeldBytes.Add(v.Asset.Size)
		case v.Reason == ReasonFailed, v.Reason == ReasonSent:
			undone = true
		}
	}
	if undone {
		plan.Next, plan.Changed = next(x.client.Held, done)
	}
	x.client.Held = plan.Next
	x.changed = x.changed || plan.Changed
}

// decided reports whether an asset has been decided on for the rest of the request. It is
// asked for every asset of a page. Most are the very ones in the verdicts, so pointers are
// compared before paths.
func (x *exchange) decided(a *link.Asset) bool {
	for i := range x.sent {
		if v := &x.sent[i]; &v.Asset.Asset == a && v.final() {
			return true
		}
	}
	for i := range x.sent {
		if v := &x.sent[i]; same(&v.Asset.Asset, a) && v.final() {
			return true
		}
	}
	return false
}

// delivered reports whether an asset went out ahead of the answer.
func (x *exchange) delivered(a *link.Asset) bool {
	for i := range x.sent {
		if v := &x.sent[i]; v.Means != ByNothing && same(&v.Asset.Asset, a) {
			return true
		}
	}
	return false
}
