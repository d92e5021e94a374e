package formats

import (
	"errors"
	"fmt"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/cachedigest"
)

var cacheDigestFormat = &Format{
	Name:      "cache-digest",
	Title:     "the Cache-Digest header of draft-ietf-httpbis-cache-digest-00 to -02",
	Params:    []Param{digestLog2N, digestLog2P},
	Key:       "a hash of an asset's URL: the first log2n + log2p bits of its SHA-256",
	Names:     "URLs",
	HasText:   true,
	HasHeader: true,
	Lenient:   true,
	profile:   cacheDigest{},
}

var (
	digestLog2N = Param{Name: "log2n", Flag: "log2n", Help: "logarithm of the number of URLs", Low: 0, High: 31}
	digestLog2P = Param{Name: "log2p", Flag: "log2p", Help: "logarithm of the inverse false-positive rate", Low: 0, High: 31}
)

type cacheDigest struct{}

// params returns p for gcs/cachedigest. Both numbers must be given.
func (cacheDigest) params(p Params) (c cachedigest.Params, err error) {
	n, err := p.number(digestLog2N)
	if err != nil {
		return c, err
	}
	rate, err := p.number(digestLog2P)
	return cachedigest.Params{Log2N: uint8(n), Log2P: uint8(rate)}, err
}

// hash takes log2N from the number of different names where it is not given.
func (c cacheDigest) hash(p Params, names []string) ([]uint64, error) {
	dp, err := c.params(c.sized(p, names))
	if err != nil {
		return nil, err
	}
	return hashed(names, func(url string) cachedigest.Key { return dp.Key(url, "") }), nil
}

// sized returns p with log2N.
func (cacheDigest) sized(p Params, names []string) Params {
	if p.has(digestLog2N) {
		return p
	}
	different := make(map[string]bool, len(names))
	for _, name := range names {
		different[name] = true
	}
	return p.with(digestLog2N, int64(cachedigest.Log2N(len(different))))
}

func (c cacheDigest) encodeNames(p Params, names []string) (Encoded, error) {
	p = c.sized(p, names)
	keys, err := c.hash(p, names)
	if err != nil {
		return Encoded{}, err
	}
	return c.encode(p, sorted(keys, 1, false))
}

func (c cacheDigest) encode(p Params, keys []uint64) (Encoded, error) {
	dp, err := c.params(p)
	if err != nil {
		return Encoded{}, err
	}
	if err := below(dp.Universe(), keys); err != nil {
		return Encoded{}, err
	}
	if size := dp.Code().Size(keys); size > maxOctets {
		return Encoded{}, tooLarge(size, keys)
	}
	set := make([]cachedigest.Key, len(keys))
	for i, k := range keys {
		set[i] = cachedigest.Key(k)
	}
	return fromText(cachedigest.New(dp, set...).String(), p, keys)
}

func (c cacheDigest) decode(p Params, in Input) (Decoded, error) {
	d := Decoded{Params: p}
	if in.Header {
		return d.header(in.Text)
	}
	parse, end := cachedigest.Parse, gcs.Padded
	if p.Lenient {
		parse, end = cachedigest.ParseLenient, gcs.Open
	}
	text, err := in.base64(cachedigest.MaxText)
	if err != nil {
		return d, err
	}
	digest, err := parse(text)
	// What is no text, or is cut short in its header, has no parameters.
	var fault *gcs.Error
	d.Size = base64url.DecodedLen(len(text))
	if d.Size >= 2 && !(errors.As(err, &fault) && fault.Layer == gcs.TextLayer) {
		dp := digest.Params()
		for _, param := range []struct {
			Param
			is uint8
		}{{digestLog2N, dp.Log2N}, {digestLog2P, dp.Log2P}} {
			if err := p.agree(param.Param, int64(param.is), "digest"); err != nil {
				return d, err
			}
			d.Params = d.Params.with(param.Param, int64(param.is))
		}
		d.Universe = dp.Universe()
		d.Layout = Layout{
			Fields: []Field{
				{Name: "log2N", Offset: 0, Bits: 5, Value: uint64(dp.Log2N), Note: fmt.Sprintf("about %d URLs", 1<<dp.Log2N)},
				{
					Name: "log2P", Offset: 5, Bits: 5, Value: uint64(dp.Log2P),
					Note: fmt.Sprintf("1 in %d absent URLs looks present; remainders have %d bits", 1<<dp.Log2P, dp.Log2P),
				},
			},
			Code:  dp.Code(),
			Limit: dp.Limit(),
		}
		d.Layout.Limit.End = end
	}
	d.Keys = numbers(digest.Len(), digest.All())
	d.Canonical = err == nil && (!p.Lenient || digest.String() == text)
	return d, err
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
			Keys:  numbers(e.Digest.Len(), e.Digest.All()),
		}
	}
	d.Canonical = err == nil && h.String() == value
	return d, err
}
