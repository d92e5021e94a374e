// Package atomicfile replaces files so that at any moment there is the old one or the new one,
// whole, also when several processes write the same file, and when one is killed.
package atomicfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Write replaces a file by what write puts out. The new content is written to a file beside it,
// flushed to the disk, and then renamed; on an error the old file stays. A symbolic link stays,
// and what it leads to is replaced. What is there and is no regular file is never replaced. The
// permissions are those of the old file, or 0600 if there was none. Of several that write to a file at once, each waits up to 10 s for the others, and
// the last one stays.
func Write(name string, write func(io.Writer) error) (err error) {
	if name, err = Resolve(name); err != nil {
		return err
	}
	if old, err := os.Lstat(name); err == nil && !old.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", name)
	}
	beside := name + ".new" // always the same: the next write uses up what a crash left behind
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
	if err := write(f); err != nil {
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

// Resolve returns the name of the file that symbolic links lead to, whether there is such a
// file or not. The error is that there are more than 40 links.
func Resolve(name string) (string, error) {
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

// patience is how long a write waits for another of the same file. One takes milliseconds.
const patience = 10 * time.Second

// openAlone opens a file that others may write to as well, once nobody else does; it makes the
// file if there is none. Whoever is done lets go of it by renaming it away, so that the file
// that was waited for may no longer be the one of that name.
func openAlone(name string) (*os.File, error) {
	until := time.Now().Add(patience)
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

// syncFolder makes a rename survive a loss of power. Not every system can; where it cannot, the
// rename itself still holds.
func syncFolder(name string) {
	if dir, err := os.Open(name); err == nil {
		dir.Sync()
		dir.Close()
	}
}
