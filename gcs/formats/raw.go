package formats

import (
	"encoding/hex"
	"math"
	"slices"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

var rawFormat = &Format{
	Name:    "raw",
	Title:   "the code alone, every choice a parameter",
	Params:  []string{"rice", "run", "gap", "order", "pad", "count"},
	profile: nameless{},
}

// nameless is raw: numbers that were never names.
type nameless struct{}

// code returns the code and the limit that p describes, and p with its defaults
// filled in.
func (nameless) code(p Params) (gcs.Code, gcs.Limit, Params, error) {
	lim := gcs.Limit{Len: MaxKeys, Max: gcs.Largest}
	none := func(err error) (gcs.Code, gcs.Limit, Params, error) { return gcs.Code{}, lim, p, err }

	rice, err := within("rice", p.Rice, 0, 63)
	if err != nil {
		return none(err)
	}
	run, err := choice("run", p.Run, "zeros-one", "ones-zero")
	if err != nil {
		return none(err)
	}
	gap, err := withinOr("gap", p.Gap, 1, 0, 1)
	if err != nil {
		return none(err)
	}
	order, err := choice("order", p.Order, "msb", "lsb")
	if err != nil {
		return none(err)
	}
	// Where the count is outside, padding need not be told from codes, and all
	// formats that do so pad with zeros.
	pad := int64(run)
	if p.Count != nil {
		pad = 0
		count, err := within("count", p.Count, 0, math.MaxInt32)
		if err != nil {
			return none(err)
		}
		lim.Len, lim.End = int(count), gcs.Counted
	}
	if pad, err = withinOr("pad", p.Pad, pad, 0, 1); err != nil {
		return none(err)
	}
	p.Run = [...]string{"zeros-one", "ones-zero"}[run]
	p.Order = [...]string{"msb", "lsb"}[order]
	p.Gap, p.Pad = &gap, &pad
	return gcs.Code{
		Rice: uint8(rice), Run: bitio.Run(run), Gap: uint8(gap), Order: bitio.Order(order),
		Pad: gcs.PadZero + gcs.Pad(pad),
	}, lim, p, nil
}

func (nameless) hash(Params, []string) ([]uint64, error) {
	return nil, badParam("raw has keys only")
}

func (n nameless) encode(p Params, keys []uint64) (Encoded, error) {
	c, lim, p, err := n.code(p)
	if err != nil {
		return Encoded{}, err
	}
	if p.Count != nil && lim.Len != len(keys) {
		return Encoded{}, badParam("count is %d, but there are %d keys", lim.Len, len(keys))
	}
	e := Encoded{Keys: slices.Clone(keys), Params: p}
	// The order is judged by Append, which allocates for sorted keys alone; so
	// measuring is meant for those.
	if slices.IsSorted(keys) {
		if size := c.Size(keys); size != math.MaxInt && size > MaxOctets {
			return Encoded{}, tooLarge(size, keys)
		}
	}
	if e.Octets, err = gcs.Encode(nil, c, keys); err != nil {
		return Encoded{}, err
	}
	e.Text = hex.EncodeToString(e.Octets)
	return e, nil
}

func (n nameless) decode(p Params, in Input) (Decoded, error) {
	c, lim, p, err := n.code(p)
	d := Decoded{Params: p, Layout: Layout{Code: c, Limit: lim}}
	if err != nil {
		return d, err
	}
	if d.Octets, err = in.hex(); err != nil {
		return d, err
	}
	if holds(d.Octets, c.Rice, lim.Len) > MaxKeys {
		return d, tooManyKeys()
	}
	if d.Keys, err = gcs.Decode([]uint64(nil), c, d.Octets, lim); err != nil {
		return d, err
	}
	e, err := n.encode(p, d.Keys)
	d.Canonical = err == nil && string(e.Octets) == string(d.Octets)
	return d, nil
}
