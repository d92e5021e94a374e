package main

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

// Numbers that do not fit into 8, 16 or 32 bits, and the limits.

// repeated is a notation of n equal words.
func repeated(word string, n int) string { return strings.Repeat(word+" ", n) }

// pick is a query of a value by its keys, for sets that are too long to be listed.
func (f *file) pick(id, why, spec, params string, s stream, asked, answers string) *vector {
	return f.query(id, why, spec, params, f.value(s.octets), keys(asked), answers).flag("large")
}

func wideRaw() *file {
	f := newer("raw", "wide", false)
	for _, run := range runs {
		for _, order := range []string{"msb", "lsb"} {
			id := func(s string) string { return "raw-" + s + "-" + run + "-" + order }
			spec := runSpec[run] + " " + orderSpec[order]
			for _, e := range []struct {
				rice int
				q    uint64
			}{{0, 255}, {0, 256}, {0, 257}, {6, 65536}, {0, 65537}} {
				if e.q > 1<<15 && (run == "ones-zero") != (order == "lsb") {
					continue // 8 KiB each: two of the four show it
				}
				c, p := raw(e.rice, run, 1, order, "")
				s := c.draw(fmt.Sprintf("+3 +%d +5 ~", e.q<<e.rice+min(uint64(1)<<e.rice-1, 5)))
				f.encode(id(fmt.Sprintf("encode-q%d-r%d", e.q, e.rice)), fmt.Sprintf("a quotient of %d", e.q), spec, p, s).flag("large")
				f.decode(id(fmt.Sprintf("decode-q%d-r%d", e.q, e.rice)), fmt.Sprintf("a quotient of %d", e.q), spec+" GCS-22", p, s).flag("large")
			}
		}
		for _, n := range []int{255, 256, 257} {
			c, p := raw(2, run, 1, "msb", fmt.Sprintf(`"count":%d`, n))
			s := c.draw(repeated("+1", n) + "~")
			f.encode(fmt.Sprintf("raw-encode-%d-%s", n, run), fmt.Sprintf("%d keys", n), "GCS-6 GCS-9", p, s).flag("boundary")
			f.decode(fmt.Sprintf("raw-decode-%d-%s", n, run), fmt.Sprintf("%d keys", n), "GCS-6 GCS-20", p, s).flag("boundary")
		}
		for _, n := range []int{65536, 65537} {
			c, p := raw(0, run, 1, "msb", fmt.Sprintf(`"count":%d`, n))
			s := c.draw(repeated("+0", n) + "~")
			last := fmt.Sprintf("0 65534 65535 65536 65537 %d", n)
			answers := "11"
			for _, k := range []int{65535, 65536, 65537, n} {
				answers += map[bool]string{true: "1", false: "0"}[k < n]
			}
			f.pick(fmt.Sprintf("raw-query-%d-%s", n, run), fmt.Sprintf("%d keys that are counted", n), "GCS-20 GCS-24", p, s, last, answers)
			c, p = raw(0, run, 1, "msb", "")
			s = c.draw(repeated("+0", n) + "~")
			f.pick(fmt.Sprintf("raw-query-open-%d-%s", n, run), fmt.Sprintf("%d keys up to the end", n), "GCS-17 GCS-24", p, s, last, answers)
		}
		// An offset that does not fit into 16 bits, and as many keys in front of it.
		c, p := raw(6, run, 1, "msb", "")
		f.refuse("raw-offset-70000-"+run, "a fault behind bit 65,536", "GCS-19 GCS-25", p, "truncated", c.draw("+4479680 ! "+c.more()+"*61 "+c.stop())).flag("large")
		c, p = raw(6, run, 1, "msb", `"count":1`)
		f.refuse("raw-offset-counted-"+run, "trailing data behind bit 65,536", "GCS-21 GCS-25", p, "trailing-data", c.draw("+4479680 ! ~ 0*8")).flag("large")
	}
	for _, k := range []uint64{255, 256, 65535, 65536, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<53 - 1, 1 << 53, 1<<53 + 1, 1<<63 - 1, 1 << 63, 1<<63 + 1} {
		c, p := raw(63, "zeros-one", 1, "msb", "")
		if k < 1<<40 {
			c, p = raw(31, "zeros-one", 1, "msb", "")
		}
		s := c.draw(fmt.Sprintf("@%d ~", k))
		f.encode(fmt.Sprintf("raw-encode-key-%d", k), "near a power of two", "GCS-3 GCS-14", p, s).flag("boundary")
		f.decode(fmt.Sprintf("raw-decode-key-%d", k), "near a power of two", "GCS-3 GCS-22", p, s).flag("boundary")
		f.query(fmt.Sprintf("raw-query-key-%d", k), "near a power of two", "GCS-24", p, f.value(s.octets), keys(fmt.Sprintf("%d %d %d", k-1, k, k+1)), "010").flag("boundary")
		if k > 1<<53 {
			s := c.draw(fmt.Sprintf("@%d @%d ~", k-1, k))
			f.query(fmt.Sprintf("raw-query-double-%d", k), "neighbours that are one number in floating point", "GCS-24", p, f.value(s.octets), keys(fmt.Sprintf("%d %d %d", k-2, k-1, k)), "011").flag("boundary")
		}
	}
	// The limit of writers.
	for _, run := range runs {
		for _, gap := range []uint64{0, 1} {
			_, p := raw(0, run, gap, "msb", "")
			f.refuseKeys(fmt.Sprintf("raw-encode-limit-above-%s-gap%d", run, gap), "one bit more than 32 MiB", "GCS-16", p, "limit", "268435456").flag("boundary", "hostile")
			f.refuseKeys(fmt.Sprintf("raw-encode-limit-sum-%s-gap%d", run, gap), "32 MiB and a bit, by the second key", "GCS-16", p, "limit", fmt.Sprint("134217727 ", 268435455+gap)).flag("boundary", "hostile")
		}
	}
	c, p := raw(63, "zeros-one", 1, "msb", "")
	f.refuse("raw-count-wrap-16", "a quotient of 65,536 with remainders of 63 bits", "GCS-22", p, "out-of-range", c.draw("! 0*65536 1 0*63 ~")).flag("hostile")
	c, p = raw(48, "zeros-one", 1, "msb", "")
	f.refuse("raw-quotient-wrap-r48", "a quotient of 65,536 with remainders of 48 bits: 2^64", "GCS-22", p, "out-of-range", c.draw("! 0*65536 1 0*48 ~")).flag("hostile")
	c, p = raw(6, "ones-zero", 0, "msb", `"count":65538`)
	f.refuse("raw-count-16-bits", "a count of 65,538, of which 16 bits are 2", "GCS-20", p, "truncated", c.draw("+2 +3 ! 00")).flag("hostile")
	return f
}

