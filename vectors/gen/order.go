package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

// Values with two faults, of which the specification says which is reported, and what readers make of the
// ends of streams and headers.

// orderRaw are two faults of raw codes and keys.
func orderRaw() *file {
	f := newer("raw", "order", false)
	for _, run := range runs {
		id := func(s string) string { return "raw-order-" + s + "-" + run }
		c, p := raw(6, run, 1, "msb", "")
		f.add("decode", id("parameter"), "a parameter out of its range, and a stream that is cut", "GCS-15 GCS-31", instead(p, `"rice":64`), f.value(c.draw(c.more()+"*7 "+c.stop()).octets), vectors.Answer{Error: "bad-parameter"}).flag("order")
		c, p = raw(60, run, 1, "msb", "")
		f.refuse(id("range-cut"), "a key that is too large, and behind it a code that is cut", "GCS-22 GCS-31", p, "out-of-range", c.draw("! "+c.more()+"*16 "+c.stop()+" 0*60 "+c.more()+"*10 "+c.stop())).flag("order")
		f.refuse(id("cut-range"), "a code that is cut has no key that could be too large", "GCS-19 GCS-31", p, "truncated", c.draw("! "+c.more()+"*16 "+c.stop()+" 0*55")).flag("order")
		c, p = raw(60, run, 1, "msb", `"count":1`)
		f.refuse(id("range-trailing"), "a key that is too large, and an octet too many", "GCS-22 GCS-31", p, "out-of-range", c.draw("! "+c.more()+"*16 "+c.stop()+" 0*60 ~ 0*8")).flag("order")
		f.refuse(id("range-padding"), "a key that is too large, and a wrong pad bit", "GCS-22 GCS-31", p, "out-of-range", c.draw("! "+c.more()+"*16 "+c.stop()+" 0*60 100")).flag("order")
		c, p = raw(6, run, 1, "msb", `"count":1`)
		f.refuse(id("trailing-padding"), "an octet too many, and a wrong bit in front of it", "GCS-21 GCS-31", p, "trailing-data", c.draw("@3 ! 1 0*8")).flag("order")
		f.refuse(id("padding-twice"), "two wrong pad bits: the first is reported", "GCS-21 GCS-25", p, "nonzero-padding", c.draw("@256 0 ! 1 0 1 1")).flag("order")
	}
	_, p := raw(6, "zeros-one", 1, "msb", "")
	f.refuseKeys("raw-order-unsorted-range", "keys are judged one by one: the second is unsorted, the third too large", "GCS-11 GCS-31", p, "unsorted", "5 4 18446744073709551615").flag("order")
	f.refuseKeys("raw-order-duplicate-unsorted", "the second is there twice, the third unsorted", "GCS-12 GCS-31", p, "duplicate", "5 5 4").flag("order")
	f.refuseKeys("raw-order-unsorted-duplicate", "the second is unsorted, the third is there twice", "GCS-11 GCS-31", p, "unsorted", "5 4 4").flag("order")
	f.refuseKeys("raw-order-parameter-keys", "a parameter out of its range, and unsorted keys", "GCS-15 GCS-31", instead(p, `"gap":2`), "bad-parameter", "5 4").flag("order")
	f.refuseKeys("raw-order-count-keys", "a count that is not that of the keys, and unsorted keys", "GCS-15 GCS-31", instead(p, `"count":3`), "bad-parameter", "5 4").flag("order")
	_, p = raw(0, "zeros-one", 1, "msb", "")
	f.refuseKeys("raw-order-unsorted-limit", "a key that would take 2^60 bits, and an unsorted one", "GCS-11 GCS-16 GCS-31", p, "unsorted", "1152921504606846976 4").flag("order")
	f.refuseKeys("raw-order-range-limit", "2^64-1 is too large, whatever it would take", "GCS-14 GCS-16 GCS-31", p, "out-of-range", "18446744073709551615").flag("order")
	return f
}

// textFaults are two faults in a text of which the reader reads at least five characters, for a format's
// strict reader. good is a text of a length that is a multiple of 4.
func (f *file) textFaults(prefix, spec, params, badParams, good string) {
	add := func(id, why, more, p, kind, text string, offset int) {
		f.refuseText(prefix+"-order-"+id, why, spec+" "+more, p, kind, text, offset).flag("order")
	}
	add("parameter-text", "a parameter out of its range, and a character of no alphabet", "GCS-15 GCS-31", badParams, "bad-parameter", "*"+good, -1)
	add("character-length", "a character of no alphabet, and half an octet at the end", "GCS-28 GCS-31", params, "bad-text", "*"+good, 0)
	add("character-length-last", "the last character is of no alphabet, and would be half an octet", "GCS-28 GCS-31", params, "bad-text", good+"*", 6*len(good))
	add("character-spare", "a character of no alphabet, and an unused bit", "GCS-28 GCS-31", params, "bad-text", "*"+good[1:]+"AB", 0)
	add("characters", "two characters of no alphabet: the first is reported", "GCS-28 GCS-25", params, "bad-text", good[:1]+"?*"+good[3:], 6)
	add("padded", "base64 padding, and an unused bit in front of it", "GCS-28 GCS-31", params, "bad-text", good+"AB==", 6*(len(good)+2))
}

