package fuzz_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs/base64url"
	bip158filter "github.com/cache-aware/casper/gcs/bip158"
	"github.com/cache-aware/casper/gcs/cachedigest"
	"github.com/cache-aware/casper/gcs/gocasper"
	"github.com/cache-aware/casper/gcs/ricedelta"
	"github.com/cache-aware/casper/hash"
	"github.com/cache-aware/casper/vectors"
)

// A published is a vector's parameters, of all formats.
type published struct {
	P     *uint64 `json:"p"`
	M     *uint64 `json:"m"`
	N     *uint64 `json:"n"`
	Key   string  `json:"key_hex"`
	Log2N *uint8  `json:"log2n"`
	Log2P *uint8  `json:"log2p"`
	Rice  *uint64 `json:"rice"`
	First *uint64 `json:"first"`
	Count *uint64 `json:"count"`

	Bits     *int   `json:"bits"`
	FirstHex string `json:"first_hex"`
}

// filter is what the parameters are to a filter. It is not ok if a filter has no room for one
// of them, which is the business of those who take parameters from outside.
func (p published) filter(format string) (f bip158filter.Params, key bip158filter.Key, ok bool) {
	f = bip158filter.Params{P: 19, M: 784931}
	switch format {
	case "decred-v1":
		f = bip158filter.Params{P: 20, Variant: bip158filter.DecredV1}
	case "decred-v2":
		f.Variant = bip158filter.DecredV2
	}
	if p.P != nil {
		f.P = uint8(min(*p.P, 255))
	}
	if p.M != nil {
		f.M = *p.M
	}
	if n, err := hex.Decode(key[:], []byte(p.Key[:min(len(p.Key), 32)])); err != nil || p.Key != "" && n != 16 || len(p.Key) > 32 {
		return f, key, false
	}
	return f, key, true
}

func (p published) goCasper() (g gocasper.Params, ok bool) {
	if p.P == nil || p.N == nil || *p.P > 1<<32-1 || *p.N > 1<<32-1 {
		return g, false
	}
	return gocasper.Params{P: uint32(*p.P), N: uint32(*p.N)}, true
}

func (p published) list() (l ricedelta.List, ok bool) {
	if p.Rice == nil || p.First == nil || p.Count == nil || *p.Rice > 255 || *p.First > 1<<32-1 || *p.Count > 1<<31-1 {
		return l, false
	}
	return ricedelta.List{First: uint32(*p.First), Rice: uint8(*p.Rice), Count: uint32(*p.Count)}, true
}

// wideList is a list of v5. What a list has no room for is not ok.
func (p published) wideList() (l ricedelta.ListV5, ok bool) {
	l.Bits = 32
	if p.Bits != nil {
		l.Bits = *p.Bits
	}
	first, err := hex.DecodeString(p.FirstHex)
	if l.First = ricedelta.NumberOf(first); err != nil || p.FirstHex != "" && (l.Bits == 32 || len(first) != l.Bits/8) {
		return l, false
	}
	for _, given := range []struct {
		from *uint64
		most uint64
		to   func(uint64)
	}{
		{p.Rice, 255, func(n uint64) { l.Rice = uint8(n) }},
		{p.Count, 1<<31 - 1, func(n uint64) { l.Count = uint32(n) }},
		{p.First, 1<<32 - 1, func(n uint64) { l.First = ricedelta.Number{3: n} }},
	} {
		if given.from != nil && *given.from > given.most {
			return l, false
		}
		if given.from != nil {
			given.to(*given.from)
		}
	}
	return l, p.First == nil || l.Bits == 32
}

