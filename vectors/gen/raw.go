package main

import (
	"fmt"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

// raw is a code with all of its parameters as JSON. extra are further members.
func raw(rice int, run string, gap uint64, order, extra string) (code, string) {
	c := code{rice: rice, ones: run == "ones-zero", gap: gap, lsb: order == "lsb"}
	if c.pad = c.more(); strings.Contains(extra, `"count"`) {
		c.pad = "0"
	}
	if _, after, ok := strings.Cut(extra, `"pad":`); ok {
		c.pad = after[:1]
	}
	if extra != "" {
		extra = "," + extra
	}
	return c, fmt.Sprintf(`{"rice":%d,"run":%q,"gap":%d,"order":%q%s}`, rice, run, gap, order, extra)
}

var runs = []string{"zeros-one", "ones-zero"}

// runSpec is the requirement of a polarity, and orderSpec of a bit order.
var (
	runSpec   = map[string]string{"zeros-one": "GCS-1", "ones-zero": "GCS-2"}
	orderSpec = map[string]string{"msb": "GCS-4", "lsb": "GCS-5"}
)

func rawFiles() []*file {
	return []*file{rawEncode(), rawEncodeErrors(), rawDecode(), rawDecodeErrors(), rawQuery()}
}

// rice lengths at which implementations change their ways: none, an octet's
// edges, those in use, and a word's edges.
var riceLengths = []int{0, 1, 2, 5, 6, 7, 8, 9, 10, 13, 16, 19, 24, 28, 31, 32, 33, 47, 48, 49, 55, 56, 57, 62, 63}

// spanning is a set for a remainder length: its quotients are 0, 1 and 3, and its
// remainders the least and the greatest.
func spanning(rice int) []uint64 {
	d := uint64(1) << rice
	set := []uint64{0, d, 2*d - 1}
	if rice < 60 {
		set = append(set, 5*d+d/2)
	} else {
		set[2]-- // the largest key there is, for 63 bits
	}
	if rice == 0 {
		set = []uint64{0, 1, 5}
	}
	return set
}

func rawEncode() *file {
	f := &file{format: "raw", topic: "encode"}
	for _, run := range runs {
		for _, rice := range riceLengths {
			c, p := raw(rice, run, 1, "msb", "")
			f.encode(fmt.Sprintf("raw-encode-%s-r%d", run, rice), fmt.Sprintf("remainders of %d bits", rice),
				runSpec[run]+" GCS-3 GCS-4 GCS-6 GCS-8", p, c.draw(of(spanning(rice))))
		}
	}
	for _, rice := range []int{0, 2, 7, 8, 13, 28, 63} {
		c, p := raw(rice, "ones-zero", 0, "lsb", `"count":`+fmt.Sprint(len(spanning(rice))))
		f.encode(fmt.Sprintf("raw-encode-lsb-r%d", rice), fmt.Sprintf("least significant bit first, remainders of %d bits", rice),
			"GCS-2 GCS-5 GCS-7 GCS-9", p, c.draw(of(spanning(rice))))
	}
	for _, run := range runs {
		c, p := raw(6, run, 1, "msb", "")
		f.encode("raw-encode-empty-"+run, "no key, no octet", "GCS-10", p, c.draw(""))
		f.encode("raw-encode-zero-"+run, "the key 0 is a code of its own", runSpec[run]+" GCS-6", p, c.draw("@0 ~"))
		f.encode("raw-encode-neighbours-"+run, "neighbours have a gap of 0", "GCS-6", p, c.draw("@7 @8 @9 @10 ~"))
		f.encode("raw-encode-octets-"+run, "codes that fill their octets have no padding", "GCS-8", p, c.draw("@20 @178"))
		f.encode("raw-encode-one-pad-bit-"+run, "one pad bit", "GCS-8", p, c.draw("@0 ~"))
		f.encode("raw-encode-seven-pad-bits-"+run, "seven pad bits", "GCS-8", p, c.draw("@0 @1 @2 @3 @4 @5 @6 +64 ~")).flag("boundary")
		c, p = raw(0, run, 1, "msb", "")
		f.encode("raw-encode-long-run-"+run, "a quotient of 300", runSpec[run], p, c.draw("@300 ~")).flag("large")
		c, p = raw(63, run, 1, "msb", "")
		f.encode("raw-encode-largest-"+run, "the largest key, 2^64-2", "GCS-3 GCS-14", p, c.draw("@18446744073709551614 ~")).flag("boundary")
		c, p = raw(0, run, 0, "msb", "")
		f.encode("raw-encode-unary-repeats-"+run, "a code of one bit for each repeat", "GCS-7 GCS-13", p, c.draw("@2 @2 @2 @2 @2 @3 ~"))
	}
	c, p := raw(3, "ones-zero", 0, "msb", `"count":4`)
	f.encode("raw-encode-repeats", "repeats are gaps of 0 where the gap may be 0", "GCS-7 GCS-9 GCS-13", p, c.draw("@5 @5 @5 @9 ~"))
	c, p = raw(6, "zeros-one", 1, "msb", `"count":2`)
	f.encode("raw-encode-counted-two", "a count changes nothing where the padding is 0 anyway", "GCS-9", p, c.draw("@20 @179 ~"))
	c, p = raw(6, "ones-zero", 1, "msb", `"count":1`)
	f.encode("raw-encode-counted-pad", "with a count the padding is 0, whatever the polarity", "GCS-9", p, c.draw("@20 ~"))
	c, p = raw(6, "ones-zero", 1, "msb", `"count":0`)
	f.encode("raw-encode-counted-none", "a count of none", "GCS-9 GCS-10", p, c.draw(""))
	for _, pad := range []string{"0", "1"} {
		c, p = raw(9, "ones-zero", 1, "msb", `"count":1,"pad":`+pad)
		f.encode("raw-encode-pad-"+pad, "the pad bit that was asked for", "GCS-9", p, c.draw("@700 ~"))
		c, p = raw(9, "zeros-one", 1, "lsb", `"count":1,"pad":`+pad)
		f.encode("raw-encode-lsb-pad-"+pad, "the pad bit that was asked for, least significant bit first", "GCS-5 GCS-9", p, c.draw("@700 ~"))
	}
	c, _ = raw(6, "zeros-one", 1, "msb", "")
	f.encode("raw-encode-defaults", "all parameters but rice have defaults", "GCS-15", `{"rice":6}`, c.draw("@20 @178"))
	many := make([]uint64, 500)
	for i := range many {
		many[i] = uint64(i*i*3 + i)
	}
	c, p = raw(10, "zeros-one", 1, "msb", "")
	f.encode("raw-encode-500", "500 keys", "GCS-1 GCS-6", p, c.draw(of(many))).flag("large")
	return f
}

func rawEncodeErrors() *file {
	f := &file{format: "raw", topic: "encode-errors"}
	for _, gap := range []uint64{0, 1} {
		_, p := raw(6, "zeros-one", gap, "msb", "")
		f.refuseKeys(fmt.Sprintf("raw-encode-unsorted-gap%d", gap), "the second key is below the first", "GCS-11", p, "unsorted", "5 4")
		f.refuseKeys(fmt.Sprintf("raw-encode-unsorted-last-gap%d", gap), "the last key is below the one before it", "GCS-11", p, "unsorted", "1 2 3 4 5 6 7 8 9 0")
		f.refuseKeys(fmt.Sprintf("raw-encode-unsorted-far-gap%d", gap), "a gap that would wrap around 2^64", "GCS-11", p, "unsorted", "18446744073709551614 0").flag("hostile")
		f.refuseKeys(fmt.Sprintf("raw-encode-above-largest-gap%d", gap), "the key 2^64-1 has no successor", "GCS-14", p, "out-of-range", "18446744073709551615").flag("boundary")
	}
	_, p := raw(6, "zeros-one", 1, "msb", "")
	f.refuseKeys("raw-encode-duplicate", "the key is there twice, which a gap of at least 1 cannot express", "GCS-12", p, "duplicate", "5 5")
	f.refuseKeys("raw-encode-duplicate-zero", "the key 0 twice", "GCS-12", p, "duplicate", "0 0").flag("boundary")
	f.refuseKeys("raw-encode-duplicate-last", "the last key twice", "GCS-12", p, "duplicate", "1 2 3 4 5 6 7 8 9 9")
	_, p = raw(6, "ones-zero", 1, "lsb", "")
	f.refuseKeys("raw-encode-duplicate-lsb", "the key is there twice, least significant bit first", "GCS-12", p, "duplicate", "5 5")
	f.refuseKeys("raw-encode-unsorted-lsb", "unsorted, least significant bit first", "GCS-11", p, "unsorted", "9 5")
	_, p = raw(0, "zeros-one", 1, "msb", "")
	f.refuseKeys("raw-encode-limit", "2^60 bits for a single key", "GCS-16", p, "limit", "1152921504606846976").flag("hostile")
	f.refuseKeys("raw-encode-limit-second", "2^60 bits for the second key", "GCS-16", p, "limit", "0 1152921504606846976").flag("hostile")
	for _, bad := range []struct{ id, what, params string }{
		{"rice-64", "remainders have 63 bits at most", `{"rice":64}`},
		{"rice-negative", "remainders have no fewer than 0 bits", `{"rice":-1}`},
		{"rice-missing", "rice has no default", `{}`},
		{"gap-2", "the least gap is 0 or 1", `{"rice":6,"gap":2}`},
		{"gap-negative", "the least gap is 0 or 1", `{"rice":6,"gap":-1}`},
		{"run-unknown", "no such polarity", `{"rice":6,"run":"one-zeros"}`},
		{"order-unknown", "no such bit order", `{"rice":6,"order":"middle"}`},
		{"pad-2", "a pad bit is 0 or 1", `{"rice":6,"pad":2}`},
		{"count-negative", "a count is 0 or more", `{"rice":6,"count":-1}`},
		{"count-wrong", "the count is that of the keys", `{"rice":6,"count":2}`},
		{"foreign-parameter", "a parameter of another format", `{"rice":6,"capacity_bits":13}`},
	} {
		f.refuseKeys("raw-encode-"+bad.id, bad.what, "GCS-15", bad.params, "bad-parameter", "20")
		if bad.id != "count-wrong" {
			f.add("decode", "raw-decode-"+bad.id, bad.what, "GCS-15", bad.params,
				vectors.Input{BytesHex: new("a8")}, vectors.Answer{Error: "bad-parameter"})
		}
	}
	return f
}

func rawDecode() *file {
	f := &file{format: "raw", topic: "decode"}
	for _, run := range runs {
		for _, rice := range riceLengths {
			c, p := raw(rice, run, 1, "msb", "")
			f.decode(fmt.Sprintf("raw-decode-%s-r%d", run, rice), fmt.Sprintf("remainders of %d bits", rice),
				runSpec[run]+" GCS-3 GCS-17", p, c.draw(of(spanning(rice))))
		}
	}
	for _, rice := range []int{0, 2, 7, 8, 13, 28, 63} {
		c, p := raw(rice, "ones-zero", 0, "lsb", `"count":`+fmt.Sprint(len(spanning(rice))))
		f.decode(fmt.Sprintf("raw-decode-lsb-r%d", rice), fmt.Sprintf("least significant bit first, remainders of %d bits", rice),
			"GCS-5 GCS-20", p, c.draw(of(spanning(rice))))
	}
	for _, run := range runs {
		c, p := raw(6, run, 1, "msb", "")
		f.decode("raw-decode-empty-"+run, "no octet, no key", "GCS-10 GCS-17", p, c.draw(""))
		f.decode("raw-decode-neighbours-"+run, "neighbours have a gap of 0", "GCS-6", p, c.draw("@7 @8 @9 @10 ~"))
		f.decode("raw-decode-octets-"+run, "codes that fill their octets", "GCS-17", p, c.draw("@20 @178"))
		f.decode("raw-decode-seven-pad-bits-"+run, "seven pad bits are no code", "GCS-17", p, c.draw("@0 @1 @2 @3 @4 @5 @6 +64 ~")).flag("boundary")
		c, p = raw(0, run, 1, "msb", "")
		f.decode("raw-decode-long-run-"+run, "a quotient of 3,000", runSpec[run], p, c.draw("@3000 ~")).flag("large")
		c, p = raw(63, run, 1, "msb", "")
		f.decode("raw-decode-largest-"+run, "the largest key, 2^64-2", "GCS-22", p, c.draw("@18446744073709551614 ~")).flag("boundary")
	}
	for _, rice := range []int{0, 2, 6} {
		c, p := raw(rice, "ones-zero", 0, "msb", `"count":3`)
		f.decode(fmt.Sprintf("raw-decode-counted-repeats-r%d", rice), "repeats, and padding that is not taken for more", "GCS-7 GCS-20 GCS-21", p, c.draw("@1 @1 @1 ~"))
	}
	c, p := raw(1, "ones-zero", 0, "msb", `"pad":0`)
	s := c.draw("@3 ~")
	s.keys = []uint64{3, 3, 3}
	f.decode("raw-decode-ambiguous-padding", "without a count, padding that is no continuation is read as codes", "GCS-8 GCS-17", p, s)
	c, p = raw(9, "ones-zero", 1, "msb", `"count":1,"pad":1`)
	f.decode("raw-decode-counted-pad-1", "padding of ones after a counted code", "GCS-9 GCS-21", p, c.draw("@700 ~"))
	c, p = raw(6, "zeros-one", 1, "msb", `"count":0`)
	f.decode("raw-decode-counted-none", "a count of none, and no octet", "GCS-20", p, c.draw(""))
	c, _ = raw(6, "zeros-one", 1, "msb", "")
	f.decode("raw-decode-defaults", "all parameters but rice have defaults", "GCS-15", `{"rice":6}`, c.draw("@20 @178"))
	f.decode("raw-decode-lenient", "the tolerant reader of raw is the strict one", "GCS-26", `{"rice":6,"lenient":true}`, c.draw("@20 @178"))
	many := make([]uint64, 500)
	for i := range many {
		many[i] = uint64(i*i*3 + i)
	}
	for _, order := range []string{"msb", "lsb"} {
		c, p = raw(10, "zeros-one", 1, order, "")
		f.decode("raw-decode-500-"+order, "500 keys", "GCS-1 "+orderSpec[order], p, c.draw(of(many))).flag("large")
	}
	return f
}

func rawDecodeErrors() *file {
	f := &file{format: "raw", topic: "decode-errors"}
	for _, run := range runs {
		for _, order := range []string{"msb", "lsb"} {
			for _, rice := range []int{0, 1, 2, 6, 7, 8, 13, 19, 31, 57, 63} {
				if order == "lsb" && rice != 2 && rice != 13 && rice != 28 && rice != 0 {
					continue
				}
				paddedFaults(f, rice, run, order)
			}
		}
	}
	for _, rice := range []int{0, 2, 6, 19, 28, 63} {
		for _, order := range []string{"msb", "lsb"} {
			countedFaults(f, rice, order)
		}
	}

	c, p := raw(63, "zeros-one", 1, "msb", "")
	f.refuse("raw-out-of-range-quotient", "a quotient of 2 times 2^63 is above 64 bits", "GCS-22", p, "out-of-range", c.draw("! 001 0*63 ~")).flag("hostile")
	f.refuse("raw-out-of-range-sum", "gaps that add up to 2^64", "GCS-22", p, "out-of-range", c.draw("+9223372036854775808 ! +9223372036854775807 ~")).flag("hostile")
	f.refuse("raw-out-of-range-largest", "the key 2^64-1", "GCS-22", p, "out-of-range", c.draw("! +18446744073709551615 ~")).flag("boundary")
	f.refuse("raw-out-of-range-after-largest", "no key has room behind the largest", "GCS-22", p, "out-of-range", c.draw("+18446744073709551614 ! 1 0*63 ~")).flag("boundary")
	c, p = raw(63, "ones-zero", 0, "lsb", `"count":2`)
	f.refuse("raw-out-of-range-lsb", "gaps that add up to 2^64, least significant bit first", "GCS-22", p, "out-of-range", c.draw("+9223372036854775808 ! +9223372036854775808 ~")).flag("hostile")
	c, p = raw(60, "zeros-one", 1, "msb", "")
	f.refuse("raw-out-of-range-shift", "a quotient of 16 with remainders of 60 bits: a shift loses it", "GCS-22", p, "out-of-range", c.draw("! 0*16 1 0*60 ~")).flag("hostile")
	c, p = raw(57, "zeros-one", 1, "msb", "")
	f.refuse("raw-out-of-range-r57", "a quotient of 128 with remainders of 57 bits", "GCS-22", p, "out-of-range", c.draw("! 0*128 1 0*57 ~")).flag("hostile")
	c, p = raw(6, "zeros-one", 1, "msb", `"count":1000000`)
	f.refuse("raw-counted-hostile", "a count of a million, and two octets", "GCS-20 GCS-25", p, "truncated", c.draw("+20 +157 !")).flag("hostile")
	c, p = raw(6, "zeros-one", 1, "msb", `"count":2147483647`)
	f.refuse("raw-counted-hostile-most", "a count of 2^31-1, and no octet", "GCS-20", p, "truncated", c.draw("!")).flag("hostile")
	c, p = raw(6, "zeros-one", 1, "msb", "")
	f.refuse("raw-zeros-4096", "4,096 zeros are no key", "GCS-19", p, "trailing-data", c.draw("! 0*4096")).flag("hostile")
	f.refuse("raw-keys-then-zeros", "a kilobyte of zeros behind two keys", "GCS-19 GCS-25", p, "trailing-data", c.draw("@20 @178 ! 0*8192")).flag("hostile")
	return f
}

// paddedFaults are what can go wrong in a stream that is read until it ends.
func paddedFaults(f *file, rice int, run, order string) {
	c, p := raw(rice, run, 1, order, "")
	id := func(fault string) string {
		suffix := ""
		if order == "lsb" {
			suffix = "-lsb"
		}
		return fmt.Sprintf("raw-%s-%s-r%d%s", fault, run, rice, suffix)
	}
	start := c.length(5)
	f.refuse(id("trailing-octet"), "an octet of continuation bits too many", "GCS-19 "+orderSpec[order], p, "trailing-data", c.draw("+5 ! ~ "+c.more()+"*8"))
	if rice > 0 {
		// The last of the pad bits has the wrong value: no code, since a remainder
		// is missing.
		if left := 8 - start%8; left < 8 {
			f.refuse(id("wrong-pad-bit"), "the last pad bit is the one that ends a quotient", "GCS-18 "+orderSpec[order], p, "nonzero-padding",
				c.draw(fmt.Sprintf("+5 %s*%d ! %s", c.more(), left-1, c.stop())))
		}
	}
	// A code that lacks the end of its remainder, eight bits or more of it.
	for cut := 1; cut <= rice; cut++ {
		left := c.length(9) - cut
		if left >= 8 && (start+left)%8 == 0 {
			f.refuse(id("cut-remainder"), fmt.Sprintf("the last code lacks %d bits of its remainder", cut), "GCS-19 "+orderSpec[order], p, "truncated",
				c.draw(fmt.Sprintf("+5 ! /9:%d", cut)))
			break
		}
	}
	// A remainder of which nothing is there.
	if rice > 0 {
		left := (8-start%8)%8 + 8
		f.refuse(id("cut-after-quotient"), "the last code has a quotient and no remainder", "GCS-19 "+orderSpec[order], p, "truncated",
			c.draw(fmt.Sprintf("+5 ! %s*%d %s", c.more(), left-1, c.stop())))
	}
}

// countedFaults are what can go wrong in a stream of two codes that ends where the
// count says.
func countedFaults(f *file, rice int, order string) {
	c, p := raw(rice, "ones-zero", 0, order, `"count":2`)
	id := func(fault string) string { return fmt.Sprintf("raw-counted-%s-r%d-%s", fault, rice, order) }
	spec := " " + orderSpec[order]
	f.refuse(id("none"), "two codes are announced, none is there", "GCS-20"+spec, p, "truncated", c.draw("!"))
	f.refuse(id("trailing"), "an octet follows the octet in which the last code ends", "GCS-21"+spec, p, "trailing-data", c.draw("+2 +3 ! ~ 0*8"))
	f.refuse(id("third"), "a third code where two are announced, in octets of its own", "GCS-21"+spec, p, "trailing-data", c.draw("+2 +3 ! ~ +1 0*7 ~"))
	ones := strings.Repeat("1", 16-c.length(2)%8)
	f.refuse(id("quotient"), "the quotient of the second code has no end", "GCS-20"+spec, p, "truncated", c.draw("+2 ! "+ones)).flag("hostile")
	if rest := (c.length(2) + c.length(3)) % 8; rest != 0 {
		f.refuse(id("wrong-pad-bit"), "the first pad bit is 1", "GCS-21"+spec, p, "nonzero-padding", c.draw("+2 +3 ! 1 ~"))
	}
	if rest := (c.length(2) + c.length(3)) % 8; rest != 0 && rest < 7 {
		f.refuse(id("wrong-last-pad-bit"), "the last pad bit is 1", "GCS-21"+spec, p, "nonzero-padding",
			c.draw(fmt.Sprintf("+2 +3 0*%d ! 1", 7-rest)))
	}
}

func rawQuery() *file {
	f := &file{format: "raw", topic: "query"}
	for _, run := range runs {
		c, p := raw(6, run, 1, "msb", "")
		v := f.value(c.draw("@20 @178").octets)
		f.query("raw-query-both-"+run, "keys that are there, and their neighbours that are not", "GCS-24", p, v, keys("19 20 21 177 178 179"), "010010")
		f.query("raw-query-none-"+run, "no key is asked for", "GCS-24", p, v, keys(""), "")
		f.query("raw-query-order-"+run, "answers come in the order of the questions", "GCS-24", p, v, keys("178 0 20 20"), "1011")
		empty := f.value(nil)
		f.query("raw-query-empty-"+run, "the empty set holds nothing", "GCS-10 GCS-24", p, empty, keys("0 1"), "00")
	}
	c, p := raw(3, "ones-zero", 0, "msb", `"count":3`)
	f.query("raw-query-repeats", "a repeated key is there", "GCS-7 GCS-24", p, f.value(c.draw("@4 @4 @9 ~").octets), keys("4 5 9 0"), "1010")
	c, p = raw(63, "zeros-one", 1, "msb", "")
	f.query("raw-query-largest", "the largest key", "GCS-22 GCS-24", p, f.value(c.draw("@18446744073709551614 ~").octets), keys("18446744073709551614 18446744073709551613"), "10").flag("boundary")
	c, p = raw(6, "zeros-one", 1, "msb", "")
	f.refuseQuery("raw-query-trailing", "the value must be readable as a whole, whatever is asked for", "GCS-24", p, "trailing-data", f.value(c.draw("@20 @178 0*8").octets), keys("20"))
	f.refuseQuery("raw-query-truncated", "the key stands in front of the fault, which is an error nevertheless", "GCS-24", p, "truncated", f.value(c.draw("@20 00000000 1").octets), keys("20"))
	return f
}
