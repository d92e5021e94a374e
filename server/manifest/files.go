package manifest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// A FilesConfig says what [OpenFiles] is to do besides reading. The zero FilesConfig says nothing
// to anybody.
type FilesConfig struct {
	// Log is told of warnings, and of versions that are read later. Nil drops them.
	Log *slog.Logger

	// Exists reports whether the site has a file at a path. What it has not is warned of, once a
	// version. Nil does not ask.
	Exists func(path string) bool

	// Word is what stands before a setting where users write it, such as "--manifest", so that a
	// warning can show what to write.
	Word string
}

// Files are manifests that follow their files: each is read again when its file has changed, and
// keeps what it had if the new version cannot be read or is empty. They are a [server.Source] for
// any number of goroutines, which take no lock. Nil Files name nothing.
type Files struct {
	c     FilesConfig
	files []*followed
	list  atomic.Pointer[list]
}

type followed struct {
	setting  string // as it was written
	name     string
	config   Config
	manifest *Manifest
	seen     fs.FileInfo // of the version that was read, or tried
	gone     bool        // which was said
}

// lookAgain is how often Run looks whether a file has changed.
const lookAgain = time.Second

// OpenFiles reads the manifests of settings, which [ParseSetting] describes. The first that lists
// a page speaks for it.
func OpenFiles(settings []string, c FilesConfig) (*Files, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	f := &Files{c: c}
	for _, text := range settings {
		name, config, err := ParseSetting(text)
		if err != nil {
			return nil, err
		}
		file := &followed{setting: text, name: name, config: config}
		if err := f.read(file); err != nil {
			return nil, err
		}
		f.files = append(f.files, file)
	}
	f.join()
	return f, nil
}

// Run looks once a second whether files have changed, until the context ends.
func (f *Files) Run(ctx context.Context) {
	if f == nil || len(f.files) == 0 {
		return
	}
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f.look()
		}
	}
}

// Names returns the names of the files.
func (f *Files) Names() (names []string) {
	if f != nil {
		for _, file := range f.files {
			names = append(names, file.name)
		}
	}
	return names
}

// Wanted makes Files a [server.Source], like [Manifest.Wanted].
func (f *Files) Wanted(r *http.Request, w *server.Wants) {
	if f != nil {
		f.list.Load().wanted(r, w)
	}
}

// read reads a file's version of now, and says what is to be said of it.
func (f *Files) read(file *followed) error {
	r, err := os.Open(file.name)
	if err != nil {
		return err
	}
	defer r.Close()
	if file.seen, err = r.Stat(); err != nil { // before reading: what is written meanwhile is a change
		return err
	}
	m, err := Read(r, file.config)
	if err != nil {
		return fmt.Errorf("%s: %w", file.name, err)
	}
	if file.manifest != nil && file.seen.Size() == 0 {
		return fmt.Errorf("%s: %w", file.name, errEmpty)
	}
	file.manifest = m
	for _, w := range append(m.Warnings(), f.missing(m)...) {
		about := []any{"file", file.name, "err", w}
		if u := (unplacedError)(nil); errors.As(w, &u) && f.c.Word != "" {
			about = append(about, "try", f.c.Word+" "+file.setting+",page=/*="+u[0])
		}
		f.c.Log.Warn("manifest", about...)
	}
	return nil
}

var errEmpty = errors.New("manifest: the file is empty, as while it is being written")

// look reads again what has changed.
func (f *Files) look() {
	changed := false
	for _, file := range f.files {
		info, err := os.Stat(file.name)
		if err == nil {
			file.gone = false
			if same(info, file.seen) {
				continue
			}
			file.seen = info // also if it cannot be opened, so that this is said once
			err = f.read(file)
		} else if file.gone {
			continue
		} else {
			file.gone = true
		}
		if err != nil {
			f.c.Log.Warn("manifest: the version before stays in use", "file", file.name, "err", err)
			continue
		}
		f.c.Log.Info("manifest read again", "file", file.name)
		changed = true
	}
	if changed {
		f.join()
	}
}

func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func (f *Files) join() {
	manifests := make([]*Manifest, len(f.files))
	for i, file := range f.files {
		manifests[i] = file.manifest
	}
	list := newList(manifests...)
	f.list.Store(&list)
}

// errMissing is the warning that the site has not all files of a manifest.
var errMissing = errors.New("files that are not there: is the base right, and the build whole?")

// missing is a warning if the site has not all files that pages need.
func (f *Files) missing(m *Manifest) []error {
	if f.c.Exists == nil {
		return nil
	}
	asked := map[string]bool{}
	missing, first := 0, ""
	for _, pages := range []map[string][]link.Asset{m.exact, m.prefixes} {
		for _, page := range sortedKeys(pages) {
			for _, a := range pages[page] {
				if asked[a.Path] || a.Rel == link.Preconnect {
					continue
				}
				asked[a.Path] = true
				if f.c.Exists(a.Path) {
					continue
				}
				if missing++; missing == 1 {
					first = a.Path
				}
			}
		}
	}
	if missing == 0 {
		return nil
	}
	return []error{&lineError{Err: fmt.Errorf("%w: %d of %d, such as %s", errMissing, missing, len(asked), clip(first))}}
}
