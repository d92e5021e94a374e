// Package bip158 attacks Bitcoin's and Decred's filters: octets against the bit-by-bit oracle,
// what is built of items against one that spreads hashes with integers of any length, and
// queries against the values that are there.
//
// An input is a byte that says which variant and what to do, two of parameters, 16 of key,
// and a filter, steps from value to value, numbers, or items with their lengths.
package bip158

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/bip158"
)

// longest is how many octets are read as one filter.
const longest = 1 << 16

// What an input says to do, behind the variant.
const (
	parse = iota
	steps
	numbers
	build
	tasks
)

// Fuzz attacks the filters of one set of parameters.
func Fuzz(data []byte) int {
	in := oracle.Input(data)
	choice := in.Byte()
	p := params(&in, bip158.Variant(choice%4)) // 3 does not exist
	var key bip158.Key
	in = in[copy(key[:], in):]
	switch choice / 4 % tasks {
	case parse:
		return Read(in[:min(len(in), longest)], p, key)
	case steps:
		return fromValues(oracle.Keys(oracle.FilterCode(p), in.Steps(1<<9)), p, key)
	case numbers:
		var values []uint64
		for len(in) > 0 && len(values) < 64 {
			values = append(values, in.Number())
		}
		return fromValues(values, p, key)
	}
	var items [][]byte
	for len(in) > 0 && len(items) < 300 {
		n := min(in.Below(256), len(in))
		items = append(items, in[:n])
		in = in[n:]
	}
	return ofItems(items, p, key)
}

// params draws P up to 33, and M from those that matter.
func params(in *oracle.Input, v bip158.Variant) bip158.Params {
	p := bip158.Params{P: uint8(in.Below(34)), Variant: v}
	switch in.Below(8) {
	case 0:
		p.M = bip158.Basic.M
	case 1:
		p.M = 1 << p.P
	case 2:
		p.M = 1<<p.P + 1<<p.P/2 + 1 // about the best for P, which is no power of two
	case 3:
		p.M = 1
	case 4:
		p.M = bip158.MaxM
	case 5:
		p.M = bip158.MaxM + 1
	case 6:
		p.M = 0
	case 7:
		p.M = in.Number()
	}
	return p
}

// Read parses octets and asks what came out.
func Read(octets []byte, p bip158.Params, key bip158.Key) int {
	n, start, values, fault := oracle.ReadFilter(octets, p)
	before := string(octets)
	var f bip158.Filter
	var err error
	oracle.Bounded(64<<10+len(octets), fmt.Sprintf("Parse(%.40x, %+v)", octets, p), func() { f, err = bip158.Parse(octets, p) })
	if oracle.FaultOf(err) != fault {
		oracle.Failf("Parse(%x, %+v): %v, want %v", octets, p, err, fault)
	}
	if f.N() != n || f.Limit().Start != 8*start {
		oracle.Failf("Parse(%x, %+v): %d values from bit %d, want %d from %d", octets, p, f.N(), f.Limit().Start, n, 8*start)
	}
	if string(octets) != before {
		oracle.Failf("Parse(%x, %+v): the octets were written to", before, p)
	}
	if err == nil {
		again, err := bip158.FromValues(p, values)
		if err != nil || !bytes.Equal(again.Octets(), octets) {
			oracle.Failf("%x %+v is accepted, but its values are written %x, %v", octets, p, again.Octets(), err)
		}
	}
	ask(f, values, fault, p, key, [][]byte{octets})
	if err != nil {
		return 0
	}
	holds(f, octets, values, p)
	return 1
}

// holds checks what a filter says of itself.
func holds(f bip158.Filter, octets []byte, values []uint64, p bip158.Params) {
	n := uint32(len(values))
	if f.Params() != p || f.N() != n || !bytes.Equal(f.Octets(), octets) {
		oracle.Failf("%x %+v: the filter is %d in %x, %+v", octets, p, f.N(), f.Octets(), f.Params())
	}
	if u := oracle.FilterUniverse(p, n); u.Uint64() != p.Universe(n) || !u.IsUint64() {
		oracle.Failf("%+v.Universe(%d): %d, want %d", p, n, p.Universe(n), u)
	}
	sum := sha256.Sum256(octets)
	if f.Hash() != sha256.Sum256(sum[:]) {
		oracle.Failf("%x %+v: the hash is %x", octets, p, f.Hash())
	}
}

