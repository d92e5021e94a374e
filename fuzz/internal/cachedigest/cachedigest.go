// Package cachedigest attacks cache digests: values and whole headers, read strictly and as H2O
// does, against an oracle that goes one bit and one character at a time.
//
// An input is a byte that says what to do, and a text, the octets of one, a header with
// its fields on a line each, or log2N, log2P and steps from key to key.
package cachedigest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/cachedigest"
)

// What an input says to do.
const (
	text = iota
	octets
	header
	steps
	names
	tasks
)

// Fuzz attacks one value, one header or one set of keys.
func Fuzz(data []byte) int {
	in := oracle.Input(data)
	switch in.Below(tasks) {
	case text:
		return Value(string(in))
	case octets:
		return Value(string(base64url.Append(nil, in)))
	case header:
		return Header(string(in))
	case steps:
		p, ok := params(&in)
		if !ok {
			return 0
		}
		keys := oracle.Keys(oracle.DigestCode(p), in.Steps(1<<9))
		return write(p, keys)
	}
	p, ok := params(&in)
	if !ok {
		return 0
	}
	count(in.Number())
	var of []string
	for name := range strings.SplitSeq(string(in), "\n") {
		of = append(of, name)
	}
	return hashed(p, of[:min(len(of), 100)])
}

// params draws log2N and log2P, of which 31 is the largest. Others are refused by whoever is
// given them.
func params(in *oracle.Input) (p cachedigest.Params, ok bool) {
	p = cachedigest.Params{Log2N: uint8(in.Below(33)), Log2P: uint8(in.Below(33))}
	ok = p.Log2N <= 31 && p.Log2P <= 31
	if p.Valid() != ok {
		oracle.Failf("%+v.Valid() = %t", p, !ok)
	}
	if !ok {
		panics("Key", p, func() { p.Key("https://example.com/", "") })
		panics("New", p, func() { cachedigest.New(p) })
	}
	return p, ok
}

func panics(what string, p cachedigest.Params, f func()) {
	defer func() {
		if recover() == nil {
			oracle.Failf("%s takes %+v", what, p)
		}
	}()
	f()
}

// count holds log2N for so many names against the oracle's, and for fewer.
func count(n uint64) {
	for _, shift := range []int{0, 31, 48, 57, 61} {
		some := int(n >> shift & math.MaxInt)
		for _, n := range []int{some, -some} {
			if got, want := cachedigest.Log2N(n), oracle.DigestLog2N(n); got != want {
				oracle.Failf("Log2N(%d) = %d, want %d", n, got, want)
			}
		}
	}
}

// Value reads one text strictly and leniently.
func Value(text string) int {
	strict, lenient := read(text, base64url.Strict), read(text, base64url.Lenient)
	if strict != nil {
		if got := strict.String(); got != text {
			oracle.Failf("%q is accepted, but written %q", text, got)
		}
		if text != "" && (lenient == nil || !slices.Equal(slices.Collect(strict.All()), slices.Collect(lenient.All())) || strict.Params() != lenient.Params()) {
			oracle.Failf("%q differs between strict and lenient", text)
		}
	}
	if lenient == nil {
		return 0
	}
	written(*lenient, oracle.Digest{Params: lenient.Params(), Keys: slices.Collect(lenient.All())})
	return 1
}

// read holds one reader against the oracle.
func read(text string, m base64url.Mode) *cachedigest.Digest {
	want, fault := oracle.ReadDigest(text, m)
	parse := cachedigest.Parse
	if m == base64url.Lenient {
		parse = cachedigest.ParseLenient
	}
	var d cachedigest.Digest
	var err error
	oracle.Bounded(memory(text), fmt.Sprintf("reading %.40q", text), func() { d, err = parse(text) })
	if !slices.Equal(slices.Collect(d.All()), want.Keys) || oracle.FaultOf(err) != fault || d.Params() != want.Params || d.Len() != len(want.Keys) {
		oracle.Failf("reading %q, mode %d:\n got %+v %d %v\nwant %+v %d %v", text, m, d.Params(), slices.Collect(d.All()), err, want.Params, want.Keys, fault)
	}
	has(d, want)
	if err != nil {
		return nil
	}
	return &d
}

// memory is what reading a text may take: at P = 1 there is a key of eight octets in each of six
// bits a character, in a slice that grows.
func memory(text string) int { return 64<<10 + 6*8*7*len(text) }

// has asks for the keys, their neighbours and both ends.
func has(d cachedigest.Digest, want oracle.Digest) {
	asked := []cachedigest.Key{0, cachedigest.Key(want.Params.Universe()) - 1, cachedigest.Key(want.Params.Universe())}
	step := len(want.Keys)/8 + 1
	for i, k := range want.Keys {
		if i%step == 0 || i >= len(want.Keys)-2 {
			asked = append(asked, k-1, k, k+1)
		}
	}
	for _, k := range asked {
		if _, there := slices.BinarySearch(want.Keys, k); d.Has(k) != there {
			oracle.Failf("%+v %d: Has(%d) %t", want.Params, want.Keys, k, !there)
		}
	}
}

// affordable is how many bits of quotients are written.
const affordable = 1 << 17

// written checks that a digest is written as the oracle does it, and read again.
func written(d cachedigest.Digest, want oracle.Digest) {
	if n := len(want.Keys); n > 0 && uint64(want.Keys[n-1])>>want.Params.Log2P > affordable {
		return
	}
	text := oracle.DigestText(want)
	if got := d.String(); got != text {
		oracle.Failf("%+v %d is written %q, want %q", want.Params, want.Keys, got, text)
	}
	if again, err := cachedigest.Parse(text); len(text) <= cachedigest.MaxText && (err != nil || !slices.Equal(slices.Collect(again.All()), want.Keys)) {
		oracle.Failf("%q of %+v %d does not read back: %v", text, want.Params, want.Keys, err)
	}
}

