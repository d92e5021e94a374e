package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/link"
)

func TestVoteJSON(t *testing.T) {
	v := Vote{
		Asset:   link.Asset{Path: "/t.woff2", As: "font", CrossOrigin: link.Anonymous, Type: "font/woff2", NoPush: true},
		Version: `"abc"`, Used: 3.25, Views: 4, Held: .5, For: 1<<63 + 1, Against: 2, Day: 20000, Urgency: -1, Order: 2.5, Wanted: true, Linked: true,
	}
	text, err := json.Marshal(Delta{Page: "/", Views: 4, Time: start, Assets: []Vote{v}})
	if err != nil {
		t.Fatal(err)
	}
	var d Delta
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v, d.Assets[0]); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(string(text), "For") || !strings.Contains(string(text), `nopush`) {
		t.Errorf("%s", text)
	}
	if _, err := json.Marshal(Vote{Asset: link.Asset{Path: "no path"}}); err == nil {
		t.Error("an asset that cannot be sent was written")
	}
}

// random returns the evidence of n deltas over few pages and assets, so that they meet.
func random(rng *rand.Rand, n int) []Delta {
	out := make([]Delta, n)
	for i := range out {
		d := Delta{Page: "/" + string(rune('a'+rng.IntN(3))), Views: float64(rng.IntN(9)), Time: start.Add(time.Duration(rng.IntN(1000)) * time.Hour)}
		for j := range rng.IntN(4) {
			views := float64(rng.IntN(9))
			used := float64(rng.IntN(int(views) + 1))
			d.Assets = append(d.Assets, Vote{Asset: js(fmt.Sprint("/", (rng.IntN(5)+j)%5, ".js")), Used: used, Views: views, Held: float64(rng.IntN(3)), For: rng.Uint64(), Day: 7})
		}
		out[i] = d
	}
	return out
}

