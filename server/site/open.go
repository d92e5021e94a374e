package site

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

var (
	errHidden     = errors.New("a path that nothing is served at")
	errNoSlash    = errors.New("a folder, asked for without a slash behind it")
	errIsDir      = errors.New("a folder")
	errNotRegular = errors.New("neither a file nor a folder")
)

// wellKnown is the one name with a dot that is public (RFC 8615).
const wellKnown = ".well-known"

// fileName turns a URL path into a name in the file system, and says whether the path asks for
// a folder. A path that is not clean, that names something hidden, or that no file system could
// hold, is refused.
func fileName(urlPath string) (name string, folder, ok bool) {
	if urlPath == "/" || urlPath == "" {
		return ".", true, true
	}
	name = strings.TrimPrefix(urlPath, "/")
	name, folder = strings.CutSuffix(name, "/")
	// ValidPath refuses what would climb out, empty segments, and what is not UTF-8.
	if !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") {
		return "", false, false
	}
	hidden := strings.HasPrefix(name, ".") && name != wellKnown && !strings.HasPrefix(name, wellKnown+"/")
	if hidden || strings.Contains(name, "/.") {
		return "", false, false
	}
	return name, folder, true
}

// stat looks at a file without opening it: opening a named pipe waits for its other end.
func (h *Handler) stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(h.fsys, name)
	if err != nil {
		return nil, err
	}
	if h.private != nil && h.private.Has(filepath.Join(h.dir, name), info) {
		return nil, errHidden
	}
	return info, regular(info)
}

func regular(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return errIsDir
	case !info.Mode().IsRegular():
		return errNotRegular
	}
	return nil
}

// body is what to send of a file.
type body struct {
	io.ReadSeeker
	content  []byte // all of it, if that is in memory; else nil
	size     int64
	modified time.Time
	tag      []string // the entity tag, as a header map holds it
	file     io.Closer
}

func (b *body) Close() {
	if b.file != nil {
		b.file.Close()
	}
}

func (h *Handler) opener(name string) func() (fs.File, error) {
	return func() (fs.File, error) { return h.fsys.Open(name) }
}

// body returns what to send of a regular file: from memory when it is small, else the open
// file. A large file may have been replaced since it was looked at, so it is looked at again
// once it is open.
func (h *Handler) body(name string, info fs.FileInfo) (*body, error) {
	open := h.opener(name)
	if info.Size() <= maxBody {
		c, err := h.contents.of(versionOf(name, info), open)
		if err != nil {
			return nil, err
		}
		return &body{ReadSeeker: bytes.NewReader(c.body), content: c.body, size: int64(len(c.body)), modified: info.ModTime(), tag: c.tag}, nil
	}
	file, err := open()
	if err != nil {
		return nil, err
	}
	if info, err = file.Stat(); err == nil {
		err = regular(info)
	}
	var c *content
	if err == nil {
		c, err = h.contents.of(versionOf(name, info), open)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	b := &body{size: info.Size(), modified: info.ModTime(), tag: c.tag}
	if s, ok := file.(io.ReadSeeker); ok {
		b.ReadSeeker, b.file = s, file
	} else {
		file.Close()
		forward := &reopening{open: open, size: info.Size()}
		b.ReadSeeker, b.file = forward, forward
	}
	return b, nil
}

// staleAfter is how much older than its original a compressed variant may be. Archives and
// copies move times by a moment (and FAT rounds to two seconds); a variant that was left behind
// when its original was edited is older by more.
const staleAfter = 2 * time.Second

func isStale(variant, original fs.FileInfo) bool {
	return original.ModTime().Sub(variant.ModTime()) > staleAfter
}

// isAbsent reports whether an error means that there is nothing for the public here: no such
// file, no permission, a name that is too long, a folder without a page, a device, or a link
// that leads out of the root. A disk that fails, or a process out of descriptors, says nothing
// about the file.
func isAbsent(err error) bool {
	for _, absent := range [...]error{errHidden, errNoSlash, errIsDir, errNotRegular, fs.ErrNotExist} {
		if errors.Is(err, absent) {
			return true
		}
	}
	var transient interface{ Temporary() bool }
	if errors.As(err, &transient) && transient.Temporary() || errors.Is(err, syscall.EIO) {
		return false
	}
	return errors.As(err, new(*fs.PathError))
}

// reopening is a ReadSeeker over files that can only be read forwards, such as those of an archive:
// it reads on from where it is, and opens the file anew to go back. A multipart answer is
// written by a goroutine that may outlive its reader for a moment, hence the lock.
type reopening struct {
	mu     sync.Mutex
	open   func() (fs.File, error)
	size   int64
	offset int64 // where the next Read shall be

	file fs.File // nil until read from
	at   int64   // where file is
}

func (f *reopening) Seek(offset int64, whence int) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += f.offset
	case io.SeekEnd:
		offset += f.size
	}
	if offset < 0 {
		return 0, fs.ErrInvalid
	}
	f.offset = offset
	return offset, nil
}

func (f *reopening) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.offset >= f.size {
		f.close()
		return 0, io.EOF
	}
	if f.file != nil && f.offset < f.at {
		f.close()
	}
	if f.file == nil {
		file, err := f.open()
		if err != nil {
			return 0, err
		}
		f.file, f.at = file, 0
	}
	if f.at < f.offset {
		n, err := io.CopyN(io.Discard, f.file, f.offset-f.at)
		if f.at += n; err != nil {
			return 0, err
		}
	}
	n, err := f.file.Read(p)
	f.at += int64(n)
	f.offset = f.at
	if f.offset >= f.size {
		f.close()
	}
	return n, err
}

// Close ends the reading.
func (f *reopening) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.size = 0
	f.close()
	return nil
}

// close is called with the lock held: when the end is reached, and to go back.
func (f *reopening) close() {
	if f.file != nil {
		f.file.Close()
		f.file = nil
	}
}
