package main

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

func digestFiles() []*file {
	return []*file{digestHash(), digestEncode(), digestDecode(), digestErrors(), digestHeader(), digestHeaderErrors(), digestQuery(), digestCaptured()}
}

func digestParams(log2n, log2p int) string {
	return fmt.Sprintf(`{"log2n":%d,"log2p":%d}`, log2n, log2p)
}

// digest is the code of a digest, and the notation of its header.
func digest(log2n, log2p int) (code, string) {
	return zerosOne(log2p), fmt.Sprintf("#%d:5 #%d:5 ", log2n, log2p)
}

// style and jquery are the URLs of the worked examples.
const (
	style  = "https://example.com/style.css"
	jquery = "https://example.com/jquery.js"
)

func digestHash() *file {
	f := &file{format: "cache-digest", topic: "hash", text: true}
	for _, u := range []struct{ id, url, why string }{
		{"style", style, "the URL of the draft's example"},
		{"jquery", jquery, "another URL"},
		{"etag-strong", style + `"abc"`, "the ETag directly behind the URL, its quotes included"},
		{"etag-weak", style + `W/"abc"`, "a weak ETag, its W/ included"},
		{"query", "https://example.com/a?x=1&y=2", "the query is part of the URL"},
		{"port", "https://example.com:8443/style.css", "so is the port"},
		{"scheme", "http://example.com/style.css", "and the scheme"},
		{"subdelims", "https://example.com/it's(1)!*.css", "nothing is escaped: some encoders escape these five"},
		{"utf8", "https://example.com/\u00e9.png", "octets of UTF-8 as they are"},
		{"astral", "https://example.com/\U0001f600.png", "four octets of UTF-8"},
		{"path", "/style.css", "a bare path is another name"},
		{"empty", "", "the empty name"},
	} {
		f.hash("digest-hash-"+u.id, u.why, "DIGEST-2", digestParams(5, 7), names(u.url), []uint64{digestKey(u.url, 5, 7)})
	}
	for _, b := range [][2]int{{0, 0}, {0, 7}, {1, 7}, {1, 8}, {8, 31}, {31, 0}, {31, 31}} {
		spec := "DIGEST-2"
		if b[0]+b[1] == 0 {
			spec += " DIGEST-3"
		}
		f.hash(fmt.Sprintf("digest-hash-n%d-p%d", b[0], b[1]), fmt.Sprintf("the leading %d bits", b[0]+b[1]), spec, digestParams(b[0], b[1]),
			names(style, jquery), []uint64{digestKey(style, b[0], b[1]), digestKey(jquery, b[0], b[1])}).flag("boundary")
	}
	for _, bad := range []struct{ id, params string }{
		{"log2n-32", `{"log2n":32,"log2p":7}`}, {"log2p-32", `{"log2n":1,"log2p":32}`}, {"log2n-negative", `{"log2n":-1,"log2p":7}`},
		{"log2p-missing", `{"log2n":1}`},
	} {
		f.refuseNames("hash", "digest-hash-"+bad.id, "both numbers are needed, 0 to 31 each", "DIGEST-7", bad.params, "bad-parameter", names(style))
	}
	return f
}

