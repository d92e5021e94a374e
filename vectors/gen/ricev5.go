package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

func riceV5Files() []*file {
	return []*file{riceV5Hash(), riceV5Encode(), riceV5Decode(), riceV5Errors(), riceV5Query(), riceV5Captured()}
}

// widths are the bits of a key.
var widths = []int{32, 64, 128, 256}

// A wide is a list of keys of any width, drawn like a stream.
type wide struct {
	bits, rice   int
	first        *big.Int
	stream       // without keys
	keys, before []string
	differences  int
}

// list draws a list of v5. The notation is that of [code.draw], and +N, a difference, may be
// any number, in the notation of Go: 0x and hex digits or decimal ones, or 2^N, plus or minus
// another number.
func list(bits, rice int, first, notation string) wide {
	w := wide{bits: bits, rice: rice, first: bigNumber(first)}
	value := w.first
	w.keys = []string{value.String()}
	c := delta(0)
	var plain, picture []string
	for word := range strings.FieldsSeq(notation) {
		switch {
		case word == "!":
			w.before = slices.Clone(w.keys)
			plain, picture = append(plain, word), append(picture, "^")
		case word[0] == '+':
			gap := bigNumber(word[1:])
			value = new(big.Int).Add(value, gap)
			w.keys = append(w.keys, value.String())
			w.differences++
			quotient := strings.Repeat("1", int(new(big.Int).Rsh(gap, uint(rice)).Int64())) + "0"
			remainder := ""
			for i := range rice {
				remainder += fmt.Sprint(gap.Bit(i))
			}
			plain, picture = append(plain, quotient+remainder), append(picture, bar(quotient, remainder))
		default:
			plain, picture = append(plain, word), append(picture, word)
		}
	}
	w.stream = c.draw(strings.Join(plain, " "))
	w.picture = shortened(strings.Join(picture, " "))
	return w
}

func bigNumber(s string) *big.Int {
	sum := new(big.Int)
	for len(s) > 0 {
		sign := s[0]
		s = strings.TrimLeft(s, "+-")
		word := s
		if i := strings.IndexAny(s, "+-"); i >= 0 {
			word = s[:i]
		}
		s = s[len(word):]
		n := new(big.Int)
		if power, ok := strings.CutPrefix(word, "2^"); ok {
			n.Lsh(big.NewInt(1), uint(number(power)))
		} else if _, ok := n.SetString(word, 0); !ok {
			panic(word)
		}
		if sign == '-' {
			n.Neg(n)
		}
		sum.Add(sum, n)
	}
	return sum
}

// params are the parameters of a reader: what is 0 is left out, as the API does.
func (w wide) params() string {
	p := []string{fmt.Sprintf(`"bits":%d`, w.bits)}
	if w.rice > 0 {
		p = append(p, fmt.Sprintf(`"rice":%d`, w.rice))
	}
	if w.differences > 0 {
		p = append(p, fmt.Sprintf(`"count":%d`, w.differences))
	}
	if w.first.Sign() > 0 && w.bits == 32 {
		p = append(p, fmt.Sprintf(`"first":%d`, w.first))
	} else if w.first.Sign() > 0 {
		p = append(p, fmt.Sprintf(`"first_hex":"%0*x"`, w.bits/4, w.first))
	}
	return "{" + strings.Join(p, ",") + "}"
}

// counted returns w with another number of differences.
func (w wide) counted(n int) wide {
	w.differences = n
	return w
}

func (f *file) decodeWide(id, comment, spec string, w wide) *vector {
	return f.add("decode", id, comment+": "+w.picture, spec, w.params(), f.value(w.octets), vectors.Answer{Keys: w.keys, Canonical: new(true)})
}

func (f *file) encodeWide(id, comment, spec string, w wide) *vector {
	return f.add("encode", id, comment+": "+w.picture, spec, fmt.Sprintf(`{"bits":%d,"rice":%d}`, w.bits, w.rice),
		vectors.Input{Keys: w.keys}, vectors.Answer{Keys: w.keys, BytesHex: new(hex.EncodeToString(w.octets))})
}

func (f *file) refuseWide(id, comment, spec, kind string, w wide) *vector {
	return f.add("decode", id, comment+": "+w.picture, spec, w.params(), f.value(w.octets),
		vectors.Answer{Error: kind, Offset: new(w.fault), KeysBeforeError: w.before})
}

// expression is the number of an expression: RICE-11.
func expression(name string, bits int) string {
	sum := sha256.Sum256([]byte(name))
	return new(big.Int).SetBytes(sum[:bits/8]).String()
}

