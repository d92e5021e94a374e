package learn_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

// What is loaded is not news: who only looks writes nothing, not even at the end.
func TestSaverWritesOnlyNews(t *testing.T) {
	file := filepath.Join(t.TempDir(), "learned")
	run := func(change bool) {
		t.Helper()
		m, err := learn.New(learn.Config{})
		if err != nil {
			t.Fatal(err)
		}
		s := &learn.Saver{Model: m, File: file}
		if err := s.Load(); err != nil {
			t.Fatal(err)
		}
		if change {
			m.Declare("/", learn.FromFile, []link.Asset{{Path: "/a.css", As: "style"}})
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

func TestSaverLoad(t *testing.T) {
	m, err := learn.New(learn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := (&learn.Saver{Model: m, File: filepath.Join(folder, "none", "learned")}).Load(); err == nil {
		t.Error("a folder that is not there is no error")
	}
	if err := (&learn.Saver{Model: m, File: folder}).Load(); err == nil {
		t.Error("a folder is taken for a file")
	}
	broken := filepath.Join(folder, "learned")
	if err := os.WriteFile(broken, []byte("no snapshot"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	if err := (&learn.Saver{Model: m, File: broken, Log: slog.New(slog.NewTextHandler(&log, nil))}).Load(); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(broken + ".broken"); err != nil || string(got) != "no snapshot" {
		t.Errorf("put aside: %q, %v", got, err)
	}
	if strings.Count(log.String(), "\n") != 1 {
		t.Errorf("the log: %q", log.String())
	}
}
