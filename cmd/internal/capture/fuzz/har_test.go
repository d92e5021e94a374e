package fuzz_test

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/gcs/casper"
)

// These tests attack the reader of HAR files, and hand every value that they find to
// the readers of H2O's cookie.
//
// An input is a HAR file, or what else somebody may take for one; it is also put into a
// good one as text.

var harSeeds = []seed{
	text("minimal", `{"log":{"entries":[]}}`, "the least that is a HAR file"),
	text("headers", `{"log":{"version":"1.2","entries":[{"request":{"url":"https://example.com/","headers":[{"name":"Cookie","value":"h2o_casper=qF0"}]}}]}}`, "a cookie in a header"),
	text("listed", `{"log":{"entries":[{"request":{"cookies":[{"name":"h2o_casper","value":"qF0"}]},"response":{"cookies":[{"name":"h2o_casper","value":"gA"}]}}]}}`, "cookies in both lists"),
	text("both", `{"log":{"entries":[{"request":{"headers":[{"name":"cookie","value":"h2o_casper=qF0"}],"cookies":[{"name":"h2o_casper","value":"qF0"}]}}]}}`, "the same cookie twice is one"),
	text("several-set-cookies", `{"log":{"entries":[{"response":{"headers":[{"name":"set-cookie","value":"a=b; Path=/\nh2o_casper=qF0; Secure"}]}}]}}`, "two headers in one value, as Chrome writes them"),
	text("failed-request", `{"log":{"entries":[{"request":{"url":"http://a/"},"response":null}]}}`, "a request without a response"),
	text("escapes", `{"log":{"entries":[{"request":{"headers":[{"name":"\u0043ookie","value":"h2o_casper=\u0071F0\/\n"}]}}]}}`, "names and values written with escapes"),
	text("half-surrogate", `{"log":{"entries":[{"request":{"url":"\ud800","cookies":[{"name":"h2o_casper","value":"\udc00"}]}}]}}`, "half of a pair"),
	text("byte-order-mark", "\ufeff"+`{"log":{"entries":[]}}`, "what some proxies put first"),
	text("broken-off", `{"log":{"entries":[{"request":{"cookies":[{"name":"h2o_casper","value":"qF0"}]}},{"requ`, "a file that was cut, after one good entry"),
	text("behind-the-end", `{"log":{"entries":[]}} {}`, "more than one document"),
	text("no-entries", `{"log":{}}`, "JSON, but no HAR file"),
	text("deep", strings.Repeat(`{"a":[`, 70), "nested deeper than any HAR file"),
	text("list", "/css/0.css\n/js/0.js\r\n", "a list of assets in the place of a HAR file"),
}

func TestHARSeeds(t *testing.T) { trySeeds(t, "har", fuzzHAR, harSeeds) }

func FuzzHAR(f *testing.F) { run(f, "har", fuzzHAR, harSeeds) }

// fuzzHAR reads data as a HAR file, and then a HAR file that holds data.
func fuzzHAR(data []byte) (accepted int) {
	sameInPieces(data, func(r io.Reader) string { return transcript(capture.HAR(r)) })
	sameInPieces(data, func(r io.Reader) string { return transcript(capture.ReadAssets(r)) })
	for c, err := range capture.HAR(bytes.NewReader(data)) {
		if err == nil {
			accepted = 1
			readable(c.Value)
		}
	}
	plantedInHAR(cookieLike(data), strings.ToValidUTF8(string(data), "\uFFFD"))
	return accepted
}

type pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type message struct {
	URL     string `json:"url,omitempty"`
	Headers []pair `json:"headers"`
	Cookies []pair `json:"cookies"`
	Content any    `json:"content,omitempty"`
}

type entry struct {
	Comment  string  `json:"comment"`
	Request  message `json:"request"`
	Response message `json:"response"`
}

// maxValue keeps a plantedInHAR value within what the reader keeps of a URL.
const maxValue = 32 << 10

// plantedInHAR finds a value wherever a HAR file may hold one, whatever text is around it.
func plantedInHAR(value, text string) {
	const name = casper.CookieName
	value = value[:min(len(value), maxValue)]
	var har struct {
		Log struct {
			Creator any     `json:"creator"`
			Entries []entry `json:"entries"`
		} `json:"log"`
	}
	har.Log.Creator = pair{text, text}
	har.Log.Entries = []entry{{
		Comment: text,
		Request: message{
			URL:     "https://example.com/a?" + value,
			Headers: []pair{{"Accept", text}, {"Cookie", "a=b; " + name + "=" + value}},
			Cookies: []pair{{name, value}, {"listed", value}},
		},
		Response: message{
			Headers: []pair{{"set-cookie", name + "=" + value + "; Path=/; Secure"}, {"Link", text}},
			Cookies: []pair{{name, value}},
			Content: map[string]any{"text": text, "size": len(text), "sub": []any{nil, true, text, 1e9}},
		},
	}}
	file, err := json.Marshal(har)
	if err != nil {
		panic(err)
	}
	var got, paths []string
	for c, err := range capture.HAR(bytes.NewReader(file)) {
		if err != nil {
			failf("%s: %v", file, err)
		}
		got = append(got, c.Name+"="+c.Value)
	}
	want := []string{"a=b", name + "=" + value, "listed=" + value, name + "=" + value}
	if !slices.Equal(got, want) {
		failf("%s: found %q, want %q", file, got, want)
	}
	for p, err := range capture.ReadAssets(bytes.NewReader(file)) {
		if err != nil {
			failf("%s: %v", file, err)
		}
		paths = append(paths, p)
	}
	if !slices.Equal(paths, []string{"/a?" + value}) {
		failf("%s: requested %q", file, paths)
	}

	// A file that breaks off yields what came before, and says so.
	cut := int(int64(len(value)) * int64(len(file)) / int64(len(value)+7))
	n, broken := 0, false
	for c, err := range capture.HAR(bytes.NewReader(file[:cut])) {
		if broken = err != nil; broken {
			continue
		}
		if n == len(want) || c.Name+"="+c.Value != want[n] {
			failf("%s: found %s=%s", file[:cut], c.Name, c.Value)
		}
		n++
	}
	if !broken {
		failf("%s: no error", file[:cut])
	}
}
