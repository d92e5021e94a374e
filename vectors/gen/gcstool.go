package main

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"math/bits"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

func gcsToolFiles() []*file {
	return []*file{toolHash(), toolEncode(), toolDecode(), toolErrors(), toolQuery()}
}

// A disk is a set on disk under construction.
type disk struct {
	n, p, every uint64
	bits        string // of the codes
	picture     []string
	keys        []uint64
	behind      []uint64 // the bit behind each key's code
	index       string   // in hex
}

// rest is the number of remainder bits.
func (d *disk) rest() int { return bits.Len64(d.p - 1) }

// code is the code of a distance.
func (d *disk) code(gap uint64) string {
	q, r := strings.Repeat("1", int(gap/d.p))+"0", ""
	if n := d.rest(); n > 0 {
		r = fmt.Sprintf("%0*b", n, gap%d.p)
	}
	d.picture = append(d.picture, bar(q, r))
	return q + r
}

// onDisk codes keys, which are sorted.
func onDisk(n, p, every uint64, keys ...uint64) *disk {
	d := &disk{n: n, p: p, every: every, keys: keys}
	last := uint64(0)
	for i, k := range keys {
		d.bits += d.code(k - last)
		last = k
		d.behind = append(d.behind, uint64(len(d.bits)))
		if every > 0 && i > 0 && uint64(i)%every == 0 {
			d.index += fmt.Sprintf("%016x%016x", k, len(d.bits))
		}
	}
	d.bits += d.code(0)
	d.pad("0")
	return d
}

// pad fills the last octet.
func (d *disk) pad(bit string) {
	if n := -len(d.bits) & 7; n > 0 {
		d.bits += strings.Repeat(bit, n)
		d.picture = append(d.picture, "."+strings.Repeat(bit, n))
	}
}

// octets are the file.
func (d *disk) octets() []byte {
	octets, err := hex.DecodeString(d.hex())
	if err != nil {
		panic(err)
	}
	return octets
}

// hex is the file.
func (d *disk) hex() string {
	return hex.EncodeToString(pack(d.bits, false)) + d.index + d.footer(d.n, d.p, uint64(len(d.bits)/8), uint64(len(d.index)/32))
}

func (d *disk) footer(numbers ...uint64) (s string) {
	for _, n := range numbers {
		s += fmt.Sprintf("%016x", n)
	}
	return s + hex.EncodeToString([]byte("[GCS:v0]"))
}

func (d *disk) comment(what string) string { return what + ": " + strings.Join(d.picture, " ") }

func (d *disk) params() string { return fmt.Sprintf(`{"p":%d,"n":%d,"every":%d}`, d.p, d.n, d.every) }

