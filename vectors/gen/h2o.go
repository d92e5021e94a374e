package main

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

func h2oFiles() []*file {
	return []*file{
		h2oHash(), h2oEncode(), h2oEncodeErrors(), h2oDecode(), h2oDecodeErrors(), h2oQuery(), h2oCaptured(), h2oMixups(),
		h2oScenes("h2o", "h2o23", "h2o-2.3.0-dev", "H2O 2.3.0-DEV", zerosOne(6)), h2oScenes("h2o-2.0", "h2o20", "h2o-2.0.6", "H2O 2.0.6", onesZero(6)),
		h2o20Encode(), h2o20Decode(), h2o20DecodeErrors(),
	}
}

func capacity(bits int) string { return fmt.Sprintf(`{"capacity_bits":%d}`, bits) }

// paths are what servers are asked for, and what they may be asked for.
var paths = []struct{ id, path, why string }{
	{"index", "/index.html", "a page"},
	{"css", "/css/0.css", "a style"},
	{"root", "/", "the shortest path"},
	{"empty", "", "no path at all"},
	{"query", "/app.js?v=1.2.3", "the query is part of the name"},
	{"query-order", "/q?b=2&a=1", "a query is not put in order"},
	{"percent", "/a%20b.css", "percent-encoding is not undone"},
	{"percent-lower", "/%c3%a9.css", "nor is its case changed"},
	{"percent-upper", "/%C3%A9.css", "the same path in another case is another name"},
	{"utf8", "/\u00e9.css", "octets above 127 as they are"},
	{"astral", "/\U0001f984.png", "four octets of UTF-8"},
	{"case", "/CSS/0.CSS", "case is kept"},
	{"dots", "/a/../css/0.css", "dot segments are not removed"},
	{"slashes", "//css//0.css", "nor are empty ones"},
	{"fragment", "/page#part", "a fragment, if there is one, counts"},
	{"absolute", "https://example.com/css/0.css", "an absolute URL is another name than its path"},
	{"long", "/" + strings.Repeat("x", 600), "longer than any block of the hash"},
	{"block", "/" + strings.Repeat("b", 54), "55 octets: the most that one block of the hash takes"},
	{"two-blocks", "/" + strings.Repeat("b", 55), "56 octets: the least that takes two blocks"},
}

func h2oHash() *file {
	f := &file{format: "h2o", topic: "hash", text: true}
	for _, p := range paths {
		f.hash("h2o-hash-"+p.id, p.why, "CASPER-1", capacity(13), names(p.path), []uint64{h2oKey(p.path, 13)})
	}
	for bits := 1; bits <= 15; bits++ {
		f.hash(fmt.Sprintf("h2o-hash-capacity-%d", bits), fmt.Sprintf("the low %d bits are kept", bits), "CASPER-1 CASPER-2",
			capacity(bits), names("/css/0.css"), []uint64{h2oKey("/css/0.css", bits)})
	}
	f.hash("h2o-hash-default", "13 bits by default", "CASPER-2", `{}`, names("/index.html"), []uint64{7700})
	f.hash("h2o-hash-order", "keys come in the order of the names", "CASPER-1", capacity(8), names("/index.html", "/css/0.css", "/css/1.css"), []uint64{20, 178, 178}).flag("collision")
	f.hash("h2o-hash-none", "no name, no key", "CASPER-1", capacity(13), names(), []uint64{})
	v := f.hash("h2o-hash-octets", "a path that is no UTF-8", "CASPER-1", capacity(13), namesHex("2fff"), []uint64{h2oKey("/\xff", 13)})
	v.flag("boundary")
	for _, bad := range []string{"0", "16", "-1", "32"} {
		f.refuseNames("hash", "h2o-hash-capacity-bad"+strings.Replace(bad, "-", "-minus-", 1), "capacities are 1 to 15 bits", "CASPER-2",
			`{"capacity_bits":`+bad+`}`, "bad-parameter", names("/index.html"))
	}
	return f
}

