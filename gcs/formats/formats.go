// Package formats knows every wire format by its name: what it is called, which
// parameters it has, and how to hash, encode, decode and query with it.
//
// The folders below gcs are the formats for a program that speaks one of them, with
// types that fit it. This package is for programs that speak all of them and
// learn at run time which: the command, and the testee of the conformance protocol.
// It adds no rule of its own but the common ones of that protocol: names are hashed,
// sorted and their repeats dropped; keys are sorted, their repeats dropped, and
// those above the universe refused. Of a value no more than 32 MiB or 2^24 keys are read,
// unless [Input.Most] says otherwise or [Format.List] reads it, and of many formats far less.
//
// Errors have a *[gcs.Error] in their chain throughout, whose kinds are those of the
// protocol; what is wrong with a parameter is a *[ParamError] besides.
//
// A [Format] describes itself, so that a program that has all of them learns of a new
// one from that one value.
package formats

import (
	"errors"
	"iter"
	"slices"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
)

// A Format is one wire format. It is safe for concurrent use.
type Format struct {
	Name   string  // as in the conformance protocol: "h2o", "bip158"
	Title  string  // what it is, in a clause for a person
	Params []Param // what it takes, in the order in which they are printed

	// Key says what a key is, as the end of a sentence that begins with "Here, a key
	// is"; {name} stands for a parameter. It is empty where keys were never names.
	Key string

	Names     string   // what names are, such as "request paths"
	HexKeys   bool     // keys are octets of a hash, which a person reads in hex
	HexNames  bool     // names are octets, written in hex; otherwise they are text
	HasText   bool     // values travel as text; otherwise text is their octets in hex
	HasHeader bool     // several values, with flags, may travel as one header
	Lenient   bool     // its deployed reader takes more than a strict one does
	Cookies   []string // names of cookies whose value has this format

	profile
}

// A profile is how one format does it.
type profile interface {
	// hash returns the keys of the names, in their order, each in as many words as the
	// profile's keys have.
	hash(p Params, names []string) ([]uint64, error)
	// encode codes keys that come from outside: sorted and without repeats, or as they
	// came if the profile is asIs.
	encode(p Params, keys []uint64) (Encoded, error)
	// decode reads a value and says where its coded bits are. After an error
	// the result holds what was found before it.
	decode(p Params, in Input) (Decoded, error)
}

// A namer is a profile that does more with names than hash them one by one.
type namer interface {
	encodeNames(p Params, names []string) (Encoded, error)
}

// A repeater is a profile of lists: a key that is given twice is there twice.
type repeater interface{ repeats() }

// An asIs is a profile of keys that are no hashes: they have no names, and their order
// is the caller's part.
type asIs interface{ asIs() }

// A querier is a profile that can only be asked.
type querier interface {
	query(p Params, in Input, names []string) ([]bool, error)
}

// A judge is a profile of which a parameter's range is not that of [Param], or depends on others.
type judge interface{ judge(p Params) error }

// Encoded is an encoded set.
type Encoded struct {
	Octets []byte
	Text   string   // the text form; of formats without one, the octets in hex
	Keys   []uint64 // ascending; see [Format.Words]
	Params Params   // as given, with defaults and what was derived from the names
}

// Decoded is a decoded value.
type Decoded struct {
	Keys      []uint64 // ascending; see [Format.Words]
	Canonical bool     // re-encoding gives the same value
	Size      int      // of the value in octets, headers included
	Params    Params   // as given, with defaults and what the value itself said
	Universe  uint64   // keys are below this; 0 if the format does not say, or 64 bits do not hold it
	Layout    Layout
	Digests   []Digest // of a whole Cache-Digest header, and then nothing else
}

// FalsePositive is the probability that a name which is not in the set is taken
// for one that is: the share of the universe that the keys occupy. It is 0 where the
// format has no universe.
func (d Decoded) FalsePositive() float64 {
	if d.Universe == 0 {
		return 0
	}
	return float64(d.below()) / float64(d.Universe)
}

// below is the number of different keys below the universe.
func (d Decoded) below() (n int) {
	for i, k := range d.Keys {
		if k < d.Universe && (i == 0 || k != d.Keys[i-1]) {
			n++
		}
	}
	return n
}

