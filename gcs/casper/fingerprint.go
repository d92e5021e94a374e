package casper

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"sort"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
)

// A Fingerprint is the set of keys that a cookie holds. It is immutable and safe
// for concurrent use; methods that change it return another one. The zero
// Fingerprint is the empty set with the zero [Params].
type Fingerprint struct {
	p    Params
	keys []Key // sorted, distinct; never written to again
}

// New returns the fingerprint that holds the given keys. Keys that p's capacity
// does not have are reduced to it, as H2O reduces hashes. It panics if p is not
// valid.
func New(p Params, keys ...Key) Fingerprint {
	if !p.Valid() {
		panic(fmt.Sprintf("casper: New with invalid parameters %+v", p))
	}
	return Fingerprint{p: p}.With(keys...)
}

// Parse reads a cookie's value strictly: whatever it accepts, [Fingerprint.String]
// returns again. The empty value is the empty set. Anything else is a *[gcs.Error]
// that names layer, kind and bit offset.
//
// Values longer than [Params.MaxText] are refused without being decoded.
func Parse(value string, p Params) (Fingerprint, error) { return parse(value, p, &strictly) }

// ParseLenient reads a cookie's value as H2O does. Besides what [Parse] accepts
// that is: the standard base64 alphabet, even mixed with the URL one; any bits in
// the unused part of the last character; any padding, and a last code that is cut
// short, which is dropped; and keys above the capacity, which are kept and written
// again, though no path has them. An error is what makes H2O ignore the cookie: a
// character of neither alphabet, a length that leaves a remainder of 1 modulo 4, or
// more than max(128, 2^CapacityBits) keys.
//
// It differs from H2O in one thing: above [MaxText] characters, or 2^32 in a key,
// which takes more than that, it refuses where H2O would go on.
func ParseLenient(value string, p Params) (Fingerprint, error) {
	return parse(value, p, &leniently)
}

func parse(value string, p Params, how *readings) (Fingerprint, error) {
	if len(value) <= shortText {
		var room [shortKeys]Key
		keys, err := p.read(room[:0], value, how)
		if err != nil {
			return Fingerprint{p: p}, err
		}
		return Fingerprint{p, slices.Clone(keys)}, nil
	}
	var room []Key
	if len(value) <= usualText {
		// So many octets hold hardly fewer keys than they could. Of longer ones that is seen first.
		room = make([]Key, 0, 6*len(value)/(rice+1))
	}
	keys, err := p.read(room, value, how)
	if err != nil {
		return Fingerprint{p: p}, err
	}
	return Fingerprint{p, keys}, nil
}

// usualText is how long a value is usually at most, in characters: of a thousand assets.
const usualText = 1024

// What is decoded on the stack: no more, since the goroutines of a server begin with little of
// it, and making one grow takes longer than reading a cookie.
const (
	shortText = 48                         // characters
	shortKeys = 6 * shortText / (rice + 1) // the most keys that these can hold
)

func tooLong(n, most int) error {
	return &gcs.Error{
		Layer: gcs.TextLayer, Kind: gcs.TooMany, At: gcs.BitOffset(6 * most),
		Detail: fmt.Sprintf("%d characters are more than the %d that a cookie can need", n, most),
	}
}

// Params returns what f was made with.
func (f Fingerprint) Params() Params { return f.p }

// Len returns the number of keys.
func (f Fingerprint) Len() int { return len(f.keys) }

// All returns the keys, ascending.
func (f Fingerprint) All() iter.Seq[Key] { return slices.Values(f.keys) }

// Has reports whether f holds the key: the client is likely to hold the asset. A key
// above the capacity, which a lenient reader may have let in, is there for All and
// String only: no path has it.
func (f Fingerprint) Has(k Key) bool {
	// A plain binary search; the generic one costs a call per step.
	keys := f.keys
	for len(keys) > 0 {
		m := len(keys) / 2
		switch {
		case keys[m] == k:
			return true
		case keys[m] < k:
			keys = keys[m+1:]
		default:
			keys = keys[:m]
		}
	}
	return false
}

// With returns f with the given keys besides. Keys that f's capacity does not have
// are reduced to it. When all are there already it returns f itself and allocates
// nothing.
func (f Fingerprint) With(keys ...Key) Fingerprint {
	missing := 0
	for _, k := range keys {
		if !f.Has(k & f.p.mask()) {
			missing++
		}
	}
	if missing == 0 {
		return f
	}
	all := make([]Key, len(f.keys), len(f.keys)+missing)
	copy(all, f.keys)
	for _, k := range keys {
		if k &= f.p.mask(); !f.Has(k) {
			all = append(all, k)
		}
	}
	slices.Sort(all)
	return Fingerprint{f.p, slices.Compact(all)}
}

