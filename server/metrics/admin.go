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
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
)

//go:embed dashboard.html
var files embed.FS

var dashboard = template.Must(template.New("dashboard.html").
	Funcs(template.FuncMap{"percent": percent}).ParseFS(files, "dashboard.html"))

// admin is what the pages of an operator are about.
type admin struct {
	handler *server.Handler
	model   *learn.Model
}

// NewAdmin returns the operator's side of a handler and of the model that is among its sources;
// nil where nothing is learned, and then there is nothing to explain.
//
//	GET  /                   dashboard
//	GET  /metrics            counters for Prometheus, with those of the Go runtime
//	GET  /model              what was learned, as a snapshot that casper reads
//	GET  /explain?page=/p    what is known of a page, and why each asset would go out or not
//	POST /forget?page=/p     drop what is known of a page: it begins anew
//	POST /renew?page=/p      keep it, and let a few views change it
//	POST /clear              drop everything that was learned
//	GET  /healthz            "ok"
func NewAdmin(h *server.Handler, m *learn.Model) http.Handler {
	a := &admin{h, m}
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
	pages := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		pages.ServeHTTP(w, r)
	})
}

// dump writes the model, one page at a time.
func (a *admin) dump(w http.ResponseWriter, _ *http.Request) {
	if a.model == nil {
		http.Error(w, "nothing is learned here", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	evidence.Encode(w, a.model.All()) // an error means that nobody reads on
}

func (a *admin) explain(w http.ResponseWriter, r *http.Request) {
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
		out.Encode(a.model.Explain(page))
	}
}

func (a *admin) forget(w http.ResponseWriter, r *http.Request) {
	a.done(w, r, a.handler.Forget("", r.FormValue("page")))
}

func (a *admin) renew(w http.ResponseWriter, r *http.Request) {
	a.done(w, r, a.model != nil && a.model.Renew(r.FormValue("page")))
}

func (a *admin) clear(w http.ResponseWriter, r *http.Request) {
	a.handler.ForgetAll()
	a.done(w, r, true)
}

// done leads a browser back, and tells a program.
func (a *admin) done(w http.ResponseWriter, r *http.Request, found bool) {
	switch {
	case !found:
		http.Error(w, "nothing is known of that page", http.StatusNotFound)
	case r.Header.Get("Sec-Fetch-Mode") == "navigate":
		http.Redirect(w, r, "/", http.StatusSeeOther)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