func h2oEncode() *file {
	f := &file{format: "h2o", topic: "encode", text: true}
	c := zerosOne(6)
	for _, e := range []struct{ id, why, keys string }{
		{"zero", "the least key", "@0 ~"},
		{"63", "the largest key with a quotient of 0", "@63 ~"},
		{"64", "the least key with a quotient of 1", "@64 ~"},
		{"two", "codes that fill two octets", "@20 @178"},
		{"neighbours", "neighbours have a gap of 0", "@0 @1 ~"},
		{"three", "three neighbours", "@0 @1 @2 ~"},
		{"most", "the largest key", "@8191 ~"},
		{"ends", "the least key and the largest", "@0 @8191 ~"},
		{"eight", "eight codes of seven bits fill their octets", "@0 @1 @2 @3 @4 @5 @6 @7"},
		{"index", "a long quotient", "@7700 ~"},
	} {
		f.encode("h2o-encode-"+e.id, e.why, "CASPER-3 CASPER-4", capacity(13), c.draw(e.keys))
	}
	f.encode("h2o-encode-empty", "the empty set is the empty text", "CASPER-4", capacity(13), c.draw(""))
	f.encode("h2o-encode-unsorted", "keys are sorted first", "CASPER-6", capacity(13), c.draw("@1 @20 @178 ~")).input("178 1 20")
	f.encode("h2o-encode-repeats", "a key that is given twice is there once", "CASPER-6", capacity(13), c.draw("@20 @178")).input("178 20 178 20")
	for bits := 1; bits <= 15; bits++ {
		most := uint64(1)<<bits - 1
		f.encode(fmt.Sprintf("h2o-encode-capacity-%d", bits), "remainders have 6 bits whatever the capacity; the largest key", "CASPER-3",
			capacity(bits), c.draw(of([]uint64{0, most / 2, most}))).flag("boundary")
	}
	all := make([]uint64, 256)
	for i := range all {
		all[i] = uint64(i)
	}
	f.encode("h2o-encode-full", "every key there is", "CASPER-3", capacity(8), c.draw(of(all))).flag("large", "boundary")
	for _, set := range []struct {
		id, why string
		bits    int
		paths   []string
	}{
		{"page", "a page and two styles, of which two share a key", 8, []string{"/index.html", "/css/0.css", "/css/1.css"}},
		{"one", "one style", 13, []string{"/css/0.css"}},
		{"twice", "a path that is named twice", 13, []string{"/css/0.css", "/css/0.css"}},
		{"order", "the order of the names does not matter", 13, []string{"/js/0.js", "/index.html", "/css/1.css", "/css/0.css"}},
		{"tiny", "many paths, two keys", 1, []string{"/a", "/b", "/c", "/d", "/e"}},
	} {
		ks := each(set.paths, func(p string) uint64 { return h2oKey(p, set.bits) })
		f.encodeNames("h2o-encode-names-"+set.id, set.why, "CASPER-1 CASPER-6", capacity(set.bits), names(set.paths...), c.draw(of(ks)))
	}
	var hundred []string
	for i := range 100 {
		hundred = append(hundred, fmt.Sprintf("/asset/%d.js", i))
	}
	f.encodeNames("h2o-encode-names-hundred", "as many assets as the default capacity is meant for", "CASPER-6", capacity(13), names(hundred...),
		c.draw(of(each(hundred, func(p string) uint64 { return h2oKey(p, 13) })))).flag("large")
	return f
}

func h2oEncodeErrors() *file {
	f := &file{format: "h2o", topic: "encode-errors", text: true}
	for _, bits := range []int{1, 8, 13, 15} {
		f.refuseKeys(fmt.Sprintf("h2o-encode-above-%d", bits), "the least key that the capacity does not have", "CASPER-7", capacity(bits),
			"out-of-range", strconv.Itoa(1<<bits)).flag("boundary")
	}
	f.refuseKeys("h2o-encode-above-second", "one key of two is too large", "CASPER-7", capacity(13), "out-of-range", "8192 5")
	f.refuseKeys("h2o-encode-above-far", "a key of 64 bits", "CASPER-7", capacity(13), "out-of-range", "18446744073709551615").flag("hostile")
	for _, bad := range []string{"0", "16", "-1"} {
		f.refuseKeys("h2o-encode-capacity-bad"+strings.Replace(bad, "-", "-minus-", 1), "capacities are 1 to 15 bits", "CASPER-2", `{"capacity_bits":`+bad+`}`, "bad-parameter", "1")
	}
	f.refuseKeys("h2o-encode-foreign-parameter", "a parameter of another format", "GCS-15", `{"log2p":7}`, "bad-parameter", "1")
	return f
}

