package server_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/link"
)

// T19. Tabs that load at a time overwrite each other's cookies. Within a connection nothing is
// sent twice even so; after it each asset is sent once more at most; and then the cookie
// holds everything.
func TestInterleavings(t *testing.T) {
	const tabs = 5
	assets := func(page int) []string {
		return []string{"/all.css", fmt.Sprintf("/%d.css", page), fmt.Sprintf("/%d.js", page), fmt.Sprintf("/%d.css", (page+1)%tabs)}
	}
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			in := rand.New(rand.NewPCG(19, seed))
			delay := func() time.Duration { return time.Duration(in.IntN(1000)) * time.Millisecond }
			delays := make([]time.Duration, 4*tabs)
			for i := range delays {
				delays[i] = delay()
			}
			h := &server.Handler{
				Sources: sources(func(r *http.Request) (list []link.Asset) {
					var page int
					fmt.Sscanf(r.URL.Path, "/%d", &page)
					for _, p := range assets(page)[:2] {
						list = append(list, link.Guess(p, ""))
					}
					return list
				}),
				Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					var page int
					fmt.Sscanf(r.URL.Path, "/%d", &page)
					time.Sleep(delays[page])
					w.Header().Set("Content-Type", "text/html")
					for _, p := range assets(page)[2:] {
						w.Header().Add("Link", link.Guess(p, "").String())
					}
				}),
			}
			var mu sync.Mutex
			jar := ""
			sent := make(map[string]int)
			visit := func(page int, on *http.Request, there, back time.Duration) {
				mu.Lock()
				r := on.Clone(on.Context())
				r.URL.Path = fmt.Sprint("/", page)
				r.RequestURI = r.URL.Path
				if jar != "" {
					r.Header.Set("Cookie", "h2o_casper="+jar)
				}
				mu.Unlock()
				time.Sleep(there)
				s := newStage()
				if h.ServeHTTP(s, r); s.code == 0 {
					s.WriteHeader(http.StatusOK)
				}
				time.Sleep(back)
				mu.Lock()
				defer mu.Unlock()
				if value, ok := s.cookie(); ok {
					jar = value
				}
				for _, p := range s.pushed {
					sent[p]++
				}
			}

			first := request("/")
			var wg sync.WaitGroup
			for page := range tabs {
				wg.Go(func() { visit(page, first, delays[tabs+page], delays[2*tabs+page]) })
			}
			wg.Wait()
			for p, n := range sent {
				if n > 1 {
					t.Errorf("seed %d: %s went %d times over one connection", seed, p, n)
				}
			}
			had := jar
			second := request("/")
			for page := range tabs {
				visit(page, second, 0, 0)
			}
			known, err := casper.Parse(had, casper.Params{})
			if err != nil {
				t.Fatal(err)
			}
			for p, n := range sent {
				if n > 2 || n == 2 && known.Has(keysOf(p)[0]) {
					t.Errorf("seed %d: %s was sent %d times, the cookie held it: %v", seed, p, n, known.Has(keysOf(p)[0]))
				}
			}
			clear(sent)
			third := request("/")
			for page := range tabs {
				visit(page, third, 0, 0)
			}
			if len(sent) != 0 {
				t.Errorf("seed %d: the third round sent %v", seed, sent)
			}
		})
	}
}

// T17. Everything at once, for the race detector: pages of all kinds, people who come and go,
// files that change, somebody who looks at what is remembered.
func TestStress(t *testing.T) {
	var version atomic.Int64
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := version.Load()
		w.Header().Set("Etag", fmt.Sprintf(`"%d"`, v/50))
		if strings.HasSuffix(r.URL.Path, ".css") {
			w.Header().Set("Content-Type", "text/css")
			w.Header().Set("Cache-Control", "max-age=60")
			io.WriteString(w, "body{}")
			return
		}
		w.Header().Set("Content-Type", "text/html")
		for i := range 5 {
			w.Header().Add("Link", fmt.Sprintf("<%s-%d.css>; rel=preload; as=style", r.URL.Path, i))
		}
		if v%3 == 0 {
			w.WriteHeader(http.StatusEarlyHints)
		}
		server.Push(w, r, link.Guess("/pushed.css", ""))
		io.WriteString(w, "<p>page")
		server.Verdicts(w)
	})
	var observed atomic.Int64
	h := &server.Handler{
		Next: next, Keys: server.KeyVersion, Sources: wants("/a.css", "/b.css"),
		Scan:    func([]byte, link.Base) []link.Asset { return []link.Asset{link.Guess("/s.css", "")} },
		Observe: func(x *server.Exchange) { observed.Add(1); x.Key("/a.css") },
		Allow:   func(r *http.Request, a link.Asset) bool { return a.Path != "/b.css" || r.URL.RawQuery == "" },
	}
	for _, addr := range []string{serve(t, h), serveForgetful(t, h)} {
		var wg sync.WaitGroup
		for who := range 8 {
			wg.Go(func() {
				in := rand.New(rand.NewPCG(17, uint64(who)))
				for range scaled(t, 500, 12) / 4 {
					c := peer.Dial(t, addr, h2client.Options{})
					cookie := ""
					var streams []*h2client.Stream
					for range 8 {
						version.Add(1)
						r := h2client.Request{Path: []string{"/x", "/y", "/z?q", "/x-0.css"}[in.IntN(4)], Method: []string{"GET", "GET", "GET", "HEAD"}[in.IntN(4)]}
						if in.IntN(2) > 0 {
							r.Header = navigate
						}
						if cookie != "" {
							r.Cookies = []string{cookie}
						}
						s, err := c.Start(r)
						if err != nil {
							t.Error(err)
							return
						}
						if in.IntN(6) == 0 {
							s.Reset(8)
						}
						streams = append(streams, s)
					}
					for _, s := range streams {
						if x, err := s.Wait(); err == nil {
							if set := cookieOf(&x.Response); set != "" {
								cookie = set
							}
						}
					}
					c.Close()
				}
			})
		}
		wg.Go(func() {
			for range 50 {
				for p := range h.Pages() {
					if p.Path == "/y" {
						h.Forget(p.Host, p.Path)
					}
				}
				h.ForgetAll()
			}
		})
		wg.Wait()
	}
	if observed.Load() == 0 {
		t.Error("nothing was observed")
	}
}

