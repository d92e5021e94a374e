package main

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

// A file is one file of vectors under construction.
type file struct {
	format, topic string
	since         string // the version that brought it; 1.0.0 if empty
	text          bool   // values travel as base64url
	vectors       []*vector
}

// A vector is one vector, to be refined by its methods.
type vector struct{ vectors.Vector }

func (f *file) add(op, id, comment, spec, params string, in vectors.Input, out vectors.Answer) *vector {
	v := &vector{vectors.Vector{
		ID: id, Format: f.format, Op: op, Since: cmp.Or(f.since, "1.0.0"), Comment: comment,
		Spec: strings.Fields(spec), Flags: []string{}, Params: []byte(params), Input: in, Expect: out,
	}}
	f.vectors = append(f.vectors, v)
	return v
}

// value is the input that a stream makes.
func (f *file) value(octets []byte) vectors.Input {
	if f.text {
		return vectors.Input{Text: new(base64.RawURLEncoding.EncodeToString(octets))}
	}
	return vectors.Input{BytesHex: new(hex.EncodeToString(octets))}
}

// coded is the answer of an encoder.
func (f *file) coded(octets []byte, keys []uint64) vectors.Answer {
	a := vectors.Answer{Keys: decimal(keys), BytesHex: new(hex.EncodeToString(octets))}
	if f.text {
		a.Text = new(base64.RawURLEncoding.EncodeToString(octets))
	}
	return a
}

func found(keys []uint64, canonical bool) vectors.Answer {
	return vectors.Answer{Keys: decimal(keys), Canonical: &canonical}
}

// decode adds a value that must be read.
func (f *file) decode(id, comment, spec, params string, s stream) *vector {
	return f.add("decode", id, comment+": "+s.picture, spec, params, f.value(s.octets), found(s.keys, true))
}

// refuse adds a value that must be refused at the place where its notation says.
func (f *file) refuse(id, comment, spec, params, kind string, s stream) *vector {
	out := vectors.Answer{Error: kind}
	if s.fault >= 0 {
		out.Offset, out.KeysBeforeError = &s.fault, decimal(s.before)
	}
	return f.add("decode", id, comment+": "+s.picture, spec, params, f.value(s.octets), out)
}

// refuseText adds a text that is no value at all; offset is that of the fault, or
// -1.
func (f *file) refuseText(id, comment, spec, params, kind, text string, offset int) *vector {
	out := vectors.Answer{Error: kind}
	if offset >= 0 {
		out.Offset = &offset
	}
	return f.add("decode", id, comment, spec, params, vectors.Input{Text: &text}, out)
}

// encode adds keys that must become a stream.
func (f *file) encode(id, comment, spec, params string, s stream) *vector {
	return f.add("encode", id, comment+": "+s.picture, spec, params, vectors.Input{Keys: decimal(s.keys)}, f.coded(s.octets, s.keys))
}

// encodeNames adds names that must become a stream.
func (f *file) encodeNames(id, comment, spec, params string, names vectors.Input, s stream) *vector {
	return f.add("encode", id, comment+": "+s.picture, spec, params, names, f.coded(s.octets, s.keys))
}

// refuseKeys adds keys, separated by spaces, that an encoder must refuse.
func (f *file) refuseKeys(id, comment, spec, params, kind, keys string) *vector {
	return f.add("encode", id, comment, spec, params, vectors.Input{Keys: fields(keys)}, vectors.Answer{Error: kind})
}

// hash adds names and their keys.
func (f *file) hash(id, comment, spec, params string, names vectors.Input, keys []uint64) *vector {
	return f.add("hash", id, comment, spec, params, names, vectors.Answer{Keys: decimal(keys)})
}

// refuseNames adds names that have no key with these parameters.
func (f *file) refuseNames(op, id, comment, spec, params, kind string, names vectors.Input) *vector {
	return f.add(op, id, comment, spec, params, names, vectors.Answer{Error: kind})
}

