package main

import (
	"encoding/base64"
	"fmt"
	"math/bits"
	"strings"
	"unicode"

	"github.com/cache-aware/casper/vectors"
)

func goCasperFiles() []*file {
	return []*file{goCasperHash(), goCasperEncode(), goCasperDecode(), goCasperTail(), goCasperErrors(), goCasperQuery(), goCasperCaptured()}
}

// goCasper is the code for a P, and the parameters as JSON.
func goCasper(p, n uint64) (code, string) {
	return code{rice: bits.TrailingZeros64(p), ones: true, pad: "0"}, fmt.Sprintf(`{"p":%d,"n":%d}`, p, n)
}

func goCasperHash() *file {
	f := &file{format: "go-casper", topic: "hash", text: true}
	_, params := goCasper(64, 10)
	for _, p := range paths {
		f.hash("gocasper-hash-"+p.id, p.why, "GOCASPER-1", params, names(p.path), []uint64{goCasperKey(p.path, 64, 10)})
	}
	for _, pn := range [][2]uint64{{1, 1}, {2, 10}, {1024, 4}, {65536, 100}, {1 << 31, 2}, {1, 1 << 31}} {
		_, params := goCasper(pn[0], pn[1])
		f.hash(fmt.Sprintf("gocasper-hash-p%d-n%d", pn[0], pn[1]), "the universe is N*P", "GOCASPER-1 GOCASPER-2", params,
			names("/static/example.js", "/index.html"), []uint64{goCasperKey("/static/example.js", pn[0], pn[1]), goCasperKey("/index.html", pn[0], pn[1])})
	}
	for _, bad := range []struct{ id, why, params string }{
		{"p-100", "P is a power of two", `{"p":100,"n":10}`},
		{"p-0", "P is at least 1", `{"p":0,"n":10}`},
		{"p-negative", "P is at least 1", `{"p":-64,"n":10}`},
		{"p-large", "P is at most 2^31", `{"p":4294967296,"n":10}`},
		{"n-0", "N is at least 1", `{"p":64,"n":0}`},
		{"n-large", "N is at most 2^31", `{"p":64,"n":2147483649}`},
		{"p-missing", "P has no default", `{"n":10}`},
		{"n-missing", "N has no default", `{"p":64}`},
	} {
		f.refuseNames("hash", "gocasper-hash-"+bad.id, bad.why, "GOCASPER-2", bad.params, "bad-parameter", names("/"))
		f.refuseText("gocasper-decode-"+bad.id, bad.why, "GOCASPER-2", bad.params, "bad-parameter", "yQA", -1)
	}
	return f
}

func goCasperEncode() *file {
	f := &file{format: "go-casper", topic: "encode", text: true}
	for _, e := range []struct {
		id, why string
		p, n    uint64
		keys    string
	}{
		{"one", "one key", 64, 10, "@146 ~"},
		{"empty", "the empty set is the empty text", 64, 10, ""},
		{"zero", "the key 0", 64, 10, "@0 ~"},
		{"two", "plain differences: nothing is subtracted", 64, 10, "@146 @147 ~"},
		{"most", "the largest key", 64, 10, "@639 ~"},
		{"unary", "no remainder at all", 1, 30, "@3 @7 @20 ~"},
		{"wide", "remainders of 31 bits", 1 << 31, 2, "@5 @4294967295 ~"},
		{"fills", "a code that fills its octet, with a remainder", 128, 10, "@1"},
	} {
		c, params := goCasper(e.p, e.n)
		f.encode("gocasper-encode-"+e.id, e.why, "GOCASPER-3 GOCASPER-4", params, c.draw(e.keys))
	}
	for _, e := range []struct {
		id, why string
		p, n    uint64
		keys    string
	}{
		{"lost", "a last code that fills its octet and has a remainder of zero takes an octet of zeros more", 128, 10, "@0 0*8"},
		{"lost-second", "the same behind another key", 8, 10, "@1 @65 0*8"},
		{"lost-unary", "without remainders every code that fills its octet takes the octet", 1, 10, "@7 0*8"},
		{"not-lost", "a remainder of zero, but not at the end of an octet", 64, 10, "@128 ~"},
	} {
		c, params := goCasper(e.p, e.n)
		f.encode("gocasper-encode-"+e.id, e.why, "GOCASPER-6", params, c.draw(e.keys))
	}
	c, params := goCasper(64, 10)
	f.encode("gocasper-encode-unsorted", "keys are sorted, and their repeats dropped", "GOCASPER-5", params, c.draw("@5 @146 ~")).input("146 5 146")
	files := []string{"/static/a.css", "/static/b.css", "/static/c.js", "/static/a.css"}
	f.encodeNames("gocasper-encode-names", "names are hashed, sorted and their repeats dropped", "GOCASPER-1 GOCASPER-5", params, names(files...),
		c.draw(of(each(files, func(s string) uint64 { return goCasperKey(s, 64, 10) }))))
	for _, k := range []string{"640", "18446744073709551615"} {
		f.refuseKeys("gocasper-encode-above-"+k, "a key above the universe", "GOCASPER-5", params, "out-of-range", k).flag("boundary")
	}
	f.refuseKeys("gocasper-encode-p-100", "P is a power of two", "GOCASPER-2", `{"p":100,"n":10}`, "bad-parameter", "1")
	f.refuseKeys("gocasper-encode-limit", "a quotient of 2^31 is half a gigabit", "GOCASPER-3 GCS-16", `{"p":1,"n":2147483648}`, "limit", "2147483647").flag("hostile")
	return f
}

