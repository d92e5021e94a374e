package formats

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/cache-aware/casper/gcs"
)

// Params are the parameters of all formats, as in the conformance protocol's JSON;
// a nil or empty one is not given. Each format takes those that its Params field
// names, and Lenient.
type Params struct {
	CapacityBits *int64 `json:"capacity_bits,omitempty"` // h2o: 1 to 15, by default 13
	P            *int64 `json:"p,omitempty"`             // go-casper: inverse of the false-positive rate; bip158: remainder bits
	N            *int64 `json:"n,omitempty"`             // go-casper: expected number of assets; bip158: number of items
	M            *int64 `json:"m,omitempty"`             // bip158: inverse of the false-positive rate
	KeyHex       string `json:"key_hex,omitempty"`       // bip158: 16 octets
	Log2N        *int64 `json:"log2n,omitempty"`         // cache-digest: 0 to 31
	Log2P        *int64 `json:"log2p,omitempty"`         // cache-digest: 0 to 31
	Rice         *int64 `json:"rice,omitempty"`          // raw, rice-delta: remainder bits
	Run          string `json:"run,omitempty"`           // raw: "zeros-one" (the default) or "ones-zero"
	Gap          *int64 `json:"gap,omitempty"`           // raw: 0 or 1, the default
	Order        string `json:"order,omitempty"`         // raw: "msb" (the default) or "lsb"
	Pad          *int64 `json:"pad,omitempty"`           // raw: 0 or 1
	Count        *int64 `json:"count,omitempty"`         // raw: number of keys; rice-delta: of deltas
	First        *int64 `json:"first,omitempty"`         // rice-delta: the first value
	Lenient      bool   `json:"lenient,omitempty"`       // read as the deployed reader does
}

// parameters are the fields of Params but Lenient, by their JSON names. Asking them one
// by one, rather than by reflection, nearly halves the time that a short value
// takes.
var parameters = [...]struct {
	name string
	set  func(p *Params) bool
}{
	{"capacity_bits", func(p *Params) bool { return p.CapacityBits != nil }},
	{"p", func(p *Params) bool { return p.P != nil }},
	{"n", func(p *Params) bool { return p.N != nil }},
	{"m", func(p *Params) bool { return p.M != nil }},
	{"key_hex", func(p *Params) bool { return p.KeyHex != "" }},
	{"log2n", func(p *Params) bool { return p.Log2N != nil }},
	{"log2p", func(p *Params) bool { return p.Log2P != nil }},
	{"rice", func(p *Params) bool { return p.Rice != nil }},
	{"run", func(p *Params) bool { return p.Run != "" }},
	{"gap", func(p *Params) bool { return p.Gap != nil }},
	{"order", func(p *Params) bool { return p.Order != "" }},
	{"pad", func(p *Params) bool { return p.Pad != nil }},
	{"count", func(p *Params) bool { return p.Count != nil }},
	{"first", func(p *Params) bool { return p.First != nil }},
}

// given yields the JSON names of the parameters that are set, Lenient aside.
func (p *Params) given(yield func(name string) bool) {
	for i := range parameters {
		if parameters[i].set(p) && !yield(parameters[i].name) {
			return
		}
	}
}

// badParam is the error of a parameter that a format does not have.
func badParam(format string, args ...any) error {
	return &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.BadParameter, Detail: fmt.Sprintf(format, args...)}
}

// within returns a parameter that must be given and lie within bounds.
func within(name string, v *int64, low, high int64) (int64, error) {
	if v == nil {
		return 0, badParam("the parameter %s is missing", name)
	}
	if *v < low || *v > high {
		return 0, badParam("%s is %d to %d, not %d", name, low, high, *v)
	}
	return *v, nil
}

// withinOr is within for a parameter that has a default.
func withinOr(name string, v *int64, def, low, high int64) (int64, error) {
	if v == nil {
		return def, nil
	}
	return within(name, v, low, high)
}

// choice returns which of the words the parameter is; not given, it is the first.
func choice(name, v string, words ...string) (int, error) {
	for i, w := range words {
		if v == w || v == "" {
			return i, nil
		}
	}
	return 0, badParam("%s is %s, not %q", name, strings.Join(words, " or "), v)
}

// key returns the octets of KeyHex.
func (p Params) key() (key [16]byte, err error) {
	octets, err := hex.DecodeString(p.KeyHex)
	if err != nil || len(octets) != len(key) {
		return key, badParam("key_hex is %d octets in hex, not %q", len(key), p.KeyHex)
	}
	return [16]byte(octets), nil
}
