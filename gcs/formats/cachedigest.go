package formats

import (
	"slices"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/cachedigest"
)

var cacheDigestFormat = &Format{
	Name:    "cache-digest",
	Title:   "the Cache-Digest header of draft-ietf-httpbis-cache-digest-00 to -02",
	Params:  []string{"log2n", "log2p"},
	HasText: true,
	profile: cacheDigest{},
}

type cacheDigest struct{}

// params returns p for gcs/cachedigest. Both numbers must be given.
func (cacheDigest) params(p Params) (c cachedigest.Params, err error) {
	n, err := within("log2n", p.Log2N, 0, 31)
	if err != nil {
		return c, err
	}
	rate, err := within("log2p", p.Log2P, 0, 31)
	return cachedigest.Params{Log2N: uint8(n), Log2P: uint8(rate)}, err
}

// hash takes log2N from the number of different names where it is not given.
func (c cacheDigest) hash(p Params, names []string) ([]uint64, error) {
	dp, err := c.params(c.sized(p, names))
	if err != nil {
		return nil, err
	}
	keys := make([]uint64, len(names))
	for i, name := range names {
		keys[i] = uint64(dp.Key(name, ""))
	}
	return keys, nil
}

// sized returns p with log2N.
func (cacheDigest) sized(p Params, names []string) Params {
	if p.Log2N == nil {
		different := make(map[string]bool, len(names))
		for _, name := range names {
			different[name] = true
		}
		p.Log2N = new(int64(cachedigest.Log2N(len(different))))
	}
	return p
}

func (c cacheDigest) encodeNames(p Params, names []string) (Encoded, error) {
	p = c.sized(p, names)
	keys, err := c.hash(p, names)
	if err != nil {
		return Encoded{}, err
	}
	return c.encode(p, sorted(keys))
}

func (c cacheDigest) encode(p Params, keys []uint64) (Encoded, error) {
	dp, err := c.params(p)
	if err != nil {
		return Encoded{}, err
	}
	if err := below(dp.Universe(), keys); err != nil {
		return Encoded{}, err
	}
	if size := dp.Code().Size(keys); size > MaxOctets {
		return Encoded{}, tooLarge(size, keys)
	}
	set := make([]cachedigest.Key, len(keys))
	for i, k := range keys {
		set[i] = cachedigest.Key(k)
	}
	return c.encoded(p, cachedigest.New(dp, set...))
}

func (cacheDigest) encoded(p Params, d cachedigest.Digest) (e Encoded, err error) {
	e = Encoded{Text: d.String(), Params: p, Keys: numbers(slices.Collect(d.All()))}
	e.Octets, err = base64url.AppendDecode(nil, e.Text, base64url.Strict)
	return e, err
}

func (c cacheDigest) decode(p Params, in Input) (Decoded, error) {
	d := Decoded{Params: p}
	if in.isHeader {
		return d.header(in.text)
	}
	parse, mode, end := cachedigest.Parse, base64url.Strict, gcs.Padded
	if p.Lenient {
		parse, mode, end = cachedigest.ParseLenient, base64url.Lenient, gcs.Open
	}
	var text string
	var err error
	if d.Octets, text, err = in.base64(mode, cachedigest.MaxText); err != nil {
		return d, err
	}
	digest, err := parse(text)
	dp := digest.Params()
	if len(d.Octets) >= 2 {
		for _, param := range []struct {
			name  string
			given **int64
			value uint8
		}{{"log2n", &d.Params.Log2N, dp.Log2N}, {"log2p", &d.Params.Log2P, dp.Log2P}} {
			if *param.given != nil && **param.given != int64(param.value) {
				return d, badParam("%s is %d in the digest, not %d", param.name, param.value, **param.given)
			}
			*param.given = new(int64(param.value))
		}
		d.Universe = dp.Universe()
		lim := dp.Limit()
		lim.End = end
		d.Layout = Layout{
			Fields: []Field{
				{Name: "log2N", Offset: 0, Bits: 5, Value: uint64(dp.Log2N)},
				{Name: "log2P", Offset: 5, Bits: 5, Value: uint64(dp.Log2P)},
			},
			Code:  dp.Code(),
			Limit: lim,
		}
	}
	d.Keys = numbers(slices.Collect(digest.All()))
	if err != nil {
		return d, err
	}
	e, err := c.encoded(p, digest)
	d.Canonical = same(in, d.Octets, e, err)
	return d, nil
}

// header reads a whole header.
func (d Decoded) header(value string) (Decoded, error) {
	var h cachedigest.Header
	var err error
	if d.Params.Lenient {
		h = cachedigest.ParseHeaderLenient(value)
	} else {
		h, err = cachedigest.ParseHeader(value)
	}
	d.Digests = make([]Digest, len(h))
	for i, e := range h {
		p := e.Digest.Params()
		d.Digests[i] = Digest{
			Log2N: uint64(p.Log2N), Log2P: uint64(p.Log2P),
			Flags: append([]string{}, e.Flags.Names()...),
			Keys:  numbers(slices.Collect(e.Digest.All())),
		}
	}
	d.Canonical = err == nil && h.String() == value
	return d, err
}