func h2oDecode() *file {
	f := &file{format: "h2o", topic: "decode", text: true}
	c := zerosOne(6)
	for _, e := range []struct{ id, why, keys string }{
		{"zero", "the least key", "@0 ~"},
		{"63", "the largest key with a quotient of 0", "@63 ~"},
		{"64", "the least key with a quotient of 1", "@64 ~"},
		{"two", "codes that fill two octets", "@20 @178"},
		{"three", "three neighbours", "@0 @1 @2 ~"},
		{"most", "the largest key", "@8191 ~"},
		{"ends", "the least key and the largest", "@0 @8191 ~"},
		{"eight", "eight codes of seven bits fill their octets", "@0 @1 @2 @3 @4 @5 @6 @7"},
		{"index", "a long quotient", "@7700 ~"},
	} {
		f.decode("h2o-decode-"+e.id, e.why, "CASPER-3 CASPER-4", capacity(13), c.draw(e.keys))
	}
	f.decode("h2o-decode-empty", "the empty text is the empty set", "CASPER-4", capacity(13), c.draw(""))
	f.decode("h2o-decode-octets", "the same from octets", "CASPER-3", capacity(13), c.draw("@20 @178")).octets()
	f.decode("h2o-decode-default", "13 bits by default", "CASPER-2", `{}`, c.draw("@8191 ~"))
	f.decode("h2o-decode-characters", "all of the 64 characters mean something", "CASPER-4 GCS-27", capacity(15), c.draw(of([]uint64{
		0, 63, 100, 162, 200, 333, 1000, 1063, 1500, 1999, 2222, 2900, 3401, 4000, 5177, 5300, 6001, 7007, 8191, 9999, 12345, 20000, 32767,
	})))
	for bits := 1; bits <= 15; bits++ {
		most := uint64(1)<<bits - 1
		f.decode(fmt.Sprintf("h2o-decode-capacity-%d", bits), "the largest key of the capacity", "CASPER-3 CASPER-8",
			capacity(bits), c.draw(of([]uint64{0, most / 2, most}))).flag("boundary")
	}
	all := make([]uint64, 256)
	for i := range all {
		all[i] = uint64(i)
	}
	f.decode("h2o-decode-full", "every key there is", "CASPER-8 CASPER-9", capacity(8), c.draw(of(all))).flag("large", "boundary")
	return f
}

