package formats

import (
	"slices"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/casper"
)

var h2oFormat = &Format{
	Name:    "h2o",
	Title:   "the cookie of H2O 2.1 and later",
	Params:  []string{"capacity_bits"},
	HasText: true,
	Cookies: []string{casper.CookieName},
	profile: h2o{casper.H2O21},
}

var h2o20Format = &Format{
	Name:    "h2o-2.0",
	Title:   "the cookie of H2O 1.5 to 2.0",
	Params:  []string{"capacity_bits"},
	HasText: true,
	profile: h2o{casper.H2O20},
}

type h2o struct{ generation casper.Generation }

// params returns p for gcs/casper, and p with its default filled in.
func (h h2o) params(p Params) (casper.Params, Params, error) {
	bits, err := withinOr("capacity_bits", p.CapacityBits, casper.DefaultCapacityBits, 1, casper.MaxCapacityBits)
	p.CapacityBits = &bits
	return casper.Params{CapacityBits: uint8(bits), Generation: h.generation}, p, err
}

func (h h2o) hash(p Params, names []string) ([]uint64, error) {
	c, _, err := h.params(p)
	if err != nil {
		return nil, err
	}
	keys := make([]uint64, len(names))
	for i, name := range names {
		keys[i] = uint64(c.Key(name))
	}
	return keys, nil
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
	return h.encoded(p, casper.New(c, set...))
}

func (h h2o) encoded(p Params, f casper.Fingerprint) (Encoded, error) {
	e := Encoded{Text: f.String(), Params: p, Keys: make([]uint64, 0, f.Len())}
	for k := range f.All() {
		e.Keys = append(e.Keys, uint64(k))
	}
	var err error
	e.Octets, err = base64url.AppendDecode(nil, e.Text, base64url.Strict)
	return e, err
}

func (h h2o) decode(p Params, in Input) (Decoded, error) {
	c, p, err := h.params(p)
	d := Decoded{Params: p}
	if err != nil {
		return d, err
	}
	// The limits of casper.Parse and casper.ParseLenient; TestH2OLimits holds
	// them together.
	d.Universe = uint64(c.Capacity())
	d.Layout = Layout{Code: c.Code(), Limit: gcs.Limit{Len: c.Capacity(), Max: d.Universe - 1}}
	parse, mode, most := casper.Parse, base64url.Strict, c.MaxText()
	if p.Lenient {
		parse, mode, most = casper.ParseLenient, base64url.Lenient, casper.MaxText
		d.Layout.Limit = gcs.Limit{Len: max(128, c.Capacity()), Max: 1<<32 - 1, End: gcs.Open}
	}
	var text string
	if d.Octets, text, err = in.base64(mode, most); err != nil {
		return d, err
	}
	f, err := parse(text, c)
	if err != nil {
		d.Keys, _ = gcs.Decode([]uint64(nil), d.Layout.Code, d.Octets, d.Layout.Limit)
		return d, err
	}
	e, err := h.encoded(p, f)
	d.Keys = slices.Clip(e.Keys)
	d.Canonical = same(in, d.Octets, e, err)
	return d, nil
}