// Merge returns the union of f and g, as H2O makes it of several cookies.
//
// Where the capacities differ, the smaller one is the result's, and the keys of the
// other are reduced to it: they are low bits of the same hash, so that no asset is
// lost. Where the generations differ, the result's is the newer. Merge is
// commutative, associative and idempotent.
func (f Fingerprint) Merge(g Fingerprint) Fingerprint {
	p := Params{Generation: min(f.p.Generation, g.p.Generation)}
	if p.CapacityBits = min(f.p.bits(), g.p.bits()); p.CapacityBits == DefaultCapacityBits {
		p.CapacityBits = min(f.p.CapacityBits, g.p.CapacityBits) // keep the zero Params zero
	}
	f, g = f.reduced(p), g.reduced(p)
	if len(g.keys) == 0 {
		return f
	}
	if len(f.keys) == 0 {
		return g
	}
	all := make([]Key, 0, len(f.keys)+len(g.keys))
	all = append(append(all, f.keys...), g.keys...)
	slices.Sort(all)
	return Fingerprint{p, slices.Compact(all)}
}

// reduced returns f with other parameters, of no larger capacity.
func (f Fingerprint) reduced(p Params) Fingerprint {
	if p.bits() == f.p.bits() {
		return Fingerprint{p, f.keys}
	}
	keys := make([]Key, len(f.keys))
	for i, k := range f.keys {
		keys[i] = k & p.mask()
	}
	slices.Sort(keys)
	return Fingerprint{p, slices.Compact(keys)}
}

// Trim returns a fingerprint whose value is at most maxText characters long. Keys
// that are worth keeping, the newest or most critical ones, are named in keep, most
// valuable first: they go last, in reverse order. The others go from the largest
// down.
//
// Browsers drop a cookie of more than 4,096 octets with its name and attributes
// altogether. 3,800 characters leave room for those, and 3,238 keys at 13
// capacity bits always fit.
func (f Fingerprint) Trim(maxText int, keep ...Key) Fingerprint {
	if f.textLen(f.keys) <= maxText {
		return f
	}
	order := make([]Key, 0, len(f.keys)) // most valuable first
	taken := make(map[Key]bool, len(keep))
	for _, k := range keep {
		if f.Has(k) && !taken[k] {
			taken[k] = true
			order = append(order, k)
		}
	}
	for _, k := range f.keys {
		if !taken[k] {
			order = append(order, k)
		}
	}
	// A key more never makes the text shorter: its code splits one gap in two,
	// whose quotients add up to two less at worst, and takes seven bits. So the
	// longest prefix that fits can be searched for.
	fits := sort.Search(len(order), func(n int) bool {
		part := slices.Clone(order[:n+1])
		slices.Sort(part)
		return f.textLen(part) > maxText
	})
	part := slices.Clone(order[:fits])
	slices.Sort(part)
	return Fingerprint{f.p, part}
}

// textLen is the length of the value that holds the sorted keys.
func (f Fingerprint) textLen(keys []Key) int {
	bits, next := 0, Key(0)
	for _, k := range keys {
		bits += rice + 1 + int((k-next)>>rice)
		next = k + 1
	}
	return base64url.EncodedLen((bits + 7) / 8)
}

// FalsePositive is the probability that a path which f does not hold is taken for
// held: the share of the universe that f occupies.
func (f Fingerprint) FalsePositive() float64 {
	n, _ := slices.BinarySearch(f.keys, f.p.mask()+1)
	return float64(n) / float64(f.p.Capacity())
}

// Entropy is the information in the fingerprint, in bits: the logarithm of the number
// of sets of that many keys. It bounds what the cookie can tell about a person's
// visits; a cookie of 33 bits could single out one in all of humankind.
func (f Fingerprint) Entropy() float64 {
	n, _ := slices.BinarySearch(f.keys, f.p.mask()+1)
	u := float64(f.p.Capacity())
	a, _ := math.Lgamma(u + 1)
	b, _ := math.Lgamma(float64(n) + 1)
	c, _ := math.Lgamma(u - float64(n) + 1)
	return (a - b - c) / math.Ln2
}

// String returns the cookie's value.
func (f Fingerprint) String() string {
	var room [2 * writtenOctets]byte
	return string(f.p.AppendValue(room[:0], f.keys))
}

// AppendValue appends the cookie's value for the sorted, distinct keys to dst: the
// counterpart of [Params.AppendKeys] for callers that bring their own memory. It
// panics if the keys are not sorted and distinct.
func (p Params) AppendValue(dst []byte, keys []Key) []byte {
	var room [writtenOctets]byte
	src, err := gcs.Encode(room[:0], p.Code(), keys)
	if err != nil {
		panic("casper: AppendValue: " + err.Error())
	}
	return base64url.Append(dst, src)
}

// Known returns f without the keys above the capacity, which H2O lets in and no path
// has.
func (f Fingerprint) Known() Fingerprint {
	n, found := slices.BinarySearch(f.keys, f.p.mask())
	if found {
		n++
	}
	return Fingerprint{f.p, f.keys[:n:n]}
}

// BitsFor returns the capacity bits at which a client that holds the given number of
// assets takes a further one for held with at most the given probability, as far as
// the format reaches: 1 to 15. H2O's default of 13 is BitsFor(80, 0.01).
func BitsFor(assets int, falsePositive float64) uint8 {
	for bits := uint8(1); bits < MaxCapacityBits; bits++ {
		if float64(assets) <= falsePositive*float64(int(1)<<bits) {
			return bits
		}
	}
	return MaxCapacityBits
}
