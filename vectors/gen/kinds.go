package main

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cache-aware/casper/vectors"
)

// The vectors of version 1.1.0: what a small fault in an implementation would change, for every
// format and operation alike. A subject says of a format what the kinds need to know.

// A subject is a format as the kinds of faults see it.
type subject struct {
	format, prefix string
	text           bool
	hexNames       bool // names travel in hex

	hashParams, encodeParams, readParams string // that are right
	hash                                 func(names []string) []uint64
	encode                               func(names []string) stream

	hashSpec, encodeSpec, querySpec, paramSpec string

	value  func() stream // something to read, under readParams
	keys   string        // to be encoded, under keyParams
	keyed  string        // keyParams
	bad    []badParam
	noHash bool // keys were never names
}

// A badParam is a parameter that is to be refused. The members of params stand in the place of those
// that are right; a value of null takes one away.
type badParam struct {
	id, why, members string
	ops              string // in which; all if empty
}

func names1(f func(string) uint64) func([]string) []uint64 {
	return func(all []string) []uint64 { return each(all, f) }
}

func subjects() []subject {
	h2o := func(format, prefix string, c code) subject {
		key := names1(func(name string) uint64 { return h2oKey(name, 13) })
		return subject{
			format: format, prefix: prefix, text: true,
			hashParams: capacity(13), encodeParams: capacity(13), readParams: capacity(13), keyed: capacity(13), keys: "20 178",
			hash: key, encode: func(all []string) stream { return c.draw(of(key(all))) },
			hashSpec: "CASPER-1", encodeSpec: "CASPER-1 CASPER-6", querySpec: "CASPER-1 CASPER-14", paramSpec: "CASPER-2 GCS-15",
			value: func() stream { return c.draw("@20 @178") },
			bad:   append(outside("capacity_bits", 1, 15, 13), foreign("p", "n", "log2p", "rice", "key_hex")...),
		}
	}
	goCode, goParams := goCasper(64, 10)
	goKey := names1(func(name string) uint64 { return goCasperKey(name, 64, 10) })
	digestKeys := func(log2n, log2p int) func([]string) []uint64 {
		return names1(func(name string) uint64 { return digestKey(name, log2n, log2p) })
	}
	filter := func(format, prefix string, d decred, m uint64, specs [4]string) subject {
		params := filterParams(0, 0, someKey)
		c := counted(int(d.p))
		vs := func(all []string, n int) []uint64 {
			return each(all, func(item string) uint64 { return d.value(sipKey(someKey), item, uint64(n), m) })
		}
		s := subject{
			format: format, prefix: prefix, hexNames: true,
			hashParams: `{"key_hex":"` + someKey + `","n":1000}`, encodeParams: params, readParams: params, keyed: params, keys: "5 769941",
			hash: func(all []string) []uint64 { return vs(all, 1000) },
			encode: func(all []string) stream {
				n := len(all)
				sorted_ := vs(all, n)
				slices.Sort(sorted_)
				return c.draw(d.count(n) + sorted(sorted_) + "~")
			},
			hashSpec: specs[0], encodeSpec: specs[1], querySpec: specs[2], paramSpec: specs[3] + " GCS-15",
			value: func() stream { return c.draw(d.count(2) + "@5 @769941 ~") },
			bad:   append(outside("p", 0, 32, 19), outside("n", 0, 1<<32-1, 2)...),
		}
		s.bad = append(s.bad, badParam{"n-wrong", "n is not the number of items", `"n":3`, "encode decode query"})
		if format == "decred-v1" {
			s.bad = append(s.bad, foreign("m")...)
		} else {
			s.bad = append(s.bad, outside("m", 1, 1<<32, 784931)...)
		}
		for _, k := range []struct{ id, why, key string }{
			{"short", "a key has 16 octets", someKey[2:]}, {"long", "a key has 16 octets", someKey + "00"},
			{"half", "half an octet", someKey[1:]}, {"letters", "a key is written in hex", "zz" + someKey[2:]},
			{"prefix", "a key is hex digits alone", "0x" + someKey[4:] + "00"},
		} {
			s.bad = append(s.bad, badParam{"key-" + k.id, k.why, fmt.Sprintf(`"key_hex":%q`, k.key), ""})
		}
		s.bad = append(s.bad, badParam{"key-missing", "items are nothing without a key", `"key_hex":null`, "hash"})
		s.bad = append(s.bad, foreign("rice", "log2p", "capacity_bits")...)
		return s
	}
	bip158 := decred{name: "bip158", p: 19, params: filterParams, count: compactSize, value: spread}
	rawCode, rawParams := raw(6, "zeros-one", 1, "msb", `"count":2`)
	rawBad := slices.Concat(outside("rice", 0, 63, 6), outside("gap", 0, 1, 1), outside("pad", 0, 1, 0), outside("count", 0, 1<<31-1, 2), []badParam{
		{"rice-missing", "rice has no default", `"rice":null`, ""},
		{"count-more", "the count is that of the keys", `"count":3`, "encode"},
		{"count-less", "the count is that of the keys", `"count":1`, "encode"},
		{"run-word", "no such polarity", `"run":"zero-ones"`, ""},
		{"run-case", "words are written in lower case", `"run":"Zeros-One"`, ""},
		{"order-word", "no such bit order", `"order":"middle"`, ""},
		{"order-case", "words are written in lower case", `"order":"MSB"`, ""},
	}, foreign("capacity_bits", "log2p", "p", "first", "key_hex"))
	riceRead := riceParams(2, 5, 2)
	toolKeys := names1(func(name string) uint64 {
		sum := sha1.Sum([]byte(name))
		return bigEndian(sum[:8]) % (1000 * 1000003)
	})
	wideList := list(64, 35, "5", "+15 +9 ~")
	return []subject{
		{
			format: "raw", prefix: "raw", noHash: true, readParams: rawParams, keyed: rawParams, keys: "20 178", paramSpec: "GCS-15",
			value: func() stream { return rawCode.draw("@20 @178") }, bad: rawBad,
		},
		h2o("h2o", "h2o", zerosOne(6)),
		h2o("h2o-2.0", "h2o20", onesZero(6)),
		{
			format: "go-casper", prefix: "gocasper", text: true,
			hashParams: goParams, encodeParams: goParams, readParams: goParams, keyed: goParams, keys: "146 212",
			hash: goKey, encode: func(all []string) stream { return goCode.draw(of(goKey(all))) },
			hashSpec: "GOCASPER-1", encodeSpec: "GOCASPER-1 GOCASPER-5", querySpec: "GOCASPER-1 GOCASPER-15", paramSpec: "GOCASPER-2 GCS-15",
			value: func() stream { return goCode.draw("@146 @212 ~") },
			bad: slices.Concat(outside("p", 1, 1<<31, 64), outside("n", 1, 1<<31, 10), []badParam{
				{"p-odd", "P is a power of two", `"p":63`, ""}, {"p-3", "P is a power of two", `"p":3`, ""}, {"p-96", "P is a power of two", `"p":96`, ""},
				{"p-missing", "P has no default", `"p":null`, ""}, {"n-missing", "N has no default", `"n":null`, ""},
			}, foreign("capacity_bits", "m", "rice", "key_hex")),
		},
		{
			format: "cache-digest", prefix: "digest", text: true,
			hashParams: digestParams(5, 7), encodeParams: digestParams(5, 7), readParams: `{}`, keyed: digestParams(1, 7), keys: "178 186",
			hash: digestKeys(5, 7), encode: func(all []string) stream {
				c, head := digest(5, 7)
				return c.draw(head + of(digestKeys(5, 7)(all)))
			},
			hashSpec: "DIGEST-2", encodeSpec: "DIGEST-2 DIGEST-8", querySpec: "DIGEST-2 DIGEST-13", paramSpec: "DIGEST-7 GCS-15",
			value: func() stream {
				c, head := digest(1, 7)
				return c.draw(head + "@178 @186 ~")
			},
			bad: slices.Concat(outside("log2n", 0, 31, 1), outside("log2p", 0, 31, 7), []badParam{
				{"log2n-wrong", "the digest says that log2N is 1", `"log2n":2`, "decode query"}, {"log2n-zero", "the digest says that log2N is 1", `"log2n":0`, "decode query"},
				{"log2p-wrong", "the digest says that log2P is 7", `"log2p":8`, "decode query"}, {"log2p-zero", "the digest says that log2P is 7", `"log2p":0`, "decode query"},
				{"both-wrong", "neither is what the digest says", `"log2n":7,"log2p":1`, "decode query"},
				{"log2p-missing", "log2P has no default", `"log2p":null`, "hash encode"}, {"log2n-missing", "of keys alone log2N cannot be told", `"log2n":null`, "encode"},
			}, foreign("p", "n", "capacity_bits", "rice")),
		},
		filter("bip158", "bip158", bip158, 784931, [4]string{"BIP158-1", "BIP158-1 BIP158-2", "BIP158-1 BIP158-15", "BIP158-6"}),
		filter("decred-v1", "decred-v1", decredV1, 1<<20, [4]string{"DECRED-2", "DECRED-2 DECRED-3", "DECRED-2 DECRED-9", "DECRED-7"}),
		filter("decred-v2", "decred-v2", decredV2, 784931, [4]string{"DECRED-4", "DECRED-4 DECRED-5", "DECRED-4 DECRED-9", "DECRED-7"}),
		{
			format: "rice-delta", prefix: "rice", hexNames: true,
			hashParams: `{}`, encodeParams: `{"rice":28}`, readParams: riceRead, keyed: riceRead, keys: "5 20 29",
			paramSpec: "RICE-3 GCS-15",
			value:     func() stream { return delta(2).draw("+15 +9 ~").from(5) },
			bad: append([]badParam{
				{"rice-minus-1", "the least parameter is 2", `"rice":-1`, ""}, {"rice-0", "0 is for a single value", `"rice":0`, "encode decode query"},
				{"rice-1", "the least parameter is 2", `"rice":1`, ""}, {"rice-29", "the largest parameter is 28", `"rice":29`, ""},
				{"rice-8-bits", "2 and 256", `"rice":258`, ""}, {"rice-32-bits", "2 and 2^32", `"rice":4294967298`, ""},
				{"first-minus-1", "the first value is 0 at least", `"first":-1`, ""}, {"first-large", "the first value has 32 bits", `"first":4294967296`, ""},
				{"first-32-bits", "5 and 2^32", `"first":4294967301`, ""},
				{"count-minus-1", "the count is 0 at least", `"count":-1`, ""}, {"count-large", "the count has 31 bits", `"count":2147483648`, ""},
				{"count-32-bits", "2 and 2^32", `"count":4294967298`, ""},
				{"count-all", "the first value is not counted", `"count":3`, "encode"},
				{"first-more", "the first value is the least", `"first":20`, "encode"}, {"first-less", "the first value is one of the keys", `"first":4`, "encode"},
				{"rice-missing", "a reader needs all three", `"rice":null`, "decode query"}, {"first-missing", "a reader needs all three", `"first":null`, "decode query"},
				{"count-missing", "a reader needs all three", `"count":null`, "decode query"},
			}, foreign("p", "n", "capacity_bits", "m")...),
		},
		{
			format: "rice-delta-v5", prefix: "rice5",
			hashParams: `{"bits":64}`, encodeParams: `{"bits":64,"rice":62}`, readParams: wideList.params(), keyed: wideList.params(), keys: "5 20 29",
			paramSpec: "RICE-12 RICE-13 GCS-15",
			value:     func() stream { return wideList.stream },
			bad:       slices.Concat(wideBits(), wideBad(), foreign("p", "n", "capacity_bits", "m", "every")),
		},
		{
			format: "gcstool", prefix: "tool",
			hashParams: `{"n":1000,"p":1000003}`, encodeParams: `{"n":1000,"p":1000003}`, readParams: `{}`, keyed: `{"p":4}`, keys: "3 7",
			hash: toolKeys, encode: func(all []string) stream {
				d := onDisk(1000, 1000003, 1024, distinct(toolKeys(all))...)
				return stream{octets: d.octets(), keys: d.keys, picture: shortened(strings.Join(d.picture, " "))}
			},
			hashSpec: "TOOL-1", encodeSpec: "TOOL-1 TOOL-2 TOOL-12", querySpec: "TOOL-1 TOOL-14", paramSpec: "TOOL-2 GCS-15",
			value: func() stream { return stream{octets: onDisk(2, 4, 1024, 3, 7).octets()} },
			bad: slices.Concat(outside("p", 1, 1<<44, 4), outside("n", 0, 1<<40, 2), outside("every", 0, 1<<32, 1024), []badParam{
				{"hash-word", "no such hash", `"hash":"sha3"`, ""}, {"hash-case", "words are written in lower case", `"hash":"SHA1"`, ""},
				{"product", "N*P is below 2^64", `"n":1048576,"p":17592186044416`, ""}, {"product-more", "N*P does not wrap round", `"n":1048577,"p":17592186044416`, ""},
				{"p-wrong", "the file has another P", `"p":5`, "decode query"}, {"n-wrong", "the file has another N", `"n":3`, "decode query"}, {"n-none", "nor has it none", `"n":0`, "decode query encode"},
				{"n-less", "fewer names than keys", `"n":1`, "encode"},
			}, foreign("capacity_bits", "m", "rice", "bits", "key_hex")),
		},
	}
}

