// Package bip158 builds, reads and asks Bitcoin's compact block filters (BIP 158),
// and the two filters of Decred that are made in almost the same way.
//
//	item      SipHash-2-4 under a key of 16 octets, spread over N*M: a value
//	values    sorted; P remainder bits; ones then zero; gap 0; MSB first; pad 0
//	octets    N, then the codes; P, M and the key travel outside
//
//	019dfca8  01: N = 1; 10 0111011111110010101 000: quotient 1, remainder 245,653,
//	          the value 769,941: the genesis block of Bitcoin's testnet
//
// The three formats differ in three answers:
//
//	          N                 value from hash   repeats
//	Bitcoin   CompactSize       h*(N*M) >> 64     of an item dropped
//	DecredV1  4 octets          h mod N*M         kept; M is 2^P
//	DecredV2  CompactSize       h*(N*M) >> 64     of a hash dropped, empty items too
//
// and in the filter without items, which is one zero octet in Bitcoin and no octet
// at all in Decred.
//
// # Compatibility
//
// It is compatible, octet for octet, with Bitcoin Core, btcd and rust-bitcoin, and with
// dcrd's gcs package in versions 1 and 2 of its filters. It refuses what some of them
// let through: counts that are not minimal, counts of more values than there are, values
// at or above N*M, octets after the last value, padding that is not zero.
// It is not compatible with nervosnetwork's golomb-coded-set (N in 8 octets) and the
// npm package golomb's own serialization (N in 4 octets, P in one).
//
// Which scripts of a block are its items is not this package's business, nor is
// Decred's filter hash, which is BLAKE-256.
//
// MOVING.md says what stands here for what btcutil and dcrd have.
//
// The specification is in gcs/SPEC.md, requirements BIP158-1 and DECRED-1 and on.
package bip158

import (
	"encoding/hex"
	"fmt"
	"iter"
	"math"
	"math/bits"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/hash"
)

// A Variant is one of the three formats.
type Variant uint8

// The variants.
const (
	Bitcoin  Variant = iota // BIP 158
	DecredV1                // dcrd's gcs.FilterV1
	DecredV2                // dcrd's gcs.FilterV2, of DCP-0005
)

// MaxP is the most remainder bits that any of the three formats has.
const MaxP = 32

// MaxM is the largest M: below it, or at it with N below 2^32, N*M is a 64-bit
// number.
const MaxM = 1 << 32

// maxOctets is the length above which no filter is built: 64 MiB. With a P far below the
// logarithm of M a few items can take that much, since quotients are unary.
const maxOctets = 64 << 20

// Params are what both sides of a filter must agree on. The zero Params are
// not valid; [Basic] are those in use.
type Params struct {
	P       uint8  // remainder bits, up to 32
	M       uint64 // inverse of the false-positive rate, 1 to 2^32; DecredV1 has 2^P, given or not
	Variant Variant
}

// Basic are the parameters of Bitcoin's basic filters. With Variant set to DecredV2
// they are those of Decred's blocks.
var Basic = Params{P: 19, M: 784931}

// Valid reports whether filters can be built and read with p.
func (p Params) Valid() bool {
	if p.P > MaxP || p.Variant > DecredV2 {
		return false
	}
	if p.Variant == DecredV1 {
		return p.M == 0 || p.M == 1<<p.P
	}
	return 0 < p.M && p.M <= MaxM
}

// Universe is N*M: the values of a filter of n items are below it. It cannot
// overflow.
func (p Params) Universe(n uint32) uint64 {
	if p.Variant == DecredV1 {
		return uint64(n) << p.P
	}
	return uint64(n) * p.M
}

// Code is the Golomb-Rice code of a filter.
func (p Params) Code() gcs.Code {
	return gcs.Code{Rice: p.P, Run: bitio.OnesZero, Pad: gcs.PadZero}
}

// A Key is the key of SipHash. A Bitcoin filter's is the first 16 octets of
// its block's hash in internal byte order: see [BlockKey].
type Key [16]byte