// A Digest is one digest of a Cache-Digest header.
type Digest struct {
	Log2N uint64   `json:"log2n"`
	Log2P uint64   `json:"log2p"`
	Flags []string `json:"flags"`
	Keys  []uint64 `json:"-"`
}

// Layout says where the coded bits of a value are and how they are coded, for
// drawing them.
type Layout struct {
	Fields  []Field // in front of the codes
	Code    gcs.Code
	Limit   gcs.Limit // where the codes begin, and how they were read
	First   *uint64   // the key that travels outside the codes and that they count from; usually nil
	Divisor uint64    // of gaps, where it is no power of two; 0 stands for 2^Code.Rice
	Tail    []Field   // behind the codes, which a gap of 0 ends and padding follows; usually nil
	Wide    []uint64  // the same of keys with 64 bits and more, which Limit.Max does not bound: the words of a key; usually nil
	Bits    int       // with Wide, the bits of a key
	Note    string    // a sentence on what the codes do not show, without its full stop; usually empty
}

// A Field is a number in front of the codes.
type Field struct {
	Name         string
	Offset, Bits int
	Value        uint64
	Note         string // what follows from the value
}

// registered are the formats, in the order of [All].
var registered = []*Format{
	h2oFormat, h2o20Format, goCasperFormat, cacheDigestFormat,
	bip158Format, decredV1Format, decredV2Format, riceDeltaFormat, riceDeltaV5Format,
	gcsToolFormat, autoPushFormat, rawFormat,
}

// All returns the formats, in the order in which a person may want to see them. The first
// is that of a value that nothing else is known about: H2O's cookie, which is what this
// repository is for.
func All() []*Format { return slices.Clone(registered) }

// Lookup finds a format by its name.
func Lookup(name string) (*Format, bool) {
	for _, f := range registered {
		if f.Name == name {
			return f, true
		}
	}
	return nil, false
}

// Supports reports whether f has an operation of the conformance protocol: "hash",
// "encode", "decode" or "query".
func (f *Format) Supports(op string) bool {
	_, onlyAsked := f.profile.(querier)
	switch op {
	case "hash":
		_, nameless := f.profile.(asIs)
		return !nameless && !onlyAsked
	case "encode", "decode":
		return !onlyAsked
	}
	return op == "query"
}

// Hash returns the keys of the names, in their order. Names are octets: a format
// with HexNames wants them decoded from hex.
func (f *Format) Hash(p Params, names []string) ([]uint64, error) {
	if err := f.check(p, "hash"); err != nil {
		return nil, err
	}
	return f.hash(p, names)
}

// EncodeNames codes the set of the given names.
func (f *Format) EncodeNames(p Params, names []string) (Encoded, error) {
	if err := f.check(p, "hash"); err != nil {
		return Encoded{}, err
	}
	if n, ok := f.profile.(namer); ok {
		return n.encodeNames(p, names)
	}
	keys, err := f.hash(p, names)
	if err != nil {
		return Encoded{}, err
	}
	return f.encode(p, sorted(keys, f.Words(p), false))
}

// EncodeKeys codes the set of the given keys, in any order; raw alone wants them
// sorted. Where [Format.Words] says so, a key is several numbers.
func (f *Format) EncodeKeys(p Params, keys []uint64) (Encoded, error) {
	if err := f.check(p, "encode"); err != nil {
		return Encoded{}, err
	}
	if _, ok := f.profile.(asIs); ok {
		return f.encode(p, keys)
	}
	words := f.Words(p)
	if len(keys)%words != 0 {
		return Encoded{}, badParam("a key is %d numbers", words)
	}
	_, repeats := f.profile.(repeater)
	set := sorted(keys, words, repeats)
	e, err := f.encode(p, set)
	return e, asGiven(err, table{keys, words}, table{set, words})
}

// Decode reads a value: strictly, or with Lenient as the deployed reader of the format
// reads it. After an error the result holds what was found before it: keys, octets
// and layout.
func (f *Format) Decode(p Params, in Input) (Decoded, error) {
	if err := f.check(p, "decode"); err != nil {
		return Decoded{}, err
	}
	return f.decode(p, in)
}