// ask looks for items: those given, the empty one and a few short ones. A filter with a fault is
// asked too, and knows the values in front of it.
func ask(f bip158.Filter, values []uint64, fault oracle.Fault, p bip158.Params, key bip158.Key, items [][]byte) {
	if got := slices.AppendSeq([]uint64{7}, f.All()); got[0] != 7 || !slices.Equal(got[1:], values) {
		oracle.Failf("%x %+v: values %d, want %d", f.Octets(), p, got[1:], values)
	}
	if f.Params() != p {
		return // of parameters or a count that are wrong there is no filter
	}
	items = append(slices.Clone(items[:min(len(items), 40)]), nil)
	for i := range 20 {
		items = append(items, []byte{byte(i)})
	}
	var sought, wanted []uint64
	for _, item := range items {
		v := oracle.FilterValue(p, key, item, f.N())
		if got := p.Value(key, item, f.N()); got != v {
			oracle.Failf("%+v.Value(%x, %x, %d): %d, want %d", p, key, item, f.N(), got, v)
		}
		none := f.N() == 0 || len(item) == 0 && p.Variant != bip158.Bitcoin
		want, _ := oracle.Contains(values, fault, v)
		if got := f.Has(key, item); got != (want && !none) {
			oracle.Failf("%x %+v: Contains(%x, %x) %t", f.Octets(), p, key, item, got)
		}
		if got := f.HasAny(key, [][]byte{item}); got != (want && !none) {
			oracle.Failf("%x %+v: ContainsAny(%x, %x) %t", f.Octets(), p, key, item, got)
		}
		if !none {
			sought = append(sought, v)
		}
		if !want {
			wanted = append(wanted, v)
		}
	}
	slices.Sort(sought)
	any, _ := oracle.ContainsAny(values, fault, sought)
	if got := f.HasAny(key, items); got != any {
		oracle.Failf("%x %+v: ContainsAny(%x, %x) %t", f.Octets(), p, key, items, got)
	}
	strangers := slices.DeleteFunc(items, func(item []byte) bool {
		return !slices.Contains(wanted, oracle.FilterValue(p, key, item, f.N()))
	})
	if f.HasAny(key, strangers) {
		oracle.Failf("%x %+v: ContainsAny(%x, %x), of which none is there", f.Octets(), p, key, strangers)
	}
}

// What values may cost, in bits of quotients. Between the two they are not written: it would
// take seconds.
const (
	affordable = 1 << 17
	refused    = 8*64<<20 + 1<<20
)

// fromValues holds what is written of values against the oracle's octets.
func fromValues(values []uint64, p bip158.Params, key bip158.Key) int {
	fault := oracle.JudgeFilter(p, values)
	last := uint64(0)
	if fault == (oracle.Fault{}) && len(values) > 0 {
		last = values[len(values)-1] >> p.P
	}
	switch {
	case last > refused:
		fault = oracle.Fault{Layer: gcs.SetLayer, Kind: gcs.TooMany, Offset: oracle.KeyAt(len(values) - 1)}
	case last > affordable:
		return 0
	}
	f, err := bip158.FromValues(p, values)
	if oracle.FaultOf(err) != fault {
		oracle.Failf("FromValues(%+v, %d): %v, want %v", p, values, err, fault)
	}
	if err != nil {
		if f.N() != 0 || f.Octets() != nil {
			oracle.Failf("FromValues(%+v, %d): %v, and yet %x", p, values, err, f.Octets())
		}
		return 0
	}
	written(f, values, p, key, nil)
	return 1
}

// written compares a filter with the oracle's octets, and reads it again.
func written(f bip158.Filter, values []uint64, p bip158.Params, key bip158.Key, items [][]byte) {
	want := oracle.FilterOctets(p, values)
	if !bytes.Equal(f.Octets(), want) {
		oracle.Failf("%+v of %d:\n got %x\nwant %x", p, values, f.Octets(), want)
	}
	holds(f, want, values, p)
	ask(f, values, oracle.Fault{}, p, key, items)
	Read(want, p, key)
}

// ofItems builds a filter, and asks it for what it was built of.
func ofItems(items [][]byte, p bip158.Params, key bip158.Key) int {
	if !p.Valid() {
		if _, err := bip158.Build(p, key, items); oracle.FaultOf(err) != oracle.JudgeFilter(p, nil) || err == nil {
			oracle.Failf("Build(%+v): %v", p, err)
		}
		return 0
	}
	counted := oracle.FilterItems(p, key, items)
	var values []uint64
	for _, item := range counted {
		values = append(values, oracle.FilterValue(p, key, item, uint32(len(counted))))
	}
	slices.Sort(values)
	last := uint64(0)
	if len(values) > 0 {
		last = values[len(values)-1] >> p.P
	}
	if last > affordable && last <= refused {
		return 0
	}
	f, err := bip158.Build(p, key, items)
	if last > refused {
		if want := (oracle.Fault{Layer: gcs.SetLayer, Kind: gcs.TooMany, Offset: oracle.KeyAt(len(values) - 1)}); oracle.FaultOf(err) != want {
			oracle.Failf("Build(%+v, %x, %x): %v, want %v", p, key, items, err, want)
		}
		return 0
	}
	if err != nil {
		oracle.Failf("Build(%+v, %x, %x): %v", p, key, items, err)
	}
	written(f, values, p, key, items)
	for _, item := range counted {
		if !f.Has(key, item) && (len(item) > 0 || p.Variant == bip158.Bitcoin) {
			oracle.Failf("Build(%+v, %x, %x) does not contain %x", p, key, items, item)
		}
	}
	return 1
}
