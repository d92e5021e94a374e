// Package memory remembers what answers have said: of files, how they may be cached, and of
// pages, what they link and how they ended. A handler asks it ahead of the next answer.
//
// It is bounded in bytes, safe for concurrent use, and kept nowhere else. Only files that a
// page wanted and pages that something was wanted for have an entry, so that requests for
// made-up paths leave nothing behind.
package memory

import (
	"strings"
	"sync/atomic"

	"github.com/maypok86/otter/v2"
)

// A Place is a path on a host: a handler may serve several hosts. A page's Path is without
// its query, a file's has it.
type Place struct{ Host, Path string }

// Memory is what is remembered; make one with [New].
type Memory struct {
	files      *otter.Cache[Place, *File]
	pages      *otter.Cache[Place, *Page]
	own        *otter.Cache[ownPlace, *Own]
	generation atomic.Uint64
	used       atomic.Bool
	usedOwn    atomic.Bool
}

// Bounds, in bytes. An entry is weighed with its strings and an allowance for the tables.
const (
	fileBytes = 4 << 20
	pageBytes = 4 << 20
	ownBytes  = 4 << 20
	overhead  = 256
)

// New returns an empty memory.
func New() *Memory {
	return &Memory{
		files: otter.Must(&otter.Options[Place, *File]{MaximumWeight: fileBytes, Weigher: weighFile}),
		pages: otter.Must(&otter.Options[Place, *Page]{MaximumWeight: pageBytes, Weigher: weighPage}),
		own:   otter.Must(&otter.Options[ownPlace, *Own]{MaximumWeight: ownBytes, Weigher: weighOwn}),
	}
}

// Used reports whether anything was ever remembered. It is quicker than a look at two empty
// tables, which would be most of what a request costs a handler with nothing to do.
func (m *Memory) Used() bool { return m.used.Load() }

// Generation changes whenever something new is known of a file.
func (m *Memory) Generation() uint64 { return m.generation.Load() }

// ForgetAll drops everything.
func (m *Memory) ForgetAll() {
	m.pages.InvalidateAll()
	m.own.InvalidateAll()
	m.files.InvalidateAll()
	m.generation.Add(1)
}

// Clone returns the place with strings of its own, for keeping it.
func (p Place) Clone() Place { return Place{strings.Clone(p.Host), strings.Clone(p.Path)} }
