package gcs

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/cache-aware/casper/bitio"
)

// Encode appends the coded keys to dst, beginning with a new octet. The keys
// must be sorted, and with Gap 1 distinct; each at most [Largest]. They may be of any
// type, so that a caller with smaller keys of its own needs no copy.
//
// On an error, of kind [Unsorted], [Duplicate], [OutOfRange], [BadParameter] or
// [TooMany] (a result above 4 GiB), dst comes back as it was. Its spare capacity
// may have been written to. The result takes about last>>Rice
// bits, so keys that are not trusted are best measured with [Code.Size] first.
//
// No allocation is made when dst has room for MaxSize(len(sorted), last) and
// eight octets more: whole words are stored.
func Encode[K ~uint32 | ~uint64](dst []byte, c Code, sorted []K) ([]byte, error) {
	if !c.valid() {
		return dst, &Error{Layer: SetLayer, Kind: BadParameter}
	}
	if len(sorted) == 0 {
		return dst, nil
	}
	last := uint64(sorted[len(sorted)-1])
	const slack = 8
	room := c.maxSize(len(sorted), last)
	if last > Largest || room > maxOctets {
		// A key or a set too large, or keys so unsorted that the last one says
		// nothing; say which.
		if err := checkOrder(c, sorted); err != nil {
			return dst, err
		}
		return dst, &Error{Layer: SetLayer, Kind: TooMany, At: KeyIndex(len(sorted) - 1)}
	}
	dst = slices.Grow(dst, room+slack)
	out := dst[len(dst):cap(dst)]
	var p pen
	p.rice, p.gap, p.flip, p.pad = uint(c.Rice), uint64(c.Gap), c.flip(), c.padOctet()
	p.prev, p.last = -p.gap, last
	if c.Order == bitio.LSBFirst {
		if !encodeLSB(out, sorted, &p) {
			return dst, checkOrder(c, sorted)
		}
		if p.used > 0 {
			p.fill(out, byte(p.acc), ^(^byte(0) << p.used))
		}
	} else {
		if !encode(out, sorted, &p) {
			return dst, checkOrder(c, sorted)
		}
		if p.used > 0 {
			p.fill(out, byte(p.acc>>56), ^(^byte(0) >> p.used))
		}
	}
	return dst[:len(dst)+p.pos], nil
}

// maxOctets is the longest stream that is written or read: bit offsets in it fit
// an int everywhere, and asking for the memory of a longer one would end the
// process rather than return an error.
const maxOctets = min(math.MaxInt/8-16, 4<<30)

// checkOrder returns the error of the first key that is out of order.
func checkOrder[K number](c Code, sorted []K) error {
	var next uint64
	for i, k := range sorted {
		switch k := uint64(k); {
		case k < next && k == next-1 && c.Gap == 1:
			return &Error{Layer: SetLayer, Kind: Duplicate, At: KeyIndex(i)}
		case k < next:
			return &Error{Layer: SetLayer, Kind: Unsorted, At: KeyIndex(i)}
		case k > Largest:
			return &Error{Layer: SetLayer, Kind: OutOfRange, At: KeyIndex(i)}
		}
		next = uint64(k) + uint64(c.Gap)
	}
	return nil
}

// A pen is where an encoder stands.
//
// The stream is made zeros-then-one throughout: a quotient is then a shift. The
// other polarity is its complement, remainder included, so remainders are
// flipped beforehand and whole words afterwards.
type pen struct {
	rice      uint
	gap, flip uint64
	last      uint64 // the last key of all, from which the size was taken
	prev      uint64 // the last key written; before the first one, minus gap
	acc       uint64 // pending bits: at the top, or LSB first at the bottom
	used      uint   // how many: fewer than eight
	pos       int    // octets written
	pad       byte   // an octet of pad bits
}

// word is how many bits a group of codes has at most: what eight octets leave free
// beside the pending bits.
const word = 56

