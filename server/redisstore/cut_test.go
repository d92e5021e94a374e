package redisstore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/learn/evidence"
)

// A round of which one part cannot be read at once is read in another way, and what had been
// read before counts once.
func TestCutRoundCountsOnce(t *testing.T) {
	r := peer.StartRedis(t)
	c := quick
	c.Round, c.MaxPages = 400*time.Millisecond, 1<<20
	a, b := open(t, r.URL(), c), reader{store: open(t, r.URL(), c)}
	b.read(t)
	var pages []evidence.Delta
	for i := range 3000 { // far more than one part
		pages = append(pages, delta(fmt.Sprintf("/%d", i), "/a.css", 1, 1))
	}
	must(t, a.Merge(t.Context(), pages))
	plain := client(t, r)
	for _, key := range plain.Keys(t.Context(), "casper:1:{default}:round:*").Val() {
		must(t, plain.HSet(t.Context(), key, "/long\n/a.css", strings.Repeat("x", maxString+1)).Err())
	}
	eventually(t, "all is read", func() bool { b.read(t); return len(b.got) == len(pages) })
	for _, p := range pages {
		if got := b.views(p.Page); got != 1 {
			t.Fatalf("%s: %v views are read, want 1", p.Page, got)
		}
	}
	late := reader{store: open(t, r.URL(), c)}
	late.read(t)
	for _, p := range pages[:100] {
		if got := late.views(p.Page); got != 1 {
			t.Fatalf("%s: %v views are archived, want 1", p.Page, got)
		}
	}
}