func digestEncode() *file {
	f := &file{format: "cache-digest", topic: "encode", text: true}
	for _, e := range []struct {
		id, why      string
		log2n, log2p int
		keys         string
	}{
		{"empty", "no URL: two numbers and padding", 0, 7, "~"},
		{"empty-p0", "no URL, every number zero", 0, 0, "~"},
		{"one-p7", "the draft's own example", 0, 7, "@93 ~"},
		{"two-p7", "two URLs", 1, 7, "@178 @186 ~"},
		{"two-p8", "two URLs with longer remainders", 1, 8, "@356 @373 ~"},
		{"p0", "no remainders", 3, 0, "@0 @3 @7 ~"},
		{"single-key", "a universe of a single key, which is there", 0, 0, "@0 ~"},
		{"p5", "remainders of 5 bits end with the octet", 4, 5, "@30"},
		{"p31", "remainders of 31 bits", 0, 31, "@0 @2147483647 ~"},
		{"n31-p0", "a universe of 2^31 without remainders", 31, 0, "@40 ~"},
		{"n8-p31", "keys of 39 bits", 8, 31, "@5 @549755813887 ~"},
		{"n31-p31", "the widest there is: keys of 62 bits", 31, 31, "@4611686 @47244640256 ~"},
		{"ends", "the least key and the largest", 5, 3, "@0 @255 ~"},
		{"full", "every key there is", 2, 1, "@0 @1 @2 @3 @4 @5 @6 @7 ~"},
	} {
		c, head := digest(e.log2n, e.log2p)
		s := c.draw(head + e.keys)
		f.encode("digest-encode-"+e.id, e.why, "DIGEST-1 DIGEST-4 DIGEST-5", digestParams(e.log2n, e.log2p), s)
		f.decode("digest-decode-"+e.id, e.why, "DIGEST-1 DIGEST-4 DIGEST-5", `{}`, s)
	}
	c, head := digest(1, 7)
	f.encode("digest-encode-unsorted", "keys are sorted, and their repeats dropped", "DIGEST-8", digestParams(1, 7), c.draw(head+"@178 @186 ~")).input("186 178 186")
	f.decode("digest-decode-octets", "the same from octets", "DIGEST-1", `{}`, c.draw(head+"@178 @186 ~")).octets()
	f.decode("digest-decode-params", "parameters that agree with the digest", "DIGEST-7", digestParams(1, 7), c.draw(head+"@178 @186 ~"))

	// log2N from the number of names: 22 and 23 are where rounding the logarithm and
	// rounding the number part.
	for _, n := range []struct{ urls, log2n int }{{0, 0}, {1, 0}, {2, 1}, {3, 2}, {5, 2}, {6, 3}, {11, 3}, {12, 4}, {22, 4}, {23, 5}, {45, 5}, {46, 6}} {
		var urls []string
		for i := range n.urls {
			urls = append(urls, fmt.Sprintf("https://example.com/%d", i))
		}
		c, head := digest(n.log2n, 7)
		ks := each(urls, func(u string) uint64 { return digestKey(u, n.log2n, 7) })
		f.encodeNames(fmt.Sprintf("digest-encode-%d-urls", n.urls), fmt.Sprintf("%d URLs: N is 2^%d", n.urls, n.log2n), "DIGEST-2 DIGEST-6", `{"log2p":7}`, names(urls...), c.draw(head+of(ks)))
	}
	f.encodeNames("digest-encode-repeated-urls", "a URL that is named twice counts once", "DIGEST-6 DIGEST-8", `{"log2p":7}`, names(jquery, style, jquery),
		c.draw(head+of([]uint64{digestKey(style, 1, 7), digestKey(jquery, 1, 7)})))
	c, head = digest(1, 4)
	f.encodeNames("digest-encode-etags", "URLs with their ETags", "DIGEST-2", digestParams(1, 4), names(style+`"1"`, jquery+`W/"2"`),
		c.draw(head+of([]uint64{digestKey(style+`"1"`, 1, 4), digestKey(jquery+`W/"2"`, 1, 4)})))

	for _, k := range []struct{ id, params, key string }{
		{"0-0", digestParams(0, 0), "1"}, {"1-7", digestParams(1, 7), "256"}, {"31-31", digestParams(31, 31), "4611686018427387904"}, {"far", digestParams(1, 7), "18446744073709551615"},
	} {
		f.refuseKeys("digest-encode-above-"+k.id, "the key is not below the universe", "DIGEST-8", k.params, "out-of-range", k.key).flag("boundary")
	}
	f.refuseKeys("digest-encode-keys-without-log2n", "of keys alone log2N cannot be told", "DIGEST-7", `{"log2p":7}`, "bad-parameter", "1")
	f.refuseKeys("digest-encode-log2p-missing", "log2P is never told by anything", "DIGEST-7", `{"log2n":1}`, "bad-parameter", "1")
	f.refuseKeys("digest-encode-log2n-32", "5 bits hold 31", "DIGEST-7", digestParams(32, 7), "bad-parameter", "1").flag("boundary")
	f.refuseKeys("digest-encode-limit", "a quotient of 2^30", "GCS-16 DIGEST-4", digestParams(31, 0), "limit", "1073741824").flag("hostile")
	return f
}

