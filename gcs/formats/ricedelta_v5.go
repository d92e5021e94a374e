package formats

import (
	"encoding/hex"
	"errors"
	"iter"
	"math"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/ricedelta"
)

var riceDeltaV5Format = &Format{
	Name:    "rice-delta-v5",
	Title:   "the lists of Safe Browsing v5",
	Params:  []Param{v5Bits, v5Rice, v5Count, v5First, v5FirstHex},
	Key:     "a hash prefix: the first {bits} bits of the SHA-256 of an expression",
	Names:   "expressions of URLs",
	HexKeys: true,
	profile: riceDeltaV5{},
}

// What the API leaves out is 0.
var (
	v5Bits     = Param{Name: "bits", Flag: "bits", Help: "bits of a key: 32, 64, 128 or 256", Low: 32, High: 256, Default: new(int64(32)), Phrase: "%s bits"}
	v5Rice     = Param{Name: "rice", Flag: "rice", Help: deltaRice.Help, Low: 0, High: 254}
	v5Count    = Param{Name: "count", Flag: "count", Help: deltaCount.Help, Low: 0, High: math.MaxInt32}
	v5First    = Param{Name: "first", Flag: "first", Help: deltaFirst.Help, Low: 0, High: math.MaxUint32}
	v5FirstHex = Param{Name: "first_hex", Flag: "first-hex", Help: "first value of a key of 64 bits and more, most significant octet first", Octets: 32, Fewer: true}
)

type riceDeltaV5 struct{}

// repeats makes what was read writable: a difference may be 0.
func (riceDeltaV5) repeats() {}

// words is 1 of a width that no key has, too: it is refused, and until then nothing is made for it.
func (r riceDeltaV5) words(p Params) int {
	bits, err := r.bits(p)
	if err != nil {
		return 1
	}
	return max(bits/64, 1)
}

// judge looks at what depends on the width.
func (r riceDeltaV5) judge(p Params) error {
	bits, err := r.bits(p)
	if err != nil {
		return err
	}
	if _, _, err := r.first(p, bits); err != nil {
		return err
	}
	rice, err := r.number(p, v5Rice)
	if low, high := int64(ricedelta.MinRiceV5(bits)), int64(ricedelta.MaxRiceV5(bits)); err == nil && rice != 0 && (rice < low || rice > high) {
		return v5Rice.wrong("%d to %d for %d bits, not %d", low, high, bits, rice)
	}
	return err
}

func (riceDeltaV5) bits(p Params) (int, error) {
	bits, ok := p.Number(v5Bits.Name)
	if !ok {
		if p.has(v5Bits) {
			_, err := p.number(v5Bits)
			return 0, err
		}
		bits = *v5Bits.Default
	}
	switch bits {
	case 32, 64, 128, 256:
		return int(bits), nil
	}
	return 0, v5Bits.wrong("32, 64, 128 or 256, not %d", bits)
}

// first returns the first value, and whether it was given.
func (riceDeltaV5) first(p Params, bits int) (first ricedelta.Number, given bool, err error) {
	narrow, other := v5First, v5FirstHex
	if bits > 32 {
		narrow, other = other, narrow
	}
	switch {
	case p.has(other):
		return first, true, other.wrong("not for keys of %d bits, whose first value is %s", bits, narrow.Name)
	case !p.has(narrow):
		return first, false, nil
	case bits == 32:
		n, err := p.number(v5First)
		return ricedelta.Number{3: uint64(n)}, true, err
	}
	text, _ := p.Text(v5FirstHex.Name)
	octets, err := hex.DecodeString(text)
	if err != nil || len(octets) != bits/8 {
		return first, true, v5FirstHex.wrong("%d octets in hex, not %q", bits/8, text)
	}
	return ricedelta.NumberOf(octets), true, nil
}

// withFirst returns p with a first value.
func (riceDeltaV5) withFirst(p Params, bits int, first ricedelta.Number) Params {
	if bits == 32 {
		return p.with(v5First, int64(first[3]))
	}
	return p.withWord(v5FirstHex, hex.EncodeToString(first.Append(nil, bits/8)))
}

func (r riceDeltaV5) hash(p Params, names []string) ([]uint64, error) {
	bits, err := r.bits(p)
	if err != nil {
		return nil, err
	}
	words := r.words(p)
	keys := make([]uint64, 0, words*len(names))
	for _, name := range names {
		n := ricedelta.HashOf(name, bits)
		keys = append(keys, n[4-words:]...)
	}
	return keys, nil
}

