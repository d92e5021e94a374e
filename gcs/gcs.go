// Package gcs codes sorted sets of numbers in the few bits that they need:
// Golomb-coded sets, with a Rice code for the gaps between neighbours.
//
// A set of n numbers, uniform below a universe, has gaps of universe/n on
// average, geometrically distributed. The Rice code writes a gap v as the
// quotient v>>r in unary and the remainder, its low r bits, as they are:
//
//	keys      20                178
//	gaps      20                157             178 - 20 - 1
//	codes     1 010100          001 011101      r = 6: quotients 0 and 2
//	octets    10101000 01011101                 a8 5d, in text qF0
//
// With r = log2 of the mean gap that takes r + 1.6 bits a key, within 0.14 bits of what
// any code can do; with the r that [BestRice] chooses, within 0.12. Every deployed format is this idea with other
// answers to the same few questions; [Code] holds those answers. What numbers
// mean, how a name becomes one and how octets become text are the business of the
// profiles in the folders below this one. SPEC.md is the specification.
//
// Decoding takes a [Limit] that says how many keys, and how large, may come out.
// Memory and time are proportional to the coded octets at most, and no key beyond
// the limit is ever delivered.
package gcs

import (
	"math"
	"math/bits"

	"github.com/cache-aware/casper/bitio"
)

// Pad says what fills the last octet.
type Pad uint8

// The three paddings in use.
const (
	// PadRun fills with the continuation bit of the quotient, so that padding of
	// any length is no code at all. A stream that ends where its octets end needs
	// this to be unambiguous.
	PadRun  Pad = iota
	PadZero     // BIP 158 and Safe Browsing, which carry the count outside; go-casper
	PadOne
)

// A Code is how sorted numbers become bits: the answers in which the formats
// differ. Its zero value has a remainder of 0 bits: plain unary.
type Code struct {
	Rice  uint8       // bits of the remainder, 0 to 63
	Run   bitio.Run   // polarity of the quotient
	Gap   uint8       // least distance between neighbours: 1 for strictly increasing keys, 0 where repeats are allowed
	Order bitio.Order // where an octet begins
	Pad   Pad         // what fills the last octet
}

// Largest is the largest key that can be coded. It is one below the largest
// 64-bit number, so that the successor of a key is always a number.
const Largest = math.MaxUint64 - 1

// End says where a stream ends and what a reader makes of the rest.
type End uint8

const (
	// Padded streams end with their octets: fewer than eight pad bits after the
	// last key, and nothing else. H2O's cookie and cache digests, read strictly.
	Padded End = iota
	// Counted streams hold exactly Limit.Len keys, and then fewer than eight pad
	// bits. BIP 158 and Safe Browsing carry the count outside.
	Counted
	// Open streams end with the last complete code; whatever follows is ignored.
	// This is how H2O reads.
	Open
)

// A Limit is where a decoder finds the codes and what it may deliver. The zero Limit
// admits only the empty set.
type Limit struct {
	Len   int    // at most so many keys; with Counted, exactly
	Max   uint64 // the largest key, at most [Largest]
	End   End    // where the stream ends
	Start int    // the bit of the stream at which the codes begin, behind a header
}

// valid reports whether the fields of c are in range.
//
// It and its like take a pointer, because a Code is five octets: passed by value it
// is copied as two overlapping words, and a load from octets that were just stored one
// by one waits until they have left the processor's store buffer. With four such
// waits a cookie of ten keys took half as long again.
func (c *Code) valid() bool {
	// Run, Gap and Order are 0 or 1.
	return c.Rice <= 63 && uint8(c.Run)|c.Gap|uint8(c.Order) <= 1 && c.Pad <= PadOne
}

// flip is what turns the code into zeros-then-one under exclusive or.
func (c *Code) flip() uint64 { return c.Run.Flip() }

// lsb reports whether octets begin at their least significant bit.
func (c *Code) lsb() bool { return c.Order == bitio.LSBFirst }

// padOctet is an octet of pad bits.
func (c *Code) padOctet() byte {
	switch c.Pad {
	case PadZero:
		return 0
	case PadOne:
		return 0xff
	default:
		return byte(c.flip())
	}
}

// Size returns the length in octets of the coded keys, exactly:
//
//	ceil( (n*(r+1) + sum of quotients) / 8 )
//
// The keys must be sorted as [Encode] wants them; otherwise, and above
// math.MaxInt, it returns math.MaxInt.
func (c Code) Size(sorted []uint64) int {
	if !c.valid() {
		return math.MaxInt
	}
	var next, sum uint64
	for _, k := range sorted {
		if k < next || k > Largest {
			return math.MaxInt
		}
		sum += (k - next) >> c.Rice // no overflow: the gaps add up to the last key at most
		next = k + uint64(c.Gap)
	}
	return c.octets(len(sorted), sum)
}

// MaxSize returns the length in octets that no set of n keys up to max
// exceeds, and that some sets reach. The quotients of n gaps cannot add up to
// more than the quotient of their sum, and the gaps add up to the last key less
// (n-1)*Gap. It is math.MaxInt above that.
func (c Code) MaxSize(n int, max uint64) int {
	if n <= 0 {
		return 0
	}
	if !c.valid() {
		return math.MaxInt
	}
	return c.maxSize(n, max)
}

// maxSize is MaxSize of a valid code and n > 0.
func (c *Code) maxSize(n int, max uint64) int {
	if used := uint64(n-1) * uint64(c.Gap); used <= max {
		max -= used
	}
	return c.octets(n, max>>c.Rice)
}

// octets rounds n codes with the given sum of quotients up to octets.
func (c *Code) octets(n int, quotients uint64) int {
	hi, lo := bits.Mul64(uint64(n), uint64(c.Rice)+1)
	lo, carry := bits.Add64(lo, quotients, 0)
	size := lo / 8
	if lo%8 != 0 {
		size++
	}
	if hi+carry != 0 || size > math.MaxInt {
		return math.MaxInt
	}
	return int(size)
}

// BestRice returns the remainder length that codes n uniform, distinct keys
// below universe in the fewest bits: at most 0.12 bits a key above the
// information-theoretic bound, log2(universe/n) + 1.443.
//
// A gap exceeds another v with probability (1-p)^v, p = n/universe, so the expected
// length is r + 1 + s/(1-s) with s = (1-p)^(2^r). One more bit squares s, and pays
// as long as s is above the golden ratio's reciprocal: SPEC.md derives it.
func BestRice(n int, universe uint64) uint8 {
	if n <= 0 || universe <= uint64(n) {
		return 0
	}
	const goldenLog = 0.48121182505960347 // the natural logarithm of the golden ratio
	x := goldenLog / -math.Log1p(-float64(n)/float64(universe))
	if x < 1 {
		return 0
	}
	return uint8(min(1+math.Ilogb(x), 63))
}
