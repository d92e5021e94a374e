package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

// What every format is asked alike, by a list of 300 keys and a set of few.

// A common is a format of which keys are numbers of 64 bits.
type common struct {
	format, prefix        string
	text                  bool
	params                string // of a writer; a reader's are made by read
	read                  func(keys []uint64) string
	write                 func(keys []uint64) stream
	first, step           uint64 // of 300 keys
	encode, decode, query string // requirements
	outOfRange            string // keys above the universe are refused; empty if there is none
}

func commons() []common {
	coded := func(c code, head string) func([]uint64) stream {
		return func(keys []uint64) stream { return c.draw(head + sorted(keys) + "~") }
	}
	same := func(params string) func([]uint64) string { return func([]uint64) string { return params } }
	goCode, goParams := goCasper(64, 1000)
	digestCode, head := digest(12, 7)
	rawCode, rawParams := raw(6, "zeros-one", 1, "msb", "")
	filter := func(d decred) func([]uint64) stream {
		return func(keys []uint64) stream { return counted(int(d.p)).draw(d.count(len(keys)) + sorted(keys) + "~") }
	}
	bip158 := decred{p: 19, count: compactSize}
	all := []common{
		{format: "raw", prefix: "raw", params: rawParams, write: coded(rawCode, ""), first: 3, step: 77, encode: "GCS-6", decode: "GCS-17", query: "GCS-24"},
		{format: "h2o", prefix: "h2o", text: true, params: capacity(15), write: coded(zerosOne(6), ""), first: 3, step: 77, encode: "CASPER-3", decode: "CASPER-8", query: "CASPER-14", outOfRange: "CASPER-7"},
		{format: "h2o-2.0", prefix: "h2o20", text: true, params: capacity(15), write: coded(onesZero(6), ""), first: 3, step: 77, encode: "CASPER-5", decode: "CASPER-8", query: "CASPER-14", outOfRange: "CASPER-7"},
		{format: "go-casper", prefix: "gocasper", text: true, params: goParams, write: coded(goCode, ""), first: 3, step: 77, encode: "GOCASPER-3", decode: "GOCASPER-3", query: "GOCASPER-15", outOfRange: "GOCASPER-5"},
		{format: "cache-digest", prefix: "digest", text: true, params: digestParams(12, 7), write: coded(digestCode, head), first: 3, step: 777, encode: "DIGEST-4", decode: "DIGEST-4", query: "DIGEST-13", outOfRange: "DIGEST-8"},
		{format: "bip158", prefix: "bip158", params: `{}`, write: filter(bip158), first: 3, step: 777, encode: "BIP158-4", decode: "BIP158-12", query: "BIP158-15", outOfRange: "BIP158-7"},
		{format: "decred-v1", prefix: "decred-v1", params: `{}`, write: filter(decred{p: 20, count: decredV1.count}), first: 3, step: 777, encode: "DECRED-1", decode: "DECRED-8", query: "DECRED-9", outOfRange: "DECRED-8"},
		{format: "decred-v2", prefix: "decred-v2", params: `{}`, write: filter(bip158), first: 3, step: 777, encode: "DECRED-4", decode: "DECRED-8", query: "DECRED-9", outOfRange: "DECRED-8"},
		{format: "gcstool", prefix: "tool", params: `{"p":1000}`, first: 3, step: 777, encode: "TOOL-3", decode: "TOOL-3", query: "TOOL-14", outOfRange: "TOOL-12", read: same(`{}`), write: func(keys []uint64) stream {
			d := onDisk(uint64(len(keys)), 1000, 1024, keys...)
			return stream{octets: d.octets(), keys: keys, picture: shortened(strings.Join(d.picture, " "))}
		}},
		{
			format: "rice-delta", prefix: "rice", params: `{"rice":7}`, first: 3, step: 777, encode: "RICE-2", decode: "RICE-4", query: "RICE-10", outOfRange: "RICE-6",
			read: func(keys []uint64) string { return riceParams(7, int64(keys[0]), int64(len(keys)-1)) },
			write: func(keys []uint64) stream {
				return delta(7).draw(sorted(less(keys[1:], keys[0])) + "~").from(int64(keys[0]))
			},
		},
		{
			format: "rice-delta-v5", prefix: "rice5", params: `{"rice":7}`, first: 3, step: 777, encode: "RICE-12", decode: "RICE-14", query: "RICE-18", outOfRange: "RICE-15",
			read: func(keys []uint64) string { return riceParams(7, int64(keys[0]), int64(len(keys)-1)) },
			write: func(keys []uint64) stream {
				return delta(7).draw(sorted(less(keys[1:], keys[0])) + "~").from(int64(keys[0]))
			},
		},
	}
	for i := range all {
		if all[i].read == nil {
			all[i].read = same(all[i].params)
		}
	}
	return all
}

