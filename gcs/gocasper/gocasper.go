// Package gocasper reads and writes the cookie of tcnksm/go-casper, a Go port of
// the idea behind H2O's CASPer from 2017, so that its users can move on without
// every client being sent everything once more.
//
//	path      MD5, last four octets big-endian, modulo N*P: a key
//	keys      sorted; log2 P remainder bits; ones then zero; gap 0; MSB first; pad 0
//	text      base64url without padding
//
// N, the expected number of assets, and P, the inverse of the false-positive rate,
// do not travel in the cookie, so both sides must agree on them.
//
// # The tail
//
// The format is ambiguous: neither a count nor the padding says where the keys
// end, and zero padding is itself a code, gap 0. go-casper's reader lives with it in
// this way. It stops at the first read that touches the last bit of the stream. If
// that is a remainder, missing bits count as zeros, and a remainder of zero is taken
// for padding: the key is lost, though its writer may well have meant it. A quotient
// of ones up to the last bit makes it refuse the whole cookie.
//
// [ParseLenient] reads exactly so, since that is what the keys in a deployed cookie
// mean to the server that set it. [Fingerprint.String] never writes what would
// not be read back: after a last code that ends with its octet and whose remainder
// is zero it writes one octet of zeros more. go-casper reads those zeros as padding or as
// repeats of the last key, which change nothing. [Parse] accepts just what String
// writes, so it refuses the few cookies of go-casper that had lost a key.
//
// # Compatibility
//
// It is compatible both ways with go-casper at 5d0c688, for every P that is a power
// of two. For other values of P go-casper's own encoding is broken, and its writer is
// for gaps of more than 56*P; its reader is not, and reads what this package writes.
// It is not compatible with H2O's cookie of any version, nor with pusher's casper
// package unless N and P are set to that one's (64 and 4,096) and the cookie's
// name is changed.
//
// The specification is in gcs/SPEC.md, requirements GOCASPER-1 and on.
package gocasper

import (
	"iter"
	"math/bits"
	"slices"
	"strings"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/hash"
)

// CookieName is the name of go-casper's cookie.
const CookieName = "x-go-casper"

// MaxText is the length in characters above which no value is decoded: 64 KiB, sixteen
// times what a browser stores.
const MaxText = 64 << 10

// Params are what casper.New of go-casper takes. The zero Params are not valid.
type Params struct {
	P uint32 // inverse of the false-positive rate: a power of two, up to 2^31
	N uint32 // expected number of assets: 1 to 2^31
}

// Valid reports whether a cookie can be read and written with p.
func (p Params) Valid() bool {
	return bits.OnesCount32(p.P) == 1 && 0 < p.N && p.N <= 1<<31
}

// Universe is N*P: keys are below it.
func (p Params) Universe() uint64 { return uint64(p.N) * uint64(p.P) }

// Code is the Golomb-Rice code of the cookie.
func (p Params) Code() gcs.Code {
	return gcs.Code{Rice: uint8(bits.TrailingZeros32(p.P)), Run: bitio.OnesZero, Pad: gcs.PadZero}
}

// A Key is what the cookie knows of a path. Below the universe it is a hash; a
// lenient reader lets greater ones in, which no path has.
type Key uint64

// Key returns the key of a path. It panics if p is not valid.
func (p Params) Key(path string) Key { return Key(uint64(hash.GoCasper(path)) % p.Universe()) }

// A Fingerprint is the set of keys that a cookie holds. It is immutable and safe
// for concurrent use. The zero Fingerprint is the empty set.
type Fingerprint struct {
	p    Params
	keys []Key // sorted, distinct
}

// New returns the fingerprint that holds the given keys. Keys at or above the universe
// are reduced to it. It panics if p is not valid.
func New(p Params, keys ...Key) Fingerprint {
	if !p.Valid() {
		panic("gocasper: New with invalid parameters")
	}
	set := make([]Key, len(keys))
	for i, k := range keys {
		set[i] = k % Key(p.Universe())
	}
	slices.Sort(set)
	return Fingerprint{p, slices.Compact(set)}
}

