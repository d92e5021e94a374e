// Package cachedigest reads and writes cache digests: which URLs a client has
// cached, as a Golomb-coded set, in the value and the header field that
// draft-ietf-httpbis-cache-digest-00, -01 and -02 define.
//
//	name      URL, and the ETag directly after it in a digest with validators
//	key       SHA-256, leading log2N+log2P bits
//	octets    log2N in 5 bits, log2P in 5 bits, then the codes:
//	          sorted, distinct; log2P remainder bits; zeros then one; gap 1; MSB first
//	text      base64url without padding
//
//	AfdA      00000 00111 1 1011101 000000: N = 1, P = 2^7, quotient 0, key 93
//
// N is the number of URLs rounded to a power of two and P the inverse of the
// false-positive rate; both travel with the digest, unlike in H2O's cookie.
//
// # Compatibility
//
// Values are compatible with those three drafts, with H2O (which reads
// them), and with h2o/cache-digest.js and cache-digest-immutable (which write them,
// the latter in the standard base64 alphabet). They are not compatible with the drafts
// before the working group's, whose rounding, hash bits, polarity and first
// difference changed from one to the next; with the octet-sized header of
// kazuho/h2-cache-digest and mod_h2; nor with draft-ietf-httpbis-cache-digest-03 and
// later, which are Cuckoo filters. Those decode to garbage here or to an error, and only
// the draft's version tells them apart.
//
// What a URL looks like before it is hashed is the caller's part: H2O and
// cache-digest.js hash it as it is, cache-digest-immutable escapes ! ' ( ) * first.
//
// The specification is in gcs/SPEC.md, requirements DIGEST-1 and on.
package cachedigest

import (
	"iter"
	"math"
	"math/bits"
	"slices"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/hash"
)

// MaxText is the length in characters above which no value and no header is
// decoded: 64 KiB, four times what the widest-spread servers take.
const MaxText = 64 << 10

// headerBits is the length of log2N and log2P.
const headerBits = 10

// Params are what travels in front of the codes. The zero Params are N = 1 and
// P = 1, a universe of one key that every URL has.
type Params struct {
	Log2N uint8 // 0 to 31: number of URLs
	Log2P uint8 // 0 to 31: inverse of the false-positive rate
}

// Valid reports whether both numbers fit their five bits.
func (p Params) Valid() bool { return p.Log2N < 32 && p.Log2P < 32 }

// Universe is N*P, at most 2^62: keys are below it.
func (p Params) Universe() uint64 { return 1 << (p.Log2N + p.Log2P) }

// Code is the Golomb-Rice code of the bits after log2N and log2P.
func (p Params) Code() gcs.Code { return gcs.Code{Rice: p.Log2P, Gap: 1} }

// Limit is where the codes begin in a digest's octets, behind log2N and log2P, and what
// they may hold: keys below the universe, as many as there are bits for. A strict
// reader reads so; a lenient one takes the end for [gcs.Open].
func (p Params) Limit() gcs.Limit {
	return gcs.Limit{Len: math.MaxInt, Max: p.Universe() - 1, Start: headerBits}
}

// Log2N returns the log2N for n URLs: the logarithm, rounded to the nearest
// integer, as the encoders do. (Rounding n to the nearest power of two instead would
// differ first at 23.) None count as one. It is at most 31.
func Log2N(n int) uint8 {
	if n <= 1 {
		return 0
	}
	k := bits.Len(uint(n)) - 1
	if k < 31 && uint64(n)*uint64(n) > 1<<(2*k+1) { // n above 2^(k+1/2)
		k++
	}
	return uint8(min(k, 31))
}

// A Key is what a digest knows of a URL.
type Key uint64

// Key returns the key of an absolute URL. The ETag, as in its header field, belongs
// to digests with validators only; otherwise it is empty. It panics if p is not
// valid.
func (p Params) Key(url, etag string) Key { return p.key(hash.Digest(url, etag)) }

// key keeps the leading bits of a hash.
func (p Params) key(h uint64) Key {
	if !p.Valid() {
		panic("cachedigest: invalid parameters")
	}
	return Key(h >> (64 - p.Log2N - p.Log2P)) // a shift by 64 leaves 0
}

