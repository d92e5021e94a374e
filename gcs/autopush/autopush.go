// Package autopush asks the cookie of Google's node-h2-auto-push and
// fastify-auto-push which paths a browser was sent, so that a server that takes over
// need not send them again. It does for those servers what H2O's cookie does for H2O,
// but is a Bloom filter and no Golomb-coded set.
//
//	path      two 32-bit FNV-1a of its UTF-16, seeds 0 and 1576284489, both signed: a, b
//	bits      7 of them: a, a+b, a+2b, ... modulo m, the running sum reduced at each step
//	octets    words of 32 bits, least significant octet and bit first; m is their number of bits
//	text      base64 in the standard alphabet, padded, then percent-encoded
//
// With their defaults m is 960, for 100 paths at a false-positive rate of 1 %. The
// filter never forgets a path, so it fills up: with 300 paths in it, 44 % of all others
// seem to be there.
//
// A filter can be asked, but not listed. This package does not write filters: the
// server that takes over writes a cookie of its own.
//
// It is compatible with h2-auto-push 0.4.1 on bloomfilter 0.0.18, the versions that
// were published together. It is not compatible with later versions of bloomfilter,
// which hash with 64 bits.
//
// The specification is in gcs/SPEC.md, requirements BLOOM-1 and on.
package autopush

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"net/url"
	"strings"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/hash"
)

// CookieName is the name of fastify-auto-push's cookie.
const CookieName = "__ap_cache__"

// MaxText is the length in characters above which no value is decoded: 64 KiB, sixteen
// times what a browser stores.
const MaxText = 64 << 10

// locations is the number of bits that a path sets.
const locations = 7

// seed is that of the second hash; the first has none.
const seed = 1576284489

// A Filter is the set of paths in a cookie. It is immutable and safe for concurrent
// use. The zero Filter holds nothing.
type Filter struct{ words []uint32 }

// Parse reads a cookie's value, percent-encoded or not. The empty value is the empty set.
//
// It is strict where the original is lax: a character outside the alphabet, wrong
// base64 padding or bits in it are [gcs.BadText], and octets that are not whole
// words [gcs.Truncated]. The original skips such characters and drops such octets,
// and then takes m from what is left, so that its answers are not what was
// recorded.
func Parse(value string) (Filter, error) {
	if len(value) > MaxText {
		return Filter{}, textError(gcs.TooMany, MaxText, "longer than any cookie")
	}
	text, err := url.PathUnescape(value)
	if err != nil {
		var bad url.EscapeError
		errors.As(err, &bad)
		at := strings.Index(value, string(bad))
		if len(bad) < len("%2F") { // cut short by the end
			at = len(value) - len(bad)
		}
		return Filter{}, textError(gcs.BadText, at, fmt.Sprintf("%q is no percent-encoding", string(bad)))
	}
	// encoding/base64 skips line breaks even when strict.
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		return Filter{}, textError(gcs.BadText, i, "a line break is not in the alphabet")
	}
	octets, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		var at base64.CorruptInputError
		errors.As(err, &at)
		return Filter{}, textError(gcs.BadText, int(at), "not base64 in the standard alphabet with padding")
	}
	if n := len(octets) % 4; n != 0 {
		return Filter{}, &gcs.Error{
			Layer: gcs.BitsLayer, Kind: gcs.Truncated, At: gcs.BitOffset(8 * (len(octets) - n)),
			Detail: "the last word of 32 bits is not whole",
		}
	}
	var f Filter
	for ; len(octets) > 0; octets = octets[4:] {
		f.words = append(f.words, binary.LittleEndian.Uint32(octets))
	}
	return f, nil
}

func textError(k gcs.Kind, char int, detail string) error {
	return &gcs.Error{Layer: gcs.TextLayer, Kind: k, At: gcs.BitOffset(6 * char), Detail: detail}
}

// Bits is m, the length of the filter in bits.
func (f Filter) Bits() int { return 32 * len(f.words) }

// Has reports whether the path, query included, is likely to be in the filter.
func (f Filter) Has(path string) bool {
	m := int64(f.Bits())
	if m == 0 {
		return false
	}
	at, step := int64(hash.AutoPush(path, 0))%m, int64(hash.AutoPush(path, seed))
	for range locations {
		i := at
		if i < 0 {
			i += m
		}
		if f.words[i/32]>>(i%32)&1 == 0 {
			return false
		}
		at = (at + step) % m
	}
	return true
}

// FalsePositive is the probability that a path which was never added is taken for
// present: the share of bits that are set, to the power of seven.
func (f Filter) FalsePositive() float64 {
	if len(f.words) == 0 {
		return 0
	}
	ones := 0
	for _, w := range f.words {
		ones += bits.OnesCount32(w)
	}
	return math.Pow(float64(ones)/float64(f.Bits()), locations)
}
