package redisstore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
)

// dump is all that Redis holds, keys, fields and values.
func dump(t testing.TB, r *peer.Redis) string {
	var text strings.Builder
	c := client(t, r)
	for _, key := range c.Keys(t.Context(), "*").Val() {
		fmt.Fprintln(&text, key)
		switch c.Type(t.Context(), key).Val() {
		case "hash":
			fmt.Fprintln(&text, c.HGetAll(t.Context(), key).Val())
		case "zset":
			fmt.Fprintln(&text, c.ZRange(t.Context(), key, 0, -1).Val())
		case "stream":
			fmt.Fprintln(&text, c.XRange(t.Context(), key, "-", "+").Val())
		case "string":
			fmt.Fprintln(&text, c.Get(t.Context(), key).Val())
		}
	}
	return text.String()
}

// Redis holds neither the name of a page that too few networks have seen, on whichever nodes, nor what it uses.
// Once enough have, all nodes know all of it.
func TestR10RedisNamesNobodysPage(t *testing.T) {
	r := peer.StartRedis(t)
	var nodes []*node
	for range 3 {
		n := newNode(t, r.URL(), quick)
		m, err := learn.New(learn.Config{Share: true, Secret: secret, HoldOut: -1})
		must(t, err)
		n.model, n.sharer.Model = m, m
		nodes = append(nodes, n)
		defer n.run()()
	}
	at := time.Now().Add(-time.Minute)
	people := []learn.Client{1, 1 << 40, 1 << 41}
	for range 3 {
		for i, n := range nodes[:2] {
			n.visit("/alice", people[i], at, "/alices.css")
		}
	}
	nodes[0].crowd("/shop", 1<<50, "/shop.css")
	eventually(t, "the shop's page is known", func() bool { return nodes[2].wants("/shop", "/shop.css") })
	time.Sleep(4 * quick.Round)
	if text := dump(t, r); strings.Contains(text, "alice") || !strings.Contains(text, "/shop.css") {
		t.Fatalf("Redis holds:\n%s", text)
	}
	for i := range 4 { // each of them one network, and three of them make enough
		nodes[2].visit("/alice", people[2]+learn.Client(i*7919), at, "/alices.css")
	}
	eventually(t, "it is told of", func() bool { return strings.Contains(dump(t, r), "/alices.css") })
	for i, n := range nodes {
		eventually(t, fmt.Sprintf("node %d wants it", i), func() bool { return n.wants("/alice", "/alices.css") })
	}
}

// Sightings go through Redis as they are, are no part of the archive, and are not told to who made them.
func TestSightingsTravel(t *testing.T) {
	r := peer.StartRedis(t)
	a, b := reader{store: open(t, r.URL(), quick)}, reader{store: open(t, r.URL(), quick)}
	a.read(t)
	b.read(t)
	said := []evidence.Delta{
		delta("/", "/a.css", 1, 1),
		{Sighting: evidence.Sighting{Page: 1, Day: 20780, Mark: 1 << 63}},
		{Sighting: evidence.Sighting{Page: 1, Day: 20780, Mark: 2}},
	}
	must(t, a.store.Merge(t.Context(), said))
	must(t, a.store.Merge(t.Context(), said[1:])) // once more
	plain := client(t, r)
	for _, key := range plain.Keys(t.Context(), "casper:1:{default}:round:*").Val() { // and what is none
		must(t, plain.HSet(t.Context(), key, "#", "x", "#0000000000000001.000000000000000x", strings.Repeat("\x00", 48),
			"#0000000000000001.0000000000000003", strings.Repeat("\x00", 49), "#0000000000000001.000000000000000Z\n", "").Err())
	}
	eventually(t, "b reads them", func() bool { b.read(t); return b.views("/") > 0 })
	var got []evidence.Sighting
	for _, d := range b.got {
		if d.Sighting != (evidence.Sighting{}) {
			got = append(got, d.Sighting)
		}
	}
	if len(got) != 2 || got[0].Page != 1 || got[0].Day != 20780 || got[0].Mark+got[1].Mark != 1<<63+2 {
		t.Errorf("read %+v", got)
	}
	must(t, b.store.Merge(t.Context(), []evidence.Delta{delta("/b", "/b.css", 1, 1)}))
	eventually(t, "a reads what b reported", func() bool { a.read(t); return a.views("/b") > 0 })
	late := reader{store: open(t, r.URL(), quick)}
	late.read(t)
	for _, d := range append(a.got, late.got...) {
		if d.Sighting != (evidence.Sighting{}) {
			t.Errorf("a sighting came to who made it, or into the archive: %+v", d)
		}
	}
}
