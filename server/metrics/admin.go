package metrics

import (
	"embed"
	"encoding/json"
	"html/template"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/internal/personal"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
)

//go:embed dashboard.html
var files embed.FS

var dashboard = template.Must(template.New("dashboard.html").
	Funcs(template.FuncMap{"percent": percent}).ParseFS(files, "dashboard.html"))

// An Admin is the operator's side of a handler and of a model:
//
//	GET  /                   dashboard
//	GET  /metrics            counters for Prometheus, with those of the Go runtime
//	GET  /model              what was learned, as a snapshot that casper reads
//	GET  /explain?page=/p    what is known of a page, and why each asset would go out or not
//	POST /forget?page=/p     drop what is known of a page: it begins anew
//	POST /renew?page=/p      keep it, and let a few views change it
//	POST /clear              drop everything that was learned
//	GET  /healthz            "ok"
//
// Make one with [NewAdmin]. It answers requests that come in at a loopback address or a Unix
// socket, and that ask for an address, for localhost or for one of Hosts; all others need the Token. POST
// needs Origin or Sec-Fetch-Site besides, saying that a page of the admin's own asks, or the Token as a bearer's.
// Where net/http does not say where a request came in ([http.LocalAddrContextKey]), the Token is needed.
type Admin struct {
	// Hosts are more names by which operators ask, without a port. Set them before the first request.
	Hosts []string

	// Token, if there is one, is needed for each request: as "Authorization: Bearer TOKEN", or as the
	// password of Basic authentication, for which a browser asks. Set it before the first request.
	Token string

	handler *server.Handler
	model   *learn.Model
	serve   http.Handler
}

// NewAdmin returns the admin pages of a handler and of the model that is among its sources; nil
// where nothing is learned, and then there is nothing to explain.
func NewAdmin(h *server.Handler, m *learn.Model) *Admin {
	a := &Admin{handler: h, model: m}
	registry := prometheus.NewRegistry()
	registry.MustRegister(NewCollector(h, m), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.dashboard)
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /model", a.dump)
	mux.HandleFunc("GET /explain", a.explain)
	mux.HandleFunc("POST /forget", a.forget)
	mux.HandleFunc("POST /renew", a.renew)
	mux.HandleFunc("POST /clear", a.clear)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	a.serve = a.guard(mux)
	return a
}

// ServeHTTP answers for all of the above.
func (a *Admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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

func (a *Admin) forget(w http.ResponseWriter, r *http.Request) {
	a.done(w, r, a.handler.Forget("", r.FormValue("page")))
}

func (a *Admin) renew(w http.ResponseWriter, r *http.Request) {
	a.done(w, r, a.model != nil && a.model.Renew(personal.Fold(r.FormValue("page"))))
}

func (a *Admin) clear(w http.ResponseWriter, r *http.Request) {
	a.handler.ForgetAll()
	a.done(w, r, true)
}

// done leads a browser back, and tells a program.
func (a *Admin) done(w http.ResponseWriter, r *http.Request, found bool) {
	switch {
	case !found:
		http.Error(w, "nothing is known of that page", http.StatusNotFound)
	case r.Header.Get("Sec-Fetch-Mode") == "navigate":
		http.Redirect(w, r, "/", http.StatusSeeOther)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
