package caddycasper

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// What casper costs a request of which nobody wants anything, beside Caddy's own preparation.
func BenchmarkServeHTTP(b *testing.B) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	c := new(Casper)
	if err := c.Provision(ctx); err != nil {
		b.Fatal(err)
	}
	defer c.Cleanup()
	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	for dest, mode := range map[string]string{"style": "no-cors", "document": "navigate"} {
		b.Run(dest, func(b *testing.B) {
			r := httptest.NewRequest("GET", "https://"+host+"/app.css", nil)
			r.Header.Set("Sec-Fetch-Dest", dest)
			r.Header.Set("Sec-Fetch-Mode", mode)
			w := httptest.NewRecorder()
			r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, new(caddyhttp.Server))
			b.ReportAllocs()
			for b.Loop() {
				caddyhttp.SetVar(r.Context(), taken, nil) // as in a new request
				if err := c.ServeHTTP(w, r, next); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