// badTexts are no texts of cookies and digests.
var badTexts = []struct{ id, why, behind string }{
	{"space", "a space behind the value", " "}, {"tab", "a tab behind it", "\t"}, {"line-feed", "a line break behind it", "\n"}, {"nul", "an octet of zero behind it", "\x00"},
	{"semicolon", "a semicolon behind it", ";"}, {"comma", "a comma behind it", ","}, {"quote", "a quotation mark behind it", `"`}, {"padding", "base64 padding behind it", "="},
	{"percent", "an escape behind it", "%41"}, {"high", "a letter behind it that is no ASCII", "\u00c1"}, {"star", "a character of no alphabet behind it", "*"},
	{"half", "half an octet behind it", "A"}, {"attributes", "the rest of a header line", "; Path=/"},
}

func commonFiles() (all []*file) {
	for _, c := range commons() {
		f := newer(c.format, "common", c.text)
		var many []uint64
		for i := range uint64(300) {
			many = append(many, c.first+i*c.step+i%7)
		}
		s := c.write(many)
		f.encode(c.prefix+"-common-encode-300", "300 keys", c.encode, c.params, s).flag("large")
		f.decode(c.prefix+"-common-decode-300", "300 keys", c.decode, c.read(many), s).flag("large")
		var asked []string
		answers := ""
		for i, k := range many {
			asked = append(asked, fmt.Sprint(k+uint64(i%2)))
			answers += map[bool]string{true: "1", false: "0"}[i%2 == 0]
		}
		f.query(c.prefix+"-common-query-300", "300 keys, every other one is there", c.query, c.read(many), f.value(s.octets), keys(strings.Join(asked, " ")), answers).flag("large")
		few := []uint64{0, 1, 50, 51, 127}
		s = c.write(few)
		v := f.value(s.octets)
		f.encode(c.prefix+"-common-encode-0", "the key 0, neighbours, and a last bit of 1", c.encode, c.params, s).flag("boundary")
		f.decode(c.prefix+"-common-decode-0", "the same", c.decode, c.read(few), s).flag("boundary")
		f.query(c.prefix+"-common-query-wide", "keys that are there in fewer bits", c.query, c.read(few), v,
			keys("50 306 65586 4294967346 9007199254741042 9223372036854775858 0 256 65536 4294967296 9007199254740992 9223372036854775808"), "100000100000").flag("boundary")
		f.query(c.prefix+"-common-query-repeated", "a key is asked for twice", c.query, c.read(few), v, keys("50 2 50 51 2"), "10110")
		if c.outOfRange != "" {
			for _, k := range []string{"9007199254740993", "9223372036854775809", "18446744073709551615"} {
				kind := "out-of-range"
				f.refuseKeys(c.prefix+"-common-encode-"+k, "1 and a power of two above the universe", c.outOfRange, c.params, kind, "0 "+k).flag("hostile")
			}
		}
		if c.text {
			value := texted(s.octets)
			for _, b := range badTexts {
				if b.id == "half" && len(value)%4 != 0 {
					continue
				}
				f.refuseQuery(c.prefix+"-common-query-"+b.id, b.why, c.query+" GCS-28", c.read(few), "bad-text", vectors.Input{Text: new(value + b.behind)}, keys("50"))
			}
			f.refuseQuery(c.prefix+"-common-query-quoted", "a quoted value", c.query+" GCS-28", c.read(few), "bad-text", vectors.Input{Text: new(`"` + value + `"`)}, keys("50"))
			f.refuseQuery(c.prefix+"-common-query-space-first", "a space in front", c.query+" GCS-28", c.read(few), "bad-text", vectors.Input{Text: new(" " + value)}, keys("50"))
		}
		all = append(all, f)
	}
	in := func(format string) *file {
		return all[slices.IndexFunc(all, func(f *file) bool { return f.format == format })]
	}
	for _, run := range runs {
		for _, gap := range []uint64{0, 1} {
			pad := map[string]string{"zeros-one": "1", "ones-zero": "0"}[run]
			c, p := raw(6, run, gap, "msb", `"pad":`+pad)
			f := in("raw")
			f.refuse(fmt.Sprintf("raw-common-other-pad-%s-gap%d", run, gap), "a quotient without end, of bits that are no pad bits", "GCS-19", p, "truncated", c.draw("@3 ! "+c.more()+"*9"))
			f.refuse(fmt.Sprintf("raw-common-other-pad-long-%s-gap%d", run, gap), "the same, of more octets", "GCS-19", p, "truncated", c.draw("@3 ! "+c.more()+"*25"))
		}
	}
	h := in("h2o-2.0")
	spare := spared(onesZero(6).draw("@5 ~").octets)
	h.refuseQuery("h2o20-common-query-spare", "an unused bit of the text", "GCS-30 CASPER-14", capacity(13), "non-canonical", vectors.Input{Text: &spare}, keys("5 6")).lenientPresent(true, false)
	in("decred-v1").refuseQuery("decred-v1-common-query-count-0", "a count of 0 is no filter", "DECRED-6 DECRED-9", `{}`, "non-canonical", vectors.Input{BytesHex: new("00000000")}, keys("5"))
	in("gcstool").refuseQuery("tool-common-query-remainder", "the remainder 3 of a divisor of 3", "TOOL-9 TOOL-14", `{}`, "non-canonical", vectors.Input{BytesHex: new("7000" + onDisk(2, 3, 0).footer(2, 3, 2, 0))}, keys("2"))
	v5 := in("rice-delta-v5")
	for _, q := range []struct{ id, kind, bits string }{
		{"octet", "trailing-data", "+15 +9 ~ 0*8"}, {"pad", "nonzero-padding", "+15 +9 1 ~"}, {"range", "out-of-range", "+15 +4294967290 ~"},
	} {
		w := list(32, 25, "5", q.bits).counted(2)
		v5.refuseQuery("rice5-common-query-"+q.id, "the list must be readable as a whole", "RICE-14 RICE-18", w.params(), q.kind, v5.value(w.octets), keys("5"))
	}
	w := list(32, 3, "7", "+3 +524297 ~")
	v5.encodeWide("rice5-common-encode-q65537", "a quotient of 65,537", "RICE-12", w).flag("large")
	v5.decodeWide("rice5-common-decode-q65537", "a quotient of 65,537", "RICE-14", w).flag("large")
	v5.query("rice5-common-query-q65537", "a quotient of 65,537", "RICE-18", w.params(), v5.value(w.octets), keys("7 10 524307 524306"), "1110").flag("large")
	for _, s := range subjects() {
		if s.hash == nil {
			continue
		}
		f := in(s.format)
		var many []string
		for i := range 300 {
			many = append(many, fmt.Sprintf("/%d", i))
		}
		f.hash(s.prefix+"-common-hash-300", "300 names", s.hashSpec, s.hashParams, asNames(s.hexNames, many...), s.hash(many)).flag("large")
		v := s.encode(many)
		one := s.encode(many[:1])
		f.query(s.prefix+"-common-query-names-repeated", "a name is asked for twice", s.querySpec, s.readParams, f.value(one.octets), asNames(s.hexNames, many[0], many[0], many[0]), "111")
		f.encodeNames(s.prefix+"-common-encode-names-300", "300 names", s.encodeSpec, s.encodeParams, asNames(s.hexNames, many...), v).flag("large")
	}
	return all
}
