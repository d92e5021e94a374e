// Package testee answers the conformance protocol with this library.
package testee

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/formats"
	"github.com/cache-aware/casper/vectors"
	"github.com/cache-aware/casper/vectors/conformance"
)

// Casper is this library as a testee: it knows every format and operation of package
// formats.
var Casper conformance.Testee = casper{}

type casper struct{}

// Hello names every format and operation of package formats.
func (casper) Hello() conformance.Hello {
	h := conformance.Hello{Name: "casper", Language: "Go", Version: "devel", Supports: []string{}}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		h.Version = info.Main.Version
	}
	for _, f := range formats.All() {
		for _, op := range []string{"hash", "encode", "decode", "query"} {
			if f.Supports(op) {
				h.Supports = append(h.Supports, f.Name+"."+op)
			}
		}
	}
	return h
}

// Answer answers one request.
func (casper) Answer(q conformance.Request) conformance.Reply {
	a, err := answer(q)
	if err == nil {
		return conformance.Reply{OK: &a}
	}
	r := conformance.Reply{Error: gcs.BadParameter.String(), Message: err.Error(), KeysBeforeError: a.KeysBeforeError}
	var e *gcs.Error
	if errors.As(err, &e) {
		r.Error = e.Kind.String()
		if q.Op == "decode" {
			at, _ := e.At.Bit()
			r.Offset = &at
		}
	}
	return r
}

// answer returns the answer, or an error and what was found before it.
func answer(q conformance.Request) (a vectors.Answer, err error) {
	f, ok := formats.Lookup(q.Format)
	if !ok {
		return a, fmt.Errorf("there is no format %q", q.Format)
	}
	if !f.Supports(q.Op) {
		return a, fmt.Errorf("%s has no operation %q", q.Format, q.Op)
	}
	var p formats.Params
	if len(q.Params) > 0 {
		if err := json.Unmarshal(q.Params, &p); err != nil {
			return a, fmt.Errorf("params: %w", err)
		}
	}
	names, named, err := namesOf(q.Input)
	if err != nil {
		return a, err
	}
	words := f.Words(p)
	keys, err := numbers(q.Input.Keys, words)
	if err != nil {
		return a, err
	}
	switch q.Op {
	case "hash":
		keys, err := f.Hash(p, names)
		a.Keys = decimal(keys, words)
		return a, err
	case "encode":
		var e formats.Encoded
		if named {
			e, err = f.EncodeNames(p, names)
		} else {
			e, err = f.EncodeKeys(p, keys)
		}
		if err != nil {
			return a, err
		}
		a.Keys, a.BytesHex = decimal(e.Keys, words), new(hex.EncodeToString(e.Octets))
		if f.HasText {
			a.Text = &e.Text
		}
		return a, nil
	}

	in, err := value(q.Input)
	if err != nil {
		return a, err
	}
	if q.Op == "query" {
		if named {
			a.Present, err = f.QueryNames(p, in, names)
		} else {
			a.Present, err = f.QueryKeys(p, in, keys)
		}
		return a, err
	}
	found, err := f.Decode(p, in)
	switch {
	case err != nil:
		a.KeysBeforeError = decimal(found.Keys, words)
	case q.Input.Header != nil:
		a.Digests = digests(found.Digests)
	default:
		a.Keys, a.Canonical = decimal(found.Keys, words), &found.Canonical
	}
	return a, err
}

// value is the value that an operation reads.
func value(in vectors.Input) (formats.Input, error) {
	switch {
	case in.Header != nil:
		return formats.Input{Text: *in.Header, Header: true}, nil
	case in.Text != nil:
		return formats.Input{Text: *in.Text}, nil
	case in.BytesHex != nil:
		octets, err := hex.DecodeString(*in.BytesHex)
		return formats.Input{Octets: octets}, err
	}
	return formats.Input{}, errors.New("the input has no value")
}

// namesOf returns the names, and whether there are any rather than keys.
func namesOf(in vectors.Input) (names []string, named bool, err error) {
	if in.NamesHex == nil {
		return in.Names, in.Names != nil, nil
	}
	for _, h := range in.NamesHex {
		octets, err := hex.DecodeString(h)
		if err != nil {
			return nil, true, fmt.Errorf("names_hex: %w", err)
		}
		names = append(names, string(octets))
	}
	return names, true, nil
}

func numbers(decimals []string, words int) (keys []uint64, err error) {
	for i, d := range decimals {
		if keys, err = formats.ParseKey(keys, d, words); err != nil {
			return nil, fmt.Errorf("keys: %d: %w", i, err)
		}
	}
	return keys, nil
}

// decimal writes keys, each of so many words.
func decimal(keys []uint64, words int) []string {
	all := make([]string, 0, len(keys)/words)
	for key := range slices.Chunk(keys, words) {
		all = append(all, string(formats.AppendKey(nil, key)))
	}
	return all
}

func digests(found []formats.Digest) []vectors.Digest {
	all := make([]vectors.Digest, len(found))
	for i, d := range found {
		all[i] = vectors.Digest{Log2N: int(d.Log2N), Log2P: int(d.Log2P), Flags: slices.Clone(d.Flags), Keys: decimal(d.Keys, 1)}
	}
	return all
}
