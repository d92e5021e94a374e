package main

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

func filterFiles() []*file {
	return []*file{
		bip158Hash(), bip158Encode(), bip158Decode(), bip158Errors(), bip158Query(), bip158Captured(),
		decredFile("decred-v1", "filters", decredV1), decredFile("decred-v2", "filters", decredV2),
	}
}

const (
	zeroKey = "00000000000000000000000000000000"
	someKey = "000102030405060708090a0b0c0d0e0f"
)

func sipKey(h string) [16]byte {
	octets, err := hex.DecodeString(h)
	if err != nil {
		panic(err)
	}
	return [16]byte(octets)
}

// filterParams are parameters as JSON; a zero or empty one is left out.
func filterParams(p, m uint64, key string) string {
	var all []string
	if p != 0 {
		all = append(all, fmt.Sprintf(`"p":%d`, p))
	}
	if m != 0 {
		all = append(all, fmt.Sprintf(`"m":%d`, m))
	}
	if key != "" {
		all = append(all, fmt.Sprintf(`"key_hex":%q`, key))
	}
	return "{" + strings.Join(all, ",") + "}"
}

// compactSize is the notation of a count.
func compactSize(n int) string {
	switch {
	case n < 253:
		return fmt.Sprintf("x%02x ", n)
	case n < 1<<16:
		return fmt.Sprintf("xfd%02x%02x ", n&0xff, n>>8)
	default:
		return fmt.Sprintf("xfe%02x%02x%02x%02x ", n&0xff, n>>8&0xff, n>>16&0xff, n>>24)
	}
}

func hexed(items []string) vectors.Input {
	in := vectors.Input{NamesHex: []string{}}
	for _, item := range items {
		in.NamesHex = append(in.NamesHex, hex.EncodeToString([]byte(item)))
	}
	return in
}

// values are the values of the items in a filter of n, sorted.
func values(key string, items []string, n, m uint64) []uint64 {
	all := each(items, func(item string) uint64 { return spread(sipKey(key), item, n, m) })
	slices.Sort(all)
	return all
}

var words = []string{"alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo", "lima"}

func bip158Hash() *file {
	f := &file{format: "bip158", topic: "hash"}
	for n := range 17 {
		item := "0123456789abcdef"[:n]
		f.hash(fmt.Sprintf("bip158-hash-%d-octets", n), "every length of the last block of SipHash", "BIP158-1", `{"key_hex":"`+someKey+`","n":1000}`,
			hexed([]string{item}), []uint64{spread(sipKey(someKey), item, 1000, 784931)})
	}
	for _, h := range []struct {
		id, why string
		n, m    uint64
	}{{"n1", "a filter of one item", 1, 784931}, {"m1", "a universe of N", 12, 1}, {"m-2-32", "the largest M", 12, 1 << 32}, {"widest", "a universe of nearly 2^64", 1<<32 - 1, 1 << 32}} {
		f.hash("bip158-hash-"+h.id, h.why, "BIP158-1 BIP158-6", fmt.Sprintf(`{"m":%d,"key_hex":"%s","n":%d}`, h.m, someKey, h.n), hexed(words[:2]),
			each(words[:2], func(item string) uint64 { return spread(sipKey(someKey), item, h.n, h.m) })).flag("boundary")
	}
	f.hash("bip158-hash-counted", "without n it is that of the different names", "BIP158-1 BIP158-2", filterParams(0, 0, zeroKey), hexed([]string{"alfa", "bravo", "alfa"}),
		each([]string{"alfa", "bravo", "alfa"}, func(item string) uint64 { return spread(sipKey(zeroKey), item, 2, 784931) }))
	for _, bad := range []struct{ id, params string }{
		{"key-missing", `{"n":1}`}, {"key-short", `{"key_hex":"0001","n":1}`}, {"key-long", `{"key_hex":"` + someKey + `00","n":1}`},
		{"key-no-hex", `{"key_hex":"zz0102030405060708090a0b0c0d0e0f","n":1}`},
		{"p-33", `{"p":33,"key_hex":"` + zeroKey + `"}`}, {"p-negative", `{"p":-1,"key_hex":"` + zeroKey + `"}`},
		{"m-0", `{"m":0,"key_hex":"` + zeroKey + `"}`}, {"m-large", `{"m":4294967297,"key_hex":"` + zeroKey + `"}`},
		{"n-negative", `{"key_hex":"` + zeroKey + `","n":-1}`},
	} {
		f.refuseNames("hash", "bip158-hash-"+bad.id, "P is 0 to 32, M is 1 to 2^32, a key has 16 octets", "BIP158-6", bad.params, "bad-parameter", hexed(words[:1]))
	}
	return f
}

