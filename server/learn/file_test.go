package learn

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/link"
)

// TestMain lets the test program be the one that is killed while it saves; see [TestKilledWhileSaving].
func TestMain(m *testing.M) {
	if file := os.Getenv("CASPER_SAVE_FOR_EVER"); file != "" {
		saveForEver(file, os.Getenv("CASPER_SAVE_FIRST") == "large")
	}
	os.Exit(m.Run())
}

// sized returns a model of so many pages.
func sized(n int) *Model {
	m, err := New(Config{Shards: 1})
	if err != nil {
		panic(err)
	}
	for i := range n {
		m.Declare(fmt.Sprintf("/page-%d", i), FromFile, files(10))
	}
	return m
}

// saveForEver saves two models in turn that can be told apart by their size.
func saveForEver(file string, largeFirst bool) {
	small, large := sized(40), sized(120)
	for n := 0; ; n++ {
		if (n%2 == 0) == largeFirst {
			large.SaveFile(file)
		} else {
			small.SaveFile(file)
		}
		if n == 0 {
			os.Stdout.WriteString("!") // from here on it may be killed
		}
	}
}

// Threat T21: whenever the process is killed, the file is the old one or the new one, whole.
func TestKilledWhileSaving(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs kill -9")
	}
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "model")
	if err := sized(40).SaveFile(file); err != nil {
		t.Fatal(err)
	}
	rounds := 200
	if testing.Short() || slow {
		rounds = 20
	}
	rng := rand.New(rand.NewPCG(1, 1))
	count := map[int]int{}
	for i := range rounds {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), "CASPER_SAVE_FOR_EVER="+file, "CASPER_SAVE_FIRST="+[]string{"small", "large"}[i%2])
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err == nil {
			_, err = out.Read(make([]byte, 1)) // it has begun
		}
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.IntN(6_000)) * time.Microsecond) // the point at which it dies is what is tried
		cmd.Process.Kill()
		cmd.Wait()
		m := must(t, Config{})
		if err := m.LoadFile(file); err != nil {
			t.Fatal(err)
		}
		count[m.Stats().Pages]++
	}
	if count[40]+count[120] != rounds || count[40] == 0 || count[120] == 0 {
		t.Errorf("pages found, and how often: %v", count)
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) > 2 {
		t.Errorf("%d files were left behind, %v", len(entries), err)
	}
}

// What is saved is what is loaded, down to the order and the probabilities.
func TestSaveAndLoad(t *testing.T) {
	m := must(t, Config{})
	at := teach(m, "/", []link.Asset{css("/a.css?v=3"), js("/a.js"), {Path: "/t.woff2", As: "font", CrossOrigin: link.Anonymous, Type: "font/woff2"}}, 30, 1, start)
	for i := range 20 {
		at = look(m, fmt.Sprintf("/shop/%d", i), Client(100+i), at, css("/shop.css"), js(fmt.Sprintf("/own-%d.js", i)))
	}
	m.Declare("/declared", FromHTML, []link.Asset{{Path: "/m.mjs", Rel: link.ModulePreload, Integrity: "sha384-abc"}})
	file := filepath.Join(t.TempDir(), "model")
	if err := m.SaveFile(file); err != nil {
		t.Fatal(err)
	}
	n := must(t, Config{})
	if err := n.LoadFile(file); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"/", "/shop/3", "/shop/new", "/declared"} {
		a, b := m.Wanted(page), n.Wanted(page)
		if len(a) != len(b) || len(a) == 0 {
			t.Errorf("%s: %d and %d", page, len(a), len(b))
			continue
		}
		for i := range a {
			if *a[i].Asset != *b[i].Asset || a[i].Probability-b[i].Probability > .11 || b[i].Probability-a[i].Probability > .11 {
				t.Errorf("%s: %v %v became %v %v", page, a[i].Asset, a[i].Probability, b[i].Asset, b[i].Probability)
			}
		}
	}
	if diff := cmp.Diff(Combine(slices.Collect(m.All())...), Combine(slices.Collect(n.All())...), near); diff != "" {
		t.Error(diff)
	}
}

// near compares evidence to the three decimals that are written, and what is kept in fewer to those.
var near = cmp.Comparer(func(a, b float64) bool { return a-b < .05 && b-a < .05 })

func TestNothingToLoad(t *testing.T) {
	m := must(t, Config{})
	if err := m.LoadFile(filepath.Join(t.TempDir(), "none")); err != nil {
		t.Error(err)
	}
	if err := m.LoadFile(t.TempDir()); err == nil {
		t.Error("a folder was loaded")
	}
}

