package gain

import (
	"hash/maphash"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cache-aware/casper/server/internal/httpfacts"
)

// Bounds on what reports can do.
const (
	maxReady   = 30_000           // ms; what takes longer counts as so much
	maxReport  = 128              // octets
	ticketLife = 2 * time.Minute  // until when a report is taken
	maxTickets = 8192             // that are out
	perNetwork = 60               // tickets an hour
	networks   = 4096             // that are told apart in an hour; no others get tickets
	slack      = 10 * time.Second // what a view may take until its page's header goes out
)

// A ticket lets one view report.
type ticket struct {
	page    string
	control bool
	at      time.Time
}

// tickets are those that are out.
type tickets struct {
	out   map[uint64]ticket
	order []uint64 // by age
	given map[uint64]uint8
	hour  time.Time // of given
	seed  maphash.Seed
}

func newTickets() tickets {
	return tickets{out: make(map[uint64]ticket), given: make(map[uint64]uint8), seed: maphash.MakeSeed()}
}

// give returns a new ticket, 0 for none.
func (t *tickets) give(addr netip.Addr, what ticket) uint64 {
	if hour := what.at.Truncate(time.Hour); hour != t.hour {
		t.hour, t.seed = hour, maphash.MakeSeed()
		clear(t.given)
	}
	network := httpfacts.NetworkOf(addr).Addr().As16()
	of := maphash.Bytes(t.seed, network[:])
	n, known := t.given[of]
	if n >= perNetwork || !known && len(t.given) >= networks {
		return 0
	}
	for len(t.order) > 0 && (len(t.order) >= maxTickets || what.at.Sub(t.out[t.order[0]].at) > ticketLife) {
		delete(t.out, t.order[0])
		t.order = t.order[1:]
	}
	id := rand.Uint64() | 1
	t.given[of] = n + 1
	t.out[id] = what
	t.order = append(t.order, id)
	return id
}

// take takes a ticket back.
func (t *tickets) take(id uint64, now time.Time) (ticket, bool) {
	what, ok := t.out[id]
	if !ok || what.page == "" || now.Sub(what.at) > ticketLife {
		return ticket{}, false
	}
	t.out[id] = ticket{at: what.at} // used; it leaves in its turn
	return what, true
}

// Timing gives a page's view its ticket: it is [server.Handler.Timing].
func (rec *Recorder) Timing(r *http.Request, control bool) string {
	if rec.c.Beacon == "" {
		return ""
	}
	name, now := rec.c.Page(r), rec.c.Now()
	addr := httpfacts.Networks(rec.c.Proxies).Client(r)
	if !addr.IsValid() || name == "" {
		return ""
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	id := rec.tickets.give(addr, ticket{strings.Clone(name), control, now})
	if id == 0 {
		return ""
	}
	return strconv.FormatUint(id, 36)
}

// script measures a view and reports it, once. Views in the background, from the browser's cache, restored, reloaded or
// rendered ahead are not measured: hints have no part in them.
const script = `(() => {
	const page = performance.getEntriesByType("navigation")[0];
	const ticket = page && (page.serverTiming || []).find((t) => t.name === "casper");
	if (!ticket || page.type !== "navigate" || page.activationStart > 0 || page.deliveryType || document.hidden) return;
	let done = false;
	const report = () => {
		const paint = performance.getEntriesByName("first-contentful-paint")[0];
		const ready = Math.max(page.domContentLoadedEventEnd, paint ? paint.startTime : 0);
		if (!done && ready > 0) navigator.sendBeacon("BEACON", ticket.description + " " + Math.round(ready));
		done = true;
	};
	const soon = () => setTimeout(report, 200); // the paint is told of a little later
	if (document.readyState === "complete") soon(); else addEventListener("load", soon);
	addEventListener("pagehide", report);
	addEventListener("visibilitychange", () => { if (document.hidden && !page.loadEventEnd) done = true; });
})();
`

// Wrap returns next with the script and the reports at [Config.Beacon] in front, which a [server.Handler]
// need not see. Without a Beacon it is next.
func (rec *Recorder) Wrap(next http.Handler) http.Handler {
	if rec.c.Beacon == "" {
		return next
	}
	text := strings.Replace(script, "BEACON", rec.c.Beacon, 1)
	var seed = maphash.MakeSeed()
	etag := strconv.Quote(strconv.FormatUint(maphash.String(seed, text), 36))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != rec.c.Beacon {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			h.Set("Content-Type", "text/javascript; charset=utf-8")
			h.Set("Cache-Control", "max-age=3600")
			h.Set("Etag", etag)
			if r.Header.Get("If-None-Match") == etag {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			io.WriteString(w, text)
		case http.MethodPost:
			h.Set("Cache-Control", "no-store")
			if !rec.sameOrigin(r) {
				http.Error(w, "reports come from pages of this site", http.StatusForbidden)
				return
			}
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReport))
			if err != nil || !rec.report(string(body)) {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		default:
			h.Set("Allow", "GET, HEAD, POST")
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
	})
}

// sameOrigin reports whether a page of this site makes the request, by the word of its browser.
func (rec *Recorder) sameOrigin(r *http.Request) bool {
	if site := r.Header.Values("Sec-Fetch-Site"); len(site) > 0 {
		return len(site) == 1 && site[0] == "same-origin"
	}
	origin, err := url.Parse(r.Header.Get("Origin"))
	own := httpfacts.Networks(rec.c.Proxies).Origin(r)
	return err == nil && origin.Host != "" && strings.EqualFold(httpfacts.Origin{Scheme: origin.Scheme, Authority: origin.Host}.Host(), own.Host())
}

// report takes what a page's script has sent: its ticket and a time in ms.
func (rec *Recorder) report(text string) bool {
	first, second, _ := strings.Cut(text, " ")
	id, err := strconv.ParseUint(first, 36, 64)
	if err != nil {
		return false
	}
	ready, err := strconv.ParseFloat(second, 64)
	if err != nil || math.IsNaN(ready) || ready <= 0 {
		return false
	}
	now := rec.c.Now()
	rec.mu.Lock()
	defer rec.mu.Unlock()
	of, ok := rec.tickets.take(id, now)
	if !ok || ready > milliseconds(now.Sub(of.at)+slack) {
		return false
	}
	ready = min(ready, maxReady)
	rec.all.browser.of(of.control).Add(ready)
	rec.page(of.page).browser.of(of.control).Add(ready)
	rec.changes.Add(1)
	return true
}
