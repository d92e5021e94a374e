package main

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/cache-aware/casper/vectors"
)

func riceFiles() []*file {
	return []*file{riceHash(), riceEncode(), riceDecode(), riceErrors(), riceQuery(), riceCaptured()}
}

// delta is the code of a list.
func delta(rice int) code { return code{rice: rice, ones: true, lsb: true, pad: "0"} }

func riceParams(rice int, first, count int64) string {
	return fmt.Sprintf(`{"rice":%d,"first":%d,"count":%d}`, rice, first, count)
}

// from counts the keys of a stream from the first value, which is one of them.
func (s stream) from(first int64) stream {
	lift := func(keys []uint64) []uint64 {
		lifted := []uint64{uint64(first)}
		for _, k := range keys {
			lifted = append(lifted, uint64(first)+k)
		}
		return lifted
	}
	s.keys = lift(s.keys)
	if s.fault >= 0 {
		s.before = lift(s.before)
	}
	return s
}

func riceHash() *file {
	f := &file{format: "rice-delta", topic: "hash"}
	for _, h := range []struct {
		id, hex, why string
		key          uint64
	}{
		{"least", "00000000", "the least prefix", 0}, {"first-octet", "01000000", "the first octet is the least significant", 1},
		{"last-octet", "00000001", "the last octet is the most significant", 1 << 24}, {"largest", "ffffffff", "the largest prefix", 1<<32 - 1},
		{"some", "291bc542", "no octet like another", 0x42c51b29},
	} {
		f.hash("rice-hash-"+h.id, h.why, "RICE-1", `{}`, namesHex(h.hex), []uint64{h.key})
	}
	f.hash("rice-hash-order", "keys come in the order of the names", "RICE-1", `{}`, namesHex("02000000", "01000000"), []uint64{2, 1})
	for _, bad := range []string{"", "000000", "0000000000"} {
		f.refuseNames("hash", fmt.Sprintf("rice-hash-%d-octets", len(bad)/2), "a prefix has four octets", "RICE-1", `{}`, "bad-parameter", namesHex(bad))
	}
	return f
}

func riceEncode() *file {
	f := &file{format: "rice-delta", topic: "encode"}
	for _, e := range []struct {
		id, why string
		rice    int
		first   int64
		bits    string
	}{
		{"example", "the values 5, 20 and 29", 2, 5, "+15 +9 ~"},
		{"single", "a single value: nothing is coded", 2, 5, ""},
		{"single-0", "a single value needs no parameter", 0, 5, ""},
		{"zero", "the value 0", 2, 0, "+1 ~"},
		{"ends", "the least value and the largest", 28, 0, "+4294967295 ~"},
		{"quotient", "a quotient of 40", 2, 0, "+163 ~"},
		{"octet", "codes that fill their octets", 6, 7, "+65"},
		{"rice-28", "the largest parameter", 28, 100, "+268435455 +268435456 +1 ~"},
	} {
		s := delta(e.rice).draw(e.bits).from(e.first)
		f.encode("rice-encode-"+e.id, e.why, "RICE-2 RICE-3", fmt.Sprintf(`{"rice":%d}`, e.rice), s)
		f.decode("rice-decode-"+e.id, e.why, "RICE-2 RICE-4", riceParams(e.rice, e.first, int64(len(s.keys)-1)), s)
	}
	for rice := 2; rice <= 28; rice += 2 {
		d := uint64(1) << rice
		s := delta(rice).draw(fmt.Sprintf("+%d +%d +1 ~", d-1, 2*d+1)).from(1)
		f.encode(fmt.Sprintf("rice-encode-r%d", rice), "a quotient of 0 and one of 2", "RICE-2", fmt.Sprintf(`{"rice":%d}`, rice), s)
	}
	s := delta(5).draw("+15 +9 ~").from(5)
	f.encode("rice-encode-unsorted", "values are sorted, and their repeats dropped", "RICE-6", `{"rice":5}`, s).input("29 5 20 5")
	f.encode("rice-encode-agreeing", "first value and count that agree", "RICE-7", riceParams(5, 5, 2), s)
	f.encodeNames("rice-encode-names", "prefixes of hashes", "RICE-1 RICE-6", `{"rice":5}`, namesHex("1d000000", "05000000", "14000000"), s)
	for _, bad := range []struct{ id, why, spec, params, kind, keys string }{
		{"above", "33 bits", "RICE-6", `{"rice":5}`, "out-of-range", "4294967296"},
		{"above-second", "the second value has 33 bits", "RICE-6", `{"rice":5}`, "out-of-range", "5 4294967296"},
		{"none", "a list has a first value", "RICE-6", `{"rice":5}`, "bad-parameter", ""},
		{"rice-1", "the least parameter is 2", "RICE-3", `{"rice":1}`, "bad-parameter", "5 6"},
		{"rice-0", "without a parameter nothing is coded", "RICE-3", `{"rice":0}`, "bad-parameter", "5 6"},
		{"rice-29", "the largest parameter is 28", "RICE-3", `{"rice":29}`, "bad-parameter", "5 6"},
		{"first", "the first value is another", "RICE-7", `{"rice":5,"first":4}`, "bad-parameter", "5 6"},
		{"count", "the count is another", "RICE-7", `{"rice":5,"count":2}`, "bad-parameter", "5 6"},
		{"limit", "2^30 bits for one difference", "RICE-8", `{"rice":2}`, "limit", "0 4294967295"},
	} {
		f.refuseKeys("rice-encode-"+bad.id, bad.why, bad.spec, bad.params, bad.kind, bad.keys)
	}
	return f
}