func goCasperDecode() *file {
	f := &file{format: "go-casper", topic: "decode", text: true}
	for _, e := range []struct {
		id, why string
		p, n    uint64
		keys    string
	}{
		{"one", "one key", 64, 10, "@146 ~"},
		{"empty", "the empty text is the empty set", 64, 10, ""},
		{"zero", "the key 0", 64, 10, "@0 ~"},
		{"two", "plain differences", 64, 10, "@146 @147 ~"},
		{"most", "the largest key", 64, 10, "@639 ~"},
		{"unary", "no remainder at all", 1, 30, "@3 @7 @20 ~"},
		{"wide", "remainders of 31 bits", 1 << 31, 2, "@5 @4294967295 ~"},
		{"fills", "a code that fills its octet, with a remainder", 128, 10, "@1"},
	} {
		c, params := goCasper(e.p, e.n)
		f.decode("gocasper-decode-"+e.id, e.why, "GOCASPER-3 GOCASPER-4", params, c.draw(e.keys))
	}
	return f
}

// goCasperTail is where the format is ambiguous: what follows the last key.
func goCasperTail() *file {
	f := &file{format: "go-casper", topic: "tail", text: true}
	for _, e := range []struct {
		id, why string
		p, n    uint64
		bits    string
		keys    string // of the strict reader, or its error and the place of the fault as the notation has it
		lenient string // keys; "!" for truncated, "=" where the readers agree
		spec    string
	}{
		{"key-and-padding", "one bit of padding", 64, 10, "@1 ~", "1", "=", "GOCASPER-9 GOCASPER-11"},
		{"full-octet", "a remainder that is not zero ends with the stream, and counts", 128, 10, "@1", "1", "=", "GOCASPER-9 GOCASPER-11"},
		{"lost", "a remainder of zero that ends with the stream is taken for padding", 128, 10, "! 0 0000000", "non-canonical", "", "GOCASPER-10 GOCASPER-11"},
		{"lost-later", "the last of four keys is lost", 4, 10, "@1 @2 @3 ! 11110 00", "non-canonical", "1 2 3", "GOCASPER-10 GOCASPER-11"},
		{"saved", "an octet of zeros saves it", 128, 10, "@0 0*8", "0", "=", "GOCASPER-6 GOCASPER-9"},
		{"saved-later", "an octet of zeros saves the last of four keys", 4, 10, "@1 @2 @3 @19 0*8", "1 2 3 19", "=", "GOCASPER-6 GOCASPER-9"},
		{"octet-too-many", "an octet of zeros where none is needed", 64, 10, "@1 ! 0 0*8", "trailing-data", "1", "GOCASPER-9 GOCASPER-14"},
		{"two-octets", "two octets of zeros where one is needed", 128, 10, "@0 ! 0*16", "trailing-data", "0", "GOCASPER-9 GOCASPER-14"},
		{"wide-octets", "octets of zeros that hold no whole code", 1 << 20, 10, "@0 ! 0*3 0*24", "trailing-data", "0", "GOCASPER-9 GOCASPER-13"},
		{"last-bit", "the last bit alone is padding, whatever it is", 64, 10, "@1 ! 1", "nonzero-padding", "1", "GOCASPER-9 GOCASPER-11"},
		{"ones", "ones up to the end", 64, 10, "@1 ! 1 1*8", "truncated", "!", "GOCASPER-9 GOCASPER-12"},
		{"ones-alone", "nothing but ones", 64, 10, "! 1*16", "truncated", "!", "GOCASPER-9 GOCASPER-12"},
		{"quotient-ends", "a quotient that ends with the stream", 64, 10, "@1 ! 1 1*7 0", "truncated", "!", "GOCASPER-9 GOCASPER-12"},
		{"cut-zeros", "a remainder that is cut short, of zeros", 64, 10, "@1 ! 11110 0000", "truncated", "1", "GOCASPER-9 GOCASPER-13"},
		{"cut-ones", "a remainder that is cut short, not of zeros: what is missing counts as zeros", 64, 10, "@1 ! 11110 0010", "truncated", "1 265", "GOCASPER-9 GOCASPER-13"},
		{"cut-first", "the first code is cut short", 1024, 10, "! 10 000011", "truncated", "1072", "GOCASPER-9 GOCASPER-13"},
		{"repeats", "padding that reads as repeats of the last key", 2, 10, "@3 ~", "3", "=", "GOCASPER-9 GOCASPER-14"},
		{"twice", "a key that is there twice, with another behind it", 8, 10, "@1 ! 0000 0 001 ~", "non-canonical", "1 2", "GOCASPER-7 GOCASPER-14"},
		{"above", "a key above the universe", 64, 4, "! @257 ~", "out-of-range", "257", "GOCASPER-8 GOCASPER-14"},
		{"above-second", "the second key is above the universe", 64, 4, "@255 ! @256 ~", "out-of-range", "255 256", "GOCASPER-8 GOCASPER-14"},
		{"unary", "unary alone", 1, 10, "@2 ~", "2", "=", "GOCASPER-9"},
		{"unary-last-bit", "unary alone, to the last bit", 1, 10, "! 1*7 0", "non-canonical", "!", "GOCASPER-10 GOCASPER-12"},
		{"unary-lost", "unary alone, the last key to the last bit", 1, 10, "@1 @2 @3 ! 10", "non-canonical", "!", "GOCASPER-10 GOCASPER-12"},
		{"unary-saved", "the same with an octet of zeros", 1, 10, "@1 @2 @3 @4 0*8", "1 2 3 4", "=", "GOCASPER-6 GOCASPER-9"},
	} {
		c, params := goCasper(e.p, e.n)
		s := c.draw(e.bits)
		if e.keys == "" || unicode.IsDigit(rune(e.keys[0])) {
			s.keys = nil
			for _, k := range strings.Fields(e.keys) {
				s.keys = append(s.keys, number(k))
			}
			f.decode("gocasper-tail-"+e.id, e.why, e.spec, params, s)
			continue
		}
		v := f.refuse("gocasper-tail-"+e.id, e.why, e.spec, params, e.keys, s)
		switch e.lenient {
		case "!":
			v.lenientError("truncated")
		default:
			v.lenient(false, e.lenient)
		}
		if e.keys == "non-canonical" && strings.HasPrefix(e.id, "unary") || strings.HasPrefix(e.id, "lost") {
			v.Expect.KeysBeforeError = nil // the key that is lost was found all the same
		}
	}
	for i := range f.vectors {
		// What re-encodes to itself though the strict reader refuses it.
		if v := f.vectors[i]; strings.HasPrefix(v.ID, "gocasper-tail-above") {
			*v.ExpectLenient.Canonical = true
		}
	}
	return f
}