func bip158Encode() *file {
	f := &file{format: "bip158", topic: "encode"}
	c := counted(19)
	f.encode("bip158-encode-empty", "the filter without items is one octet", "BIP158-5", `{}`, c.draw("x00"))
	f.encode("bip158-encode-one", "the value of the genesis block of the test network", "BIP158-3 BIP158-4", `{}`, c.draw("x01 @769941 ~"))
	f.encode("bip158-encode-zero", "the value 0", "BIP158-4", `{}`, c.draw("x01 @0 ~"))
	f.encode("bip158-encode-largest", "the largest value of one item", "BIP158-4 BIP158-7", `{}`, c.draw("x01 @784930 ~")).flag("boundary")
	f.encode("bip158-encode-unsorted", "values are sorted, and their repeats dropped", "BIP158-7", `{}`, c.draw("x03 @1 @769941 @2000000 ~")).input("2000000 769941 1 769941")
	for _, p := range []int{0, 1, 8, 32} {
		f.encode(fmt.Sprintf("bip158-encode-p%d", p), "P and M are independent of each other", "BIP158-4 BIP158-6", fmt.Sprintf(`{"p":%d,"m":50}`, p), counted(p).draw("x02 @7 @99 ~"))
	}
	for _, n := range []int{252, 253, 300} {
		var all []uint64
		for i := range uint64(n) {
			all = append(all, i*3)
		}
		f.encode(fmt.Sprintf("bip158-encode-n%d", n), "252 is the largest count in one octet, 253 the least in three", "BIP158-3", `{"p":1,"m":3}`,
			counted(1).draw(compactSize(n)+sorted(all)+"~")).flag("boundary", "large")
	}
	for _, set := range []struct {
		id, why string
		items   []string
		n       int
		p, m    uint64
	}{
		{"words", "twelve items", words, 12, 19, 784931},
		{"repeated", "a repeated item counts once", []string{"alfa", "bravo", "alfa", "alfa"}, 2, 19, 784931},
		{"empty-item", "the empty item is an item", []string{"", "alfa"}, 2, 19, 784931},
		{"none", "no items", nil, 0, 19, 784931},
		{"small", "P and M of one's own", words, 12, 10, 1024},
	} {
		distinct := slices.Clone(set.items)
		slices.Sort(distinct)
		distinct = slices.Compact(distinct)
		vs := values(someKey, distinct, uint64(set.n), set.m)
		f.encodeNames("bip158-encode-names-"+set.id, set.why, "BIP158-1 BIP158-2", filterParams(set.p, set.m, someKey), hexed(set.items),
			counted(int(set.p)).draw(compactSize(set.n)+sorted(vs)+"~"))
	}
	// M = 1 makes a universe of 12 for 12 items: several have the same value.
	vs := values(someKey, words, 12, 1)
	f.encodeNames("bip158-encode-names-colliding", "different items with one value are all counted", "BIP158-2 BIP158-4", filterParams(2, 1, someKey), hexed(words),
		counted(2).draw("x0c "+sorted(vs)+"~")).flag("collision")

	f.refuseKeys("bip158-encode-above-one", "the value N*M of one item", "BIP158-7", `{}`, "out-of-range", "784931").flag("boundary")
	f.refuseKeys("bip158-encode-above-two", "the value N*M of two items", "BIP158-7", `{}`, "out-of-range", "5 1569862").flag("boundary")
	f.refuseKeys("bip158-encode-above-repeated", "repeats do not count in N", "BIP158-7", `{}`, "out-of-range", "1000000 1000000")
	f.refuseKeys("bip158-encode-limit", "a quotient of 2^32-1", "BIP158-14", `{"p":0,"m":4294967296}`, "limit", "4294967295").flag("hostile")
	f.refuseKeys("bip158-encode-n-wrong", "n is not the number of values", "BIP158-6", `{"n":2}`, "bad-parameter", "5")
	f.refuseKeys("bip158-encode-p-33", "P is 32 at most", "BIP158-6", `{"p":33}`, "bad-parameter", "5").flag("boundary")
	f.refuseNames("encode", "bip158-encode-key-missing", "items are nothing without a key", "BIP158-6", `{}`, "bad-parameter", hexed(words[:1]))
	return f
}

