package e2e

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/internal/peer"
)

var traffic = regexp.MustCompile(`traffic: .*\((\d+)\) data`)

// Under h2load every request is answered, with what it is answered with without the
// middleware. How many a second, BenchmarkH2load of package server tells: a test that
// asks a busy machine fails by chance.
func TestUnderLoad(t *testing.T) {
	peer.Find(t, "h2load")
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = []string{"application/json"}
		io.WriteString(w, `{"hello":"world"}`)
	})
	load := func(h http.Handler) (data string) {
		t.Helper()
		out := program(t, "h2load", "--requests=10000", "--clients=8", "--max-concurrent-streams=16", "--threads=1", "http://"+serveHTTP(t, h)+"/")
		m := traffic.FindStringSubmatch(out)
		if m == nil || !strings.Contains(out, " 10000 succeeded, 0 failed, 0 errored") {
			t.Fatal(out)
		}
		return m[1]
	}
	if bare, wrapped := load(next), load(&server.Handler{Next: next}); bare != wrapped || bare != "170000" {
		t.Errorf("%s octets of bodies, and %s with the middleware", bare, wrapped)
	}
}