func riceV5Hash() *file {
	f := &file{format: "rice-delta-v5", since: "1.1.0", topic: "hash"}
	all := []string{"a.example.com/", "y.example.com/", "", "example.com/\u00fc", "example.com/%C3%BC", "EXAMPLE.com/", " example.com/"}
	for _, bits := range widths {
		var keys []string
		for _, name := range all {
			keys = append(keys, expression(name, bits))
		}
		f.add("hash", fmt.Sprintf("rice5-hash-%d", bits), "expressions are hashed as they are, in the order given", "RICE-11", fmt.Sprintf(`{"bits":%d}`, bits),
			names(all...), vectors.Answer{Keys: keys})
	}
	f.add("hash", "rice5-hash-default", "keys have 32 bits unless said otherwise", "RICE-11 RICE-12", `{}`, names("a.example.com/"), vectors.Answer{Keys: []string{"689685826"}})
	f.add("hash", "rice5-hash-long", "an expression of 300 octets", "RICE-11", `{"bits":64}`, names(strings.Repeat("abcde/", 50)), vectors.Answer{Keys: []string{expression(strings.Repeat("abcde/", 50), 64)}})
	f.add("hash", "rice5-hash-octets", "names are octets, and need not be text", "RICE-11", `{}`, namesHex("ff00fe"), vectors.Answer{Keys: []string{expression("\xff\x00\xfe", 32)}})
	for _, bits := range []string{"0", "31", "33", "63", "96", "255", "257", "512", "-32"} {
		f.refuseNames("hash", "rice5-hash-bits-"+strings.Replace(bits, "-", "minus-", 1), "keys have 32, 64, 128 or 256 bits", "RICE-12", `{"bits":`+bits+`}`, "bad-parameter", names("a"))
	}
	return f
}

func riceV5Encode() *file {
	f := &file{format: "rice-delta-v5", since: "1.1.0", topic: "encode"}
	for _, bits := range widths {
		low, high := bits-29, bits-2
		last := fmt.Sprintf("2^%d-1", bits)
		for _, e := range []struct {
			id, why string
			rice    int
			first   string
			bits    string
		}{
			{"single", "a single value: nothing is coded", low, "5", ""},
			{"single-0", "a single value needs no parameter", 0, "0", ""},
			{"largest", "the largest value alone", high, last, ""},
			{"neighbours", "differences of 1 and of 0", low, "9", "+1 +0 +0 ~"},
			{"least", "the least parameter, and a quotient of 40", low, "0", fmt.Sprintf("+0x28%0*x ~", (low+3)/4, 7)},
			{"ends", "the least value and the largest, with the largest parameter", high, "0", "+" + last + " ~"},
			{"remainders", "the largest remainder, and then a quotient", high, "1", fmt.Sprintf("+2^%d-1 +2^%d+3 ~", high, high)},
			{"middle", "a parameter in between", bits - 12, "3", fmt.Sprintf("+2^%d-1 +2^%d +0x55 ~", bits-12, bits-11)},
		} {
			if e.id == "least" {
				e.bits = fmt.Sprintf("+2^%d+2^%d+7 ~", low+5, low+3)
			}
			w := list(bits, e.rice, e.first, e.bits)
			f.encodeWide(fmt.Sprintf("rice5-encode-%d-%s", bits, e.id), e.why, "RICE-12 RICE-13 RICE-15", w)
			f.decodeWide(fmt.Sprintf("rice5-decode-encoded-%d-%s", bits, e.id), e.why, "RICE-12 RICE-13 RICE-14", w)
		}
		w := list(bits, low, "5", "+15 +9 ~")
		f.encodeWide(fmt.Sprintf("rice5-encode-%d-unsorted", bits), "values are sorted", "RICE-15", w).input("29 5 20")
		again := list(bits, low, "5", "+15 +0 +9 ~")
		f.encodeWide(fmt.Sprintf("rice5-encode-%d-repeats", bits), "a value that is there twice is coded twice", "RICE-15", again).input("20 5 29 20")
		v := f.encodeWide(fmt.Sprintf("rice5-encode-%d-agreeing", bits), "first value and count that agree", "RICE-16", w)
		v.Params = []byte(w.params())
		for _, bad := range []struct{ id, why, spec, params, kind, keys string }{
			{"none", "a list has a first value", "RICE-15", fmt.Sprintf(`{"bits":%d,"rice":%d}`, bits, low), "bad-parameter", ""},
			{"rice-low", "a parameter below the least", "RICE-13", fmt.Sprintf(`{"bits":%d,"rice":%d}`, bits, low-1), "bad-parameter", "5 6"},
			{"rice-high", "a parameter above the largest", "RICE-13", fmt.Sprintf(`{"bits":%d,"rice":%d}`, bits, high+1), "bad-parameter", "5 6"},
			{"rice-0", "without a parameter nothing is coded", "RICE-13", fmt.Sprintf(`{"bits":%d,"rice":0}`, bits), "bad-parameter", "5 6"},
			{"count", "the count is another", "RICE-16", fmt.Sprintf(`{"bits":%d,"rice":%d,"count":2}`, bits, low), "bad-parameter", "5 6"},
			{"above", "a value with a bit too many", "RICE-15", fmt.Sprintf(`{"bits":%d,"rice":%d}`, bits, low), "out-of-range", "5 " + bigNumber(fmt.Sprintf("2^%d", bits)).String()},
			{"unknown", "m is no parameter", "GCS-15", fmt.Sprintf(`{"bits":%d,"rice":%d,"m":1}`, bits, low), "bad-parameter", "5 6"},
		} {
			f.refuseKeys(fmt.Sprintf("rice5-encode-%d-%s", bits, bad.id), bad.why, bad.spec, bad.params, bad.kind, bad.keys)
		}
	}
	f.refuseKeys("rice5-encode-first", "the first value is another", "RICE-16", `{"rice":5,"first":4}`, "bad-parameter", "5 6")
	f.refuseKeys("rice5-encode-first-hex", "the first value is another", "RICE-16", `{"bits":64,"rice":35,"first_hex":"0000000000000004"}`, "bad-parameter", "5 6")
	f.refuseKeys("rice5-encode-limit", "2^29 bits for one difference", "RICE-17", `{"rice":3}`, "limit", "0 4294967295")
	f.refuseKeys("rice5-encode-limit-256", "2^29 bits for one difference", "RICE-17", `{"bits":256,"rice":227}`, "limit", "0 "+bigNumber("2^256-1").String())
	w := list(32, 30, fmt.Sprint(0x291bc542), fmt.Sprintf("+%d ~", int64(0xf7a502e5-0x291bc542)))
	f.encodeWide("rice5-encode-names", "expressions, each once", "RICE-11 RICE-15", w).Input = names("y.example.com/", "a.example.com/", "y.example.com/")
	return f
}

