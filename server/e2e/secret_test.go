package e2e

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

// votersOf returns which voters Redis holds of the assets of a site: 64 buckets.
func votersOf(t *testing.T, r *peer.Redis, site string) (voters uint64) {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: r.Addr})
	defer c.Close()
	for _, kind := range []string{"round", "page"} {
		for _, key := range c.Keys(t.Context(), "casper:1:{"+site+"}:"+kind+":*").Val() {
			for field, text := range c.HGetAll(t.Context(), key).Val() {
				if strings.HasSuffix(field, "/a.css") && len(text) >= 32 {
					voters |= binary.BigEndian.Uint64([]byte(text[24:]))
				}
			}
		}
	}
	return voters
}

// reckoned returns which voters somebody would reckon for networks, who takes a text for the secret.
func reckoned(t *testing.T, secret string, from []string) (voters uint64) {
	t.Helper()
	m, err := learn.New(learn.Config{Share: true, Secret: []byte(secret), HoldOut: -1})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, addr := range from {
		c := m.Client(netip.MustParseAddr(addr), now)
		m.ObserveView(&learn.View{Time: now, Client: c, Path: "/", Status: 200})
		m.ObserveFetch(&learn.Fetch{Time: now, Client: c, Path: "/", Via: "/", Status: 200, Destined: true, Reuse: learn.ReuseStated,
			Asset: link.Asset{Path: "/a.css", As: "style"}})
	}
	m.Tick(now.Add(time.Minute))
	for _, d := range m.Flush() {
		for _, v := range d.Assets {
			voters |= v.For
		}
	}
	return voters
}

// Whoever knows the address of Redis, and reads all it holds, cannot tell whether a network may have
// visited, once the fleet has a secret; without one he can.
func TestR17SecretOfItsOwn(t *testing.T) {
	r := peer.StartRedis(t)
	app := "http://" + serveHTTP(t, http.HandlerFunc(hello))
	const secret = "correct-horse-battery-staple"
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var from []string
	for i := range 12 {
		from = append(from, fmt.Sprintf("198.51.%d.1", i))
	}
	for _, tt := range []struct {
		site, env string
		flags     []string
		keyed     bool
	}{
		{"none", "", nil, false},
		{"flag", "", []string{"--secret", file}, true},
		{"env", secret, nil, true},
		{"both", "another-secret-than-that", []string{"--secret", file}, true},
	} {
		state := r.URL() + "/?site=" + tt.site
		t.Setenv("CASPER_SECRET", tt.env)
		s := serve(t, append([]string{"--proxy", app, "--state", state, "--trust-proxy", "127.0.0.1/32", "--hold-out", "0"}, tt.flags...)...)
		for _, addr := range from {
			c := dial(t, s)
			ask(t, c, "/", addr, "document", "navigate", "")
			ask(t, c, "/a.css", addr, "style", "no-cors", "https://"+s.addr+"/")
			c.Close()
		}
		key, other := secret, state
		if !tt.keyed {
			key, other = state, secret
		}
		want, got := reckoned(t, key, from), uint64(0)
		for until := time.Now().Add(20 * time.Second); got != want && time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
			got = votersOf(t, r, tt.site)
		}
		if got != want {
			t.Errorf("%s: the voters are %b, want %b", tt.site, got, want)
		}
		if got == reckoned(t, other, from) {
			t.Errorf("%s: the voters are keyed with %s", tt.site, other)
		}
	}
}