func orderH2O(format string) *file {
	f := newer(format, "order", true)
	prefix, c := "h2o", zerosOne(6)
	if format == "h2o-2.0" {
		prefix, c = "h2o20", onesZero(6)
	}
	p := capacity(13)
	f.textFaults(prefix, "CASPER-4", p, capacity(16), texted(c.draw("@20 @178 @300 ~").octets))
	// Text, as the h2o format has it and both generations read it.
	for _, t := range []struct {
		id, why, kind, text string
		offset              int
	}{
		{"space", "a space behind the value", "bad-text", "qF0 ", 18}, {"space-first", "a space in front", "bad-text", " qF0", 0},
		{"space-alone", "a space alone", "bad-text", " ", 0}, {"equals-alone", "a padding character alone", "bad-text", "=", 0},
		{"padded", "base64 padding", "bad-text", "qF0=", 18}, {"padded-twice", "base64 padding of two characters", "bad-text", "gA==", 12},
		{"quote", "a quoted value", "bad-text", `"qF0"`, 0}, {"tab", "a tab", "bad-text", "qF0\t", 18}, {"line-feed", "a line break", "bad-text", "qF0\n", 18},
		{"crlf", "both line breaks within", "bad-text", "qF\r\n0A", 12}, {"nul", "an octet of zero", "bad-text", "qF0\x00", 18}, {"nul-within", "an octet of zero within", "bad-text", "qF\x000", 12},
		{"high", "an octet above 127", "bad-text", "qF\u00e9", 12}, {"high-first", "an octet above 127, whose low seven bits are a letter", "bad-text", "\u00c1F0A", 0},
		{"astral", "offsets count octets of UTF-8: the bad one is the first of four", "bad-text", "qF0A\U0001f600", 24}, {"delete", "a control octet", "bad-text", "qF0\x7f", 18},
		{"at", "the octet in front of A", "bad-text", "qF@0", 12}, {"bracket", "the octet behind Z", "bad-text", "qF[0", 12}, {"backquote", "the octet in front of a", "bad-text", "qF`0", 12},
		{"brace", "the octet behind z", "bad-text", "qF{0", 12}, {"colon", "the octet behind 9", "bad-text", "qF:0", 12}, {"dot", "the octet in front of a slash", "bad-text", "qF.0", 12},
		{"comma", "the octet in front of a minus", "bad-text", "qF,0", 12}, {"percent", "an escape", "bad-text", "%71F0", 0}, {"semicolon", "the rest of a header line", "bad-text", "qF0; a=b", 18},
		{"one", "one character is half an octet", "bad-text", "q", 0}, {"five", "five characters", "bad-text", "qF0AA", 24}, {"nine", "nine characters", "bad-text", "gQIDBAUGB", 48},
		{"thirteen", "thirteen characters", "bad-text", "gQIDBAUGBAAAA", 72}, {"late", "a bad character behind eight good ones", "bad-text", "gQIDBAUG*", 48}, {"late-seven", "a bad character behind seven good ones", "bad-text", "gQIDBAU*", 42},
		{"late-fifteen", "a bad character behind fifteen good ones", "bad-text", "gQIDBAUGgQIDBAU*", 90},
	} {
		f.refuseText(prefix+"-octets-"+t.id, t.why, "CASPER-4 CASPER-10 GCS-28", p, t.kind, t.text, t.offset)
	}
	for _, s := range []struct{ text, why string }{{"qF1", "1 of two"}, {"qF2", "2 of two"}, {"qF3", "both of two"}, {"gB", "1 of four"}, {"gC", "2 of four"}, {"gE", "4 of four"}, {"gI", "8 of four"}, {"gP", "all of four"}} {
		octets := map[int]string{3: "qF0", 2: "gA"}[len(s.text)]
		f.spare(prefix+"-spare-"+strings.ToLower(s.text), s.why, p, s.text, octets, c)
	}
	for _, t := range []struct{ id, why, text string }{
		{"plus-minus", "both alphabets in one value", "-+AA"}, {"slash-line", "both alphabets in one value", "_/AA"}, {"all-four", "all four characters", "-_+/"}, {"plus-first", "a plus in front", "+AAA"}, {"slash-late", "a slash behind eight good ones", "gQIDBAUG/w"},
		{"plus-last", "a plus as the last of seven", "gQIDBA+"},
	} {
		url := strings.NewReplacer("+", "-", "/", "_").Replace(t.text)
		octets := mustText(url)
		keys := openKeys(c, octets)
		v := f.refuseText(prefix+"-alphabet-"+t.id, t.why, "CASPER-4 CASPER-10 GCS-28", p, "bad-text", t.text, 6*strings.IndexAny(t.text, "+/"))
		if len(octets) > 0 {
			v.lenient(false, strings.Join(decimal(keys), " "))
		}
	}
	// What is too long is not looked at.
	f.refuseText(prefix+"-order-limit-text", "six octets where two are the most, and a character of no alphabet", "CASPER-9 GCS-31", capacity(1), "limit", "AAAAAAA*", -1).lenientError("bad-text").flag("order")
	f.refuseText(prefix+"-order-limit-octet", "three octets where two are the most, and a character of no alphabet", "CASPER-9 GCS-31", capacity(1), "limit", "AAA*", -1).lenientError("bad-text").flag("order")
	f.refuseText(prefix+"-order-limit-length", "five characters are three octets and a half, where two are the most", "CASPER-9 GCS-31", capacity(1), "limit", "AAAAA", -1).lenientError("bad-text").flag("order")
	f.refuseText(prefix+"-order-limit-parameter", "a parameter out of its range, and a value that is too long for any", "CASPER-2 GCS-31", capacity(0), "bad-parameter", strings.Repeat("A", 200), -1).flag("order")
	// Unused bits, and then the codes.
	f.refuseText(prefix+"-order-spare-codes", "an unused bit, and behind the codes a pad bit of the wrong value", "GCS-30 GCS-31", p, "non-canonical", spared(c.draw("@20 "+c.stop()).octets), 8).flag("order").
		lenient(false, "20")
	f.refuse(prefix+"-order-range-trailing", "a key that is too large, and an octet too many", "CASPER-8 CASPER-12 GCS-31", capacity(8), "out-of-range", c.draw("! @256 ~ "+c.more()+"*8")).lenient(false, "256").flag("order")
	f.refuse(prefix+"-order-range-padding", "a key that is too large, and a wrong pad bit", "CASPER-8 CASPER-12 GCS-31", capacity(8), "out-of-range", c.draw("! @320 "+c.more()+"*3 "+c.stop())).lenient(false, "320").flag("order")
	f.refuse(prefix+"-order-range-cut", "a key that is too large, and a code that is cut", "CASPER-8 CASPER-12 GCS-31", capacity(8), "out-of-range", c.draw("! @256 "+c.more()+"*12 "+c.stop())).lenient(false, "256").flag("order")
	f.refuse(prefix+"-order-ranges", "two keys that are too large: the first is reported", "CASPER-8 CASPER-12 GCS-25", capacity(8), "out-of-range", c.draw("@3 ! @256 @300 ~")).lenient(true, "3 256 300").flag("order")
	f.refuse(prefix+"-order-pads", "two wrong pad bits: the first is reported", "GCS-18 GCS-25", p, "nonzero-padding", c.draw("@0 @1 @2 @3 "+c.more()+" ! "+c.stop()+c.stop()+c.stop())).lenient(false, "0 1 2 3").flag("order")
	// A query is a decoder first.
	v := f.value(c.draw("@20 @178 ~").octets)
	f.refuseQuery(prefix+"-query-parameter-text", "a parameter out of its range, and bad text", "CASPER-14 GCS-31", capacity(16), "bad-parameter", vectors.Input{Text: new("*")}, keys("1")).flag("order")
	for _, q := range []struct {
		id, why, kind, bits, answers string
	}{
		{"padding", "a pad bit of the wrong value", "nonzero-padding", "@20 " + c.stop(), "10"}, {"trailing", "an octet too many", "trailing-data", "@20 ~ " + c.more() + "*8", "10"},
		{"cut", "a code that is cut", "truncated", "@20 " + c.more() + "*8 " + c.stop(), "10"}, {"range", "a key beyond the capacity", "out-of-range", "@20 @9000 ~", "10"},
	} {
		f.refuseQuery(prefix+"-query-whole-"+q.id, q.why+", whatever is asked", "CASPER-8 CASPER-11 CASPER-14", p, q.kind, f.value(c.draw(q.bits).octets), keys("20 178")).lenientPresent(true, false)
	}
	f.refuseQuery(prefix+"-query-star", "a character of no alphabet", "CASPER-14", p, "bad-text", vectors.Input{Text: new("qF*")}, keys("20"))
	f.refuseQuery(prefix+"-query-standard", "the standard alphabet", "CASPER-10 CASPER-14", p, "bad-text", vectors.Input{Text: new("+AAA")}, keys(strings.Join(decimal(openKeys(c, mustText("-AAA"))), " "))).
		lenientPresent(many(len(openKeys(c, mustText("-AAA"))))...)
	f.query(prefix+"-query-order", "answers come in the order of the questions, repeats among them", "CASPER-14", p, v, keys("178 0 20 20 177 8191"), "101100")
	f.query(prefix+"-query-none", "nothing is asked", "CASPER-14", p, v, keys(""), "")
	f.query(prefix+"-query-beyond", "keys that no path has are not there", "CASPER-14", p, v, keys("8192 8212 65556 4294967316 18446744073709551615 20"), "000001")
	f.query(prefix+"-query-octets", "the value as octets", "CASPER-14", p, vectors.Input{BytesHex: hexOf(v)}, keys("20 21"), "10")
	f.query(prefix+"-query-empty-keys", "the empty set holds nothing", "CASPER-14", p, f.value(nil), keys("0 20"), "00")
	// Encoders.
	f.refuseKeys(prefix+"-encode-order-parameter", "a parameter out of its range, and a key that is too large", "CASPER-2 GCS-31", capacity(16), "bad-parameter", "65536").flag("order")
	f.refuseKeys(prefix+"-encode-beyond-32-bits", "20 and 2^32", "CASPER-7", p, "out-of-range", "4294967316").flag("hostile")
	f.refuseKeys(prefix+"-encode-beyond-16-bits", "20 and 2^16", "CASPER-7", p, "out-of-range", "65556").flag("hostile")
	f.refuseKeys(prefix+"-encode-beyond-first", "the first of three is too large", "CASPER-7", p, "out-of-range", "8192 1 2")
	f.encode(prefix+"-encode-many-unsorted", "keys in falling order", "CASPER-6", p, c.draw("@1 @5 @20 @178 @2000 ~")).input("2000 178 20 5 1 2000 1")
	f.encodeNames(prefix+"-encode-no-names", "no name, no octet", "CASPER-4 CASPER-6", p, names(), c.draw(""))
	f.add("decode", prefix+"-decode-no-octets", "no octet, no key", "CASPER-4", p, vectors.Input{BytesHex: new("")}, found(nil, true))
	f.add("decode", prefix+"-decode-octets-pad", "octets that end with a wrong pad bit", "CASPER-8 CASPER-11", p, vectors.Input{BytesHex: new(hex.EncodeToString(c.draw("@20 " + c.stop()).octets))}, vectors.Answer{Error: "nonzero-padding", Offset: new(7), KeysBeforeError: []string{"20"}}).lenient(false, "20")
	return f
}