func riceV5Decode() *file {
	f := &file{format: "rice-delta-v5", since: "1.1.0", topic: "decode"}
	for _, bits := range widths {
		low := bits - 29
		for _, rice := range []int{low + 1, low + 13, bits - 3} {
			f.decodeWide(fmt.Sprintf("rice5-decode-%d-r%d", bits, rice), "a quotient of 0, one of 2 and none", "RICE-12 RICE-14",
				list(bits, rice, "1", fmt.Sprintf("+2^%d-1 +2^%d+1 +0 ~", rice, rice+1)))
		}
		f.decodeWide(fmt.Sprintf("rice5-decode-%d-to-the-end", bits), "a difference up to the largest value", "RICE-14",
			list(bits, low, fmt.Sprintf("2^%d-6", bits), "+5 ~")).flag("boundary")
		f.decodeWide(fmt.Sprintf("rice5-decode-%d-zeros", bits), "a first value of 0, which the API leaves out", "RICE-13", list(bits, low, "0", "+1 ~"))
		f.add("decode", fmt.Sprintf("rice5-decode-%d-nothing", bits), "all that is 0 is left out: the value 0", "RICE-13", fmt.Sprintf(`{"bits":%d}`, bits),
			vectors.Input{BytesHex: new("")}, vectors.Answer{Keys: []string{"0"}, Canonical: new(true)})
	}
	var steps []string
	for i := range 300 {
		steps = append(steps, fmt.Sprintf("+2^%d+%d", 36+i%4, i*i))
	}
	f.decodeWide("rice5-decode-301", "301 values of 64 bits", "RICE-14", list(64, 37, "7", strings.Join(steps, " ")+" ~")).flag("large")
	for i := range steps {
		steps[i] = fmt.Sprintf("+%d", i*i*5)
	}
	f.decodeWide("rice5-decode-301-32", "301 values of 32 bits", "RICE-14", list(32, 10, "7", strings.Join(steps, " ")+" ~")).flag("large")
	return f
}