func digestDecode() *file {
	f := &file{format: "cache-digest", topic: "decode", text: true}
	f.add("decode", "digest-decode-nothing", "the empty value has no parameters and no keys; it stands where a reset needs no digest", "DIGEST-9", `{}`,
		vectors.Input{Text: new("")}, found(nil, true)).lenientError("truncated")
	for _, e := range []struct {
		id           string
		log2n, log2p int
	}{{"n0-p1", 0, 1}, {"n3-p6", 3, 6}, {"n4-p13", 4, 13}, {"n7-p24", 7, 24}, {"n16-p16", 16, 16}, {"n30-p31", 30, 31}} {
		most := uint64(1)<<(e.log2n+e.log2p) - 1
		c, head := digest(e.log2n, e.log2p)
		last := min(most, uint64(300)<<e.log2p)
		s := c.draw(head + of([]uint64{0, last / 3, last}))
		f.decode("digest-decode-"+e.id, "codes begin after ten bits, wherever they end", "DIGEST-1 DIGEST-4", `{}`, s)
	}
	var many []uint64
	for i := range uint64(200) {
		many = append(many, i*i*3+i*17)
	}
	c, head := digest(8, 10)
	f.decode("digest-decode-200", "200 keys", "DIGEST-4", `{}`, c.draw(head+of(many))).flag("large")
	return f
}