// write makes a digest of keys, as far as they are below its universe, in any order and with
// repeats.
func write(p cachedigest.Params, numbers []uint64) int {
	want := oracle.Digest{Params: p}
	for _, k := range numbers {
		if k < uint64(1)<<(p.Log2N+p.Log2P) {
			want.Keys = append(want.Keys, cachedigest.Key(k))
		}
	}
	given := slices.Concat(want.Keys, want.Keys)
	slices.Reverse(given)
	d := cachedigest.New(p, given...)
	if universe := cachedigest.Key(p.Universe()); len(given) > 0 {
		above := append(slices.Clone(given), given[0]+universe)
		if got := slices.Collect(cachedigest.New(p, above...).All()); !slices.Equal(got, want.Keys) {
			oracle.Failf("New(%+v, %d) has %d", p, above, got)
		}
	}
	if !slices.Equal(slices.Collect(d.All()), want.Keys) || d.Params() != p {
		oracle.Failf("New(%+v, %d) has %d", p, given, slices.Collect(d.All()))
	}
	has(d, want)
	written(d, want)
	return 1
}

// hashed makes a digest of names, and looks for them.
func hashed(p cachedigest.Params, of []string) int {
	var keys []cachedigest.Key
	for i, name := range of {
		url, etag := name[:len(name)-i%(len(name)+1)], name[len(name)-i%(len(name)+1):]
		k := p.Key(url, etag)
		if want := oracle.DigestKey(p, name); k != want {
			oracle.Failf("%+v.Key(%q, %q) = %d, want %d", p, url, etag, k, want)
		}
		keys = append(keys, k)
	}
	d := cachedigest.New(p, keys...)
	there, absent := cachedigest.Fresh, cachedigest.Unknown
	if p == (cachedigest.Params{}) {
		there = absent // in a universe of one key everything would be there
	}
	for _, name := range of {
		for _, tt := range []struct {
			flags       cachedigest.Flags
			plain, etag cachedigest.State
		}{{0, there, absent}, {cachedigest.Validators, absent, there}} {
			h := cachedigest.Header{{Digest: d, Flags: tt.flags}}
			half := len(name) / 2
			if plain, etag := h.Lookup(name), h.LookupETag(name[:half], name[half:]); plain != tt.plain || etag != tt.etag {
				oracle.Failf("%+v of %q, flags %v: %q is %v by its name, %v by name and tag", p, of, tt.flags.Names(), name, plain, etag)
			}
		}
	}
	return 1
}

// Header reads a header strictly as one field, and leniently with a field on each line.
func Header(value string) int {
	want, fault, inside := oracle.ReadDigestHeader(value)
	var h cachedigest.Header
	var err error
	oracle.Bounded(memory(value), fmt.Sprintf("reading the header %.40q", value), func() { h, err = cachedigest.ParseHeader(value) })
	if got := oracle.FaultOf(err); got != fault {
		oracle.Failf("ParseHeader(%q): %v, want %v", value, err, fault)
	}
	var at int
	var wrapped *gcs.Error
	if inside {
		if _, scan := fmt.Sscanf(err.Error(), "digest %d: ", &at); scan != nil || at != len(want)+1 || !errors.As(err, &wrapped) {
			oracle.Failf("ParseHeader(%q): %v, want the fault in digest %d", value, err, len(want)+1)
		}
	}
	sameElements(value, h, want)
	if err == nil && h.String() != value {
		oracle.Failf("the header %q is accepted, but written %q", value, h)
	}
	lookups(value, h, want)

	fields := strings.Split(value, "\n")
	lenient := oracle.ReadDigestHeaderLenient(fields...)
	oracle.Bounded(memory(value), fmt.Sprintf("reading the fields %.40q", value), func() { h = cachedigest.ParseHeaderLenient(fields...) })
	sameElements(value, h, lenient)
	lookups(value, h, lenient)
	if err != nil && len(lenient) == 0 {
		return 0
	}
	return 1
}

func sameElements(value string, h cachedigest.Header, want []oracle.Element) {
	same := len(h) == len(want)
	for i := 0; same && i < len(h); i++ {
		same = slices.Equal(slices.Collect(h[i].Digest.All()), want[i].Keys) && h[i].Digest.Params() == want[i].Params && slices.Equal(h[i].Flags.Names(), want[i].Flags)
	}
	if !same {
		oracle.Failf("the header %q is read as %v, want %+v", value, h, want)
	}
}

// lookups asks a header for hashes that begin with the keys of its digests, and for others.
func lookups(value string, h cachedigest.Header, want []oracle.Element) {
	hashes := []uint64{0, ^uint64(0), 0xbaf9e86f00000000}
	for _, e := range want[:min(len(want), 8)] {
		bits := e.Params.Log2N + e.Params.Log2P
		for _, k := range e.Keys[:min(len(e.Keys), 4)] {
			hashes = append(hashes, uint64(k)<<(64-bits), (uint64(k)+1)<<(64-bits)-1, (uint64(k)+1)<<(64-bits))
		}
	}
	for _, hash := range hashes {
		for _, validators := range []bool{false, true} {
			got, want := h.LookupHash(hash, validators), oracle.LookupDigest(want, hash, validators)
			if got != want {
				oracle.Failf("the header %q: LookupHash(%x, %t) %v, want %v", value, hash, validators, got, want)
			}
		}
	}
}
