// Package gocasper attacks go-casper's cookie: its strict reader against the requirements of
// SPEC.md, its tolerant one against go-casper's own way of reading, one bit at a time.
//
// An input is log2 P, N, a byte that says what to do, and the cookie, as text or as octets, or
// steps from key to key.
package gocasper

import (
	"fmt"
	"slices"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/gocasper"
)

// What an input says to do.
const (
	text = iota
	octets
	path
	steps
	tasks
)

// Fuzz attacks one value or one set of keys under one set of parameters.
func Fuzz(data []byte) int {
	in := oracle.Input(data)
	p := params(&in)
	switch in.Below(tasks) {
	case text:
		return Value(string(in), p)
	case octets:
		return Value(string(base64url.Append(nil, in)), p)
	case path:
		return hashed(string(in), p)
	}
	if !p.Valid() {
		return 0
	}
	var more []gocasper.Key
	for range in.Below(8) {
		more = append(more, gocasper.Key(in.Number()))
	}
	keys := oracle.Keys(p.Code(), in.Steps(1<<9))
	inside, _ := slices.BinarySearch(keys, uint64(p.P)*uint64(p.N))
	return set(p, keys[:inside], more)
}

// hashed holds the key of a path against the oracle's.
func hashed(path string, p gocasper.Params) int {
	if !p.Valid() {
		return 0
	}
	k, want := p.Key(path), oracle.GoCasperKey(p, path)
	if k != want {
		oracle.Failf("%+v.Key(%q) = %d, want %d", p, path, k, want)
	}
	return set(p, []uint64{uint64(k)}, nil)
}

// params draws P from the powers of two and what is none, and N from edges.
func params(in *oracle.Input) gocasper.Params {
	p := gocasper.Params{}
	switch n := in.Below(35); n {
	case 32:
		p.P = 3
	case 33:
		p.P = 0
	case 34:
		p.P = 1<<32 - 1
	default:
		p.P = 1 << n
	}
	p.N = uint32(in.Number())
	return p
}

// Value reads one value in both ways.
func Value(value string, p gocasper.Params) int {
	wantStrict, faultStrict := oracle.ReadGoCasper(value, p)
	wantLenient, faultLenient := oracle.ReadGoCasperLenient(value, p)
	strict := read(value, p, gocasper.Parse, "Parse", wantStrict, faultStrict)
	lenient := read(value, p, gocasper.ParseLenient, "ParseLenient", wantLenient, faultLenient)
	if faultStrict == (oracle.Fault{}) {
		if got := strict.String(); got != value {
			oracle.Failf("%q %+v is accepted, but written %q", value, p, got)
		}
		if !slices.Equal(slices.Collect(strict.All()), slices.Collect(lenient.All())) || faultLenient != (oracle.Fault{}) {
			oracle.Failf("%q %+v: strictly %d, leniently %d, %v", value, p, slices.Collect(strict.All()), slices.Collect(lenient.All()), faultLenient)
		}
	} else if readable := faultStrict.Kind == gcs.NonCanonical || faultStrict.Kind == gcs.TrailingData; readable && faultStrict.Layer != gcs.TextLayer {
		// No set is written so.
		if got := oracle.GoCasperText(p, wantStrict); got == value {
			oracle.Failf("%q %+v is refused, though %d is written so", value, p, wantStrict)
		}
	}
	if faultLenient != (oracle.Fault{}) {
		return 0
	}
	written(lenient, p, wantLenient)
	with(lenient, p, wantLenient, wantLenient) // keys that only this reader lets in stay
	return 1
}

// read holds one reader against the oracle.
func read(value string, p gocasper.Params, parse func(string, gocasper.Params) (gocasper.Fingerprint, error), how string, want []gocasper.Key, fault oracle.Fault) (f gocasper.Fingerprint) {
	var err error
	oracle.Bounded(64<<10+128*len(value), fmt.Sprintf("%s(%.40q, %+v)", how, value, p), func() { f, err = parse(value, p) })
	if !slices.Equal(slices.Collect(f.All()), want) || oracle.FaultOf(err) != fault || f.Len() != len(want) || f.Params() != p {
		oracle.Failf("%s(%q, %+v):\n got %d %v\nwant %d %v", how, value, p, slices.Collect(f.All()), err, want, fault)
	}
	has(f, want)
	return f
}