func digestErrors() *file {
	f := &file{format: "cache-digest", topic: "decode-errors", text: true}
	for _, t := range []struct {
		id, why, kind, text string
		offset              int
	}{
		{"star", "a character of no alphabet", "bad-text", "Afd*", 18},
		{"padded", "base64 padding does not belong here", "bad-text", "AfdA==", 24},
		{"one-character", "one character is half an octet", "bad-text", "A", 0},
		{"five-characters", "five characters are three octets and a half", "bad-text", "AfdAA", 24},
		{"flags", "a flag is no part of the value", "bad-text", "AfdA; complete", 24},
	} {
		v := f.refuseText("digest-text-"+t.id, t.why, "DIGEST-5 GCS-28", `{}`, t.kind, t.text, t.offset)
		if strings.HasSuffix(t.id, "characters") || t.id == "one-character" {
			v.also("GCS-29")
		}
	}
	f.refuseText("digest-text-spare", "an unused bit is set", "DIGEST-5 DIGEST-12 GCS-30", `{}`, "non-canonical", "AcB", 16).lenient(false, "")
	f.refuseText("digest-text-standard", "the standard alphabet", "DIGEST-5 DIGEST-12 GCS-28", `{}`, "bad-text", "Af+A", 12).lenient(false, strings.Join(openDigest("Af-A"), " "))
	f.refuseText("digest-text-limit", "longer than any header: 65,540 characters", "DIGEST-14", `{}`, "limit", strings.Repeat("A", 1<<16+4), -1).flag("hostile", "large")
	f.add("decode", "digest-octet-one", "an octet is too short for the two numbers", "DIGEST-9", `{}`, vectors.Input{Text: new("AA")},
		vectors.Answer{Error: "truncated", Offset: new(5), KeysBeforeError: []string{}})

	for _, e := range []struct {
		id, why, spec string
		log2n, log2p  int
		kind, bits    string
		lenient       string
	}{
		{"out-of-range", "the least key that the universe does not have", "DIGEST-10", 1, 7, "out-of-range", "! @256 ~", "!"},
		{"out-of-range-second", "the second key is too large", "DIGEST-10", 1, 7, "out-of-range", "@178 ! @256 ~", "!"},
		{"out-of-range-single", "a universe of one key has no other", "DIGEST-3 DIGEST-10", 0, 0, "out-of-range", "! @1 ~", "!"},
		{"out-of-range-after-largest", "no key has room behind the largest", "DIGEST-10", 1, 2, "out-of-range", "@7 ! +0 ~", "!"},
		{"out-of-range-wide", "a key of 2^62", "DIGEST-10", 1, 31, "out-of-range", "! 0*5 1 0*31 ~", "!"},
		{"octet", "an octet of zeros too many", "DIGEST-11 GCS-19", 0, 7, "trailing-data", "@93 ! ~ 0*8", "93"},
		{"octet-empty", "an octet of zeros behind an empty digest", "DIGEST-11 GCS-19", 0, 7, "trailing-data", "! ~ 0*8", ""},
		{"pad-first", "the first pad bit is 1", "DIGEST-11 GCS-18", 0, 7, "nonzero-padding", "@93 ! 1 ~", "93"},
		{"pad-last", "the last pad bit is 1", "DIGEST-11 GCS-18", 0, 7, "nonzero-padding", "@93 0*5 ! 1", "93"},
		{"pad-empty", "the pad bit of an empty digest is 1", "DIGEST-11 GCS-18", 0, 7, "nonzero-padding", "0*5 ! 1", ""},
		{"cut-quotient", "the quotient ends with the stream", "DIGEST-11 GCS-19", 0, 7, "truncated", "@93 ! 0*13 1", "93"},
		{"cut-remainder", "a remainder of 31 bits is cut short", "DIGEST-11 GCS-19", 8, 31, "truncated", "! 1 0*29", ""},
	} {
		c, head := digest(e.log2n, e.log2p)
		v := f.refuse("digest-"+e.id, e.why, e.spec+" DIGEST-12", `{}`, e.kind, c.draw(head+e.bits))
		if e.lenient != "!" {
			v.lenient(false, e.lenient)
		}
	}
	for _, e := range []struct{ id, params, why string }{
		{"log2n", `{"log2n":2}`, "the digest says that log2N is 1"},
		{"log2p", `{"log2p":8}`, "the digest says that log2P is 7"},
		{"foreign", `{"p":7}`, "a parameter of another format"},
	} {
		f.refuseText("digest-decode-wrong-"+e.id, e.why, "DIGEST-7", e.params, "bad-parameter", "CdZQ4A", -1)
	}

	// The two URLs of the worked example, P = 2^8, as relatives of the format write
	// them.
	c, head := digest(1, 8)
	f.decode("digest-mixup-kazuho-01", "draft-kazuho-01 read literally, which codes the first key less 1", "DIGEST-4", `{}`, c.draw(head+"@355 @372 ~")).flag("mix-up")
	for _, m := range []struct{ id, why, octets string }{
		{"octet-header", "the C tool's header of two octets and other polarity", "x010899021f"},
		{"mod-h2", "mod_h2's header of two octets, other polarity and plain differences", "x010899023f"},
	} {
		s := c.draw(m.octets)
		s.fault = 10 // read as a digest, its first key is 32 or more in a universe of 16
		f.refuse("digest-mixup-"+m.id, m.why, "DIGEST-4 DIGEST-10", `{}`, "out-of-range", s).flag("mix-up")
	}
	return f
}

// openDigest are the keys that a reader finds who knows no padding.
func openDigest(text string) []string {
	octets, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	var bits strings.Builder
	for _, o := range octets {
		fmt.Fprintf(&bits, "%08b", o)
	}
	rest := bits.String()
	log2p, _ := strconv.ParseUint(rest[5:10], 2, 8)
	return decimal(keysIn(zerosOne(int(log2p)), rest[10:]))
}

func flagsOf(names ...string) []string { return append([]string{}, names...) }

// header adds a whole header that must be read; digests are as written there.
func (f *file) header(id, why, spec, value string, digests ...vectors.Digest) *vector {
	return f.add("decode", id, why, spec, `{}`, vectors.Input{Header: &value}, vectors.Answer{Digests: append([]vectors.Digest{}, digests...)})
}

func (f *file) refuseHeader(id, why, spec, kind, value string) *vector {
	return f.add("decode", id, why, spec, `{}`, vectors.Input{Header: &value}, vectors.Answer{Error: kind})
}