// wideBits are widths that keys of Safe Browsing v5 do not have.
func wideBits() (all []badParam) {
	for _, bits := range []int64{-64, -1, 0, 1, 16, 31, 33, 63, 65, 96, 127, 129, 255, 257, 320, 512, 65600, 1<<32 + 64} {
		id := strings.Replace(fmt.Sprint(bits), "-", "minus-", 1)
		all = append(all, badParam{"bits-" + id, "keys have 32, 64, 128 or 256 bits", fmt.Sprintf(`"bits":%d`, bits), ""})
	}
	return all
}

// wideBad are parameters that a list of three keys of 64 bits does not have.
func wideBad() []badParam {
	const read = "encode decode query"
	return []badParam{
		{"rice-minus-1", "the least parameter is 35", `"rice":-1`, ""}, {"rice-0", "0 is for a single value", `"rice":0`, read}, {"rice-34", "the least parameter is 35", `"rice":34`, ""},
		{"rice-63", "the largest parameter is 62", `"rice":63`, ""}, {"rice-8-bits", "35 and 2^8", `"rice":291`, ""}, {"rice-32-bits", "35 and 2^32", `"rice":4294967331`, ""},
		{"rice-missing", "0 is for a single value", `"rice":null`, "decode query"},
		{"count-minus-1", "the count is 0 at least", `"count":-1`, ""}, {"count-large", "the count has 31 bits", `"count":2147483648`, ""}, {"count-32-bits", "2 and 2^32", `"count":4294967298`, ""},
		{"count-all", "the first value is not counted", `"count":3`, "encode"}, {"count-less", "both differences are", `"count":1`, "encode"}, {"count-none", "both differences are", `"count":0`, "encode"},
		{"first", "first is the parameter of 32 bits", `"first":5`, ""}, {"first-alone", "first is the parameter of 32 bits", `"first":5,"first_hex":null`, ""},
		{"first-hex-short", "an octet is missing", `"first_hex":"00000000000005"`, ""}, {"first-hex-long", "an octet too many", `"first_hex":"000000000000000005"`, ""},
		{"first-hex-odd", "half an octet is missing", `"first_hex":"000000000000005"`, ""}, {"first-hex-letter", "no hex digit", `"first_hex":"000000000000000g"`, ""},
		{"first-hex-prefix", "hex digits alone", `"first_hex":"0x00000000000005"`, ""}, {"first-hex-space", "hex digits alone", `"first_hex":" 000000000000005"`, ""},
		{"first-hex-sign", "hex digits alone", `"first_hex":"+000000000000005"`, ""}, {"first-hex-line", "hex digits alone", `"first_hex":"0000000_00000005"`, ""},
		{"first-hex-empty", "no digits", `"first_hex":""`, ""},
		{"first-more", "the first value is the least", `"first_hex":"0000000000000014"`, "encode"}, {"first-less", "the first value is one of the keys", `"first_hex":"0000000000000004"`, "encode"},
		{"first-zero", "the first value is one of the keys", `"first_hex":"0000000000000000"`, "encode"},
	}
}

