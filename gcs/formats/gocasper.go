package formats

import (
	"slices"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/gocasper"
)

var goCasperFormat = &Format{
	Name:    "go-casper",
	Title:   "the cookie of tcnksm/go-casper",
	Params:  []string{"p", "n"},
	HasText: true,
	Cookies: []string{gocasper.CookieName},
	profile: goCasper{},
}

type goCasper struct{}

func (goCasper) params(p Params) (gocasper.Params, error) {
	rate, err := within("p", p.P, 1, 1<<31)
	if err != nil {
		return gocasper.Params{}, err
	}
	n, err := within("n", p.N, 1, 1<<31)
	if err != nil {
		return gocasper.Params{}, err
	}
	g := gocasper.Params{P: uint32(rate), N: uint32(n)}
	if !g.Valid() {
		return g, badParam("p is a power of two, not %d", rate)
	}
	return g, nil
}

func (c goCasper) hash(p Params, names []string) ([]uint64, error) {
	g, err := c.params(p)
	if err != nil {
		return nil, err
	}
	keys := make([]uint64, len(names))
	for i, name := range names {
		keys[i] = uint64(g.Key(name))
	}
	return keys, nil
}

func (c goCasper) encode(p Params, keys []uint64) (Encoded, error) {
	g, err := c.params(p)
	if err != nil {
		return Encoded{}, err
	}
	if err := below(g.Universe(), keys); err != nil {
		return Encoded{}, err
	}
	if size := g.Code().Size(keys); size > MaxOctets {
		return Encoded{}, tooLarge(size, keys)
	}
	set := make([]gocasper.Key, len(keys))
	for i, k := range keys {
		set[i] = gocasper.Key(k)
	}
	return c.encoded(p, gocasper.New(g, set...))
}

func (goCasper) encoded(p Params, f gocasper.Fingerprint) (e Encoded, err error) {
	e = Encoded{Text: f.String(), Params: p, Keys: numbers(slices.Collect(f.All()))}
	e.Octets, err = base64url.AppendDecode(nil, e.Text, base64url.Strict)
	return e, err
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
	d.Layout = Layout{Code: g.Code(), Limit: gcs.Limit{Len: gocasper.MaxText * 6, Max: gcs.Largest, End: gcs.Open}}
	parse, mode := gocasper.Parse, base64url.Strict
	if p.Lenient {
		parse, mode = gocasper.ParseLenient, base64url.Lenient
	}
	var text string
	if d.Octets, text, err = in.base64(mode, gocasper.MaxText); err != nil {
		return d, err
	}
	f, err := parse(text, g)
	d.Keys = numbers(slices.Collect(f.All()))
	if err != nil {
		return d, err
	}
	e, err := c.encoded(p, f)
	d.Canonical = same(in, d.Octets, e, err)
	return d, nil
}