func bip158Decode() *file {
	f := &file{format: "bip158", topic: "decode"}
	c := counted(19)
	f.decode("bip158-decode-empty", "the filter without items is one octet", "BIP158-5", `{}`, c.draw("x00"))
	f.decode("bip158-decode-one", "the genesis block of the test network", "BIP158-3 BIP158-4", `{}`, c.draw("x01 @769941 ~"))
	f.decode("bip158-decode-zero", "the value 0", "BIP158-4", `{}`, c.draw("x01 @0 ~"))
	f.decode("bip158-decode-largest", "the largest value of one item", "BIP158-11", `{}`, c.draw("x01 @784930 ~")).flag("boundary")
	f.decode("bip158-decode-repeats", "values that collided", "BIP158-4", `{}`, c.draw("x04 @5 @5 @5 @2000000 ~")).flag("collision")
	f.decode("bip158-decode-n", "a count that agrees with the filter", "BIP158-6", `{"n":1}`, c.draw("x01 @769941 ~"))
	f.decode("bip158-decode-key", "reading takes no key, but may be given one", "BIP158-6", filterParams(0, 0, someKey), c.draw("x01 @769941 ~"))
	for _, p := range []int{0, 1, 8, 32} {
		f.decode(fmt.Sprintf("bip158-decode-p%d", p), "P and M are independent of each other", "BIP158-4 BIP158-6", fmt.Sprintf(`{"p":%d,"m":50}`, p), counted(p).draw("x02 @7 @99 ~"))
	}
	for _, n := range []int{252, 253, 300} {
		var all []uint64
		for i := range uint64(n) {
			all = append(all, i*3)
		}
		f.decode(fmt.Sprintf("bip158-decode-n%d", n), "252 is the largest count in one octet, 253 the least in three", "BIP158-3", `{"p":1,"m":3}`,
			counted(1).draw(compactSize(n)+sorted(all)+"~")).flag("boundary", "large")
	}
	return f
}

func bip158Errors() *file {
	f := &file{format: "bip158", topic: "decode-errors"}
	c := counted(19)
	for _, e := range []struct{ id, why, spec, kind, bits string }{
		{"none", "no octet, no count", "BIP158-8", "truncated", "!"},
		{"count-cut-3", "a count of three octets ends after two", "BIP158-8", "truncated", "! xfd01"},
		{"count-cut-5", "a count of five octets ends after four", "BIP158-8", "truncated", "! xfe000001"},
		{"count-cut-9", "a count of nine octets ends after one", "BIP158-8", "truncated", "! xff"},
		{"count-wide-3", "the count 252 in three octets", "BIP158-9", "non-canonical", "! xfdfc00 0*128"},
		{"count-wide-1", "the count 1 in three octets", "BIP158-9", "non-canonical", "! xfd0100 @769941 ~"},
		{"count-wide-0", "the count 0 in three octets", "BIP158-9", "non-canonical", "! xfd0000"},
		{"count-wide-5", "the count 65,535 in five octets", "BIP158-9", "non-canonical", "! xfeffff0000"},
		{"count-wide-9", "the count 2^32-1 in nine octets", "BIP158-9", "non-canonical", "! xffffffffff00000000"},
		{"count-limit", "the count 2^32", "BIP158-10", "limit", "! xff0000000001000000"},
		{"count-limit-most", "the count 2^64-1", "BIP158-10", "limit", "! xffffffffffffffffff"},
		{"count-only", "a count of one, and nothing behind it", "BIP158-12", "truncated", "x01 !"},
		{"count-hostile", "a count of 2^32-1 in five octets", "BIP158-12 BIP158-13", "truncated", "xfeffffffff ! 0*16"},
		{"count-two", "a count of two, and one value", "BIP158-12", "truncated", "x02 @769941 ! 000"},
		{"cut-remainder", "a remainder that lacks its last octet", "BIP158-12", "truncated", "x01 ! 10 01110111111100"},
		{"cut-quotient", "a quotient without end", "BIP158-12", "truncated", "x01 ! 1*64"},
		{"octet", "an octet too many", "BIP158-12", "trailing-data", "x01 @769941 ! ~ 0*8"},
		{"octet-empty", "an octet behind the empty filter", "BIP158-5 BIP158-12", "trailing-data", "x00 ! 0*8"},
		{"second-value", "a value more than the count", "BIP158-12", "trailing-data", "x01 @769941 ! +5 ~"},
		{"pad-first", "the first pad bit is 1", "BIP158-12", "nonzero-padding", "x01 @769941 ! 1 ~"},
		{"pad-last", "the last pad bit is 1", "BIP158-12", "nonzero-padding", "x01 @769941 00 ! 1"},
		{"out-of-range", "the value N*M of one item", "BIP158-11", "out-of-range", "x01 ! @784931 ~"},
		{"out-of-range-second", "the value N*M of two items", "BIP158-11", "out-of-range", "x02 @5 ! @1569862 ~"},
		{"out-of-range-quotient", "a quotient far beyond N*M", "BIP158-11", "out-of-range", "x01 ! 1*500 0 0*19 ~"},
		{"mixup-decred-v1", "a count of four octets is no count of one", "BIP158-12", "trailing-data", "x00 ! x000001 @769941 ~"},
	} {
		v := f.refuse("bip158-"+e.id, e.why, e.spec, `{}`, e.kind, c.draw(e.bits))
		if strings.HasPrefix(e.id, "count-") || strings.HasPrefix(e.id, "out-of-range") || e.id == "cut-quotient" {
			v.flag("hostile")
		}
		if strings.HasPrefix(e.id, "mixup") {
			v.flag("mix-up")
		}
	}
	for _, bad := range []struct{ id, why, params string }{
		{"p-33", "P is 32 at most", `{"p":33}`}, {"m-0", "M is at least 1", `{"m":0}`}, {"m-large", "M is 2^32 at most", `{"m":4294967297}`},
		{"n-wrong", "the filter has another count", `{"n":2}`}, {"foreign", "a parameter of another format", `{"rice":19}`},
	} {
		f.add("decode", "bip158-decode-"+bad.id, bad.why, "BIP158-6", bad.params, vectors.Input{BytesHex: new("019dfca8")}, vectors.Answer{Error: "bad-parameter"})
	}
	for _, bad := range []struct{ id, why, key string }{
		{"short", "a key has 16 octets, even where it is not used", "zz"}, {"block", "a block's hash is no key", strings.Repeat("00", 32)},
	} {
		f.add("decode", "bip158-decode-key-"+bad.id, bad.why, "BIP158-6", `{"key_hex":"`+bad.key+`"}`, vectors.Input{BytesHex: new("019dfca8")}, vectors.Answer{Error: "bad-parameter"}).in("1.1.0")
	}
	return f
}

