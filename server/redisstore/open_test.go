package redisstore

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/learn/evidence"
)

// meet lets two stores of one address tell each other something, by the way that nodes go.
func meet(t *testing.T, address string) {
	t.Helper()
	a, b := newNode(t, address, quick), newNode(t, address, quick)
	defer a.run()()
	defer b.run()()
	a.crowd("/a", 1, "/a.css")
	b.crowd("/b", 1<<40, "/b.css")
	eventually(t, "each knows what the other saw", func() bool { return a.wants("/b", "/b.css") && b.wants("/a", "/a.css") })
	late := newNode(t, address, quick)
	eventually(t, "so does one that comes later", func() bool {
		must(t, late.sharer.Exchange(t.Context()))
		return late.wants("/a", "/a.css") && late.wants("/b", "/b.css")
	})
}

// The other ways to a Redis server, with real ones.
func TestWaysToRedis(t *testing.T) {
	t.Run("TLS", func(t *testing.T) {
		c := peer.NewCertificate(t)
		_, addr := peer.StartRedisTLS(t, c)
		meet(t, "rediss://"+addr+"/?ca="+c.CertFile)
		stranger := peer.NewCertificate(t)
		s := open(t, "rediss://"+addr+"/?ca="+stranger.CertFile, quick)
		if _, _, err := s.Load(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("somebody else's certificate: %v", err)
		}
	})
	t.Run("a socket", func(t *testing.T) {
		dir, err := os.MkdirTemp("", "casper") // short enough for the path of a socket
		must(t, err)
		defer os.RemoveAll(dir)
		peer.StartRedis(t, "--unixsocket", filepath.Join(dir, "s"))
		meet(t, "unix://"+filepath.Join(dir, "s")+"?site=shop")
	})
	t.Run("a user of few rights", func(t *testing.T) {
		r := peer.StartRedis(t)
		plain := client(t, r)
		rule := append([]any{"ACL", "SETUSER", "casper", "on", ">pass word", "resetkeys", "~casper:1:{shop}:*", "resetchannels", "nocommands"}, rights()...)
		must(t, plain.Do(t.Context(), rule...).Err())
		must(t, plain.Do(t.Context(), "ACL", "SETUSER", "default", "off").Err()) // those who are connected stay
		meet(t, "redis://casper:pass%20word@"+r.Addr+"/?site=shop")
		log, err := plain.Do(t.Context(), "ACL", "LOG").Slice()
		if err != nil || len(log) != 0 {
			t.Errorf("it was refused %v, %v", log, err)
		}
		for _, address := range []string{
			"redis://casper:pass%20word@" + r.Addr + "/?site=other", // which the user may not see
			"redis://casper:wrong@" + r.Addr + "/?site=shop",
			"redis://" + r.Addr + "/?site=shop",
		} {
			s := open(t, address, quick)
			if err := s.Merge(t.Context(), []evidence.Delta{delta("/", "/a.css", 1, 1)}); err == nil || strings.Contains(err.Error(), "pass") && strings.Contains(err.Error(), "word@") {
				t.Errorf("%s: %v", Redacted(address), err)
			}
		}
	})
	t.Run("Sentinel", func(t *testing.T) {
		first := peer.StartRedis(t)
		second := peer.StartRedisReplica(t, first)
		sentinel := peer.StartSentinel(t, first)
		watch := redis.NewClient(&redis.Options{Addr: sentinel.Addr})
		defer watch.Close()
		eventually(t, "the Sentinel knows the replica", func() bool {
			list, err := watch.Do(t.Context(), "SENTINEL", "REPLICAS", "main").Slice()
			return err == nil && len(list) == 1 && client(t, second).Info(t.Context(), "replication").Err() == nil &&
				strings.Contains(client(t, second).Info(t.Context(), "replication").Val(), "master_link_status:up")
		})
		address := "redis://" + sentinel.Addr + "/?master_name=main"
		meet(t, address)
		a, b := newNode(t, address, quick), newNode(t, address, quick)
		a.sharer.Every, b.sharer.Every = 50*time.Millisecond, 50*time.Millisecond
		defer a.run()()
		defer b.run()()
		first.Kill(t)
		a.crowd("/later", 1, "/later.css")
		eventually(t, "after a failover they go on", func() bool { return b.wants("/later", "/later.css") })
	})
	t.Run("a cluster", func(t *testing.T) {
		list := peer.StartRedisCluster(t, 3)
		slots := []int{0, 5461, 10923, 16384}
		for i, r := range list {
			c := client(t, r)
			must(t, c.ClusterAddSlotsRange(t.Context(), slots[i], slots[i+1]-1).Err())
			host, port, _ := net.SplitHostPort(r.Addr)
			bus := c.ConfigGet(t.Context(), "cluster-port").Val()["cluster-port"]
			must(t, client(t, list[0]).Do(t.Context(), "CLUSTER", "MEET", host, port, bus).Err())
		}
		eventually(t, "they are a cluster", func() bool {
			for _, r := range list {
				if !strings.Contains(client(t, r).ClusterInfo(t.Context()).Val(), "cluster_state:ok") {
					return false
				}
			}
			return true
		})
		for _, site := range []string{"shop", "blog", "forum", "wiki"} { // which do not all have the same node
			meet(t, "redis://"+list[0].Addr+"/?cluster=true&addr="+list[1].Addr+"&site="+site)
		}
		full := 0
		for _, r := range list {
			if client(t, r).DBSize(t.Context()).Val() > 0 {
				full++
			}
		}
		if full < 2 {
			t.Errorf("%d of 3 nodes hold something", full)
		}
		// Who names a cluster's node and does not say that it is one is told so.
		for _, r := range list {
			s := open(t, "redis://"+r.Addr, quick)
			if err := s.Merge(t.Context(), []evidence.Delta{delta("/", "/a.css", 1, 1)}); err != nil && !strings.Contains(err.Error(), "cluster=true") {
				t.Errorf("a cluster's node alone: %v", err)
			}
		}
	})
}

