package oracle

import (
	"crypto/sha256"
	"encoding/base64"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/cachedigest"
)

// maxDigestText is the length above which no digest and no header is looked at.
const maxDigestText = 1 << 16

// DigestCode is the code behind the ten bits of log2N and log2P.
func DigestCode(p cachedigest.Params) gcs.Code {
	return gcs.Code{Rice: p.Log2P, Run: bitio.ZerosOne, Gap: 1, Order: bitio.MSBFirst, Pad: gcs.PadZero}
}

// DigestKey is the key of a name: the leading log2N+log2P bits of its SHA-256.
func DigestKey(p cachedigest.Params, name string) cachedigest.Key {
	sum := sha256.Sum256([]byte(name))
	h := new(big.Int).SetBytes(sum[:])
	return cachedigest.Key(h.Rsh(h, 256-uint(p.Log2N)-uint(p.Log2P)).Uint64())
}

// DigestLog2N is the logarithm of n, rounded to the nearest integer, between 0 and 31: the
// first k for which n is not above 2^(k+1/2), which squared is a comparison of integers.
func DigestLog2N(n int) uint8 {
	square := new(big.Int).Mul(big.NewInt(int64(n)), big.NewInt(int64(n)))
	for k := range uint8(31) {
		if n < 1 || square.Cmp(new(big.Int).Lsh(big.NewInt(1), 2*uint(k)+1)) <= 0 {
			return k
		}
	}
	return 31
}

// A Digest is what a text holds. Only the empty text has no parameters.
type Digest struct {
	Params cachedigest.Params
	Keys   []cachedigest.Key
}

// ReadDigest judges a digest's text.
//
// A text above 65,536 characters is TooMany. Strictly, no text is no keys. Otherwise fewer than
// two octets are Truncated, at the field that is missing, and behind the two fields there
// are codes of keys below 2^(log2N+log2P): strictly up to the padding, leniently up to what
// is no complete code.
func ReadDigest(text string, m base64url.Mode) (d Digest, fault Fault) {
	if len(text) > maxDigestText {
		return d, Fault{gcs.TextLayer, gcs.TooMany, 6 * maxDigestText}
	}
	if text == "" && m == base64url.Strict {
		return d, Fault{}
	}
	octets, fault := DecodeText(text, m)
	if fault != (Fault{}) {
		return d, fault
	}
	if len(octets) < 2 {
		return d, Fault{gcs.BitsLayer, gcs.Truncated, 5 * len(octets)}
	}
	stream := Bits(octets, bitio.MSBFirst)
	field := func(at int) (v uint8) {
		for _, bit := range stream[at : at+5] {
			v <<= 1
			if bit {
				v++
			}
		}
		return v
	}
	d.Params = cachedigest.Params{Log2N: field(0), Log2P: field(5)}
	lim := gcs.Limit{Len: math.MaxInt, Max: 1<<(d.Params.Log2N+d.Params.Log2P) - 1, End: gcs.Padded}
	if m == base64url.Lenient {
		lim.End = gcs.Open
	}
	keys, fault := Decode(nil, stream[10:], DigestCode(d.Params), lim)
	for _, k := range keys {
		d.Keys = append(d.Keys, cachedigest.Key(k))
	}
	if fault != (Fault{}) {
		fault.Offset += 10
	}
	return d, fault
}

// DigestText is the text of a digest with the sorted keys, made one bit at a time.
func DigestText(d Digest) string {
	var stream []bool
	for _, field := range []uint8{d.Params.Log2N, d.Params.Log2P} {
		for i := range 5 {
			stream = append(stream, field>>(4-i)&1 == 1)
		}
	}
	keys := make([]uint64, len(d.Keys))
	for i, k := range d.Keys {
		keys[i] = uint64(k)
	}
	codes, fault := Encode(nil, DigestCode(d.Params), keys)
	if fault != (Fault{}) {
		panic("keys are not sorted and distinct")
	}
	octets := AppendOctets(nil, append(stream, codes...), bitio.MSBFirst, false)
	return base64.RawURLEncoding.EncodeToString(octets)
}

// An Element is one digest of a header, with its text and the names of its flags.
type Element struct {
	Digest
	Empty bool // no text at all, so no parameters either
	Flags []string
}

var digestFlags = []string{"reset", "complete", "validators", "stale"}

