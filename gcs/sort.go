package gcs

import (
	"math"
	"math/bits"
	"slices"
)

// Sort sorts keys ascending, as [Encode] wants them. It works in scratch when
// that is as long as keys, and otherwise allocates as much. Repeats stay;
// slices.Compact removes them.
//
// Comparing hashed keys is a branch that nothing foresees: 25 ns a key for 100 keys,
// 60 ns for 100,000. So it looks at digits instead, and only at as many as tell hashed
// keys apart: two passes, whatever the width of the keys, and 3.5 ns a key for 100, 2.6
// for 100,000, 6.5 for ten million. Keys that crowd together take more, up to 15 ns, and
// up to 23 of a hundred keys, but no more than comparing.
func Sort[K ~uint32 | ~uint64](keys, scratch []K) {
	n := len(keys)
	if n < radixFrom || uint64(n) > math.MaxUint32 {
		slices.Sort(keys)
		return
	}
	if len(scratch) < n {
		scratch = make([]K, n)
	}
	var differ K
	for _, k := range keys {
		differ |= k ^ keys[0]
	}
	width := bits.Len64(uint64(differ))
	switch digit := min((bits.Len(uint(n))+spare+1)/2, (width+1)/2, maxDigit); {
	case width == 0:
	case n >= partsFrom:
		sortParts(keys, scratch[:n], width)
	case digit <= 8: // fewer counts are sooner cleared
		sortLeading(keys, scratch[:n], width, new([1 << 8]uint32)[:1<<digit])
	default:
		sortLeading(keys, scratch[:n], width, new([1 << maxDigit]uint32)[:1<<digit])
	}
}

const (
	radixFrom = 14      // below it counting takes longer than comparing
	spare     = 5       // bits beyond log2(n) that two digits have
	maxDigit  = 11      // more counts gain nothing below partsFrom
	partsFrom = 1 << 20 // keys and scratch take 16 MiB: 4,096 pages, which a translation buffer maps
	partDigit = 9       // 6.6 ns a key for ten million; 7.3 with 8, 9.9 with 11
)

// sortLeading sorts keys, which differ in their lowest width bits, by the two leading
// digits of these, the lower one first. A digit has as many values as there are
// counts. Then it mends what is still in disorder.
//
// With five bits more than log2(n) in two digits, few hashed keys have a neighbour that
// does not differ in them: at most one in 32 up to 100,000 keys, one in four of a million.
// Sorting by all digits that the values of a BIP 158 filter have took three to five
// passes: 7.8 ns a key for 100, 3.6 for 10,000.
func sortLeading[K ~uint32 | ~uint64](keys, scratch []K, width int, counts []uint32) {
	digit := bits.Len(uint(len(counts) - 1))
	low := max(0, width-2*digit)
	scatter(scratch, keys, low, counts)
	clear(counts)
	scatter(keys, scratch, low+digit, counts)
	if low > 0 {
		mend(keys, scratch, low)
	}
}

// mend sorts keys that are in order but for their lowest bits.
func mend[K ~uint32 | ~uint64](keys, scratch []K, low int) {
	last := keys[0]
	for i := 1; i < len(keys); i++ {
		k := keys[i]
		if k >= last {
			last = k
			continue
		}
		from, to := i-1, i+1
		for from > 0 && keys[from-1]>>low == k>>low {
			from--
		}
		for to < len(keys) && keys[to]>>low == k>>low {
			to++
		}
		Sort(keys[from:to], scratch[from:to]) // of fewer bits, so that there is an end
		i = to - 1
		last = keys[i]
	}
}

// sortParts sorts so many keys, which differ in their lowest width bits, that neither a
// cache nor the translation buffer holds them. It scatters them once by their leading
// digit, and sorts the parts where they are at hand: 6.6 ns a key for ten
// million, where two passes over all of them took 16.
func sortParts[K ~uint32 | ~uint64](keys, scratch []K, width int) {
	var ends [1 << partDigit]uint32
	scatter(scratch, keys, max(0, width-partDigit), ends[:])
	from := uint32(0)
	for _, to := range ends {
		Sort(scratch[from:to], keys[from:to])
		copy(keys[from:to], scratch[from:to])
		from = to
	}
}

// scatter writes the keys to their places by the digit at shift, in the order that they
// are in. The counts are zero before, and are where each digit's keys end after it.
//
// Within another function it has too few registers, and takes half as long again.
//
//go:noinline
func scatter[K ~uint32 | ~uint64](to, from []K, shift int, counts []uint32) {
	mask := uint(len(counts) - 1)
	for _, k := range from {
		counts[uint(k>>(shift&63))&mask]++
	}
	sum := uint32(0)
	for i, n := range counts {
		counts[i] = sum
		sum += n
	}
	for _, k := range from {
		digit := uint(k>>(shift&63)) & mask
		to[counts[digit]] = k
		counts[digit]++
	}
}