func bip158Query() *file {
	f := &file{format: "bip158", topic: "query"}
	vs := values(someKey, words, 12, 784931)
	v := f.value(counted(19).draw("x0c " + sorted(vs) + "~").octets)
	params := filterParams(0, 0, someKey)
	in := func(items ...string) vectors.Input { return hexed(items) }
	f.query("bip158-query-names", "items that are there, and others", "BIP158-1 BIP158-15", params, v, in("kilo", "mike", "alfa", "", "november"), "10100")
	f.query("bip158-query-key", "under another key the same items have other values", "BIP158-1 BIP158-15", filterParams(0, 0, zeroKey), v, in("kilo", "alfa"), "00")
	f.query("bip158-query-values", "values need no key", "BIP158-15", `{}`, v, keys(fmt.Sprint(vs[0], vs[0]+1, vs[11])), "101")
	f.query("bip158-query-empty", "the filter without items holds nothing", "BIP158-5 BIP158-15", params, f.value([]byte{0}), in("alfa", ""), "00")
	f.refuseQuery("bip158-query-trailing", "the filter must be readable as a whole", "BIP158-12 BIP158-15", params, "trailing-data", f.value(counted(19).draw("x01 @769941 ~ 0*8").octets), in("alfa"))
	f.refuseQuery("bip158-query-count", "a count that is not minimal, which some readers take for another filter", "BIP158-9 BIP158-15", params, "non-canonical", f.value(counted(19).draw("xfd0100 @769941 ~").octets), in("alfa"))
	return f
}