func many(n int) []bool {
	all := make([]bool, n)
	for i := range all {
		all[i] = true
	}
	return all
}

// hexOf are the octets of a text.
func hexOf(in vectors.Input) *string { return new(hex.EncodeToString(mustText(*in.Text))) }

func mustText(text string) []byte {
	octets, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return octets
}

// spared is the text of the octets with an unused bit set.
func spared(octets []byte) string {
	text := texted(octets)
	if len(text)%4 == 0 {
		panic("no unused bits")
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, text[len(text)-1])
	return text[:len(text)-1] + alphabet[last|1:last|1+1]
}

// spare adds a text with unused bits that are set, which the tolerant reader reads as clean.
func (f *file) spare(id, why, params, text, clean string, c code) {
	octets := mustText(clean)
	f.refuseText(id, "unused bits that are set: "+why, "CASPER-4 CASPER-10 GCS-30", params, "non-canonical", text, 8*len(octets)).lenient(false, strings.Join(decimal(openKeys(c, octets)), " "))
}

func orderGoCasper() *file {
	f := newer("go-casper", "order", true)
	c, p := goCasper(64, 10)
	_, bad := goCasper(100, 10)
	f.textFaults("gocasper", "GOCASPER-4", p, bad, texted(c.draw("@146 @212 @300 ~").octets))
	for _, t := range []struct {
		id, why, text string
		offset        int
	}{
		{"space", "a space behind the value", "yQA ", 18}, {"space-first", "a space in front", " yQA", 0}, {"padded", "base64 padding", "yQA=", 18}, {"tab", "a tab", "yQA\t", 18},
		{"line-feed", "a line break", "yQA\n", 18}, {"nul", "an octet of zero", "yQA\x00", 18}, {"high", "a letter that is no ASCII", "yQ\u00c1", 12}, {"plus", "the standard alphabet", "+QAA", 0}, {"slash", "the standard alphabet", "/QAA", 0},
		{"plus-late", "the standard alphabet behind eight good ones", "yQAAAAAA+A", 48}, {"mixed", "both alphabets", "-_+/", 12}, {"one", "one character", "A", 0}, {"five", "five characters", "yQAAA", 24}, {"nine", "nine characters", "yQAAAAAAA", 48},
	} {
		f.refuseText("gocasper-octets-"+t.id, t.why, "GOCASPER-4 GOCASPER-14 GCS-28", p, "bad-text", t.text, t.offset)
	}
	for _, text := range []string{"yQB", "yQC", "yQD"} {
		f.refuseText("gocasper-spare-"+strings.ToLower(text), "unused bits that are set", "GOCASPER-4 GOCASPER-14 GCS-30", p, "non-canonical", text, 16).lenient(false, "146")
	}
	f.refuseText("gocasper-order-spare-codes", "an unused bit, and no end of ones", "GCS-30 GCS-31 GOCASPER-12", p, "non-canonical", "__9", 16).lenientError("truncated").flag("order")
	c, p = goCasper(8, 10)
	f.refuse("gocasper-order-twice-range", "a key that is there twice, and behind it one that is too large", "GOCASPER-7 GOCASPER-8 GCS-31", p, "non-canonical", c.draw("@1 ! 0000 @200 ~")).lenient(false, "1 200").flag("order")
	f.refuse("gocasper-order-range-twice", "a key that is too large, and then twice", "GOCASPER-7 GOCASPER-8 GCS-31", p, "out-of-range", c.draw("! @200 0000 @201 ~")).lenient(false, "200 201").flag("order")
	f.refuse("gocasper-order-range-tail", "a key that is too large, and ones up to the end", "GOCASPER-8 GCS-31 GOCASPER-12", p, "out-of-range", c.draw("! @200 1*11")).lenientError("truncated").flag("order")
	f.refuse("gocasper-order-range-zeros", "a key that is too large, and octets of zeros", "GOCASPER-8 GCS-31", p, "out-of-range", c.draw("! @200 ~ 0*16")).lenient(false, "200").flag("order")
	c, p = goCasper(64, 10)
	v := f.value(c.draw("@146 @212 ~").octets)
	f.refuseQuery("gocasper-query-parameter-text", "a parameter out of its range, and bad text", "GOCASPER-15 GCS-31", bad, "bad-parameter", vectors.Input{Text: new("*")}, keys("1")).flag("order")
	f.refuseQuery("gocasper-query-star", "a character of no alphabet", "GOCASPER-15", p, "bad-text", vectors.Input{Text: new("yQ*")}, keys("146"))
	f.refuseQuery("gocasper-query-standard", "the standard alphabet, which go-casper does not read either", "GOCASPER-14 GOCASPER-15", p, "bad-text", vectors.Input{Text: new("+AAA")}, keys("146"))
	f.refuseQuery("gocasper-query-padding", "a pad bit of the wrong value", "GOCASPER-9 GOCASPER-15", p, "nonzero-padding", f.value(c.draw("@1 1").octets), keys("1 2")).lenientPresent(true, false)
	f.refuseQuery("gocasper-query-trailing", "an octet of zeros too many", "GOCASPER-9 GOCASPER-15", p, "trailing-data", f.value(c.draw("@1 0 0*8").octets), keys("1 2")).lenientPresent(true, false)
	f.refuseQuery("gocasper-query-twice", "a key that is there twice", "GOCASPER-7 GOCASPER-15", p, "non-canonical", f.value(c.draw("@1 0000000 @3 ~").octets), keys("1 2 3")).lenientPresent(true, false, true)
	f.refuseQuery("gocasper-query-above", "a key above the universe", "GOCASPER-8 GOCASPER-15", p, "out-of-range", f.value(c.draw("@700 ~").octets), keys("700 60")).lenientPresent(true, false)
	f.query("gocasper-query-order", "answers come in the order of the questions, repeats among them", "GOCASPER-15", p, v, keys("212 0 146 146 147"), "10110")
	f.query("gocasper-query-none", "nothing is asked", "GOCASPER-15", p, v, keys(""), "")
	f.query("gocasper-query-beyond", "keys that no name has are not there", "GOCASPER-15", p, v, keys("640 786 65682 4294967442 18446744073709551615"), "00000")
	f.query("gocasper-query-octets", "the value as octets", "GOCASPER-15", p, vectors.Input{BytesHex: hexOf(v)}, keys("146 147"), "10")
	f.refuseKeys("gocasper-encode-order-parameter", "a parameter out of its range, and a key that is too large", "GOCASPER-2 GCS-31", bad, "bad-parameter", "18446744073709551615").flag("order")
	f.refuseKeys("gocasper-encode-beyond-32-bits", "146 and 2^32", "GOCASPER-5", p, "out-of-range", "4294967442").flag("hostile")
	f.refuseKeys("gocasper-encode-beyond-first", "the first of three is too large", "GOCASPER-5", p, "out-of-range", "640 1 2")
	_, wide := goCasper(1, 10)
	f.refuseKeys("gocasper-encode-order-range-limit", "a key that is too large, whatever it would take", "GOCASPER-5 GCS-16 GCS-31", wide, "out-of-range", "1152921504606846976").flag("order")
	f.encodeNames("gocasper-encode-no-names", "no name, no octet", "GOCASPER-4 GOCASPER-5", p, names(), c.draw(""))
	f.add("decode", "gocasper-decode-no-octets", "no octet, no key", "GOCASPER-4", p, vectors.Input{BytesHex: new("")}, found(nil, true))
	return f
}