// ReadDigestHeader judges a header strictly. It is cut at commas, and its elements at
// semicolons, and no part has spaces or tabs around it. Element by element, a bad digest is its
// own fault, inside; a flag that there is not, or an empty digest that does not
// reset, is BadText at the element. If nothing else is wrong but the header is not as it
// would be written, it is NonCanonical at the first difference.
func ReadDigestHeader(value string) (elements []Element, fault Fault, inside bool) {
	if len(value) > maxDigestText {
		return nil, Fault{gcs.TextLayer, gcs.TooMany, 6 * maxDigestText}, false
	}
	written, at := "", 0
	for i, part := range strings.Split(value, ",") {
		fields := strings.Split(part, ";")
		for j := range fields {
			fields[j] = strings.Trim(fields[j], " \t")
		}
		d, fault := ReadDigest(fields[0], base64url.Strict)
		if fault != (Fault{}) {
			return elements, fault, true
		}
		e := Element{Digest: d, Empty: fields[0] == ""}
		for _, name := range fields[1:] {
			if !slices.ContainsFunc(digestFlags, asciiFold(name)) {
				return elements, Fault{gcs.TextLayer, gcs.BadText, 6 * at}, false
			}
		}
		for _, flag := range digestFlags {
			if slices.ContainsFunc(fields[1:], asciiFold(flag)) {
				e.Flags = append(e.Flags, flag)
			}
		}
		if e.Empty && !slices.Contains(e.Flags, "reset") {
			return elements, Fault{gcs.TextLayer, gcs.BadText, 6 * at}, false
		}
		elements = append(elements, e)
		if i > 0 {
			written += ", "
		}
		written += strings.Join(append([]string{fields[0]}, e.Flags...), "; ")
		at += len(part) + 1
	}
	if written != value {
		same := 0
		for same < len(written) && same < len(value) && written[same] == value[same] {
			same++
		}
		return elements, Fault{gcs.TextLayer, gcs.NonCanonical, 6 * same}, false
	}
	return elements, Fault{}, false
}

// asciiFold compares with a name whose letters may be of either case; there are letters
// outside ASCII that strings.EqualFold takes for some of ASCII.
func asciiFold(name string) func(string) bool {
	lower := func(s string) string {
		b := []byte(s)
		for i, c := range b {
			if 'A' <= c && c <= 'Z' {
				b[i] += 'a' - 'A'
			}
		}
		return string(b)
	}
	return func(other string) bool { return lower(name) == lower(other) }
}

// LookupDigest says what a header's digests know of a hash, as they are from the last reset on:
// those with validators of names with validators, the others of the others, and one of a single
// key nothing. Any fresh one that has it comes before the stale ones; if none has it, the last
// one that is not stale says whether that means anything.
func LookupDigest(elements []Element, hash uint64, validators bool) cachedigest.State {
	from := 0
	for i, e := range elements {
		if slices.Contains(e.Flags, "reset") {
			from = i
		}
	}
	elements = elements[from:]
	state := cachedigest.Unknown
	for _, e := range elements {
		if slices.Contains(e.Flags, "stale") {
			continue
		}
		state = cachedigest.Unknown
		if slices.Contains(e.Flags, "complete") {
			state = cachedigest.NotCached
		}
	}
	for _, stale := range []bool{true, false} {
		for _, e := range elements {
			key := new(big.Int).SetUint64(hash)
			key.Rsh(key, 64-uint(e.Params.Log2N)-uint(e.Params.Log2P))
			switch {
			case slices.Contains(e.Flags, "stale") != stale, slices.Contains(e.Flags, "validators") != validators,
				e.Params == cachedigest.Params{}, !slices.Contains(e.Keys, cachedigest.Key(key.Uint64())):
			case stale:
				state = cachedigest.Outdated
			default:
				state = cachedigest.Fresh
			}
		}
	}
	return state
}

// ReadDigestHeaderLenient cuts one field after the other into tokens as requirement
// DIGEST-17 of SPEC.md says, and keeps what H2O does: digests that the tolerant reader
// takes, whose flags are reset, complete and validators. A reset forgets the digests before
// it, whatever becomes of its own. A field above 65,536 characters is left out.
func ReadDigestHeaderLenient(fields ...string) (elements []Element) {
	for _, field := range fields {
		if len(field) > maxDigestText {
			continue
		}
		at := 0
		for {
			text, ok := digestToken(field, &at, ";,")
			if !ok {
				break
			}
			var flags []string
			more := true
			for more {
				flag, ok := digestToken(field, &at, ";,=")
				if more = ok && flag != ","; more {
					flags = append(flags, flag)
				}
			}
			e := Element{}
			for _, name := range digestFlags {
				if slices.ContainsFunc(flags, asciiFold(name)) {
					e.Flags = append(e.Flags, name)
				}
			}
			if slices.Contains(e.Flags, "reset") {
				elements = nil
			}
			unknown := slices.ContainsFunc(flags, func(flag string) bool {
				return !slices.ContainsFunc(digestFlags[:3], asciiFold(flag))
			})
			var fault Fault
			if e.Digest, fault = ReadDigest(text, base64url.Lenient); fault == (Fault{}) && !unknown {
				elements = append(elements, e)
			}
		}
	}
	return elements
}

// digestToken cuts a token from the field at the offset, which moves on.
func digestToken(field string, at *int, ends string) (token string, ok bool) {
	for *at < len(field) && (field[*at] == ' ' || field[*at] == '\t') {
		*at++
	}
	if *at == len(field) {
		return "", false
	}
	if field[*at] == ',' {
		*at++
		return ",", true
	}
	from := *at
	for *at < len(field) && !strings.Contains(ends, field[*at:*at+1]) {
		*at++
	}
	token = strings.TrimRight(field[from:*at], " \t")
	if *at < len(field) && field[*at] == '=' {
		value := *at + 1
		*at = value
		if v, ok := digestToken(field, &value, ";,"); ok && v != "," {
			*at = value
		} else if !ok {
			*at = len(field)
		}
	} else if *at < len(field) && field[*at] == ';' {
		*at++
	}
	return token, true
}
