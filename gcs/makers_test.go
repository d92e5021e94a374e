package gcs_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/bip158"
	"github.com/cache-aware/casper/gcs/cachedigest"
	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/gcs/formats"
	"github.com/cache-aware/casper/gcs/gocasper"
	"github.com/cache-aware/casper/gcs/ricedelta"
)

// What makes a set of numbers that come from outside names the number at fault by its
// index, in the error's fields and in its words. A place in bits is for readers: what
// was refused has no bits.
func TestMakersNameTheIndex(t *testing.T) {
	msb := gcs.Code{Rice: 2, Gap: 1}
	lsb := gcs.Code{Rice: 2, Run: bitio.OnesZero, Order: bitio.LSBFirst, Pad: gcs.PadZero}
	code := func(c gcs.Code, keys ...uint64) error { _, err := gcs.Encode(nil, c, keys); return err }
	filter := func(p bip158.Params, values ...uint64) error { _, err := bip158.FromValues(p, values); return err }
	v1 := bip158.Params{P: 20, Variant: bip158.DecredV1}
	v2 := bip158.Params{P: 19, M: 784931, Variant: bip158.DecredV2}
	list := func(rice uint8, values ...uint32) error { _, err := ricedelta.FromValues(rice, values); return err }
	far := make([]uint32, 3)
	far[2] = math.MaxUint32

	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"raw unsorted":            {code(msb, 5, 3), "set: unsorted at index 1"},
		"raw twice":               {code(msb, 5, 9, 9), "set: duplicate at index 2"},
		"raw above the largest":   {code(msb, 5, math.MaxUint64), "set: out-of-range at index 1"},
		"raw too long":            {code(msb, 5, 1<<60), "set: limit at index 1"},
		"lsb unsorted":            {code(lsb, 5, 3), "set: unsorted at index 1"},
		"lsb above the largest":   {code(lsb, 5, math.MaxUint64), "set: out-of-range at index 1"},
		"lsb too long":            {code(lsb, 5, 1<<60), "set: limit at index 1"},
		"bitcoin unsorted":        {filter(bip158.Basic, 1, 5, 3), "set: unsorted at index 2"},
		"bitcoin above N*M":       {filter(bip158.Basic, 1, 1<<60), "set: out-of-range at index 1"},
		"bitcoin too long":        {filter(bip158.Params{P: 0, M: 1 << 32}, 1, 1<<32), "set: limit at index 1"},
		"decred-v1 unsorted":      {filter(v1, 5, 3), "set: unsorted at index 1"},
		"decred-v1 above N*M":     {filter(v1, 1, 2, 3<<20), "set: out-of-range at index 2"},
		"decred-v2 unsorted":      {filter(v2, 5, 3), "set: unsorted at index 1"},
		"decred-v2 above N*M":     {filter(v2, 1, 1<<60), "set: out-of-range at index 1"},
		"rice-delta unsorted":     {list(2, 1, 5, 3), "set: unsorted at index 2"},
		"rice-delta too long":     {list(2, far...), "set: limit at index 2"},
		"formats h2o":             {made("h2o", formats.Params{}, 1, 1<<13), "set: out-of-range at index 1"},
		"formats h2o-2.0":         {made("h2o-2.0", formats.Params{}, 1, 1<<13), "set: out-of-range at index 1"},
		"formats go-casper":       {made("go-casper", params("p", 64, "n", 10), 1, 640), "set: out-of-range at index 1"},
		"formats cache-digest":    {made("cache-digest", params("log2n", 1, "log2p", 7), 1, 256), "set: out-of-range at index 1"},
		"formats bip158":          {made("bip158", formats.Params{}, 1, 1<<60), "set: out-of-range at index 1"},
		"formats decred-v1":       {made("decred-v1", formats.Params{}, 1, 1<<60), "set: out-of-range at index 1"},
		"formats decred-v2":       {made("decred-v2", formats.Params{}, 1, 1<<60), "set: out-of-range at index 1"},
		"formats rice-delta":      {made("rice-delta", formats.Params{}, 1, 1<<32), "set: out-of-range at index 1"},
		"formats rice-delta long": {made("rice-delta", params("rice", 2), 1, 1<<32-1), "set: limit at index 1"},
		"formats go-casper long":  {made("go-casper", params("p", 1, "n", int64(1<<31)), 1<<30, 1), "set: limit at index 0"},
		"formats digest long":     {made("cache-digest", params("log2n", 31, "log2p", 0), 1, 1<<30), "set: limit at index 1"},
		"formats raw long":        {made("raw", params("rice", 0), 1, 1<<30), "set: limit at index 1"},
		// The keys are sorted before a filter is made of them: the index is that among
		// those that were given.
		"formats bip158 as given":     {made("bip158", formats.Params{}, 1<<60, 1), "set: out-of-range at index 0"},
		"formats rice-delta as given": {made("rice-delta", params("rice", 2), 1<<32-1, 1), "set: limit at index 0"},
		"formats raw":                 {made("raw", params("rice", 2), 5, 3), "set: unsorted at index 1"},
	} {
		var e *gcs.Error
		if !errors.As(tt.err, &e) || !strings.HasPrefix(e.Error(), tt.want+":") {
			t.Errorf("%s: %v, want %s", name, tt.err, tt.want)
		} else if _, ok := e.At.Index(); !ok {
			t.Errorf("%s: %v, and yet the place is in bits", name, tt.err)
		}
	}
}

// A set that is made of a program's own keys takes those at or above its universe for
// the key that its reduction makes of them: the remainder.
func TestNewReducesKeys(t *testing.T) {
	h2o := casper.New(casper.Params{CapacityBits: 8}, 20, 256+20, 1<<31+178)
	if got := slices.Collect(h2o.All()); !slices.Equal(got, []casper.Key{20, 178}) {
		t.Errorf("casper: %d", got)
	}
	other := gocasper.New(gocasper.Params{P: 64, N: 10}, 20, 640+20, 1<<40*640+178)
	if got := slices.Collect(other.All()); !slices.Equal(got, []gocasper.Key{20, 178}) {
		t.Errorf("gocasper: %d", got)
	}
	digest := cachedigest.New(cachedigest.Params{Log2N: 1, Log2P: 7}, 20, 256+20, 1<<60+178)
	if got := slices.Collect(digest.All()); !slices.Equal(got, []cachedigest.Key{20, 178}) {
		t.Errorf("cachedigest: %d", got)
	}
}

// params makes parameters of names and numbers in turn.
func params(pairs ...any) (p formats.Params) {
	for i := 0; i < len(pairs); i += 2 {
		switch v := pairs[i+1].(type) {
		case int:
			p.SetNumber(pairs[i].(string), int64(v))
		case int64:
			p.SetNumber(pairs[i].(string), v)
		}
	}
	return p
}

// made is what a format by its name says of keys.
func made(format string, p formats.Params, keys ...uint64) error {
	f, _ := formats.Lookup(format)
	_, err := f.EncodeKeys(p, keys)
	return err
}
