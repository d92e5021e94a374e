package middleware_test

import (
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/cache-aware/casper/server"
)

// A link that does not say what it links was pushed at each visit, and never hinted. What is
// served decides, as it does in H2O.
func TestF11WhatIsServedDecides(t *testing.T) {
	serving := func(value string) *server.Handler {
		return &server.Handler{Policy: patient, Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=600")
			switch r.URL.Path {
			case "/a.css", "/styles":
				w.Header().Set("Content-Type", "text/css")
			case "/a.js", "/a.mjs":
				w.Header().Set("Content-Type", "text/javascript")
			case "/a.png":
				w.Header().Set("Content-Type", "image/png")
			default:
				w.Header().Del("Cache-Control")
				html(w)
				w.Header().Set("Link", value)
			}
			io.WriteString(w, "<p>text")
		})}
	}
	for value, want := range map[string]struct {
		pushes []int  // on each of three visits
		hint   string // from the second navigation on
	}{
		"</a.css>; rel=preload; as=style":          {[]int{1, 0, 0}, "</a.css>; rel=preload; as=style"},
		"</a.css>; rel=preload":                    {[]int{1, 0, 0}, "</a.css>; rel=preload; as=style"},
		"</a.css>; rel=preload; as=stylesheet":     {[]int{1, 0, 0}, "</a.css>; rel=preload; as=style"},
		"</a.css>; rel=preload; as=css":            {[]int{1, 0, 0}, "</a.css>; rel=preload; as=style"},
		"</a.css>; rel=preload; type=\"text/css\"": {[]int{1, 0, 0}, "</a.css>; rel=preload; as=style; type=\"text/css\""},
		"</a.js>; rel=preload":                     {[]int{1, 0, 0}, "</a.js>; rel=preload; as=script"},
		"</a.js>; rel=preload; as=javascript":      {[]int{1, 0, 0}, "</a.js>; rel=preload; as=script"},
		"</a.mjs>; rel=modulepreload":              {[]int{1, 0, 0}, "</a.mjs>; rel=modulepreload"},
		"</styles>; rel=preload":                   {nil, "</styles>; rel=preload; as=style"},
		"</a.css>; rel=preload; nopush":            {[]int{0, 0, 0}, "</a.css>; rel=preload; as=style"},
		"</a.png>; rel=preload":                    {[]int{1, 1, 1}, "</a.png>; rel=preload; as=image"}, // blocking assets alone are remembered, as in H2O
		"</a.png>; rel=preload; as=image":          {[]int{1, 1, 1}, "</a.png>; rel=preload; as=image"},
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			addr := serve(t, serving(value))
			var pushes []int
			cookie := ""
			for range 3 {
				c := newClient(http2push, addr)
				r := request{path: "/"}
				if cookie != "" {
					r = r.with("Cookie: " + cookie)
				}
				a := c.ask(r)
				c.close()
				pushes = append(pushes, len(a.Pushed))
				if got := a.cookies(); len(got) > 0 {
					cookie = got[0]
				}
			}
			if want.pushes != nil && !slices.Equal(pushes, want.pushes) || pushes[2] > 0 && want.pushes == nil {
				t.Errorf("%v pushes on three visits, not %v; cookie %q", pushes, want.pushes, cookie)
			}
			addr = serve(t, serving(value))
			c := newClient(http2only, addr)
			defer c.close()
			for visit := range 3 {
				a := c.ask(browsing.at("/"))
				c.ask(request{path: target(value)}) // the browser asks for the file
				got := a.hinted()
				if visit == 1 && (len(got) != 1 || parse(got[0]).params["as"] != parse(want.hint).params["as"] || target(got[0]) != target(value)) {
					t.Errorf("hinted %q, not %q", got, want.hint)
				}
			}
		})
	}
}
