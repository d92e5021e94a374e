package formats

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/gcstool"
)

var gcsToolFormat = &Format{
	Name:    "gcstool",
	Title:   "gcstool's sets on disk, such as those of leaked passwords",
	Params:  []Param{toolP, toolN, toolEvery, toolHash},
	Key:     "the first 64 bits of the {hash} of a name, modulo {n} · {p}",
	Names:   "lines of text",
	profile: gcsTool{},
}

var (
	toolP     = Param{Name: "p", Flag: "p", Help: "inverse of the false-positive rate", Low: 1, High: gcstool.MaxP, Default: new(int64(gcstool.Default))}
	toolN     = Param{Name: "n", Flag: "n", Help: "number of names", Low: 0, High: 1 << 40}
	toolEvery = Param{Name: "every", Flag: "every", Help: "keys from entry to entry of the index; 0 for none", Low: 0, High: 1 << 32, Default: new(int64(gcstool.Usual))}
	toolHash  = Param{Name: "hash", Flag: "hash", Help: "hash of a name; hex is one already", Words: []string{"sha1", "hex", "sha256", "sha512", "md5"}}
)

type gcsTool struct{}

// params returns p and n for gcs/gcstool, the latter usual if it is not given.
func (gcsTool) params(p Params, usual int) (t gcstool.Params, _ Params, err error) {
	rate, err := p.number(toolP)
	if err != nil {
		return t, p, err
	}
	n := int64(usual)
	if p.has(toolN) {
		if n, err = p.number(toolN); err != nil {
			return t, p, err
		}
	}
	if t = (gcstool.Params{N: uint64(n), P: uint64(rate)}); n > 0 && t.Universe() == 0 {
		return t, p, badParam("n·p is below 2^64, and %d·%d is not", n, rate)
	}
	return t, p.with(toolP, rate).with(toolN, n), nil
}

// ToolHash returns the first 64 bits of the hash of a name, as gcstool makes it: of those, modulo
// N*P, are its values. The kind is one of the words of its parameter hash.
func ToolHash(kind, name string) (uint64, error) {
	var sum []byte
	switch kind {
	case "hex":
		if len(name) > 16 {
			name = name[:16]
		}
		octets, err := hex.DecodeString(name)
		if err != nil || len(octets) < 8 {
			return 0, badParam("%.60q does not begin with 16 hex digits", name)
		}
		sum = octets
	case "sha256":
		s := sha256.Sum256([]byte(name))
		sum = s[:]
	case "sha512":
		s := sha512.Sum512([]byte(name))
		sum = s[:]
	case "md5":
		s := md5.Sum([]byte(name))
		sum = s[:]
	default:
		s := sha1.Sum([]byte(name))
		sum = s[:]
	}
	return binary.BigEndian.Uint64(sum), nil
}

func (g gcsTool) hash(p Params, names []string) ([]uint64, error) {
	t, p, err := g.params(p, len(names))
	if err != nil {
		return nil, err
	}
	kind, err := p.word(toolHash)
	if err != nil {
		return nil, err
	}
	keys := make([]uint64, len(names))
	for i, name := range names {
		h, err := ToolHash(toolHash.Words[kind], name)
		if err != nil {
			return nil, err
		}
		if t.N > 0 {
			keys[i] = h % t.Universe()
		}
	}
	return keys, nil
}

// encodeNames counts every name, also one that is there twice.
func (g gcsTool) encodeNames(p Params, names []string) (Encoded, error) {
	if !p.has(toolN) {
		p = p.with(toolN, int64(len(names)))
	}
	keys, err := g.hash(p, names)
	if err != nil {
		return Encoded{}, err
	}
	return g.encode(p, sorted(keys, 1, false))
}

