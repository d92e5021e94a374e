package learn

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"time"
)

// Client tells one client from another for as long as a vote must be told from a repeated one:
// a keyed hash of an address prefix and the day. It cannot be turned back into an address
// without the key, changes every day, and is never written anywhere.
type Client uint64

// How much of an address is one client, in bits. Whoever holds one address of such a block
// usually holds them all, so they share a vote.
const (
	prefixV4 = 24
	prefixV6 = 48
)

// salt is the key of the clients' hash.
type salt [32]byte

// newSalt makes the key of a secret that a fleet shares, or a random one when there is none.
func newSalt(secret []byte) salt {
	if len(secret) > 0 {
		return sha256.Sum256(secret)
	}
	var s salt
	rand.Read(s[:]) // never fails (crypto/rand, since Go 1.24)
	return s
}

// client is the first eight octets of SHA-256 over key, day and prefix: 56 octets, so one
// block of the hash. All three have a fixed length, so that SHA-256's extension property has
// nothing to extend.
func (s *salt) client(addr netip.Addr, day int64) Client {
	if !addr.IsValid() {
		return 0
	}
	addr = addr.Unmap().WithZone("")
	bits := prefixV6
	if addr.Is4() {
		bits = prefixV4
	}
	prefix, _ := addr.Prefix(bits) // no error: the bits are within the address
	var text [32 + 8 + 16]byte
	copy(text[:], s[:])
	binary.LittleEndian.PutUint64(text[32:], uint64(day))
	octets := prefix.Addr().As16()
	copy(text[40:], octets[:])
	sum := sha256.Sum256(text[:])
	return Client(max(1, binary.LittleEndian.Uint64(sum[:])))
}

// Client returns the client at an address on the day of t (UTC): equal for all addresses of
// one /24 or /48, different tomorrow. The address is the connection's, or what a trusted proxy
// reports; one that the client can write itself lets it vote at will. The zero Addr is nobody.
func (m *Model) Client(addr netip.Addr, t time.Time) Client {
	return m.salt.client(addr, t.Unix()/86400)
}

// mix spreads the bits of a number over all 64. Clients need not come from [Model.Client];
// whatever numbers a caller has must not all fall into one shard.
func mix(x uint64) uint64 { // the finalizer of SplitMix64
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
