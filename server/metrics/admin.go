package metrics

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/internal/personal"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
	"github.com/cache-aware/casper/server/metrics/gain"
)

//go:embed dashboard.html
var dashboard string

// An Admin is the operator's side of a handler and of a model:
//
//	GET  /                   dashboard
//	GET  /metrics            counters for Prometheus, with those of the Go runtime
//	GET  /model              what was learned, as a snapshot that casper reads
//	GET  /explain?page=/p    what is known of a page, and why each asset would go out or not
//	GET  /board              what the dashboard shows, as JSON
//	GET  /events             the same as server-sent events, whenever it changes
//	GET  /page?page=/p       what the dashboard shows of a page, as JSON
//	GET  /cookie?value=qF0   a fingerprint bit by bit, as JSON; without a value that of the browser which asks
//	POST /forget?page=/p     drop what is known of a page: it begins anew
//	POST /renew?page=/p      keep it, and let a few views change it
//	POST /off?page=/p        let nothing go ahead of a page
//	POST /on?page=/p         let it again
//	POST /pin?page=/p        let what is wanted for it now go ahead of it always
//	POST /unpin?page=/p      let it be learned again
//	POST /clear              drop everything that was learned
//	GET  /healthz            "ok"
//
// Make one with [NewAdmin]. It answers requests that come in at a loopback address or a Unix
// socket, and that ask for an address, for localhost or for one of Hosts; all others need the Token. POST
// needs Origin or Sec-Fetch-Site besides, saying that a page of the admin's own asks, or the Token as a bearer's.
// Where net/http does not say where a request came in ([http.LocalAddrContextKey]), the Token is needed.
//
// The fields must not change after the first request.
type Admin struct {
	// Hosts are more names by which operators ask, without a port.
	Hosts []string

	// Token, if there is one, is needed for each request: as "Authorization: Bearer TOKEN", or as the
	// password of Basic authentication, for which a browser asks.
	Token string

	// Gain tells what the handler brings. Without it, the dashboard has counters alone.
	Gain *gain.Recorder

	// Switches are those of the handler. Without them, pages cannot be switched.
	Switches *Switches

	handler *server.Handler
	model   *learn.Model
	mux     *http.ServeMux
	serve   http.Handler
	once    sync.Once
	streams streams
}

// NewAdmin returns the admin pages of a handler and of the model that is among its sources; nil
// where nothing is learned, and then there is nothing to explain.
func NewAdmin(h *server.Handler, m *learn.Model) *Admin {
	a := &Admin{handler: h, model: m, mux: http.NewServeMux(), streams: streams{closed: make(chan struct{})}}
	for pattern, serve := range map[string]http.HandlerFunc{
		"GET /{$}": a.dashboard, "GET /board": a.showBoard, "GET /events": a.events, "GET /page": a.page, "GET /cookie": a.cookie,
		"GET /model": a.dump, "GET /explain": a.explain, "GET /healthz": healthz,
		"POST /forget": a.forget, "POST /renew": a.renew, "POST /clear": a.clear,
		"POST /off": a.off, "POST /on": a.on, "POST /pin": a.pin, "POST /unpin": a.unpin,
	} {
		a.mux.HandleFunc(pattern, serve)
	}
	a.serve = a.guard(a.mux)
	return a
}

// open registers what depends on the fields.
func (a *Admin) open() {
	registry := prometheus.NewRegistry()
	registry.MustRegister(NewCollector(a.handler, a.model), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if a.Gain != nil {
		registry.MustRegister(NewGainCollector(a.Gain))
	}
	a.mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
}

func healthz(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") }

// ServeHTTP answers for all of the above.
func (a *Admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.once.Do(a.open)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	a.serve.ServeHTTP(w, r)
}

// dump writes the model, one page at a time.
func (a *Admin) dump(w http.ResponseWriter, _ *http.Request) {
	if a.model == nil {
		http.Error(w, "nothing is learned here", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	evidence.Encode(w, a.model.All()) // an error means that nobody reads on
}

func (a *Admin) explain(w http.ResponseWriter, r *http.Request) {
	page := r.FormValue("page")
	switch {
	case a.model == nil:
		http.Error(w, "nothing is learned here", http.StatusNotFound)
	case page == "":
		http.Error(w, "name a page: /explain?page=/", http.StatusBadRequest)
	default:
		w.Header().Set("Content-Type", "application/json")
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		out.Encode(a.model.Explain(personal.Fold(page)))
	}
}

// policyOfDashboard lets the dashboard run its own script and ask the admin, and nothing else.
var policyOfDashboard = sync.OnceValue(func() string {
	hash := func(begin, end string) string {
		_, text, _ := strings.Cut(dashboard, begin)
		text, _, _ = strings.Cut(text, end)
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash("<style>", "</style>") + "; script-src " + hash("<script>", "</script>") +
		"; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
})

func (a *Admin) dashboard(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policyOfDashboard())
	io.WriteString(w, dashboard)
}

func (a *Admin) showBoard(w http.ResponseWriter, _ *http.Request) { answerJSON(w, a.board()) }

func (a *Admin) forget(w http.ResponseWriter, r *http.Request) {
	page := r.FormValue("page")
	found := a.handler.Forget("", page)
	if a.Gain != nil {
		found = a.Gain.Forget(personal.Fold(page)) || found
	}
	a.done(w, found)
}

func (a *Admin) renew(w http.ResponseWriter, r *http.Request) {
	a.done(w, a.model != nil && a.model.Renew(personal.Fold(r.FormValue("page"))))
}

func (a *Admin) clear(w http.ResponseWriter, _ *http.Request) {
	a.handler.ForgetAll()
	if a.Gain != nil {
		a.Gain.ForgetAll()
	}
	a.done(w, true)
}

func (a *Admin) off(w http.ResponseWriter, r *http.Request) {
	a.change(w, func(s *Switches) error { return s.SetOff(r.FormValue("page"), true) })
}

func (a *Admin) on(w http.ResponseWriter, r *http.Request) {
	a.change(w, func(s *Switches) error { return s.SetOff(r.FormValue("page"), false) })
}

func (a *Admin) unpin(w http.ResponseWriter, r *http.Request) {
	a.change(w, func(s *Switches) error { return s.Pin(r.FormValue("page"), nil) })
}

// pin pins what is wanted for a page now: what was learned, and else what its answers link.
func (a *Admin) pin(w http.ResponseWriter, r *http.Request) {
	page := personal.Fold(r.FormValue("page"))
	var assets []link.Asset
	if a.model != nil {
		for _, p := range a.model.Wanted(page) {
			assets = append(assets, *p.Asset)
		}
	}
	for p := range a.handler.Pages() {
		if len(assets) == 0 && personal.Fold(p.Path) == page {
			assets = append(assets, p.Links...)
		}
	}
	if len(assets) == 0 {
		http.Error(w, "nothing is wanted for that page, so that there is nothing to pin", http.StatusConflict)
		return
	}
	a.change(w, func(s *Switches) error { return s.Pin(page, assets) })
}

// change changes the switches.
func (a *Admin) change(w http.ResponseWriter, how func(*Switches) error) {
	if a.Switches == nil {
		http.Error(w, "pages cannot be switched here", http.StatusNotFound)
		return
	}
	if err := how(a.Switches); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	a.done(w, true)
}

// done says whether there was anything to do.
func (a *Admin) done(w http.ResponseWriter, found bool) {
	a.streams.mu.Lock()
	a.streams.made = a.streams.made.Add(-everySoOften) // dashboards see it at once
	a.streams.mu.Unlock()
	if !found {
		http.Error(w, "nothing is known of that page", http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
