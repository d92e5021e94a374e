package hash

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

var sha256s = sync.Pool{New: func() any { return &chunked{h: sha256.New()} }}

// Digest returns the number that a cache digest makes of a URL and an ETag: the
// leading 64 bits of the SHA-256 of one directly followed by the other. A digest
// keeps the leading log2N+log2P bits of it. The ETag is as in the header field,
// quotes and any W/ included; it is empty in a digest without validators.
//
// Source: draft-ietf-httpbis-cache-digest-02, sections 2.1.2 and 2.1.3; that the
// leading bits are meant its author said, and H2O's lib/http2/cache_digests.c
// does so.
func Digest(url, etag string) uint64 {
	var buf [stackName]byte
	if len(url)+len(etag) > len(buf) {
		return binary.BigEndian.Uint64(sumLong(buf[:0], &sha256s, url, etag))
	}
	n := copy(buf[:], url)
	n += copy(buf[n:], etag)
	sum := sha256.Sum256(buf[:n])
	return binary.BigEndian.Uint64(sum[:])
}