// T26. What is in the cookie is found in it, always; what is not is taken for held as often as
// the size of the set says.
func TestNoFalseNegatives(t *testing.T) {
	in := rand.New(rand.NewPCG(26, 26))
	checks := 0
	for total := scaled(t, 100_000_000, 1_000_000); checks < total; {
		p := casper.Params{CapacityBits: uint8(1 + in.IntN(15))}
		keys := make([]casper.Key, 1+in.IntN(min(p.Capacity(), 3000)))
		for i := range keys {
			keys[i] = casper.Key(in.Uint32N(uint32(p.Capacity())))
		}
		keys[0], keys[len(keys)-1] = 0, casper.Key(p.Capacity()-1)
		f, err := casper.Parse(casper.New(p, keys...).String(), p)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if !f.Has(k) {
				t.Fatalf("%d bits: %d was lost of %v", p.CapacityBits, k, keys)
			}
		}
		checks += len(keys)
	}

	for _, c := range []struct {
		bits uint8
		held int
	}{{13, 10}, {13, 100}, {13, 1000}, {10, 50}, {15, 300}} {
		p := casper.Params{CapacityBits: c.bits}
		h := &server.Handler{Params: p, Next: site()}
		f := casper.New(p)
		for i := range c.held {
			f = f.With(p.Key(fmt.Sprintf("/held/%d/%d.css", c.bits, i)))
		}
		cookie := "Cookie: h2o_casper=" + f.String()
		const n = 20_000
		taken := 0
		client := &server.Client{Held: f, CanPush: true}
		for i := range n {
			a := server.Prepare(link.Asset{Path: fmt.Sprintf("/not/%d/%d.css", c.held, i), As: "style"}, p)
			if new(server.Policy).Decide(client, []*server.Asset{a}, nil).Verdicts[0].Reason == server.ReasonHeld {
				taken++
			}
		}
		rate := f.FalsePositive()
		mean, variance := n*rate, n*rate*(1-rate)
		if d := float64(taken) - mean; d*d > 9*variance {
			t.Errorf("%d of %d keys of %d bits: %d false positives, %.0f expected", c.held, n, c.bits, taken, mean)
		}
		// And through a handler: what it set, it reads.
		h.Sources = wants("/held/" + fmt.Sprint(c.bits) + "/0.css")
		if s := ask(h, "/", cookie); len(s.pushed) != 0 {
			t.Errorf("%d keys of %d bits: pushed %q, which is held", c.held, c.bits, s.pushed)
		}
	}
}

// More in the fingerprint never makes a decision send what is held, and never makes it send
// more of the same list than there is room for; the same question has the same answer.
func TestDecideLaws(t *testing.T) {
	in := rand.New(rand.NewPCG(5, 5))
	kinds := []string{"style", "script", "font", "image", "fetch", ""}
	for range 5_000 {
		var want []*server.Asset
		for i := range in.IntN(14) {
			want = append(want, server.Prepare(link.Asset{Path: fmt.Sprintf("/%d", in.IntN(12)+i/8), As: kinds[in.IntN(len(kinds))], NoPush: in.IntN(5) == 0}, casper.Params{}))
		}
		c := server.Client{CanPush: in.IntN(2) > 0, CanHint: in.IntN(2) > 0, CanLink: in.IntN(2) > 0, Count: in.IntN(9), Live: in.IntN(40)}
		p := server.Policy{MaxAssets: in.IntN(12), MaxBytes: int64(in.IntN(300 << 10)), NoPush: in.IntN(9) == 0}
		for _, a := range want {
			if in.IntN(3) == 0 {
				c.Held = c.Held.With(a.Key)
			}
		}
		plan := p.Decide(&c, want, nil)
		if again := p.Decide(&c, want, nil); !slices.Equal(plan.Verdicts, again.Verdicts) || plan.Next.String() != again.Next.String() {
			t.Fatal("another answer to the same question")
		}
		sent, seen := 0, make(map[string]bool)
		for _, v := range plan.Verdicts {
			if v.Means == server.ByNothing {
				continue
			}
			sent++
			if v.Asset.Tracked && c.Held.Has(v.Asset.Key) || seen[v.Asset.Path] {
				t.Fatalf("%s was sent, held or twice", v.Asset.Path)
			}
			seen[v.Asset.Path] = true
		}
		most := p.MaxAssets
		if most == 0 {
			most = 8
		}
		if sent > max(0, most-c.Count) || len(plan.Verdicts) != len(want) {
			t.Fatalf("%d sent, %d verdicts for %d assets", sent, len(plan.Verdicts), len(want))
		}
		for _, v := range plan.Verdicts {
			if v.Means != server.ByNothing && v.Asset.Tracked && !plan.Next.Has(v.Asset.Key) {
				t.Fatal("what was sent is not in the next fingerprint")
			}
		}
		wider := c
		wider.Held = plan.Next
		for _, v := range p.Decide(&wider, want, nil).Verdicts {
			if v.Means != server.ByNothing && v.Asset.Tracked && plan.Next.Has(v.Asset.Key) {
				t.Fatalf("%s was sent again", v.Asset.Path)
			}
		}
	}
}