func toolHash() *file {
	f := &file{format: "gcstool", topic: "hash", since: "1.1.0"}
	key := func(sum []byte, n, p uint64) uint64 { return bigEndian(sum[:8]) % (n * p) }
	all := []string{"password", "", "pass word", "p\u00e4ssword"}
	for _, h := range []struct {
		kind string
		sum  func(string) []byte
	}{
		{"sha1", func(s string) []byte { h := sha1.Sum([]byte(s)); return h[:] }},
		{"sha256", func(s string) []byte { h := sha256.Sum256([]byte(s)); return h[:] }},
		{"sha512", func(s string) []byte { h := sha512.Sum512([]byte(s)); return h[:] }},
		{"md5", func(s string) []byte { h := md5.Sum([]byte(s)); return h[:] }},
	} {
		f.hash("tool-hash-"+h.kind, "the first 64 bits, modulo n·p", "TOOL-1", `{"hash":"`+h.kind+`","n":1000,"p":1000003}`, names(all...),
			each(all, func(s string) uint64 { return key(h.sum(s), 1000, 1000003) }))
	}
	sha := func(s string) []byte { h := sha1.Sum([]byte(s)); return h[:] }
	f.hash("tool-hash-default", "SHA-1, a rate of 2^-24, and as many as there are names", "TOOL-1 TOOL-2", `{}`, names(all[:2]...), each(all[:2], func(s string) uint64 { return key(sha(s), 2, 1<<24) }))
	f.hash("tool-hash-n-0", "of no names the universe is empty", "TOOL-1 TOOL-2", `{"n":0}`, names("password"), []uint64{0})
	f.hash("tool-hash-hex", "names are hashes, and what stands behind them is of no meaning", "TOOL-1", `{"hash":"hex","n":1000}`,
		names("00000000000000FF", "7C4A8D09CA3762AF61E59520943DC26494F8941B:37", "7c4a8d09ca3762af"), []uint64{255, 0x7c4a8d09ca3762af % (1000 << 24), 0x7c4a8d09ca3762af % (1000 << 24)})
	f.hash("tool-hash-octets", "names are octets", "TOOL-1", `{"n":9}`, namesHex("ff00"), []uint64{key(sha("\xff\x00"), 9, 1<<24)})
	for _, bad := range []struct{ id, params, name string }{
		{"hex-short", `{"hash":"hex"}`, "00000000000000f"}, {"hex-letter", `{"hash":"hex"}`, "00000000000000fg"}, {"hash", `{"hash":"sha3"}`, "a"},
		{"p-0", `{"p":0}`, "a"}, {"p-negative", `{"p":-1}`, "a"}, {"p-large", `{"p":17592186044417}`, "a"}, {"n-negative", `{"n":-1}`, "a"}, {"n-large", `{"n":1099511627777}`, "a"},
		{"np", `{"n":1048576,"p":17592186044416}`, "a"}, {"unknown", `{"m":1}`, "a"},
	} {
		f.refuseNames("hash", "tool-hash-bad-"+bad.id, "a parameter or a name that there is not", "TOOL-1 TOOL-2", bad.params, "bad-parameter", names(bad.name))
	}
	f.hash("tool-hash-np-most", "the largest n·p", "TOOL-2", `{"n":1048575,"p":17592186044416}`, names("password"), []uint64{key(sha("password"), 1048575, 1<<44)}).flag("boundary")
	return f
}

func toolSets() []struct {
	id, why, spec string
	d             *disk
} {
	var many []uint64
	for i := range uint64(300) {
		many = append(many, i*i*3+7)
	}
	return []struct {
		id, why, spec string
		d             *disk
	}{
		{"example", "the keys 3 and 7", "TOOL-3 TOOL-4 TOOL-6", onDisk(2, 4, 1024, 3, 7)},
		{"empty", "no names, and the code that ends them", "TOOL-4 TOOL-8", onDisk(0, 4, 1024)},
		{"empty-p-1", "without a remainder the end is a bit", "TOOL-4 TOOL-8", onDisk(0, 1, 1024)},
		{"zero", "the key 0 has the code that ends others", "TOOL-8", onDisk(1, 16, 1024, 0)},
		{"zero-more", "the key 0, and others", "TOOL-8", onDisk(3, 16, 1024, 0, 1, 47)},
		{"p-1", "a divisor of 1", "TOOL-3", onDisk(9, 1, 4, 0, 1, 2, 5, 8)},
		{"p-2", "a divisor of 2", "TOOL-3", onDisk(3, 2, 4, 1, 4, 5)},
		{"p-3", "a divisor that is no power of two: remainders have two bits", "TOOL-3", onDisk(4, 3, 4, 2, 3, 8, 11)},
		{"p-100", "the divisor 100", "TOOL-3", onDisk(5, 100, 1024, 99, 100, 300, 499)},
		{"p-128", "the divisor 128", "TOOL-3", onDisk(2, 128, 1024, 127, 255)},
		{"p-129", "the divisor 129: a bit more", "TOOL-3", onDisk(2, 129, 1024, 128, 257)},
		{"p-most", "the largest divisor", "TOOL-2 TOOL-3", onDisk(2, 1<<44, 1024, 1<<44-1, 1<<45-1)},
		{"quotient-63", "a quotient that gcstool cannot write", "TOOL-3", onDisk(100, 8, 1024, 63*8+5)},
		{"octet", "codes that end with an octet", "TOOL-4", onDisk(2, 8, 1024, 1, 8)},
		{"index-1", "an entry of each key but the first", "TOOL-5", onDisk(4, 8, 1, 3, 9, 11, 30)},
		{"index-2", "an entry of each second key", "TOOL-5", onDisk(5, 8, 2, 3, 9, 11, 30, 31)},
		{"index-exact", "the last key has an entry", "TOOL-5", onDisk(3, 8, 2, 3, 9, 11)},
		{"index-less", "as many keys as from entry to entry: none", "TOOL-5", onDisk(3, 8, 3, 3, 9, 11)},
		{"index-none", "no index at all", "TOOL-5", onDisk(3, 8, 0, 3, 9, 11)},
		{"n", "more names than different keys", "TOOL-2 TOOL-6", onDisk(9, 8, 1024, 3, 70)},
		{"np-63-bits", "N*P has 64 bits", "TOOL-2 TOOL-7", onDisk(1<<19+1, 1<<44, 1024, 5)},
		{"many", "300 keys", "TOOL-3 TOOL-5", onDisk(300, 1000, 64, many...)},
	}
}