// Params returns what f was made with.
func (f Fingerprint) Params() Params { return f.p }

// Len returns the number of keys.
func (f Fingerprint) Len() int { return len(f.keys) }

// All returns the keys, ascending.
func (f Fingerprint) All() iter.Seq[Key] { return slices.Values(f.keys) }

// Has reports whether f holds the key: the client is likely to hold the asset.
func (f Fingerprint) Has(k Key) bool {
	_, ok := slices.BinarySearch(f.keys, k)
	return ok
}

// With returns f with the given keys besides; see [New]. Keys that a lenient reader
// let in stay.
func (f Fingerprint) With(keys ...Key) Fingerprint {
	set := append(slices.Clone(f.keys), New(f.p, keys...).keys...)
	slices.Sort(set)
	return Fingerprint{f.p, slices.Compact(set)}
}

// String returns the cookie's value: one that go-casper reads back whole.
func (f Fingerprint) String() string {
	set := make([]uint64, len(f.keys))
	end := 0
	for i, k := range f.keys {
		set[i] = uint64(k)
		end = f.p.after(end, f.gap(i))
	}
	octets, err := gcs.Encode(nil, f.p.Code(), set)
	if err != nil {
		panic("gocasper: " + err.Error()) // a Fingerprint is sorted, and its gaps came from a text or fit 2^62
	}
	if len(f.keys) > 0 && end%8 == 0 && f.p.lost(f.gap(len(f.keys)-1)) {
		octets = append(octets, 0)
	}
	return string(base64url.Append(nil, octets))
}

// gap is the number that is coded for the i-th key.
func (f Fingerprint) gap(i int) uint64 {
	if i == 0 {
		return uint64(f.keys[0])
	}
	return uint64(f.keys[i] - f.keys[i-1])
}

// after is the bit offset behind the code of a gap.
func (p Params) after(pos int, gap uint64) int {
	r := bits.TrailingZeros32(p.P)
	return pos + int(gap>>r) + 1 + r
}

// lost reports whether go-casper takes the code of a gap for padding where it
// ends the stream.
func (p Params) lost(gap uint64) bool { return gap&uint64(p.P-1) == 0 }

// Parse reads a cookie's value strictly: whatever it accepts, [Fingerprint.String]
// returns again. The empty value is the empty set. Anything else is a *[gcs.Error];
// a cookie that go-casper wrote and cannot read back is [gcs.NonCanonical].
func Parse(value string, p Params) (Fingerprint, error) {
	src, err := decode(value, p, base64url.Strict)
	if err != nil {
		return Fingerprint{p: p}, err
	}
	return p.strict(src)
}

// ParseLenient reads a cookie's value as go-casper does; see the package comment.
// Besides what [Parse] accepts that is: any unused bits of the last character, keys
// of any size, repeats, which count once, padding of any length, and a last
// remainder that is cut short. An error is what makes go-casper fail: a character
// that is not in the URL alphabet, half an octet, or ones up to the end of the stream.
func ParseLenient(value string, p Params) (Fingerprint, error) {
	mode := base64url.Lenient
	if strings.ContainsAny(value, "+/") {
		mode = base64url.Strict // refuses them
	}
	src, err := decode(value, p, mode)
	if err != nil {
		return Fingerprint{p: p}, err
	}
	return p.lenient(src)
}

func decode(value string, p Params, mode base64url.Mode) ([]byte, error) {
	if !p.Valid() {
		return nil, &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.BadParameter, Detail: "P is a power of two, N is 1 to 2^31"}
	}
	if len(value) > MaxText {
		return nil, &gcs.Error{Layer: gcs.TextLayer, Kind: gcs.TooMany, At: gcs.BitOffset(6 * MaxText), Detail: "longer than any cookie"}
	}
	return base64url.AppendDecode(nil, value, mode)
}