// lenientDigests says what H2O keeps of a header.
func (v *vector) lenientDigests(digests ...vectors.Digest) *vector {
	v.ExpectLenient = &vectors.Answer{Digests: append([]vectors.Digest{}, digests...)}
	return v
}

// one and two are digests of the worked examples.
func one(flags ...string) vectors.Digest {
	return vectors.Digest{Log2P: 7, Flags: flagsOf(flags...), Keys: []string{"93"}}
}

func two(flags ...string) vectors.Digest {
	return vectors.Digest{Log2N: 1, Log2P: 7, Flags: flagsOf(flags...), Keys: []string{"178", "186"}}
}

func digestHeader() *file {
	f := &file{format: "cache-digest", topic: "header", text: true}
	f.header("digest-header-bare", "a digest without flags", "DIGEST-15", "AfdA", one())
	f.header("digest-header-complete", "the draft's own example", "DIGEST-15", "AfdA; complete", one("complete"))
	f.header("digest-header-two", "two digests", "DIGEST-15", "AfdA, CdZQ4A", one(), two())
	f.header("digest-header-flags", "two digests with flags", "DIGEST-15", "AfdA; complete, CdZQ4A; validators", one("complete"), two("validators"))
	f.header("digest-header-all-flags", "every flag; H2O does not take stale digests", "DIGEST-15 DIGEST-17", "AfdA; reset; complete; validators; stale",
		one("reset", "complete", "validators", "stale")).lenientDigests()
	f.header("digest-header-stale", "a stale digest, which H2O leaves out", "DIGEST-15 DIGEST-17", "AfdA; stale, CdZQ4A", one("stale"), two()).lenientDigests(two())
	f.header("digest-header-reset", "a reset: H2O forgets what came before", "DIGEST-15 DIGEST-17", "AfdA, CdZQ4A; reset", one(), two("reset")).lenientDigests(two("reset"))
	f.header("digest-header-reset-alone", "a reset without a digest", "DIGEST-9 DIGEST-15 DIGEST-17", "; reset", vectors.Digest{Flags: flagsOf("reset"), Keys: []string{}}).lenientDigests()
	f.header("digest-header-reset-after", "a reset without a digest behind another", "DIGEST-9 DIGEST-15 DIGEST-17", "AfdA, ; reset",
		one(), vectors.Digest{Flags: flagsOf("reset"), Keys: []string{}}).lenientDigests()
	f.header("digest-header-empty-digest", "a digest of no URL", "DIGEST-15", "AcA; complete", vectors.Digest{Log2P: 7, Flags: flagsOf("complete"), Keys: []string{}})
	return f
}