// distinct are the keys in ascending order, once each.
func distinct(keys []uint64) []uint64 {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// outside are values of a parameter that are not in its range: the next ones, and those that seem right
// in fewer bits.
func outside(name string, low, high, right int64) []badParam {
	give := func(id, why string, v int64) badParam {
		return badParam{slugged(name) + "-" + id, why, fmt.Sprintf("%q:%d", name, v), ""}
	}
	all := []badParam{
		give("minus-1", "below the least", -1), give("above", "one above the largest", high+1),
		give("8-bits", fmt.Sprintf("%d and 2^8", right), right+1<<8), give("16-bits", fmt.Sprintf("%d and 2^16", right), right+1<<16),
		give("32-bits", fmt.Sprintf("%d and 2^32", right), right+1<<32),
	}
	if low > 0 {
		all = append(all, give("0", "below the least", 0))
	}
	return slices.DeleteFunc(all, func(b badParam) bool {
		var v int64
		fmt.Sscan(b.members[strings.LastIndex(b.members, ":")+1:], &v)
		return low <= v && v <= high
	})
}

// slugged is the name of a parameter as a part of an id.
func slugged(name string) string { return strings.ReplaceAll(name, "_", "-") }

// foreign are parameters of other formats.
func foreign(names ...string) (all []badParam) {
	for _, name := range names {
		value := "1"
		if name == "key_hex" {
			value = `"` + zeroKey + `"`
		}
		all = append(all, badParam{"foreign-" + slugged(name), "a parameter of another format", fmt.Sprintf("%q:%s", name, value), ""})
	}
	return all
}

// instead are the parameters with some members in the place of others.
func instead(params, members string) string {
	var kept []string
	for _, m := range strings.Split(strings.Trim(params, "{}"), ",") {
		name, _, _ := strings.Cut(m, ":")
		if m != "" && !strings.Contains(","+members, ","+name+":") {
			kept = append(kept, m)
		}
	}
	for _, m := range strings.Split(members, ",") {
		if !strings.HasSuffix(m, ":null") {
			kept = append(kept, m)
		}
	}
	return "{" + strings.Join(kept, ",") + "}"
}

func kindFiles() (all []*file) {
	all = commonFiles()
	for _, s := range subjects() {
		all = append(all, s.parameters())
		if s.hash != nil {
			all = append(all, s.names())
		}
	}
	return append(all, bloomKinds(), riceNames(), riceV5Names(), wideRaw(), wideFormats("go-casper"), wideFormats("cache-digest"), wideFormats("bip158"), wideFormats("decred-v1"),
		wideFormats("decred-v2"), wideFormats("rice-delta"), wideH2O("h2o"), wideH2O("h2o-2.0"),
		orderRaw(), orderH2O("h2o"), orderH2O("h2o-2.0"), orderGoCasper(), orderDigest(), orderFilter("bip158"), orderFilter("decred-v1"), orderFilter("decred-v2"), orderRice(),
		goCasperTails(), digestHeaders())
}

// newer is a file of version 1.1.0.
func newer(format, topic string, text bool) *file {
	return &file{format: format, topic: topic, text: text, since: "1.1.0"}
}

// parameters are those that must be refused, in every operation.
func (s subject) parameters() *file {
	f := newer(s.format, "parameters", s.text)
	value := f.value(s.value().octets)
	for _, op := range []string{"hash", "encode", "decode", "query"} {
		if op == "hash" && s.noHash {
			continue
		}
		for _, b := range s.bad {
			if b.ops != "" && !slices.Contains(strings.Fields(b.ops), op) {
				continue
			}
			// A count of items tells how names are hashed; where none is given it follows.
			in, params := vectors.Input{}, s.readParams
			switch op {
			case "hash":
				params, in = s.hashParams, s.oneName()
			case "encode":
				params, in = s.keyed, keys(s.keys)
			case "decode":
				in = value
			case "query":
				in = keys(strings.Fields(s.keys)[0])
				in.Text, in.BytesHex = value.Text, value.BytesHex
			}
			f.add(op, fmt.Sprintf("%s-%s-%s", s.prefix, op, "given-"+b.id), b.why, s.paramSpec, instead(params, b.members), in, vectors.Answer{Error: "bad-parameter"})
		}
	}
	return f
}

func (s subject) oneName() vectors.Input {
	if s.format == "rice-delta" {
		return namesHex("05000000")
	}
	if s.hexNames {
		return hexed(words[:1])
	}
	return names("/index.html")
}

// oddNames are names of which programs like to make others.
var oddNames = []struct{ id, why, name string }{
	{"nothing", "the empty name is a name", ""},
	{"nul", "an octet of zero does not end it", "/a\x00b.css"},
	{"nul-last", "an octet of zero at the end is part of it", "/nul.css\x00"},
	{"space-first", "a space in front is part of it", " /first.css"},
	{"space-last", "a space at the end is part of it", "/last.css "},
	{"space", "a space within", "/one two.css"},
	{"spaces", "two spaces are not one", "/one  two.css"},
	{"only-space", "a space alone is a name", " "},
	{"tab", "a tab", "/one\ttwo.css\t"},
	{"line-feed", "a line break at the end", "/line.css\n"},
	{"crlf", "both line breaks within", "/a\r\nb.css"},
	{"delete", "a control octet", "/\x7f.css"},
	{"plus", "a plus is no space", "/a+b.css"},
	{"slash-escaped", "an escape is not undone", "/a%2Fb.css"},
	{"escape-cut", "nor is half an escape an error", "/a%2"},
	{"upper", "case is kept", "/UPPER.CSS"},
	{"backslash", "a backslash is no slash", `/a\b.css`},
	{"quote", "quotes are part of it", `"/a.css"`},
	{"semicolon", "a semicolon does not end it", "/a;b.css"},
	{"comma", "nor does a comma", "/a,b.css"},
	{"question", "an empty query is part of it", "/a.css?"},
	{"hash-sign", "an empty fragment is part of it", "/a.css#"},
	{"slash-last", "a slash at the end is part of it", "/a.css/"},
	{"slashes", "two slashes are not one", "/a//b.css"},
	{"no-slash", "no slash is put in front", "a.css"},
	{"composed", "a letter with its accent in one", "/caf\u00e9.css"},
	{"decomposed", "the same in two: text is not normalised", "/cafe\u0301.css"},
	{"bom", "a byte order mark is part of it", "\ufeff/a.css"},
	{"no-utf8", "octets that are no UTF-8", "/\xff\xfe.css"},
	{"cut-utf8", "half a letter of UTF-8", "/caf\xc3"},
	{"surrogate", "half a pair of UTF-16, which UTF-8 does not have", "/\xed\xa0\x80.css"},
	{"octets-127", "127 octets", "/" + strings.Repeat("a", 126)},
	{"octets-255", "255 octets", "/" + strings.Repeat("c", 254)},
	{"octets-256", "256 octets", "/" + strings.Repeat("d", 255)},
	{"octets-257", "257 octets", "/" + strings.Repeat("e", 256)},
	{"octets-1025", "1,025 octets", "/" + strings.Repeat("f", 1024)},
	{"octets-4097", "4,097 octets", "/" + strings.Repeat("g", 4096)},
}

// nearNames are others, of which the same programs would make plainNames.
var (
	plainNames = []string{"/a.css", "/b.css", "/a b.css", "a", "/", "/a/b.css", "/caf\u00e9.css", "/nin\u0303o.css", "/a%41.css", "/tab\t.css"}
	nearNames  = []string{
		" /a.css", "/a.css ", "/a.css\x00", "/a.css\n", "/A.CSS", "/a.css?", "/a.css#", "/a.css/", "/a+b.css", "/a%20b.css", "//a.css", "\ufeff/a.css", "./a.css", "/a.cs", "/a.css.", "A", "", "/./b.css", "b.css",
		"/a//b.css", "/a  b.css", "/cafe\u0301.css", "/ni\u00f1o.css", "/aA.css", "/tab .css", "/a.css;", "/a.css,", "/a.css;b", "/a.css,b", "/a.css?b", "/a.css#b", "\"/a.css\"", "/a\\b.css", "/a\tb.css", "/a.css\x00b",
		"/a.css\r\n", "/A%41.CSS", "/caf\u00c9.css", "/\x7fa.css",
	}
)

func asNames(hexNames bool, all ...string) vectors.Input {
	if hexNames || slices.ContainsFunc(all, func(s string) bool { return !utf8.ValidString(s) }) {
		return hexed(all)
	}
	return names(all...)
}

// names are hashed, put into a set and asked for: each as it is.
func (s subject) names() *file {
	f := newer(s.format, "names", s.text)
	var all []string
	for _, n := range oddNames {
		f.hash(s.prefix+"-hash-name-"+n.id, n.why, s.hashSpec, s.hashParams, asNames(s.hexNames, n.name), s.hash([]string{n.name}))
		if n.name != "" || s.format != "decred-v2" { // where empty items do not count
			all = append(all, n.name)
		}
	}
	repeats := []string{"/b.css", "/a.css", "/b.css"}
	if !strings.HasPrefix(s.format, "decred") && s.format != "bip158" {
		f.hash(s.prefix+"-hash-name-repeated", "keys come in the order of the names, repeats among them", s.hashSpec, s.hashParams, names(repeats...), s.hash(repeats))
	} else {
		f.hash(s.prefix+"-hash-name-repeated", "values come in the order of the items, repeats among them", s.hashSpec, s.hashParams, hexed(repeats), s.hash(repeats))
	}
	value := s.encode(all)
	f.encodeNames(s.prefix+"-encode-names-odd", "names of which programs like to make others", s.encodeSpec, s.encodeParams, asNames(s.hexNames, all...), value)
	yes := strings.Repeat("1", len(all))
	f.query(s.prefix+"-query-names-odd", "names of which programs like to make others, all there", s.querySpec, s.readParams, f.value(value.octets), asNames(s.hexNames, all...), yes)
	plain := plainNames
	value = s.encode(plain)
	var near []string
	for _, n := range nearNames {
		// By chance, a key may be there.
		if s.format == "bip158" || strings.HasPrefix(s.format, "decred") || !slices.ContainsFunc(s.hash(plain), func(k uint64) bool { return k == s.hash([]string{n})[0] }) {
			near = append(near, n)
		}
	}
	asked := append(slices.Clone(plain), near...)
	f.query(s.prefix+"-query-names-near", "names that are there, and near ones that are not", s.querySpec, s.readParams, f.value(value.octets), asNames(s.hexNames, asked...),
		strings.Repeat("1", len(plain))+strings.Repeat("0", len(near)))
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprintf("/asset/%d", i))
	}
	var answers strings.Builder
	value = s.encode(many[:1])
	there := s.hash(many[:1])[0]
	for i, n := range many {
		yes := i == 0 || s.hash([]string{n})[0] == there && !s.hexNames
		answers.WriteString(map[bool]string{true: "1", false: "0"}[yes])
	}
	f.query(s.prefix+"-query-300", "300 names, of which the first is there", s.querySpec, s.readParams, f.value(value.octets), asNames(s.hexNames, many...), answers.String()).flag("large")
	return f
}

