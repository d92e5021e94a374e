package formats

import (
	"fmt"
	"math/big"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/cache-aware/casper/gcs"
)

// A wider is a profile whose keys may have more than 64 bits.
type wider interface {
	words(p Params) int
}

// Words returns how many numbers of 64 bits stand for one key wherever keys are in a list,
// the most significant first: 1, but for formats whose keys have more bits.
func (f *Format) Words(p Params) int {
	if w, ok := f.profile.(wider); ok {
		return w.words(p)
	}
	return 1
}

// AppendKey appends a key in decimal.
func AppendKey(dst []byte, key []uint64) []byte {
	if len(key) == 1 {
		return strconv.AppendUint(dst, key[0], 10)
	}
	return bigKey(key).Append(dst, 10)
}

func bigKey(key []uint64) *big.Int {
	n := new(big.Int)
	for _, part := range key {
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(part))
	}
	return n
}

// ParseKey reads a key of so many words in decimal or, behind 0x, in hex, and appends it. The
// error of a number that has more bits is a *[gcs.Error] of the kind [gcs.OutOfRange].
func ParseKey(dst []uint64, text string, words int) ([]uint64, error) {
	base, digits := 10, text
	if len(text) > 2 && (text[:2] == "0x" || text[:2] == "0X") {
		base, digits = 16, text[2:]
	}
	if words == 1 {
		if k, err := strconv.ParseUint(digits, base, 64); err == nil {
			return append(dst, k), nil
		}
	}
	const most = 1 << 10 // digits: more are read to no end
	n, ok := new(big.Int), digits != "" && strings.IndexByte("+-_", digits[0]) < 0 && len(digits) <= most
	if ok {
		_, ok = n.SetString(digits, base)
	}
	switch {
	case !ok:
		return dst, fmt.Errorf("%.60q is no key: keys are decimal numbers below 2^%d", text, 64*words)
	case n.BitLen() > 64*words:
		return dst, &gcs.Error{
			Layer: gcs.SetLayer, Kind: gcs.OutOfRange,
			Detail: fmt.Sprintf("%.60q is no key: keys are below 2^%d", text, 64*words),
		}
	}
	for i := words - 1; i >= 0; i-- {
		dst = append(dst, new(big.Int).Rsh(n, uint(64*i)).Uint64())
	}
	return dst, nil
}

// A table is a list of keys, some words each, that can be sorted.
type table struct {
	keys  []uint64
	words int
}

func (t table) Len() int           { return len(t.keys) / t.words }
func (t table) at(i int) []uint64  { return t.keys[i*t.words : (i+1)*t.words] }
func (t table) Less(i, j int) bool { return slices.Compare(t.at(i), t.at(j)) < 0 }

func (t table) Swap(i, j int) {
	a, b := t.at(i), t.at(j)
	for k := range a {
		a[k], b[k] = b[k], a[k]
	}
}

// search is the first key that is not below the given one.
func (t table) search(key []uint64) int {
	return sort.Search(t.Len(), func(i int) bool { return slices.Compare(t.at(i), key) >= 0 })
}

// sort sorts the keys.
func (t table) sort() {
	if t.words == 1 {
		slices.Sort(t.keys)
		return
	}
	sort.Sort(t)
}

// compact drops repeats of sorted keys.
func (t table) compact() []uint64 {
	if t.words == 1 {
		return slices.Compact(t.keys)
	}
	kept := t.keys[:0]
	for i := range t.Len() {
		if key := t.at(i); len(kept) == 0 || !slices.Equal(kept[len(kept)-t.words:], key) {
			kept = append(kept, key...)
		}
	}
	return kept
}
