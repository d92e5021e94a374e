package e2e

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cache-aware/casper/peer"
	"github.com/cache-aware/casper/server"
)

var rate = regexp.MustCompile(`finished in .*, ([0-9.]+) req/s`)

// The middleware costs at most 3 % of the throughput where it has nothing to do. The two servers
// take turns under h2load and the best run of each counts, since whatever else the machine does
// only makes runs slower. There are more turns until the two are within 5 % of each other: on a
// busy machine either may be the one that was disturbed.
func TestThroughput(t *testing.T) {
	const least, agree, turns = 0.97, 0.95, 10
	if race {
		t.Skip("the race detector's own cost hides the middleware's")
	}
	peer.Find(t, "h2load")
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = []string{"application/json"}
		io.WriteString(w, `{"hello":"world"}`)
	})
	bare := "http://" + serveHTTP(t, next) + "/"
	wrapped := "http://" + serveHTTP(t, &server.Handler{Next: next}) + "/"
	load := func(url string) float64 {
		t.Helper()
		out := program(t, "h2load", "--requests=10000", "--clients=8", "--max-concurrent-streams=16", "--threads=1", url)
		m := rate.FindStringSubmatch(out)
		if m == nil || !strings.Contains(out, " 10000 succeeded, 0 failed, 0 errored") {
			t.Fatal(out)
		}
		r, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	without, with := 0.0, 0.0
	for i := range turns {
		without = max(without, load(bare))
		with = max(with, load(wrapped))
		if i >= 2 && with >= least*without && without >= agree*with {
			break
		}
	}
	t.Logf("h2load, best of their turns: without %.0f requests/s, with %.0f requests/s: %.1f %%", without, with, 100*with/without)
	if with < least*without {
		t.Errorf("with the middleware %.1f %% of the throughput is left, want %.0f %%", 100*with/without, 100*least)
	}
}