func h2oDecodeErrors() *file {
	f := &file{format: "h2o", topic: "decode-errors", text: true}
	c := zerosOne(6)
	p := capacity(13)

	// The text. H2O reads both alphabets, and ignores unused bits.
	for _, t := range []struct {
		id, why, kind, text string
		offset              int
		lenient             string
	}{
		{"star", "a character of no alphabet", "bad-text", "qF*", 12, ""},
		{"space", "a space behind the value", "bad-text", "qF0 ", 18, ""},
		{"space-first", "a space in front of the value", "bad-text", " qF0", 0, ""},
		{"padded", "base64 padding does not belong here", "bad-text", "qF0=", 18, ""},
		{"quote", "a quoted value", "bad-text", `"qF0"`, 0, ""},
		{"line-feed", "a line break, which some decoders skip", "bad-text", "qF0\n", 18, ""},
		{"nul", "an octet of zero", "bad-text", "qF0\x00", 18, ""},
		{"high", "an octet above 127", "bad-text", "qF\u00e9", 12, ""},
		{"semicolon", "the rest of a header line", "bad-text", "qF0; a=b", 18, ""},
		{"one-character", "one character is half an octet", "bad-text", "q", 0, ""},
		{"five-characters", "five characters are three octets and a half", "bad-text", "qF0AA", 24, ""},
		{"nine-characters", "nine characters", "bad-text", "gQIDBAUGB", 48, ""},
		{"late-star", "a bad character behind eight good ones", "bad-text", "gQIDBAUG*", 48, ""},
		{"spare-one", "an unused bit is set", "non-canonical", "qF1", 16, "20 178"},
		{"spare-two", "the other unused bit is set", "non-canonical", "qF2", 16, "20 178"},
		{"spare-four", "unused bits of a value of one octet", "non-canonical", "gB", 8, "0"},
	} {
		v := f.refuseText("h2o-text-"+t.id, t.why, "CASPER-4 GCS-28", p, t.kind, t.text, t.offset)
		switch {
		case t.kind == "non-canonical":
			v.also("GCS-30 CASPER-10").lenient(false, t.lenient)
		case len(t.text)%4 == 1 && t.offset == 6*(len(t.text)-1) && !strings.Contains(t.text, "*"):
			v.also("GCS-29")
		}
	}
	for _, t := range []struct{ id, why, text, url string }{
		{"standard-plus", "the standard alphabet's plus", "+A", "-A"},
		{"standard-slash", "the standard alphabet's slash", "/g", "_g"},
		{"mixed", "characters of both alphabets", "_-+/", "_--_"},
	} {
		octets, err := base64.RawURLEncoding.DecodeString(t.url)
		if err != nil {
			panic(err)
		}
		keys := openKeys(c, octets)
		f.refuseText("h2o-text-"+t.id, t.why, "CASPER-4 GCS-28 CASPER-10", p, "bad-text", t.text, 6*strings.IndexAny(t.text, "+/")).
			lenient(false, strings.Join(decimal(keys), " "))
	}

	// The bits.
	for _, e := range []struct{ id, why, spec, kind, bits, lenient string }{
		{"pad-first", "the first pad bit is 1", "GCS-18", "nonzero-padding", "@0 @1 ! 1 ~", "0 1"},
		{"pad-last", "the last pad bit is 1", "GCS-18", "nonzero-padding", "@63 @64 0 ! 1", "63 64"},
		{"pad-all", "all pad bits are 1: an incomplete code", "GCS-18", "nonzero-padding", "@0 @1 @2 @3 ! 1111", "0 1 2 3"},
		{"octet", "an octet of zeros too many", "GCS-19", "trailing-data", "@20 @178 ! 0*8", "20 178"},
		{"octet-after-pad", "padding and an octet of zeros", "GCS-19", "trailing-data", "@0 ! 0 0*8", "0"},
		{"zeros-only", "zeros alone are no key", "GCS-19", "trailing-data", "! 0*8", ""},
		{"zeros-long", "a thousand octets of zeros", "GCS-19", "trailing-data", "@0 ! 0 0*8000", "0"},
		{"cut-one", "the last bit is missing", "GCS-19", "truncated", "@20 ! /221:1", "20"},
		{"cut-quotient", "the quotient ends with the stream", "GCS-19", "truncated", "@20 @178 ! 0*7 1", "20 178"},
		{"cut-long-quotient", "a long quotient, and nothing behind it", "GCS-19", "truncated", "@20 @178 ! 0*119 1", "20 178"},
		{"cut-remainder", "half a remainder", "GCS-19", "truncated", "@20 @178 ! 00001 000", "20 178"},
		{"cut-alone", "a cut code and no other", "GCS-19", "truncated", "! 0*10 1 00000", ""},
	} {
		f.refuse("h2o-"+e.id, e.why, "CASPER-8 CASPER-11 "+e.spec, p, e.kind, c.draw(e.bits)).lenient(false, e.lenient)
	}

	for _, bits := range []int{2, 5, 7, 8, 13} {
		universe := uint64(1) << bits
		f.refuse(fmt.Sprintf("h2o-out-of-range-%d", bits), "the least key that the capacity does not have", "CASPER-8 CASPER-12", capacity(bits), "out-of-range",
			c.draw(fmt.Sprintf("! @%d ~", universe))).flag("boundary").lenient(true, fmt.Sprint(universe))
	}
	f.refuse("h2o-out-of-range-second", "the second key is too large", "CASPER-8 CASPER-12", capacity(8), "out-of-range", c.draw("@20 ! @300 ~")).lenient(true, "20 300")
	f.refuse("h2o-out-of-range-gap", "neither gap is too large, but their sum is", "CASPER-8 CASPER-12", capacity(8), "out-of-range", c.draw("@200 ! +100 ~")).lenient(true, "200 301")
	f.refuse("h2o-out-of-range-large", "a key of 70,000 in the default capacity", "CASPER-8 CASPER-12", p, "out-of-range", c.draw("! @70000 ~")).flag("hostile").lenient(true, "70000")

	// More keys than the capacity has.
	var all []uint64
	for k := range uint64(300) {
		all = append(all, k)
	}
	for _, limit := range []struct {
		bits, keys int
		lenient    bool
	}{{1, 3, true}, {2, 5, true}, {5, 33, true}, {5, 128, true}, {5, 129, false}, {7, 129, false}, {8, 257, false}} {
		v := f.refuse(fmt.Sprintf("h2o-limit-%d-%d", limit.bits, limit.keys), fmt.Sprintf("%d keys where there are %d", limit.keys, 1<<limit.bits),
			"CASPER-9 CASPER-13", capacity(limit.bits), "limit", c.draw(of(all[:limit.keys]))).noOffset().flag("boundary")
		if limit.lenient {
			v.lenient(true, strings.Join(decimal(all[:limit.keys]), " "))
		}
	}
	for _, bad := range []string{"0", "16", "-1"} {
		f.refuseText("h2o-decode-capacity-bad"+strings.Replace(bad, "-", "-minus-", 1), "capacities are 1 to 15 bits", "CASPER-2",
			`{"capacity_bits":`+bad+`}`, "bad-parameter", "qF0", -1)
	}
	return f
}