func toolEncode() *file {
	f := &file{format: "gcstool", topic: "encode", since: "1.1.0"}
	for _, s := range toolSets() {
		f.add("encode", "tool-encode-"+s.id, s.d.comment(s.why), s.spec, s.d.params(), vectors.Input{Keys: decimal(s.d.keys)}, vectors.Answer{Keys: decimal(s.d.keys), BytesHex: new(s.d.hex())})
	}
	d := onDisk(3, 16, 1024, 5, 20, 29)
	answer := vectors.Answer{Keys: decimal(d.keys), BytesHex: new(d.hex())}
	f.add("encode", "tool-encode-unsorted", d.comment("keys are sorted, their repeats dropped"), "TOOL-12", `{"p":16}`, keys("29 5 20 5"), answer)
	d = onDisk(1026, 1, 1024, upTo(1026)...)
	f.add("encode", "tool-encode-every", "by default each 1,024th key has an entry", "TOOL-2 TOOL-5", `{"p":1}`, vectors.Input{Keys: decimal(d.keys)}, vectors.Answer{Keys: decimal(d.keys), BytesHex: new(d.hex())}).flag("large")
	d = onDisk(4, 16, 1024, 1, 3)
	f.add("encode", "tool-encode-names", d.comment("a repeated name counts, and has one key"), "TOOL-1 TOOL-2", `{"p":16,"hash":"hex"}`, names("0000000000000003", "0000000000000001", "0000000000000003", "0000000000000041:9"),
		vectors.Answer{Keys: decimal(d.keys), BytesHex: new(d.hex())})
	for _, bad := range []struct{ id, why, spec, params, kind, keys string }{
		{"above", "the key n·p", "TOOL-12", `{"p":16}`, "out-of-range", "5 32"},
		{"n-less", "fewer names than keys", "TOOL-2", `{"p":16,"n":1}`, "bad-parameter", "5 6"},
		{"n-none", "names, and no key", "TOOL-2", `{"p":16,"n":1}`, "bad-parameter", ""},
		{"p-0", "P is 1 at least", "TOOL-2", `{"p":0}`, "bad-parameter", "5"},
		{"p-large", "P is 2^44 at most", "TOOL-2", `{"p":17592186044417}`, "bad-parameter", "5"},
		{"every-negative", "a distance is 0 at least", "TOOL-2", `{"p":16,"every":-1}`, "bad-parameter", "5"},
		{"every-large", "a distance is 2^32 at most", "TOOL-2", `{"p":16,"every":4294967297}`, "bad-parameter", "5"},
		{"unknown", "rice is no parameter", "GCS-15", `{"p":16,"rice":4}`, "bad-parameter", "5"},
		{"limit-above", "one bit more than 32 MiB, the end and the footer counted", "TOOL-12", `{"p":1,"n":1099511627776}`, "limit", "268435135"},
		{"limit-sum", "one bit more than 32 MiB, by the second key", "TOOL-12", `{"p":1,"n":1099511627776}`, "limit", "134217727 268435134"},
		{"limit", "a quotient of 2^30", "TOOL-12", `{"p":1,"n":1099511627776}`, "limit", "1073741824"},
	} {
		f.refuseKeys("tool-encode-"+bad.id, bad.why, bad.spec, bad.params, bad.kind, bad.keys)
	}
	return f
}

