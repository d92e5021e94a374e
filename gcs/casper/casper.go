// Package casper reads and writes the cookie of H2O's cache-aware server push:
// which assets a browser holds, as a Golomb-coded set of hashed paths.
//
//	path      SHA-1, first four octets little-endian, low CapacityBits bits: a key
//	keys      sorted, distinct; 6 remainder bits; gap 1; MSB first
//	text      base64url without padding
//
// H2O changed the polarity of the code once: see [Generation]. The parameters do
// not travel in the cookie, so both sides must agree on them.
//
// It is byte for byte compatible with H2O 1.5 to the present one, both ways. It is
// not compatible with these relatives, which decode to garbage here: go-casper
// (MD5, other differences), the golombset command (a width in front), cache digests
// (SHA-256, a header in front), and an H2O of the other generation.
//
// A fingerprint is a hint, not a fact: some keys collide (see
// [Fingerprint.FalsePositive]), a browser may have dropped what it held, and
// anybody can write a cookie. It must never decide who may see what.
//
// The specification is in gcs/SPEC.md, requirements CASPER-1 and on.
package casper

import (
	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/hash"
)

// CookieName is the name of H2O's cookie.
const CookieName = "h2o_casper"

// DefaultCapacityBits is H2O's default, for about 100 assets at a false-positive
// rate of 1 %.
const DefaultCapacityBits = 13

// MaxCapacityBits is the most that H2O's configuration accepts.
const MaxCapacityBits = 15

// MaxText is the length in characters above which no value is decoded, whatever
// the parameters: 1 MiB. No canonical value is longer than 38,276.
const MaxText = 1 << 20

// rice is a constant of the format: H2O's remainder does not depend on the
// capacity or the number of keys.
const rice = 6

// A Generation is one of the two codes that H2O has used.
type Generation uint8

const (
	// H2O21 is the code of H2O 2.1 (2016) and all later ones: quotients are
	// zeros ended by a one, padding is zeros.
	H2O21 Generation = iota
	// H2O20 is the code of H2O 1.5 to 2.0: quotients are ones ended by a zero,
	// padding is ones.
	H2O20
)

// Params are what both sides of the cookie must agree on. The zero Params are H2O's
// defaults: 13 capacity bits, the generation of H2O 2.1 and later.
type Params struct {
	CapacityBits uint8      // 1 to 15; 0 means 13. Keys are below 2^CapacityBits.
	Generation   Generation // the code; the zero value is that of H2O 2.1
}

// Valid reports whether H2O could be configured so.
func (p Params) Valid() bool {
	return p.CapacityBits <= MaxCapacityBits && p.Generation <= H2O20
}

// Capacity is the universe: the number of different keys, 2^CapacityBits.
func (p Params) Capacity() int { return 1 << p.bits() }

func (p Params) bits() uint8 {
	if p.CapacityBits == 0 {
		return DefaultCapacityBits
	}
	return p.CapacityBits
}

func (p Params) mask() Key { return 1<<p.bits() - 1 }

// Code is the Golomb-Rice code of p's generation.
func (p Params) Code() gcs.Code {
	c := gcs.Code{Rice: rice, Gap: 1}
	if p.Generation == H2O20 {
		c.Run = bitio.OnesZero
	}
	return c
}

// MaxText is the length in characters that no canonical value exceeds: that of
// the full set, 9,558 at 13 capacity bits.
func (p Params) MaxText() int {
	return base64url.EncodedLen(p.Code().MaxSize(p.Capacity(), uint64(p.mask())))
}

// Limit is what [Parse] lets a value hold: at most as many keys as there are, below
// the capacity.
func (p Params) Limit() gcs.Limit {
	return gcs.Limit{Len: p.Capacity(), Max: uint64(p.mask())}
}

// LimitLenient is what [ParseLenient] lets a value hold, as H2O does: as many keys as
// its buffer of 128 has room for after doubling up to the capacity, of any size.
func (p Params) LimitLenient() gcs.Limit {
	return gcs.Limit{Len: max(128, p.Capacity()), Max: 1<<32 - 1, End: gcs.Open}
}

// A Key is what the cookie knows of a path: its hash, reduced to the capacity.
type Key uint32

// Key returns the key of a request path: the path and query as sent, without
// scheme and authority. It costs one SHA-1; keep the result with the asset
// rather than hashing for every request.
func (p Params) Key(path string) Key { return Key(hash.H2O(path)) & p.mask() }

// AppendKeys appends the keys of a cookie's value to dst, ascending, without
// allocating where dst has room. It accepts what [Parse] accepts and is what Parse
// is made of, for callers that bring their own memory.
func (p Params) AppendKeys(dst []Key, value string) ([]Key, error) {
	return p.read(dst, value, &strictly)
}

// A reading is a way to read a value.
type reading struct {
	mode base64url.Mode
	code gcs.Code
	lim  gcs.Limit
	text int // most characters
}

// readings are those of all valid Params. They are made once: making one takes a
// fifth of the time in which a small cookie is read.
type readings [H2O20 + 1][MaxCapacityBits + 1]reading

func makeReadings(make func(p Params) reading) (all readings) {
	for g := range all {
		for bits := range all[g] {
			all[g][bits] = make(Params{CapacityBits: uint8(bits), Generation: Generation(g)})
		}
	}
	return
}

var strictly = makeReadings(func(p Params) reading {
	return reading{base64url.Strict, p.Code(), p.Limit(), p.MaxText()}
})

// leniently is how H2O reads.
var leniently = makeReadings(func(p Params) reading {
	return reading{base64url.Lenient, p.Code(), p.LimitLenient(), MaxText}
})

// read appends the keys of a value to dst. The octets between text and keys stay on
// the stack, in as much room as they need: more of it would take longer to clear than a
// small cookie takes to read.
func (p Params) read(dst []Key, value string, all *readings) ([]Key, error) {
	if !p.Valid() {
		return dst, &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.BadParameter, Detail: "capacity bits are 1 to 15"}
	}
	how := &all[p.Generation][p.CapacityBits]
	if len(value) > how.text {
		return dst, tooLong(len(value), how.text)
	}
	switch n := base64url.DecodedLen(len(value)) + 8; { // whole words are stored
	case n > middleOctets:
		return how.readLong(dst, value)
	case n > shortOctets:
		return how.readMiddle(dst, value)
	}
	var room [shortOctets]byte
	return how.readInto(room[:0], dst, value)
}

const (
	shortOctets   = 112 // of 100 assets
	middleOctets  = 512
	writtenOctets = 256  // of 250 assets; more are allocated
	browserOctets = 3072 // of 4,096 characters
)

//go:noinline
func (how *reading) readMiddle(dst []Key, value string) ([]Key, error) {
	var room [middleOctets]byte
	return how.readInto(room[:0], dst, value)
}

//go:noinline
func (how *reading) readLong(dst []Key, value string) ([]Key, error) {
	var room [browserOctets]byte
	return how.readInto(room[:0], dst, value)
}

func (how *reading) readInto(room []byte, dst []Key, value string) ([]Key, error) {
	src, err := base64url.AppendDecode(room, value, how.mode)
	if err != nil {
		return dst, err
	}
	keys, err := gcs.Decode(dst, how.code, src, how.lim)
	if err != nil {
		return dst, err
	}
	return keys, nil
}
