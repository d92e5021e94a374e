package learn

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

// strangersOf returns so many clients whose marks differ.
func strangersOf(n int) (list []Client) {
	var taken voters
	for c := Client(1); len(list) < n; c++ {
		if b := voters(1) << (mix(uint64(c)) >> 58); taken&b == 0 {
			taken |= b
			list = append(list, c)
		}
	}
	return list
}

// names returns the pages that deltas name.
func names(deltas []evidence.Delta) (list []string) {
	for _, d := range deltas {
		if d.Page != "" {
			list = append(list, d.Page)
		}
	}
	return list
}

// Nodes each of which has seen too few to tell of a page learn it together: they count who saw it, and only then
// name it. A node that does not know the page learns nothing before, and none without the secret ever.
func TestFleetCountsSightings(t *testing.T) {
	c := Config{Share: true, Secret: []byte("the fleet's")}
	nodes := []*Model{must(t, c), must(t, c), must(t, c), must(t, c)}
	people := strangersOf(4)
	exchange := func() (told []string) {
		for i, m := range nodes {
			news := m.Flush()
			told = append(told, names(news)...)
			for j, other := range nodes {
				if i != j {
					other.Merge(news...)
				}
			}
		}
		return told
	}
	at := start
	for i, m := range nodes[:2] {
		at = look(m, "/invite", people[i], at, css("/a.css"))
		look(m, "/invite", people[i], at, css("/a.css")) // the same one again
	}
	for range 3 {
		if told := exchange(); told != nil {
			t.Fatalf("told of two networks: %q", told)
		}
	}
	for i, m := range nodes {
		if got := slices.Collect(m.All()); len(got) != 0 {
			t.Errorf("node %d tells %+v", i, got)
		}
	}
	look(nodes[2], "/invite", people[2], at, css("/a.css"))
	exchange()
	told := exchange()
	if !slices.Contains(told, "/invite") {
		t.Fatalf("three networks saw it, and it is told of: %q", told)
	}
	exchange()
	for i, m := range nodes {
		got := slices.Collect(m.All())
		if len(got) != 1 || got[0].Page != "/invite" || got[0].Views != 3 {
			t.Errorf("node %d tells %+v, want three views", i, got)
		}
	}
}

// A sighting counts once, on its day, for the page that it is of, and if it was made by somebody who
// has the secret.
func TestSightingsCannotBeMadeUp(t *testing.T) {
	secret := Config{Share: true, Secret: []byte("the fleet's")}
	people := strangersOf(3)
	sightings := func(c Config, page string, day int, who ...Client) (list []evidence.Delta) {
		m := must(t, c)
		for _, p := range who {
			m.ObserveView(seen(page, p, start.AddDate(0, 0, day)))
			list = append(list, m.Flush()...)
		}
		return list
	}
	other := Config{Share: true, Secret: []byte("another")}
	for what, made := range map[string][]evidence.Delta{
		"one of them":          sightings(secret, "/alice", 0, people[1]),
		"one of them, often":   slices.Repeat(sightings(secret, "/alice", 0, people[1]), 64),
		"of another page":      sightings(secret, "/bob", 0, people...),
		"of the day before":    sightings(secret, "/alice", -1, people...),
		"of two days":          slices.Concat(sightings(secret, "/alice", 0, people[1]), sightings(secret, "/alice", 1, people[2])),
		"with another secret":  sightings(other, "/alice", 0, people...),
		"of numbers made up":   made(must(t, secret), "/alice"),
		"of a page of no name": {{Sighting: evidence.Sighting{Day: 1}}, {Sighting: evidence.Sighting{Mark: 1}}},
	} {
		m := must(t, secret)
		look(m, "/alice", people[0], start)
		m.Merge(made...)
		if got := names(m.Flush()); got != nil {
			t.Errorf("sightings %s: %q is told", what, got)
		}
	}
	m := must(t, secret)
	look(m, "/alice", people[0], start)
	m.Merge(sightings(secret, "/alice", 0, people[1:]...)...)
	if got := names(m.Flush()); !slices.Contains(got, "/alice") {
		t.Errorf("three of them: %q is told", got)
	}
	if again := m.Flush(); len(again) != 0 {
		t.Errorf("told again: %+v", again)
	}
}

// made are sightings of a page whose hash somebody read in Redis, and of marks that he cannot know.
func made(m *Model, page string) (list []evidence.Delta) {
	for mark := range uint64(5000) {
		list = append(list, evidence.Delta{Sighting: evidence.Sighting{Page: m.hash(page), Day: dayOf(start.UnixMilli()), Mark: mix(mark)}})
	}
	return list
}

// A model that takes over from another knows what that knows, tells what it may tell, and counts on.
func TestAdopt(t *testing.T) {
	c := Config{Secret: []byte("the process's")}
	before := must(t, c)
	people := strangersOf(8)
	at := start
	for _, p := range people {
		at = look(before, "/", p, at, css("/a.css"))
	}
	before.ObserveView(&View{Time: at, Client: people[0], Path: "/alice", Status: 200, Links: []link.Asset{css("/own.css")}})
	before.ObserveView(&View{Time: at, Client: people[1], Path: "/alice", Status: 200, Links: []link.Asset{css("/own.css")}})
	before.Tick(at.Add(time.Minute))
	after := must(t, c)
	after.Adopt(before)
	if !wants(after, "/", css("/a.css")) || !wants(after, "/alice", css("/own.css")) {
		t.Errorf("it wants %q and %q", paths(after, "/"), paths(after, "/alice"))
	}
	if got := names(slices.Collect(after.All())); fmt.Sprint(got) != "[/]" {
		t.Errorf("it tells %q", got)
	}
	after.ObserveView(seen("/alice", people[2], at.Add(time.Hour)))
	if got := names(slices.Collect(after.All())); len(got) != 2 {
		t.Errorf("after a third network it tells %q", got)
	}
	alone := must(t, Config{Secret: []byte("the process's"), MinClients: 1})
	alone.Adopt(before)
	if got := names(slices.Collect(alone.All())); !slices.Contains(got, "/alice") {
		t.Errorf("where one is enough it tells %q", got)
	}
}