func toolDecode() *file {
	f := &file{format: "gcstool", topic: "decode", since: "1.1.0"}
	for _, s := range toolSets() {
		f.add("decode", "tool-decode-"+s.id, s.d.comment(s.why), s.spec, `{}`, vectors.Input{BytesHex: new(s.d.hex())}, vectors.Answer{Keys: decimal(s.d.keys), Canonical: new(true)})
	}
	d := onDisk(2, 4, 1024, 3, 7)
	f.add("decode", "tool-decode-agreeing", d.comment("parameters that agree"), "TOOL-13", `{"p":4,"n":2}`, vectors.Input{BytesHex: new(d.hex())}, vectors.Answer{Keys: decimal(d.keys), Canonical: new(true)})
	return f
}

func toolErrors() *file {
	f := &file{format: "gcstool", topic: "decode-errors", since: "1.1.0"}
	refuse := func(id, why, spec, params, kind, file string, offset int, before []uint64) {
		out := vectors.Answer{Error: kind}
		if offset >= 0 {
			out.Offset = &offset
		}
		if before != nil {
			out.KeysBeforeError = decimal(before)
		}
		f.add("decode", "tool-"+id, why, spec, params, vectors.Input{BytesHex: &file}, out)
	}
	d := func() *disk { return onDisk(4, 100, 2, 3, 99, 250, 399) }
	whole := d().hex()
	refuse("none", "no octet", "TOOL-7", `{}`, "truncated", "", 0, []uint64{})
	refuse("short", "39 octets", "TOOL-7", `{}`, "truncated", whole[len(whole)-78:], 39*8, []uint64{})
	refuse("magic", "another magic", "TOOL-7", `{}`, "truncated", whole[:len(whole)-2]+"5c", len(whole)*4, []uint64{})
	refuse("cut", "the last octet is missing", "TOOL-7", `{}`, "truncated", whole[:len(whole)-2], len(whole)*4-8, []uint64{})
	other := func(n, p, start, entries uint64) string {
		return whole[:len(whole)-80] + d().footer(n, p, start, entries)
	}
	start := uint64(len(d().bits) / 8)
	place := len(whole)*4 - 320
	refuse("p-0", "P is 1 at least", "TOOL-7", `{}`, "bad-parameter", other(4, 0, start, 1), -1, nil)
	refuse("p-large", "P is 2^44 at most", "TOOL-7", `{}`, "bad-parameter", other(4, 1<<44+1, start, 1), -1, nil)
	refuse("np-large", "N*P is below 2^64", "TOOL-7", `{}`, "bad-parameter", other(1<<40, 1<<24, start, 1), -1, nil)
	refuse("np-larger", "N*P does not wrap round", "TOOL-7", `{}`, "bad-parameter", other(1<<63, 1<<44, start, 1), -1, nil)
	refuse("index-early", "the index begins an octet early", "TOOL-7", `{}`, "non-canonical", other(4, 100, start-1, 1), place, []uint64{})
	refuse("index-late", "it begins an octet late", "TOOL-7", `{}`, "non-canonical", other(4, 100, start+1, 1), place, []uint64{})
	refuse("index-more", "it has an entry more", "TOOL-7", `{}`, "non-canonical", other(4, 100, start, 2), place, []uint64{})
	refuse("index-hostile", "it has 2^60 entries, which 64 bits wrap round", "TOOL-7", `{}`, "non-canonical", other(4, 100, start+16, 1<<60), place, []uint64{})
	refuse("index-far", "it begins behind the file", "TOOL-7", `{}`, "non-canonical", other(4, 100, 1<<63, 1), place, []uint64{})

	// Codes by hand: P is 4, and remainders have two bits.
	raw := func(id, why, spec, kind string, n uint64, notation string, before ...uint64) {
		s := code{rice: 2, ones: true, pad: "0"}.draw(notation)
		e := onDisk(n, 4, 0)
		file := hex.EncodeToString(s.octets) + e.footer(n, 4, uint64(len(s.octets)), 0)
		refuse(id, why+": "+s.picture, spec, `{}`, kind, file, s.fault, append([]uint64{}, before...))
	}
	raw("no-end", "nothing ends the codes", "TOOL-9", "truncated", 2, "+3 +4 ! 0", 3, 7)
	raw("no-code", "two names, and no octet", "TOOL-9", "truncated", 2, "!")
	raw("quotient", "a quotient without end", "TOOL-9", "truncated", 2, "! 1*16")
	raw("remainder", "half a remainder", "TOOL-9", "truncated", 2, "+3 +3 ! 00", 3, 6)
	raw("out-of-range", "the key N*P", "TOOL-9", "out-of-range", 2, "+3 ! +5 0 00 ~", 3)
	raw("out-of-range-far", "a quotient far above", "TOOL-9", "out-of-range", 2, "+3 ! 1*100 000 0 00 ~", 3)
	raw("too-many", "a key more than names", "TOOL-9", "limit", 1, "+1 ! +1 000 ~", 1)
	raw("empty-key", "no names, and a key", "TOOL-8 TOOL-9", "out-of-range", 0, "! +1 000 ~")
	raw("octet", "an octet behind the end", "TOOL-10", "trailing-data", 1, "+1 000 ! ~ 0*8", 1)
	raw("pad", "a pad bit of 1", "TOOL-10", "nonzero-padding", 1, "+1 000 0 ! 1", 1)
	raw("zeros", "the key 0, the end, and what seems to be one more", "TOOL-8 TOOL-10", "trailing-data", 2, "+0 000 ! 0*10", 0)

	three := onDisk(2, 3, 0)
	refuse("remainder-3", "the remainder 3 of a divisor of 3", "TOOL-9", `{}`, "non-canonical", "7000"+three.footer(2, 3, 2, 0), 0, []uint64{})
	refuse("remainder-3-second", "the same in the second code", "TOOL-9", `{}`, "non-canonical", "4e00"+three.footer(2, 3, 2, 0), 3, []uint64{2})

	for _, bad := range []struct{ id, why, index string }{
		{"value", "an entry with another key", fmt.Sprintf("%016x%016x", 251, d().behind[2])},
		{"bit", "an entry with another bit", fmt.Sprintf("%016x%016x", 250, d().behind[2]+1)},
		{"distance", "an entry of the third key alone could be, and one of the last is too many", fmt.Sprintf("%016x%016x%016x%016x", 250, d().behind[2], 399, d().behind[3])},
		{"missing", "entries of the second key and the third, but none of the fourth", fmt.Sprintf("%016x%016x%016x%016x", 99, d().behind[1], 250, d().behind[2])},
		{"first", "an entry of the first key", fmt.Sprintf("%016x%016x", 3, d().behind[0])},
	} {
		e := d()
		e.index = bad.index
		refuse("index-"+bad.id, bad.why, "TOOL-11", `{}`, "non-canonical", e.hex(), len(e.bits), nil)
	}
	for _, bad := range []struct{ id, params string }{{"p", `{"p":99}`}, {"n", `{"n":3}`}} {
		refuse("another-"+bad.id, "the file has another", "TOOL-13", bad.params, "bad-parameter", whole, -1, nil)
	}
	for _, bad := range []struct{ id, params string }{{"p-0", `{"p":0}`}, {"hash", `{"hash":"sha3"}`}, {"every-negative", `{"every":-1}`}, {"unknown", `{"rice":7}`}} {
		refuse("decode-"+bad.id, "no such parameter", "TOOL-2", bad.params, "bad-parameter", whole, -1, nil)
	}
	return f
}