// has asks for the keys, their neighbours and both ends.
func has(f gocasper.Fingerprint, want []gocasper.Key) {
	asked := []gocasper.Key{0, ^gocasper.Key(0)}
	step := len(want)/8 + 1
	for i, k := range want {
		if i%step == 0 || i >= len(want)-2 {
			asked = append(asked, k-1, k, k+1)
		}
	}
	for _, k := range asked {
		if _, there := slices.BinarySearch(want, k); f.Has(k) != there {
			oracle.Failf("%d: Has(%d) %t", want, k, !there)
		}
	}
}

// affordable is how many bits of quotients are written.
const affordable = 1 << 17

// written checks that a set is written as the oracle does it, and that both readers have it
// all again, the strict one if its keys are in the universe.
func written(f gocasper.Fingerprint, p gocasper.Params, keys []gocasper.Key) {
	last := gocasper.Key(0)
	if len(keys) > 0 {
		last = keys[len(keys)-1]
	}
	if uint64(last)/uint64(p.P) > affordable {
		return
	}
	want := oracle.GoCasperText(p, keys)
	if got := f.String(); got != want {
		oracle.Failf("%+v %d is written %q, want %q", p, keys, got, want)
	}
	if len(want) > gocasper.MaxText {
		return
	}
	if again, fault := oracle.ReadGoCasperLenient(want, p); fault != (oracle.Fault{}) || !slices.Equal(again, keys) {
		oracle.Failf("%q of %+v %d: go-casper reads %d, %v", want, p, keys, again, fault)
	}
	if again, err := gocasper.ParseLenient(want, p); err != nil || !slices.Equal(slices.Collect(again.All()), keys) {
		oracle.Failf("%q of %+v %d does not read back leniently: %d, %v", want, p, keys, slices.Collect(again.All()), err)
	}
	inside := len(keys) == 0 || uint64(last) < uint64(p.P)*uint64(p.N)
	if again, err := gocasper.Parse(want, p); (err == nil) != inside || inside && !slices.Equal(slices.Collect(again.All()), keys) {
		oracle.Failf("%q of %+v %d does not read back strictly: %d, %v", want, p, keys, slices.Collect(again.All()), err)
	}
}

// set makes a fingerprint of keys below the universe, in another order and with others that are
// the same modulo the universe, and adds more.
func set(p gocasper.Params, numbers []uint64, more []gocasper.Key) int {
	universe := gocasper.Key(uint64(p.P) * uint64(p.N))
	var keys, given []gocasper.Key
	for _, k := range slices.Compact(numbers) {
		keys = append(keys, gocasper.Key(k))
		given = append(given, gocasper.Key(k)+universe, gocasper.Key(k))
	}
	slices.Reverse(given)
	f := gocasper.New(p, given...)
	if !slices.Equal(slices.Collect(f.All()), keys) || f.Params() != p {
		oracle.Failf("New(%+v, %d) has %d", p, given, slices.Collect(f.All()))
	}
	has(f, keys)
	written(f, p, keys)
	with(f, p, keys, more)
	return 1
}

// with adds keys to a fingerprint.
func with(f gocasper.Fingerprint, p gocasper.Params, keys, more []gocasper.Key) {
	want := slices.Clone(keys)
	for _, k := range more {
		want = append(want, k%gocasper.Key(uint64(p.P)*uint64(p.N)))
	}
	slices.Sort(want)
	want = slices.Compact(want)
	g := f.With(more...)
	if !slices.Equal(slices.Collect(g.All()), want) || !slices.Equal(slices.Collect(f.All()), keys) || g.Params() != p {
		oracle.Failf("%+v %d.With(%d): %d, and the receiver has %d", p, keys, more, slices.Collect(g.All()), slices.Collect(f.All()))
	}
	has(g, want)
	written(g, p, want)
}
