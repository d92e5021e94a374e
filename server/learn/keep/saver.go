package keep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/cache-aware/casper/server/internal/atomicfile"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
)

// WriteFile writes a snapshot to a file: [learn.Model.All] for all that a model knows. At any moment there is the old file or the new one,
// whole; on an error the old one stays. A symbolic link stays, and what it leads to is replaced.
// The permissions are those of the old file, or 0600. Of several that write to a file at once,
// each waits up to 10 s for the others, and the last one stays.
func WriteFile(name string, deltas iter.Seq[evidence.Delta]) error {
	err := atomicfile.Write(name, func(w io.Writer) error { return evidence.Encode(w, deltas) })
	if err != nil {
		return fmt.Errorf("learn: saving: %w", err)
	}
	return nil
}

// LoadFile merges a snapshot file into a model. A file that is not there, or that is empty, is no error:
// there is nothing to load yet. After any error the model is as it was, and may be used. The error of a
// file that begins as a snapshot and is none, or that is longer than one of a model of this size can be,
// wraps [evidence.ErrSnapshot], that of a file of something else [evidence.ErrForeign].
func LoadFile(name string, m *learn.Model) error {
	if at, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) || err == nil && at.Mode().IsRegular() && at.Size() == 0 {
		return nil
	}
	deltas, err := ReadFile(name, max(64<<20, 4*int64(m.Stats().Room)))
	if err != nil {
		return fmt.Errorf("learn: loading: %w", err)
	}
	m.Merge(deltas...)
	return nil
}

// ReadFile returns the pages of a snapshot file of up to most octets, and of up to
// [evidence.MaxSnapshot]. The file is judged before it is decoded, so that a broken one takes no
// memory. What is no regular file is refused, and not waited for.
func ReadFile(name string, most int64) ([]evidence.Delta, error) {
	at, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !at.Mode().IsRegular(): // which to open may wait for somebody, or do something
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	deltas, err := readFile(f, at.Size(), min(most, evidence.MaxSnapshot))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return deltas, nil
}

func readFile(f *os.File, size, most int64) ([]evidence.Delta, error) {
	head := io.Reader(f)
	if size > most {
		head = io.LimitReader(f, 1) // enough to tell whose it is
	}
	err := evidence.Check(head)
	if size > most && errors.Is(err, evidence.ErrSnapshot) {
		err = fmt.Errorf("%w: %d octets are more than %d", evidence.ErrSnapshot, size, most)
	}
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return evidence.Decode(f)
}

// Saver saves a model to a file soon after it has changed. Run it in a goroutine of its own.
type Saver struct {
	Model *learn.Model
	File  string

	// Every is the longest that a change waits. Default 30 s.
	Every time.Duration

	// Log gets one line when saving fails and one when it works again. Nil is silent.
	Log *slog.Logger

	saved  uint64 // the model's Changes at the last save
	health health
}

// Load loads the file, if there is one. Call it before Run. A file that begins as a snapshot and is
// none is put aside, with ".broken" behind its name, and costs a line of the log: the model begins anew. The
// error is that of a folder that is not there, of a file that can be neither read nor put
// aside, or of one that is something else, which stays as it is.
func (s *Saver) Load() error {
	if _, err := os.Stat(filepath.Dir(s.File)); err != nil {
		return err
	}
	switch err := LoadFile(s.File, s.Model); {
	case errors.Is(err, evidence.ErrSnapshot):
		broken, pathErr := atomicfile.Resolve(s.File) // a link stays where it is
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
	case err != nil:
		return err
	}
	s.saved = s.Model.Changes() // nothing is new yet
	return nil
}

// Run saves until the context ends, and then once more. It returns the error of that last save.
func (s *Saver) Run(ctx context.Context) error {
	tick := time.NewTicker(orElse(s.Every, 30*time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.save()
		case <-tick.C:
			s.save()
		}
	}
}

// save saves if there is anything new.
func (s *Saver) save() error {
	s.Model.Tick(time.Now())
	changes := s.Model.Changes()
	if changes == s.saved && !s.health.failing {
		return nil
	}
	err := WriteFile(s.File, s.Model.All())
	if err == nil {
		s.saved = changes
	}
	s.health.report(s.Log, err, "learn: not saved, serving goes on", "learn: saving again", "file", s.File)
	return err
}

// health is whether the last attempt failed, so that a log gets a line for each change of that
// and not for each attempt. Where it changes all the time, it is a line a minute, after the first two.
type health struct {
	failing bool
	said    bool      // what the log said last
	paid    time.Time // until when what was logged is paid for
}

// sayEvery is how often a line may be logged on average, and how many at once.
const sayEvery, sayAtOnce = time.Minute, 2

func (h *health) report(log *slog.Logger, err error, fails, works string, args ...any) {
	h.failing = err != nil
	now := time.Now()
	if log == nil || h.failing == h.said || h.paid.After(now.Add((sayAtOnce-1)*sayEvery)) {
		return
	}
	if h.said = h.failing; h.failing {
		log.Warn(fails, "err", err)
	} else {
		log.Info(works, args...)
	}
	if h.paid.Before(now) {
		h.paid = now
	}
	h.paid = h.paid.Add(sayEvery)
}

// orElse returns a duration, or the default where none is given.
func orElse(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}
