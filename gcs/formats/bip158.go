package formats

import (
	"encoding/hex"
	"math"
	"slices"

	"github.com/cache-aware/casper/gcs/bip158"
)

var bip158Format = &Format{
	Name:     "bip158",
	Title:    "Bitcoin's compact block filters",
	Params:   []Param{bitcoin.p, filterN, filterM, filterKey},
	Key:      "a hash of an item: its SipHash, brought below n·m",
	Names:    "items in hex",
	HexNames: true,
	profile:  bitcoin,
}

var decredV1Format = &Format{
	Name:     "decred-v1",
	Title:    "Decred's filters, version 1",
	Params:   []Param{decredV1.p, filterN, filterKey},
	Key:      bip158Format.Key,
	Names:    "items in hex",
	HexNames: true,
	profile:  decredV1,
}

var decredV2Format = &Format{
	Name:     "decred-v2",
	Title:    "Decred's filters, version 2",
	Params:   []Param{decredV2.p, filterN, filterM, filterKey},
	Key:      bip158Format.Key,
	Names:    "items in hex",
	HexNames: true,
	profile:  decredV2,
}

// The parameters have the defaults of Bitcoin's and of Decred's blocks.
var (
	filterN   = Param{Name: "n", Flag: "n", Help: "number of items", Low: 0, High: math.MaxUint32}
	filterM   = Param{Name: "m", Flag: "m", Help: "inverse of the false-positive rate", Low: 1, High: bip158.MaxM, Default: new(int64(bip158.Basic.M))}
	filterKey = Param{Name: "key_hex", Flag: "key", Help: "key of the hash", Octets: 16}
)

type blockFilter struct {
	variant bip158.Variant
	p       Param
}

var (
	bitcoin  = blockFilter{bip158.Bitcoin, remainderBits(int64(bip158.Basic.P))}
	decredV1 = blockFilter{bip158.DecredV1, remainderBits(20)}
	decredV2 = blockFilter{bip158.DecredV2, remainderBits(int64(bip158.Basic.P))}
)

func remainderBits(usual int64) Param {
	return Param{Name: "p", Flag: "p", Help: "remainder bits", Low: 0, High: bip158.MaxP, Default: &usual}
}

// params returns p for gcs/bip158, and p with its defaults.
func (b blockFilter) params(p Params) (bp bip158.Params, _ Params, err error) {
	bp.Variant = b.variant
	if p.has(filterKey) { // values alone need none, but a wrong one is somebody's mistake
		if _, err := p.octets(filterKey); err != nil {
			return bp, p, err
		}
	}
	bits, err := p.number(b.p)
	if err != nil {
		return bp, p, err
	}
	bp.P, p = uint8(bits), p.with(b.p, bits)
	if b.variant == bip158.DecredV1 {
		return bp, p, nil // M is 2^p
	}
	m, err := p.number(filterM)
	bp.M = uint64(m)
	return bp, p.with(filterM, m), err
}

// hash spreads over n*m; where n is not given it is the number of items that a
// filter of the names would have.
func (b blockFilter) hash(p Params, names []string) ([]uint64, error) {
	bp, p, err := b.params(p)
	if err != nil {
		return nil, err
	}
	key, err := p.octets(filterKey)
	if err != nil {
		return nil, err
	}
	if !p.has(filterN) {
		f, err := bip158.Build(bp, key, octets(names))
		if err != nil {
			return nil, err
		}
		p = p.with(filterN, int64(f.N()))
	}
	n, err := p.number(filterN)
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
	key, err := p.octets(filterKey)
	if err != nil {
		return Encoded{}, err
	}
	f, err := bip158.Build(bp, key, octets(names))
	if err != nil {
		return Encoded{}, err
	}
	if n, ok := p.Number(filterN.Name); ok && n != int64(f.N()) {
		return Encoded{}, filterN.wrong("%d, but there are %d items", n, f.N())
	}
	return b.encoded(p, f), nil
}

func (b blockFilter) encode(p Params, keys []uint64) (Encoded, error) {
	bp, p, err := b.params(p)
	if err != nil {
		return Encoded{}, err
	}
	// N, and with it the universe, is that of the different keys.
	if n, ok := p.Number(filterN.Name); ok && n != int64(len(keys)) {
		return Encoded{}, filterN.wrong("%d, but there are %d keys", n, len(keys))
	}
	f, err := bip158.FromValues(bp, keys)
	if err != nil {
		return Encoded{}, err
	}
	return b.encoded(p, f), nil
}

func (blockFilter) encoded(p Params, f bip158.Filter) Encoded {
	return Encoded{
		Octets: f.Octets(), Text: hex.EncodeToString(f.Octets()),
		Keys: slices.AppendSeq([]uint64{}, f.All()), Params: p.with(filterN, int64(f.N())),
	}
}

func (b blockFilter) decode(p Params, in Input) (Decoded, error) { return decodeOpened(b, p, in) }

// open returns the keys in front of a fault, too.
func (b blockFilter) open(p Params, in Input) (Decoded, keys, error) {
	bp, p, err := b.params(p)
	d := Decoded{Params: p}
	if err != nil {
		return d, nil, err
	}
	octets, err := in.hex()
	if err != nil {
		return d, nil, err
	}
	d.Size = len(octets)
	f, err := bip158.Parse(octets, bp)
	n := f.N()
	if err == nil {
		if err := p.agree(filterN, int64(n), "filter"); err != nil {
			return d, nil, err
		}
	}
	d.Params = p.with(filterN, int64(n))
	d.Universe = bp.Universe(n)
	d.Layout = Layout{Code: bp.Code(), Limit: f.Limit()}
	if start := d.Layout.Limit.Start; start > 0 {
		d.Layout.Fields = []Field{{Name: "N", Bits: start, Value: uint64(n), Note: "so many codes follow"}}
	}
	d.Canonical = err == nil
	return d, oneByOne(f.All()), err
}