// encode writes the codes of all keys to out, which has MaxSize octets and eight
// more. It returns false at a key that is out of order, and at one above the last key,
// from which the size was taken: a later one must then be out of order.
func encode[K number](out []byte, keys []K, p *pen) bool {
	k := p.group(len(keys))
	for i := 0; i < len(keys); {
		i += encodeGroups(k, out, keys[i:], p)
		// A group that did not fit, one by one.
		for range k {
			if i == len(keys) {
				break
			}
			if !p.write(out, uint64(keys[i])) {
				return false
			}
			i++
		}
	}
	return true
}

// group chooses how many of n codes to put into a word: so many that they nearly
// always fit. A group that does not costs more than it would have saved. Unlike in
// decoding the mean quotient is known; the quotients of k codes add up to k times
// that, and spread by the root of k.
func (p *pen) group(n int) int {
	if p.rice >= uint(len(largest)) {
		return 1
	}
	k := int(largest[p.rice])
	if k == 1 {
		return 1
	}
	// In sixteenths: the gaps' sum over their number, less what rounding down takes
	// from each quotient.
	mean := uint32(min(p.last>>p.rice, 1<<24)*16) / uint32(min(n, 1<<24))
	mean -= min(mean, 7)
	code := 16*(uint32(p.rice)+1) + mean
	for k = min(k, int(16*word/code)); k > 1; k-- {
		if code*uint32(k)+(mean+8)*spread[k]/16 <= 16*word {
			return k
		}
	}
	return 1
}

// spread is three standard deviations of a sum of k quotients, in sixteenths of that
// of one.
var spread = [...]uint32{2: 68, 3: 83, 4: 96, 5: 107, 6: 118}

// write writes the code of one key, whatever its quotient.
func (p *pen) write(out []byte, k uint64) bool {
	next := p.prev + p.gap
	if k < next || k > p.last {
		return false
	}
	p.prev = k
	r, v := p.rice, k-next
	low := uint64(1)<<r - 1
	code := low + 1 | v&low ^ p.flip&low
	q := v>>r + uint64(p.used)
	// The zeros of a long quotient are whole octets, stored eight at a time.
	for ; q >= 64; q -= 64 {
		binary.BigEndian.PutUint64(out[p.pos:], p.acc^p.flip)
		p.pos += 8
		p.acc = 0
	}
	// The terminator and the remainder: up to 64 bits more, which may reach into a
	// second word.
	used := uint(q) + r + 1
	code <<= 63 - r // to the top
	binary.BigEndian.PutUint64(out[p.pos:], p.acc|code>>q^p.flip)
	if used < 64 {
		p.acc |= code >> q
	} else {
		p.pos += 8
		used -= 64
		p.acc = code << (64 - q) // none when q is 0
		binary.BigEndian.PutUint64(out[p.pos:], p.acc^p.flip)
	}
	p.pos += int(used >> 3)
	p.acc <<= used &^ 7
	p.used = used & 7
	return true
}

// fill writes the last octet: the pending bits of it that are ours, and pad bits.
func (p *pen) fill(out []byte, octet, ours byte) {
	out[p.pos] = (octet^byte(p.flip))&ours | p.pad&^ours
	p.pos++
}

// encodeLSB is encode for streams that are LSB first: the pending bits are at
// the bottom of acc, and so is the first bit of a code.
func encodeLSB[K number](out []byte, keys []K, p *pen) bool {
	r, gap, flip := p.rice, p.gap, p.flip
	low := uint64(1)<<r - 1
	acc, used, n := p.acc, p.used, p.pos
	next := p.prev + gap
	store := func() {
		binary.LittleEndian.PutUint64(out[n:], acc^flip)
		n += int(used >> 3)
		acc >>= used &^ 7
		used &= 7
	}
	for _, key := range keys {
		k := uint64(key)
		if k < next || k > p.last {
			return false
		}
		v := k - next
		q := v>>r + uint64(used)
		for ; q >= 64; q -= 64 {
			binary.LittleEndian.PutUint64(out[n:], acc^flip)
			n += 8
			acc = 0
		}
		acc |= 1 << q
		used = uint(q) + 1
		store()
		rem := v&low ^ flip&low
		for left := r; left > 0; {
			take := min(left, word)
			acc |= rem & (1<<take - 1) << used
			used += take
			rem >>= take
			left -= take
			store()
		}
		next = k + gap
	}
	p.acc, p.used, p.pos = acc, used, n
	return true
}