// wideFormats are the numbers of one format.
func wideFormats(format string) *file {
	f := newer(format, "wide", format == "go-casper" || format == "cache-digest")
	both := func(id, why, spec, params, read string, s stream) {
		f.encode(id+"-encode", why, spec, params, s).flag("large")
		f.decode(id+"-decode", why, spec, read, s).flag("large")
	}
	switch format {
	case "go-casper":
		for _, q := range []uint64{255, 256, 65537} {
			c, p := goCasper(2, 70000)
			both(fmt.Sprintf("gocasper-q%d", q), fmt.Sprintf("a quotient of %d", q), "GOCASPER-3", p, p, c.draw(fmt.Sprintf("@3 +%d ~", 2*q+1)))
		}
		for _, k := range []uint64{65535, 65536, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<53 + 1, 1<<62 - 1} {
			c, p := goCasper(1<<31, 1<<31)
			if k>>31 > 1<<10 && k>>31 <= 1<<28 {
				continue
			}
			if k>>31 > 1<<28 {
				f.refuseKeys(fmt.Sprintf("gocasper-encode-key-%d", k), "a quotient of more than 32 MiB", "GOCASPER-3 GCS-16", p, "limit", fmt.Sprint(k)).flag("boundary")
				continue
			}
			both(fmt.Sprintf("gocasper-key-%d", k), "near a power of two", "GOCASPER-3", p, p, c.draw(fmt.Sprintf("@%d ~", k)))
		}
		// What fills an octet and is not zero needs no further one.
		_, p := goCasper(1, 1<<31)
		f.refuseKeys("gocasper-encode-limit-above", "one bit more than 32 MiB", "GCS-16", p, "limit", "268435456").flag("boundary", "hostile")
		f.refuseKeys("gocasper-encode-limit-sum", "one bit more than 32 MiB, by the second key", "GCS-16", p, "limit", "134217727 268435455").flag("boundary", "hostile")
		c, p := goCasper(2, 1<<31)
		at := c.draw("+786427 ~ ") // 49,152 octets are 65,536 characters
		if len(at.octets) != 49152 {
			panic(len(at.octets))
		}
		f.query("gocasper-limit-at", "65,536 characters are read", "GOCASPER-16 GOCASPER-15", p, f.value(at.octets), keys("786427 0"), "10").flag("boundary", "large")
		f.refuseQuery("gocasper-limit-above", "65,538 characters are not", "GOCASPER-16", p, "limit", f.value(c.draw("+786443 ~").octets), keys("0")).flag("boundary", "hostile")
		f.refuseText("gocasper-limit-star", "what is too long is not looked at: it has a character of no alphabet", "GOCASPER-16", p, "limit", "*"+strings.Repeat("A", 1<<16), -1).flag("order")
	case "cache-digest":
		for _, q := range []uint64{255, 256, 65537} {
			c, head := digest(31, 1)
			both(fmt.Sprintf("digest-q%d", q), fmt.Sprintf("a quotient of %d", q), "DIGEST-4", digestParams(31, 1), `{}`, c.draw(head+fmt.Sprintf("@3 +%d ~", 2*q+1)))
		}
		for _, k := range []uint64{65535, 65536, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<40 + 1} {
			c, head := digest(31, 31)
			both(fmt.Sprintf("digest-key-%d", k), "near a power of two", "DIGEST-4", digestParams(31, 31), `{}`, c.draw(head+fmt.Sprintf("@%d ~", k)))
		}
		c, head := digest(31, 0)
		f.refuseKeys("digest-encode-limit-above", "ten bits of two numbers and one bit more than 32 MiB", "GCS-16", digestParams(31, 0), "limit", "268435456").flag("boundary", "hostile")
		f.refuseKeys("digest-encode-limit-sum", "one bit more than 32 MiB, by the second key", "GCS-16", digestParams(31, 0), "limit", "134217727 268435456").flag("boundary", "hostile")
		at := c.draw(head + "@393205")
		f.query("digest-limit-at", "65,536 characters are read", "DIGEST-13 DIGEST-14", `{}`, f.value(at.octets), keys("393205 0"), "10").flag("boundary", "large")
		f.refuseQuery("digest-limit-above", "65,538 characters are not", "DIGEST-14", `{}`, "limit", f.value(c.draw(head+"@393213").octets), keys("0")).flag("boundary", "hostile")
		f.refuseText("digest-limit-star", "what is too long is not looked at: it has a character of no alphabet", "DIGEST-14", `{}`, "limit", "*"+strings.Repeat("A", 1<<16), -1).flag("order")
		// log2N of names: where the rounding turns, up to the largest sets that are no burden here.
		for _, n := range []struct{ urls, log2n int }{{90, 6}, {91, 7}, {181, 7}, {182, 8}, {362, 8}, {363, 9}} {
			var urls []string
			for i := range n.urls {
				urls = append(urls, fmt.Sprintf("https://a/%d", i))
			}
			c, head := digest(n.log2n, 7)
			f.encodeNames(fmt.Sprintf("digest-encode-%d-urls", n.urls), fmt.Sprintf("%d URLs: N is 2^%d", n.urls, n.log2n), "DIGEST-2 DIGEST-6", `{"log2p":7}`, names(urls...),
				c.draw(head+of(each(urls, func(u string) uint64 { return digestKey(u, n.log2n, 7) })))).flag("boundary", "large")
		}
		for _, log2n := range []int{0, 2, 5} {
			c, head := digest(log2n, 7)
			f.encodeNames(fmt.Sprintf("digest-encode-given-n%d", log2n), "log2N as it is given, whatever the number of names", "DIGEST-6", digestParams(log2n, 7), names(style, jquery),
				c.draw(head+of([]uint64{digestKey(style, log2n, 7), digestKey(jquery, log2n, 7)})))
		}
	case "bip158", "decred-v1", "decred-v2":
		prefix, spec := "bip158", "BIP158-3 BIP158-4"
		count := compactSize
		switch format {
		case "decred-v1":
			prefix, spec, count = format, "DECRED-1", decredV1.count
		case "decred-v2":
			prefix, spec = format, "DECRED-4"
		}
		wide := func(p, m uint64) (code, string) { return counted(int(p)), fmt.Sprintf(`{"p":%d,"m":%d}`, p, m) }
		if format == "decred-v1" {
			wide = func(p, _ uint64) (code, string) { return counted(int(p)), fmt.Sprintf(`{"p":%d}`, p) }
		} else {
			for _, q := range []uint64{255, 256, 65537} {
				c, params := wide(1, 200000)
				both(fmt.Sprintf("%s-q%d", prefix, q), fmt.Sprintf("a quotient of %d", q), spec, params, params, c.draw(count(2)+fmt.Sprintf("@3 +%d ~", 2*q+1)))
			}
		}
		for _, k := range []uint64{1<<31 - 1, 1 << 31, 1<<32 - 1} {
			c, params := wide(32, 1<<32)
			both(fmt.Sprintf("%s-value-%d", prefix, k), "near a power of two", spec, params, params, c.draw(fmt.Sprintf("%s @%d ~", count(1), k)))
		}
		c, params := wide(32, 1<<32)
		both(prefix+"-value-33-bits", "values of 33 bits", spec, params, params, c.draw(fmt.Sprintf("%s @7 @%d @%d ~", count(3), uint64(1)<<32, uint64(3)<<32-1)))
		c, params = wide(0, 1)
		for _, n := range []int{251, 252, 253, 254, 255, 256, 257, 65535, 65536, 65537} {
			s := c.draw(count(n) + repeated("+0", n) + "~")
			f.query(fmt.Sprintf("%s-query-n%d", prefix, n), fmt.Sprintf("a count of %d; all values are 0", n), spec, params, f.value(s.octets), keys("0 1 65535"), "100").flag("boundary", "large")
			f.add("decode", fmt.Sprintf("%s-canonical-n%d", prefix, n), fmt.Sprintf("a count of %d; the values are not asked for", n), spec, params, f.value(s.octets),
				vectors.Answer{Canonical: new(true)}).flag("boundary", "large")
		}
		if format == "decred-v1" {
			f.refuse(prefix+"-count-16-bits", "a count of 65,538, of which 16 bits are 2", "DECRED-8", `{}`, "truncated", counted(20).draw("x00010002 +2 +3 ! 0*6")).flag("hostile")
			break
		}
		for _, w := range []struct{ id, why, bits string }{
			{"fd-252", "the count 252 in three octets", "! xfdfc00 0*256"}, {"fe-253", "the count 253 in five octets", "! xfefd000000 0*256"},
			{"fe-65535", "the count 65,535 in five octets", "! xfeffff0000 0*65536"}, {"ff-65536", "the count 65,536 in nine octets", "! xff0000010000000000 0*65536"},
			{"ff-largest", "the count 2^32-1 in nine octets", "! xffffffffff00000000 0*64"},
		} {
			f.refuse(prefix+"-wide-"+w.id, w.why, "BIP158-9", params, "non-canonical", c.draw(w.bits)).flag("boundary")
		}
		for _, w := range []struct{ id, bits string }{{"2-32", "! xff0000000001000000 0*64"}, {"2-63", "! xff0000000000000080 0*64"}, {"2-64", "! xffffffffffffffffff 0*64"}} {
			f.refuse(prefix+"-limit-"+w.id, "a count of more than 32 bits", "BIP158-10", params, "limit", c.draw(w.bits)).flag("hostile")
		}
		f.refuse(prefix+"-count-largest", "the count 2^32-1 in five octets is a count", "BIP158-10", params, "truncated", c.draw("xfeffffffff +0 +0 +0 +0 +0 +0 +0 +0 !")).flag("hostile")
		for i := 1; i < 9; i++ {
			for _, first := range []string{"fd", "fe", "ff"} {
				width := map[string]int{"fd": 2, "fe": 4, "ff": 8}[first]
				if i <= width {
					f.refuse(fmt.Sprintf("%s-count-cut-%s-%d", prefix, first, i), fmt.Sprintf("a count of %d octets, of which %d are there", width+1, i), "BIP158-8", params, "truncated",
						c.draw("! x"+first+strings.Repeat("01", i-1))).flag("boundary")
				}
			}
		}
		_, params = wide(0, 1<<32)
		f.refuseKeys(prefix+"-encode-limit-above", "one bit more than 64 MiB", "BIP158-14", params, "limit", "536870912").flag("boundary", "hostile")
		f.refuseKeys(prefix+"-encode-limit-sum", "one bit more than 64 MiB, by the second value", "BIP158-14", params, "limit", "268435455 536870911").flag("boundary", "hostile")
	case "rice-delta":
		for _, q := range []uint64{255, 256, 65537} {
			s := delta(2).draw(fmt.Sprintf("+3 +%d ~", 4*q+1)).from(7)
			both(fmt.Sprintf("rice-q%d", q), fmt.Sprintf("a quotient of %d", q), "RICE-2", `{"rice":2}`, riceParams(2, 7, 2), s)
		}
		for _, k := range []uint64{255, 256, 65535, 65536, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
			both(fmt.Sprintf("rice-value-%d", k), "near a power of two", "RICE-2 RICE-5", `{"rice":28}`, riceParams(28, 1, 1), delta(28).draw(fmt.Sprintf("+%d ~", k-1)).from(1))
			f.encode(fmt.Sprintf("rice-encode-first-%d", k), "a first value near a power of two", "RICE-2", fmt.Sprintf(`{"rice":28,"first":%d,"count":0}`, k), delta(28).draw("").from(int64(k))).flag("boundary")
			f.decode(fmt.Sprintf("rice-decode-first-%d", k), "a first value near a power of two", "RICE-2", riceParams(28, int64(k), 0), delta(28).draw("").from(int64(k))).flag("boundary")
		}
		for _, n := range []int{255, 256, 257, 65535, 65536, 65537} {
			s := delta(2).draw(repeated("+0", n-1) + "+1 ~").from(9)
			f.query(fmt.Sprintf("rice-query-count-%d", n), fmt.Sprintf("a count of %d: all but the last difference are 0", n), "RICE-4 RICE-10", riceParams(2, 9, int64(n)), f.value(s.octets), keys("8 9 10 11"), "0110").flag("boundary", "large")
		}
		f.refuse("rice-count-16-bits", "a count of 65,538, of which 16 bits are 2", "RICE-4", riceParams(2, 5, 65538), "truncated", delta(2).draw("+15 +9 ! 0*5").from(5)).noOffset().flag("hostile")
		f.refuseKeys("rice-encode-limit-above", "one bit more than 64 MiB", "RICE-8", `{"rice":2}`, "limit", "0 2147483640").flag("boundary", "hostile")
		f.refuseKeys("rice-encode-limit-first", "the differences count, and not the first value: one bit more than 64 MiB", "RICE-8", `{"rice":2}`, "limit", "2147483655 4294967295").flag("boundary", "hostile")
		f.encode("rice-encode-far", "a first value whose own code would be above the limit", "RICE-2 RICE-8", `{"rice":2}`, delta(2).draw("+1 ~").from(4294967000))
		f.refuseKeys("rice-encode-limit-sum", "one bit more than 64 MiB, by the second difference", "RICE-8", `{"rice":2}`, "limit", "0 1073741824 2147483628").flag("boundary", "hostile")
	}
	return f
}