// rights are what a user needs to be allowed, as FLEET.md says.
func rights() (list []any) {
	text, err := os.ReadFile("FLEET.md")
	if err != nil {
		panic(err)
	}
	_, line, _ := strings.Cut(string(text), "~casper:1:{shop}:* ")
	line, _, _ = strings.Cut(line, "\n")
	for word := range strings.FieldsSeq(line) {
		list = append(list, word)
	}
	return list
}

// What is wrong with an address is one line, without what is secret in it.
func TestAddresses(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	must(t, os.WriteFile(empty, nil, 0o600))
	for address, want := range map[string]string{
		"redis://u:hunter2@h/?cluster=yes":                                             "cluster is true or false",
		"redis://u:hunter2@h/?cluster=true&master_name=m":                              "either cluster or master_name",
		"redis://u:hunter2@h/?addr=h2:1":                                               "addr is for cluster=true",
		"redis://u:hunter2@h/3?cluster=true":                                           "no databases",
		"redis://u:hunter2@h/?ca=/x":                                                   "ca is for rediss://",
		"rediss://u:hunter2@h/?ca=/nowhere/ca.pem":                                     "no such file",
		"rediss://u:hunter2@h/?ca=" + empty:                                            "holds no certificate",
		"redis://h/?master_name=m&sentinel_password=hunter2&db=x":                      "database number",
		"redis://h/?sentinel_password=hunter2&master_name=m&cluster=true&site=a%7Db":   "either",
		"redis://u:hunter2@h/?master_name=m&sentinel_password=hunter2&nonsense=hunter": "nonsense",
	} {
		s, err := Open(address, Config{})
		if err == nil {
			s.Close(context.Background())
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for address, want := range map[string]string{
		"redis://u:p@h:1/0?site=shop&sentinel_password=x": "redis://u:xxxxx@h:1/0?site=shop",
		"unix:///run/s?db=1":                              "unix:///run/s",
		"redis://%zz":                                     "unnamed",
	} {
		if got := Redacted(address); got != want {
			t.Errorf("Redacted(%q) is %q, want %q", address, got, want)
		}
	}
}
