// Package hash turns names into uniform numbers, the way that each wire format
// prescribes. Reducing such a number to a set's universe is the format's part.
//
// Nothing here allocates, at any length of name. A name should still be hashed
// once and its key kept: reading a cookie takes a few nanoseconds a key, hashing
// one name about ninety.
package hash

import (
	"crypto/sha1"
	"encoding/binary"
	"hash"
	"sync"
)

// stackName is the longest name that is hashed from a copy on the stack. SHA-1
// takes a byte slice, and converting a longer string than 32 bytes to one
// would allocate; nearly all request paths are shorter than this.
const stackName = 512

// H2O returns the number that H2O's CASPer makes of a request path: the first
// four octets of its SHA-1, little-endian. H2O keeps the low capacity-bits bits
// of it. The path is hashed as it was sent: query included, nothing decoded.
//
// Source: H2O's lib/http2/casper.c, and every cookie of
// gcs/casper/testdata/h2o-2.2.5.json.
func H2O(path string) uint32 {
	if len(path) > stackName {
		return longH2O(path)
	}
	var buf [stackName]byte
	sum := sha1.Sum(buf[:copy(buf[:], path)])
	return binary.LittleEndian.Uint32(sum[:])
}

// A chunked is a hash under way with room for a piece of the name and for the
// sum.
type chunked struct {
	h   hash.Hash
	buf [stackName]byte
}

var sha1s = sync.Pool{New: func() any { return &chunked{h: sha1.New()} }}

func longH2O(path string) uint32 {
	c := sha1s.Get().(*chunked)
	defer sha1s.Put(c)
	c.h.Reset()
	for len(path) > 0 {
		n := copy(c.buf[:], path)
		c.h.Write(c.buf[:n])
		path = path[n:]
	}
	return binary.LittleEndian.Uint32(c.h.Sum(c.buf[:0]))
}
