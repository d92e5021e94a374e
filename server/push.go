package server

import (
	"errors"
	"net/http"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/link"
)

// ErrLate is returned by [Push] when the answer's header has gone out already: the cookie could
// not record a push any more, and the client may have asked for the asset by then.
var ErrLate = errors.New("server: Push after the header")

// Push delivers the assets of the handler's choosing to whoever sent r, as far as they
// are not held: pushed, hinted or linked, whichever the client takes. It returns what
// became of each, in their order, and an error only if nothing was tried. What
// [link.Guess] makes of a path is an asset with its destination.
//
// Call it before writing the answer. It may be called several times for one request;
// there will be one cookie.
//
// It needs no [Handler] around it. Without one it has the zero Handler's settings, each call
// has a budget of its own, and the cookie is written at once, so that the caching headers of
// the answer have to be set before.
func Push(w http.ResponseWriter, r *http.Request, assets ...link.Asset) ([]Verdict, error) {
	return PushWith(w, r, nil, assets...)
}

// PushWith is [Push] with the method and header fields of the promises. Cookie and Authorization
// are left out: the pushed answer is kept by the client for whoever asks next.
func PushWith(w http.ResponseWriter, r *http.Request, opts *http.PushOptions, assets ...link.Asset) ([]Verdict, error) {
	resp := responseOf(w)
	if resp == nil {
		resp = alone.answering(w, r)
		defer resp.settle()
		verdicts := resp.pushNow(opts, assets)
		resp.setCookie(http.StatusOK, w.Header())
		return verdicts, nil
	}
	if resp.committed || resp.pending != nil {
		return nil, ErrLate
	}
	return resp.pushNow(opts, assets), nil
}

// alone is the Handler of programs that call Push without one.
var alone Handler

// answering is a response for a handler that is not wrapped. A cookie that an earlier call
// wrote is the state to go on from.
func (h *Handler) answering(w http.ResponseWriter, r *http.Request) *response {
	resp := &response{ResponseWriter: w, h: h, s: h.state(), r: r, exchange: new(exchange)}
	resp.conn = connOf(r.Context())
	resp.pushed = r.ProtoMajor == 2 && Pushed(w)
	if value, ok := h.Cookie.take(w.Header()); ok {
		resp.readClient()
		if f, err := casper.Parse(value, h.Params); err == nil {
			resp.client.Held, resp.changed = f, true
		}
	}
	return resp
}

// pushNow decides on a handler's own assets. Those that can only be linked are linked
// now: the header is the handler's own until it goes out.
func (w *response) pushNow(opts *http.PushOptions, assets []link.Asset) []Verdict {
	w.engage()
	done := w.deliver(w.prepareAll(assets), means{push: true, hint: true, link: w.facts().page}, opts)
	w.link(done, w.Header(), nil)
	return done
}

func (w *response) prepareAll(assets []link.Asset) []*Asset {
	want := make([]*Asset, 0, len(assets))
	for _, a := range assets {
		want = append(want, w.prepare(&a))
	}
	return want
}

// responseOf finds the response of a Handler in a chain of writers.
func responseOf(w http.ResponseWriter) *response {
	for {
		switch v := w.(type) {
		case wrapped:
			return v.core()
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return nil
		}
	}
}

// Verdicts returns what has been decided so far for the answer that w writes: by the
// [Handler] around it before the caller ran, and by calls of [Push]. It is nil where there
// is no Handler. The slice is valid until the next decision.
func Verdicts(w http.ResponseWriter) []Verdict {
	if resp := responseOf(w); resp != nil && resp.exchange != nil {
		return resp.sent
	}
	return nil
}