// BlockKey returns the key of the filter of a block, from the block's hash as people write
// it: 64 hex digits, the octets in reverse order.
func BlockKey(blockHash string) (k Key, err error) {
	octets, err := hex.DecodeString(blockHash)
	if err != nil || len(octets) != 32 {
		return k, fmt.Errorf("bip158: %q is not a block hash of 64 hex digits", blockHash)
	}
	for i := range k {
		k[i] = octets[31-i]
	}
	return k, nil
}

// Value returns what the filter of n items knows of an item. It is 0 for n = 0, a
// filter that holds nothing.
func (p Params) Value(k Key, item []byte, n uint32) uint64 {
	return p.reduce(hash.SipHash(k, item), p.Universe(n))
}

// reduce spreads a hash over the universe.
func (p Params) reduce(h, universe uint64) uint64 {
	if p.Variant == DecredV1 && universe > 0 {
		return h % universe
	}
	return spread(h, universe)
}

// spread is how Bitcoin, and Decred later, reduce a hash. It keeps the order of
// hashes.
func spread(h, universe uint64) uint64 {
	hi, _ := bits.Mul64(h, universe)
	return hi
}

// A Filter is a set of hashed items, in its coded form. It is immutable and safe for
// concurrent use. The zero Filter holds nothing and cannot be written.
type Filter struct {
	p      Params
	n      uint32
	octets []byte
	start  int // of the codes in octets
}

// Parse reads a filter strictly: whatever it accepts is what an encoder writes for some
// set. It keeps the octets, which must not change afterwards. Anything else is a
// *[gcs.Error]; the values before it can be had from the filter even so.
//
// It goes through all values once without keeping them, which takes about as long as
// [Filter.Has] does in vain; a count in front never makes it allocate.
func Parse(octets []byte, p Params) (Filter, error) {
	f, err := parseCount(octets, p)
	if err != nil {
		return Filter{}, err
	}
	if uint64(f.n) > math.MaxInt && 8*uint64(len(octets)) > math.MaxInt {
		return Filter{}, &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.TooMany, Detail: "more items than a 32-bit machine can count"}
	}
	// Nothing is as large as gcs.Largest, so everything is looked at.
	_, err = p.Code().Contains(octets, gcs.Largest, f.Limit())
	return f, err
}

// parseCount reads what is in front of the codes.
func parseCount(octets []byte, p Params) (f Filter, err error) {
	if !p.Valid() {
		return f, badParams()
	}
	f = Filter{p: p, octets: octets}
	if len(octets) == 0 && p.Variant != Bitcoin {
		return f, nil
	}
	if p.Variant == DecredV1 {
		f.n, f.start, err = readCount4(octets)
	} else {
		f.n, f.start, err = readCompactSize(octets)
	}
	if err == nil && f.n == 0 && p.Variant != Bitcoin {
		err = &gcs.Error{
			Layer: gcs.SetLayer, Kind: gcs.NonCanonical,
			Detail: "a filter without items has no octets",
		}
	}
	return f, err
}

func badParams() error {
	return &gcs.Error{
		Layer: gcs.SetLayer, Kind: gcs.BadParameter,
		Detail: "P is at most 32, M is 1 to 2^32, and 2^P in version 1 of Decred's filters",
	}
}

// Limit is where the codes begin in the octets, behind N, and what they may hold:
// exactly N values below N*M. Where N does not fit an int, the octets end long before
// it.
func (f Filter) Limit() gcs.Limit {
	lim := gcs.Limit{Len: int(min(uint64(f.n), math.MaxInt)), End: gcs.Counted, Start: 8 * f.start}
	if f.n > 0 {
		lim.Max = f.p.Universe(f.n) - 1
	}
	return lim
}

// Params returns what f was made with.
func (f Filter) Params() Params { return f.p }

// N returns the number of values, repeats included.
func (f Filter) N() uint32 { return f.n }

// Octets returns the filter as it travels. It must not be changed.
func (f Filter) Octets() []byte { return f.octets }

// All returns the values, ascending. A value is there as often as items have it. Of a
// filter that [Parse] refused it returns those before the fault.
func (f Filter) All() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for v, err := range f.p.Code().All(f.octets, f.Limit()) {
			if err != nil || !yield(v) {
				return
			}
		}
	}
}
