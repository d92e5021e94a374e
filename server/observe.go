package server

import (
	"iter"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/internal/memory"
	"github.com/cache-aware/casper/server/link"
)

// What others are told of a handler's doings, and how they make it forget.

// An Observer is a [Source] that learns from what it sees.
type Observer interface {
	Source

	// Begin is told of a request when it arrives, before anything is decided. It returns
	// what is asked for this request in the Source's place and told how it ended; nil if
	// that is not of interest.
	Begin(r *http.Request) Observation
}

// An Observation is one request in the eyes of an [Observer].
type Observation interface {
	Source

	// End is called once, when the request has been answered: before Handler.Observe, on
	// the request's goroutine. The exchange is nil if Next panicked.
	End(x *Exchange)
}

// observers returns the sources that observe, each in its place; nil if none does.
func observers(sources []Source) []Observer {
	var some []Observer
	for i, s := range sources {
		if o, ok := s.(Observer); ok {
			if some == nil {
				some = make([]Observer, len(sources))
			}
			some[i] = o
		}
	}
	return some
}

// An Exchange is one request and its answer, as Observe sees them. It is not to be kept.
type Exchange struct {
	Request  *http.Request
	Arrived  time.Time   // when the request came in
	Answered time.Time   // when its final header went out
	Client   netip.Addr  // where it came from, as far as Handler.Proxies are believed
	Header   http.Header // of the answer
	Status   int
	Pushed   bool               // the request was made by a push
	Early    bool               // the request was made for a hint: its page had no final answer yet, or the browser says so
	Hinted   bool               // a 103 went out before the answer
	Control  bool               // a 103 was decided on as the Plan says, and withheld; see Handler.Control
	HintedAt time.Time          // when a 103 of the handler's own went out; zero for none
	Held     casper.Fingerprint // what the client of a page said it holds
	Plan     []Verdict          // what was decided for the page
	Silence  Silence            // why nothing went ahead of it

	// Links are what the page links for everybody, as far as is known after this answer: in
	// its Link headers, in Next's 103 before it, or in its HTML if Scan is set. It is nil
	// if this answer tells nothing of that, or is for one visitor and no other's agrees yet.
	Links []link.Asset

	Personal bool // the answer said that it is for one visitor only
	Unread   bool // the answer could not be read: it has a content coding that is not known

	// Key is an asset's key in Held, given its path.
	Key func(path string) casper.Key
}

// Stats counts what a Handler did. Its fields may be read at any time.
type Stats struct {
	Pages     atomic.Int64 // answers for which assets were wanted
	Pushed    atomic.Int64 // assets pushed
	Refused   atomic.Int64 // pushes that the client reset or did not take
	Hinted    atomic.Int64 // assets named in a 103
	Controls  atomic.Int64 // pages whose 103 was withheld, to compare; see Handler.Control
	Linked    atomic.Int64 // assets added to the Link of a final answer
	Held      atomic.Int64 // assets not sent because the client holds them
	HeldBytes atomic.Int64 // of those whose size is known, the octets of their bodies
	Lead      Leads        // of assets that were asked for after a 103, ahead of their page's answer
	Cookies   atomic.Int64 // cookies written
	BadCookie atomic.Int64 // pages with a cookie that could not be read
}

// Stats returns the handler's counters.
func (h *Handler) Stats() *Stats { return &h.stats }

// Summary is verdicts as a value for a log: the paths that were pushed, hinted and linked, those
// that the client holds, and the others with the reason.
//
//	slog.Info("page", "sent", server.Summary(server.Verdicts(w)))
type Summary []Verdict

// LogValue implements slog.LogValuer.
func (s Summary) LogValue() slog.Value {
	names := [...]string{"pushed", "hinted", "linked", "held", "left"}
	var paths [len(names)][]string
	for _, v := range s {
		i, path := 4, v.Asset.Origin+v.Asset.Path
		switch {
		case v.Means == ByPush:
			i = 0
		case v.Means == ByHint:
			i = 1
		case v.Means == ByLink:
			i = 2
		case v.Reason == ReasonHeld:
			i = 3
		default:
			path += " (" + v.Reason.String() + ")"
		}
		paths[i] = append(paths[i], path)
	}
	var attrs []slog.Attr
	for i, name := range names {
		if len(paths[i]) > 0 {
			attrs = append(attrs, slog.Any(name, paths[i]))
		}
	}
	return slog.GroupValue(attrs...)
}

// A Page is what a [Handler] remembers of a page: what goes ahead of its next answer besides
// what the sources say.
type Page struct {
	Host, Path string       // the path, with the query if there was one
	Failed     bool         // most of the latest answers were redirects or errors: nothing goes ahead of the next
	Links      []link.Asset // for everybody
}

// Pages returns the pages that are remembered now, in no order.
func (h *Handler) Pages() iter.Seq[Page] {
	return func(yield func(Page) bool) {
		for at, p := range h.state().memory.Pages() {
			if !yield(Page{at.Host, at.Path, p.Failed(0), p.Links()}) {
				return
			}
		}
	}
}

// Key returns the key that stands for a file of a host in the cookie now, given its path. The host is
// one of those of [Handler.Pages].
func (h *Handler) Key(host, path string) casper.Key {
	known := h.state().memory.KnownFile(memory.Place{Host: host, Path: path}).Facts()
	return h.Params.Key(h.Keys.name(path, &known))
}

// A Forgetter is a [Source] that can be made to forget.
type Forgetter interface {
	// Forget drops what is known of a page, given its path without query, and reports whether
	// that was anything.
	Forget(path string) bool

	// ForgetAll drops everything that was learned.
	ForgetAll()
}

// Forget drops what is remembered of a page, by the handler and by the sources that are a
// [Forgetter]: the page begins anew with its next answer. An empty host stands for every
// host. It reports whether there was anything.
func (h *Handler) Forget(host, path string) (found bool) {
	found = h.state().memory.ForgetPages(host, path)
	for _, source := range h.Sources {
		if f, ok := source.(Forgetter); ok {
			found = f.Forget(path) || found
		}
	}
	return found
}

// ForgetAll drops everything that is remembered of pages and files, by the handler and by the
// sources that are a [Forgetter].
func (h *Handler) ForgetAll() {
	h.state().memory.ForgetAll()
	for _, source := range h.Sources {
		if f, ok := source.(Forgetter); ok {
			f.ForgetAll()
		}
	}
}