// goCasperTails are ends of go-casper's streams, for every relation of the last code to its octet.
func goCasperTails() *file {
	f := newer("go-casper", "tails", true)
	for _, e := range []struct {
		id, why    string
		p, n       uint64
		bits, keys string // keys, or the kind of error
		lenient    string // keys, "!" for truncated, "=" for the same
		spec       string
	}{
		{"eight-zeros-remainder", "eight zeros behind a code that ends with its octet and has a remainder", 128, 10, "@1 ! 0*8", "trailing-data", "1", "GOCASPER-9 GOCASPER-14"},
		{"nine-zeros", "nine zeros, where one would do", 64, 10, "@1 ! 0*9", "trailing-data", "1", "GOCASPER-9 GOCASPER-14"},
		{"sixteen-zeros-saved", "sixteen zeros, where eight save the key", 8, 10, "@1 @65 ! 0*16", "trailing-data", "1 65", "GOCASPER-6 GOCASPER-9"},
		{"seven-zeros", "seven zeros are padding", 64, 10, "@128 0*7", "128", "=", "GOCASPER-9"},
		{"fifteen-zeros", "fifteen zeros behind a remainder of zero that does not end with its octet", 64, 10, "@128 ! 0*15", "trailing-data", "128", "GOCASPER-9 GOCASPER-14"},
		{"last-pad-bit", "only the last of three pad bits is 1", 16, 10, "@1 00 ! 1", "nonzero-padding", "1 5", "GOCASPER-9 GOCASPER-13"},
		{"middle-pad-bit", "the second of three pad bits is 1", 16, 10, "@1 0 ! 1 0", "nonzero-padding", "1 9", "GOCASPER-9 GOCASPER-13"},
		{"seven-pad-bits", "a one among seven bits, which are too few for a code", 256, 10, "@1 0 ! 1 00000", "nonzero-padding", "1 129", "GOCASPER-9 GOCASPER-13"},
		{"two-pad-bits", "two of three pad bits are 1: the first is reported", 16, 10, "@1 0 ! 1 1", "nonzero-padding", "1 13", "GOCASPER-9 GOCASPER-13"},
		{"late-one", "a code of the gap 0, and then one that is cut: it is reported at that code", 64, 10, "@1 0*7 ! 1*10", "truncated", "!", "GOCASPER-9 GOCASPER-12"},
		{"late-cut", "a code of the gap 0, and fewer than eight bits behind it: a one among nine bits", 64, 10, "@1 0*7 ! 01", "truncated", "1 33", "GOCASPER-9 GOCASPER-13"},
		{"late-cut-many", "three codes of the gap 0, and a code that is cut", 64, 10, "@1 0*21 ! 0011", "truncated", "1 25", "GOCASPER-9 GOCASPER-13"},
		{"two-bits-10", "two bits are no padding: a quotient that ends with the stream", 64, 10, "@1 @2 ! 10", "nonzero-padding", "!", "GOCASPER-9 GOCASPER-11 GOCASPER-12"},
		{"two-bits-11", "two ones up to the end", 64, 10, "@1 @2 ! 11", "nonzero-padding", "!", "GOCASPER-9 GOCASPER-11 GOCASPER-12"},
		{"two-bits-01", "two bits, of which the second begins a remainder", 64, 10, "@1 @2 0 ! 1", "nonzero-padding", "1 2 34", "GOCASPER-9 GOCASPER-11 GOCASPER-13"},
		{"two-bits-00", "two bits of padding", 64, 10, "@1 @2 00", "1 2", "=", "GOCASPER-9 GOCASPER-11"},
		{"one-bit-1", "one bit is padding, whatever it is", 64, 10, "@70 @71 ! 1", "nonzero-padding", "70 71", "GOCASPER-9 GOCASPER-11"},
		{"cut-quotient", "a quotient and nothing behind it, in an octet of its own", 64, 10, "@1 ! 1110 00000", "truncated", "1", "GOCASPER-9 GOCASPER-13"},
		{"cut-quotient-ones", "the same with a remainder that is cut", 64, 10, "@1 ! 1110 10000", "truncated", "1 225", "GOCASPER-9 GOCASPER-13"},
		{"first-zero-octet", "an octet of zeros that is no code", 1 << 20, 10, "! 0*8", "trailing-data", "", "GOCASPER-9 GOCASPER-13"},
		{"first-one", "a one in the only octet", 1024, 10, "! 0*7 1", "truncated", "8", "GOCASPER-9 GOCASPER-13"},
		{"unary-first", "with P = 1 the last code of a gap above 0 ends with the stream", 1, 10, "! 1*7 0", "non-canonical", "!", "GOCASPER-10 GOCASPER-12"},
		{"unary-zeros", "with P = 1 zeros are repeats", 1, 10, "@2 0*5", "2", "=", "GOCASPER-9 GOCASPER-11"},
		{"unary-zeros-more", "with P = 1 an octet of repeats too many", 1, 10, "@2 ! 0*13", "trailing-data", "2", "GOCASPER-9 GOCASPER-14"},
		{"unary-ones", "with P = 1 ones up to the end", 1, 10, "@2 ! 1*5", "nonzero-padding", "!", "GOCASPER-9 GOCASPER-12"},
		{"lost-first", "the only key, with a remainder of zero, ends with the stream", 64, 10, "! 10 000000", "non-canonical", "", "GOCASPER-10 GOCASPER-11 GCS-25"},
		{"lost-second", "the second key, with a remainder of zero, ends with the stream", 8, 10, "@1 ! 1*8 0 000", "non-canonical", "1", "GOCASPER-10 GOCASPER-11 GCS-25"},
		{"lost-repeats", "a key, and codes of the gap 0 up to the end of the octet", 2, 10, "@2 0*5", "2", "=", "GOCASPER-9 GOCASPER-11"},
	} {
		c, params := goCasper(e.p, e.n)
		s := c.draw(e.bits)
		if strings.ContainsAny(e.keys, "abcdefghijklmnopqrstuvwxyz") {
			v := f.refuse("gocasper-tails-"+e.id, e.why, e.spec, params, e.keys, s)
			if e.lenient == "!" {
				v.lenientError("truncated")
			} else {
				v.lenient(false, e.lenient)
			}
			continue
		}
		s.keys = nil
		for _, k := range strings.Fields(e.keys) {
			s.keys = append(s.keys, number(k))
		}
		f.decode("gocasper-tails-"+e.id, e.why, e.spec, params, s)
	}
	return f
}

