package formats

import (
	"iter"
	"slices"

	"github.com/cache-aware/casper/gcs"
)

// A List is a value that was read without keeping its keys: those of a large one are
// as often more than memory should hold as they are of use one by one.
type List struct {
	Decoded     // but for Keys
	Len     int // number of keys

	keys  keys
	below int // number of different keys below Universe
}

// keys are the keys of a value, ascending: each as many numbers of 64 bits as
// [Format.Words] says, good until the next. An error ends them.
type keys = iter.Seq2[[]uint64, error]

// An opener is a profile whose values can be large. It reads what is in front of the codes
// and returns the keys, which are not judged yet: d.Canonical is what is true of them if
// none is faulty.
type opener interface {
	open(p Params, in Input) (d Decoded, all keys, err error)
}

// List reads a value as [Format.Decode] does, but keeps no keys. It takes as much memory as
// the octets of the value, which may be any number: of keys there is no other bound.
func (f *Format) List(p Params, in Input) (List, error) {
	if err := f.check(p, "decode"); err != nil {
		return List{}, err
	}
	o, ok := f.profile.(opener)
	if !ok {
		d, err := f.decode(p, in)
		if err != nil {
			return List{Decoded: d}, err
		}
		l := List{Decoded: d, Len: len(d.Keys), keys: oneByOne(slices.Values(d.Keys))}
		l.below = d.below()
		l.Keys = nil
		return l, nil
	}
	d, all, err := o.open(p, in)
	l := List{Decoded: d, keys: all}
	if err != nil {
		return l, err
	}
	var prev uint64
	for key, err := range all {
		if err != nil {
			l.Canonical = false
			return l, err
		}
		if k := key[0]; len(key) == 1 && k < d.Universe && (l.Len == 0 || k != prev) {
			l.below++
			prev = k
		}
		l.Len++
	}
	return l, nil
}

// All returns the keys, ascending: each as many numbers of 64 bits as [Format.Words] says,
// the most significant first, and good until the next.
func (l *List) All() iter.Seq[[]uint64] {
	return func(yield func([]uint64) bool) {
		if l.keys == nil {
			return
		}
		for key, err := range l.keys {
			if err != nil || !yield(key) {
				return
			}
		}
	}
}

// FalsePositive is as that of [Decoded].
func (l *List) FalsePositive() float64 {
	if l.Universe == 0 {
		return 0
	}
	return float64(l.below) / float64(l.Universe)
}

// decodeOpened decodes with an opener, and keeps the keys of a value that cannot hold more
// than are read.
func decodeOpened(o opener, p Params, in Input) (Decoded, error) {
	d, all, err := o.open(p, in)
	if all == nil {
		return d, err
	}
	// A count from outside is believed no further than the octets can hold.
	if n := min(d.Layout.Limit.Len, 8*d.Size/(int(d.Layout.Code.Rice)+1)); n > maxKeys && d.Layout.Limit.End == gcs.Counted {
		d.Canonical = false
		return d, tooManyKeys()
	}
	n := 0
	for key, fault := range all {
		if n++; n > maxKeys && fault == nil {
			fault = tooManyKeys()
		}
		if fault != nil {
			d.Canonical = false
			return d, fault
		}
		d.Keys = append(d.Keys, key...)
	}
	return d, err
}

// oneByOne are keys of 64 bits, none faulty.
func oneByOne(seq iter.Seq[uint64]) keys {
	return func(yield func([]uint64, error) bool) {
		var key [1]uint64
		for k := range seq {
			key[0] = k
			if !yield(key[:], nil) {
				return
			}
		}
	}
}

// coded are the keys of codes.
func coded(c gcs.Code, octets []byte, lim gcs.Limit) keys {
	return func(yield func([]uint64, error) bool) {
		var key [1]uint64
		for k, err := range c.All(octets, lim) {
			if err != nil {
				yield(nil, err)
				return
			}
			key[0] = k
			if !yield(key[:], nil) {
				return
			}
		}
	}
}
