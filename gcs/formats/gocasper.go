package formats

import (
	"fmt"
	"math"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/gocasper"
)

var goCasperFormat = &Format{
	Name:    "go-casper",
	Title:   "the cookie of tcnksm/go-casper",
	Params:  []Param{goCasperP, goCasperN},
	Key:     "a hash of an asset's path: its MD5 modulo n·p",
	Names:   "request paths",
	HasText: true,
	Lenient: true,
	Cookies: []string{gocasper.CookieName},
	profile: goCasper{},
}

var (
	goCasperP = Param{Name: "p", Flag: "p", Help: "inverse of the false-positive rate, a power of two", Low: 1, High: 1 << 31}
	goCasperN = Param{Name: "n", Flag: "n", Help: "expected number of assets", Low: 1, High: 1 << 31}
)

type goCasper struct{}

func (goCasper) params(p Params) (gocasper.Params, error) {
	rate, err := p.number(goCasperP)
	if err != nil {
		return gocasper.Params{}, err
	}
	n, err := p.number(goCasperN)
	if err != nil {
		return gocasper.Params{}, err
	}
	g := gocasper.Params{P: uint32(rate), N: uint32(n)}
	if !g.Valid() {
		return g, goCasperP.wrong("a power of two, not %d", rate)
	}
	return g, nil
}

func (c goCasper) hash(p Params, names []string) ([]uint64, error) {
	g, err := c.params(p)
	if err != nil {
		return nil, err
	}
	return hashed(names, g.Key), nil
}

func (c goCasper) encode(p Params, keys []uint64) (Encoded, error) {
	g, err := c.params(p)
	if err != nil {
		return Encoded{}, err
	}
	if err := below(g.Universe(), keys); err != nil {
		return Encoded{}, err
	}
	if size := g.Code().Size(keys); size > maxOctets {
		return Encoded{}, tooLarge(size, keys)
	}
	set := make([]gocasper.Key, len(keys))
	for i, k := range keys {
		set[i] = gocasper.Key(k)
	}
	return fromText(gocasper.New(g, set...).String(), p, keys)
}

func (c goCasper) decode(p Params, in Input) (Decoded, error) {
	g, err := c.params(p)
	d := Decoded{Params: p}
	if err != nil {
		return d, err
	}
	d.Universe = g.Universe()
	// gocasper's own reading of the tail is neither of the core's: a picture of the
	// stream shows all complete codes, repeats among them.
	d.Layout = Layout{Code: g.Code(), Limit: gcs.Limit{Len: math.MaxInt, Max: gcs.Largest, End: gcs.Open}}
	parse := gocasper.Parse
	if p.Lenient {
		parse = gocasper.ParseLenient
	}
	text, err := in.base64(gocasper.MaxText)
	if err != nil {
		return d, err
	}
	f, err := parse(text, g)
	d.Keys = numbers(f.Len(), f.All())
	d.Layout.Note = fmt.Sprintf("Where a stream ends, go-casper has a reading of its own; with it, the keys are %d", d.Keys)
	d.Size, d.Canonical = base64url.DecodedLen(len(text)), err == nil && (!p.Lenient || f.String() == text)
	return d, err
}