func orderDigest() *file {
	f := newer("cache-digest", "order", true)
	c, head := digest(1, 7)
	good := texted(c.draw(head + "@93 @178 @186 ~ ").octets)
	good = good[:len(good)/4*4]
	f.textFaults("digest", "DIGEST-5", `{}`, `{"p":1}`, good)
	for _, t := range []struct {
		id, why, text string
		offset        int
	}{
		{"space", "a space behind the value", "AfdA ", 24}, {"space-first", "a space in front", " AfdA", 0}, {"padded", "base64 padding", "AcA=", 18}, {"tab", "a tab", "AfdA\t", 24},
		{"line-feed", "a line break", "AfdA\n", 24}, {"nul", "an octet of zero", "AfdA\x00", 24}, {"high", "a letter that is no ASCII", "Af\u00c1A", 12}, {"comma", "a comma", "AfdA,", 24}, {"one", "one character", "A", 0},
		{"five", "five characters", "AfdAA", 24}, {"nine", "nine characters", "AfdAAAAAA", 48}, {"late", "a bad character behind eight good ones", "CdZQ4AAA*", 48},
	} {
		f.refuseText("digest-octets-"+t.id, t.why, "DIGEST-5 DIGEST-12 GCS-28", `{}`, "bad-text", t.text, t.offset)
	}
	open := func(text string) string { return strings.Join(openDigest(text), " ") }
	for _, t := range []struct{ id, why, text string }{
		{"plus", "a plus", "Af+A"}, {"slash", "a slash", "Af/A"}, {"plus-minus", "both alphabets", "Af-+"}, {"slash-line", "both alphabets", "Af_/"},
	} {
		url := strings.NewReplacer("+", "-", "/", "_").Replace(t.text)
		f.refuseText("digest-alphabet-"+t.id, t.why, "DIGEST-5 DIGEST-12 GCS-28", `{}`, "bad-text", t.text, 6*strings.IndexAny(t.text, "+/")).lenient(false, open(url))
	}
	for _, t := range []struct{ text, clean string }{{"AcB", "AcA"}, {"AcC", "AcA"}, {"AcD", "AcA"}, {"AfdAAB", "AfdAAA"}, {"AfdAAP", "AfdAAA"}} {
		f.refuseText("digest-spare-"+strings.ToLower(t.text), "unused bits that are set", "DIGEST-5 DIGEST-12 GCS-30", `{}`, "non-canonical", t.text, 8*len(mustText(t.clean))).lenient(false, open(t.clean))
	}
	// Two faults: parameters, text, the two numbers, and the codes.
	refuse := func(id, why, spec, params, kind string, text string, offset int) *vector {
		return f.refuseText("digest-order-"+id, why, spec+" GCS-31", params, kind, text, offset).flag("order")
	}
	trailing := texted(c.draw(head + "@178 @186 ~ 0*8").octets)
	refuse("wrong-codes", "a log2N that contradicts the digest, and an octet too many", "DIGEST-7", `{"log2n":2}`, "bad-parameter", trailing, -1)
	refuse("wrong-codes-p", "a log2P that contradicts the digest, and an octet too many", "DIGEST-7", `{"log2p":8}`, "bad-parameter", trailing, -1)
	refuse("wrong-range", "a log2N that contradicts the digest, and a key that is too large", "DIGEST-7", `{"log2n":2}`, "bad-parameter", texted(c.draw(head+"@256 ~").octets), -1)
	refuse("text-wrong", "a character of no alphabet, and a log2N that contradicts the rest", "DIGEST-5", `{"log2n":2}`, "bad-text", "CdZQ4A*", 36)
	refuse("spare-wrong", "an unused bit, and a log2N that contradicts the digest", "DIGEST-5", `{"log2n":2}`, "non-canonical", "AcB", 16).Expect.Offset = new(16)
	f.vectors[len(f.vectors)-1].lenientError("bad-parameter")
	refuse("short-wrong", "one octet, whatever the parameters say", "DIGEST-9", `{"log2n":2}`, "truncated", "AA", 5)
	refuse("text-outside", "a log2N that no digest has is judged before the text", "DIGEST-7", `{"log2n":32}`, "bad-parameter", "Af*", -1)
	refuse("spare-codes", "an unused bit, and a pad bit of the wrong value", "DIGEST-5 DIGEST-12", `{}`, "non-canonical", spared(append(c.draw(head+"@178 @186 ~").octets, 0)), 40).lenient(false, "178 186")
	f.refuse("digest-order-range-trailing", "a key that is too large, and an octet too many", "DIGEST-10 GCS-31", `{}`, "out-of-range", c.draw(head+"! @256 ~ 0*8")).flag("order")
	f.refuse("digest-order-range-cut", "a key that is too large, and a code that is cut", "DIGEST-10 GCS-31", `{}`, "out-of-range", c.draw(head+"! @256 0*9 100")).flag("order")
	f.refuse("digest-range-by-sum", "neither gap is too large, but their sum is", "DIGEST-10", `{}`, "out-of-range", c.draw(head+"@200 ! +100 ~"))
	v := f.value(c.draw(head + "@178 @186 ~").octets)
	for _, q := range []struct{ id, why, kind, text string }{
		{"padding", "a pad bit of the wrong value", "nonzero-padding", texted(c.draw(head + "@178 @186 0*2 100").octets)}, {"trailing", "an octet too many", "trailing-data", trailing},
		{"cut", "a code that is cut", "truncated", texted(c.draw(head + "@178 @186 0*12 1").octets)}, {"spare", "an unused bit", "non-canonical", spared(append(c.draw(head+"@178 @186 ~").octets, 0))},
	} {
		f.refuseQuery("digest-query-whole-"+q.id, q.why+", whatever is asked", "DIGEST-11 DIGEST-12 DIGEST-13", `{}`, q.kind, vectors.Input{Text: &q.text}, keys("178 179")).lenientPresent(true, false)
	}
	f.refuseQuery("digest-query-standard", "the standard alphabet", "DIGEST-12 DIGEST-13", `{}`, "bad-text", vectors.Input{Text: new("Af+A")}, keys(open("Af-A"))).lenientPresent(many(len(openDigest("Af-A")))...)
	f.refuseQuery("digest-query-one-octet", "one octet is no digest", "DIGEST-9 DIGEST-13", `{}`, "truncated", vectors.Input{Text: new("AA")}, keys("0"))
	f.query("digest-query-nothing", "the empty value holds nothing", "DIGEST-9 DIGEST-13", `{}`, vectors.Input{Text: new("")}, keys("0 1"), "00").lenientError("truncated")
	f.query("digest-query-single", "in a universe of a single key every URL has the key that is there", "DIGEST-3 DIGEST-13", `{}`, f.value(zerosOne(0).draw("#0:5 #0:5 @0 ~").octets), names(style, jquery, ""), "111")
	f.query("digest-query-single-empty", "and none has one that is not", "DIGEST-3 DIGEST-13", `{}`, f.value(zerosOne(0).draw("#0:5 #0:5 ~").octets), names(style), "0")
	f.query("digest-query-agreeing", "parameters that agree with the digest", "DIGEST-7 DIGEST-13", digestParams(1, 7), v, keys("178 179"), "10")
	f.query("digest-query-order", "answers come in the order of the questions, repeats among them", "DIGEST-13", `{}`, v, keys("186 0 178 178 187"), "10110")
	f.query("digest-query-none", "nothing is asked", "DIGEST-13", `{}`, v, keys(""), "")
	f.query("digest-query-beyond", "keys that no URL has are not there", "DIGEST-13", `{}`, v, keys("256 434 65714 4294967474 18446744073709551615"), "00000")
	f.query("digest-query-octets", "the value as octets", "DIGEST-13", `{}`, vectors.Input{BytesHex: hexOf(v)}, keys("178 179"), "10")
	f.refuseKeys("digest-encode-order-parameter", "a parameter out of its range, and a key that is too large", "DIGEST-7 GCS-31", digestParams(32, 7), "bad-parameter", "18446744073709551615").flag("order")
	f.refuseKeys("digest-encode-order-range-limit", "a key that is too large, whatever it would take", "DIGEST-8 GCS-16 GCS-31", digestParams(1, 0), "out-of-range", "1152921504606846976").flag("order")
	f.refuseKeys("digest-encode-beyond-32-bits", "178 and 2^32", "DIGEST-8", digestParams(1, 7), "out-of-range", "4294967474").flag("hostile")
	f.refuseKeys("digest-encode-beyond-first", "the first of three is too large", "DIGEST-8", digestParams(1, 7), "out-of-range", "256 1 2")
	f.encodeNames("digest-encode-no-names", "no URL, with log2N given", "DIGEST-1 DIGEST-6", digestParams(3, 7), names(), zerosOne(7).draw("#3:5 #7:5 ~"))
	f.encodeNames("digest-encode-one-name-empty", "the empty name is a URL", "DIGEST-2 DIGEST-6", `{"log2p":7}`, names(""), zerosOne(7).draw("#0:5 #7:5 "+of([]uint64{digestKey("", 0, 7)})))
	return f
}

