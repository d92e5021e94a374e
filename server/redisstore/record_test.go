package redisstore

import (
	"context"
	"fmt"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

// bare is a store that does not talk to anybody.
func bare() *Store { return &Store{known: make(map[uint64]uint8), seed: maphash.MakeSeed()} }

// anyDelta makes a delta whose numbers lean to their edges.
func anyDelta(rng *rand.Rand, page string) evidence.Delta {
	views := func() float64 { return []float64{0, .125, 1, 7.875, 64, 1e6}[rng.IntN(6)] }
	bits := func() uint64 {
		return []uint64{0, 1, 1 << 31, 1 << 32, 1 << 63, math.MaxUint64, rng.Uint64()}[rng.IntN(7)]
	}
	d := evidence.Delta{Page: page, Views: views() + .125, Time: time.Unix(1_790_000_000+rng.Int64N(3), 0).UTC(), Members: rng.IntN(300)}
	for i := range rng.IntN(5) {
		v := evidence.Vote{
			Asset: link.Asset{Path: fmt.Sprintf("/%d.js", i), As: "script"}, Version: []string{"", `"a"`, `W/"\u00e9\\"`}[rng.IntN(3)],
			Used: views(), Held: views(), For: bits(), Against: bits(), Day: uint16(rng.IntN(2) * math.MaxUint16),
			Urgency: float64(rng.IntN(9) - 1), Order: float64(rng.IntN(255)) / 2, Wanted: rng.IntN(2) == 0, Linked: rng.IntN(2) == 0,
		}
		v.Views = v.Used + views() + .125
		d.Assets = append(d.Assets, v)
	}
	return d
}

// What goes into records comes out of them.
func TestRecordsRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := bare()
	for range 2000 {
		d := anyDelta(rng, []string{"/", "/a*", "GET /é"}[rng.IntN(3)])
		entries := appendEntries(nil, &d)
		for i := range entries {
			r, ok := parseRecord(string(entries[i].append(nil)))
			if !ok {
				t.Fatalf("not a record: %+v", entries[i])
			}
			entries[i].record = r
		}
		got := s.others(entries, nil)
		if diff := cmp.Diff([]evidence.Delta{d}, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	}
}

// The script adds up as [evidence.Combine] does, for reports of one day that come in the order
// of their times.
func TestScriptAgreesWithCombine(t *testing.T) {
	r := peer.StartRedis(t)
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range 100 {
		s := open(t, r.URL(), Config{Round: time.Hour, Site: fmt.Sprint(n)})
		now, err := s.now(t.Context())
		must(t, err)
		var reports []evidence.Delta
		for i := range 4 {
			d := anyDelta(rng, "/")
			d.Time = time.Unix(1_790_000_000+int64(i), 0).UTC()
			for j := range d.Assets {
				d.Assets[j].Day, d.Assets[j].Linked = 20780, false
			}
			reports = append(reports, d)
			if err := s.send(t.Context(), []evidence.Delta{d}); err != nil {
				t.Fatal(err)
			}
		}
		text, err := s.client.HGetAll(t.Context(), s.k.round(now.round)).Result()
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for field, value := range text {
			list = append(list, field, value)
		}
		got, want := evidence.Combine(s.others(s.parse(nil, map[string]bool{}, list), nil)...), evidence.Combine(reports...)
		// The last report decides about the members, where Combine takes the most; models only
		// ever raise theirs.
		want[0].Members = reports[3].Members
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestTurnsAreEven(t *testing.T) {
	for _, c := range []struct{ turns, every int }{{6, 1}, {4, 1}, {24, 4}, {60, 4}} {
		s := &Store{c: Config{Turns: c.turns}}
		got := make(map[uint64]int)
		for i := range 6000 {
			got[s.turnOf(fmt.Sprintf("/product/%d", i))]++
		}
		mean := 6000 * c.every / c.turns
		for turn, n := range got {
			if turn >= uint64(c.turns) || turn%uint64(c.every) != 0 || n < mean*3/4 || n > mean*5/4 {
				t.Errorf("of %d turns, turn %d has %d of 6000 pages", c.turns, turn, n)
			}
		}
		if len(got) != c.turns/c.every {
			t.Errorf("%d of %d turns are used", len(got), c.turns)
		}
	}
}

// What is known stays bounded, however many pages go by.
func TestKnownIsBounded(t *testing.T) {
	s := bare()
	for i := range 3 * maxKnown {
		s.heard(&entry{field: fmt.Sprint(i), record: record{header: header{counts: counts{Views: 1e300}}}})
		if len(s.known) > maxKnown {
			t.Fatalf("%d entries", len(s.known))
		}
	}
}

// No text makes a reader of records fail, or yields a delta that JSON could not carry on.
func FuzzRecord(f *testing.F) {
	d := anyDelta(rand.New(rand.NewPCG(1, 1)), "/")
	for _, e := range appendEntries(nil, &d) {
		f.Add(e.field, string(e.append(nil))) // sound ones: a page and its assets
	}
	f.Add("/\n/a.css", string(make([]byte, headerLen))+`{"link":"</a.css>; rel=preload; as=style","views":NaN}`) // a tail that is not JSON
	f.Add("/\n", string(make([]byte, headerLen))+`{"members":-1}`)                                               // fewer than none
	f.Add("no line feed", string(make([]byte, headerLen-1)))                                                     // an octet short
	f.Fuzz(func(t *testing.T, field, text string) {
		s := bare()
		for _, d := range s.others(s.parse(nil, map[string]bool{}, []string{field, text}), nil) {
			again := appendEntries(nil, &d)
			if len(again) == 0 {
				t.Fatalf("read what cannot be written: %+v", d)
			}
			m, err := learn.New(learn.Config{Bytes: 256 << 10, Shards: 1})
			if err != nil {
				t.Fatal(err)
			}
			m.Merge(d)
			for _, p := range m.Wanted(d.Page) {
				if !p.Asset.Valid() {
					t.Fatalf("wants %q", p.Asset.Path)
				}
			}
		}
	})
}

// A cursor that is accepted is one that was written.
func FuzzCursor(f *testing.F) {
	for _, c := range []cursor{{}, {scan: math.MaxUint64, round: -1}, {rounds: true, round: 5}, {rounds: true, round: math.MinInt64}} {
		f.Add(string(c.text()))
	}
	f.Add("round/+1/0")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(evidence.Cursor(text))
		if err == nil && string(c.text()) != text {
			t.Errorf("%q is taken for %q", text, c.text())
		}
	})
}

// Reading is what every node does with every record, so it decides what a large fleet costs.
func BenchmarkRead(b *testing.B) {
	s := bare()
	var text []string
	for i := range 50 {
		d := evidence.Delta{Page: fmt.Sprintf("/p/%d", i), Views: 9, Time: time.Unix(1_790_000_000, 0)}
		for j := range 9 {
			d.Assets = append(d.Assets, evidence.Vote{Asset: link.Asset{Path: fmt.Sprintf("/assets/%d.3f2a9c1b.js", j), As: "script"}, Version: `"5d8c72a5edda8d6a"`, Used: 8, Views: 9})
		}
		for _, e := range appendEntries(nil, &d) {
			text = append(text, e.field, string(e.append(nil)))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if got := s.others(s.parse(nil, map[string]bool{}, text), nil); len(got) != 50 {
			b.Fatal(len(got))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(text)/2), "ns/record")
}

// BenchmarkMerge is what a report costs, Redis on the same machine included.
func BenchmarkMerge(b *testing.B) {
	r := peer.StartRedis(b)
	s, err := Open(r.URL(), Config{Turns: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close(context.Background())
	var deltas []evidence.Delta
	records := 0
	for i := range 200 {
		d := evidence.Delta{Page: fmt.Sprintf("/p/%d", i), Views: 9, Time: time.Unix(1_790_000_000, 0)}
		for j := range 9 {
			d.Assets = append(d.Assets, evidence.Vote{Asset: link.Asset{Path: fmt.Sprintf("/assets/%d.3f2a9c1b.js", j), As: "script"}, Version: `"5d8c72a5edda8d6a"`, Used: 8, Views: 9})
		}
		deltas = append(deltas, d)
		records += 10
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Merge(b.Context(), deltas); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(records), "ns/record")
	_, stats, _ := strings.Cut(s.client.Info(b.Context(), "commandstats").Val(), "cmdstat_evalsha:calls=")
	var calls, usec int
	if _, err := fmt.Sscanf(stats, "%d,usec=%d", &calls, &usec); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(1000*float64(usec)/float64(s.Stats().Sent), "redis-ns/record")
	if round := s.client.Keys(b.Context(), "*:round:*").Val(); len(round) > 0 {
		size := s.client.MemoryUsage(b.Context(), round[0], 0).Val()
		b.ReportMetric(float64(size)/float64(records), "octets/record")
	}
}
