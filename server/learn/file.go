package learn

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// SaveFile writes a snapshot of the model to a file. It is written beside it first, flushed to the disk, and then put in its place, so that at
// any moment there is the old one or the new one, whole. On an error the old one stays. One process at a time may save to a file.
func (m *Model) SaveFile(name string) (err error) {
	beside := name + ".new" // always the same, so that what a crash leaves behind is used up by the next save
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("learn: saving: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(beside)
			err = fmt.Errorf("learn: saving: %w", err)
		}
	}()
	if err := Encode(f, m.All()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(beside, name); err != nil {
		return err
	}
	syncFolder(filepath.Dir(name))
	return nil
}

// syncFolder makes a rename survive a loss of power. Not every system can; where it cannot, the rename itself still holds.
func syncFolder(name string) {
	if dir, err := os.Open(name); err == nil {
		dir.Sync()
		dir.Close()
	}
}

// LoadFile merges a snapshot file into the model. A file that is not there is no error: there is nothing to load yet. After any error the model
// is as it was, and may be used.
func (m *Model) LoadFile(name string) error {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("learn: loading: %w", err)
	}
	defer f.Close()
	deltas, err := Decode(f)
	if err != nil {
		return fmt.Errorf("learn: loading %s: %w", name, err)
	}
	m.Merge(deltas...)
	return nil
}

// Saver saves a model to a file soon after it has changed. Run it in a goroutine of its own.
type Saver struct {
	Model *Model
	File  string

	// Every is the longest that a change waits. Default 30 s.
	Every time.Duration

	// Log gets one line when saving fails and one when it works again. Nil is silent.
	Log *slog.Logger

	saved   uint64 // Changes at the last save
	failing bool
}

// Run saves until the context ends, and then once more. It returns the error of that last save.
func (s *Saver) Run(ctx context.Context) error {
	every := s.Every
	if every <= 0 {
		every = 30 * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.Save()
		case <-tick.C:
			s.Save()
		}
	}
}

// Save saves if there is anything new.
func (s *Saver) Save() error {
	s.Model.Tick(time.Now())
	changes := s.Model.Changes()
	if changes == s.saved && !s.failing {
		return nil
	}
	err := s.Model.SaveFile(s.File)
	if err == nil {
		s.saved = changes
	}
	if s.Log != nil && (err != nil) != s.failing {
		if err != nil {
			s.Log.Warn("learn: not saved, serving goes on", "err", err)
		} else {
			s.Log.Info("learn: saving again", "file", s.File)
		}
	}
	s.failing = err != nil
	return err
}