func digestHeaderErrors() *file {
	f := &file{format: "cache-digest", topic: "header-errors", text: true}
	for _, h := range []struct {
		id, why, spec, kind, value string
		lenient                    []vectors.Digest
	}{
		{"upper-flag", "flags are written in lower case", "DIGEST-16 DIGEST-18", "non-canonical", "AfdA; COMPLETE", []vectors.Digest{one("complete")}},
		{"no-space", "a space stands in front of a flag", "DIGEST-16 DIGEST-17", "non-canonical", "AfdA;complete", []vectors.Digest{one("complete")}},
		{"space-before", "no space stands behind a digest", "DIGEST-16 DIGEST-17", "non-canonical", "AfdA ; complete", []vectors.Digest{one("complete")}},
		{"two-spaces", "one space is enough", "DIGEST-16 DIGEST-17", "non-canonical", "AfdA;  complete", []vectors.Digest{one("complete")}},
		{"tab", "a tab is no space", "DIGEST-16 DIGEST-17", "non-canonical", "AfdA;\tcomplete", []vectors.Digest{one("complete")}},
		{"no-space-comma", "a space stands in front of a digest", "DIGEST-16 DIGEST-17", "non-canonical", "AfdA,CdZQ4A", []vectors.Digest{one(), two()}},
		{"space-end", "a space at the end", "DIGEST-16 DIGEST-17", "non-canonical", "AfdA ", []vectors.Digest{one()}},
		{"order", "flags come in the order of their bits", "DIGEST-16 DIGEST-17", "non-canonical", "AfdA; complete; reset", []vectors.Digest{one("reset", "complete")}},
		{"flag-twice", "a flag that is there twice", "DIGEST-16 DIGEST-17", "non-canonical", "AfdA; complete; complete", []vectors.Digest{one("complete")}},
		{"unknown-flag", "a flag that nobody knows", "DIGEST-16 DIGEST-17", "bad-text", "AfdA; fresh", []vectors.Digest{}},
		{"unknown-flag-first", "the other digest is kept", "DIGEST-16 DIGEST-17", "bad-text", "AfdA; fresh, CdZQ4A", []vectors.Digest{two()}},
		{"flag-value", "flags have no values; H2O skips them", "DIGEST-16 DIGEST-17", "bad-text", "AfdA; complete=1", []vectors.Digest{one("complete")}},
		{"empty-flag", "a semicolon, and no flag", "DIGEST-16 DIGEST-17", "bad-text", "AfdA;", []vectors.Digest{one()}},
		{"empty-flag-between", "two semicolons", "DIGEST-16 DIGEST-17", "bad-text", "AfdA;; complete", []vectors.Digest{}},
		{"empty", "an empty header has no digest", "DIGEST-16 DIGEST-17", "bad-text", "", []vectors.Digest{}},
		{"comma", "a comma, and no digest", "DIGEST-16 DIGEST-17", "bad-text", ",", []vectors.Digest{}},
		{"trailing-comma", "a comma at the end", "DIGEST-16 DIGEST-17", "bad-text", "AfdA,", []vectors.Digest{one()}},
		{"empty-element", "an empty element, which in H2O swallows the next", "DIGEST-16 DIGEST-17", "bad-text", "AfdA,, CdZQ4A", []vectors.Digest{one()}},
		{"empty-complete", "an empty digest that does not reset", "DIGEST-16 DIGEST-17", "bad-text", "; complete", []vectors.Digest{}},
		{"bad-digest", "a digest in base64 padding; the other one is kept", "DIGEST-5 DIGEST-17", "bad-text", "AfdA==, CdZQ4A", []vectors.Digest{two()}},
		{"bad-digest-second", "the second digest is bad", "DIGEST-5 DIGEST-17", "bad-text", "AfdA, *", []vectors.Digest{one()}},
		{"standard-alphabet", "a digest in the standard alphabet", "DIGEST-5 DIGEST-17", "bad-text", "AfdA, Af+A", []vectors.Digest{one(), {Log2P: 7, Flags: flagsOf(), Keys: openDigest("Af-A")}}},
		{"bad-resets", "a digest that is bad resets even so", "DIGEST-10 DIGEST-17", "out-of-range", "AfdA, AdAA; reset", []vectors.Digest{}},
		{"truncated-digest", "a digest of one octet", "DIGEST-9 DIGEST-17", "truncated", "AA, CdZQ4A", []vectors.Digest{two()}},
		{"trailing-digest", "an octet too many behind a digest", "DIGEST-11 DIGEST-17", "trailing-data", "AfdAAA; complete", []vectors.Digest{one("complete")}},
		{"pad-digest", "a pad bit of 1 in a digest", "DIGEST-11 DIGEST-17", "nonzero-padding", "AfdB", []vectors.Digest{one()}},
		{"spare-digest", "an unused bit of the text is set", "DIGEST-5 DIGEST-17 GCS-30", "non-canonical", "AcB", []vectors.Digest{{Log2P: 7, Flags: flagsOf(), Keys: []string{}}}},
	} {
		f.refuseHeader("digest-header-"+h.id, h.why, h.spec, h.kind, h.value).lenientDigests(h.lenient...)
	}
	return f
}

