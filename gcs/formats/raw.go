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
	Params:  []Param{rawRice, rawRun, rawGap, rawOrder, rawPad, rawCount},
	profile: nameless{},
}

var (
	rawRice  = Param{Name: "rice", Flag: "rice", Help: "bits of the remainder", Low: 0, High: 63}
	rawRun   = Param{Name: "run", Flag: "run", Help: "polarity of the quotient", Words: []string{"zeros-one", "ones-zero"}}
	rawGap   = Param{Name: "gap", Flag: "gap", Help: "least distance of two keys", Low: 0, High: 1, Default: new(int64(1))}
	rawOrder = Param{Name: "order", Flag: "order", Help: "where an octet begins", Words: []string{"msb", "lsb"}}
	rawPad   = Param{Name: "pad", Flag: "pad", Help: "bit that fills the last octet", Low: 0, High: 1}
	rawCount = Param{Name: "count", Flag: "count", Help: "number of keys", Low: 0, High: math.MaxInt32}
)

// nameless is raw: numbers that were never names.
type nameless struct{}

func (nameless) asIs() {}

// code returns the code and the limit that p describes, and p with its defaults
// filled in.
func (nameless) code(p Params) (gcs.Code, gcs.Limit, Params, error) {
	lim := gcs.Limit{Len: maxKeys, Max: gcs.Largest}
	none := func(err error) (gcs.Code, gcs.Limit, Params, error) { return gcs.Code{}, lim, p, err }

	rice, err := p.number(rawRice)
	if err != nil {
		return none(err)
	}
	run, err := p.word(rawRun)
	if err != nil {
		return none(err)
	}
	gap, err := p.number(rawGap)
	if err != nil {
		return none(err)
	}
	order, err := p.word(rawOrder)
	if err != nil {
		return none(err)
	}
	// Where the count is outside, padding need not be told from codes, and all
	// formats that do so pad with zeros.
	pad := int64(run)
	if p.has(rawCount) {
		pad = 0
		count, err := p.number(rawCount)
		if err != nil {
			return none(err)
		}
		lim.Len, lim.End = int(count), gcs.Counted
	}
	if p.has(rawPad) {
		if pad, err = p.number(rawPad); err != nil {
			return none(err)
		}
	}
	p = p.withWord(rawRun, rawRun.Words[run]).withWord(rawOrder, rawOrder.Words[order]).with(rawGap, gap).with(rawPad, pad)
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
	if p.has(rawCount) && lim.Len != len(keys) {
		return Encoded{}, rawCount.wrong("%d, but there are %d keys", lim.Len, len(keys))
	}
	e := Encoded{Keys: slices.Clone(keys), Params: p}
	// The order is judged by Encode, which allocates for sorted keys alone; so
	// measuring is meant for those.
	if slices.IsSorted(keys) {
		if size := c.Size(keys); size != math.MaxInt && size > maxOctets {
			return Encoded{}, tooLarge(size, keys)
		}
	}
	if e.Octets, err = gcs.Encode(nil, c, keys); err != nil {
		return Encoded{}, err
	}
	e.Text = hex.EncodeToString(e.Octets)
	return e, nil
}

func (n nameless) decode(p Params, in Input) (Decoded, error) { return decodeOpened(n, p, in) }

func (n nameless) open(p Params, in Input) (Decoded, keys, error) {
	c, lim, p, err := n.code(p)
	d := Decoded{Params: p, Layout: Layout{Code: c, Limit: lim}}
	if err != nil {
		return d, nil, err
	}
	octets, err := in.hex()
	if err != nil {
		return d, nil, err
	}
	if lim.End != gcs.Counted {
		lim.Len = 8 * len(octets) // no more codes than bits
		d.Layout.Limit.Len = lim.Len
	}
	d.Size, d.Canonical = len(octets), true
	return d, coded(c, octets, lim), nil
}
