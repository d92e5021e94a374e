package redisstore

import (
	"bytes"
	"fmt"
	"log/slog"
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
		{"the index of rounds", func(t *testing.T, plain *redis.Client, k *keys, _ int64) {
			must(t, plain.Set(t.Context(), k.index, "x", 0).Err())
		}, false},
		{"an index of rounds to come", func(t *testing.T, plain *redis.Client, k *keys, round int64) { // the clock went back
			must(t, plain.XAdd(t.Context(), &redis.XAddArgs{Stream: k.index, ID: roundID(round + 1e6), Values: []string{"a", "b"}}).Err())
		}, false},
		{"an index of other things", func(t *testing.T, plain *redis.Client, k *keys, round int64) {
			must(t, plain.Del(t.Context(), k.index).Err())
			for i := range 200 {
				must(t, plain.XAdd(t.Context(), &redis.XAddArgs{Stream: k.index, ID: fmt.Sprintf("%d-%d", round-100, i+2), Values: []string{"a", "b"}}).Err())
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

// On each kind of bad day nodes go on, and what was seen meanwhile is known everywhere once it is
// over. Where Redis can be read it is read all the same. The log gets a line at the beginning and one at the end.
func TestBadDaysOfRedis(t *testing.T) {
	do := func(args ...any) func(*testing.T, *redis.Client) {
		return func(t *testing.T, c *redis.Client) { must(t, c.Do(t.Context(), args...).Err()) }
	}
	for _, c := range []struct {
		name     string
		on, off  func(*testing.T, *redis.Client)
		readable bool
	}{
		{"read-only", do("REPLICAOF", "127.0.0.1", "1"), do("REPLICAOF", "NO", "ONE"), true},
		{"full", do("CONFIG", "SET", "maxmemory", "1"), do("CONFIG", "SET", "maxmemory", "0"), true},
		{"slow", do("CLIENT", "PAUSE", "1000", "ALL"), do("PING"), false},
		{"writes are slow", do("CLIENT", "PAUSE", "1000", "WRITE"), do("CLIENT", "UNPAUSE"), false},
		{"a password of another", do("ACL", "SETUSER", "default", ">other", "resetpass", ">other"), do("ACL", "SETUSER", "default", "nopass"), false},
		{"no scripts allowed", do("ACL", "SETUSER", "default", "-@scripting"), do("ACL", "SETUSER", "default", "+@all"), true},
		{"scripts are gone", do("SCRIPT", "FLUSH"), do("PING"), true},
		{"all is gone", do("FLUSHALL"), do("PING"), false},
		{"all is gone but the archive", func(t *testing.T, c *redis.Client) {
			for _, key := range c.Keys(t.Context(), "*ound*").Val() {
				must(t, c.Del(t.Context(), key).Err())
			}
		}, do("PING"), true},
		{"connections are cut", func(t *testing.T, c *redis.Client) {
			for range 20 {
				must(t, c.Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err())
				time.Sleep(5 * time.Millisecond)
			}
		}, do("PING"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := peer.StartRedis(t)
			plain := client(t, r)
			plain.Options().PoolSize = 1
			a, b := newNode(t, r.URL(), quick), newNode(t, r.URL(), quick)
			var log bytes.Buffer
			a.sharer.Log = slog.New(slog.NewTextHandler(&log, nil))
			a.sharer.Timeout, b.sharer.Timeout = 300*time.Millisecond, 300*time.Millisecond
			stopA := a.run()
			defer b.run()()
			a.crowd("/before", 1, "/before.css")
			eventually(t, "it is archived", func() bool {
				return b.wants("/before", "/before.css") && plain.HLen(t.Context(), b.store.k.page("/before")).Val() > 1
			})
			c.on(t, plain)
			a.crowd("/meanwhile", 1<<40, "/meanwhile.css")
			late := newNode(t, r.URL(), quick)
			if c.readable {
				eventually(t, "a new node reads", func() bool { late.sharer.Exchange(t.Context()); return late.wants("/before", "/before.css") })
			}
			time.Sleep(200 * time.Millisecond)
			c.off(t, plain)
			a.crowd("/after", 1<<50, "/after.css")
			eventually(t, "all is known", func() bool {
				late.sharer.Exchange(t.Context())
				for _, n := range []*node{b, late} {
					if !n.wants("/meanwhile", "/meanwhile.css") || !n.wants("/after", "/after.css") {
						return false
					}
				}
				return true
			})
			stopA()
			if n := strings.Count(log.String(), "\n"); n > 4 {
				t.Errorf("%d lines were logged:\n%s", n, &log)
			}
		})
	}
}

// Where Redis has no streams, or does not let a node use them, rounds are looked for one after another.
func TestWithoutStreams(t *testing.T) {
	r := peer.StartRedis(t)
	must(t, client(t, r).Do(t.Context(), "ACL", "SETUSER", "default", "-@stream").Err())
	meet(t, r.URL())
}