func riceDecode() *file {
	f := &file{format: "rice-delta", topic: "decode"}
	for rice := 2; rice <= 28; rice += 2 {
		d := uint64(1) << rice
		f.decode(fmt.Sprintf("rice-decode-r%d", rice), "a quotient of 0 and one of 2", "RICE-2 RICE-4", riceParams(rice, 1, 3),
			delta(rice).draw(fmt.Sprintf("+%d +%d +1 ~", d-1, 2*d+1)).from(1))
	}
	f.decode("rice-decode-repeats", "differences of 0 repeat a value", "RICE-4", riceParams(5, 9, 3), delta(5).draw("+0 +0 +4 ~").from(9))
	f.decode("rice-decode-largest", "the largest value", "RICE-5", riceParams(28, 4294967290, 1), delta(28).draw("+5 ~").from(4294967290)).flag("boundary")
	var bits []uint64
	for i := range uint64(300) {
		bits = append(bits, i*i*5)
	}
	f.decode("rice-decode-301", "301 values", "RICE-2", riceParams(10, 0, 300), delta(10).draw(sorted(bits)+"~").from(0)).flag("large")
	return f
}

func riceErrors() *file {
	f := &file{format: "rice-delta", topic: "decode-errors"}
	for _, e := range []struct {
		id, why, spec string
		rice          int
		first, count  int64
		kind, bits    string
	}{
		{"none", "a difference is announced, none is there", "RICE-4", 5, 3, 1, "truncated", "!"},
		{"missing", "three differences are announced, two are there", "RICE-4", 5, 5, 3, "truncated", "+15 +9 ! 0000"},
		{"cut-remainder", "a remainder of 28 bits is cut short", "RICE-4", 28, 5, 1, "truncated", "! 0 0*23"},
		{"quotient", "a quotient without end", "RICE-4", 2, 5, 1, "truncated", "! 1*64"},
		{"hostile", "a count of 2^31-1", "RICE-4 RICE-9", 2, 5, 2147483647, "truncated", "+15 +9 +0 ! 00"},
		{"octet", "an octet too many", "RICE-4", 2, 5, 2, "trailing-data", "+15 +9 ! ~ 0*8"},
		{"octet-single", "an octet where nothing is coded", "RICE-4", 2, 5, 0, "trailing-data", "! 0*8"},
		{"octet-single-0", "an octet where nothing is coded, without a parameter", "RICE-3 RICE-4", 0, 5, 0, "trailing-data", "! 0*8"},
		{"pad-first", "the first pad bit is 1", "RICE-4", 2, 5, 2, "nonzero-padding", "+15 +9 ! 1 ~"},
		{"pad-last", "the last pad bit is 1", "RICE-4", 2, 5, 2, "nonzero-padding", "+15 +9 0*4 ! 1"},
		{"overflow", "a value of 2^32", "RICE-5", 28, 4294967290, 1, "out-of-range", "! +6 ~"},
		{"overflow-second", "the second difference makes a value of 2^32", "RICE-5", 28, 4294967290, 2, "out-of-range", "+3 ! +3 ~"},
		{"overflow-quotient", "a quotient of 100 with remainders of 28 bits", "RICE-5", 28, 0, 1, "out-of-range", "! 1*100 0 0*28 ~"},
		{"overflow-after-largest", "a difference behind the largest value", "RICE-5", 2, 4294967295, 1, "out-of-range", "! +1 ~"},
	} {
		v := f.refuse("rice-"+e.id, e.why, e.spec, riceParams(e.rice, e.first, e.count), e.kind, delta(e.rice).draw(e.bits).from(e.first))
		if e.kind == "out-of-range" || e.id == "hostile" || e.id == "quotient" {
			v.flag("hostile")
		}
	}
	for _, bad := range []struct{ id, why, params string }{
		{"rice-0", "no parameter, and a difference", riceParams(0, 3, 1)}, {"rice-1", "the least parameter is 2", riceParams(1, 3, 1)},
		{"rice-29", "the largest parameter is 28", riceParams(29, 3, 1)}, {"rice-1-single", "1 is no parameter even of a single value", riceParams(1, 3, 0)},
		{"rice-negative", "the least parameter is 2", riceParams(-1, 3, 1)},
		{"rice-missing", "rice has no default", `{"first":3,"count":1}`}, {"first-missing", "nor has first", `{"rice":5,"count":1}`}, {"count-missing", "nor has count", `{"rice":5,"first":3}`},
		{"first-negative", "the first value is 0 at least", riceParams(5, -1, 1)}, {"first-large", "the first value has 32 bits", riceParams(5, 4294967296, 1)},
		{"count-negative", "the count is 0 at least", riceParams(5, 3, -1)}, {"count-large", "the count has 31 bits", riceParams(5, 3, 2147483648)},
	} {
		f.add("decode", "rice-decode-"+bad.id, bad.why, "RICE-3", bad.params, vectors.Input{BytesHex: new("6100")}, vectors.Answer{Error: "bad-parameter"})
	}
	msb := code{rice: 2, ones: true, pad: "0"}.draw("+15 +9 ~")
	mixed := slices.Clone(msb.octets) // 1110 11 110 10 read from the other end of each octet
	s := delta(2).draw("! x" + hex.EncodeToString(mixed)).from(5)
	s.fault = 13 // 11110 11 0 11 and 3 bits, then zeros
	f.refuse("rice-mixup-msb", "the same differences most significant bit first", "RICE-2 RICE-4", riceParams(2, 5, 2), "nonzero-padding", s).noOffset().flag("mix-up")
	return f
}