// QueryNames reports for each name whether it is in the value, which must be
// readable as a whole.
func (f *Format) QueryNames(p Params, in Input, names []string) ([]bool, error) {
	q, ok := f.profile.(querier)
	op := "hash" // which a query of names needs
	if ok {
		op = "query"
	}
	if err := f.check(p, op); err != nil {
		return nil, err
	}
	if ok {
		return q.query(p, in, names)
	}
	d, err := f.asked(p, in)
	if err != nil {
		return nil, err
	}
	keys, err := f.hash(d.Params, names)
	if err != nil {
		return nil, err
	}
	return present(d.Keys, keys, f.Words(d.Params))
}

// QueryKeys is [Format.QueryNames] with keys.
func (f *Format) QueryKeys(p Params, in Input, keys []uint64) ([]bool, error) {
	if err := f.check(p, "decode"); err != nil {
		return nil, err
	}
	d, err := f.asked(p, in)
	if err != nil {
		return nil, err
	}
	return present(d.Keys, keys, f.Words(d.Params))
}

// asked decodes a value for a query. A header has several sets of keys, of several
// universes.
func (f *Format) asked(p Params, in Input) (Decoded, error) {
	if in.Header {
		return Decoded{}, badParam("a header is decoded as a whole; ask one of its digests")
	}
	return f.decode(p, in)
}

func present(set, keys []uint64, words int) ([]bool, error) {
	if len(keys)%words != 0 {
		return nil, badParam("a key is %d numbers", words)
	}
	all, asked := table{set, words}, table{keys, words}
	found := make([]bool, asked.Len())
	for i := range found {
		at := all.search(asked.at(i))
		found[i] = at < all.Len() && slices.Equal(all.at(at), asked.at(i))
	}
	return found, nil
}

// check refuses what f does not have, and values that its parameters cannot have, whether the
// operation needs them or not.
func (f *Format) check(p Params, op string) error {
	if !f.Supports(op) {
		return badParam("%s has no %s", f.Name, op)
	}
	for _, g := range p.given {
		if !slices.ContainsFunc(f.Params, func(p Param) bool { return p.Name == g.name }) {
			return badParam("%s has no parameter %s", f.Name, g.name)
		}
	}
	if j, ok := f.profile.(judge); ok {
		if err := j.judge(p); err != nil {
			return err
		}
	}
	for _, param := range f.Params {
		if p.has(param) {
			if err := p.judge(param); err != nil {
				return err
			}
		}
	}
	return nil
}

// sorted returns the keys ascending, with or without repeats.
func sorted(keys []uint64, words int, repeats bool) []uint64 {
	t := table{slices.Clone(keys), words}
	t.sort()
	if repeats {
		return t.keys
	}
	return t.compact()
}

// below refuses sorted keys of which some are not below the universe.
func below(universe uint64, keys []uint64) error {
	if n := len(keys); n == 0 || keys[n-1] < universe {
		return nil
	}
	i, _ := slices.BinarySearch(keys, universe)
	return &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.OutOfRange, At: gcs.KeyIndex(i)}
}

// asGiven turns the index of a key in the sorted set into that of a key as they were
// given: the first that is no less, and so has the same fault.
func asGiven(err error, given, set table) error {
	var e *gcs.Error
	if !errors.As(err, &e) {
		return err
	}
	i, ok := e.At.Index()
	if !ok || i >= set.Len() {
		return err
	}
	at, n := *e, 0
	for n < given.Len()-1 && slices.Compare(given.at(n), set.at(i)) < 0 {
		n++
	}
	at.At = gcs.KeyIndex(n)
	return &at
}

// hashed are the names' keys.
func hashed[K ~uint32 | ~uint64](names []string, key func(name string) K) []uint64 {
	keys := make([]uint64, len(names))
	for i, name := range names {
		keys[i] = uint64(key(name))
	}
	return keys
}

// numbers are n keys of a format's own type, as numbers.
func numbers[K ~uint32 | ~uint64](n int, keys iter.Seq[K]) []uint64 {
	all := make([]uint64, 0, n)
	for k := range keys {
		all = append(all, uint64(k))
	}
	return all
}

// fromText is the encoded set of a format whose values travel as base64url.
func fromText(text string, p Params, keys []uint64) (Encoded, error) {
	octets, err := base64url.AppendDecode(nil, text, base64url.Strict)
	return Encoded{Octets: octets, Text: text, Keys: keys, Params: p}, err
}