// digestHeaders are headers as the strict reader and H2O's read them.
func digestHeaders() *file {
	f := newer("cache-digest", "headers", true)
	type digests = []vectors.Digest
	bad := func(id, why, kind, value string, lenient digests) *vector {
		return f.refuseHeader("digest-headers-"+id, why, "DIGEST-16 DIGEST-17", kind, value).lenientDigests(lenient...)
	}
	good := func(id, why, value string, strict, lenient digests) {
		v := f.header("digest-headers-"+id, why, "DIGEST-15 DIGEST-17", value, strict...)
		if lenient != nil {
			v.lenientDigests(lenient...)
		}
	}
	none := digests{}
	good("three", "three digests", "AfdA, CdZQ4A, AfdA; complete", digests{one(), two(), one("complete")}, nil)
	good("reset-first", "the first digest resets", "AfdA; reset, CdZQ4A", digests{one("reset"), two()}, nil)
	good("reset-twice", "two digests reset: the last one counts", "AfdA; reset, CdZQ4A; reset", digests{one("reset"), two("reset")}, digests{two("reset")})
	good("reset-complete", "flags in the order of their bits", "AfdA; reset; complete; validators", digests{one("reset", "complete", "validators")}, nil)
	good("stale-between", "a stale digest between two others", "AfdA, CdZQ4A; stale, AfdA", digests{one(), two("stale"), one()}, digests{one(), one()})
	good("stale-resets", "a stale digest resets, and is left out", "AfdA, CdZQ4A; reset; stale", digests{one(), two("reset", "stale")}, none)
	bad("order-value-flag", "a value with an octet too many, and a flag that nobody knows: the value is judged first", "trailing-data", "AfdAAA; fresh", none).flag("order")
	bad("order-flag-value", "a flag that nobody knows in the first digest, and a bad value in the second", "bad-text", "AfdA; fresh, AfdAAA", digests{one()}).flag("order")
	bad("order-spelling-value", "a space that is missing, and a bad value behind it", "trailing-data", "AfdA;complete, AfdAAA", digests{one("complete"), one()}).flag("order")
	bad("order-spelling-flag", "a space that is missing, and a flag that nobody knows behind it", "bad-text", "AfdA;complete, CdZQ4A; fresh", digests{one("complete")}).flag("order")
	bad("order-values", "two bad values: the first is reported", "nonzero-padding", "AfdB, AfdAAA", digests{one(), one()}).flag("order")
	bad("order-empty-flag", "an empty value without reset, and a bad value behind it", "bad-text", "; complete, AfdAAA", digests{one()}).flag("order")
	bad("value-two", "a value of a flag has an equals sign itself", "bad-text", "AfdA; complete=1=2", digests{one("complete")})
	bad("value-comma", "a comma behind an equals sign ends the digest", "bad-text", "AfdA; complete=, CdZQ4A", digests{one("complete"), two()})
	bad("value-space-comma", "the same with a space", "bad-text", "AfdA; complete= , CdZQ4A", digests{one("complete"), two()})
	bad("value-semicolon", "a semicolon behind an equals sign", "bad-text", "AfdA; complete=;validators", digests{one("complete", "validators")})
	bad("value-end", "an equals sign at the end", "bad-text", "AfdA; complete=", digests{one("complete")})
	bad("value-spaces", "spaces around an equals sign", "bad-text", "AfdA; complete = 1 , CdZQ4A", digests{one("complete"), two()})
	bad("value-quoted", "a quoted value with a comma in it: quotes mean nothing", "bad-text", `AfdA; complete="a,CdZQ4A"`, digests{one("complete")})
	bad("value-reset", "a flag with a value is that flag", "bad-text", "AfdA, CdZQ4A; reset=0", digests{two("reset")})
	bad("value-digest", "an equals sign in a value belongs to the value", "bad-text", "AfdA=1, CdZQ4A", digests{two()})
	bad("unknown-reset", "a digest with a flag that nobody knows resets even so", "bad-text", "AfdA, CdZQ4A; fresh; reset", none)
	bad("unknown-reset-before", "the same in the other order", "bad-text", "AfdA, CdZQ4A; reset; fresh", none)
	bad("unknown-then-digest", "the digest behind it is read", "bad-text", "AfdA; fresh; complete, CdZQ4A; complete", digests{two("complete")})
	bad("unknown-prefix", "a flag cut short is another", "bad-text", "AfdA; complet", none)
	bad("unknown-longer", "so is one that goes on", "bad-text", "AfdA; completed", none)
	bad("mixed-case", "flags are compared without case", "non-canonical", "AfdA; CompLete; VALIDATORS", digests{one("complete", "validators")}).also("DIGEST-18")
	bad("mixed-case-reset", "so is reset", "non-canonical", "AfdA, CdZQ4A; Reset", digests{two("reset")}).also("DIGEST-18")
	bad("mixed-case-stale", "and stale", "non-canonical", "AfdA; Stale, CdZQ4A", digests{two()}).also("DIGEST-18")
	bad("kelvin", "a sign whose lower case is a letter of ASCII is no letter of a flag", "bad-text", "AfdA; \u212aomplete", none)
	bad("long-s", "nor is one whose upper case is", "bad-text", "AfdA; re\u017fet", none)
	bad("space-last", "a space at the end", "non-canonical", "AfdA; complete ", digests{one("complete")})
	bad("tab-last", "a tab at the end", "non-canonical", "AfdA\t", digests{one()})
	bad("spaces-first", "a space in front", "non-canonical", " AfdA", digests{one()})
	bad("tabs-around", "tabs around each part", "non-canonical", "\tAfdA\t;\tcomplete\t,\tCdZQ4A\t", digests{one("complete"), two()})
	bad("only-spaces", "spaces alone", "bad-text", "  ", none)
	bad("only-tab", "a tab alone", "bad-text", "\t", none)
	bad("line-feed", "a line break is no space", "bad-text", "AfdA;\ncomplete", none)
	bad("line-feed-value", "nor is it in a value", "bad-text", "AfdA\n", none)
	bad("no-break-space", "a space that is no ASCII is none", "bad-text", "AfdA;\u00a0complete", none)
	bad("comma-first", "a comma in front: the first value that H2O cuts is the comma", "bad-text", ",AfdA", none)
	bad("commas", "three commas", "bad-text", ",,,", none)
	bad("semicolon-alone", "a semicolon alone", "bad-text", ";", none)
	bad("semicolons", "two semicolons", "bad-text", ";;", none)
	bad("comma-space-comma", "an element of a space", "bad-text", "AfdA, , CdZQ4A", digests{one()})
	bad("flag-twice-reset", "a flag that is there twice", "non-canonical", "AfdA; reset; reset", digests{one("reset")})
	bad("bad-between", "a bad value between two good ones", "bad-text", "AfdA, *, CdZQ4A", digests{one(), two()})
	bad("bad-flags", "a bad value with flags", "bad-text", "AfdA, *; reset", none)
	bad("range-between", "a key that is too large between two good ones", "out-of-range", "AfdA, AdAA, CdZQ4A", digests{one(), two()})
	bad("standard-mixed", "both alphabets in one value", "bad-text", "Af-+", digests{{Log2P: 7, Flags: flagsOf(), Keys: openDigest("Af--")}})
	bad("spare-mixed", "an unused bit in the second", "non-canonical", "AfdA, AcB", digests{one(), {Log2P: 7, Flags: flagsOf(), Keys: []string{}}})
	for _, b := range []string{"complete", "validators"} {
		bad("h2o-"+b, "what H2O keeps with a space that is missing", "non-canonical", "AfdA;"+b, digests{one(b)})
	}
	// The limit is that of the header as a whole.
	digest := texted(zerosOne(0).draw("#31:5 #0:5 @393205").octets)
	long := texted(zerosOne(0).draw("#31:5 #0:5 @" + fmt.Sprint(8*49149-11)).octets) // 65,532 characters
	if len(long) != 65532 || len(digest) != 65536 {
		panic(fmt.Sprint(len(long), len(digest)))
	}
	f.header("digest-headers-limit-at", "65,536 characters are read", "DIGEST-14 DIGEST-15", digest, vectors.Digest{Log2N: 31, Flags: flagsOf(), Keys: []string{"393205"}}).flag("boundary", "large")
	f.refuseHeader("digest-headers-limit-above", "65,538 characters of two digests are not", "DIGEST-14 DIGEST-17", "limit", long+", AfdA").lenientDigests().flag("boundary", "hostile")
	return f
}