// openKeys are the keys of all complete codes, whatever follows them: what a reader
// finds that knows no padding.
func openKeys(c code, octets []byte) (keys []uint64) {
	var bits strings.Builder
	for _, o := range octets {
		fmt.Fprintf(&bits, "%08b", o)
	}
	return keysIn(c, bits.String())
}

// keysIn is openKeys of bits.
func keysIn(c code, rest string) (keys []uint64) {
	next := uint64(0)
	for {
		q := strings.Index(rest, c.stop())
		if q < 0 || len(rest) < q+1+c.rice {
			return keys
		}
		r := uint64(0)
		if c.rice > 0 {
			var err error
			if r, err = strconv.ParseUint(rest[q+1:q+1+c.rice], 2, 64); err != nil {
				panic(err)
			}
		}
		rest = rest[q+1+c.rice:]
		keys = append(keys, next+uint64(q)<<c.rice+r)
		next = keys[len(keys)-1] + c.gap
	}
}

func h2oQuery() *file {
	f := &file{format: "h2o", topic: "query", text: true}
	c := zerosOne(6)
	v := f.value(c.draw("@20 @178").octets)
	f.query("h2o-query-names", "two of three paths are there, one of them because its key is", "CASPER-1 CASPER-14", capacity(8), v,
		names("/index.html", "/css/0.css", "/css/1.css", "/js/0.js"), "1110").flag("collision")
	f.query("h2o-query-keys", "keys and their neighbours", "CASPER-14", capacity(8), v, keys("19 20 21 177 178 179"), "010010")
	f.query("h2o-query-empty", "the empty set holds nothing", "CASPER-14", capacity(13), f.value(nil), names("/index.html"), "0")
	f.query("h2o-query-capacity", "with another capacity the same paths have other keys", "CASPER-1 CASPER-14", capacity(13), v, names("/index.html", "/css/0.css"), "00").flag("mix-up")
	f.query("h2o-query-nothing", "nothing is asked", "CASPER-14", capacity(13), v, names(), "")
	f.query("h2o-query-above", "a key that no path has", "CASPER-14", capacity(8), v, keys("300 20"), "01")
	f.refuseQuery("h2o-query-trailing", "the value must be readable as a whole", "CASPER-14 CASPER-11", capacity(8), "trailing-data",
		f.value(c.draw("@20 @178 0*8").octets), keys("20 21")).lenientPresent(true, false)
	f.refuseQuery("h2o-query-bad-text", "no value, no answer", "CASPER-14", capacity(8), "bad-text", vectors.Input{Text: new("qF*")}, keys("20"))
	f.refuseQuery("h2o-query-out-of-range", "a key above the capacity is in the value", "CASPER-12 CASPER-14", capacity(8), "out-of-range",
		f.value(c.draw("@20 @300 ~").octets), keys("20 300")).lenientPresent(true, true)
	return f
}

// h2oCaptured are cookies that a running H2O has set.
func h2oCaptured() *file {
	f := &file{format: "h2o", topic: "captured", text: true}
	type cookie struct {
		Name   string `json:"name"`
		Bits   int    `json:"capacity_bits"`
		Assets []struct {
			Path string `json:"path"`
		} `json:"assets"`
		Cookie string   `json:"cookie"`
		Keys   []uint64 `json:"keys"`
	}
	var captured struct {
		Vectors  []cookie `json:"vectors"`
		Feedback []cookie `json:"feedback"`
	}
	capture("casper", "h2o-2.2.5.json", &captured)
	for _, k := range append(captured.Vectors, captured.Feedback...) {
		if len(k.Keys) > 600 || k.Cookie == "" {
			continue // the files stay small
		}
		octets, err := base64.RawURLEncoding.DecodeString(k.Cookie)
		if err != nil {
			panic(err)
		}
		v := f.add("decode", "h2o-captured-"+slug(k.Name), fmt.Sprintf("a cookie of %d keys, as H2O has set it", len(k.Keys)), "CASPER-3 CASPER-4",
			capacity(k.Bits), f.value(octets), found(k.Keys, true)).from("H2O 2.2.5", "set by a running server over TLS on loopback", "MIT")
		universe := uint64(1) << k.Bits
		if slices.ContainsFunc(k.Keys, func(key uint64) bool { return key >= universe }) {
			lenient := v.Expect
			v.Expect, v.ExpectLenient = vectors.Answer{Error: "out-of-range"}, &lenient
			v.also("CASPER-8 CASPER-12")
			if len(octets) > (7*int(universe)+7)/8 { // longer than all keys of the capacity
				v.Expect.Error = "limit"
				v.also("CASPER-9")
			}
			continue
		}
		var assets []string
		for _, a := range k.Assets {
			assets = append(assets, a.Path)
		}
		if 0 < len(assets) && len(assets) <= 40 && covers(k.Keys, assets, k.Bits) {
			f.add("encode", "h2o-captured-encode-"+slug(k.Name), "the paths from which H2O made that cookie", "CASPER-1 CASPER-6",
				capacity(k.Bits), names(assets...), f.coded(octets, k.Keys)).from("H2O 2.2.5", "set by a running server over TLS on loopback", "MIT")
		}
	}
	return f
}

