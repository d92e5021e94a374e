package learn

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/learn/evidence"
)

// Everything at once, in little memory so that pages come and go. It is for the race detector;
// what it checks itself is that no answer is ever half one thing and half another.
func TestConcurrentUse(t *testing.T) {
	m := must(t, Config{Bytes: minBytes, Shards: 4, Share: true})
	m.lim.maxAssets = 30
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	var wg sync.WaitGroup
	work := func(seed uint64, f func(rng *rand.Rand, i int)) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, 1))
			for i := range rounds {
				f(rng, i)
			}
		})
	}
	page := func(rng *rand.Rand) string { return fmt.Sprintf("/%d/%d", rng.IntN(5), rng.IntN(30)) }
	for g := range uint64(4) {
		work(g, func(rng *rand.Rand, i int) {
			c := m.Client(netip.AddrFrom4([4]byte{10, byte(g), byte(i), 1}), start)
			p, at := page(rng), start.Add(time.Duration(i)*time.Second)
			m.ObserveView(seen(p, c, at))
			for _, a := range files(1 + rng.IntN(20)) {
				m.ObserveFetch(fetched(p, a, c, at.Add(time.Millisecond)))
			}
			failed := seen(p, c, at)
			failed.Status = 500
			m.ObserveView(failed)
		})
	}
	for g := range uint64(2) {
		work(10+g, func(rng *rand.Rand, i int) {
			for _, p := range m.Wanted(page(rng)) {
				if !p.Asset.Valid() || p.Probability <= 0 || p.Probability > 1 {
					t.Errorf("%+v", p)
				}
			}
			m.Choose(nil, page(rng), Client(i))
		})
	}
	work(20, func(rng *rand.Rand, i int) { m.Declare(page(rng), files(rng.IntN(40))) })
	work(21, func(rng *rand.Rand, i int) { m.Merge(m.Flush()...) })
	work(22, func(rng *rand.Rand, i int) {
		switch i % 20 {
		case 0:
			if err := evidence.Encode(io.Discard, m.All()); err != nil {
				t.Error(err)
			}
		case 3:
			m.Forget(page(rng))
		case 4:
			m.Renew(page(rng))
		default:
			m.Explain(page(rng))
			m.Stats()
			m.Tick(start.Add(time.Duration(i) * time.Second))
		}
	})
	wg.Wait()
	if s := m.Stats(); s.Bytes > s.Room+s.Room/4 {
		t.Errorf("%d bytes with room for %d", s.Bytes, s.Room)
	}
}

// A fingerprint that panics takes its own request down and nothing else.
func TestPanickingFingerprint(t *testing.T) {
	m := must(t, Config{Shards: 1})
	at := teach(m, "/", files(2), 5, 1, start)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic came through")
			}
		}()
		e := seen("/", 99, at)
		e.Held = func(string) bool { panic("bad cookie") }
		m.ObserveView(e)
	}()
	teach(m, "/", files(3), 10, 100, at)
	if len(m.Wanted("/")) != 3 {
		t.Error("nothing is learned any more")
	}
}
