package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// An existing program takes one line: its handler goes into a Handler. Here the page already
// says in a Link header what it needs, as many frameworks make it do.
func ExampleHandler() {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Link", "</app.css>; rel=preload; as=style")
		io.WriteString(w, "<!doctype html><link rel=stylesheet href=/app.css>")
	})

	handler := &server.Handler{Next: mux} // the line

	srv := httptest.NewUnstartedServer(handler)
	srv.Config.ConnContext = server.ConnContext // and one more, to remember connections
	srv.Start()
	defer srv.Close()
	resp, err := http.Get(srv.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Header["Link"])
	fmt.Println(resp.Header["Set-Cookie"])
	// Output:
	// [</app.css>; rel=preload; as=style]
	// [h2o_casper=AAAAAAAAAAJo; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax]
}

// A handler may name its own assets. Each call has one answer for each asset, and there is one
// cookie at the end.
func ExamplePush() {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verdicts, err := server.Push(w, r, link.Guess("/app.js", ""), link.Guess("/app.css", ""))
		if err != nil {
			fmt.Println(err)
		}
		for _, v := range verdicts {
			fmt.Println(v.Asset.Path, v.Means, v.Reason)
		}
		io.WriteString(w, "page")
	})
	visit := func(cookie string) *http.Response {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		page(w, r)
		return w.Result()
	}
	fmt.Println("first visit")
	first := visit("")
	cookie, _, _ := strings.Cut(first.Header.Get("Set-Cookie"), ";")
	fmt.Println("second visit")
	visit(cookie)
	// Output:
	// first visit
	// /app.js link wanted
	// /app.css link wanted
	// second visit
	// /app.js nothing held
	// /app.css nothing held
}

// In two steps, for frameworks that write their answers by themselves: what is to be sent, and
// the cookie to set; then the sending.
func ExampleBegin() {
	http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := server.Begin(w, r, link.Guess("/app.css", ""))
		fmt.Println(d.Verdicts[0].Asset.Path, d.Verdicts[0].Means)
		fmt.Println(d.Cookie())
		if err := d.Send(); err != nil {
			fmt.Println("not everything went out:", err)
		}
	})(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	// Output:
	// /app.css link
	// h2o_casper=AAAAAAAAAAJo; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax
}

// Routers that chain middleware, such as chi, take Wrap.
func ExampleHandler_Wrap() {
	type middleware = func(http.Handler) http.Handler
	use := func(h http.Handler, chain ...middleware) http.Handler { // what r.Use does
		for _, m := range chain {
			h = m(h)
		}
		return h
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "page")
	})

	assets := []link.Asset{link.Guess("/app.css", "")}
	hints := &server.Handler{Sources: []server.Source{server.SourceFunc(func(r *http.Request) []link.Asset { return assets })}}
	router := use(page, hints.Wrap)

	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	fmt.Println(w.Header().Get("Link"))
	// Output: </app.css>; rel=preload; as=style; type="text/css"
}

// The decision by itself is a pure function of what the client holds and takes, and of what the
// page wants.
func ExamplePolicy_Decide() {
	var params casper.Params // H2O's defaults
	want := []*server.Asset{
		server.Prepare(link.Asset{Path: "/app.css", As: "style"}, params), // most important first
		server.Prepare(link.Asset{Path: "/app.js", As: "script"}, params),
		server.Prepare(link.Asset{Path: "/hero.png", As: "image"}, params),
	}
	client := &server.Client{
		Held:    casper.New(params, params.Key("/app.css")),
		CanHint: true,
	}
	policy := server.Policy{MaxAssets: 1}
	plan := policy.Decide(client, want, nil)
	for _, v := range plan.Verdicts {
		fmt.Println(v.Asset.Path, v.Means, v.Reason)
	}
	fmt.Println(plan.Next, plan.Changed)
	// Output:
	// /app.css nothing held
	// /app.js hint wanted
	// /hero.png nothing over-count
	// AAAAAAAAAAJoAAAAG4A true
}

// ConnContext goes where the server is made.
func ExampleConnContext() {
	srv := &http.Server{
		Addr:        "127.0.0.1:8443",
		Handler:     &server.Handler{Next: http.FileServer(http.Dir("public"))},
		ConnContext: server.ConnContext,
	}
	fmt.Println(srv.ConnContext != nil)
	// Output: true
}

// What is remembered of pages can be looked at and dropped while the server runs.
func ExampleHandler_Pages() {
	h := &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</app.css>; rel=preload; as=style")
	})}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/start", nil))
	for p := range h.Pages() {
		fmt.Println(p.Host, p.Path, p.Failed, p.Links[0].Path)
	}
	fmt.Println(h.Forget("example.com", "/start"))
	// Output:
	// example.com /start false /app.css
	// true
}