func bip158Captured() *file {
	f := &file{format: "bip158", topic: "captured"}
	var captured struct {
		GCS []struct {
			Height int      `json:"block_height"`
			Key    string   `json:"key_hex"`
			Items  []string `json:"items_hex"`
			N      int      `json:"n"`
			P      int      `json:"p"`
			M      uint64   `json:"m"`
			Filter string   `json:"filter_hex"`
		} `json:"gcs_level"`
	}
	capture("bip158", "bip158.json", &captured)
	for _, k := range captured.GCS {
		const program, how = "bitcoin/bips at 7fe0b034, bip-0158/testnet-19.json", "published with the specification; items read from the blocks"
		params := fmt.Sprintf(`{"p":%d,"m":%d,"key_hex":"%s"}`, k.P, k.M, k.Key)
		var items []string
		for _, h := range k.Items {
			octets, err := hex.DecodeString(h)
			if err != nil {
				panic(err)
			}
			items = append(items, string(octets))
		}
		vs := values(k.Key, items, uint64(len(items)), k.M)
		in := vectors.Input{NamesHex: append([]string{}, k.Items...)}
		f.add("encode", fmt.Sprintf("bip158-captured-encode-%d", k.Height), fmt.Sprintf("block %d of the test network", k.Height), "BIP158-1 BIP158-4", params, in,
			vectors.Answer{Keys: decimal(vs), BytesHex: &k.Filter}).from(program, how, "CC0-1.0")
		f.add("decode", fmt.Sprintf("bip158-captured-decode-%d", k.Height), fmt.Sprintf("block %d of the test network", k.Height), "BIP158-3 BIP158-4", params,
			vectors.Input{BytesHex: &k.Filter}, found(vs, true)).from(program, how, "CC0-1.0")
		present := make([]bool, len(items))
		for i := range present {
			present[i] = true
		}
		in.BytesHex = &k.Filter
		f.add("query", fmt.Sprintf("bip158-captured-query-%d", k.Height), "every item of the block is in its filter", "BIP158-15", params, in,
			vectors.Answer{Present: present}).from(program, how, "CC0-1.0")
	}
	return f
}

// A decred is one of Decred's two formats.
type decred struct {
	name   string
	p      uint64 // default
	params func(p, m uint64, key string) string
	count  func(n int) string
	value  func(key [16]byte, item string, n, m uint64) uint64
}

var decredV1 = decred{
	name: "decred-v1", p: 20,
	params: func(p, _ uint64, key string) string { return filterParams(p, 0, key) },
	count:  func(n int) string { return fmt.Sprintf("x%08x ", n) },
	value: func(key [16]byte, item string, n, m uint64) uint64 {
		if n == 0 {
			return 0
		}
		return sipHash(key, item) % (n * m)
	},
}

var decredV2 = decred{name: "decred-v2", p: 19, params: filterParams, count: compactSize, value: spread}

