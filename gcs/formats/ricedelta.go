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
	rice, err := p.number(deltaRice)
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

func (riceDelta) decode(p Params, in Input) (Decoded, error) {
	d := Decoded{Params: p, Universe: 1 << 32}
	rice, err := p.number(deltaRice)
	if err != nil {
		return d, err
	}
	first, err := p.number(deltaFirst)
	if err != nil {
		return d, err
	}
	count, err := p.number(deltaCount)
	if err != nil {
		return d, err
	}
	octets, err := in.hex()
	if err != nil {
		return d, err
	}
	d.Size = len(octets)
	l := ricedelta.List{First: uint32(first), Rice: uint8(rice), Count: uint32(count), Data: octets}
	base := uint64(first)
	d.Layout = Layout{Code: ricedelta.Code(l.Rice), Limit: l.Limit(), First: &base}
	if holds(l.Data, l.Rice, int(count)) > maxKeys {
		return d, tooManyKeys()
	}
	for v, err := range l.All() {
		if err != nil {
			return d, err
		}
		d.Keys = append(d.Keys, uint64(v))
	}
	d.Canonical = true
	return d, nil
}
