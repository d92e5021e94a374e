package formats

import (
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/casper"
)

var h2oFormat = &Format{
	Name:    "h2o",
	Title:   "the cookie of H2O 2.1 and later",
	Params:  []Param{capacityBits},
	Key:     "a hash of an asset's path: {capacity_bits} bits of its SHA-1",
	Names:   "request paths",
	HasText: true,
	Lenient: true,
	Cookies: []string{casper.CookieName},
	profile: h2o{casper.H2O21},
}

var h2o20Format = &Format{
	Name:    "h2o-2.0",
	Title:   "the cookie of H2O 1.5 to 2.0",
	Params:  []Param{capacityBits},
	Key:     h2oFormat.Key,
	Names:   "request paths",
	HasText: true,
	Lenient: true,
	profile: h2o{casper.H2O20},
}

var capacityBits = Param{
	Name: "capacity_bits", Flag: "capacity-bits", Help: "bits of a key",
	Low: 1, High: casper.MaxCapacityBits, Default: new(int64(casper.DefaultCapacityBits)),
	Phrase: "%s capacity bits",
}

type h2o struct{ generation casper.Generation }

// params returns p for gcs/casper, and p with its default filled in.
func (h h2o) params(p Params) (casper.Params, Params, error) {
	bits, err := p.number(capacityBits)
	return casper.Params{CapacityBits: uint8(bits), Generation: h.generation}, p.with(capacityBits, bits), err
}

func (h h2o) hash(p Params, names []string) ([]uint64, error) {
	c, _, err := h.params(p)
	if err != nil {
		return nil, err
	}
	return hashed(names, c.Key), nil
}

func (h h2o) encode(p Params, keys []uint64) (Encoded, error) {
	c, p, err := h.params(p)
	if err != nil {
		return Encoded{}, err
	}
	if err := below(uint64(c.Capacity()), keys); err != nil {
		return Encoded{}, err
	}
	set := make([]casper.Key, len(keys))
	for i, k := range keys {
		set[i] = casper.Key(k)
	}
	return fromText(casper.New(c, set...).String(), p, keys)
}

func (h h2o) decode(p Params, in Input) (Decoded, error) {
	c, p, err := h.params(p)
	d := Decoded{Params: p}
	if err != nil {
		return d, err
	}
	d.Universe = uint64(c.Capacity())
	d.Layout = Layout{Code: c.Code(), Limit: c.Limit()}
	parse, mode, most := casper.Parse, base64url.Strict, c.MaxText()
	if p.Lenient {
		d.Layout.Limit = c.LimitLenient()
		parse, mode, most = casper.ParseLenient, base64url.Lenient, casper.MaxText
	}
	text, err := in.base64(most)
	if err != nil {
		return d, err
	}
	f, err := parse(text, c)
	if err != nil { // a fingerprint is whole; a picture is of what came before the fault
		octets, _ := base64url.AppendDecode(nil, text, mode)
		d.Keys, _ = gcs.Decode(d.Keys, d.Layout.Code, octets, d.Layout.Limit)
		return d, err
	}
	d.Size, d.Canonical = base64url.DecodedLen(len(text)), !p.Lenient || f.String() == text
	d.Keys = numbers(f.Len(), f.All())
	return d, nil
}