func wideH2O(format string) *file {
	f := newer(format, "wide", true)
	prefix, c, spec := "h2o", zerosOne(6), "CASPER-3"
	if format == "h2o-2.0" {
		prefix, c, spec = "h2o20", onesZero(6), "CASPER-5"
	}
	// The tolerant reader keeps keys of any size.
	for _, k := range []uint64{8192, 65535, 65536, 1 << 20, 1<<21 - 1, 1 << 21, 1 << 22, 1<<22 + 64} {
		if 7+k>>6 > 8*(7*8192+7)/8 {
			f.refuse(fmt.Sprintf("%s-beyond-%d", prefix, k), "a key beyond the capacity, in more octets than all keys take", "CASPER-9 CASPER-12", capacity(13), "limit", c.draw(fmt.Sprintf("! @%d ~", k))).noOffset().lenient(true, fmt.Sprint(k)).flag("large")
			continue
		}
		f.refuse(fmt.Sprintf("%s-beyond-%d", prefix, k), "a key beyond the capacity", "CASPER-8 CASPER-12", capacity(13), "out-of-range", c.draw(fmt.Sprintf("! @%d ~", k))).lenient(true, fmt.Sprint(k)).flag("large")
	}
	for _, n := range []int{126, 127, 128, 129, 130} {
		v := f.refuse(fmt.Sprintf("%s-tolerant-%d", prefix, n), fmt.Sprintf("%d keys where there are 64", n), "CASPER-9 CASPER-13", capacity(6), "limit", c.draw(repeated("+0", n)+"~")).noOffset().flag("boundary")
		if n <= 128 {
			v.lenient(true, strings.Join(decimal(upTo(n)), " "))
		}
	}
	for _, n := range []int{511, 512, 513} {
		s := c.draw(repeated("+0", n) + "~")
		if n <= 512 {
			f.decode(fmt.Sprintf("%s-decode-%d", prefix, n), fmt.Sprintf("%d keys where there are 512", n), spec+" CASPER-9 CASPER-13", capacity(9), s).flag("boundary", "large")
			f.encode(fmt.Sprintf("%s-encode-%d", prefix, n), fmt.Sprintf("%d keys where there are 512", n), spec, capacity(9), s).flag("boundary", "large")
			continue
		}
		f.refuse(fmt.Sprintf("%s-decode-%d", prefix, n), fmt.Sprintf("%d keys where there are 512", n), "CASPER-9 CASPER-13", capacity(9), "limit", s).noOffset().flag("boundary", "large")
	}
	// The most octets: those of all keys, and one more.
	for bits := 1; bits <= 10; bits++ {
		most := (7<<bits + 7) / 8
		all := c.draw(repeated("+0", 1<<bits) + "~")
		f.query(fmt.Sprintf("%s-most-%d", prefix, bits), fmt.Sprintf("every key of %d bits: %d octets", bits, most), "CASPER-9 CASPER-14", capacity(bits), f.value(all.octets), keys(fmt.Sprint(0, 1<<bits-1, 1<<bits)), "110").flag("boundary")
		if len(all.octets) != most {
			panic("the most octets")
		}
		// A code that takes one octet more, all by itself.
		long := c.draw(c.more() + "*" + fmt.Sprint(8*(most+1)-7) + " " + c.stop() + " 000000")
		f.refuse(fmt.Sprintf("%s-more-%d", prefix, bits), fmt.Sprintf("an octet more than the %d of every key", most), "CASPER-9", capacity(bits), "limit", long).noOffset().
			lenient(true, fmt.Sprint(uint64(8*(most+1)-7)*64)).flag("boundary")
		f.add("decode", fmt.Sprintf("%s-more-octets-%d", prefix, bits), "the same as octets", "CASPER-9", capacity(bits), vectors.Input{BytesHex: new(hex.EncodeToString(long.octets))}, vectors.Answer{Error: "limit"}).
			lenient(true, fmt.Sprint(uint64(8*(most+1)-7)*64)).flag("boundary")
		// As many octets as all keys take, in one code.
		same := c.draw(c.more() + "*" + fmt.Sprint(8*most-7) + " " + c.stop() + " 000000")
		same.fault, same.before = 0, nil
		f.refuse(fmt.Sprintf("%s-as-many-%d", prefix, bits), fmt.Sprintf("%d octets of one key beyond the capacity", most), "CASPER-8 CASPER-9", capacity(bits), "out-of-range", same).
			lenient(true, fmt.Sprint(uint64(8*most-7)*64)).flag("boundary")
	}
	return f
}

func upTo(n int) (all []uint64) {
	for k := range uint64(n) {
		all = append(all, k)
	}
	return all
}