func toolQuery() *file {
	f := &file{format: "gcstool", topic: "query", since: "1.1.0"}
	d := onDisk(4, 100, 2, 3, 99, 250, 399)
	v := vectors.Input{BytesHex: new(d.hex())}
	f.query("tool-query-keys", "keys and their neighbours", "TOOL-14", `{}`, v, keys("3 4 0 99 250 251 399 400 18446744073709551615"), "100110100")
	f.query("tool-query-names", "hashes in hex", "TOOL-1 TOOL-14", `{"hash":"hex"}`, v, names("0000000000000003", "0000000000000193", "0000000000000004"), "110")
	z := onDisk(3, 16, 0, 0, 1, 47)
	f.query("tool-query-zero", "what stands behind the key 0", "TOOL-8 TOOL-14", `{}`, vectors.Input{BytesHex: new(z.hex())}, keys("0 1 47 2"), "1110")
	e := onDisk(0, 16, 0)
	f.query("tool-query-empty", "an empty set holds nothing", "TOOL-8 TOOL-14", `{}`, vectors.Input{BytesHex: new(e.hex())}, keys("0 1"), "00")
	f.refuseQuery("tool-query-cut", "a file must be readable as a whole", "TOOL-14", `{}`, "truncated", vectors.Input{BytesHex: new(d.hex()[2:20])}, keys("3"))
	return f
}
