package redisstore

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/learn/evidence"
)

// A key of the wrong type is passed over, by whoever meets it: what is beside it is read, written
// and archived as ever.
func TestR5WrongKeysArePassedOver(t *testing.T) {
	const site = "casper:1:{default}:"
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, plain *redis.Client, k *keys, round int64)
		lost  bool // nobody can know any more what was archived before
	}{
		{"a page", func(t *testing.T, plain *redis.Client, k *keys, _ int64) {
			must(t, plain.Set(t.Context(), k.page("/bad"), "x", 0).Err())
			must(t, plain.ZAdd(t.Context(), k.pages(), redis.Z{Score: math.MaxInt32, Member: "/bad"}).Err())
		}, false},
		{"the index", func(t *testing.T, plain *redis.Client, k *keys, _ int64) {
			must(t, plain.Set(t.Context(), k.pages(), "x", 0).Err())
		}, true},
		{"rounds", func(t *testing.T, plain *redis.Client, k *keys, round int64) {
			for n := round - 2; n < round+5; n++ {
				must(t, plain.Set(t.Context(), k.round(n), "x", 0).Err())
			}
		}, false},
		{"takers", func(t *testing.T, plain *redis.Client, k *keys, round int64) {
			for n := round; n < round+10; n++ {
				must(t, plain.RPush(t.Context(), k.taken(n), "x").Err())
			}
		}, false},
		{"all the archive's pages but one", func(t *testing.T, plain *redis.Client, k *keys, _ int64) {
			for _, p := range "abcdefgh" {
				must(t, plain.RPush(t.Context(), k.page("/"+string(p)), "x").Err())
				must(t, plain.ZAdd(t.Context(), k.pages(), redis.Z{Score: math.MaxInt32, Member: "/" + string(p)}).Err())
			}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := peer.StartRedis(t)
			a := open(t, r.URL(), quick)
			ra := reader{store: a}
			must(t, a.Merge(t.Context(), []evidence.Delta{delta("/good", "/a.css", 3, 7)}))
			eventually(t, "it is archived", func() bool { ra.read(t); return a.Stats().Archived == 2 })
			now, err := a.now(t.Context())
			must(t, err)
			c.spoil(t, client(t, r), &a.k, now.round)

			late := reader{store: open(t, r.URL(), quick)}
			late.read(t)
			if got := late.views("/good"); got != 3 && !c.lost {
				t.Errorf("%v views of the archived page, want 3", got)
			}
			more := []evidence.Delta{delta("/bad", "/a.css", 1, 1), delta("/a", "/a.css", 1, 1), delta("/more", "/a.css", 1, 1)}
			eventually(t, "what is reported later is read", func() bool {
				must(t, a.Merge(t.Context(), more))
				ra.read(t)
				late.read(t)
				return late.views("/more") > 0 && late.views("/bad") > 0
			})
			eventually(t, "and archived", func() bool {
				must(t, a.Merge(t.Context(), more))
				ra.read(t)
				late.read(t)
				return client(t, r).HLen(t.Context(), site+"page:/more").Val() == 2
			})
		})
	}
}

// A record that cannot be is replaced by the next report, so that it does not silence an asset
// for as long as the archive keeps a page.
func TestR5WrongRecordsAreReplaced(t *testing.T) {
	r := peer.StartRedis(t)
	c := quick
	c.Round = time.Hour
	good := func() string { // the record of one report
		d := delta("/", "/a.css", 1, 1)
		return string(appendEntries(nil, &d)[1].append(nil))
	}()
	be := func(bits uint64) string {
		var b [8]byte
		for i := range b {
			b[i] = byte(bits >> (56 - 8*i))
		}
		return string(b[:])
	}
	for name, old := range map[string]string{
		"NaN":          be(math.Float64bits(math.NaN())) + good[8:],
		"infinite":     good[:8] + be(math.Float64bits(math.Inf(1))) + good[16:],
		"negative":     good[:16] + be(math.Float64bits(-1)) + good[24:],
		"beyond 2^53":  be(math.Float64bits(1<<60)) + good[8:],
		"a long tail":  good[:44] + "\xff\xff\xff\xff" + strings.Repeat("x", maxTail+1),
		"a short head": good[:20],
	} {
		c.Site = strings.ReplaceAll(name, " ", "-")
		s := open(t, r.URL(), c)
		now, err := s.now(t.Context())
		must(t, err)
		plain := client(t, r)
		must(t, plain.HSet(t.Context(), s.k.round(now.round), "/\n/a.css", old).Err())
		must(t, s.Merge(t.Context(), []evidence.Delta{delta("/", "/a.css", 1, 1)}))
		if got := plain.HGet(t.Context(), s.k.round(now.round), "/\n/a.css").Val(); got != good {
			t.Errorf("%s: %d octets %.60q, want the report alone", name, len(got), got)
		}
	}
}

// Whoever takes a file or an address tells them apart by one function, which knows what Open does.
func TestIsAddress(t *testing.T) {
	for state, want := range map[string]bool{
		"redis://127.0.0.1:6379": true, "rediss://cache.example/?site=shop": true, "unix:///run/redis.sock?db=1&site=shop": true,
		"": false, "learned.casper": false, "/redis://x": false, "redis:": false, "unix": false,
	} {
		if got := IsAddress(state); got != want {
			t.Errorf("IsAddress(%q) is %v", state, got)
		}
		if want {
			open(t, state, Config{})
		}
	}
}