// A Digest is a set of keys with its parameters. It is immutable and safe for
// concurrent use. The zero Digest is the empty value, which has no parameters: it
// is there for the reset flag to stand alone.
type Digest struct {
	p     Params
	sized bool  // has parameters
	keys  []Key // sorted, distinct
}

// New returns the digest that holds the given keys. Keys at or above the universe are
// reduced to it, modulo the universe. It panics if p is not valid.
func New(p Params, keys ...Key) Digest {
	if !p.Valid() {
		panic("cachedigest: New with invalid parameters")
	}
	set := make([]Key, len(keys))
	for i, k := range keys {
		set[i] = k % Key(p.Universe())
	}
	slices.Sort(set)
	return Digest{p, true, slices.Compact(set)}
}

// Params returns the digest's parameters.
func (d Digest) Params() Params { return d.p }

// Len returns the number of keys.
func (d Digest) Len() int { return len(d.keys) }

// All returns the keys, ascending.
func (d Digest) All() iter.Seq[Key] { return slices.Values(d.keys) }

// Has reports whether d holds the key.
func (d Digest) Has(k Key) bool {
	_, ok := slices.BinarySearch(d.keys, k)
	return ok
}

// Parse reads a digest's text strictly: whatever it accepts, [Digest.String]
// returns again. Anything else is a *[gcs.Error]; the digest then holds what was read
// before it.
func Parse(text string) (Digest, error) { return parse(text, base64url.Strict, gcs.Padded) }

// ParseLenient reads a digest's text as H2O does. Besides what [Parse] accepts that
// is: the standard base64 alphabet, even mixed with the URL one; any unused bits; any
// padding, octets after it, and a last code that is cut short, which is dropped. An error
// is what makes H2O ignore the digest, the empty value among it.
func ParseLenient(text string) (Digest, error) { return parse(text, base64url.Lenient, gcs.Open) }

func parse(text string, mode base64url.Mode, end gcs.End) (Digest, error) {
	if len(text) > MaxText {
		return Digest{}, tooLong()
	}
	if text == "" && mode == base64url.Strict {
		return Digest{}, nil
	}
	octets, err := base64url.AppendDecode(nil, text, mode)
	if err != nil {
		return Digest{}, err
	}
	return decode(octets, end)
}

func tooLong() error {
	return &gcs.Error{Layer: gcs.TextLayer, Kind: gcs.TooMany, At: gcs.BitOffset(6 * MaxText), Detail: "longer than any header"}
}

// String returns the digest's text. It has about 7 bits more than the number of keys times
// log2P+2.6 where N is the number of URLs; where it is far greater and P small, the
// text is of the order of N.
func (d Digest) String() string { return string(d.appendText(nil)) }

func (d Digest) appendText(b []byte) []byte {
	if !d.sized {
		return b
	}
	return base64url.Append(b, d.encode())
}

// encode writes the octets. The codes begin in the middle of one, behind the header.
func (d Digest) encode() []byte {
	var w bitio.Writer
	w.WriteBits(uint64(d.p.Log2N), 5)
	w.WriteBits(uint64(d.p.Log2P), 5)
	next, rice := Key(0), uint(d.p.Log2P)
	for _, k := range d.keys {
		gap := uint64(k - next)
		w.WriteUnary(bitio.ZerosOne, gap>>rice)
		w.WriteBits(gap&(1<<rice-1), rice)
		next = k + 1
	}
	return w.AppendTo(nil, bitio.ZerosOne)
}

// usualOctets is how long a digest of some thirty URLs is at most.
const usualOctets = 48

func decode(octets []byte, end gcs.End) (Digest, error) {
	r := bitio.NewReader(octets, bitio.MSBFirst)
	p := Params{uint8(r.ReadBits(5)), uint8(r.ReadBits(5))}
	if r.Err() != nil {
		return Digest{}, &gcs.Error{
			Layer: gcs.BitsLayer, Kind: gcs.Truncated, At: gcs.BitOffset(5 * len(octets)),
			Detail: "log2N and log2P take 10 bits",
		}
	}
	lim := p.Limit()
	lim.End = end
	var room []Key
	if len(octets) <= usualOctets {
		// So few octets hold hardly fewer keys than they could.
		room = make([]Key, 0, 8*len(octets)/(int(p.Log2P)+1))
	}
	keys, err := gcs.Decode(room, p.Code(), octets, lim)
	return Digest{p, true, keys}, err
}
