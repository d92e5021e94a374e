package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/formats"
)

// A reading finds the cookies of a capture.
type reading = func(io.Reader) iter.Seq2[capture.Cookie, error]

// A reader decodes values of one format and compares them with the assets. It is
// safe for concurrent use.
type reader struct {
	format *formats.Format
	params formats.Params
	lacks  error    // why no value can be read: a parameter that was not given
	assets []string // nil without --assets
	hashed atomic.Pointer[hashedAssets]
	memo   memo // of JSON, which does not depend on where a value stands
}

// hashedAssets are the assets' keys under certain parameters. Some formats have
// parameters in the value, so they may change from value to value.
type hashedAssets struct {
	params string
	keys   []uint64
}

func newReader(format *formats.Format, flags *formatFlags) *reader {
	r := &reader{format: format, params: flags.of(format)}
	if err := flags.check(format); err != nil {
		r.lacks = &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.BadParameter, Detail: err.Error()}
	}
	return r
}

// A result is a decoded value.
type result struct {
	*reader
	name  string // of the cookie, or ""
	value string
	where string // in the capture, or ""
	formats.Decoded
	keys    []uint64 // of the assets
	present []bool
}

// decode decodes one value.
func (r *reader) decode(name, value, where string) (result, error) {
	res := result{reader: r, name: name, value: value, where: where}
	if r.lacks != nil {
		return res, r.lacks
	}
	in := valueOf(r.format, value)
	if !r.format.Supports("decode") {
		return res, r.query(&res, in)
	}
	var err error
	if res.Decoded, err = r.format.Decode(r.params, in); err != nil || r.assets == nil {
		return res, err
	}
	if len(res.Digests) > 0 {
		return res, nil
	}
	if res.keys, err = r.keysOf(res.Params); err != nil {
		return res, err
	}
	res.present = make([]bool, len(r.assets))
	for i, k := range res.keys {
		res.present[i] = contains(res.Keys, k)
	}
	return res, nil
}

// valueOf decides what a text from outside is: a value, or of a format that has headers
// a whole one.
func valueOf(format *formats.Format, text string) formats.Input {
	return formats.Input{Text: text, Header: format.HasHeader && strings.ContainsAny(text, ";, ")}
}

// query asks a value of a format that has no keys to list.
func (r *reader) query(res *result, in formats.Input) (err error) {
	if r.assets == nil {
		return &gcs.Error{
			Layer: gcs.SetLayer, Kind: gcs.BadParameter,
			Detail: r.format.Name + " can only be asked about names: give --assets",
		}
	}
	names, err := octetNames(r.format, r.assets)
	if err != nil {
		return err
	}
	res.Params = r.params
	res.present, err = r.format.QueryNames(r.params, in, names)
	return err
}

// keysOf returns the assets' keys.
func (r *reader) keysOf(p formats.Params) ([]uint64, error) {
	id := string(appendParams(nil, r.format, p))
	if h := r.hashed.Load(); h != nil && h.params == id {
		return h.keys, nil
	}
	names, err := octetNames(r.format, r.assets)
	if err != nil {
		return nil, err
	}
	keys, err := r.format.Hash(p, names)
	if err != nil {
		return nil, err
	}
	r.hashed.Store(&hashedAssets{id, keys})
	return keys, nil
}

// contains is a binary search.
func contains(sorted []uint64, key uint64) bool {
	for len(sorted) > 0 {
		m := len(sorted) / 2
		switch {
		case sorted[m] == key:
			return true
		case sorted[m] < key:
			sorted = sorted[m+1:]
		default:
			sorted = sorted[:m]
		}
	}
	return false
}

// unknownCookie is the error of a line that holds cookies, but none that casper
// knows.
type unknownCookie struct {
	name  string
	known []string
}

func (e *unknownCookie) Error() string {
	return fmt.Sprintf("the cookie %.40q is not known: give --format, or one named %s", e.name, orList(e.known))
}

func orList(words []string) string { return strings.Join(words, " or ") }

// kindOf is the error kind of the protocol for any error that an input can have.
func kindOf(err error) gcs.Kind {
	var kind gcs.Kind
	switch {
	case errors.As(err, &kind):
		return kind
	case errors.Is(err, io.ErrUnexpectedEOF):
		return gcs.Truncated
	case errors.Is(err, capture.ErrLong), errors.Is(err, capture.ErrMany):
		return gcs.TooMany
	}
	return gcs.BadText
}