func orderFilter(format string) *file {
	f := newer(format, "order", false)
	prefix, p := "bip158", uint64(19)
	count := compactSize
	spec, paramSpec, querySpec := "BIP158-12", "BIP158-6", "BIP158-15"
	m := uint64(784931)
	d := decred{p: 19, value: spread}
	switch format {
	case "decred-v1":
		prefix, p, count, d, m = format, 20, decredV1.count, decredV1, 1<<20
		spec, paramSpec, querySpec = "DECRED-8", "DECRED-7", "DECRED-9"
	case "decred-v2":
		prefix, d = format, decredV2
		spec, paramSpec, querySpec = "DECRED-8", "DECRED-7", "DECRED-9"
	}
	c := counted(int(p))
	n := func(k int) string { return fmt.Sprintf(`{"n":%d}`, k) }
	refuse := func(id, why, params, kind, bits string) *vector {
		s := c.draw(bits)
		return f.refuse(prefix+"-order-"+id, why, spec+" GCS-31", params, kind, s).flag("order")
	}
	refuse("parameter-count", "a parameter out of its range, and no octet", `{"p":33}`, "bad-parameter", count(1)).noOffset()
	refuse("count-n", "an n that contradicts the filter, and no value: the filter is judged first", n(3), "truncated", count(1)+"!")
	refuse("padding-n", "an n that contradicts the filter, and a wrong pad bit", n(3), "nonzero-padding", count(1)+"@769941 ! 1 ~")
	refuse("range-trailing", "a value that is too large, and an octet too many", `{}`, "out-of-range", count(1)+fmt.Sprintf("! @%d ~ 0*8", m))
	refuse("range-padding", "a value that is too large, and a wrong pad bit", `{}`, "out-of-range", count(1)+fmt.Sprintf("! @%d 1 ~", m))
	refuse("range-cut", "a value that is too large, and a code that is cut", `{}`, "out-of-range", count(2)+fmt.Sprintf("! @%d 1*20 ~1", 2*m))
	refuse("range-first", "the first of two values is too large", `{}`, "out-of-range", count(2)+fmt.Sprintf("! @%d +1 ~", 2*m))
	refuse("ranges-by-sum", "neither gap is too large, but their sum is", `{}`, "out-of-range", count(2)+fmt.Sprintf("@%d ! +%d ~", m, m))
	refuse("trailing-padding", "an octet too many, and a wrong bit in front of it", `{}`, "trailing-data", count(1)+"@769941 ! 1 ~ 0*8")
	refuse("pads", "two wrong pad bits: the first is reported", `{}`, "nonzero-padding", count(1)+"@769941 0 ! 11")
	if format != "decred-v1" {
		refuse("wide-cut", "a count that is not minimal, and no value behind it", `{}`, "non-canonical", "! xfd0100")
		refuse("wide-n", "a count that is not minimal, and another n", n(3), "non-canonical", "! xfd0100 @769941 ~")
		refuse("limit-n", "a count of 2^32, and another n", n(3), "limit", "! xff0000000001000000")
	}
	for i, cut := range []string{"", "x00", "x0000", "x000000"} {
		if format == "decred-v1" && i > 0 {
			f.refuse(fmt.Sprintf("%s-count-cut-%d", prefix, i), fmt.Sprintf("a count of %d octets", i), "DECRED-8", `{}`, "truncated", c.draw("! "+cut))
		}
	}
	value := f.value(c.draw(count(2) + "@5 @769941 ~").octets)
	for _, q := range []struct{ id, why, kind, bits string }{
		{"padding", "a pad bit of the wrong value", "nonzero-padding", count(1) + "@769941 1 ~"}, {"trailing", "an octet too many", "trailing-data", count(1) + "@769941 ~ 0*8"},
		{"cut", "a value less than the count", "truncated", count(2) + "@769941 ~"}, {"range", "a value that is too large", "out-of-range", count(1) + fmt.Sprintf("@%d ~", m)},
	} {
		f.refuseQuery(prefix+"-query-whole-"+q.id, q.why+", whatever is asked", spec+" "+querySpec, `{}`, q.kind, f.value(c.draw(q.bits).octets), keys("769941"))
	}
	f.query(prefix+"-query-agreeing", "an n that agrees with the filter", paramSpec+" "+querySpec, n(2), value, keys("5 6"), "10")
	f.query(prefix+"-query-order", "answers come in the order of the questions, repeats among them", querySpec, `{}`, value, keys("769941 0 5 5 6"), "10110")
	f.query(prefix+"-query-none", "nothing is asked", querySpec, `{}`, value, keys(""), "")
	f.query(prefix+"-query-beyond", "values that no item has are not there", querySpec, `{}`, value, keys("4294967301 18446744073709551615 65541 5"), "0001")
	f.refuseQuery(prefix+"-query-key-missing", "items are nothing without a key", paramSpec+" "+querySpec, `{}`, "bad-parameter", value, hexed(words[:1]))
	f.refuseQuery(prefix+"-query-order-n", "an n that contradicts the filter, and a value less than the count", paramSpec+" GCS-31", n(3), "truncated", f.value(c.draw(count(2)+"@769941 ~").octets), keys("5")).flag("order")
	f.query(prefix+"-query-repeats", "values that collided", querySpec, `{}`, f.value(c.draw(count(3)+"@5 @5 @769941 ~").octets), keys("5 769941 6"), "110")
	// The empty filter.
	empty := count(0)
	if format != "bip158" {
		empty = ""
	}
	f.query(prefix+"-query-empty-keys", "the filter without items holds nothing", querySpec, `{}`, f.value(c.draw(empty).octets), keys("0 5"), "00")
	f.query(prefix+"-query-empty-items", "nor has it any item", querySpec, `{"key_hex":"`+someKey+`"}`, f.value(c.draw(empty).octets), hexed([]string{"", "alfa"}), "00")
	f.add("decode", prefix+"-decode-empty-n", "an n of 0 agrees with it", paramSpec, n(0), f.value(c.draw(empty).octets), found(nil, true))
	f.add("decode", prefix+"-decode-empty-n-wrong", "an n of 1 does not", paramSpec, n(1), f.value(c.draw(empty).octets), vectors.Answer{Error: "bad-parameter"})
	f.encodeNames(prefix+"-encode-no-names", "no items", paramSpec, `{"key_hex":"`+someKey+`"}`, hexed(nil), c.draw(empty))
	f.hash(prefix+"-hash-n-0", "in a filter of no items every value is 0", paramSpec, `{"key_hex":"`+someKey+`","n":0}`, hexed(words[:2]), []uint64{0, 0}).flag("boundary")
	f.hash(prefix+"-hash-none", "no item, no value", paramSpec, `{"key_hex":"`+someKey+`","n":5}`, hexed(nil), []uint64{})
	f.hash(prefix+"-hash-n-largest", "the largest n", paramSpec, `{"key_hex":"`+someKey+`","n":4294967295}`, hexed(words[:2]), each(words[:2], func(item string) uint64 { return d.value(sipKey(someKey), item, 1<<32-1, m) })).flag("boundary")
	twice := []string{"alfa", "bravo", "alfa"}
	items := 2
	if format == "decred-v1" {
		items = 3
	}
	f.hash(prefix+"-hash-counted-repeats", "without n it is that of the items that count", paramSpec, `{"key_hex":"`+someKey+`"}`, hexed(twice), each(twice, func(item string) uint64 { return d.value(sipKey(someKey), item, uint64(items), m) }))
	for wrong := range 5 {
		if wrong != items {
			f.refuseNames("encode", fmt.Sprintf("%s-encode-names-n-%d", prefix, wrong), fmt.Sprintf("of three items %d count", items), paramSpec, fmt.Sprintf(`{"key_hex":%q,"n":%d}`, someKey, wrong), "bad-parameter", hexed(twice))
		}
	}
	f.refuseKeys(prefix+"-encode-order-n-range", "an n that contradicts the values, and a value that is too large", paramSpec+" GCS-31", n(2), "bad-parameter", fmt.Sprint(m)).flag("order")
	f.refuseKeys(prefix+"-encode-order-parameter", "a parameter out of its range, and a value that is too large", paramSpec+" GCS-31", `{"p":33}`, "bad-parameter", "18446744073709551615").flag("order")
	f.refuseKeys(prefix+"-encode-above-32-bits", "5 and 2^32", spec, `{}`, "out-of-range", "4294967301").flag("hostile")
	f.refuseKeys(prefix+"-encode-above-64-bits", "the largest number of 64 bits", spec, `{}`, "out-of-range", "18446744073709551615").flag("hostile")
	f.refuseKeys(prefix+"-encode-above-first", "the first of two is too large", spec, `{}`, "out-of-range", fmt.Sprint(2*m, " 5"))
	vs := values(someKey, words, 12, 784931)
	if format == "decred-v1" {
		vs = each(words, func(item string) uint64 { return sipHash(sipKey(someKey), item) % (12 << 20) })
		f.encodeNames(prefix+"-encode-names-n", "an n that agrees with the items", paramSpec, `{"key_hex":"`+someKey+`","n":12}`, hexed(words), c.draw(count(12)+of(vs)))
	} else {
		f.encodeNames(prefix+"-encode-names-n", "an n that agrees with the items", paramSpec, `{"key_hex":"`+someKey+`","n":12}`, hexed(words), c.draw(count(12)+of(vs)))
	}
	if format == "decred-v2" {
		f.encodeNames(prefix+"-encode-names-equal-values", "different items with the same value are both there", "DECRED-5", `{"p":2,"m":1,"key_hex":"`+someKey+`"}`, hexed(words),
			counted(2).draw("x0c "+sorted(values(someKey, words, 12, 1))+"~")).flag("collision")
		f.refuseNames("encode", prefix+"-encode-names-empty-n", "an empty item does not count", "DECRED-5 DECRED-7", `{"key_hex":"`+someKey+`","n":2}`, "bad-parameter", hexed([]string{"", "alfa"}))
		f.hash(prefix+"-hash-counted-empty", "without n empty items do not count", "DECRED-5", `{"key_hex":"`+someKey+`"}`, hexed([]string{"", "alfa", "bravo"}), each([]string{"", "alfa", "bravo"}, func(item string) uint64 { return spread(sipKey(someKey), item, 2, 784931) }))
	}
	if format != "decred-v1" {
		f.hash(prefix+"-hash-high", "a product that needs all of 128 bits", spec, `{"m":4294967296,"key_hex":"`+someKey+`","n":4294967295}`, hexed(words), each(words, func(item string) uint64 { return spread(sipKey(someKey), item, 1<<32-1, 1<<32) })).flag("boundary")
	}
	f.encode(prefix+"-encode-key-given", "writing values takes no key, but may be given one", paramSpec, `{"key_hex":"`+someKey+`"}`, c.draw(count(1)+"@769941 ~"))
	f.hash(prefix+"-hash-key-upper", "the digits of a key in upper case", paramSpec, `{"key_hex":"`+strings.ToUpper(someKey)+`","n":1}`, hexed(words[:1]), each(words[:1], func(item string) uint64 { return d.value(sipKey(someKey), item, 1, m) }))
	return f
}