// h2oScenes are what an H2O did as a reverse proxy: the cookies that it set, and which of the pushes
// that a page offers it cancelled, since the client holds them.
func h2oScenes(format, prefix, name, program string, c code) *file {
	f := newer(format, "proxied", true)
	var captured struct {
		Scenes []struct {
			Bits       int `json:"capacity_bits"`
			Tracking   string
			Page       string
			Cookie     []string
			Pushed     []string
			Cancelled  []string
			SetCookies []string `json:"pushed_set_cookie"`
		}
	}
	capture("casper", name+".json", &captured)
	how := func(v *vector) {
		v.from(program, "a running server as a reverse proxy, over TLS on loopback", "MIT")
	}
	seen := map[string]bool{}
	for i, s := range captured.Scenes {
		key := func(path string) uint64 { return h2oKey(path, s.Bits) }
		tracked := slices.Clone(s.Pushed)
		if s.Tracking == "all" {
			tracked = append(tracked, s.Page)
		} else { // only what a browser blocks on
			tracked = slices.DeleteFunc(tracked, func(path string) bool { return strings.HasSuffix(path, ".png") })
		}
		all := each(tracked, key)
		for _, sent := range s.Cookie {
			all = append(all, openKeys(c, mustText(sent))...)
		}
		slices.Sort(all)
		all = slices.Compact(all)
		for _, set := range s.SetCookies {
			_, value, _ := strings.Cut(set, "=")
			value, _, _ = strings.Cut(value, ";")
			if id := fmt.Sprint(s.Bits, " ", value); !seen[id] {
				seen[id] = true
				how(f.add("decode", fmt.Sprintf("%s-proxied-%d", prefix, i), fmt.Sprintf("a cookie of %d keys, as H2O has set it", len(all)), "CASPER-3 CASPER-4 CASPER-5", capacity(s.Bits), vectors.Input{Text: &value}, found(all, true)))
				if len(s.Cookie) == 0 {
					how(f.add("encode", fmt.Sprintf("%s-proxied-encode-%d", prefix, i), "the paths from which H2O made that cookie", "CASPER-1 CASPER-6", capacity(s.Bits), names(tracked...), f.coded(mustText(value), all)))
				}
			}
		}
		if len(s.Cookie) != 1 || i%3 != 0 {
			continue // every third scene shows as much
		}
		// Of two paths with the same key the second one is held, too: they are not asked about.
		asked := slices.DeleteFunc(slices.Clone(tracked), func(path string) bool {
			same := func(other string) bool { return other != path && key(other) == key(path) }
			return path == s.Page || slices.ContainsFunc(tracked, same)
		})
		answers := ""
		for _, path := range asked {
			answers += map[bool]string{true: "1", false: "0"}[slices.Contains(s.Cancelled, path)]
		}
		if len(asked) > 0 {
			how(f.query(fmt.Sprintf("%s-proxied-query-%d", prefix, i), "which pushes H2O cancelled", "CASPER-1 CASPER-14", capacity(s.Bits), vectors.Input{Text: &s.Cookie[0]}, names(asked...), answers))
		}
	}
	if format == "h2o" {
		for _, v := range f.vectors { // the other generation's requirement
			v.Spec = slices.DeleteFunc(v.Spec, func(id string) bool { return id == "CASPER-5" })
		}
	}
	return f
}

// covers reports whether the cookie is of these assets alone: not of what the
// client had brought besides.
func covers(keys []uint64, assets []string, bits int) bool {
	made := each(assets, func(p string) uint64 { return h2oKey(p, bits) })
	slices.Sort(made)
	return slices.Equal(slices.Compact(made), keys)
}

func slug(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s), "-")
}

