package formats

import (
	"cmp"
	"encoding/hex"
	"math"
	"slices"

	"github.com/cache-aware/casper/gcs/bip158"
)

var bip158Format = &Format{
	Name:     "bip158",
	Title:    "Bitcoin's compact block filters",
	Params:   []string{"p", "m", "key_hex", "n"},
	HexNames: true,
	profile:  blockFilter{bip158.Bitcoin},
}

var decredV1Format = &Format{
	Name:     "decred-v1",
	Title:    "Decred's filters, version 1",
	Params:   []string{"p", "key_hex", "n"},
	HexNames: true,
	profile:  blockFilter{bip158.DecredV1},
}

var decredV2Format = &Format{
	Name:     "decred-v2",
	Title:    "Decred's filters, version 2",
	Params:   []string{"p", "m", "key_hex", "n"},
	HexNames: true,
	profile:  blockFilter{bip158.DecredV2},
}

type blockFilter struct{ variant bip158.Variant }

// params returns p for gcs/bip158, and p with its defaults: those of Bitcoin's and
// Decred's blocks.
func (b blockFilter) params(p Params) (bip158.Params, Params, error) {
	bp := bip158.Basic
	if bp.Variant = b.variant; b.variant == bip158.DecredV1 {
		bp.P, bp.M = 20, 0
	}
	bits, err := withinOr("p", p.P, int64(bp.P), 0, bip158.MaxP)
	if err != nil {
		return bp, p, err
	}
	m, err := withinOr("m", p.M, int64(bp.M), 1, bip158.MaxM)
	if err != nil {
		return bp, p, err
	}
	bp.P, bp.M = uint8(bits), uint64(m)
	p.P, p.M = &bits, &m
	if b.variant == bip158.DecredV1 {
		p.M = nil // it is 2^p
	}
	return bp, p, nil
}

// hash spreads over n*m; where n is not given it is the number of items that a
// filter of the names would have.
func (b blockFilter) hash(p Params, names []string) ([]uint64, error) {
	bp, p, err := b.params(p)
	if err != nil {
		return nil, err
	}
	key, err := p.key()
	if err != nil {
		return nil, err
	}
	if p.N == nil {
		f, err := bip158.Build(bp, key, octets(names))
		if err != nil {
			return nil, err
		}
		p.N = new(int64(f.N()))
	}
	n, err := within("n", p.N, 0, math.MaxUint32)
	if err != nil {
		return nil, err
	}
	keys := make([]uint64, len(names))
	for i, name := range names {
		keys[i] = bp.Value(key, []byte(name), uint32(n))
	}
	return keys, nil
}

// octets are the names as items.
func octets(names []string) [][]byte {
	items := make([][]byte, len(names))
	for i, name := range names {
		items[i] = []byte(name)
	}
	return items
}

func (b blockFilter) encodeNames(p Params, names []string) (Encoded, error) {
	bp, p, err := b.params(p)
	if err != nil {
		return Encoded{}, err
	}
	key, err := p.key()
	if err != nil {
		return Encoded{}, err
	}
	f, err := bip158.Build(bp, key, octets(names))
	if err != nil {
		return Encoded{}, err
	}
	if p.N != nil && *p.N != int64(f.N()) {
		return Encoded{}, badParam("n is %d, but there are %d items", *p.N, f.N())
	}
	return b.encoded(p, f), nil
}

func (b blockFilter) encode(p Params, keys []uint64) (Encoded, error) {
	bp, p, err := b.params(p)
	if err != nil {
		return Encoded{}, err
	}
	// N, and with it the universe, is that of the different keys.
	if p.N != nil && *p.N != int64(len(keys)) {
		return Encoded{}, badParam("n is %d, but there are %d keys", *p.N, len(keys))
	}
	f, err := bip158.FromValues(bp, keys)
	if err != nil {
		return Encoded{}, err
	}
	return b.encoded(p, f), nil
}

func (blockFilter) encoded(p Params, f bip158.Filter) Encoded {
	p.N = new(int64(f.N()))
	return Encoded{Octets: f.Octets(), Text: hex.EncodeToString(f.Octets()), Keys: slices.AppendSeq([]uint64{}, f.All()), Params: p}
}

func (b blockFilter) decode(p Params, in Input) (Decoded, error) {
	bp, p, err := b.params(p)
	d := Decoded{Params: p}
	if err != nil {
		return d, err
	}
	if d.Octets, err = in.hex(); err != nil {
		return d, err
	}
	f, err := bip158.Parse(d.Octets, bp)
	n := f.N()
	if err == nil && p.N != nil && *p.N != int64(n) {
		return d, badParam("n is %d in the filter, not %d", n, *p.N)
	}
	d.Params.N = new(int64(n))
	d.Universe = bp.Universe(n)
	d.Layout = Layout{Code: bp.Code(), Limit: f.Limit()}
	if start := d.Layout.Limit.Start; start > 0 {
		d.Layout.Fields = []Field{{Name: "N", Bits: start, Value: uint64(n)}}
	}
	if holds(d.Octets, bp.P, d.Layout.Limit.Len) > MaxKeys {
		return d, cmp.Or(err, tooManyKeys())
	}
	d.Keys = slices.AppendSeq([]uint64{}, f.All())
	if err != nil {
		return d, err
	}
	again, err := bip158.FromValues(bp, d.Keys)
	d.Canonical = err == nil && string(again.Octets()) == string(d.Octets)
	return d, nil
}