func riceV5Errors() *file {
	f := &file{format: "rice-delta-v5", since: "1.1.0", topic: "decode-errors"}
	for _, bits := range widths {
		low, high := bits-29, bits-2
		near := fmt.Sprintf("2^%d-6", bits)
		for _, e := range []struct {
			id, why, spec string
			rice          int
			first         string
			count         int
			kind, bits    string
		}{
			{"none", "a difference is announced, none is there", "RICE-14", low, "3", 1, "truncated", "!"},
			{"missing", "four differences are announced, three are there", "RICE-14", low, "5", 4, "truncated", "+15 +9 +0 ! ~"},
			{"cut", "the last octet of a remainder is missing", "RICE-14", high, "5", 1, "truncated", fmt.Sprintf("! 0 0*%d", (high+1)/8*8-1)},
			{"quotient", "a quotient without end", "RICE-14", low, "5", 1, "truncated", "! 1*64"},
			{"hostile", "a count of 2^31-1", "RICE-14 GCS-20", low, "5", 1<<31 - 1, "truncated", "+15 +9 +0 ! ~"},
			{"octet", "an octet too many", "RICE-14", low, "5", 2, "trailing-data", "+15 +9 ! ~ 0*8"},
			{"octet-single", "an octet where nothing is coded", "RICE-14", low, "5", 0, "trailing-data", "! 0*8"},
			{"octet-single-0", "an octet where nothing is coded, without a parameter", "RICE-13 RICE-14", 0, "5", 0, "trailing-data", "! 0*8"},
			{"pad-first", "the first pad bit is 1", "RICE-14", low + 1, "5", 2, "nonzero-padding", "+15 +9 ! 1 ~"},
			{"pad-last", "the last pad bit is 1", "RICE-14", low + 1, "5", 2, "nonzero-padding", "+15 +9 0*5 ! 1"},
			{"overflow", "a value with a bit too many", "RICE-14", low, near, 1, "out-of-range", "! +6 ~"},
			{"overflow-second", "the second difference leads to one", "RICE-14", low, near, 2, "out-of-range", "+3 ! +3 ~"},
			{"overflow-quotient", "four times the largest power of two", "RICE-14", high, "0", 1, "out-of-range", fmt.Sprintf("! 1*4 0 0*%d ~", high)},
			{"overflow-after-largest", "a difference behind the largest value", "RICE-14", low, near[:len(near)-1] + "1", 1, "out-of-range", "! +1 ~"},
			{"overflow-cut", "a code that is cut short is no value yet", "RICE-14", high, near, 1, "truncated", fmt.Sprintf("! 1*6 0 0*%d", (high+1)/8*8-7)},
		} {
			w := list(bits, e.rice, e.first, e.bits).counted(e.count)
			v := f.refuseWide(fmt.Sprintf("rice5-%d-%s", bits, e.id), e.why, e.spec, e.kind, w)
			if e.kind == "out-of-range" || e.id == "hostile" || e.id == "quotient" {
				v.flag("hostile")
			}
		}
		prefix := fmt.Sprintf(`{"bits":%d,`, bits)
		for _, bad := range []struct{ id, why, params string }{
			{"rice-0", "no parameter, and a difference", `"count":1}`},
			{"rice-low", "a parameter below the least", fmt.Sprintf(`"rice":%d,"count":1}`, low-1)},
			{"rice-high", "a parameter above the largest", fmt.Sprintf(`"rice":%d,"count":1}`, high+1)},
			{"rice-low-single", "a wrong parameter of a single value", fmt.Sprintf(`"rice":%d}`, low-1)},
			{"rice-high-single", "a wrong parameter of a single value", fmt.Sprintf(`"rice":%d}`, high+1)},
			{"rice-negative", "a parameter below 0", `"rice":-1,"count":1}`},
			{"count-negative", "a count below 0", fmt.Sprintf(`"rice":%d,"count":-1}`, low)},
			{"count-large", "the count has 31 bits", fmt.Sprintf(`"rice":%d,"count":2147483648}`, low)},
			{"unknown", "n is no parameter", fmt.Sprintf(`"rice":%d,"count":1,"n":1}`, low)},
		} {
			f.add("decode", fmt.Sprintf("rice5-%d-%s", bits, bad.id), bad.why, "RICE-13", prefix+bad.params, vectors.Input{BytesHex: new("0200000000")}, vectors.Answer{Error: "bad-parameter"})
		}
		if bits > 32 {
			for _, bad := range []struct{ id, why, first string }{
				{"first", "first is the parameter of 32 bits", `"first":5`},
				{"first-hex-short", "an octet of the first value is missing", fmt.Sprintf(`"first_hex":"%0*x"`, bits/4-2, 5)},
				{"first-hex-long", "an octet too many", fmt.Sprintf(`"first_hex":"%0*x"`, bits/4+2, 5)},
				{"first-hex-odd", "half an octet is missing", fmt.Sprintf(`"first_hex":"%0*x"`, bits/4-1, 5)},
				{"first-hex-letters", "no hex", fmt.Sprintf(`"first_hex":"%sg"`, strings.Repeat("0", bits/4-1))},
			} {
				f.add("decode", fmt.Sprintf("rice5-%d-%s", bits, bad.id), bad.why, "RICE-13", prefix+bad.first+"}", vectors.Input{BytesHex: new("")}, vectors.Answer{Error: "bad-parameter"})
			}
		}
	}
	for _, bad := range []struct{ id, why, params string }{
		{"first-negative", "the first value is 0 at least", `{"first":-1}`},
		{"first-large", "the first value has 32 bits", `{"first":4294967296}`},
		{"first-hex", "first_hex is the parameter of more bits", `{"first_hex":"00000005"}`},
		{"bits-0", "keys have bits", `{"bits":0}`},
		{"bits-16", "16 bits are too few", `{"bits":16}`},
		{"bits-512", "512 bits are too many", `{"bits":512}`},
	} {
		f.add("decode", "rice5-decode-"+bad.id, bad.why, "RICE-12 RICE-13", bad.params, vectors.Input{BytesHex: new("")}, vectors.Answer{Error: "bad-parameter"})
	}
	return f
}