// encode takes the best parameter where none is given. The first value and the count follow
// from the keys; where they are given they must agree.
func (r riceDeltaV5) encode(p Params, keys []uint64) (Encoded, error) {
	bits, err := r.bits(p)
	if err != nil {
		return Encoded{}, err
	}
	first, given, err := r.first(p, bits)
	if err != nil {
		return Encoded{}, err
	}
	words := r.words(p)
	all := table{keys, words}
	values := func(yield func(ricedelta.Number) bool) {
		for i := range all.Len() {
			if !yield(numberOf(all.at(i))) {
				return
			}
		}
	}
	if n := all.Len(); !p.has(v5Rice) && n > 0 {
		p = p.with(v5Rice, int64(ricedelta.BestRiceV5(bits, n, numberOf(all.at(0)), numberOf(all.at(n-1)))))
	}
	rice, err := r.number(p, v5Rice)
	if err != nil {
		return Encoded{}, err
	}
	l, err := ricedelta.FromSorted(bits, uint8(rice), iter.Seq[ricedelta.Number](values))
	if err != nil {
		return Encoded{}, r.named(err, p)
	}
	if given && first != l.First {
		return Encoded{}, badParam("the first value is %s, but the least key %s", first, l.First)
	}
	if count, ok := p.Number(v5Count.Name); ok && count != int64(l.Count) {
		return Encoded{}, v5Count.wrong("%d, but there are %d deltas", count, l.Count)
	}
	p = r.withFirst(p, bits, l.First).with(v5Bits, int64(bits)).with(v5Count, int64(l.Count))
	return Encoded{Octets: l.Data, Text: hex.EncodeToString(l.Data), Keys: keys, Params: p}, nil
}

func numberOf(key []uint64) (n ricedelta.Number) {
	copy(n[4-len(key):], key)
	return n
}

// number returns a number that is 0 where it is not given.
func (riceDeltaV5) number(p Params, param Param) (int64, error) {
	if !p.has(param) {
		return 0, nil
	}
	return p.number(param)
}

// named turns what a list says of its parameter into the error of that parameter.
func (r riceDeltaV5) named(err error, p Params) error {
	rice, _ := p.Number(v5Rice.Name)
	bits, _ := r.bits(p)
	low, high := int64(ricedelta.MinRiceV5(bits)), int64(ricedelta.MaxRiceV5(bits))
	if errors.Is(err, gcs.BadParameter) && (rice < low || rice > high) {
		return v5Rice.wrong("%d to %d for %d bits, not %d", low, high, bits, rice)
	}
	return err
}

func (r riceDeltaV5) decode(p Params, in Input) (Decoded, error) { return decodeOpened(r, p, in) }

func (r riceDeltaV5) open(p Params, in Input) (Decoded, keys, error) {
	d := Decoded{Params: p}
	bits, err := r.bits(p)
	if err != nil {
		return d, nil, err
	}
	rice, err := r.number(p, v5Rice)
	if err != nil {
		return d, nil, err
	}
	count, err := r.number(p, v5Count)
	if err != nil {
		return d, nil, err
	}
	first, _, err := r.first(p, bits)
	if err != nil {
		return d, nil, err
	}
	d.Params = r.withFirst(p, bits, first).with(v5Bits, int64(bits)).with(v5Rice, rice).with(v5Count, count)
	if low, high := int64(ricedelta.MinRiceV5(bits)), int64(ricedelta.MaxRiceV5(bits)); (rice < low || rice > high) && (rice != 0 || count != 0) {
		return d, nil, v5Rice.wrong("%d to %d for %d bits, not %d", low, high, bits, rice)
	}
	octets, err := in.hex()
	if err != nil {
		return d, nil, err
	}
	d.Size, d.Canonical = len(octets), true
	l := ricedelta.ListV5{Bits: bits, First: first, Rice: uint8(rice), Count: uint32(count), Data: octets}
	d.Layout = Layout{Code: ricedelta.Code(l.Rice), Limit: gcs.Limit{Len: int(count), End: gcs.Counted}}
	words := r.words(p)
	if bits == 32 {
		d.Universe = 1 << 32
		base := first[3]
		d.Layout.First, d.Layout.Limit.Max = &base, math.MaxUint32-base
	} else {
		d.Layout.Wide, d.Layout.Bits = first[4-words:], bits
	}
	return d, func(yield func([]uint64, error) bool) {
		for v, err := range l.All() {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(v[4-words:], nil) {
				return
			}
		}
	}, nil
}