// A file that is torn or was tampered with means an empty model and a clear line.
func TestCorruptFile(t *testing.T) {
	var whole bytes.Buffer
	if err := Encode(&whole, sized(120).All()); err != nil {
		t.Fatal(err)
	}
	good := whole.String()
	lines := strings.SplitAfter(good, "\n")
	closed := func(body string) string {
		return fmt.Sprintf("%s{\"pages\":%d,\"sha256\":\"%x\"}\n", body, strings.Count(body, "\n")-1, sha256.Sum256([]byte(body)))
	}
	head := lines[0]
	for name, c := range map[string]struct{ text, says string }{
		"empty":             {"", "line 1: it ends early"},
		"no snapshot":       {"hello\n", "line 1: invalid character"},
		"other JSON":        {`{"a":1}` + "\n", "line 1: it says nothing of a learned model"},
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
		"binary":            {strings.Repeat("\x00\xff", 5000), "line 1"},
		"endless line":      {head + strings.Repeat("x", maxLine+100<<10), "line 2: longer than"},
		"deep":              {head + strings.Repeat("[", 100_000) + "\n", "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "model")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			m := must(t, Config{})
			err := m.LoadFile(file)
			if !errors.Is(err, ErrSnapshot) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
			if s := m.Stats(); s.Pages != 0 {
				t.Errorf("%d pages were loaded", s.Pages)
			}
			m.Declare("/", FromFile, files(1))
			if len(m.Wanted("/")) != 1 {
				t.Error("the model is of no use any more")
			}
		})
	}
}

// A snapshot that is well-formed and mad does no harm.
func TestMadSnapshot(t *testing.T) {
	m := must(t, Config{Bytes: minBytes, Shards: 1})
	mad := func(page string, v Vote) Delta { return Delta{Page: page, Views: 5, Assets: []Vote{v}} }
	ok := css("/a.css")
	for _, d := range []Delta{
		{Page: "/views", Views: -1}, {Page: "/views", Views: 1e300},
		{Page: strings.Repeat("x", MaxKey+1)}, {},
		mad("/a", Vote{Asset: ok, Used: 5, Views: 3, Wanted: true}),
		mad("/a", Vote{Asset: ok, Used: -5, Views: 3, Wanted: true}),
		mad("/a", Vote{Asset: ok, Held: -1e9, Wanted: true}),
		mad("/a", Vote{Asset: js("//evil.example/x"), Used: 3, Views: 3, Wanted: true}),
		mad("/a", Vote{Asset: link.Asset{Path: "https://evil.example", Rel: link.Preconnect}, Used: 3, Views: 3, Wanted: true}),
		mad("/a", Vote{Asset: js("/" + strings.Repeat("x", MaxPath)), Used: 3, Views: 3, Wanted: true}),
		mad("/a", Vote{Asset: ok, Version: strings.Repeat("x", 1000), Used: 3, Views: 3, Wanted: true}),
	} {
		m.Merge(d)
	}
	if got := paths(m, "/a"); got != nil {
		t.Errorf("wanted: %v", got)
	}
	for i := range 10_000 { // more than there is room for
		m.Merge(Delta{Page: fmt.Sprintf("/%d", i), Views: 1e9, Members: -4, Time: time.Unix(1<<40, 0), Assets: []Vote{
			{Asset: ok, Used: 1e9, Views: 1e9, Held: 1e9, Order: 1e9, Urgency: 1e9, Seeds: 255, Wanted: true},
		}})
	}
	if s := m.Stats(); s.Bytes > s.Room+s.Room/8 {
		t.Errorf("%d bytes with room for %d", s.Bytes, s.Room)
	}
	if got := paths(m, "/9999"); len(got) != 1 {
		t.Errorf("wanted: %v", got)
	}
}

// What Decode takes, Encode writes again, and what it does not take costs no more than its size.
func FuzzDecode(f *testing.F) {
	var whole bytes.Buffer
	if err := Encode(&whole, must(f, Config{}).All()); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.String()) // nothing learned
	whole.Reset()
	m := must(f, Config{})
	teach(m, "/", []link.Asset{css("/a.css"), js("/a.js?v=1")}, 5, 1, start)
	if err := Encode(&whole, m.All()); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.String())              // a page
	f.Add(whole.String()[:100])        // torn
	f.Add(`{"casper":"learned model"`) // torn in the first line
	f.Fuzz(func(t *testing.T, text string) {
		// A checksum cannot be guessed, so the fuzzer gets it for nothing.
		if i := strings.LastIndex(text, `{"pages":`); i >= 0 {
			sum := sha256.Sum256([]byte(text[:i]))
			text = fmt.Sprintf("%s{\"pages\":%d,\"sha256\":%q}\n", text[:i], max(0, strings.Count(text[:i], "\n")-1), hex.EncodeToString(sum[:]))
		}
		deltas, err := Decode(strings.NewReader(text))
		if err != nil {
			if !errors.Is(err, ErrSnapshot) {
				t.Fatalf("%v", err)
			}
			return
		}
		m, err := New(Config{Bytes: minBytes, Shards: 1})
		if err != nil {
			t.Fatal(err)
		}
		m.Merge(deltas...)
		if s := m.Stats(); s.Bytes > s.Room+s.Room/4 {
			t.Errorf("%d bytes with room for %d", s.Bytes, s.Room)
		}
		if err := Encode(io.Discard, m.All()); err != nil {
			t.Errorf("not to be written again: %v", err)
		}
	})
}