// h2oMixups are values of relatives, which this reader takes for something else or refuses:
// near-identical is not identical.
func h2oMixups() *file {
	f := &file{format: "h2o", topic: "mix-up", text: true}
	for _, m := range []struct {
		id, why string
		made    code
		bits    string
	}{
		{"h2o20-two", "two keys as H2O 2.0 wrote them", onesZero(6), "@20 @178"},
		{"h2o20-zero", "one key as H2O 2.0 wrote it", onesZero(6), "@0 ~"},
		{"gap0", "plain differences, without the 1 that is subtracted", code{rice: 6, pad: "0"}, "@20 @178 @180 ~"},
		{"rice7", "remainders of another length", zerosOne(7), "@20 @178 @900 ~"},
		{"lsb", "least significant bit first", code{rice: 6, gap: 1, pad: "0", lsb: true}, "@20 @178 ~"},
		{"golombset", "the golombset command, which writes the length of its remainders in front", onesZero(6), "#6:5 @20 @178 ~"},
		{"go-casper", "a cookie of go-casper", counted(6), "@146 ~"},
		{"digest", "a cache digest", zerosOne(7), "#0:5 #7:5 @93 ~"},
	} {
		s := m.made.draw(m.bits)
		keys := openKeys(zerosOne(6), s.octets)
		in := f.value(s.octets)
		strict, clean := "", zerosOne(6).draw(of(keys))
		switch {
		case slices.ContainsFunc(keys, func(k uint64) bool { return k >= 8192 }):
			strict = "out-of-range"
		case slices.Equal(clean.octets, s.octets):
		default:
			strict = fault(zerosOne(6), s.octets)
		}
		v := f.add("decode", "h2o-mixup-"+m.id, m.why+", read as this format: "+s.picture, "CASPER-3 CASPER-8 CASPER-11", capacity(13), in, vectors.Answer{Error: strict}).flag("mix-up")
		if strict == "" {
			v.Expect = found(keys, true)
		} else {
			v.lenient(slices.Equal(clean.octets, s.octets), strings.Join(decimal(keys), " "))
		}
	}
	return f
}

// fault is the kind of what follows the last complete code: GCS-17 to GCS-19.
func fault(c code, octets []byte) string {
	var bits strings.Builder
	for _, o := range octets {
		fmt.Fprintf(&bits, "%08b", o)
	}
	rest := bits.String()
	for {
		q := strings.Index(rest, c.stop())
		if q >= 0 && len(rest) >= q+1+c.rice {
			rest = rest[q+1+c.rice:]
			continue
		}
		switch {
		case len(rest) >= 8 && q >= 0:
			return "truncated"
		case len(rest) >= 8:
			return "trailing-data"
		case q >= 0:
			return "nonzero-padding"
		}
		return ""
	}
}

func h2o20Encode() *file {
	f := &file{format: "h2o-2.0", topic: "encode", text: true}
	c := onesZero(6)
	for _, e := range []struct{ id, why, keys string }{
		{"zero", "the least key", "@0 ~"},
		{"63", "the largest key with a quotient of 0", "@63 ~"},
		{"64", "the least key with a quotient of 1", "@64 ~"},
		{"two", "codes that fill two octets", "@20 @178"},
		{"three", "three neighbours, and padding of ones", "@0 @1 @2 ~"},
		{"most", "the largest key", "@8191 ~"},
		{"eight", "eight codes of seven bits fill their octets", "@0 @1 @2 @3 @4 @5 @6 @7"},
		{"empty", "the empty set is the empty text", ""},
	} {
		f.encode("h2o20-encode-"+e.id, e.why, "CASPER-5", capacity(13), c.draw(e.keys))
	}
	f.encode("h2o20-encode-unsorted", "keys are sorted, and their repeats dropped", "CASPER-5 CASPER-6", capacity(13), c.draw("@20 @178")).input("178 20 178")
	for _, bits := range []int{1, 8, 15} {
		most := uint64(1)<<bits - 1
		f.encode(fmt.Sprintf("h2o20-encode-capacity-%d", bits), "the largest key of the capacity", "CASPER-5", capacity(bits), c.draw(of([]uint64{0, most}))).flag("boundary")
		f.refuseKeys(fmt.Sprintf("h2o20-encode-above-%d", bits), "the least key that the capacity does not have", "CASPER-7", capacity(bits), "out-of-range", strconv.Itoa(1<<bits)).flag("boundary")
	}
	f.encodeNames("h2o20-encode-names", "keys are made of paths as in the later generation", "CASPER-1 CASPER-5", capacity(8), names("/index.html", "/css/0.css"), c.draw("@20 @178"))
	f.hash("h2o20-hash", "keys are made of paths as in the later generation", "CASPER-1 CASPER-5", capacity(13), names("/index.html", "/css/0.css"), []uint64{7700, 7602})
	f.refuseNames("hash", "h2o20-hash-capacity-bad16", "capacities are 1 to 15 bits", "CASPER-2", `{"capacity_bits":16}`, "bad-parameter", names("/"))
	return f
}

