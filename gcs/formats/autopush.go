package formats

import (
	"encoding/base64"

	"github.com/cache-aware/casper/gcs/autopush"
)

var autoPushFormat = &Format{
	Name:    "h2-auto-push",
	Title:   "the Bloom filter cookie of h2-auto-push, which can only be asked",
	HasText: true,
	Cookies: []string{autopush.CookieName},
	Names:   "request paths",
	profile: bloom{},
}

type bloom struct{}

func (bloom) query(_ Params, in Input, names []string) ([]bool, error) {
	text := in.Text
	switch {
	case in.Header:
		return nil, badParam("only cache-digest has a header")
	case !in.isText() && len(in.Octets) > autopush.MaxText:
		return nil, tooMany(len(in.Octets), autopush.MaxText)
	case !in.isText():
		text = base64.StdEncoding.EncodeToString(in.Octets)
	}
	f, err := autopush.Parse(text)
	if err != nil {
		return nil, err
	}
	present := make([]bool, len(names))
	for i, name := range names {
		present[i] = f.Has(name)
	}
	return present, nil
}

func (bloom) hash(Params, []string) ([]uint64, error) {
	return nil, badParam("a path has no key in a Bloom filter")
}

func (bloom) encode(Params, []uint64) (Encoded, error) {
	return Encoded{}, badParam("a Bloom filter is not written")
}

func (bloom) decode(Params, Input) (Decoded, error) {
	return Decoded{}, badParam("a Bloom filter cannot be listed")
}
