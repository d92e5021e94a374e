package main

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

func bloomFiles() []*file { return []*file{bloomQuery(), bloomErrors(), bloomCaptured()} }

// bloom is a filter of m bits that holds the paths, as octets.
func bloom(m int64, paths ...string) []byte {
	octets := make([]byte, m/8)
	for _, path := range paths {
		for _, i := range bloomBits(path, m) {
			octets[i/8] |= 1 << (i % 8)
		}
	}
	return octets
}

func holds(octets []byte, path string) string {
	for _, i := range bloomBits(path, int64(len(octets))*8) {
		if octets[i/8]>>(i%8)&1 == 0 {
			return "0"
		}
	}
	return "1"
}

// standard is the text of a filter.
func standard(octets []byte) vectors.Input {
	return vectors.Input{Text: new(base64.StdEncoding.EncodeToString(octets))}
}

func bloomQuery() *file {
	f := &file{format: "h2-auto-push", topic: "query", text: true}
	for _, p := range paths {
		octets := bloom(960, p.path)
		f.query("bloom-query-"+p.id, p.why, "BLOOM-2 BLOOM-3 BLOOM-4", `{}`, standard(octets), names(p.path, p.path+"?"), "1"+holds(octets, p.path+"?"))
	}
	for _, m := range []int64{32, 64, 96, 3200} {
		octets := bloom(m, "/index.html", "/a.css")
		asked := []string{"/index.html", "/a.css", "/b.css", "/c.css", "/d.css"}
		answers := ""
		for _, a := range asked {
			answers += holds(octets, a)
		}
		f.query(fmt.Sprintf("bloom-query-m%d", m), fmt.Sprintf("a filter of %d bits", m), "BLOOM-3 BLOOM-4", `{}`, standard(octets), names(asked...), answers).flag("boundary")
	}
	f.query("bloom-query-example", "the filter of 64 bits in the specification", "BLOOM-2 BLOOM-3 BLOOM-4", `{}`, vectors.Input{Text: new("AACAEEIIIQA=")}, names("/", "/a.css"), "10")
	octets := bloom(960, "/index.html", "/a.css")
	f.query("bloom-query-octets", "the filter as octets", "BLOOM-4", `{}`, vectors.Input{BytesHex: new(fmt.Sprintf("%x", octets))}, names("/a.css", "/b.css"), "10")
	f.query("bloom-query-no-filter", "the empty value holds nothing", "BLOOM-5", `{}`, vectors.Input{Text: new("")}, names("/", "/a.css"), "00")
	f.query("bloom-query-zeros", "a filter of zeros holds nothing", "BLOOM-4", `{}`, standard(make([]byte, 120)), names("/", "/a.css"), "00")
	full := strings.Repeat("/", 160)
	f.query("bloom-query-ones", "a filter of ones holds everything", "BLOOM-4", `{}`, vectors.Input{Text: &full}, names("/", "/never.css"), "11").flag("hostile")
	escaped := strings.ReplaceAll(full, "/", "%2F")
	f.query("bloom-query-escaped", "the same percent-encoded", "BLOOM-1", `{}`, vectors.Input{Text: &escaped}, names("/", "/never.css"), "11")
	padded := standard([]byte{1, 2, 3, 4})
	f.query("bloom-query-padded", "base64 padding belongs here", "BLOOM-1", `{}`, padded, names("/"), holds([]byte{1, 2, 3, 4}, "/"))
	f.query("bloom-query-escaped-padding", "padding percent-encoded in lower case", "BLOOM-1", `{}`, vectors.Input{Text: new(strings.ReplaceAll(*padded.Text, "=", "%3d"))}, names("/"), holds([]byte{1, 2, 3, 4}, "/"))
	return f
}

func bloomErrors() *file {
	f := &file{format: "h2-auto-push", topic: "query-errors", text: true}
	for _, t := range []struct{ id, why, spec, kind, text string }{
		{"star", "a character of no alphabet", "BLOOM-6", "bad-text", "AAA*AAAAAAAA"},
		{"url-alphabet", "the URL alphabet", "BLOOM-6", "bad-text", "____________AAAA"},
		{"unpadded", "base64 padding is missing", "BLOOM-6", "bad-text", "AQIDBA"},
		{"short-padding", "one padding character of two", "BLOOM-6", "bad-text", "AQIDBA="},
		{"spare", "an unused bit is set", "BLOOM-6", "bad-text", "AQIDBB=="},
		{"line-feed", "a line break, which some decoders skip", "BLOOM-6", "bad-text", "AQID\nBA=="},
		{"percent", "an escape that is none", "BLOOM-6", "bad-text", "AQIDBA%3"},
		{"percent-zz", "an escape of no hex digits", "BLOOM-6", "bad-text", "AQIDBA%zz"},
		{"space", "a space", "BLOOM-6", "bad-text", "AQID BA=="},
		{"one-octet", "an octet is no word", "BLOOM-7", "truncated", "AA=="},
		{"three-octets", "three octets are no word", "BLOOM-7", "truncated", "AAAA"},
		{"five-octets", "a word and an octet", "BLOOM-7", "truncated", "AAAAAAA="},
		{"limit", "longer than any cookie: 65,540 characters", "BLOOM-8", "limit", strings.Repeat("A", 1<<16+4)},
	} {
		f.refuseQuery("bloom-"+t.id, t.why, t.spec, `{}`, t.kind, vectors.Input{Text: &t.text}, names("/a.css"))
	}
	f.refuseQuery("bloom-parameter", "the format has no parameters", "BLOOM-4 GCS-15", `{"p":7}`, "bad-parameter", standard(bloom(960, "/")), names("/"))
	return f
}

func bloomCaptured() *file {
	f := &file{format: "h2-auto-push", topic: "captured", text: true}
	var captured struct {
		Vectors []struct {
			Paths  []string
			Cookie string `json:"cookie_header_value"`
		}
		Live []struct {
			Cookie string `json:"cookie_header_value"`
		} `json:"live_server_sequence"`
	}
	capture("autopush", "h2-auto-push.json", &captured)
	const program = "npm h2-auto-push 0.4.1 with bloomfilter 0.0.18"
	for i, k := range captured.Vectors {
		asked := append(append([]string{}, k.Paths...), "/never.css", "/nowhere.js")
		f.query(fmt.Sprintf("bloom-captured-%d", i), fmt.Sprintf("a filter of %d paths", len(k.Paths)), "BLOOM-2 BLOOM-3 BLOOM-4", `{}`, vectors.Input{Text: &k.Cookie},
			names(asked...), strings.Repeat("1", len(k.Paths))+"00").from(program, "run under Node 20.20.2", "Apache-2.0")
	}
	for i, answers := range []string{"100", "110", "111"} {
		f.query(fmt.Sprintf("bloom-captured-live-%d", i), "a client that was asked for one path more each time", "BLOOM-2 BLOOM-3 BLOOM-4", `{}`, vectors.Input{Text: &captured.Live[i].Cookie},
			names("/index.html", "/a.css", "/b.js"), answers).from(program, "cookies of fastify-auto-push 0.4.0 on a running server", "Apache-2.0")
	}
	return f
}