func orderRice() *file {
	f := newer("rice-delta", "order", false)
	refuse := func(id, why, params, kind, bits string) *vector {
		return f.refuse("rice-order-"+id, why, "RICE-4 GCS-31", params, kind, delta(2).draw(bits).from(5)).flag("order")
	}
	refuse("parameter", "a parameter out of its range, and no octet", riceParams(1, 5, 1), "bad-parameter", "").noOffset()
	refuse("trailing-padding", "an octet too many, and a wrong bit in front of it", riceParams(2, 5, 2), "trailing-data", "+15 +9 ! 1 ~ 0*8")
	refuse("pads", "two wrong pad bits: the first is reported", riceParams(2, 5, 2), "nonzero-padding", "+15 +9 00 ! 111")
	s := func(bits string) stream { return delta(28).draw(bits).from(4294967290) }
	for _, e := range []struct{ id, why, kind, bits string }{
		{"range-trailing", "a value of 2^32, and an octet too many", "out-of-range", "! +6 ~ 0*8"}, {"range-padding", "a value of 2^32, and a wrong pad bit", "out-of-range", "! +6 1 ~"},
		{"range-32-bits", "a difference of 2^32, of which 32 bits are 0", "out-of-range", "! +4294967296 ~"}, {"range-64-bits", "a quotient that a shift loses", "out-of-range", "! 1*65536 0 0*28 ~"},
	} {
		f.refuse("rice-order-"+e.id, e.why, "RICE-5 GCS-31", riceParams(28, 4294967290, 1), e.kind, s(e.bits)).flag("order")
	}
	f.refuse("rice-order-range-cut", "a value of 2^32, and a difference that is not there", "RICE-5 GCS-31", riceParams(28, 4294967290, 2), "out-of-range", s("! +6 ~")).flag("order")
	f.refuse("rice-range-second", "the third value is 2^32", "RICE-5", riceParams(28, 4294967290, 3), "out-of-range", s("+1 +2 ! +3 ~"))
	value := f.value(delta(2).draw("+15 +9 ~").octets)
	for _, q := range []struct{ id, why, kind, bits, params string }{
		{"padding", "a pad bit of the wrong value", "nonzero-padding", "+15 +9 1 ~", riceParams(2, 5, 2)}, {"trailing", "an octet too many", "trailing-data", "+15 +9 ~ 0*8", riceParams(2, 5, 2)},
		{"range", "a value of 2^32", "out-of-range", "+15 +9 ~", riceParams(2, 4294967280, 2)},
	} {
		f.refuseQuery("rice-query-whole-"+q.id, q.why+", whatever is asked", "RICE-4 RICE-5 RICE-10", q.params, q.kind, f.value(delta(2).draw(q.bits).octets), keys("5"))
	}
	f.query("rice-query-order", "answers come in the order of the questions, repeats among them", "RICE-10", riceParams(2, 5, 2), value, keys("29 0 20 20 5 30"), "101110")
	f.query("rice-query-none", "nothing is asked", "RICE-10", riceParams(2, 5, 2), value, keys(""), "")
	f.query("rice-query-beyond", "numbers of more than 32 bits are not there", "RICE-10", riceParams(2, 5, 2), value, keys("4294967301 18446744073709551615 261 65541"), "0000")
	f.query("rice-query-repeats", "differences of 0", "RICE-4 RICE-10", riceParams(2, 5, 2), f.value(delta(2).draw("+0 +0 ~").octets), keys("5 6"), "10")
	for r := 3; r <= 27; r += 2 {
		d := uint64(1) << r
		s := delta(r).draw(fmt.Sprintf("+%d +%d +1 ~", d-1, 2*d+1)).from(1)
		f.encode(fmt.Sprintf("rice-encode-r%d", r), "a quotient of 0 and one of 2", "RICE-2", fmt.Sprintf(`{"rice":%d}`, r), s)
		f.decode(fmt.Sprintf("rice-decode-r%d", r), "a quotient of 0 and one of 2", "RICE-2 RICE-4", riceParams(r, 1, 3), s)
	}
	f.refuseKeys("rice-encode-range-32-bits", "5 and 2^32", "RICE-6", `{"rice":5}`, "out-of-range", "4294967301").flag("hostile")
	f.refuseKeys("rice-encode-range-64-bits", "the largest number of 64 bits", "RICE-6", `{"rice":5}`, "out-of-range", "18446744073709551615").flag("hostile")
	f.refuseKeys("rice-encode-range-first", "the first of two is too large", "RICE-6", `{"rice":5}`, "out-of-range", "4294967296 5")
	f.encode("rice-encode-count-repeats", "repeats are dropped, and do not count", "RICE-6 RICE-7", `{"rice":5,"first":5,"count":2}`, delta(5).draw("+15 +9 ~").from(5)).input("29 5 20 5 20")
	f.refuseKeys("rice-encode-count-of-repeats", "repeats do not count", "RICE-7", `{"rice":5,"count":4}`, "bad-parameter", "29 5 20 5 20")
	f.refuseKeys("rice-encode-single-rice-1", "1 is no parameter even of a single value", "RICE-3", `{"rice":1}`, "bad-parameter", "5")
	f.encode("rice-encode-single-28", "a single value with the largest parameter", "RICE-3", `{"rice":28}`, delta(28).draw("").from(5))
	f.refuseNames("encode", "rice-encode-no-names", "a list has a first value", "RICE-6", `{"rice":5}`, "bad-parameter", namesHex())
	return f
}
