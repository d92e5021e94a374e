package learn

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// SaveFile writes a snapshot of the model to a file, as [WriteFile] does.
func (m *Model) SaveFile(name string) error { return WriteFile(name, m.All()) }

// WriteFile writes a snapshot to a file. It is written beside it first, flushed to the disk, and then put in its place, so that at any moment
// there is the old one or the new one, whole; on an error the old one stays. A symbolic link stays, and what it leads to is replaced. The
// permissions are those of the old file, or 0600. Of several that write to a file at once, each waits for the others, and the last one stays.
func WriteFile(name string, deltas iter.Seq[Delta]) error {
	if err := writeFile(name, deltas); err != nil {
		return fmt.Errorf("learn: saving: %w", err)
	}
	return nil
}

func writeFile(name string, deltas iter.Seq[Delta]) (err error) {
	if name, err = resolve(name); err != nil {
		return err
	}
	beside := name + ".new" // always the same, so that what a crash leaves behind is used up by the next save
	f, err := openAlone(beside)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(beside)
			f.Close()
		}
	}()
	mode := fs.FileMode(0o600)
	if old, err := os.Stat(name); err == nil {
		mode = old.Mode().Perm()
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := Encode(f, deltas); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if !locks { // and an open file cannot be renamed
		if err := f.Close(); err != nil {
			return err
		}
	}
	if err := os.Rename(beside, name); err != nil {
		return err
	}
	syncFolder(filepath.Dir(name))
	f.Close() // which lets the next one in; all is on the disk
	return nil
}

// maxLinks is how many symbolic links are followed, as many as Linux does.
const maxLinks = 40

// resolve returns the name of the file that a symbolic link leads to, whether there is one or not.
func resolve(name string) (string, error) {
	for range maxLinks {
		target, err := os.Readlink(name)
		if err != nil {
			return name, nil // no link, or nothing at all: whoever opens it will say what is wrong
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(name), target)
		}
		name = target
	}
	return "", fmt.Errorf("%s: more than %d symbolic links", name, maxLinks)
}

// lockPatience is how long a save waits for another of the same file. One takes milliseconds.
const lockPatience = 10 * time.Second

// openAlone opens a file that others may write to as well, made if there is none, once nobody else does. They let go of it by renaming it away, so
// that what was waited for may no longer be the file of that name.
func openAlone(name string) (*os.File, error) {
	until := time.Now().Add(lockPatience)
	for {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		locked, err := lock(f)
		if err == nil && locked {
			mine, err := f.Stat()
			there, thereErr := os.Lstat(name)
			switch {
			case err != nil:
				f.Close()
				return nil, err
			case thereErr == nil && !there.Mode().IsRegular():
				f.Close()
				return nil, fmt.Errorf("%s: not a regular file", name)
			case thereErr == nil && os.SameFile(mine, there):
				return f, nil
			}
		}
		f.Close()
		switch {
		case err != nil:
			return nil, err
		case time.Now().After(until):
			return nil, fmt.Errorf("%s: somebody else is writing to it", name)
		case !locked:
			time.Sleep(2 * time.Millisecond)
		}
	}
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

// Load loads the file, if there is one, before Run. A file that is no snapshot is put aside, with ".broken" behind its name, and costs a line
// of the log: the model begins anew. The error is that of a folder that is not there, or of a file that can be neither read nor put aside.
func (s *Saver) Load() error {
	if _, err := os.Stat(filepath.Dir(s.File)); err != nil {
		return err
	}
	switch err := s.Model.LoadFile(s.File); {
	case errors.Is(err, ErrSnapshot):
		broken, pathErr := resolve(s.File) // a link stays where it is
		if pathErr != nil {
			return pathErr
		}
		aside := broken + ".broken"
		if s.Log != nil {
			s.Log.Error("state: begins anew", "err", err, "kept", aside)
		}
		if err := os.Rename(broken, aside); err != nil {
			return err
		}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	s.saved = s.Model.Changes() // nothing is new yet
	return nil
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
