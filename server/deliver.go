package server

import (
	"net/http"

	"github.com/cache-aware/casper/server/link"
)

// deliver decides on the wanted assets and carries the decision out. Where push
// turns out to be refused, it decides once more without. It returns the verdicts.
func (w *response) deliver(want []*Asset, canLink bool, opts *http.PushOptions) []Verdict {
	c := w.client()
	c.CanLink = canLink
	if w.sent == nil {
		w.sent = make([]Verdict, 0, max(8, len(want))) // most requests have none
	}
	if !w.counted && len(want) > 0 {
		w.counted = true
		w.h.stats.Pages.Add(1)
	}
	base := len(w.sent)
	plan := w.h.Policy.Decide(c, want, w.sent)
	if plan.Pushes > 0 && w.pushAll(plan.Verdicts, opts) {
		c.CanPush = false
		plan = w.h.Policy.Decide(c, want, w.sent[:base])
	}
	w.sent = append(w.sent[:base], plan.Verdicts...)
	done := w.sent[base:]
	if plan.Hints > 0 {
		w.hint(done)
	}
	w.account(done, plan)
	return done
}

// account takes what became of a plan into the state of the request.
func (w *response) account(done []Verdict, plan Plan) {
	undone := false // something that was decided did not happen
	for i := range done {
		switch v := &done[i]; {
		case v.Means == ByPush:
			w.c.Count++
			w.c.Bytes += v.Asset.size()
		case v.Means != None:
			w.c.Count++
		case v.Why == Held:
			w.h.stats.Held.Add(1)
		case v.Why == Failed, v.Why == Sent:
			undone = true
		}
	}
	if undone {
		plan.Next, plan.Changed = w.h.Policy.next(w.c.Held, done)
	}
	w.c.Held = plan.Next
	w.changed = w.changed || plan.Changed
}

// link adds those of the verdicts to the final header that say so.
func (w *response) link(verdicts []Verdict, header http.Header) {
	for _, v := range verdicts {
		if v.Means == ByLink {
			add(header, "Link", v.Asset.String())
			w.h.stats.Linked.Add(1)
		}
	}
}

// settled reports whether an asset has been decided on for the rest of the request. It is
// asked for every asset of a page. Most are the very ones in the verdicts, so pointers are
// compared before paths.
func (w *response) settled(a *link.Asset) bool {
	for _, v := range w.sent {
		if &v.Asset.Asset == a && v.settled() {
			return true
		}
	}
	for _, v := range w.sent {
		if v.Asset.Path == a.Path && v.Asset.Rel == a.Rel && v.settled() {
			return true
		}
	}
	return false
}