func goCasperErrors() *file {
	f := &file{format: "go-casper", topic: "decode-errors", text: true}
	_, params := goCasper(64, 10)
	for _, t := range []struct {
		id, why, text string
		offset        int
	}{
		{"star", "a character of no alphabet", "yQ*", 12},
		{"padded", "base64 padding does not belong here", "yQA=", 18},
		{"plus", "the standard alphabet, which go-casper does not read either", "+QA", 0},
		{"slash", "the standard alphabet, which go-casper does not read either", "yQ/", 12},
		{"one-character", "one character is half an octet", "y", 0},
		{"five-characters", "five characters are three octets and a half", "yQAAA", 24},
		{"quote", "a quoted value", `"yQA"`, 0},
	} {
		v := f.refuseText("gocasper-text-"+t.id, t.why, "GOCASPER-4 GCS-28", params, "bad-text", t.text, t.offset)
		if strings.HasSuffix(t.id, "characters") || t.id == "one-character" {
			v.also("GCS-29")
		}
	}
	f.refuseText("gocasper-text-spare", "an unused bit is set", "GOCASPER-4 GOCASPER-14 GCS-30", params, "non-canonical", "yQB", 16).lenient(false, "146")
	long := strings.Repeat("A", 1<<16+4)
	f.refuseText("gocasper-text-limit", "longer than any cookie: 65,540 characters", "GOCASPER-16", params, "limit", long, -1).flag("hostile", "large")
	mixed := zerosOne(6).draw("@20 @178")
	mixed.keys = []uint64{104, 150}
	v := f.refuse("gocasper-mixup-h2o", "the keys 20 and 178 as H2O writes them: other keys, and a bit that is no padding", "GOCASPER-9 GOCASPER-11", params, "nonzero-padding", mixed).
		flag("mix-up").lenient(false, "104 150")
	v.Expect.Offset, v.Expect.KeysBeforeError = new(15), decimal(mixed.keys)
	return f
}