// TestOraclesAnswerVectors asks the oracles of the formats what the vectors ask: captured
// values among them, and bits that were written down by hand. An oracle must not be right by
// its own account alone, nor by the code's that it judges.
func TestOraclesAnswerVectors(t *testing.T) {
	all, err := vectors.All()
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]int{}
	for _, v := range all {
		var p published
		if json.Unmarshal(v.Params, &p) != nil {
			continue // a parameter of another type
		}
		switch v.Op {
		case "decode":
			for _, lenient := range []bool{false, true} {
				if answerDecode(t, v, p, lenient) {
					asked[v.Format+".decode"]++
				}
			}
		case "hash":
			if answerHash(t, v, p) {
				asked[v.Format+".hash"]++
			}
		case "query":
			if v.Format == "h2-auto-push" && v.Input.Text != nil && string(v.Params) == "{}" {
				answerBloom(t, v)
				asked[v.Format+".query"]++
			}
		}
	}
	t.Log(asked)
	for name, least := range map[string]int{
		"bip158.decode": 80, "decred-v1.decode": 20, "decred-v2.decode": 25, "cache-digest.decode": 168,
		"go-casper.decode": 110, "rice-delta.decode": 100, "rice-delta-v5.decode": 290, "gcstool.decode": 100, "h2-auto-push.query": 49,
		"bip158.hash": 20, "decred-v1.hash": 1, "decred-v2.hash": 1, "cache-digest.hash": 15, "go-casper.hash": 30,
	} {
		if asked[name] < least {
			t.Errorf("%s: only %d vectors were asked, want %d", name, asked[name], least)
		}
	}
}

// answerDecode reads a vector's value with the oracle of its format, if it has one here.
func answerDecode(t *testing.T, v vectors.Vector, p published, lenient bool) bool {
	var octets []byte
	text := ""
	switch {
	case v.Input.BytesHex != nil:
		var err error
		if octets, err = hex.DecodeString(*v.Input.BytesHex); err != nil {
			t.Fatalf("%s: %v", v.ID, err)
		}
		text = string(base64url.Append(nil, octets))
	case v.Input.Text != nil:
		text = *v.Input.Text
	}
	mode := base64url.Strict
	if lenient {
		mode = base64url.Lenient
	}
	var keys []string
	var fault oracle.Fault
	switch v.Format {
	case "bip158", "decred-v1", "decred-v2":
		f, _, ok := p.filter(v.Format)
		if !ok || p.N != nil || v.Input.Text != nil {
			return false
		}
		var values []uint64
		_, _, values, fault = oracle.ReadFilter(octets, f)
		keys = decimal(values)
	case "go-casper":
		g, ok := p.goCasper()
		if !ok {
			return false
		}
		var found []gocasper.Key
		if found, fault = oracle.ReadGoCasper(text, g); lenient {
			found, fault = oracle.ReadGoCasperLenient(text, g)
		}
		keys = decimal(found)
	case "rice-delta":
		l, ok := p.list()
		if !ok || v.Input.Text != nil {
			return false
		}
		l.Data = octets
		var values []uint64
		values, fault = oracle.ReadDeltas(l)
		keys = decimal(values)
	case "rice-delta-v5":
		l, ok := p.wideList()
		if !ok || p.N != nil || v.Input.Text != nil {
			return false
		}
		l.Data = octets
		var values []*big.Int
		values, fault = oracle.ReadWide(l)
		for _, n := range values {
			keys = append(keys, n.String())
		}
	case "gcstool":
		if string(v.Params) != "{}" {
			return false // what must agree with the file
		}
		var found oracle.Tool
		found, fault = oracle.ReadTool(octets)
		keys = decimal(found.Values)
	case "cache-digest":
		if v.Input.Header != nil {
			answerHeader(t, v, *v.Input.Header, lenient)
			return true
		}
		if p.Log2N != nil || p.Log2P != nil || p.P != nil {
			return false // what must agree with the digest, or is no parameter of one
		}
		var d oracle.Digest
		d, fault = oracle.ReadDigest(text, mode)
		keys = decimal(d.Keys)
	default:
		return false
	}
	want := v.Expected(lenient)
	if want.Error == "bad-parameter" && fault == (oracle.Fault{}) {
		return false // a parameter of another format, which an oracle is not given
	}
	if judged(t, v, lenient, want, fault) && (want.Keys != nil || want.KeysBeforeError != nil) {
		expected := want.Keys
		if want.Error != "" {
			expected = want.KeysBeforeError
		}
		if strings.Join(keys, " ") != strings.Join(expected, " ") {
			t.Errorf("%s, lenient %t: keys %v, want %v", v.ID, lenient, keys, expected)
		}
	}
	return true
}

// judged compares a fault with a refusal, and reports whether both agree.
func judged(t *testing.T, v vectors.Vector, lenient bool, want vectors.Answer, fault oracle.Fault) bool {
	kind := ""
	if fault != (oracle.Fault{}) {
		kind = fault.Kind.String()
	}
	if kind != want.Error || want.Offset != nil && *want.Offset != fault.Offset {
		t.Errorf("%s, lenient %t: the oracle says %q at %d, the vector %q (%s)", v.ID, lenient, kind, fault.Offset, want.Error, v.Comment)
		return false
	}
	return true
}

