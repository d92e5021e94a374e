package keep

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

// pagesIn counts the pages that a file holds; none if it is not there.
func pagesIn(t *testing.T, file string) int {
	t.Helper()
	m := must(t, learn.Config{})
	if err := LoadFile(file, m); err != nil {
		t.Fatal(err)
	}
	return m.Stats().Pages
}

// What is saved is what is loaded, down to the order and the probabilities.
func TestSaveAndLoad(t *testing.T) {
	m := must(t, learn.Config{})
	font := link.Asset{Path: "/t.woff2", As: "font", CrossOrigin: link.Anonymous, Type: "font/woff2"}
	at := teach(m, "/", []link.Asset{css("/a.css?v=3"), js("/a.js"), font}, 30, 1, start)
	for i := range 20 {
		own := string(rune('a' + i))
		at = teach(m, "/shop/"+own, []link.Asset{css("/shop.css"), js("/" + own + ".js")}, 1, learn.Client(100+i), at)
	}
	module := link.Asset{Path: "/m.mjs", Rel: link.ModulePreload, Integrity: "sha384-abc"}
	m.Declare("/declared", []link.Asset{module})
	file := filepath.Join(t.TempDir(), "model")
	if err := WriteFile(file, m.All()); err != nil {
		t.Fatal(err)
	}
	n := must(t, learn.Config{})
	if err := LoadFile(file, n); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"/", "/shop/c", "/shop/new", "/declared"} {
		a, b := m.Wanted(page), n.Wanted(page)
		if len(a) != len(b) || len(a) == 0 {
			t.Errorf("%s: %d and %d", page, len(a), len(b))
			continue
		}
		for i := range a {
			d := a[i].Probability - b[i].Probability
			if *a[i].Asset != *b[i].Asset || a[i].Linked != b[i].Linked || d > .11 || d < -.11 {
				t.Errorf("%s: %+v became %+v", page, a[i], b[i])
			}
		}
	}
	// Evidence is written in three decimals, and some of it kept in fewer.
	near := cmp.Comparer(func(a, b float64) bool { return a-b < .05 && b-a < .05 })
	sum := func(m *learn.Model) []evidence.Delta { return evidence.Combine(slices.Collect(m.All())...) }
	if diff := cmp.Diff(sum(m), sum(n), near); diff != "" {
		t.Error(diff)
	}
}

func TestNothingToLoad(t *testing.T) {
	m := must(t, learn.Config{})
	if err := LoadFile(filepath.Join(t.TempDir(), "none"), m); err != nil {
		t.Error(err)
	}
	if err := LoadFile(t.TempDir(), m); err == nil {
		t.Error("a folder was loaded")
	}
}

// The saver saves soon after a change, not without one, and at the end.
func TestSaver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "model")
	synctest.Test(t, func(t *testing.T) {
		m := must(t, learn.Config{})
		s := &Saver{Model: m, File: file}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(time.Minute)
		if pagesIn(t, file) != 0 {
			t.Error("saved without a change")
		}
		m.Declare("/a", []link.Asset{css("/a.css")})
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if pagesIn(t, file) != 1 {
			t.Error("not saved 31 s after a change")
		}
		m.Declare("/b", []link.Asset{css("/a.css")})
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if pagesIn(t, file) != 2 {
			t.Error("not saved at the end")
		}
	})
}

// What is loaded is not news: who only looks writes nothing, not even at the end.
func TestSaverWritesOnlyNews(t *testing.T) {
	file := filepath.Join(t.TempDir(), "model")
	run := func(change bool) {
		t.Helper()
		m := must(t, learn.Config{})
		s := &Saver{Model: m, File: file}
		if err := s.Load(); err != nil {
			t.Fatal(err)
		}
		if change {
			m.Declare("/", []link.Asset{css("/a.css")})
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if err := s.Run(ended); err != nil {
			t.Fatal(err)
		}
	}
	run(false)
	if _, err := os.Stat(file); err == nil {
		t.Error("a file was written for nothing")
	}
	run(true)
	first, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	run(false)
	if again, err := os.Stat(file); err != nil || !os.SameFile(first, again) {
		t.Errorf("the file was written again: %v", err)
	}
}

// A save that fails is logged once, and so is the next one that works.
func TestSaverLogsTrouble(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "model")
	if err := os.Mkdir(file, 0o700); err != nil { // nothing can be put in the place of a folder
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := &Saver{Model: declared(t, 2), File: file, Log: slog.New(slog.NewTextHandler(&log, nil))}
	for range 3 {
		if err := s.save(); err == nil || !strings.HasPrefix(err.Error(), "learn: saving: ") {
			t.Errorf("%v", err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.save(); err != nil {
			t.Error(err)
		}
	}
	if pagesIn(t, file) != 2 || strings.Count(log.String(), "\n") != 2 {
		t.Errorf("%d pages; the log:\n%s", pagesIn(t, file), log.String())
	}
}

func TestSaverLoad(t *testing.T) {
	m := must(t, learn.Config{})
	folder := t.TempDir()
	if err := (&Saver{Model: m, File: filepath.Join(folder, "none", "model")}).Load(); err == nil {
		t.Error("a folder that is not there is no error")
	}
	if err := (&Saver{Model: m, File: folder}).Load(); err == nil {
		t.Error("a folder is taken for a file")
	}
	broken := filepath.Join(folder, "model")
	if err := os.WriteFile(broken, []byte(`{"casper":"learned model"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	if err := (&Saver{Model: m, File: broken, Log: slog.New(slog.NewTextHandler(&log, nil))}).Load(); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(broken + ".broken"); err != nil || string(got) != `{"casper":"learned model"}` {
		t.Errorf("put aside: %q, %v", got, err)
	}
	if strings.Count(log.String(), "\n") != 1 {
		t.Errorf("the log: %q", log.String())
	}
}
