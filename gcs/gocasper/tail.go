package gocasper

import (
	"math"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

// open is the limit under which package gcs delivers every complete code. All
// judgement about the tail is here. Keys cannot overflow: MaxText bounds the
// sum of the quotients to 2^19, and P is at most 2^31.
var open = gcs.Limit{Len: math.MaxInt, Max: gcs.Largest, End: gcs.Open}

// room is for as many keys as src can hold.
func (p Params) room(src []byte) []Key {
	return make([]Key, 0, (len(src)*8+7)/(int(p.Code().Rice)+1))
}

// lenient reads src as go-casper does.
func (p Params) lenient(src []byte) (Fingerprint, error) {
	f := Fingerprint{p, p.room(src)}
	pos, end := 0, len(src)*8
	prev := uint64(0)
	for k := range p.Code().All(src, open) {
		start := pos
		if pos = p.after(pos, k-prev); pos == end && p.lost(k-prev) {
			if p.P == 1 && k != prev {
				return f, ones(start) // no remainder: the quotient itself touched the last bit
			}
			return f, nil
		}
		f.add(k)
		prev = k
	}

	// What is left is no complete code.
	r := bitio.NewReader(src[pos/8:], bitio.MSBFirst)
	r.ReadBits(uint(pos % 8))
	q := r.ReadUnary(bitio.OnesZero, math.MaxUint64-64)
	left := end - pos // with the quotient and the zero that ends it
	switch {
	case left <= 1:
		return f, nil // the last bit alone is padding, whatever it is
	case r.Err() != nil || r.Left() == 0:
		return f, ones(pos)
	}
	missing := uint(p.Code().Rice) - uint(r.Left())
	if v := r.ReadBits(uint(r.Left())) << missing; v != 0 {
		f.add(prev + q<<p.Code().Rice + v)
	}
	return f, nil
}

// ones is the error of a quotient that reaches the end.
func ones(pos int) error {
	return &gcs.Error{
		Layer: gcs.BitsLayer, Kind: gcs.Truncated, At: gcs.BitOffset(pos),
		Detail: "a quotient reaches the end of the stream, where go-casper gives up",
	}
}

// add adds a key that is not below those before it.
func (f *Fingerprint) add(k uint64) {
	if n := len(f.keys); n == 0 || f.keys[n-1] != Key(k) {
		f.keys = append(f.keys, Key(k))
	}
}

// strict reads src and accepts what String writes.
func (p Params) strict(src []byte) (Fingerprint, error) {
	f := Fingerprint{p, p.room(src)}
	fault := func(l gcs.Layer, k gcs.Kind, pos int, detail string) (Fingerprint, error) {
		return f, &gcs.Error{Layer: l, Kind: k, At: gcs.BitOffset(pos), Detail: detail}
	}
	last, end := 0, 0 // where the code of the last key begins and ends
	pos := 0
	prev := uint64(0)
	for k := range p.Code().All(src, open) {
		start := pos
		pos = p.after(pos, k-prev)
		switch {
		case len(f.keys) > 0 && k == prev:
			continue // a repeat, or padding; the next key says which
		case start != end:
			return fault(gcs.SetLayer, gcs.NonCanonical, end, "the key is there twice")
		case k >= p.Universe():
			return fault(gcs.SetLayer, gcs.OutOfRange, start, "")
		}
		f.add(k)
		last, end, prev = start, pos, k
	}

	// From end on there may be zeros only: up to the next octet, and one octet more
	// where go-casper would not read the last key otherwise.
	rest := len(src)*8 - end
	r := bitio.NewReader(src[end/8:], bitio.MSBFirst)
	r.ReadBits(uint(end % 8))
	zeros := int(r.ReadUnary(bitio.ZerosOne, math.MaxUint64-64))
	allZero := r.Err() != nil || rest == 0
	lost := len(f.keys) > 0 && end%8 == 0 && p.lost(f.gap(len(f.keys)-1))
	switch {
	case !allZero && rest < 8:
		return fault(gcs.BitsLayer, gcs.BadPadding, end+zeros, "")
	case !allZero:
		return fault(gcs.BitsLayer, gcs.Truncated, pos, "")
	case lost && rest == 0:
		f.keys = f.keys[:len(f.keys)-1] // GCS-25: its code does not end in front of the fault, it is the fault
		return fault(gcs.BitsLayer, gcs.NonCanonical, last, "go-casper takes this key for padding")
	case lost && rest > 8, !lost && rest >= 8:
		return fault(gcs.BitsLayer, gcs.TrailingData, end, "")
	}
	return f, nil
}