func digestQuery() *file {
	f := &file{format: "cache-digest", topic: "query", text: true}
	c, head := digest(1, 7)
	v := f.value(c.draw(head + "@178 @186 ~").octets)
	none := `{}`
	f.query("digest-query-names", "two URLs of three", "DIGEST-2 DIGEST-13", none, v, names(style, "https://example.com/", jquery), "101")
	f.query("digest-query-keys", "keys and their neighbours", "DIGEST-13", none, v, keys("177 178 179 186"), "0101")
	f.query("digest-query-path", "a bare path is another name", "DIGEST-13", none, v, names("/style.css"), "0")
	c, head = digest(0, 7)
	f.query("digest-query-empty", "a digest of no URL", "DIGEST-13", none, f.value(c.draw(head+"~").octets), names(style), "0")
	c, head = digest(0, 8)
	f.query("digest-query-etag", "a URL with its ETag, and with another", "DIGEST-2 DIGEST-13", none, f.value(c.draw(head+of([]uint64{digestKey(style+`"1"`, 0, 8)})).octets),
		names(style+`"1"`, style+`"2"`, style+`W/"1"`, style), "1000")
	c, head = digest(0, 7)
	f.refuseQuery("digest-query-trailing", "the digest must be readable as a whole", "DIGEST-11 DIGEST-12 DIGEST-13", none, "trailing-data", f.value(c.draw(head+"@93 ~ 0*8").octets), names(style)).lenientPresent(true)
	f.refuseQuery("digest-query-out-of-range", "a key above the universe voids the digest for every reader", "DIGEST-10 DIGEST-13", none, "out-of-range", f.value(c.draw(head+"@93 @128 ~").octets), names(style))
	f.refuseQuery("digest-query-bad-text", "no digest, no answer", "DIGEST-13", none, "bad-text", vectors.Input{Text: new("AfdA==")}, names(style))
	return f
}

func digestCaptured() *file {
	f := &file{format: "cache-digest", topic: "captured", text: true}
	var captured struct {
		Encode []struct {
			ID           string
			URLs         []string
			Log2P, Log2N int
			Values       []uint64
			Text         string `json:"digest_base64url"`
			Hex          string
		} `json:"encode_cases"`
		Live struct {
			Origin string
			Links  []string `json:"link_preloads"`
			Cases  []struct {
				ID, Comment string
				Digest      *string `json:"cache_digest"`
				Suppressed  []string
			}
		} `json:"server_live_cases"`
	}
	capture("cachedigest", "cache-digest.json", &captured)
	for _, k := range captured.Encode {
		const program, how = "h2o/cache-digest.js at d374121", "its command, under Node 20.20.2"
		f.add("encode", "digest-captured-encode-"+k.ID, fmt.Sprintf("%d URLs", len(k.URLs)), "DIGEST-2 DIGEST-4 DIGEST-6", fmt.Sprintf(`{"log2p":%d}`, k.Log2P),
			names(k.URLs...), vectors.Answer{Keys: decimal(k.Values), BytesHex: &k.Hex, Text: &k.Text}).from(program, how, "MIT")
		f.add("decode", "digest-captured-decode-"+k.ID, fmt.Sprintf("a digest of %d URLs", len(k.URLs)), "DIGEST-1 DIGEST-4", digestParams(k.Log2N, k.Log2P),
			vectors.Input{Text: &k.Text}, found(k.Values, true)).from(program, how, "MIT")
	}
	for _, k := range captured.Live.Cases {
		if k.Digest == nil || strings.Contains(*k.Digest, ";") {
			continue
		}
		suppressed := map[string]bool{}
		for _, s := range k.Suppressed {
			suppressed[s] = true
		}
		var urls []string
		var present []bool
		for _, link := range captured.Live.Links {
			urls = append(urls, captured.Live.Origin+link)
			present = append(present, suppressed[link])
		}
		in := names(urls...)
		in.Text = k.Digest
		v := f.add("query", "digest-captured-query-"+slug(k.ID), k.Comment+": what a server pushed, the client did not have", "DIGEST-2 DIGEST-13", `{}`, in,
			vectors.Answer{Present: present}).from("H2O 2.2.5", "a running server, asked by nghttp 1.52.0", "MIT")
		if k.ID == "trailing-zero" {
			v.Expect = vectors.Answer{Error: "trailing-data"}
			v.lenientPresent(present...).also("DIGEST-11 DIGEST-12")
		}
	}
	return f
}