// Deltas add up in any order and any grouping.
func TestCombineLaws(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	for range 200 {
		all := random(rng, 12)
		want := Combine(all...)
		shuffled := slices.Clone(all)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		half := rng.IntN(len(all))
		grouped := append(Combine(all[:half]...), Combine(all[half:]...)...)
		for name, got := range map[string][]Delta{"shuffled": Combine(shuffled...), "grouped": Combine(grouped...)} {
			if diff := cmp.Diff(numbers(want), numbers(got)); diff != "" {
				t.Fatalf("%s: %s", name, diff)
			}
		}
	}
	if got := Combine(); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// numbers are what has to add up.
func numbers(list []Delta) map[string][5]float64 {
	m := make(map[string][5]float64)
	for _, d := range list {
		m[d.Page] = [5]float64{d.Views, float64(d.Time.Unix())}
		for _, v := range d.Assets {
			m[d.Page+v.Asset.Path] = [5]float64{v.Used, v.Views, v.Held, float64(v.For >> 32), float64(v.For & (1<<32 - 1))}
		}
	}
	return m
}

// Of voters of two days those of the later one count, whatever the order.
func TestCombineVoters(t *testing.T) {
	vote := func(day uint16, voters uint64) Delta {
		return Delta{Page: "/", Time: start, Assets: []Vote{{Asset: js("/a.js"), Views: 1, For: voters, Day: day}}}
	}
	for _, deltas := range [][]Delta{{vote(7, 1), vote(8, 2), vote(8, 4)}, {vote(8, 4), vote(8, 2), vote(7, 1)}} {
		if v := Combine(deltas...)[0].Assets[0]; v.Day != 8 || v.For != 6 || v.Views != 3 {
			t.Errorf("%+v", v)
		}
	}
}

// snapshot writes n pages.
func snapshot(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	err := Encode(&b, func(yield func(Delta) bool) {
		for i := range n {
			v := Vote{Asset: js("/a.js"), Used: 3, Views: 3, Wanted: true}
			if !yield(Delta{Page: fmt.Sprint("/page-", i), Assets: []Vote{v}}) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A text that is torn or was tampered with yields nothing, and a clear line.
func TestCorruptSnapshot(t *testing.T) {
	good := snapshot(t, 120)
	lines := strings.SplitAfter(good, "\n")
	closed := func(body string) string {
		return fmt.Sprintf("%s{\"pages\":%d,\"sha256\":\"%x\"}\n", body, strings.Count(body, "\n")-1, sha256.Sum256([]byte(body)))
	}
	head := lines[0]
	for name, c := range map[string]struct{ text, says string }{
		"empty":             {"", "line 1: it ends early"},
		"no snapshot":       {"hello\n", "no model of casper"},
		"other JSON":        {`{"a":1}` + "\n", "no model of casper"},
		"a later version":   {`{"casper":"learned model","version":2}` + "\n", "version 2, this is for version 1"},
		"only the head":     {head, "line 2: it ends early"},
		"cut in a line":     {good[:len(good)/2], "it ends early"},
		"cut at a line":     {strings.Join(lines[:60], ""), "line 61: it ends early"},
		"a line is missing": {strings.Join(slices.Delete(slices.Clone(lines), 5, 6), ""), "line 121: the checksum is another"},
		"one bit":           {strings.Replace(good, `"used":3`, `"used":7`, 1), "the checksum is another"},
		"more behind":       {good + "x", "more behind the end"},
		"no page":           {closed(head + "{}\n"), "line 2: no page"},
		"evil link":         {closed(head + `{"page":"/","views":3,"assets":[{"link":"</a>; rel=preload, </b>; rel=preload","used":3,"views":3}]}` + "\n"), "line 2: learn: a vote's link is not that of one asset"},
		"other origin":      {closed(head + `{"page":"/","views":3,"assets":[{"link":"<https://evil.example/a>; rel=preload"}]}` + "\n"), "line 2: learn: a vote's link"},
		"wrong types":       {closed(head + `{"page":"/","views":"many"}` + "\n"), "line 2: json"},
		"binary":            {strings.Repeat("\x00\xff", 5000), "no model of casper"},
		"endless line":      {head + strings.Repeat("x", maxLine+100<<10), "line 2: longer than"},
		"deep":              {head + strings.Repeat("[", 100_000) + "\n", "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Decode(strings.NewReader(c.text))
			if !errors.Is(err, ErrSnapshot) && !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
			if got != nil {
				t.Errorf("%d pages were read", len(got))
			}
		})
	}
	if got, err := Decode(strings.NewReader(good)); err != nil || len(got) != 120 {
		t.Errorf("%d pages, %v", len(got), err)
	}
}

var start = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

func js(path string) link.Asset { return link.Asset{Path: path, As: "script"} }

// Whatever bit of a snapshot is turned, it is no snapshot any more: the line that closes it is read as strictly
// as it is written, and the lines before it are in its checksum.
func TestR13EveryBitCounts(t *testing.T) {
	good := []byte(snapshot(t, 2))
	for i := range good {
		for bit := range 8 {
			good[i] ^= 1 << bit
			if _, err := Decode(bytes.NewReader(good)); err == nil {
				t.Errorf("octet %d, bit %d: %q is accepted", i, bit, good[max(0, i-10):min(i+10, len(good))])
			}
			if err := Check(bytes.NewReader(good)); err == nil {
				t.Errorf("octet %d, bit %d: %q is whole", i, bit, good[max(0, i-10):min(i+10, len(good))])
			}
			good[i] ^= 1 << bit
		}
	}
	if _, err := Decode(bytes.NewReader(good)); err != nil {
		t.Fatal(err)
	}
	end := bytes.LastIndexByte(good[:len(good)-1], '\n') + 1
	for _, last := range []string{
		strings.Replace(string(good[end:]), `"pages"`, `"Pages"`, 1),
		strings.Replace(string(good[end:]), `,`, `, `, 1),
		strings.Replace(string(good[end:]), `{`, `{"more":1,`, 1),
		strings.Replace(string(good[end:]), `"pages":2`, `"pages":7,"pages":2`, 1),
		strings.Replace(string(good[end:]), "\n", " \n", 1),
		strings.Replace(string(good[end:]), "\n", "junk\n", 1),
	} {
		text := string(good[:end]) + last
		if _, err := Decode(strings.NewReader(text)); err == nil {
			t.Errorf("%q closes a snapshot", last)
		}
		if err := Check(strings.NewReader(text)); err == nil {
			t.Errorf("%q closes a whole one", last)
		}
	}
}