// query adds a question about a value; the answers are a 1 or a 0 each.
func (f *file) query(id, comment, spec, params string, value, asked vectors.Input, answers string) *vector {
	asked.Text, asked.BytesHex = value.Text, value.BytesHex
	present := []bool{}
	for _, a := range answers {
		present = append(present, a == '1')
	}
	return f.add("query", id, comment, spec, params, asked, vectors.Answer{Present: present})
}

// refuseQuery adds a question about a value that cannot be read.
func (f *file) refuseQuery(id, comment, spec, params, kind string, value, asked vectors.Input) *vector {
	asked.Text, asked.BytesHex = value.Text, value.BytesHex
	return f.add("query", id, comment, spec, params, asked, vectors.Answer{Error: kind})
}

// input replaces what an encoder is given: other keys than come out.
func (v *vector) input(keys string) *vector {
	v.Input = vectors.Input{Keys: fields(keys)}
	return v
}

// octets turns a text input into the octets in it.
func (v *vector) octets() *vector {
	octets, err := base64.RawURLEncoding.DecodeString(*v.Input.Text)
	if err != nil {
		panic(err)
	}
	v.Input = vectors.Input{BytesHex: new(hex.EncodeToString(octets))}
	return v
}

// lenient says what the deployed reader finds instead.
func (v *vector) lenient(canonical bool, keys string) *vector {
	v.ExpectLenient = &vectors.Answer{Keys: fields(keys), Canonical: &canonical}
	if !canonical {
		v.also("GCS-23")
	}
	return v
}

// lenientError says why the deployed reader refuses.
func (v *vector) lenientError(kind string) *vector {
	v.ExpectLenient = &vectors.Answer{Error: kind}
	return v
}

// lenientPresent says what the deployed reader answers.
func (v *vector) lenientPresent(present ...bool) *vector {
	v.ExpectLenient = &vectors.Answer{Present: present}
	return v
}

// noOffset leaves the place of the fault open, where readers that judge in another
// order are as right.
func (v *vector) noOffset() *vector {
	v.Expect.Offset, v.Expect.KeysBeforeError = nil, nil
	return v
}

// in says which version brought the vector.
func (v *vector) in(version string) *vector {
	v.Since = version
	return v
}

// flag marks the vector.
func (v *vector) flag(names ...string) *vector {
	v.Flags = append(v.Flags, names...)
	return v
}

// from marks the vector as captured.
func (v *vector) from(program, how, license string) *vector {
	v.Flags = append(v.Flags, "captured")
	v.Source = &vectors.Source{Program: program, How: how, License: license}
	return v
}

// also adds requirements that only some of a series show.
func (v *vector) also(spec string) *vector {
	v.Spec = append(v.Spec, strings.Fields(spec)...)
	return v
}

func decimal(keys []uint64) []string {
	all := make([]string, len(keys))
	for i, k := range keys {
		all[i] = strconv.FormatUint(k, 10)
	}
	return all
}

func fields(s string) []string { return append([]string{}, strings.Fields(s)...) }

func names(all ...string) vectors.Input { return vectors.Input{Names: append([]string{}, all...)} }

func namesHex(all ...string) vectors.Input {
	return vectors.Input{NamesHex: append([]string{}, all...)}
}

func keys(s string) vectors.Input { return vectors.Input{Keys: fields(s)} }

// of is the notation that codes the keys, sorted and once each, and pads.
func of(keys []uint64) string {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return sorted(slices.Compact(keys)) + "~"
}

// sorted is the notation that codes the keys as they are.
func sorted(keys []uint64) string {
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, "@%d ", k)
	}
	return b.String()
}

// each applies a function to each of some strings.
func each(all []string, f func(string) uint64) []uint64 {
	keys := make([]uint64, len(all))
	for i, s := range all {
		keys[i] = f(s)
	}
	return keys
}
