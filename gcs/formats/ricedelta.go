package formats

import (
	"encoding/hex"
	"math"

	"github.com/cache-aware/casper/gcs/ricedelta"
)

var riceDeltaFormat = &Format{
	Name:     "rice-delta",
	Title:    "the lists of Safe Browsing v4",
	Params:   []string{"rice", "first", "count"},
	HexNames: true,
	profile:  riceDelta{},
}

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
	rice, err := withinOr("rice", p.Rice, int64(ricedelta.BestRice(values)), 0, ricedelta.MaxRice)
	if err != nil {
		return Encoded{}, err
	}
	l, err := ricedelta.FromValues(uint8(rice), values)
	if err != nil {
		return Encoded{}, err
	}
	if p.First != nil && *p.First != int64(l.First) {
		return Encoded{}, badParam("first is %d, but the least key %d", *p.First, l.First)
	}
	if p.Count != nil && *p.Count != int64(l.Count) {
		return Encoded{}, badParam("count is %d, but there are %d deltas", *p.Count, l.Count)
	}
	p.Rice, p.First, p.Count = &rice, new(int64(l.First)), new(int64(l.Count))
	return Encoded{Octets: l.Data, Text: hex.EncodeToString(l.Data), Keys: keys, Params: p}, nil
}

func (riceDelta) decode(p Params, in Input) (Decoded, error) {
	d := Decoded{Params: p, Universe: 1 << 32}
	rice, err := within("rice", p.Rice, 0, ricedelta.MaxRice)
	if err != nil {
		return d, err
	}
	first, err := within("first", p.First, 0, math.MaxUint32)
	if err != nil {
		return d, err
	}
	count, err := within("count", p.Count, 0, math.MaxInt32)
	if err != nil {
		return d, err
	}
	if d.Octets, err = in.hex(); err != nil {
		return d, err
	}
	l := ricedelta.List{First: uint32(first), Rice: uint8(rice), Count: uint32(count), Data: d.Octets}
	d.Layout = Layout{Code: ricedelta.Code(l.Rice), Limit: l.Limit(), Base: uint64(first)}
	if holds(l.Data, l.Rice, int(count)) > MaxKeys {
		return d, tooManyKeys()
	}
	var values []uint32
	for v, err := range l.All() {
		if err != nil {
			return d, err
		}
		values = append(values, v)
		d.Keys = append(d.Keys, uint64(v))
	}
	again, err := ricedelta.FromValues(l.Rice, values)
	d.Canonical = err == nil && string(again.Data) == string(l.Data)
	return d, nil
}