func (g gcsTool) encode(p Params, keys []uint64) (Encoded, error) {
	t, p, err := g.params(p, len(keys))
	if err != nil {
		return Encoded{}, err
	}
	every, err := p.number(toolEvery)
	if err != nil {
		return Encoded{}, err
	}
	if uint64(len(keys)) > t.N || t.N > 0 && len(keys) == 0 {
		return Encoded{}, toolN.wrong("%d, but there are %d keys", t.N, len(keys))
	}
	if err := below(t.Universe(), keys); err != nil {
		return Encoded{}, err
	}
	if size := g.size(t, keys, uint64(every)); size > maxOctets {
		return Encoded{}, tooLarge(int(min(size, math.MaxInt)), keys)
	}
	var b bytes.Buffer
	w, err := gcstool.NewWriter(&b, t, uint64(every))
	if err != nil {
		return Encoded{}, err
	}
	for _, k := range keys {
		if err := w.Add(k); err != nil {
			return Encoded{}, err
		}
	}
	if err := w.Close(); err != nil {
		return Encoded{}, err
	}
	return Encoded{Octets: b.Bytes(), Text: hex.EncodeToString(b.Bytes()), Keys: keys, Params: p.with(toolEvery, every)}, nil
}

// size is the number of octets in a file: codes and the one that ends them, index and footer. The
// quotients add up to less than N, which is 2^40 at most.
func (gcsTool) size(t gcstool.Params, keys []uint64, every uint64) uint64 {
	code := uint64(t.Rice()) + 1
	size, last := code, uint64(0)
	for _, k := range keys {
		size += (k-last)/t.P + code
		last = k
	}
	size = (size+7)/8 + 40
	if n := uint64(len(keys)); n > 0 && every > 0 {
		size += (n - 1) / every * 16
	}
	return size
}

func (g gcsTool) decode(p Params, in Input) (Decoded, error) { return decodeOpened(g, p, in) }

// open reads the footer, and goes through the codes once to find their end.
func (g gcsTool) open(p Params, in Input) (Decoded, keys, error) {
	d := Decoded{Params: p}
	if _, _, err := g.params(p, 0); err != nil {
		return d, nil, err
	}
	kind, err := p.word(toolHash)
	if err != nil {
		return d, nil, err
	}
	octets, err := in.hex()
	if err != nil {
		return d, nil, err
	}
	d.Size = len(octets)
	s, err := gcstool.Open(bytes.NewReader(octets), int64(len(octets)))
	if err != nil {
		return d, nil, err
	}
	for _, agree := range []struct {
		param Param
		is    uint64
	}{{toolP, s.P}, {toolN, s.N}} {
		if err := p.agree(agree.param, int64(min(agree.is, 1<<63-1)), "file"); err != nil {
			return d, nil, err
		}
	}
	d.Params = p.with(toolP, int64(s.P)).with(toolN, int64(min(s.N, 1<<63-1))).withWord(toolHash, toolHash.Words[kind])
	d.Universe, d.Canonical = s.Universe(), true
	n := 0
	for _, err := range s.All() {
		if err == nil {
			n++
		}
	}
	d.Layout = Layout{
		Code:    gcs.Code{Rice: s.Rice(), Run: bitio.OnesZero, Pad: gcs.PadZero},
		Limit:   gcs.Limit{Len: n, Max: max(s.Universe(), 1) - 1, End: gcs.Counted},
		Divisor: s.P,
		Tail: []Field{
			{Name: "N", Bits: 64, Value: s.N, Note: "so many names"}, {Name: "P", Bits: 64, Value: s.P},
			{Name: "index", Bits: 64, Value: s.Index, Note: "the octet where it begins"}, {Name: "entries", Bits: 64, Value: s.Entries},
			{Name: "magic", Bits: 64, Value: binary.BigEndian.Uint64([]byte("[GCS:v0]")), Note: strconv.Quote("[GCS:v0]")},
		},
	}
	if s.Entries > 0 {
		d.Layout.Tail = append([]Field{{Name: "entries", Bits: int(s.Entries) * 128, Value: s.Entries, Note: "of the index: a key, and the bit behind its code"}}, d.Layout.Tail...)
	}
	return d, func(yield func([]uint64, error) bool) {
		var key [1]uint64
		for v, err := range s.All() {
			if err != nil {
				yield(nil, err)
				return
			}
			key[0] = v
			if !yield(key[:], nil) {
				return
			}
		}
	}, nil
}