// riceNames are prefixes, of which every octet counts.
func riceNames() *file {
	f := newer("rice-delta", "names", false)
	odd := []string{"00000000", "20202020", "61006200", "0a0d0a0d", "ffffffff", "00000080", "80000000", "efbbbf41", "2b2b2b2b", "41424344", "61626364", "0000ff00"}
	var all []uint64
	for _, h := range odd {
		octets, _ := hex.DecodeString(h)
		all = append(all, littleEndian(octets))
		f.hash("rice-hash-name-"+h, "the octets as they are", "RICE-1", `{}`, namesHex(h), all[len(all)-1:])
	}
	f.hash("rice-hash-name-repeated", "numbers come in the order of the prefixes, repeats among them", "RICE-1", `{}`, namesHex(odd[1], odd[0], odd[1]), []uint64{all[1], all[0], all[1]})
	f.refuseNames("hash", "rice-hash-name-second", "the second prefix has three octets", "RICE-1", `{}`, "bad-parameter", namesHex("00000000", "000000"))
	set := slices.Clone(all)
	slices.Sort(set)
	s := delta(28).draw(sorted(less(set[1:], set[0])) + "~").from(int64(set[0]))
	f.encodeNames("rice-encode-names-odd", "prefixes of all kinds", "RICE-1 RICE-6", `{"rice":28}`, namesHex(odd...), s)
	f.encodeNames("rice-encode-names-repeated", "a prefix that is there twice counts once", "RICE-1 RICE-6", `{"rice":28}`, namesHex(append(odd, odd[3])...), s)
	f.refuseNames("encode", "rice-encode-names-short", "a prefix of three octets", "RICE-1", `{"rice":28}`, "bad-parameter", namesHex("000000"))
	f.refuseNames("encode", "rice-encode-names-long", "a prefix of five octets", "RICE-1", `{"rice":28}`, "bad-parameter", namesHex("0000000000"))
	params := riceParams(28, int64(set[0]), int64(len(set)-1))
	f.query("rice-query-names-odd", "prefixes of all kinds, all there", "RICE-1 RICE-10", params, f.value(s.octets), namesHex(odd...), strings.Repeat("1", len(odd)))
	f.query("rice-query-names-near", "near ones, which are not", "RICE-1 RICE-10", params, f.value(s.octets), namesHex("00000001", "20202000", "61626300", "44434241", "61626362", "ff000000"), "000000")
	for _, bad := range []string{"", "000000", "0000000000"} {
		f.refuseQuery(fmt.Sprintf("rice-query-names-%d", len(bad)/2), "a prefix has four octets", "RICE-1 RICE-10", params, "bad-parameter", f.value(s.octets), namesHex(bad))
	}
	return f
}

