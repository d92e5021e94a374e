package bip158

import "crypto/sha256"

// Hash returns the hash of the filter in Bitcoin's chain of filter headers: SHA-256,
// twice. Like all hashes of Bitcoin it is written in hex with its octets reversed.
func (f Filter) Hash() [32]byte { return double(f.octets) }

// NextHeader returns the filter header of a block, from the [Filter.Hash] of its
// filter and the header of the block before it. The header before the genesis block
// is 32 zeros.
func NextHeader(filterHash, previous [32]byte) [32]byte {
	return double(append(filterHash[:], previous[:]...))
}

func double(b []byte) [32]byte {
	sum := sha256.Sum256(b)
	return sha256.Sum256(sum[:])
}