func riceQuery() *file {
	f := &file{format: "rice-delta", topic: "query"}
	v := f.value(delta(2).draw("+15 +9 ~").octets)
	params := riceParams(2, 5, 2)
	f.query("rice-query-keys", "values and their neighbours", "RICE-10", params, v, keys("4 5 6 20 29 30"), "010110")
	f.query("rice-query-names", "prefixes", "RICE-1 RICE-10", params, v, namesHex("14000000", "00000014"), "10")
	f.query("rice-query-single", "a single value", "RICE-10", riceParams(2, 5, 0), f.value(nil), keys("5 0"), "10")
	f.refuseQuery("rice-query-truncated", "the list must be readable as a whole", "RICE-4 RICE-10", riceParams(2, 5, 9), "truncated", v, keys("5"))
	return f
}

func riceCaptured() *file {
	f := &file{format: "rice-delta", topic: "captured"}
	var captured struct {
		Rice []struct {
			ID     string
			K      int
			Hex    string `json:"encoded_hex"`
			Deltas []uint64
		}
		Lists []struct {
			ID     string
			First  int64    `json:"first_value"`
			Rice   int      `json:"rice_parameter"`
			Count  int64    `json:"num_entries"`
			Hex    string   `json:"encoded_hex"`
			Values []uint64 `json:"values_uint32_ascending"`
		} `json:"hash_prefixes"`
		Errors []struct {
			ID    string
			First int64  `json:"first_value"`
			Rice  int    `json:"rice_parameter"`
			Count int64  `json:"num_entries"`
			Hex   string `json:"encoded_hex"`
		}
	}
	capture("ricedelta", "rice-delta.json", &captured)
	const google, how = "google/safebrowsing at bbf0d20, hash_test.go", "published test data"
	for _, k := range captured.Rice {
		sum := uint64(0)
		all := []uint64{0}
		for _, d := range k.Deltas {
			sum += d
			all = append(all, sum)
		}
		if sum > 1<<32-1 {
			continue // no list: the differences are tested alone there
		}
		f.add("decode", "rice-captured-decode-"+slug(k.ID), "differences, counted from 0", "RICE-2 RICE-4", riceParams(k.K, 0, int64(len(k.Deltas))),
			vectors.Input{BytesHex: &k.Hex}, found(all, true)).from(google, how, "Apache-2.0")
	}
	for _, k := range captured.Lists {
		f.add("decode", "rice-captured-decode-"+slug(k.ID), "a list of prefixes", "RICE-2 RICE-4", riceParams(k.Rice, k.First, k.Count),
			vectors.Input{BytesHex: &k.Hex}, found(k.Values, true)).from(google, how, "Apache-2.0")
		f.add("encode", "rice-captured-encode-"+slug(k.ID), "a list of prefixes", "RICE-2 RICE-6", fmt.Sprintf(`{"rice":%d}`, k.Rice),
			vectors.Input{Keys: decimal(k.Values)}, vectors.Answer{Keys: decimal(k.Values), BytesHex: &k.Hex}).from(google, how, "Apache-2.0")
	}
	for _, k := range captured.Errors {
		kind := "truncated"
		if k.Rice == 0 {
			kind = "bad-parameter"
		}
		f.add("decode", "rice-captured-"+slug(k.ID), "what Chromium refuses", "RICE-3 RICE-4", riceParams(k.Rice, k.First, k.Count),
			vectors.Input{BytesHex: &k.Hex}, vectors.Answer{Error: kind}).from("Chromium, v4_rice_unittest.cc", how, "BSD-3-Clause")
	}
	return f
}