func decredFile(format, topic string, d decred) *file {
	f := &file{format: format, topic: topic}
	v1 := format == "decred-v1"
	spec := "DECRED-1 DECRED-2"
	m := uint64(1) << 20
	if !v1 {
		spec, m = "DECRED-4", 784931
	}
	c := counted(int(d.p))
	id := func(s string) string { return format + "-" + s }
	vs := func(items []string, n, m uint64) []uint64 {
		all := each(items, func(item string) uint64 { return d.value(sipKey(someKey), item, n, m) })
		slices.Sort(all)
		return all
	}
	params := d.params(0, 0, someKey)

	f.hash(id("hash-words"), "n is the number of items", spec, params, hexed(words), each(words, func(item string) uint64 { return d.value(sipKey(someKey), item, 12, m) }))
	f.hash(id("hash-n"), "n as given", spec, `{"key_hex":"`+someKey+`","n":1000}`, hexed(words[:3]), each(words[:3], func(item string) uint64 { return d.value(sipKey(someKey), item, 1000, m) }))
	f.refuseNames("hash", id("hash-key-missing"), "items are nothing without a key", "DECRED-7", `{}`, "bad-parameter", hexed(words[:1]))

	f.encode(id("encode-empty"), "the filter without items has no octets", "DECRED-6", `{}`, c.draw(""))
	f.encode(id("encode-one"), "one value", spec, `{}`, c.draw(d.count(1)+"@769941 ~"))
	f.encode(id("encode-two"), "two values", spec, `{}`, c.draw(d.count(2)+"@769941 @1000000 ~"))
	f.encode(id("encode-unsorted"), "values are sorted, and their repeats dropped", spec, `{}`, c.draw(d.count(2)+"@769941 @1000000 ~")).input("1000000 769941 1000000")
	f.encodeNames(id("encode-names"), "twelve items", spec, params, hexed(words), c.draw(d.count(12)+sorted(vs(words, 12, m))+"~"))
	twice := []string{"alfa", "bravo", "alfa"}
	if v1 {
		f.encodeNames(id("encode-names-repeated"), "a repeated item counts as often as it is there", "DECRED-3", params, hexed(twice), c.draw(d.count(3)+sorted(vs(twice, 3, m))+"~"))
		f.refuseKeys(id("encode-m"), "M is 2^P, and cannot be given", "DECRED-7", `{"m":784931}`, "bad-parameter", "5")
	} else {
		f.encodeNames(id("encode-names-repeated"), "a repeated item counts once", "DECRED-5", params, hexed(twice), c.draw(d.count(2)+sorted(vs(twice[:2], 2, m))+"~"))
		f.encodeNames(id("encode-names-empty-item"), "an empty item is left out, and does not count", "DECRED-5", params, hexed([]string{"", "alfa", ""}), c.draw(d.count(1)+sorted(vs(words[:1], 1, m))+"~"))
		f.encodeNames(id("encode-names-only-empty"), "nothing is left", "DECRED-5 DECRED-6", params, hexed([]string{""}), c.draw(""))
		f.encodeNames(id("encode-names-m"), "P and M of one's own", "DECRED-4", d.params(10, 1024, someKey), hexed(words), counted(10).draw(d.count(12)+sorted(vs(words, 12, 1024))+"~"))
	}
	f.refuseKeys(id("encode-above"), "the value N*M of one item", spec, `{}`, "out-of-range", fmt.Sprint(m)).flag("boundary")
	f.refuseKeys(id("encode-p-33"), "P is 32 at most", "DECRED-7", `{"p":33}`, "bad-parameter", "5")

	f.add("decode", id("decode-key-short"), "a key has 16 octets, even where it is not used", "DECRED-7 BIP158-6", `{"key_hex":"00"}`, f.value(nil), vectors.Answer{Error: "bad-parameter"}).in("1.1.0")
	f.decode(id("decode-empty"), "the filter without items has no octets", "DECRED-6", `{}`, c.draw(""))
	f.decode(id("decode-one"), "one value", spec, `{}`, c.draw(d.count(1)+"@769941 ~"))
	f.decode(id("decode-repeats"), "values that collided", spec, `{}`, c.draw(d.count(3)+"@5 @5 @1000000 ~")).flag("collision")
	f.decode(id("decode-largest"), "the largest value of one item", spec, `{}`, c.draw(fmt.Sprintf("%s @%d ~", d.count(1), m-1))).flag("boundary")
	f.decode(id("decode-words"), "twelve items", spec, `{}`, c.draw(d.count(12)+sorted(vs(words, 12, m))+"~"))
	f.query(id("query-names"), "items that are there, and others", spec+" DECRED-9", params, f.value(c.draw(d.count(12)+sorted(vs(words, 12, m))+"~").octets), hexed([]string{"kilo", "mike", "alfa"}), "101")
	f.query(id("query-empty"), "the filter without items holds nothing", "DECRED-6 DECRED-9", params, f.value(nil), hexed(words[:2]), "00")

	for _, e := range []struct{ id, why, spec, kind, bits string }{
		{"zero-count", "a count of zero is not written", "DECRED-6", "non-canonical", "! " + d.count(0)},
		{"count-cut", "the count is cut short", "DECRED-8", "truncated", map[bool]string{true: "! x000000", false: "! xfd01"}[v1]},
		{"count-only", "a count of one, and nothing behind it", "DECRED-8", "truncated", d.count(1) + "!"},
		{"count-hostile", "a count of 2^32-1 and two octets", "DECRED-8", "truncated", map[bool]string{true: "xffffffff", false: "xfeffffffff"}[v1] + " ! 0*16"},
		{"cut", "a quotient without end", "DECRED-8", "truncated", d.count(1) + "! 1*32"},
		{"octet", "an octet too many", "DECRED-8", "trailing-data", d.count(1) + "@769941 ! ~ 0*8"},
		{"pad", "the first pad bit is 1", "DECRED-8", "nonzero-padding", d.count(1) + "@769941 ! 1 ~"},
		{"out-of-range", "the value N*M of one item", "DECRED-8", "out-of-range", fmt.Sprintf("%s ! @%d ~", d.count(1), m)},
	} {
		f.refuse(id(e.id), e.why, e.spec, `{}`, e.kind, c.draw(e.bits))
	}
	if v1 {
		f.refuse(id("mixup-bip158"), "a filter of BIP 158 has a count of one octet", "DECRED-8", `{}`, "truncated", c.draw("x01 @769941 ~")).noOffset().flag("mix-up")
	} else {
		f.refuse(id("mixup-bip158-empty"), "the empty filter of BIP 158", "DECRED-6", `{}`, "non-canonical", c.draw("! x00")).flag("mix-up")
		f.refuse(id("count-wide"), "a count that is not minimal", "DECRED-4 BIP158-9", `{}`, "non-canonical", c.draw("! xfd0100 @769941 ~"))
	}
	return f
}
