// Package hidden knows the files that are an operator's and not the public's: what a configuration
// names, such as a private key, is not to be served from a folder that happens to hold it.
package hidden

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cache-aware/casper/server/internal/atomicfile"
)

// Files are known by their names, and by what is there, whatever name leads to it. Nil is none. They may be
// asked by several goroutines at once.
type Files struct {
	names map[string]bool // absolute, with no link on the way to the last element
	there atomic.Pointer[[]fs.FileInfo]

	mu     sync.Mutex
	looked atomic.Int64 // when, in Unix nanoseconds
}

// lookAgain is how often is looked which files the names lead to. A file that is replaced is known by its name
// meanwhile.
const lookAgain = time.Second

// New returns the files of some names, as a configuration has them; "" is none. Of each, what a link leads to
// belongs to them, and what is written beside it: NAME.new and NAME.broken.
func New(names ...string) *Files {
	f := &Files{names: make(map[string]bool)}
	for _, name := range names {
		if name == "" {
			continue
		}
		f.add(name)
		if target, err := atomicfile.Resolve(name); err == nil {
			f.add(target)
		}
	}
	if len(f.names) == 0 {
		return nil
	}
	f.look()
	return f
}

func (f *Files) add(name string) {
	at, err := filepath.Abs(name)
	if err != nil {
		return // there is no working directory, and so no file
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(at)); err == nil {
		at = filepath.Join(folder, filepath.Base(at))
	}
	for _, suffix := range []string{"", ".new", ".broken"} {
		f.names[at+suffix] = true
	}
}

func (f *Files) look() {
	if !f.mu.TryLock() {
		return // somebody does
	}
	defer f.mu.Unlock()
	there := make([]fs.FileInfo, 0, len(f.names))
	for name := range f.names {
		if info, err := os.Stat(name); err == nil && !info.IsDir() {
			there = append(there, info)
		}
	}
	f.there.Store(&there)
	f.looked.Store(time.Now().UnixNano())
}

// Has reports whether a file is one of them, by its absolute name or by what is there.
func (f *Files) Has(name string, info fs.FileInfo) bool {
	if f == nil {
		return false
	}
	if f.names[name] {
		return true
	}
	if time.Since(time.Unix(0, f.looked.Load())) > lookAgain {
		f.look()
	}
	if !f.same(info) {
		return false
	}
	f.look() // the file that was there may be gone, and its number another's
	return f.same(info)
}

func (f *Files) same(info fs.FileInfo) bool {
	return slices.ContainsFunc(*f.there.Load(), func(own fs.FileInfo) bool { return os.SameFile(own, info) })
}
