package server

import (
	"net/http"
	"slices"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/link"
)

// A Delivery is a decision that has not been carried out: [Push] in two steps, for
// frameworks that write their answers by themselves.
//
//	d := server.Begin(w, r, assets...)
//	err := d.Send() // now, or when the answer is being written
//	if c := d.Cookie(); c != nil {
//		reply.SetCookie(c)
//	}
type Delivery struct {
	// Verdicts is what is to become of each asset, in their order; what has
	// become of it after Send.
	Verdicts []Verdict

	w      *response
	assets []link.Asset
	next   casper.Fingerprint
	news   bool
	late   bool
	own    bool // nobody else writes the cookie
}

// Begin decides on the assets and sends nothing.
func Begin(w http.ResponseWriter, r *http.Request, assets ...link.Asset) *Delivery {
	d := &Delivery{w: responseOf(w), assets: slices.Clone(assets)}
	if d.w == nil {
		d.w, d.own = alone.answering(w, r), true
	}
	d.w.engage()
	d.late = d.w.committed || d.w.pending != nil
	c := *d.w.currentClient(means{push: true, hint: true, link: d.w.facts().page})
	plan := d.w.h.Policy.Decide(&c, d.w.prepareAll(assets), slices.Clone(d.w.sent))
	d.Verdicts, d.next, d.news = slices.Clone(plan.Verdicts), plan.Next, plan.Changed || d.w.changed
	return d
}

// Send carries the decision out. An error tells of the push that failed; the others went
// out, and what did not is not in the cookie. [ErrLate] says that nothing was tried.
func (d *Delivery) Send() error {
	if d.late || d.w.committed || d.w.pending != nil {
		return ErrLate
	}
	if d.own {
		defer d.w.settle()
	}
	d.w.pushErr = nil
	d.Verdicts = slices.Clone(d.w.pushNow(nil, d.assets))
	d.next, d.news = d.w.client.Held, d.w.changed
	return d.w.pushErr
}

// Cookie returns the cookie to set. Before Send, it is the cookie of a delivery without failures;
// after it, that of what went out. It is nil when nothing changed, and when there is a [Handler]
// that writes it.
func (d *Delivery) Cookie() *http.Cookie {
	if !d.own || !d.news || d.next.Len() == 0 || d.w.client.Digest != nil {
		return nil
	}
	return d.w.h.Cookie.cookie(d.next.String())
}
