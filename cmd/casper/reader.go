package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/formats"
)

// A reader decodes values of one format and compares them with the assets. It is
// safe for concurrent use.
type reader struct {
	format *formats.Format
	params formats.Params
	most   int      // octets of a value that are read
	lacks  error    // why no value can be read: a parameter that was not given
	assets []string // nil without --assets
	lost   error    // why what --assets gives cannot be compared with
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
	r := &reader{format: format, params: flags.toRead(format)}
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
	count              int                // of keys
	all                iter.Seq[[]uint64] // the keys, each in words
	share              float64            // of the names that are not there and look present
	keys               []uint64           // of the assets, each in words
	present            []bool
	filterHash, header string  // of a filter of Bitcoin, as they are displayed
	indices            bool    // keys are places in a list, which no name has
	strange            int     // keys of no asset
	flush              *output // what takes a long text piece by piece, or nil
}

// words is how many numbers a key is written in.
func (r *result) words() int { return r.format.Words(r.Params) }

// decode decodes one value.
func (r *reader) decode(name, value, where string) (result, error) {
	res := result{reader: r, name: name, value: value, where: where}
	if r.lacks != nil {
		return res, r.lacks
	}
	in := valueOf(r.format, value)
	in.Most = r.most
	if !r.format.Supports("decode") {
		return res, r.query(&res, in)
	}
	var err error
	if res.Decoded, err = r.format.Decode(r.params, in); err != nil {
		return res, err
	}
	words := res.words()
	res.count, res.share = len(res.Keys)/words, res.FalsePositive()
	res.all = slices.Chunk(res.Keys, words)
	return res, res.compare()
}

// compare finds out which assets are among the keys.
func (r *result) compare() (err error) {
	if r.lost != nil {
		return r.lost
	}
	if r.assets == nil || len(r.Digests) > 0 || r.indices {
		return nil
	}
	if r.keys, err = r.keysOf(r.Params); err != nil {
		return err
	}
	words := r.words()
	r.present = make([]bool, len(r.assets))
	// Both are ascending: the assets' in this order.
	asset := func(i int) []uint64 { return r.keys[i*words : (i+1)*words] }
	order := make([]int, len(r.assets))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return slices.Compare(asset(i), asset(j)) })
	at := 0
	for key := range r.all {
		for at < len(order) && slices.Compare(asset(order[at]), key) < 0 {
			at++
		}
		known := false
		for i := at; i < len(order) && slices.Equal(asset(order[i]), key); i++ {
			r.present[order[i]], known = true, true
		}
		if !known {
			r.strange++
		}
	}
	return nil
}

// valueOf decides what a text from outside is: a value, or of a format that has headers
// a whole one.
func valueOf(format *formats.Format, text string) formats.Input {
	return formats.Input{Text: text, Header: format.HasHeader && strings.ContainsAny(text, ";, ")}
}

// query asks a value of a format that has no keys to list.
func (r *reader) query(res *result, in formats.Input) (err error) {
	if r.lost != nil {
		return r.lost
	}
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
