package main

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"math/big"
	"math/bits"
	"unicode/utf16"
)

// The hashes of SPEC.md, written for being read and not for speed.

// h2oKey is the key of a path: CASPER-1.
func h2oKey(path string, capacityBits int) uint64 {
	sum := sha1.Sum([]byte(path))
	return littleEndian(sum[:4]) % (1 << capacityBits)
}

// goCasperKey is the key of a path: GOCASPER-1.
func goCasperKey(path string, p, n uint64) uint64 {
	sum := md5.Sum([]byte(path))
	return bigEndian(sum[12:]) % (n * p)
}

// digestKey is the key of a URL, its ETag directly behind it: DIGEST-2.
func digestKey(name string, log2n, log2p int) uint64 {
	sum := sha256.Sum256([]byte(name))
	return bigEndian(sum[:8]) >> (64 - log2n - log2p) // 64 bits away is 0
}

// spread is the value of an item in a filter with n items: BIP158-1.
func spread(key [16]byte, item string, n, m uint64) uint64 {
	product := new(big.Int).SetUint64(sipHash(key, item))
	product.Mul(product, new(big.Int).Mul(new(big.Int).SetUint64(n), new(big.Int).SetUint64(m)))
	return product.Rsh(product, 64).Uint64()
}

// sipHash is SipHash-2-4, as its paper describes it.
func sipHash(key [16]byte, item string) uint64 {
	k0, k1 := littleEndian(key[:8]), littleEndian(key[8:])
	v := [4]uint64{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
	rounds := func(n int) {
		for range n {
			v[0] += v[1]
			v[2] += v[3]
			v[1] = bits.RotateLeft64(v[1], 13) ^ v[0]
			v[3] = bits.RotateLeft64(v[3], 16) ^ v[2]
			v[0] = bits.RotateLeft64(v[0], 32)
			v[2] += v[1]
			v[0] += v[3]
			v[1] = bits.RotateLeft64(v[1], 17) ^ v[2]
			v[3] = bits.RotateLeft64(v[3], 21) ^ v[0]
			v[2] = bits.RotateLeft64(v[2], 32)
		}
	}
	padded := []byte(item)
	for len(padded)%8 != 7 {
		padded = append(padded, 0)
	}
	padded = append(padded, byte(len(item)))
	for ; len(padded) > 0; padded = padded[8:] {
		m := littleEndian(padded[:8])
		v[3] ^= m
		rounds(2)
		v[0] ^= m
	}
	v[2] ^= 0xff
	rounds(4)
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}

// bloomBits are the bits that a path has in a filter of m bits: BLOOM-2 to BLOOM-4.
func bloomBits(path string, m int64) (places []int64) {
	at, step := fnv(path, 0)%m, fnv(path, 1576284489)
	for range 7 {
		places = append(places, (at+m)%m)
		at = (at + step) % m
	}
	return places
}

// fnv is the hash of BLOOM-2, a signed number.
func fnv(path string, seed uint32) int64 {
	h := uint32(2166136261) ^ seed
	for _, unit := range utf16.Encode([]rune(path)) {
		if unit > 0xff {
			h = (h ^ uint32(unit>>8)) * 16777619
		}
		h = (h ^ uint32(unit&0xff)) * 16777619
	}
	h += h << 13
	h ^= h >> 7
	h += h << 3
	h ^= h >> 17
	h += h << 5
	return int64(int32(h))
}

func littleEndian(octets []byte) (n uint64) {
	for i := len(octets) - 1; i >= 0; i-- {
		n = n<<8 | uint64(octets[i])
	}
	return n
}

func bigEndian(octets []byte) (n uint64) {
	for _, o := range octets {
		n = n<<8 | uint64(o)
	}
	return n
}
