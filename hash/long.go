package hash

import "sync"

// sumLong hashes names that are too long for a copy on the stack, with a hash
// from the pool, and appends the sum to dst.
func sumLong(dst []byte, pool *sync.Pool, names ...string) []byte {
	c := pool.Get().(*chunked)
	defer pool.Put(c)
	c.h.Reset()
	for _, name := range names {
		for len(name) > 0 {
			n := copy(c.buf[:], name)
			c.h.Write(c.buf[:n])
			name = name[n:]
		}
	}
	return append(dst, c.h.Sum(c.buf[:0])...)
}