func riceV5Query() *file {
	f := &file{format: "rice-delta-v5", since: "1.1.0", topic: "query"}
	for _, bits := range widths {
		w := list(bits, bits-29, "5", "+15 +9 ~")
		top := bigNumber(fmt.Sprintf("2^%d-1", bits)).String()
		f.query(fmt.Sprintf("rice5-query-%d", bits), "values and their neighbours", "RICE-18", w.params(), f.value(w.octets), keys("4 5 6 20 29 30 0 "+top), "01011000")
		f.query(fmt.Sprintf("rice5-query-%d-single", bits), "a single value", "RICE-18", list(bits, 0, top, "").params(), f.value(nil), keys("5 0 "+top), "001")
		f.refuseQuery(fmt.Sprintf("rice5-query-%d-truncated", bits), "the list must be readable as a whole", "RICE-14 RICE-18", w.counted(9).params(), "truncated", f.value(w.octets), keys("5"))
		a, y := bigNumber(expression("a.example.com/", bits)), bigNumber(expression("y.example.com/", bits))
		named := list(bits, bits-2, a.String(), fmt.Sprintf("+%d ~", new(big.Int).Sub(y, a)))
		f.query(fmt.Sprintf("rice5-query-%d-names", bits), "expressions", "RICE-11 RICE-18", named.params(), f.value(named.octets), names("y.example.com/", "b.example.com/", "a.example.com/", "a.example.com"), "1010")
	}
	return f
}

func riceV5Captured() *file {
	f := &file{format: "rice-delta-v5", since: "1.1.0", topic: "captured"}
	var captured struct {
		Lists []struct {
			ID            string
			Bits, Rice    int
			First, Data   string
			Count         int
			Values, Names []string
			Source        int
		}
	}
	capture("ricedelta", "rice-delta-v5.json", &captured)
	sources := [][2]string{{"Google, Safe Browsing v5, \"Local Database\"", "CC-BY-4.0"}, {"Chromium 2026, v5_rice_unittest.cc", "BSD-3-Clause"}}
	for _, c := range captured.Lists {
		first, ok := new(big.Int).SetString(c.First, 16)
		if !ok {
			panic(c.First)
		}
		w := wide{bits: c.Bits, rice: c.Rice, first: first, differences: c.Count}
		all := []string{first.String()}
		if len(c.Names) > 0 {
			for _, name := range c.Names[1:] {
				all = append(all, expression(name, c.Bits))
			}
		} else {
			all = nil
			for _, v := range c.Values {
				all = append(all, bigNumber("0x"+v).String())
			}
		}
		const how = "published test data"
		program, licence := sources[c.Source][0], sources[c.Source][1]
		f.add("decode", "rice5-captured-decode-"+slug(c.ID), "a list of prefixes", "RICE-12 RICE-14", w.params(), vectors.Input{BytesHex: &c.Data}, vectors.Answer{Keys: all, Canonical: new(true)}).from(program, how, licence)
		f.add("encode", "rice5-captured-encode-"+slug(c.ID), "a list of prefixes", "RICE-12 RICE-15", fmt.Sprintf(`{"bits":%d,"rice":%d}`, c.Bits, c.Rice),
			vectors.Input{Keys: all}, vectors.Answer{Keys: all, BytesHex: &c.Data}).from(program, how, licence)
	}
	return f
}