func h2o20Decode() *file {
	f := &file{format: "h2o-2.0", topic: "decode", text: true}
	c := onesZero(6)
	for _, e := range []struct{ id, why, keys string }{
		{"zero", "the least key", "@0 ~"},
		{"63", "the largest key with a quotient of 0", "@63 ~"},
		{"64", "the least key with a quotient of 1", "@64 ~"},
		{"two", "codes that fill two octets", "@20 @178"},
		{"three", "three neighbours, and padding of ones", "@0 @1 @2 ~"},
		{"most", "the largest key", "@8191 ~"},
		{"eight", "eight codes of seven bits fill their octets", "@0 @1 @2 @3 @4 @5 @6 @7"},
		{"empty", "the empty text is the empty set", ""},
	} {
		f.decode("h2o20-decode-"+e.id, e.why, "CASPER-5", capacity(13), c.draw(e.keys))
	}
	for _, bits := range []int{1, 8, 15} {
		most := uint64(1)<<bits - 1
		f.decode(fmt.Sprintf("h2o20-decode-capacity-%d", bits), "the largest key of the capacity", "CASPER-5 CASPER-8", capacity(bits), c.draw(of([]uint64{0, most}))).flag("boundary")
	}
	f.query("h2o20-query", "two of three keys", "CASPER-5 CASPER-14", capacity(8), f.value(c.draw("@20 @178").octets), keys("20 21 178"), "101")
	f.query("h2o20-query-names", "two of three paths", "CASPER-5 CASPER-14", capacity(8), f.value(c.draw("@20 @178").octets), names("/index.html", "/js/0.js", "/css/0.css"), "101")
	return f
}

func h2o20DecodeErrors() *file {
	f := &file{format: "h2o-2.0", topic: "decode-errors", text: true}
	c := onesZero(6)
	p := capacity(13)
	for _, e := range []struct{ id, why, spec, kind, bits, lenient string }{
		{"pad-zero", "padding of zeros, as in the later generation", "GCS-18", "nonzero-padding", "@0 @1 ! 0*2", "0 1"},
		{"pad-last", "the last pad bit is 0", "GCS-18", "nonzero-padding", "@63 @64 1 ! 0", "63 64"},
		{"octet", "an octet of ones too many", "GCS-19", "trailing-data", "@20 @178 ! 1*8", "20 178"},
		{"ones-only", "ones alone are no key", "GCS-19", "trailing-data", "! 1*8", ""},
		{"ones-long", "a thousand octets of ones", "GCS-19", "trailing-data", "@0 ! 1 1*8000", "0"},
		{"cut-quotient", "the quotient ends with the stream", "GCS-19", "truncated", "@20 @178 ! 1*7 0", "20 178"},
		{"cut-remainder", "half a remainder", "GCS-19", "truncated", "@20 @178 ! 11110 000", "20 178"},
	} {
		f.refuse("h2o20-"+e.id, e.why, "CASPER-5 CASPER-11 "+e.spec, p, e.kind, c.draw(e.bits)).lenient(false, e.lenient)
	}
	for _, bits := range []int{2, 8, 13} {
		universe := uint64(1) << bits
		f.refuse(fmt.Sprintf("h2o20-out-of-range-%d", bits), "the least key that the capacity does not have", "CASPER-8 CASPER-12", capacity(bits), "out-of-range",
			c.draw(fmt.Sprintf("! @%d ~", universe))).flag("boundary").lenient(true, fmt.Sprint(universe))
	}
	f.refuseText("h2o20-text-star", "a character of no alphabet", "CASPER-4 GCS-28", p, "bad-text", "qF*", 12)
	f.refuseText("h2o20-text-five", "five characters are three octets and a half", "CASPER-4 GCS-29", p, "bad-text", "qF0AA", 24)
	f.refuseText("h2o20-text-spare", "an unused bit is set", "CASPER-4 GCS-30 CASPER-10", p, "non-canonical", "P_", 8).
		lenient(false, "31")
	s := zerosOne(6).draw("@20 @178")
	s.keys = []uint64{104, 151}
	f.decode("h2o20-mixup-two", "the keys 20 and 178 as H2O 2.1 writes them, which this reader takes for two others", "CASPER-5", p, s).flag("mix-up")
	return f
}
