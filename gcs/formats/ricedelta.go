package formats

import (
	"encoding/hex"
	"math"

	"github.com/cache-aware/casper/gcs/ricedelta"
)

var riceDeltaFormat = &Format{
	Name:     "rice-delta",
	Title:    "the lists of Safe Browsing v4",
	Params:   []Param{deltaRice, deltaCount, deltaFirst},
	Key:      "the first four octets of a hash, read as a number",
	Names:    "hash prefixes in hex",
	HexNames: true,
	profile:  riceDelta{},
}

var (
	deltaRice  = Param{Name: "rice", Flag: "rice", Help: "bits of the remainder; an encoder chooses the best", Low: 0, High: ricedelta.MaxRice}
	deltaCount = Param{Name: "count", Flag: "count", Help: "number of deltas", Low: 0, High: math.MaxInt32}
	deltaFirst = Param{Name: "first", Flag: "first", Help: "first value", Low: 0, High: math.MaxUint32}
)

type riceDelta struct{}

// hash reads prefixes of hashes, which are four octets.
func (riceDelta) hash(_ Params, names []string) ([]uint64, error) {
	keys := make([]uint64, len(names))
	for i, name := range names {
		if len(name) != 4 {
			return nil, badParam("a hash prefix is 4 octets, not %d", len(name))
		}
		keys[i] = uint64(ricedelta.Value([4]byte([]byte(name))))
	}
	return keys, nil
}

// encode takes the best parameter where none is given. The first value and the
// count follow from the keys; where they are given they must agree.
func (r riceDelta) encode(p Params, keys []uint64) (Encoded, error) {
	if err := below(1<<32, keys); err != nil {
		return Encoded{}, err
	}
	values := make([]uint32, len(keys))
	for i, k := range keys {
		values[i] = uint32(k)
	}
	if !p.has(deltaRice) {
		p = p.with(deltaRice, int64(ricedelta.BestRice(values)))
	}
	rice, err := r.rice(p)
	if err != nil {
		return Encoded{}, err
	}
	l, err := ricedelta.FromValues(uint8(rice), values)
	if err != nil {
		return Encoded{}, err
	}
	if first, ok := p.Number(deltaFirst.Name); ok && first != int64(l.First) {
		return Encoded{}, deltaFirst.wrong("%d, but the least key %d", first, l.First)
	}
	if count, ok := p.Number(deltaCount.Name); ok && count != int64(l.Count) {
		return Encoded{}, deltaCount.wrong("%d, but there are %d deltas", count, l.Count)
	}
	p = p.with(deltaFirst, int64(l.First)).with(deltaCount, int64(l.Count))
	return Encoded{Octets: l.Data, Text: hex.EncodeToString(l.Data), Keys: keys, Params: p}, nil
}

func (r riceDelta) decode(p Params, in Input) (Decoded, error) { return decodeOpened(r, p, in) }

func (r riceDelta) open(p Params, in Input) (Decoded, keys, error) {
	d := Decoded{Params: p, Universe: 1 << 32}
	rice, err := r.rice(p)
	if err != nil {
		return d, nil, err
	}
	first, err := p.number(deltaFirst)
	if err != nil {
		return d, nil, err
	}
	count, err := p.number(deltaCount)
	if err != nil {
		return d, nil, err
	}
	octets, err := in.hex()
	if err != nil {
		return d, nil, err
	}
	d.Size, d.Canonical = len(octets), true
	l := ricedelta.List{First: uint32(first), Rice: uint8(rice), Count: uint32(count), Data: octets}
	base := uint64(first)
	d.Layout = Layout{Code: ricedelta.Code(l.Rice), Limit: l.Limit(), First: &base}
	return d, func(yield func([]uint64, error) bool) {
		var key [1]uint64
		for v, err := range l.All() {
			if err != nil {
				yield(nil, err)
				return
			}
			key[0] = uint64(v)
			if !yield(key[:], nil) {
				return
			}
		}
	}, nil
}

// rice returns the parameter. One that only v5 has says so.
// judge knows of a parameter that lies within its range, and is none.
func (r riceDelta) judge(p Params) error {
	if !p.has(deltaRice) {
		return nil
	}
	rice, err := r.rice(p)
	if err == nil && 0 < rice && rice < ricedelta.MinRice {
		err = deltaRice.wrong("0, or %d to %d, not %d", ricedelta.MinRice, ricedelta.MaxRice, rice)
	}
	return err
}

func (riceDelta) rice(p Params) (int64, error) {
	if rice, ok := p.Number(deltaRice.Name); ok && deltaRice.High < rice && rice <= v5Rice.High {
		return 0, deltaRice.wrong("%s, not %d, which lists of Safe Browsing v5 may have: they are rice-delta-v5", deltaRice.Range(), rice)
	}
	return p.number(deltaRice)
}