// riceV5Names are expressions, as the names of other formats are.
func riceV5Names() *file {
	f := newer("rice-delta-v5", "names", false)
	const bits = 64
	number := func(name string) *big.Int { return bigNumber(expression(name, bits)) }
	var all []string
	for _, n := range oddNames {
		all = append(all, n.name)
		f.add("hash", "rice5-hash-name-"+n.id, n.why, "RICE-11", `{"bits":64}`, asNames(false, n.name), vectors.Answer{Keys: []string{expression(n.name, bits)}})
	}
	f.add("hash", "rice5-hash-name-repeated", "keys come in the order of the names, repeats among them", "RICE-11", `{"bits":64}`, names("/b.css", "/a.css", "/b.css"),
		vectors.Answer{Keys: []string{expression("/b.css", bits), expression("/a.css", bits), expression("/b.css", bits)}})
	f.add("hash", "rice5-hash-name-none", "no name, no key", "RICE-11", `{"bits":64}`, names(), vectors.Answer{Keys: []string{}})
	made := func(all []string) wide {
		var numbers []*big.Int
		for _, n := range all {
			numbers = append(numbers, number(n))
		}
		slices.SortFunc(numbers, (*big.Int).Cmp)
		notation := ""
		for i, n := range numbers[1:] {
			notation += fmt.Sprintf("+%d ", new(big.Int).Sub(n, numbers[i]))
		}
		return list(bits, bits-2, numbers[0].String(), notation+"~")
	}
	w := made(all)
	f.encodeWide("rice5-encode-names-odd", "names of which programs like to make others", "RICE-11 RICE-15", w).Input = asNames(false, all...)
	f.encodeWide("rice5-encode-names-repeated", "a name that is there twice counts once", "RICE-11 RICE-15", made(all[:4])).Input = names(all[0], all[1], all[2], all[3], all[1])
	f.refuseNames("encode", "rice5-encode-no-names", "a list has a first value", "RICE-15", `{"bits":64,"rice":62}`, "bad-parameter", names())
	f.query("rice5-query-names-odd", "names of which programs like to make others, all there", "RICE-11 RICE-18", w.params(), f.value(w.octets), asNames(false, all...), strings.Repeat("1", len(all)))
	w = made(plainNames)
	f.query("rice5-query-names-near", "names that are there, and near ones that are not", "RICE-11 RICE-18", w.params(), f.value(w.octets), names(append(slices.Clone(plainNames), nearNames...)...),
		strings.Repeat("1", len(plainNames))+strings.Repeat("0", len(nearNames)))
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprintf("/asset/%d", i))
	}
	w = made(many[:1])
	f.query("rice5-query-300", "300 names, of which the first is there", "RICE-11 RICE-18", w.params(), f.value(w.octets), names(many...), "1"+strings.Repeat("0", 299)).flag("large")
	return f
}

