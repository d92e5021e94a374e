package main

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/formats"
)

// maxJSONNumber is the largest number that every JSON reader keeps exactly: a
// float64 has 53 bits. Larger keys are decimal strings.
const maxJSONNumber = 1 << 53

// appendJSON appends a result as the contract of decode has it, in its order of keys.
func appendJSON(dst []byte, r *result) []byte {
	dst = append(dst, `{"format":`...)
	dst = appendString(dst, r.format.Name)
	dst = appendParams(dst, r.format, r.Params)
	switch {
	case len(r.Digests) > 0:
		dst = appendDigests(dst, r.Digests)
	case r.format.Supports("decode"):
		dst = append(dst, `,"keys":[`...)
		i := 0
		for key := range r.all {
			dst = r.pass(appendWide(comma(dst, i), key))
			i++
		}
		dst = append(dst, `],"count":`...)
		dst = strconv.AppendInt(dst, int64(r.count), 10)
		dst = append(dst, `,"bytes":`...)
		dst = strconv.AppendInt(dst, int64(r.Size), 10)
		dst = append(dst, `,"canonical":`...)
		dst = strconv.AppendBool(dst, r.Canonical)
	}
	for _, hash := range []struct{ name, is string }{{"filter_hash", r.filterHash}, {"header", r.header}} {
		if hash.is != "" {
			dst = append(appendString(append(dst, ','), hash.name), ':')
			dst = appendString(dst, hash.is)
		}
	}
	if r.present != nil {
		dst = append(dst, `,"assets":[`...)
		for i, path := range r.assets {
			dst = comma(dst, i)
			dst = append(dst, `{"path":`...)
			dst = appendString(dst, path)
			if r.keys != nil {
				dst = append(dst, `,"key":`...)
				words := r.words()
				dst = appendWide(dst, r.keys[i*words:(i+1)*words])
			}
			dst = append(dst, `,"present":`...)
			dst = strconv.AppendBool(dst, r.present[i])
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	return append(dst, "}\n"...)
}

// appendParams appends the format's parameters, each with a comma in front.
func appendParams(dst []byte, format *formats.Format, p formats.Params) []byte {
	for _, param := range format.Params {
		text, ok := p.Text(param.Name)
		if !ok {
			continue
		}
		dst = append(appendString(append(dst, ','), param.Name), ':')
		if isNumber(param) {
			dst = append(dst, text...)
		} else {
			dst = appendString(dst, text)
		}
	}
	return dst
}

func appendDigests(dst []byte, digests []formats.Digest) []byte {
	dst = append(dst, `,"digests":[`...)
	for i, g := range digests {
		dst = comma(dst, i)
		dst = append(dst, `{"log2n":`...)
		dst = strconv.AppendUint(dst, g.Log2N, 10)
		dst = append(dst, `,"log2p":`...)
		dst = strconv.AppendUint(dst, g.Log2P, 10)
		dst = append(dst, `,"flags":[`...)
		for j, flag := range g.Flags {
			dst = appendString(comma(dst, j), flag)
		}
		dst = append(dst, `],"keys":`...)
		dst = appendKeys(dst, g.Keys)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendErrorJSON(dst []byte, kind gcs.Kind, message string) []byte {
	dst = append(dst, `{"error":`...)
	dst = appendString(dst, kind.String())
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, message)
	return append(dst, "}\n"...)
}

func appendKeys(dst []byte, keys []uint64) []byte {
	dst = append(dst, '[')
	for i, k := range keys {
		dst = appendKey(comma(dst, i), k)
	}
	return append(dst, ']')
}

func appendKey(dst []byte, k uint64) []byte {
	if k <= maxJSONNumber {
		return strconv.AppendUint(dst, k, 10)
	}
	dst = append(dst, '"')
	dst = strconv.AppendUint(dst, k, 10)
	return append(dst, '"')
}

// appendWide appends a key of any number of words.
func appendWide(dst []byte, key []uint64) []byte {
	if len(key) == 1 {
		return appendKey(dst, key[0])
	}
	return append(formats.AppendKey(append(dst, '"'), key), '"')
}

// pass hands a long text on, where somebody takes it.
func (r *result) pass(text []byte) []byte {
	if r.flush == nil || len(text) < 32<<10 {
		return text
	}
	r.flush.Write(text)
	return text[:0]
}

func comma(dst []byte, i int) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	return dst
}

// appendString appends a JSON string. Paths keep their & and <: this is not HTML.
func appendString(dst []byte, s string) []byte {
	plain := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			plain = false
			break
		}
	}
	if plain {
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(s) // a string never fails
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// printJSON prints one object on a line.
func (t *tool) printJSON(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := t.stdout.Write(b.Bytes())
	return err
}