func answerHeader(t *testing.T, v vectors.Vector, header string, lenient bool) {
	var elements []oracle.Element
	var fault oracle.Fault
	if lenient {
		elements = oracle.ReadDigestHeaderLenient(header)
	} else {
		elements, fault, _ = oracle.ReadDigestHeader(header)
	}
	want := v.Expected(lenient)
	if !judged(t, v, lenient, want, fault) || want.Error != "" {
		return
	}
	got := []string{}
	for _, e := range elements {
		got = append(got, fmt.Sprint(e.Params.Log2N, e.Params.Log2P, e.Flags, decimal(e.Keys)))
	}
	expected := []string{}
	for _, d := range want.Digests {
		expected = append(expected, fmt.Sprint(d.Log2N, d.Log2P, d.Flags, d.Keys))
	}
	if !slices.Equal(got, expected) {
		t.Errorf("%s, lenient %t: %v, want %v", v.ID, lenient, got, expected)
	}
}

// answerHash hashes a vector's names.
func answerHash(t *testing.T, v vectors.Vector, p published) bool {
	if v.Expect.Error != "" {
		return false
	}
	names := v.Input.Names
	for _, name := range v.Input.NamesHex {
		octets, err := hex.DecodeString(name)
		if err != nil {
			t.Fatalf("%s: %v", v.ID, err)
		}
		names = append(names, string(octets))
	}
	items := make([][]byte, len(names))
	for i, name := range names {
		items[i] = []byte(name)
	}
	var keys []string
	for _, name := range names {
		switch v.Format {
		case "bip158", "decred-v1", "decred-v2":
			f, key, ok := p.filter(v.Format)
			if !ok {
				return false
			}
			n := uint32(len(oracle.FilterItems(f, key, items)))
			if p.N != nil {
				n = uint32(*p.N)
			}
			keys = append(keys, fmt.Sprint(oracle.FilterValue(f, key, []byte(name), n)))
		case "go-casper":
			g, ok := p.goCasper()
			if !ok {
				return false
			}
			keys = append(keys, fmt.Sprint(oracle.GoCasperKey(g, name)))
		case "cache-digest":
			if p.Log2P == nil {
				return false
			}
			d := cachedigest.Params{Log2N: oracle.DigestLog2N(len(names)), Log2P: *p.Log2P}
			if p.Log2N != nil {
				d.Log2N = *p.Log2N
			}
			keys = append(keys, fmt.Sprint(oracle.DigestKey(d, name)))
		default:
			return false
		}
	}
	if !slices.Equal(keys, v.Expect.Keys) {
		t.Errorf("%s: %v, want %v", v.ID, keys, v.Expect.Keys)
	}
	return true
}

// answerBloom asks a filter for a vector's paths.
func answerBloom(t *testing.T, v vectors.Vector) {
	octets, fault := oracle.ReadBloom(*v.Input.Text)
	fault.Offset = 0 // the format says where nothing but half a word is
	want := v.Expect
	want.Offset = nil
	if !judged(t, v, false, want, fault) || want.Error != "" {
		return
	}
	for i, name := range v.Input.Names {
		if got := oracle.BloomHas(octets, name); got != want.Present[i] {
			t.Errorf("%s: %q: %t", v.ID, name, got)
		}
	}
}

func decimal[K ~uint64](keys []K) []string {
	text := make([]string, len(keys))
	for i, k := range keys {
		text[i] = fmt.Sprint(uint64(k))
	}
	return text
}

// TestSipHash holds the oracle's SipHash against the value in the appendix of its authors'
// paper, and the fast one's against the oracle's at each length of the last word.
func TestSipHash(t *testing.T) {
	var key [16]byte
	for i := range key {
		key[i] = byte(i)
	}
	message := make([]byte, 64)
	for i := range message {
		message[i] = byte(i)
	}
	if got := oracle.SipHash(key, message[:15]); got != 0xa129ca6149be45e5 {
		t.Errorf("%x", got)
	}
	for n := range message {
		if got, want := hash.SipHash(key, message[:n]), oracle.SipHash(key, message[:n]); got != want {
			t.Errorf("%d octets: %x, want %x", n, got, want)
		}
	}
}