func less(all []uint64, by uint64) []uint64 {
	out := slices.Clone(all)
	for i := range out {
		out[i] -= by
	}
	return out
}

// bloomKinds are the kinds for the one format that can only be asked.
func bloomKinds() *file {
	f := newer("h2-auto-push", "kinds", true)
	var all []string
	for _, n := range oddNames {
		if utf8.ValidString(n.name) {
			all = append(all, n.name)
		}
	}
	ask := func(id, why, spec string, text string, asked []string, answers string) *vector {
		return f.query("bloom-"+id, why, spec, `{}`, vectors.Input{Text: &text}, names(asked...), answers)
	}
	refuse := func(id, why, spec, kind, text string) *vector {
		return f.refuseQuery("bloom-"+id, why, spec, `{}`, kind, vectors.Input{Text: &text}, names("/a.css"))
	}
	const spec = "BLOOM-2 BLOOM-3 BLOOM-4"
	for _, n := range all {
		i := slices.IndexFunc(oddNames, func(o struct{ id, why, name string }) bool { return o.name == n })
		octets := bloom(960, n)
		ask("query-name-"+oddNames[i].id, oddNames[i].why, spec, *standard(octets).Text, []string{n, n + "x", strings.TrimSpace(n) + "/"}, "1"+holds(octets, n+"x")+holds(octets, strings.TrimSpace(n)+"/"))
	}
	octets := bloom(3200, all...)
	ask("query-names-odd", "names of which programs like to make others, all there", spec, *standard(octets).Text, all, strings.Repeat("1", len(all)))
	for _, n := range []string{"/\u00e9\u4e2d\U0001f600", "/\u0100", "/\u00ff", "/\uffff", "/\U00010000"} {
		octets := bloom(960, n)
		ask(fmt.Sprintf("query-units-%x", n[1:]), "code units of UTF-16, high octet first if it is not 0", spec, *standard(octets).Text, []string{n, "/a.css"}, "1"+holds(octets, "/a.css"))
	}
	// A bit that is missing in each of the seven places, of paths with places of both signs.
	for _, path := range []string{"/", "/a.css", "/b.css", "/c.css", "/index.html"} {
		places := bloomBits(path, 960)
		for i, p := range places {
			if slices.Contains(places[:i], p) {
				continue
			}
			octets := bloom(960, path)
			octets[p/8] &^= 1 << (p % 8)
			ask(fmt.Sprintf("query-missing-%s-%d", slug("x"+path), i), fmt.Sprintf("of the seven bits only number %d is not set", i+1), spec, *standard(octets).Text, []string{path}, "0")
			var one [120]byte
			for j := range one {
				one[j] = 0xff
			}
			one[p/8] &^= 1 << (p % 8)
			ask(fmt.Sprintf("query-hole-%s-%d", slug("x"+path), i), "all bits but one are set", spec, *standard(one[:]).Text, []string{path}, "0")
		}
	}
	plus := bloom(96, "/")
	for i := range plus {
		plus[i] |= 0xfb
	}
	ask("text-plus", "a plus is a character of the alphabet, and no space", "BLOOM-1", *standard(plus).Text, []string{"/", "/a.css"}, "1"+holds(plus, "/a.css"))
	ask("text-plus-escaped", "the same percent-encoded", "BLOOM-1", strings.ReplaceAll(*standard(plus).Text, "+", "%2B"), []string{"/", "/a.css"}, "1"+holds(plus, "/a.css"))
	ask("text-letters-escaped", "any character may be percent-encoded", "BLOOM-1", "%41ACAEEIII%51A%3D", []string{"/", "/a.css"}, "10")
	for _, t := range []struct{ id, why, text string }{
		{"escaped-twice", "an escape is undone once", "AACAEEIIIQA%253D"},
		{"escaped-percent", "a percent sign is no character of the alphabet", "AACAEEIIIQA%25"},
		{"percent-alone", "a percent sign at the end", "AACAEEIIIQA=%"},
		{"percent-one", "one hex digit at the end", "AACAEEIIIQA%3"},
		{"percent-g", "the second is no hex digit", "AACAEEIIIQA%3G"},
		{"percent-g-first", "the first is no hex digit", "AACAEEIIIQA%G3"},
		{"percent-space", "a space is no hex digit", "AACAEEIIIQA%%203D"},
		{"percent-sign", "a sign is no hex digit", "AACAEEIIIQA%+3"},
		{"percent-x", "nor is an x", "AACAEEIIIQA%0x3D"},
		{"percent-nul", "an escaped octet of zero", "AACAEEIIIQA=%00"},
		{"percent-high", "an escaped octet above 127", "AACAEEIIIQA=%ff"},
		{"spare-8", "unused bits behind eight octets", "AACAEEIIIQB="},
		{"spare-8-second", "the other unused bit", "AACAEEIIIQC="},
		{"spare-4", "the fourth unused bit behind four octets", "AQIDBI=="},
		{"pad-one-more", "three padding characters", "AQIDBA==="},
		{"pad-four", "four padding characters", "AQIDBA===="},
		{"pad-after-whole", "padding where none is needed", "////////////////===="},
		{"pad-one-after-whole", "a padding character where none is needed", "////////////////="},
		{"pad-first", "padding in front", "=AACAEEIIIQA"},
		{"pad-within", "padding within", "AQIDBA==AQIDBA=="},
		{"pad-alone", "padding alone", "===="},
		{"pad-three", "a character and three padding characters", "A==="},
		{"unpadded-8", "the padding of eight octets is missing", "AACAEEIIIQA"},
		{"one-character", "one character is no octet", "A"},
		{"carriage-return", "a carriage return at the end", "AACAEEIIIQA=\r"},
		{"space-first", "a space in front", " AACAEEIIIQA="},
		{"space-last", "a space at the end", "AACAEEIIIQA= "},
		{"tab", "a tab", "AACA\tEEIIIQA="},
		{"nul", "an octet of zero", "AACAEEIIIQA=\x00"},
		{"high", "a letter that is no ASCII", "AACAEEIIIQ\u00c1="},
		{"minus", "a minus is of the other alphabet", "AACAEEIIIQ-="},
		{"underline", "so is an underline", "_____w=="},
		{"quote", "a quoted value", `"AACAEEIIIQA="`},
	} {
		refuse("text-"+t.id, t.why, "BLOOM-1 BLOOM-6", "bad-text", t.text)
	}
	for _, n := range []int{1, 2, 3, 5, 6, 7, 9, 1023} {
		refuse(fmt.Sprintf("octets-%d", n), fmt.Sprintf("%d octets are no whole words", n), "BLOOM-7", "truncated", *standard(make([]byte, n)).Text)
	}
	f.refuseQuery("bloom-octets-hex-5", "five octets are no whole words", "BLOOM-7", `{}`, "truncated", vectors.Input{BytesHex: new("0000000000")}, names("/"))
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprintf("/%d", i))
	}
	some := bloom(3200, many[299])
	found := ""
	for _, n := range many {
		found += holds(some, n)
	}
	ask("query-300", "300 paths, of which the last is there", spec, *standard(some).Text, many, found).flag("large")
	// The limit.
	most := 1 << 16
	ones := strings.Repeat("/", most)
	ask("limit-at", "65,536 characters are read", "BLOOM-8", ones, []string{"/", "/a.css"}, "11").flag("boundary", "large")
	refuse("limit-above", "65,537 characters are not", "BLOOM-8", "limit", ones+"/").flag("boundary", "hostile")
	refuse("limit-escaped", "65,537 characters, which would be 65,535 without the escape", "BLOOM-1 BLOOM-8", "limit", "%2F"+ones[:most-2]).flag("boundary", "hostile")
	refuse("limit-star", "what is too long is not looked at: it has a character of no alphabet", "BLOOM-8", "limit", "*"+ones).flag("order")
	// Two faults.
	refuse("order-text", "a character of no alphabet, and no whole words", "BLOOM-6 BLOOM-7", "bad-text", "AA*AA===").flag("order")
	refuse("order-spare", "an unused bit, and no whole words", "BLOOM-6 BLOOM-7", "bad-text", "AB==").flag("order")
	f.refuseQuery("bloom-order-parameter", "a parameter of another format, and a bad character", "GCS-15", `{"p":1}`, "bad-parameter", vectors.Input{Text: new("*")}, names("/")).flag("order")
	for _, b := range foreign("p", "n", "m", "capacity_bits", "log2p", "rice", "key_hex") {
		f.refuseQuery("bloom-query-given-"+b.id, b.why, "GCS-15", "{"+b.members+"}", "bad-parameter", vectors.Input{Text: new("AACAEEIIIQA=")}, names("/"))
	}
	for n := 4; n <= 40; n += 4 { // every way in which text can end
		octets := bloom(int64(8*n), "/index.html")
		ask(fmt.Sprintf("query-octets-%d", n), fmt.Sprintf("a filter of %d octets", n), spec, *standard(octets).Text, []string{"/index.html", "/b.css", "/c.css"}, "1"+holds(octets, "/b.css")+holds(octets, "/c.css"))
	}
	return f
}

func texted(octets []byte) string { return base64.RawURLEncoding.EncodeToString(octets) }