func goCasperQuery() *file {
	f := &file{format: "go-casper", topic: "query", text: true}
	c, params := goCasper(64, 10)
	v := f.value(c.draw("@146 @212 ~").octets)
	f.query("gocasper-query-names", "two of three names", "GOCASPER-1 GOCASPER-15", params, v, names("/static/example.js", "/static/other.js", "/static/example.jpg"), "101")
	f.query("gocasper-query-keys", "keys and their neighbours", "GOCASPER-15", params, v, keys("145 146 147 212"), "0101")
	f.query("gocasper-query-empty", "the empty set holds nothing", "GOCASPER-15", params, f.value(nil), names("/static/example.js"), "0")
	f.refuseQuery("gocasper-query-ones", "a cookie that go-casper gives up on", "GOCASPER-12 GOCASPER-15", params, "truncated", f.value([]byte{0xff, 0xff}), keys("1"))
	f.refuseQuery("gocasper-query-tail", "a tail that go-casper alone reads", "GOCASPER-13 GOCASPER-15", params, "truncated", f.value(c.draw("@1 11110 0010").octets), keys("1 265 266")).
		lenientPresent(true, true, false)
	return f
}

func goCasperCaptured() *file {
	f := &file{format: "go-casper", topic: "captured", text: true}
	var captured struct {
		Vectors []struct {
			P, N   uint64
			Assets []string
			Cookie string
			Hashes []uint64 `json:"hashes_in_asset_order"`
		}
	}
	capture("gocasper", "go-casper.json", &captured)
	for i, k := range captured.Vectors {
		c, params := goCasper(k.P, k.N)
		octets, err := base64.RawURLEncoding.DecodeString(k.Cookie)
		if err != nil {
			panic(err)
		}
		sorted := c.draw(of(k.Hashes)).keys
		const program, how = "tcnksm/go-casper at 5d0c688", "its own Push, run under Go 1.26.8"
		f.hash(fmt.Sprintf("gocasper-captured-hash-%d", i), "the keys of its assets", "GOCASPER-1", params, names(k.Assets...), k.Hashes).from(program, how, "MIT")
		f.add("decode", fmt.Sprintf("gocasper-captured-decode-%d", i), "a cookie as go-casper has set it", "GOCASPER-3 GOCASPER-4", params,
			f.value(octets), found(sorted, true)).from(program, how, "MIT")
		f.add("encode", fmt.Sprintf("gocasper-captured-encode-%d", i), "the assets of which it was made", "GOCASPER-3 GOCASPER-5", params,
			names(k.Assets...), vectors.Answer{Keys: decimal(sorted), Text: &k.Cookie, BytesHex: f.coded(octets, nil).BytesHex}).from(program, how, "MIT")
	}
	return f
}
